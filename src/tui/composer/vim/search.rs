//! `/` and `?`: words of the message are looked for.

use crossterm::event::{KeyCode, KeyModifiers};

use super::walk::{line_end, line_start};
use crate::tui::terminal::input::Key;

/// What is looked for, and what is being typed for it.
#[derive(Debug, Default)]
pub(super) struct Search {
    typing: Option<String>,
    wanted: String,
    back: bool,
    /// It was taken from the text: a word is meant whole, and as it is written.
    taken: Option<Taken>,
}

/// What stood under the caret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Taken {
    /// Parts of longer words are none.
    whole: bool,
}

impl Search {
    /// The words for the hint while they are typed.
    pub(super) fn typed(&self) -> Option<String> {
        let sign = if self.back { '?' } else { '/' };
        Some(format!("{sign}{}", self.typing.as_ref()?))
    }

    /// Words are typed from now on.
    pub(super) fn begin(&mut self, back: bool) {
        self.typing = Some(String::new());
        self.back = back;
    }

    /// Takes a key while words are typed.
    pub(super) fn key(&mut self, key: Key) -> Typed {
        let Some(mut typing) = self.typing.take() else {
            return Typed::Nothing;
        };
        match key.code {
            KeyCode::Enter => {
                if !typing.is_empty() {
                    self.wanted = typing;
                    self.taken = None;
                }
                return Typed::Complete;
            }
            KeyCode::Backspace if !typing.is_empty() => {
                typing.pop();
            }
            KeyCode::Char(ch)
                if !key
                    .modifiers
                    .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) =>
            {
                typing.push(ch);
            }
            KeyCode::Esc | KeyCode::Backspace | KeyCode::Char('c') => return Typed::Left,
            _ => {}
        }
        self.typing = Some(typing);
        Typed::Taken
    }

    /// Looks for the word at a place or behind it in its line, else for what stands there
    /// between blanks. Where that begins; nothing when the rest of the line is blank.
    pub(super) fn take(&mut self, text: &str, at: usize, back: bool, whole: bool) -> Option<usize> {
        let (start, end) = (line_start(text, at), line_end(text, at));
        let run = |accepts: fn(char) -> bool| {
            let from = at + text[at..end].find(accepts)?;
            let before = text[start..from].trim_end_matches(accepts).len();
            let from = start + before;
            let rest = &text[from..end];
            let len = rest.find(|ch| !accepts(ch)).unwrap_or(rest.len());
            Some((from, &rest[..len]))
        };
        let (from, found, word) = match run(is_word) {
            Some((from, found)) => (from, found, true),
            None => {
                let (from, found) = run(|ch| !ch.is_whitespace())?;
                (from, found, false)
            }
        };
        self.wanted = found.to_owned();
        self.back = back;
        self.taken = Some(Taken {
            whole: whole && word,
        });
        Some(from)
    }

    /// What is found there is not a part of a longer word, where that counts.
    fn counts(&self, text: &str, at: usize) -> bool {
        let joins = |ch: Option<char>| ch.is_some_and(is_word);
        !self.taken.is_some_and(|taken| taken.whole)
            || !(joins(text[..at].chars().next_back())
                || joins(text[at + self.wanted.len()..].chars().next()))
    }

    /// The next place after one, around the end; `reversed` in the other direction.
    pub(super) fn find(&self, text: &str, at: usize, reversed: bool) -> Option<usize> {
        if self.wanted.is_empty() {
            return None;
        }
        // Capitals count only when some are typed, and only where lengths stay.
        let lower = text.to_lowercase();
        let folds = self.taken.is_none()
            && !self.wanted.chars().any(char::is_uppercase)
            && lower.len() == text.len();
        let text = if folds { lower.as_str() } else { text };
        let all = || {
            let hits = text.match_indices(&self.wanted).map(|(found, _)| found);
            hits.filter(|found| self.counts(text, *found))
        };
        if self.back == reversed {
            all().find(|found| *found > at).or_else(|| all().next())
        } else {
            // What begins before the place may end behind it.
            let before = all().take_while(|found| *found < at).last();
            before.or_else(|| all().last())
        }
    }
}

/// A letter, digit or underscore.
fn is_word(ch: char) -> bool {
    ch.is_alphanumeric() || ch == '_'
}

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// No words are typed.
    Nothing,
    /// It was taken.
    Taken,
    /// They are complete.
    Complete,
    /// They are given up.
    Left,
}
