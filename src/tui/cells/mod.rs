//! Finished things as lines for the scrollback, with the blank lines between them.

use std::collections::VecDeque;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::protocol::event::{NoticeLevel, TurnOutcome, TurnSummary};
use crate::protocol::message::StopReason;
use crate::render::markdown::Settings;
use crate::render::stream::document;
use crate::render::text::{expand_tabs, fit, width};
use crate::render::theme::Theme;
use crate::render::wrap::{Wrapper, to_line};
use crate::stdx::text::{clean, count, dollars, duration, one_line, plural};

/// Rows of the user's message shown; the rest is counted.
const MAX_USER_ROWS: usize = 24;
/// Characters of them that are shown.
const MAX_USER_CHARS: usize = 4_000;

/// What stands last in the scrollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Start,
    /// Part of an answer.
    Text,
    /// One of the compact lines: calls, thoughts, notices.
    Step,
    /// Anything that stands alone.
    Block,
}

/// Lines on their way into the scrollback.
pub struct Transcript {
    lines: VecDeque<Line<'static>>,
    last: Last,
    theme: Theme,
    cols: usize,
}

impl Transcript {
    /// Nothing written yet.
    pub fn new(theme: Theme) -> Self {
        Self {
            lines: VecDeque::new(),
            last: Last::Start,
            theme,
            cols: 80,
        }
    }

    /// Uses another theme from now on.
    pub fn set_theme(&mut self, theme: Theme) {
        self.theme = theme;
    }

    /// Columns of the terminal.
    pub fn set_cols(&mut self, cols: usize) {
        self.cols = cols;
    }

    /// Lines that wait to be written.
    pub fn pending(&self) -> usize {
        self.lines.len()
    }

    /// Takes the waiting lines, or the first ones of about `most` bytes.
    pub fn take(&mut self, most: usize) -> Vec<Line<'static>> {
        let mut bytes = 0;
        let more = self.lines.iter().position(|line| {
            bytes += line
                .spans
                .iter()
                .map(|span| span.content.len())
                .sum::<usize>()
                + 1;
            bytes > most
        });
        match more {
            Some(at) => self.lines.drain(..at.max(1)).collect(),
            None => std::mem::take(&mut self.lines).into(),
        }
    }

    fn begin(&mut self, kind: Last) {
        let compact = self.last == Last::Step && kind == Last::Step;
        if self.last != Last::Start && !compact {
            self.lines.push_back(Line::default());
        }
        self.last = kind;
    }

    /// The lines above the first prompt.
    pub fn header(&mut self, lines: Vec<Line<'static>>) {
        self.begin(Last::Block);
        self.lines.extend(lines);
    }

    /// What the user said, behind the sign of the prompt.
    pub fn user(&mut self, sign: &str, text: &str) {
        self.begin(Last::Block);
        let cleaned = clean(text);
        let rows: Vec<&str> = cleaned.trim_end().lines().collect();
        let indent = " ".repeat(sign.len() + 1);
        let (mut room, mut shown, mut cut) = (MAX_USER_CHARS, 0, 0);
        for (index, row) in rows.iter().take(MAX_USER_ROWS).enumerate() {
            if room == 0 {
                break;
            }
            shown += 1;
            let end = row.char_indices().nth(room).map(|(at, _)| at);
            cut = end.map_or(0, |at| row[at..].chars().count());
            let row = &row[..end.unwrap_or(row.len())];
            room = room.saturating_sub(row.chars().count());
            let start = if index == 0 {
                Span::styled(format!("{sign} "), self.theme.accent)
            } else {
                Span::raw(indent.clone())
            };
            for (index, piece) in self.broken(row, sign.len() + 1).into_iter().enumerate() {
                let start = match index {
                    0 => start.clone(),
                    _ => Span::raw(indent.clone()),
                };
                self.lines
                    .push_back(Line::from(vec![start, Span::raw(piece)]));
            }
        }
        let more = match (rows.len() - shown, cut) {
            (0, 0) => None,
            (0, cut) => Some(plural(cut, "more character")),
            (left, _) => Some(plural(left, "more line")),
        };
        if let Some(more) = more {
            self.lines.push_back(Line::styled(
                format!("{indent}{} {more}", self.theme.glyphs.ellipsis),
                self.theme.dim,
            ));
        }
    }

    /// Lines of an answer as they finish; the stream has put its own blank lines between.
    pub fn text(&mut self, lines: Vec<Line<'static>>) {
        if lines.is_empty() {
            return;
        }
        let mut lines = lines.into_iter().peekable();
        if self.last != Last::Text {
            self.begin(Last::Text);
            lines.next_if(|line| line.width() == 0);
        }
        self.lines.extend(lines);
    }

    /// The answer is complete: what follows is set off.
    pub fn text_done(&mut self) {
        if self.last == Last::Text {
            self.last = Last::Block;
        }
    }

    /// Compact lines: a finished call, a plan.
    pub fn step(&mut self, lines: Vec<Line<'static>>) {
        self.begin(Last::Step);
        let mut lines = lines.into_iter();
        // What stands below its first line is shown as it is.
        if let Some(first) = lines.next() {
            self.hang(first);
        }
        self.lines.extend(lines);
    }

    /// A line that is too wide breaks between words, and hangs below its sign.
    fn hang(&mut self, line: Line<'static>) {
        const INDENT: usize = 2;
        let room = self.cols.saturating_sub(INDENT);
        if line.width() <= self.cols || room < INDENT {
            self.lines.push_back(line);
            return;
        }
        let mut wrapper = Wrapper::new(room);
        for span in &line.spans {
            wrapper.push(&span.content, line.style.patch(span.style));
        }
        for (index, row) in wrapper.finish().into_iter().enumerate() {
            let mut row = to_line(row);
            if index > 0 {
                row.spans.insert(0, Span::raw(" ".repeat(INDENT)));
            }
            self.lines.push_back(row);
        }
    }

    /// One dim line for finished reasoning.
    pub fn thought(&mut self, elapsed_ms: Option<u64>, text: &str, cols: usize) {
        if let Some(line) = thought(elapsed_ms, text, cols, &self.theme) {
            self.step(vec![line]);
        }
    }

    /// Something the user should know.
    pub fn notice(&mut self, level: NoticeLevel, text: &str) {
        let style = match level {
            NoticeLevel::Info => self.theme.dim,
            NoticeLevel::Warning => self.theme.warning,
            NoticeLevel::Error => self.theme.error,
        };
        self.begin(Last::Step);
        let cleaned = clean(text);
        for row in cleaned.trim_end().lines() {
            for piece in self.broken(row, 2) {
                self.lines
                    .push_back(Line::styled(format!("  {piece}"), style));
            }
        }
    }

    /// A line that is too wide behind its indent, between words; what it begins with
    /// stays in front of each row.
    fn broken(&self, row: &str, indent: usize) -> Vec<String> {
        let row = expand_tabs(row);
        let room = self.cols.saturating_sub(indent).max(1);
        if width(&row) <= room {
            return vec![row.into_owned()];
        }
        let (blanks, words) = row.split_at(row.len() - row.trim_start_matches(' ').len());
        let blanks = &blanks[..blanks.len().min(room / 2)];
        let mut wrapper = Wrapper::new(room - blanks.len());
        wrapper.push(words, Style::default());
        let rows = wrapper.finish().into_iter();
        rows.map(|row| row.into_iter().map(|(text, _)| text).collect::<String>())
            .map(|row| format!("{blanks}{row}"))
            .collect()
    }

    /// Markdown that belongs to no conversation.
    pub fn document(&mut self, markdown: &str, cols: usize) {
        let settings = Settings {
            width: cols,
            theme: self.theme.clone(),
        };
        let lines = document(markdown, &settings);
        if !lines.is_empty() {
            self.begin(Last::Block);
            self.lines.extend(lines);
        }
    }

    /// The end of a turn: how, and its sums.
    pub fn turn_end(&mut self, summary: &TurnSummary) {
        self.begin(Last::Block);
        self.lines.extend(turn_end(summary, &self.theme));
    }
}

/// Reasoning by its time and first words; nothing where there is neither.
pub fn thought(
    elapsed_ms: Option<u64>,
    text: &str,
    cols: usize,
    theme: &Theme,
) -> Option<Line<'static>> {
    let cleaned = clean(text);
    let words = one_line(cleaned.trim().trim_matches('*'), 400);
    if words.is_empty() && elapsed_ms.is_none() {
        return None;
    }
    let time = elapsed_ms.map_or(String::new(), |ms| format!(" {}", duration(ms)));
    let separator = if words.is_empty() { "" } else { ": " };
    let line = format!("  thought{time}{separator}{words}");
    let room = cols.saturating_sub(1).max(20);
    Some(Line::styled(
        fit(&line, room, theme.glyphs.ellipsis),
        theme.dim,
    ))
}

/// How a turn ended, and its sums.
pub fn turn_end(summary: &TurnSummary, theme: &Theme) -> Vec<Line<'static>> {
    let (said, style) = outcome(&summary.outcome, theme);
    let mut lines: Vec<Line<'static>> = clean(&said)
        .lines()
        .map(|row| Line::styled(format!("  {row}"), style))
        .collect();
    let sums = sums(summary, theme.glyphs.dot);
    lines.push(Line::styled(format!("  {sums}"), theme.dim));
    lines
}

fn outcome(outcome: &TurnOutcome, theme: &Theme) -> (String, ratatui::style::Style) {
    match outcome {
        TurnOutcome::Finished { stop } => match stop {
            StopReason::EndTurn | StopReason::ToolUse | StopReason::PauseTurn => {
                (String::new(), theme.dim)
            }
            StopReason::MaxTokens => ("cut off at the output limit".into(), theme.warning),
            StopReason::ContextWindow => (
                "the conversation no longer fits the model".into(),
                theme.warning,
            ),
            StopReason::Interrupted => ("stopped".into(), theme.warning),
            StopReason::Refusal { explanation, .. } => {
                let why = explanation.as_deref().unwrap_or_default();
                let separator = if why.is_empty() { "" } else { ": " };
                (format!("the model declined{separator}{why}"), theme.warning)
            }
        },
        TurnOutcome::Interrupted => ("stopped".into(), theme.warning),
        TurnOutcome::Limit { message } => (message.clone(), theme.warning),
        TurnOutcome::Failed { message } => (message.clone(), theme.error),
    }
}

fn sums(summary: &TurnSummary, dot: &str) -> String {
    let mut parts = vec![duration(summary.elapsed_ms)];
    let usage = &summary.usage;
    if usage.prompt() > 0 {
        let mut tokens = format!("{} in", count(usage.prompt()));
        if let Some(percent) = usage.cached_percent().filter(|percent| *percent > 0) {
            tokens.push_str(&format!(", {percent} % cached"));
        }
        parts.push(tokens);
        parts.push(format!("{} out", count(usage.output)));
    }
    if summary.cost.incomplete && summary.cost.usd == 0.0 {
        if usage.prompt() > 0 {
            parts.push("price unknown".into());
        }
    } else if summary.cost.incomplete {
        parts.push(format!("at least {}", dollars(summary.cost.usd)));
    } else if usage.prompt() > 0 {
        parts.push(dollars(summary.cost.usd));
    }
    parts.join(&format!(" {dot} "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::usage::{Cost, Usage};

    fn shown(transcript: &mut Transcript) -> String {
        transcript
            .take(usize::MAX)
            .iter()
            .map(|line| format!("{line}"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn summary(outcome: TurnOutcome) -> TurnSummary {
        TurnSummary {
            outcome,
            elapsed_ms: 41_000,
            usage: Usage {
                input: 496,
                cache_read: 11_904,
                output: 1_800,
                ..Usage::default()
            },
            cost: Cost {
                usd: 0.021,
                incomplete: false,
            },
            tools: Vec::new(),
        }
    }

    #[test]
    fn things_are_set_off_and_steps_stay_together() {
        let mut transcript = Transcript::new(Theme::default());
        transcript.header(vec![Line::raw("sofos 0.1.0")]);
        transcript.user(">", "fix it\nplease\u{1b}[2J");
        transcript.thought(Some(6_000), "the test\nreads the clock twice", 40);
        transcript.step(vec![Line::raw("• Read a.rs")]);
        transcript.step(vec![Line::raw("• Run b")]);
        transcript.text(vec![Line::raw("one"), Line::default(), Line::raw("two")]);
        transcript.text(vec![Line::default(), Line::raw("three")]);
        transcript.notice(NoticeLevel::Info, "noted");
        transcript.text(vec![Line::default(), Line::raw("four")]);
        transcript.turn_end(&summary(TurnOutcome::Interrupted));
        assert_eq!(
            shown(&mut transcript),
            "sofos 0.1.0\n\n> fix it\n  please\n\n  thought 6.0 s: the test reads the cl…\n• Read a.rs\n\
             • Run b\n\none\n\ntwo\n\nthree\n\n  noted\n\nfour\n\n  stopped\n  \
             41 s · 12.4k in, 96 % cached · 1.8k out · $0.021"
        );
    }

    #[test]
    fn wide_lines_break_between_words() {
        let mut transcript = Transcript::new(Theme::default());
        transcript.set_cols(20);
        transcript.user(">", "fix the flaky test and\n    its neighbour too, please");
        transcript.notice(
            NoticeLevel::Info,
            "no such file; see https://example.org/a/long/address now",
        );
        transcript.step(vec![
            Line::raw("• Run cargo test --all · exit 101 · 3.2 s"),
            Line::raw("  │ a line of its output is as wide as it is"),
        ]);
        assert_eq!(
            shown(&mut transcript),
            "> fix the flaky test\n  and\n      its neighbour\n      too, please\n\n  \
             no such file; see\n  https://example.org/a/long/address\n  now\n\
             • Run cargo test\n  --all · exit 101 ·\n  3.2 s\n  \
             │ a line of its output is as wide as it is"
        );
    }

    #[test]
    fn a_long_message_is_folded() {
        let mut transcript = Transcript::new(Theme::new(false));
        transcript.user(":", &"row\n".repeat(100));
        let text = shown(&mut transcript);
        assert!(text.starts_with(": row\n  row"));
        assert!(text.ends_with("  ... 76 more lines"), "{text}");
        let mut transcript = Transcript::new(Theme::new(false));
        transcript.user(">", &"é ".repeat(5_000));
        let text = shown(&mut transcript);
        assert!(text.ends_with("  ... 5999 more characters"), "{text}");
    }

    #[test]
    fn many_lines_are_taken_in_parts() {
        let mut transcript = Transcript::new(Theme::default());
        transcript.header(
            (0..100)
                .map(|n| Line::raw(format!("line {n:03}")))
                .collect(),
        );
        let mut taken = Vec::new();
        while transcript.pending() > 0 {
            let part = transcript.take(50);
            assert!((1..=5).contains(&part.len()), "{part:?}");
            taken.extend(part);
        }
        assert_eq!(taken.len(), 100);
        assert_eq!(taken[99].to_string(), "line 099");
        transcript.header(vec![Line::raw("far longer than the room")]);
        assert_eq!(transcript.take(3).len(), 1);
    }

    #[test]
    fn unknown_prices_are_said_to_be_unknown() {
        let mut unknown = summary(TurnOutcome::Finished {
            stop: StopReason::EndTurn,
        });
        unknown.cost = Cost {
            usd: 0.0,
            incomplete: true,
        };
        assert!(sums(&unknown, "-").ends_with("1.8k out - price unknown"));
    }
}
