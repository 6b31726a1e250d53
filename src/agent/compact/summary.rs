//! Asking a model for the account of a conversation, and checking what it gives.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use super::carry;
use super::fold::text_of;
use crate::protocol::message::{ContentBlock, Message};
use crate::protocol::model::{ModelInfo, ThinkingSetting};
use crate::protocol::usage::Usage;
use crate::provider::{EventStream, ModelRequest, Provider, StreamEvent};

/// What the summarising model is told.
const PROMPT: &str = include_str!("prompt.md");

/// The parts every summary has.
const PARTS: [&str; 7] = [
    "Goal and context",
    "Files touched",
    "Decisions",
    "Commands run",
    "Errors and resolutions",
    "Identifiers",
    "State and next step",
];

/// Shortest summary that can say anything, in bytes.
const SHORTEST: usize = 300;
/// Tokens a model may think before it writes.
const THINKING_ROOM: u64 = 6_000;

/// What came of the request.
pub(super) enum Answer {
    /// An account that passed the check; who wrote it.
    Good { text: String, model: String },
    /// None, and why, in words.
    Bad(String),
    /// The user stopped it.
    Cancelled,
}

/// Tokens a summary of so many bytes should have.
pub(super) fn target(source: usize) -> u64 {
    (source as u64 / 40).clamp(800, 6_000)
}

/// The request for a summary.
pub(super) fn request(
    model: &Arc<ModelInfo>,
    transcript: &str,
    focus: &str,
    cache_key: String,
) -> ModelRequest {
    let target = target(transcript.len());
    let mut text = format!(
        "<transcript>\n{transcript}\n</transcript>\n\nWrite the note now, about {} words.",
        target * 2 / 3
    );
    if !focus.is_empty() {
        text.push_str(&format!(" Pay special attention to: {focus}"));
    }
    ModelRequest {
        model: model.clone(),
        system: PROMPT.trim_end().into(),
        tools: Arc::from([]),
        messages: vec![Message::User {
            id: "compact".to_string(),
            content: vec![ContentBlock::text(text)],
        }],
        images: HashMap::new(),
        max_tokens: (target * 2 + THINKING_ROOM).min(model.max_output),
        thinking: ThinkingSetting {
            enabled: Some(false),
            ..ThinkingSetting::default()
        },
        cache_key,
        web_search: false,
    }
}

/// Asks; the usage is that of every answer, good or bad.
pub(super) async fn ask(
    provider: &dyn Provider,
    request: ModelRequest,
    changed: &[String],
    cancel: &CancellationToken,
) -> (Answer, Option<(String, Usage)>) {
    let source = request.messages.iter().map(message_bytes).sum();
    let asked = request.model.id.clone();
    let stream = provider.stream(request, cancel.clone());
    let written = tokio::select! {
        biased;
        () = cancel.cancelled() => return (Answer::Cancelled, None),
        written = answer_of(stream, asked) => written,
    };
    let (text, model, usage) = match written {
        Ok(written) => written,
        Err(why) => return (Answer::Bad(why), None),
    };
    let answer = match check(&text, source, changed) {
        Ok(()) => Answer::Good {
            text,
            model: model.clone(),
        },
        Err(fault) => Answer::Bad(fault),
    };
    (answer, Some((model, usage)))
}

/// The text of a whole answer, who gave it, and what it took. `asked` is who is taken
/// to have given it unless the answer says otherwise.
///
/// # Errors
/// Why there is none, in words.
pub(in crate::agent) async fn answer_of(
    mut stream: EventStream,
    asked: String,
) -> Result<(String, String, Usage), String> {
    let (mut text, mut model) = (String::new(), asked);
    loop {
        match stream.next().await {
            None => return Err("its answer broke off".to_string()),
            Some(StreamEvent::Start { model: answering }) if answering.is_empty() => {}
            Some(StreamEvent::Start { model: answering }) => model = answering,
            Some(StreamEvent::Restarted { .. }) => text.clear(),
            Some(StreamEvent::BlockDone { block, .. }) => {
                text.push_str(block.as_text().unwrap_or_default());
            }
            Some(StreamEvent::Delta { .. } | StreamEvent::Retrying { .. }) => {}
            Some(StreamEvent::Failed(failure)) => return Err(failure.message),
            Some(StreamEvent::Done { usage, .. }) => return Ok((text, model, usage)),
        }
    }
}

/// Whether a text can stand for the conversation: of a sensible length, with all
/// parts, and naming the files that were changed last.
fn check(text: &str, source: usize, changed: &[String]) -> Result<(), String> {
    let text = text.trim();
    if text.len() < SHORTEST {
        return Err("its summary is too short".to_string());
    }
    let longest = (target(source) * 12) as usize;
    if text.len() > longest.min(source.max(SHORTEST)) {
        return Err("its summary is too long".to_string());
    }
    let headed = |part: &&str| {
        let heading = |line: &str| line.trim_start_matches(['#', '*', ' ']).starts_with(*part);
        text.lines().any(heading)
    };
    if let Some(missing) = PARTS.iter().find(|part| !headed(part)) {
        return Err(format!("its summary lacks the part \"{missing}\""));
    }
    let recent: Vec<&str> = changed
        .iter()
        .rev()
        .take(6)
        .map(|line| name_of(line))
        .collect();
    let named = recent.iter().filter(|name| text.contains(**name)).count();
    if named * 2 < recent.len() {
        return Err("its summary does not name the files that were changed".to_string());
    }
    Ok(())
}

/// The file name in a line such as `Edit src/cart.rs`.
fn name_of(line: &str) -> &str {
    let path = line.split_whitespace().nth(1).unwrap_or(line);
    path.rsplit('/').next().unwrap_or(path)
}

fn message_bytes(message: &Message) -> usize {
    match message {
        Message::User { content, .. } => content
            .iter()
            .filter_map(ContentBlock::as_text)
            .map(str::len)
            .sum(),
        Message::Context { .. } | Message::Assistant(_) | Message::ToolResult(_) => 0,
    }
}

/// The conversation as text, of at most about `room` bytes: results are cut
/// first, then the middle goes.
pub(super) fn transcript(messages: &[Message], room: usize) -> String {
    for each in [4_000, 1_200, 400] {
        let text = written(messages, each);
        if text.len() <= room {
            return text;
        }
    }
    carry::cut(&written(messages, 200), room).into_owned()
}

/// The last messages as text, of at most `room` bytes.
pub(super) fn last_steps(messages: &[Message], room: usize) -> String {
    let mut parts = Vec::new();
    let mut used = 0;
    for message in messages.iter().rev() {
        let part = written(std::slice::from_ref(message), 2_000);
        used += part.len();
        if used > room {
            break;
        }
        parts.push(part);
    }
    parts.reverse();
    parts.concat()
}

/// What the assistant said between its calls, newest last, each cut short.
pub(super) fn said(messages: &[Message]) -> Vec<String> {
    messages
        .iter()
        .filter_map(|message| match message {
            Message::Assistant(assistant) => {
                let text = crate::stdx::text::one_line(&assistant.text(), 300);
                (!text.is_empty()).then_some(text)
            }
            Message::User { .. } | Message::Context { .. } | Message::ToolResult(_) => None,
        })
        .collect()
}

fn written(messages: &[Message], each: usize) -> String {
    let mut out = String::new();
    for message in messages {
        match message {
            Message::User { content, .. } => {
                out.push_str(&format!("User: {}\n", carry::user_text(content).trim_end()));
            }
            Message::Context { text, .. } => {
                out.push_str(&format!("Note: {}\n", text.trim_end()));
            }
            Message::Assistant(assistant) => {
                let text = assistant.text();
                if !text.trim().is_empty() {
                    out.push_str(&format!("Assistant: {}\n", text.trim_end()));
                }
                for (_, name, arguments) in assistant.tool_calls() {
                    out.push_str(&format!("Call {name} {}\n", carry::cut(arguments, each)));
                }
            }
            Message::ToolResult(result) => {
                let error = if result.is_error { " (error)" } else { "" };
                let text = text_of(result);
                out.push_str(&format!(
                    "Result{error}: {}\n",
                    carry::cut(text.trim_end(), each)
                ));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> String {
        PARTS
            .iter()
            .map(|part| format!("## {part}\n- src/cart.rs was looked at and changed as asked.\n"))
            .collect()
    }

    #[test]
    fn a_summary_is_checked_for_length_parts_and_files() {
        let changed = ["Edit src/cart.rs".to_string()];
        assert_eq!(check(&good(), 50_000, &changed), Ok(()));
        let cases = [
            (String::new(), "too short"),
            ("x".repeat(400), "lacks the part \"Goal"),
            (
                good().replace("## Decisions", "## Choices"),
                "lacks the part \"Decisions",
            ),
            (format!("{}{}", good(), "x".repeat(80_000)), "too long"),
            (good().replace("cart.rs", "other.rs"), "does not name"),
        ];
        for (text, fault) in cases {
            let found = check(&text, 50_000, &changed).unwrap_err();
            assert!(found.contains(fault), "{found}");
        }
    }

    #[test]
    fn a_transcript_keeps_to_its_room() {
        let messages: Vec<Message> = (0..200)
            .map(|n| Message::Context {
                id: n.to_string(),
                kind: crate::protocol::message::ContextKind::Reminder,
                text: format!("{n} {}", "ä".repeat(500)),
            })
            .collect();
        for room in [2_000, 20_000, 400_000] {
            let text = transcript(&messages, room);
            assert!(text.len() < room + 200, "{} {room}", text.len());
            assert!(text.contains("Note: 0 ") && text.trim_end().ends_with('ä'));
        }
        let last = last_steps(&messages, 5_000);
        assert!(last.len() <= 5_000 && last.contains("Note: 199") && !last.contains("Note: 100"));
    }
}
