//! The request body of the Responses API.
//!
//! The body is a pure function of the request, and append-only: the body of one
//! request is, closing brackets aside, the beginning of the next one's.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::freeform;
use super::shape::{Body, Format, Item, Output, Own, Part, Reasoning, Tool};
use crate::media::pdf;
use crate::protocol::message::{AssistantMessage, ContentBlock, Message, Opaque, ToolResult};
use crate::protocol::model::ThinkingKind;
use crate::provider::ModelRequest;
use crate::provider::openai::{Dialect, effort, parts};

/// Smallest output limit the vendor takes, in tokens.
const MIN_OUTPUT: u64 = 16;
/// Longest cache key the vendor takes, in bytes.
const CACHE_KEY: usize = 64;

/// The JSON body of a request.
pub fn body(request: &ModelRequest, dialect: Dialect) -> Vec<u8> {
    let quirks = dialect.quirks;
    // An unknown model of a vendor whose models reason is taken to reason.
    let reasons = request.model.thinking != ThinkingKind::None || request.model.assumed;
    let encrypted = quirks.encrypted && reasons && dialect.takes("include");
    let freeform = freeform::takes(request, dialect);
    let texts = match freeform {
        true => freeform::calls(&request.messages),
        false => HashSet::new(),
    };
    let tools = tools(request, freeform);
    let body = Body {
        model: &request.model.id,
        stream: true,
        store: (quirks.encrypted && dialect.takes("store")).then_some(false),
        include: encrypted.then_some(["reasoning.encrypted_content"]),
        reasoning: reasoning(request).filter(|_| encrypted && dialect.takes("reasoning")),
        max_output_tokens: request
            .max_tokens
            .min(request.model.max_output)
            .max(MIN_OUTPUT),
        prompt_cache_key: Some(request.cache_key.as_str()).filter(|key| {
            quirks.cache_key
                && (1..=CACHE_KEY).contains(&key.len())
                && dialect.takes("prompt_cache_key")
        }),
        parallel_tool_calls: (quirks.parallel
            && !tools.is_empty()
            && dialect.takes("parallel_tool_calls"))
        .then_some(true),
        tools,
        instructions: Some(&*request.system).filter(|system| !system.trim().is_empty()),
        input: request
            .messages
            .iter()
            .flat_map(|message| items(request, message, &texts))
            .collect(),
    };
    // Strings, numbers and raw JSON only: there is nothing that could fail.
    serde_json::to_vec(&body).unwrap_or_default()
}

fn reasoning(request: &ModelRequest) -> Option<Reasoning> {
    let effort = effort::effort(&request.model, request.thinking);
    Some(Reasoning {
        effort,
        // Without it the reasoning stays hidden, and the screen still.
        summary: (effort != Some("none")).then_some("auto"),
    })
}

fn tools(request: &ModelRequest, freeform: bool) -> Vec<Tool<'_>> {
    let ours =
        request.tools.iter().map(
            |tool| match freeform::tool(&tool.name).filter(|_| freeform) {
                Some(text) => Tool::Custom {
                    name: text.name,
                    description: text.description,
                    format: Format::Grammar {
                        syntax: "lark",
                        definition: text.grammar,
                    },
                },
                None => Tool::Function {
                    name: &tool.name,
                    description: &tool.description,
                    parameters: &tool.schema,
                    strict: false,
                },
            },
        );
    ours.chain(request.web_search.then_some(Tool::WebSearch))
        .collect()
}

/// The items of a message; `texts` are the ids of the calls that go back as text.
fn items<'a>(
    request: &'a ModelRequest,
    message: &'a Message,
    texts: &HashSet<&str>,
) -> Vec<Item<'a>> {
    match message {
        Message::User { content, .. } => {
            let content = input_parts(request, content);
            user(content)
        }
        Message::Context { text, .. } => user(text_part(text).into_iter().collect()),
        Message::Assistant(message) => assistant(message, texts),
        Message::ToolResult(result) => {
            let (call_id, output) = (result.call_id.as_str(), output(request, result));
            vec![Item::Own(match texts.contains(call_id) {
                true => Own::CustomToolCallOutput { call_id, output },
                false => Own::FunctionCallOutput { call_id, output },
            })]
        }
    }
}

fn user(content: Vec<Part>) -> Vec<Item> {
    match content.is_empty() {
        true => Vec::new(),
        false => vec![Item::Message {
            role: "user",
            content,
        }],
    }
}

fn text_part(text: &str) -> Option<Part<'_>> {
    (!text.trim().is_empty()).then_some(Part::InputText {
        text: Cow::Borrowed(text),
    })
}

fn input_parts<'a>(request: &'a ModelRequest, content: &'a [ContentBlock]) -> Vec<Part<'a>> {
    let part = |block: &'a ContentBlock| match block {
        ContentBlock::Text { text, .. } => text_part(text),
        ContentBlock::Image { media, blob } if media == pdf::MEDIA => {
            Some(match parts::pdf(request, blob) {
                Ok(file_data) => Part::InputFile {
                    filename: "pages.pdf",
                    file_data,
                },
                Err(words) => Part::InputText {
                    text: Cow::Borrowed(words),
                },
            })
        }
        ContentBlock::Image { media, blob } => Some(match parts::image(request, media, blob) {
            Ok(image_url) => Part::InputImage {
                image_url,
                detail: "auto",
            },
            Err(words) => Part::InputText {
                text: Cow::Borrowed(words),
            },
        }),
        ContentBlock::Thinking { .. }
        | ContentBlock::ToolCall { .. }
        | ContentBlock::ServerSide { .. } => None,
    };
    content.iter().filter_map(part).collect()
}

fn output<'a>(request: &'a ModelRequest, result: &'a ToolResult) -> Output<'a> {
    if let [ContentBlock::Text { text, .. }] = &result.content[..]
        && !text.trim().is_empty()
    {
        return Output::Text(text);
    }
    let parts = input_parts(request, &result.content);
    match parts.is_empty() {
        true => Output::Text(parts::NO_OUTPUT),
        false => Output::Parts(parts),
    }
}

/// The items of a message. Reasoning stands right before what it led to, or is
/// left out: alone it is refused.
fn assistant<'a>(message: &'a AssistantMessage, texts: &HashSet<&str>) -> Vec<Item<'a>> {
    let mut out: Vec<Item> = Vec::new();
    let mut waiting: Vec<Item> = Vec::new();
    for block in &message.content {
        if let ContentBlock::Thinking { opaque, .. } = block {
            waiting.extend(raw(opaque).filter(|raw| is_encrypted(raw)).map(Item::Raw));
        } else if let Some(item) = assistant_item(block, texts) {
            out.append(&mut waiting);
            out.push(item);
        }
    }
    out
}

fn assistant_item<'a>(block: &'a ContentBlock, texts: &HashSet<&str>) -> Option<Item<'a>> {
    match block {
        ContentBlock::Text { text, opaque } => raw(opaque).map(Item::Raw).or_else(|| {
            (!text.trim().is_empty()).then(|| Item::Message {
                role: "assistant",
                content: vec![Part::OutputText { text }],
            })
        }),
        ContentBlock::ToolCall {
            id,
            name,
            arguments,
            opaque,
        } if texts.contains(id.as_str()) => Some(Item::Own(Own::CustomToolCall {
            call_id: id,
            name,
            input: freeform::input(arguments, opaque).unwrap_or_default(),
        })),
        ContentBlock::ToolCall {
            id,
            name,
            arguments,
            ..
        } => Some(Item::Own(Own::FunctionCall {
            call_id: id,
            name,
            arguments: match arguments.trim() {
                "" => "{}",
                _ => arguments,
            },
        })),
        ContentBlock::ServerSide { opaque, .. } => raw(opaque).map(Item::Raw),
        ContentBlock::Thinking { .. } | ContentBlock::Image { .. } => None,
    }
}

fn raw(opaque: &Option<Opaque>) -> Option<&RawValue> {
    serde_json::from_str(&opaque.as_ref()?.0).ok()
}

/// Reasoning without its encrypted form is a reference to something that was
/// never stored.
fn is_encrypted(item: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Reasoning<'a> {
        #[serde(borrow, default)]
        encrypted_content: Option<&'a RawValue>,
    }
    serde_json::from_str::<Reasoning>(item.get())
        .ok()
        .and_then(|item| item.encrypted_content)
        .is_some_and(|content| content.get().len() > 2 && content.get() != "null")
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
