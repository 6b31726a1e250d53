//! The prompt: a multi-line text with soft wrap, pastes and the messages sent before.

pub mod buffer;
pub mod folds;
pub mod history;
pub mod layout;
pub mod view;
pub mod vim;

use std::ops::Range;

use crossterm::event::{KeyCode, KeyModifiers};

use crate::protocol::command::{PastedImage, UserInput};
use crate::tui::keymap::{Act, Keymap};
use crate::tui::terminal::input::Key;

use buffer::Buffer;
use folds::{Draft, Folds, printable};
use history::History;
use vim::{Mode, Vim, VimOutcome};

/// What a key did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The composer has no use for it.
    Ignored,
    /// It moved or changed something.
    Done,
    /// The user sends this.
    Send(UserInput),
}

/// The prompt.
#[derive(Debug, Default)]
pub struct Composer {
    buffer: Buffer,
    folds: Folds,
    images: Vec<PastedImage>,
    history: History,
    /// The text for which an earlier message was wanted before any was known.
    early: Option<String>,
    /// The column Up and Down aim at.
    aim: Option<usize>,
    width: usize,
    /// The message taken out last, as it is remembered.
    kept: Option<String>,
    vim: Option<Vim>,
}

impl Composer {
    /// With the messages of earlier sessions, oldest first.
    pub fn new(history: Vec<String>) -> Self {
        Self {
            history: History::new(history),
            width: 80,
            ..Self::default()
        }
    }

    /// Columns of the text, for Up and Down.
    pub fn set_width(&mut self, width: usize) {
        self.width = width;
    }

    /// The text; what is folded away is one character of it (see [`Folds`]).
    pub fn text(&self) -> &str {
        self.buffer.text()
    }

    /// What is folded away in the text.
    pub fn folds(&self) -> &Folds {
        &self.folds
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
        self.history.shows(self.text())
    }

    /// The messages sent before.
    pub fn history(&mut self) -> &mut History {
        &mut self.history
    }

    /// Takes the messages of earlier runs, and shows the last one if Up came first.
    pub fn know_earlier(&mut self, messages: Vec<String>) {
        self.history.prepend(messages);
        if self.early.take().is_some_and(|text| text == self.text()) {
            self.recall(true);
        }
    }

    /// Removes the text; it can be undone.
    pub fn clear(&mut self) {
        self.history.forget();
        if !self.is_empty() {
            self.buffer.set(String::new());
        }
    }

    /// Replaces the text.
    pub fn set(&mut self, text: &str) {
        self.history.forget();
        self.buffer.set(printable(text).into_owned());
    }

    /// Replaces a part of the text; the caret goes behind it.
    pub fn replace(&mut self, range: Range<usize>, with: &str) {
        self.buffer
            .replace(range.start, range.end, &printable(with));
    }

    /// Puts text before what is there, on lines of its own.
    pub fn put_before(&mut self, text: &str) {
        let rest = self.buffer.text().to_owned();
        let gap = if rest.is_empty() { "" } else { "\n" };
        self.history.forget();
        self.buffer.set(format!("{}{gap}{rest}", printable(text)));
    }

    /// Inserts a paste, folded when it is long.
    pub fn paste(&mut self, text: &str) {
        self.aim = None;
        let text = self.folds.fold(printable(text).into_owned());
        self.buffer.insert(&text);
    }

    /// Puts a mark for an image at the caret; false when there are too many.
    pub fn paste_image(&mut self, media_type: &str, bytes: Vec<u8>) -> bool {
        let Some(marker) = folds::next_marker(self.images.iter().map(|image| image.marker)) else {
            return false;
        };
        self.buffer.insert(marker.encode_utf8(&mut [0; 4]));
        self.images.push(PastedImage {
            marker,
            media_type: media_type.to_owned(),
            bytes: bytes.into(),
        });
        true
    }

    /// Puts messages back that were sent but not delivered, before what is typed.
    pub fn take_back(&mut self, inputs: Vec<UserInput>) {
        let mut texts = Vec::new();
        for UserInput { text, images } in inputs {
            // The same mark may be in use for another image.
            let mut marks = Vec::new();
            for mut image in images {
                let used = |marker| self.images.iter().any(|image| image.marker == marker);
                let markers = self.images.iter().map(|image| image.marker);
                if used(image.marker)
                    && let Some(free) = folds::next_marker(markers)
                {
                    marks.push((image.marker, free));
                    image.marker = free;
                }
                self.images.push(image);
            }
            let renamed = |ch| {
                let mark = marks.iter().find(|(old, _)| *old == ch);
                mark.map_or(ch, |(_, new)| *new)
            };
            texts.push(text.chars().map(renamed).collect::<String>());
        }
        self.put_before(&texts.join("\n"));
    }

    /// What would be lost if the program ended now.
    pub fn draft(&self) -> Draft {
        self.folds.draft(self.buffer.text())
    }

    /// Puts a draft back.
    pub fn restore(&mut self, draft: Draft) {
        let text = self.folds.restore(draft);
        self.history.forget();
        self.buffer.set(text);
    }

    /// The text with everything unfolded.
    pub fn unfolded(&self) -> String {
        self.folds.unfold(self.buffer.text())
    }

    /// Edits in vim's way, from insert mode on, or no more.
    pub fn set_vim(&mut self, on: bool) {
        if on != self.vim.is_some() {
            self.buffer.close_group();
            self.vim = on.then(Vim::default);
        }
    }

    /// The mode of vim, when that is on.
    pub fn vim_mode(&self) -> Option<Mode> {
        self.vim.as_ref().map(Vim::mode)
    }

    /// What vim looks for, while it is typed.
    pub fn searching(&self) -> Option<String> {
        self.vim.as_ref()?.searching()
    }

    /// The parts that are selected, in bytes.
    pub fn selection(&self) -> Vec<Range<usize>> {
        let vim = self.vim.as_ref();
        vim.map_or_else(Vec::new, |vim| vim.selection(&self.buffer))
    }

    /// Takes a key, with the keys of a shell.
    pub fn key(&mut self, key: Key) -> Outcome {
        self.mapped_key(key, &Keymap::default())
    }

    /// Takes a key with other keys in force.
    pub fn mapped_key(&mut self, key: Key, keymap: &Keymap) -> Outcome {
        if let Some(outcome) = self.vim_key(key) {
            return outcome;
        }
        if let Some(act) = keymap.get(key) {
            return self.act(act);
        }
        self.typed(key)
    }

    /// A key that vim takes; nothing when it is for others.
    pub fn vim_key(&mut self, key: Key) -> Option<Outcome> {
        let vim = self.vim.as_mut()?;
        match vim.key(&mut self.buffer, key) {
            VimOutcome::Ignored => None,
            VimOutcome::Done => {
                self.aim = None;
                Some(Outcome::Done)
            }
            VimOutcome::History { older } => {
                let caret = self.buffer.caret();
                if !self.recall(older) {
                    self.buffer.set_caret(caret);
                }
                Some(Outcome::Done)
            }
        }
    }

    /// A key without an action: a character types itself.
    pub fn typed(&mut self, key: Key) -> Outcome {
        match key.code {
            KeyCode::Char(ch)
                if !key
                    .modifiers
                    .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) =>
            {
                self.aim = None;
                let mut bytes = [0; 4];
                self.buffer.insert(&printable(ch.encode_utf8(&mut bytes)));
                Outcome::Done
            }
            _ => Outcome::Ignored,
        }
    }

    /// Does what a key stands for.
    pub fn act(&mut self, act: &Act) -> Outcome {
        let aim = self.aim.take();
        let buffer = &mut self.buffer;
        match act {
            Act::Send => return self.enter(),
            Act::Newline => buffer.insert("\n"),
            Act::Left | Act::Background => buffer.left(),
            Act::Right => buffer.right(),
            Act::Up => self.vertical(true, aim),
            Act::Down => self.vertical(false, aim),
            Act::WordLeft => buffer.word_left(),
            Act::WordRight => buffer.word_right(),
            Act::Home => buffer.home(),
            Act::End => buffer.end(),
            Act::First => buffer.first(),
            Act::Last => buffer.last(),
            Act::Backspace => buffer.backspace(),
            // Where leaving shares its key: something is typed.
            Act::Delete | Act::Exit => buffer.delete(),
            Act::KillToEnd => buffer.kill_to_end(),
            Act::KillToStart => buffer.kill_to_start(),
            Act::KillBlankWord => buffer.kill_blank_word(),
            Act::KillWordLeft => buffer.kill_word_left(),
            Act::KillWordRight => buffer.kill_word_right(),
            Act::Yank => buffer.yank(),
            Act::YankEarlier => buffer.yank_earlier(),
            Act::Undo => buffer.undo(),
            Act::Redo => {
                buffer.redo();
            }
            Act::Stop
            | Act::Interrupt
            | Act::Suspend
            | Act::Repaint
            | Act::Editor
            | Act::PasteImage
            | Act::SearchHistory
            | Act::Command(_) => return Outcome::Ignored,
        }
        Outcome::Done
    }

    fn enter(&mut self) -> Outcome {
        let (text, caret) = (self.buffer.text(), self.buffer.caret());
        if text[..caret].ends_with('\\') {
            self.buffer.replace(caret - 1, caret, "\n");
            return Outcome::Done;
        }
        if text.trim().is_empty() {
            return Outcome::Done;
        }
        Outcome::Send(self.take())
    }

    /// Takes the message out, pastes unfolded, and remembers it.
    pub fn take(&mut self) -> UserInput {
        let text = self.folds.unfold(self.buffer.text().trim_end());
        self.buffer = Buffer::default();
        self.folds = Folds::default();
        let mut images = std::mem::take(&mut self.images);
        images.retain(|image| text.contains(image.marker));
        if let Some(vim) = &mut self.vim {
            vim.restart();
        }
        // Without the marks: their images are not kept.
        let words: String = text
            .chars()
            .filter(|ch| !images.iter().any(|image| image.marker == *ch))
            .collect();
        self.kept = self
            .history
            .push(words.trim_end())
            .then(|| words.trim_end().to_owned());
        UserInput { text, images }
    }

    /// The message that [`Composer::take`] gave, when it is to be remembered; once.
    pub fn kept(&mut self) -> Option<String> {
        self.kept.take()
    }

    /// A row up or down; beyond the first and the last row through the history.
    fn vertical(&mut self, up: bool, aim: Option<usize>) {
        let text = self.buffer.text();
        let rows = layout::rows(text, self.width, &self.folds);
        let (row, col) = layout::place(text, &rows, self.buffer.caret(), &self.folds);
        let target = if up {
            row.checked_sub(1)
        } else {
            Some(row + 1).filter(|row| *row < rows.len())
        };
        let Some(target) = target else {
            self.recall(up);
            return;
        };
        let aim = aim.unwrap_or(col);
        let mut at = layout::position(text, rows[target], aim, &self.folds);
        // The end of a soft-wrapped row is the start of the next one.
        if at == rows[target].end && rows.get(target + 1).is_some_and(|next| next.start == at) {
            at = layout::position(text, rows[target], aim.saturating_sub(1), &self.folds);
        }
        self.buffer.set_caret(at);
        self.aim = Some(aim);
    }

    /// Shows another message; false when there is none.
    fn recall(&mut self, older: bool) -> bool {
        let shown = if older {
            if self.history.newest().next().is_none() {
                self.early = Some(self.buffer.text().to_owned());
            }
            self.history.older(self.buffer.text()).map(str::to_owned)
        } else {
            self.history.newer()
        };
        let found = shown.is_some();
        if let Some(text) = shown {
            self.buffer.set(text);
        } else if !older {
            self.buffer.last();
        }
        if older {
            // The next Up goes on through the history.
            self.buffer.first();
        }
        found
    }
}

#[cfg(test)]
#[path = "composer_tests.rs"]
mod tests;
