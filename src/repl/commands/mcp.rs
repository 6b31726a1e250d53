//! `/mcp`: the servers with tools, and what can be done with them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use super::Flow;
use crate::config::mcp::{self, McpServer, McpTransport, Scope, Secrets};
use crate::config::{self, Config, ConfigError, Env, Paths};
use crate::exec::browse;
use crate::mcp::oauth::{self, Login, Step};
use crate::mcp::{Hub, McpError, ServerState, ServerView, catalog};
use crate::protocol::command::Secret;
use crate::protocol::event::{AgentEvent, NoticeLevel, UiEvent};
use crate::protocol::picker::{PickKey, PickRow, Picker};
use crate::repl::status::Reporter;
use crate::repl::worker::Worker;
use crate::stdx::text::{clean, one_line, plural};

/// Begins the purpose of a secret that is for a server.
pub(super) const PURPOSE: &str = "mcp:";

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
        ("add", "") => worker.reporter.send(UiEvent::Pick(Box::new(known(worker)))),
        ("add", what) => add(worker, what),
        ("reconnect", "") => {
            for view in worker.mcp.views() {
                if view.state != ServerState::Off {
                    connect(worker, &view.name);
                }
            }
        }
        ("paste", address) if !address.is_empty() => paste(worker, address),
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
        "login" => login(worker, server),
        "logout" => logout(worker, &server),
        "secrets" => secrets(worker, &server),
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

/// What a server is like, in a line.
fn detail(view: &ServerView) -> String {
    let mut parts = vec![view.state.as_str().to_string()];
    if !view.tools.is_empty() {
        let offered = view.tools.iter().filter(|tool| tool.offered).count();
        parts.push(plural(offered, "tool"));
    }
    let missing = view.secrets.iter().filter(|(_, there)| !there);
    let missing: Vec<&str> = missing.map(|(name, _)| name.as_str()).collect();
    if !missing.is_empty() {
        parts.push(format!("needs {}", missing.join(", ")));
    }
    if let Some(error) = &view.error {
        let start = format!("MCP server {} ", view.name);
        let error = error.strip_prefix(&start).unwrap_or(error);
        parts.push(one_line(error, 100));
    }
    parts.join(" · ")
}

/// The list of servers.
fn picker(views: &[ServerView], renews: bool) -> Picker {
    let key = |letter, label: &str, command: &str| PickKey {
        letter,
        label: label.into(),
        command: command.into(),
    };
    Picker {
        title: "MCP servers".into(),
        rows: views
            .iter()
            .map(|view| {
                let mut below = vec![format!("{}  ({})", view.reached_by, view.from)];
                below.extend(view.error.clone().or_else(|| view.stderr.last().cloned()));
                PickRow::new(&view.name, &view.name, detail(view)).previewed(below)
            })
            .collect(),
        command: "/mcp show".into(),
        verb: "details".into(),
        keys: vec![
            key('e', "on/off", "/mcp toggle"),
            key('r', "connect", "/mcp reconnect"),
            key('o', "disconnect", "/mcp disconnect"),
            key('l', "log in", "/mcp login"),
            key('s', "secrets", "/mcp secrets"),
            key('x', "delete", "/mcp delete"),
        ],
        renews,
        ..Picker::default()
    }
}

fn open(worker: &mut Worker) {
    let views = worker.mcp.views();
    let picker = match views.is_empty() {
        true => known(worker),
        false => self::picker(&views, false),
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
            let picker = self::picker(&hub.views(), true);
            reporter.send(UiEvent::Pick(Box::new(picker)));
        }
    });
}

/// The catalogue, without what is there already.
fn known(worker: &Worker) -> Picker {
    let there = worker.mcp.servers();
    let rows = catalog::all()
        .iter()
        .filter(|known| !there.iter().any(|server| server.name == known.id));
    Picker {
        title: "add MCP server".into(),
        rows: rows
            .map(|known| {
                let needs = known
                    .secrets
                    .iter()
                    .map(|needed| format!("needs {}: {}", needed.name, needed.get));
                let needs: Vec<String> = needs.collect();
                let reached = known.server(&known.id).shown();
                let about = format!("{} · {}", known.about, known.group);
                PickRow::new(&known.id, &known.title, about)
                    .previewed(vec![reached, needs.join(" · ")])
            })
            .collect(),
        command: "/mcp add".into(),
        verb: "add".into(),
        ..Picker::default()
    }
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

/// A text that stays in its cell of a table.
fn cell(text: &str) -> String {
    clean(text).replace(['|', '\n', '`'], " ")
}

fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}

/// Everything about one server.
fn show(worker: &Worker, name: &str) {
    let views = worker.mcp.views();
    if let Some(view) = views.iter().find(|view| view.name == name) {
        let markdown = described(view);
        worker.reporter.send(UiEvent::Text { markdown });
    }
}

fn described(view: &ServerView) -> String {
    let mut out = format!("**{}** · {}\n\n", view.name, view.state.as_str());
    out.push_str(&format!("- reached by {}\n", code(&view.reached_by)));
    out.push_str(&format!("- stands in {}\n", code(&view.from)));
    if let Some(protocol) = &view.protocol {
        out.push_str(&format!("- protocol {}\n", code(protocol)));
    }
    for (variable, there) in &view.secrets {
        let words = match (there, catalog::source(variable)) {
            (true, _) => "is there".to_string(),
            (false, Some(get)) => format!("is not set; get it: {get}"),
            (false, None) => "is not set".to_string(),
        };
        out.push_str(&format!("- {} {words}\n", code(variable)));
    }
    if let Some(error) = &view.error {
        out.push_str(&format!("- error: {}\n", code(error)));
    }
    if !view.tools.is_empty() {
        out.push_str("\n| tool | does |\n|---|---|\n");
        for tool in &view.tools {
            let hidden = if tool.offered { "" } else { " (not offered)" };
            let summary = cell(&tool.summary);
            out.push_str(&format!("| {} | {summary}{hidden} |\n", code(&tool.name)));
        }
    }
    if !view.stderr.is_empty() {
        let lines = view.stderr.iter().map(|line| line.replace('`', " "));
        let lines: Vec<String> = lines.collect();
        let lines = lines.join("\n");
        out.push_str(&format!("\nits last words:\n\n```text\n{lines}\n```\n"));
    }
    out
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
    if added && !missing(worker, &server).is_empty() {
        secrets(worker, &server);
    }
}

fn missing(worker: &Worker, server: &McpServer) -> Vec<String> {
    let mut names = server.variables();
    names.retain(|name| worker.mcp_panel.secrets.origin(name).is_none());
    names
}

/// Asks for what a server needs: what is missing first.
fn secrets(worker: &Worker, server: &McpServer) {
    let name = &server.name;
    let first = missing(worker, server).into_iter().next();
    let Some(variable) = first.or_else(|| server.variables().into_iter().next()) else {
        let words = format!("the settings of {name} refer to no secret");
        return worker.notice(NoticeLevel::Info, words);
    };
    if let Some(get) = catalog::source(&variable) {
        worker.notice(NoticeLevel::Info, format!("{variable}: {get}"));
    }
    worker.reporter.send(UiEvent::AskSecret {
        title: format!("{variable} for {name}"),
        purpose: format!("{PURPOSE}{variable}"),
    });
}

/// Stores what was typed, and connects the servers that waited for it.
pub(super) fn store(worker: &Worker, variable: &str, secret: &Secret) {
    let panel = &worker.mcp_panel;
    if let Err(error) = panel.secrets.set(variable, &secret.0) {
        return worker.notice(NoticeLevel::Error, error.to_string());
    }
    let path = panel.secrets.store().path().display().to_string();
    let words = format!("{variable}: stored in {path}, plain text that only you can read");
    worker.notice(NoticeLevel::Info, words);
    for server in worker.mcp.servers() {
        let uses = server.variables().iter().any(|name| name == variable);
        if server.enabled && uses {
            match missing(worker, &server).is_empty() {
                true => connect(worker, &server.name),
                false => secrets(worker, &server),
            }
        }
    }
}

fn login(worker: &mut Worker, server: McpServer) {
    let (sender, pasted) = mpsc::channel(1);
    worker.mcp_panel.pasting = Some(sender);
    let secrets = worker.mcp_panel.secrets.clone();
    let dir = worker.mcp_panel.paths.mcp();
    let (hub, reporter) = (worker.mcp.clone(), worker.reporter.clone());
    tokio::spawn(async move {
        let tell = |step: Step<'_>| {
            let (level, text) = match step {
                Step::Open(address) => {
                    browse::open(address);
                    let words = format!(
                        "open this address in a browser and allow sofos: {address}\nIf the \
                         browser runs on another machine: /mcp paste and the address it ends at"
                    );
                    (NoticeLevel::Info, words)
                }
                Step::Odd => {
                    let words = "that is not the address of this login; it holds another state";
                    (NoticeLevel::Warning, words.to_string())
                }
            };
            reporter.agent_event(AgentEvent::Notice { level, text });
        };
        let done = oauth::login(Login {
            server: &server,
            dir,
            secrets: Arc::new(move |name| secrets.get(name)),
            tell: &tell,
            pasted: Some(pasted),
        });
        let done = match Box::pin(done).await {
            Ok(()) => hub.connect(&server.name).await,
            Err(error) => Err(error),
        };
        said(&hub, &reporter, &server.name, done);
    });
}

fn paste(worker: &Worker, address: &str) {
    let waits = worker.mcp_panel.pasting.as_ref();
    if waits.is_none_or(|sender| sender.try_send(address.to_string()).is_err()) {
        let words = "no login waits for an address; /mcp login NAME begins one";
        worker.notice(NoticeLevel::Error, words);
    }
}

fn logout(worker: &Worker, server: &McpServer) {
    let name = &server.name;
    let McpTransport::Http { url, .. } = &server.transport else {
        let words = format!("{name} is a process; it has no login");
        return worker.notice(NoticeLevel::Info, words);
    };
    let secrets = &worker.mcp_panel.secrets;
    let url = crate::mcp::expand(url, &|name| secrets.get(name)).unwrap_or_else(|_| url.clone());
    match oauth::logout(&worker.mcp_panel.paths.mcp(), &url) {
        Ok(true) => {
            let words = format!("{name}: logged out; its tokens are forgotten here");
            worker.notice(NoticeLevel::Info, words);
            connect(worker, name);
        }
        Ok(false) => worker.notice(NoticeLevel::Info, format!("{name}: there was no login")),
        Err(error) => worker.notice(NoticeLevel::Error, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::ToolLine;

    fn view() -> ServerView {
        ServerView {
            name: "files".into(),
            reached_by: "npx -y `pkg`".into(),
            from: "config.toml:3".into(),
            state: ServerState::Failed,
            protocol: Some("2026-07-28".into()),
            tools: vec![
                ToolLine {
                    name: "read".into(),
                    summary: "Reads | a file".into(),
                    offered: true,
                },
                ToolLine {
                    name: "rm".into(),
                    summary: "Removes".into(),
                    offered: false,
                },
            ],
            secrets: vec![("BRAVE_API_KEY".into(), false), ("THERE".into(), true)],
            error: Some("it ended".into()),
            stderr: vec!["starting".into(), "```boom".into()],
        }
    }

    #[test]
    fn the_list_tells_state_tools_secrets_and_the_last_error() {
        let picker = picker(&[view()], true);
        let row = &picker.rows[0];
        assert_eq!(
            row.detail,
            "failed · 1 tool · needs BRAVE_API_KEY · it ended"
        );
        assert_eq!(row.preview[1], "it ended");
        // Letters of shortcuts that the list itself takes would never arrive.
        let taken = ['c', 'd', 'g', 'p', 'n', 'u'];
        assert!(picker.keys.iter().all(|key| !taken.contains(&key.letter)));
        assert!(picker.renews);
    }

    #[test]
    fn details_show_tools_and_last_words_and_nothing_breaks_out() {
        let text = described(&view());
        for part in [
            "**files** · failed",
            "`npx -y  pkg `",
            "`BRAVE_API_KEY` is not set; get it: https://",
            "| `read` | Reads   a file |",
            "| `rm` | Removes (not offered) |",
            "starting\n   boom\n```",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

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
