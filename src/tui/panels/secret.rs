//! Typing a secret: every character is a dot, no key is a shortcut but Enter, Escape
//! and Ctrl+C, and a paste is text whatever it holds.

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::text::{Line, Span};

use crate::protocol::command::Secret;
use crate::render::text::{fit, width};
use crate::render::theme::Theme;
use crate::stdx::text::{clean, one_line};
use crate::tui::terminal::input::Key;
use crate::tui::terminal::scrollback::Caret;

use super::{PanelView, hints};

/// A longer secret is none.
const LONGEST: usize = 8 * 1024;

/// What a key did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretOutcome {
    /// The panel stays.
    Done,
    /// It closes without effect.
    Close,
    /// It closes, and the secret is for this.
    Give(String, Secret),
}

/// An open question for a secret.
pub struct SecretPanel {
    title: String,
    purpose: String,
    typed: String,
}

impl SecretPanel {
    /// Asks with this title; `purpose` comes back with the answer.
    pub fn new(title: &str, purpose: String) -> Self {
        Self {
            title: one_line(&clean(title), 60),
            purpose,
            typed: String::new(),
        }
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> SecretOutcome {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return SecretOutcome::Close,
            KeyCode::Char('c' | 'd') if control => return SecretOutcome::Close,
            KeyCode::Char('u') if control => self.typed.clear(),
            KeyCode::Backspace => drop(self.typed.pop()),
            KeyCode::Enter if self.typed.trim().is_empty() => return SecretOutcome::Close,
            KeyCode::Enter => {
                let secret = Secret(std::mem::take(&mut self.typed).trim().to_string());
                return SecretOutcome::Give(std::mem::take(&mut self.purpose), secret);
            }
            KeyCode::Char(ch) if !control => self.paste(ch.encode_utf8(&mut [0; 4])),
            _ => {}
        }
        SecretOutcome::Done
    }

    /// Takes a paste; line ends in it are left out and end nothing.
    pub fn paste(&mut self, text: &str) {
        let kept = text.chars().filter(|ch| !ch.is_control());
        self.typed.extend(kept);
        if self.typed.len() > LONGEST {
            self.typed.clear();
        }
    }

    /// At most three rows of at most `cols` columns.
    pub fn view(&self, cols: usize, theme: &Theme) -> PanelView {
        let label = fit(
            &format!("{}: ", self.title),
            cols / 2,
            theme.glyphs.ellipsis,
        );
        let room = cols.saturating_sub(width(&label) + 1);
        let dots = "•".repeat(self.typed.chars().count().min(room));
        let col = width(&label) + width(&dots);
        let keys = [
            ("enter".to_owned(), "store"),
            ("ctrl+u".to_owned(), "clear"),
            ("esc".to_owned(), "leave"),
        ];
        PanelView {
            rows: vec![
                Line::from(vec![Span::styled(label, theme.verb), Span::raw(dots)]),
                hints(&keys, cols, theme),
            ],
            caret: Caret {
                row: 0,
                col: u16::try_from(col).unwrap_or(0),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_typed_or_pasted_is_shown_or_acted_on() {
        let mut panel = SecretPanel::new("key for OpenAI", "openai".into());
        panel.paste("sk-se\ncret\u{1b}q");
        assert_eq!(
            panel.key(Key::plain(KeyCode::Char('q'))),
            SecretOutcome::Done
        );
        assert_eq!(panel.key(Key::ctrl('x')), SecretOutcome::Done);
        let view = panel.view(80, &Theme::default());
        let text: String = view.rows.iter().map(ToString::to_string).collect();
        assert!(text.contains("•••") && !text.contains("sk-"), "{text}");
        let given = panel.key(Key::plain(KeyCode::Enter));
        let secret = Secret("sk-secretqq".into());
        assert!(!format!("{given:?}").contains("secret"));
        assert_eq!(given, SecretOutcome::Give("openai".into(), secret));
    }

    #[test]
    fn leaving_gives_nothing() {
        for key in [
            Key::plain(KeyCode::Esc),
            Key::ctrl('c'),
            Key::plain(KeyCode::Enter),
        ] {
            let mut panel = SecretPanel::new("x", "y".into());
            assert_eq!(panel.key(key), SecretOutcome::Close);
        }
    }
}
