//! Vendors that speak a format of OpenAI's: one client for them all. What differs
//! between them is data ([`quirks`]); the formats are in
//! [`openai_responses`](super::openai_responses) and [`openai_chat`](super::openai_chat).

mod check;
pub mod effort;
pub mod errors;
mod learn;
mod local;
pub mod parts;
pub mod quirks;
#[cfg(test)]
#[path = "testing_tests.rs"]
pub(in crate::provider) mod testing;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use self::learn::{Learned, LearningTransport};
use super::abilities::Abilities;
use super::host::Host;
use super::registry::{ProviderConfig, ProviderInfo};
use super::transport::BoxFuture;
use super::wire::{Fault, Wire};
use super::{
    EventStream, Failure, ModelRequest, Provider, StreamEvent, http, openai_chat, openai_responses,
};
use crate::net::client::Method;

/// What a body is made for: a vendor, and the fields its server has refused.
#[derive(Debug, Clone, Copy)]
pub struct Dialect<'a> {
    /// How the vendor differs.
    pub quirks: quirks::Quirks,
    /// Optional fields the server said it does not know.
    pub refused: &'a [&'static str],
}

impl Dialect<'_> {
    /// Whether an optional field may be sent.
    pub fn takes(&self, field: &str) -> bool {
        !self.refused.contains(&field)
    }
}

/// A vendor that speaks one of OpenAI's formats.
#[derive(Debug)]
pub struct OpenAiProvider {
    host: Host,
    learned: Arc<Learned>,
}

impl OpenAiProvider {
    /// A provider for a row of the vendor table.
    ///
    /// # Errors
    /// When there is no key, and the server is neither a local one nor on this machine.
    pub fn new(row: &'static ProviderInfo, config: ProviderConfig) -> Result<Self, Failure> {
        let base = base(config.base_url.as_deref().unwrap_or(row.base_url));
        Ok(Self {
            host: Host::new(row, base, config)?,
            learned: Arc::default(),
        })
    }

    fn url(&self, endpoint: &str) -> String {
        format!("{}/{endpoint}", self.host.base)
    }

    fn headers(&self, accept: &str) -> Vec<(&'static str, String)> {
        let key = match (&self.host.credential, self.host.row.local) {
            (Some(key), _) => Some(key.secret.as_str()),
            // Some local servers want a key and take any.
            (None, true) => Some("none"),
            (None, false) => None,
        };
        let key = key.map(|key| ("authorization", format!("Bearer {key}")));
        Host::headers(accept).into_iter().chain(key).collect()
    }

    fn format(&self) -> Format {
        match self.host.row.wire {
            "openai_responses" => Format {
                endpoint: "responses",
                wire: &openai_responses::ResponsesWire,
                body: openai_responses::body,
            },
            _ => Format {
                endpoint: "chat/completions",
                wire: &openai_chat::ChatWire,
                body: openai_chat::body,
            },
        }
    }
}

/// What the two formats differ in, as seen from here.
struct Format {
    endpoint: &'static str,
    wire: &'static dyn Wire,
    body: fn(&ModelRequest, Dialect) -> Vec<u8>,
}

/// A base URL as given: without a slash at its end, and with the version that
/// the whole format goes by when it names a host only.
fn base(given: &str) -> String {
    let base = given.trim().trim_end_matches('/');
    let path = base.split_once("://").map_or(base, |(_, rest)| rest);
    match path.contains('/') {
        true => base.to_string(),
        false => format!("{base}/v1"),
    }
}

impl Provider for OpenAiProvider {
    fn id(&self) -> &str {
        self.host.row.id
    }

    fn wire(&self) -> &str {
        self.host.row.wire
    }

    fn warm(&self) {
        self.host.client.warm();
    }

    fn abilities<'a>(&'a self, model: &'a str) -> BoxFuture<'a, Option<Abilities>> {
        Box::pin(async { self.describe(model).await.ok() })
    }

    fn stream(&self, request: ModelRequest, cancel: CancellationToken) -> EventStream {
        let labels = self.host.labels(&request.model.id);
        let format = self.format();
        let transport = LearningTransport {
            client: Arc::clone(&self.host.client),
            url: self.url(format.endpoint),
            headers: self.headers("text/event-stream"),
            wire_id: self.host.row.wire,
            wire: format.wire,
            body: format.body,
            request,
            quirks: self.host.row.quirks,
            learned: Arc::clone(&self.learned),
            trace_dir: self.host.trace_dir.clone(),
            secrets: labels.secrets.clone(),
        };
        // An address or a key that cannot be sent is told at once, without retries.
        match self
            .host
            .client
            .request(Method::Post, &transport.url, &transport.headers, Vec::new())
        {
            Ok(_) => http::run(Box::new(transport), labels, cancel),
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
    use crate::provider::registry::{self, Credential};

    fn new(id: &str, base: Option<&str>, key: Option<&str>) -> Result<OpenAiProvider, Failure> {
        let config = ProviderConfig {
            credential: key.map(|key| Credential::api_key(key, "--api-key")),
            base_url: base.map(str::to_string),
            ..ProviderConfig::default()
        };
        OpenAiProvider::new(registry::info(id).unwrap(), config)
    }

    #[test]
    fn addresses_are_completed() {
        for (id, base, url) in [
            ("openai", None, "https://api.openai.com/v1/responses"),
            (
                "groq",
                None,
                "https://api.groq.com/openai/v1/chat/completions",
            ),
            (
                "deepseek",
                None,
                "https://api.deepseek.com/v1/chat/completions",
            ),
            ("zai", None, "https://api.z.ai/api/paas/v4/chat/completions"),
            ("openai", Some("http://h:1/"), "http://h:1/v1/responses"),
            ("openai", Some("http://h/v1"), "http://h/v1/responses"),
            ("vllm", Some("http://h/x/"), "http://h/x/chat/completions"),
        ] {
            let provider = new(id, base, Some("k")).unwrap();
            assert_eq!(provider.url(provider.format().endpoint), url);
        }
    }

    #[test]
    fn a_key_is_needed_unless_the_server_is_local() {
        let missing = new("openai", None, None).unwrap_err();
        assert_eq!(missing.kind, FailureKind::Auth);
        assert_eq!(
            missing.message,
            "openai: no key. Set OPENAI_API_KEY, pass --openai-api-key, or store one: \
             sofos config keys set openai \
             (keys: https://platform.openai.com/api-keys)"
        );
        let header = |provider: OpenAiProvider| provider.headers("x").pop().unwrap();
        let bearer = |key: &str| ("authorization", format!("Bearer {key}"));
        assert_eq!(header(new("groq", None, Some("k")).unwrap()), bearer("k"));
        assert_eq!(header(new("jan", None, None).unwrap()), bearer("none"));
        let gateway = new("openai", Some("http://127.0.0.1:1"), None).unwrap();
        assert_eq!(header(gateway).0, "accept-encoding");
    }
}
