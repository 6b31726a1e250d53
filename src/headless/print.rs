//! Runs one request to its end and prints it.

use std::io::{self, Write};
use std::sync::mpsc::Receiver;

use serde::Serialize;

use super::lines::{self, Paint};
use crate::protocol::command::Command;
use crate::protocol::event::{AgentEvent, NoticeLevel, Status, TurnOutcome, TurnSummary, UiEvent};
use crate::repl::CommandSender;
use crate::stdx::text;

/// What stands on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// The answer.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// How the run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The model gave its answer.
    Done,
    /// The turn failed, or a limit ended it.
    Failed,
    /// The user stopped it.
    Interrupted,
}

/// The object of `--output-format json`.
#[derive(Serialize)]
struct Report<'a> {
    r#type: &'static str,
    result: &'a str,
    is_error: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    session_id: &'a str,
    model: &'a str,
    usage: crate::protocol::usage::Usage,
    cost_usd: Option<f64>,
    tool_calls: u32,
    tools: serde_json::Map<String, serde_json::Value>,
    duration_ms: u64,
}

/// The state of a printed run.
struct Printer {
    paint: Paint,
    /// Text of the current message.
    text: String,
    /// The last message's text: the answer, once the turn is over.
    answer: String,
    status: Status,
    session: String,
    /// Why there is no answer.
    error: Option<String>,
}

/// Sends `prompt`, prints what happens, and returns when the turn is over and
/// everything is saved. `color`: stderr is a terminal that takes colour.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(
    prompt: String,
    format: Format,
    color: bool,
    commands: &CommandSender,
    events: &Receiver<UiEvent>,
) -> io::Result<Outcome> {
    // A worker that is gone already says so with its last event.
    let _ = commands.send(Command::Submit {
        text: prompt,
        images: Vec::new(),
    });
    let mut printer = Printer {
        paint: Paint { color },
        text: String::new(),
        answer: String::new(),
        status: Status::default(),
        session: String::new(),
        error: None,
    };
    let mut summary = None;
    for event in events {
        match event {
            UiEvent::Agent {
                inner: AgentEvent::TurnFinished { summary: found },
                ..
            } => {
                printer.finish_message();
                summary = Some(found);
                let _ = commands.send(Command::Shutdown);
            }
            UiEvent::Agent { inner, .. } => printer.agent_event(inner),
            UiEvent::Status(status) => printer.status = *status,
            UiEvent::SessionReplaced { id, .. } => printer.session = id,
            UiEvent::Text { .. }
            | UiEvent::Changes(_)
            | UiEvent::Earlier { .. }
            | UiEvent::Pick(_)
            | UiEvent::AskSecret { .. }
            | UiEvent::EditFile { .. }
            | UiEvent::Commands { .. }
            | UiEvent::Called { .. }
            | UiEvent::TakenBack { .. } => {}
            UiEvent::Exit { summary: words } => {
                if summary.is_none() && !words.is_empty() {
                    printer.say(&printer.paint.red(&words));
                }
                break;
            }
        }
    }
    printer.close(format, summary)
}

impl Printer {
    /// A line on stderr. A closed stderr is no reason to stop the work.
    fn say(&self, line: &str) {
        let line = line.trim_end_matches('\n');
        let _ = writeln!(io::stderr().lock(), "{line}");
    }

    fn agent_event(&mut self, event: AgentEvent) {
        match event {
            AgentEvent::TextDelta { text } => self.text.push_str(&text),
            // Text before a call is a remark, not the answer.
            AgentEvent::ToolStarted { .. } => self.remark(),
            AgentEvent::ToolFinished { view, .. } => {
                self.remark();
                self.say(&lines::tool(&view, self.paint));
            }
            AgentEvent::Plan { items } => self.say(&lines::plan(&items, self.paint)),
            AgentEvent::StreamRestarted { reason } => {
                self.text.clear();
                self.say(&self.paint.dim(&format!("{reason}; asking again")));
            }
            AgentEvent::Retrying {
                attempt,
                of,
                wait_ms,
                reason,
            } => {
                let wait = text::duration(wait_ms);
                let line = format!("{reason}; try {attempt} of {of} in {wait}");
                self.say(&self.paint.dim(&text::clean(&line)));
            }
            AgentEvent::ServerSide { summary } => {
                self.say(&self.paint.dim(&format!("• {}", text::clean(&summary))));
            }
            AgentEvent::Notice { level, text } => {
                let text = text::clean(&text).into_owned();
                self.say(&match level {
                    NoticeLevel::Info => self.paint.dim(&text),
                    NoticeLevel::Warning => format!("warning: {text}"),
                    NoticeLevel::Error => self.paint.red(&text),
                });
            }
            // Blocks of one message join as they are: citations split sentences.
            AgentEvent::TextDone
            | AgentEvent::UserMessage { .. }
            | AgentEvent::TurnStarted
            | AgentEvent::ThinkingDelta { .. }
            | AgentEvent::ThinkingDone { .. }
            | AgentEvent::ToolOutput { .. }
            | AgentEvent::Asked { .. }
            | AgentEvent::Mode { .. }
            | AgentEvent::AskClosed { .. }
            | AgentEvent::Usage { .. }
            | AgentEvent::TurnFinished { .. } => {}
        }
    }

    fn remark(&mut self) {
        let text = std::mem::take(&mut self.text);
        if !text.trim().is_empty() {
            self.say(&self.paint.dim(text::clean(text.trim_end()).as_ref()));
        }
    }

    fn finish_message(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.answer = text::clean(text.trim_end()).into_owned();
    }

    /// Prints the answer and the sums.
    fn close(&mut self, format: Format, summary: Option<TurnSummary>) -> io::Result<Outcome> {
        let outcome = match summary.as_ref().map(|summary| &summary.outcome) {
            Some(TurnOutcome::Finished { .. }) => Outcome::Done,
            Some(TurnOutcome::Interrupted) => {
                self.error = Some("interrupted".to_string());
                Outcome::Interrupted
            }
            Some(TurnOutcome::Limit { message } | TurnOutcome::Failed { message }) => {
                self.error = Some(text::clean(message).into_owned());
                Outcome::Failed
            }
            None => {
                self.error = Some("the run ended before its answer".to_string());
                Outcome::Failed
            }
        };
        match format {
            Format::Text => {
                if !self.answer.is_empty() {
                    let mut out = io::stdout().lock();
                    writeln!(out, "{}", self.answer)?;
                    out.flush()?;
                }
                if let Some(error) = &self.error {
                    self.say(&self.paint.red(error));
                }
                if let Some(summary) = &summary {
                    self.say(&self.paint.dim(&self.sums(summary)));
                }
            }
            Format::Json => self.print_json(summary.as_ref())?,
        }
        Ok(outcome)
    }

    fn sums(&self, summary: &TurnSummary) -> String {
        let cached = summary
            .usage
            .cached_percent()
            .map(|p| format!(", {p} % cached"))
            .unwrap_or_default();
        format!(
            "{} · {} in{cached} · {} out · {} · session {}",
            text::duration(summary.elapsed_ms),
            text::count(summary.usage.prompt()),
            text::count(summary.usage.output),
            summary.cost,
            self.session,
        )
    }

    fn print_json(&self, summary: Option<&TurnSummary>) -> io::Result<()> {
        let usage = summary.map(|summary| summary.usage).unwrap_or_default();
        let cost = summary.map(|summary| summary.cost).unwrap_or_default();
        let tools: &[(String, u32)] = summary.map_or(&[], |summary| &summary.tools);
        let report = Report {
            r#type: "result",
            result: &self.answer,
            is_error: self.error.is_some(),
            error: self.error.as_deref(),
            session_id: &self.session,
            model: &self.status.model,
            usage,
            cost_usd: (!cost.incomplete).then_some(cost.usd),
            tool_calls: tools.iter().map(|(_, count)| count).sum(),
            tools: tools
                .iter()
                .map(|(name, count)| (name.clone(), (*count).into()))
                .collect(),
            duration_ms: summary.map_or(0, |summary| summary.elapsed_ms),
        };
        let mut out = io::stdout().lock();
        serde_json::to_writer(&mut out, &report)?;
        writeln!(out)?;
        out.flush()
    }
}
