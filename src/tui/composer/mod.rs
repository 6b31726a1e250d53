//! The prompt: a multi-line text with soft wrap, pastes and the messages sent before.

pub mod buffer;
pub mod layout;

use crossterm::event::{KeyCode, KeyModifiers};

use crate::stdx::text::{clean, plural};
use crate::tui::terminal::input::Key;

use buffer::Buffer;

/// Longer pastes are folded.
const MAX_PASTE_LINES: usize = 8;
const MAX_PASTE_BYTES: usize = 1_000;
/// Messages kept for Up and Down.
const MAX_HISTORY: usize = 1_000;

/// What a key did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The composer has no use for it.
    Ignored,
    /// It moved or changed something.
    Done,
    /// The user sends this.
    Send(String),
}

/// The prompt.
#[derive(Debug, Default)]
pub struct Composer {
    buffer: Buffer,
    /// Placeholders and what they stand for.
    pastes: Vec<(String, String)>,
    history: Vec<String>,
    /// Which message of the history is shown, and the draft it replaced.
    recalled: Option<(usize, String)>,
    /// The column Up and Down aim at.
    aim: Option<usize>,
    width: usize,
}

impl Composer {
    /// With the messages of earlier sessions, oldest first.
    pub fn new(history: Vec<String>) -> Self {
        Self {
            history,
            width: 80,
            ..Self::default()
        }
    }

    /// Columns of the text, for Up and Down.
    pub fn set_width(&mut self, width: usize) {
        self.width = width;
    }

    /// The text as it is shown.
    pub fn text(&self) -> &str {
        self.buffer.text()
    }

    /// Byte position of the caret.
    pub fn caret(&self) -> usize {
        self.buffer.caret()
    }

    /// Nothing is typed.
    pub fn is_empty(&self) -> bool {
        self.buffer.text().is_empty()
    }

    /// What is shown is an earlier message, as it was sent.
    pub fn is_recalled(&self) -> bool {
        let recalled = self.recalled.as_ref();
        recalled
            .is_some_and(|(at, _)| self.history.get(*at).map(String::as_str) == Some(self.text()))
    }

    /// Removes the text; it can be undone.
    pub fn clear(&mut self) {
        self.recalled = None;
        if !self.is_empty() {
            self.buffer.set(String::new());
        }
    }

    /// Replaces the text.
    pub fn set(&mut self, text: &str) {
        self.recalled = None;
        self.buffer.set(printable(text));
    }

    /// Inserts a paste, folded when it is long.
    pub fn paste(&mut self, text: &str) {
        self.aim = None;
        let text = printable(text);
        let lines = text.lines().count();
        if lines <= MAX_PASTE_LINES && text.len() <= MAX_PASTE_BYTES {
            return self.buffer.insert(&text);
        }
        let number = self.pastes.len() + 1;
        let size = if lines > 1 {
            plural(lines, "line")
        } else {
            plural(text.chars().count(), "character")
        };
        let placeholder = format!("[pasted #{number}: {size}]");
        self.buffer.insert(&placeholder);
        self.pastes.push((placeholder, text));
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Outcome {
        let aim = self.aim.take();
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Enter => return self.enter(key.modifiers),
            KeyCode::Char(ch) if control && !alt => return self.control(ch),
            KeyCode::Char(ch) if alt && !control => return self.alt(ch),
            KeyCode::Char(_) if control || alt => return Outcome::Ignored,
            KeyCode::Char(ch) => self.buffer.insert(ch.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace if alt || control => self.buffer.kill_word_left(),
            KeyCode::Backspace => self.backspace(),
            KeyCode::Delete if alt || control => self.buffer.kill_word_right(),
            KeyCode::Delete => self.buffer.delete(),
            KeyCode::Left if alt || control => self.buffer.word_left(),
            KeyCode::Right if alt || control => self.buffer.word_right(),
            KeyCode::Left => self.buffer.left(),
            KeyCode::Right => self.buffer.right(),
            KeyCode::Home if control => self.buffer.first(),
            KeyCode::End if control => self.buffer.last(),
            KeyCode::Home => self.buffer.home(),
            KeyCode::End => self.buffer.end(),
            KeyCode::Up => self.vertical(true, aim),
            KeyCode::Down => self.vertical(false, aim),
            _ => return Outcome::Ignored,
        }
        Outcome::Done
    }

    fn control(&mut self, letter: char) -> Outcome {
        match letter {
            'a' => self.buffer.home(),
            'b' => self.buffer.left(),
            'd' => self.buffer.delete(),
            'e' => self.buffer.end(),
            'f' => self.buffer.right(),
            'h' => self.backspace(),
            'j' => self.buffer.insert("\n"),
            'k' => self.buffer.kill_to_end(),
            'n' => self.vertical(false, None),
            'p' => self.vertical(true, None),
            'u' => self.buffer.kill_to_start(),
            'w' => self.buffer.kill_blank_word(),
            'y' => self.buffer.yank(),
            // Ctrl+_ and Ctrl+/ arrive as Ctrl+7 where keys are not told apart.
            '7' | '_' | '/' | '-' => self.buffer.undo(),
            _ => return Outcome::Ignored,
        }
        Outcome::Done
    }

    fn alt(&mut self, letter: char) -> Outcome {
        match letter {
            'b' => self.buffer.word_left(),
            'f' => self.buffer.word_right(),
            'd' => self.buffer.kill_word_right(),
            '_' | '/' => self.buffer.redo(),
            '<' => self.buffer.first(),
            '>' => self.buffer.last(),
            _ => return Outcome::Ignored,
        }
        Outcome::Done
    }

    fn enter(&mut self, modifiers: KeyModifiers) -> Outcome {
        let newline = KeyModifiers::SHIFT | KeyModifiers::ALT | KeyModifiers::CONTROL;
        if modifiers.intersects(newline) {
            self.buffer.insert("\n");
            return Outcome::Done;
        }
        let (text, caret) = (self.buffer.text(), self.buffer.caret());
        if text[..caret].ends_with('\\') {
            self.buffer.remove(caret - 1, caret);
            self.buffer.insert("\n");
            return Outcome::Done;
        }
        if text.trim().is_empty() {
            return Outcome::Done;
        }
        Outcome::Send(self.take())
    }

    /// Takes the message out, pastes unfolded, and remembers it.
    pub fn take(&mut self) -> String {
        let mut text = self.buffer.text().trim_end().to_owned();
        for (placeholder, content) in self.pastes.drain(..) {
            text = text.replacen(&placeholder, &content, 1);
        }
        self.buffer = Buffer::default();
        self.recalled = None;
        if self.history.last() != Some(&text) {
            if self.history.len() == MAX_HISTORY {
                self.history.remove(0);
            }
            self.history.push(text.clone());
        }
        text
    }

    /// A folded paste goes as one.
    fn backspace(&mut self) {
        let caret = self.buffer.caret();
        let before = &self.buffer.text()[..caret];
        let folded = self
            .pastes
            .iter()
            .find(|(placeholder, _)| before.ends_with(placeholder.as_str()))
            .map(|(placeholder, _)| placeholder.len());
        match folded {
            Some(length) => self.buffer.remove(caret - length, caret),
            None => self.buffer.backspace(),
        }
    }

    /// A row up or down; beyond the first and the last row through the history.
    fn vertical(&mut self, up: bool, aim: Option<usize>) {
        let text = self.buffer.text();
        let rows = layout::rows(text, self.width);
        let (row, col) = layout::place(text, &rows, self.buffer.caret());
        let target = if up {
            row.checked_sub(1)
        } else {
            Some(row + 1).filter(|row| *row < rows.len())
        };
        let Some(target) = target else {
            return self.recall(up);
        };
        let aim = aim.unwrap_or(col);
        let mut at = layout::position(text, rows[target], aim);
        // The end of a soft-wrapped row is the start of the next one.
        if at == rows[target].end && rows.get(target + 1).is_some_and(|next| next.start == at) {
            at = layout::position(text, rows[target], aim.saturating_sub(1));
        }
        self.buffer.set_caret(at);
        self.aim = Some(aim);
    }

    fn recall(&mut self, older: bool) {
        let now = self.recalled.as_ref().map(|(index, _)| *index);
        let next = match (now, older) {
            (None, true) => self.history.len().checked_sub(1),
            (Some(index), true) => index.checked_sub(1),
            (None, false) => None,
            (Some(index), false) => Some(index + 1),
        };
        let Some(next) = next else {
            if older {
                self.buffer.first();
            } else {
                self.buffer.last();
            }
            return;
        };
        let draft = match self.recalled.take() {
            Some((_, draft)) => draft,
            None => self.buffer.text().to_owned(),
        };
        match self.history.get(next) {
            Some(text) => {
                self.buffer.set(text.clone());
                self.recalled = Some((next, draft));
            }
            None => self.buffer.set(draft),
        }
        if older {
            // The next Up goes on through the history.
            self.buffer.first();
        }
    }
}

/// Without control characters other than newline and tab.
fn printable(text: &str) -> String {
    clean(text).into_owned()
}

#[cfg(test)]
#[path = "composer_tests.rs"]
mod tests;
