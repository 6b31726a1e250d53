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
    Enter(Entry),
    /// `r`
    Replace(char, usize),
    /// `~`
    Toggle(usize),
    /// `J`
    Join(usize),
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
    Repeat,
    /// `v`, `V`
    Visual {
        /// Whole lines.
        lines: bool,
    },
    /// `o` in visual mode.
    Swap,
    /// An object in visual mode.
    Object(Object, usize),
    /// An operator in visual mode.
    Selected(Op),
    /// `r` in visual mode.
    ReplaceSelected(char),
    /// `p` in visual mode.
    PutSelected,
    /// `J` in visual mode.
    JoinSelected,
}

impl Cmd {
    /// The dot repeats it.
    pub fn changes(&self) -> bool {
        match self {
            Cmd::Operate(op, ..) => *op != Op::Yank,
            Cmd::Selected(op) => *op != Op::Yank,
            Cmd::Enter(_) | Cmd::Replace(..) | Cmd::Toggle(_) | Cmd::Join(_) | Cmd::Put { .. } => {
                true
            }
            Cmd::ReplaceSelected(_) | Cmd::PutSelected | Cmd::JoinSelected => true,
            _ => false,
        }
    }

    /// It works on what is selected.
    pub fn is_of_selection(&self) -> bool {
        matches!(
            self,
            Cmd::Selected(_) | Cmd::ReplaceSelected(_) | Cmd::PutSelected | Cmd::JoinSelected
        )
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
}

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
    if target.is_empty() {
        return Parsed::More;
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
        "i" => Cmd::Enter(Entry::Here),
        "a" => Cmd::Enter(Entry::After),
        "I" => Cmd::Enter(Entry::FirstNonBlank),
        "A" => Cmd::Enter(Entry::LineEnd),
        "o" => Cmd::Enter(Entry::Below),
        "O" => Cmd::Enter(Entry::Above),
        "x" => to(Op::Delete, Motion::Right),
        "X" => to(Op::Delete, Motion::Left),
        "s" => to(Op::Change, Motion::Right),
        "D" => to(Op::Delete, Motion::LineEnd),
        "C" => to(Op::Change, Motion::LineEnd),
        "S" => Cmd::Operate(Op::Change, Target::Line, times),
        "Y" => Cmd::Operate(Op::Yank, Target::Line, times),
        "~" => Cmd::Toggle(n),
        "J" => Cmd::Join(n),
        "p" => Cmd::Put {
            before: false,
            count: n,
        },
        "P" => Cmd::Put {
            before: true,
            count: n,
        },
        "u" => Cmd::Undo(n),
        "." => Cmd::Repeat,
        "v" => Cmd::Visual { lines: false },
        "V" => Cmd::Visual { lines: true },
        _ => return None,
    })
}

fn visual_command(times: Option<usize>, keys: &str) -> Parsed {
    let cmd = match keys {
        "d" | "x" | "X" | "D" => Cmd::Selected(Op::Delete),
        "c" | "s" | "C" | "S" => Cmd::Selected(Op::Change),
        "y" | "Y" => Cmd::Selected(Op::Yank),
        ">" => Cmd::Selected(Op::Indent),
        "<" => Cmd::Selected(Op::Outdent),
        "~" => Cmd::Selected(Op::ToggleCase),
        "u" => Cmd::Selected(Op::Lower),
        "U" => Cmd::Selected(Op::Upper),
        "J" => Cmd::JoinSelected,
        "p" | "P" => Cmd::PutSelected,
        "o" | "O" => Cmd::Swap,
        "v" => Cmd::Visual { lines: false },
        "V" => Cmd::Visual { lines: true },
        "r" => return Parsed::More,
        _ if keys.starts_with('r') => match keys[1..].chars().next() {
            Some(ch) => Cmd::ReplaceSelected(ch),
            None => return Parsed::More,
        },
        _ => {
            return match object(keys) {
                Some(Ok(Some(object))) => Parsed::Cmd(Cmd::Object(object, times.unwrap_or(1))),
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
            Some(_) => Err(()),
        };
    }
    Ok(Some(match first {
        'h' => Motion::Left,
        'l' | ' ' => Motion::Right,
        'j' | '+' => Motion::Vertical { down: true },
        'k' | '-' => Motion::Vertical { down: false },
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
        '^' | '_' => Motion::FirstNonBlank,
        '$' => Motion::LineEnd,
        'G' => Motion::Line { last: true },
        '{' => Motion::Paragraph { down: false },
        '}' => Motion::Paragraph { down: true },
        ';' => Motion::Again { reversed: false },
        ',' => Motion::Again { reversed: true },
        '%' => Motion::Match,
        _ => return Err(()),
    }))
}
