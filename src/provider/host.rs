//! One vendor's server: address, key, client. What the vendors with a wire format
//! of their own share.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::labels::{Labels, error_answer};
use super::registry::{self, Credential, ProviderConfig, ProviderInfo};
use super::transport::{Head, HttpTransport, Transport};
use super::wire::{Fault, Wire};
use super::{EventStream, Failure, StreamEvent, http, trace};
use crate::net::client::{Client, Method, Request};

/// Most bytes of a short answer (a list of models) that are read.
const ANSWER: usize = 8 * 1024 * 1024;

/// Headers of a request.
pub(super) type Headers = Vec<(&'static str, String)>;

/// A server and what opens it.
#[derive(Debug, Clone)]
pub(super) struct Host {
    pub(super) row: &'static ProviderInfo,
    /// Base URL without a slash at its end.
    pub(super) base: String,
    /// Nothing for a server that wants none.
    pub(super) credential: Option<Credential>,
    pub(super) trace_dir: Option<PathBuf>,
    pub(super) client: Arc<Client>,
}

impl Host {
    /// A host at `base`.
    ///
    /// # Errors
    /// When there is no key, and the server is neither a local one nor on this machine.
    pub(super) fn new(
        row: &'static ProviderInfo,
        base: String,
        config: ProviderConfig,
    ) -> Result<Self, Failure> {
        let credential = config.credential.filter(|key| !key.secret.is_empty());
        if credential.is_none() && !row.local && !crate::net::is_loopback(&base) {
            return Err(registry::no_key(row));
        }
        let idle = std::time::Duration::from_secs(row.quirks.idle);
        Ok(Self {
            row,
            client: Arc::new(Client::new(&base, config.idle_timeout.unwrap_or(idle))),
            base,
            credential,
            trace_dir: config.trace_dir,
        })
    }

    /// What every request says, without the key.
    pub(super) fn headers(accept: &str) -> Headers {
        vec![
            ("content-type", "application/json".to_string()),
            ("accept", accept.to_string()),
            // A compressed stream would be held back until a block is full.
            ("accept-encoding", "identity".to_string()),
        ]
    }

    /// What messages about a request name.
    pub(super) fn labels(&self, model: &str) -> Labels {
        let key = self.credential.as_ref();
        let unreachable = match (self.row.local, self.row.base_url_env) {
            (true, [variable, ..]) => {
                format!("Start {}, or set {variable} to its address", self.row.name)
            }
            _ => String::new(),
        };
        Labels {
            provider: self.row.id.to_string(),
            model: model.to_string(),
            base_url: self.base.clone(),
            key: key.map(Credential::hint),
            key_advice: registry::key_advice(self.row),
            unreachable,
            secrets: key.map(|key| key.secret.clone()).into_iter().collect(),
        }
    }

    /// A transport for one request.
    ///
    /// # Errors
    /// When address or key cannot be sent.
    pub(super) fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
        session: &str,
        wire: &'static dyn Wire,
    ) -> Result<HttpTransport, Fault> {
        let secrets: Vec<String> = self.credential.iter().map(|k| k.secret.clone()).collect();
        let trace = self.trace_dir.as_ref().and_then(|dir| {
            trace::Target::new(
                dir,
                session,
                self.row.wire,
                (url, headers, &body[..]),
                &secrets,
            )
        });
        let request: Request = self.client.request(Method::Post, url, headers, body)?;
        Ok(HttpTransport {
            client: Arc::clone(&self.client),
            request,
            wire,
            trace,
        })
    }

    /// The events of a request that was made, or could not be.
    pub(super) fn run(
        transport: Result<Box<dyn Transport>, Fault>,
        labels: Labels,
        cancel: CancellationToken,
    ) -> EventStream {
        match transport {
            Ok(transport) => http::run(transport, labels, cancel),
            Err(fault) => {
                let event = StreamEvent::Failed(labels.failure(&fault, 1));
                Box::pin(futures_util::stream::once(std::future::ready(event)))
            }
        }
    }

    /// Asks for something short.
    ///
    /// # Errors
    /// When it does not come, or the answer is an error.
    pub(super) async fn ask(
        &self,
        (method, url): (Method, &str),
        headers: &[(&'static str, String)],
        body: Vec<u8>,
        wire: &'static dyn Wire,
    ) -> Result<String, Fault> {
        let request = self.client.request(method, url, headers, body)?;
        let mut response = self.client.send(&request).await?;
        let status = response.status();
        let head = Head::pick(response.headers());
        let body = response.text(ANSWER).await?;
        match status {
            200 => Ok(body),
            _ => Err(error_answer(status, &head, &body, wire)),
        }
    }
}
