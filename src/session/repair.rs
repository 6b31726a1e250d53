//! Makes a conversation valid for a request, whatever the log went through.
//!
//! Every tool call must be answered exactly once and at once. The log may lack
//! answers (a crash, an interruption); they are made up here, when encoding,
//! never in the log.

use std::collections::HashMap;

use crate::protocol::message::{AssistantMessage, ContentBlock, Message, StopReason, ToolResult};
use crate::protocol::tool::ToolView;

/// What the model is told about a call that was never answered.
const NOT_RUN: &str = "No result: the program ended before this call finished. Its effects are \
                       unknown; check before repeating it.";

/// The conversation as a request may state it: after every message with tool
/// calls come their results, one each, in call order; results without a call,
/// refused answers and empty messages are left out. Messages before
/// `prefix_start` lose their reasoning: it is bound to another system prompt or
/// other tools, and vendors refuse it after these.
pub fn repaired(messages: &[Message], prefix_start: usize) -> Vec<Message> {
    let mut out = Vec::with_capacity(messages.len());
    for (index, message) in messages.iter().enumerate() {
        match message {
            Message::User { .. } | Message::Context { .. } => out.push(message.clone()),
            Message::ToolResult(_) => {}
            Message::Assistant(assistant) if says_something(assistant) => {
                let mut assistant = assistant.clone();
                if index < prefix_start {
                    assistant
                        .content
                        .retain(|block| !matches!(block, ContentBlock::Thinking { .. }));
                }
                let results = results_after(&messages[index + 1..]);
                let answers: Vec<Message> = assistant
                    .tool_calls()
                    .map(|(call_id, _, _)| match results.get(call_id) {
                        Some(result) => Message::ToolResult((*result).clone()),
                        None => Message::ToolResult(made_up(call_id)),
                    })
                    .collect();
                out.push(Message::Assistant(assistant));
                out.extend(answers);
            }
            Message::Assistant(_) => {}
        }
    }
    out
}

/// The results up to the next assistant message, by call. Only those can belong
/// to the message before: some vendors use the same call ids again and again.
fn results_after(messages: &[Message]) -> HashMap<&str, &ToolResult> {
    let mut results = HashMap::new();
    for message in messages {
        match message {
            Message::Assistant(_) => break,
            Message::ToolResult(result) => {
                results.entry(result.call_id.as_str()).or_insert(result);
            }
            Message::User { .. } | Message::Context { .. } => {}
        }
    }
    results
}

/// Whether a message can be replayed: it was not refused, and holds more than
/// reasoning and blank text.
fn says_something(message: &AssistantMessage) -> bool {
    !matches!(message.stop, StopReason::Refusal { .. })
        && message.content.iter().any(|block| match block {
            ContentBlock::Text { text, .. } => !text.trim().is_empty(),
            ContentBlock::Thinking { .. } => false,
            ContentBlock::Image { .. }
            | ContentBlock::ToolCall { .. }
            | ContentBlock::ServerSide { .. } => true,
        })
}

fn made_up(call_id: &str) -> ToolResult {
    ToolResult {
        id: format!("repair-{call_id}"),
        call_id: call_id.to_string(),
        content: vec![ContentBlock::text(NOT_RUN)],
        is_error: true,
        view: ToolView::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::message::Origin;
    use crate::protocol::usage::Usage;
    use proptest::prelude::*;

    fn assistant(id: &str, content: Vec<ContentBlock>) -> Message {
        Message::Assistant(AssistantMessage {
            id: id.into(),
            content,
            origin: Origin {
                provider: "p".into(),
                wire: "w".into(),
                model: "m".into(),
            },
            stop: StopReason::ToolUse,
            usage: Usage::default(),
        })
    }

    fn call(id: &str) -> ContentBlock {
        ContentBlock::ToolCall {
            id: id.into(),
            name: "read_file".into(),
            arguments: "{}".into(),
            opaque: None,
        }
    }

    fn result(call_id: &str) -> Message {
        Message::ToolResult(ToolResult {
            is_error: false,
            ..made_up(call_id)
        })
    }

    fn user(text: &str) -> Message {
        Message::User {
            id: text.into(),
            content: vec![ContentBlock::text(text)],
        }
    }

    /// Call ids and whether each answer is a real one, in request order.
    fn answers(messages: &[Message]) -> Vec<(String, bool)> {
        messages
            .iter()
            .filter_map(|message| match message {
                Message::ToolResult(result) => Some((result.call_id.clone(), !result.is_error)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn orphans_are_answered_in_call_order_and_strays_dropped() {
        let log = [
            user("go"),
            result("stray"),
            assistant("a", vec![call("1"), call("2"), call("3")]),
            result("3"),
            result("1"),
            user("next"),
        ];
        let fixed = repaired(&log, 0);
        assert_eq!(
            answers(&fixed),
            [
                ("1".to_string(), true),
                ("2".to_string(), false),
                ("3".to_string(), true)
            ]
        );
        assert_eq!(fixed.last(), Some(&user("next")));
    }

    #[test]
    fn reasoning_alone_and_blank_text_are_not_replayed() {
        let thinking = ContentBlock::Thinking {
            text: "hm".into(),
            opaque: None,
        };
        let log = [
            user("go"),
            assistant("a", vec![thinking, ContentBlock::text(" \n")]),
        ];
        assert_eq!(repaired(&log, 0), [user("go")]);
    }

    proptest! {
        #[test]
        fn any_subset_of_a_log_becomes_valid(keep in prop::collection::vec(any::<bool>(), 9)) {
            let log = [
                user("go"),
                assistant("a", vec![call("1"), call("2")]),
                result("1"),
                result("2"),
                user("steer"),
                assistant("b", vec![ContentBlock::text("x"), call("3")]),
                result("3"),
                assistant("c", vec![ContentBlock::text("done")]),
                user("more"),
            ];
            let kept: Vec<Message> =
                log.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(m, _)| m).collect();
            let fixed = repaired(&kept, 0);
            let mut open: Vec<String> = Vec::new();
            for message in &fixed {
                match message {
                    Message::ToolResult(result) => {
                        prop_assert!(!open.is_empty());
                        prop_assert_eq!(&open.remove(0), &result.call_id);
                    }
                    Message::Assistant(message) => {
                        prop_assert!(open.is_empty());
                        open = message.tool_calls().map(|(id, _, _)| id.to_string()).collect();
                    }
                    _ => prop_assert!(open.is_empty()),
                }
            }
            prop_assert!(open.is_empty());
        }
    }
}
