//! Editing in vim's way: modes, and commands of a count, an operator and a motion.

mod command;
mod motion;
mod object;
mod registers;
mod search;

use std::ops::Range;

use crossterm::event::{KeyCode, KeyModifiers};

use self::command::{Cmd, Entry, Op, Parsed, Target};
use self::motion::{Find, Kind, Motion};
use self::registers::{Register, Registers};
use self::search::Search;
use super::buffer::Buffer;
use crate::tui::terminal::input::Key;

/// A longer command is none.
const MAX_PENDING: usize = 32;
/// What `>` puts before a line.
const SHIFT: &str = "    ";

/// What typing does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// It inserts.
    #[default]
    Insert,
    /// It commands.
    Normal,
    /// It selects characters.
    Visual,
    /// It selects lines.
    VisualLine,
}

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VimOutcome {
    /// It is for others.
    Ignored,
    /// It was taken.
    Done,
    /// It wants another message of the history.
    History {
        /// An earlier one.
        older: bool,
    },
}

/// The state between keys.
#[derive(Debug, Default)]
pub struct Vim {
    mode: Mode,
    /// Keys of a command that is not complete.
    pending: String,
    registers: Registers,
    search: Search,
    find: Option<Find>,
    /// The last change and what was typed with it, for the dot.
    change: Option<(Cmd, String)>,
    /// What was selected when it was made, if something was.
    shape: Option<Shape>,
    /// A change that is being typed: where its text began.
    typing: Option<(Cmd, usize)>,
    anchor: usize,
}

/// The extent of a selection, to select as much elsewhere.
#[derive(Debug, Clone, Copy)]
struct Shape {
    lines: bool,
    /// Line ends inside of it.
    down: usize,
    /// Characters of its last line.
    chars: usize,
}

impl Vim {
    /// The mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The message was taken out: the next one is typed. What was copied stays.
    pub fn restart(&mut self) {
        *self = Self {
            registers: std::mem::take(&mut self.registers),
            search: std::mem::take(&mut self.search),
            ..Self::default()
        };
    }

    /// What is being looked for, while it is typed.
    pub fn searching(&self) -> Option<String> {
        self.search.typed()
    }

    /// What is selected.
    pub fn selection(&self, buffer: &Buffer) -> Option<Range<usize>> {
        let (low, high) = ordered(self.anchor, buffer.caret());
        let high = high.min(buffer.text().len());
        let low = low.min(high);
        match self.mode {
            Mode::Insert | Mode::Normal => None,
            Mode::Visual => Some(low..buffer.after(high)),
            Mode::VisualLine => Some(lines_around(buffer.text(), low, high)),
        }
    }

    /// Takes a key.
    pub fn key(&mut self, buffer: &mut Buffer, key: Key) -> VimOutcome {
        if self.mode == Mode::Insert {
            if key == Key::plain(KeyCode::Esc) || key == Key::ctrl('[') {
                self.leave_insert(buffer);
                return VimOutcome::Done;
            }
            return VimOutcome::Ignored;
        }
        if self.search.key(buffer, key) {
            self.settle(buffer);
            return VimOutcome::Done;
        }
        let ch = match key.code {
            KeyCode::Esc => return self.escape(buffer),
            KeyCode::Char('r') if key.modifiers == KeyModifiers::CONTROL => {
                buffer.redo();
                return VimOutcome::Done;
            }
            KeyCode::Char(ch)
                if !key
                    .modifiers
                    .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) =>
            {
                ch
            }
            KeyCode::Backspace => 'h',
            _ => {
                self.pending.clear();
                return VimOutcome::Ignored;
            }
        };
        if self.pending.is_empty() && self.search_key(buffer, ch) {
            return VimOutcome::Done;
        }
        self.pending.push(ch);
        if let Some(name) = self.pending.strip_prefix('"') {
            if let Some(name) = name.chars().next() {
                self.registers.choose(name);
                self.pending.clear();
            }
            return VimOutcome::Done;
        }
        let visual = self.mode != Mode::Normal;
        match command::parse(&self.pending, visual) {
            Parsed::More if self.pending.len() < MAX_PENDING => VimOutcome::Done,
            Parsed::More | Parsed::Invalid => {
                self.pending.clear();
                VimOutcome::Done
            }
            Parsed::Cmd(cmd) => {
                self.pending.clear();
                self.run(buffer, cmd)
            }
        }
    }

    /// Keys of the search. In an empty message there is nothing to look for: `/`
    /// begins a command.
    fn search_key(&mut self, buffer: &mut Buffer, ch: char) -> bool {
        match ch {
            '/' if buffer.text().is_empty() => {
                self.enter(buffer, Entry::Here);
                buffer.insert("/");
            }
            '/' | '?' => self.search.begin(ch == '?'),
            'n' | 'N' => {
                self.search.again(buffer, ch == 'N');
                self.settle(buffer);
            }
            _ => return false,
        }
        true
    }

    /// Half a command, or the selection, goes first.
    fn escape(&mut self, buffer: &mut Buffer) -> VimOutcome {
        if self.mode != Mode::Normal {
            self.mode = Mode::Normal;
            self.settle(buffer);
            return VimOutcome::Done;
        }
        if self.pending.is_empty() {
            return VimOutcome::Ignored;
        }
        self.pending.clear();
        VimOutcome::Done
    }

    fn leave_insert(&mut self, buffer: &mut Buffer) {
        if let Some((cmd, from)) = self.typing.take() {
            let typed = buffer.text().get(from..buffer.caret()).unwrap_or_default();
            self.change = Some((cmd, typed.to_owned()));
        }
        buffer.close_group();
        self.mode = Mode::Normal;
        let start = motion::line_start(buffer.text(), buffer.caret());
        if buffer.caret() > start {
            buffer.left();
        }
    }

    fn run(&mut self, buffer: &mut Buffer, cmd: Cmd) -> VimOutcome {
        if let Cmd::Move(Motion::Vertical { down }, count) = &cmd
            && self.mode == Mode::Normal
            && count.is_none()
            && motion::is_edge(buffer.text(), buffer.caret(), *down)
        {
            return VimOutcome::History { older: !*down };
        }
        if cmd == Cmd::Repeat {
            self.repeat(buffer);
        } else {
            let shape = self.shape_of(buffer);
            let repeatable = cmd.changes() && (shape.is_some() == cmd.is_of_selection());
            self.apply(buffer, &cmd);
            if repeatable {
                self.shape = shape;
            }
            if self.mode == Mode::Insert {
                self.typing = Some((cmd, buffer.caret()));
            } else if repeatable {
                self.change = Some((cmd, String::new()));
            }
        }
        self.registers.forget_choice();
        self.settle(buffer);
        VimOutcome::Done
    }

    fn shape_of(&self, buffer: &Buffer) -> Option<Shape> {
        let selected = &buffer.text()[self.selection(buffer)?];
        let lines = self.mode == Mode::VisualLine;
        let inside = selected.strip_suffix('\n').unwrap_or(selected);
        Some(Shape {
            lines,
            down: inside.matches('\n').count(),
            chars: motion::graphemes(inside.rsplit('\n').next().unwrap_or_default()).count(),
        })
    }

    /// Selects as much from the caret on.
    fn reselect(&mut self, buffer: &mut Buffer, shape: Shape) {
        self.anchor = buffer.caret();
        self.mode = if shape.lines {
            Mode::VisualLine
        } else {
            Mode::Visual
        };
        let mut to = buffer.caret();
        for _ in 0..shape.down {
            let end = motion::line_end(buffer.text(), to);
            to = (end + 1).min(buffer.text().len());
        }
        buffer.set_caret(to);
        let last = forward_in_line(buffer, shape.chars.saturating_sub(1));
        let end = motion::line_end(buffer.text(), to);
        let last = if last == end && last > to {
            buffer.before(last)
        } else {
            last
        };
        buffer.set_caret(last);
    }

    fn repeat(&mut self, buffer: &mut Buffer) {
        let Some((cmd, typed)) = self.change.clone() else {
            return;
        };
        if let Some(shape) = self.shape {
            self.reselect(buffer, shape);
        }
        self.apply(buffer, &cmd);
        if self.mode == Mode::Insert {
            buffer.insert(&typed);
            self.leave_insert(buffer);
        }
    }

    /// In normal mode the caret stands on a character.
    fn settle(&self, buffer: &mut Buffer) {
        if self.mode == Mode::Normal {
            let (text, at) = (buffer.text(), buffer.caret());
            let end = motion::line_end(text, at);
            if at == end && at > motion::line_start(text, at) {
                let before = buffer.before(at);
                buffer.set_caret(before);
            }
        }
    }

    fn apply(&mut self, buffer: &mut Buffer, cmd: &Cmd) {
        match cmd {
            Cmd::Move(motion, count) => self.go(buffer, motion, *count),
            Cmd::Operate(op, target, count) => self.operate(buffer, *op, target, *count),
            Cmd::Enter(entry) => self.enter(buffer, *entry),
            Cmd::Replace(with, count) => replace(buffer, *with, *count),
            Cmd::Toggle(count) => {
                let to = forward_in_line(buffer, *count);
                let (from, to) = (buffer.caret(), to);
                change_case(buffer, from..to, Op::ToggleCase);
                buffer.set_caret(to);
            }
            Cmd::Join(count) => join(buffer, *count),
            Cmd::Put { before, count } => self.put(buffer, *before, *count),
            Cmd::Undo(count) => (0..*count).for_each(|_| buffer.undo()),
            Cmd::Visual { lines } => self.select(buffer, *lines),
            Cmd::Swap => {
                let caret = buffer.caret();
                buffer.set_caret(self.anchor);
                self.anchor = caret;
            }
            Cmd::Object(object, count) => {
                if let Some(range) = object::find(buffer.text(), buffer.caret(), *object, *count) {
                    self.anchor = range.start;
                    let last = buffer.before(range.end.max(range.start + 1));
                    buffer.set_caret(last.max(range.start));
                }
            }
            Cmd::Selected(op) => self.operate_selected(buffer, *op),
            Cmd::ReplaceSelected(with) => {
                if let Some(range) = self.selection(buffer) {
                    let text: String = motion::graphemes(&buffer.text()[range.clone()])
                        .map(|grapheme| if grapheme == "\n" { '\n' } else { *with })
                        .collect();
                    buffer.replace(range.start, range.end, &text);
                    buffer.set_caret(range.start);
                }
                self.mode = Mode::Normal;
            }
            Cmd::PutSelected => {
                if let Some(range) = self.selection(buffer) {
                    let old = buffer.text()[range.clone()].to_owned();
                    let lines = self.mode == Mode::VisualLine;
                    let new = self.registers.read();
                    self.registers.forget_choice();
                    self.registers.write(Register { text: old, lines });
                    buffer.replace(range.start, range.end, &new.text);
                    buffer.set_caret(range.start);
                }
                self.mode = Mode::Normal;
            }
            Cmd::JoinSelected => {
                if let Some(range) = self.selection(buffer) {
                    let lines = buffer.text()[range.clone()].lines().count();
                    buffer.set_caret(range.start);
                    join(buffer, lines.max(2));
                }
                self.mode = Mode::Normal;
            }
            Cmd::Repeat => {}
        }
    }

    fn select(&mut self, buffer: &Buffer, lines: bool) {
        let wanted = if lines {
            Mode::VisualLine
        } else {
            Mode::Visual
        };
        if self.mode == wanted {
            self.mode = Mode::Normal;
            return;
        }
        if self.mode == Mode::Normal {
            self.anchor = buffer.caret();
        }
        self.mode = wanted;
    }

    fn go(&mut self, buffer: &mut Buffer, motion: &Motion, count: Option<usize>) {
        let found = motion::run(buffer.text(), buffer.caret(), motion, count, self.find);
        if let Motion::Find(find) = motion {
            self.find = Some(*find);
        }
        if let Some((to, _)) = found {
            buffer.set_caret(to);
        }
    }

    fn operate(&mut self, buffer: &mut Buffer, op: Op, target: &Target, count: Option<usize>) {
        let Some((range, lines)) = self.range(buffer, op, target, count) else {
            return;
        };
        self.do_it(buffer, op, range, lines);
    }

    /// What an operator works on, and whether that is whole lines.
    fn range(
        &mut self,
        buffer: &Buffer,
        op: Op,
        target: &Target,
        count: Option<usize>,
    ) -> Option<(Range<usize>, bool)> {
        let (text, at) = (buffer.text(), buffer.caret());
        match target {
            Target::Line => {
                let mut end = at;
                for _ in 1..count.unwrap_or(1) {
                    let next = motion::line_end(text, end) + 1;
                    if next > text.len() {
                        break;
                    }
                    end = next;
                }
                Some((lines_around(text, at, end), true))
            }
            Target::Object(object) => {
                let range = object::find(text, at, *object, count.unwrap_or(1))?;
                Some((range, false))
            }
            Target::Motion(motion) => {
                // `cw` keeps the blanks behind the word.
                let on_blank = text[at..].starts_with(char::is_whitespace);
                let motion = match motion {
                    Motion::WordStart { big } if op == Op::Change && !on_blank => Motion::WordEnd {
                        big: *big,
                        here: true,
                    },
                    other => other.clone(),
                };
                let (to, kind) = motion::run(text, at, &motion, count, self.find)?;
                if let Motion::Find(find) = motion {
                    self.find = Some(find);
                }
                let (low, high) = ordered(at, to);
                Some(match kind {
                    Kind::Lines => (lines_around(text, low, high), true),
                    Kind::Inclusive => (low..buffer.after(high), false),
                    Kind::Exclusive => {
                        // A word motion that leaves the line stops at its end.
                        let end = motion::line_end(text, low);
                        let word = matches!(motion, Motion::WordStart { .. });
                        let high = if word && high > end && end > low {
                            end
                        } else {
                            high
                        };
                        (low..high, false)
                    }
                })
            }
        }
    }

    fn operate_selected(&mut self, buffer: &mut Buffer, op: Op) {
        let lines = self.mode == Mode::VisualLine;
        let Some(range) = self.selection(buffer) else {
            return;
        };
        self.mode = Mode::Normal;
        self.do_it(buffer, op, range, lines);
    }

    fn do_it(&mut self, buffer: &mut Buffer, op: Op, range: Range<usize>, lines: bool) {
        let text = buffer.text()[range.clone()].to_owned();
        match op {
            Op::Delete | Op::Change | Op::Yank => {
                let end = if lines && !text.ends_with('\n') {
                    "\n"
                } else {
                    ""
                };
                let text = text + end;
                self.registers.write(Register { text, lines });
            }
            Op::Indent | Op::Outdent | Op::ToggleCase | Op::Lower | Op::Upper => {}
        }
        match op {
            Op::Yank => buffer.set_caret(range.start),
            Op::Delete => delete(buffer, range, lines),
            Op::Change => {
                let ends_line = lines && buffer.text()[range.clone()].ends_with('\n');
                buffer.open_group();
                buffer.remove(range.start, range.end - usize::from(ends_line));
                buffer.set_caret(range.start);
                self.mode = Mode::Insert;
            }
            Op::Indent | Op::Outdent => indent(buffer, range, op == Op::Indent),
            Op::ToggleCase | Op::Lower | Op::Upper => {
                let start = range.start;
                change_case(buffer, range, op);
                buffer.set_caret(start);
            }
        }
    }

    fn enter(&mut self, buffer: &mut Buffer, entry: Entry) {
        buffer.open_group();
        let (text, at) = (buffer.text(), buffer.caret());
        let (start, end) = (motion::line_start(text, at), motion::line_end(text, at));
        match entry {
            Entry::Here => {}
            Entry::After if at < end => buffer.right(),
            Entry::After => {}
            Entry::LineEnd => buffer.set_caret(end),
            Entry::FirstNonBlank => {
                let to = motion::first_non_blank(text, at);
                buffer.set_caret(to);
            }
            Entry::Below => {
                buffer.set_caret(end);
                buffer.insert("\n");
            }
            Entry::Above => {
                buffer.replace(start, start, "\n");
                buffer.set_caret(start);
            }
        }
        self.mode = Mode::Insert;
    }

    fn put(&self, buffer: &mut Buffer, before: bool, count: usize) {
        let Register { text, lines } = self.registers.read();
        if text.is_empty() {
            return;
        }
        let (all, at) = (buffer.text(), buffer.caret());
        let many = text.repeat(count.min(1_000));
        if lines {
            let body = many.strip_suffix('\n').unwrap_or(&many);
            if before {
                let start = motion::line_start(all, at);
                buffer.replace(start, start, &format!("{body}\n"));
                buffer.set_caret(start);
            } else {
                let end = motion::line_end(all, at);
                buffer.replace(end, end, &format!("\n{body}"));
                buffer.set_caret(end + 1);
            }
            return;
        }
        let at = if before || at == motion::line_end(all, at) {
            at
        } else {
            buffer.after(at)
        };
        buffer.replace(at, at, &many);
        let last = buffer.before(at + many.len());
        buffer.set_caret(last);
    }
}

fn ordered(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

/// The lines from one position to another, with the newline behind the last one
/// where there is one.
fn lines_around(text: &str, low: usize, high: usize) -> Range<usize> {
    let end = motion::line_end(text, high);
    motion::line_start(text, low)..(end + 1).min(text.len())
}

fn delete(buffer: &mut Buffer, range: Range<usize>, lines: bool) {
    let text = buffer.text();
    // The last line takes the newline before it along.
    let takes_before =
        lines && range.end == text.len() && range.start > 0 && !text[range.clone()].ends_with('\n');
    let start = range.start - usize::from(takes_before);
    buffer.remove(start, range.end);
    if lines {
        let at = motion::first_non_blank(buffer.text(), start.min(buffer.text().len()));
        let line = motion::line_start(buffer.text(), start.min(buffer.text().len()));
        buffer.set_caret(if takes_before { line } else { at });
    }
}

fn forward_in_line(buffer: &Buffer, count: usize) -> usize {
    let end = motion::line_end(buffer.text(), buffer.caret());
    let mut to = buffer.caret();
    for _ in 0..count {
        if to >= end {
            break;
        }
        to = buffer.after(to);
    }
    to
}

fn replace(buffer: &mut Buffer, with: char, count: usize) {
    let from = buffer.caret();
    let to = forward_in_line(buffer, count);
    if to == from || motion::graphemes(&buffer.text()[from..to]).count() < count {
        return;
    }
    let new = with.to_string().repeat(count);
    buffer.replace(from, to, &new);
    if with != '\n' {
        let last = buffer.before(from + new.len());
        buffer.set_caret(last);
    }
}

fn change_case(buffer: &mut Buffer, range: Range<usize>, op: Op) {
    let old = &buffer.text()[range.clone()];
    let new: String = old
        .chars()
        .flat_map(|ch| {
            let upper = match op {
                Op::Upper => true,
                Op::Lower => false,
                _ => ch.is_lowercase(),
            };
            let mapped: Vec<char> = if upper {
                ch.to_uppercase().collect()
            } else {
                ch.to_lowercase().collect()
            };
            mapped
        })
        .collect();
    if new != old {
        buffer.replace(range.start, range.end, &new);
    }
}

fn indent(buffer: &mut Buffer, range: Range<usize>, deeper: bool) {
    let text = buffer.text();
    let last = text
        .floor_char_boundary(range.end.saturating_sub(1))
        .max(range.start);
    let range = lines_around(text, range.start, last);
    let old = buffer.text()[range.clone()].to_owned();
    let new: String = old
        .split_inclusive('\n')
        .map(|line| match deeper {
            true if line.trim().is_empty() => line.to_owned(),
            true => format!("{SHIFT}{line}"),
            false => {
                let blanks = line.len() - line.trim_start_matches(' ').len();
                let cut = if line.starts_with('\t') {
                    1
                } else {
                    blanks.min(SHIFT.len())
                };
                line[cut..].to_owned()
            }
        })
        .collect();
    if new != old {
        buffer.replace(range.start, range.end, &new);
    }
    let to = motion::first_non_blank(buffer.text(), range.start);
    buffer.set_caret(to);
}

/// Joins `count` lines (at least two) with one space between them.
fn join(buffer: &mut Buffer, count: usize) {
    for _ in 1..count.max(2) {
        let text = buffer.text();
        let end = motion::line_end(text, buffer.caret());
        if end == text.len() {
            return;
        }
        let rest = text[end + 1..].trim_start_matches([' ', '\t']);
        let next = text.len() - rest.len();
        let from = text[..end].trim_end_matches([' ', '\t']).len();
        let from = from.max(motion::line_start(text, buffer.caret()));
        let bare =
            rest.is_empty() || rest.starts_with('\n') || from == motion::line_start(text, end);
        buffer.replace(from, next, if bare { "" } else { " " });
        buffer.set_caret(from);
    }
}

#[cfg(test)]
#[path = "vim_tests.rs"]
mod tests;
