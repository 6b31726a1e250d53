//! What waits for the running turn to end, and what is heard while it runs.

use std::collections::VecDeque;
use std::sync::Arc;

use super::commands;
use super::status::Reporter;
use super::worker::{command_line, memory_line};
use crate::agent::TurnControl;
use crate::protocol::command::{Command, Secret, UserInput};
use crate::protocol::event::UiEvent;

/// Something that waits for the running turn to end.
enum Waiting {
    Message(UserInput),
    Slash(String),
    Secret(String, Secret),
}

/// The messages and commands that came while a turn ran, oldest first, after those
/// that steer it.
pub(super) struct Queue {
    control: Arc<TurnControl>,
    reporter: Arc<Reporter>,
    waiting: VecDeque<Waiting>,
    ending: bool,
}

impl Queue {
    pub(super) fn new(control: Arc<TurnControl>, reporter: Arc<Reporter>) -> Self {
        Self {
            control,
            reporter,
            waiting: VecDeque::new(),
            ending: false,
        }
    }

    /// Whether shutdown was asked for while a turn ran.
    pub(super) fn ending(&self) -> bool {
        self.ending
    }

    /// Stops the turn, and the worker after it.
    pub(super) fn end(&mut self) {
        self.ending = true;
        self.control.interrupt();
    }

    /// Takes what waited longest.
    pub(super) fn pop(&mut self) -> Option<Command> {
        let waiting = self.waiting.pop_front()?;
        self.show();
        Some(match waiting {
            Waiting::Message(UserInput { text, images }) => Command::Submit { text, images },
            Waiting::Slash(line) => Command::Slash { line },
            Waiting::Secret(purpose, secret) => Command::Secret { purpose, secret },
        })
    }

    /// Does what a command means while a turn runs.
    pub(super) fn hear(&mut self, command: Command) {
        match command {
            Command::Submit { text, images } => self.submit(UserInput { text, images }),
            Command::Answer { id, answer } => self.control.answer(id, answer),
            Command::Interrupt => self.control.interrupt(),
            // Heard by the worker itself.
            Command::Background | Command::Notify { .. } | Command::Earlier => {}
            Command::Call { id, .. } => {
                let text = "a turn runs; call again when it is over".to_string();
                let failed = true;
                self.reporter.send(UiEvent::Called { id, text, failed });
            }
            Command::ClearQueue => self.take_back(),
            Command::EditQueued => self.take_last_back(),
            Command::Secret { purpose, secret } => {
                self.waiting.push_back(Waiting::Secret(purpose, secret));
            }
            Command::Slash { line } if commands::ends(&line) => self.end(),
            Command::Slash { line } => self.waiting.push_back(Waiting::Slash(line)),
            Command::Shutdown => self.end(),
        }
        self.show();
    }

    /// A message for the model steers the turn; a command that waits keeps its place
    /// before what was typed after it.
    fn submit(&mut self, input: UserInput) {
        let for_model = command_line(&input.text).is_none() && memory_line(&input.text).is_none();
        if self.waiting.is_empty() && for_model {
            self.control.steer(input);
        } else {
            self.waiting.push_back(Waiting::Message(input));
        }
    }

    /// Puts messages that came too late to steer the turn first.
    pub(super) fn take_unsteered(&mut self) {
        for input in self.control.take_steer().into_iter().rev() {
            self.waiting.push_front(Waiting::Message(input));
        }
    }

    /// Gives the messages and commands that wait back to the front end.
    fn take_back(&mut self) {
        let mut inputs = self.control.take_steer();
        for item in std::mem::take(&mut self.waiting) {
            match item.typed() {
                Ok(input) => inputs.push(input),
                Err(secret) => self.waiting.push_back(secret),
            }
        }
        if !inputs.is_empty() {
            self.reporter.send(UiEvent::TakenBack { inputs });
        }
    }

    /// Gives back what was typed last.
    fn take_last_back(&mut self) {
        let is_typed = |item: &Waiting| !matches!(item, Waiting::Secret(..));
        let last = self.waiting.iter().rposition(is_typed);
        let input = match last.and_then(|at| self.waiting.remove(at)) {
            Some(item) => item.typed().ok(),
            None => {
                let mut steering = self.control.take_steer();
                let last = steering.pop();
                for input in steering {
                    self.control.steer(input);
                }
                last
            }
        };
        if let Some(input) = input {
            let inputs = vec![input];
            self.reporter.send(UiEvent::TakenBack { inputs });
        }
    }

    /// Shows what waits.
    pub(super) fn show(&self) {
        let later = self.waiting.iter().filter_map(|waiting| match waiting {
            Waiting::Message(input) => Some(input.text.clone()),
            Waiting::Slash(line) => Some(line.clone()),
            Waiting::Secret(..) => None,
        });
        let queued = self.control.waiting().into_iter().chain(later).collect();
        self.reporter.update(|status| status.queued = queued);
    }
}

impl Waiting {
    /// What was typed for it; a secret is not shown again.
    fn typed(self) -> Result<UserInput, Self> {
        match self {
            Self::Message(input) => Ok(input),
            Self::Slash(text) => Ok(UserInput {
                text,
                images: Vec::new(),
            }),
            secret @ Self::Secret(..) => Err(secret),
        }
    }
}
