//! The nouns of permission: what a call would do, what is decided, who decided.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::diff::FileDiff;
use super::tool::ToolTitle;

/// A path whose real location is known. Only `permission::scope` makes one, so
/// holding it proves that symlinks and `..` were resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopedPath {
    real: PathBuf,
    named: PathBuf,
    display: String,
    inside: bool,
}

impl ScopedPath {
    /// For `permission::scope` alone (checked by the architecture test).
    pub fn new(real: PathBuf, display: String, inside: bool) -> Self {
        Self {
            named: real.clone(),
            real,
            display,
            inside,
        }
    }

    /// The same, spelled differently.
    #[must_use]
    pub fn spelled(self, named: PathBuf) -> Self {
        Self { named, ..self }
    }

    /// The absolute path as it was spelled, links and all. For rules that forbid a
    /// name, never to operate on.
    pub fn named(&self) -> &std::path::Path {
        &self.named
    }

    /// The resolved absolute path to operate on.
    pub fn real(&self) -> &std::path::Path {
        &self.real
    }

    /// How to name it to people and models: relative to the workspace when inside.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Whether it lies in the workspace.
    pub fn inside(&self) -> bool {
        self.inside
    }
}

/// One thing a call would do. Permissions judge effects, never tool names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Reads a file or directory.
    Read(ScopedPath),
    /// Creates or changes a file or directory.
    Write(ScopedPath),
    /// Removes a file or directory.
    Delete(ScopedPath),
    /// Runs a shell command line in the workspace.
    Exec(String),
    /// Runs this line without the sandbox: the user's own rights hold. Only the user
    /// can allow it.
    Unconfined(String),
    /// Runs this line with the network open. Only the user can allow it.
    Network(String),
    /// Sends input to a command that runs.
    Input {
        /// The line that was run.
        command: String,
        /// What it gets.
        text: String,
    },
    /// Fetches an address of the web.
    Net(String),
    /// Calls a tool of an MCP server.
    Mcp {
        /// The server.
        server: String,
        /// The server's own name for the tool.
        tool: String,
        /// It changes nothing: the server says so, and the user believes it.
        reads: bool,
        /// It is described differently than when the user allowed it.
        changed: bool,
    },
}

impl Effect {
    /// The file or directory it is about.
    pub fn path(&self) -> Option<&ScopedPath> {
        match self {
            Self::Read(path) | Self::Write(path) | Self::Delete(path) => Some(path),
            Self::Exec(_)
            | Self::Unconfined(_)
            | Self::Network(_)
            | Self::Input { .. }
            | Self::Net(_)
            | Self::Mcp { .. } => None,
        }
    }

    /// Reads only: may run together with other such calls.
    pub fn is_read_only(&self) -> bool {
        matches!(
            self,
            Self::Read(_) | Self::Net(_) | Self::Mcp { reads: true, .. }
        )
    }
}

/// What sofos may do without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PermissionMode {
    /// Reads and edits inside the workspace run; the rest asks.
    #[default]
    Default,
    /// Only reading; nothing is changed.
    Plan,
    /// Like default, and edits never ask.
    AcceptEdits,
    /// Nothing asks.
    Bypass,
}

impl PermissionMode {
    /// Every mode with its spelling.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Default, "default"),
        (Self::Plan, "plan"),
        (Self::AcceptEdits, "accept-edits"),
        (Self::Bypass, "bypass"),
    ];

    /// Spelling on the command line and in settings.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(mode, _)| *mode == self)
            .map_or("default", |(_, name)| name)
    }

    /// The mode of that spelling.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, spelling)| *spelling == name)
            .map(|(mode, _)| *mode)
    }
}

/// A way to answer a question, with the grant it would leave behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The rule in words, e.g. `Bash(cargo run)` or `Delete(target/tmp)`.
    pub rule: String,
}

/// What the pure decision says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PermissionDecision {
    /// Run it.
    Allow {
        /// The deciding rule, for the log.
        why: String,
        /// The user's own word decides (a rule, a grant, bypass mode), not sofos'
        /// judgement.
        by_user: bool,
    },
    /// Refuse it; the model is told why and what to do instead.
    Deny {
        /// The reason in words.
        why: String,
    },
    /// Someone has to answer.
    Ask {
        /// Why no rule settles it.
        why: String,
        /// What would happen, in plain words, one thing each.
        effects: Vec<String>,
        /// What "for this session" would allow.
        session: Vec<Grant>,
        /// The rules that "always" would write down.
        always: Vec<Grant>,
    },
}

/// What the person asked sees below the question.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Preview {
    /// Title and reason say it all.
    #[default]
    None,
    /// A command line, shown whole.
    Command {
        /// The exact text that would run.
        text: String,
    },
    /// A call of a tool that is not sofos' own, shown whole.
    Call {
        /// Who is called with what, one thing a line.
        text: String,
    },
    /// A change to a file.
    Diff {
        /// The change.
        diff: FileDiff,
    },
    /// Changes to several files.
    Diffs {
        /// The changes, each with its path.
        diffs: Vec<FileDiff>,
    },
    /// What the model wants to know; the answer is [`Answer::Reply`].
    Question {
        /// The question.
        text: String,
        /// Answers to choose from; may be empty.
        choices: Vec<String>,
    },
    /// What the model means to do once it may change something.
    Plan {
        /// The plan.
        markdown: String,
    },
}

/// A question put to the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskRequest {
    /// Names the question in the answer.
    pub id: u64,
    /// The call in question.
    pub call_id: String,
    /// What would be done.
    pub title: ToolTitle,
    /// The question itself, where title and preview do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// What exactly.
    pub preview: Preview,
    /// Why it is asked.
    pub why: String,
    /// What would happen, in plain words, one thing each; may be empty.
    #[serde(default)]
    pub effects: Vec<String>,
    /// What "for this session" would allow; empty when it is not offered.
    pub session: Vec<Grant>,
    /// The rules that "always" would write into the workspace's own settings, as
    /// they would stand there; empty when it is not offered.
    #[serde(default)]
    pub always: Vec<Grant>,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// This call only.
    Once,
    /// This call and those the session grants cover.
    Session,
    /// This call and those that its rules cover, in every session here.
    Always,
    /// No; the message goes to the model.
    No {
        /// What the user wants instead; may be empty.
        message: String,
    },
    /// What the user says to a question of the model.
    Reply {
        /// A choice, or the user's own words.
        text: String,
    },
}
