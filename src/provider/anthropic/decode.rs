//! The event stream of the Messages API, event by event.
//!
//! Events are read into borrowed types: no tree of values is built for the
//! thousands of small deltas. Whole vendor blocks are kept as raw text.

use std::collections::VecDeque;

use serde_json::value::RawValue;

use super::events::{BlockStart, Frame, MessageStart, StopDetails, Text};
use super::{errors, raw};
use crate::protocol::message::{ContentBlock, Opaque, StopReason};
use crate::protocol::usage::Usage;
use crate::provider::wire::{Decode, Fault};
use crate::provider::{Delta, StreamEvent};

/// What kind of block is growing.
enum Kind {
    Text,
    Thinking {
        signature: String,
    },
    Tool {
        id: String,
        name: String,
    },
    /// Server-side, redacted or unknown: kept whole, not looked into.
    Whole {
        redacted: bool,
    },
}

/// A block that is still growing.
struct Open {
    index: usize,
    kind: Kind,
    /// The block as it began.
    start: Box<RawValue>,
    /// Text, thinking or argument JSON so far.
    grown: String,
    citations: Vec<Box<RawValue>>,
}

/// The state of one answer.
#[derive(Default)]
pub struct Decoder {
    open: Vec<Open>,
    usage: Usage,
    stop: Option<StopReason>,
    /// A tool call was completed.
    calls: bool,
}

impl Decode for Decoder {
    fn event(&mut self, data: &str, out: &mut VecDeque<StreamEvent>) -> Result<(), Fault> {
        if data == "[DONE]" {
            return Ok(());
        }
        let frame: Frame = serde_json::from_str(data)
            .map_err(|error| Fault::garbled(format!("an event that makes no sense ({error})")))?;
        let kind = frame.kind.as_ref().map_or("", |kind| &kind.0);
        match kind {
            "content_block_delta" => self.grow(frame, out),
            "content_block_start" => self.start(&frame, out)?,
            "content_block_stop" => {
                if let Some(at) = self.position(frame.index) {
                    let open = self.open.remove(at);
                    self.close(open, out);
                }
            }
            "message_start" => self.message_start(&frame, out),
            "message_delta" => self.message_delta(&frame),
            "message_stop" => self.finish(out),
            "error" => return Err(errors::in_stream(data)),
            _ if frame.error.is_some() => return Err(errors::in_stream(data)),
            // `ping`, and whatever comes to be.
            _ => {}
        }
        Ok(())
    }
}

impl Decoder {
    fn position(&self, index: Option<usize>) -> Option<usize> {
        let index = index?;
        self.open.iter().position(|open| open.index == index)
    }

    fn message_start(&mut self, frame: &Frame, out: &mut VecDeque<StreamEvent>) {
        let message = frame
            .message
            .and_then(|raw| serde_json::from_str::<MessageStart>(raw.get()).ok());
        let Some(message) = message else { return };
        if let Some(counts) = message.usage {
            counts.apply(&mut self.usage);
        }
        out.push_back(StreamEvent::Start {
            model: message.model.map_or(String::new(), |model| model.0.into()),
        });
    }

    fn message_delta(&mut self, frame: &Frame) {
        if let Some(counts) = &frame.usage {
            counts.apply(&mut self.usage);
        }
        let Some(delta) = &frame.delta else { return };
        if let Some(reason) = &delta.stop_reason {
            let details = delta
                .stop_details
                .and_then(|raw| serde_json::from_str(raw.get()).ok())
                .unwrap_or_default();
            self.stop = Some(stop_reason(&reason.0, details));
        }
    }

    fn start(&mut self, frame: &Frame, out: &mut VecDeque<StreamEvent>) -> Result<(), Fault> {
        let (Some(index), Some(raw)) = (frame.index, frame.content_block) else {
            return Ok(());
        };
        let block: BlockStart = serde_json::from_str(raw.get())
            .map_err(|error| Fault::garbled(format!("a block that makes no sense ({error})")))?;
        let owned = |text: Option<Text>| text.map_or(String::new(), |text| text.0.into_owned());
        let mut grown = String::new();
        let kind = match block.kind.as_ref().map_or("", |kind| &kind.0) {
            "text" => {
                grown = owned(block.text);
                Kind::Text
            }
            "thinking" => {
                grown = owned(block.thinking);
                Kind::Thinking {
                    signature: owned(block.signature),
                }
            }
            "tool_use" => Kind::Tool {
                id: owned(block.id),
                name: owned(block.name),
            },
            other => Kind::Whole {
                redacted: other == "redacted_thinking",
            },
        };
        let delta = match &kind {
            Kind::Text if !grown.is_empty() => Some(Delta::Text(grown.clone())),
            Kind::Thinking { .. } if !grown.is_empty() => Some(Delta::Thinking(grown.clone())),
            Kind::Tool { name, .. } => Some(Delta::ToolName(name.clone())),
            Kind::Text | Kind::Thinking { .. } | Kind::Whole { .. } => None,
        };
        out.extend(delta.map(|delta| StreamEvent::Delta { index, delta }));
        self.open.push(Open {
            index,
            kind,
            start: raw.to_owned(),
            grown,
            citations: block.citations.unwrap_or_default(),
        });
        Ok(())
    }

    fn grow(&mut self, frame: Frame, out: &mut VecDeque<StreamEvent>) {
        let (Some(at), Some(delta)) = (self.position(frame.index), frame.delta) else {
            return;
        };
        let open = &mut self.open[at];
        let index = open.index;
        let kind = delta.kind.as_ref().map_or("", |kind| &kind.0);
        let shown = match (kind, &mut open.kind) {
            ("text_delta", Kind::Text) => delta.text.map(|text| (text, Delta::Text as Shown)),
            ("thinking_delta", Kind::Thinking { .. }) => {
                delta.thinking.map(|text| (text, Delta::Thinking as Shown))
            }
            ("input_json_delta", Kind::Tool { .. }) => delta
                .partial_json
                .map(|text| (text, Delta::Arguments as Shown)),
            ("input_json_delta", Kind::Whole { .. }) => {
                open.grown
                    .push_str(delta.partial_json.as_ref().map_or("", |text| &text.0));
                None
            }
            ("signature_delta", Kind::Thinking { signature }) => {
                *signature = delta.signature.map_or(String::new(), |text| text.0.into());
                None
            }
            ("citations_delta", Kind::Text) => {
                open.citations.extend(delta.citation.map(ToOwned::to_owned));
                None
            }
            _ => None,
        };
        if let Some((text, shown)) = shown
            && !text.0.is_empty()
        {
            open.grown.push_str(&text.0);
            out.push_back(StreamEvent::Delta {
                index,
                delta: shown(text.0.into_owned()),
            });
        }
    }

    fn close(&mut self, open: Open, out: &mut VecDeque<StreamEvent>) {
        let index = open.index;
        let block = match open.kind {
            Kind::Text => text_block(open, out),
            Kind::Thinking { signature } => ContentBlock::Thinking {
                text: open.grown,
                opaque: (!signature.is_empty()).then(|| {
                    let fields = serde_json::json!({ "signature": signature });
                    Opaque(fields.to_string())
                }),
            },
            Kind::Tool { id, name } => {
                self.calls = true;
                ContentBlock::ToolCall {
                    id,
                    name,
                    arguments: arguments(&open.start, open.grown),
                    opaque: None,
                }
            }
            Kind::Whole { redacted: true } => ContentBlock::Thinking {
                text: String::new(),
                opaque: Some(Opaque(open.start.get().to_string())),
            },
            Kind::Whole { redacted: false } => {
                let whole = match RawValue::from_string(open.grown) {
                    Ok(input) => raw::with(&open.start, &[("input", input)]),
                    Err(_) => open.start.get().to_string(),
                };
                ContentBlock::ServerSide {
                    summary: raw::summary(&whole),
                    opaque: Some(Opaque(whole)),
                }
            }
        };
        out.push_back(StreamEvent::BlockDone { index, block });
    }

    fn finish(&mut self, out: &mut VecDeque<StreamEvent>) {
        for open in std::mem::take(&mut self.open) {
            self.close(open, out);
        }
        let stop = match self.stop.take() {
            // Calls want answers, whatever the stated reason.
            Some(StopReason::EndTurn) | None if self.calls => StopReason::ToolUse,
            Some(stop) => stop,
            None => StopReason::EndTurn,
        };
        out.push_back(StreamEvent::Done {
            stop,
            usage: self.usage,
        });
    }
}

/// How a piece of text becomes a delta.
type Shown = fn(String) -> Delta;

/// The raw arguments of a call: the streamed JSON, or what the block began with.
fn arguments(start: &RawValue, streamed: String) -> String {
    if !streamed.is_empty() {
        return streamed;
    }
    serde_json::from_str::<BlockStart>(start.get())
        .ok()
        .and_then(|block| block.input)
        .map(|input| input.get().to_string())
        .filter(|input| input != "null")
        .unwrap_or_else(|| "{}".to_string())
}

/// A finished text. Sources are appended for the reader; the opaque part holds
/// the block as the vendor knows it.
fn text_block(open: Open, out: &mut VecDeque<StreamEvent>) -> ContentBlock {
    if open.citations.is_empty() {
        return ContentBlock::text(open.grown);
    }
    let mut text = open.grown;
    let fields = [
        ("text", serde_json::value::to_raw_value(&text)),
        (
            "citations",
            serde_json::value::to_raw_value(&open.citations),
        ),
    ];
    let fields: Vec<(&str, Box<RawValue>)> = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.ok()?)))
        .collect();
    let whole = raw::with(&open.start, &fields);
    let sources = raw::sources(&open.citations);
    if !sources.is_empty() {
        text.push_str(&sources);
        out.push_back(StreamEvent::Delta {
            index: open.index,
            delta: Delta::Text(sources),
        });
    }
    ContentBlock::Text {
        text,
        opaque: Some(Opaque(whole)),
    }
}

fn stop_reason(reason: &str, details: StopDetails) -> StopReason {
    match reason {
        "tool_use" => StopReason::ToolUse,
        "max_tokens" => StopReason::MaxTokens,
        "pause_turn" => StopReason::PauseTurn,
        "model_context_window_exceeded" => StopReason::ContextWindow,
        "refusal" => StopReason::Refusal {
            category: details.category,
            explanation: details.explanation,
        },
        // `end_turn`, `stop_sequence`, `compaction`, and whatever comes to be.
        _ => StopReason::EndTurn,
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
