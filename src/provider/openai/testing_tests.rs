//! Conversations for the tests of both formats.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use crate::net::sse::SseParser;
use crate::protocol::message::{
    AssistantMessage, ContentBlock, ContextKind, Message, Opaque, Origin, StopReason, ToolResult,
};
use crate::protocol::model::ThinkingSetting;
use crate::protocol::tool::{ToolSpec, ToolView};
use crate::protocol::usage::Usage;
use crate::provider::wire::{Decode, Fault};
use crate::provider::{ModelRequest, StreamEvent, models};

pub(in crate::provider) fn request(provider: &str, messages: Vec<Message>) -> ModelRequest {
    let tool = ToolSpec {
        name: "read_file".into(),
        description: "Does read_file.".into(),
        schema: serde_json::json!({"type": "object", "properties": {"path": {"type": "string"}}}),
    };
    let png: Arc<[u8]> = b"\x89PNG".to_vec().into();
    ModelRequest {
        model: models::lookup(provider, models::default_model(provider)).into(),
        system: "Be brief.".into(),
        tools: vec![tool].into(),
        messages,
        images: HashMap::from([("aa".to_string(), png)]),
        max_tokens: 1_000_000,
        thinking: ThinkingSetting::default(),
        cache_key: "s".into(),
        web_search: false,
    }
}

pub(in crate::provider) fn user(texts: &[&str]) -> Message {
    Message::User {
        id: "u".into(),
        content: texts.iter().map(|text| ContentBlock::text(*text)).collect(),
    }
}

pub(in crate::provider) fn context(text: &str) -> Message {
    Message::Context {
        id: "c".into(),
        kind: ContextKind::Reminder,
        text: text.into(),
    }
}

pub(in crate::provider) fn assistant(content: Vec<ContentBlock>) -> Message {
    Message::Assistant(AssistantMessage {
        id: "a".into(),
        content,
        origin: Origin {
            provider: "p".into(),
            wire: "w".into(),
            model: "m".into(),
        },
        stop: StopReason::EndTurn,
        usage: Usage::default(),
    })
}

pub(in crate::provider) fn call(id: &str, arguments: &str) -> ContentBlock {
    ContentBlock::ToolCall {
        id: id.into(),
        name: "read_file".into(),
        arguments: arguments.into(),
        opaque: None,
    }
}

pub(in crate::provider) fn thinking(text: &str, opaque: Option<&str>) -> ContentBlock {
    ContentBlock::Thinking {
        text: text.into(),
        opaque: opaque.map(|opaque| Opaque(opaque.into())),
    }
}

pub(in crate::provider) fn result(id: &str, content: Vec<ContentBlock>, is_error: bool) -> Message {
    Message::ToolResult(ToolResult {
        id: "r".into(),
        call_id: id.into(),
        content,
        is_error,
        view: ToolView::default(),
    })
}

pub(in crate::provider) fn image() -> ContentBlock {
    ContentBlock::Image {
        media: "image/png".into(),
        blob: "aa".into(),
    }
}

/// What a decoder makes of a body that arrives in pieces of these sizes.
pub(in crate::provider) fn decode(
    mut decoder: Box<dyn Decode>,
    body: &str,
    sizes: &[usize],
) -> (Vec<StreamEvent>, Result<(), Fault>) {
    let mut parser = SseParser::default();
    let (mut out, mut result) = (VecDeque::new(), Ok(()));
    let mut rest = body.as_bytes();
    for size in sizes.iter().cycle() {
        let (head, tail) = rest.split_at((*size).min(rest.len()));
        let mut event = |_: &str, data: &str| {
            if result.is_ok() {
                result = decoder.event(data, &mut out);
            }
        };
        parser.push(head, &mut event).unwrap();
        rest = tail;
        if rest.is_empty() {
            parser.finish(&mut event);
            break;
        }
    }
    let done = |event: &StreamEvent| matches!(event, StreamEvent::Done { .. });
    if result.is_ok() && !out.iter().any(done) {
        decoder.end(&mut out);
    }
    (out.into(), result)
}

/// A body of these events.
pub(in crate::provider) fn stream(frames: &[&str]) -> String {
    frames
        .iter()
        .map(|frame| format!("data: {frame}\n\n"))
        .collect()
}

/// The finished blocks of a stream.
pub(in crate::provider) fn blocks(events: &[StreamEvent]) -> Vec<ContentBlock> {
    let mut found = BTreeMap::new();
    for event in events {
        if let StreamEvent::BlockDone { index, block } = event {
            assert!(
                found.insert(*index, block.clone()).is_none(),
                "{index} twice"
            );
        }
    }
    found.into_values().collect()
}

/// How a stream ended.
pub(in crate::provider) fn end(events: &[StreamEvent]) -> (StopReason, Usage) {
    match events.last() {
        Some(StreamEvent::Done { stop, usage }) => (stop.clone(), *usage),
        other => panic!("{other:?}"),
    }
}
