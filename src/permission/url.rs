//! Which addresses may be fetched.
//!
//! A URL is read the way the HTTP client reads it (the WHATWG rules), so that the
//! host that is judged is the host that is asked: decimal, octal and hexadecimal
//! addresses, userinfo and backslashes mean the same to both.

use std::net::IpAddr;

use url::{Host, Url};

use super::rules::{List, RuleSet};
use crate::net::addresses;

/// Names that mean this machine, its network or its cloud, whatever they resolve to.
const LOCAL_NAMES: &[&str] = &[
    "localhost",
    "localhost.localdomain",
    "ip6-localhost",
    "ip6-loopback",
    "broadcasthost",
    "metadata",
    "instance-data",
    "kubernetes",
    "kubernetes.default",
    "host.docker.internal",
    "gateway.docker.internal",
    "docker.for.mac.localhost",
    "docker.for.mac.host.internal",
    "docker.for.win.localhost",
    "host.containers.internal",
    "host.lima.internal",
    "host.minikube.internal",
];

/// Ends of names that never lead to the public network.
const LOCAL_ENDS: &[&str] = &[
    ".localhost",
    ".local",
    ".localdomain",
    ".internal",
    ".intranet",
    ".lan",
    ".home",
    ".corp",
    ".home.arpa",
    ".private",
    ".onion",
    ".consul",
    ".svc",
];

/// Services that turn a name into the address written in it.
const ADDRESS_NAMES: &[&str] = &[
    "nip.io",
    "sslip.io",
    "xip.io",
    "localtest.me",
    "lvh.me",
    "vcap.me",
    "lacolhost.com",
    "localhost.run",
    "1u.ms",
    "rbndr.us",
    "yoogle.com",
    "fbi.com",
    "burpcollaborator.net",
];

/// The host of a rule or URL in the spelling that is compared: lower case, ASCII,
/// without a dot at its end. Nothing when it is no host.
pub fn plain_host(host: &str) -> Option<String> {
    let host = host.trim().trim_end_matches('.');
    if host.is_empty() || host.contains(['/', '@', ' ', '?', '#', '\\']) {
        return None;
    }
    match Host::parse(host).ok()? {
        Host::Domain(name) => Some(name.trim_end_matches('.').to_string()),
        address => Some(address.to_string()),
    }
}

/// Why a host must not be fetched, as far as its name tells. The addresses that it
/// resolves to are checked where the connection is made.
fn forbidden_host(host: &Host<&str>) -> Option<String> {
    let of_address =
        |address: IpAddr| addresses::forbidden(address).map(|kind| format!("{address} is {kind}"));
    match host {
        Host::Ipv4(address) => of_address((*address).into()),
        Host::Ipv6(address) => of_address((*address).into()),
        Host::Domain(name) => {
            // One dot may end a name; more hide a number from who reads it by the rules.
            let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
            let local = !name.contains('.')
                || name.split('.').any(str::is_empty)
                || LOCAL_NAMES.contains(&name.as_str())
                || LOCAL_ENDS.iter().any(|end| name.ends_with(end));
            let address = ADDRESS_NAMES.iter().any(|service| {
                name.strip_suffix(service)
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            });
            if local {
                Some(format!("{name} names this machine or its network"))
            } else if address {
                Some(format!("{name} may stand for any address"))
            } else {
                None
            }
        }
    }
}

/// What is said about a fetch.
#[derive(Debug, PartialEq)]
pub(super) enum Fetch {
    /// A rule allows it.
    Allow(String),
    /// Nobody said anything about this host yet, or a rule wants to be asked.
    Ask { why: String, by_rule: bool },
    /// It must not be fetched.
    Deny(String),
}

/// Judges the fetch of a URL.
pub(super) fn judge(rules: &RuleSet, text: &str) -> Fetch {
    let host = match host_of(text) {
        Ok(host) => host,
        Err(why) => return Fetch::Deny(why),
    };
    match rules.host(&host) {
        Some((List::Deny, rule)) => Fetch::Deny(format!("the rule {rule} denies {host}")),
        Some((List::Allow, rule)) => Fetch::Allow(format!("the rule {rule} allows it")),
        Some((List::Ask, rule)) => Fetch::Ask {
            why: format!("the rule {rule} asks about it"),
            by_rule: true,
        },
        None => Fetch::Ask {
            why: format!("{host} was not fetched from before"),
            by_rule: false,
        },
    }
}

/// The rule that allows a fetch and others from its host.
pub(super) fn rule_for(text: &str) -> Option<String> {
    host_of(text)
        .ok()
        .map(|host| format!("WebFetch(domain:{host})"))
}

/// The host of a URL that may be fetched as far as its text tells.
///
/// # Errors
/// Why it must not be fetched.
pub fn host_of(text: &str) -> Result<String, String> {
    let url = parse(text)?;
    let host = url.host().ok_or("the URL has no host")?;
    if let Some(why) = forbidden_host(&host) {
        return Err(format!("{why}; web_fetch only reads public addresses"));
    }
    Ok(plain_host(&host.to_string()).ok_or("the URL has no usable host")?)
}

/// Reads a URL; what two readers could understand differently is refused.
fn parse(text: &str) -> Result<Url, String> {
    if text
        .chars()
        .any(|ch| ch.is_control() || ch.is_whitespace() || ch == '\\')
    {
        return Err("the URL contains blanks, control characters or backslashes".to_string());
    }
    let url = Url::parse(text).map_err(|error| format!("that is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{}: only http and https are fetched", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL carries a user name; leave it out".to_string());
    }
    // `http:example.com` and `http:///example.com` are spelled for other readers.
    let rest = text
        .split_once(':')
        .map(|(_, rest)| rest)
        .unwrap_or_default();
    if !rest.starts_with("//") || rest.starts_with("///") {
        return Err("the URL is not written as scheme://host/…".to_string());
    }
    let authority = rest[2..].split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') || authority.contains('%') {
        return Err("the host of the URL is written in an odd way".to_string());
    }
    Ok(url)
}

#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
