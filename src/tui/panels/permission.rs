//! The question whether a call may run, with exactly what it would do.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::text::{Line, Span};

use crate::protocol::permission::{Answer, AskRequest, Grant, Preview};
use crate::protocol::tool::ToolBody;
use crate::render::markdown::Settings;
use crate::render::stream::document;
use crate::render::theme::Theme;
use crate::render::tool::title_text;
use crate::render::wrap::{Pieces, Wrapper, hard_rows, steady_pieces, to_line};
use crate::render::{diff, text};
use crate::stdx::text::{clean, plural};
use crate::tui::composer::{Composer, Outcome, layout};
use crate::tui::terminal::input::Key;
use crate::tui::terminal::scrollback::Caret;

use super::PanelView;

/// Keys that come this soon after the question were meant for something else.
pub const GRACE: Duration = Duration::from_millis(300);

/// Fewer rows stay in the panel and scroll there, if need be.
const LEAST_TOLD: usize = 3;
/// Lines of a command that are written above the panel.
const MAX_TOLD: usize = 100;

/// What is written above a panel that has no room for it.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Markdown.
    Document(String),
    /// What stands below the line of the call.
    Call(ToolBody),
}

/// What a key or paste did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskOutcome {
    /// Nothing.
    Ignored,
    /// The panel changed.
    Done,
    /// It came too soon: it belongs to the prompt.
    TooSoon,
    /// The answer.
    Answer(Answer),
    /// No, and the turn ends.
    Stop,
    /// All of what it is about, on a screen of its own.
    View,
}

/// One question.
pub struct PermissionPanel {
    /// The question.
    pub ask: AskRequest,
    /// When it was first on the screen.
    shown: Option<Duration>,
    /// What the model is told with a no; being typed.
    message: Option<Composer>,
    /// What it is about is written above it.
    told: bool,
    scroll: usize,
    /// Rows that did not fit when it was drawn last.
    hidden: usize,
}

impl PermissionPanel {
    /// Not shown yet.
    pub fn new(ask: AskRequest) -> Self {
        Self {
            ask,
            shown: None,
            message: None,
            told: false,
            scroll: 0,
            hidden: 0,
        }
    }

    /// It is on the screen since now, unless it was before.
    pub fn shown(&mut self, now: Duration) {
        self.shown.get_or_insert(now);
    }

    /// A message is being typed.
    pub fn is_typing(&self) -> bool {
        self.message.is_some()
    }

    fn has_choices(&self) -> bool {
        matches!(&self.ask.preview, Preview::Question { choices, .. } if !choices.is_empty())
    }

    fn is_armed(&self, now: Duration) -> bool {
        self.shown.is_some_and(|shown| now >= shown + GRACE)
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key, now: Duration) -> AskOutcome {
        if !self.is_armed(now) {
            return AskOutcome::TooSoon;
        }
        let control_c = key == Key::ctrl('c');
        if let Some(message) = &mut self.message {
            if key.code == KeyCode::Esc || control_c {
                self.message = None;
                return AskOutcome::Done;
            }
            if key == Key::plain(KeyCode::Enter) {
                let message = message.take().text;
                return AskOutcome::Answer(match self.ask.preview {
                    Preview::Question { .. } => Answer::Reply { text: message },
                    _ => Answer::No { message },
                });
            }
            return match message.key(key) {
                Outcome::Ignored => AskOutcome::Ignored,
                Outcome::Done | Outcome::Send(_) => AskOutcome::Done,
            };
        }
        if control_c {
            return AskOutcome::Stop;
        }
        if key
            .modifiers
            .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
        {
            return AskOutcome::Ignored;
        }
        if let Preview::Question { choices, .. } = &self.ask.preview
            && let KeyCode::Char(ch) = key.code
        {
            let digit = ch.to_digit(10).map(|digit| digit as usize);
            let choice = digit.and_then(|digit| choices.get(digit.checked_sub(1)?));
            return match (choice, ch) {
                (Some(choice), _) => AskOutcome::Answer(Answer::Reply {
                    text: choice.clone(),
                }),
                (None, 'a') => {
                    self.message = Some(Composer::new(Vec::new()));
                    AskOutcome::Done
                }
                (None, 'v') => AskOutcome::View,
                (None, _) => AskOutcome::Ignored,
            };
        }
        match key.code {
            KeyCode::Char('y') => AskOutcome::Answer(Answer::Once),
            KeyCode::Char('s') if !self.ask.session.is_empty() => {
                AskOutcome::Answer(Answer::Session)
            }
            KeyCode::Char('a') if !self.ask.always.is_empty() => AskOutcome::Answer(Answer::Always),
            KeyCode::Char('n') => {
                self.message = Some(Composer::new(Vec::new()));
                AskOutcome::Done
            }
            KeyCode::Char('v') => AskOutcome::View,
            KeyCode::Esc => AskOutcome::Stop,
            KeyCode::Up => self.scroll_by(-1),
            KeyCode::Down => self.scroll_by(1),
            KeyCode::PageUp => self.scroll_by(-8),
            KeyCode::PageDown => self.scroll_by(8),
            KeyCode::Home => self.scroll_by(isize::MIN),
            KeyCode::End => self.scroll_by(isize::MAX),
            _ => AskOutcome::Ignored,
        }
    }

    /// Takes a paste: text for the message, never an answer.
    pub fn paste(&mut self, text: &str) -> AskOutcome {
        match &mut self.message {
            Some(message) => {
                message.paste(&text.replace('\n', " "));
                AskOutcome::Done
            }
            None => AskOutcome::Ignored,
        }
    }

    fn scroll_by(&mut self, rows: isize) -> AskOutcome {
        let most = self.scroll + self.hidden;
        self.scroll = self.scroll.saturating_add_signed(rows).min(most);
        AskOutcome::Done
    }

    /// What it is about, to be written above it; nothing when the panel has room for
    /// that, or it was written before. What is written is in the panel no more.
    pub fn tell(
        &mut self,
        cols: usize,
        most: usize,
        fits: impl Fn(&[Line<'_>]) -> bool,
        theme: &Theme,
    ) -> Option<Told> {
        if self.told {
            return None;
        }
        let body = self.body(cols, theme);
        let rows = [
            &[Line::default()],
            &body[..],
            &self.effects(cols, theme),
            &self.reasons(cols, theme),
            &self.keys(cols, most, theme),
        ];
        if body.len() < LEAST_TOLD || fits(&rows.concat()) {
            return None;
        }
        let told = match &self.ask.preview {
            Preview::None => return None,
            Preview::Plan { markdown } => Told::Document(markdown.clone()),
            Preview::Question { text, choices } => Told::Document(numbered(text, choices)),
            Preview::Diff { diff } => Told::Call(ToolBody::Diff { diff: diff.clone() }),
            Preview::Diffs { diffs } => Told::Call(ToolBody::Diffs {
                diffs: diffs.clone(),
            }),
            Preview::Command { text } | Preview::Call { text } => {
                let mut tail: Vec<String> = exact(text).lines().map(str::to_owned).collect();
                let more = tail.len().saturating_sub(MAX_TOLD);
                tail.truncate(MAX_TOLD);
                if more > 0 {
                    tail.push(format!(
                        "{} {} more, v shows all",
                        theme.glyphs.ellipsis,
                        plural(more, "line")
                    ));
                }
                Told::Call(ToolBody::Output { tail, folded: 0 })
            }
        };
        self.told = true;
        Some(told)
    }

    /// As many rows of at most `cols` columns as `fits` lets there be, `most` at most
    /// and no fewer than the question, a row of what it is about and the keys.
    /// `waiting`: questions behind this one.
    pub fn fitting(
        &mut self,
        cols: usize,
        most: usize,
        fits: impl Fn(&[Line<'_>]) -> bool,
        waiting: usize,
        theme: &Theme,
    ) -> PanelView {
        let (head, caret) = self.head(cols, waiting, theme);
        // What would happen stays in sight below a long text, as far as there is room.
        let mut pinned = self.effects(cols, theme);
        pinned.extend(self.reasons(cols, theme));
        let body = match self.told {
            true => vec![told(cols, theme)],
            false => self.body(cols, theme),
        };
        let mut height = most;
        loop {
            let keys = self.keys(cols, height, theme);
            let least = (keys.len() + 2).min(most);
            let room = height.saturating_sub(1 + keys.len()).max(1);
            let (shown, scroll, hidden) = self.inside(&body, &pinned, room, cols, theme);
            let rows = [vec![head.clone()], shown, keys].concat();
            if fits(&rows) || height <= least {
                (self.scroll, self.hidden) = (scroll, hidden);
                return PanelView { rows, caret };
            }
            height -= 1;
        }
    }

    /// The question, or the message that is typed.
    fn head(&self, cols: usize, waiting: usize, theme: &Theme) -> (Line<'static>, Caret) {
        if let Some(message) = &self.message {
            let label = match self.ask.preview {
                Preview::Question { .. } => "answer: ",
                _ => "no: ",
            };
            let (line, col) = message_row(message, label, cols, theme);
            let col = u16::try_from(col).unwrap_or(0);
            return (line, Caret { row: 0, col });
        }
        let more = match waiting {
            0 => String::new(),
            n => format!(" (1 of {})", n + 1),
        };
        let room = cols.saturating_sub(more.len());
        let question = text::fit(&self.question(), room, theme.glyphs.ellipsis);
        let line = Line::styled(format!("{question}{more}"), theme.verb);
        (line, Caret::default())
    }

    /// What it is about in `room` rows, what of it is above, and how much is below.
    fn inside(
        &self,
        body: &[Line<'static>],
        pinned: &[Line<'static>],
        room: usize,
        cols: usize,
        theme: &Theme,
    ) -> (Vec<Line<'static>>, usize, usize) {
        if pinned.len() + body.len() <= room {
            return ([body, pinned].concat(), 0, 0);
        }
        let (body, pinned) = if pinned.len() + body.len().min(2) > room {
            ([body, pinned].concat(), &[][..])
        } else {
            (body.to_vec(), pinned)
        };
        // A row tells what is out of sight.
        let inside = (room - pinned.len()).saturating_sub(1).max(1);
        let scroll = self.scroll.min(body.len().saturating_sub(inside));
        let end = (scroll + inside).min(body.len());
        let hidden = body.len() - end;
        let mut rows = body[scroll..end].to_vec();
        if room - pinned.len() > 1 {
            rows.push(place(scroll, hidden, cols, theme));
        }
        rows.extend_from_slice(pinned);
        (rows, scroll, hidden)
    }

    fn question(&self) -> String {
        if let Some(question) = &self.ask.question {
            return question.clone();
        }
        match (&self.ask.preview, self.ask.title.verb.as_str()) {
            (Preview::Command { .. }, _) => "Run this command?".into(),
            (Preview::Question { .. }, _) => "A question".into(),
            (Preview::Plan { .. }, _) => "Carry out this plan?".into(),
            _ => format!("{}?", title_text(&self.ask.title)),
        }
    }

    /// What exactly would be done, every character of it.
    fn body(&self, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
        let room = cols.saturating_sub(4);
        let indented = |pieces: Pieces, indent: &str| {
            let mut row = vec![(indent.to_owned(), Default::default())];
            row.extend(pieces);
            to_line(row)
        };
        match &self.ask.preview {
            Preview::None => Vec::new(),
            Preview::Command { text } | Preview::Call { text } => exact(text)
                .lines()
                .flat_map(|line| hard_rows(&[(line.to_owned(), Default::default())], room))
                .map(|pieces| indented(pieces, "  "))
                .collect(),
            Preview::Question { text, choices } => {
                let keys = (1..).map(|key| format!("{key} "));
                let choices = keys
                    .zip(choices)
                    .map(|(key, choice)| (key, choice.as_str()));
                let all = std::iter::once((String::new(), text.as_str())).chain(choices);
                all.flat_map(|(key, words)| said(&key, words, cols, theme))
                    .collect()
            }
            Preview::Plan { markdown } => {
                let settings = Settings {
                    width: room,
                    theme: theme.clone(),
                };
                document(&clean(markdown), &settings)
                    .into_iter()
                    .flat_map(|line| fitted(line, room))
                    .collect()
            }
            Preview::Diff { diff } => diff::rows(diff, cols, theme),
            Preview::Diffs { diffs } => diff::several_rows(diffs, cols, theme),
        }
    }

    /// A part of a command stands in the command itself, word for word.
    fn is_seen(&self, effect: &str) -> bool {
        match (&self.ask.preview, effect.strip_prefix("runs ")) {
            (Preview::Command { text }, Some(part)) => text.contains(part),
            _ => false,
        }
    }

    /// What would happen, in plain words.
    fn effects(&self, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
        self.ask
            .effects
            .iter()
            .filter(|effect| !self.is_seen(effect))
            .flat_map(|effect| {
                let words = text::steady_text(&clean(effect)).into_owned();
                let rows = hard_rows(&[(words, Default::default())], cols.saturating_sub(4));
                (0..).zip(rows).map(|(index, pieces)| {
                    let start = if index == 0 { theme.glyphs.dot } else { " " };
                    let mut row = vec![(format!("  {start} "), theme.dim)];
                    row.extend(pieces);
                    to_line(row)
                })
            })
            .collect()
    }

    /// Why it is asked, and what the wider answers would allow.
    fn reasons(&self, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
        let rules = |grants: &[Grant]| {
            let rules: Vec<String> = grants
                .iter()
                .map(|grant| text::steady_text(&exact(&grant.rule)).into_owned())
                .collect();
            rules.join(", ")
        };
        let mut parts = Vec::new();
        let reasons = self.ask.reasons();
        if !reasons.is_empty() {
            parts.push(clean(&reasons).into_owned());
        }
        let (session, always) = (rules(&self.ask.session), rules(&self.ask.always));
        if !session.is_empty() && session == always {
            parts.push(format!("s and a allow {session}"));
        } else {
            for (key, rules) in [("s", session), ("a", always)] {
                if !rules.is_empty() {
                    parts.push(format!("{key} allows {rules}"));
                }
            }
        }
        parts
            .iter()
            .flat_map(|part| {
                let mut wrapper = Wrapper::new(cols);
                wrapper.push(part, theme.dim);
                wrapper.finish()
            })
            .flat_map(|row| hard_rows(&row, cols))
            .map(to_line)
            .collect()
    }

    /// The keys with their meaning; in few words where rows are scarce.
    fn keys(&self, cols: usize, height: usize, theme: &Theme) -> Vec<Line<'static>> {
        let asks = matches!(self.ask.preview, Preview::Question { .. });
        let all: &[(&str, &str, &str)] = if self.message.is_some() {
            &[("enter", "tell the model", "tell"), ("esc", "back", "back")]
        } else if asks {
            &[
                ("1-9", "choose", "choose"),
                ("a", "answer in your own words", "answer"),
                ("esc", "stop the turn", "stop"),
            ]
        } else {
            &[
                ("y", "once", "once"),
                ("s", "this session", "session"),
                ("a", "always", "always"),
                ("n", "no, tell it why", "no"),
                ("esc", "stop the turn", "stop"),
            ]
        };
        let offered = |key: &str| match key {
            "s" => !self.ask.session.is_empty(),
            "a" => asks || !self.ask.always.is_empty(),
            "1-9" => self.has_choices(),
            _ => true,
        };
        let shown = |long: bool| {
            let keys: Vec<(&str, &str)> = all
                .iter()
                .filter(|(key, ..)| offered(key))
                .map(|(key, words, word)| (*key, if long { *words } else { *word }))
                .collect();
            key_rows(&keys, cols, theme)
        };
        let rows = shown(true);
        if rows.len() > 2 || rows.len() * 3 > height {
            shown(false)
        } else {
            rows
        }
    }
}

/// A question and the answers there are.
pub fn numbered(text: &str, choices: &[String]) -> String {
    let choices = (1..).zip(choices);
    let choices = choices.map(|(number, choice)| format!("\n{number}. {choice}"));
    format!("{text}\n{}", choices.collect::<String>())
}

/// Where to find what it is about.
fn told(cols: usize, theme: &Theme) -> Line<'static> {
    let text = format!("  {} shown above   v shows all", theme.glyphs.ellipsis);
    Line::styled(text::prefix(&text, cols).to_owned(), theme.dim)
}

/// How much of the text is out of sight.
fn place(above: usize, below: usize, cols: usize, theme: &Theme) -> Line<'static> {
    let what = match (above, below) {
        (0, below) => format!("{below} more below"),
        (above, 0) => format!("{above} more above"),
        (above, below) => format!("{above} above, {below} below"),
    };
    let text = format!("  {} {what}   v shows all", theme.glyphs.ellipsis);
    Line::styled(text::prefix(&text, cols).to_owned(), theme.dim)
}

/// A line in rows of certain width.
fn fitted(line: Line<'static>, width: usize) -> Vec<Line<'static>> {
    let rows = hard_rows(&steady_pieces(line), width);
    rows.into_iter().map(to_line).collect()
}

fn key_rows(keys: &[(&str, &str)], cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    const GAP: &str = "   ";
    let mut rows: Vec<Vec<Span<'static>>> = vec![Vec::new()];
    let mut used = 0;
    for (key, meaning) in keys {
        let wide = key.len() + 1 + meaning.len();
        let gap = if used == 0 { 0 } else { GAP.len() };
        if used + gap + wide > cols && used > 0 {
            rows.push(Vec::new());
            used = 0;
        }
        let Some(row) = rows.last_mut() else { continue };
        if used > 0 {
            row.push(Span::raw(GAP));
            used += GAP.len();
        }
        used += wide;
        row.push(Span::styled((*key).to_owned(), theme.accent));
        row.push(Span::styled(format!(" {meaning}"), theme.dim));
    }
    rows.into_iter().map(Line::from).collect()
}

/// The end of the message, as much as fits, and the column of the caret.
fn message_row(
    message: &Composer,
    label: &'static str,
    cols: usize,
    theme: &Theme,
) -> (Line<'static>, usize) {
    use unicode_segmentation::UnicodeSegmentation;
    let room = cols.saturating_sub(label.len() + 1);
    let shown = |text: &str| -> String {
        text.graphemes(true)
            .map(|grapheme| match grapheme {
                "\n" => " ",
                other => layout::shown(other, message.folds()),
            })
            .collect()
    };
    let before = shown(&message.text()[..message.caret()]);
    let before = text::suffix(&before, room).to_owned();
    let col = text::width(&before);
    let after = shown(&message.text()[message.caret()..]);
    let after = text::prefix(&after, room - col).to_owned();
    let line = Line::from(vec![
        Span::styled(label, theme.accent),
        Span::raw(before),
        Span::raw(after),
    ]);
    (line, label.len() + col)
}

/// What the model says, wrapped, behind the key that chooses it.
fn said(key: &str, words: &str, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let words = text::steady_text(&clean(words)).into_owned();
    let room = cols.saturating_sub(4 + key.len());
    let mut rows = Vec::new();
    for line in words.lines() {
        let mut wrapper = Wrapper::new(room);
        wrapper.push(line, Default::default());
        rows.extend(wrapper.finish());
    }
    let rows = rows.into_iter().flat_map(|row| hard_rows(&row, room));
    (0..)
        .zip(rows)
        .map(|(index, pieces)| {
            let start = if index == 0 { key } else { "" };
            let mut row = vec![(format!("  {start:<0$}", key.len()), theme.accent)];
            row.extend(pieces);
            to_line(row)
        })
        .collect()
}

/// Every character of a command is visible: controls and marks that change the
/// order of text are shown by their code, and widths are certain.
pub fn exact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        match ch {
            '\n' => out.push('\n'),
            '\t' => out.push_str("    "),
            ch if ch.is_control()
                || matches!(ch, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                    | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}') =>
            {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(ch)));
            }
            ch => out.push(ch),
        }
    }
    text::steady_text(&out).into_owned()
}

#[cfg(test)]
#[path = "permission_tests.rs"]
mod tests;
