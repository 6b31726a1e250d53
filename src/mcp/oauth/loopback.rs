//! Where the browser comes back to: one port of this machine, for one login.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Longest request that is read, in bytes.
const LONGEST: usize = 16 * 1024;
/// Longest wait for one that has begun.
const PATIENCE: Duration = Duration::from_secs(5);

const PAGE: &str = "<!doctype html><meta charset=utf-8><title>sofos</title>\
                    <body style=\"font:16px system-ui;margin:3em\">";

/// The open port.
pub(super) struct Loopback {
    listener: TcpListener,
    port: u16,
}

impl Loopback {
    /// Opens a free port.
    pub(super) async fn open() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    /// The address to come back to.
    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/callback", self.port)
    }

    /// Waits for the browser with an answer to this login; other visitors are sent away.
    pub(super) async fn answer(&self, state: &str) -> std::io::Result<String> {
        loop {
            let (mut stream, _) = self.listener.accept().await?;
            let read = tokio::time::timeout(PATIENCE, target(&mut stream)).await;
            let target = read.ok().flatten().unwrap_or_default();
            let url = format!("http://127.0.0.1:{}{target}", self.port);
            let ours = target.starts_with("/callback?") && has_state(&url, state);
            let (status, words) = match ours {
                true => ("200 OK", "sofos has the answer. This window can be closed."),
                false => ("404 Not Found", "Nothing is here."),
            };
            let body = format!("{PAGE}<p>{words}");
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\
                 connection: close\r\ncache-control: no-store\r\nreferrer-policy: no-referrer\r\n\
                 \r\n{body}",
                body.len()
            );
            // A browser that has gone is no reason to lose the answer.
            let _ = tokio::time::timeout(PATIENCE, stream.write_all(answer.as_bytes())).await;
            let _ = stream.shutdown().await;
            if ours {
                return Ok(url);
            }
        }
    }
}

/// Whether an address carries the state of this login.
pub(super) fn has_state(address: &str, state: &str) -> bool {
    let parsed = url::Url::parse(address).ok();
    parsed.is_some_and(|url| {
        let mut pairs = url.query_pairs();
        pairs.any(|(name, value)| name == "state" && value == state)
    })
}

/// The path and query of a GET request.
async fn target(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 2048];
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut buffer).await.ok()?;
        if read == 0 || bytes.len() > LONGEST {
            return None;
        }
        bytes.extend_from_slice(&buffer[..read]);
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut words = text.lines().next()?.split(' ');
    (words.next()? == "GET").then_some(())?;
    words.next().map(str::to_string)
}
