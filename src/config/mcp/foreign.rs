//! The files in which other tools keep their MCP servers.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::read::{self, Source};
use super::{McpServer, jsonc};
use crate::config::rules::Layer;
use crate::config::trust::Accepted;
use crate::config::{Config, Env, Paths};

/// The key of the format that all of them know.
pub(super) const SHARED: &str = "mcpServers";

/// Largest file that is read, in bytes: one of them also holds other programs' history.
const LARGEST: u64 = 64 << 20;

/// Whose way of writing a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Claude Code and Claude Desktop; `.mcp.json` of a project is for all.
    Claude,
    /// Codex CLI.
    Codex,
    /// Cursor.
    Cursor,
    /// VS Code.
    VsCode,
    /// opencode.
    OpenCode,
    /// Gemini CLI.
    Gemini,
    /// Windsurf.
    Windsurf,
}

impl Program {
    /// Every one of them.
    pub const ALL: [Self; 7] = [
        Self::Claude,
        Self::Codex,
        Self::Cursor,
        Self::VsCode,
        Self::OpenCode,
        Self::Gemini,
        Self::Windsurf,
    ];

    /// How it is named on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Cursor => "cursor",
            Self::VsCode => "vscode",
            Self::OpenCode => "opencode",
            Self::Gemini => "gemini",
            Self::Windsurf => "windsurf",
        }
    }
}

/// Files of a workspace, the least specific first.
const WORKSPACE: &[(&str, Program)] = &[
    (".gemini/settings.json", Program::Gemini),
    (".codex/config.toml", Program::Codex),
    ("opencode.json", Program::OpenCode),
    ("opencode.jsonc", Program::OpenCode),
    (".vscode/mcp.json", Program::VsCode),
    (".cursor/mcp.json", Program::Cursor),
    (".mcp.json", Program::Claude),
];

/// Files below the home directory.
const HOME: &[(&str, Program)] = &[
    (".claude.json", Program::Claude),
    (".config/Claude/claude_desktop_config.json", Program::Claude),
    (
        "Library/Application Support/Claude/claude_desktop_config.json",
        Program::Claude,
    ),
    (".codex/config.toml", Program::Codex),
    (".cursor/mcp.json", Program::Cursor),
    (".config/Code/User/mcp.json", Program::VsCode),
    (
        "Library/Application Support/Code/User/mcp.json",
        Program::VsCode,
    ),
    (".config/opencode/opencode.json", Program::OpenCode),
    (".config/opencode/opencode.jsonc", Program::OpenCode),
    (".gemini/settings.json", Program::Gemini),
    (".codeium/windsurf/mcp_config.json", Program::Windsurf),
];

/// A server that another tool of the user has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Whose it is.
    pub program: Program,
    /// The file.
    pub path: PathBuf,
    /// The server as sofos would have it; `from` says where it stands.
    pub server: McpServer,
    /// What of it sofos cannot keep, one line each.
    pub odd: Vec<String>,
}

/// Applies the files of the workspace, as far as they are trusted.
pub(in crate::config) fn workspace_files(config: &mut Config, paths: &Paths, accepted: &Accepted) {
    // In the home directory these are the user's own files of those programs.
    let at_home = paths.user_home.as_ref() == Some(&paths.workspace);
    for (name, program) in WORKSPACE {
        if at_home && *name != ".mcp.json" {
            continue;
        }
        let path = paths.workspace.join(name);
        let Some(text) = read_text(&path, config) else {
            continue;
        };
        let (text, value) = match parse(*program, &text) {
            Ok(parsed) => parsed,
            Err(words) => {
                let path = path.display();
                let words = format!("{path}: {words}; its MCP servers are left out");
                config.warnings.push(words);
                continue;
            }
        };
        let Some((section, servers)) = section(*program, &value) else {
            continue;
        };
        let names: Vec<(String, String)> = servers
            .keys()
            .map(|name| (McpServer::fit_name(name), name.clone()))
            .collect();
        let place = |fit: &str, key: Option<&str>| {
            let name = names.iter().find(|(name, _)| name == fit);
            let name = name.map_or(fit, |(_, name)| name.as_str());
            let mut keys = section.to_vec();
            keys.push(name);
            keys.extend(key);
            let line = match program {
                Program::Codex => toml_line(&text, name),
                _ => jsonc::line_of(&text, &keys),
            };
            format!("{}:{line}", path.display())
        };
        let source = Source {
            shown: name,
            layer: Layer::Project,
            accepted,
            place: &place,
            foreign: true,
        };
        for (name, value) in servers {
            let name = McpServer::fit_name(name);
            let (value, odd) = common(*program, value, paths);
            for words in odd {
                let place = place(&name, None);
                config
                    .warnings
                    .push(format!("{place}: MCP server {name}: {words}"));
            }
            read::entry(config, &source, &name, &value);
        }
    }
}

/// Every server that other tools of the user have, for all directories or for this one.
pub fn user_files(paths: &Paths, env: &Env) -> Vec<Found> {
    let mut found = Vec::new();
    let Some(home) = &paths.user_home else {
        return found;
    };
    let mut files: Vec<(PathBuf, Program)> = HOME
        .iter()
        .map(|(name, program)| (home.join(name), *program))
        .collect();
    if let Some(dir) = env.get("CODEX_HOME") {
        files.push((Path::new(dir).join("config.toml"), Program::Codex));
    }
    if let Some(dir) = env.get("APPDATA") {
        let dir = Path::new(dir);
        files.push((
            dir.join("Claude/claude_desktop_config.json"),
            Program::Claude,
        ));
        files.push((dir.join("Code/User/mcp.json"), Program::VsCode));
    }
    for (path, program) in files {
        let Some(text) = read_text(&path, &mut Config::default()) else {
            continue;
        };
        let Ok((text, value)) = parse(program, &text) else {
            continue;
        };
        let mut sections = Vec::from_iter(section(program, &value));
        if program == Program::Claude {
            sections.extend(of_project(&value, &paths.workspace));
        }
        for (keys, servers) in sections {
            for (name, value) in servers {
                let (value, mut odd) = common(program, value, paths);
                let fit = McpServer::fit_name(name);
                let Ok((mut server, more)) = read::single(&fit, &value) else {
                    continue;
                };
                odd.extend(more);
                let mut keys = keys.to_vec();
                keys.push(name);
                let line = match program {
                    Program::Codex => toml_line(&text, name),
                    _ => jsonc::line_of(&text, &keys),
                };
                server.from = format!("{}:{line}", path.display());
                found.push(Found {
                    program,
                    path: path.clone(),
                    server,
                    odd,
                });
            }
        }
    }
    found
}

/// Servers of a block as READMEs show it: `{"mcpServers": {…}}` or with another
/// tool's key around it, `{"NAME": {…}}`, or a TOML table; with what was odd.
///
/// # Errors
/// What is wrong with the block, in words.
pub fn block(text: &str, paths: &Paths) -> Result<(Vec<McpServer>, Vec<String>), String> {
    let trimmed = text.trim();
    let fence = |line: &str| line.trim_start().starts_with("```");
    let inner: Vec<&str> = trimmed.lines().filter(|line| !fence(line)).collect();
    let inner = inner.join("\n");
    let toml = inner.trim_start().starts_with('[');
    let (programs, value): (&[Program], Value) = if toml {
        let (_, value) = parse(Program::Codex, &inner)?;
        (&[Program::Codex], value)
    } else {
        let mut inner = inner.trim().trim_end_matches(',').to_string();
        // A block without its outer braces.
        if inner.starts_with('"') {
            inner = format!("{{{inner}}}");
        }
        (&Program::ALL, parse(Program::Claude, &inner)?.1)
    };
    let found = programs
        .iter()
        .find_map(|program| section(*program, &value).map(|(_, servers)| (*program, servers)));
    let (program, servers) = match (found, value.as_object()) {
        (Some(found), _) => found,
        (None, Some(servers)) if servers.values().all(is_entry) => (Program::Cursor, servers),
        _ => {
            return Err(
                "no server found; a block looks like {\"mcpServers\": {\"NAME\": {\"command\": …}}}"
                    .to_string(),
            );
        }
    };
    let (mut all, mut odd) = (Vec::new(), Vec::new());
    for (name, value) in servers {
        let (value, more) = common(program, value, paths);
        odd.extend(more.into_iter().map(|words| format!("{name}: {words}")));
        let (server, more) = read::single(&McpServer::fit_name(name), &value)?;
        odd.extend(more);
        all.push(server);
    }
    match all.is_empty() {
        true => Err("the block holds no server".to_string()),
        false => Ok((all, odd)),
    }
}

fn is_entry(value: &Value) -> bool {
    ["command", "url", "httpUrl", "serverUrl"]
        .iter()
        .any(|key| value.get(key).is_some())
}

fn read_text(path: &Path, config: &mut Config) -> Option<String> {
    // A named pipe or a huge file must not hold up the start.
    let meta = std::fs::metadata(path).ok()?;
    if !meta.is_file() {
        return None;
    }
    if meta.len() > LARGEST {
        let path = path.display();
        config.warnings.push(format!(
            "{path}: too large to be read; its MCP servers are left out"
        ));
        return None;
    }
    match std::fs::read(path) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => {
            let path = path.display();
            config.warnings.push(format!("cannot read {path}: {error}"));
            None
        }
    }
}

/// The file as a value, and its text with comments blanked.
fn parse(program: Program, text: &str) -> Result<(String, Value), String> {
    if program == Program::Codex {
        let document: toml_edit::DocumentMut =
            text.parse().map_err(|error: toml_edit::TomlError| {
                format!("not valid TOML: {}", error.message())
            })?;
        return Ok((text.to_string(), read::json(document.as_item())));
    }
    let plain = jsonc::plain(text.trim_start_matches('\u{feff}'));
    match serde_json::from_str(&plain) {
        Ok(value) => Ok((plain, value)),
        Err(error) => Err(format!("not valid JSON: {error}")),
    }
}

type Section<'a> = (&'static [&'static str], &'a Map<String, Value>);

/// The table of servers and the keys that lead to it.
fn section(program: Program, value: &Value) -> Option<Section<'_>> {
    let ways: &[&'static [&'static str]] = match program {
        Program::Claude | Program::Cursor | Program::Gemini | Program::Windsurf => &[&[SHARED]],
        Program::VsCode => &[&["servers"], &["mcp", "servers"]],
        Program::Codex => &[&["mcp_servers"]],
        Program::OpenCode => &[&["mcp", "servers"], &["mcp"]],
    };
    ways.iter().find_map(|keys| {
        let found = keys.iter().try_fold(value, |value, key| value.get(key))?;
        // A server may be called \"servers\".
        let found = found.as_object()?;
        let nested = keys.len() > 1 && (found.contains_key("command") || found.contains_key("url"));
        (!nested).then_some((*keys, found))
    })
}

/// Claude Code keeps servers of one directory in the user's file.
fn of_project<'a>(value: &'a Value, workspace: &Path) -> Option<Section<'a>> {
    let project = value.get("projects")?.get(workspace.to_str()?)?;
    let servers = project.get("mcpServers")?.as_object()?;
    Some((&["projects"], servers))
}

/// The line of `[mcp_servers.NAME]`.
fn toml_line(text: &str, name: &str) -> usize {
    let head = |line: &str| {
        let line = line.trim().trim_start_matches("[mcp_servers.");
        let rest = line.trim_start_matches(['"', '\'']).strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['"', '\'', ']', '.']))
    };
    let is_head = |line: &&str| line.trim_start().starts_with("[mcp_servers.") && head(line);
    let at = text.lines().position(|line| is_head(&line));
    at.map_or(1, |at| at + 1)
}

/// An entry in our own keys, and what of it is lost.
fn common(program: Program, value: &Value, paths: &Paths) -> (Value, Vec<String>) {
    let mut odd = Vec::new();
    let Some(table) = value.as_object() else {
        return (value.clone(), odd);
    };
    let mut out = Map::new();
    let mut headers = Map::new();
    for (key, value) in table {
        match (key.as_str(), value) {
            // A list is the whole command line.
            ("command", Value::Array(words)) => {
                let mut words = words.iter();
                out.insert("command".into(), words.next().cloned().unwrap_or_default());
                out.insert("args".into(), words.cloned().collect());
            }
            ("environment" | "env", _) => drop(out.insert("env".into(), value.clone())),
            // Where both stand, the newer transport's address counts.
            ("httpUrl", _) => drop(out.insert("url".into(), value.clone())),
            ("url" | "serverUrl", _) => drop(out.entry("url").or_insert_with(|| value.clone())),
            ("headers" | "http_headers" | "requestInit", Value::Object(map)) => {
                let map = map.get("headers").and_then(Value::as_object).unwrap_or(map);
                headers.extend(map.clone());
            }
            ("env_http_headers", Value::Object(map)) => {
                for (name, variable) in map {
                    let variable = variable.as_str().unwrap_or_default();
                    headers.insert(name.clone(), format!("${{{variable}}}").into());
                }
            }
            ("bearer_token_env_var", Value::String(variable)) => {
                headers.insert(
                    "Authorization".into(),
                    format!("Bearer ${{{variable}}}").into(),
                );
            }
            ("env_vars", Value::Array(names)) => {
                let env = out.entry("env").or_insert_with(|| json!({}));
                for name in names.iter().filter_map(Value::as_str) {
                    env[name] = format!("${{{name}}}").into();
                }
            }
            ("disabled", Value::Bool(disabled)) => {
                drop(out.insert("enabled".into(), (!disabled).into()))
            }
            ("enabled_tools" | "includeTools", _) => {
                drop(out.insert("allow-tools".into(), value.clone()))
            }
            ("disabled_tools" | "excludeTools", _) => {
                drop(out.insert("deny-tools".into(), value.clone()))
            }
            ("tool_timeout_sec", _) => drop(out.insert("timeout".into(), value.clone())),
            ("timeout", _) => {
                let value = value.get("request").unwrap_or(value);
                // These programs count in milliseconds.
                if let Some(number) = value.as_f64().filter(|_| program != Program::Codex) {
                    out.insert("timeout".into(), (number / 1000.0).ceil().max(1.0).into());
                }
            }
            ("oauth", Value::Object(oauth)) => {
                for (theirs, ours) in [
                    ("clientId", "client-id"),
                    ("client_id", "client-id"),
                    ("clientSecret", "client-secret"),
                    ("client_secret", "client-secret"),
                    ("scope", "scopes"),
                    ("scopes", "scopes"),
                ] {
                    if let Some(value) = oauth.get(theirs) {
                        out.insert(ours.into(), value.clone());
                    }
                }
            }
            ("cwd" | "envFile", _) => odd.push(format!("{key} is left out")),
            ("command" | "args" | "enabled", _) => drop(out.insert(key.clone(), value.clone())),
            _ => {}
        }
    }
    if !headers.is_empty() {
        out.insert("headers".into(), Value::Object(headers));
    }
    // A remote server whose entry also carries a command of nothing.
    if out
        .get("url")
        .is_some_and(|url| url.as_str().is_some_and(str::is_empty))
    {
        out.remove("url");
    }
    if out.get("command").and_then(Value::as_str) == Some("") {
        out.remove("command");
    }
    let mut out = Value::Object(out);
    translate(&mut out, &paths.workspace);
    (out, odd)
}

/// Other spellings of references in every text.
fn translate(value: &mut Value, workspace: &Path) {
    match value {
        Value::String(text) => *text = references(text, workspace),
        Value::Array(list) => list
            .iter_mut()
            .for_each(|value| translate(value, workspace)),
        Value::Object(map) => map
            .values_mut()
            .for_each(|value| translate(value, workspace)),
        _ => {}
    }
}

/// `${env:NAME}`, `{env:NAME}`, `${input:name}`, `${workspaceFolder}` and `${userHome}` in
/// our own spelling.
fn references(text: &str, workspace: &Path) -> String {
    let folder = workspace.display().to_string();
    let mut out = text
        .replace("${workspaceFolder}", &folder)
        .replace("${workspaceRoot}", &folder)
        .replace("${userHome}", "${HOME}")
        .replace("${env:", "${")
        .replace("{env:", "${");
    while let Some(at) = out.find("${input:") {
        let Some(end) = out[at..].find('}').map(|end| at + end) else {
            break;
        };
        let name: String = out[at + "${input:".len()..end]
            .chars()
            .map(|ch| match ch.is_ascii_alphanumeric() {
                true => ch.to_ascii_uppercase(),
                false => '_',
            })
            .collect();
        out.replace_range(at..=end, &format!("${{{name}}}"));
    }
    out
}
