//! Ollama's own chat format, one JSON document a line.
//!
//! Unlike its OpenAI-shaped endpoint it lets the client set the size of the context;
//! left alone, a server of little memory cuts long conversations without a word.
//! Before the first request to a model the server is asked what the model can do.

mod check;
mod decode;
mod encode;
mod errors;
mod known;
mod shape;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use self::known::Known;
use super::abilities::Abilities;
use super::host::{Headers, Host};
use super::registry::{ProviderConfig, ProviderInfo};
use super::transport::{BoxFuture, Reply, Transport};
use super::wire::{Decode, Fault, Framing, Wire};
use super::{EventStream, Failure, ModelRequest, Provider};

pub use encode::body;

/// The wire format of Ollama's chat.
#[derive(Debug, Clone, Copy)]
pub struct OllamaWire;

impl Wire for OllamaWire {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn decoder(&self) -> Box<dyn Decode> {
        Box::new(decode::Decoder::default())
    }

    fn fault(&self, status: u16, body: &str) -> Fault {
        errors::fault(status, body)
    }
}

/// An Ollama server, on this machine or elsewhere.
#[derive(Debug)]
pub struct OllamaProvider {
    host: Host,
    known: Arc<Known>,
}

impl OllamaProvider {
    /// A provider for a row of the vendor table.
    ///
    /// # Errors
    /// Never for a row of a local server.
    pub fn new(row: &'static ProviderInfo, config: ProviderConfig) -> Result<Self, Failure> {
        let base = base(config.base_url.as_deref().unwrap_or(row.base_url));
        Ok(Self {
            host: Host::new(row, base, config)?,
            known: Arc::default(),
        })
    }
}

/// Headers of a request to an Ollama server.
fn headers(host: &Host, accept: &str) -> Headers {
    let key = host.credential.as_ref();
    let key = key.map(|key| ("authorization", format!("Bearer {}", key.secret)));
    Host::headers(accept).into_iter().chain(key).collect()
}

/// A base URL from what people put into `OLLAMA_HOST`: a host, `host:port` or a URL.
/// The address a server listens at everywhere is reached on this machine.
fn base(given: &str) -> String {
    let given = given.trim().trim_end_matches('/');
    let given = given.strip_suffix("/v1").unwrap_or(given);
    let (scheme, rest) = given.split_once("://").unwrap_or(("http", given));
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, format!("/{path}")),
        None => (rest, String::new()),
    };
    let authority = match authority.strip_prefix("0.0.0.0") {
        Some(port) => format!("127.0.0.1{port}"),
        None => authority.to_string(),
    };
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    // A URL without a port means the usual one of its scheme.
    let port = match has_port || given.contains("://") {
        true => "",
        false => ":11434",
    };
    format!("{scheme}://{authority}{port}{path}")
}

impl Provider for OllamaProvider {
    fn id(&self) -> &str {
        self.host.row.id
    }

    fn wire(&self) -> &str {
        "ollama"
    }

    fn warm(&self) {
        self.host.client.warm();
    }

    fn abilities<'a>(&'a self, model: &'a str) -> BoxFuture<'a, Option<Abilities>> {
        Box::pin(async {
            let known = self.known.of(&self.host, model).await.ok()?;
            let usual = super::models::lookup(self.host.row.id, model).context;
            // What is asked for is allocated: the usual window, where the model has more.
            Some(Abilities {
                context: known.context.map(|largest| largest.min(usual)),
                ..known
            })
        })
    }

    fn stream(&self, request: ModelRequest, cancel: CancellationToken) -> EventStream {
        let labels = self.host.labels(&request.model.id);
        let transport = OllamaTransport {
            host: self.host.clone(),
            known: Arc::clone(&self.known),
            request,
        };
        Host::run(Ok(Box::new(transport)), labels, cancel)
    }
}

/// Asks what a model can do, then asks the model.
struct OllamaTransport {
    host: Host,
    known: Arc<Known>,
    request: ModelRequest,
}

impl OllamaTransport {
    async fn attempt(&self) -> Result<Reply, Fault> {
        let model = &self.request.model.id;
        let abilities = self.known.of(&self.host, model).await?;
        check_tools(model, &abilities, &self.request)?;
        let body = encode::body(&self.request, &abilities);
        let url = format!("{}/api/chat", self.host.base);
        let headers = headers(&self.host, "application/x-ndjson");
        let session = &self.request.cache_key;
        self.host
            .post(&url, &headers, body, session, &OllamaWire)?
            .open()
            .await
    }
}

/// Says early what the server would say: an agent without tools is of little use.
fn check_tools(model: &str, abilities: &Abilities, request: &ModelRequest) -> Result<(), Fault> {
    if abilities.tools != Some(false) || request.tools.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "{model} cannot call tools; choose a model that can (`ollama show NAME` lists what it can)"
    );
    let kind = super::FailureKind::BadRequest;
    Err(Fault::new(kind, crate::net::retry::Again::Never, detail))
}

impl Transport for OllamaTransport {
    fn open(&mut self) -> BoxFuture<'_, Result<Reply, Fault>> {
        Box::pin(self.attempt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_understood_in_every_spelling() {
        for (given, expected) in [
            ("http://127.0.0.1:11434", "http://127.0.0.1:11434"),
            ("0.0.0.0", "http://127.0.0.1:11434"),
            ("0.0.0.0:9", "http://127.0.0.1:9"),
            ("box.local", "http://box.local:11434"),
            ("box:8080/", "http://box:8080"),
            ("http://h:1/v1/", "http://h:1"),
            ("https://ollama.com", "https://ollama.com"),
            ("https://h/ollama", "https://h/ollama"),
        ] {
            assert_eq!(base(given), expected, "{given}");
        }
    }
}
