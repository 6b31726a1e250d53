//! The oldest transport over HTTP: a stream for what the server says, an address of its
//! own for what it is told. Only for servers that know nothing newer.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::connect::chain;
use super::error::McpError;
use crate::net;
use crate::net::sse::SseParser;

/// How long the server may take to name its address.
const ENDPOINT: Duration = Duration::from_secs(10);

type Sent = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// A connected stream.
pub(super) struct Sse {
    post: Arc<dyn Fn(Vec<u8>) -> Sent + Send + Sync>,
    messages: mpsc::Receiver<ServerJsonRpcMessage>,
    closed: CancellationToken,
}

/// Opens the stream and waits for the address of the other direction.
pub(super) async fn open(
    server: &str,
    url: &str,
    headers: &[(String, String)],
    closed: CancellationToken,
) -> Result<Sse, McpError> {
    let fail = |cause: String| McpError::Connect {
        server: server.to_string(),
        cause,
    };
    let client = net::client::streaming(url).map_err(|error| fail(error.to_string()))?;
    let mut request = client.get(url).header("accept", "text/event-stream");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let mut stream = request.send().await.map_err(|error| fail(chain(&error)))?;
    let status = stream.status().as_u16();
    let kind = stream
        .headers()
        .get("content-type")
        .and_then(|kind| kind.to_str().ok());
    if status == 401 {
        return Err(McpError::Login {
            server: server.to_string(),
        });
    }
    if status != 200 || !kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
        return Err(fail(format!("HTTP {status} instead of a stream of events")));
    }
    let (named, endpoint) = oneshot::channel::<String>();
    let (sender, messages) = mpsc::channel(64);
    let ended = closed.clone();
    tokio::spawn(async move {
        let (mut parser, mut named) = (SseParser::default(), Some(named));
        let reading = async {
            while let Ok(Some(bytes)) = stream.chunk().await {
                let mut events = Vec::new();
                let parsed = parser.push(&bytes, |name, data| {
                    events.push((name.to_string(), data.to_string()));
                });
                for (name, data) in events {
                    if name == "endpoint" {
                        if let Some(named) = named.take() {
                            let _ = named.send(data);
                        }
                    } else if let Ok(message) = serde_json::from_str(&data)
                        && sender.send(message).await.is_err()
                    {
                        return;
                    }
                }
                if parsed.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = reading => {}
            () = ended.cancelled() => {}
        }
        ended.cancel();
    });
    let endpoint = tokio::time::timeout(ENDPOINT, endpoint).await;
    let Ok(Ok(endpoint)) = endpoint else {
        closed.cancel();
        return Err(fail("its stream names no address to write to".to_string()));
    };
    let base = url::Url::parse(url).map_err(|error| fail(error.to_string()))?;
    let endpoint = base
        .join(&endpoint)
        .map_err(|error| fail(error.to_string()))?;
    if endpoint.origin() != base.origin() {
        closed.cancel();
        return Err(fail(format!("it names an address elsewhere: {endpoint}")));
    }
    let headers = headers.to_vec();
    let post = move |body: Vec<u8>| -> Sent {
        let mut request = client
            .post(endpoint.as_str())
            .header("content-type", "application/json")
            .body(body);
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        Box::pin(async move {
            let answer = request
                .send()
                .await
                .map_err(|error| io::Error::other(chain(&error)))?;
            match answer.status().as_u16() {
                200..=299 => Ok(()),
                status => Err(io::Error::other(format!("HTTP {status}"))),
            }
        })
    };
    Ok(Sse {
        post: Arc::new(post),
        messages,
        closed,
    })
}

impl Transport<RoleClient> for Sse {
    type Error = io::Error;

    fn send(
        &mut self,
        item: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let post = self.post.clone();
        async move { post(serde_json::to_vec(&item)?).await }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        self.messages.recv().await
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.closed.cancel();
        Ok(())
    }
}
