//! A resumed conversation as the events it was made of, so that live and resumed
//! history share one renderer.

use std::path::PathBuf;

use crate::agent::BY_HAND;
use crate::protocol::event::{AgentEvent, NoticeLevel};
use crate::protocol::message::{ContentBlock, ContextKind, Message};
use crate::protocol::tool::{ToolBody, ToolTitle, ToolView};
use crate::provider::citations;
use crate::session::{Conversation, SessionError};
use crate::stdx::text;

/// Messages shown again at most; the model gets all of them all the same.
const SHOWN: usize = 200;
/// Messages by which the place in the log is found again.
const COMPARED: usize = 20;

/// What was said before the messages that were shown again, to be read from the
/// log when it is wanted.
#[derive(Debug, Clone)]
pub(super) struct Earlier {
    log: PathBuf,
    /// Messages left out, and the first ones that are shown.
    left_out: usize,
    shown: Vec<Message>,
}

impl Earlier {
    /// What [`events`] leaves out of a conversation; nothing when that is nothing.
    pub(super) fn of(conversation: &Conversation, log: PathBuf) -> Option<Self> {
        let start = conversation.messages.len().saturating_sub(SHOWN);
        let left_out = start + conversation.compacted;
        let shown = conversation.messages[start..].iter().take(COMPARED);
        (left_out > 0).then(|| Self {
            log,
            left_out,
            shown: shown.cloned().collect(),
        })
    }

    /// Reads it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(super) fn events(&self) -> Result<Vec<AgentEvent>, SessionError> {
        let all = Conversation::read(&self.log)?.messages;
        // After a compaction the count includes messages that stand for others, and
        // the first ones shown may be of that kind.
        let known = self
            .shown
            .iter()
            .find_map(|shown| all.iter().position(|message| message == shown));
        let end = known.unwrap_or(self.left_out).min(all.len());
        let mut out = Vec::new();
        all[..end]
            .iter()
            .for_each(|message| show(message, &mut out));
        Ok(out)
    }
}

/// The events that show a conversation.
pub(super) fn events(conversation: &Conversation) -> Vec<AgentEvent> {
    let messages = &conversation.messages;
    let start = messages.len().saturating_sub(SHOWN);
    let mut out = Vec::new();
    let left_out = start + conversation.compacted;
    if left_out > 0 {
        out.push(AgentEvent::Notice {
            level: NoticeLevel::Info,
            text: format!(
                "{} stand in the transcript (ctrl+t)",
                text::plural(left_out, "earlier message")
            ),
        });
    }
    for message in &messages[start..] {
        show(message, &mut out);
    }
    if !conversation.plan.is_empty() {
        out.push(AgentEvent::Plan {
            items: conversation.plan.clone(),
        });
    }
    out
}

fn show(message: &Message, out: &mut Vec<AgentEvent>) {
    match message {
        Message::User { content, .. } => {
            let text = content.iter().filter_map(ContentBlock::as_text).collect();
            out.push(AgentEvent::UserMessage { text });
        }
        Message::Context {
            kind: ContextKind::Command,
            text,
            ..
        } => out.extend(by_hand(text)),
        Message::Context { .. } => {}
        Message::Assistant(message) => {
            message.content.iter().for_each(|b| block(b, out));
            if let Some(text) = citations::sources(message) {
                out.push(AgentEvent::TextDelta { text });
                out.push(AgentEvent::TextDone);
            }
        }
        Message::ToolResult(result) => out.push(AgentEvent::ToolFinished {
            call_id: result.call_id.clone(),
            name: String::new(),
            view: ToolView {
                output: texts(&result.content).into(),
                ..result.view.clone()
            },
        }),
    }
}

/// A command of the user's own hand, as its text tells it.
fn by_hand(text: &str) -> Option<AgentEvent> {
    const SHOWN_LINES: usize = 6;
    let (command, output) = text.strip_prefix(BY_HAND)?.split_once('\n')?;
    let lines: Vec<String> = output.lines().map(str::to_string).collect();
    let folded = lines.len().saturating_sub(SHOWN_LINES);
    Some(AgentEvent::ToolFinished {
        call_id: String::new(),
        name: String::new(),
        view: ToolView {
            title: ToolTitle::new("Run", command),
            body: ToolBody::Output {
                tail: lines[folded..].to_vec(),
                folded,
            },
            ..ToolView::default()
        },
    })
}

fn block(block: &ContentBlock, out: &mut Vec<AgentEvent>) {
    match block {
        ContentBlock::Text { text, .. } => {
            out.push(AgentEvent::TextDelta { text: text.clone() });
            out.push(AgentEvent::TextDone);
        }
        ContentBlock::Thinking { text, .. } if !text.is_empty() => {
            out.push(AgentEvent::ThinkingDelta { text: text.clone() });
            out.push(AgentEvent::ThinkingDone { elapsed_ms: None });
        }
        ContentBlock::ServerSide { summary, .. } if !summary.is_empty() => {
            out.push(AgentEvent::ServerSide {
                summary: summary.clone(),
            });
        }
        ContentBlock::Thinking { .. }
        | ContentBlock::ServerSide { .. }
        | ContentBlock::ToolCall { .. }
        | ContentBlock::Image { .. } => {}
    }
}

fn texts(content: &[ContentBlock]) -> String {
    let texts = content.iter().filter_map(ContentBlock::as_text);
    texts.collect::<Vec<_>>().join("\n")
}
