//! Gemini's generateContent format, streamed.
//!
//! Two things of the format shape this code: thought signatures belong to single
//! parts and go back on the very part they came on, and nothing marks the end of
//! an answer but the end of the body.

mod check;
mod decode;
mod encode;
mod errors;
mod events;
mod schema;
mod shape;

use tokio_util::sync::CancellationToken;

use super::host::{Headers, Host};
use super::registry::{ProviderConfig, ProviderInfo};
use super::transport::Transport;
use super::wire::{Decode, Fault, Wire};
use super::{EventStream, Failure, ModelRequest, Provider};

pub use encode::body;

/// The wire format of generateContent.
#[derive(Debug, Clone, Copy)]
pub struct GeminiWire;

impl Wire for GeminiWire {
    fn decoder(&self) -> Box<dyn Decode> {
        Box::new(decode::Decoder::default())
    }

    fn fault(&self, status: u16, body: &str) -> Fault {
        errors::fault(status, body)
    }
}

/// Google, or whoever speaks the same at another base URL.
#[derive(Debug)]
pub struct GeminiProvider {
    host: Host,
}

impl GeminiProvider {
    /// A provider for a row of the vendor table.
    ///
    /// # Errors
    /// When there is no key and the server is not on this machine.
    pub fn new(row: &'static ProviderInfo, config: ProviderConfig) -> Result<Self, Failure> {
        let base = base(config.base_url.as_deref().unwrap_or(row.base_url));
        Ok(Self {
            host: Host::new(row, base, config)?,
        })
    }

    /// The key goes into a header: in the address it would end up in logs.
    fn headers(&self, accept: &str) -> Headers {
        let key = self.host.credential.as_ref();
        let key = key.map(|key| ("x-goog-api-key", key.secret.clone()));
        Host::headers(accept).into_iter().chain(key).collect()
    }

    fn url(&self, model: &str) -> String {
        let model = model.strip_prefix("models/").unwrap_or(model);
        let base = &self.host.base;
        format!("{base}/models/{model}:streamGenerateContent?alt=sse")
    }
}

/// A base URL without a slash at its end, with the version when it names a host only.
fn base(given: &str) -> String {
    let base = given.trim().trim_end_matches('/');
    let path = base.split_once("://").map_or(base, |(_, rest)| rest);
    match path.contains('/') {
        true => base.to_string(),
        false => format!("{base}/v1beta"),
    }
}

impl Provider for GeminiProvider {
    fn id(&self) -> &str {
        self.host.row.id
    }

    fn wire(&self) -> &str {
        "gemini"
    }

    fn warm(&self) {
        self.host.client.warm();
    }

    fn stream(&self, request: ModelRequest, cancel: CancellationToken) -> EventStream {
        let labels = self.host.labels(&request.model.id);
        let (url, headers) = (
            self.url(&request.model.id),
            self.headers("text/event-stream"),
        );
        let body = encode::body(&request);
        let transport = self
            .host
            .post(&url, &headers, body, &request.cache_key, &GeminiWire)
            .map(|transport| Box::new(transport) as Box<dyn Transport>);
        Host::run(transport, labels, cancel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{Credential, registry};

    #[test]
    fn the_key_is_in_a_header_and_never_in_the_address() {
        let config = |base: Option<&str>| ProviderConfig {
            credential: Some(Credential::api_key("secret", "--api-key")),
            base_url: base.map(str::to_string),
            ..ProviderConfig::default()
        };
        let row = registry::info("gemini").unwrap();
        for (base, url) in [
            (
                None,
                "https://generativelanguage.googleapis.com/v1beta/models/m:streamGenerateContent?alt=sse",
            ),
            (
                Some("http://h:1/"),
                "http://h:1/v1beta/models/m:streamGenerateContent?alt=sse",
            ),
            (
                Some("http://h/v1"),
                "http://h/v1/models/m:streamGenerateContent?alt=sse",
            ),
        ] {
            let provider = GeminiProvider::new(row, config(base)).unwrap();
            assert_eq!(provider.url("m"), url);
            assert_eq!(provider.url("models/m"), url);
            let key = provider.headers("x").pop().unwrap();
            assert_eq!(key, ("x-goog-api-key", "secret".to_string()));
        }
        assert!(GeminiProvider::new(row, ProviderConfig::default()).is_err());
    }
}
