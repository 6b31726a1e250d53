//! Every configured server: known from earlier, connected when needed, watched.

mod calls;
mod connect;
mod entry;
mod views;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;

use self::entry::Entry;
use super::cache::Cache;
use super::error::McpError;
use super::expand::Secrets;
use super::state::ServerState;
use super::tool::McpTool;
use crate::config::mcp::McpServer;
use crate::exec;

/// Longest wait for all servers to end.
const ENDING: Duration = Duration::from_secs(5);

/// What a hub is made of.
pub struct HubParts {
    /// The servers of the settings.
    pub servers: Vec<McpServer>,
    /// Where schemas and what else is known of servers is kept.
    pub cache_dir: PathBuf,
    /// Where processes are started: the workspace.
    pub cwd: PathBuf,
    /// What they may inherit of the environment.
    pub env: Arc<exec::Env>,
    /// Values of variables and stored secrets by name, the environment first.
    pub secrets: Secrets,
}

/// What a server offers the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// Its name.
    pub server: String,
    /// How to use it, in its own words, cleaned.
    pub instructions: Option<String>,
    /// Its tools by name: the name the model calls it by, and the tool.
    pub tools: Vec<(String, McpTool)>,
    /// The user believes its read-only hints.
    pub readonly: bool,
}

/// All servers. Shared as `Arc<Hub>`.
pub struct Hub {
    own: Weak<Hub>,
    cwd: PathBuf,
    env: Arc<exec::Env>,
    secrets: Secrets,
    dir: PathBuf,
    cache: Cache,
    entries: Mutex<BTreeMap<String, Arc<Entry>>>,
    changes: watch::Sender<u64>,
}

impl Hub {
    /// The servers of the settings. Nothing is started and nothing is waited for.
    pub fn new(parts: HubParts) -> Arc<Self> {
        let HubParts {
            servers,
            cache_dir,
            cwd,
            env,
            secrets,
        } = parts;
        let hub = Arc::new_cyclic(|own| Self {
            own: own.clone(),
            cwd,
            env,
            secrets,
            cache: Cache::new(cache_dir.clone()),
            dir: cache_dir,
            entries: Mutex::default(),
            changes: watch::Sender::new(0),
        });
        let entries = servers.into_iter().map(|server| {
            let entry = Arc::new(hub.entry(server));
            (entry.server.name.clone(), entry)
        });
        let entries = entries.collect();
        *hub.entries() = entries;
        hub
    }

    fn entry(&self, server: McpServer) -> Entry {
        let known = self.cache.known(&server);
        let state = match server.enabled {
            false => ServerState::Off,
            true if !self.missing(&server).is_empty() => ServerState::NeedsSecrets,
            true => ServerState::Idle,
        };
        Entry::new(server, state, known)
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Entry>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<Arc<Entry>> {
        self.entries().values().cloned().collect()
    }

    fn find_entry(&self, name: &str) -> Result<Arc<Entry>, McpError> {
        let found = self.entries().get(name).cloned();
        found.ok_or_else(|| McpError::Unknown(name.to_string()))
    }

    fn bump(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Changes whenever a view does.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// No servers at all.
    pub fn none() -> Arc<Self> {
        Self::new(HubParts {
            servers: Vec::new(),
            cache_dir: PathBuf::new(),
            cwd: PathBuf::new(),
            env: Arc::default(),
            secrets: Arc::new(|_| None),
        })
    }

    /// No server is switched on in the settings.
    pub fn is_empty(&self) -> bool {
        self.entries().values().all(|entry| !entry.server.enabled)
    }

    /// Connects the servers of which nothing is known yet and waits for them: what
    /// went wrong with those of which nothing is known then.
    pub async fn learn(&self) -> Vec<McpError> {
        let unknown = self.unknown();
        let all = self.all();
        let asked = all
            .iter()
            .filter(|entry| unknown.contains(&entry.server.name));
        let answers = join_all(asked.map(|entry| self.ensure(entry))).await;
        answers.into_iter().filter_map(Result::err).collect()
    }

    /// Connects the servers of which nothing is known yet, in the background of the
    /// running runtime. The others wait for their first call.
    pub fn start(self: &Arc<Self>) {
        for entry in self.all() {
            self.start_one(&entry);
        }
    }

    /// Waits until the servers that are being connected have answered, at most so
    /// long. The names of those that have not.
    pub async fn settle(&self, most: Duration) -> Vec<String> {
        let mut changes = self.changes();
        let settled =
            async { while !self.connecting().is_empty() && changes.changed().await.is_ok() {} };
        let _ = tokio::time::timeout(most, settled).await;
        self.connecting()
    }

    fn connecting(&self) -> Vec<String> {
        self.all()
            .iter()
            .filter(|entry| entry.live().state == ServerState::Connecting)
            .map(|entry| entry.server.name.clone())
            .collect()
    }

    /// Connects a server, or connects it again.
    ///
    /// # Errors
    /// When it cannot be started or reached, or wants something first.
    pub async fn connect(self: &Arc<Self>, name: &str) -> Result<(), McpError> {
        let entry = self.find_entry(name)?;
        self.drop_client(&entry).await;
        {
            let mut live = entry.live();
            live.not_before = None;
            live.failures = 0;
            live.state = ServerState::Connecting;
        }
        self.ensure(&entry).await.map(drop)
    }

    /// Ends the connection to a server and keeps it off for this run.
    pub async fn disconnect(&self, name: &str) {
        if let Ok(entry) = self.find_entry(name) {
            entry.live().state = ServerState::Off;
            self.bump();
            self.drop_client(&entry).await;
        }
    }

    /// Takes the servers of changed settings over; what did not change stays as it is.
    pub fn replace(self: &Arc<Self>, servers: Vec<McpServer>) {
        let mut old = std::mem::take(&mut *self.entries());
        let mut started = Vec::new();
        for server in servers {
            let name = server.name.clone();
            let entry = match old.remove(&name) {
                Some(entry) if entry.server == server => entry,
                other => {
                    old.extend(other.map(|entry| (name.clone(), entry)));
                    let entry = Arc::new(self.entry(server));
                    started.push(entry.clone());
                    entry
                }
            };
            self.entries().insert(name, entry);
        }
        for entry in started {
            self.start_one(&entry);
        }
        let hub = self.clone();
        tokio::spawn(async move {
            for entry in old.into_values() {
                entry.live().state = ServerState::Off;
                hub.drop_client(&entry).await;
            }
        });
        self.bump();
    }

    /// Ends all connections and processes.
    pub async fn shut_down(&self) {
        let all = self.all();
        let endings = all.iter().map(|entry| async move {
            entry.live().state = ServerState::Off;
            self.drop_client(entry).await;
        });
        let _ = tokio::time::timeout(ENDING, join_all(endings)).await;
    }
}
