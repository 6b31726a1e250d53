//! A window into the record: scrolling, searching.

use std::collections::HashMap;
use std::rc::Rc;

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::render::text::{fit, prefix, width};
use crate::render::theme::Theme;
use crate::stdx::text::one_line;
use crate::tui::cells;
use crate::tui::terminal::input::Key;
use crate::tui::terminal::scrollback::{Caret, Size};

use super::layout;
use super::record::{Item, Record};

/// Items whose rows are kept.
const CACHED: usize = 256;

/// What a key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewOutcome {
    /// The window may have changed.
    Done,
    /// It closes.
    Close,
}

/// A row of the record: an item and a row of it.
type At = (usize, usize);
type Rows = Rc<Vec<Line<'static>>>;

/// The window.
pub struct Viewer {
    /// What is looked at, in a word.
    title: &'static str,
    /// First row shown; nothing while the window stays at the end.
    top: Option<At>,
    cols: usize,
    height: usize,
    /// What is typed after `/`.
    typing: Option<String>,
    wanted: String,
    hit: Option<At>,
    message: String,
    cache: HashMap<usize, (usize, Rows)>,
    edits: u64,
    /// Reasoning is shown by its first words.
    fold: bool,
}

impl Default for Viewer {
    /// At the end of the record.
    fn default() -> Self {
        Self {
            title: "transcript",
            top: None,
            cols: 80,
            height: 23,
            typing: None,
            wanted: String::new(),
            hit: None,
            message: String::new(),
            cache: HashMap::new(),
            edits: 0,
            fold: false,
        }
    }
}

/// Grows whenever an item does, so that cached rows are known to be old.
fn weight(item: &Item) -> usize {
    let ended = match item {
        Item::Call { view, .. } => usize::from(view.is_some()),
        Item::Thinking { elapsed_ms, .. } => usize::from(elapsed_ms.is_some()),
        _ => 0,
    };
    item.words().iter().map(|words| words.len()).sum::<usize>() + ended
}

impl Viewer {
    /// At the start of a record with another title.
    pub fn at_start(title: &'static str) -> Self {
        Self {
            title,
            top: Some((0, 0)),
            ..Self::default()
        }
    }

    /// Items were put in front of all others.
    pub fn shift(&mut self, items: usize) {
        // Whoever went to the start wants the start.
        for place in [&mut self.top, &mut self.hit].into_iter().flatten() {
            if *place != (0, 0) {
                place.0 += items;
            }
        }
        self.cache.clear();
    }

    fn rows(&mut self, record: &Record, index: usize, theme: &Theme) -> Rows {
        let items = record.items();
        let Some(item) = items.get(index) else {
            return Rows::default();
        };
        let weight = weight(item);
        if let Some((known, rows)) = self.cache.get(&index)
            && *known == weight
        {
            return rows.clone();
        }
        let mut rows = match item {
            Item::Thinking { text, elapsed_ms } if self.fold => {
                cells::thought(*elapsed_ms, text, self.cols, theme)
                    .into_iter()
                    .collect()
            }
            item => layout::rows(item, self.cols, theme),
        };
        let before = index.checked_sub(1).and_then(|before| items.get(before));
        if before.is_some_and(|before| !(layout::is_step(before) && layout::is_step(item))) {
            rows.insert(0, Line::default());
        }
        let rows = Rc::new(rows);
        if self.cache.len() >= CACHED {
            self.cache.clear();
        }
        self.cache.insert(index, (weight, rows.clone()));
        rows
    }

    /// What is looked for is being typed.
    pub fn is_typing(&self) -> bool {
        self.typing.is_some()
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key, record: &Record, theme: &Theme) -> ViewOutcome {
        self.message.clear();
        if let Some(mut typing) = self.typing.take() {
            match key.code {
                KeyCode::Enter => {
                    if !typing.is_empty() {
                        self.wanted = typing;
                    }
                    self.search(record, theme, true);
                    return ViewOutcome::Done;
                }
                KeyCode::Esc => return ViewOutcome::Done,
                KeyCode::Backspace if typing.is_empty() => return ViewOutcome::Done,
                KeyCode::Backspace => {
                    typing.pop();
                }
                _ if key == Key::ctrl('c') => return ViewOutcome::Done,
                _ if key == Key::ctrl('u') => typing.clear(),
                KeyCode::Char(ch) if !key.modifiers.intersects(HELD) => typing.push(ch),
                _ => {}
            }
            self.typing = Some(typing);
            return ViewOutcome::Done;
        }
        let page = self.height.saturating_sub(2).max(1).cast_signed();
        let held = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return ViewOutcome::Close,
            KeyCode::Char('c' | 't') if held => return ViewOutcome::Close,
            KeyCode::Char('f') if held => self.scroll(record, theme, page),
            KeyCode::Char('b') if held => self.scroll(record, theme, -page),
            KeyCode::Char('d') if held => self.scroll(record, theme, page / 2),
            KeyCode::Char('u') if held => self.scroll(record, theme, -(page / 2)),
            KeyCode::Char('n') if held => self.scroll(record, theme, 1),
            KeyCode::Char('p') if held => self.scroll(record, theme, -1),
            KeyCode::Char(_) if key.modifiers.intersects(HELD) => {}
            KeyCode::Char('q') => return ViewOutcome::Close,
            KeyCode::Down | KeyCode::Enter | KeyCode::Char('j') => self.scroll(record, theme, 1),
            KeyCode::Up | KeyCode::Char('k') => self.scroll(record, theme, -1),
            KeyCode::PageDown | KeyCode::Char(' ') => self.scroll(record, theme, page),
            KeyCode::PageUp | KeyCode::Char('b') => self.scroll(record, theme, -page),
            KeyCode::Home | KeyCode::Char('g') => self.top = Some((0, 0)),
            KeyCode::End | KeyCode::Char('G') => self.top = None,
            KeyCode::Char('t') => {
                self.fold = !self.fold;
                self.cache.clear();
            }
            KeyCode::Char('/') => self.typing = Some(String::new()),
            KeyCode::Char('n') => self.search(record, theme, true),
            KeyCode::Char('N') => self.search(record, theme, false),
            _ => {}
        }
        ViewOutcome::Done
    }

    /// Takes a paste: words to look for.
    pub fn paste(&mut self, text: &str) {
        if let Some(typing) = &mut self.typing {
            typing.push_str(&one_line(text, 200));
        }
    }

    /// The first row of the last window that is full.
    fn last_top(&mut self, record: &Record, theme: &Theme) -> At {
        let mut missing = self.height;
        for index in (0..record.items().len()).rev() {
            let count = self.rows(record, index, theme).len();
            if count >= missing {
                return (index, count - missing);
            }
            missing -= count;
        }
        (0, 0)
    }

    fn scroll(&mut self, record: &Record, theme: &Theme, by: isize) {
        let last = self.last_top(record, theme);
        let (mut item, mut row) = self.top.unwrap_or(last);
        for _ in 0..by.unsigned_abs() {
            if by > 0 {
                row += 1;
                while item < record.items().len() && row >= self.rows(record, item, theme).len() {
                    (item, row) = (item + 1, 0);
                }
            } else {
                while row == 0 && item > 0 {
                    item -= 1;
                    row = self.rows(record, item, theme).len();
                }
                row = row.saturating_sub(1);
            }
        }
        self.top = ((item, row) < last).then_some((item, row));
    }

    fn search(&mut self, record: &Record, theme: &Theme, forward: bool) {
        if self.wanted.is_empty() {
            return;
        }
        let count = record.items().len();
        let again = self.hit.is_some();
        let start = match (self.hit, self.top) {
            (Some(hit), _) => hit,
            (None, Some(top)) => top,
            (None, None) => self.last_top(record, theme),
        };
        // The item of the start comes first and, from its other end, last.
        for step in 0..=count {
            let index = if forward {
                (start.0 + step) % count.max(1)
            } else {
                (start.0 + count - step % count.max(1)) % count.max(1)
            };
            let after = |row: usize| match (step, again) {
                (0, true) if forward => row > start.1,
                (0, true) => row < start.1,
                (0, false) if forward => row >= start.1,
                (0, false) => row <= start.1,
                _ => true,
            };
            let Some(item) = record.items().get(index) else {
                break;
            };
            if !has_words(item, &self.wanted) {
                continue;
            }
            let hits: Vec<usize> = (0..)
                .zip(self.rows(record, index, theme).iter())
                .filter(|(row, line)| after(*row) && !found(line, &self.wanted).is_empty())
                .map(|(row, _)| row)
                .collect();
            let hit = if forward { hits.first() } else { hits.last() };
            if let Some(row) = hit {
                if step > 0 && (index < start.0) == forward && index != start.0 {
                    self.message = "search went around".into();
                }
                self.hit = Some((index, *row));
                self.top = Some((index, *row));
                let back = self.height / 3;
                return self.scroll(record, theme, -back.cast_signed());
            }
        }
        self.message = format!("not found: {}", one_line(&self.wanted, 60));
    }

    /// The window and the caret. `asked`: something waits behind it for an answer.
    pub fn view(
        &mut self,
        record: &Record,
        size: Size,
        asked: bool,
        theme: &Theme,
    ) -> (Buffer, Caret) {
        let cols = usize::from(size.cols).saturating_sub(1).max(1);
        if self.cols != cols || self.edits != record.edits() {
            self.cache.retain(|_, _| self.cols == cols);
            self.cols = cols;
            self.edits = record.edits();
        }
        self.height = usize::from(size.rows).saturating_sub(1).max(1);
        let (mut item, mut row) = self.start(record, theme);
        let mut buffer = Buffer::empty(Rect::new(0, 0, size.cols, size.rows));
        let most = u16::try_from(cols).unwrap_or(u16::MAX);
        for y in 0..size.rows.saturating_sub(1) {
            while item < record.items().len() && row >= self.rows(record, item, theme).len() {
                (item, row) = (item + 1, 0);
            }
            let rows = self.rows(record, item, theme);
            let Some(line) = rows.get(row) else { break };
            buffer.set_line(0, y, &marked(line, &self.wanted), most);
            row += 1;
        }
        let (line, col) = self.bottom(record, item, asked, cols, theme);
        let last = size.rows.saturating_sub(1);
        buffer.set_line(0, last, &line, most);
        let caret = Caret {
            row: last,
            col: u16::try_from(col).unwrap_or(0).min(most),
        };
        (buffer, caret)
    }

    /// Where the window starts; it never shows less than it could.
    fn start(&mut self, record: &Record, theme: &Theme) -> At {
        let last = self.last_top(record, theme);
        let Some((item, row)) = self.top else {
            return last;
        };
        // After a resize the item may have fewer rows.
        let row = row.min(self.rows(record, item, theme).len().saturating_sub(1));
        if (item, row) >= last {
            return last;
        }
        self.top = Some((item, row));
        (item, row)
    }

    fn bottom(
        &self,
        record: &Record,
        item: usize,
        asked: bool,
        cols: usize,
        theme: &Theme,
    ) -> (Line<'static>, usize) {
        if let Some(typing) = &self.typing {
            let shown = format!("/{}", prefix(typing, cols.saturating_sub(2)));
            let col = width(&shown);
            return (Line::raw(shown), col);
        }
        let dot = theme.glyphs.dot;
        let place = match (self.top, record.items().len()) {
            (_, 0) => "empty".to_owned(),
            (None, _) => "end".to_owned(),
            (Some(_), count) => format!("{}%", item.min(count) * 100 / count),
        };
        let mut text = format!("{} {dot} {place}", self.title);
        if asked {
            text.push_str(&format!(" {dot} a question waits"));
        }
        if !self.message.is_empty() {
            text.push_str(&format!(" {dot} {}", self.message));
        }
        text.push_str(&format!(
            " {dot} q back {dot} / search {dot} n N next {dot} g G ends {dot} t thoughts"
        ));
        let style = theme.dim.add_modifier(Modifier::REVERSED);
        (
            Line::styled(fit(&text, cols, theme.glyphs.ellipsis), style),
            0,
        )
    }
}

const HELD: KeyModifiers = KeyModifiers::CONTROL.union(KeyModifiers::ALT);

/// Capitals count only when some are typed.
fn folds(wanted: &str) -> bool {
    !wanted.chars().any(char::is_uppercase)
}

/// Every word that is looked for stands somewhere in the item.
fn has_words(item: &Item, wanted: &str) -> bool {
    let texts = item.words();
    if matches!(item, Item::End(_) | Item::Plan(_)) {
        return true;
    }
    let lower: Vec<String> = if folds(wanted) {
        texts.iter().map(|text| text.to_lowercase()).collect()
    } else {
        texts.iter().map(|text| (*text).to_owned()).collect()
    };
    wanted
        .split_whitespace()
        // Bars and bullets are of the layout, not of the item.
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .all(|word| lower.iter().any(|text| text.contains(word)))
}

/// The byte ranges of a row's text that hold what is looked for.
fn found(line: &Line<'_>, wanted: &str) -> Vec<(usize, usize)> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let text = line.to_string();
    let folded;
    let text = if folds(wanted) {
        folded = text.to_lowercase();
        // Places are only comparable where the lengths are.
        if folded.len() == text.len() {
            &folded
        } else {
            &text
        }
    } else {
        &text
    };
    text.match_indices(wanted)
        .map(|(at, hit)| (at, at + hit.len()))
        .collect()
}

/// A row with what was found in reverse.
fn marked(line: &Line<'static>, wanted: &str) -> Line<'static> {
    let ranges = found(line, wanted);
    if ranges.is_empty() {
        return line.clone();
    }
    let mut spans = Vec::new();
    let mut start = 0;
    for span in &line.spans {
        let end = start + span.content.len();
        let mut cuts: Vec<usize> = ranges
            .iter()
            .flat_map(|(from, to)| [*from, *to])
            .filter(|cut| (start..end).contains(cut))
            .chain([start, end])
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        for pair in cuts.windows(2) {
            let Some(text) = span.content.get(pair[0] - start..pair[1] - start) else {
                continue;
            };
            let hit = ranges
                .iter()
                .any(|(from, to)| *from <= pair[0] && pair[1] <= *to);
            let style = line.style.patch(span.style);
            let style = if hit {
                style.add_modifier(Modifier::REVERSED)
            } else {
                style
            };
            spans.push(Span::styled(text.to_owned(), style));
        }
        start = end;
    }
    Line::from(spans)
}

#[cfg(test)]
#[path = "viewer_tests.rs"]
mod tests;
