//! How servers are connected, watched and let go.

use std::sync::Arc;

use tokio::time::Instant;

use super::super::cache::Known;
use super::super::client::{Client, Wiring, connect_with};
use super::super::error::McpError;
use super::super::state::ServerState;
use super::Hub;
use super::entry::Entry;

impl Hub {
    pub(super) fn start_one(&self, entry: &Arc<Entry>) {
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

    /// The connection to a server, made when there is none.
    pub(super) async fn ensure(&self, entry: &Arc<Entry>) -> Result<Arc<Client>, McpError> {
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

    pub(super) async fn drop_client(&self, entry: &Entry) {
        let client = entry.live().client.take();
        if let Some(client) = client {
            client.close().await;
        }
    }
}
