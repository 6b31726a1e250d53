//! Text and caret: edits on grapheme boundaries, kills, undo.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// Steps that can be undone.
const MAX_UNDO: usize = 200;
/// Kills that are kept for yanking.
const MAX_KILLS: usize = 32;
/// Characters that stand for something folded away.
pub const FOLDED: std::ops::RangeInclusive<char> = '\u{f0000}'..='\u{ffffd}';

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Last {
    #[default]
    Other,
    Typed,
    Killed,
    /// From where to where, and how far back in the kills.
    Yanked(usize, usize, usize),
}

/// An editable text. The caret is always on a grapheme boundary.
#[derive(Debug, Clone, Default)]
pub struct Buffer {
    text: String,
    caret: usize,
    /// The newest last.
    kills: Vec<String>,
    undo: Vec<(String, usize)>,
    /// With the caret before the change as well.
    redo: Vec<(String, usize, usize)>,
    last: Last,
    /// Changes belong to one step: whether its start is remembered already.
    group: Option<bool>,
}

impl Buffer {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Byte position of the caret.
    pub fn caret(&self) -> usize {
        self.caret
    }

    /// Replaces everything; the caret goes to the end.
    pub fn set(&mut self, text: String) {
        self.remember(Last::Other);
        self.caret = text.len();
        self.text = text;
    }

    /// Moves the caret to the boundary at or before a byte position.
    pub fn set_caret(&mut self, at: usize) {
        let at = self.text.floor_char_boundary(at);
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        self.caret = match cursor.is_boundary(&self.text, 0) {
            Ok(true) => at,
            Ok(false) | Err(_) => self.before(at),
        };
        self.last = Last::Other;
    }

    /// From here on all changes are undone as one, until [`Buffer::close_group`].
    pub fn open_group(&mut self) {
        self.group.get_or_insert(false);
    }

    /// The changes since [`Buffer::open_group`] are complete.
    pub fn close_group(&mut self) {
        self.group = None;
        self.last = Last::Other;
    }

    /// Replaces a range; the caret goes behind the new text.
    pub fn replace(&mut self, from: usize, to: usize, with: &str) {
        self.remember(Last::Other);
        self.text.replace_range(from..to, with);
        self.set_caret(from + with.len());
    }

    /// Inserts at the caret.
    pub fn insert(&mut self, text: &str) {
        let typed = text.chars().nth(1).is_none() && text != "\n" && text != " ";
        let kind = if typed { Last::Typed } else { Last::Other };
        if !(typed && self.last == Last::Typed) {
            self.remember(kind);
        }
        self.last = kind;
        self.put(text);
    }

    fn put(&mut self, text: &str) {
        self.text.insert_str(self.caret, text);
        // A combining character joins what stands before it.
        let end = self.caret + text.len();
        self.caret = end;
        let mut cursor = GraphemeCursor::new(end, self.text.len(), true);
        if cursor.is_boundary(&self.text, 0) != Ok(true) {
            self.caret = self.after(end);
        }
    }

    /// Removes the grapheme before the caret.
    pub fn backspace(&mut self) {
        let from = self.before(self.caret);
        self.remove(from, self.caret);
    }

    /// Removes the grapheme after the caret.
    pub fn delete(&mut self) {
        let to = self.after(self.caret);
        self.remove(self.caret, to);
    }

    /// Removes a range and leaves the caret at its start.
    pub fn remove(&mut self, from: usize, to: usize) {
        if from >= to {
            return;
        }
        self.remember(Last::Other);
        self.text.replace_range(from..to, "");
        self.set_caret(from);
    }

    /// One grapheme to the left.
    pub fn left(&mut self) {
        self.go(self.before(self.caret));
    }

    /// One grapheme to the right.
    pub fn right(&mut self) {
        self.go(self.after(self.caret));
    }

    /// To the start of the word before the caret.
    pub fn word_left(&mut self) {
        self.go(self.word_start());
    }

    /// To the end of the word after the caret.
    pub fn word_right(&mut self) {
        self.go(self.word_end());
    }

    /// To the start of the line.
    pub fn home(&mut self) {
        self.go(self.line_start());
    }

    /// To the end of the line.
    pub fn end(&mut self) {
        self.go(self.line_end());
    }

    /// To the start of the text.
    pub fn first(&mut self) {
        self.go(0);
    }

    /// To the end of the text.
    pub fn last(&mut self) {
        self.go(self.text.len());
    }

    /// Kills to the end of the line, or the newline when nothing is left of it.
    pub fn kill_to_end(&mut self) {
        let end = self.line_end();
        let to = if end == self.caret {
            self.after(end)
        } else {
            end
        };
        self.kill(self.caret, to);
    }

    /// Kills to the start of the line, or the newline when nothing is before the caret.
    pub fn kill_to_start(&mut self) {
        let start = self.line_start();
        let from = if start == self.caret {
            self.before(start)
        } else {
            start
        };
        self.kill(from, self.caret);
    }

    /// Kills the blanks and the non-blanks before the caret.
    pub fn kill_blank_word(&mut self) {
        let before = &self.text[..self.caret];
        let word_end = before.trim_end().len();
        let from = before[..word_end]
            .char_indices()
            .rev()
            .find(|(_, ch)| ch.is_whitespace())
            .map_or(0, |(at, ch)| at + ch.len_utf8());
        self.kill(from, self.caret);
    }

    /// Kills to the start of the word.
    pub fn kill_word_left(&mut self) {
        self.kill(self.word_start(), self.caret);
    }

    /// Kills to the end of the word.
    pub fn kill_word_right(&mut self) {
        self.kill(self.caret, self.word_end());
    }

    /// Inserts what was killed last.
    pub fn yank(&mut self) {
        if let Some(text) = self.kills.last().cloned() {
            let from = self.caret;
            self.remember(Last::Other);
            self.put(&text);
            self.last = Last::Yanked(from, self.caret, 0);
        }
    }

    /// Right after a yank: puts the kill before that one in its place.
    pub fn yank_earlier(&mut self) {
        let Last::Yanked(from, to, back) = self.last else {
            return;
        };
        let back = (back + 1) % self.kills.len().max(1);
        if let Some(text) = self.kills.iter().rev().nth(back).cloned() {
            self.replace(from, to, &text);
            self.last = Last::Yanked(from, self.caret, back);
        }
    }

    /// Takes the last change back.
    pub fn undo(&mut self) {
        if let Some((text, caret)) = self.undo.pop() {
            let now = std::mem::replace(&mut self.text, text);
            self.redo.push((now, self.caret, caret));
            self.caret = caret;
            self.last = Last::Other;
            // What comes next in a group is a step of its own.
            self.group = self.group.map(|_| false);
        }
    }

    /// Makes a change that was taken back again; where the caret was before it.
    pub fn redo(&mut self) -> Option<usize> {
        let (text, caret, before) = self.redo.pop()?;
        let now = std::mem::replace(&mut self.text, text);
        self.undo.push((now, before));
        self.caret = caret;
        self.last = Last::Other;
        Some(before)
    }

    fn go(&mut self, to: usize) {
        self.caret = to;
        self.last = Last::Other;
    }

    fn remember(&mut self, kind: Last) {
        self.last = kind;
        match &mut self.group {
            Some(true) => return,
            Some(remembered) => *remembered = true,
            None => {}
        }
        if self.undo.len() == MAX_UNDO {
            self.undo.remove(0);
        }
        self.undo.push((self.text.clone(), self.caret));
        self.redo.clear();
        self.last = kind;
    }

    fn kill(&mut self, from: usize, to: usize) {
        if from >= to {
            return;
        }
        let text = self.text[from..to].to_owned();
        let goes_on = self.last == Last::Killed;
        match self.kills.last_mut().filter(|_| goes_on) {
            Some(killed) if to == self.caret => killed.insert_str(0, &text),
            Some(killed) => killed.push_str(&text),
            None => {
                if self.kills.len() == MAX_KILLS {
                    self.kills.remove(0);
                }
                self.kills.push(text);
            }
        }
        self.remember(Last::Killed);
        self.text.replace_range(from..to, "");
        self.set_caret(from);
        self.last = Last::Killed;
    }

    /// The grapheme boundary before a position.
    pub fn before(&self, at: usize) -> usize {
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        cursor
            .prev_boundary(&self.text, 0)
            .ok()
            .flatten()
            .unwrap_or(0)
    }

    /// The grapheme boundary after a position.
    pub fn after(&self, at: usize) -> usize {
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        cursor
            .next_boundary(&self.text, 0)
            .ok()
            .flatten()
            .unwrap_or(self.text.len())
    }

    fn line_start(&self) -> usize {
        self.text[..self.caret].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        self.text[self.caret..]
            .find('\n')
            .map_or(self.text.len(), |at| self.caret + at)
    }

    fn word_start(&self) -> usize {
        let mut start = self.caret;
        let mut inside = false;
        for (at, grapheme) in self.text[..self.caret].grapheme_indices(true).rev() {
            if is_word(grapheme) {
                inside = true;
            } else if inside {
                break;
            }
            start = at;
        }
        start
    }

    fn word_end(&self) -> usize {
        let mut inside = false;
        for (at, grapheme) in self.text[self.caret..].grapheme_indices(true) {
            if is_word(grapheme) {
                inside = true;
            } else if inside {
                return self.caret + at;
            }
        }
        self.text.len()
    }
}

fn is_word(grapheme: &str) -> bool {
    grapheme
        .chars()
        .next()
        .is_some_and(|ch| ch.is_alphanumeric() || ch == '_' || FOLDED.contains(&ch))
}
