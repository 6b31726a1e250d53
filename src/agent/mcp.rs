//! MCP servers in a conversation: which of their tools are declared, what the model is
//! told of the others, and resources that the user names.
//!
//! Nothing here touches what was sent before. What servers have is told in messages of
//! its own, again when it changed.

use std::ops::Deref;
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::{Agent, message_id};
use crate::mcp::{CallCx, McpError, Offer};
use crate::protocol::command::UserInput;
use crate::protocol::event::NoticeLevel;
use crate::protocol::message::{ContextKind, Message};
use crate::protocol::permission::{Effect, PermissionDecision};
use crate::stdx::text;
use crate::tools::DynTool;
use crate::tools::mcp::{self, ServerTool};
use crate::tools::output;

/// What a message about a server begins with.
const HEADING: &str = "MCP server ";
/// Bytes told of a server: 300 tokens.
const BUDGET: usize = 1_000;
/// Bytes of its instructions among them.
const INSTRUCTIONS: usize = 400;
/// Characters of a tool's line.
const SUMMARY: usize = 60;

/// A tool on offer.
#[derive(Clone)]
pub(super) enum Offered {
    /// One of sofos' own.
    Own(&'static dyn DynTool),
    /// One of a server.
    Server(Arc<ServerTool>),
}

impl Deref for Offered {
    type Target = dyn DynTool;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Own(tool) => *tool,
            Self::Server(tool) => &**tool,
        }
    }
}

impl Agent {
    /// Tools of servers that are declared as they are.
    pub(super) fn declared(&self) -> &[Arc<ServerTool>] {
        self.declared.get_or_init(|| {
            let tools = ServerTool::declared(&self.parts.services.mcp);
            tools.into_iter().map(Arc::new).collect()
        })
    }

    /// A tool of a server that is called by its name without being declared.
    pub(super) fn server_tool(&self, name: &str) -> Option<Offered> {
        let hub = &self.parts.services.mcp;
        let known = name.starts_with("mcp__") && !self.parts.settings.safe && !hub.is_empty();
        let tool = known.then(|| ServerTool::find(hub, name)).flatten()?;
        Some(Offered::Server(Arc::new(tool)))
    }

    /// What the model has not been told yet about servers.
    pub(super) fn mcp_news(&self) -> Vec<Message> {
        let hub = &self.parts.services.mcp;
        if self.parts.settings.safe || hub.is_empty() {
            return Vec::new();
        }
        let messages = &self.parts.session.conversation().messages;
        let told = |heading: &str| {
            messages.iter().rev().find_map(|message| match message {
                Message::Context {
                    kind: ContextKind::Reminder,
                    text,
                    ..
                } if text.starts_with(heading) => Some(text.as_str()),
                _ => None,
            })
        };
        let sections = hub.offers().into_iter().filter_map(|offer| {
            let declared = self.declared().iter();
            let declared: Vec<&str> = declared.map(|tool| tool.name()).collect();
            let heading = format!("{HEADING}{}", offer.server);
            let section = section(&heading, &offer, &declared)?;
            // A name that begins with that of another is not taken for it.
            let known = told(&format!("{heading}:")).or_else(|| told(&format!("{heading} (")));
            (known != Some(section.as_str())).then_some(section)
        });
        sections
            .map(|text| Message::Context {
                id: message_id(),
                kind: ContextKind::Reminder,
                text,
            })
            .collect()
    }

    /// The resources that a message names as `@server:uri`, read by the user's own
    /// word: nobody is asked, deny rules hold.
    pub(super) async fn named_resources(
        &self,
        message: &str,
        cancel: &CancellationToken,
    ) -> Vec<String> {
        let hub = &self.parts.services.mcp;
        if hub.is_empty() {
            return Vec::new();
        }
        let names = hub.names();
        let mut out = Vec::new();
        for (server, uri) in mentioned(message, &names) {
            let shown = text::one_line(&text::clean(&format!("{server}:{uri}")), 100);
            let effect = Effect::Mcp {
                server: server.clone(),
                tool: "read_resource".into(),
                reads: true,
                changed: false,
            };
            if let PermissionDecision::Deny { why } = self.decide_by_hand(&[effect]) {
                self.notice(
                    NoticeLevel::Warning,
                    format!("{shown} is not attached: {why}"),
                );
                continue;
            }
            let cx = CallCx {
                cancel: cancel.clone(),
                ..CallCx::silent()
            };
            match hub.read_resource(&server, &uri, &cx).await {
                Ok(result) => {
                    let tool_cx = self.tool_cx("resource", cancel);
                    let output = mcp::shown(result, &tool_cx).await;
                    let words = output.content.iter().filter_map(|block| block.as_text());
                    let words = words.collect::<Vec<_>>().join("\n");
                    let words = self
                        .parts
                        .services
                        .env
                        .secrets()
                        .redact(&words)
                        .into_owned();
                    let words = output::limit(&words, &tool_cx);
                    self.notice(NoticeLevel::Info, format!("attached {shown}"));
                    out.push(format!("Attached by the user: {shown}\n\n{words}"));
                }
                Err(McpError::Stopped) => return out,
                Err(error) => {
                    let words = text::clean(&error.to_string()).into_owned();
                    self.notice(
                        NoticeLevel::Warning,
                        format!("{shown} is not attached: {words}"),
                    );
                }
            }
        }
        out
    }
}

/// A prompt of a server that the user chose.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerPrompt {
    /// The server.
    pub server: String,
    /// The server's own name for it.
    pub name: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
    /// What the user typed.
    pub line: String,
}

impl Agent {
    /// Runs a turn for a prompt of a server. Its text is attached to what the user typed:
    /// files that it names are not the user's wish.
    pub async fn run_prompt(&mut self, prompt: ServerPrompt) {
        let cx = CallCx {
            cancel: self.parts.control.begin(),
            ..CallCx::silent()
        };
        let ServerPrompt {
            server,
            name,
            arguments,
            line,
        } = prompt;
        let hub = self.parts.services.mcp.clone();
        match hub.get_prompt(&server, &name, arguments, &cx).await {
            Ok(said) => {
                let words = said.texts.join("\n\n");
                self.to_attach = vec![format!(
                    "The user chose the prompt {name} of the MCP server {server}, which says:\n\n{words}"
                )];
                let images = Vec::new();
                self.run_turn(UserInput { text: line, images }).await;
            }
            Err(McpError::Stopped) => {}
            Err(error) => {
                let words = text::clean(&error.to_string()).into_owned();
                self.notice(NoticeLevel::Error, words);
            }
        }
    }
}

/// What is told of a server; nothing while nothing is known of it.
fn section(heading: &str, offer: &Offer, declared: &[&str]) -> Option<String> {
    let (direct, others): (Vec<_>, Vec<_>) = offer
        .tools
        .iter()
        .partition(|(name, _)| declared.contains(&name.as_str()));
    if others.is_empty() && offer.instructions.is_none() {
        return None;
    }
    let mut out = match others.is_empty() {
        true => format!("{heading}: its tools are {} of those above.", direct.len()),
        false => format!(
            "{heading} ({}; call them with mcp_call, after find_tools):",
            text::plural(others.len(), "tool")
        ),
    };
    if let Some(words) = &offer.instructions {
        let words = text::one_line(text::prefix(words, INSTRUCTIONS), INSTRUCTIONS);
        out.push_str(&format!(
            "\nThe server says of itself, not the user: {words}"
        ));
    }
    let lines: Vec<String> = others
        .iter()
        .map(|(_, tool)| match tool.summary(SUMMARY) {
            // Their names say it all.
            _ if tool.own => format!("\n- {}", tool.name),
            summary if summary.is_empty() => format!("\n- {}", tool.name),
            summary => format!("\n- {}: {summary}", tool.name),
        })
        .collect();
    let room = BUDGET.saturating_sub(out.len());
    if lines.iter().map(String::len).sum::<usize>() <= room {
        lines.iter().for_each(|line| out.push_str(line));
        return Some(out);
    }
    // Too many for a line each: their names, as far as they fit.
    out.push('\n');
    for (index, (_, tool)) in others.iter().enumerate() {
        if out.len() + tool.name.len() + 20 > BUDGET {
            out.push_str(&format!("and {} more", others.len() - index));
            return Some(out);
        }
        out.push_str(&tool.name);
        if index + 1 < others.len() {
            out.push_str(", ");
        }
    }
    Some(out)
}

/// The resources a text names: server and address, each once.
fn mentioned(message: &str, servers: &[String]) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    for word in message.split_whitespace() {
        let word = word.trim_start_matches(['(', '[', '"', '\'', '`']);
        let Some((server, uri)) = word.strip_prefix('@').and_then(|word| word.split_once(':'))
        else {
            continue;
        };
        let uri = uri.trim_end_matches(['.', ',', ';', ':', ')', ']', '"', '\'', '`', '!', '?']);
        let pair = (server.to_string(), uri.to_string());
        if !uri.is_empty() && servers.contains(&pair.0) && !out.contains(&pair) {
            out.push(pair);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::McpTool;
    use serde_json::json;

    fn offer(count: usize) -> Offer {
        let tools = (0..count).map(|index| {
            let about = format!("Does thing number {index}, and more. Much more");
            let tool = json!({"name": format!("tool_number_{index}"), "description": about});
            (
                format!("mcp__s__tool_number_{index}"),
                McpTool::read(&tool).unwrap(),
            )
        });
        Offer {
            server: "s".into(),
            instructions: Some("Use \n wisely. ".repeat(100)),
            tools: tools.collect(),
            readonly: false,
        }
    }

    #[test]
    fn a_server_costs_no_more_than_its_budget() {
        for count in [1, 5, 10, 200] {
            let told = section("MCP server s", &offer(count), &[]).unwrap();
            assert!(told.len() <= BUDGET + 20, "{count}: {}", told.len());
            assert!(told.contains("not the user"));
            assert!(!told.contains("Much more"));
        }
        assert!(
            section("MCP server s", &offer(200), &[])
                .unwrap()
                .contains("more")
        );
    }

    #[test]
    fn declared_tools_are_not_told_twice() {
        let offer = offer(2);
        let declared = ["mcp__s__tool_number_0", "mcp__s__tool_number_1"];
        let told = section("MCP server s", &offer, &declared).unwrap();
        assert!(!told.contains("tool_number"), "{told}");
        let quiet = Offer {
            instructions: None,
            ..offer
        };
        assert_eq!(section("MCP server s", &quiet, &declared), None);
    }

    #[test]
    fn only_known_servers_name_resources() {
        let servers = ["docs".to_string()];
        let got = mentioned(
            "see (@docs:file:///a.md), @docs:b. @other:c me@docs:d @docs:",
            &servers,
        );
        let pair = |uri: &str| ("docs".to_string(), uri.to_string());
        assert_eq!(got, [pair("file:///a.md"), pair("b")]);
    }
}
