//! Models behind one interface.
//!
//! A [`Provider`] turns a [`ModelRequest`] into a stream of [`StreamEvent`]s.
//! Failures are stream items, never errors of the call: a stream ends in exactly
//! one [`StreamEvent::Done`] or [`StreamEvent::Failed`]. The wire formats are
//! pure encode/decode pairs ([`wire`]); HTTP, retries, framing ([`http`]) and
//! tracing ([`trace`]) are written once. [`registry`] lists the vendors.

pub mod abilities;
pub mod access;
pub mod anthropic;
pub mod check;
pub mod citations;
pub mod count;
pub mod custom;
mod functions;
pub mod gemini;
pub mod handoff;
mod host;
pub mod http;
pub mod labels;
pub mod models;
pub mod ollama;
pub mod openai;
pub mod openai_chat;
pub mod openai_responses;
pub mod overhead;
pub mod price;
pub mod registry;
mod script;
pub mod scripted;
pub mod trace;
pub mod transport;
pub mod vendors;
pub mod wire;

#[cfg(test)]
mod prefix_tests;

pub use abilities::Abilities;
pub use access::{Access, AccessError};
pub use check::{CheckReport, Listed, check_connection, list_models};
pub use registry::{
    Credential, CredentialKind, KeyEnv, PROVIDERS, ProviderConfig, ProviderInfo, build,
    estimate_tokens, info,
};
pub use scripted::ScriptedProvider;
use transport::BoxFuture;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;
use tokio_util::sync::CancellationToken;

use crate::protocol::message::{ContentBlock, Message, StopReason};
use crate::protocol::model::{ModelInfo, ThinkingSetting};
use crate::protocol::tool::ToolSpec;
use crate::protocol::usage::Usage;

/// Everything one model request says; the encoder derives the wire form.
#[derive(Debug, Clone)]
pub struct ModelRequest {
    /// The model to ask.
    pub model: Arc<ModelInfo>,
    /// System prompt, byte-identical within a session.
    pub system: Arc<str>,
    /// Tools on offer, byte-identical within a session.
    pub tools: Arc<[ToolSpec]>,
    /// The conversation: every tool call has its result, and opaque data belongs
    /// to this provider and wire (see [`handoff::adapt`]).
    pub messages: Vec<Message>,
    /// Image bytes by blob hash, for the image blocks in `messages`.
    pub images: HashMap<String, Arc<[u8]>>,
    /// Output limit in tokens.
    pub max_tokens: u64,
    /// Thinking, to be mapped to the model's shape.
    pub thinking: ThinkingSetting,
    /// Session id: keeps a session's requests on one cache shard where a vendor takes a key.
    pub cache_key: String,
    /// Offer the vendor's own web search, where it has one.
    pub web_search: bool,
}

/// What kind of failure it is; decides about retry and about the advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Key missing, wrong or without rights.
    Auth,
    /// Out of credit or over a quota that waiting does not restore soon.
    Billing,
    /// No such model or address.
    NotFound,
    /// Too many requests for now.
    RateLimit,
    /// The vendor is overloaded or broken for now.
    Overloaded,
    /// The conversation does not fit the model's window.
    ContextOverflow,
    /// The vendor refused the request as malformed.
    BadRequest,
    /// Name not resolved, connection refused or reset, TLS, stream stalled or cut.
    Network,
    /// The vendor sent something that is not its protocol.
    Protocol,
    /// Cancelled on this side.
    Cancelled,
}

/// A request that failed for good.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What kind.
    pub kind: FailureKind,
    /// One line for the user: vendor, what happened, what to do. No secrets.
    pub message: String,
}

/// A piece of a block that is still growing.
#[derive(Debug, Clone, PartialEq)]
pub enum Delta {
    /// Answer text.
    Text(String),
    /// Readable reasoning.
    Thinking(String),
    /// A tool call began: its name.
    ToolName(String),
    /// Raw JSON of a tool call's arguments.
    Arguments(String),
}

/// What a model stream yields.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamEvent {
    /// The vendor accepted the request; `model` is the one that answers.
    Start {
        /// Model id as reported.
        model: String,
    },
    /// A block grew.
    Delta {
        /// Position of the block in the message.
        index: usize,
        /// The piece.
        delta: Delta,
    },
    /// A block is complete; tool calls may start now.
    BlockDone {
        /// Position of the block in the message.
        index: usize,
        /// The whole block.
        block: ContentBlock,
    },
    /// A request failed and is tried again after a wait. Nothing of it was shown,
    /// or a [`StreamEvent::Restarted`] has just said that it is void.
    Retrying {
        /// The coming attempt, from 2.
        attempt: u32,
        /// Attempts in all.
        of: u32,
        /// Wait before it, in milliseconds.
        wait_ms: u64,
        /// Why, in words.
        reason: String,
    },
    /// The stream broke after output: everything since `Start` is void, the
    /// request is repeated. A `Retrying` with the wait follows.
    Restarted {
        /// Why, in words.
        reason: String,
    },
    /// The message is complete.
    Done {
        /// Why the model stopped.
        stop: StopReason,
        /// Tokens of this response.
        usage: Usage,
    },
    /// It failed for good.
    Failed(Failure),
}

/// The events of one request.
pub type EventStream = Pin<Box<dyn Stream<Item = StreamEvent> + Send>>;

/// A vendor (or a script) that answers model requests.
pub trait Provider: Send + Sync {
    /// Vendor id, e.g. `anthropic`.
    fn id(&self) -> &str;

    /// Wire format id, for [`crate::protocol::message::Origin`].
    fn wire(&self) -> &str;

    /// Sets up what the first request needs and can take some 10 ms (root
    /// certificates); may be called ahead of it, from any thread.
    fn warm(&self) {}

    /// What a server on this machine says of a model; nothing when it does not answer.
    /// Other vendors are known by the catalogue alone.
    fn abilities<'a>(&'a self, _model: &'a str) -> BoxFuture<'a, Option<Abilities>> {
        Box::pin(std::future::ready(None))
    }

    /// Asks the model. Ends promptly with [`FailureKind::Cancelled`] when `cancel` fires.
    fn stream(&self, request: ModelRequest, cancel: CancellationToken) -> EventStream;
}
