//! Editing in vim's way: modes, and commands of a count, an operator and a motion.

mod command;
mod motion;
mod object;
mod region;
mod registers;
mod search;
mod tag;
mod visual;
mod walk;

use crossterm::event::{KeyCode, KeyModifiers};

use self::command::{Cmd, Entry, Op, Parsed, Target};
use self::motion::{Find, Goal, Memory, Motion, Moved};
use self::region::Region;
use self::registers::Registers;
use self::search::{Search, Typed};
use self::walk::{
    at_column, column, first_non_blank, graphemes, line_above, line_below, line_end, line_start,
    prev,
};
use super::buffer::Buffer;
use crate::tui::terminal::input::Key;

/// A longer command is none.
const MAX_PENDING: usize = 32;
/// Most bytes that a count makes of what was typed.
const MAX_TYPED: usize = 1 << 20;

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
    /// It selects a rectangle.
    VisualBlock,
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
    /// The operator that waits for what is looked for.
    waiting: Option<(Op, Option<usize>)>,
    find: Option<Find>,
    /// The column aimed at, and where the caret was then.
    goal: Option<(usize, Goal)>,
    /// The last change, for the dot.
    change: Option<Change>,
    /// A change that is being typed, and where its text began.
    typing: Option<(Cmd, usize)>,
    /// Lines that get the same text once it is typed.
    rows: Option<Rows>,
    /// What was selected when the change was made, if something was.
    extent: Option<visual::Extent>,
    /// Where the selection began.
    anchor: usize,
    /// A rectangle goes to the end of each line.
    to_ends: bool,
    /// The selection before.
    past: Option<visual::Past>,
}

/// A change, with what was typed and what was selected.
#[derive(Debug, Clone)]
struct Change {
    cmd: Cmd,
    typed: String,
    extent: Option<visual::Extent>,
}

/// Lines below the one that is typed in, which get the same.
#[derive(Debug, Clone, Copy)]
struct Rows {
    /// Number of the first one, from 0.
    line: usize,
    count: usize,
    column: usize,
    to_ends: bool,
    /// Lines too short get blanks, else nothing.
    pads: bool,
    /// Where the caret goes in the end, when that is somewhere else.
    caret: Option<usize>,
}

impl Rows {
    /// The lines of a rectangle below its first one.
    fn below(text: &str, region: &Region) -> Option<Self> {
        let Region::Block { parts, column, .. } = region else {
            return None;
        };
        Some(Self {
            line: text[..region.start()].matches('\n').count() + 1,
            count: parts.len() - 1,
            column: *column,
            to_ends: false,
            pads: false,
            caret: None,
        })
    }

    fn type_in(self, buffer: &mut Buffer, typed: &str) {
        let mut lines: Vec<String> = buffer.text().split('\n').map(str::to_owned).collect();
        for line in lines.iter_mut().skip(self.line).take(self.count) {
            let wide = graphemes(line).count();
            if self.to_ends {
                line.push_str(typed);
            } else if wide >= self.column {
                let at = at_column(line, 0, self.column);
                line.insert_str(at, typed);
            } else if self.pads {
                line.push_str(&" ".repeat(self.column - wide));
                line.push_str(typed);
            }
        }
        let caret = buffer.caret();
        region::rewrite(buffer, &lines.join("\n"), caret);
    }
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

    /// Takes a key.
    pub fn key(&mut self, buffer: &mut Buffer, key: Key) -> VimOutcome {
        if self.mode == Mode::Insert {
            if key == Key::plain(KeyCode::Esc) || key == Key::ctrl('[') {
                self.leave_insert(buffer);
                return VimOutcome::Done;
            }
            return VimOutcome::Ignored;
        }
        match self.search.key(key) {
            Typed::Nothing => {}
            Typed::Taken => return VimOutcome::Done,
            Typed::Left => {
                self.waiting = None;
                return VimOutcome::Done;
            }
            Typed::Complete => {
                let to = Motion::Search { reversed: false };
                let cmd = match self.waiting.take() {
                    Some((op, count)) => Cmd::Operate(op, Target::Motion(to), count),
                    None => Cmd::Move(to, None),
                };
                return self.run(buffer, cmd);
            }
        }
        let control = key.modifiers == KeyModifiers::CONTROL;
        let ch = match key.code {
            KeyCode::Esc => return self.escape(buffer),
            KeyCode::Char('r') if control => {
                let times = self.pending.parse().unwrap_or(1).min(MAX_TYPED);
                self.pending.clear();
                for _ in 0..times {
                    let Some(at) = buffer.redo() else { break };
                    buffer.set_caret(at);
                }
                self.settle(buffer);
                return VimOutcome::Done;
            }
            KeyCode::Char('v') if control => '\u{16}',
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
        self.char(buffer, ch)
    }

    fn char(&mut self, buffer: &mut Buffer, ch: char) -> VimOutcome {
        if self.pending.is_empty() && matches!(ch, '/' | '?') {
            // In an empty message there is nothing to look for: `/` begins a command.
            if ch == '/' && buffer.text().is_empty() {
                self.enter(buffer, Entry::Here);
                buffer.insert("/");
            } else {
                self.search.begin(ch == '?');
            }
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
        match command::parse(&self.pending, self.selects()) {
            Parsed::More if self.pending.len() < MAX_PENDING => VimOutcome::Done,
            Parsed::More | Parsed::Invalid => {
                self.pending.clear();
                VimOutcome::Done
            }
            Parsed::Search { op, count, back } => {
                self.pending.clear();
                self.waiting = Some((op, count));
                self.search.begin(back);
                VimOutcome::Done
            }
            Parsed::Cmd(cmd) => {
                self.pending.clear();
                self.run(buffer, cmd)
            }
        }
    }

    /// Half a command, or the selection, goes first.
    fn escape(&mut self, buffer: &mut Buffer) -> VimOutcome {
        if !self.pending.is_empty() {
            self.pending.clear();
            return VimOutcome::Done;
        }
        if self.selects() {
            self.unselect(buffer);
            self.settle(buffer);
            return VimOutcome::Done;
        }
        VimOutcome::Ignored
    }

    fn leave_insert(&mut self, buffer: &mut Buffer) {
        let caret = self.rows.and_then(|rows| rows.caret);
        if let Some((cmd, from)) = self.typing.take() {
            let typed = buffer.text().get(from..buffer.caret()).unwrap_or_default();
            let typed = typed.to_owned();
            self.complete(buffer, &cmd, &typed);
            self.change = Some(Change {
                cmd,
                typed,
                extent: self.extent,
            });
        }
        buffer.close_group();
        self.mode = Mode::Normal;
        let start = line_start(buffer.text(), buffer.caret());
        match caret {
            Some(caret) => buffer.set_caret(caret),
            None if buffer.caret() > start => buffer.left(),
            None => {}
        }
        self.settle(buffer);
    }

    /// What was typed, as often as the command says, and in every line of a rectangle.
    fn complete(&mut self, buffer: &mut Buffer, cmd: &Cmd, typed: &str) {
        let (count, gap) = match cmd {
            Cmd::Enter(Entry::Below | Entry::Above, count) => (*count, "\n"),
            Cmd::Enter(_, count) | Cmd::EnterSelected { count, .. } => (*count, ""),
            _ => (1, ""),
        };
        let most = MAX_TYPED / (typed.len() + 1);
        let more = format!("{gap}{typed}").repeat(count.saturating_sub(1).min(most));
        if !more.is_empty() {
            buffer.insert(&more);
        }
        let Some(rows) = self.rows.take() else {
            return;
        };
        let all = [typed, &more].concat();
        if !all.is_empty() && !all.contains('\n') {
            rows.type_in(buffer, &all);
        }
    }

    fn run(&mut self, buffer: &mut Buffer, cmd: Cmd) -> VimOutcome {
        if let Cmd::Move(Motion::Vertical { down }, None) = &cmd
            && self.mode == Mode::Normal
        {
            let (text, at) = (buffer.text(), buffer.caret());
            let beyond = if *down {
                line_below(text, at).is_none()
            } else {
                line_above(text, at).is_none()
            };
            if beyond {
                return VimOutcome::History { older: !*down };
            }
        }
        match cmd {
            Cmd::Repeat(times) => self.repeat(buffer, times),
            cmd => {
                let extent = self.extent(buffer);
                let repeats = cmd.changes() && (extent.is_some() == cmd.is_of_selection());
                self.apply(buffer, &cmd);
                if repeats {
                    self.extent = extent;
                }
                if self.mode == Mode::Insert {
                    self.typing = Some((cmd, buffer.caret()));
                } else if repeats {
                    self.change = Some(Change {
                        cmd,
                        typed: String::new(),
                        extent,
                    });
                }
            }
        }
        self.registers.forget_choice();
        self.settle(buffer);
        VimOutcome::Done
    }

    fn repeat(&mut self, buffer: &mut Buffer, times: Option<usize>) {
        if self.selects() {
            return;
        }
        let Some(mut change) = self.change.clone() else {
            return;
        };
        if let Some(times) = times {
            change.cmd = change.cmd.times(times);
        }
        if let Some(extent) = change.extent {
            self.reselect(buffer, extent);
        }
        self.apply(buffer, &change.cmd);
        if self.mode == Mode::Insert {
            let from = buffer.caret();
            buffer.insert(&change.typed);
            self.extent = change.extent;
            self.typing = Some((change.cmd, from));
            self.leave_insert(buffer);
        } else {
            self.change = Some(change);
        }
    }

    /// In normal mode the caret stands on a character.
    fn settle(&self, buffer: &mut Buffer) {
        if self.mode == Mode::Normal {
            let (text, at) = (buffer.text(), buffer.caret());
            if at == line_end(text, at) && at > line_start(text, at) {
                let before = prev(text, at);
                buffer.set_caret(before);
            }
        }
    }

    fn apply(&mut self, buffer: &mut Buffer, cmd: &Cmd) {
        match cmd {
            Cmd::Move(motion, count) => self.go(buffer, motion, *count),
            Cmd::Operate(op, target, count) => self.operate(buffer, *op, target, *count),
            Cmd::Enter(entry, _) => self.enter(buffer, *entry),
            Cmd::Replace(with, count) => replace(buffer, *with, *count),
            Cmd::Toggle(count) => {
                let (text, from) = (buffer.text(), buffer.caret());
                let to = at_column(text, from, column(text, from) + count);
                region::each(buffer, &Region::Chars(from..to), |old| {
                    region::change_case(old, Op::ToggleCase)
                });
                let to = at_column(buffer.text(), from, column(buffer.text(), from) + count);
                buffer.set_caret(to);
            }
            Cmd::Join { count, spaces } => {
                // A count too large by more than the line itself is cut.
                if line_below(buffer.text(), buffer.caret()).is_some() {
                    region::join(buffer, *count, *spaces);
                }
            }
            Cmd::Put { before, count } => {
                let register = self.registers.read();
                let most = MAX_TYPED / (register.text.len() + 1);
                region::put(buffer, &register, *before, (*count).min(most.max(1)));
            }
            Cmd::Undo(count) => (0..*count).for_each(|_| buffer.undo()),
            Cmd::Visual(what) => self.select(buffer, *what),
            Cmd::Reselect => self.select_again(buffer),
            Cmd::Swap { across } => self.swap(buffer, *across),
            Cmd::Object(object, count) => self.select_object(buffer, *object, *count),
            Cmd::Selected { op, widened, count } => {
                self.operate_selected(buffer, *op, *widened, *count);
            }
            Cmd::ReplaceSelected(with) => self.replace_selected(buffer, *with),
            Cmd::PutSelected { swaps, count } => self.put_selected(buffer, *swaps, *count),
            Cmd::JoinSelected { spaces } => self.join_selected(buffer, *spaces),
            Cmd::EnterSelected { after, .. } => self.enter_selected(buffer, *after),
            Cmd::Repeat(_) => {}
        }
    }

    /// Makes a motion, for the caret or for an operator.
    fn moved(
        &mut self,
        buffer: &Buffer,
        motion: &Motion,
        count: Option<usize>,
        operates: bool,
    ) -> Option<Moved> {
        if let Motion::Find(find) = motion {
            self.find = Some(*find);
        }
        let mut at = buffer.caret();
        if let Motion::Word { back, whole } = motion {
            at = self.search.take(buffer.text(), at, *back, *whole)?;
        }
        let goal = self.goal.filter(|(at, _)| *at == buffer.caret());
        let memory = Memory {
            find: self.find,
            search: &self.search,
            goal: goal.map(|(_, goal)| goal),
            operates,
            selects: self.selects(),
        };
        motion::run(buffer.text(), at, motion, count, memory)
    }

    fn go(&mut self, buffer: &mut Buffer, motion: &Motion, count: Option<usize>) {
        let from = buffer.caret();
        let vertical = matches!(motion, Motion::Vertical { .. });
        let known = self.goal.filter(|(at, _)| *at == from);
        let goal = match motion {
            Motion::LineEnd => Some(Goal::End),
            Motion::Vertical { .. } => Some(known.map_or_else(
                || Goal::Column(column(buffer.text(), from)),
                |(_, goal)| goal,
            )),
            _ => None,
        };
        let Some(moved) = self.moved(buffer, motion, count, false) else {
            return;
        };
        buffer.set_caret(moved.to);
        self.settle(buffer);
        self.goal = goal.map(|goal| (buffer.caret(), goal));
        self.aimed(goal, vertical);
    }

    fn operate(&mut self, buffer: &mut Buffer, op: Op, target: &Target, count: Option<usize>) {
        let (text, at) = (buffer.text(), buffer.caret());
        let region = match target {
            Target::Line => {
                let mut end = at;
                for step in 1..count.unwrap_or(1) {
                    match line_below(text, end) {
                        Some(below) => end = below,
                        None if step == 1 => return,
                        None => break,
                    }
                }
                let first = first_non_blank(text, at);
                let stays = op == Op::Yank || end != at;
                Region::lines(text, at, end, if stays { at } else { at.min(first) })
            }
            Target::Object(object) => {
                let Some(found) = object.find(text, at, None, count.unwrap_or(1)) else {
                    return;
                };
                let (start, last) = (found.start, found.last);
                if start == last && found.kind == motion::Kind::Exclusive {
                    Region::Chars(start..start)
                } else if object.is_tag() && text[last..].starts_with('\n') {
                    Region::Chars(start..last + 1)
                } else {
                    Region::moved(text, start, last, found.kind, op)
                }
            }
            Target::Motion(motion) => {
                // `cw` keeps the blanks behind the word.
                let blank = text[at..].starts_with([' ', '\t', '\n']) || at == text.len();
                let motion = match motion {
                    Motion::WordStart { big } if op == Op::Change && !blank => Motion::WordEnd {
                        big: *big,
                        here: true,
                    },
                    other => other.clone(),
                };
                let Some(moved) = self.moved(buffer, &motion, count, true) else {
                    return;
                };
                if moved.failed {
                    buffer.set_caret(moved.to);
                    return;
                }
                Region::moved(buffer.text(), at, moved.to, moved.kind, op)
            }
        };
        self.do_it(buffer, op, &region, 1);
    }

    fn do_it(&mut self, buffer: &mut Buffer, op: Op, region: &Region, times: usize) {
        let empty = matches!(region, Region::Chars(range) if range.is_empty());
        if matches!(op, Op::Delete | Op::Change | Op::Yank) && !empty {
            self.registers.write(region.register(buffer.text()));
        }
        let caret = match region {
            Region::Lines { caret, .. } => *caret,
            other => other.start(),
        };
        match op {
            Op::Yank => buffer.set_caret(caret),
            Op::Delete => region::delete(buffer, region),
            Op::Change => {
                buffer.open_group();
                region::make_room(buffer, region);
                buffer.set_caret(region.start());
                self.mode = Mode::Insert;
            }
            Op::Indent | Op::Outdent => {
                buffer.set_caret(caret);
                region::indent(buffer, region, op == Op::Indent, times);
            }
            Op::ToggleCase | Op::Lower | Op::Upper => {
                buffer.set_caret(caret);
                region::each(buffer, region, |old| region::change_case(old, op));
                buffer.set_caret(caret);
            }
        }
    }

    fn enter(&mut self, buffer: &mut Buffer, entry: Entry) {
        buffer.open_group();
        let (text, at) = (buffer.text(), buffer.caret());
        let (start, end) = (line_start(text, at), line_end(text, at));
        match entry {
            Entry::Here => {}
            Entry::After if at < end => buffer.right(),
            Entry::After => {}
            Entry::LineEnd => buffer.set_caret(end),
            Entry::Column => buffer.set_caret(start),
            Entry::FirstNonBlank => {
                let blank = text[start..end].trim_matches([' ', '\t']).is_empty();
                let to = if blank {
                    end
                } else {
                    first_non_blank(text, at)
                };
                buffer.set_caret(to);
            }
            Entry::Below => buffer.replace(end, end, "\n"),
            Entry::Above => {
                buffer.replace(start, start, "\n");
                buffer.set_caret(start);
            }
        }
        self.mode = Mode::Insert;
    }
}

/// Writes a character over `count` others, when there are so many.
fn replace(buffer: &mut Buffer, with: char, count: usize) {
    let (text, from) = (buffer.text(), buffer.caret());
    let to = at_column(text, from, column(text, from) + count);
    if graphemes(&text[from..to]).count() < count {
        return;
    }
    let new = with.to_string().repeat(count);
    buffer.replace(from, to, &new);
    let last = buffer.before(from + new.len());
    buffer.set_caret(last);
}

#[cfg(test)]
#[path = "vim_tests.rs"]
mod tests;
