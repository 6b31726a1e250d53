//! The request body of the Messages API.
//!
//! The body is a pure function of the request, and append-only: the tools,
//! system and messages of one request are, cache marks aside, the beginning of
//! the next one's. That is what makes the vendor's cache hit, and what signed
//! thinking is bound to.

use std::borrow::Cow;
use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::shape::{Block, Body, Item, MARK, ResultContent, Role, Source, Tool, ToolKind, Turn};
use super::thinking;
use crate::media::pdf;
use crate::protocol::message::{ContentBlock, Message, Opaque, ToolResult};
use crate::provider::ModelRequest;

/// Image types the vendor takes.
const IMAGE_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// The JSON body of a request.
pub fn body(request: &ModelRequest) -> Vec<u8> {
    let max_tokens = request.max_tokens.clamp(1, request.model.max_output.max(1));
    let (thinking, output_config) = thinking::of(&request.model, request.thinking, max_tokens);
    let mut messages = turns(request);
    mark(&mut messages);
    let body = Body {
        model: &request.model.id,
        max_tokens,
        stream: true,
        thinking,
        output_config,
        tools: tools(request),
        system: (!request.system.trim().is_empty()).then(|| {
            [Block::Text {
                text: Cow::Borrowed(&request.system),
                cache_control: Some(MARK),
            }]
        }),
        messages,
    };
    // Strings, numbers and raw JSON only: there is nothing that could fail.
    serde_json::to_vec(&body).unwrap_or_default()
}

fn tools(request: &ModelRequest) -> Vec<Tool<'_>> {
    let ours = request.tools.iter().map(|tool| ToolKind::Ours {
        name: &tool.name,
        description: &tool.description,
        input_schema: &tool.schema,
    });
    let search = request.web_search.then_some(ToolKind::Theirs {
        r#type: "web_search_20260318",
        name: "web_search",
    });
    let mut tools: Vec<Tool> = ours
        .chain(search)
        .map(|kind| Tool {
            kind,
            cache_control: None,
        })
        .collect();
    if let Some(last) = tools.last_mut() {
        last.cache_control = Some(MARK);
    }
    tools
}

/// The messages as turns of alternating roles.
fn turns(request: &ModelRequest) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn> = Vec::new();
    // Results of the current user turn go before everything else in it.
    let mut results = 0;
    for message in &request.messages {
        let (role, items) = match message {
            Message::User { content, .. } => (Role::User, user_items(request, content)),
            Message::Context { text, .. } => (Role::User, text_item(text).into_iter().collect()),
            Message::Assistant(message) => {
                let items = message.content.iter().filter_map(assistant_item).collect();
                (Role::Assistant, items)
            }
            Message::ToolResult(result) => {
                let item = Item::Block(tool_result(request, result));
                (Role::User, vec![item])
            }
        };
        if items.is_empty() {
            continue;
        }
        if turns.last().is_none_or(|turn| turn.role != role) {
            turns.push(Turn {
                role,
                content: Vec::new(),
            });
            results = 0;
        }
        let Some(turn) = turns.last_mut() else {
            continue;
        };
        if matches!(message, Message::ToolResult(_)) {
            turn.content.splice(results..results, items);
            results += 1;
        } else {
            turn.content.extend(items);
        }
    }
    drop_half_pairs(&mut turns);
    turns
}

fn text_item(text: &str) -> Option<Item<'_>> {
    let block = Block::Text {
        text: Cow::Borrowed(text),
        cache_control: None,
    };
    (!text.trim().is_empty()).then_some(Item::Block(block))
}

/// Text and images in the order of the message: the text says which is which.
fn user_items<'a>(request: &'a ModelRequest, content: &'a [ContentBlock]) -> Vec<Item<'a>> {
    let item = |block: &'a ContentBlock| match block {
        ContentBlock::Image { media, blob } => Some(Item::Block(image(request, media, blob))),
        block => text_item(block.as_text()?),
    };
    content.iter().filter_map(item).collect()
}

fn image<'a>(request: &ModelRequest, media: &'a str, blob: &str) -> Block<'a> {
    if !request.model.vision {
        return Block::Text {
            text: Cow::Borrowed("[an image: this model takes text only]"),
            cache_control: None,
        };
    }
    match request.images.get(blob) {
        Some(bytes) if media == pdf::MEDIA => Block::Document {
            source: Source {
                r#type: "base64",
                media_type: media,
                data: STANDARD.encode(bytes),
            },
            cache_control: None,
        },
        Some(bytes) if IMAGE_TYPES.contains(&media) => Block::Image {
            source: Source {
                r#type: "base64",
                media_type: media,
                data: STANDARD.encode(bytes),
            },
            cache_control: None,
        },
        _ => Block::Text {
            text: Cow::Borrowed("[an image that cannot be shown]"),
            cache_control: None,
        },
    }
}

fn tool_result<'a>(request: &'a ModelRequest, result: &'a ToolResult) -> Block<'a> {
    let mut blocks: Vec<Block> = Vec::new();
    for block in &result.content {
        match block {
            ContentBlock::Text { text, .. } if !text.trim().is_empty() => {
                blocks.push(Block::Text {
                    text: Cow::Borrowed(text),
                    cache_control: None,
                });
            }
            // An error may hold text only.
            ContentBlock::Image { media, blob } if !result.is_error => {
                blocks.push(image(request, media, blob));
            }
            ContentBlock::Text { .. }
            | ContentBlock::Image { .. }
            | ContentBlock::Thinking { .. }
            | ContentBlock::ToolCall { .. }
            | ContentBlock::ServerSide { .. } => {}
        }
    }
    let content = match (&blocks[..], &result.content[..]) {
        ([], _) => ResultContent::Text("(no output)"),
        ([Block::Text { .. }], [ContentBlock::Text { text, .. }]) => ResultContent::Text(text),
        _ => ResultContent::Blocks(blocks),
    };
    Block::ToolResult {
        tool_use_id: &result.call_id,
        content,
        is_error: result.is_error,
        cache_control: None,
    }
}

fn raw(opaque: &Option<Opaque>) -> Option<&RawValue> {
    serde_json::from_str(&opaque.as_ref()?.0).ok()
}

fn assistant_item(block: &ContentBlock) -> Option<Item<'_>> {
    match block {
        ContentBlock::Text { text, opaque } => raw(opaque).map(Item::Raw).or(text_item(text)),
        ContentBlock::Thinking { text, opaque } => thinking_item(text, raw(opaque)?),
        ContentBlock::ServerSide { opaque, .. } => raw(opaque).map(Item::Raw),
        ContentBlock::ToolCall {
            id,
            name,
            arguments,
            ..
        } => Some(Item::Block(Block::ToolUse {
            id,
            name,
            input: input(arguments),
            cache_control: None,
        })),
        // The vendor's models send none, and its servers take none back.
        ContentBlock::Image { .. } => None,
    }
}

/// Thinking goes back with its signature, or not at all.
fn thinking_item<'a>(text: &'a str, opaque: &'a RawValue) -> Option<Item<'a>> {
    #[derive(Deserialize)]
    struct Parts<'a> {
        #[serde(borrow)]
        signature: Option<&'a RawValue>,
        #[serde(borrow)]
        r#type: Option<&'a RawValue>,
    }
    let parts: Parts = serde_json::from_str(opaque.get()).ok()?;
    match (parts.r#type, parts.signature) {
        (Some(_), _) => Some(Item::Raw(opaque)),
        (None, Some(signature)) => Some(Item::Block(Block::Thinking {
            thinking: text,
            signature,
        })),
        (None, None) => None,
    }
}

/// The arguments as the model sent them. What is no JSON object is wrapped in
/// one, so that the request stays valid and the model sees what it wrote.
fn input(arguments: &str) -> Cow<'_, RawValue> {
    let text = match arguments.trim() {
        "" => "{}",
        text => text,
    };
    if text.starts_with('{')
        && let Ok(raw) = serde_json::from_str(text)
    {
        return Cow::Borrowed(raw);
    }
    let wrapped = serde_json::json!({ "_invalid_json": arguments });
    match serde_json::value::to_raw_value(&wrapped) {
        Ok(raw) => Cow::Owned(raw),
        Err(_) => Cow::Borrowed(RawValue::NULL),
    }
}

/// Drops server-side calls without their result and results without their call,
/// which a cut stream can leave behind. The last turn may be waiting for its
/// results; it is left alone.
fn drop_half_pairs(turns: &mut [Turn]) {
    #[derive(Deserialize)]
    struct Pair<'a> {
        #[serde(borrow)]
        r#type: Cow<'a, str>,
        id: Option<Cow<'a, str>>,
        tool_use_id: Option<Cow<'a, str>>,
    }
    let Some((_, earlier)) = turns.split_last_mut() else {
        return;
    };
    for turn in earlier {
        let pair = |item: &Item| match item {
            Item::Raw(raw) => serde_json::from_str::<Pair>(raw.get()).ok().map(|pair| {
                let call = pair.id.filter(|_| pair.r#type.ends_with("_tool_use"));
                let of = pair
                    .tool_use_id
                    .filter(|_| pair.r#type.ends_with("_tool_result"));
                (call.map(Cow::into_owned), of.map(Cow::into_owned))
            }),
            Item::Block(_) => None,
        };
        let pairs: Vec<_> = turn.content.iter().map(pair).collect();
        let calls: HashSet<&String> = pairs
            .iter()
            .flatten()
            .filter_map(|p| p.0.as_ref())
            .collect();
        let answers: HashSet<&String> = pairs
            .iter()
            .flatten()
            .filter_map(|p| p.1.as_ref())
            .collect();
        let whole = |pair: &Option<(Option<String>, Option<String>)>| match pair {
            Some((Some(call), _)) => answers.contains(call),
            Some((None, Some(of))) => calls.contains(of),
            Some((None, None)) | None => true,
        };
        let mut keep = pairs.iter().map(whole);
        turn.content.retain(|_| keep.next().unwrap_or(true));
    }
}

/// Puts the two marks the messages may have: on the end of this request, and on
/// the end of the one before. The second makes the cache hit however many blocks
/// the last exchange added; the server looks back only twenty.
fn mark(turns: &mut [Turn]) {
    let last = turns.len().saturating_sub(1);
    let before = turns[..last]
        .iter()
        .rposition(|turn| turn.role == Role::User);
    for at in [before, Some(last)].into_iter().flatten() {
        let Some(turn) = turns.get_mut(at) else {
            continue;
        };
        let slot = turn.content.iter_mut().rev().find_map(|item| match item {
            Item::Block(
                Block::Text { cache_control, .. }
                | Block::Image { cache_control, .. }
                | Block::Document { cache_control, .. }
                | Block::ToolUse { cache_control, .. }
                | Block::ToolResult { cache_control, .. },
            ) => Some(cache_control),
            Item::Block(Block::Thinking { .. }) | Item::Raw(_) => None,
        });
        if let Some(slot) = slot {
            *slot = Some(MARK);
        }
    }
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
