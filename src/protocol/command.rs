//! Everything a front end tells the worker.

use std::sync::Arc;

use super::permission::Answer;

/// An image pasted into a message.
#[derive(Clone, PartialEq, Eq)]
pub struct PastedImage {
    /// Its mark in the text, `①` and so on. An image whose mark is gone from the
    /// text is not sent.
    pub marker: char,
    /// MIME type as the clipboard named it; the bytes decide.
    pub media_type: String,
    /// The encoded image.
    pub bytes: Arc<Vec<u8>>,
}

impl std::fmt::Debug for PastedImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            marker,
            media_type,
            bytes,
        } = self;
        write!(f, "{marker} {media_type}, {} bytes", bytes.len())
    }
}

/// A message of the user on its way to the model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserInput {
    /// The text as typed.
    pub text: String,
    /// Images whose marks stand in the text.
    pub images: Vec<PastedImage>,
}

/// Something that must not be shown, logged or kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// A request to the worker. Anything it has to say comes back as events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A message for the model. While a turn runs it is delivered at the turn's
    /// next tool boundary, or else when the turn is over.
    Submit {
        /// The text as typed.
        text: String,
        /// Images whose marks stand in the text.
        images: Vec<PastedImage>,
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
    /// Let the running command go on in the background.
    Background,
    /// Take back the messages that wait; those that were not delivered yet come
    /// back as an event.
    ClearQueue,
    /// Take the message or command back that waits last.
    EditQueued,
    /// Tell what happened before the messages that were shown on resuming.
    Earlier,
    /// A slash command line, with its slash.
    Slash {
        /// E.g. `/think on`.
        line: String,
    },
    /// The answer to [`super::event::UiEvent::AskSecret`].
    Secret {
        /// What it is for, as asked.
        purpose: String,
        /// The secret.
        secret: Secret,
    },
    /// Make one call of a reading tool, beside the conversation.
    Call {
        /// Comes back with the result.
        id: u64,
        /// The tool.
        tool: String,
        /// Its arguments as JSON.
        arguments: String,
    },
    /// Run the user's command for notifications.
    Notify {
        /// What it is about.
        message: String,
    },
    /// Save and end.
    Shutdown,
}
