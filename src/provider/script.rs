//! The format of scripts, read strictly: a slip in a script is told, not skipped.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Failure, FailureKind, wire};
use crate::protocol::message::StopReason;
use crate::protocol::usage::Usage;

#[derive(Debug, Clone, Deserialize)]
struct Line {
    response: Answer,
}

/// One answer: recorded (`body`), written (`blocks`) or a failure (`status`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) wire: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) headers: Map<String, Value>,
    pub(super) body: Option<String>,
    pub(super) message: Option<String>,
    pub(super) blocks: Vec<Block>,
    pub(super) stop: Option<String>,
    pub(super) delay_ms: u64,
    pub(super) usage: Option<Usage>,
}

/// Exactly one of `text`, `thinking` and `tool` is set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Block {
    pub(super) text: Option<String>,
    pub(super) thinking: Option<String>,
    pub(super) tool: Option<String>,
    pub(super) args: Option<Box<RawValue>>,
    pub(super) id: Option<String>,
}

fn failure(message: String) -> Failure {
    Failure {
        kind: FailureKind::BadRequest,
        message: format!("scripted: {message}"),
    }
}

/// A script that cannot be read.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    failure(format!("cannot read {}: {error}", path.display()))
}

/// The script files at a path, in the order they are played.
///
/// # Errors
/// When the directory cannot be listed.
pub(super) fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
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

/// Adds the answers of a script's text, called `name` in errors.
///
/// # Errors
/// A failure with the number of the bad line.
pub(super) fn parse(text: &str, name: &str, answers: &mut VecDeque<Answer>) -> Result<(), Failure> {
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

/// The stop reason of that name in a script.
pub(super) fn stop_reason(name: &str) -> Option<StopReason> {
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
