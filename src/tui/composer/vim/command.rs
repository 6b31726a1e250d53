//! Commands as they are typed.

use super::motion::{Find, Motion};
use super::object::Object;

/// What is done with a part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `d`
    Delete,
    /// `c`
    Change,
    /// `y`
    Yank,
    /// `>`
    Indent,
    /// `<`
    Outdent,
    /// `g~`
    ToggleCase,
    /// `gu`
    Lower,
    /// `gU`
    Upper,
}

/// What an operator works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// From the caret to where a motion goes.
    Motion(Motion),
    /// What is around the caret.
    Object(Object),
    /// Whole lines.
    Line,
}

/// Where insert mode begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// `i`
    Here,
    /// `a`
    After,
    /// `I`
    FirstNonBlank,
    /// `gI`
    Column,
    /// `A`
    LineEnd,
    /// `o`
    Below,
    /// `O`
    Above,
}

/// A complete command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cmd {
    /// Go somewhere.
    Move(Motion, Option<usize>),
    /// Do something with a part of the text.
    Operate(Op, Target, Option<usize>),
    /// Insert.
    Enter(Entry, usize),
    /// `r`
    Replace(char, usize),
    /// `~`
    Toggle(usize),
    /// `J`, `gJ`
    Join {
        /// How many lines.
        count: usize,
        /// With spaces between them.
        spaces: bool,
    },
    /// `p`, `P`
    Put {
        /// In front of the caret.
        before: bool,
        /// How often.
        count: usize,
    },
    /// `u`
    Undo(usize),
    /// `.`
    Repeat(Option<usize>),
    /// `v`, `V`, Ctrl+V
    Visual(Select),
    /// `gv`
    Reselect,
    /// `o` in visual mode.
    Swap {
        /// `O`: only from left to right.
        across: bool,
    },
    /// An object in visual mode.
    Object(Object, usize),
    /// An operator in visual mode.
    Selected {
        /// What is done.
        op: Op,
        /// What is selected is made more.
        widened: Widened,
        /// How often.
        count: usize,
    },
    /// `r` in visual mode.
    ReplaceSelected(char),
    /// `p`, `P` in visual mode.
    PutSelected {
        /// What was selected goes to the register.
        swaps: bool,
        /// How often.
        count: usize,
    },
    /// `J`, `gJ` in visual mode.
    JoinSelected {
        /// With spaces between lines.
        spaces: bool,
    },
    /// `I`, `A` in visual mode.
    EnterSelected {
        /// Behind what is selected.
        after: bool,
        /// How often.
        count: usize,
    },
}

/// What is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Select {
    /// Characters.
    Chars,
    /// Lines.
    Lines,
    /// A rectangle.
    Block,
}

/// How an operator takes a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Widened {
    /// As it is.
    No,
    /// A rectangle stays, anything else is whole lines.
    Lines,
    /// Whole lines, whatever it is.
    AllLines,
    /// A rectangle goes to the ends of its lines, anything else is whole lines.
    Ends,
}

impl Cmd {
    /// The dot repeats it.
    pub fn changes(&self) -> bool {
        match self {
            Cmd::Operate(op, ..) | Cmd::Selected { op, .. } => *op != Op::Yank,
            Cmd::Enter(..)
            | Cmd::Replace(..)
            | Cmd::Toggle(_)
            | Cmd::Join { .. }
            | Cmd::Put { .. } => true,
            _ => self.is_of_selection(),
        }
    }

    /// It works on what is selected.
    pub fn is_of_selection(&self) -> bool {
        matches!(
            self,
            Cmd::Selected { .. }
                | Cmd::ReplaceSelected(_)
                | Cmd::PutSelected { .. }
                | Cmd::JoinSelected { .. }
                | Cmd::EnterSelected { .. }
        )
    }

    /// The same with another count.
    pub fn times(mut self, times: usize) -> Self {
        match &mut self {
            Cmd::Move(_, count) | Cmd::Operate(_, _, count) => *count = Some(times),
            Cmd::Enter(_, count)
            | Cmd::Replace(_, count)
            | Cmd::Toggle(count)
            | Cmd::Join { count, .. }
            | Cmd::Put { count, .. }
            | Cmd::Selected { count, .. }
            | Cmd::PutSelected { count, .. }
            | Cmd::EnterSelected { count, .. } => *count = times,
            _ => {}
        }
        self
    }
}

/// What keys make so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// Half a command.
    More,
    /// No command.
    Invalid,
    /// A command.
    Cmd(Cmd),
    /// An operator that goes to what is looked for.
    Search {
        /// What is done.
        op: Op,
        /// How often.
        count: Option<usize>,
        /// Backwards.
        back: bool,
    },
}

/// How Ctrl+V stands among the keys.
pub const BLOCK: &str = "\u{16}";

/// A larger count does the same as this one.
const MAX_COUNT: usize = 10_000;

/// Splits a count off; a leading zero is a motion.
fn count(keys: &str) -> (Option<usize>, &str) {
    if keys.starts_with('0') {
        return (None, keys);
    }
    let end = keys
        .find(|ch: char| !ch.is_ascii_digit())
        .unwrap_or(keys.len());
    let number = keys[..end].parse::<usize>().ok();
    let number = if end > 5 { Some(MAX_COUNT) } else { number };
    (number.map(|number| number.min(MAX_COUNT)), &keys[end..])
}

/// Reads keys as a command.
pub fn parse(keys: &str, visual: bool) -> Parsed {
    let (times, rest) = count(keys);
    if rest.is_empty() {
        return Parsed::More;
    }
    if visual {
        return visual_command(times, rest);
    }
    if let Some((op, after)) = operator(rest) {
        return operation(op, times, after, &rest[..rest.len() - after.len()]);
    }
    if let Some(cmd) = simple(rest, times) {
        return Parsed::Cmd(cmd);
    }
    match rest {
        "r" | "g" => Parsed::More,
        _ if rest.starts_with('r') => match rest[1..].chars().next() {
            Some(ch) => Parsed::Cmd(Cmd::Replace(ch, times.unwrap_or(1))),
            None => Parsed::More,
        },
        _ => moved(rest, times),
    }
}

fn moved(keys: &str, times: Option<usize>) -> Parsed {
    match motion(keys) {
        Ok(Some(motion)) => Parsed::Cmd(Cmd::Move(motion, times)),
        Ok(None) => Parsed::More,
        Err(()) => Parsed::Invalid,
    }
}

fn operator(keys: &str) -> Option<(Op, &str)> {
    [
        ("g~", Op::ToggleCase),
        ("gu", Op::Lower),
        ("gU", Op::Upper),
        ("d", Op::Delete),
        ("c", Op::Change),
        ("y", Op::Yank),
        (">", Op::Indent),
        ("<", Op::Outdent),
    ]
    .into_iter()
    .find_map(|(name, op)| Some((op, keys.strip_prefix(name)?)))
}

fn operation(op: Op, times: Option<usize>, after: &str, name: &str) -> Parsed {
    let (more, target) = count(after);
    let times = match (times, more) {
        (None, None) => None,
        (a, b) => Some((a.unwrap_or(1) * b.unwrap_or(1)).min(MAX_COUNT)),
    };
    match target {
        "" => return Parsed::More,
        "/" | "?" => {
            return Parsed::Search {
                op,
                count: times,
                back: target == "?",
            };
        }
        _ => {}
    }
    // `dd`, and `g~~` or `g~g~`.
    let same = name
        .chars()
        .last()
        .is_some_and(|last| target == last.to_string());
    if same || target == name {
        return Parsed::Cmd(Cmd::Operate(op, Target::Line, times));
    }
    if name.len() > 1 && name.starts_with(target) {
        return Parsed::More;
    }
    if let Some(found) = object(target) {
        return match found {
            Ok(Some(object)) => Parsed::Cmd(Cmd::Operate(op, Target::Object(object), times)),
            Ok(None) => Parsed::More,
            Err(()) => Parsed::Invalid,
        };
    }
    match motion(target) {
        Ok(Some(motion)) => Parsed::Cmd(Cmd::Operate(op, Target::Motion(motion), times)),
        Ok(None) => Parsed::More,
        Err(()) => Parsed::Invalid,
    }
}

/// Commands of one key.
fn simple(keys: &str, times: Option<usize>) -> Option<Cmd> {
    let n = times.unwrap_or(1);
    let to = |op, motion| Cmd::Operate(op, Target::Motion(motion), times);
    Some(match keys {
        "i" => Cmd::Enter(Entry::Here, n),
        "a" => Cmd::Enter(Entry::After, n),
        "I" => Cmd::Enter(Entry::FirstNonBlank, n),
        "A" => Cmd::Enter(Entry::LineEnd, n),
        "o" => Cmd::Enter(Entry::Below, n),
        "O" => Cmd::Enter(Entry::Above, n),
        "x" => to(Op::Delete, Motion::Right),
        "X" => to(Op::Delete, Motion::Left),
        "s" => to(Op::Change, Motion::Right),
        "D" => to(Op::Delete, Motion::LineEnd),
        "C" => to(Op::Change, Motion::LineEnd),
        "S" => Cmd::Operate(Op::Change, Target::Line, times),
        "Y" => Cmd::Operate(Op::Yank, Target::Line, times),
        "~" => Cmd::Toggle(n),
        "J" | "gJ" => Cmd::Join {
            count: n,
            spaces: keys == "J",
        },
        "gI" => Cmd::Enter(Entry::Column, n),
        "p" => Cmd::Put {
            before: false,
            count: n,
        },
        "P" => Cmd::Put {
            before: true,
            count: n,
        },
        "u" => Cmd::Undo(n),
        "." => Cmd::Repeat(times),
        "v" => Cmd::Visual(Select::Chars),
        "V" => Cmd::Visual(Select::Lines),
        BLOCK => Cmd::Visual(Select::Block),
        "gv" => Cmd::Reselect,
        _ => return None,
    })
}

fn visual_command(times: Option<usize>, keys: &str) -> Parsed {
    let count = times.unwrap_or(1);
    let op = |op, widened| Cmd::Selected { op, widened, count };
    let cmd = match keys {
        "d" | "x" => op(Op::Delete, Widened::No),
        "X" => op(Op::Delete, Widened::Lines),
        "D" => op(Op::Delete, Widened::Ends),
        "c" | "s" => op(Op::Change, Widened::No),
        "C" => op(Op::Change, Widened::Ends),
        "S" | "R" => op(Op::Change, Widened::AllLines),
        "y" => op(Op::Yank, Widened::No),
        "Y" => op(Op::Yank, Widened::Lines),
        ">" => op(Op::Indent, Widened::No),
        "<" => op(Op::Outdent, Widened::No),
        "~" | "g~" => op(Op::ToggleCase, Widened::No),
        "u" | "gu" => op(Op::Lower, Widened::No),
        "U" | "gU" => op(Op::Upper, Widened::No),
        "J" | "gJ" => Cmd::JoinSelected {
            spaces: keys == "J",
        },
        "p" | "P" => Cmd::PutSelected {
            swaps: keys == "p",
            count,
        },
        "o" | "O" => Cmd::Swap {
            across: keys == "O",
        },
        "I" | "A" => Cmd::EnterSelected {
            after: keys == "A",
            count,
        },
        "v" => Cmd::Visual(Select::Chars),
        "V" => Cmd::Visual(Select::Lines),
        BLOCK => Cmd::Visual(Select::Block),
        "gv" => Cmd::Reselect,
        "r" => return Parsed::More,
        _ if keys.starts_with('r') => match keys[1..].chars().next() {
            Some(ch) => Cmd::ReplaceSelected(ch),
            None => return Parsed::More,
        },
        _ => {
            return match object(keys) {
                Some(Ok(Some(object))) => Parsed::Cmd(Cmd::Object(object, count)),
                Some(Ok(None)) => Parsed::More,
                Some(Err(())) => Parsed::Invalid,
                None => moved(keys, times),
            };
        }
    };
    Parsed::Cmd(cmd)
}

/// `iw`, `a(` and so on; nothing when the keys are no object at all.
fn object(keys: &str) -> Option<Result<Option<Object>, ()>> {
    let mut chars = keys.chars();
    let around = match chars.next()? {
        'i' => false,
        'a' => true,
        _ => return None,
    };
    let Some(ch) = chars.next() else {
        return Some(Ok(None));
    };
    Some(Object::named(ch, around).map(Some).ok_or(()))
}

/// A motion; `Ok(None)` for half of one.
fn motion(keys: &str) -> Result<Option<Motion>, ()> {
    let mut chars = keys.chars();
    let first = chars.next().ok_or(())?;
    let second = chars.next();
    if matches!(first, 'f' | 'F' | 't' | 'T') {
        return Ok(second.map(|ch| {
            Motion::Find(Find {
                ch,
                back: matches!(first, 'F' | 'T'),
                till: matches!(first, 't' | 'T'),
            })
        }));
    }
    if first == 'g' {
        return match second {
            None => Ok(None),
            Some('g') => Ok(Some(Motion::Line { last: false })),
            Some('e') => Ok(Some(Motion::WordEndBack { big: false })),
            Some('E') => Ok(Some(Motion::WordEndBack { big: true })),
            Some('_') => Ok(Some(Motion::LastNonBlank)),
            Some(sign @ ('*' | '#')) => Ok(Some(Motion::Word {
                back: sign == '#',
                whole: false,
            })),
            Some(_) => Err(()),
        };
    }
    Ok(Some(match first {
        'h' => Motion::Left,
        'l' | ' ' => Motion::Right,
        'j' => Motion::Vertical { down: true },
        'k' => Motion::Vertical { down: false },
        '+' => Motion::LineBelow { down: true },
        '-' => Motion::LineBelow { down: false },
        'w' => Motion::WordStart { big: false },
        'W' => Motion::WordStart { big: true },
        'e' => Motion::WordEnd {
            big: false,
            here: false,
        },
        'E' => Motion::WordEnd {
            big: true,
            here: false,
        },
        'b' => Motion::WordBack { big: false },
        'B' => Motion::WordBack { big: true },
        '0' => Motion::LineStart,
        '^' => Motion::FirstNonBlank,
        '_' => Motion::ThisLine,
        '|' => Motion::Column,
        'n' => Motion::Search { reversed: false },
        'N' => Motion::Search { reversed: true },
        '$' => Motion::LineEnd,
        'G' => Motion::Line { last: true },
        '{' => Motion::Paragraph { down: false },
        '}' => Motion::Paragraph { down: true },
        ';' => Motion::Again { reversed: false },
        ',' => Motion::Again { reversed: true },
        '%' => Motion::Match,
        '*' | '#' => Motion::Word {
            back: first == '#',
            whole: true,
        },
        _ => return Err(()),
    }))
}
