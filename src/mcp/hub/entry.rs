//! One server of the hub, and what is known of it now.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::super::cache::{Accepted, Cache, Known};
use super::super::client::Client;
use super::super::error::McpError;
use super::super::state::ServerState;
use super::super::stderr::Stderr;
use crate::config::mcp::McpServer;

/// A connection that ends before this was a failure to start.
const STEADY: Duration = Duration::from_secs(10);
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// One server.
pub(super) struct Entry {
    pub(super) server: McpServer,
    live: Mutex<Live>,
    /// Held while it is being connected.
    pub(super) connecting: tokio::sync::Mutex<()>,
    pub(super) stderr: Stderr,
}

/// What is known of it now.
pub(super) struct Live {
    pub(super) state: ServerState,
    pub(super) known: Option<Known>,
    pub(super) error: Option<McpError>,
    pub(super) client: Option<Arc<Client>>,
    /// Failures in a row.
    pub(super) failures: u32,
    /// No attempt before this.
    pub(super) not_before: Option<Instant>,
    /// The tools that the user has allowed, once read.
    pub(super) accepted: Option<BTreeMap<String, Accepted>>,
}

impl Entry {
    /// A server that is not connected.
    pub(super) fn new(server: McpServer, state: ServerState, known: Option<Known>) -> Self {
        Self {
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

    pub(super) fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note that a connection has ended. False when it was given up before.
    pub(super) fn lost(&self, client: &Arc<Client>, since: Instant) -> bool {
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

impl Live {
    pub(super) fn fail(&mut self, error: McpError) {
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

    pub(super) fn accepted(
        &mut self,
        cache: &Cache,
        server: &McpServer,
    ) -> &mut BTreeMap<String, Accepted> {
        self.accepted.get_or_insert_with(|| cache.accepted(server))
    }
}
