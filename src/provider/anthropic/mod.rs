//! The Messages API.

mod check;
mod decode;
mod encode;
mod errors;
mod events;
mod raw;
mod shape;
mod thinking;

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::labels::Labels;
use super::registry::{self, Credential, CredentialKind, ProviderConfig, ProviderInfo};
use super::transport::HttpTransport;
use super::wire::{Decode, Fault, Wire};
use super::{EventStream, Failure, ModelRequest, Provider, StreamEvent, http, trace};
use crate::net::client::{Client, IDLE, Method};

pub use encode::body;

/// Newest version of the API.
const VERSION: &str = "2026-10-21";
/// The version that other vendors' compatible endpoints know.
const OLD_VERSION: &str = "2023-06-01";
/// Hosts of other vendors with a compatible endpoint.
const COMPATIBLE_HOSTS: [&str; 7] = [
    "deepseek.com",
    "z.ai",
    "bigmodel.cn",
    "openrouter.ai",
    "moonshot.ai",
    "moonshot.cn",
    "minimax.io",
];

/// The wire format of the Messages API.
#[derive(Debug, Clone, Copy)]
pub struct AnthropicWire;

impl Wire for AnthropicWire {
    fn decoder(&self) -> Box<dyn Decode> {
        Box::new(decode::Decoder::default())
    }

    fn fault(&self, status: u16, body: &str) -> Fault {
        match status {
            200 => errors::in_stream(body),
            _ => errors::in_answer(status, body),
        }
    }
}

/// Anthropic, or whoever speaks the same at another base URL.
#[derive(Debug)]
pub struct AnthropicProvider {
    row: &'static ProviderInfo,
    base: String,
    /// Nothing for a server on this machine that wants none.
    credential: Option<Credential>,
    trace_dir: Option<PathBuf>,
    client: Arc<Client>,
}

impl AnthropicProvider {
    /// A provider for a row of the vendor table.
    ///
    /// # Errors
    /// When there is no key and the server is not on this machine.
    pub fn new(row: &'static ProviderInfo, config: ProviderConfig) -> Result<Self, Failure> {
        let base = config.base_url.as_deref().unwrap_or(row.base_url);
        let base = base.trim().trim_end_matches('/').to_string();
        let credential = config.credential.filter(|key| !key.secret.is_empty());
        if credential.is_none() && !crate::net::is_loopback(&base) {
            return Err(registry::no_key(row));
        }
        Ok(Self {
            row,
            client: Arc::new(Client::new(&base, config.idle_timeout.unwrap_or(IDLE))),
            base,
            credential,
            trace_dir: config.trace_dir,
        })
    }

    /// The address of an endpoint such as `messages`; a base URL may end in `/v1`.
    fn url(&self, endpoint: &str) -> String {
        let base = self.base.strip_suffix("/v1").unwrap_or(&self.base);
        format!("{base}/v1/{endpoint}")
    }

    fn headers(&self, accept: &str) -> Vec<(&'static str, String)> {
        let key = self.credential.as_ref().map(|key| match key.kind {
            CredentialKind::ApiKey => ("x-api-key", key.secret.clone()),
            CredentialKind::Token => ("authorization", format!("Bearer {}", key.secret)),
        });
        let headers = [
            ("content-type", "application/json".to_string()),
            ("accept", accept.to_string()),
            // A compressed stream would be held back until a block is full.
            ("accept-encoding", "identity".to_string()),
            ("anthropic-version", version(&self.base).to_string()),
        ];
        headers.into_iter().chain(key).collect()
    }

    fn labels(&self, model: &str) -> Labels {
        let key = self.credential.as_ref();
        Labels {
            provider: self.row.id.to_string(),
            model: model.to_string(),
            base_url: self.base.clone(),
            key: key.map(Credential::hint),
            key_advice: registry::key_advice(self.row),
            unreachable: String::new(),
            secrets: key.map(|key| key.secret.clone()).into_iter().collect(),
        }
    }
}

fn version(base: &str) -> &'static str {
    let host = crate::net::host_of(base);
    let known = COMPATIBLE_HOSTS.iter().any(|other| {
        host.strip_suffix(other)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    if known { OLD_VERSION } else { VERSION }
}

impl Provider for AnthropicProvider {
    fn id(&self) -> &str {
        self.row.id
    }

    fn wire(&self) -> &str {
        "anthropic"
    }

    fn warm(&self) {
        self.client.warm();
    }

    fn stream(&self, request: ModelRequest, cancel: CancellationToken) -> EventStream {
        let labels = self.labels(&request.model.id);
        let url = self.url("messages");
        let headers = self.headers("text/event-stream");
        let body = encode::body(&request);
        let trace = self.trace_dir.as_ref().and_then(|dir| {
            let exchange = (url.as_str(), &headers[..], &body[..]);
            trace::Target::new(
                dir,
                &request.cache_key,
                "anthropic",
                exchange,
                &labels.secrets,
            )
        });
        match self.client.request(Method::Post, &url, &headers, body) {
            Ok(request) => {
                let transport = HttpTransport {
                    client: Arc::clone(&self.client),
                    request,
                    wire: &AnthropicWire,
                    trace,
                };
                http::run(Box::new(transport), labels, cancel)
            }
            Err(error) => {
                let failure = labels.failure(&Fault::from(error), 1);
                let event = StreamEvent::Failed(failure);
                Box::pin(futures_util::stream::once(std::future::ready(event)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::FailureKind;

    fn provider(base: Option<&str>, credential: Credential) -> AnthropicProvider {
        let config = ProviderConfig {
            credential: Some(credential),
            base_url: base.map(str::to_string),
            ..ProviderConfig::default()
        };
        AnthropicProvider::new(registry::info("anthropic").unwrap(), config).unwrap()
    }

    #[test]
    fn base_urls_may_end_in_a_slash_or_a_version() {
        let key = || Credential::api_key("k", "--api-key");
        for (base, url) in [
            (None, "https://api.anthropic.com/v1/messages"),
            (Some("http://h:1/"), "http://h:1/v1/messages"),
            (Some("http://h/v1"), "http://h/v1/messages"),
            (Some("http://h/proxy/v1/"), "http://h/proxy/v1/messages"),
        ] {
            assert_eq!(provider(base, key()).url("messages"), url);
        }
    }

    #[test]
    fn only_a_server_on_this_machine_needs_no_key() {
        let row = registry::info("anthropic").unwrap();
        let new = |base: &str| {
            AnthropicProvider::new(
                row,
                ProviderConfig {
                    base_url: Some(base.to_string()),
                    ..ProviderConfig::default()
                },
            )
        };
        let local = new("http://127.0.0.1:8080").unwrap();
        let names: Vec<&str> = local.headers("x").iter().map(|(name, _)| *name).collect();
        assert!(!names.contains(&"x-api-key") && !names.contains(&"authorization"));
        assert_eq!(new("https://h").unwrap_err().kind, FailureKind::Auth);
    }

    #[test]
    fn other_vendors_get_the_version_they_know() {
        for (base, expected) in [
            ("https://api.anthropic.com", VERSION),
            ("http://127.0.0.1:8080", VERSION),
            ("https://gateway.example.com/anthropic", VERSION),
            ("https://notdeepseek.com", VERSION),
            ("https://api.deepseek.com/anthropic", OLD_VERSION),
            ("https://openrouter.ai/api", OLD_VERSION),
            ("https://api.z.ai/api/anthropic", OLD_VERSION),
        ] {
            assert_eq!(version(base), expected, "{base}");
        }
    }

    #[test]
    fn a_token_is_sent_as_bearer_and_a_key_as_key() {
        let token = Credential {
            kind: CredentialKind::Token,
            ..Credential::api_key("secret", "ANTHROPIC_AUTH_TOKEN")
        };
        let header = |credential| provider(None, credential).headers("x").pop().unwrap();
        assert_eq!(
            header(token),
            ("authorization", "Bearer secret".to_string())
        );
        let key = Credential::api_key("secret", "ANTHROPIC_API_KEY");
        assert_eq!(header(key), ("x-api-key", "secret".to_string()));
    }
}
