//! Writing entries back: nothing else in the files changes.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike};

use super::{McpServer, McpTransport, foreign, read};
use crate::config::rules::Layer;
use crate::config::{Config, ConfigError, Paths, trust};
use crate::stdx::fs;

/// The table of a settings file.
const TABLE: &str = "mcp-servers";

/// Where a server is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `~/.sofos/config.toml`: everywhere.
    User,
    /// `.sofos/config.local.toml`: here, for this user.
    Local,
    /// `.mcp.json`: here, for everybody who has the repository.
    Project,
}

impl Scope {
    /// The file.
    pub fn path(self, paths: &Paths) -> PathBuf {
        match self {
            Self::User => Layer::User.path(paths),
            Self::Local => Layer::Local.path(paths),
            Self::Project => paths.workspace.join(".mcp.json"),
        }
    }

    /// How the file is named to people.
    pub fn shown(self) -> &'static str {
        match self {
            Self::User => Layer::User.shown(),
            Self::Local => Layer::Local.shown(),
            Self::Project => ".mcp.json",
        }
    }
}

/// Writes a server in place of one of the same name in that file. What the user adds to a
/// file of the workspace is accepted with it.
///
/// # Errors
/// When the file cannot be read, understood or written.
pub fn add(paths: &Paths, scope: Scope, server: &McpServer) -> Result<PathBuf, ConfigError> {
    let path = scope.path(paths);
    match scope {
        Scope::Project => edit_json(&path, |servers| {
            servers.insert(server.name.clone(), as_json(server));
            true
        })?,
        Scope::User | Scope::Local => edit_toml(&path, |document| {
            let item = document
                .entry(TABLE)
                .or_insert_with(|| Item::Table(implicit()));
            let table = item.as_table_like_mut()?;
            let mut entry = as_toml(server);
            // What the user wrote beside it, such as deny-tools, stays.
            let before = table.get_mut(&server.name);
            if let Some(before) = before.and_then(Item::as_table_like_mut) {
                merge(before, entry);
            } else {
                entry.set_position(None);
                table.insert(&server.name, Item::Table(entry));
            }
            Some(true)
        })?,
    };
    if scope != Scope::User && path != Layer::User.path(paths) {
        trust::accept(paths, &[read::item(scope.shown(), server)], true)?;
    }
    Ok(path)
}

/// Takes a server out of the file it stands in; nothing when it stands in none that is
/// sofos' own or `.mcp.json`. With `scope` only that file is looked at.
///
/// # Errors
/// When a file cannot be read, understood or written.
pub fn remove(
    paths: &Paths,
    name: &str,
    scope: Option<Scope>,
) -> Result<Vec<PathBuf>, ConfigError> {
    let mut removed = Vec::new();
    let files = [
        (Scope::Local, Layer::Local.path(paths)),
        (Scope::Project, Layer::Project.path(paths)),
        (Scope::Project, Scope::Project.path(paths)),
        (Scope::User, Layer::User.path(paths)),
    ];
    for (of, path) in files {
        let wanted = scope.is_none_or(|scope| scope == of);
        if !wanted || removed.contains(&path) || !path.exists() {
            continue;
        }
        let json = path.extension().is_some_and(|ending| ending == "json");
        let found = match json {
            true => edit_json(&path, |servers| servers.shift_remove(name).is_some())?,
            false => edit_toml(&path, |document| Some(strike(document, name)))?,
        };
        if found {
            removed.push(path);
        }
    }
    Ok(removed)
}

/// Switches a server on or off for this user: in the user's own file when it stands
/// there, else for this directory alone.
///
/// # Errors
/// When the file cannot be read, understood or written.
pub fn set_enabled(
    paths: &Paths,
    config: &Config,
    name: &str,
    enabled: bool,
) -> Result<PathBuf, ConfigError> {
    let all = config.mcp_servers.iter().chain(&config.mcp_untrusted);
    let mut of_name = all.filter(|server| server.name == name);
    let user = of_name.all(|server| server.layer == Layer::User);
    let layer = if user { Layer::User } else { Layer::Local };
    let path = layer.path(paths);
    edit_toml(&path, |document| {
        let item = document
            .entry(TABLE)
            .or_insert_with(|| Item::Table(implicit()));
        let table = item.as_table_like_mut()?;
        let entry = table.entry(name).or_insert_with(toml_edit::table);
        let entry = entry.as_table_like_mut()?;
        match entry.get_mut("enabled").and_then(Item::as_value_mut) {
            Some(value) => {
                let decor = value.decor().clone();
                *value = enabled.into();
                *value.decor_mut() = decor;
            }
            None => drop(entry.insert("enabled", toml_edit::value(enabled))),
        }
        Some(true)
    })?;
    if enabled && layer != Layer::User {
        trust::accept(paths, &[read::enabling(layer.shown(), name)], true)?;
    }
    Ok(path)
}

/// A table that shows no head of its own: only `[mcp-servers.NAME]` does.
fn implicit() -> Table {
    let mut table = Table::new();
    table.set_implicit(true);
    table
}

/// The keys that say how a server is reached, replaced; the others stay.
fn merge(before: &mut dyn TableLike, entry: Table) {
    for key in ["command", "args", "env", "url", "headers"] {
        before.remove(key);
    }
    for (key, item) in entry {
        before.insert(&key, item);
    }
}

fn strike(document: &mut DocumentMut, name: &str) -> bool {
    let Some(table) = document.get_mut(TABLE).and_then(Item::as_table_like_mut) else {
        return false;
    };
    let found = table.remove(name).is_some();
    if found && table.is_empty() {
        document.remove(TABLE);
    }
    found
}

fn as_toml(server: &McpServer) -> Table {
    let mut table = Table::new();
    let list = |texts: &[String]| toml_edit::value(texts.iter().collect::<Array>());
    let map = |pairs: &std::collections::BTreeMap<String, String>| {
        toml_edit::value(pairs.iter().collect::<InlineTable>())
    };
    match &server.transport {
        McpTransport::Stdio { command, args, env } => {
            table.insert("command", toml_edit::value(command));
            if !args.is_empty() {
                table.insert("args", list(args));
            }
            if !env.is_empty() {
                table.insert("env", map(env));
            }
        }
        McpTransport::Http { url, headers } => {
            table.insert("url", toml_edit::value(url));
            if !headers.is_empty() {
                table.insert("headers", map(headers));
            }
        }
    }
    if !server.enabled {
        table.insert("enabled", toml_edit::value(false));
    }
    if server.timeout != McpServer::DEFAULT_TIMEOUT {
        let seconds = i64::try_from(server.timeout.as_secs()).unwrap_or(i64::MAX);
        table.insert("timeout", toml_edit::value(seconds));
    }
    if let Some(tools) = &server.allow_tools {
        table.insert("allow-tools", list(tools));
    }
    if !server.deny_tools.is_empty() {
        table.insert("deny-tools", list(&server.deny_tools));
    }
    if server.readonly {
        table.insert("readonly", toml_edit::value(true));
    }
    for (key, value) in [
        ("client-id", &server.client_id),
        ("client-secret", &server.client_secret),
    ] {
        if let Some(value) = value {
            table.insert(key, toml_edit::value(value));
        }
    }
    if let Some(scopes) = &server.scopes {
        table.insert("scopes", list(scopes));
    }
    table
}

/// As every tool that reads `.mcp.json` understands it.
fn as_json(server: &McpServer) -> Value {
    match &server.transport {
        McpTransport::Stdio { command, args, env } => {
            let mut out = json!({"command": command, "args": args});
            if !env.is_empty() {
                out["env"] = json!(env);
            }
            out
        }
        McpTransport::Http { url, headers } => {
            let mut out = json!({"type": "http", "url": url});
            if !headers.is_empty() {
                out["headers"] = json!(headers);
            }
            out
        }
    }
}

fn read_file(path: &Path) -> Result<String, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(ConfigError::Read {
            path: path.to_path_buf(),
            source,
        }),
    }
}

fn syntax(path: &Path, line: usize, message: String) -> ConfigError {
    ConfigError::Syntax {
        path: path.to_path_buf(),
        line,
        message,
    }
}

fn write_error(path: &Path) -> impl FnOnce(std::io::Error) -> ConfigError {
    let path = path.to_path_buf();
    move |source| ConfigError::Write { path, source }
}

/// Changes a settings file; nothing is written when nothing is new.
fn edit_toml(
    path: &Path,
    edit: impl FnOnce(&mut DocumentMut) -> Option<bool>,
) -> Result<bool, ConfigError> {
    let text = read_file(path)?;
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        let line = crate::config::file::line_of(&text, error.span());
        syntax(path, line, error.message().to_string())
    })?;
    let changed = edit(&mut document);
    let words = || syntax(path, 1, format!("{TABLE} is no table of tables"));
    if !changed.ok_or_else(words)? {
        return Ok(false);
    }
    crate::config::edit::write(path, &document)?;
    Ok(true)
}

/// Changes the servers of a `.mcp.json`; nothing is written when nothing is new.
fn edit_json(
    path: &Path,
    edit: impl FnOnce(&mut Map<String, Value>) -> bool,
) -> Result<bool, ConfigError> {
    let text = read_file(path)?;
    let mut value: Value = match text.trim() {
        "" => json!({}),
        text => serde_json::from_str(text)
            .map_err(|error| syntax(path, error.line(), format!("not valid JSON: {error}")))?,
    };
    let wrong = || syntax(path, 1, "mcpServers is no table of servers".to_string());
    let root = value.as_object_mut().ok_or_else(wrong)?;
    let servers = root.entry(foreign::SHARED).or_insert_with(|| json!({}));
    if !edit(servers.as_object_mut().ok_or_else(wrong)?) {
        return Ok(false);
    }
    let mut out = serde_json::to_string_pretty(&value).unwrap_or_default();
    out.push('\n');
    fs::write_atomic(path, out.as_bytes(), 0o644).map_err(write_error(path))?;
    Ok(true)
}
