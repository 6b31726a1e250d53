//! A provider that plays a script: recorded answers through the real decoder,
//! written ones directly.
//!
//! A script is JSON Lines, one answer a line, the format `--trace` writes:
//!
//! - `{"response": {"wire": "anthropic", "status": 200, "headers": {}, "body": "…"}}`: recorded;
//! - `{"response": {"blocks": [{"thinking": "…"}, {"text": "…"},
//!   {"tool": "read_file", "args": {"path": "a"}, "id": "…"}], "stop": "end_turn",
//!   "delay_ms": 300}}`: written; `stop`, `id` and `delay_ms` may be left out;
//! - `{"response": {"status": 429, "headers": {"retry-after": "1"}, "message": "…"}}`: a failure.
//!
//! `request` in a line is for the reader; it is not compared with anything.

use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::labels::Labels;
use super::script::{self, Answer};
use super::transport::{Body, BoxFuture, Head, Reply, Transport};
use super::wire::{self, Fault};
use super::{
    Delta, EventStream, Failure, FailureKind, ModelRequest, Provider, StreamEvent, estimate_tokens,
    http,
};
use crate::net::retry::Again;
use crate::protocol::message::{ContentBlock, Message, StopReason};
use crate::protocol::usage::Usage;

/// Characters of a written text in one delta.
const PIECE: usize = 48;

/// The answers not yet given, and how many there were.
#[derive(Debug)]
struct Script {
    answers: VecDeque<Answer>,
    given: usize,
}

/// Plays a script; each request takes the next answer.
#[derive(Debug, Clone)]
pub struct ScriptedProvider {
    script: Arc<Mutex<Script>>,
}

impl ScriptedProvider {
    /// Reads a script from a file, or from all `.jsonl` files of a directory in
    /// the order of their names.
    ///
    /// # Errors
    /// A failure naming the file and, for a bad line, its number.
    pub fn load(path: &Path) -> Result<Self, Failure> {
        let mut answers = VecDeque::new();
        for file in script::files(path).map_err(|error| script::unreadable(path, &error))? {
            let text = std::fs::read_to_string(&file)
                .map_err(|error| script::unreadable(&file, &error))?;
            script::parse(&text, &file.display().to_string(), &mut answers)?;
        }
        Ok(Self::from_answers(answers))
    }

    fn from_answers(answers: VecDeque<Answer>) -> Self {
        let script = Script { answers, given: 0 };
        Self {
            script: Arc::new(Mutex::new(script)),
        }
    }
}

impl FromStr for ScriptedProvider {
    type Err = Failure;

    /// A provider that plays this text.
    fn from_str(text: &str) -> Result<Self, Failure> {
        let mut answers = VecDeque::new();
        script::parse(text, "the script", &mut answers)?;
        Ok(Self::from_answers(answers))
    }
}

impl Provider for ScriptedProvider {
    fn id(&self) -> &str {
        "scripted"
    }

    fn wire(&self) -> &str {
        "scripted"
    }

    fn stream(&self, request: ModelRequest, cancel: CancellationToken) -> EventStream {
        let labels = Labels {
            provider: "scripted".to_string(),
            model: request.model.id.clone(),
            key_advice: "This failure is part of the script".to_string(),
            ..Labels::default()
        };
        let player = Player {
            script: Arc::clone(&self.script),
            model: request.model.id.clone(),
            prompt: prompt_tokens(&request),
            taken: call_ids(&request.messages),
        };
        http::run(Box::new(player), labels, cancel)
    }
}

fn call_ids(messages: &[Message]) -> HashSet<String> {
    let mut ids = HashSet::new();
    for message in messages {
        if let Message::Assistant(message) = message {
            ids.extend(message.tool_calls().map(|(id, ..)| id.to_string()));
        }
    }
    ids
}

/// What a real vendor would have counted, roughly, so that meters move.
fn prompt_tokens(request: &ModelRequest) -> u64 {
    let text = |blocks: &[ContentBlock]| -> usize {
        let size = |block: &ContentBlock| match block {
            ContentBlock::Text { text, .. } => text.len(),
            ContentBlock::ToolCall { arguments, .. } => arguments.len(),
            ContentBlock::Image { .. }
            | ContentBlock::Thinking { .. }
            | ContentBlock::ServerSide { .. } => 0,
        };
        blocks.iter().map(size).sum()
    };
    let messages: usize = request
        .messages
        .iter()
        .map(|message| match message {
            Message::User { content, .. } => text(content),
            Message::Context { text, .. } => text.len(),
            Message::Assistant(message) => text(&message.content),
            Message::ToolResult(result) => text(&result.content),
        })
        .sum();
    estimate_tokens(request.system.len() + messages)
}

struct Player {
    script: Arc<Mutex<Script>>,
    model: String,
    prompt: u64,
    taken: HashSet<String>,
}

impl Transport for Player {
    fn open(&mut self) -> BoxFuture<'_, Result<Reply, Fault>> {
        Box::pin(async {
            let (answer, number) = self.next()?;
            if answer.delay_ms > 0 {
                tokio::time::sleep(Duration::from_millis(answer.delay_ms)).await;
            }
            let wire = answer.wire.as_deref().and_then(wire::by_id);
            match (&answer.body, wire, answer.status) {
                (Some(body), Some(wire), status) => Ok(Reply::Wire {
                    status: status.unwrap_or(200),
                    head: head(&answer),
                    body: Body::Memory(body.clone().into_bytes()),
                    wire,
                }),
                (_, _, Some(status)) => Err(failed(status, &answer)),
                _ => Ok(Reply::Events(self.written(answer, number))),
            }
        })
    }
}

impl Player {
    fn next(&self) -> Result<(Answer, usize), Fault> {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        match script.answers.pop_front() {
            Some(answer) => {
                script.given += 1;
                Ok((answer, script.given))
            }
            None => {
                let detail = format!(
                    "the script is over: it has {} answers, and one more is asked for",
                    script.given
                );
                Err(Fault::new(FailureKind::BadRequest, Again::Never, detail))
            }
        }
    }

    fn written(&self, answer: Answer, number: usize) -> VecDeque<StreamEvent> {
        let mut out = VecDeque::from([StreamEvent::Start {
            model: self.model.clone(),
        }]);
        let mut calls = false;
        let mut bytes = 0;
        for (index, block) in answer.blocks.into_iter().enumerate() {
            let mut delta = |delta| out.push_back(StreamEvent::Delta { index, delta });
            let block = if let Some(tool) = block.tool {
                calls = true;
                let arguments = block
                    .args
                    .map_or_else(|| "{}".to_string(), |args| args.get().to_string());
                bytes += arguments.len();
                delta(Delta::ToolName(tool.clone()));
                delta(Delta::Arguments(arguments.clone()));
                ContentBlock::ToolCall {
                    id: self.free_id(block.id, number, index),
                    name: tool,
                    arguments,
                    opaque: None,
                }
            } else if let Some(text) = block.thinking {
                bytes += text.len();
                pieces(&text).for_each(|piece| delta(Delta::Thinking(piece)));
                ContentBlock::Thinking { text, opaque: None }
            } else {
                let text = block.text.unwrap_or_default();
                bytes += text.len();
                pieces(&text).for_each(|piece| delta(Delta::Text(piece)));
                ContentBlock::Text { text, opaque: None }
            };
            out.push_back(StreamEvent::BlockDone { index, block });
        }
        let implied = match calls {
            true => StopReason::ToolUse,
            false => StopReason::EndTurn,
        };
        out.push_back(StreamEvent::Done {
            stop: answer
                .stop
                .as_deref()
                .and_then(script::stop_reason)
                .unwrap_or(implied),
            usage: answer.usage.unwrap_or(Usage {
                input: self.prompt,
                output: estimate_tokens(bytes),
                ..Usage::default()
            }),
        });
        out
    }

    /// The id of a call: unique in the conversation even when a script is played
    /// twice into one session.
    fn free_id(&self, id: Option<String>, number: usize, index: usize) -> String {
        let mut id = id.unwrap_or_else(|| format!("call_{number}_{index}"));
        while self.taken.contains(&id) {
            id.push('x');
        }
        id
    }
}

fn head(answer: &Answer) -> Head {
    let headers = answer
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    Head::pick(headers)
}

fn failed(status: u16, answer: &Answer) -> Fault {
    let head = head(answer);
    let detail = answer.message.as_deref().unwrap_or("failure of the script");
    Fault {
        status: Some(status),
        wish: head.wish(),
        ..Fault::new(
            wire::kind_of_status(status),
            Again::for_status(status, head.should_retry.as_deref()),
            detail,
        )
    }
}

fn pieces(text: &str) -> impl Iterator<Item = String> + '_ {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let at = rest
            .char_indices()
            .nth(PIECE)
            .map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(at);
        rest = after;
        Some(piece.to_string())
    })
}

#[cfg(test)]
#[path = "scripted_tests.rs"]
mod tests;
