//! What is known of servers between runs: their tools, their protocol, and which tools
//! the user has allowed as they were described. Private to the user.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::names::sanitised;
use super::tool::{McpPrompt, McpTool};
use crate::config::mcp::{McpServer, McpTransport};
use crate::stdx::{blob, fs};

/// Which protocol a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Era {
    /// Stateless requests.
    Modern,
    /// `initialize` first.
    Legacy,
    /// The old transport with a stream of its own for answers.
    LegacySse,
}

/// What a server said last about itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// Its tools, by name.
    pub tools: Vec<McpTool>,
    /// Its prompts, by name.
    #[serde(default)]
    pub prompts: Vec<McpPrompt>,
    /// It has resources.
    #[serde(default)]
    pub resources: bool,
    /// How to use it, in its own words.
    #[serde(default)]
    pub instructions: Option<String>,
    /// Protocol version.
    #[serde(default)]
    pub protocol: Option<String>,
    /// How to speak to it.
    #[serde(default)]
    pub era: Option<Era>,
}

/// A tool as the user allowed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// See [`McpTool::hash`].
    pub hash: String,
    /// Its description then.
    pub description: String,
}

/// The directory of it all.
#[derive(Debug, Clone)]
pub struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// In a directory that need not exist.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The file of a server: another way to reach it is another server.
    fn file(&self, server: &McpServer, ending: &str) -> PathBuf {
        let reached = match &server.transport {
            McpTransport::Stdio { command, args, env } => {
                format!("{command}\0{}\0{env:?}", args.join("\0"))
            }
            McpTransport::Http { url, headers } => format!("{url}\0{headers:?}"),
        };
        let hash = blob::hash(reached.as_bytes());
        let name = sanitised(&server.name);
        self.dir
            .join(format!("{name}-{}.{ending}.json", &hash[..12]))
    }

    /// What is known of a server.
    pub fn known(&self, server: &McpServer) -> Option<Known> {
        read(&self.file(server, "tools"))
    }

    /// Keeps what it said.
    pub fn keep(&self, server: &McpServer, known: &Known) {
        self.write(&self.file(server, "tools"), known);
    }

    /// The tools of a server that the user has allowed.
    pub fn accepted(&self, server: &McpServer) -> BTreeMap<String, Accepted> {
        read(&self.file(server, "allowed")).unwrap_or_default()
    }

    /// Keeps what the user has allowed.
    pub fn keep_accepted(&self, server: &McpServer, all: &BTreeMap<String, Accepted>) {
        self.write(&self.file(server, "allowed"), all);
    }

    /// A cache that cannot be written costs time, nothing else.
    fn write(&self, path: &Path, value: &impl Serialize) {
        let written = fs::create_private_dir(&self.dir).and_then(|()| {
            let json = serde_json::to_vec(value).map_err(std::io::Error::other)?;
            fs::write_atomic(path, &json, 0o600)
        });
        if let Err(error) = written {
            tracing::warn!("cannot keep {}: {error}", path.display());
        }
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}
