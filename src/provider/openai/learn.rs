//! Compatible servers differ in what they take, and some refuse what they do not
//! know. An optional field that a server refuses is left out from then on.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::Dialect;
use super::quirks::Quirks;
use crate::net::client::{Client, Method};
use crate::provider::ModelRequest;
use crate::provider::trace;
use crate::provider::transport::{Body, BoxFuture, HttpTransport, Reply, Transport};
use crate::provider::wire::{Fault, Wire};

/// Fields a request can do without. `max_completion_tokens` becomes `max_tokens`.
const OPTIONAL: [&str; 9] = [
    "stream_options",
    "max_completion_tokens",
    "parallel_tool_calls",
    "prompt_cache_key",
    "reasoning_effort",
    "reasoning",
    "thinking",
    "include",
    "store",
];

/// Words of servers that refuse a field.
const REFUSALS: [&str; 8] = [
    "unknown",
    "unrecognized",
    "unsupported",
    "not supported",
    "not permitted",
    "not allowed",
    "unexpected",
    "extra",
];

/// What a server has refused so far.
#[derive(Debug, Default)]
pub(super) struct Learned(Mutex<Vec<&'static str>>);

impl Learned {
    fn refused(&self) -> Vec<&'static str> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether the answer refuses a field of the request that is optional, for
    /// the first time.
    fn learn(&self, answer: &str, body: &[u8]) -> bool {
        let lower = answer.to_lowercase();
        if !REFUSALS.iter().any(|words| lower.contains(words)) {
            return false;
        }
        let has = |text: &[u8], name: &str| {
            let quoted = format!("\"{name}\":");
            text.windows(quoted.len())
                .any(|window| window == quoted.as_bytes())
        };
        // A server that does not know tools without a schema gets them with one.
        if (names(&lower, "custom") || lower.contains("grammar"))
            && memchr::memmem::find(body, br#""type":"custom""#).is_some()
        {
            let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let new = !refused.contains(&"custom");
            if new {
                refused.push("custom");
                tracing::info!("the server refuses tools without a schema");
            }
            return new;
        }
        // The optional fields come before the tools and the conversation.
        let head = &body[..body.len().min(1024)];
        let named = OPTIONAL
            .iter()
            .filter(|name| names(&lower, name) && has(head, name))
            .max_by_key(|name| name.len());
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match named {
            Some(name) if !refused.contains(name) => {
                refused.push(name);
                tracing::info!(field = name, "the server refuses a field; it is left out");
                true
            }
            _ => false,
        }
    }
}

/// Whether a text has `name` as a word of its own: `reasoning` is not in
/// `reasoning_effort`.
fn names(text: &str, name: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(inside) && !text[at + name.len()..].starts_with(inside)
    })
}

/// Makes attempts; an attempt that fails over an optional field is repeated
/// without it at once.
pub(super) struct LearningTransport {
    pub(super) client: Arc<Client>,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) wire_id: &'static str,
    pub(super) wire: &'static dyn Wire,
    pub(super) body: fn(&ModelRequest, Dialect) -> Vec<u8>,
    pub(super) request: ModelRequest,
    pub(super) quirks: Quirks,
    pub(super) learned: Arc<Learned>,
    pub(super) trace_dir: Option<PathBuf>,
    pub(super) secrets: Vec<String>,
}

impl LearningTransport {
    fn attempt(&self, body: Vec<u8>) -> Result<HttpTransport, Fault> {
        let trace = self.trace_dir.as_ref().and_then(|dir| {
            let exchange = (self.url.as_str(), &self.headers[..], &body[..]);
            let session = &self.request.cache_key;
            trace::Target::new(dir, session, self.wire_id, exchange, &self.secrets)
        });
        let request = self
            .client
            .request(Method::Post, &self.url, &self.headers, body)?;
        Ok(HttpTransport {
            client: Arc::clone(&self.client),
            request,
            wire: self.wire,
            trace,
        })
    }
}

impl Transport for LearningTransport {
    fn open(&mut self) -> BoxFuture<'_, Result<Reply, Fault>> {
        Box::pin(async {
            loop {
                let dialect = Dialect {
                    quirks: self.quirks,
                    refused: &self.learned.refused(),
                };
                let body = (self.body)(&self.request, dialect);
                let reply = self.attempt(body.clone())?.open().await?;
                let Reply::Wire {
                    status: status @ (400 | 422),
                    head,
                    body: mut answer,
                    wire,
                } = reply
                else {
                    return Ok(reply);
                };
                let said = answer.start().await;
                if self.learned.learn(&said, &body) {
                    continue;
                }
                return Ok(Reply::Wire {
                    status,
                    head,
                    body: Body::Memory(said.into_bytes()),
                    wire,
                });
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_field_is_learnt_once() {
        let learned = Learned::default();
        let body = br#"{"model":"m","reasoning_effort":"low","stream_options":{},"messages":[]}"#;
        for (answer, new) in [
            ("Unknown parameter: 'reasoning_effort'.", true),
            ("Unknown parameter: 'reasoning_effort'.", false),
            ("property 'stream_options' is unsupported", true),
            ("Unknown parameter: 'thinking'.", false),
            ("messages: unexpected role", false),
            ("invalid reasoning_effort", false),
        ] {
            assert_eq!(learned.learn(answer, body), new, "{answer}");
        }
        assert_eq!(learned.refused(), ["reasoning_effort", "stream_options"]);
        assert!(!names("reasoning_effort", "reasoning"));
        assert!(names("field 'reasoning' is", "reasoning"));
    }
}
