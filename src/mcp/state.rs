//! What a user is shown of a server.

/// How far a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerState {
    /// Switched off by the user's settings, or disconnected by hand.
    Off,
    /// Not needed yet: its tools are known from an earlier run.
    Idle,
    /// Being connected.
    Connecting,
    /// Answers.
    Ready,
    /// Wants a login first (`sofos mcp login NAME`).
    NeedsLogin,
    /// Secrets it needs are not there.
    NeedsSecrets,
    /// Not reachable; the view says why.
    Failed,
}

impl ServerState {
    /// One word for lists.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Ready => "ready",
            Self::NeedsLogin => "needs login",
            Self::NeedsSecrets => "needs secrets",
            Self::Failed => "failed",
        }
    }
}

/// One tool of a server, in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolLine {
    /// The server's own name for it.
    pub name: String,
    /// First sentence of its description, cleaned for the terminal.
    pub summary: String,
    /// Whether the model sees it.
    pub offered: bool,
}

/// One server as shown to people. All text is cleaned for the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerView {
    /// Its name.
    pub name: String,
    /// The command line or the URL, secrets masked.
    pub reached_by: String,
    /// File and line it was read from.
    pub from: String,
    /// How far it is.
    pub state: ServerState,
    /// Protocol version in use, once it answered.
    pub protocol: Option<String>,
    /// Its tools, by name.
    pub tools: Vec<ToolLine>,
    /// Names of the variables and secrets it needs, and whether each is there.
    pub secrets: Vec<(String, bool)>,
    /// Why it failed last.
    pub error: Option<String>,
    /// The last lines it wrote to stderr, oldest first.
    pub stderr: Vec<String>,
}
