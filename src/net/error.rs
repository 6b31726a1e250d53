//! What can go wrong between here and a server, in plain words.

use std::error::Error;
use std::io;

use super::retry::Again;

/// A request that got no answer, or a body that broke off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The name has no address.
    #[error("the name {host} cannot be resolved; check the network and the address {url}")]
    Dns {
        /// Host name.
        host: String,
        /// Where the request was going.
        url: String,
    },
    /// Nothing listens there.
    #[error("nothing listens at {url} (connection refused)")]
    Refused {
        /// Where the request was going.
        url: String,
    },
    /// No connection within the limit.
    #[error("no connection to {url} within {seconds} s")]
    ConnectTimeout {
        /// Where the request was going.
        url: String,
        /// The limit.
        seconds: u64,
    },
    /// No secure connection.
    #[error("no secure connection to {url}: {cause}")]
    Tls {
        /// Where the request was going.
        url: String,
        /// What the TLS layer says, with advice.
        cause: String,
    },
    /// The proxy did not let the request through.
    #[error(
        "the proxy did not connect to {url}: {cause}; check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
    )]
    Proxy {
        /// Where the request was going.
        url: String,
        /// What the proxy said.
        cause: String,
    },
    /// The connection ended in the middle.
    #[error("the connection to {url} was cut ({cause})")]
    Cut {
        /// Where the request was going.
        url: String,
        /// How.
        cause: String,
    },
    /// Nothing came for too long.
    #[error("nothing came from {url} for {seconds} s")]
    Stalled {
        /// Where the request was going.
        url: String,
        /// The limit.
        seconds: u64,
    },
    /// The request could not even be made.
    #[error("a request to {url} cannot be made: {cause}")]
    Setup {
        /// Where the request was going.
        url: String,
        /// Why.
        cause: String,
    },
}

impl NetError {
    /// Sorts an error of the HTTP library into the kinds above.
    pub(super) fn from_reqwest(error: &reqwest::Error, url: &str, connect_seconds: u64) -> Self {
        let chain = chain(error);
        if error.is_builder() {
            let url = url.to_string();
            return Self::Setup { url, cause: chain };
        }
        let url = origin_of(url).to_string();
        if let Some(cause) = tls_cause(error) {
            return Self::Tls { url, cause };
        }
        if chain.contains("tunnel error") || chain.contains("proxy") {
            let cause = proxy_cause(&chain).to_string();
            return Self::Proxy { url, cause };
        }
        if chain.contains("dns error") {
            return Self::Dns {
                host: host_of(&url).to_string(),
                url,
            };
        }
        if error.is_connect() && error.is_timeout() {
            return Self::ConnectTimeout {
                url,
                seconds: connect_seconds,
            };
        }
        match io_kind(error) {
            Some(io::ErrorKind::ConnectionRefused) => Self::Refused { url },
            Some(io::ErrorKind::ConnectionReset) => Self::Cut {
                url,
                cause: "connection reset".to_string(),
            },
            _ if chain.contains("EOF") || chain.contains("incomplete") => Self::Cut {
                url,
                cause: "closed in the middle".to_string(),
            },
            _ => Self::Cut { url, cause: chain },
        }
    }

    /// Whether the same request may get through a moment later. A server on this
    /// machine that does not run will not appear while we wait.
    pub fn again(&self) -> Again {
        match self {
            Self::Cut { .. } | Self::Stalled { .. } => Again::Soon,
            Self::Refused { url } if is_loopback(url) => Again::Never,
            Self::Dns { .. } | Self::ConnectTimeout { .. } | Self::Refused { .. } => Again::Briefly,
            Self::Tls { .. } | Self::Proxy { .. } | Self::Setup { .. } => Again::Never,
        }
    }
}

/// The messages of an error and its causes, outermost left out where a cause
/// says it better.
fn chain(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next: Option<&dyn Error> = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        next = cause.source();
    }
    if parts.is_empty() {
        return error.to_string();
    }
    parts.join(": ")
}

fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| {
        // An io::Error made of another error hides it from `source`.
        match cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => cause.source(),
        }
    })
}

fn io_kind(error: &reqwest::Error) -> Option<io::ErrorKind> {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .map(io::Error::kind)
        .last()
}

fn tls_cause(error: &reqwest::Error) -> Option<String> {
    let tls = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>())?;
    Some(match tls {
        rustls::Error::InvalidCertificate(why) => certificate(why),
        rustls::Error::InvalidMessage(_) => {
            "it does not answer with TLS; is the address http:// rather than https://?".to_string()
        }
        other => other.to_string(),
    })
}

fn certificate(why: &rustls::CertificateError) -> String {
    use rustls::CertificateError as Bad;
    match why {
        Bad::UnknownIssuer => "nobody this machine trusts has signed its certificate; behind a \
             company proxy, name its certificate file in SSL_CERT_FILE"
            .to_string(),
        Bad::Expired | Bad::ExpiredContext { .. } => {
            "its certificate has expired, or the clock of this machine is wrong".to_string()
        }
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            "its certificate is not valid yet, or the clock of this machine is wrong".to_string()
        }
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
            "its certificate is for another name".to_string()
        }
        other => format!("its certificate is not accepted ({other})"),
    }
}

/// What a proxy did, without the layers around it.
fn proxy_cause(chain: &str) -> &str {
    let cause = chain.rsplit("tunnel error: ").next().unwrap_or(chain);
    match cause {
        "unsuccessful" => "it refused the connection",
        _ => cause.rsplit("tcp connect error: ").next().unwrap_or(cause),
    }
}

/// `https://host:1` of `https://host:1/x?y`.
pub fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| host + at);
    &url[..end]
}

/// Scheme and path stripped: `host` of `https://user@host:1/x`.
pub fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let authority = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    if let Some(v6) = authority.strip_prefix('[') {
        return v6.split(']').next().unwrap_or(v6);
    }
    authority.split(':').next().unwrap_or(authority)
}

/// Whether an address is on this machine.
pub fn is_loopback(url: &str) -> bool {
    let host = host_of(url);
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_loopback_are_recognised() {
        for (url, host, local) in [
            ("https://api.anthropic.com/v1", "api.anthropic.com", false),
            ("http://127.0.0.1:8080", "127.0.0.1", true),
            ("http://[::1]:80/x", "::1", true),
            ("http://u:p@localhost:1/x?y", "localhost", true),
            ("127.0.0.2", "127.0.0.2", true),
        ] {
            assert_eq!((host_of(url), is_loopback(url)), (host, local), "{url}");
        }
        assert_eq!(origin_of("https://h:1/v1/messages"), "https://h:1");
        assert_eq!(origin_of("http://h"), "http://h");
    }

    #[test]
    fn a_missing_local_server_is_not_waited_for() {
        let refused = |url: &str| NetError::Refused { url: url.into() };
        assert_eq!(refused("http://localhost:1234").again(), Again::Never);
        assert_eq!(refused("https://api.example.com").again(), Again::Briefly);
    }

    #[test]
    fn a_proxy_is_quoted_without_its_wrapping() {
        for (chain, cause) in [
            (
                "client error (Connect): tunnel error: unsuccessful",
                "it refused the connection",
            ),
            (
                "tunnel error: failed to create underlying connection: \
                 tcp connect error: Connection refused (os error 111)",
                "Connection refused (os error 111)",
            ),
            (
                "proxy authorization required",
                "proxy authorization required",
            ),
        ] {
            assert_eq!(proxy_cause(chain), cause);
        }
    }
}
