//! Logins at servers behind an address: OAuth 2.1 with PKCE.
//!
//! The protocol's steps are the official crate's. What stands here: tokens on disk
//! ([`store`]), where the browser comes back to ([`loopback`]), the order of a login
//! ([`login`]), and what the specification asks beyond the crate.

mod http;
mod login;
mod loopback;
mod store;
#[cfg(test)]
#[path = "oauth_tests.rs"]
mod tests;

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use rmcp::transport::auth::{AuthClient, AuthError, AuthorizationManager, OAuthClientConfig};
use rmcp::transport::streamable_http_client::{AuthRequiredError, InsufficientScopeError};

pub use login::{Login, Step, login};
pub use store::logout;

use self::http::Buffer;
use self::store::{Store, Tokens};
use super::error::McpError;
use crate::net::client::Streaming;

/// Name of the file with tokens, in the directory of what is kept of servers.
const FILE: &str = "mcp-tokens.json";

/// A client that sends the tokens of a server, renews them, and without any sends
/// none: then the server says what it wants.
///
/// # Errors
/// When the tokens cannot be read, or the authorization server is out of reach while
/// there are some.
pub(super) async fn client(
    server: &str,
    url: &str,
    plain: Streaming,
    dir: &Path,
) -> Result<AuthClient<Streaming>, McpError> {
    let failed = |error: AuthError| failure(server, &error);
    let tokens = Tokens::of(dir, url);
    let mut manager = manager(url, tokens.clone()).await.map_err(failed)?;
    let known = tokens.entry().map_err(failed)?;
    if let Some(entry) = known.filter(|entry| entry.has_token()) {
        let restored = manager.initialize_from_store().await.map_err(failed)?;
        // The crate knows the id alone.
        if restored && entry.client_secret.is_some() {
            manager.configure_client(entry.config()).map_err(failed)?;
        }
    }
    Ok(AuthClient::new(plain, manager))
}

async fn manager(url: &str, tokens: Tokens) -> Result<AuthorizationManager, AuthError> {
    let http = Arc::new(Buffer::default());
    let mut manager = AuthorizationManager::new_with_oauth_http_client(url, http).await?;
    manager.set_credential_store(tokens);
    Ok(manager)
}

/// Takes note of what a server asked for when it refused a request, for the next
/// login.
pub(super) fn note(dir: &Path, url: &str, challenge: &str) {
    if let Err(error) = Store::new(dir).note(url, challenge) {
        tracing::warn!("what a server asked for cannot be kept: {error}");
    }
}

/// What a server asked for when it refused a request, as far as the error says.
pub(super) fn challenge<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a str> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(error) = cause.downcast_ref::<AuthRequiredError>() {
            return Some(&error.www_authenticate_header);
        }
        if let Some(error) = cause.downcast_ref::<InsufficientScopeError>() {
            return Some(&error.www_authenticate_header);
        }
        next = cause.source();
    }
    None
}

fn failure(server: &str, error: &AuthError) -> McpError {
    let cause = match error {
        AuthError::PkceUnsupported => {
            "its authorization server does not offer PKCE with S256, which is required".to_string()
        }
        error => super::connect::chain(error),
    };
    McpError::Auth {
        server: server.to_string(),
        cause: crate::stdx::redact::redact(&cause).into_owned(),
    }
}

/// A client as the crate takes it.
fn config(id: &str, secret: Option<&str>, redirect: &str) -> OAuthClientConfig {
    let config = OAuthClientConfig::new(id, redirect);
    match secret {
        Some(secret) => config.with_client_secret(secret),
        None => config,
    }
}
