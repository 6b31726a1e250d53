//! The event stream of the Responses API, event by event.
//!
//! Deltas are for the eye; what is kept comes from the finished items.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::value::RawValue;

use super::events::{Frame, Item, Part, Response, Text, owned};
use super::{freeform, summary};
use crate::protocol::message::{ContentBlock, Opaque, StopReason};
use crate::protocol::usage::Usage;
use crate::provider::openai::errors;
use crate::provider::wire::{Decode, Fault};
use crate::provider::{Delta, StreamEvent};

/// The state of one answer.
#[derive(Default)]
pub struct Decoder {
    started: bool,
    /// Text of messages that are not complete.
    texts: BTreeMap<usize, String>,
    /// Items that had readable reasoning.
    summaries: BTreeSet<usize>,
    done: BTreeSet<usize>,
    calls: BTreeSet<String>,
    refused: bool,
    searches: u64,
}

impl Decode for Decoder {
    fn event(&mut self, data: &str, out: &mut VecDeque<StreamEvent>) -> Result<(), Fault> {
        if data == "[DONE]" {
            return Ok(());
        }
        let frame: Frame = serde_json::from_str(data)
            .map_err(|error| Fault::garbled(format!("an event that makes no sense ({error})")))?;
        let index = frame.output_index.unwrap_or(0);
        match frame.kind.as_ref().map_or("", |kind| &kind.0) {
            "response.output_text.delta" | "response.refusal.delta" => {
                let text = delta(&frame);
                self.texts.entry(index).or_default().push_str(&text);
                show(out, index, text, Delta::Text);
            }
            "response.reasoning_summary_text.delta" => {
                self.summaries.insert(index);
                show(out, index, delta(&frame), Delta::Thinking);
            }
            "response.reasoning_summary_part.added" if frame.summary_index > 0 => {
                show(out, index, "\n\n".to_string(), Delta::Thinking);
            }
            "response.reasoning_text.delta" if !self.summaries.contains(&index) => {
                show(out, index, delta(&frame), Delta::Thinking);
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                show(out, index, delta(&frame), Delta::Arguments);
            }
            "response.output_item.added" => began(&frame, index, out),
            "response.output_item.done" => {
                if let Some(raw) = frame.item {
                    self.close(index, raw, out)?;
                }
            }
            "response.created" | "response.in_progress" => self.start(&frame, out),
            kind @ ("response.completed" | "response.incomplete" | "response.done") => {
                self.finish(kind == "response.incomplete", &frame, out)?;
            }
            "error" | "response.failed" | "response.cancelled" => {
                return Err(errors::in_stream(data));
            }
            _ if frame.error.is_some_and(|error| error.get() != "null") => {
                return Err(errors::in_stream(data));
            }
            // What is said by other events as well, and whatever comes to be.
            _ => {}
        }
        Ok(())
    }
}

/// The text of a delta event; some events carry objects there.
fn delta(frame: &Frame) -> String {
    let text = frame
        .delta
        .and_then(|raw| serde_json::from_str::<Text>(raw.get()).ok());
    owned(text)
}

fn show(out: &mut VecDeque<StreamEvent>, index: usize, text: String, kind: fn(String) -> Delta) {
    if !text.is_empty() {
        out.push_back(StreamEvent::Delta {
            index,
            delta: kind(text),
        });
    }
}

fn began(frame: &Frame, index: usize, out: &mut VecDeque<StreamEvent>) {
    let item = frame
        .item
        .and_then(|raw| serde_json::from_str::<Item>(raw.get()).ok());
    let Some(item) = item else { return };
    let kind = item.kind.as_ref().map_or("", |kind| &kind.0);
    if matches!(kind, "function_call" | "custom_tool_call") {
        let name = owned(item.name);
        out.push_back(StreamEvent::Delta {
            index,
            delta: Delta::ToolName(name),
        });
    }
}

impl Decoder {
    fn start(&mut self, frame: &Frame, out: &mut VecDeque<StreamEvent>) {
        let response = frame
            .response
            .and_then(|raw| serde_json::from_str::<Response>(raw.get()).ok());
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        out.push_back(StreamEvent::Start {
            model: owned(response.and_then(|response| response.model)),
        });
    }

    /// Takes a finished item; each once, however often it is named.
    fn close(
        &mut self,
        index: usize,
        raw: &RawValue,
        out: &mut VecDeque<StreamEvent>,
    ) -> Result<(), Fault> {
        if !self.done.insert(index) {
            return Ok(());
        }
        let item: Item = serde_json::from_str(raw.get())
            .map_err(|error| Fault::garbled(format!("an item that makes no sense ({error})")))?;
        self.texts.remove(&index);
        let opaque = || Some(Opaque(raw.get().to_string()));
        let block = match item.kind.as_ref().map_or("", |kind| &kind.0) {
            "message" => self.message(item, raw),
            "reasoning" => Some(ContentBlock::Thinking {
                text: readable(&item),
                opaque: opaque(),
            }),
            "function_call" | "custom_tool_call" => self.call(item),
            kind => {
                self.searches += u64::from(kind == "web_search_call");
                Some(ContentBlock::ServerSide {
                    summary: summary::summary(raw.get()),
                    opaque: opaque(),
                })
            }
        };
        out.extend(block.map(|block| StreamEvent::BlockDone { index, block }));
        Ok(())
    }

    /// A message. It is kept whole where there is more to it than its words.
    fn message(&mut self, item: Item, raw: &RawValue) -> Option<ContentBlock> {
        let mut special = item.phase.is_some_and(|phase| phase.get() != "null");
        let mut text = String::new();
        for part in item.content.into_iter().flatten() {
            special |= part.annotations.is_some_and(|notes| !notes.is_empty());
            self.refused |= part.refusal.is_some();
            special |= part.refusal.is_some();
            text.push_str(&owned(part.text));
            text.push_str(&owned(part.refusal));
        }
        (!text.is_empty()).then(|| ContentBlock::Text {
            text,
            opaque: special.then(|| Opaque(raw.get().to_string())),
        })
    }

    fn call(&mut self, item: Item) -> Option<ContentBlock> {
        let id = owned(item.call_id);
        if !self.calls.insert(id.clone()) {
            return None;
        }
        let name = owned(item.name);
        let (arguments, opaque) = match (item.arguments, item.input) {
            (Some(raw), _) => (unquoted(raw), None),
            (None, Some(input)) => freeform::arguments(&name, unquoted(input)),
            (None, None) => (String::new(), None),
        };
        Some(ContentBlock::ToolCall {
            id,
            name,
            arguments: match arguments.trim() {
                "" | "null" => "{}".to_string(),
                _ => arguments,
            },
            opaque,
        })
    }

    fn finish(
        &mut self,
        incomplete: bool,
        frame: &Frame,
        out: &mut VecDeque<StreamEvent>,
    ) -> Result<(), Fault> {
        self.start(frame, out);
        let response = frame
            .response
            .and_then(|raw| serde_json::from_str::<Response>(raw.get()).ok());
        let mut usage = Usage::default();
        let mut reason = None;
        if let Some(response) = response {
            usage = response
                .usage
                .as_ref()
                .map_or(usage, |counts| counts.usage());
            reason = response.incomplete_details.and_then(|why| why.reason);
            // Servers that name items at the end only.
            for (index, raw) in response.output.unwrap_or_default().into_iter().enumerate() {
                self.close(index, raw, out)?;
            }
        }
        for (index, text) in std::mem::take(&mut self.texts) {
            let block = ContentBlock::text(text);
            out.push_back(StreamEvent::BlockDone { index, block });
        }
        usage.web_searches = self.searches;
        let stop = match reason.as_deref().filter(|_| incomplete) {
            Some("content_filter") => StopReason::Refusal {
                category: Some("content_filter".to_string()),
                explanation: None,
            },
            _ if incomplete => StopReason::MaxTokens,
            _ if !self.calls.is_empty() => StopReason::ToolUse,
            _ if self.refused => StopReason::Refusal {
                category: None,
                explanation: None,
            },
            _ => StopReason::EndTurn,
        };
        out.push_back(StreamEvent::Done { stop, usage });
        Ok(())
    }
}

/// The readable part of reasoning: its summary, else its words.
fn readable(item: &Item) -> String {
    let join = |parts: &Option<Vec<Part>>| {
        let texts = parts.iter().flatten();
        let texts = texts.filter_map(|part| Some(&*part.text.as_ref()?.0));
        texts.collect::<Vec<_>>().join("\n\n")
    };
    match join(&item.summary) {
        summary if summary.is_empty() => join(&item.content),
        summary => summary,
    }
}

/// Arguments are JSON in a string; some servers send the object itself.
fn unquoted(raw: &RawValue) -> String {
    match serde_json::from_str::<Text>(raw.get()) {
        Ok(text) => text.0.into_owned(),
        Err(_) => raw.get().to_string(),
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
