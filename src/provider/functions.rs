//! Tools as the wire formats write them that took them over from Chat Completions.

use serde::Serialize;
use serde_json::Value;

use crate::protocol::tool::ToolSpec;

/// A tool of a request.
#[derive(Serialize)]
pub(super) struct Tool<'a> {
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

/// The tools of a request, in their order.
pub(super) fn functions<'a>(tools: &'a [ToolSpec]) -> Vec<Tool<'a>> {
    let tool = |tool: &'a ToolSpec| Tool {
        r#type: "function",
        function: Function {
            name: &tool.name,
            description: &tool.description,
            parameters: &tool.schema,
        },
    };
    tools.iter().map(tool).collect()
}
