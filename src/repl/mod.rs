//! The worker thread and the slash commands.
//!
//! One thread owns the conversation, the provider and the tool loop. It hears
//! [`Command`]s and sends [`UiEvent`]s; front ends hold nothing of its state.

pub mod commands;
pub mod doctor;
mod own;
mod queue;
mod replay;
mod servers;
pub mod signals;
mod status;
mod worker;

use std::sync::Arc;
use std::thread::JoinHandle;

use crate::agent::{Budget, Roles};
use crate::config::Paths;
use crate::config::mcp::Secrets;
use crate::exec::Env;
use crate::mcp::Hub;
use crate::permission::RuleBook;
use crate::protocol::command::Command;
use crate::protocol::entry::Settings;
use crate::protocol::event::UiEvent;
use crate::protocol::model::{ModelInfo, WebSearch};
use crate::provider::{Access, Provider};
use crate::session::{Session, SessionError};

/// Where the worker's events go: a front end's inbox. Never blocks.
pub type EventSink = Box<dyn Fn(UiEvent) + Send + Sync>;

/// Where a front end's commands go.
pub type CommandSender = tokio::sync::mpsc::UnboundedSender<Command>;

/// Everything the worker starts with.
pub struct Setup {
    /// Where things lie.
    pub paths: Paths,
    /// What commands inherit of the environment.
    pub env: Arc<Env>,
    /// Settings in force.
    pub settings: Settings,
    /// The model.
    pub model: Arc<ModelInfo>,
    /// Who answers.
    pub provider: Arc<dyn Provider>,
    /// Keys and addresses of vendors.
    pub access: Arc<Access>,
    /// Models for other work than the conversation itself.
    pub roles: Roles,
    /// What the session may spend.
    pub budget: Budget,
    /// The conversation, new or resumed.
    pub session: Session,
    /// What the user should know before anything else, one line each.
    pub warnings: Vec<String>,
    /// Somebody is there to answer questions.
    pub interactive: bool,
    /// A command whose first line of output ends the status line.
    pub status_command: Option<String>,
    /// A command to notify the user.
    pub notify_command: Option<String>,
    /// Commands run in the system's sandbox, where there is one.
    pub sandbox: bool,
    /// Share of the window at which a conversation is compacted, in percent.
    pub compact_at: u8,
    /// What the user allowed, denied, or wants to be asked about.
    pub rules: Arc<RuleBook>,
    /// Who searches the web.
    pub web_search: WebSearch,
    /// MCP servers.
    pub mcp: Arc<Hub>,
    /// What MCP servers need, from the environment or stored.
    pub mcp_secrets: Arc<Secrets>,
    /// How finished lines reach the terminal's scrollback, in words.
    pub scrollback: String,
}

/// What can go wrong with the worker itself.
#[derive(Debug, thiserror::Error)]
pub enum ReplError {
    /// The thread or its runtime cannot be started.
    #[error("cannot start the worker: {0}")]
    Start(#[from] std::io::Error),
    /// The workspace cannot be used.
    #[error("cannot open the workspace {path}: {source}")]
    Workspace {
        /// The directory.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The session cannot be used.
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// A running worker.
pub struct Handle {
    /// Where commands go.
    pub commands: CommandSender,
    thread: JoinHandle<()>,
}

impl Handle {
    /// Waits until the worker has ended. False when it died of a panic.
    pub fn join(self) -> bool {
        self.thread.join().is_ok()
    }
}

/// Starts the worker on a thread of its own.
///
/// # Errors
/// When the thread, its runtime or the workspace cannot be had; the sink is told
/// as well, as the last event.
pub fn spawn(setup: Setup, sink: EventSink) -> Result<Handle, ReplError> {
    let sink: Arc<dyn Fn(UiEvent) + Send + Sync> = Arc::from(sink);
    start(setup, sink.clone()).inspect_err(|error| {
        let summary = error.to_string();
        sink(UiEvent::Exit { summary });
    })
}

fn start(setup: Setup, sink: Arc<dyn Fn(UiEvent) + Send + Sync>) -> Result<Handle, ReplError> {
    let (commands, receiver) = tokio::sync::mpsc::unbounded_channel();
    let worker = worker::Worker::new(setup, sink.clone(), receiver)?;
    // One thread is enough: the work is waiting. Disk and search go to the
    // blocking pool.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let thread = std::thread::Builder::new()
        .name("sofos-worker".into())
        .spawn(move || {
            // Without this a panic would leave the front end waiting for ever.
            let _last_word = LastWord(sink);
            runtime.block_on(worker.run());
            // Commands that a tool left behind must not hold up the exit.
            runtime.shutdown_background();
        })?;
    Ok(Handle { commands, thread })
}

/// Says goodbye when the worker ends by a panic.
struct LastWord(Arc<dyn Fn(UiEvent) + Send + Sync>);

impl Drop for LastWord {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let summary =
                "sofos ended by a bug in its worker; the session is saved up to here".to_string();
            (self.0)(UiEvent::Exit { summary });
        }
    }
}
