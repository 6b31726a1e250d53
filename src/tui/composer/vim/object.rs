//! What is around the caret: words, quotes, brackets, paragraphs.

use std::ops::Range;

use super::motion::{Class, class, closing, line_end, line_start, opening};

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
    Paragraph,
}

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
            'p' => What::Paragraph,
            _ => return None,
        };
        Some(Self { what, around })
    }
}

/// The object around a position; `count` words.
pub fn find(text: &str, at: usize, object: Object, count: usize) -> Option<Range<usize>> {
    match object.what {
        What::Word { big } => Some(words(text, at, big, object.around, count)),
        What::Quote(quote) => quoted(text, at, quote, object.around),
        What::Bracket(open, close) => bracketed(text, at, open, close, object.around, count),
        What::Paragraph => Some(paragraph(text, at, object.around)),
    }
}

/// The run of characters of one kind around a position, in its line.
fn run(text: &str, at: usize, big: bool) -> Range<usize> {
    let (first, last) = (line_start(text, at), line_end(text, at));
    let kind = class(text, at, big);
    let start = text[first..at]
        .char_indices()
        .rev()
        .take_while(|(offset, _)| class(text, first + offset, big) == kind)
        .last()
        .map_or(at, |(offset, _)| first + offset);
    let end = text[at..last]
        .char_indices()
        .find(|(offset, _)| class(text, at + offset, big) != kind)
        .map_or(last, |(offset, _)| at + offset);
    start..end
}

fn words(text: &str, at: usize, big: bool, around: bool, count: usize) -> Range<usize> {
    let line = line_end(text, at);
    let mut range = run(text, at, big);
    let blank_first = class(text, at, big) == Class::Blank;
    for step in 0..count {
        if step > 0 && range.end < line {
            range.end = run(text, range.end, big).end;
        }
        if around && range.end < line {
            let ahead = class(text, range.end, big);
            if (ahead == Class::Blank) != blank_first {
                range.end = run(text, range.end, big).end;
                continue;
            }
        }
        if around && step == 0 && !blank_first {
            // Nothing blank behind it: what is in front goes along.
            let start = line_start(text, range.start);
            let before = text[start..range.start].trim_end();
            range.start = start + before.len();
        }
    }
    range
}

fn quoted(text: &str, at: usize, quote: char, around: bool) -> Option<Range<usize>> {
    let (first, last) = (line_start(text, at), line_end(text, at));
    let mut marks = Vec::new();
    let mut escaped = false;
    for (offset, ch) in text[first..last].char_indices() {
        if ch == quote && !escaped {
            marks.push(first + offset);
        }
        escaped = ch == '\\' && !escaped;
    }
    let pair = marks
        .chunks_exact(2)
        .find(|pair| at <= pair[1])
        .map(|pair| (pair[0], pair[1]))?;
    let (open, close) = pair;
    if !around {
        return Some(open + 1..close);
    }
    let end = close + 1;
    let blanks = text[end..last].len() - text[end..last].trim_start().len();
    if blanks > 0 {
        return Some(open..end + blanks);
    }
    let start = first + text[first..open].trim_end().len();
    Some(start..end)
}

fn bracketed(
    text: &str,
    at: usize,
    open: char,
    close: char,
    around: bool,
    count: usize,
) -> Option<Range<usize>> {
    let on = text[at..].chars().next();
    let mut start = if on == Some(open) {
        at
    } else {
        opening(text, at, open, close)?
    };
    for _ in 1..count {
        start = opening(text, start, open, close)?;
    }
    let end = closing(text, start + 1, open, close)?;
    Some(if around {
        start..end + 1
    } else {
        start + 1..end
    })
}

fn paragraph(text: &str, at: usize, around: bool) -> Range<usize> {
    let is_blank = |start: usize| text[start..line_end(text, start)].trim().is_empty();
    let here = line_start(text, at);
    let blank = is_blank(here);
    let mut start = here;
    while start > 0 && is_blank(line_start(text, start - 1)) == blank {
        start = line_start(text, start - 1);
    }
    let past = |mut end: usize, blank: bool| {
        while end < text.len() && is_blank(end) == blank {
            end = (line_end(text, end) + 1).min(text.len());
        }
        end
    };
    let mut end = past(here, blank);
    if around {
        end = past(end, !blank);
    }
    start..end
}
