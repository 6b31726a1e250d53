//! One attempt at a request: over the network, or from memory.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::StreamEvent;
use super::trace::{self, Recorder};
use super::wire::{Fault, Wire};
use crate::net::client::{Client, Request, Response};
use crate::net::retry;
use crate::stdx::clock;

/// Most bytes of an error answer that are read.
const ERROR_BODY: usize = 4096;

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What one attempt brings.
pub enum Reply {
    /// An answer in a wire format.
    Wire {
        /// Status code.
        status: u16,
        /// The headers that matter here.
        head: Head,
        /// The body.
        body: Body,
        /// How to read it.
        wire: &'static dyn Wire,
    },
    /// Events written down directly.
    Events(VecDeque<StreamEvent>),
}

/// The headers an answer is judged by.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// `content-type`
    pub content_type: Option<String>,
    /// `retry-after`
    pub retry_after: Option<String>,
    /// `retry-after-ms`
    pub retry_after_ms: Option<String>,
    /// `x-should-retry`
    pub should_retry: Option<String>,
    /// `location`
    pub location: Option<String>,
}

impl Head {
    /// Picks the headers out of all.
    pub fn pick<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut head = Self::default();
        for (name, value) in headers {
            let slot = match name {
                "content-type" => &mut head.content_type,
                "retry-after" => &mut head.retry_after,
                "retry-after-ms" => &mut head.retry_after_ms,
                "x-should-retry" => &mut head.should_retry,
                "location" => &mut head.location,
                _ => continue,
            };
            *slot = Some(value.to_string());
        }
        head
    }

    /// How long the server asks to wait.
    pub fn wish(&self) -> Option<Duration> {
        retry::server_wish(
            self.retry_after_ms.as_deref(),
            self.retry_after.as_deref(),
            clock::now_ms(),
        )
    }
}

/// A body on its way, recorded when a trace is kept.
pub struct Incoming {
    response: Response,
    recorder: Option<Recorder>,
}

/// A body still to be read.
pub enum Body {
    /// From the network.
    Net(Box<Incoming>),
    /// From memory; empty once read.
    Memory(Vec<u8>),
}

impl Body {
    /// Hands the next piece to `take`; false at the end.
    ///
    /// # Errors
    /// When the connection breaks or stays silent.
    pub async fn read(&mut self, mut take: impl FnMut(&[u8])) -> Result<bool, Fault> {
        match self {
            Self::Net(incoming) => match incoming.response.chunk().await? {
                Some(chunk) => {
                    if let Some(recorder) = &mut incoming.recorder {
                        recorder.body(&chunk);
                    }
                    take(&chunk);
                    Ok(true)
                }
                None => Ok(false),
            },
            Self::Memory(bytes) if bytes.is_empty() => Ok(false),
            Self::Memory(bytes) => {
                take(&std::mem::take(bytes));
                Ok(true)
            }
        }
    }

    /// The start of the body as text; a break while reading is no matter.
    pub async fn start(&mut self) -> String {
        let mut bytes = Vec::new();
        while bytes.len() < ERROR_BODY {
            let more = self.read(|chunk| bytes.extend_from_slice(chunk)).await;
            if !matches!(more, Ok(true)) {
                break;
            }
        }
        bytes.truncate(ERROR_BODY);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Makes attempts.
pub trait Transport: Send {
    /// Makes one attempt, up to the head of the answer.
    fn open(&mut self) -> BoxFuture<'_, Result<Reply, Fault>>;
}

/// Makes attempts over the network.
pub struct HttpTransport {
    /// The client.
    pub client: Arc<Client>,
    /// The request, sent anew with every attempt.
    pub request: Request,
    /// How to read the answer.
    pub wire: &'static dyn Wire,
    /// Where to record the exchange, if anywhere.
    pub trace: Option<trace::Target>,
}

impl Transport for HttpTransport {
    fn open(&mut self) -> BoxFuture<'_, Result<Reply, Fault>> {
        Box::pin(async {
            let response = self.client.send(&self.request).await?;
            let status = response.status();
            tracing::debug!(status, request_id = response.header("request-id"), "answer");
            let recorder = self
                .trace
                .as_ref()
                .map(|target| Recorder::new(target.clone(), status, response.headers()));
            Ok(Reply::Wire {
                status,
                head: Head::pick(response.headers()),
                body: Body::Net(Box::new(Incoming { response, recorder })),
                wire: self.wire,
            })
        })
    }
}
