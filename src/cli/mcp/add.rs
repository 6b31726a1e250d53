//! Adding servers, and what they need.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Read};

use super::args::{Add, ProgramName, ScopeName, SecretSub, Transport};
use super::{Cx, show, shown};
use crate::cli::{CliError, complain, secret as typed};
use crate::config::mcp::{self, McpServer, McpTransport, Scope};
use crate::config::{Layer, mcp::is_variable};
use crate::mcp::catalog;
use crate::stdx::text::clean;

/// Longest block that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// `sofos mcp add`
pub(super) fn run(cx: &Cx<'_>, add: &Add) -> Result<u8, CliError> {
    if let Some(from) = &add.json_block {
        return block(cx, add, from);
    }
    let Some(name) = &add.name else {
        let stdin = std::io::stdin();
        if !stdin.is_terminal() && add.command.is_empty() && add.url.is_none() {
            return block(cx, add, "-");
        }
        return Err(CliError::Usage(
            "name a server: sofos mcp add ID for a known one, or sofos mcp add NAME -- COMMAND; \
             `sofos mcp add --help` shows all ways"
                .to_string(),
        ));
    };
    let server = described(add, name)?;
    write(cx, add.scope.into(), server)
}

/// The server that the arguments describe.
fn described(add: &Add, name: &str) -> Result<McpServer, CliError> {
    let usage = |words: String| Err(CliError::Usage(words));
    if !McpServer::is_name(name) {
        return usage(format!(
            "{name:?} cannot be the name of a server: letters, digits, - and _, at most 64"
        ));
    }
    let is_url = |text: &str| text.starts_with("http://") || text.starts_with("https://");
    let first = add.command.first().map(String::as_str);
    let url = add.url.as_deref().or(match (add.transport, first) {
        (Some(Transport::Http | Transport::Sse), Some(url)) => Some(url),
        (None, Some(url)) if is_url(url) => Some(url),
        _ => None,
    });
    let mut server = match (url, add.command.as_slice()) {
        (Some(url), _) => {
            if !is_url(url) {
                return usage(format!(
                    "{url:?} is no URL; it begins with https:// or http://"
                ));
            }
            McpServer::new(name, remote(add, url)?, Layer::User)
        }
        (None, [command, args @ ..]) => {
            let transport = McpTransport::Stdio {
                command: command.clone(),
                args: args.to_vec(),
                env: pairs(&add.env)?,
            };
            McpServer::new(name, transport, Layer::User)
        }
        (None, []) => {
            let Some(known) = catalog::find(name) else {
                let near: Vec<&str> = catalog::search(name)
                    .iter()
                    .take(6)
                    .map(|known| known.id.as_str())
                    .collect();
                let near = match near.is_empty() {
                    true => "`sofos mcp catalog` lists known servers".to_string(),
                    false => format!("known servers like it: {}", near.join(", ")),
                };
                return usage(format!(
                    "{name}: say how it is reached (-- COMMAND, or a URL); {near}"
                ));
            };
            let mut server = known.server(name);
            if let McpTransport::Stdio { env, .. } = &mut server.transport {
                env.extend(pairs(&add.env)?);
            }
            server
        }
    };
    if !add.header.is_empty() && matches!(server.transport, McpTransport::Stdio { .. }) {
        return usage(format!("{name}: a header needs a URL, not a command"));
    }
    server.timeout = add.timeout.unwrap_or(McpServer::DEFAULT_TIMEOUT);
    server.readonly = add.readonly;
    server.client_id.clone_from(&add.client_id);
    server.client_secret = add
        .client_secret_env_var
        .as_ref()
        .map(|name| format!("${{{name}}}"));
    Ok(server)
}

fn remote(add: &Add, url: &str) -> Result<McpTransport, CliError> {
    let mut headers = BTreeMap::new();
    for header in &add.header {
        let Some((name, value)) = header.split_once(':') else {
            return Err(CliError::Usage(format!(
                "a header is written \"Name: value\", found {header:?}"
            )));
        };
        headers.insert(name.trim().to_string(), value.trim().to_string());
    }
    if let Some(name) = &add.bearer_token_env_var {
        headers.insert("Authorization".to_string(), format!("Bearer ${{{name}}}"));
    }
    if !add.env.is_empty() {
        return Err(CliError::Usage(
            "a variable needs a command, not a URL; a remote server takes --header".to_string(),
        ));
    }
    Ok(McpTransport::Http {
        url: url.to_string(),
        headers,
    })
}

fn pairs(texts: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    texts
        .iter()
        .map(|text| {
            let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
            let pair = pair.map(|(key, value)| (key.to_string(), value.to_string()));
            pair.ok_or_else(|| {
                CliError::Usage(format!("a variable is written KEY=VALUE, found {text:?}"))
            })
        })
        .collect()
}

/// Servers of a pasted block.
fn block(cx: &Cx<'_>, add: &Add, from: &str) -> Result<u8, CliError> {
    let mut text = String::new();
    if from == "-" {
        let stdin = std::io::stdin();
        if stdin.is_terminal() {
            eprintln!("paste the server block, then Ctrl+D:");
        }
        let read = stdin.lock().take(LONGEST).read_to_string(&mut text);
        read.map_err(CliError::io("read standard input"))?;
    } else {
        text = std::fs::read_to_string(from).map_err(CliError::io(format!("read {from}")))?;
    }
    let (mut servers, odd) = mcp::block(&text, cx.paths).map_err(CliError::Usage)?;
    if let (Some(name), [server]) = (&add.name, &mut servers[..]) {
        if !McpServer::is_name(name) {
            return Err(CliError::Usage(format!(
                "{name:?} cannot be the name of a server"
            )));
        }
        server.name.clone_from(name);
    }
    for words in odd {
        complain(&words);
    }
    for server in servers {
        write(cx, add.scope.into(), server)?;
    }
    Ok(0)
}

/// `sofos mcp add-json`
pub(super) fn json(cx: &Cx<'_>, name: &str, json: &str, scope: ScopeName) -> Result<u8, CliError> {
    let block = format!("{{{}: {json}}}", serde_json::Value::from(name));
    let (servers, odd) = mcp::block(&block, cx.paths).map_err(CliError::Usage)?;
    for words in odd {
        complain(&words);
    }
    for server in servers {
        write(cx, scope.into(), server)?;
    }
    Ok(0)
}

/// `sofos mcp import`
pub(super) fn import(
    cx: &Cx<'_>,
    from: Option<ProgramName>,
    names: &[String],
    all: bool,
) -> Result<u8, CliError> {
    let mut found = mcp::user_files(cx.paths, cx.env);
    found.retain(|found| from.is_none_or(|from| from.0 == found.program));
    if found.is_empty() {
        println!("no other tool keeps an MCP server on this machine, as far as can be seen");
        return Ok(0);
    }
    if names.is_empty() && !all {
        for found in &found {
            let line = format!(
                "{:9} {:20} {}  {}",
                found.program.name(),
                found.server.name,
                found.server.shown(),
                found.server.from
            );
            println!("{}", clean(&line));
        }
        println!("take them over: sofos mcp import NAME…, or --all");
        return Ok(0);
    }
    let unknown = names
        .iter()
        .find(|name| !found.iter().any(|found| found.server.name == **name));
    if let Some(name) = unknown {
        return Err(CliError::Usage(format!(
            "no other tool has a server {name:?}; `sofos mcp import` lists them"
        )));
    }
    let mut done: Vec<String> = Vec::new();
    for found in found {
        let name = &found.server.name;
        let there = cx
            .config
            .mcp_servers
            .iter()
            .any(|server| server.name == *name);
        if !(all || names.contains(name)) || done.contains(name) {
            continue;
        }
        if there && all {
            println!("{name}: is there already");
            continue;
        }
        for words in &found.odd {
            complain(&format!("{name}: {words}"));
        }
        done.push(name.clone());
        write(cx, Scope::User, found.server)?;
    }
    Ok(0)
}

/// Writes a server and says what it still needs; at a terminal it is asked for.
fn write(cx: &Cx<'_>, scope: Scope, mut server: McpServer) -> Result<u8, CliError> {
    let hidden = cx.secrets.hide(&mut server)?;
    let path = mcp::add(cx.paths, scope, &server)?;
    println!("{}: added to {}", server.name, shown(&path));
    println!("  {}", clean(&server.shown()));
    for name in hidden {
        let path = shown(cx.secrets.store().path());
        println!("  {name} is stored in {path}, plain text that only you can read");
    }
    let asks = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    for name in cx.missing(&server) {
        if asks {
            let get = catalog::source(&name).unwrap_or_default();
            let prompt = format!("  {name} ({get}; not shown, Enter for later): ");
            let value = typed::read(&clean(&prompt)).map_err(CliError::io("read the secret"))?;
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                cx.secrets.set(&name, &value)?;
                continue;
            }
        }
        println!("  needs {name}: {}", clean(&show::missing(&name)));
    }
    Ok(0)
}

/// `sofos mcp secret`
pub(super) fn secret(cx: &Cx<'_>, what: &SecretSub) -> Result<u8, CliError> {
    match what {
        SecretSub::List => show::secrets(cx),
        SecretSub::Remove { name } => {
            if !cx.secrets.remove(name)? {
                let path = shown(cx.secrets.store().path());
                return Err(CliError::Usage(format!("no {name:?} is stored in {path}")));
            }
            println!("{name}: removed");
            Ok(0)
        }
        SecretSub::Set { name, from } => {
            if !is_variable(name) {
                return Err(CliError::Usage(format!(
                    "{name:?} cannot be a name: letters, digits and _, as in ${{NAME}}"
                )));
            }
            if from.as_ref().is_some_and(|from| from != "-") {
                return Err(CliError::Usage(
                    "a secret on the command line would be kept by the shell and seen by others; \
                     pipe it in (… | sofos mcp secret set NAME) or leave it out to be asked"
                        .to_string(),
                ));
            }
            let value = typed::read(&format!("{name} (not shown): "));
            let value = value.map_err(CliError::io("read the secret"))?;
            let Some(value) = value.filter(|value| !value.is_empty()) else {
                return Err(CliError::Usage(
                    "nothing was given; nothing is stored".to_string(),
                ));
            };
            cx.secrets.set(name, &value)?;
            let path = shown(cx.secrets.store().path());
            println!("{name}: stored in {path}, plain text that only you can read");
            if cx.env.get(name).is_some() {
                println!("the variable {name} is set, too, and beats it");
            }
            Ok(0)
        }
    }
}
