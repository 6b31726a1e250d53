//! The chunks of an answer, one by one.
//!
//! Texts and thoughts come in pieces that belong together until another kind of
//! part, or a signature, comes between; calls come whole.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::value::RawValue;

use super::errors;
use super::events::{Call, Candidate, Chunk, Counts, Part};
use crate::net::retry::Again;
use crate::protocol::message::{ContentBlock, Opaque, StopReason};
use crate::protocol::usage::Usage;
use crate::provider::wire::{Decode, Fault};
use crate::provider::{Delta, FailureKind, StreamEvent};
use crate::stdx::text::one_line;

/// Most characters of a search query that are shown.
const QUERY: usize = 80;

/// Beginnings of the reasons that mean a refusal, whatever else was sent.
const REFUSALS: [&str; 11] = [
    "SAFETY",
    "RECITATION",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED",
    "SPII",
    "IMAGE",
    "NO_IMAGE",
    "ESCALATION",
    "MODEL_ARMOR",
    "TOO_MANY",
];

/// Text or thoughts that are still growing.
struct Open {
    index: usize,
    thought: bool,
    text: String,
}

/// What goes back with a block; the encoder reads it.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    thought_signature: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    no_id: bool,
}

impl Kept<'_> {
    fn opaque(&self) -> Option<Opaque> {
        let empty = self.thought_signature.is_none() && self.after.is_none() && !self.no_id;
        let json = || serde_json::to_string(self).ok().map(Opaque);
        (!empty).then(json).flatten()
    }
}

/// The state of one answer.
#[derive(Default)]
pub(super) struct Decoder {
    started: bool,
    /// Position of the next block.
    next: usize,
    open: Option<Open>,
    called: bool,
    said: bool,
    queries: Vec<String>,
    /// The last counts, as they came.
    counts: String,
    searches: u64,
    stop: Option<StopReason>,
}

impl Decode for Decoder {
    fn event(&mut self, data: &str, out: &mut VecDeque<StreamEvent>) -> Result<(), Fault> {
        let data = data.trim();
        if data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        if data.starts_with('[') {
            return Err(errors::fault(200, data));
        }
        let chunk: Chunk = serde_json::from_str(data)
            .map_err(|error| Fault::garbled(format!("an event that makes no sense ({error})")))?;
        if chunk.error.is_some() {
            return Err(errors::fault(200, data));
        }
        if !std::mem::replace(&mut self.started, true) {
            let model = chunk
                .model_version
                .map_or(String::new(), |m| m.into_owned());
            out.push_back(StreamEvent::Start { model });
        }
        if let Some(counts) = chunk.usage_metadata {
            self.counts.clear();
            self.counts.push_str(counts.get());
        }
        if let Some(reason) = chunk
            .prompt_feedback
            .as_ref()
            .and_then(|f| f.block_reason.as_deref())
        {
            let words = chunk.prompt_feedback.as_ref();
            let words = words.and_then(|f| f.block_reason_message.as_deref());
            self.stop = Some(refusal(reason, words));
        }
        // Only one answer is ever asked for.
        match chunk.candidates.into_iter().flatten().next() {
            Some(candidate) => self.candidate(candidate, out),
            None => Ok(()),
        }
    }

    fn end(&mut self, out: &mut VecDeque<StreamEvent>) {
        let Some(stop) = self.stop.take() else { return };
        self.close(None, out);
        if !self.queries.is_empty() {
            let queries: Vec<String> = self
                .queries
                .drain(..)
                .map(|q| one_line(&q, QUERY))
                .collect();
            let summary = format!("web search: {}", queries.join(", "));
            let block = ContentBlock::ServerSide {
                summary,
                opaque: None,
            };
            self.done(block, out);
        }
        // Calls want answers; the format says STOP all the same.
        let stop = match stop {
            StopReason::EndTurn if self.called => StopReason::ToolUse,
            stop => stop,
        };
        // Counts that make no sense are none.
        let counts: Option<Counts> = serde_json::from_str(&self.counts).unwrap_or_default();
        let usage = Usage {
            web_searches: self.searches,
            ..counts.unwrap_or_default().usage()
        };
        out.push_back(StreamEvent::Done { stop, usage });
    }
}

fn refusal(reason: &str, words: Option<&str>) -> StopReason {
    StopReason::Refusal {
        category: Some(reason.to_lowercase().replace('_', " ")),
        explanation: words.filter(|words| !words.is_empty()).map(str::to_string),
    }
}

impl Decoder {
    fn candidate(
        &mut self,
        candidate: Candidate,
        out: &mut VecDeque<StreamEvent>,
    ) -> Result<(), Fault> {
        let parts = candidate.content.and_then(|content| content.parts);
        for part in parts.into_iter().flatten() {
            self.part(part, out)?;
        }
        let queries = candidate
            .grounding_metadata
            .and_then(|g| g.web_search_queries);
        if let Some(queries) = queries.filter(|queries| !queries.is_empty()) {
            self.searches = queries.len() as u64;
            self.queries = queries;
        }
        if let Some(reason) = candidate.finish_reason.filter(|reason| !reason.is_empty()) {
            self.stop = Some(self.finished(&reason, candidate.finish_message.as_deref())?);
        }
        Ok(())
    }

    /// What a reason to stop means.
    fn finished(&self, reason: &str, words: Option<&str>) -> Result<StopReason, Fault> {
        let broken = |what: &str| {
            let detail = match words {
                Some(words) if !words.is_empty() => format!("{what}: {words}"),
                _ => what.to_string(),
            };
            Err(Fault::new(FailureKind::Protocol, Again::Briefly, detail))
        };
        match reason {
            "STOP" if !self.said && !self.called => broken("an empty answer"),
            "STOP" => Ok(StopReason::EndTurn),
            "MAX_TOKENS" | "CONTINUATION" => Ok(StopReason::MaxTokens),
            "MALFORMED_FUNCTION_CALL" => broken("the model wrote a call that cannot be read"),
            "UNEXPECTED_TOOL_CALL" => broken("the model called a tool that is not on offer"),
            "MALFORMED_RESPONSE" | "OTHER" | "FINISH_REASON_UNSPECIFIED" => {
                broken("the model stopped without a reason")
            }
            "MISSING_THOUGHT_SIGNATURE" => broken("the server misses a thought signature"),
            // Servers of the same format have words of their own for this.
            reason if self.called && !REFUSALS.iter().any(|known| reason.starts_with(known)) => {
                Ok(StopReason::EndTurn)
            }
            reason => Ok(refusal(reason, words)),
        }
    }

    fn part(&mut self, raw: &RawValue, out: &mut VecDeque<StreamEvent>) -> Result<(), Fault> {
        let part: Part = serde_json::from_str(raw.get())
            .map_err(|error| Fault::garbled(format!("a part that makes no sense ({error})")))?;
        let signature = part.thought_signature.as_deref();
        match (part.text, part.function_call) {
            (Some(text), None) => {
                self.text(&text, part.thought == Some(true), signature, out);
            }
            (_, Some(call)) => {
                self.close(None, out);
                self.call(call, signature, out);
            }
            // Code that ran there, searches, pictures: kept to go back as they came.
            (None, None) => {
                self.close(None, out);
                self.said = true;
                let block = ContentBlock::ServerSide {
                    summary: String::new(),
                    opaque: Some(Opaque(raw.get().to_string())),
                };
                self.done(block, out);
            }
        }
        Ok(())
    }

    fn text(
        &mut self,
        text: &str,
        thought: bool,
        signature: Option<&str>,
        out: &mut VecDeque<StreamEvent>,
    ) {
        let same = self
            .open
            .as_ref()
            .is_some_and(|open| open.thought == thought);
        if text.is_empty() {
            // A signature on an empty part belongs to the text before it, or stands alone.
            match signature {
                Some(_) if same && !thought => self.close(
                    Kept {
                        after: signature,
                        ..Kept::default()
                    }
                    .opaque(),
                    out,
                ),
                Some(_) => {
                    self.close(None, out);
                    self.signed_alone(text, thought, signature, out);
                }
                None => {}
            }
            return;
        }
        // A signed part stays apart from its neighbours.
        if !same || signature.is_some() {
            self.close(None, out);
        }
        self.said |= !thought && !text.trim().is_empty();
        let next = &mut self.next;
        let open = self.open.get_or_insert_with(|| {
            let index = *next;
            *next += 1;
            Open {
                index,
                thought,
                text: String::new(),
            }
        });
        open.text.push_str(text);
        out.push_back(StreamEvent::Delta {
            index: open.index,
            delta: match thought {
                true => Delta::Thinking(text.to_string()),
                false => Delta::Text(text.to_string()),
            },
        });
        if signature.is_some() {
            let kept = Kept {
                thought_signature: signature,
                ..Kept::default()
            };
            self.close(kept.opaque(), out);
        }
    }

    /// An empty part with a signature and no text to hold on to.
    fn signed_alone(
        &mut self,
        text: &str,
        thought: bool,
        signature: Option<&str>,
        out: &mut VecDeque<StreamEvent>,
    ) {
        let raw = match thought {
            true => {
                serde_json::json!({"text": text, "thought": true, "thoughtSignature": signature})
            }
            false => serde_json::json!({"text": text, "thoughtSignature": signature}),
        };
        let block = ContentBlock::ServerSide {
            summary: String::new(),
            opaque: Some(Opaque(raw.to_string())),
        };
        self.done(block, out);
    }

    fn call(&mut self, call: Call, signature: Option<&str>, out: &mut VecDeque<StreamEvent>) {
        let Some(name) = call.name.filter(|name| !name.is_empty()) else {
            return;
        };
        self.called = true;
        let index = self.next;
        let id = call
            .id
            .filter(|id| !id.is_empty())
            .map(|id| id.into_owned());
        let arguments = match call.args.map(RawValue::get) {
            None | Some("null") => "{}".to_string(),
            Some(args) => args.to_string(),
        };
        for delta in [
            Delta::ToolName(name.to_string()),
            Delta::Arguments(arguments.clone()),
        ] {
            out.push_back(StreamEvent::Delta { index, delta });
        }
        let kept = Kept {
            thought_signature: signature,
            after: None,
            no_id: id.is_none(),
        };
        let block = ContentBlock::ToolCall {
            id: id.unwrap_or_else(|| format!("call_{index}")),
            name: name.into_owned(),
            arguments,
            opaque: kept.opaque(),
        };
        self.done(block, out);
    }

    fn done(&mut self, block: ContentBlock, out: &mut VecDeque<StreamEvent>) {
        let index = self.next;
        self.next += 1;
        out.push_back(StreamEvent::BlockDone { index, block });
    }

    /// Ends the text that is growing.
    fn close(&mut self, opaque: Option<Opaque>, out: &mut VecDeque<StreamEvent>) {
        let Some(Open {
            index,
            thought,
            text,
        }) = self.open.take()
        else {
            return;
        };
        let block = match thought {
            true => ContentBlock::Thinking { text, opaque },
            false => ContentBlock::Text { text, opaque },
        };
        out.push_back(StreamEvent::BlockDone { index, block });
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
