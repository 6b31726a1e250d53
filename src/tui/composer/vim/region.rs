//! What operators do with a part of the text.

use std::ops::Range;

use super::command::Op;
use super::motion::Kind;
use super::object::behind;
use super::registers::{Register, Shape};
use super::walk::{
    at_column, column, first_non_blank, graphemes, in_indent, line_below, line_end, line_start,
    prev,
};
use crate::tui::composer::buffer::Buffer;

/// What `>` puts before a line.
const SHIFT: &str = "    ";

/// A part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Region {
    /// From one byte up to another.
    Chars(Range<usize>),
    /// Whole lines; where the caret goes when nothing is removed.
    Lines {
        /// With the newline at the end, where there is one.
        range: Range<usize>,
        /// The caret.
        caret: usize,
    },
    /// A rectangle: the part of each line, the first one first.
    Block {
        /// The parts.
        parts: Vec<Range<usize>>,
        /// Columns to its left.
        column: usize,
        /// Columns of it.
        width: usize,
    },
}

impl Region {
    /// The lines of two places.
    pub fn lines(text: &str, a: usize, b: usize, caret: usize) -> Self {
        let end = line_end(text, a.max(b));
        Self::Lines {
            range: line_start(text, a.min(b))..(end + 1).min(text.len()),
            caret,
        }
    }

    /// What an operator takes from one place to another that a motion went to.
    pub fn moved(text: &str, from: usize, to: usize, kind: Kind, op: Op) -> Self {
        let (low, high) = (from.min(to), from.max(to));
        let several = line_end(text, low) < high;
        let (end, inclusive) = match kind {
            Kind::Lines => return Self::lines(text, low, high, low),
            // Up to the start of a line is up to the end of the one before.
            Kind::Exclusive if several && line_start(text, high) == high => {
                if in_indent(text, low) {
                    return Self::lines(text, low, high - 1, low);
                }
                (high - 1, false)
            }
            Kind::Exclusive => (high, false),
            Kind::Inclusive => (high, true),
        };
        let end = if inclusive { behind(text, end) } else { end };
        let rest = &text[end..line_end(text, end)];
        let whole = several && in_indent(text, low) && rest.trim_matches([' ', '\t']).is_empty();
        if op == Op::Delete && whole && line_end(text, low) < end {
            return Self::lines(text, low, end, low);
        }
        Self::Chars(low..end)
    }

    /// The columns between two places, in all lines between them; to the end of each line
    /// when there is no last column.
    pub fn block(
        text: &str,
        (first, last): (usize, usize),
        columns: (usize, Option<usize>),
    ) -> Self {
        let mut parts = Vec::new();
        let mut start = Some(line_start(text, first.min(last)));
        let bottom = line_start(text, first.max(last));
        let mut width = 0;
        while let Some(line) = start.filter(|line| *line <= bottom) {
            let from = at_column(text, line, columns.0);
            let to = match columns.1 {
                Some(column) => at_column(text, line, column + 1),
                None => line_end(text, line),
            };
            width = width.max(graphemes(&text[from..to]).count());
            parts.push(from..to);
            start = line_below(text, line);
        }
        Self::Block {
            parts,
            column: columns.0,
            width: columns.1.map_or(width, |last| last + 1 - columns.0),
        }
    }

    /// Its parts in the text.
    pub fn parts(&self) -> Vec<Range<usize>> {
        match self {
            Self::Chars(range) | Self::Lines { range, .. } => vec![range.clone()],
            Self::Block { parts, .. } => parts.clone(),
        }
    }

    /// What it holds, to be put elsewhere.
    pub fn register(&self, text: &str) -> Register {
        match self {
            Self::Chars(range) => Register::new(&text[range.clone()], Shape::Chars),
            Self::Lines { range, .. } => {
                let mut lines = text[range.clone()].to_owned();
                if !lines.ends_with('\n') {
                    lines.push('\n');
                }
                Register::new(&lines, Shape::Lines)
            }
            Self::Block { parts, width, .. } => {
                let rows: Vec<&str> = parts.iter().map(|part| &text[part.clone()]).collect();
                Register::new(&rows.join("\n"), Shape::Block { width: *width })
            }
        }
    }

    /// The first place of it.
    pub fn start(&self) -> usize {
        match self {
            Self::Chars(range) | Self::Lines { range, .. } => range.start,
            Self::Block { parts, .. } => parts.first().map_or(0, |part| part.start),
        }
    }
}

/// Removes it. The caret stands where it began.
pub fn delete(buffer: &mut Buffer, region: &Region) {
    match region {
        Region::Chars(range) => {
            buffer.set_caret(range.start);
            buffer.remove(range.start, range.end);
        }
        Region::Lines { range, caret } => {
            buffer.set_caret(*caret);
            let text = buffer.text();
            // The last line takes the newline before it along.
            let last = range.end == text.len() && !text[range.clone()].ends_with('\n');
            let start = range.start - usize::from(last && range.start > 0);
            buffer.remove(start, range.end);
            let start = range.start.min(buffer.text().len());
            let to = first_non_blank(buffer.text(), line_start(buffer.text(), start));
            buffer.set_caret(to);
        }
        Region::Block { .. } => each(buffer, region, |_| String::new()),
    }
}

/// Removes it and leaves room to type; lines stay one empty line.
pub fn make_room(buffer: &mut Buffer, region: &Region) {
    match region {
        Region::Lines { range, caret } => {
            buffer.set_caret(*caret);
            let newline = usize::from(buffer.text()[range.clone()].ends_with('\n'));
            buffer.remove(range.start, range.end - newline);
            buffer.set_caret(range.start);
        }
        _ => delete(buffer, region),
    }
}

/// Writes every part anew, as one step.
pub fn each(buffer: &mut Buffer, region: &Region, new: impl Fn(&str) -> String) {
    let text = buffer.text();
    let (mut out, mut from) = (String::new(), 0);
    for part in region.parts() {
        out.push_str(&text[from..part.start]);
        out.push_str(&new(&text[part.clone()]));
        from = part.end;
    }
    out.push_str(&text[from..]);
    let start = region.start();
    rewrite(buffer, &out, start);
}

/// Another text in one step.
pub fn rewrite(buffer: &mut Buffer, new: &str, caret: usize) {
    let old = buffer.text();
    if new != old {
        let end = old.len();
        let before = buffer.caret();
        buffer.set_caret(before);
        buffer.replace(0, end, new);
    }
    buffer.set_caret(caret);
}

/// Letters in another case.
pub fn change_case(text: &str, op: Op) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        let upper = match op {
            Op::Upper => true,
            Op::Lower => false,
            _ => ch.is_lowercase(),
        };
        if upper {
            out.extend(ch.to_uppercase());
        } else {
            out.extend(ch.to_lowercase());
        }
    }
    out
}

/// Moves lines, or what stands from a column on, `times` steps to the right or left.
pub fn indent(buffer: &mut Buffer, region: &Region, deeper: bool, times: usize) {
    let text = buffer.text();
    let shift = SHIFT.repeat(times);
    let outdented = |line: &str| {
        let mut rest = line;
        for _ in 0..times {
            let blanks = rest.len() - rest.trim_start_matches(' ').len();
            let tab = usize::from(rest.starts_with('\t'));
            rest = &rest[blanks.min(SHIFT.len()).max(tab)..];
        }
        rest.to_owned()
    };
    if let Region::Block { parts, column, .. } = region {
        let mut out = text.to_owned();
        for part in parts.iter().rev() {
            let from = at_column(text, part.start, *column);
            let end = line_end(text, from);
            let first = super::walk::column(text, from);
            if deeper && from < end {
                out.insert_str(from, &shift);
            } else if !deeper && first == *column {
                out.replace_range(from..end, &outdented(&text[from..end]));
            }
        }
        let start = region.start();
        rewrite(buffer, &out, start);
        return;
    }
    let (start, end) = match region {
        Region::Lines { range, .. } => (range.start, range.end),
        other => {
            let last = other.parts().last().map_or(0, |part| part.end);
            let first = other.start();
            let last = if last > first {
                prev(text, last)
            } else {
                first
            };
            let lines = Region::lines(text, first, last, first);
            (lines.parts()[0].start, lines.parts()[0].end)
        }
    };
    let new: String = text[start..end]
        .split_inclusive('\n')
        .map(|line| match deeper {
            true if line == "\n" || line.is_empty() => line.to_owned(),
            true => format!("{shift}{line}"),
            false => outdented(line),
        })
        .collect();
    if new != text[start..end] {
        buffer.replace(start, end, &new);
    }
    let to = first_non_blank(buffer.text(), start);
    buffer.set_caret(to);
}

/// Joins lines, at least two, with a space where one belongs; false when there is only
/// one.
pub fn join(buffer: &mut Buffer, count: usize, spaces: bool) -> bool {
    let text = buffer.text();
    let mut out = super::walk::line(text, buffer.caret()).to_owned();
    let start = line_start(text, buffer.caret());
    let mut end = line_end(text, buffer.caret());
    let mut caret = start;
    let mut joined = false;
    for _ in 1..count.max(2) {
        let Some(below) = line_below(text, end) else {
            break;
        };
        joined = true;
        end = line_end(text, below);
        let mut line = &text[below..end];
        caret = start + out.len();
        if spaces {
            line = line.trim_start_matches([' ', '\t']);
            let bare = line.is_empty() || line.starts_with(')') || out.is_empty();
            if !bare && !out.ends_with(' ') {
                out.push(' ');
            }
        }
        out.push_str(line);
    }
    if joined {
        buffer.replace(start, end, &out);
        buffer.set_caret(caret);
    }
    joined
}

/// Puts a text from a register in, `count` times.
pub fn put(buffer: &mut Buffer, register: &Register, before: bool, count: usize) {
    let many = register.text.repeat(count);
    if many.is_empty() {
        return;
    }
    let text = buffer.text();
    let at = buffer.caret();
    let (start, end) = (line_start(text, at), line_end(text, at));
    match register.shape {
        Shape::Lines => {
            if before {
                buffer.replace(start, start, &many);
            } else if end < text.len() {
                buffer.replace(end + 1, end + 1, &many);
            } else {
                let body = many.strip_suffix('\n').unwrap_or(&many);
                buffer.replace(end, end, &format!("\n{body}"));
            }
            let first = if before { start } else { end + 1 };
            let to = first_non_blank(buffer.text(), first);
            buffer.set_caret(to);
        }
        Shape::Chars => {
            let at = if before { at } else { behind(text, at) };
            buffer.replace(at, at, &many);
            let to = if many.contains('\n') {
                at
            } else {
                buffer.before(at + many.len())
            };
            buffer.set_caret(to);
        }
        Shape::Block { width } => put_block(buffer, register, width, before, count),
    }
}

fn put_block(buffer: &mut Buffer, register: &Register, width: usize, before: bool, count: usize) {
    let text = buffer.text();
    let at = buffer.caret();
    let column = column(text, if before { at } else { behind(text, at) });
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let first = text[..at].matches('\n').count();
    for (index, row) in (first..).zip(register.text.split('\n')) {
        if index == lines.len() {
            lines.push(String::new());
        }
        let line = &lines[index];
        let wide = graphemes(line).count();
        let pad = " ".repeat(column.saturating_sub(wide));
        let cut = at_column(line, 0, column);
        let (left, right) = line.split_at(cut);
        let fill = " ".repeat(width.saturating_sub(graphemes(row).count()));
        let mut new = format!("{row}{fill}").repeat(count - 1) + row;
        if !right.is_empty() {
            new.push_str(&fill);
        }
        lines[index] = format!("{left}{pad}{new}{right}");
    }
    let out = lines.join("\n");
    let start = line_start(
        &out,
        out.match_indices('\n')
            .nth(first)
            .map_or(out.len(), |(at, _)| at),
    );
    let caret = at_column(&out, start, column);
    rewrite(buffer, &out, caret);
}
