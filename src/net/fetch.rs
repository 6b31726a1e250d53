//! Fetching what anybody on the public network may read, and nothing else.
//!
//! A host is resolved once; when any of its addresses is not public nothing is
//! sent, and the connection goes to the very addresses that were judged. Every
//! redirect is a new fetch. No cookies, no credentials, no referrer.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, LOCATION};
use url::{Host, Url};

use super::{NetError, addresses, client};

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest wait for a name.
const LOOKUP: Duration = Duration::from_secs(10);
/// Longest time for one answer.
const TOTAL: Duration = Duration::from_secs(30);

/// What a fetch may lead to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address must not be fetched.
    #[error("{url} is not fetched: {why}")]
    Refused {
        /// As asked for.
        url: String,
        /// Why not.
        why: String,
    },
    /// The name leads nowhere.
    #[error("the host {host} is not known ({why})")]
    Unknown {
        /// Its name.
        host: String,
        /// What the resolver says.
        why: String,
    },
    /// It takes too long.
    #[error("{url} took longer than {seconds} s")]
    Slow {
        /// As asked for.
        url: String,
        /// The limit.
        seconds: u64,
    },
    /// Anything else on the way.
    #[error(transparent)]
    Net(#[from] NetError),
}

/// One answer, not followed further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// HTTP status.
    pub status: u16,
    /// Where a redirect leads, as an absolute address.
    pub location: Option<Url>,
    /// The `Content-Type` as sent; may be empty.
    pub content_type: String,
    /// The body, up to the limit.
    pub body: Vec<u8>,
    /// There was more.
    pub cut: bool,
}

/// Names that are given instead of being looked up: for tests.
pub type Hosts = Vec<(String, SocketAddr)>;

/// Fetches from the public network.
#[derive(Debug, Clone)]
pub struct Fetcher {
    forbidden: fn(IpAddr) -> Option<&'static str>,
    hosts: Hosts,
    /// Everything goes through this proxy, which resolves the names.
    proxies: Proxies,
}

/// Proxies by scheme, as addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For `http://`.
    pub http: Option<String>,
    /// For `https://`.
    pub https: Option<String>,
}

impl Fetcher {
    /// A fetcher that reaches public addresses alone, directly or through a proxy.
    /// Behind a proxy names are judged, and addresses where they are written out:
    /// what a name leads to is known to the proxy only.
    pub fn new(proxies: Proxies) -> Self {
        Self {
            forbidden: addresses::forbidden,
            hosts: Vec::new(),
            proxies,
        }
    }

    /// A fetcher that takes these hosts to these addresses, whatever they are.
    #[cfg(test)]
    pub fn for_tests(hosts: Hosts) -> Self {
        Self {
            forbidden: |_| None,
            hosts,
            proxies: Proxies::default(),
        }
    }

    /// Asks for a page once. Redirects are not followed.
    ///
    /// # Errors
    /// See [`FetchError`]; an answer with any status is none.
    pub async fn get(
        &self,
        url: &Url,
        accept: &'static str,
        limit: impl Fn(&str) -> usize,
    ) -> Result<Fetched, FetchError> {
        let asked = self.get_inner(url, accept, limit);
        match tokio::time::timeout(TOTAL, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(FetchError::Slow {
                url: url.to_string(),
                seconds: TOTAL.as_secs(),
            }),
        }
    }

    async fn get_inner(
        &self,
        url: &Url,
        accept: &'static str,
        limit: impl Fn(&str) -> usize,
    ) -> Result<Fetched, FetchError> {
        let client = self.client(url).await?;
        let mut request = reqwest::Request::new(reqwest::Method::GET, url.clone());
        request
            .headers_mut()
            .insert(ACCEPT, HeaderValue::from_static(accept));
        let failed = |error: &reqwest::Error| {
            FetchError::Net(NetError::from_reqwest(
                error,
                url.as_str(),
                CONNECT.as_secs(),
            ))
        };
        let mut answer = client.execute(request).await.map_err(|e| failed(&e))?;
        let header = |name| {
            let value = answer.headers().get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let status = answer.status().as_u16();
        let content_type = header(CONTENT_TYPE).unwrap_or_default();
        let location = header(LOCATION)
            .filter(|_| matches!(status, 300..=308))
            .and_then(|to| url.join(&to).ok());
        if header(CONTENT_ENCODING).is_some_and(|kind| !kind.eq_ignore_ascii_case("identity")) {
            return Err(refused(
                url,
                "it is sent compressed though nobody asked for it",
            ));
        }
        let (mut body, mut cut) = (Vec::new(), false);
        let limit = limit(&content_type);
        while location.is_none()
            && let Some(chunk) = answer.chunk().await.map_err(|e| failed(&e))?
        {
            let room = limit - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                cut = true;
                break;
            }
        }
        Ok(Fetched {
            status,
            location,
            content_type,
            body,
            cut,
        })
    }

    /// A client that can reach this host alone.
    async fn client(&self, url: &Url) -> Result<reqwest::Client, FetchError> {
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(refused(url, "only http and https are fetched")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused(url, "it carries a user name"));
        }
        let port = url.port_or_known_default().unwrap_or(0);
        if port < 1024 && !matches!(port, 80 | 443) {
            return Err(refused(url, &format!("port {port} is not one of the web")));
        }
        let proxy = if https {
            &self.proxies.https
        } else {
            &self.proxies.http
        };
        let mut builder = client::builder(https)
            .map_err(|cause| setup(url, cause))?
            .connect_timeout(CONNECT)
            .referer(false);
        match (proxy, url.host()) {
            (_, None) => return Err(refused(url, "it names no host")),
            (Some(proxy), Some(host)) => {
                self.judge_literal(url, &host)?;
                // Whatever NO_PROXY says: past the proxy nothing would be checked.
                let proxy = reqwest::Proxy::all(proxy)
                    .map_err(|error| setup(url, format!("the proxy {proxy}: {error}")))?;
                builder = builder.proxy(proxy);
            }
            (None, Some(Host::Domain(name))) => {
                let found = self.lookup(url, name, port).await?;
                builder = builder.no_proxy().resolve_to_addrs(name, &found);
            }
            (None, Some(host)) => {
                self.judge_literal(url, &host)?;
                builder = builder.no_proxy();
            }
        }
        builder
            .build()
            .map_err(|error| setup(url, error.to_string()))
    }

    fn judge_literal(&self, url: &Url, host: &Host<&str>) -> Result<(), FetchError> {
        match host {
            Host::Ipv4(address) => self.judge(url, IpAddr::V4(*address)),
            Host::Ipv6(address) => self.judge(url, IpAddr::V6(*address)),
            Host::Domain(_) => Ok(()),
        }
    }

    fn judge(&self, url: &Url, address: IpAddr) -> Result<(), FetchError> {
        match (self.forbidden)(address) {
            None => Ok(()),
            Some(kind) => Err(refused(url, &format!("{address} is {kind}"))),
        }
    }

    /// The addresses of a name; one that is not public spoils all of them.
    async fn lookup(
        &self,
        url: &Url,
        name: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, FetchError> {
        if let Some((_, address)) = self.hosts.iter().find(|(host, _)| host == name) {
            self.judge(url, address.ip())?;
            return Ok(vec![*address]);
        }
        let unknown = |why: String| FetchError::Unknown {
            host: name.to_string(),
            why,
        };
        let found: Vec<SocketAddr> =
            match tokio::time::timeout(LOOKUP, tokio::net::lookup_host((name, port))).await {
                Ok(Ok(found)) => found.collect(),
                Ok(Err(error)) => return Err(unknown(error.to_string())),
                Err(_) => return Err(unknown("the resolver does not answer".to_string())),
            };
        if found.is_empty() {
            return Err(unknown("it has no address".to_string()));
        }
        for address in &found {
            self.judge(url, address.ip())?;
        }
        Ok(found)
    }
}

fn refused(url: &Url, why: &str) -> FetchError {
    FetchError::Refused {
        url: url.to_string(),
        why: why.to_string(),
    }
}

fn setup(url: &Url, cause: String) -> FetchError {
    FetchError::Net(NetError::Setup {
        url: url.to_string(),
        cause,
    })
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
