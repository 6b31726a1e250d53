//! Where the caret goes.

use super::search::Search;
use super::walk::{
    Walk, at_column, column, first_non_blank, graphemes, line, line_above, line_below, line_end,
    line_start, next, prev,
};

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
    /// `+`, `-`
    LineBelow {
        /// `+`
        down: bool,
    },
    /// `_`
    ThisLine,
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
    /// `|`
    Column,
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
    /// `n`, `N`
    Search {
        /// `N`
        reversed: bool,
    },
    /// `*`, `#`, `g*`, `g#`: the word under the caret elsewhere
    Word {
        /// `#`
        back: bool,
        /// Not as a part of longer ones.
        whole: bool,
    },
    /// `%`, and a place by percent
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

/// The column that lines above and below are entered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Characters before it.
    Column(usize),
    /// The end of every line.
    End,
}

/// What motions go by beside the text.
#[derive(Debug, Clone, Copy)]
pub struct Memory<'a> {
    /// The last search in a line.
    pub find: Option<Find>,
    /// The last search.
    pub search: &'a Search,
    /// The column that was aimed at.
    pub goal: Option<Goal>,
    /// An operator waits for where it goes.
    pub operates: bool,
    /// Something is selected: the end of a line can be gone to.
    pub selects: bool,
}

/// Where a motion ended.
#[derive(Debug, Clone, Copy)]
pub struct Moved {
    /// The place.
    pub to: usize,
    /// What an operator takes.
    pub kind: Kind,
    /// It got no further: an operator does nothing.
    pub failed: bool,
}

impl Moved {
    fn new(to: usize, kind: Kind) -> Self {
        Self {
            to,
            kind,
            failed: false,
        }
    }

    fn or_failed(self, worked: bool) -> Self {
        Self {
            failed: !worked,
            ..self
        }
    }
}

/// Makes a motion; nothing when it cannot begin. `count`: as typed.
pub fn run(
    text: &str,
    at: usize,
    motion: &Motion,
    count: Option<usize>,
    memory: Memory<'_>,
) -> Option<Moved> {
    let n = count.unwrap_or(1);
    Some(match motion {
        Motion::Left => {
            let column = column(text, at);
            if column == 0 && !memory.operates {
                return None;
            }
            let to = at_column(text, at, column.saturating_sub(n));
            Moved::new(to, Kind::Exclusive)
        }
        Motion::Right => right(text, at, n, memory)?,
        Motion::Vertical { down } => {
            let start = lines_away(text, at, *down, n)?;
            Moved::new(enter(text, start, at, memory), Kind::Lines)
        }
        Motion::LineBelow { down } => {
            let start = lines_away(text, at, *down, n)?;
            Moved::new(first_non_blank(text, start), Kind::Lines)
        }
        Motion::ThisLine => {
            let start = lines_away(text, at, true, n - 1)?;
            Moved::new(first_non_blank(text, start), Kind::Lines)
        }
        Motion::WordStart { big } => {
            let mut walk = Walk::new(text, at, *big);
            let worked = walk.word(n, memory.operates);
            on_char(walk, at, Kind::Exclusive, memory).or_failed(worked || memory.operates)
        }
        Motion::WordEnd { big, here } => {
            let mut walk = Walk::new(text, at, *big);
            let worked = walk.word_end(n, *here, false);
            on_char(walk, at, Kind::Inclusive, memory).or_failed(worked || memory.operates)
        }
        Motion::WordBack { big } => {
            let mut walk = Walk::new(text, at, *big);
            let worked = walk.word_back(n, false);
            Moved::new(walk.at, Kind::Exclusive).or_failed(worked)
        }
        Motion::WordEndBack { big } => {
            let mut walk = Walk::new(text, at, *big);
            let worked = walk.word_end_back(n, false);
            on_char(walk, text.len(), Kind::Inclusive, memory).or_failed(worked)
        }
        Motion::LineStart => Moved::new(line_start(text, at), Kind::Exclusive),
        Motion::FirstNonBlank => Moved::new(first_non_blank(text, at), Kind::Exclusive),
        Motion::LastNonBlank => {
            let start = lines_away(text, at, true, n - 1)?;
            let end = start + line(text, start).trim_end_matches([' ', '\t']).len();
            let to = if end > start { prev(text, end) } else { start };
            Moved::new(to, Kind::Inclusive)
        }
        Motion::LineEnd => {
            let start = lines_away(text, at, true, n - 1)?;
            let end = line_end(text, start);
            let to = if memory.selects || end == start {
                end
            } else {
                prev(text, end)
            };
            Moved::new(to, Kind::Inclusive)
        }
        Motion::Column => Moved::new(at_column(text, at, n - 1), Kind::Exclusive),
        Motion::Line { last } => {
            let line = match count {
                Some(number) => number.saturating_sub(1),
                None if *last => usize::MAX,
                None => 0,
            };
            let to = first_non_blank(text, nth_line(text, line));
            Moved::new(to, Kind::Lines)
        }
        Motion::Paragraph { down } => paragraph(text, at, *down, n)?,
        Motion::Find(find) => seek(text, at, *find, n, false)?,
        Motion::Again { reversed } => {
            let find = memory.find?;
            let find = Find {
                back: find.back != *reversed,
                ..find
            };
            seek(text, at, find, n, true)?
        }
        // What is looked for is known by now.
        Motion::Word { .. } => run(text, at, &Motion::Search { reversed: false }, count, memory)?,
        Motion::Search { reversed } => {
            let mut to = at;
            for _ in 0..n {
                to = memory.search.find(text, to, *reversed)?;
            }
            Moved::new(to, Kind::Exclusive)
        }
        Motion::Match => match count {
            Some(percent) => {
                let lines = text.matches('\n').count() + 1;
                if percent > 100 {
                    return None;
                }
                let line = (percent * lines).div_ceil(100).max(1) - 1;
                Moved::new(first_non_blank(text, nth_line(text, line)), Kind::Lines)
            }
            None => Moved::new(matching(text, at)?, Kind::Inclusive),
        },
    })
}

/// A word motion does not end behind the line it came from.
fn on_char(walk: Walk<'_>, from: usize, kind: Kind, memory: Memory<'_>) -> Moved {
    let mut to = walk;
    let beyond = (from < to.at || from == usize::MAX) && to.is_end() && !to.is_start();
    if beyond && !memory.selects {
        to.back();
        return Moved::new(to.at, Kind::Inclusive);
    }
    Moved::new(to.at, kind)
}

fn right(text: &str, at: usize, n: usize, memory: Memory<'_>) -> Option<Moved> {
    let end = line_end(text, at);
    let most = if memory.operates || memory.selects || end == line_start(text, at) {
        end
    } else {
        prev(text, end)
    };
    let to = at_column(text, at, column(text, at) + n).min(most);
    (to > at || memory.operates).then(|| Moved::new(to, Kind::Exclusive))
}

/// The start of the line so many lines away; the last one there is, but not the same.
fn lines_away(text: &str, at: usize, down: bool, n: usize) -> Option<usize> {
    let mut start = line_start(text, at);
    for step in 0..n {
        let next = if down {
            line_below(text, start)
        } else {
            line_above(text, start)
        };
        match next {
            Some(line) => start = line,
            None if step == 0 => return None,
            None => break,
        }
    }
    Some(start)
}

/// The place in a line that was come to from above or below.
fn enter(text: &str, start: usize, from: usize, memory: Memory<'_>) -> usize {
    let goal = memory.goal.unwrap_or(Goal::Column(column(text, from)));
    let end = line_end(text, start);
    let last = if memory.selects || end == start {
        end
    } else {
        prev(text, end)
    };
    match goal {
        Goal::Column(column) => at_column(text, start, column).min(last),
        Goal::End => last,
    }
}

fn nth_line(text: &str, line: usize) -> usize {
    std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .take(line.saturating_add(1))
        .last()
        .unwrap_or(0)
}

/// To the empty line before or after, or the end of the text.
fn paragraph(text: &str, at: usize, down: bool, n: usize) -> Option<Moved> {
    let mut start = line_start(text, at);
    for left in (0..n).rev() {
        let mut skipped = false;
        let mut first = true;
        loop {
            let empty = line(text, start).is_empty();
            skipped |= !empty;
            if !first && skipped && empty {
                break;
            }
            first = false;
            let ahead = if down {
                line_below(text, start)
            } else {
                line_above(text, start)
            };
            match ahead {
                Some(line) => start = line,
                None if left > 0 => return None,
                None => break,
            }
        }
    }
    let end = line_end(text, start);
    if down && end == text.len() && end > start {
        return Some(Moved::new(prev(text, end), Kind::Inclusive));
    }
    Some(Moved::new(start, Kind::Exclusive))
}

fn seek(text: &str, at: usize, find: Find, n: usize, again: bool) -> Option<Moved> {
    let (start, end) = (line_start(text, at), line_end(text, at));
    // Said again, a search till the next character does not stay where it is.
    let skips = usize::from(again && find.till && n == 1);
    let is_it = |grapheme: &str| grapheme.starts_with(find.ch);
    if find.back {
        let mut before = Vec::new();
        let mut place = start;
        for grapheme in graphemes(&text[start..at]) {
            before.push((place, grapheme));
            place += grapheme.len();
        }
        let hits = before.iter().rev().skip(skips);
        let hit = hits.filter(|(_, g)| is_it(g)).nth(n - 1)?.0;
        let to = if find.till { next(text, hit) } else { hit };
        return Some(Moved::new(to, Kind::Exclusive));
    }
    let mut place = at;
    let mut after = Vec::new();
    for grapheme in graphemes(&text[at..end]) {
        after.push((place, grapheme));
        place += grapheme.len();
    }
    let hits = after.iter().skip(1 + skips);
    let hit = hits.filter(|(_, g)| is_it(g)).nth(n - 1)?.0;
    let to = if find.till { prev(text, hit) } else { hit };
    Some(Moved::new(to, Kind::Inclusive))
}

const PAIRS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];

/// The bracket that belongs to the first one from a position on.
fn matching(text: &str, at: usize) -> Option<usize> {
    let end = line_end(text, at);
    let pair = |ch: char| {
        PAIRS
            .iter()
            .find(|(open, close)| ch == *open || ch == *close)
    };
    let from = at + text[at..end].find(|ch| pair(ch).is_some())?;
    let bracket = text[from..].chars().next()?;
    let (open, close) = *pair(bracket)?;
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
