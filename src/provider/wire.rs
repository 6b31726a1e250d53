//! The pure half of a vendor: what a wire format says, without any I/O.

use std::collections::VecDeque;
use std::time::Duration;

use super::{FailureKind, StreamEvent};
use crate::net::NetError;
use crate::net::retry::Again;

/// Why one attempt failed, and whether another may help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind.
    pub kind: FailureKind,
    /// Status code, when the server sent one.
    pub status: Option<u16>,
    /// What happened, in the server's words or ours.
    pub detail: String,
    /// Whether to try again.
    pub again: Again,
    /// How long the server asks to wait.
    pub wish: Option<Duration>,
}

impl Fault {
    /// A fault without a status code.
    pub fn new(kind: FailureKind, again: Again, detail: impl Into<String>) -> Self {
        Self {
            kind,
            status: None,
            detail: detail.into(),
            again,
            wish: None,
        }
    }

    /// A stream that ended before its end.
    pub fn cut() -> Self {
        let detail = "the answer broke off: the stream ended without its last event";
        Self::new(FailureKind::Network, Again::Soon, detail)
    }

    /// Something that is not the wire format. It may be damage on the way, so
    /// another attempt is worth it.
    pub fn garbled(detail: impl Into<String>) -> Self {
        Self::new(FailureKind::Protocol, Again::Soon, detail)
    }
}

impl From<NetError> for Fault {
    fn from(error: NetError) -> Self {
        Self::new(FailureKind::Network, error.again(), error.to_string())
    }
}

/// Turns the events of one answer into stream events.
pub trait Decode: Send {
    /// Takes the data of one event and adds what it means to `out`; the last
    /// thing added is [`StreamEvent::Done`].
    ///
    /// # Errors
    /// When the server reports an error or the data is not the wire format.
    fn event(&mut self, data: &str, out: &mut VecDeque<StreamEvent>) -> Result<(), Fault>;

    /// Takes note that the body has ended. A format whose last event may be
    /// missing adds [`StreamEvent::Done`] when the answer is complete without it.
    fn end(&mut self, _out: &mut VecDeque<StreamEvent>) {}
}

/// How the events of an answer are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Events,
    /// One JSON document a line.
    Lines,
}

/// One wire format.
pub trait Wire: Send + Sync {
    /// How its answers are framed.
    fn framing(&self) -> Framing {
        Framing::Events
    }

    /// A decoder for one answer.
    fn decoder(&self) -> Box<dyn Decode>;

    /// Reads the body of an answer that is an error (also one sent with status
    /// 200). Status, retry and wait are judged by the caller's headers on top.
    fn fault(&self, status: u16, body: &str) -> Fault;
}

/// The wire format of that id.
pub fn by_id(id: &str) -> Option<&'static dyn Wire> {
    match id {
        "anthropic" => Some(&super::anthropic::AnthropicWire),
        "openai_responses" => Some(&super::openai_responses::ResponsesWire),
        "openai_chat" => Some(&super::openai_chat::ChatWire),
        "gemini" => Some(&super::gemini::GeminiWire),
        "ollama" => Some(&super::ollama::OllamaWire),
        _ => None,
    }
}

/// What a status code alone says.
pub fn kind_of_status(status: u16) -> FailureKind {
    match status {
        401 | 403 => FailureKind::Auth,
        402 => FailureKind::Billing,
        404 => FailureKind::NotFound,
        413 => FailureKind::ContextOverflow,
        429 => FailureKind::RateLimit,
        408 | 409 | 500.. => FailureKind::Overloaded,
        400..=499 => FailureKind::BadRequest,
        _ => FailureKind::Protocol,
    }
}
