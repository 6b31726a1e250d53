//! Keys and pastes: to the open panel, else to the prompt.

use std::time::Duration;

use crossterm::event::KeyCode;

use super::{Action, App, TWICE};
use crate::protocol::command::Command;
use crate::protocol::permission::Answer;
use crate::tui::composer::Outcome;
use crate::tui::panels::palette::PaletteOutcome;
use crate::tui::panels::permission::AskOutcome;
use crate::tui::panels::picker::PickOutcome;
use crate::tui::terminal::input::Key;

impl App {
    pub(super) fn paste(&mut self, text: &str) {
        self.interrupted = None;
        if let Some(panel) = self.asks.front_mut() {
            panel.paste(text);
        } else if let Some(picker) = &mut self.picker {
            let outcome = picker.paste(text);
            self.picked(outcome);
        } else {
            self.composer.paste(text);
            self.edited();
        }
    }

    pub(super) fn key(&mut self, key: Key, now: Duration) {
        if key == Key::ctrl('z') {
            return self.actions.push(Action::Suspend);
        }
        if key == Key::ctrl('l') {
            return self.actions.push(Action::Repaint);
        }
        if self.closing.is_some() {
            if key == Key::ctrl('c') || key == Key::ctrl('d') {
                self.actions.push(Action::Exit(String::new()));
            }
            return;
        }
        if !self.asks.is_empty() {
            return self.ask_key(key, now);
        }
        if let Some(picker) = &mut self.picker {
            let outcome = picker.key(key);
            return self.picked(outcome);
        }
        self.prompt_key(key, now);
    }

    fn picked(&mut self, outcome: PickOutcome) {
        match outcome {
            PickOutcome::Done => {}
            PickOutcome::Preview(line) => self.slash(line),
            PickOutcome::Close(line) => {
                self.picker = None;
                if let Some(line) = line {
                    self.slash(line);
                }
            }
            PickOutcome::Run(line) => {
                self.picker = None;
                self.slash(line);
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
                    self.composer.key(key);
                }
            }
            AskOutcome::Answer(answer) => {
                self.asks.pop_front();
                self.send(Command::Answer { id, answer });
            }
            AskOutcome::Stop => {
                self.asks.pop_front();
                let answer = Answer::No {
                    message: String::new(),
                };
                self.send(Command::Answer { id, answer });
                self.send(Command::Interrupt);
            }
        }
    }

    fn prompt_key(&mut self, key: Key, now: Duration) {
        if key == Key::ctrl('c') {
            return self.ctrl_c(now);
        }
        self.interrupted = None;
        if key == Key::ctrl('d') && self.composer.is_empty() {
            return self.close(now);
        }
        match self.palette.key(key) {
            PaletteOutcome::Ignored => {}
            PaletteOutcome::Done => return,
            PaletteOutcome::Complete(text) => {
                self.composer.set(&text);
                return self.edited();
            }
            PaletteOutcome::Send(line) => {
                self.composer.set(&line);
                let line = self.composer.take();
                self.edited();
                return self.slash(line);
            }
        }
        if key == Key::plain(KeyCode::Esc) {
            if self.is_busy() {
                self.send(Command::Interrupt);
            }
            return;
        }
        if key == Key::ctrl('b') && self.live.runs_command() {
            return self.send(Command::Background);
        }
        let queued = &self.status.queued;
        if key == Key::plain(KeyCode::Up) && self.composer.is_empty() && !queued.is_empty() {
            let text = queued.join("\n");
            self.status.queued.clear();
            self.composer.set(&text);
            return self.send(Command::ClearQueue);
        }
        match self.composer.key(key) {
            Outcome::Ignored => {}
            Outcome::Done => self.edited(),
            Outcome::Send(text) => {
                self.edited();
                if is_command(&text) {
                    self.slash(text);
                } else {
                    self.send(Command::Submit {
                        text,
                        images: Vec::new(),
                    });
                }
            }
        }
    }

    fn ctrl_c(&mut self, now: Duration) {
        if self.is_busy() {
            return self.send(Command::Interrupt);
        }
        if self.interrupted.is_some_and(|at| now < at + TWICE) {
            return self.close(now);
        }
        self.interrupted = Some(now);
        self.composer.clear();
        self.edited();
    }

    fn close(&mut self, now: Duration) {
        if self.is_busy() {
            self.send(Command::Interrupt);
        }
        self.send(Command::Shutdown);
        self.closing = Some(now);
    }

    /// The text of the prompt may have changed.
    fn edited(&mut self) {
        self.palette.text_changed(self.composer.text());
        if self.composer.is_recalled() {
            // Up and Down go on through the messages.
            self.palette.close();
        }
    }

    fn slash(&mut self, line: String) {
        self.send(Command::Slash { line });
    }

    fn send(&mut self, command: Command) {
        self.actions.push(Action::Send(command));
    }
}

/// `/word` or `/word arguments`; `/usr/bin` is not a command.
fn is_command(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    text.starts_with('/') && first.len() > 1 && !first[1..].contains('/')
}
