//! Markdown that grows: finished blocks come out as lines once and for all, the
//! open rest can be previewed.
//!
//! Work is linear in the text: a line is scanned once, a block parsed once, and a
//! preview looks at a bounded tail. The lines do not depend on how the text was
//! cut into chunks.

use ratatui::text::Line;

use crate::stdx::text::{Cleaner, suffix};

use super::blocks::{Scanner, Segment, interrupts, is_blank, is_row, is_setext};
use super::highlight::Highlighter;
use super::links::Links;
use super::markdown::{ItemNumber, Settings, block};
use super::prose::{Fed, Prose, is_certain};
use super::text::{expand_tabs, row_end};
use super::wrap::{Pieces, to_line};

/// A line without an end is cut here, so that something appears and memory stays bounded.
const MAX_LINE: usize = 16 * 1024;
/// Bytes of the open tail a preview looks at.
const PREVIEW_BYTES: usize = 1024;
/// Bytes within which the start of a line shows that it is a paragraph's.
const CERTAIN: usize = 32;

/// What was written last, to know when a blank line is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Block,
    Item,
    /// Rows of the paragraph under way.
    Prose,
    /// A part of a line that goes on.
    Cut,
}

/// A Markdown text under way.
pub struct MarkdownStream {
    settings: Settings,
    cleaner: Cleaner,
    scanner: Scanner,
    /// The paragraph under way, shown row by row.
    prose: Option<Prose>,
    /// The current line already belongs to it.
    in_prose: bool,
    /// The current line, unless it belongs to a paragraph already.
    partial: String,
    /// The current line cannot be a paragraph's after all.
    held: bool,
    code: Option<Highlighter>,
    links: Links,
    last: Last,
}

impl MarkdownStream {
    /// An empty text.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            cleaner: Cleaner::default(),
            scanner: Scanner::default(),
            prose: None,
            in_prose: false,
            partial: String::new(),
            held: false,
            code: None,
            links: Links::new(),
            last: Last::Nothing,
        }
    }

    /// Columns for what finishes from now on.
    pub fn set_width(&mut self, width: usize) {
        self.settings.width = width;
        let width = self.settings.prose_width();
        if let Some(prose) = &mut self.prose {
            prose.set_width(width);
        }
    }

    /// Takes the next piece of text, foreign as it is, and appends the lines it finishes to `out`.
    pub fn push(&mut self, text: &str, out: &mut Vec<Line<'static>>) {
        let mut cleaned = String::with_capacity(text.len());
        self.cleaner.push(text, &mut cleaned);
        let mut rest = cleaned.as_str();
        while let Some(end) = rest.find('\n') {
            self.take(&rest[..end], out);
            self.end_line(out);
            rest = &rest[end + 1..];
        }
        self.take(rest, out);
    }

    /// Ends the text and appends what was still open.
    pub fn finish(&mut self, out: &mut Vec<Line<'static>>) {
        if !self.partial.is_empty() {
            self.end_line(out);
        }
        self.finish_prose(out);
        let mut segments = Vec::new();
        self.scanner.finish(&mut segments);
        self.render(&mut segments, out);
    }

    /// Nothing is waiting to be finished.
    pub fn is_settled(&self) -> bool {
        self.partial.is_empty() && self.scanner.open().is_empty() && self.prose.is_none()
    }

    /// The end of what is open, in one row of at most `columns`.
    pub fn preview(&self, columns: usize) -> Line<'static> {
        if let Some(prose) = self.prose.as_ref().filter(|_| self.partial.is_empty()) {
            return to_line(prose.tail(columns));
        }
        let partial = suffix(&self.partial, PREVIEW_BYTES).trim_end();
        let text = if partial.is_empty() {
            let open = suffix(self.scanner.open(), PREVIEW_BYTES).trim_end();
            open.rsplit('\n').next().unwrap_or_default()
        } else {
            partial
        };
        let text = expand_tabs(text);
        Line::raw(text[row_end(&text, columns)..].to_owned())
    }

    /// More text of the current line.
    fn take(&mut self, text: &str, out: &mut Vec<Line<'static>>) {
        if text.is_empty() {
            return;
        }
        if self.in_prose {
            return self.feed(text, out);
        }
        let seen = self.partial.len();
        self.partial.push_str(text);
        // Whether it is a paragraph's shows within the first characters.
        if seen < CERTAIN && !self.held && self.may_be_prose() {
            // A certain start must be found at the same place however the text came.
            if let Some(at) = certain_from(&self.partial, seen) {
                let rest = self.partial.split_off(at);
                let start = std::mem::take(&mut self.partial);
                self.begin_prose_line(out);
                self.feed(&start, out);
                return self.take(&rest, out);
            }
        }
        while self.partial.len() > MAX_LINE {
            self.cut_line(out);
        }
    }

    fn may_be_prose(&self) -> bool {
        self.prose.is_some() || self.scanner.is_idle()
    }

    fn begin_prose_line(&mut self, out: &mut Vec<Line<'static>>) {
        self.in_prose = true;
        let mut rows = Vec::new();
        match &mut self.prose {
            Some(prose) => prose.next_line(&self.settings.theme, &self.links, &mut rows),
            None => self.prose = Some(Prose::new(self.settings.prose_width())),
        }
        self.emit_rows(rows, out);
    }

    fn feed(&mut self, text: &str, out: &mut Vec<Line<'static>>) {
        let Some(prose) = &mut self.prose else {
            return;
        };
        let mut rows = Vec::new();
        let before = prose.raw().map(str::len);
        let fed = prose.feed(text, &self.settings.theme, &self.links, &mut rows);
        if fed == Fed::Table {
            // The whole line is needed: it starts over as an ordinary block.
            let raw = prose.raw().unwrap_or_default().to_owned();
            let used = raw.len() - before.unwrap_or(0);
            self.prose = None;
            self.in_prose = false;
            self.held = true;
            self.partial = raw;
            return self.take(&text[used..], out);
        }
        self.emit_rows(rows, out);
    }

    /// The current line is complete.
    fn end_line(&mut self, out: &mut Vec<Line<'static>>) {
        self.held = false;
        if std::mem::take(&mut self.in_prose) {
            return;
        }
        let line = std::mem::take(&mut self.partial);
        let mut segments = Vec::new();
        if let Some(prose) = &self.prose {
            if is_setext(&line)
                && let Some(raw) = prose.raw()
            {
                let source = format!("{raw}\n{line}\n");
                self.prose = None;
                segments.push(Segment::Block(source));
                return self.render(&mut segments, out);
            }
            if !is_blank(&line) && !interrupts(&line) && !is_row(&line) {
                self.begin_prose_line(out);
                self.feed(line.trim_start(), out);
                if std::mem::take(&mut self.in_prose) {
                    return;
                }
            } else {
                self.finish_prose(out);
                self.scanner.line(&line, &mut segments);
            }
        } else {
            self.scanner.line(&line, &mut segments);
        }
        self.render(&mut segments, out);
    }

    /// A line without an end: what is there is taken as a block of its own.
    fn cut_line(&mut self, out: &mut Vec<Line<'static>>) {
        self.finish_prose(out);
        let head = &self.partial[..self.partial.floor_char_boundary(MAX_LINE)];
        let end = head.rfind(' ').map_or(head.len(), |at| at + 1);
        let mut segments = Vec::new();
        self.scanner.line(&self.partial[..end], &mut segments);
        self.scanner.cut(&mut segments);
        self.partial.drain(..end);
        self.held = true;
        self.render(&mut segments, out);
        if self.last != Last::Nothing && !self.scanner.in_fence() {
            self.last = Last::Cut;
        }
    }

    fn finish_prose(&mut self, out: &mut Vec<Line<'static>>) {
        if let Some(prose) = self.prose.take() {
            let rows = prose.finish(&self.settings.theme, &self.links);
            self.emit_rows(rows, out);
            if self.last != Last::Nothing {
                self.last = Last::Block;
            }
        }
    }

    /// Rows of the paragraph; the first ones are set off from what is above.
    fn emit_rows(&mut self, rows: Vec<Pieces>, out: &mut Vec<Line<'static>>) {
        if rows.is_empty() {
            return;
        }
        if self.last != Last::Prose && self.last != Last::Cut {
            self.gap(out);
        }
        self.last = Last::Prose;
        out.extend(rows.into_iter().map(to_line));
    }

    fn render(&mut self, segments: &mut Vec<Segment>, out: &mut Vec<Line<'static>>) {
        for segment in segments.drain(..) {
            match segment {
                Segment::Block(source) => {
                    let lines = block(&source, &self.settings, &mut self.links, None);
                    self.emit(lines, Last::Block, self.last != Last::Cut, out);
                }
                Segment::Item {
                    source,
                    number,
                    follows,
                    loose,
                } => {
                    let item = Some(ItemNumber(number));
                    let lines = block(&source, &self.settings, &mut self.links, item);
                    let apart = loose || !follows || self.last != Last::Item;
                    self.emit(lines, Last::Item, apart, out);
                }
                Segment::CodeStart { info } => {
                    self.gap(out);
                    self.code = Some(Highlighter::for_language(&info, &self.settings.theme.code));
                    self.last = Last::Block;
                }
                Segment::CodeLine(line) => {
                    let line = expand_tabs(&line);
                    let pieces = match &mut self.code {
                        Some(code) => code.line(&line),
                        None => vec![(line.into_owned(), Default::default())],
                    };
                    out.push(to_line(pieces));
                }
                Segment::CodeEnd => self.code = None,
            }
        }
    }

    fn gap(&self, out: &mut Vec<Line<'static>>) {
        if self.last != Last::Nothing {
            out.push(Line::default());
        }
    }

    fn emit(
        &mut self,
        lines: Vec<Line<'static>>,
        kind: Last,
        apart: bool,
        out: &mut Vec<Line<'static>>,
    ) {
        if lines.is_empty() {
            return;
        }
        if apart {
            self.gap(out);
        }
        out.extend(lines);
        self.last = kind;
    }
}

/// The end of the shortest start of a line, longer than `seen` bytes, that is
/// certainly a paragraph's.
fn certain_from(line: &str, seen: usize) -> Option<usize> {
    let limit = line.floor_char_boundary(CERTAIN.min(line.len()));
    line[..limit]
        .char_indices()
        .map(|(at, ch)| at + ch.len_utf8())
        .filter(|end| *end > seen)
        .find(|end| is_certain(&line[..*end]))
}

/// A whole document.
pub fn document(text: &str, settings: &Settings) -> Vec<Line<'static>> {
    let mut stream = MarkdownStream::new(settings.clone());
    let mut lines = Vec::new();
    stream.push(text, &mut lines);
    stream.finish(&mut lines);
    lines
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
