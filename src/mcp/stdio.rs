//! One JSON message a line, over the streams of a process.
//!
//! Patient with servers: what is no message is skipped, a line that is too long is
//! refused without being kept, answers to what was never asked are dropped, and an
//! answer that cannot be read is an error for whoever waits for it.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::RoleClient;
use rmcp::model::{
    ClientJsonRpcMessage, ErrorCode, ErrorData, JsonRpcMessage, NumberOrString,
    ServerJsonRpcMessage, ServerResult,
};
use rmcp::transport::Transport;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio_util::sync::CancellationToken;

use crate::stdx::text;

/// Longest line, in bytes.
const LONGEST: usize = 32 * 1024 * 1024;
/// Bytes kept of a line that is too long, to find out whose answer it is.
const HEAD: usize = 512;
/// Longest piece of noise in the log.
const NOISE: usize = 200;

/// Requests that wait for an answer, by their id as text (servers change the type).
type Pending = Arc<Mutex<HashMap<String, NumberOrString>>>;

fn lock(pending: &Pending) -> MutexGuard<'_, HashMap<String, NumberOrString>> {
    pending.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server at the other end of two streams.
pub struct Lines<R, W> {
    server: String,
    reader: BufReader<R>,
    line: Vec<u8>,
    /// The rest of a line that is too long is being skipped.
    skipping: bool,
    /// Messages of a batch that were not handed on yet.
    queue: VecDeque<ServerJsonRpcMessage>,
    writer: Arc<tokio::sync::Mutex<Option<W>>>,
    pending: Pending,
    closed: CancellationToken,
}

impl<R: AsyncRead + Unpin, W> Lines<R, W> {
    /// A transport; `closed` fires when the server has ended.
    pub fn new(server: &str, reader: R, writer: W, closed: CancellationToken) -> Self {
        Self {
            server: server.to_string(),
            reader: BufReader::with_capacity(64 * 1024, reader),
            line: Vec::new(),
            skipping: false,
            queue: VecDeque::new(),
            writer: Arc::new(tokio::sync::Mutex::new(Some(writer))),
            pending: Pending::default(),
            closed,
        }
    }

    /// The next whole line, or false at the end. Loses nothing when dropped.
    async fn next_line(&mut self) -> Result<bool, io::Error> {
        loop {
            let bytes = self.reader.fill_buf().await?;
            if bytes.is_empty() {
                // A last line without its end is still a line.
                return Ok(!self.line.is_empty() && !self.skipping);
            }
            let end = memchr::memchr(b'\n', bytes);
            let taken = end.map_or(bytes.len(), |end| end + 1);
            if !self.skipping {
                self.line
                    .extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
            }
            self.reader.consume(taken);
            if self.line.len() > LONGEST {
                self.line.truncate(HEAD);
                self.line.shrink_to_fit();
                self.skipping = true;
                self.refuse_long();
                if !self.queue.is_empty() {
                    // Whoever waits need not wait for the rest of it.
                    if end.is_some() {
                        self.line.clear();
                        self.skipping = false;
                    }
                    return Ok(true);
                }
            }
            if end.is_some() {
                if std::mem::take(&mut self.skipping) {
                    self.line.clear();
                    continue;
                }
                return Ok(true);
            }
        }
    }

    /// Answers the request whose answer is too long.
    fn refuse_long(&mut self) {
        let head = String::from_utf8_lossy(&self.line);
        let mut pending = lock(&self.pending);
        let id = id_in(&head).and_then(|id| pending.remove(&id)).or_else(|| {
            // Its id stands behind what was not kept.
            let only = pending
                .keys()
                .next()
                .cloned()
                .filter(|_| pending.len() == 1);
            only.and_then(|id| pending.remove(&id))
        });
        drop(pending);
        tracing::warn!(server = self.server, "a line of more than 32 MB is refused");
        if let Some(id) = id {
            let words = "its answer has more than 32 MB and was refused";
            self.queue.push_back(error(id, words.to_string()));
        }
    }

    /// The messages of a line go to the queue.
    fn take_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(&line)
            .trim_ascii();
        if line.is_empty() {
            return;
        }
        if line[0] == b'['
            && let Ok(batch) = serde_json::from_slice::<Vec<Value>>(line)
        {
            for value in batch {
                let message = self.read(value.to_string().as_bytes());
                self.queue.extend(message);
            }
            return;
        }
        let message = self.read(line);
        self.queue.extend(message);
    }

    /// The message of a line; nothing when it is none, or nobody waits for it.
    fn read(&self, line: &[u8]) -> Option<ServerJsonRpcMessage> {
        if line[0] != b'{' {
            self.noise(line);
            return None;
        }
        let message = match serde_json::from_slice::<ServerJsonRpcMessage>(line) {
            Ok(JsonRpcMessage::Response(response)) if is_vague(&response.result) => {
                let mended = mended(line);
                mended.unwrap_or(JsonRpcMessage::Response(response))
            }
            Ok(message) => message,
            Err(problem) => match mended(line) {
                Some(message) => message,
                None => self.unreadable(line, &problem)?,
            },
        };
        let id = match &message {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => None,
        };
        if let Some(id) = id
            && lock(&self.pending).remove(&id.to_string()).is_none()
        {
            tracing::debug!(
                server = self.server,
                "an answer to nothing that was asked: {id}"
            );
            return None;
        }
        Some(message)
    }

    /// What a line that is JSON but no message means: an error for who waits for it.
    fn unreadable(&self, line: &[u8], problem: &serde_json::Error) -> Option<ServerJsonRpcMessage> {
        self.noise(line);
        let value: Value = serde_json::from_slice(line).ok()?;
        let answers = value.get("result").is_some() || value.get("error").is_some();
        let id = value.get("id").filter(|_| answers)?;
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_string);
        let id = lock(&self.pending).get(&id).cloned()?;
        Some(error(id, format!("its answer cannot be read: {problem}")))
    }

    fn noise(&self, line: &[u8]) {
        let shown = String::from_utf8_lossy(&line[..line.len().min(NOISE)]);
        let shown = text::one_line(&text::clean(&shown), NOISE);
        tracing::debug!(server = self.server, "skipped on its stdout: {shown}");
    }
}

/// Results that say nothing of what they are: something in them was not understood.
fn is_vague(result: &ServerResult) -> bool {
    matches!(
        result,
        ServerResult::CustomResult(_)
            | ServerResult::TaskAckResult(_)
            | ServerResult::EmptyResult(_)
    )
}

/// A list of tools in which some have no schema that deserves the name.
fn mended(line: &[u8]) -> Option<ServerJsonRpcMessage> {
    let mut value: Value = serde_json::from_slice(line).ok()?;
    let tools = value.pointer_mut("/result/tools")?.as_array_mut()?;
    tools.retain(|tool| tool.get("name").is_some_and(Value::is_string));
    for tool in tools.iter_mut().filter_map(Value::as_object_mut) {
        if !tool.get("inputSchema").is_some_and(Value::is_object) {
            tool.insert("inputSchema".into(), json!({"type": "object"}));
        }
        // Nothing else is needed, and any of it may be what is wrong.
        let needed = ["name", "title", "description", "inputSchema", "annotations"];
        tool.retain(|key, value| {
            let text = matches!(key.as_str(), "title" | "description");
            let object = key == "annotations";
            needed.contains(&key.as_str())
                && (!text || value.is_string())
                && (!object || value.is_object())
        });
    }
    serde_json::from_value(value).ok()
}

fn error(id: NumberOrString, words: String) -> ServerJsonRpcMessage {
    JsonRpcMessage::error(
        ErrorData::new(ErrorCode::PARSE_ERROR, words, None),
        Some(id),
    )
}

/// The id in the beginning of a message.
fn id_in(head: &str) -> Option<String> {
    let rest = head[head.find("\"id\"")? + 4..]
        .trim_start()
        .strip_prefix(':')?
        .trim_start();
    match rest.strip_prefix('"') {
        Some(rest) => rest.split('"').next().map(str::to_string),
        None => {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            (!digits.is_empty()).then_some(digits)
        }
    }
}

impl<R, W> Transport<RoleClient> for Lines<R, W>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        item: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let asked = match &item {
            JsonRpcMessage::Request(request) => Some(request.id.clone()),
            _ => None,
        };
        if let Some(id) = &asked {
            lock(&self.pending).insert(id.to_string(), id.clone());
        }
        let writer = self.writer.clone();
        async move {
            let mut line = serde_json::to_vec(&item)?;
            line.push(b'\n');
            let mut writer = writer.lock().await;
            let Some(writer) = writer.as_mut() else {
                return Err(io::ErrorKind::NotConnected.into());
            };
            writer.write_all(&line).await?;
            writer.flush().await
        }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        loop {
            if let Some(message) = self.queue.pop_front() {
                return Some(message);
            }
            match self.next_line().await {
                Ok(true) if !self.queue.is_empty() => {}
                Ok(true) => self.take_line(),
                Ok(false) => {
                    self.closed.cancel();
                    return None;
                }
                Err(error) => {
                    tracing::warn!(server = self.server, "cannot read its stdout: {error}");
                    self.closed.cancel();
                    return None;
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.closed.cancel();
        // A send that hangs must not hold up the end.
        if let Ok(mut writer) = self.writer.try_lock() {
            *writer = None;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::DuplexStream;

    fn lines(said: &[u8], pending: &[i64]) -> Lines<io::Cursor<Vec<u8>>, DuplexStream> {
        let (writer, _) = tokio::io::duplex(64);
        let lines = Lines::new(
            "s",
            io::Cursor::new(said.to_vec()),
            writer,
            CancellationToken::new(),
        );
        for id in pending {
            lock(&lines.pending).insert(id.to_string(), NumberOrString::Number(*id));
        }
        lines
    }

    async fn all(said: &[u8], pending: &[i64]) -> Vec<Value> {
        let mut lines = lines(said, pending);
        let mut out = Vec::new();
        while let Some(message) = lines.receive().await {
            out.push(serde_json::to_value(message).unwrap());
        }
        assert!(lines.closed.is_cancelled());
        out
    }

    #[tokio::test]
    async fn noise_and_answers_to_nothing_are_skipped() {
        let said =
            b"npm warn something\r\n\n\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{}}\n\
            {half\n[1]\n\"text\"\n\xff\xfe\n{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{}}\n";
        let got = all(said, &[1]).await;
        assert_eq!(got.len(), 1, "{got:?}");
        assert_eq!(got[0]["id"], "1");
    }

    #[tokio::test]
    async fn a_batch_is_taken_apart() {
        let said =
            br#"[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}]"#;
        assert_eq!(all(said, &[1, 2]).await.len(), 2);
    }

    #[tokio::test]
    async fn an_answer_that_cannot_be_read_is_an_error_for_who_waits() {
        let said = b"{\"jsonrpc\":\"1.0\",\"id\":3,\"result\":{}}\n";
        let got = all(said, &[3]).await;
        assert!(
            got[0]["error"]["message"]
                .as_str()
                .unwrap()
                .contains("cannot be read"),
            "{got:?}"
        );
    }

    #[tokio::test]
    async fn one_odd_tool_does_not_lose_the_others() {
        for extra in ["", ",\"resultType\":\"complete\""] {
            let said = format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{{\"tools\":[{{\"name\":\"a\",\
                 \"inputSchema\":\"no\"}},{{\"name\":\"b\",\"inputSchema\":{{}}}},{{\"name\":3}}]{extra}}}}}\n"
            );
            let got = all(said.as_bytes(), &[1]).await;
            let tools = got[0]["result"]["tools"].as_array().unwrap();
            assert_eq!(tools.len(), 2, "{got:?}");
        }
    }

    #[tokio::test]
    async fn a_huge_line_is_refused_and_the_next_one_read() {
        let mut said = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"".to_vec();
        said.resize(LONGEST + 100, b'x');
        said.extend_from_slice(b"\"}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}\n");
        let got = all(&said, &[1, 2]).await;
        assert_eq!(got.len(), 2);
        assert!(
            got[0]["error"]["message"]
                .as_str()
                .unwrap()
                .contains("32 MB")
        );
        assert_eq!(got[1]["id"], 2);
    }
}
