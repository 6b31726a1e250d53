//! One connection to one server.

mod calls;
mod lists;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::ServerPeerInfo;
use rmcp::service::RunningService;
use rmcp::{RoleClient, ServiceError};
use tokio::sync::{Mutex, OnceCell};
use tokio_util::sync::CancellationToken;

use super::cache::Era;
use super::connect::{self, Connection};
use super::elicit::Asking;
use super::error::McpError;
use super::expand::Secrets;
pub use super::handler::Progress;
use super::handler::{Handler, Shared};
use super::http;
use super::oauth;
use super::stderr::Stderr;
use crate::config::mcp::McpServer;
use crate::exec;
use crate::exec::service::Service;
use crate::stdx::redact;
use crate::stdx::text;

/// Longest wait for a process to end by itself.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an ended process may take to be seen as such.
const MOMENT: Duration = Duration::from_millis(300);
/// Longest instructions that are kept, in bytes.
const INSTRUCTIONS: usize = 4 * 1024;

/// What connecting needs beside the server itself.
#[derive(Clone)]
pub struct Wiring {
    /// Where processes are started.
    pub cwd: PathBuf,
    /// What they may inherit of the environment.
    pub env: Arc<exec::Env>,
    /// Values of variables and stored secrets.
    pub secrets: Secrets,
    /// Directory for what is kept of logins.
    pub dir: PathBuf,
    /// How it was spoken to last time.
    pub era: Option<Era>,
    /// Called when the lists of the server change.
    pub changed: Arc<dyn Fn() + Send + Sync>,
}

/// What a call may use.
#[derive(Clone)]
pub struct CallCx {
    /// Fires when the user stops the turn.
    pub cancel: CancellationToken,
    /// Shows how far the call is.
    pub progress: Option<Progress>,
    /// Puts questions of the server to the user.
    pub ask: Option<Asking>,
}

impl CallCx {
    /// Nobody watches, nobody can be asked.
    pub fn silent() -> Self {
        Self {
            cancel: CancellationToken::new(),
            progress: None,
            ask: None,
        }
    }
}

/// A connected server.
pub struct Client {
    server: McpServer,
    running: Mutex<Option<RunningService<RoleClient, Handler>>>,
    peer: rmcp::Peer<RoleClient>,
    shared: Arc<Shared>,
    closed: CancellationToken,
    process: Mutex<Option<Service>>,
    stderr: Stderr,
    era: Era,
    hidden: redact::Secrets,
    end: OnceCell<String>,
    /// Where logins are kept, and the address they belong to.
    login: Option<(PathBuf, String)>,
}

/// Connects to a server, once. The caller closes the client.
///
/// # Errors
/// When it cannot be started or reached, or wants something first.
pub async fn connect_once(server: &McpServer, wiring: &Wiring) -> Result<Client, McpError> {
    connect_with(server, wiring, &Stderr::default()).await
}

pub(super) async fn connect_with(
    server: &McpServer,
    wiring: &Wiring,
    stderr: &Stderr,
) -> Result<Client, McpError> {
    let shared = Arc::new(Shared::new(&server.name, wiring.changed.clone()));
    let Connection {
        running,
        process,
        closed,
        era,
        hidden,
    } = Box::pin(connect::connect(server, wiring, &shared, stderr)).await?;
    let client = Client {
        server: server.clone(),
        peer: running.peer().clone(),
        running: Mutex::new(Some(running)),
        shared,
        closed,
        process: Mutex::new(process),
        stderr: stderr.clone(),
        era,
        hidden,
        end: OnceCell::new(),
        login: http::endpoint(server, wiring)
            .ok()
            .map(|(url, _)| (wiring.dir.clone(), url)),
    };
    client.listen();
    Ok(client)
}

impl Client {
    /// Fires when the connection has ended.
    pub fn closed(&self) -> CancellationToken {
        self.closed.clone()
    }

    /// Whether it can still be used.
    pub fn is_closed(&self) -> bool {
        self.closed.is_cancelled() || self.peer.is_transport_closed()
    }

    fn info(&self) -> Option<Arc<ServerPeerInfo>> {
        self.peer.peer_info()
    }

    /// Protocol version in use.
    pub fn protocol(&self) -> String {
        let info = self.info();
        info.map_or_else(String::new, |info| {
            info.protocol_version.as_str().to_string()
        })
    }

    /// What the server says on how to use it, cleaned and cut.
    pub fn instructions(&self) -> Option<String> {
        let info = self.info()?;
        let words = text::clean(info.instructions.as_deref()?).into_owned();
        let words = text::prefix(words.trim(), INSTRUCTIONS);
        (!words.is_empty()).then(|| words.to_string())
    }

    fn odd(&self, cause: String) -> McpError {
        McpError::Odd {
            server: self.server.name.clone(),
            cause,
        }
    }

    async fn failed(&self, error: ServiceError) -> McpError {
        let server = self.server.name.clone();
        match error {
            ServiceError::McpError(error) => {
                let message = self
                    .hidden
                    .redact(&text::clean(&error.message))
                    .into_owned();
                McpError::Refused {
                    server,
                    code: error.code.0,
                    message: text::prefix(&message, 2000).to_string(),
                }
            }
            ServiceError::TransportClosed | ServiceError::Cancelled { .. } => self.ended().await,
            ServiceError::TransportSend(error) if connect::wants_login(&error) => {
                if let Some((dir, url)) = &self.login
                    && let Some(challenge) = oauth::challenge(&error)
                {
                    oauth::note(dir, url, challenge);
                }
                McpError::Login { server }
            }
            ServiceError::TransportSend(error) => McpError::Connect {
                server,
                cause: connect::chain(&error),
            },
            other => McpError::Odd {
                server,
                cause: other.to_string(),
            },
        }
    }

    /// How the process ended, in words.
    async fn end(&self) -> &str {
        let seen = self.end.get_or_init(|| async {
            match self.process.lock().await.as_mut() {
                None => "the connection was closed".to_string(),
                Some(process) => {
                    let how = tokio::time::timeout(MOMENT, process.wait()).await;
                    how.unwrap_or_else(|_| "it closed its output".to_string())
                }
            }
        });
        seen.await
    }

    /// How the connection ended, with the last words of the process.
    async fn ended(&self) -> McpError {
        let cause = self.end().await;
        McpError::Ended {
            server: self.server.name.clone(),
            cause: format!("{cause}{}", self.stderr.last_words()),
        }
    }

    /// Ends the connection, and the process behind it.
    pub async fn close(&self) {
        if self.closed.is_cancelled() {
            // It ended by itself: how is worth knowing.
            self.end().await;
        }
        let running = self.running.lock().await.take();
        if let Some(mut running) = running {
            let _ = running.close_with_timeout(PATIENCE).await;
        }
        self.closed.cancel();
        if let Some(mut process) = self.process.lock().await.take() {
            process.stop(PATIENCE).await;
        }
    }
}
