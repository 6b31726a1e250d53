//! The HTTP client: TLS without a global provider, proxies from the environment,
//! limits on silence rather than on length.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::{NetError, origin_of};

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Longest silence between two pieces of an answer, unless configured.
pub const IDLE: Duration = Duration::from_secs(300);

/// Request method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
}

/// A client for one base URL. Nothing is set up before the first request: for a
/// plain `http://` address no root certificate is ever read.
#[derive(Debug)]
pub struct Client {
    base: String,
    idle: Duration,
    inner: OnceLock<Result<reqwest::Client, NetError>>,
}

/// A request ready to be sent, as often as needed.
#[derive(Debug)]
pub struct Request {
    inner: reqwest::Request,
    url: String,
}

/// The head of an answer, and its body still to come.
#[derive(Debug)]
pub struct Response {
    inner: reqwest::Response,
    url: String,
    idle: Duration,
}

impl Client {
    /// A client for addresses under `base`; `idle` limits silence, not length.
    pub fn new(base: &str, idle: Duration) -> Self {
        Self {
            base: base.to_string(),
            idle,
            inner: OnceLock::new(),
        }
    }

    /// Sets the client up ahead of the first request (for `https://` this reads
    /// the root certificates, some 10 ms).
    pub fn warm(&self) {
        let _ = self.inner();
    }

    fn inner(&self) -> Result<&reqwest::Client, NetError> {
        self.inner
            .get_or_init(|| build(&self.base))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// Makes a request. Header values are treated as secrets: they appear in no log.
    ///
    /// # Errors
    /// [`NetError::Setup`] when the address or a header cannot be sent.
    pub fn request(
        &self,
        method: Method,
        url: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Request, NetError> {
        let setup = |cause: String| NetError::Setup {
            url: url.to_string(),
            cause,
        };
        let parsed = reqwest::Url::parse(url).map_err(|error| setup(error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(setup(
                "the address must start with https:// or http://".into(),
            ));
        }
        let method = match method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut request = reqwest::Request::new(method, parsed);
        for (name, value) in headers {
            let mut value = HeaderValue::from_str(value).map_err(|_| {
                setup(format!(
                    "the value of {name} holds characters that cannot be sent (a line break?)"
                ))
            })?;
            value.set_sensitive(true);
            request
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
        if !body.is_empty() {
            *request.body_mut() = Some(body.into());
        }
        Ok(Request {
            inner: request,
            url: url.to_string(),
        })
    }

    /// Sends a request and waits for the head of the answer.
    ///
    /// # Errors
    /// What went wrong before the head arrived.
    pub async fn send(&self, request: &Request) -> Result<Response, NetError> {
        let copy = request.inner.try_clone().ok_or_else(|| NetError::Setup {
            url: request.url.clone(),
            cause: "its body cannot be sent twice".to_string(),
        })?;
        let sent = tokio::time::timeout(self.idle, self.inner()?.execute(copy)).await;
        match sent {
            Ok(Ok(inner)) => Ok(Response {
                inner,
                url: request.url.clone(),
                idle: self.idle,
            }),
            Ok(Err(error)) => Err(NetError::from_reqwest(
                &error,
                &request.url,
                CONNECT.as_secs(),
            )),
            Err(_) => Err(NetError::Stalled {
                url: origin_of(&request.url).to_string(),
                seconds: self.idle.as_secs(),
            }),
        }
    }
}

impl Response {
    /// Status code.
    pub fn status(&self) -> u16 {
        self.inner.status().as_u16()
    }

    /// A header's value, when it is there and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.inner.headers(), name)
    }

    /// All readable headers.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.inner
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }

    /// The body as text, cut after `limit` bytes.
    ///
    /// # Errors
    /// When the connection breaks or stays silent for too long.
    pub async fn text(&mut self, limit: usize) -> Result<String, NetError> {
        let mut bytes = Vec::new();
        while bytes.len() < limit
            && let Some(chunk) = self.chunk().await?
        {
            bytes.extend_from_slice(&chunk);
        }
        bytes.truncate(limit);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The next piece of the body; nothing at its end.
    ///
    /// # Errors
    /// When the connection breaks or stays silent for too long.
    pub async fn chunk(&mut self) -> Result<Option<impl Deref<Target = [u8]> + use<>>, NetError> {
        match tokio::time::timeout(self.idle, self.inner.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => Err(NetError::from_reqwest(&error, &self.url, CONNECT.as_secs())),
            Err(_) => Err(NetError::Stalled {
                url: origin_of(&self.url).to_string(),
                seconds: self.idle.as_secs(),
            }),
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn build(base: &str) -> Result<reqwest::Client, NetError> {
    let setup = |cause: String| NetError::Setup {
        url: base.to_string(),
        cause,
    };
    builder(!base.starts_with("http://"))
        .map_err(setup)?
        .connect_timeout(CONNECT)
        .build()
        .map_err(|error| setup(error.to_string()))
}

/// A client of [`streaming`].
pub type Streaming = reqwest::Client;

/// The library's own client for a protocol that another library speaks. It follows
/// redirects within one origin only, and puts no limit on silence.
///
/// # Errors
/// When TLS cannot be set up.
pub fn streaming(base: &str) -> Result<Streaming, NetError> {
    let setup = |cause: String| NetError::Setup {
        url: base.to_string(),
        cause,
    };
    let same_origin = reqwest::redirect::Policy::custom(|attempt| {
        let first = attempt.previous().first().map(reqwest::Url::origin);
        let stays = first.is_some_and(|origin| origin == attempt.url().origin());
        match stays && attempt.previous().len() < 5 {
            true => attempt.follow(),
            false => attempt.stop(),
        }
    });
    builder(!base.starts_with("http://"))
        .map_err(setup)?
        .connect_timeout(CONNECT)
        .redirect(same_origin)
        .build()
        .map_err(|error| setup(error.to_string()))
}

/// What every client has in common; `https`: it needs root certificates.
pub(super) fn builder(https: bool) -> Result<reqwest::ClientBuilder, String> {
    let roots = if https {
        roots()
    } else {
        rustls::RootCertStore::empty()
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("sofos/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .tcp_nodelay(true)
        // A redirect would carry the key to an address nobody named.
        .redirect(reqwest::redirect::Policy::none()))
}

/// The system's root certificates, or Mozilla's where the system has none.
fn roots() -> rustls::RootCertStore {
    let mut store = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    store.add_parsable_certificates(found.certs);
    if store.is_empty() {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    store
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_address_or_header_is_refused_before_anything_is_sent() {
        let client = Client::new("http://127.0.0.1:1", IDLE);
        let make = |url: &str, value: &str| {
            client
                .request(Method::Post, url, &[("x-api-key", value.into())], vec![])
                .map(|_| ())
        };
        assert_eq!(make("http://127.0.0.1:1/x", "key"), Ok(()));
        for (url, value, says) in [
            ("ftp://host/x", "key", "https://"),
            ("not an address", "key", "not an address"),
            ("http://host/x", "key\nwith break", "x-api-key"),
        ] {
            let error = make(url, value).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
            assert!(!error.contains("with break"), "{error}");
        }
    }

    #[test]
    fn the_client_can_be_built_for_both_schemes() {
        Client::new("http://127.0.0.1:1", IDLE).inner().unwrap();
        Client::new("https://127.0.0.1:1", IDLE).inner().unwrap();
    }
}
