//! One login, from the server's challenge to stored tokens.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rmcp::transport::auth::{
    AuthError, AuthorizationCallback, AuthorizationManager, OAuthClientConfig,
    WWWAuthenticateParams,
};
use url::Url;

use super::http::Buffer;
use super::loopback::{Loopback, has_state};
use super::store::Tokens;
use super::{config, failure, manager};
use crate::config::mcp::{McpServer, McpTransport};
use crate::mcp::error::McpError;
use crate::mcp::expand::{Secrets, expand};

/// Longest wait for the user and the browser.
const PATIENCE: Duration = Duration::from_secs(600);

/// What a login needs.
pub struct Login<'a> {
    /// The server.
    pub server: &'a McpServer,
    /// Where what is kept of servers lies.
    pub dir: PathBuf,
    /// Values of variables and stored secrets.
    pub secrets: Secrets,
    /// Called with what the user has to do.
    pub tell: &'a (dyn Fn(Step<'_>) + Send + Sync),
    /// The address the browser ended at, when the user gives it by hand.
    pub pasted: Option<tokio::sync::mpsc::Receiver<String>>,
}

/// What the user has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// Open this address in a browser.
    Open(&'a str),
    /// The address given by hand is not that of this login.
    Odd,
}

/// Logs in and stores the tokens.
///
/// # Errors
/// When the server offers no login, refuses it, or nobody answers in time.
pub async fn login(login: Login<'_>) -> Result<(), McpError> {
    let name = login.server.name.clone();
    let failed = |error: AuthError| failure(&name, &error);
    let McpTransport::Http { url, .. } = &login.server.transport else {
        return Err(McpError::Auth {
            server: name,
            cause: "a process has no login; what it needs stands in its settings".to_string(),
        });
    };
    let put_in = |text: &str| {
        expand(text, &|name| (login.secrets)(name)).map_err(|variable| McpError::Secret {
            server: login.server.name.clone(),
            name: variable,
        })
    };
    let url = put_in(url)?;
    let given = match &login.server.client_id {
        Some(id) => Some((
            put_in(id)?,
            login
                .server
                .client_secret
                .as_deref()
                .map(put_in)
                .transpose()?,
        )),
        None => None,
    };
    let flow = Flow {
        url,
        given,
        scopes: login.server.scopes.clone(),
        tokens: Tokens::of(&login.dir, ""),
    };
    let flow = flow.at(&login.dir);
    flow.run(login.tell, login.pasted).await.map_err(failed)
}

/// A login that is under way.
struct Flow {
    url: String,
    /// Client id and secret of the settings.
    given: Option<(String, Option<String>)>,
    /// Scopes of the settings.
    scopes: Option<Vec<String>>,
    tokens: Tokens,
}

impl Flow {
    fn at(mut self, dir: &Path) -> Self {
        self.tokens = Tokens::of(dir, &self.url);
        self
    }

    async fn run(
        &self,
        tell: &(dyn Fn(Step<'_>) + Send + Sync),
        pasted: Option<tokio::sync::mpsc::Receiver<String>>,
    ) -> Result<(), AuthError> {
        let loopback = Loopback::open()
            .await
            .map_err(|error| AuthError::InternalError(format!("no port is free: {error}")))?;
        let redirect = loopback.address();
        let mut manager = manager(&self.url, self.tokens.clone()).await?;
        let challenge = match self.tokens.store().challenge(&self.url)? {
            Some(challenge) => Some(challenge),
            None => self.probe().await,
        };
        let resolved = manager
            .resolve_metadata_from_challenge(challenge.as_deref())
            .await?;
        let metadata = resolved.metadata.clone();
        // A server that publishes metadata says so when it has PKCE; only the oldest
        // kind publishes none.
        if resolved.source.is_discovered() && metadata.code_challenge_methods_supported.is_none() {
            return Err(AuthError::PkceUnsupported);
        }
        // Whether it reads documents about clients at an address.
        let fields = &metadata.additional_fields;
        let documents = fields.get("client_id_metadata_document_supported");
        let documents = documents.and_then(serde_json::Value::as_bool) == Some(true);
        manager.set_metadata(metadata);
        let scopes = self.wanted(&manager, challenge.as_deref()).await?;
        let client = self.client(&mut manager, &redirect, &scopes, documents);
        let client = client.await?;
        self.tokens
            .registers(client.client_secret.clone(), &redirect);
        manager.configure_client(client)?;
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let address = manager.get_authorization_url(&scopes).await?;
        let state = state_of(&address)?;
        tell(Step::Open(&address));
        let answer = answer(&loopback, &state, tell, pasted).await?;
        finish(&manager, &answer).await
    }

    /// What the server asks for, by asking it something.
    async fn probe(&self) -> Option<String> {
        const QUESTION: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"sofos","version":"1"}}}"#;
        let request = http::Request::post(&self.url)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(QUESTION.as_bytes().to_vec())
            .ok()?;
        let answer = Buffer::default().ask(request).await?;
        let header = answer.headers().get("www-authenticate")?;
        header.to_str().ok().map(str::to_string)
    }

    /// The scopes to ask for: those of the settings, else what the server asks for; when
    /// it wants more than it gave, both together.
    async fn wanted(
        &self,
        manager: &AuthorizationManager,
        challenge: Option<&str>,
    ) -> Result<Vec<String>, AuthError> {
        if let Some(scopes) = &self.scopes {
            return Ok(scopes.clone());
        }
        let initial = manager.select_initial_scopes(&[]).await;
        let base = Url::parse(&self.url)?;
        let more = challenge
            .map(|header| WWWAuthenticateParams::parse(header, &base))
            .filter(WWWAuthenticateParams::is_insufficient_scope);
        let granted = self.tokens.entry()?.map(|entry| entry.scopes);
        let (Some(more), Some(granted)) = (more, granted) else {
            return Ok(initial);
        };
        let mut scopes = granted.clone();
        for scope in more.scope.as_deref().unwrap_or_default().split_whitespace() {
            if !scopes.iter().any(|known| known == scope) {
                scopes.push(scope.to_string());
            }
        }
        if scopes.len() == granted.len() {
            return Err(AuthError::InvalidScope(format!(
                "it asks for {} again, which it has granted already",
                more.scope.unwrap_or_default()
            )));
        }
        for scope in initial {
            if scope == "offline_access" && !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        Ok(scopes)
    }

    /// Who sofos is to the authorization server: what the settings say, else what it
    /// registers.
    async fn client(
        &self,
        manager: &mut AuthorizationManager,
        redirect: &str,
        scopes: &[String],
        documents: bool,
    ) -> Result<OAuthClientConfig, AuthError> {
        if let Some((id, secret)) = &self.given {
            // An id that is an address is that of a document about the client.
            if documents || !id.starts_with("https://") {
                return Ok(config(id, secret.as_deref(), redirect));
            }
        }
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let registered = manager.register_client("sofos", redirect, &scopes).await;
        registered.map_err(|error| match error {
            AuthError::RegistrationFailed(words) if words.contains("not supported") => {
                AuthError::RegistrationFailed(
                    "programs cannot register themselves there; register sofos by hand and set \
                     client-id (and client-secret) of the server"
                        .to_string(),
                )
            }
            error => error,
        })
    }
}

fn state_of(address: &str) -> Result<String, AuthError> {
    let url = Url::parse(address)?;
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(name, _)| name == "state");
    let state = found.map(|(_, value)| value.into_owned());
    state.ok_or_else(|| AuthError::InternalError("the address has no state".to_string()))
}

/// Waits for the browser, or for the address given by hand.
async fn answer(
    loopback: &Loopback,
    state: &str,
    tell: &(dyn Fn(Step<'_>) + Send + Sync),
    mut pasted: Option<tokio::sync::mpsc::Receiver<String>>,
) -> Result<String, AuthError> {
    let by_hand = async {
        loop {
            let next = match &mut pasted {
                Some(pasted) => pasted.recv().await,
                None => None,
            };
            match next {
                Some(address) if has_state(address.trim(), state) => break address,
                Some(_) => tell(Step::Odd),
                None => std::future::pending().await,
            }
        }
    };
    let waits = async {
        tokio::select! {
            answer = loopback.answer(state) => answer
                .map_err(|error| AuthError::InternalError(format!("the port is gone: {error}"))),
            address = by_hand => Ok(address.trim().to_string()),
        }
    };
    let late = |_| {
        let minutes = PATIENCE.as_secs() / 60;
        AuthError::AuthorizationFailed(format!("no answer came within {minutes} minutes"))
    };
    tokio::time::timeout(PATIENCE, waits).await.map_err(late)?
}

/// From the answer of the authorization server to stored tokens.
async fn finish(manager: &AuthorizationManager, answer: &str) -> Result<(), AuthError> {
    let url = Url::parse(answer)?;
    let value = |wanted: &str| {
        let mut pairs = url.query_pairs();
        let found = pairs.find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.into_owned())
    };
    if let Some(error) = value("error") {
        let more = value("error_description").unwrap_or_default();
        return Err(AuthError::AuthorizationFailed(format!("{error} {more}")));
    }
    let AuthorizationCallback {
        code,
        csrf_token,
        issuer,
        ..
    } = AuthorizationCallback::from_redirect_url(answer)?;
    manager
        .exchange_code_for_token_with_issuer(&code, &csrf_token, issuer.as_deref())
        .await
        .map(drop)
}
