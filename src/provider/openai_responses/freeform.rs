//! Tools whose only argument the vendor's models write as plain text that follows a
//! grammar, without the escapes of JSON.

use std::collections::HashSet;

use serde_json::Value;

use crate::protocol::message::{ContentBlock, Message, Opaque};
use crate::provider::ModelRequest;
use crate::provider::openai::Dialect;

/// A tool of ours in that form.
pub(super) struct Freeform {
    /// Its name.
    pub(super) name: &'static str,
    /// The argument that the text is.
    argument: &'static str,
    /// What it does; the grammar says how it is written.
    pub(super) description: &'static str,
    /// The grammar, in Lark.
    pub(super) grammar: &'static str,
}

const FREEFORM: [Freeform; 1] = [Freeform {
    name: "apply_patch",
    argument: "patch",
    description: "Change several files at once, all or none. `@@ line above the change` and \
                  context lines make each place unique.",
    grammar: include_str!("apply_patch.lark"),
}];

/// What the call of such a tool carries in the log, so that it goes back as it came.
const MARK: &str = r#"{"type":"custom_tool_call"}"#;

/// The tool of this name in that form.
pub(super) fn tool(name: &str) -> Option<&'static Freeform> {
    FREEFORM.iter().find(|tool| tool.name == name)
}

/// Whether a model takes such tools.
pub(super) fn takes(request: &ModelRequest, dialect: Dialect) -> bool {
    let id = request.model.id.as_str();
    let major = id
        .strip_prefix("gpt-")
        .and_then(|rest| rest.split(['.', '-']).next()?.parse::<u32>().ok());
    dialect.quirks.freeform && dialect.takes("custom") && major.is_some_and(|major| major >= 5)
}

/// The arguments of a call that came as text, and its mark.
pub(super) fn arguments(name: &str, input: String) -> (String, Option<Opaque>) {
    let argument = tool(name).map_or("input", |tool| tool.argument);
    let mut object = serde_json::Map::new();
    object.insert(argument.to_string(), Value::String(input));
    (
        Value::Object(object).to_string(),
        Some(Opaque(MARK.to_string())),
    )
}

/// The text of a call that came as one.
pub(super) fn input(arguments: &str, opaque: &Option<Opaque>) -> Option<String> {
    if opaque.as_ref()?.0 != MARK {
        return None;
    }
    let object: serde_json::Map<String, Value> = serde_json::from_str(arguments).ok()?;
    match object.into_iter().next()? {
        (_, Value::String(text)) => Some(text),
        _ => None,
    }
}

/// The ids of the calls that go back as text.
pub(super) fn calls(messages: &[Message]) -> HashSet<&str> {
    let mut out = HashSet::new();
    for message in messages {
        let Message::Assistant(message) = message else {
            continue;
        };
        for block in &message.content {
            if let ContentBlock::ToolCall {
                id,
                arguments,
                opaque,
                ..
            } = block
                && input(arguments, opaque).is_some()
            {
                out.insert(id.as_str());
            }
        }
    }
    out
}
