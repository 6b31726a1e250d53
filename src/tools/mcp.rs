//! Tools of MCP servers, as tools like any other: behind the same gate, with bounded
//! and cleaned results.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{DynTool, Prepared, ToolCx, ToolError, ToolOutput, common, output, schema};
use crate::mcp::{Asking, CallCx, CallOutput, Hub, McpError, McpTool, Question, Reply, sanitised};
use crate::media::image;
use crate::protocol::message::ContentBlock;
use crate::protocol::permission::{Answer, Effect, Preview};
use crate::protocol::tool::{ToolSpec, ToolTitle};
use crate::stdx::text;

/// Name of the tool that calls any tool of any server.
pub const MCP_CALL: &str = "mcp_call";

/// Longest description in a spec, in bytes.
const DESCRIPTION: usize = 1_000;

/// One tool of one server.
#[derive(Clone)]
pub struct ServerTool {
    name: String,
    server: String,
    tool: McpTool,
    /// Its hint that it only reads is believed.
    reads: bool,
    /// Nothing is known of its server yet: the name is all there is.
    guessed: bool,
}

impl ServerTool {
    /// The tool of that name, whatever spelling of it the model chose.
    pub fn find(hub: &Hub, name: &str) -> Option<Self> {
        let offers = hub.offers();
        let all = offers.iter().flat_map(|offer| {
            offer
                .tools
                .iter()
                .map(move |(name, tool)| (offer, name, tool))
        });
        let mut loose = None;
        let mut several = false;
        for (offer, exposed, tool) in all {
            let found = Self {
                name: exposed.clone(),
                server: offer.server.clone(),
                tool: tool.clone(),
                reads: offer.readonly && tool.read_only,
                guessed: false,
            };
            if exposed.eq_ignore_ascii_case(name) {
                return Some(found);
            }
            let spelled = ["__", ".", "/", ":"]
                .iter()
                .any(|between| name == format!("{}{between}{}", offer.server, tool.name));
            if spelled || name == tool.name {
                several |= loose.is_some();
                loose = Some(found);
            }
        }
        loose
            .filter(|_| !several)
            .or_else(|| Self::guess(hub, name))
    }

    /// The tool of a server that has not said yet what it has.
    fn guess(hub: &Hub, name: &str) -> Option<Self> {
        let unknown = hub.unknown();
        let (server, tool) = unknown.iter().find_map(|server| {
            let start = format!("mcp__{}__", sanitised(server));
            Some((
                server,
                name.strip_prefix(&start).filter(|tool| !tool.is_empty())?,
            ))
        })?;
        let tool = json!({"name": tool, "inputSchema": {"type": "object"}});
        Some(Self {
            name: name.to_string(),
            server: server.clone(),
            tool: McpTool::read(&tool)?,
            reads: false,
            guessed: true,
        })
    }

    /// The tools of servers that have so few that declaring them costs little.
    pub fn declared(hub: &Hub) -> Vec<Self> {
        /// Tools of such a server.
        const MOST: usize = 5;
        /// Bytes of their specs: 300 tokens.
        const BYTES: usize = 1_050;
        let mut out = Vec::new();
        for offer in hub.offers() {
            let tools: Vec<Self> = offer
                .tools
                .iter()
                .map(|(name, tool)| Self {
                    name: name.clone(),
                    server: offer.server.clone(),
                    tool: tool.clone(),
                    reads: offer.readonly && tool.read_only,
                    guessed: false,
                })
                .collect();
            let told = offer
                .instructions
                .as_ref()
                .map_or(0, |words| words.len().min(400));
            let bytes: usize = tools.iter().map(Self::weight).sum();
            let whole = tools
                .iter()
                .all(|tool| tool.tool.description.len() <= DESCRIPTION);
            if tools.len() <= MOST && bytes + told <= BYTES && whole {
                out.extend(tools);
            }
        }
        out.sort_by(|a, b| a.name.cmp(&b.name));
        out
    }

    /// Bytes of its spec in a request.
    fn weight(&self) -> usize {
        self.name.len() + self.tool.description.len() + self.tool.schema.to_string().len() + 50
    }

    fn arguments(&self, value: Value) -> Result<Map<String, Value>, ToolError> {
        let fail = |problem: String| {
            ToolError::model(format!(
                "{}: {problem}. Nothing was called. Its arguments: {}",
                self.name,
                text::prefix(&self.tool.schema.to_string(), 4_000)
            ))
        };
        // What the small checker does not know must not be taken for unknown arguments.
        let beyond = [
            "allOf",
            "if",
            "patternProperties",
            "dependentSchemas",
            "unevaluatedProperties",
        ];
        let plain = !beyond
            .iter()
            .any(|word| self.tool.schema.get(word).is_some());
        let value = match plain {
            true => schema::fit(&self.tool.schema, value).map_err(fail)?,
            false => value,
        };
        match value {
            Value::Object(map) => Ok(map),
            _ => Err(fail("the arguments must be an object".to_string())),
        }
    }

    fn title(&self, arguments: &Map<String, Value>) -> ToolTitle {
        let shown: Vec<String> = arguments
            .iter()
            .map(|(name, value)| match value {
                Value::String(words) => format!("{name}={words}"),
                other => format!("{name}={other}"),
            })
            .collect();
        let line = format!("{}: {} {}", self.server, self.tool.name, shown.join(" "));
        ToolTitle::new("Call", text::one_line(&text::clean(&line), 120))
    }

    fn prepared(&self, value: Value, cx: &ToolCx) -> Result<Prepared, ToolError> {
        let arguments = self.arguments(value)?;
        let (this, cx) = (self.clone(), cx.clone());
        Ok(Prepared {
            title: self.title(&arguments),
            effects: vec![Effect::Mcp {
                server: self.server.clone(),
                tool: self.tool.name.clone(),
                reads: self.reads,
                changed: self.described_before(&cx).is_some(),
            }],
            approval: cx.approval.clone(),
            run: Box::pin(async move { this.run(arguments, cx).await }),
        })
    }

    fn described_before(&self, cx: &ToolCx) -> Option<String> {
        let known = !self.guessed;
        known.then(|| cx.mcp.described_before(&self.server, &self.tool))?
    }

    /// The tool as its server describes it, now that the call is allowed.
    async fn learnt(
        self,
        arguments: Map<String, Value>,
        cx: &ToolCx,
    ) -> Result<(Self, Map<String, Value>), ToolError> {
        if !self.guessed {
            return Ok((self, arguments));
        }
        let problems = tokio::select! {
            biased;
            () = cx.cancel.cancelled() => return Err(common::stopped()),
            problems = cx.mcp.learn() => problems,
        };
        let found = Self::find(&cx.mcp, &self.name)
            .filter(|tool| tool.server == self.server && !tool.guessed);
        let Some(tool) = found else {
            let problem = problems
                .into_iter()
                .find(|problem| problem.to_string().contains(&self.server));
            return Err(ToolError::model(match problem {
                Some(problem) => text::clean(&problem.to_string()).into_owned(),
                None => format!(
                    "there is no MCP tool {}; find_tools tells which there are",
                    self.name
                ),
            }));
        };
        if tool.described_before(cx).is_some() {
            return Err(ToolError::model(format!(
                "{} is described differently than when the user allowed it. Nothing was called; \
                 call it again, so that the user is asked",
                self.name
            )));
        }
        let arguments = tool.arguments(Value::Object(arguments))?;
        Ok((tool, arguments))
    }

    fn shown(&self, value: Value, cx: &ToolCx) -> Preview {
        let Ok(arguments) = self.arguments(value) else {
            return Preview::None;
        };
        let mut text = format!("server: {}\ntool: {}\n", self.server, self.tool.name);
        if let Some(before) = self.described_before(cx) {
            let (before, now) = (before.trim(), self.tool.description.trim());
            match before == now {
                true => text.push_str("its arguments have changed since you allowed it\n"),
                false => text.push_str(&format!(
                    "its description has changed since you allowed it\nbefore: {before}\nnow: {now}\n"
                )),
            }
        }
        let arguments = serde_json::to_string_pretty(&arguments).unwrap_or_default();
        text.push_str(&format!("arguments: {arguments}"));
        Preview::Call { text }
    }

    async fn run(self, arguments: Map<String, Value>, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let (this, arguments) = self.learnt(arguments, &cx).await?;
        cx.mcp.accept(&this.server, &this.tool);
        let call = CallCx {
            cancel: cx.cancel.clone(),
            progress: Some(cx.progress.clone()),
            ask: Some(asking(&cx)),
        };
        match cx
            .mcp
            .call(&this.server, &this.tool, arguments, &call)
            .await
        {
            Ok(result) => Ok(shown(result, &cx).await),
            Err(McpError::Stopped) => Err(common::stopped()),
            Err(error) => Err(ToolError::model(text::clean(&error.to_string()))),
        }
    }
}

/// Questions of servers go to the user as those of the model do.
fn asking(cx: &ToolCx) -> Asking {
    let cx = cx.clone();
    Arc::new(move |question: Question| {
        let cx = cx.clone();
        Box::pin(async move {
            let title =
                ToolTitle::new("Question", format!("of the MCP server {}", question.server));
            let preview = Preview::Question {
                text: question.text,
                choices: question.choices,
            };
            match common::ask(&cx, title, preview).await {
                Ok(Some(Answer::Reply { text })) => Reply::Said(text),
                Ok(None) => Reply::Declined,
                Ok(Some(_)) | Err(_) => Reply::Cancelled,
            }
        })
    })
}

/// What a server gave, in terms of a tool's result.
pub(crate) async fn shown(result: CallOutput, cx: &ToolCx) -> ToolOutput {
    let mut texts = result.texts;
    let mut images = Vec::new();
    for (media, bytes) in result.images {
        let size = text::bytes(bytes.len() as u64);
        match tokio::task::spawn_blocking(move || image::ready(bytes)).await {
            Ok(Ok(ready)) => {
                texts.push(format!("[image {}: {}]", images.len() + 1, ready.words()));
                images.push((ready.media.to_string(), ready.bytes));
            }
            Ok(Err(error)) => texts.push(format!("[image, {size}: {error}]")),
            Err(_) => texts.push(format!(
                "[{}, {size}: it cannot be decoded]",
                text::clean(&media)
            )),
        }
    }
    let whole = texts.join("\n\n");
    let whole = match whole.trim().is_empty() {
        true => "(no output)".to_string(),
        false => whole,
    };
    let lines = whole.lines().count();
    let mut outcome = text::plural(lines, "line");
    if !images.is_empty() {
        outcome.push_str(&format!(", {}", text::plural(images.len(), "image")));
    }
    ToolOutput {
        content: vec![ContentBlock::text(output::limit(&whole, cx))],
        body: output::shown(&whole, lines),
        images,
        is_error: result.is_error,
        outcome: match result.is_error {
            true => format!("failed, {outcome}"),
            false => outcome,
        },
        ..ToolOutput::default()
    }
}

impl DynTool for ServerTool {
    fn name(&self) -> &str {
        &self.name
    }

    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: self.name.clone(),
            description: self.tool.description.trim().to_string(),
            schema: self.tool.schema.clone(),
        }
    }

    fn read_only(&self) -> bool {
        false
    }

    fn prepare(&self, arguments: &str, cx: &ToolCx) -> Result<Prepared, ToolError> {
        let value = schema::read(arguments).map_err(ToolError::model)?;
        self.prepared(value, cx)
    }

    fn preview(&self, arguments: &str, cx: &ToolCx) -> Preview {
        schema::read(arguments).map_or(Preview::None, |value| self.shown(value, cx))
    }
}

/// `mcp_call`: any tool of any server, by its name. Declared from the start, so that
/// what a server has, learnt later, does not change what was sent before.
pub(super) struct McpCall;

impl McpCall {
    /// The tool meant and its arguments.
    fn target(raw: &str, cx: &ToolCx) -> Result<(ServerTool, Value), ToolError> {
        let mut value = schema::read(raw).map_err(ToolError::model)?;
        let wrong = "mcp_call: `tool` must be the full name of a tool, `arguments` an object";
        let map = value
            .as_object_mut()
            .ok_or_else(|| ToolError::model(wrong))?;
        let name = ["tool", "name", "tool_name"]
            .iter()
            .find_map(|key| map.shift_remove(*key));
        let name = name.ok_or_else(|| ToolError::model(wrong))?;
        let name = name
            .as_str()
            .ok_or_else(|| ToolError::model(wrong))?
            .to_string();
        let arguments = match map
            .shift_remove("arguments")
            .or_else(|| map.shift_remove("args"))
        {
            // Some models write the object as text.
            Some(Value::String(text)) => schema::read(&text).map_err(ToolError::model)?,
            Some(Value::Null) | None => Value::Object(std::mem::take(map)),
            Some(value) => value,
        };
        let tool = ServerTool::find(&cx.mcp, &name).ok_or_else(|| {
            ToolError::model(format!(
                "there is no MCP tool {:?}; find_tools tells which there are",
                text::one_line(&name, 80)
            ))
        })?;
        Ok((tool, arguments))
    }
}

impl DynTool for McpCall {
    fn name(&self) -> &str {
        MCP_CALL
    }

    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: MCP_CALL.to_string(),
            description: include_str!("mcp_call.md").trim().to_string(),
            schema: json!({
                "type": "object",
                "properties": {
                    "tool": {"type": "string"},
                    "arguments": {"type": "object", "additionalProperties": true},
                },
                "required": ["tool", "arguments"],
            }),
        }
    }

    fn read_only(&self) -> bool {
        false
    }

    fn prepare(&self, arguments: &str, cx: &ToolCx) -> Result<Prepared, ToolError> {
        let (tool, arguments) = Self::target(arguments, cx)?;
        tool.prepared(arguments, cx)
    }

    fn preview(&self, arguments: &str, cx: &ToolCx) -> Preview {
        Self::target(arguments, cx).map_or(Preview::None, |(tool, value)| tool.shown(value, cx))
    }
}
