//! A resumed conversation as the events it was made of, so that live and resumed
//! history share one renderer.

use crate::agent::BY_HAND;
use crate::protocol::event::{AgentEvent, NoticeLevel};
use crate::protocol::message::{ContentBlock, ContextKind, Message};
use crate::protocol::tool::{ToolBody, ToolTitle, ToolView};
use crate::provider::citations;
use crate::session::Conversation;
use crate::stdx::text;

/// Messages shown again at most; the model gets all of them all the same.
const SHOWN: usize = 200;

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
                "{} are not shown again",
                text::plural(left_out, "earlier message")
            ),
        });
    }
    for message in &messages[start..] {
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
                message.content.iter().for_each(|b| block(b, &mut out));
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
    if !conversation.plan.is_empty() {
        out.push(AgentEvent::Plan {
            items: conversation.plan.clone(),
        });
    }
    out
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
