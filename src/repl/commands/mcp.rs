//! `/mcp`: the servers with tools, and what can be done with them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use super::Flow;
use crate::config::mcp::{self, McpServer, McpTransport, Scope, Secrets};
use crate::config::{self, Config, ConfigError, Env, Paths};
use crate::mcp::{Hub, McpError, ServerState, catalog};
use crate::protocol::event::{AgentEvent, NoticeLevel, UiEvent};
use crate::protocol::picker::{PickRow, Picker};
use crate::repl::status::Reporter;
use crate::repl::worker::Worker;

mod access;
mod shown;

pub(super) use access::{PURPOSE, store};
use shown::{cell, code, detail};

const USAGE: &str = "usage: /mcp · /mcp list · /mcp add ID · /mcp add NAME COMMAND or URL · \
                     /mcp show|on|off|reconnect|disconnect|login|logout|secrets|delete NAME";

/// What the command works with.
pub(in crate::repl) struct Panel {
    paths: Paths,
    secrets: Arc<Secrets>,
    /// The list is kept up to date.
    watched: AtomicBool,
    /// Where the address of a login that is under way can be given by hand.
    pasting: Option<mpsc::Sender<String>>,
}

impl Panel {
    pub(in crate::repl) fn new(paths: Paths, secrets: Arc<Secrets>) -> Self {
        Self {
            paths,
            secrets,
            watched: AtomicBool::new(false),
            pasting: None,
        }
    }

    /// The settings as they stand now.
    fn config(&self) -> Result<Config, ConfigError> {
        config::load(&self.paths, &Env::default(), false)
    }
}

pub(super) fn run(worker: &mut Worker, arguments: &str) -> Flow {
    let (verb, rest) = arguments
        .split_once(char::is_whitespace)
        .unwrap_or((arguments, ""));
    let rest = rest.trim();
    match (verb, rest) {
        ("", _) => open(worker),
        ("list", "") => list(worker),
        ("add", "") => worker
            .reporter
            .send(UiEvent::Pick(Box::new(shown::known(&worker.mcp.servers())))),
        ("add", what) => add(worker, what),
        ("reconnect", "") => {
            for view in worker.mcp.views() {
                if view.state != ServerState::Off {
                    connect(worker, &view.name);
                }
            }
        }
        ("paste", address) if !address.is_empty() => access::paste(worker, address),
        // "keep it" of the question before a deletion
        ("delete!", "") => {}
        (_, "") => worker.notice(NoticeLevel::Info, USAGE),
        (verb, name) => of_server(worker, verb, name),
    }
    Flow::GoOn
}

/// What is done with one server.
fn of_server(worker: &mut Worker, verb: &str, name: &str) {
    let servers = worker.mcp.servers();
    let Some(server) = servers.into_iter().find(|server| server.name == name) else {
        let words = format!("there is no MCP server {name:?}; /mcp list shows those there are");
        return worker.notice(NoticeLevel::Error, words);
    };
    match verb {
        "show" => show(worker, name),
        "toggle" => switch(worker, name, !server.enabled),
        "on" => switch(worker, name, true),
        "off" => switch(worker, name, false),
        "reconnect" | "connect" => connect(worker, name),
        "disconnect" => {
            let (hub, name) = (worker.mcp.clone(), name.to_string());
            tokio::spawn(async move { hub.disconnect(&name).await });
        }
        "login" => access::login(worker, server),
        "logout" => access::logout(worker, &server),
        "secrets" => access::secrets(worker, &server),
        "delete" => worker.reporter.send(UiEvent::Pick(Box::new(Picker {
            title: format!("delete the MCP server {name}"),
            rows: vec![
                PickRow::new("", "keep it", ""),
                PickRow::new(name, "delete it", "from the settings; stored secrets stay"),
            ],
            command: "/mcp delete!".into(),
            verb: "choose".into(),
            ..Picker::default()
        }))),
        "delete!" => delete(worker, name),
        _ => worker.notice(NoticeLevel::Info, USAGE),
    }
}

fn open(worker: &mut Worker) {
    let views = worker.mcp.views();
    let picker = match views.is_empty() {
        true => shown::known(&worker.mcp.servers()),
        false => shown::picker(&views, false),
    };
    worker.reporter.send(UiEvent::Pick(Box::new(picker)));
    if worker.mcp_panel.watched.swap(true, Ordering::Relaxed) {
        return;
    }
    let (mut changes, hub) = (worker.mcp.changes(), Arc::downgrade(&worker.mcp));
    let reporter = worker.reporter.clone();
    tokio::spawn(async move {
        while changes.changed().await.is_ok() {
            let Some(hub) = hub.upgrade() else { break };
            let picker = shown::picker(&hub.views(), true);
            reporter.send(UiEvent::Pick(Box::new(picker)));
        }
    });
}

fn list(worker: &Worker) {
    let views = worker.mcp.views();
    if views.is_empty() {
        let words = "no MCP server yet; /mcp add shows known ones, `sofos mcp add` takes a \
                     command, a URL or the block of a README";
        return worker.notice(NoticeLevel::Info, words);
    }
    let mut markdown = String::from("| server | state | reached by |\n|---|---|---|\n");
    for view in views {
        markdown.push_str(&format!(
            "| {} | {} | {} |\n",
            view.name,
            cell(&detail(&view)),
            code(&view.reached_by)
        ));
    }
    worker.reporter.send(UiEvent::Text { markdown });
}

/// Everything about one server.
fn show(worker: &Worker, name: &str) {
    let views = worker.mcp.views();
    if let Some(view) = views.iter().find(|view| view.name == name) {
        let markdown = shown::described(view);
        worker.reporter.send(UiEvent::Text { markdown });
    }
}

fn connect(worker: &Worker, name: &str) {
    let (hub, name) = (worker.mcp.clone(), name.to_string());
    let reporter = worker.reporter.clone();
    tokio::spawn(async move {
        let result = hub.connect(&name).await;
        said(&hub, &reporter, &name, result);
    });
}

/// Says what came of an attempt.
fn said(hub: &Hub, reporter: &Reporter, name: &str, result: Result<(), McpError>) {
    let (level, text) = match result {
        Ok(()) => {
            let views = hub.views();
            let view = views.iter().find(|view| view.name == name);
            let detail = view.map(detail).unwrap_or_default();
            (NoticeLevel::Info, format!("MCP server {name}: {detail}"))
        }
        Err(error) => (NoticeLevel::Error, error.to_string()),
    };
    reporter.agent_event(AgentEvent::Notice { level, text });
}

/// Takes changed settings over.
fn reload(worker: &Worker) -> Result<(), ConfigError> {
    let config = worker.mcp_panel.config()?;
    let mut servers = config.mcp_servers;
    // What was trusted for this run alone stays, as long as it is the same.
    let known = worker.mcp.servers();
    for server in config.mcp_untrusted {
        let new = !servers.iter().any(|other| other.name == server.name);
        if new && known.contains(&server) {
            servers.push(server);
        }
    }
    worker.mcp.replace(servers);
    Ok(())
}

/// Takes a change of the settings over and reports it.
fn changed(worker: &Worker, done: Result<String, ConfigError>) {
    match done.and_then(|words| reload(worker).map(|()| words)) {
        Ok(words) => worker.notice(NoticeLevel::Info, words),
        Err(error) => worker.notice(NoticeLevel::Error, error.to_string()),
    }
}

fn switch(worker: &Worker, name: &str, on: bool) {
    let panel = &worker.mcp_panel;
    let done = panel.config().and_then(|config| {
        let path = mcp::set_enabled(&panel.paths, &config, name, on)?;
        let state = if on { "on" } else { "off" };
        let path = path.display();
        Ok(format!("MCP server {name}: switched {state} in {path}"))
    });
    changed(worker, done);
}

fn delete(worker: &Worker, name: &str) {
    let done = mcp::remove(&worker.mcp_panel.paths, name, None).map(|files| {
        let files = files.iter().map(|path| path.display().to_string());
        let files: Vec<String> = files.collect();
        match files.is_empty() {
            true => format!(
                "MCP server {name} stands in another tool's file; /mcp off {name} switches it off \
                 here"
            ),
            false => format!("MCP server {name}: deleted from {}", files.join(", ")),
        }
    });
    changed(worker, done);
}

/// The server of what follows `/mcp add`: a known one, or a name with a command or URL.
fn given(what: &str) -> Option<McpServer> {
    let mut words = what.split_whitespace().map(str::to_string);
    let name = words.next()?;
    let mut rest = words.skip_while(|word| word == "--");
    let server = match rest.next() {
        None => catalog::find(&name)?.server(&name),
        Some(first) => {
            let transport = match first.starts_with("http://") || first.starts_with("https://") {
                true => McpTransport::Http {
                    url: first,
                    headers: BTreeMap::new(),
                },
                false => McpTransport::Stdio {
                    command: first,
                    args: rest.collect(),
                    env: BTreeMap::new(),
                },
            };
            McpServer::new(&name, transport, config::Layer::User)
        }
    };
    McpServer::is_name(&server.name).then_some(server)
}

fn add(worker: &Worker, what: &str) {
    let Some(server) = given(what) else {
        let words = "that is no known server; say how it is reached: /mcp add NAME COMMAND or URL";
        return worker.notice(NoticeLevel::Error, words);
    };
    let name = &server.name;
    let done = mcp::add(&worker.mcp_panel.paths, Scope::User, &server)
        .map(|path| format!("MCP server {name}: added to {}", path.display()));
    let added = done.is_ok();
    changed(worker, done);
    if added && !access::missing(worker, &server).is_empty() {
        access::secrets(worker, &server);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_add_is_a_known_server_a_command_or_an_address() {
        let shown = |what: &str| given(what).map(|server| server.shown());
        assert_eq!(shown("git").as_deref(), Some("uvx mcp-server-git"));
        assert_eq!(shown("x -- npx -y p").as_deref(), Some("npx -y p"));
        assert_eq!(shown("x https://a/b").as_deref(), Some("https://a/b"));
        assert_eq!(shown("no-such-server"), None);
        assert_eq!(shown("a.b npx"), None);
    }
}
