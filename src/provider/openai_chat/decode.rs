//! The chunks of Chat Completions, one by one.
//!
//! The format has no blocks: text, reasoning and calls are told apart by the field
//! they come in. A block ends where another kind begins; calls end with the answer,
//! for their pieces may be mixed.

use std::collections::VecDeque;

use serde_json::value::RawValue;

use super::calls::Calls;
use super::details::Details;
use super::events::{CallPiece, Chunk, Part, Piece, Text};
use super::tags::Tags;
use crate::net::retry::Again;
use crate::protocol::message::{ContentBlock, Opaque, StopReason};
use crate::protocol::usage::Usage;
use crate::provider::openai::errors;
use crate::provider::wire::{Decode, Fault};
use crate::provider::{Delta, FailureKind, StreamEvent};

/// Where a piece of text came from; the encoder puts reasoning back there.
#[derive(Debug, Clone, Copy, PartialEq)]
enum From {
    Answer,
    ReasoningContent,
    Reasoning,
    Part,
    /// `<think>` tags, or details that go back as such.
    Nowhere,
}

impl From {
    fn opaque(self) -> Option<Opaque> {
        let field = match self {
            Self::ReasoningContent => "reasoning_content",
            Self::Reasoning => "reasoning",
            Self::Part => "part",
            Self::Answer | Self::Nowhere => return None,
        };
        Some(Opaque(format!("{{\"field\":\"{field}\"}}")))
    }
}

/// Text or reasoning that is still growing.
struct Open {
    index: usize,
    from: From,
    text: String,
}

/// The state of one answer.
#[derive(Default)]
pub struct Decoder {
    started: bool,
    /// Position of the next block.
    next: usize,
    open: Option<Open>,
    /// White space that may be the beginning of a text, or nothing.
    blank: String,
    tags: Tags,
    calls: Calls,
    details: Details,
    usage: Usage,
    reason: Option<String>,
    refused: bool,
}

impl Decode for Decoder {
    fn event(&mut self, data: &str, out: &mut VecDeque<StreamEvent>) -> Result<(), Fault> {
        let data = data.trim();
        if data == "[DONE]" {
            self.finish(out);
            return Ok(());
        }
        if data.is_empty() {
            return Ok(());
        }
        let chunk: Chunk = serde_json::from_str(data)
            .map_err(|error| Fault::garbled(format!("an event that makes no sense ({error})")))?;
        let is_error = chunk.object.as_ref().is_some_and(|kind| kind.0 == "error");
        if is_error || chunk.error.is_some_and(|error| error.get() != "null") {
            return Err(errors::in_stream(data));
        }
        if !std::mem::replace(&mut self.started, true) {
            out.push_back(StreamEvent::Start {
                model: chunk.model.map_or(String::new(), |model| model.0.into()),
            });
        }
        let counts = chunk.usage.or(chunk.x_groq.and_then(|groq| groq.usage));
        // The counts are totals: the last ones hold.
        if let Some(counts) = counts {
            self.usage = counts.usage();
        }
        // Only one answer is ever asked for.
        let Some(choice) = chunk.choices.into_iter().flatten().next() else {
            return Ok(());
        };
        if let Some(counts) = choice.usage {
            self.usage = counts.usage();
        }
        let whole = choice.message.filter(|_| self.next == 0);
        if let Some(piece) = choice.delta.or(whole) {
            self.take(piece, out);
        }
        match choice.finish_reason.map(|reason| reason.0) {
            Some(reason) if !reason.is_empty() => {
                broken(&reason)?;
                self.reason = Some(reason.into_owned());
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, out: &mut VecDeque<StreamEvent>) {
        // Not every server says [DONE].
        if self.reason.is_some() {
            self.finish(out);
        }
    }
}

/// Reasons that mean the answer is not one.
fn broken(reason: &str) -> Result<(), Fault> {
    let again = match reason {
        "error" | "network_error" => Again::Soon,
        "insufficient_system_resource" => Again::Busy,
        _ => return Ok(()),
    };
    let detail = format!("the server stopped: {}", reason.replace('_', " "));
    Err(Fault::new(FailureKind::Overloaded, again, detail))
}

impl Decoder {
    fn take(&mut self, piece: Piece, out: &mut VecDeque<StreamEvent>) {
        self.take_reasoning(&piece, out);
        if let Some(details) = piece.reasoning_details {
            let readable = self.details.add(details);
            // Most say the same in `reasoning` as well.
            if piece.reasoning.is_none() && piece.reasoning_content.is_none() {
                self.grow(From::Nowhere, &readable, out);
            }
        }
        if let Some(content) = piece.content {
            self.take_content(content, out);
        }
        if let Some(refusal) = piece.refusal.filter(|text| !text.0.is_empty()) {
            self.refused = true;
            self.grow(From::Answer, &refusal.0, out);
        }
        let old = piece.function_call.map(|function| CallPiece {
            index: Some(0),
            id: None,
            function: Some(function),
        });
        for call in piece.tool_calls.into_iter().flatten().chain(old) {
            self.take_call(call, out);
        }
    }

    fn take_reasoning(&mut self, piece: &Piece, out: &mut VecDeque<StreamEvent>) {
        let content = piece.reasoning_content.as_ref();
        if let Some(text) = content.filter(|text| !text.0.is_empty()) {
            self.tags.none();
            return self.grow(From::ReasoningContent, &text.0, out);
        }
        let reasoning = piece.reasoning.and_then(text_of);
        if let Some(text) = reasoning.filter(|text| !text.0.is_empty()) {
            self.tags.none();
            self.grow(From::Reasoning, &text.0, out);
        }
    }

    fn take_content(&mut self, content: &RawValue, out: &mut VecDeque<StreamEvent>) {
        if let Some(text) = text_of(content) {
            let mut tags = std::mem::take(&mut self.tags);
            tags.push(&text.0, |inside, text| self.tagged(inside, text, out));
            self.tags = tags;
            return;
        }
        let parts: Vec<Part> = serde_json::from_str(content.get()).unwrap_or_default();
        for part in parts {
            if let Some(thinking) = part.thinking {
                self.tags.none();
                let parts = serde_json::from_str::<Vec<Part>>(thinking.get());
                let texts = parts.unwrap_or_default().into_iter();
                let texts = texts.filter_map(|part| part.text);
                for text in texts.chain(text_of(thinking)) {
                    self.grow(From::Part, &text.0, out);
                }
            }
            if let Some(text) = part.text {
                self.grow(From::Answer, &text.0, out);
            }
        }
    }

    fn tagged(&mut self, inside: bool, text: &str, out: &mut VecDeque<StreamEvent>) {
        let from = if inside { From::Nowhere } else { From::Answer };
        self.grow(from, text, out);
    }

    /// Adds to the block of that origin. White space alone makes no block.
    fn grow(&mut self, from: From, text: &str, out: &mut VecDeque<StreamEvent>) {
        if text.is_empty() {
            return;
        }
        if self.open.as_ref().is_none_or(|open| open.from != from) {
            self.close(out);
            self.blank.push_str(text);
            if self.blank.trim().is_empty() {
                return;
            }
            self.open = Some(Open {
                index: self.next,
                from,
                text: String::new(),
            });
            self.next += 1;
        } else {
            self.blank.push_str(text);
        }
        let text = std::mem::take(&mut self.blank);
        let Some(open) = &mut self.open else { return };
        open.text.push_str(&text);
        out.push_back(StreamEvent::Delta {
            index: open.index,
            delta: match from {
                From::Answer => Delta::Text(text),
                _ => Delta::Thinking(text),
            },
        });
    }

    fn close(&mut self, out: &mut VecDeque<StreamEvent>) {
        let Some(Open { index, from, text }) = self.open.take() else {
            return;
        };
        self.blank.clear();
        let block = match from {
            From::Answer => ContentBlock::text(text),
            _ => ContentBlock::Thinking {
                text,
                opaque: from.opaque(),
            },
        };
        out.push_back(StreamEvent::BlockDone { index, block });
    }

    fn take_call(&mut self, piece: CallPiece, out: &mut VecDeque<StreamEvent>) {
        self.close(out);
        let grown = self.calls.add(piece, &mut self.next);
        let name = grown.name.map(Delta::ToolName);
        let arguments = Some(grown.arguments)
            .filter(|arguments| !arguments.is_empty())
            .map(Delta::Arguments);
        for delta in name.into_iter().chain(arguments) {
            out.push_back(StreamEvent::Delta {
                index: grown.block,
                delta,
            });
        }
    }

    fn finish(&mut self, out: &mut VecDeque<StreamEvent>) {
        let mut tags = std::mem::take(&mut self.tags);
        tags.finish(|inside, text| self.tagged(inside, text, out));
        self.close(out);
        if let Some(details) = self.details.take() {
            let block = ContentBlock::Thinking {
                text: String::new(),
                opaque: Some(Opaque(details)),
            };
            let index = self.next;
            out.push_back(StreamEvent::BlockDone { index, block });
        }
        let calls = std::mem::take(&mut self.calls).0;
        let mut called = false;
        // A call without a name cannot be run, nor sent back.
        for call in calls.into_iter().filter(|call| !call.name.is_empty()) {
            called = true;
            let id = call.id();
            let block = ContentBlock::ToolCall {
                id,
                name: call.name,
                arguments: match call.arguments.trim() {
                    "" | "null" => "{}".to_string(),
                    _ => call.arguments,
                },
                opaque: None,
            };
            let index = call.block;
            out.push_back(StreamEvent::BlockDone { index, block });
        }
        let refusal = |category: Option<&str>| StopReason::Refusal {
            category: category.map(str::to_string),
            explanation: None,
        };
        let stop = match self.reason.take().as_deref() {
            Some("length" | "model_length" | "max_tokens") => StopReason::MaxTokens,
            Some("model_context_window_exceeded") => StopReason::ContextWindow,
            Some(reason @ ("content_filter" | "sensitive")) => refusal(Some(reason)),
            // Calls want answers, whatever the stated reason.
            _ if called => StopReason::ToolUse,
            _ if self.refused => refusal(None),
            _ => StopReason::EndTurn,
        };
        out.push_back(StreamEvent::Done {
            stop,
            usage: self.usage,
        });
    }
}

fn text_of(raw: &RawValue) -> Option<Text<'_>> {
    raw.get().starts_with('"').then_some(())?;
    serde_json::from_str(raw.get()).ok()
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
