//! The request body of generateContent.
//!
//! The body is a pure function of the request, and append-only: the body of one
//! request is, closing brackets aside, the beginning of the next one's.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::schema;
use super::shape::{
    Body, Call, Content, Declaration, GenerationConfig, InlineData, Instruction, Outcome, Part,
    Response, ThinkingConfig, Tool, ToolConfig,
};
use crate::media::pdf;
use crate::protocol::message::{AssistantMessage, ContentBlock, Message, Opaque, ToolResult};
use crate::protocol::model::{ModelInfo, ThinkingKind, ThinkingSetting};
use crate::provider::ModelRequest;
use crate::provider::openai::{effort, parts};

/// Stands for a signature that was never made, on calls another vendor's model
/// wrote: without one the request is refused.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// Image types the vendor takes.
const IMAGE_TYPES: [&str; 3] = ["image/png", "image/jpeg", "image/webp"];

/// The JSON body of a request.
pub fn body(request: &ModelRequest) -> Vec<u8> {
    let model = &*request.model;
    let system = Some(&*request.system).filter(|system| !system.trim().is_empty());
    let declarations: Vec<Declaration> = request
        .tools
        .iter()
        .map(|tool| Declaration {
            name: &tool.name,
            description: &tool.description,
            parameters_json_schema: schema::cleaned(&tool.schema),
        })
        .collect();
    // Older models refuse the search beside functions.
    let search = request.web_search && (declarations.is_empty() || !is_old(model));
    let mixed = search && !declarations.is_empty();
    let functions = (!declarations.is_empty()).then_some(Tool::FunctionDeclarations(declarations));
    let body = Body {
        system_instruction: system.map(|system| Instruction {
            parts: [Part::text(system)],
        }),
        tools: functions
            .into_iter()
            .chain(search.then_some(Tool::GoogleSearch {}))
            .collect(),
        tool_config: mixed.then_some(ToolConfig {
            include_server_side_tool_invocations: true,
        }),
        generation_config: GenerationConfig {
            max_output_tokens: request.max_tokens.clamp(1, model.max_output.max(1)),
            thinking_config: thinking(model, request.thinking),
        },
        contents: contents(request),
    };
    // Strings, numbers and raw JSON only: there is nothing that could fail.
    serde_json::to_vec(&body).unwrap_or_default()
}

/// Models before the third generation have no signatures, take no images in
/// results and no search beside functions.
fn is_old(model: &ModelInfo) -> bool {
    ["gemini-1", "gemini-2"]
        .iter()
        .any(|old| model.id.starts_with(old))
}

fn thinking(model: &ModelInfo, setting: ThinkingSetting) -> Option<ThinkingConfig> {
    let config = |thinking_level, thinking_budget| ThinkingConfig {
        include_thoughts: thinking_budget != Some(0),
        thinking_level,
        thinking_budget,
    };
    match model.thinking {
        ThinkingKind::GeminiLevel => {
            let level = effort::effort(model, setting).map(str::to_uppercase);
            Some(config(level, None))
        }
        ThinkingKind::GeminiBudget => Some(config(None, budget(model, setting))),
        // An unknown model of a family that thinks: shown, and not tuned.
        ThinkingKind::None if model.assumed && model.id.starts_with("gemini-") => {
            Some(config(None, None))
        }
        _ => None,
    }
}

/// Tokens to think at most; -1 leaves it to the model.
fn budget(model: &ModelInfo, setting: ThinkingSetting) -> Option<i64> {
    /// Least and most that any model takes.
    const RANGE: (u64, u64) = (128, 24_576);
    match (setting.enabled, setting.budget) {
        (Some(false), _) if model.always_thinks => Some(RANGE.0 as i64),
        (Some(false), _) => Some(0),
        (_, Some(budget)) => Some(budget.clamp(RANGE.0, RANGE.1) as i64),
        (Some(true), None) => Some(-1),
        (None, None) => None,
    }
}

/// Which function a call of the latest message named, and whether the vendor gave
/// the call its id.
type Called<'a> = HashMap<&'a str, (&'a str, bool)>;

fn contents(request: &ModelRequest) -> Vec<Content<'_>> {
    let mut out: Vec<Content> = Vec::new();
    let mut called = Called::new();
    // Images of results: older models have no place for them there.
    let mut shown: Vec<Part> = Vec::new();
    for message in &request.messages {
        if let Message::ToolResult(result) = message {
            respond(&mut out, response(request, result, &called, &mut shown));
            continue;
        }
        say(&mut out, "user", std::mem::take(&mut shown));
        match message {
            Message::User { content, .. } => say(&mut out, "user", user_parts(request, content)),
            Message::Context { text, .. } => {
                say(&mut out, "user", text_part(text).into_iter().collect());
            }
            Message::Assistant(message) => {
                if message.tool_calls().next().is_some() {
                    called.clear();
                }
                say(
                    &mut out,
                    "model",
                    model_parts(request, message, &mut called),
                );
            }
            Message::ToolResult(_) => {}
        }
    }
    say(&mut out, "user", shown);
    out
}

/// Adds what one side said. Neighbours of one role become one content, but for
/// responses: their content holds nothing else.
fn say<'a>(out: &mut Vec<Content<'a>>, role: &'static str, parts: Vec<Part<'a>>) {
    if parts.is_empty() {
        return;
    }
    let responds = |content: &Content| matches!(content.parts.last(), Some(Part::Response { .. }));
    match out.last_mut() {
        Some(last) if last.role == role && !responds(last) => last.parts.extend(parts),
        _ => out.push(Content { role, parts }),
    }
}

/// Adds a response to those of the same turn.
fn respond<'a>(out: &mut Vec<Content<'a>>, part: Part<'a>) {
    match out.last_mut() {
        Some(last) if matches!(last.parts.last(), Some(Part::Response { .. })) => {
            last.parts.push(part);
        }
        _ => out.push(Content {
            role: "user",
            parts: vec![part],
        }),
    }
}

fn text_part(text: &str) -> Option<Part<'_>> {
    (!text.trim().is_empty()).then(|| Part::text(text))
}

fn image_part<'a>(request: &ModelRequest, media: &'a str, blob: &str) -> Part<'a> {
    if !request.model.vision {
        return Part::text(parts::UNSEEN);
    }
    match request.images.get(blob) {
        Some(bytes) if IMAGE_TYPES.contains(&media) || media == pdf::MEDIA => Part::Image {
            inline_data: InlineData {
                mime_type: media,
                data: STANDARD.encode(bytes),
            },
        },
        _ => Part::text(parts::NO_IMAGE),
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

fn response<'a>(
    request: &'a ModelRequest,
    result: &'a ToolResult,
    called: &Called<'a>,
    shown: &mut Vec<Part<'a>>,
) -> Part<'a> {
    let mut texts: Vec<&str> = Vec::new();
    let mut images: Vec<Part> = Vec::new();
    for block in &result.content {
        match block {
            ContentBlock::Text { text, .. } if !text.trim().is_empty() => texts.push(text),
            ContentBlock::Image { media, blob } => match image_part(request, media, blob) {
                image @ Part::Image { .. } if is_old(&request.model) => {
                    texts.push("[the image follows]");
                    shown.push(image);
                }
                image @ Part::Image { .. } => images.push(image),
                _ => texts.push(parts::UNSEEN),
            },
            ContentBlock::Text { .. }
            | ContentBlock::Thinking { .. }
            | ContentBlock::ToolCall { .. }
            | ContentBlock::ServerSide { .. } => {}
        }
    }
    let text = match (&texts[..], images.is_empty()) {
        ([], true) => Cow::Borrowed(parts::NO_OUTPUT),
        ([], false) => Cow::Borrowed("(an image)"),
        ([text], _) => Cow::Borrowed(*text),
        (texts, _) => Cow::Owned(texts.join("\n")),
    };
    let (name, has_id) = called
        .get(result.call_id.as_str())
        .copied()
        .unwrap_or(("unknown", true));
    Part::Response {
        function_response: Response {
            id: has_id.then_some(result.call_id.as_str()),
            name,
            response: match result.is_error {
                true => Outcome::Error(text),
                false => Outcome::Output(text),
            },
            parts: images,
        },
    }
}

/// What the decoder kept of a part; see there.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Kept<'a> {
    /// The signature of the part itself.
    #[serde(borrow)]
    thought_signature: Option<Cow<'a, str>>,
    /// The signature of an empty part that followed a text.
    #[serde(borrow)]
    after: Option<Cow<'a, str>>,
    /// The call came without an id.
    no_id: bool,
}

fn kept(opaque: &Option<Opaque>) -> Kept<'_> {
    opaque
        .as_ref()
        .and_then(|opaque| serde_json::from_str(&opaque.0).ok())
        .unwrap_or_default()
}

fn model_parts<'a>(
    request: &'a ModelRequest,
    message: &'a AssistantMessage,
    called: &mut Called<'a>,
) -> Vec<Part<'a>> {
    let mut out = Vec::new();
    // Ids that another vendor gave mean nothing here; order and name link the results.
    let own = message.origin.wire == "gemini";
    for block in &message.content {
        match block {
            ContentBlock::Text { text, opaque } => said(text, kept(opaque), &mut out),
            ContentBlock::Thinking { text, opaque } => {
                let kept = kept(opaque);
                // Only signed thoughts are of any use to the model.
                if kept.thought_signature.is_some() {
                    out.push(Part::Text {
                        text: text.into(),
                        thought: Some(true),
                        thought_signature: kept.thought_signature,
                    });
                }
            }
            ContentBlock::ToolCall {
                id,
                name,
                arguments,
                opaque,
            } => {
                let kept = kept(opaque);
                let has_id = own && !kept.no_id;
                called.insert(id, (name, has_id));
                out.push(Part::Call {
                    function_call: Call {
                        id: has_id.then_some(id),
                        name,
                        args: parts::object(arguments),
                    },
                    thought_signature: kept.thought_signature,
                });
            }
            ContentBlock::ServerSide { opaque, .. } => out.extend(
                opaque
                    .as_ref()
                    .and_then(|opaque| serde_json::from_str(&opaque.0).ok())
                    .map(Part::Raw),
            ),
            ContentBlock::Image { .. } => {}
        }
    }
    if !is_old(&request.model) {
        sign(&mut out);
    }
    out
}

fn said<'a>(text: &'a str, kept: Kept<'a>, out: &mut Vec<Part<'a>>) {
    if !text.trim().is_empty() || kept.thought_signature.is_some() {
        out.push(Part::Text {
            text: text.into(),
            thought: None,
            thought_signature: kept.thought_signature,
        });
    }
    if kept.after.is_some() {
        out.push(Part::Text {
            text: "".into(),
            thought: None,
            thought_signature: kept.after,
        });
    }
}

/// The first call of a step must be signed.
fn sign(parts: &mut [Part]) {
    let slots = parts.iter_mut().filter_map(|part| match part {
        Part::Call {
            thought_signature, ..
        } => Some(thought_signature),
        _ => None,
    });
    let mut slots: Vec<_> = slots.collect();
    if slots.iter().all(|slot| slot.is_none())
        && let Some(first) = slots.first_mut()
    {
        **first = Some(Cow::Borrowed(NO_SIGNATURE));
    }
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
