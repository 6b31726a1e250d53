//! What may reach a running turn from outside: stop, steer, answer.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::protocol::command::UserInput;
use crate::protocol::permission::Answer;

/// Shared between the worker, which hears commands, and the turn it runs.
#[derive(Debug, Default)]
pub struct TurnControl {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    cancel: CancellationToken,
    steer: VecDeque<UserInput>,
    asks: HashMap<u64, oneshot::Sender<Answer>>,
    last_ask: u64,
}

impl TurnControl {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here can panic half-way; the data is whole whatever happened.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A fresh token for a turn about to run.
    pub(super) fn begin(&self) -> CancellationToken {
        let mut inner = self.inner();
        inner.cancel = CancellationToken::new();
        inner.asks.clear();
        inner.cancel.clone()
    }

    /// Stops the running turn.
    pub fn interrupt(&self) {
        self.inner().cancel.cancel();
    }

    /// Hands a message to the running turn, for its next tool boundary.
    pub fn steer(&self, input: UserInput) {
        self.inner().steer.push_back(input);
    }

    /// The texts of steering messages not delivered yet, oldest first.
    pub fn waiting(&self) -> Vec<String> {
        let texts = self.inner();
        let texts = texts.steer.iter().map(|input| input.text.clone());
        texts.collect()
    }

    /// Steering messages not delivered yet; they are taken.
    pub fn take_steer(&self) -> Vec<UserInput> {
        self.inner().steer.drain(..).collect()
    }

    /// Answers a question; nothing happens when it is no longer open.
    pub fn answer(&self, id: u64, answer: Answer) {
        let sender = self.inner().asks.remove(&id);
        if let Some(sender) = sender {
            // The turn may have been stopped in the meantime.
            let _ = sender.send(answer);
        }
    }

    /// Opens a question: its id and where the answer comes.
    pub(super) fn open_ask(&self) -> (u64, oneshot::Receiver<Answer>) {
        let (sender, receiver) = oneshot::channel();
        let mut inner = self.inner();
        inner.last_ask += 1;
        let id = inner.last_ask;
        inner.asks.insert(id, sender);
        (id, receiver)
    }
}
