//! Every configured server: known from earlier, connected when needed, watched.

mod views;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::time::Instant;

use super::cache::{Accepted, Cache, Known};
use super::client::{CallCx, Client, Wiring, connect_with};
use super::error::McpError;
use super::expand::Secrets;
use super::result::CallOutput;
use super::state::ServerState;
use super::stderr::Stderr;
use super::tool::McpTool;
use crate::config::mcp::McpServer;
use crate::exec;
use crate::stdx::text;

/// A connection that ends before this was a failure to start.
const STEADY: Duration = Duration::from_secs(10);
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
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

/// One server.
struct Entry {
    server: McpServer,
    live: Mutex<Live>,
    /// Held while it is being connected.
    connecting: tokio::sync::Mutex<()>,
    stderr: Stderr,
}

struct Live {
    state: ServerState,
    known: Option<Known>,
    error: Option<McpError>,
    client: Option<Arc<Client>>,
    /// Failures in a row.
    failures: u32,
    /// No attempt before this.
    not_before: Option<Instant>,
    /// The tools that the user has allowed, once read.
    accepted: Option<BTreeMap<String, Accepted>>,
}

impl Entry {
    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Takes note that a connection has ended. False when it was given up before.
    fn lost(&self, client: &Arc<Client>, since: Instant) -> bool {
        let mut live = self.live();
        let current = live.client.as_ref();
        if !current.is_some_and(|current| Arc::ptr_eq(current, client)) {
            return false;
        }
        live.client = None;
        if live.state == ServerState::Ready {
            let error = McpError::Ended {
                server: self.server.name.clone(),
                cause: format!("the connection was lost{}", self.stderr.last_words()),
            };
            if since.elapsed() >= STEADY {
                live.failures = 0;
            }
            live.fail(error);
        }
        true
    }
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
        Entry {
            server,
            live: Mutex::new(Live {
                state,
                known,
                error: None,
                client: None,
                failures: 0,
                not_before: None,
                accepted: None,
            }),
            connecting: tokio::sync::Mutex::default(),
            stderr: Stderr::default(),
        }
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

    fn start_one(&self, entry: &Arc<Entry>) {
        let mut live = entry.live();
        if live.known.is_some() || live.state != ServerState::Idle {
            return;
        }
        live.state = ServerState::Connecting;
        drop(live);
        let (own, entry) = (self.own.clone(), entry.clone());
        tokio::spawn(async move {
            if let Some(hub) = own.upgrade()
                && let Err(error) = hub.ensure(&entry).await
            {
                tracing::warn!("{error}");
            }
        });
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

    /// The connection to a server, made when there is none.
    async fn ensure(&self, entry: &Arc<Entry>) -> Result<Arc<Client>, McpError> {
        let _turn = entry.connecting.lock().await;
        {
            let live = entry.live();
            if live.state == ServerState::Off {
                return Err(McpError::Off {
                    server: entry.server.name.clone(),
                });
            }
            if let Some(client) = live.client.as_ref().filter(|client| !client.is_closed()) {
                return Ok(client.clone());
            }
            if let (Some(until), Some(error)) = (live.not_before, &live.error)
                && until > Instant::now()
            {
                return Err(error.clone());
            }
        }
        entry.live().state = ServerState::Connecting;
        self.bump();
        let result = self.connect_entry(entry).await;
        let mut live = entry.live();
        if live.state == ServerState::Off {
            // Switched off meanwhile.
            live.client = None;
        } else {
            match &result {
                Ok((client, known)) => {
                    live.state = ServerState::Ready;
                    live.error = None;
                    live.client = Some(client.clone());
                    live.known = Some(known.clone());
                }
                Err(error) => live.fail(error.clone()),
            }
        }
        drop(live);
        self.bump();
        let (client, known) = result?;
        self.cache.keep(&entry.server, &known);
        self.watch(entry, &client);
        Ok(client)
    }

    async fn connect_entry(&self, entry: &Arc<Entry>) -> Result<(Arc<Client>, Known), McpError> {
        let era = entry.live().known.as_ref().and_then(|known| known.era);
        let (own, name) = (self.own.clone(), entry.server.name.clone());
        let wiring = Wiring {
            cwd: self.cwd.clone(),
            env: self.env.clone(),
            secrets: self.secrets.clone(),
            dir: self.dir.clone(),
            era,
            changed: Arc::new(move || {
                let (own, name) = (own.clone(), name.clone());
                tokio::spawn(async move {
                    if let Some(hub) = own.upgrade() {
                        hub.refresh(&name).await;
                    }
                });
            }),
        };
        let client = connect_with(&entry.server, &wiring, &entry.stderr).await?;
        match client.known().await {
            Ok(known) => Ok((Arc::new(client), known)),
            Err(error) => {
                client.close().await;
                Err(error)
            }
        }
    }

    /// Notices the end of a connection.
    fn watch(&self, entry: &Arc<Entry>, client: &Arc<Client>) {
        let (own, entry, watched) = (self.own.clone(), entry.clone(), Arc::downgrade(client));
        let (closed, since) = (client.closed(), Instant::now());
        tokio::spawn(async move {
            closed.cancelled().await;
            let Some(client) = watched.upgrade() else {
                return;
            };
            if !entry.lost(&client, since) {
                return;
            }
            client.close().await;
            if let Some(hub) = own.upgrade() {
                hub.bump();
            }
        });
    }

    /// Asks a server again what it has.
    async fn refresh(&self, name: &str) {
        let Ok(entry) = self.find_entry(name) else {
            return;
        };
        let Some(client) = entry.live().client.clone() else {
            return;
        };
        match client.known().await {
            Ok(known) => {
                self.cache.keep(&entry.server, &known);
                entry.live().known = Some(known);
                self.bump();
            }
            Err(error) => tracing::warn!("{error}"),
        }
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

    async fn drop_client(&self, entry: &Entry) {
        let client = entry.live().client.take();
        if let Some(client) = client {
            client.close().await;
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

    /// The connection for a call; the user may stop the wait for it.
    async fn reach(&self, server: &str, cx: &CallCx) -> Result<Arc<Client>, McpError> {
        let entry = self.find_entry(server)?;
        let ready = entry
            .live()
            .client
            .as_ref()
            .is_some_and(|client| !client.is_closed());
        if let Some(progress) = cx.progress.as_ref().filter(|_| !ready) {
            progress(&format!("starting the MCP server {server}\n"));
        }
        tokio::select! {
            biased;
            () = cx.cancel.cancelled() => Err(McpError::Stopped),
            client = self.ensure(&entry) => client,
        }
    }

    /// Calls a tool of a server, by the server's own name for it.
    ///
    /// # Errors
    /// When the server is not to be had or the call came to nothing; that a tool
    /// failed is in the output.
    pub async fn call(
        &self,
        server: &str,
        tool: &McpTool,
        arguments: Map<String, Value>,
        cx: &CallCx,
    ) -> Result<CallOutput, McpError> {
        let client = self.reach(server, cx).await?;
        if !tool.own {
            return client.call(&tool.name, arguments, cx).await;
        }
        if let Some(uri) = arguments.get("uri").and_then(Value::as_str) {
            return client.read_resource(uri, cx).await;
        }
        let resources = tokio::select! {
            biased;
            () = cx.cancel.cancelled() => return Err(McpError::Stopped),
            resources = client.resources() => resources?,
        };
        let lines = resources.iter().map(|resource| {
            let about = [&resource.name, &resource.media, &resource.description];
            let about: Vec<&str> = about
                .into_iter()
                .map(String::as_str)
                .filter(|part| !part.is_empty())
                .collect();
            format!(
                "{}  {}",
                resource.uri,
                text::one_line(&about.join(", "), 200)
            )
        });
        let lines: Vec<String> = lines.collect();
        Ok(CallOutput {
            texts: vec![match lines.is_empty() {
                true => "no resources".to_string(),
                false => lines.join("\n"),
            }],
            ..CallOutput::default()
        })
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// When the server or the resource is not to be had.
    pub async fn read_resource(
        &self,
        server: &str,
        uri: &str,
        cx: &CallCx,
    ) -> Result<CallOutput, McpError> {
        self.reach(server, cx).await?.read_resource(uri, cx).await
    }

    /// Fills in a prompt of a server.
    ///
    /// # Errors
    /// When the server or the prompt is not to be had, or an argument is missing.
    pub async fn get_prompt(
        &self,
        server: &str,
        name: &str,
        arguments: Map<String, Value>,
        cx: &CallCx,
    ) -> Result<CallOutput, McpError> {
        self.reach(server, cx)
            .await?
            .get_prompt(name, arguments, cx)
            .await
    }
}

impl Live {
    fn fail(&mut self, error: McpError) {
        self.state = match error {
            McpError::Login { .. } => ServerState::NeedsLogin,
            McpError::Secret { .. } => ServerState::NeedsSecrets,
            _ => ServerState::Failed,
        };
        self.client = None;
        if self.state == ServerState::Failed {
            // The first attempt after a failure is made at once.
            let pause =
                (Duration::from_secs(1) * 2_u32.pow(self.failures.min(6))).min(LONGEST_PAUSE);
            self.not_before = (self.failures > 0).then(|| Instant::now() + pause);
            self.failures += 1;
        }
        self.error = Some(error);
    }

    fn accepted(&mut self, cache: &Cache, server: &McpServer) -> &mut BTreeMap<String, Accepted> {
        self.accepted.get_or_insert_with(|| cache.accepted(server))
    }
}
