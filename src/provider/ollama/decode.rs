//! The lines of an answer, one by one.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::errors;
use crate::protocol::message::{ContentBlock, StopReason};
use crate::protocol::usage::Usage;
use crate::provider::openai_chat::tags::Tags;
use crate::provider::wire::{Decode, Fault};
use crate::provider::{Delta, StreamEvent};

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    message: Option<Piece<'a>>,
    #[serde(default)]
    done: Option<bool>,
    #[serde(borrow, default)]
    done_reason: Option<Cow<'a, str>>,
    #[serde(default)]
    prompt_eval_count: Option<u64>,
    #[serde(default)]
    eval_count: Option<u64>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow, default)]
    content: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    thinking: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<Call<'a>>>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    function: Function<'a>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}

/// Text or reasoning that is still growing.
struct Open {
    index: usize,
    thought: bool,
    text: String,
}

/// The state of one answer.
#[derive(Default)]
pub(super) struct Decoder {
    started: bool,
    /// Position of the next block.
    next: usize,
    open: Option<Open>,
    /// White space that may be the beginning of a text, or nothing.
    blank: String,
    /// Reasoning that the server's template left in the text.
    tags: Tags,
    called: bool,
}

impl Decode for Decoder {
    fn event(&mut self, data: &str, out: &mut VecDeque<StreamEvent>) -> Result<(), Fault> {
        let line: Line = serde_json::from_str(data)
            .map_err(|error| Fault::garbled(format!("a line that makes no sense ({error})")))?;
        if line.error.is_some() {
            return Err(errors::fault(200, data));
        }
        if !std::mem::replace(&mut self.started, true) {
            let model = line.model.map_or(String::new(), |model| model.into_owned());
            out.push_back(StreamEvent::Start { model });
        }
        // The last line may carry content too.
        if let Some(piece) = line.message {
            self.piece(piece, out);
        }
        if line.done == Some(true) {
            self.finish(out);
            let stop = match line.done_reason.as_deref() {
                Some("length") => StopReason::MaxTokens,
                // Calls want answers; the server says stop all the same.
                _ if self.called => StopReason::ToolUse,
                _ => StopReason::EndTurn,
            };
            let usage = Usage {
                input: line.prompt_eval_count.unwrap_or(0),
                output: line.eval_count.unwrap_or(0),
                ..Usage::default()
            };
            out.push_back(StreamEvent::Done { stop, usage });
        }
        Ok(())
    }
}

impl Decoder {
    fn piece(&mut self, piece: Piece, out: &mut VecDeque<StreamEvent>) {
        if let Some(thinking) = piece.thinking.filter(|text| !text.is_empty()) {
            self.tags.none();
            self.grow(true, &thinking, out);
        }
        if let Some(content) = piece.content.filter(|text| !text.is_empty()) {
            let mut tags = std::mem::take(&mut self.tags);
            tags.push(&content, |inside, text| self.grow(inside, text, out));
            self.tags = tags;
        }
        for call in piece.tool_calls.into_iter().flatten() {
            self.call(call, out);
        }
    }

    /// Adds to the text or the reasoning. White space alone makes no block.
    fn grow(&mut self, thought: bool, text: &str, out: &mut VecDeque<StreamEvent>) {
        if text.is_empty() {
            return;
        }
        self.blank.push_str(text);
        if self
            .open
            .as_ref()
            .is_none_or(|open| open.thought != thought)
        {
            if self.blank.trim().is_empty() {
                return;
            }
            let begun = std::mem::take(&mut self.blank);
            self.close(out);
            self.blank = begun;
            self.open = Some(Open {
                index: self.next,
                thought,
                text: String::new(),
            });
            self.next += 1;
        }
        let Some(open) = &mut self.open else { return };
        let text = std::mem::take(&mut self.blank);
        open.text.push_str(&text);
        out.push_back(StreamEvent::Delta {
            index: open.index,
            delta: match thought {
                true => Delta::Thinking(text),
                false => Delta::Text(text),
            },
        });
    }

    fn close(&mut self, out: &mut VecDeque<StreamEvent>) {
        self.blank.clear();
        if let Some(Open {
            index,
            thought,
            text,
        }) = self.open.take()
        {
            let block = match thought {
                true => ContentBlock::Thinking { text, opaque: None },
                false => ContentBlock::text(text),
            };
            out.push_back(StreamEvent::BlockDone { index, block });
        }
    }

    /// Calls come whole.
    fn call(&mut self, call: Call, out: &mut VecDeque<StreamEvent>) {
        let name = call.function.name.into_owned();
        if name.is_empty() {
            return;
        }
        self.finish(out);
        self.called = true;
        let index = self.next;
        self.next += 1;
        let arguments = call
            .function
            .arguments
            .map_or_else(|| "{}".to_string(), arguments);
        for delta in [
            Delta::ToolName(name.clone()),
            Delta::Arguments(arguments.clone()),
        ] {
            out.push_back(StreamEvent::Delta { index, delta });
        }
        let id = call.id.filter(|id| !id.is_empty());
        let block = ContentBlock::ToolCall {
            id: id.map_or_else(|| format!("call_{index}"), |id| id.into_owned()),
            name,
            arguments,
            opaque: None,
        };
        out.push_back(StreamEvent::BlockDone { index, block });
    }

    /// Hands on what was held back, and ends the text.
    fn finish(&mut self, out: &mut VecDeque<StreamEvent>) {
        let mut tags = std::mem::take(&mut self.tags);
        tags.finish(|inside, text| self.grow(inside, text, out));
        self.close(out);
    }
}

/// Arguments are an object; a few models still write JSON in a string.
fn arguments(raw: &RawValue) -> String {
    let text = match raw.get().starts_with('"') {
        true => serde_json::from_str(raw.get()).unwrap_or_default(),
        false => raw.get().to_string(),
    };
    match text.trim() {
        "" | "null" => "{}".to_string(),
        _ => text,
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
