//! What the model reads: the system prompt, and the request built from the log.

use std::sync::Arc;

use super::{Agent, message_id};
use crate::memory::Instructions;
use crate::protocol::entry::EntryKind;
use crate::protocol::message::{ContextKind, Message};
use crate::protocol::permission::PermissionMode;
use crate::protocol::tool::ToolSpec;
use crate::provider::{ModelRequest, handoff, overhead};
use crate::session::repair;
use crate::stdx::{blob, clock};
use crate::tools::plan_mode::{PLAN_OFF, PLAN_ON};
use crate::tools::{BUILTIN, MORPH};
use crate::workspace::git;

/// Output limit when none is set, in tokens: enough for long answers with
/// thinking, far from what makes vendors reserve half the window.
pub const DEFAULT_MAX_TOKENS: u64 = 32_000;

/// The fixed part of the system prompt. Every token is paid on every turn.
const SYSTEM: &str = include_str!("system.md");

/// The system prompt for a workspace with its instruction files.
pub fn system_prompt(workspace: &str, instructions: &[Instructions]) -> String {
    let mut out = SYSTEM.trim_end().replace("{workspace}", workspace);
    for file in instructions {
        out.push_str("\n\n");
        out.push_str(&file.section());
    }
    out
}

/// Bytes of the system prompt (without instruction files) and of the default
/// tool specs as a request carries them.
pub fn fixed_overhead(workspace: &str) -> (usize, usize) {
    let specs = offered();
    let tools = specs
        .map(|spec| spec_json(&spec).to_string().len() + 1)
        .sum();
    (system_prompt(workspace, &[]).len(), tools)
}

/// Bytes of a request that says nothing but the fixed part, by wire.
pub fn overhead_by_wire(workspace: &str) -> Vec<(&'static str, usize)> {
    let specs: Vec<ToolSpec> = offered().collect();
    overhead::by_wire(&system_prompt(workspace, &[]), &specs)
}

/// The tools that need no key of their own.
fn offered() -> impl Iterator<Item = ToolSpec> {
    let tools = BUILTIN.iter().filter(|tool| tool.name() != MORPH);
    tools.map(|tool| tool.spec())
}

fn spec_json(spec: &ToolSpec) -> serde_json::Value {
    serde_json::json!({
        "name": spec.name,
        "description": spec.description,
        "input_schema": spec.schema,
    })
}

/// Whether a message says that plan mode is on, or off.
fn told_planning(message: &Message) -> Option<bool> {
    let text = match message {
        Message::Context { text, .. } => text.as_str(),
        Message::ToolResult(result) => result.content.first()?.as_text()?,
        Message::User { .. } | Message::Assistant(_) => return None,
    };
    match () {
        () if text.starts_with(PLAN_ON) => Some(true),
        () if text.starts_with(PLAN_OFF) => Some(false),
        () => None,
    }
}

impl Agent {
    /// The prefix to log before the next request, when there is one: the first, and
    /// again only when the tools changed (safe mode, another program version):
    /// the system prompt of a session never changes otherwise, whatever happens
    /// to the files it was made from.
    pub(super) fn new_prefix(&self, specs: &[ToolSpec]) -> Option<EntryKind> {
        let hash = blob::hash(
            specs
                .iter()
                .map(|spec| spec_json(spec).to_string())
                .collect::<String>()
                .as_bytes(),
        );
        let (system, cause) = match &self.parts.session.conversation().prefix {
            Some((_, tools)) if *tools == hash => return None,
            Some((system, _)) => (system.clone(), Some("the set of tools changed".to_string())),
            None => {
                let root = self.parts.services.workspace.root();
                let files = self.parts.services.memory.load();
                let system = system_prompt(&root.display().to_string(), &files);
                (system, None)
            }
        };
        Some(EntryKind::Prefix {
            system,
            tools: hash,
            cause,
        })
    }

    /// Facts about the surroundings, as the first message of a session: they may
    /// change between sessions and must not touch the cached prefix.
    pub(super) fn environment_message(&self) -> Message {
        let (year, month, day, ..) = clock::utc(clock::now_ms());
        let mut text = format!(
            "Environment: {} ({}), date {year:04}-{month:02}-{day:02}.",
            std::env::consts::OS,
            std::env::consts::ARCH
        );
        if let Some(branch) = git::branch(self.parts.services.workspace.root()) {
            text.push_str(&format!(" Git branch: {branch}."));
        }
        Message::Context {
            id: message_id(),
            kind: ContextKind::Environment,
            text,
        }
    }

    /// What the model is told about plan mode, when that is not what it was told last.
    pub(super) fn planning_message(&self) -> Option<Message> {
        let on = self.parts.settings.mode == PermissionMode::Plan;
        let messages = &self.parts.session.conversation().messages;
        let told = messages.iter().rev().find_map(told_planning);
        (told.unwrap_or(false) != on).then(|| Message::Context {
            id: message_id(),
            kind: ContextKind::Reminder,
            text: if on { PLAN_ON } else { PLAN_OFF }.to_string(),
        })
    }

    /// The specs of the tools on offer.
    pub(super) fn specs(&self) -> Arc<[ToolSpec]> {
        self.tools().map(|tool| tool.spec()).collect()
    }

    /// The next request: the conversation made valid, converted for the model,
    /// with its images loaded.
    pub(super) fn request(&self, tools: Arc<[ToolSpec]>) -> ModelRequest {
        let conversation = self.parts.session.conversation();
        let system = conversation
            .prefix
            .as_ref()
            .map_or("", |(system, _)| system.as_str());
        let mut messages = repair::repaired(&conversation.messages, conversation.prefix_start);
        handoff::adapt(
            &mut messages,
            self.parts.provider.id(),
            self.parts.provider.wire(),
        );
        let images = self.load_images(&mut messages);
        ModelRequest {
            model: self.parts.model.clone(),
            system: system.into(),
            tools,
            messages,
            images,
            max_tokens: self
                .parts
                .settings
                .max_tokens
                .unwrap_or(DEFAULT_MAX_TOKENS)
                .min(self.parts.model.max_output),
            thinking: self.parts.settings.thinking,
            cache_key: self.parts.session.id().to_string(),
            web_search: self.searches_natively(),
        }
    }
}
