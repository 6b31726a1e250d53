//! A text with uniform line ends, and the way back to its own.

use std::ops::Range;

use memchr::memmem;
use similar::{Algorithm, DiffOp};

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::workspace) enum End {
    /// The end of the file.
    None,
    Lf,
    CrLf,
    /// Only in a file without any `\n`.
    Cr,
}

impl End {
    pub(in crate::workspace) fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::Cr => "\r",
        }
    }
}

/// A line to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::workspace) struct Line {
    pub(in crate::workspace) body: String,
    /// Nothing: that of the line before.
    pub(in crate::workspace) end: Option<End>,
}

/// A text with `\n` for every line end.
pub(in crate::workspace) struct View<'a> {
    raw: &'a str,
    pub(in crate::workspace) text: String,
    /// Where in `text` a `\n` was `\r\n`.
    carriages: Vec<usize>,
    /// The line ends are lone `\r`s.
    pub(in crate::workspace) old_mac: bool,
    /// Where lines begin in `text`.
    starts: Vec<usize>,
}

impl<'a> View<'a> {
    pub(in crate::workspace) fn new(raw: &'a str) -> Self {
        let bytes = raw.as_bytes();
        let mut carriages = Vec::new();
        let mut old_mac = false;
        let text = if memchr::memchr(b'\r', bytes).is_none() {
            raw.to_string()
        } else if memchr::memchr(b'\n', bytes).is_none() {
            old_mac = true;
            raw.replace('\r', "\n")
        } else {
            let mut text = String::with_capacity(raw.len());
            let mut from = 0;
            for at in memmem::find_iter(bytes, b"\r\n") {
                text.push_str(&raw[from..at]);
                carriages.push(text.len());
                from = at + 1;
            }
            text.push_str(&raw[from..]);
            text
        };
        let mut starts = Vec::new();
        if !text.is_empty() {
            starts.push(0);
            let newlines = memchr::memchr_iter(b'\n', text.as_bytes());
            starts.extend(newlines.map(|at| at + 1).filter(|at| *at < text.len()));
        }
        Self {
            raw,
            text,
            carriages,
            old_mac,
            starts,
        }
    }

    /// How many lines there are.
    pub(in crate::workspace) fn len(&self) -> usize {
        self.starts.len()
    }

    /// A line without its end; the empty text beyond the last.
    pub(in crate::workspace) fn line(&self, index: usize) -> &str {
        match self.starts.get(index) {
            Some(start) => {
                let rest = &self.text[*start..self.start(index + 1)];
                rest.strip_suffix('\n').unwrap_or(rest)
            }
            None => "",
        }
    }

    /// All lines of a range.
    pub(in crate::workspace) fn lines(&self, range: Range<usize>) -> Vec<&str> {
        range.map(|index| self.line(index)).collect()
    }

    /// What ends a line.
    pub(in crate::workspace) fn end(&self, index: usize) -> End {
        let stop = self.start(index + 1);
        if index < self.len() && self.text[..stop].ends_with('\n') {
            self.end_at(stop - 1)
        } else {
            End::None
        }
    }

    /// Where a line begins in `text`; its length beyond the last.
    pub(in crate::workspace) fn start(&self, index: usize) -> usize {
        self.starts.get(index).copied().unwrap_or(self.text.len())
    }

    /// The index of the line of a place.
    pub(in crate::workspace) fn line_at(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).max(1) - 1
    }

    /// The raw place of a place of `text`. A `\r\n` is never split.
    fn raw_at(&self, at: usize) -> usize {
        at + self.carriages.partition_point(|carriage| *carriage < at)
    }

    fn end_at(&self, newline: usize) -> End {
        if self.old_mac {
            End::Cr
        } else if self.carriages.binary_search(&newline).is_ok() {
            End::CrLf
        } else {
            End::Lf
        }
    }

    /// The line end that belongs to a place: of its own line, else of the line
    /// before, else `\n`.
    fn end_near(&self, range: &Range<usize>) -> End {
        let bytes = self.text.as_bytes();
        memchr::memchr(b'\n', &bytes[range.end..])
            .map(|at| range.end + at)
            .or_else(|| memchr::memrchr(b'\n', &bytes[..range.end]))
            .map_or(End::Lf, |at| self.end_at(at))
    }

    /// The raw text with parts of `text` replaced. Ranges are in order and apart.
    pub(in crate::workspace) fn replace(&self, parts: &[(Range<usize>, String)]) -> String {
        let mut out = String::with_capacity(self.raw.len() + 64);
        let mut done = 0;
        for (index, (range, new)) in parts.iter().enumerate() {
            out.push_str(&self.raw[done..self.raw_at(range.start)]);
            // With the line end behind it, where line ends differ: a line that stays
            // at the end keeps its own.
            let next = parts
                .get(index + 1)
                .map_or(usize::MAX, |(range, _)| range.start);
            let with_end = !self.carriages.is_empty()
                && range.end < next
                && self.text[range.end..].starts_with('\n');
            if with_end {
                let range = range.start..range.end + 1;
                self.adapt(&range, &format!("{new}\n"), &mut out);
                done = self.raw_at(range.end);
            } else {
                self.adapt(range, new, &mut out);
                done = self.raw_at(range.end);
            }
        }
        out.push_str(&self.raw[done..]);
        out
    }

    /// Appends new text with the line ends of the place: a line that stays keeps its
    /// own, a new one takes that of the line it replaces or follows.
    fn adapt(&self, range: &Range<usize>, new: &str, out: &mut String) {
        if !new.contains('\n') || (self.carriages.is_empty() && !self.old_mac) {
            out.push_str(new);
            return;
        }
        let old_lines: Vec<&str> = self.text[range.clone()].split('\n').collect();
        let new_lines: Vec<&str> = new.split('\n').collect();
        // The line ends inside the range; the last line has none there.
        let mut at = range.start;
        let old_ends: Vec<End> = old_lines[..old_lines.len() - 1]
            .iter()
            .map(|line| {
                at += line.len() + 1;
                self.end_at(at - 1)
            })
            .collect();
        let mut ends: Vec<Option<End>> = vec![None; new_lines.len()];
        for op in similar::capture_diff_slices(Algorithm::Myers, &old_lines, &new_lines) {
            if let DiffOp::Equal {
                old_index,
                new_index,
                len,
            }
            | DiffOp::Replace {
                old_index,
                new_index,
                old_len: len,
                ..
            } = op
            {
                for step in 0..len {
                    if let Some(end) = ends.get_mut(new_index + step) {
                        *end = old_ends.get(old_index + step).copied();
                    }
                }
            }
        }
        let mut last = None;
        for (index, line) in new_lines.iter().enumerate() {
            out.push_str(line);
            if index + 1 < new_lines.len() {
                let end = ends[index]
                    .or(last)
                    .or_else(|| old_ends.first().copied())
                    .unwrap_or_else(|| self.end_near(range));
                out.push_str(end.as_str());
                last = Some(end);
            }
        }
    }

    /// The raw text with whole lines replaced. Ranges are in order and apart. The
    /// last line of the file keeps its end, or its lack of one.
    pub(in crate::workspace) fn replace_lines(
        &self,
        parts: Vec<(Range<usize>, Vec<Line>)>,
    ) -> String {
        let mut out = String::with_capacity(self.raw.len() + 64);
        let mut done = 0;
        for (range, lines) in parts {
            out.push_str(&self.raw[done..self.raw_at(self.start(range.start))]);
            done = self.raw_at(self.start(range.end));
            let end = self.write_lines(&range, lines, &mut out);
            let unended =
                range.end == self.len() && self.len() > 0 && self.end(self.len() - 1) == End::None;
            if unended && let Some(end) = end {
                out.truncate(out.len() - end.as_str().len());
            }
        }
        out.push_str(&self.raw[done..]);
        out
    }

    /// Every line gets an end, even where the file ends without one. Returns the
    /// last.
    fn write_lines(&self, range: &Range<usize>, lines: Vec<Line>, out: &mut String) -> Option<End> {
        let real = |end: End| (end != End::None).then_some(end);
        let before = range.start.checked_sub(1).map(|index| self.end(index));
        let mut last = None;
        if before == Some(End::None) && !lines.is_empty() {
            // Added behind a last line without an end: that of the line above it.
            let above = range.start.checked_sub(2).map(|index| self.end(index));
            let end = above.unwrap_or_else(|| self.usual_end());
            out.push_str(end.as_str());
            last = Some(end);
        }
        for line in lines {
            let end = line
                .end
                .and_then(real)
                .or(last)
                .or_else(|| before.and_then(real))
                .or_else(|| real(self.end(range.start)))
                .unwrap_or_else(|| self.usual_end());
            out.push_str(&line.body);
            out.push_str(end.as_str());
            last = Some(end);
        }
        last
    }

    /// The end of the first line, or `\n`.
    fn usual_end(&self) -> End {
        match self.end(0) {
            End::None => End::Lf,
            end => end,
        }
    }
}
