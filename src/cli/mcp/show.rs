//! Showing servers: nothing is connected.

use serde_json::{Value, json};

use super::{Cx, shown};
use crate::cli::CliError;
use crate::cli::sessions::print;
use crate::config::mcp::{McpServer, McpTransport};
use crate::mcp::catalog;
use crate::stdx::text::clean;

/// What can be said of a server that is not connected.
fn state(cx: &Cx<'_>, server: &McpServer, trusted: bool) -> String {
    if !trusted {
        return "waits for trust".to_string();
    }
    if !server.enabled {
        return "off".to_string();
    }
    match cx.missing(server) {
        names if names.is_empty() => "ready to connect".to_string(),
        names => format!("needs {}", names.join(", ")),
    }
}

fn kind(server: &McpServer) -> &'static str {
    match server.transport {
        McpTransport::Stdio { .. } => "stdio",
        McpTransport::Http { .. } => "http",
    }
}

fn described(cx: &Cx<'_>, server: &McpServer, trusted: bool) -> Value {
    let secrets: Vec<Value> = server
        .variables()
        .iter()
        .map(|name| json!({"name": name, "set": cx.secrets.origin(name).is_some()}))
        .collect();
    json!({
        "name": server.name,
        "transport": kind(server),
        "reached_by": server.shown(),
        "enabled": server.enabled,
        "trusted": trusted,
        "state": state(cx, server, trusted),
        "secrets": secrets,
        "from": server.from,
    })
}

/// `sofos mcp list`
pub(super) fn list(cx: &Cx<'_>, as_json: bool) -> Result<u8, CliError> {
    if as_json {
        let rows: Vec<Value> = cx
            .servers()
            .map(|(server, trusted)| described(cx, server, trusted))
            .collect();
        return print(&format!("{}\n", json!(rows)));
    }
    let mut out = String::new();
    for (server, trusted) in cx.servers() {
        let line = format!(
            "{:20} {:5}  {}  {}  {}\n",
            server.name,
            kind(server),
            state(cx, server, trusted),
            server.shown(),
            server.from,
        );
        out.push_str(&clean(&line));
    }
    if out.is_empty() {
        out.push_str(
            "no MCP server yet. Add one: sofos mcp add ID (`sofos mcp catalog` lists ids), or\n\
             sofos mcp add NAME -- COMMAND, or paste a block: sofos mcp add --json-block -\n",
        );
    }
    if !cx.config.mcp_untrusted.is_empty() {
        out.push_str("what waits for trust does nothing until `sofos trust accept`\n");
    }
    for warning in &cx.config.warnings {
        if warning.contains("MCP") || warning.contains("mcp") {
            out.push_str(&clean(&format!("warning: {warning}\n")));
        }
    }
    print(&out)
}

/// `sofos mcp get NAME`
pub(super) fn get(cx: &Cx<'_>, name: &str, as_json: bool) -> Result<u8, CliError> {
    let (server, trusted) = cx.find(name)?;
    if as_json {
        return print(&format!("{}\n", described(cx, server, trusted)));
    }
    let mut lines = vec![
        format!("{}  {}", server.name, state(cx, server, trusted)),
        format!("  reached by  {}", server.shown()),
        format!("  stands in   {}", server.from),
        format!("  time limit  {} s a call", server.timeout.as_secs()),
    ];
    for (key, value) in server.values() {
        lines.push(format!("  {key} = {value}"));
    }
    if let Some(tools) = &server.allow_tools {
        lines.push(format!("  allow-tools {}", tools.join(", ")));
    }
    if !server.deny_tools.is_empty() {
        lines.push(format!("  deny-tools  {}", server.deny_tools.join(", ")));
    }
    if server.readonly {
        lines.push("  readonly    only tools that say they read are offered".to_string());
    }
    for name in server.variables() {
        let words = match cx.secrets.origin(&name) {
            Some(origin) => origin.as_str().to_string(),
            None => missing(&name),
        };
        lines.push(format!("  needs {name}: {words}"));
    }
    lines.push(String::new());
    print(&clean(&lines.join("\n")))
}

/// What to do about a secret that is not there.
pub(super) fn missing(name: &str) -> String {
    let get = catalog::source(name).map_or_else(String::new, |get| format!(" (get it: {get})"));
    format!("not set{get}; store it: sofos mcp secret set {name}")
}

/// `sofos mcp catalog`
pub(super) fn catalog(query: &str, as_json: bool) -> Result<u8, CliError> {
    let found = catalog::search(query);
    if as_json {
        let rows: Vec<Value> = found
            .iter()
            .map(|known| {
                let server = known.server(&known.id);
                json!({
                    "id": known.id,
                    "title": known.title,
                    "about": known.about,
                    "group": known.group,
                    "reached_by": server.shown(),
                    "secrets": known.secrets.iter().map(|needed| &needed.name).collect::<Vec<_>>(),
                })
            })
            .collect();
        return print(&format!("{}\n", json!(rows)));
    }
    let mut groups: Vec<&str> = found.iter().map(|known| known.group.as_str()).collect();
    groups.sort_unstable();
    groups.dedup();
    let mut out = String::new();
    for group in groups {
        out.push_str(&format!("{group}\n"));
        for known in found.iter().filter(|known| known.group == group) {
            out.push_str(&format!("  {:20} {}\n", known.id, known.about));
        }
    }
    match found.is_empty() {
        true => out.push_str(&format!("no known server fits {query:?}\n")),
        false => out.push_str("add one: sofos mcp add ID\n"),
    }
    print(&out)
}

/// What is stored, and what servers need.
pub(super) fn secrets(cx: &Cx<'_>) -> Result<u8, CliError> {
    let mut names: Vec<String> = cx.secrets.names();
    for (server, _) in cx.servers() {
        names.extend(server.variables());
    }
    names.sort();
    names.dedup();
    let mut out = String::new();
    for name in names {
        let users: Vec<&str> = cx
            .servers()
            .filter(|(server, _)| server.variables().contains(&name))
            .map(|(server, _)| server.name.as_str())
            .collect();
        let users = match users.is_empty() {
            true => "no server uses it".to_string(),
            false => format!("for {}", users.join(", ")),
        };
        let words = match cx.secrets.origin(&name) {
            Some(origin) => origin.as_str().to_string(),
            None => missing(&name),
        };
        out.push_str(&clean(&format!("{name:32} {words}; {users}\n")));
    }
    if out.is_empty() {
        let path = shown(cx.secrets.store().path());
        out = format!("no server needs a secret, and none is stored in {path}\n");
    }
    print(&out)
}
