//! Everything a front end tells the worker.

use super::permission::Answer;

/// A request to the worker. Anything it has to say comes back as events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A message for the model. While a turn runs it is delivered at the turn's
    /// next tool boundary, or else when the turn is over.
    Submit {
        /// The text as typed.
        text: String,
    },
    /// The answer to a question.
    Answer {
        /// The question.
        id: u64,
        /// The answer.
        answer: Answer,
    },
    /// Stop the running turn.
    Interrupt,
    /// Take back the queued messages; they come back in a status without them.
    ClearQueue,
    /// A slash command line, with its slash.
    Slash {
        /// E.g. `/think on`.
        line: String,
    },
    /// Open another session by id.
    Resume {
        /// Session id.
        id: String,
    },
    /// Save and end.
    Shutdown,
}
