//! What runs right now: the answer under way, calls, waiting.

mod below;

use std::time::Duration;

use ratatui::text::Line;

use crate::protocol::event::{AgentEvent, NoticeLevel};
use crate::protocol::tool::{PlanItem, ToolBody, ToolTitle};
use crate::render::markdown::Settings;
use crate::render::stream::MarkdownStream;
use crate::render::text::{fit, fit_middle, row_end, width};
use crate::render::theme::Theme;
use crate::render::tool;
use crate::stdx::text::{clean, duration, one_line, suffix};

use super::cells::Transcript;

/// Columns of the rows above the caret. A terminal narrower than this would
/// re-wrap them, and the viewport's height would be a guess after a resize.
pub const NARROW: usize = 38;
/// Bytes kept of a running command's output and of reasoning.
const MAX_TAIL: usize = 4 * 1024;
/// Reads wait this long for others to share their line.
const READS_WAIT: Duration = Duration::from_millis(150);

/// From then on a command is offered the background.
const TEDIOUS: Duration = Duration::from_secs(10);

struct Running {
    call_id: String,
    title: ToolTitle,
    started: Duration,
    tail: String,
    /// Newlines that came, also those no longer in the tail.
    lines: usize,
}

struct Retry {
    attempt: u32,
    of: u32,
    until: Duration,
}

/// The running turn. Idle when nothing was started.
pub struct Live {
    theme: Theme,
    cols: usize,
    started: Option<Duration>,
    stream: Option<MarkdownStream>,
    thinking: Option<String>,
    running: Vec<Running>,
    retry: Option<Retry>,
    reads: Vec<String>,
    reads_at: Duration,
    /// Calls whose changes were written when they were asked for.
    told: Vec<String>,
    plan: Vec<PlanItem>,
    /// Steps were marked since the list was written.
    plan_marked: bool,
}

impl Live {
    /// Nothing runs.
    pub fn new(theme: Theme) -> Self {
        Self {
            theme,
            cols: 80,
            started: None,
            stream: None,
            thinking: None,
            running: Vec::new(),
            retry: None,
            reads: Vec::new(),
            reads_at: Duration::ZERO,
            told: Vec::new(),
            plan: Vec::new(),
            plan_marked: false,
        }
    }

    /// Uses another theme from the next answer on.
    pub fn set_theme(&mut self, theme: Theme) {
        self.theme = theme;
    }

    /// Columns of the terminal.
    pub fn set_cols(&mut self, cols: usize) {
        self.cols = cols;
        if let Some(stream) = &mut self.stream {
            stream.set_width(cols);
        }
    }

    /// A turn is running.
    pub fn is_busy(&self) -> bool {
        // A command of the user may work outside of any turn.
        self.started.is_some() || !self.running.is_empty()
    }

    /// Takes an event of the main agent and writes what it finishes.
    pub fn apply(&mut self, event: AgentEvent, now: Duration, to: &mut Transcript) {
        if !matches!(
            event,
            AgentEvent::ToolStarted { .. }
                | AgentEvent::ToolFinished { .. }
                | AgentEvent::ToolOutput { .. }
                | AgentEvent::Usage { .. }
                | AgentEvent::Asked { .. }
                | AgentEvent::Mode { .. }
                | AgentEvent::AskClosed { .. }
        ) {
            self.flush_reads(to);
        }
        match event {
            AgentEvent::TurnStarted => {
                self.started = Some(now);
            }
            AgentEvent::TextDelta { text } => self.text(&text, to),
            AgentEvent::TextDone => self.text_done(to),
            AgentEvent::ThinkingDelta { text } => self.think(&text),
            AgentEvent::ThinkingDone { elapsed_ms } => {
                self.retry = None;
                let text = self.thinking.take().unwrap_or_default();
                to.thought(elapsed_ms, &text, self.cols);
            }
            AgentEvent::ServerSide { summary } => {
                let words = one_line(&clean(&summary), 300);
                to.step(vec![Line::raw(format!(
                    "{} {words}",
                    self.theme.glyphs.bullet
                ))]);
            }
            AgentEvent::StreamRestarted { reason } => {
                self.stream = None;
                self.thinking = None;
                self.running.clear();
                let text = format!("the answer broke off and starts again: {reason}");
                to.notice(NoticeLevel::Warning, &text);
            }
            AgentEvent::Retrying {
                attempt,
                of,
                wait_ms,
                reason,
            } => {
                self.retry = Some(Retry {
                    attempt,
                    of,
                    until: now + Duration::from_millis(wait_ms),
                });
                let wait = duration(wait_ms);
                let text = format!("{reason}; attempt {attempt} of {of} in {wait}");
                to.notice(NoticeLevel::Info, &text);
            }
            AgentEvent::ToolStarted { call_id, title, .. } => {
                self.retry = None;
                if title.verb != "Read" {
                    self.flush_reads(to);
                }
                self.running.push(Running {
                    call_id,
                    title,
                    started: now,
                    tail: String::new(),
                    lines: 0,
                });
            }
            AgentEvent::ToolOutput { call_id, text } => self.output(&call_id, &text),
            AgentEvent::ToolFinished {
                call_id, mut view, ..
            } => {
                self.running.retain(|running| running.call_id != call_id);
                if self.told.contains(&call_id) {
                    view.body = ToolBody::None;
                }
                if tool::is_plan(&view) {
                    // The steps themselves follow.
                } else if tool::is_plain_read(&view) {
                    self.reads.push(view.title.object);
                    self.reads_at = now;
                    if self.reads.len() == tool::READS_PER_LINE {
                        self.flush_reads(to);
                    }
                } else {
                    self.flush_reads(to);
                    to.step(tool::view(&view, &self.theme));
                }
            }
            AgentEvent::Plan { items } => self.set_plan(items, to),
            AgentEvent::Notice { level, text } => to.notice(level, &text),
            AgentEvent::TurnFinished { summary } => {
                self.settle(to);
                to.turn_end(&summary);
            }
            AgentEvent::UserMessage { .. }
            | AgentEvent::Usage { .. }
            | AgentEvent::Asked { .. }
            | AgentEvent::Mode { .. }
            | AgentEvent::AskClosed { .. } => {}
        }
    }

    /// Writes everything that is open and forgets the turn.
    pub fn settle(&mut self, to: &mut Transcript) {
        self.text_done(to);
        self.flush_reads(to);
        self.write_plan(to);
        self.thinking = None;
        self.running.clear();
        self.told.clear();
        self.retry = None;
        self.started = None;
    }

    /// Reads that have waited long enough are written.
    pub fn tick(&mut self, now: Duration, to: &mut Transcript) {
        if !self.reads.is_empty() && now >= self.reads_at + READS_WAIT {
            self.flush_reads(to);
        }
    }

    /// The changes of a call are written; its end needs to tell no more than that.
    pub fn told(&mut self, call_id: &str) {
        self.told.push(call_id.to_owned());
    }

    fn text(&mut self, text: &str, to: &mut Transcript) {
        self.retry = None;
        let settings = || Settings {
            width: self.cols,
            theme: self.theme.clone(),
        };
        let stream = self
            .stream
            .get_or_insert_with(|| MarkdownStream::new(settings()));
        let mut lines = Vec::new();
        stream.push(text, &mut lines);
        to.text(lines);
    }

    fn text_done(&mut self, to: &mut Transcript) {
        if let Some(mut stream) = self.stream.take() {
            let mut lines = Vec::new();
            stream.finish(&mut lines);
            to.text(lines);
            to.text_done();
        }
    }

    fn think(&mut self, text: &str) {
        self.retry = None;
        let thinking = self.thinking.get_or_insert_default();
        if thinking.len() < MAX_TAIL {
            thinking.push_str(text);
        }
    }

    fn output(&mut self, call_id: &str, text: &str) {
        let Some(running) = self.running.iter_mut().find(|r| r.call_id == call_id) else {
            return;
        };
        running.tail.push_str(text);
        running.lines += text.matches('\n').count();
        if running.tail.len() > 2 * MAX_TAIL {
            running.tail = suffix(&running.tail, MAX_TAIL).to_owned();
        }
    }

    fn flush_reads(&mut self, to: &mut Transcript) {
        if !self.reads.is_empty() {
            to.step(vec![tool::reads(&self.reads, &self.theme)]);
            self.reads.clear();
        }
    }

    /// A command runs that could go on in the background.
    pub fn runs_command(&self) -> bool {
        self.running
            .iter()
            .any(|running| running.title.verb == "Run")
    }

    /// A command runs so long that the background is worth a hint.
    pub fn is_tedious(&self, now: Duration) -> bool {
        let first = self.running.first();
        first.is_some_and(|first| {
            first.title.verb == "Run" && now.saturating_sub(first.started) >= TEDIOUS
        })
    }

    /// The row that says what is going on, in at most [`NARROW`] columns.
    pub fn activity(&self, now: Duration) -> Option<String> {
        let started = self
            .started
            .or(self.running.first().map(|call| call.started))?;
        let glyphs = self.theme.glyphs;
        let end = format!(" {} esc stops", glyphs.dot);
        if let Some(retry) = &self.retry {
            let left = whole_seconds(retry.until.saturating_sub(now) + Duration::from_millis(999));
            return Some(format!(
                "Attempt {} of {} in {left}{end}",
                retry.attempt, retry.of
            ));
        }
        let since = |start: Duration| whole_seconds(now.saturating_sub(start));
        if let Some(first) = self.running.first() {
            let time = since(first.started);
            let more = match self.running.len() {
                1 => String::new(),
                n => format!(" +{}", n - 1),
            };
            let verb = doing(&first.title.verb);
            let taken = width(&verb) + width(&more) + width(&time) + width(&end) + 2;
            let object = one_line(&clean(&first.title.object), 200);
            let room = NARROW.saturating_sub(taken);
            let object = if first.title.verb == "Run" {
                fit(&object, room, glyphs.ellipsis)
            } else {
                fit_middle(&object, room, glyphs.ellipsis)
            };
            let gap = if object.is_empty() { "" } else { " " };
            return Some(format!("{verb}{gap}{object}{more} {time}{end}"));
        }
        let word = if self.thinking.is_some() {
            "Thinking"
        } else if self.stream.is_some() {
            "Writing"
        } else {
            "Working"
        };
        Some(format!("{word} {}{end}", since(started)))
    }

    /// One row of at most [`NARROW`] columns of what is not finished yet.
    pub fn preview(&self) -> Line<'static> {
        if let Some(stream) = &self.stream {
            return stream.preview(NARROW);
        }
        let dim =
            |text: &str| Line::styled(text[row_end(text, NARROW)..].to_owned(), self.theme.dim);
        if let Some(thinking) = &self.thinking {
            let cleaned = clean(suffix(thinking, 256)).replace('\n', " ");
            return dim(cleaned.trim());
        }
        Line::default()
    }

    /// When something shown changes by itself.
    pub fn next_change(&self, now: Duration) -> Option<Duration> {
        let reads = (!self.reads.is_empty()).then(|| self.reads_at + READS_WAIT);
        let start = match (&self.retry, self.running.first()) {
            (Some(retry), _) => Some(retry.until),
            (None, Some(running)) => Some(running.started),
            (None, None) => self.started,
        };
        let second = start.filter(|_| self.is_busy()).map(|start| {
            // The next moment at which a whole number of seconds separates it from now.
            let nanos = |time: Duration| i128::try_from(time.as_nanos()).unwrap_or(i128::MAX);
            let left = (nanos(start) - nanos(now)).rem_euclid(1_000_000_000);
            let left = if left == 0 { 1_000_000_000 } else { left };
            now + Duration::from_nanos(u64::try_from(left).unwrap_or(0))
        });
        [reads, second].into_iter().flatten().min()
    }
}

fn whole_seconds(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..=59 => format!("{seconds} s"),
        _ => duration(seconds * 1000),
    }
}

/// `Run` as `Running`.
fn doing(verb: &str) -> String {
    let known = [
        ("Read", "Reading"),
        ("List", "Listing"),
        ("Search", "Searching"),
        ("Find", "Finding"),
        ("Edit", "Editing"),
        ("Write", "Writing"),
        ("Append", "Appending"),
        ("Run", "Running"),
        ("Fetch", "Fetching"),
        ("Ask", "Asking"),
        ("Plan", "Planning"),
        ("Enter", "Entering"),
        ("Propose", "Proposing"),
        ("Create", "Creating"),
        ("Move", "Moving"),
        ("Copy", "Copying"),
        ("Delete", "Deleting"),
        ("Compact", "Compacting"),
    ];
    known.iter().find(|(name, _)| *name == verb).map_or_else(
        || clean(verb).into_owned(),
        |(_, doing)| (*doing).to_owned(),
    )
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
