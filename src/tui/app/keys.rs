//! Keys and pastes: to the open panel, else to the prompt.

use std::time::Duration;

use crossterm::event::KeyCode;

use super::{Action, App, Open, Purpose, TWICE};
use crate::protocol::command::{Command, UserInput};
use crate::protocol::event::NoticeLevel;
use crate::protocol::permission::Answer;
use crate::provider::count;
use crate::stdx::text;
use crate::tui::composer::Outcome;
use crate::tui::desk::Request;
use crate::tui::keymap::Act;
use crate::tui::panels::palette::PaletteOutcome;
use crate::tui::panels::permission::AskOutcome;
use crate::tui::panels::picker::PickOutcome;
use crate::tui::panels::secret::SecretOutcome;
use crate::tui::terminal::input::Key;
use crate::tui::transcript::record::Record;
use crate::tui::transcript::viewer::{ViewOutcome, Viewer};

/// Share of the window from which a paste is worth a word, in percent.
const LARGE: u64 = 30;

impl App {
    pub(super) fn paste(&mut self, text: &str) {
        self.interrupted = None;
        if let Some(viewer) = &mut self.viewer {
            viewer.paste(text);
        } else if let Some(panel) = self.asks.front_mut() {
            panel.paste(text);
        } else if let Some(secret) = &mut self.secret {
            secret.paste(text);
        } else if let Some(open) = &mut self.picker {
            let outcome = open.panel.paste(text);
            self.picked(outcome);
        } else {
            self.warn_of(text);
            self.composer.paste(text);
            self.edited();
        }
    }

    /// Tells at once when a paste takes much of the window: sending it is paid for.
    fn warn_of(&mut self, paste: &str) {
        let window = self.status.context_window;
        // No text has more tokens than bytes.
        if window == 0 || paste.len() as u64 <= window / 100 * LARGE {
            return;
        }
        let needed = count::tokens(paste);
        if needed <= window / 100 * LARGE {
            return;
        }
        let words = format!(
            "this paste has about {} tokens, {} % of the window of {}; a file that is named is read \
             in parts",
            text::count(needed),
            needed * 100 / window,
            self.status.model
        );
        self.tell(NoticeLevel::Warning, &words);
    }

    pub(super) fn key(&mut self, key: Key, now: Duration) {
        let act = self.keymap.get(key).cloned();
        match act {
            Some(Act::Suspend) => return self.actions.push(Action::Suspend),
            Some(Act::Repaint) => return self.actions.push(Action::Repaint),
            _ => {}
        }
        if self.closing.is_some() {
            if key == Key::ctrl('c') || key == Key::ctrl('d') {
                self.actions.push(Action::Exit(String::new()));
            }
            return;
        }
        if let Some(viewer) = &mut self.viewer {
            let record = self.viewed.as_ref().unwrap_or(&self.record);
            if viewer.key(key, record, &self.theme) == ViewOutcome::Close {
                self.viewed = None;
                self.viewer = None;
            }
            return;
        }
        if key == Key::ctrl('t') && act.is_none() {
            return self.transcript("");
        }
        if !self.asks.is_empty() {
            return self.ask_key(key, now);
        }
        if let Some(secret) = &mut self.secret {
            match secret.key(key) {
                SecretOutcome::Done => {}
                SecretOutcome::Close => self.secret = None,
                SecretOutcome::Give(purpose, secret) => {
                    self.secret = None;
                    self.send(Command::Secret { purpose, secret });
                }
            }
            return;
        }
        if let Some(open) = &mut self.picker {
            let outcome = open.panel.key(key);
            return self.picked(outcome);
        }
        self.prompt_key(key, act, now);
    }

    fn picked(&mut self, outcome: PickOutcome) {
        match outcome {
            PickOutcome::Done => {}
            PickOutcome::Preview(line) => self.slash(&line),
            PickOutcome::Close(line) => {
                self.picker = None;
                if let Some(line) = line {
                    self.slash(&line);
                }
                self.sample = false;
            }
            PickOutcome::Run { command, value } => {
                let Some(Open { purpose, .. }) = self.picker.take() else {
                    return;
                };
                match purpose {
                    Purpose::Command => self.slash(&super::local::join(&command, &value)),
                    Purpose::Insert => {
                        self.composer.set(&value);
                        self.edited();
                    }
                    Purpose::Show => {}
                }
            }
        }
    }

    fn ask_key(&mut self, key: Key, now: Duration) {
        let Some(panel) = self.asks.front_mut() else {
            return;
        };
        let id = panel.ask.id;
        match panel.key(key, now) {
            AskOutcome::Ignored | AskOutcome::Done => {}
            AskOutcome::TooSoon => {
                // Someone is typing a message: it goes on where it was meant to.
                if matches!(key.code, KeyCode::Char(_) | KeyCode::Backspace) {
                    self.composer.mapped_key(key, &self.keymap);
                    self.edited();
                }
            }
            AskOutcome::Answer(answer) => {
                self.asks.pop_front();
                self.send(Command::Answer { id, answer });
            }
            AskOutcome::View => {
                self.viewed = Some(Record::asked(&panel.ask));
                self.viewer = Some(Viewer::at_start("asked"));
            }
            AskOutcome::Stop => {
                self.asks.pop_front();
                let answer = Answer::No {
                    message: String::new(),
                };
                self.send(Command::Answer { id, answer });
                self.stop();
            }
        }
    }

    fn prompt_key(&mut self, key: Key, act: Option<Act>, now: Duration) {
        // Whatever the settings say, there is always this way out.
        if key == Key::ctrl('c') {
            return self.ctrl_c(now);
        }
        self.interrupted = None;
        match self.palette.key(key, self.composer.text()) {
            PaletteOutcome::Ignored => {}
            PaletteOutcome::Done => return,
            PaletteOutcome::Complete(range, text) => {
                self.composer.replace(range, &text);
                return self.edited();
            }
            PaletteOutcome::Send(line) => {
                self.composer.set(&line);
                let line = self.composer.take().text;
                self.sent();
                return self.slash(&line);
            }
        }
        if let Some(outcome) = self.composer.vim_key(key) {
            return self.composed(outcome);
        }
        match act {
            None => {
                let outcome = self.composer.typed(key);
                self.composed(outcome);
            }
            Some(act) => self.act(&act, now),
        }
    }

    fn act(&mut self, act: &Act, now: Duration) {
        match act {
            Act::Interrupt => self.ctrl_c(now),
            Act::Background if self.live.runs_command() => self.send(Command::Background),
            Act::Exit if self.composer.is_empty() => self.close(now),
            Act::Stop => {
                if self.is_busy() {
                    self.stop();
                }
            }
            Act::Up if self.composer.is_empty() && !self.status.queued.is_empty() => {
                self.send(Command::EditQueued);
            }
            Act::SearchHistory => self.search_history(),
            Act::Editor => self.actions.push(Action::Editor),
            Act::PasteImage => self.desk(Request::Paste),
            Act::Command(line) => self.slash(line),
            act => {
                let outcome = self.composer.act(act);
                self.composed(outcome);
            }
        }
    }

    fn composed(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Ignored => {}
            Outcome::Done => self.edited(),
            Outcome::Send(UserInput { text, images }) => {
                self.sent();
                if is_command(&text) {
                    self.slash(&text);
                } else {
                    self.send(Command::Submit { text, images });
                }
            }
        }
    }

    fn ctrl_c(&mut self, now: Duration) {
        if self.is_busy() {
            return self.stop();
        }
        if self.interrupted.is_some_and(|at| now < at + TWICE) {
            return self.close(now);
        }
        self.interrupted = Some(now);
        self.composer.clear();
        self.edited();
    }

    /// Stops the turn; what waits comes back into the prompt.
    fn stop(&mut self) {
        if !self.status.queued.is_empty() {
            self.send(Command::ClearQueue);
        }
        self.send(Command::Interrupt);
    }

    fn close(&mut self, now: Duration) {
        if self.is_busy() {
            self.send(Command::Interrupt);
        }
        self.send(Command::Shutdown);
        self.closing = Some(now);
    }

    /// The text of the prompt or the caret may have changed.
    pub(super) fn edited(&mut self) {
        let (text, caret) = (self.composer.text(), self.composer.caret());
        let wanted = self.palette.text_changed(text, caret, &self.status);
        if self.composer.is_recalled() {
            // Up and Down go on through the messages.
            self.palette.close();
        }
        self.draft_changed();
        if let Some(query) = wanted {
            self.desk(Request::Find(query));
        }
    }

    /// A message was taken out of the prompt.
    fn sent(&mut self) {
        self.edited();
        self.draft_sent();
        if let Some(text) = self.composer.kept() {
            self.desk(Request::Remember(text));
        }
    }

    pub(super) fn send(&mut self, command: Command) {
        self.actions.push(Action::Send(command));
    }

    pub(super) fn desk(&mut self, request: Request) {
        self.actions.push(Action::Desk(request));
    }
}

/// `/word` or `/word arguments`; `/usr/bin` is not a command.
fn is_command(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    text.starts_with('/') && first.len() > 1 && !first[1..].contains('/')
}
