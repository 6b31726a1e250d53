//! MCP servers as the user's files describe them: `[mcp-servers.NAME]` of the settings,
//! and the files other tools keep (`.mcp.json` and its kin) once they are trusted.

use std::collections::BTreeMap;
use std::time::Duration;

use super::rules::Layer;

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

    /// Whether the model may see a tool of that name at all.
    pub fn offers(&self, tool: &str) -> bool {
        let allowed = self.allow_tools.as_ref();
        allowed.is_none_or(|names| names.iter().any(|name| name == tool))
            && !self.deny_tools.iter().any(|name| name == tool)
    }
}
