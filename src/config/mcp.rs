//! MCP servers as the user's files describe them: `[mcp-servers.NAME]` of the settings,
//! and the files other tools keep (`.mcp.json` and its kin) once they are trusted.

mod edit;
mod foreign;
mod jsonc;
mod read;
mod secrets;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::rules::Layer;
use crate::stdx::redact;

pub use edit::{Scope, add, remove, set_enabled};
pub(super) use foreign::workspace_files;
pub use foreign::{Found, Program, block, user_files};
pub(super) use read::table;
pub use secrets::{Origin, Secrets};

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum McpTransport {
    /// A process of its own that speaks over its stdin and stdout.
    Stdio {
        /// The program, found by `PATH`; never a shell line.
        command: String,
        /// Its arguments.
        args: Vec<String>,
        /// Variables it gets beside the harmless ones.
        env: BTreeMap<String, String>,
    },
    /// Streamable HTTP (or the older HTTP+SSE, found out when connecting).
    Http {
        /// The endpoint.
        url: String,
        /// Headers sent with every request.
        headers: BTreeMap<String, String>,
    },
}

/// One server. Values are as written: `${VAR}` is put in when it is connected, so
/// that no secret stands in what is shown or compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct McpServer {
    /// Its name: `[A-Za-z0-9_-]`, 1 to 64 characters.
    pub name: String,
    /// How it is reached.
    pub transport: McpTransport,
    /// Connected at all.
    pub enabled: bool,
    /// How long a call may take; [`McpServer::DEFAULT_TIMEOUT`] when not said.
    pub timeout: Duration,
    /// Tools the model may see, by the server's own names; `None`: all.
    pub allow_tools: Option<Vec<String>>,
    /// Tools it may not see.
    pub deny_tools: Vec<String>,
    /// The user says that its tools only read: the read-only hints of the server are
    /// believed, and only tools with that hint exist.
    pub readonly: bool,
    /// OAuth client id given by the user, when the server wants one registered.
    pub client_id: Option<String>,
    /// OAuth client secret that goes with it, usually `${VAR}`.
    pub client_secret: Option<String>,
    /// Scopes to ask for, instead of those the server names.
    pub scopes: Option<Vec<String>>,
    /// Which layer named it.
    pub layer: Layer,
    /// File and line, for people.
    pub from: String,
}

impl McpServer {
    /// How long a call may take when nothing is said.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

    /// A server with nothing but a name and a way to reach it.
    pub fn new(name: impl Into<String>, transport: McpTransport, layer: Layer) -> Self {
        Self {
            name: name.into(),
            transport,
            enabled: true,
            timeout: Self::DEFAULT_TIMEOUT,
            allow_tools: None,
            deny_tools: Vec::new(),
            readonly: false,
            client_id: None,
            client_secret: None,
            scopes: None,
            layer,
            from: String::new(),
        }
    }

    /// Whether a name can be one of a server.
    pub fn is_name(name: &str) -> bool {
        let fits = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_');
        (1..=64).contains(&name.len()) && name.chars().all(fits)
    }

    /// A name made fit: what other tools allow in one becomes a hyphen.
    pub fn fit_name(name: &str) -> String {
        let fits = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_');
        let fit = |ch: char| if fits(ch) { ch } else { '-' };
        let name: String = name.trim().chars().map(fit).take(64).collect();
        name.trim_matches('-').to_string()
    }

    /// The entry in one line, word for word and unmistakable: what is accepted when a
    /// workspace brings it along.
    pub fn entry(&self) -> String {
        let mut out = match &self.transport {
            McpTransport::Stdio { command, args, env } => {
                let mut out = format!("runs {}", word(command));
                for arg in args {
                    out.push(' ');
                    out.push_str(&word(arg));
                }
                pairs(&mut out, "env", env);
                out
            }
            McpTransport::Http { url, headers } => {
                let mut out = format!("asks {}", word(url));
                pairs(&mut out, "headers", headers);
                out
            }
        };
        if self.timeout != Self::DEFAULT_TIMEOUT {
            out.push_str(&format!(" timeout={}s", self.timeout.as_secs()));
        }
        if let Some(tools) = &self.allow_tools {
            out.push_str(&format!(" allow-tools={tools:?}"));
        }
        if !self.deny_tools.is_empty() {
            out.push_str(&format!(" deny-tools={:?}", self.deny_tools));
        }
        if self.readonly {
            out.push_str(" readonly");
        }
        let rest = [
            ("client-id", self.client_id.clone()),
            ("client-secret", self.client_secret.clone()),
            ("scopes", self.scopes.as_ref().map(|list| list.join(" "))),
        ];
        for (name, value) in rest {
            if let Some(value) = value {
                out.push_str(&format!(" {name}={}", word(&value)));
            }
        }
        out
    }

    /// The command line or the URL for people: what may be a secret is masked, names
    /// of variables are not.
    pub fn shown(&self) -> String {
        match &self.transport {
            McpTransport::Stdio { command, args, .. } => {
                let mut out = word(command);
                for arg in args {
                    out.push(' ');
                    out.push_str(&word(&redact::redact(arg)));
                }
                out
            }
            McpTransport::Http { url, .. } => match url::Url::parse(url) {
                Ok(mut parsed) if parsed.password().is_some() || parsed.query().is_some() => {
                    let asks = parsed.query().is_some();
                    // Neither can fail for an address with a host.
                    let _ = parsed.set_password(None);
                    parsed.set_query(asks.then_some("…"));
                    parsed.to_string().replace("%E2%80%A6", "…")
                }
                _ => redact::redact(url).into_owned(),
            },
        }
    }

    /// Variables of its process or its headers with their values masked, unless those
    /// are mere references.
    pub fn values(&self) -> Vec<(String, String)> {
        let (McpTransport::Stdio { env: map, .. } | McpTransport::Http { headers: map, .. }) =
            &self.transport;
        map.iter()
            .map(|(name, value)| (name.clone(), mask(value)))
            .collect()
    }

    /// Names of all variables its entry refers to, without those that have a default.
    pub fn variables(&self) -> Vec<String> {
        let mut texts: Vec<&str> = Vec::new();
        match &self.transport {
            McpTransport::Stdio { command, args, env } => {
                texts.push(command);
                texts.extend(args.iter().map(String::as_str));
                texts.extend(env.values().map(String::as_str));
            }
            McpTransport::Http { url, headers } => {
                texts.push(url);
                texts.extend(headers.values().map(String::as_str));
            }
        }
        texts.extend(self.client_id.as_deref());
        texts.extend(self.client_secret.as_deref());
        let names: BTreeSet<String> = texts.into_iter().flat_map(references).collect();
        names.into_iter().collect()
    }

    /// Whether the model may see a tool of that name at all.
    pub fn offers(&self, tool: &str) -> bool {
        let allowed = self.allow_tools.as_ref();
        allowed.is_none_or(|names| names.iter().any(|name| name == tool))
            && !self.deny_tools.iter().any(|name| name == tool)
    }
}

/// Names a text refers to that have no default.
fn references(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((_, reference, after)) = next_reference(rest) {
        if !reference.contains(":-") {
            names.push(reference.to_string());
        }
        rest = after;
    }
    names
}

/// What stands before the next `${…}` that names a variable, its inside, and the rest.
fn next_reference(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(at) = text[from..].find("${").map(|at| at + from) {
        let inside = at + 2;
        let end = text[inside..].find('}')? + inside;
        let name = text[inside..end].split(":-").next().unwrap_or_default();
        if is_variable(name) {
            return Some((&text[..at], &text[inside..end], &text[end + 1..]));
        }
        from = inside;
    }
    None
}

/// Whether a text can be the name of a variable or of a stored secret.
pub fn is_variable(name: &str) -> bool {
    let fits = |ch: char| ch.is_ascii_alphanumeric() || ch == '_';
    !name.is_empty() && name.chars().all(fits) && !name.starts_with(|ch: char| ch.is_ascii_digit())
}

/// A value that does not show what it holds, unless that is only references.
fn mask(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    let hidden = |text: &str| match text.trim() {
        "" => text.to_string(),
        // `Bearer ${TOKEN}`
        scheme @ ("Bearer" | "Basic" | "token" | "Token") => format!("{scheme} "),
        _ => "…".to_string(),
    };
    while let Some((before, reference, after)) = next_reference(rest) {
        out.push_str(&hidden(before));
        let name = reference.split(":-").next().unwrap_or_default();
        out.push_str(&format!("${{{name}}}"));
        rest = after;
    }
    out.push_str(&hidden(rest));
    out
}

/// A word of a command line; quoted when it could be mistaken for several or for
/// another.
fn word(text: &str) -> String {
    let plain = |ch: char| {
        ch.is_ascii_alphanumeric()
            || matches!(ch, '-' | '_' | '.' | '/' | ':' | '@' | '=' | '+')
            || matches!(ch, '$' | '{' | '}' | ',' | '~' | '?' | '&' | '%' | '#')
    };
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_string(),
        false => format!("{text:?}"),
    }
}

fn pairs(out: &mut String, what: &str, map: &BTreeMap<String, String>) {
    if map.is_empty() {
        return;
    }
    let pairs: Vec<String> = map
        .iter()
        .map(|(name, value)| format!("{}={value:?}", word(name)))
        .collect();
    out.push_str(&format!(" {what}={{{}}}", pairs.join(", ")));
}

#[cfg(test)]
#[path = "mcp/mcp_tests.rs"]
mod tests;
