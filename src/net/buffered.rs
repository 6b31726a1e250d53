//! Requests and answers as another library has them: buffered and small.

use std::sync::OnceLock;
use std::time::Duration;

use http::{Request, Response};

use super::client::{builder, streaming};
use super::{NetError, origin_of};

/// Sends buffered requests; nothing is set up before the first.
#[derive(Debug, Default)]
pub struct Buffered {
    stopping: OnceLock<Result<reqwest::Client, NetError>>,
    following: OnceLock<Result<reqwest::Client, NetError>>,
}

impl Buffered {
    /// Sends a request. With `follow`, redirects within one origin are followed; else
    /// they are the answer. A body longer than `limit` bytes is an error.
    ///
    /// # Errors
    /// What went wrong on the way, or [`NetError::Setup`] for what cannot be sent.
    pub async fn send(
        &self,
        request: Request<Vec<u8>>,
        follow: bool,
        limit: usize,
        patience: Duration,
    ) -> Result<Response<Vec<u8>>, NetError> {
        let url = request.uri().to_string();
        let setup = |cause: String| NetError::Setup {
            url: url.clone(),
            cause,
        };
        let client = match follow {
            true => self.following.get_or_init(|| streaming("https://")),
            false => self.stopping.get_or_init(|| {
                let built = builder(true).and_then(|builder| {
                    let built = builder.connect_timeout(patience).build();
                    built.map_err(|error| error.to_string())
                });
                built.map_err(|cause| NetError::Setup {
                    url: String::new(),
                    cause,
                })
            }),
        };
        let client = client.as_ref().map_err(Clone::clone)?;
        let request =
            reqwest::Request::try_from(request).map_err(|error| setup(error.to_string()))?;
        let failed =
            |error: reqwest::Error| NetError::from_reqwest(&error, &url, patience.as_secs());
        let exchange = async {
            let mut answer = client.execute(request).await.map_err(failed)?;
            let mut head = Response::builder().status(answer.status());
            for (name, value) in answer.headers() {
                head = head.header(name, value);
            }
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(failed)? {
                body.extend_from_slice(&chunk);
                if body.len() > limit {
                    return Err(setup(format!("its answer is longer than {limit} bytes")));
                }
            }
            head.body(body).map_err(|error| setup(error.to_string()))
        };
        let stalled = |_| NetError::Stalled {
            url: origin_of(&url).to_string(),
            seconds: patience.as_secs(),
        };
        tokio::time::timeout(patience, exchange)
            .await
            .map_err(stalled)?
    }
}
