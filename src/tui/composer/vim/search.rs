//! `/` and `?`: words of the message are looked for.

use crossterm::event::{KeyCode, KeyModifiers};

use crate::tui::composer::buffer::Buffer;
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

    /// Takes a key while words are typed; false when none are.
    pub(super) fn key(&mut self, buffer: &mut Buffer, key: Key) -> bool {
        let Some(mut typing) = self.typing.take() else {
            return false;
        };
        match key.code {
            KeyCode::Enter => {
                if !typing.is_empty() {
                    self.wanted = typing;
                }
                self.again(buffer, false);
                return true;
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
            KeyCode::Esc | KeyCode::Backspace | KeyCode::Char('c') => return true,
            _ => {}
        }
        self.typing = Some(typing);
        true
    }

    /// Goes to the next place, around the end; `reversed` in the other direction.
    pub(super) fn again(&self, buffer: &mut Buffer, reversed: bool) {
        if self.wanted.is_empty() {
            return;
        }
        // Capitals count only when some are typed, and only where lengths stay.
        let lower = buffer.text().to_lowercase();
        let folds =
            !self.wanted.chars().any(char::is_uppercase) && lower.len() == buffer.text().len();
        let text = if folds { lower.as_str() } else { buffer.text() };
        let at = buffer.caret();
        let after = buffer.after(at).min(text.len());
        let found = if self.back == reversed {
            let next = text[after..].find(&self.wanted).map(|found| after + found);
            next.or_else(|| text.find(&self.wanted))
        } else {
            let before = text[..at].rfind(&self.wanted);
            before.or_else(|| text.rfind(&self.wanted))
        };
        if let Some(found) = found {
            buffer.set_caret(found);
        }
    }
}
