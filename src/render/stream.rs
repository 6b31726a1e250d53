//! Markdown that grows: finished blocks come out as lines once and for all, the
//! open rest can be previewed.
//!
//! Work is linear in the text: a line is scanned once, a block parsed once, and a
//! preview looks at a bounded tail. The lines do not depend on how the text was
//! cut into chunks.

use ratatui::text::Line;

use crate::stdx::text::{Cleaner, suffix};

use super::blocks::{Scanner, Segment};
use super::highlight::Highlighter;
use super::markdown::{ItemNumber, Links, Settings, block};
use super::text::expand_tabs;
use super::wrap::to_line;

/// A line without an end is cut here, so that something appears and memory stays bounded.
const MAX_LINE: usize = 16 * 1024;
/// Bytes of the open tail a preview looks at.
const PREVIEW_BYTES: usize = 2 * 1024;

/// What was written last, to know when a blank line is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Block,
    Item,
    Cut,
}

/// A Markdown text under way.
pub struct MarkdownStream {
    settings: Settings,
    cleaner: Cleaner,
    scanner: Scanner,
    partial: String,
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
            partial: String::new(),
            code: None,
            links: Links::new(),
            last: Last::Nothing,
        }
    }

    /// Columns for the blocks that finish from now on.
    pub fn set_width(&mut self, width: usize) {
        self.settings.width = width;
    }

    /// Takes the next piece of text, foreign as it is, and appends the lines it finishes to `out`.
    pub fn push(&mut self, text: &str, out: &mut Vec<Line<'static>>) {
        let mut seen = self.partial.len();
        self.cleaner.push(text, &mut self.partial);
        let mut start = 0;
        let mut segments = Vec::new();
        loop {
            let rest = &self.partial[start..];
            let scan = &rest.as_bytes()[seen.min(rest.len())..rest.len().min(MAX_LINE + 1)];
            match scan.iter().position(|byte| *byte == b'\n') {
                Some(at) => {
                    let end = start + seen + at;
                    self.scanner.line(&self.partial[start..end], &mut segments);
                    start = end + 1;
                    seen = 0;
                }
                _ if rest.len() > MAX_LINE => {
                    let head = &rest[..rest.floor_char_boundary(MAX_LINE)];
                    let end = head.rfind(' ').map_or(head.len(), |at| at + 1);
                    self.scanner.line(&rest[..end], &mut segments);
                    self.scanner.cut(&mut segments);
                    start += end;
                    seen = 0;
                    self.render(&mut segments, out);
                    if self.last != Last::Nothing && !self.scanner.in_fence() {
                        self.last = Last::Cut;
                    }
                }
                _ => break,
            }
        }
        self.partial.drain(..start);
        self.render(&mut segments, out);
    }

    /// Ends the text and appends what was still open.
    pub fn finish(&mut self, out: &mut Vec<Line<'static>>) {
        let mut segments = Vec::new();
        if !self.partial.is_empty() {
            let line = std::mem::take(&mut self.partial);
            self.scanner.line(&line, &mut segments);
        }
        self.scanner.finish(&mut segments);
        self.render(&mut segments, out);
    }

    /// Nothing is waiting to be finished.
    pub fn is_settled(&self) -> bool {
        self.partial.is_empty() && self.scanner.open().is_empty()
    }

    /// The open rest as it looks now, wrapped to `width` columns.
    pub fn preview(&self, width: usize) -> Vec<Line<'static>> {
        if self.scanner.in_fence() {
            let tail = suffix(&self.partial, PREVIEW_BYTES);
            let line = expand_tabs(tail).into_owned();
            return if line.is_empty() {
                Vec::new()
            } else {
                vec![Line::raw(line)]
            };
        }
        let open = suffix(self.scanner.open(), PREVIEW_BYTES);
        let mut tail = String::with_capacity(open.len() + PREVIEW_BYTES);
        tail.push_str(open);
        tail.push_str(suffix(&self.partial, PREVIEW_BYTES));
        let settings = Settings {
            width,
            theme: self.settings.theme.clone(),
        };
        block(&tail, &settings, &mut Links::new(), None)
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
                    self.code = Some(Highlighter::for_language(&info));
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
