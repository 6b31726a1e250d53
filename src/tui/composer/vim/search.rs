//! `/` and `?`: words of the message are looked for.

use crossterm::event::{KeyCode, KeyModifiers};

use super::walk::next;
use crate::tui::terminal::input::Key;

/// What is looked for, and what is being typed for it.
#[derive(Debug, Default)]
pub(super) struct Search {
    typing: Option<String>,
    wanted: String,
    back: bool,
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

    /// The next place after one, around the end; `reversed` in the other direction.
    pub(super) fn find(&self, text: &str, at: usize, reversed: bool) -> Option<usize> {
        if self.wanted.is_empty() {
            return None;
        }
        // Capitals count only when some are typed, and only where lengths stay.
        let lower = text.to_lowercase();
        let folds = !self.wanted.chars().any(char::is_uppercase) && lower.len() == text.len();
        let text = if folds { lower.as_str() } else { text };
        if self.back == reversed {
            let after = next(text, at).min(text.len());
            let ahead = text[after..].find(&self.wanted).map(|found| after + found);
            ahead.or_else(|| text.find(&self.wanted))
        } else {
            // What begins before the place may end behind it.
            let before = text.match_indices(&self.wanted).map(|(found, _)| found);
            let before = before.take_while(|found| *found < at).last();
            before.or_else(|| text.rfind(&self.wanted))
        }
    }
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
