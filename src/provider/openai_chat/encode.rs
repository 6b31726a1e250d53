//! The request body of Chat Completions.
//!
//! The body is a pure function of the request, and append-only: the body of one
//! request is, closing brackets (and cache marks, where a vendor wants them)
//! aside, the beginning of the next one's.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::shape::{
    Body, CacheControl, Call, Called, Content, ImageUrl, Part, Said, StreamOptions, ThinkingText,
    Turn,
};
use super::thinking;
use crate::protocol::message::{AssistantMessage, ContentBlock, Message, Opaque, ToolResult};
use crate::provider::ModelRequest;
use crate::provider::functions::functions;
use crate::provider::openai::quirks::{CallIds, Quirks, Replay};
use crate::provider::openai::{Dialect, parts};
use crate::stdx::blob;

/// What stands between results and a user message where they may not touch.
const BRIDGE: &str = "Understood.";

/// The JSON body of a request.
pub fn body(request: &ModelRequest, dialect: Dialect) -> Vec<u8> {
    let quirks = dialect.quirks;
    let limit = request.max_tokens.clamp(1, request.model.max_output.max(1));
    let newer = quirks.limit == "max_completion_tokens" && dialect.takes(quirks.limit);
    let body = Body {
        model: &request.model.id,
        stream: true,
        stream_options: (quirks.stream_options && dialect.takes("stream_options")).then_some(
            StreamOptions {
                include_usage: true,
            },
        ),
        max_tokens: (!newer).then_some(limit),
        max_completion_tokens: newer.then_some(limit),
        thinking: thinking::of(&request.model, request.thinking, dialect),
        prompt_cache_key: Some(request.cache_key.as_str())
            .filter(|key| quirks.cache_key && !key.is_empty() && dialect.takes("prompt_cache_key")),
        tools: functions(&request.tools),
        messages: turns(request, quirks),
    };
    // Strings, numbers and raw JSON only: there is nothing that could fail.
    serde_json::to_vec(&body).unwrap_or_default()
}

fn turns(request: &ModelRequest, quirks: Quirks) -> Vec<Turn<'_>> {
    let mut turns = Vec::new();
    if !request.system.trim().is_empty() {
        let content = Content::Text(Cow::Borrowed(&request.system));
        turns.push(Turn::System { content });
    }
    // Images of results: the format has no place for them there.
    let mut shown: Vec<Part> = Vec::new();
    for message in &request.messages {
        if let Message::ToolResult(result) = message {
            turns.push(tool_result(request, quirks, result, &mut shown));
            continue;
        }
        user(std::mem::take(&mut shown), quirks, &mut turns);
        match message {
            Message::User { content, .. } => user(user_parts(request, content), quirks, &mut turns),
            Message::Context { text, .. } => {
                user(text_part(text).into_iter().collect(), quirks, &mut turns);
            }
            Message::Assistant(message) => turns.extend(assistant(message, quirks)),
            Message::ToolResult(_) => {}
        }
    }
    user(shown, quirks, &mut turns);
    if quirks.cache_marks && request.model.id.starts_with("anthropic/") {
        mark(&mut turns);
    }
    turns
}

fn text_part(text: &str) -> Option<Part<'_>> {
    (!text.trim().is_empty()).then(|| Part::text(text))
}

fn image_part<'a>(request: &ModelRequest, media: &str, blob: &str) -> Part<'a> {
    match parts::image(request, media, blob) {
        Ok(url) => Part::ImageUrl {
            image_url: ImageUrl { url },
        },
        Err(words) => Part::text(words),
    }
}

fn user_parts<'a>(request: &'a ModelRequest, content: &'a [ContentBlock]) -> Vec<Part<'a>> {
    let part = |block: &'a ContentBlock| match block {
        ContentBlock::Text { text, .. } => text_part(text),
        ContentBlock::Image { media, blob } => Some(image_part(request, media, blob)),
        ContentBlock::Thinking { .. }
        | ContentBlock::ToolCall { .. }
        | ContentBlock::ServerSide { .. } => None,
    };
    content.iter().filter_map(part).collect()
}

/// Adds what a user said. Texts that follow each other become one message: many
/// chat templates want the roles to alternate.
fn user<'a>(parts: Vec<Part<'a>>, quirks: Quirks, turns: &mut Vec<Turn<'a>>) {
    if parts.is_empty() {
        return;
    }
    if quirks.bridge && matches!(turns.last(), Some(Turn::Tool { .. })) {
        turns.push(Turn::Assistant(Said {
            content: Some(Content::Text(Cow::Borrowed(BRIDGE))),
            ..Said::default()
        }));
    }
    let texts: Option<Vec<&str>> = parts
        .iter()
        .map(|part| match part {
            Part::Text { text, .. } => Some(&**text),
            Part::ImageUrl { .. } | Part::Thinking { .. } => None,
        })
        .collect();
    let Some(text) = texts.map(|texts| texts.join("\n\n")) else {
        let content = Content::Parts(parts);
        return turns.push(Turn::User { content });
    };
    if let Some(Turn::User {
        content: Content::Text(before),
    }) = turns.last_mut()
    {
        let before = before.to_mut();
        before.push_str("\n\n");
        before.push_str(&text);
        return;
    }
    let content = Content::Text(Cow::Owned(text));
    turns.push(Turn::User { content });
}

fn tool_result<'a>(
    request: &'a ModelRequest,
    quirks: Quirks,
    result: &'a ToolResult,
    shown: &mut Vec<Part<'a>>,
) -> Turn<'a> {
    let mut texts: Vec<&str> = Vec::new();
    for block in &result.content {
        match block {
            ContentBlock::Text { text, .. } if !text.trim().is_empty() => texts.push(text),
            ContentBlock::Image { media, blob } => match image_part(request, media, blob) {
                image @ Part::ImageUrl { .. } => {
                    texts.push("[the image follows]");
                    shown.push(image);
                }
                _ => texts.push(parts::UNSEEN),
            },
            ContentBlock::Text { .. }
            | ContentBlock::Thinking { .. }
            | ContentBlock::ToolCall { .. }
            | ContentBlock::ServerSide { .. } => {}
        }
    }
    let text = match &texts[..] {
        [] => Cow::Borrowed(parts::NO_OUTPUT),
        [text] => Cow::Borrowed(*text),
        texts => Cow::Owned(texts.join("\n")),
    };
    Turn::Tool {
        tool_call_id: call_id(&result.call_id, quirks),
        content: Content::Text(text),
    }
}

/// The id as the vendor takes it; the same for a call and its result.
fn call_id(id: &str, quirks: Quirks) -> Cow<'_, str> {
    let fits = id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match quirks.ids {
        CallIds::Any => Cow::Borrowed(id),
        CallIds::Nine if fits => Cow::Borrowed(id),
        CallIds::Nine => Cow::Owned(blob::hash(id.as_bytes())[..9].to_string()),
    }
}

/// What a message said of the way its reasoning came; see the decoder.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Came<'a> {
    #[serde(borrow)]
    field: Option<Cow<'a, str>>,
    #[serde(borrow)]
    reasoning_details: Option<&'a RawValue>,
}

fn came(opaque: &Option<Opaque>) -> Came<'_> {
    opaque
        .as_ref()
        .and_then(|opaque| serde_json::from_str(&opaque.0).ok())
        .unwrap_or_default()
}

fn assistant(message: &AssistantMessage, quirks: Quirks) -> Option<Turn<'_>> {
    let mut said = Said::default();
    let mut texts: Vec<&str> = Vec::new();
    let mut thoughts: Vec<Part> = Vec::new();
    for block in &message.content {
        match block {
            ContentBlock::Text { text, .. } if !text.trim().is_empty() => texts.push(text),
            ContentBlock::ToolCall {
                id,
                name,
                arguments,
                ..
            } => said.tool_calls.push(Call {
                id: call_id(id, quirks),
                r#type: "function",
                function: Called {
                    name,
                    arguments: valid(arguments),
                },
            }),
            ContentBlock::Thinking { text, opaque } if quirks.replay != Replay::Never => {
                think(text, opaque, &mut said, &mut thoughts);
            }
            ContentBlock::Text { .. }
            | ContentBlock::Thinking { .. }
            | ContentBlock::ServerSide { .. }
            | ContentBlock::Image { .. } => {}
        }
    }
    if texts.is_empty() && said.tool_calls.is_empty() {
        return None;
    }
    if said.reasoning_details.is_some() {
        (said.reasoning, said.reasoning_content) = (None, None);
    }
    if quirks.replay == Replay::Required && !said.tool_calls.is_empty() {
        said.reasoning_content.get_or_insert_default();
    }
    said.content = match (texts.is_empty(), thoughts.is_empty()) {
        (true, true) => None,
        (false, true) => Some(Content::Text(joined(texts))),
        (true, false) => Some(Content::Parts(thoughts)),
        (false, false) => {
            thoughts.push(Part::text(joined(texts)));
            Some(Content::Parts(thoughts))
        }
    };
    Some(Turn::Assistant(said))
}

fn joined(texts: Vec<&str>) -> Cow<'_, str> {
    match texts[..] {
        [text] => Cow::Borrowed(text),
        _ => Cow::Owned(texts.join("\n\n")),
    }
}

/// Puts reasoning back where it came from.
fn think<'a>(
    text: &'a str,
    opaque: &'a Option<Opaque>,
    said: &mut Said<'a>,
    thoughts: &mut Vec<Part<'a>>,
) {
    let came = came(opaque);
    if came.reasoning_details.is_some() {
        said.reasoning_details = came.reasoning_details;
    }
    match came.field.as_deref() {
        Some("reasoning_content") => said
            .reasoning_content
            .get_or_insert_default()
            .push_str(text),
        Some("reasoning") => said.reasoning.get_or_insert_default().push_str(text),
        Some("part") => thoughts.push(Part::Thinking {
            thinking: [ThinkingText {
                r#type: "text",
                text,
            }],
        }),
        _ => {}
    }
}

/// The arguments as the model sent them. What is no JSON object is wrapped in
/// one: chat templates parse them, and the model sees what it wrote.
fn valid(arguments: &str) -> Cow<'_, str> {
    let text = match arguments.trim() {
        "" => "{}",
        text => text,
    };
    match text.starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(serde_json::json!({ "_invalid_json": arguments }).to_string()),
    }
}

/// Marks the system prompt, the end of this request and the end of the one before
/// for the cache. All texts become parts, so that marks change nothing else.
fn mark(turns: &mut [Turn]) {
    for turn in turns.iter_mut() {
        let content = match turn {
            Turn::System { content } | Turn::User { content } | Turn::Tool { content, .. } => {
                content
            }
            Turn::Assistant(_) => continue,
        };
        if let Content::Text(text) = content {
            *content = Content::Parts(vec![Part::text(std::mem::take(text))]);
        }
    }
    let from_us = |turn: &Turn| !matches!(turn, Turn::Assistant(_));
    let last = turns.iter().rposition(from_us);
    let spoke = turns.iter().rposition(|turn| !from_us(turn));
    let before = spoke.and_then(|at| turns[..at].iter().rposition(from_us));
    for at in [Some(0), before, last].into_iter().flatten() {
        let (Some(Turn::System {
            content: Content::Parts(parts),
        })
        | Some(Turn::User {
            content: Content::Parts(parts),
        })
        | Some(Turn::Tool {
            content: Content::Parts(parts),
            ..
        })) = turns.get_mut(at)
        else {
            continue;
        };
        let text = parts.iter_mut().rev().find_map(|part| match part {
            Part::Text { cache_control, .. } => Some(cache_control),
            Part::ImageUrl { .. } | Part::Thinking { .. } => None,
        });
        if let Some(slot) = text {
            *slot = Some(CacheControl {
                r#type: "ephemeral",
            });
        }
    }
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
