//! The requests of a login, over the one HTTP client there is.

use rmcp::transport::auth::{
    OAuthHttpClient, OAuthHttpClientFuture, OAuthHttpRedirectPolicy, OAuthHttpRequest,
};
use std::time::Duration;

use crate::net::buffered::Buffered;

/// Longest answer, in bytes.
const LONGEST: usize = 1024 * 1024;
/// Longest wait for one.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends what the crate wants sent.
#[derive(Default)]
pub(super) struct Buffer(Buffered);

impl Buffer {
    /// An answer, when there is one.
    pub(super) async fn ask(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Option<http::Response<Vec<u8>>> {
        self.0.send(request, false, LONGEST, PATIENCE).await.ok()
    }
}

impl OAuthHttpClient for Buffer {
    fn execute(&self, request: OAuthHttpRequest) -> OAuthHttpClientFuture<'_> {
        Box::pin(async move {
            let follow = matches!(request.redirect_policy, OAuthHttpRedirectPolicy::Follow);
            let patience = request.timeout.unwrap_or(PATIENCE);
            let sent = self
                .0
                .send(request.request, follow, LONGEST, patience)
                .await;
            sent.map_err(|error| Box::new(error) as _)
        })
    }
}
