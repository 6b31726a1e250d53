//! Where the caret goes.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use crate::tui::composer::buffer::FOLDED;

/// A search in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Find {
    /// The character.
    pub ch: char,
    /// To the left.
    pub back: bool,
    /// Stops before it.
    pub till: bool,
}

/// A motion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Motion {
    /// `h`
    Left,
    /// `l`
    Right,
    /// `j`, `k`
    Vertical {
        /// `j`
        down: bool,
    },
    /// `w`, `W`
    WordStart {
        /// Words between blanks.
        big: bool,
    },
    /// `e`, `E`; `here`: the end of the word under the caret counts (`cw`).
    WordEnd {
        /// Words between blanks.
        big: bool,
        /// It may stay where it is.
        here: bool,
    },
    /// `b`, `B`
    WordBack {
        /// Words between blanks.
        big: bool,
    },
    /// `ge`, `gE`
    WordEndBack {
        /// Words between blanks.
        big: bool,
    },
    /// `0`
    LineStart,
    /// `^`
    FirstNonBlank,
    /// `g_`
    LastNonBlank,
    /// `$`
    LineEnd,
    /// `gg`, `G`, and a line by number
    Line {
        /// `G`
        last: bool,
    },
    /// `{`, `}`
    Paragraph {
        /// `}`
        down: bool,
    },
    /// `f`, `F`, `t`, `T`
    Find(Find),
    /// `;`, `,`
    Again {
        /// `,`
        reversed: bool,
    },
    /// `%`
    Match,
}

/// What an operator takes of a motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Up to where it goes.
    Exclusive,
    /// With the character there.
    Inclusive,
    /// Whole lines.
    Lines,
}

/// The graphemes of a text.
pub fn graphemes(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.graphemes(true)
}

/// The start of the line around a position.
pub fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}

/// The end of the line around a position.
pub fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end)
}

/// The first character of the line that is no blank.
pub fn first_non_blank(text: &str, at: usize) -> usize {
    let start = line_start(text, at);
    let line = &text[start..line_end(text, at)];
    start + line.len() - line.trim_start().len()
}

/// There is no line further up or down.
pub fn is_edge(text: &str, at: usize, down: bool) -> bool {
    if down {
        line_end(text, at) == text.len()
    } else {
        line_start(text, at) == 0
    }
}

fn next(text: &str, at: usize) -> usize {
    let mut cursor = GraphemeCursor::new(at, text.len(), true);
    cursor
        .next_boundary(text, 0)
        .ok()
        .flatten()
        .unwrap_or(text.len())
}

fn prev(text: &str, at: usize) -> usize {
    let mut cursor = GraphemeCursor::new(at, text.len(), true);
    cursor.prev_boundary(text, 0).ok().flatten().unwrap_or(0)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Blank,
    Word,
    Other,
}

/// What kind of character stands at a position.
pub(super) fn class(text: &str, at: usize, big: bool) -> Class {
    match text[at..].chars().next() {
        None => Class::Blank,
        Some(ch) if ch.is_whitespace() => Class::Blank,
        Some(_) if big => Class::Word,
        Some(ch) if ch.is_alphanumeric() || ch == '_' || FOLDED.contains(&ch) => Class::Word,
        Some(_) => Class::Other,
    }
}

/// Where a motion goes; nothing when it cannot. `count`: as typed.
pub fn run(
    text: &str,
    at: usize,
    motion: &Motion,
    count: Option<usize>,
    last_find: Option<Find>,
) -> Option<(usize, Kind)> {
    let n = count.unwrap_or(1);
    let often = |step: &dyn Fn(usize) -> usize| (0..n).fold(at, |at, _| step(at));
    Some(match motion {
        Motion::Left => {
            let start = line_start(text, at);
            let to = often(&|at| if at > start { prev(text, at) } else { at });
            if to == at {
                return None;
            }
            (to, Kind::Exclusive)
        }
        Motion::Right => {
            let end = line_end(text, at);
            let to = often(&|at| if at < end { next(text, at) } else { at });
            if to == at {
                return None;
            }
            (to, Kind::Exclusive)
        }
        Motion::Vertical { down } => (vertical(text, at, *down, n)?, Kind::Lines),
        Motion::WordStart { big } => (often(&|at| word_start(text, at, *big)), Kind::Exclusive),
        Motion::WordEnd { big, here } => {
            let first = if *here && at < text.len() {
                word_end_here(text, at, *big)
            } else {
                word_end(text, at, *big)
            };
            let to = (1..n).fold(first, |at, _| word_end(text, at, *big));
            (to, Kind::Inclusive)
        }
        Motion::WordBack { big } => (often(&|at| word_back(text, at, *big)), Kind::Exclusive),
        Motion::WordEndBack { big } => {
            (often(&|at| word_end_back(text, at, *big)), Kind::Inclusive)
        }
        Motion::LineStart => (line_start(text, at), Kind::Exclusive),
        Motion::FirstNonBlank => (first_non_blank(text, at), Kind::Exclusive),
        Motion::LastNonBlank => {
            let start = line_start(text, at);
            let line = text[start..line_end(text, at)].trim_end();
            let end = start + line.len();
            (
                if end > start { prev(text, end) } else { start },
                Kind::Inclusive,
            )
        }
        Motion::LineEnd => {
            let mut end = line_end(text, at);
            for _ in 1..n {
                if end == text.len() {
                    break;
                }
                end = line_end(text, end + 1);
            }
            (end, Kind::Exclusive)
        }
        Motion::Line { last } => {
            let line = match count {
                Some(number) => number.saturating_sub(1),
                None if *last => usize::MAX,
                None => 0,
            };
            let start = std::iter::once(0)
                .chain(text.match_indices('\n').map(|(at, _)| at + 1))
                .take(line.saturating_add(1))
                .last()
                .unwrap_or(0);
            (first_non_blank(text, start), Kind::Lines)
        }
        Motion::Paragraph { down } => (often(&|at| paragraph(text, at, *down)), Kind::Exclusive),
        Motion::Find(find) => (seek(text, at, *find, n, false)?, find_kind(*find)),
        Motion::Again { reversed } => {
            let find = last_find?;
            let find = Find {
                back: find.back != *reversed,
                ..find
            };
            (seek(text, at, find, n, true)?, find_kind(find))
        }
        Motion::Match => (matching(text, at)?, Kind::Inclusive),
    })
}

fn find_kind(find: Find) -> Kind {
    if find.back {
        Kind::Exclusive
    } else {
        Kind::Inclusive
    }
}

fn vertical(text: &str, at: usize, down: bool, n: usize) -> Option<usize> {
    let column = text[line_start(text, at)..at].graphemes(true).count();
    let mut start = line_start(text, at);
    for _ in 0..n {
        start = if down {
            let end = line_end(text, start);
            if end == text.len() {
                return None;
            }
            end + 1
        } else {
            line_start(text, start.checked_sub(1)?)
        };
    }
    let end = line_end(text, start);
    let mut to = start;
    for _ in 0..column {
        if to < end {
            to = next(text, to);
        }
    }
    Some(to)
}

fn is_empty_line(text: &str, at: usize) -> bool {
    line_start(text, at) == at && line_end(text, at) == at
}

fn word_start(text: &str, at: usize, big: bool) -> usize {
    let mut to = at;
    let kind = class(text, to, big);
    while to < text.len() && kind != Class::Blank && class(text, to, big) == kind {
        to = next(text, to);
    }
    while to < text.len() && class(text, to, big) == Class::Blank {
        if to > at && is_empty_line(text, to) {
            return to;
        }
        to = next(text, to);
    }
    to
}

/// The end of the run of characters under the position.
fn word_end_here(text: &str, at: usize, big: bool) -> usize {
    let kind = class(text, at, big);
    let mut to = at;
    loop {
        let ahead = next(text, to);
        if ahead >= text.len() || class(text, ahead, big) != kind {
            return to;
        }
        to = ahead;
    }
}

fn word_end(text: &str, at: usize, big: bool) -> usize {
    let mut to = next(text, at);
    while to < text.len() && class(text, to, big) == Class::Blank {
        to = next(text, to);
    }
    if to >= text.len() {
        return if text.is_empty() {
            0
        } else {
            prev(text, text.len())
        };
    }
    word_end_here(text, to, big)
}

fn word_back(text: &str, at: usize, big: bool) -> usize {
    let mut to = at;
    while to > 0 {
        to = prev(text, to);
        if class(text, to, big) != Class::Blank || is_empty_line(text, to) {
            break;
        }
    }
    let kind = class(text, to, big);
    while to > 0 && kind != Class::Blank && class(text, prev(text, to), big) == kind {
        to = prev(text, to);
    }
    to
}

fn word_end_back(text: &str, at: usize, big: bool) -> usize {
    let kind = class(text, at, big);
    let mut to = at;
    while to > 0 && kind != Class::Blank && class(text, to, big) == kind {
        to = prev(text, to);
    }
    while to > 0 && class(text, to, big) == Class::Blank && !is_empty_line(text, to) {
        to = prev(text, to);
    }
    to
}

fn paragraph(text: &str, at: usize, down: bool) -> usize {
    let mut start = line_start(text, at);
    let mut seen = !is_empty_line(text, start);
    loop {
        if down {
            let end = line_end(text, start);
            if end == text.len() {
                return text.len();
            }
            start = end + 1;
        } else {
            if start == 0 {
                return 0;
            }
            start = line_start(text, start - 1);
        }
        if is_empty_line(text, start) {
            if seen {
                return start;
            }
        } else {
            seen = true;
        }
    }
}

fn seek(text: &str, at: usize, find: Find, n: usize, again: bool) -> Option<usize> {
    let (start, end) = (line_start(text, at), line_end(text, at));
    let mut wanted = [0; 4];
    let wanted: &str = find.ch.encode_utf8(&mut wanted);
    let hits: Vec<usize> = text[start..end]
        .grapheme_indices(true)
        .filter(|(_, grapheme)| grapheme.starts_with(wanted))
        .map(|(at, _)| start + at)
        .collect();
    let stop = |hit: usize| match (find.till, find.back) {
        (false, _) => hit,
        (true, false) => prev(text, hit),
        (true, true) => next(text, hit),
    };
    // Said again, a search till the next character would stay where it is.
    let moves = |hit: &usize| !again || !find.till || stop(*hit) != at;
    if find.back {
        let hit = hits
            .into_iter()
            .rev()
            .filter(|hit| *hit < at)
            .filter(moves)
            .nth(n - 1)?;
        Some(stop(hit))
    } else {
        let hit = hits
            .into_iter()
            .filter(|hit| *hit > at)
            .filter(moves)
            .nth(n - 1)?;
        Some(stop(hit))
    }
}

const PAIRS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];

/// The bracket that belongs to the first one from a position on.
fn matching(text: &str, at: usize) -> Option<usize> {
    let end = line_end(text, at);
    let is_bracket = |ch: char| {
        PAIRS
            .iter()
            .any(|(open, close)| ch == *open || ch == *close)
    };
    let from = at + text[at..end].find(is_bracket)?;
    let bracket = text[from..].chars().next()?;
    let (open, close) = *PAIRS
        .iter()
        .find(|(open, close)| bracket == *open || bracket == *close)?;
    if bracket == open {
        closing(text, from + 1, open, close)
    } else {
        opening(text, from, open, close)
    }
}

/// The bracket that closes what is open at a position.
pub(super) fn closing(text: &str, from: usize, open: char, close: char) -> Option<usize> {
    let mut depth = 0usize;
    for (at, ch) in text[from..].char_indices() {
        if ch == open {
            depth += 1;
        } else if ch == close {
            if depth == 0 {
                return Some(from + at);
            }
            depth -= 1;
        }
    }
    None
}

/// The bracket that opens what is closed at a position.
pub(super) fn opening(text: &str, to: usize, open: char, close: char) -> Option<usize> {
    let mut depth = 0usize;
    for (at, ch) in text[..to].char_indices().rev() {
        if ch == close {
            depth += 1;
        } else if ch == open {
            if depth == 0 {
                return Some(at);
            }
            depth -= 1;
        }
    }
    None
}
