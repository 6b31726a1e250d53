//! Finds the ends of Markdown blocks in a growing text.
//!
//! Fed with complete lines, it gives back pieces that nothing that follows can
//! change: whole blocks, single items of a top-level list, single lines of a
//! top-level fence. Its decisions depend on complete lines alone, so the way a
//! text was cut into chunks cannot matter, and each line is looked at once.

use super::prepare::math_block;

/// A finished piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// One or more whole blocks.
    Block(String),
    /// One item of a list.
    Item {
        /// The item with its marker.
        source: String,
        /// Its number, in an ordered list.
        number: Option<u64>,
        /// It goes on a list that was already under way.
        follows: bool,
        /// A blank line stood before it.
        loose: bool,
    },
    /// A fence begins; its lines follow.
    CodeStart {
        /// What stood after the fence.
        info: String,
    },
    /// One line of the open fence.
    CodeLine(String),
    /// The fence ends.
    CodeEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fence {
    mark: u8,
    length: usize,
    indent: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Marker {
    /// `-`, `*`, `+`, the character after a number, `^` of a footnote.
    kind: u8,
    number: Option<u64>,
    /// Column where the item's text starts.
    content: usize,
    /// Nothing stands after the marker.
    empty: bool,
}

#[derive(Debug)]
struct Item {
    marker: Marker,
    number: Option<u64>,
    follows: bool,
    loose: bool,
    fence: Option<Fence>,
    after_blank: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    Block,
    Fence(Fence),
    Item(Item),
    /// A formula up to this end.
    Formula(&'static str),
}

/// The scanner.
#[derive(Debug, Default)]
pub struct Scanner {
    state: State,
    open: String,
}

impl Scanner {
    /// Takes the next complete line, without its newline.
    pub fn line(&mut self, line: &str, out: &mut Vec<Segment>) {
        match std::mem::take(&mut self.state) {
            State::Idle => self.idle(line, out),
            State::Block => self.block(line, out),
            State::Fence(fence) => {
                if closes(line, fence) {
                    out.push(Segment::CodeEnd);
                } else {
                    out.push(Segment::CodeLine(unindent(line, fence.indent).to_owned()));
                    self.state = State::Fence(fence);
                }
            }
            State::Item(item) => self.item(item, line, out),
            State::Formula(end) => self.formula(end, line, out),
        }
    }

    fn formula(&mut self, end: &'static str, line: &str, out: &mut Vec<Segment>) {
        if is_blank(line) {
            return self.flush_block(out);
        }
        self.append(line);
        if line.trim_end().ends_with(end) {
            self.flush_block(out);
        } else {
            self.state = State::Formula(end);
        }
    }

    /// Ends the text: everything open is complete.
    pub fn finish(&mut self, out: &mut Vec<Segment>) {
        match std::mem::take(&mut self.state) {
            State::Idle => {}
            State::Block | State::Formula(_) => self.flush_block(out),
            State::Fence(_) => out.push(Segment::CodeEnd),
            State::Item(item) => self.flush_item(&item, out),
        }
    }

    /// Ends an open block early, because it is too long to wait for its end.
    pub fn cut(&mut self, out: &mut Vec<Segment>) {
        if !matches!(self.state, State::Fence(_)) {
            self.finish(out);
        }
    }

    /// Nothing is open.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Goes on with a block whose text so far is known.
    pub fn reopen(&mut self, text: &str) {
        self.open.push_str(text);
        self.state = State::Block;
    }

    /// The text of the open block or item: what may still change.
    pub fn open(&self) -> &str {
        &self.open
    }

    /// A fence is open: lines are code.
    pub fn in_fence(&self) -> bool {
        matches!(self.state, State::Fence(_))
    }

    fn flush_block(&mut self, out: &mut Vec<Segment>) {
        out.push(Segment::Block(std::mem::take(&mut self.open)));
    }

    fn flush_item(&mut self, item: &Item, out: &mut Vec<Segment>) {
        out.push(Segment::Item {
            source: std::mem::take(&mut self.open),
            number: item.number,
            follows: item.follows,
            loose: item.loose,
        });
    }

    fn append(&mut self, line: &str) {
        self.open.push_str(line);
        self.open.push('\n');
    }

    fn idle(&mut self, line: &str, out: &mut Vec<Segment>) {
        if is_blank(line) {
            return;
        }
        if let Some((fence, info)) = opens(line) {
            out.push(Segment::CodeStart {
                info: info.to_owned(),
            });
            self.state = State::Fence(fence);
        } else if is_heading(line) || is_rule(line) {
            self.append(line);
            self.flush_block(out);
        } else if let Some(marker) = marker(line) {
            self.start_item(line, marker, marker.number, false, false);
        } else if let Some(end) = math_block(line).filter(|_| indent(line) <= 3) {
            self.append(line);
            let inside = &line.trim()[2..];
            if inside.ends_with(end) {
                self.flush_block(out);
            } else if inside.contains(end) {
                self.state = State::Block;
            } else {
                self.state = State::Formula(end);
            }
        } else {
            self.append(line);
            self.state = State::Block;
        }
    }

    fn block(&mut self, line: &str, out: &mut Vec<Segment>) {
        if is_blank(line) {
            return self.flush_block(out);
        }
        if is_setext(line) && !is_quote(&self.open) {
            // An underline makes the paragraph a heading; after anything else it is a rule.
            self.append(line);
            return self.flush_block(out);
        }
        let nested = is_quote(line) && is_quote(&self.open);
        let table = is_row(line) && !is_row(&self.open);
        if (interrupts(line) || table) && !nested {
            self.flush_block(out);
            self.idle(line, out);
        } else {
            self.append(line);
            self.state = State::Block;
        }
    }

    fn start_item(
        &mut self,
        line: &str,
        marker: Marker,
        number: Option<u64>,
        follows: bool,
        loose: bool,
    ) {
        self.append(line);
        let text = line.get(marker.content..).unwrap_or_default();
        self.state = State::Item(Item {
            marker,
            number,
            follows,
            loose,
            fence: opens(text).map(|(fence, _)| fence),
            after_blank: false,
        });
    }

    fn item(&mut self, mut item: Item, line: &str, out: &mut Vec<Segment>) {
        let inside = indent(line) >= item.marker.content;
        if is_blank(line) {
            // An empty item cannot be continued after a blank line.
            item.after_blank = true;
            self.open.push('\n');
            self.state = State::Item(item);
            return;
        }
        if inside {
            item.after_blank = false;
            item.fence = match item.fence {
                Some(fence) if closes_inside(line, fence) => None,
                Some(fence) => Some(fence),
                None => opens(line.trim_start()).map(|(fence, _)| fence),
            };
            self.append(line);
            self.state = State::Item(item);
            return;
        }
        if let Some(next) = marker(line).filter(|_| !is_rule(line)) {
            self.flush_item(&item, out);
            if next.kind == item.marker.kind && next.number.is_some() == item.number.is_some() {
                let number = item.number.map(|number| number.saturating_add(1));
                self.start_item(line, next, number, true, item.after_blank);
            } else {
                self.start_item(line, next, next.number, false, false);
            }
            return;
        }
        let starts_block = opens(line).is_some()
            || is_heading(line)
            || is_rule(line)
            || is_quote(line)
            || item.fence.is_some();
        if item.after_blank || starts_block {
            self.flush_item(&item, out);
            self.idle(line, out);
        } else {
            // A paragraph goes on without indentation.
            self.append(line);
            self.state = State::Item(item);
        }
    }
}

/// Whether a line ends the paragraph before it although no blank line is between.
pub(super) fn interrupts(line: &str) -> bool {
    opens(line).is_some()
        || is_heading(line)
        || is_rule(line)
        || is_quote(line)
        || (math_block(line).is_some() && indent(line) <= 3)
        || marker(line).is_some_and(|m| !m.empty && m.number.is_none_or(|n| n == 1))
}

/// Whether a line is one of a table with bars at its edges.
pub(super) fn is_row(line: &str) -> bool {
    line.trim_start().starts_with('|')
}

pub(super) fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

fn indent(line: &str) -> usize {
    let mut column = 0;
    for byte in line.bytes() {
        match byte {
            b' ' => column += 1,
            b'\t' => column += 4 - column % 4,
            _ => break,
        }
    }
    column
}

/// Without up to `columns` leading spaces.
pub(super) fn unindent(line: &str, columns: usize) -> &str {
    let spaces = line
        .bytes()
        .take(columns)
        .take_while(|b| *b == b' ')
        .count();
    &line[spaces..]
}

fn opens(line: &str) -> Option<(Fence, &str)> {
    let indent = indent(line);
    let text = line.trim_start();
    let mark = *text.as_bytes().first()?;
    if indent > 3 || !matches!(mark, b'`' | b'~') {
        return None;
    }
    let length = text.bytes().take_while(|b| *b == mark).count();
    let info = text[length..].trim();
    if length < 3 || (mark == b'`' && info.contains('`')) {
        return None;
    }
    let fence = Fence {
        mark,
        length,
        indent,
    };
    Some((fence, info))
}

fn closes(line: &str, fence: Fence) -> bool {
    indent(line) <= 3 && closes_inside(line, fence)
}

fn closes_inside(line: &str, fence: Fence) -> bool {
    let text = line.trim();
    text.len() >= fence.length && text.bytes().all(|b| b == fence.mark)
}

fn is_heading(line: &str) -> bool {
    let text = line.trim_start();
    let level = text.bytes().take_while(|b| *b == b'#').count();
    indent(line) <= 3
        && (1..=6).contains(&level)
        && matches!(text.as_bytes().get(level), None | Some(b' ' | b'\t'))
}

fn is_rule(line: &str) -> bool {
    let mut marks = line.bytes().filter(|b| !matches!(b, b' ' | b'\t'));
    let Some(mark @ (b'-' | b'*' | b'_')) = marks.next() else {
        return false;
    };
    indent(line) <= 3 && marks.clone().count() >= 2 && marks.all(|b| b == mark)
}

pub(super) fn is_setext(line: &str) -> bool {
    let text = line.trim();
    indent(line) <= 3
        && !text.is_empty()
        && (text.bytes().all(|b| b == b'=') || text.bytes().all(|b| b == b'-'))
}

fn is_quote(line: &str) -> bool {
    indent(line) <= 3 && line.trim_start().starts_with('>')
}

/// `[^label]:`, the start of a footnote.
fn is_note(text: &str) -> bool {
    let label = text
        .strip_prefix("[^")
        .and_then(|rest| rest.split_once("]:"));
    label.is_some_and(|(label, _)| {
        !label.is_empty() && !label.contains(|ch: char| ch.is_whitespace() || "[]".contains(ch))
    })
}

fn marker(line: &str) -> Option<Marker> {
    let indent = indent(line);
    if indent > 3 {
        return None;
    }
    let text = line.trim_start();
    if is_note(text) {
        return Some(Marker {
            kind: b'^',
            number: None,
            content: 4,
            empty: false,
        });
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (kind, length, number) = match text.as_bytes().get(digits)? {
        kind @ (b'-' | b'*' | b'+') if digits == 0 => (*kind, 1, None),
        kind @ (b'.' | b')') if (1..=9).contains(&digits) => {
            (*kind, digits + 1, Some(text[..digits].parse().ok()?))
        }
        _ => return None,
    };
    let rest = &text[length..];
    if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
        return None;
    }
    let empty = rest.trim().is_empty();
    // More than four spaces: one of them belongs to the marker, the rest is code.
    let gap = match self::indent(rest) {
        _ if empty => 1,
        gap @ 1..=4 => gap,
        _ => 1,
    };
    Some(Marker {
        kind,
        number,
        content: indent + length + gap,
        empty,
    })
}
