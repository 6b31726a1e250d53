//! One entry, whichever file it stands in: understood, complained about, merged.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};
use toml_edit::{Item, TableLike};

use super::{McpServer, McpTransport};
use crate::config::Config;
use crate::config::file::{File, line_of};
use crate::config::rules::Layer;
use crate::config::trust::Accepted;

/// Every key of an entry.
const KNOWN: &str = "command, args, env, url, headers, enabled, timeout, allow-tools, \
                     deny-tools, readonly, client-id, client-secret, scopes";

/// Where entries come from.
pub(super) struct Source<'a> {
    /// How the file is named to people.
    pub(super) shown: &'a str,
    pub(super) layer: Layer,
    pub(super) accepted: &'a Accepted,
    /// File and line of an entry, or of one of its keys.
    pub(super) place: &'a dyn Fn(&str, Option<&str>) -> String,
    /// Another tool's file: keys that only it knows are no mistake.
    pub(super) foreign: bool,
}

/// An entry as far as it says something.
#[derive(Default)]
struct Draft {
    command: Option<String>,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    url: Option<String>,
    headers: BTreeMap<String, String>,
    enabled: Option<bool>,
    timeout: Option<Duration>,
    allow_tools: Option<Vec<String>>,
    deny_tools: Vec<String>,
    readonly: Option<bool>,
    client_id: Option<String>,
    client_secret: Option<String>,
    scopes: Option<Vec<String>>,
}

/// `[mcp-servers]` of a settings file.
pub(in crate::config) fn table(config: &mut Config, file: &File<'_>, line: usize, item: &Item) {
    let Some(table) = item.as_table_like() else {
        config.warnings.push(format!(
            "{}: mcp-servers must be a table of tables, such as [mcp-servers.NAME]; it is ignored",
            file.place(line)
        ));
        return;
    };
    let place = |name: &str, key: Option<&str>| {
        let found = table.get(name);
        let inner = found.and_then(Item::as_table_like);
        let span = |table: &dyn TableLike, name: &str| {
            let key = table.key(name).and_then(toml_edit::Key::span);
            key.or_else(|| table.get(name).and_then(Item::span))
        };
        let span = key
            .zip(inner)
            .and_then(|(key, inner)| span(inner, key))
            .or_else(|| span(table, name));
        file.place(line_of(file.text, span))
    };
    let source = Source {
        shown: file.layer.shown(),
        layer: file.layer,
        accepted: file.accepted,
        place: &place,
        foreign: false,
    };
    for (name, item) in table.iter() {
        entry(config, &source, name, &json(item));
    }
}

/// A TOML item as JSON; times become text.
pub(super) fn json(item: &Item) -> Value {
    let table = |table: &dyn TableLike| {
        let pairs = table
            .iter()
            .map(|(name, item)| (name.to_string(), json(item)));
        Value::Object(pairs.collect())
    };
    match item {
        Item::None => Value::Null,
        Item::Value(value) => json_value(value),
        Item::Table(inner) => table(inner),
        Item::ArrayOfTables(tables) => tables.iter().map(|inner| table(inner)).collect(),
    }
}

fn json_value(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => text.value().as_str().into(),
        toml_edit::Value::Integer(number) => (*number.value()).into(),
        toml_edit::Value::Float(number) => (*number.value()).into(),
        toml_edit::Value::Boolean(truth) => (*truth.value()).into(),
        toml_edit::Value::Datetime(time) => time.value().to_string().into(),
        toml_edit::Value::Array(array) => array.iter().map(json_value).collect(),
        toml_edit::Value::InlineTable(table) => {
            let pairs = table.iter();
            Value::Object(
                pairs
                    .map(|(name, value)| (name.to_string(), json_value(value)))
                    .collect(),
            )
        }
    }
}

/// Applies one entry. What is wrong with it is a warning: the others hold.
pub(super) fn entry(config: &mut Config, source: &Source<'_>, name: &str, value: &Value) {
    let place = (source.place)(name, None);
    if !McpServer::is_name(name) {
        config.warnings.push(format!(
            "{place}: {name:?} cannot be the name of an MCP server (letters, digits, - and _, at \
             most 64); it is ignored"
        ));
        return;
    }
    let Some(table) = value.as_object() else {
        config.warnings.push(format!(
            "{place}: the MCP server {name} must be a table with command or url; it is ignored"
        ));
        return;
    };
    let mut complaints = Vec::new();
    let drafted = draft(table, source.foreign, &mut |key, words| {
        let place = (source.place)(name, Some(key));
        complaints.push(format!("{place}: MCP server {name}: {words}"));
    });
    config.warnings.append(&mut complaints);
    if let Some(drafted) = drafted {
        admit(config, source, name, drafted);
    }
}

/// The server of one entry that stands alone, with what was odd about it.
///
/// # Errors
/// Why there is none.
pub(super) fn single(name: &str, value: &Value) -> Result<(McpServer, Vec<String>), String> {
    if !McpServer::is_name(name) {
        return Err(format!(
            "{name:?} cannot be the name of an MCP server (letters, digits, - and _, at most 64)"
        ));
    }
    let table = value.as_object();
    let table = table.ok_or_else(|| format!("{name}: a server needs command or url"))?;
    let mut odd = Vec::new();
    let drafted = draft(table, true, &mut |_, words| {
        odd.push(format!("{name}: {words}"))
    });
    let Some(drafted) = drafted else {
        return Err(odd.join("; "));
    };
    let transport = drafted.transport();
    let transport = transport.ok_or_else(|| format!("{name}: a server needs command or url"))?;
    Ok((drafted.server(name, transport, Layer::User), odd))
}

/// Reads the keys; nothing when the entry cannot be used.
fn draft(
    table: &Map<String, Value>,
    foreign: bool,
    complain: &mut dyn FnMut(&str, String),
) -> Option<Draft> {
    let mut draft = Draft::default();
    let mut usable = true;
    for (key, value) in table {
        let (fits, expected) = draft.set(key, value, foreign);
        if !fits {
            // A value that narrows what the server may do must not be lost silently.
            usable &= expected.is_empty();
            let ending = match expected {
                "" => format!("unknown key {key:?} is ignored; known keys: {KNOWN}"),
                expected => format!("{key} must be {expected}; the entry is ignored"),
            };
            complain(key, ending);
        }
    }
    if draft.command.is_some() && draft.url.is_some() {
        usable = false;
        complain(
            "url",
            "has both command and url; the entry is ignored".to_string(),
        );
    }
    if let Some(url) = draft.url.as_deref().filter(|url| !is_address(url)) {
        usable = false;
        let words =
            format!("url must begin with https:// or http://, found {url:?}; the entry is ignored");
        complain("url", words);
    }
    usable.then_some(draft)
}

fn is_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://") || url.starts_with("${")
}

impl Draft {
    /// Takes a key. False with what it takes, or with nothing for one that is not
    /// known.
    fn set(&mut self, key: &str, value: &Value, foreign: bool) -> (bool, &'static str) {
        const TEXT: &str = "a text";
        const LIST: &str = "a list of texts";
        const MAP: &str = "a table of texts";
        const TRUTH: &str = "true or false";
        const TIME: &str = "a number of seconds from 1, or a time such as \"90s\"";
        match key.replace('_', "-").as_str() {
            "command" => (store(&mut self.command, filled(value)), TEXT),
            "args" => (replace(&mut self.args, texts(value)), LIST),
            "env" => (replace(&mut self.env, map(value)), MAP),
            "url" => (store(&mut self.url, filled(value)), TEXT),
            "headers" => (replace(&mut self.headers, map(value)), MAP),
            "enabled" => (store(&mut self.enabled, value.as_bool()), TRUTH),
            "timeout" => (store(&mut self.timeout, time(value)), TIME),
            "allow-tools" => (store(&mut self.allow_tools, texts(value)), LIST),
            "deny-tools" => (replace(&mut self.deny_tools, texts(value)), LIST),
            "readonly" => (store(&mut self.readonly, value.as_bool()), TRUTH),
            "client-id" => (store(&mut self.client_id, filled(value)), TEXT),
            "client-secret" => (store(&mut self.client_secret, filled(value)), TEXT),
            "scopes" => (store(&mut self.scopes, scopes(value)), LIST),
            _ => (foreign, ""),
        }
    }

    fn transport(&self) -> Option<McpTransport> {
        if let Some(url) = &self.url {
            return Some(McpTransport::Http {
                url: url.clone(),
                headers: self.headers.clone(),
            });
        }
        self.command.as_ref().map(|command| McpTransport::Stdio {
            command: command.clone(),
            args: self.args.clone(),
            env: self.env.clone(),
        })
    }

    fn server(self, name: &str, transport: McpTransport, layer: Layer) -> McpServer {
        McpServer {
            enabled: self.enabled.unwrap_or(true),
            timeout: self.timeout.unwrap_or(McpServer::DEFAULT_TIMEOUT),
            allow_tools: self.allow_tools,
            deny_tools: self.deny_tools,
            readonly: self.readonly.unwrap_or(false),
            client_id: self.client_id,
            client_secret: self.client_secret,
            scopes: self.scopes,
            ..McpServer::new(name, transport, layer)
        }
    }
}

/// The item a user accepts for a server of the workspace.
pub(super) fn item(shown: &str, server: &McpServer) -> String {
    format!("{shown}: MCP server {} {}", server.name, server.entry())
}

/// The item a user accepts for a workspace that switches a server on.
pub(super) fn enabling(shown: &str, name: &str) -> String {
    format!("{shown}: MCP server {name} enabled = true")
}

/// Merges an entry, as far as it is trusted.
fn admit(config: &mut Config, source: &Source<'_>, name: &str, draft: Draft) {
    let Some(transport) = draft.transport() else {
        return change(config, source, name, draft);
    };
    let mut server = draft.server(name, transport, source.layer);
    server.from = (source.place)(name, None);
    if source.holds(config, item(source.shown, &server)) {
        config.mcp_untrusted.retain(|other| other.name != name);
        config.mcp_servers.retain(|other| other.name != name);
        config.mcp_servers.push(server);
    } else {
        config.mcp_untrusted.retain(|other| other.name != name);
        config.mcp_untrusted.push(server);
    }
}

/// An entry without command and url changes an earlier one.
fn change(config: &mut Config, source: &Source<'_>, name: &str, draft: Draft) {
    let all = config.mcp_servers.iter().chain(&config.mcp_untrusted);
    if !all.clone().any(|server| server.name == name) {
        let place = (source.place)(name, None);
        // Switching off what is not there does no harm.
        if draft.enabled != Some(false) {
            config.warnings.push(format!(
                "{place}: the MCP server {name} has neither command nor url; it is ignored"
            ));
        }
        return;
    }
    let widens = |words: &str| format!("{}: MCP server {name} {words}", source.shown);
    let enabled = draft
        .enabled
        .filter(|enabled| !enabled || source.holds(config, enabling(source.shown, name)));
    let readonly = draft
        .readonly
        .filter(|readonly| source.holds(config, widens(&format!("readonly = {readonly}"))));
    let allow = draft
        .allow_tools
        .filter(|tools| source.holds(config, widens(&format!("allow-tools = {tools:?}"))));
    let timeout = draft.timeout.filter(|timeout| {
        source.holds(config, widens(&format!("timeout = {}s", timeout.as_secs())))
    });
    let servers = config
        .mcp_servers
        .iter_mut()
        .chain(&mut config.mcp_untrusted);
    for server in servers.filter(|server| server.name == name) {
        server.enabled = enabled.unwrap_or(server.enabled);
        server.readonly = readonly.unwrap_or(server.readonly);
        server.timeout = timeout.unwrap_or(server.timeout);
        server.allow_tools = allow.clone().or_else(|| server.allow_tools.take());
        server.deny_tools.extend(draft.deny_tools.iter().cloned());
    }
}

impl Source<'_> {
    /// Whether something holds: the user's own, or accepted.
    fn holds(&self, config: &mut Config, item: String) -> bool {
        if self.layer == Layer::User {
            return true;
        }
        let holds = self.accepted.holds(&item);
        if !holds {
            config.untrusted.push(item.clone());
        }
        config.gated.push(item);
        holds
    }
}

fn store<T>(at: &mut Option<T>, value: Option<T>) -> bool {
    *at = value;
    at.is_some()
}

fn replace<T>(at: &mut T, value: Option<T>) -> bool {
    value.map(|value| *at = value).is_some()
}

fn filled(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_string())
}

/// A text, number or truth value as text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(scalar).collect()
}

fn map(value: &Value) -> Option<BTreeMap<String, String>> {
    let pairs = value.as_object()?.iter();
    pairs
        .map(|(name, value)| Some((name.clone(), scalar(value)?)))
        .collect()
}

/// Scopes as a list, or as OAuth writes them: in one text.
fn scopes(value: &Value) -> Option<Vec<String>> {
    match value.as_str() {
        Some(text) => Some(text.split_whitespace().map(str::to_string).collect()),
        None => texts(value),
    }
}

/// Seconds, or a time with its unit.
fn time(value: &Value) -> Option<Duration> {
    let seconds = |seconds: f64| {
        let sound = seconds.is_finite() && (1.0..=86_400.0).contains(&seconds);
        sound.then(|| Duration::from_secs_f64(seconds))
    };
    match value {
        Value::Number(number) => number.as_f64().and_then(seconds),
        Value::String(text) => crate::config::time(text),
        _ => None,
    }
}
