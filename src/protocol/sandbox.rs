//! What a command may do to the machine, and whether the system enforces it.

use std::path::PathBuf;

/// What the operating system is asked to enforce around one command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SandboxPolicy {
    /// Nothing is writable but a private temporary directory.
    ReadOnly,
    /// The workspace and a private temporary directory are writable.
    WorkspaceWrite {
        /// Directories that are writable, resolved; protected folders in them
        /// (`.git`, `.sofos`, editor and agent settings) stay read-only.
        roots: Vec<PathBuf>,
        /// The outside network is reachable; without it only loopback is.
        network: bool,
        /// Protected folders other than `.sofos` are writable too: for a git
        /// command that the user allowed.
        allow_git: bool,
        /// Files and directories that exist and cannot be read, beside those that
        /// hold the user's keys; resolved.
        hidden: Vec<PathBuf>,
    },
    /// No sandbox: the command has the user's own rights.
    #[default]
    Off,
}

impl SandboxPolicy {
    /// The usual policy: this directory, no network, no writes to `.git`.
    pub fn workspace(root: impl Into<PathBuf>) -> Self {
        Self::WorkspaceWrite {
            roots: vec![root.into()],
            network: false,
            allow_git: false,
            hidden: Vec::new(),
        }
    }

    /// Whether it closes files of the workspace to reading, beside the user's keys.
    pub fn hides_files(&self) -> bool {
        matches!(self, Self::WorkspaceWrite { hidden, .. } if !hidden.is_empty())
    }
}

/// What is enforced on this machine, found out by trying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SandboxState {
    /// Everything.
    Full,
    /// Some of it; the words say what is missing.
    Partial(String),
    /// Nothing; the words say why.
    None(String),
}
