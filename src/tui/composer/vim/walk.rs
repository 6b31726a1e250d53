//! Steps through a text, and motions over words.
//!
//! The end of every line is a place of its own, as in vim: a blank that ends a word.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use crate::tui::composer::buffer::FOLDED;

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

/// The start of the next line.
pub fn line_below(text: &str, at: usize) -> Option<usize> {
    let end = line_end(text, at);
    (end < text.len()).then_some(end + 1)
}

/// The start of the line before.
pub fn line_above(text: &str, at: usize) -> Option<usize> {
    let start = line_start(text, at);
    Some(line_start(text, start.checked_sub(1)?))
}

/// The line around a position.
pub fn line(text: &str, at: usize) -> &str {
    &text[line_start(text, at)..line_end(text, at)]
}

/// The first character of the line that is no blank; its last one when all are.
pub fn first_non_blank(text: &str, at: usize) -> usize {
    let start = line_start(text, at);
    let line = line(text, at);
    let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
    if blanks == line.len() && blanks > 0 {
        return start + blanks - 1;
    }
    start + blanks
}

/// At most the first character of the line that is no blank.
pub fn in_indent(text: &str, at: usize) -> bool {
    text[line_start(text, at)..at]
        .chars()
        .all(|ch| matches!(ch, ' ' | '\t'))
}

/// The boundary after a position.
pub fn next(text: &str, at: usize) -> usize {
    let mut cursor = GraphemeCursor::new(at, text.len(), true);
    let found = cursor.next_boundary(text, 0).ok().flatten();
    found.unwrap_or(text.len())
}

/// The boundary before a position.
pub fn prev(text: &str, at: usize) -> usize {
    let mut cursor = GraphemeCursor::new(at, text.len(), true);
    cursor.prev_boundary(text, 0).ok().flatten().unwrap_or(0)
}

/// How many characters stand before a position in its line.
pub fn column(text: &str, at: usize) -> usize {
    graphemes(&text[line_start(text, at)..at]).count()
}

/// The position of a column in the line around a position; its end when it is shorter.
pub fn at_column(text: &str, at: usize, column: usize) -> usize {
    let start = line_start(text, at);
    let mut places = line(text, at).grapheme_indices(true);
    match places.nth(column) {
        Some((offset, _)) => start + offset,
        None => line_end(text, at),
    }
}

/// What kind of character it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A blank, or the end of a line.
    Blank,
    /// Part of a word.
    Word,
    /// Any other.
    Other,
}

/// What a step came upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Another place of the line.
    Inside,
    /// The end of the line.
    End,
    /// Another line.
    Line,
}

/// A place in a text.
#[derive(Debug, Clone, Copy)]
pub struct Walk<'a> {
    text: &'a str,
    /// Words are what stands between blanks.
    big: bool,
    /// The place.
    pub at: usize,
}

impl<'a> Walk<'a> {
    /// From a place on.
    pub fn new(text: &'a str, at: usize, big: bool) -> Self {
        Self { text, big, at }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// At the end of its line.
    pub fn is_end(&self) -> bool {
        self.rest().is_empty() || self.rest().starts_with('\n')
    }

    /// At the start of its line.
    pub fn is_start(&self) -> bool {
        line_start(self.text, self.at) == self.at
    }

    /// In a line without characters.
    pub fn is_empty_line(&self) -> bool {
        self.is_start() && self.is_end()
    }

    /// In the last line.
    fn is_last_line(&self) -> bool {
        line_end(self.text, self.at) == self.text.len()
    }

    /// What stands there.
    pub fn class(&self) -> Class {
        match self.rest().chars().next() {
            None => Class::Blank,
            Some(ch) if ch.is_whitespace() => Class::Blank,
            Some(_) if self.big => Class::Word,
            Some(ch) if ch.is_alphanumeric() || ch == '_' || FOLDED.contains(&ch) => Class::Word,
            Some(_) => Class::Other,
        }
    }

    /// A blank stands there.
    pub fn is_blank(&self) -> bool {
        self.class() == Class::Blank
    }

    /// One place forward; nothing at the end of the text.
    pub fn forward(&mut self) -> Option<Step> {
        if self.rest().is_empty() {
            return None;
        }
        if self.is_end() {
            self.at += 1;
            return Some(Step::Line);
        }
        self.at = next(self.text, self.at);
        Some(if self.is_end() {
            Step::End
        } else {
            Step::Inside
        })
    }

    /// One place back; nothing at the start of the text.
    pub fn back(&mut self) -> Option<Step> {
        if self.at == 0 {
            return None;
        }
        let step = if self.is_start() {
            Step::Line
        } else {
            Step::Inside
        };
        self.at = prev(self.text, self.at);
        Some(step)
    }

    /// One character forward: the end of a line with characters is none.
    pub fn forward_char(&mut self) -> Option<Step> {
        let step = self.forward()?;
        if step != Step::Inside && !self.is_start() {
            return self.forward();
        }
        Some(step)
    }

    /// One character back.
    pub fn back_char(&mut self) -> Option<Step> {
        let step = self.back()?;
        if step == Step::Line && !self.is_start() {
            self.back()?;
        }
        Some(step)
    }

    /// One place to the left in the line.
    pub fn left(&mut self) -> bool {
        !self.is_start() && self.back().is_some()
    }

    /// Over a run of one kind; false when the text ended first.
    fn skip(&mut self, class: Class, step: fn(&mut Self) -> Option<Step>) -> bool {
        while self.class() == class {
            if step(self).is_none() {
                return false;
            }
        }
        true
    }

    /// To the start of the run of one kind in this line.
    pub fn run_start(&mut self) {
        let class = self.class();
        while !self.is_start() {
            let here = self.at;
            self.back();
            if self.class() != class {
                self.at = here;
                return;
            }
        }
    }

    /// To the start of a word, `count` times. `stops`: the last one not beyond the line.
    pub fn word(&mut self, count: usize, stops: bool) -> bool {
        for left in (0..count).rev() {
            let stops = stops && left == 0;
            let class = self.class();
            let last = self.is_last_line();
            match self.forward() {
                None => return false,
                Some(step) if step != Step::Inside && last => return false,
                Some(step) if step != Step::Inside && stops => return true,
                Some(_) => {}
            }
            if class != Class::Blank {
                while self.class() == class {
                    match self.forward() {
                        None => return true,
                        Some(step) if step != Step::Inside && stops => return true,
                        Some(_) => {}
                    }
                }
            }
            while self.is_blank() && !self.is_empty_line() {
                let last = self.is_last_line();
                match self.forward() {
                    None => return true,
                    Some(step) if step != Step::Inside && (last || stops) => return true,
                    Some(_) => {}
                }
            }
        }
        true
    }

    /// To the end of a word. `stay`: the end of the one here counts; `empty`: so does an
    /// empty line.
    pub fn word_end(&mut self, count: usize, mut stay: bool, empty: bool) -> bool {
        for _ in 0..count {
            let class = self.class();
            if self.forward().is_none() {
                return false;
            }
            let mut found = false;
            if self.class() == class && class != Class::Blank {
                if !self.skip(class, Self::forward) {
                    return false;
                }
            } else if !stay || class == Class::Blank {
                while self.is_blank() {
                    if empty && self.is_empty_line() {
                        found = true;
                        break;
                    }
                    if self.forward().is_none() {
                        return false;
                    }
                }
                if !found && !self.skip(self.class(), Self::forward) {
                    return false;
                }
            }
            if !found {
                self.back();
            }
            stay = false;
        }
        true
    }

    /// Back to the start of a word.
    pub fn word_back(&mut self, count: usize, mut stay: bool) -> bool {
        for _ in 0..count {
            let class = self.class();
            if self.back().is_none() {
                return false;
            }
            if !stay || class == self.class() || class == Class::Blank {
                while self.is_blank() {
                    if self.is_empty_line() {
                        break;
                    }
                    if self.back().is_none() {
                        return true;
                    }
                }
                if !self.is_blank() {
                    if !self.skip(self.class(), Self::back) {
                        return true;
                    }
                    self.forward();
                }
            } else {
                self.forward();
            }
            stay = false;
        }
        true
    }

    /// Back to the end of a word. `stops`: the last one not beyond the line.
    pub fn word_end_back(&mut self, count: usize, stops: bool) -> bool {
        for _ in 0..count {
            let class = self.class();
            match self.back() {
                None => return false,
                Some(Step::Line) if stops => return true,
                Some(_) => {}
            }
            if class != Class::Blank {
                while self.class() == class {
                    match self.back() {
                        None => return true,
                        Some(Step::Line) if stops => return true,
                        Some(_) => {}
                    }
                }
            }
            while self.is_blank() && !self.is_empty_line() {
                match self.back() {
                    None => return true,
                    Some(Step::Line) if stops => return true,
                    Some(_) => {}
                }
            }
        }
        true
    }
}
