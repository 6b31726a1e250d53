//! The request body of Ollama's chat.
//!
//! The body is a pure function of the request and of what the server said of the
//! model, and append-only: the body of one request is, closing brackets aside, the
//! beginning of the next one's.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::shape::{Body, Call, Called, Options, Think, Turn};
use crate::media::pdf;
use crate::protocol::message::{AssistantMessage, ContentBlock, Message, ToolResult};
use crate::protocol::model::{ModelInfo, ThinkingKind, ThinkingSetting};
use crate::provider::ModelRequest;
use crate::provider::abilities::Abilities;
use crate::provider::functions::functions;
use crate::provider::openai::{effort, parts};

/// How long the server keeps the model loaded after a request.
const KEEP_ALIVE: &str = "30m";

/// The JSON body of a request.
pub fn body(request: &ModelRequest, abilities: &Abilities) -> Vec<u8> {
    let model = &*request.model;
    // One value for the whole session: with another one the model is loaded anew.
    let num_ctx = model.context.min(abilities.context.unwrap_or(u64::MAX));
    let body = Body {
        model: &model.id,
        stream: true,
        think: think(model, abilities, request.thinking),
        keep_alive: KEEP_ALIVE,
        truncate: false,
        shift: false,
        options: Options {
            num_ctx,
            num_predict: request.max_tokens.clamp(1, num_ctx.max(1)),
        },
        tools: functions(&request.tools),
        messages: turns(request, abilities.vision.unwrap_or(model.vision)),
    };
    // Strings, numbers and raw JSON only: there is nothing that could fail.
    serde_json::to_vec(&body).unwrap_or_default()
}

/// What the field `think` says; a model that cannot think refuses it.
fn think(model: &ModelInfo, abilities: &Abilities, setting: ThinkingSetting) -> Option<Think> {
    let thinks = abilities
        .thinking
        .unwrap_or(model.thinking == ThinkingKind::OllamaThink);
    if !thinks {
        return None;
    }
    match effort::effort(model, setting).filter(|_| !model.efforts.is_empty()) {
        Some(level) => Some(Think::Level(level)),
        None if model.always_thinks => None,
        None => setting.enabled.map(Think::Switch),
    }
}

fn turns(request: &ModelRequest, vision: bool) -> Vec<Turn<'_>> {
    let mut turns = Vec::new();
    if !request.system.trim().is_empty() {
        turns.push(Turn {
            role: "system",
            content: Cow::Borrowed(&request.system),
            ..Turn::default()
        });
    }
    let mut called: HashMap<&str, &str> = HashMap::new();
    // Images of results: the format has no place for them there.
    let mut shown: Vec<String> = Vec::new();
    for message in &request.messages {
        if let Message::ToolResult(result) = message {
            turns.push(tool_result(request, vision, result, &called, &mut shown));
            continue;
        }
        user(String::new(), std::mem::take(&mut shown), &mut turns);
        match message {
            Message::User { content, .. } => {
                let mut images = Vec::new();
                let text = words(request, vision, content, &mut images).join("\n\n");
                user(text, images, &mut turns);
            }
            Message::Context { text, .. } => user(text.clone(), Vec::new(), &mut turns),
            Message::Assistant(message) => {
                if message.tool_calls().next().is_some() {
                    called.clear();
                }
                called.extend(message.tool_calls().map(|(id, name, _)| (id, name)));
                turns.extend(assistant(message));
            }
            Message::ToolResult(_) => {}
        }
    }
    user(String::new(), shown, &mut turns);
    turns
}

/// The texts of some content; its images go to `images`, or become words.
fn words<'a>(
    request: &ModelRequest,
    vision: bool,
    content: &'a [ContentBlock],
    images: &mut Vec<String>,
) -> Vec<&'a str> {
    let mut texts = Vec::new();
    for block in content {
        match block {
            ContentBlock::Text { text, .. } if !text.trim().is_empty() => texts.push(text.as_str()),
            ContentBlock::Image { media, .. } if media == pdf::MEDIA => texts.push(parts::NO_PAGES),
            ContentBlock::Image { .. } if !vision => texts.push(parts::UNSEEN),
            ContentBlock::Image { blob, .. } => match request.images.get(blob) {
                Some(bytes) => images.push(STANDARD.encode(bytes)),
                None => texts.push(parts::NO_IMAGE),
            },
            ContentBlock::Text { .. }
            | ContentBlock::Thinking { .. }
            | ContentBlock::ToolCall { .. }
            | ContentBlock::ServerSide { .. } => {}
        }
    }
    texts
}

/// Adds what a user said. Texts that follow each other become one message: many
/// chat templates want the roles to alternate.
fn user(text: String, images: Vec<String>, turns: &mut Vec<Turn>) {
    if text.trim().is_empty() && images.is_empty() {
        return;
    }
    if let Some(last) = turns.last_mut().filter(|last| last.role == "user") {
        if !text.is_empty() {
            let before = last.content.to_mut();
            if !before.is_empty() {
                before.push_str("\n\n");
            }
            before.push_str(&text);
        }
        last.images.extend(images);
        return;
    }
    turns.push(Turn {
        role: "user",
        content: Cow::Owned(text),
        images,
        ..Turn::default()
    });
}

fn tool_result<'a>(
    request: &'a ModelRequest,
    vision: bool,
    result: &'a ToolResult,
    called: &HashMap<&'a str, &'a str>,
    shown: &mut Vec<String>,
) -> Turn<'a> {
    let before = shown.len();
    let mut texts = words(request, vision, &result.content, shown);
    if shown.len() > before {
        texts.push("[the image follows]");
    }
    let content = match &texts[..] {
        [] => Cow::Borrowed(parts::NO_OUTPUT),
        [text] => Cow::Borrowed(*text),
        texts => Cow::Owned(texts.join("\n")),
    };
    Turn {
        role: "tool",
        content,
        tool_name: called.get(result.call_id.as_str()).copied(),
        tool_call_id: Some(&result.call_id),
        ..Turn::default()
    }
}

fn assistant(message: &AssistantMessage) -> Option<Turn<'_>> {
    let mut texts: Vec<&str> = Vec::new();
    let mut thoughts = String::new();
    let mut turn = Turn {
        role: "assistant",
        ..Turn::default()
    };
    for block in &message.content {
        match block {
            ContentBlock::Text { text, .. } if !text.trim().is_empty() => texts.push(text),
            ContentBlock::Thinking { text, .. } => thoughts.push_str(text),
            ContentBlock::ToolCall {
                id,
                name,
                arguments,
                ..
            } => turn.tool_calls.push(Call {
                id,
                function: Called {
                    name,
                    arguments: parts::object(arguments),
                },
            }),
            ContentBlock::Text { .. }
            | ContentBlock::ServerSide { .. }
            | ContentBlock::Image { .. } => {}
        }
    }
    turn.content = match texts[..] {
        [text] => Cow::Borrowed(text),
        _ => Cow::Owned(texts.join("\n\n")),
    };
    turn.thinking = (!thoughts.is_empty()).then_some(thoughts);
    (!turn.content.is_empty() || !turn.tool_calls.is_empty()).then_some(turn)
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
