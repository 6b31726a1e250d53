//! What is around the caret: words, quotes, brackets, tags, paragraphs.

use super::motion::{Kind, closing, opening};
use super::tag;
use super::walk::{Walk, line, line_above, line_below, line_end, line_start, next, prev};

/// A text object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object {
    what: What,
    /// With what surrounds it.
    around: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Word { big: bool },
    Quote(char),
    Bracket(char, char),
    Tag,
    Paragraph,
}

/// Where an object lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Its first place.
    pub start: usize,
    /// Its last one.
    pub last: usize,
    /// How the last one counts.
    pub kind: Kind,
}

/// A selection that an object extends: where it began.
pub type Anchor = Option<usize>;

impl Object {
    /// By the key that names it.
    pub fn named(key: char, around: bool) -> Option<Self> {
        let what = match key {
            'w' => What::Word { big: false },
            'W' => What::Word { big: true },
            '"' | '\'' | '`' => What::Quote(key),
            '(' | ')' | 'b' => What::Bracket('(', ')'),
            '[' | ']' => What::Bracket('[', ']'),
            '{' | '}' | 'B' => What::Bracket('{', '}'),
            '<' | '>' => What::Bracket('<', '>'),
            't' => What::Tag,
            'p' => What::Paragraph,
            _ => return None,
        };
        Some(Self { what, around })
    }

    /// It is what stands between tags, which may end with a line end.
    pub fn is_tag(self) -> bool {
        self.what == What::Tag
    }

    /// The object around a place. `anchor`: of the selection, when there is one.
    pub fn find(self, text: &str, at: usize, anchor: Anchor, count: usize) -> Option<Extent> {
        let extends = anchor.filter(|anchor| *anchor != at);
        match self.what {
            What::Word { big } => words(Walk::new(text, at, big), self.around, extends, count),
            What::Quote(quote) => {
                let extent = quoted(text, at, quote, self.around, count)?;
                Some(extent.selected(text, anchor))
            }
            What::Bracket(open, close) => {
                let place = (at, anchor.unwrap_or(at));
                let extent = bracketed(text, place, (open, close), self.around, count)?;
                Some(extent.selected(text, anchor))
            }
            What::Tag => {
                let place = (at, anchor.unwrap_or(at));
                let extent = tag::around(text, place, self.around, count)?;
                Some(extent.selected(text, anchor))
            }
            What::Paragraph => match extends {
                Some(anchor) if line_start(text, anchor) != line_start(text, at) => {
                    further_paragraphs(text, at, anchor, self.around, count)
                }
                _ => paragraphs(text, at, self.around, count),
            },
        }
    }
}

impl Extent {
    /// A selection ends on its last character.
    fn selected(self, text: &str, anchor: Anchor) -> Self {
        if anchor.is_none() || self.kind != Kind::Exclusive || self.last <= self.start {
            return self;
        }
        Self {
            last: prev(text, self.last),
            kind: Kind::Inclusive,
            ..self
        }
    }
}

fn words(mut walk: Walk<'_>, around: bool, anchor: Anchor, mut count: usize) -> Option<Extent> {
    let mut start = anchor.unwrap_or(walk.at);
    let mut blanks_missing = false;
    if anchor.is_none() {
        walk.run_start();
        start = walk.at;
        if walk.is_blank() == around {
            walk.word_end(1, true, true).then_some(())?;
        } else {
            walk.word(1, true);
            if walk.is_start() {
                walk.back_char();
            } else {
                walk.left();
            }
            blanks_missing = around;
        }
        count -= 1;
    }
    let mut kind = Kind::Inclusive;
    for left in (0..count).rev() {
        kind = Kind::Inclusive;
        if anchor.is_some_and(|anchor| walk.at < anchor) {
            walk.back_char()?;
            if around != walk.is_blank() {
                walk.word_end_back(1, true).then_some(())?;
                walk.forward_char();
            } else {
                walk.word_back(1, true).then_some(())?;
            }
            continue;
        }
        walk.forward_char()?;
        if around == walk.is_blank() {
            walk.word_end(1, true, true).then_some(())?;
        } else {
            if !walk.word(1, true) && left > 0 {
                return None;
            }
            if !walk.left() {
                kind = Kind::Exclusive;
            }
        }
    }
    let ends_bare = !walk.is_blank() || (walk.is_start() && kind == Kind::Exclusive);
    if blanks_missing && ends_bare {
        // What is blank in front goes along, but not an indent.
        let mut before = walk;
        before.at = start;
        if before.left() {
            before.run_start();
            if before.is_blank() && !before.is_start() {
                start = before.at;
            }
        }
    }
    Some(Extent {
        start,
        last: walk.at,
        kind,
    })
}

/// Quotes of one line; where the caret stands on one, they are counted from its start.
fn quoted(text: &str, at: usize, quote: char, around: bool, count: usize) -> Option<Extent> {
    let (first, end) = (line_start(text, at), line_end(text, at));
    let is_quote = |at: usize| at < end && text[at..].starts_with(quote);
    let forward = |from: usize, escapes: bool| {
        let mut escaped = false;
        text[from.min(end)..end]
            .char_indices()
            .find_map(|(offset, ch)| {
                let found = ch == quote && !escaped;
                escaped = escapes && ch == '\\' && !escaped;
                found.then_some(from + offset)
            })
    };
    let (mut open, mut close);
    if is_quote(at) {
        let mut from = first;
        loop {
            open = forward(from, false).filter(|open| *open <= at)?;
            close = forward(open + 1, true)?;
            if at <= close {
                break;
            }
            from = close + 1;
        }
    } else {
        let before = text[first..at].char_indices().rev().find(|(offset, ch)| {
            let slashes = text[first..first + offset].chars().rev();
            *ch == quote && slashes.take_while(|ch| *ch == '\\').count() % 2 == 0
        });
        open = match before {
            Some((offset, _)) => first + offset,
            None => forward(at, false)?,
        };
        close = forward(open + 1, true)?;
    }
    let blank = |ch: char| matches!(ch, ' ' | '\t');
    let mut last = close;
    if around {
        let after = &text[close + 1..end];
        let blanks = after.len() - after.trim_start_matches(blank).len();
        last += blanks;
        if blanks == 0 {
            open = first + text[first..open].trim_end_matches(blank).len();
        }
    }
    let whole = around || count > 1;
    Some(Extent {
        start: if whole { open } else { open + 1 },
        last: if whole { last + 1 } else { last },
        kind: Kind::Exclusive,
    })
}

/// The block around a selection from one place to another.
fn bracketed(
    text: &str,
    (at, anchor): (usize, usize),
    (open, close): (char, char),
    around: bool,
    count: usize,
) -> Option<Extent> {
    let (low, high) = (at.min(anchor), at.max(anchor));
    let selects = low != high;
    let mut from = low;
    if !selects {
        let mut walk = Walk::new(text, at, false);
        if open == '{' {
            // The indent in front of a brace belongs to it.
            while super::walk::in_indent(text, walk.at) && text[walk.at..].starts_with([' ', '\t'])
            {
                walk.forward();
            }
        }
        from = walk.at;
        if text[from..].starts_with(open) {
            from += 1;
        }
    }
    let mut start = match opening(text, from, open, close) {
        Some(start) => start,
        // Outside of any, the next one is meant.
        None if !selects && count == 1 => from + text[from..].find(open)?,
        None => return None,
    };
    for _ in 1..count {
        start = opening(text, start, open, close)?;
    }
    loop {
        let end = closing(text, start + 1, open, close)?;
        if around {
            return Some(Extent {
                start,
                last: end + 1,
                kind: Kind::Exclusive,
            });
        }
        let extent = inside(text, start, end, open);
        let (first, last) = (extent.start, extent.last);
        let grows = first < low || high < prev(text, last).max(first);
        if !selects || grows || first >= last {
            return Some(extent);
        }
        start = opening(text, start, open, close)?;
    }
}

/// Between two brackets; lines of their own do not count.
fn inside(text: &str, start: usize, end: usize, open: char) -> Extent {
    let mut first = start + 1;
    if text[first..].starts_with('\n') {
        first += 1;
    }
    let mut last = end;
    if open == '{' && super::walk::in_indent(text, last) {
        last = line_start(text, last);
    }
    if first > last {
        (first, last) = (start + 1, start + 1);
    }
    Extent {
        start: first,
        last,
        kind: Kind::Exclusive,
    }
}

fn is_blank(text: &str, start: usize) -> bool {
    line(text, start).trim_matches([' ', '\t']).is_empty()
}

fn is_empty(text: &str, start: usize) -> bool {
    line(text, start).is_empty()
}

fn paragraphs(text: &str, at: usize, around: bool, count: usize) -> Option<Extent> {
    let mut start = line_start(text, at);
    let blank_first = is_blank(text, start);
    while let Some(above) = line_above(text, start) {
        let ends = if blank_first {
            !is_blank(text, above)
        } else {
            is_blank(text, above) || is_empty(text, start)
        };
        if ends {
            break;
        }
        start = above;
    }
    // The last line taken; nothing before the first one.
    let mut last: Option<usize> = None;
    let ahead = |last: Option<usize>| match last {
        None => Some(start),
        Some(last) => line_below(text, last),
    };
    while let Some(line) = ahead(last).filter(|line| is_blank(text, *line)) {
        last = Some(line);
    }
    let mut left = count - usize::from(!around && blank_first);
    while left > 0 {
        left -= 1;
        let first = ahead(last)?;
        let white = !around && is_blank(text, first);
        if !white {
            last = Some(first);
            while let Some(line) = ahead(last).filter(|line| !is_blank(text, *line)) {
                last = Some(line);
            }
        }
        if left == 0 && blank_first && around {
            break;
        }
        if around || white {
            while let Some(line) = ahead(last).filter(|line| is_blank(text, *line)) {
                last = Some(line);
            }
        }
    }
    let last = last?;
    if !blank_first && !is_blank(text, last) && around {
        while let Some(above) = line_above(text, start).filter(|above| is_blank(text, *above)) {
            start = above;
        }
    }
    Some(Extent {
        start,
        last,
        kind: Kind::Lines,
    })
}

/// More of them for a selection of several lines.
fn further_paragraphs(
    text: &str,
    at: usize,
    anchor: usize,
    around: bool,
    count: usize,
) -> Option<Extent> {
    let ahead = |line: usize| {
        if at < anchor {
            line_above(text, line)
        } else {
            line_below(text, line)
        }
    };
    let mut here = line_start(text, at);
    for _ in 0..count {
        ahead(here)?;
        let mut before = None;
        for _ in 0..2 {
            let Some(first) = ahead(here) else { break };
            let blank = is_blank(text, first);
            if before == Some(blank) {
                break;
            }
            here = first;
            while let Some(line) = ahead(here).filter(|line| is_blank(text, *line) == blank) {
                here = line;
            }
            if !around {
                break;
            }
            before = Some(blank);
        }
    }
    Some(Extent {
        start: anchor,
        last: here,
        kind: Kind::Lines,
    })
}

/// The character after a place, when there is one in the line.
pub(super) fn behind(text: &str, at: usize) -> usize {
    if at < line_end(text, at) {
        next(text, at)
    } else {
        at
    }
}
