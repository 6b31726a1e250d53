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
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::labels::Labels;
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

#[derive(Debug, Clone, Deserialize)]
struct Line {
    response: Answer,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Answer {
    wire: Option<String>,
    status: Option<u16>,
    headers: Map<String, Value>,
    body: Option<String>,
    message: Option<String>,
    blocks: Vec<Block>,
    stop: Option<String>,
    delay_ms: u64,
    usage: Option<Usage>,
}

/// Exactly one of `text`, `thinking` and `tool` is set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Block {
    text: Option<String>,
    thinking: Option<String>,
    tool: Option<String>,
    args: Option<Box<RawValue>>,
    id: Option<String>,
}

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
        for file in files(path).map_err(|error| unreadable(path, &error))? {
            let text = std::fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
            parse(&text, &file.display().to_string(), &mut answers)?;
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
        parse(text, "the script", &mut answers)?;
        Ok(Self::from_answers(answers))
    }
}

fn failure(message: String) -> Failure {
    Failure {
        kind: FailureKind::BadRequest,
        message: format!("scripted: {message}"),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    failure(format!("cannot read {}: {error}", path.display()))
}

fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let file = entry?.path();
        if file.extension().is_some_and(|ending| ending == "jsonl") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn parse(text: &str, name: &str, answers: &mut VecDeque<Answer>) -> Result<(), Failure> {
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let at = |what: String| failure(format!("{name}, line {}: {what}", index + 1));
        let line: Line = serde_json::from_str(line).map_err(|error| at(error.to_string()))?;
        let answer = line.response;
        let recorded = answer.body.is_some();
        if recorded && answer.wire.as_deref().and_then(wire::by_id).is_none() {
            return Err(at("a recorded body needs a known \"wire\"".to_string()));
        }
        if !recorded && answer.status.is_none() && answer.blocks.is_empty() {
            return Err(at(
                "an answer needs \"blocks\", \"body\" or \"status\"".to_string()
            ));
        }
        let kinds = |block: &Block| {
            [&block.text, &block.thinking, &block.tool]
                .into_iter()
                .flatten()
                .count()
        };
        if answer.blocks.iter().any(|block| kinds(block) != 1) {
            return Err(at(
                "each block is one of \"text\", \"thinking\" and \"tool\"".to_string(),
            ));
        }
        if let Some(stop) = &answer.stop
            && stop_reason(stop).is_none()
        {
            return Err(at(format!("unknown stop {stop:?}")));
        }
        answers.push_back(answer);
    }
    Ok(())
}

fn stop_reason(name: &str) -> Option<StopReason> {
    Some(match name {
        "end_turn" => StopReason::EndTurn,
        "tool_use" => StopReason::ToolUse,
        "max_tokens" => StopReason::MaxTokens,
        "pause_turn" => StopReason::PauseTurn,
        "refusal" => StopReason::Refusal {
            category: None,
            explanation: None,
        },
        "context_window" => StopReason::ContextWindow,
        _ => return None,
    })
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
                .and_then(stop_reason)
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
