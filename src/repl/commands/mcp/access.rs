//! What a server of MCP needs to be used: its secrets and its login.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{connect, said};
use crate::config::mcp::{McpServer, McpTransport};
use crate::exec::browse;
use crate::mcp::catalog;
use crate::mcp::oauth::{self, Login, Step};
use crate::protocol::command::Secret;
use crate::protocol::event::{AgentEvent, NoticeLevel, UiEvent};
use crate::repl::worker::Worker;

/// Begins the purpose of a secret that is for a server.
pub(in crate::repl::commands) const PURPOSE: &str = "mcp:";

/// The variables a server needs that are not set.
pub(super) fn missing(worker: &Worker, server: &McpServer) -> Vec<String> {
    let mut names = server.variables();
    names.retain(|name| worker.mcp_panel.secrets.origin(name).is_none());
    names
}

/// Asks for what a server needs: what is missing first.
pub(super) fn secrets(worker: &Worker, server: &McpServer) {
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
pub(in crate::repl::commands) fn store(worker: &Worker, variable: &str, secret: &Secret) {
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

/// Begins a login; it goes on beside the conversation.
pub(super) fn login(worker: &mut Worker, server: McpServer) {
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

/// Hands the address a login ended at to the login that waits for it.
pub(super) fn paste(worker: &Worker, address: &str) {
    let waits = worker.mcp_panel.pasting.as_ref();
    if waits.is_none_or(|sender| sender.try_send(address.to_string()).is_err()) {
        let words = "no login waits for an address; /mcp login NAME begins one";
        worker.notice(NoticeLevel::Error, words);
    }
}

/// Forgets the tokens of a server.
pub(super) fn logout(worker: &Worker, server: &McpServer) {
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
