//! Tokens at rest: one file that only its owner can read.
//!
//! An entry belongs to a server's URL and an issuer: tokens of one are never sent to
//! another. Several sofos may share the file: changes are made under a lock, and a token
//! is renewed by one at a time.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::transport::auth::{
    AuthError, CredentialRefreshGuard, CredentialStore, OAuthClientConfig, OAuthTokenResponse,
    StoredCredentials,
};
use serde::{Deserialize, Serialize};

use super::FILE;
use crate::stdx::fs;

/// One login.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    server: String,
    issuer: Option<String>,
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_secret: Option<String>,
    redirect: String,
    token: Option<OAuthTokenResponse>,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    received_at: Option<u64>,
}

impl Entry {
    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    pub(super) fn config(&self) -> OAuthClientConfig {
        super::config(
            &self.client_id,
            self.client_secret.as_deref(),
            &self.redirect,
        )
    }
}

/// What a server asked for when it last refused a request.
#[derive(Clone, Serialize, Deserialize)]
struct Challenge {
    server: String,
    header: String,
}

#[derive(Default, Serialize, Deserialize)]
struct Content {
    #[serde(default)]
    logins: Vec<Entry>,
    #[serde(default)]
    challenges: Vec<Challenge>,
}

/// The file.
#[derive(Clone)]
pub(super) struct Store {
    path: PathBuf,
}

impl Store {
    pub(super) fn new(dir: &Path) -> Self {
        Self {
            path: dir.join(FILE),
        }
    }

    fn problem(&self, action: &str, cause: &dyn std::fmt::Display) -> AuthError {
        let path = self.path.display();
        AuthError::CredentialStoreError(format!("cannot {action} {path}: {cause}"))
    }

    fn read(&self) -> Result<Content, AuthError> {
        match std::fs::read(&self.path) {
            // Its text is never quoted: it holds tokens.
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| self.problem("understand", &format!("line {}", error.line()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Content::default()),
            Err(error) => Err(self.problem("read", &error)),
        }
    }

    /// The lock of one purpose, taken.
    fn lock(&self, ending: &str) -> Result<File, AuthError> {
        let take = || -> std::io::Result<File> {
            if let Some(dir) = self.path.parent() {
                fs::create_private_dir(dir)?;
            }
            let file = fs::open_append(&self.path.with_extension(ending))?;
            file.lock()?;
            Ok(file)
        };
        take().map_err(|error| self.problem("lock", &error))
    }

    fn change<T>(&self, edit: impl FnOnce(&mut Content) -> T) -> Result<T, AuthError> {
        let _lock = self.lock("lock")?;
        let mut content = self.read()?;
        let out = edit(&mut content);
        let write = || -> std::io::Result<()> {
            fs::make_private(&self.path)?;
            let bytes = serde_json::to_vec_pretty(&content)?;
            fs::write_atomic(&self.path, &bytes, 0o600)
        };
        write().map_err(|error| self.problem("write", &error))?;
        Ok(out)
    }

    /// The last login at a server.
    fn login(&self, server: &str) -> Result<Option<Entry>, AuthError> {
        let mut logins = self.read()?.logins;
        logins.retain(|entry| entry.server == server);
        Ok(logins.pop())
    }

    /// Takes note of what a server asks for.
    pub(super) fn note(&self, server: &str, header: &str) -> Result<(), AuthError> {
        if self.challenge(server)?.as_deref() == Some(header) {
            return Ok(());
        }
        self.change(|content| {
            content
                .challenges
                .retain(|challenge| challenge.server != server);
            content.challenges.push(Challenge {
                server: server.to_string(),
                header: header.chars().take(4_000).collect(),
            });
        })
    }

    /// What a server asked for.
    pub(super) fn challenge(&self, server: &str) -> Result<Option<String>, AuthError> {
        let challenges = self.read()?.challenges.into_iter();
        let mut of_server = challenges.filter(|challenge| challenge.server == server);
        Ok(of_server.next().map(|challenge| challenge.header))
    }

    fn forget(&self, server: &str) -> Result<bool, AuthError> {
        self.change(|content| {
            let before = content.logins.len();
            content.logins.retain(|entry| entry.server != server);
            content
                .challenges
                .retain(|challenge| challenge.server != server);
            content.logins.len() != before
        })
    }
}

/// Forgets the login at a URL; false when there was none. `dir`: where what is kept of
/// servers lies.
///
/// # Errors
/// When the file cannot be read or written.
pub fn logout(dir: &Path, url: &str) -> Result<bool, String> {
    Store::new(dir)
        .forget(url)
        .map_err(|error| error.to_string())
}

/// What a new login registered with, to be kept beside its tokens.
#[derive(Clone, Default)]
struct Registered {
    secret: Option<String>,
    redirect: String,
}

/// The tokens of one server.
#[derive(Clone)]
pub(super) struct Tokens {
    store: Store,
    server: String,
    registered: Arc<Mutex<Registered>>,
}

impl Tokens {
    pub(super) fn of(dir: &Path, server: &str) -> Self {
        Self {
            store: Store::new(dir),
            server: server.to_string(),
            registered: Arc::default(),
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    fn registered(&self) -> MutexGuard<'_, Registered> {
        self.registered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The login in force.
    pub(super) fn entry(&self) -> Result<Option<Entry>, AuthError> {
        let entry = self.store.login(&self.server)?;
        if let Some(entry) = &entry {
            *self.registered() = Registered {
                secret: entry.client_secret.clone(),
                redirect: entry.redirect.clone(),
            };
        }
        Ok(entry)
    }

    /// The next tokens belong to this client.
    pub(super) fn registers(&self, secret: Option<String>, redirect: &str) {
        *self.registered() = Registered {
            secret,
            redirect: redirect.to_string(),
        };
    }
}

#[async_trait::async_trait]
impl CredentialStore for Tokens {
    async fn load(&self) -> Result<Option<StoredCredentials>, AuthError> {
        let entry = self.store.login(&self.server)?;
        Ok(entry.map(|entry| {
            StoredCredentials::new(
                entry.client_id,
                entry.token,
                entry.scopes,
                entry.received_at,
            )
            .with_issuer(entry.issuer)
        }))
    }

    async fn save(&self, credentials: StoredCredentials) -> Result<(), AuthError> {
        let Registered { secret, redirect } = self.registered().clone();
        let entry = Entry {
            server: self.server.clone(),
            issuer: credentials.issuer,
            client_id: credentials.client_id,
            client_secret: secret,
            redirect,
            token: credentials.token_response,
            scopes: credentials.granted_scopes,
            received_at: credentials.token_received_at,
        };
        self.store.change(|content| {
            content
                .challenges
                .retain(|challenge| challenge.server != entry.server);
            content
                .logins
                .retain(|other| other.server != entry.server || other.issuer != entry.issuer);
            content.logins.push(entry);
        })
    }

    async fn clear(&self) -> Result<(), AuthError> {
        self.store.forget(&self.server).map(drop)
    }

    async fn acquire_refresh_guard(&self) -> Result<Option<CredentialRefreshGuard>, AuthError> {
        let store = self.store.clone();
        let locked = tokio::task::spawn_blocking(move || store.lock("renewing")).await;
        let file = locked.map_err(|error| self.store.problem("lock", &error))??;
        Ok(Some(CredentialRefreshGuard::new(file)))
    }
}
