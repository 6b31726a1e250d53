//! What the hub knows of its servers: for people, for the model, for the gate.

use std::sync::Arc;

use super::super::cache::Accepted;
use super::super::expand::variables;
use super::super::names::exposed;
use super::super::state::{ServerState, ServerView, ToolLine};
use super::super::tool::{McpPrompt, McpTool};
use super::entry::Entry;
use super::{Hub, Offer};
use crate::config::mcp::{McpServer, McpTransport};
use crate::stdx::text;

/// Lines of stderr in a view.
const STDERR: usize = 20;
/// Characters of a tool's line in a view.
const SUMMARY: usize = 120;

impl Hub {
    /// Variables of its settings that have no value.
    pub(super) fn missing(&self, server: &McpServer) -> Vec<String> {
        let needed = self.needed(server).into_iter();
        needed
            .filter(|(_, there)| !there)
            .map(|(name, _)| name)
            .collect()
    }

    fn needed(&self, server: &McpServer) -> Vec<(String, bool)> {
        let texts: Vec<&String> = match &server.transport {
            McpTransport::Stdio { command, args, env } => [command]
                .into_iter()
                .chain(args)
                .chain(env.values())
                .collect(),
            McpTransport::Http { url, headers } => {
                [url].into_iter().chain(headers.values()).collect()
            }
        };
        let mut out: Vec<(String, bool)> = Vec::new();
        for name in texts.into_iter().flat_map(|text| variables(text)) {
            if !out.iter().any(|(known, _)| known == name) {
                let value = (self.secrets)(name);
                out.push((
                    name.to_string(),
                    value.is_some_and(|value| !value.is_empty()),
                ));
            }
        }
        out
    }

    /// Every server as people are shown it, by name.
    pub fn views(&self) -> Vec<ServerView> {
        self.all().iter().map(|entry| self.view(entry)).collect()
    }

    fn view(&self, entry: &Entry) -> ServerView {
        let server = &entry.server;
        let live = entry.live();
        let tools = live.known.iter().flat_map(|known| &known.tools);
        let mut stderr = entry.stderr.lines();
        stderr.drain(..stderr.len().saturating_sub(STDERR));
        ServerView {
            name: server.name.clone(),
            reached_by: text::clean(&server.shown()).into_owned(),
            from: text::clean(&server.from).into_owned(),
            state: live.state,
            protocol: live.known.as_ref().and_then(|known| known.protocol.clone()),
            tools: tools
                .map(|tool| ToolLine {
                    name: text::one_line(&text::clean(&tool.name), 80),
                    summary: tool.summary(SUMMARY),
                    offered: offers(server, tool),
                })
                .collect(),
            secrets: self.needed(server),
            error: live
                .error
                .as_ref()
                .map(|error| text::clean(&error.to_string()).into_owned()),
            stderr,
        }
    }

    /// What the model is offered, by server.
    pub fn offers(&self) -> Vec<Offer> {
        let mut out = Vec::new();
        for entry in self.all() {
            let live = entry.live();
            if live.state == ServerState::Off {
                continue;
            }
            let known = live.known.as_ref();
            let mut tools: Vec<McpTool> = known
                .iter()
                .flat_map(|known| &known.tools)
                .filter(|tool| offers(&entry.server, tool))
                .cloned()
                .collect();
            if known.is_some_and(|known| known.resources) {
                for own in [McpTool::list_resources(), McpTool::read_resource()] {
                    if !tools.iter().any(|tool| tool.name == own.name)
                        && offers(&entry.server, &own)
                    {
                        tools.push(own);
                    }
                }
            }
            tools.sort_by(|a, b| a.name.cmp(&b.name));
            out.push(Offer {
                server: entry.server.name.clone(),
                instructions: known.and_then(|known| known.instructions.clone()),
                tools: tools
                    .into_iter()
                    .map(|tool| (String::new(), tool))
                    .collect(),
                readonly: entry.server.readonly,
            });
        }
        let names = exposed(out.iter().flat_map(|offer| {
            let tools = offer.tools.iter();
            tools.map(|(_, tool)| (offer.server.as_str(), tool.name.as_str()))
        }));
        let tools = out.iter_mut().flat_map(|offer| &mut offer.tools);
        for ((shown, _), name) in tools.zip(names) {
            *shown = name;
        }
        out
    }

    /// The prompts of all servers: server and prompt.
    pub fn prompts(&self) -> Vec<(String, McpPrompt)> {
        let mut out = Vec::new();
        for entry in self.all() {
            let live = entry.live();
            if live.state != ServerState::Off
                && let Some(known) = &live.known
            {
                let prompts = known.prompts.iter().cloned();
                out.extend(prompts.map(|prompt| (entry.server.name.clone(), prompt)));
            }
        }
        out
    }

    /// Servers of which nothing is known yet.
    pub fn unknown(&self) -> Vec<String> {
        let unknown = |entry: &&Arc<Entry>| {
            let live = entry.live();
            live.known.is_none() && live.state != ServerState::Off
        };
        let all = self.all();
        all.iter()
            .filter(unknown)
            .map(|entry| entry.server.name.clone())
            .collect()
    }

    /// The servers as their settings describe them.
    pub fn servers(&self) -> Vec<McpServer> {
        let all = self.all();
        all.iter().map(|entry| entry.server.clone()).collect()
    }

    /// Names of the servers that are switched on.
    pub fn names(&self) -> Vec<String> {
        let on = |entry: &&Arc<Entry>| entry.live().state != ServerState::Off;
        self.all()
            .iter()
            .filter(on)
            .map(|entry| entry.server.name.clone())
            .collect()
    }

    /// How a tool was described when the user allowed it, when that is different now.
    pub fn described_before(&self, server: &str, tool: &McpTool) -> Option<String> {
        let entry = self.find_entry(server).ok()?;
        let mut live = entry.live();
        let accepted = live.accepted(&self.cache, &entry.server).get(&tool.name)?;
        (accepted.hash != tool.hash()).then(|| accepted.description.clone())
    }

    /// Remembers that the user allowed a tool as it is described now.
    pub fn accept(&self, server: &str, tool: &McpTool) {
        let Ok(entry) = self.find_entry(server) else {
            return;
        };
        let mut live = entry.live();
        let accepted = live.accepted(&self.cache, &entry.server);
        let now = Accepted {
            hash: tool.hash(),
            description: tool.description.clone(),
        };
        if !tool.own && accepted.get(&tool.name) != Some(&now) {
            accepted.insert(tool.name.clone(), now);
            self.cache.keep_accepted(&entry.server, accepted);
        }
    }
}

/// Whether the model sees a tool.
fn offers(server: &McpServer, tool: &McpTool) -> bool {
    server.offers(&tool.name) && (!server.readonly || tool.read_only)
}
