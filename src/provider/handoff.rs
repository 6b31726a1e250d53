//! Making one vendor's conversation fit for another.

use std::collections::{HashMap, HashSet};

use crate::protocol::message::{AssistantMessage, ContentBlock, Message};

/// Adapts a conversation to a vendor and wire format, in place:
///
/// - opaque data of another origin is dropped, and thinking with it; what a
///   vendor ran itself stays as one line of text;
/// - call ids are made unique and safe for every vendor (`[A-Za-z0-9_-]`), in
///   the call and its result alike.
///
/// Pure, and a message only depends on the ones before it: adapting a longer
/// conversation changes nothing of its beginning.
pub fn adapt(messages: &mut [Message], provider: &str, wire: &str) {
    let mut taken: HashSet<String> = HashSet::new();
    // The ids of the latest message with calls, where they changed.
    let mut renamed: HashMap<String, String> = HashMap::new();
    for message in messages {
        match message {
            Message::Assistant(message) => {
                if message.origin.provider != provider || message.origin.wire != wire {
                    neutralise(message);
                }
                if message.tool_calls().next().is_some() {
                    renamed.clear();
                }
                for block in &mut message.content {
                    if let ContentBlock::ToolCall { id, .. } = block {
                        let free = free_id(id, &taken);
                        taken.insert(free.clone());
                        if free != *id {
                            renamed.insert(std::mem::replace(id, free.clone()), free);
                        }
                    }
                }
            }
            Message::ToolResult(result) => {
                if let Some(id) = renamed.get(&result.call_id) {
                    result.call_id.clone_from(id);
                }
            }
            Message::User { .. } | Message::Context { .. } => {}
        }
    }
}

fn neutralise(message: &mut AssistantMessage) {
    message.content.retain(|block| match block {
        ContentBlock::Thinking { .. } => false,
        ContentBlock::ServerSide { summary, .. } => !summary.is_empty(),
        ContentBlock::Text { .. } | ContentBlock::ToolCall { .. } | ContentBlock::Image { .. } => {
            true
        }
    });
    for block in &mut message.content {
        match block {
            ContentBlock::Text { opaque, .. } | ContentBlock::ToolCall { opaque, .. } => {
                *opaque = None;
            }
            ContentBlock::ServerSide { summary, .. } => {
                *block = ContentBlock::text(format!("[{summary}]"));
            }
            ContentBlock::Image { .. } | ContentBlock::Thinking { .. } => {}
        }
    }
}

/// The id itself when it is safe and not taken, else the nearest one that is.
fn free_id(id: &str, taken: &HashSet<String>) -> String {
    let safe = |c: char| match c.is_ascii_alphanumeric() || c == '-' || c == '_' {
        true => c,
        false => '_',
    };
    let mut safe: String = id.chars().map(safe).take(64).collect();
    if safe.is_empty() {
        safe.push_str("call");
    }
    let base = safe.clone();
    let mut number = 2;
    while taken.contains(&safe) {
        safe = format!("{}_{number}", &base[..base.len().min(56)]);
        number += 1;
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::message::{Opaque, Origin, StopReason, ToolResult};
    use crate::protocol::tool::ToolView;
    use crate::protocol::usage::Usage;

    fn assistant(provider: &str, content: Vec<ContentBlock>) -> Message {
        Message::Assistant(AssistantMessage {
            id: "m".into(),
            content,
            origin: Origin {
                provider: provider.into(),
                wire: provider.into(),
                model: "model".into(),
            },
            stop: StopReason::EndTurn,
            usage: Usage::default(),
        })
    }

    fn call(id: &str) -> ContentBlock {
        ContentBlock::ToolCall {
            id: id.into(),
            name: "list_directory".into(),
            arguments: "{}".into(),
            opaque: Some(Opaque("{}".into())),
        }
    }

    fn result(id: &str) -> Message {
        Message::ToolResult(ToolResult {
            id: "r".into(),
            call_id: id.into(),
            content: vec![ContentBlock::text("ok")],
            is_error: false,
            view: ToolView::default(),
        })
    }

    fn thinking() -> ContentBlock {
        ContentBlock::Thinking {
            text: "hm".into(),
            opaque: Some(Opaque("{}".into())),
        }
    }

    fn ids(messages: &[Message]) -> Vec<String> {
        let mut out = Vec::new();
        for message in messages {
            match message {
                Message::Assistant(message) => {
                    out.extend(message.tool_calls().map(|(id, ..)| id.to_string()));
                }
                Message::ToolResult(result) => out.push(result.call_id.clone()),
                _ => {}
            }
        }
        out
    }

    #[test]
    fn the_own_origin_keeps_everything() {
        let before = vec![assistant("a", vec![thinking(), call("c1")]), result("c1")];
        let mut after = before.clone();
        adapt(&mut after, "a", "a");
        assert_eq!(after, before);
    }

    #[test]
    fn a_foreign_origin_leaves_text_and_calls() {
        let server = ContentBlock::ServerSide {
            summary: "web search: x".into(),
            opaque: Some(Opaque("{}".into())),
        };
        let mut messages = vec![assistant("b", vec![thinking(), server, call("c")])];
        adapt(&mut messages, "a", "a");
        let Message::Assistant(message) = &messages[0] else {
            panic!();
        };
        assert_eq!(message.content[0], ContentBlock::text("[web search: x]"));
        assert!(matches!(
            &message.content[1..],
            [ContentBlock::ToolCall { opaque: None, .. }]
        ));
    }

    #[test]
    fn ids_become_safe_and_unique_together_with_their_results() {
        let mut messages = vec![
            assistant("b", vec![call("a.b"), call("a:b"), call("")]),
            result("a:b"),
            result("a.b"),
            result(""),
            assistant("b", vec![call("a.b")]),
            result("a.b"),
        ];
        adapt(&mut messages, "a", "a");
        assert_eq!(
            ids(&messages),
            [
                "a_b", "a_b_2", "call", "a_b_2", "a_b", "call", "a_b_3", "a_b_3"
            ]
        );
    }

    /// Whose conversation goes to whom: only the own reasoning arrives, and calls
    /// keep their results, on every wire.
    #[test]
    fn a_conversation_moves_between_all_wires() {
        use crate::provider::openai::{Dialect, testing};
        use crate::provider::{anthropic, gemini, ollama, openai_chat, openai_responses, registry};
        let opaque = [
            ("anthropic", r#"{"signature":"secret-anthropic"}"#),
            (
                "openai",
                r#"{"type":"reasoning","encrypted_content":"secret-openai"}"#,
            ),
            (
                "deepseek",
                r#"{"field":"reasoning_content","x":"secret-deepseek"}"#,
            ),
            ("gemini", r#"{"thoughtSignature":"secret-gemini"}"#),
            ("ollama", "{}"),
        ];
        let mut conversation = vec![testing::user(&["start"])];
        for (provider, opaque) in opaque {
            let Message::Assistant(mut message) = assistant(provider, Vec::new()) else {
                panic!();
            };
            message.origin.wire = registry::info(provider).unwrap().wire.into();
            message.content = vec![
                ContentBlock::Thinking {
                    text: format!("thought-{provider}"),
                    opaque: Some(Opaque(opaque.into())),
                },
                testing::call("same", "{}"),
            ];
            conversation.push(Message::Assistant(message));
            conversation.push(result("same"));
        }
        for (provider, own, foreign) in [
            ("anthropic", "secret-anthropic", "secret-openai"),
            ("openai", "secret-openai", "secret-anthropic"),
            ("deepseek", "thought-deepseek", "thought-openai"),
            ("gemini", "secret-gemini", "thought-ollama"),
            ("ollama", "thought-ollama", "secret-gemini"),
        ] {
            let row = registry::info(provider).unwrap();
            let mut messages = conversation.clone();
            adapt(&mut messages, row.id, row.wire);
            assert_eq!(
                ids(&messages),
                [
                    "same", "same", "same_2", "same_2", "same_3", "same_3", "same_4", "same_4",
                    "same_5", "same_5"
                ]
            );
            let request = testing::request(provider, messages);
            let dialect = Dialect {
                quirks: row.quirks,
                refused: &[],
            };
            let body = match row.wire {
                "anthropic" => anthropic::body(&request),
                "openai_responses" => openai_responses::body(&request, dialect),
                "gemini" => gemini::body(&request),
                "ollama" => ollama::body(&request, &crate::provider::Abilities::default()),
                _ => openai_chat::body(&request, dialect),
            };
            let body = String::from_utf8(body).unwrap();
            assert!(body.contains(own) && !body.contains(foreign), "{body}");
            assert!(body.contains("same_4"), "{body}");
        }
    }
}
