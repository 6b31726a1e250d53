//! Recording requests and answers in the format the scripted provider plays:
//! one JSON line `{"request": …, "response": …}` per exchange.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::stdx::{fs, ids, redact};

/// Headers whose value is a secret.
const SECRET_HEADERS: [&str; 3] = ["x-api-key", "authorization", "set-cookie"];

/// A request as it is written down.
#[derive(Debug, Serialize)]
struct Request {
    url: String,
    headers: Map<String, Value>,
    body: Box<RawValue>,
}

/// An answer as it is written down; the scripted provider reads the same fields.
#[derive(Debug, Serialize)]
struct Response {
    wire: &'static str,
    status: u16,
    headers: Map<String, Value>,
    body: String,
}

/// Where the exchanges of one request are recorded, and the request itself.
#[derive(Debug, Clone)]
pub struct Target {
    path: PathBuf,
    wire: &'static str,
    request: Arc<Request>,
    secrets: Arc<[String]>,
}

impl Target {
    /// A target in `dir`, one file per session; nothing when `body` is not JSON.
    pub fn new(
        dir: &Path,
        session: &str,
        wire: &'static str,
        (url, headers, body): (&str, &[(&'static str, String)], &[u8]),
        secrets: &[String],
    ) -> Option<Self> {
        let name = match ids::is_valid_session(session) {
            true => session,
            false => "trace",
        };
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let body = String::from_utf8(body.to_vec()).ok()?;
        Some(Self {
            path: dir.join(format!("{name}.jsonl")),
            wire,
            request: Arc::new(Request {
                url: url.to_string(),
                headers: without_secrets(headers),
                body: RawValue::from_string(body).ok()?,
            }),
            secrets: secrets.into(),
        })
    }
}

fn without_secrets<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
    headers
        .map(|(name, value)| match SECRET_HEADERS.contains(&name) {
            true => (name.to_string(), "[redacted]".into()),
            false => (name.to_string(), value.into()),
        })
        .collect()
}

/// One exchange being recorded; written as one line when it is dropped, so that
/// a broken or cancelled answer is kept as far as it came.
#[derive(Debug)]
pub struct Recorder {
    target: Target,
    status: u16,
    headers: Map<String, Value>,
    body: Vec<u8>,
}

impl Recorder {
    /// A recorder for an answer with this head.
    pub fn new<'a>(
        target: Target,
        status: u16,
        headers: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        Self {
            target,
            status,
            headers: without_secrets(headers),
            body: Vec::new(),
        }
    }

    /// Takes down a piece of the body.
    pub fn body(&mut self, bytes: &[u8]) {
        self.body.extend_from_slice(bytes);
    }

    fn write(&mut self) -> std::io::Result<()> {
        #[derive(Serialize)]
        struct Line<'a> {
            request: &'a Request,
            response: &'a Response,
        }
        let response = Response {
            wire: self.target.wire,
            status: self.status,
            headers: std::mem::take(&mut self.headers),
            body: String::from_utf8_lossy(&self.body).into_owned(),
        };
        let line = serde_json::to_string(&Line {
            request: &self.target.request,
            response: &response,
        })?;
        let mut line = redact::redact_known(&line, &self.target.secrets);
        line.push('\n');
        if let Some(dir) = self.target.path.parent() {
            fs::create_private_dir(dir)?;
        }
        fs::open_append(&self.target.path)?.write_all(line.as_bytes())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if let Err(error) = self.write() {
            tracing::warn!(path = %self.target.path.display(), %error, "trace not written");
        }
    }
}
