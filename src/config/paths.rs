//! Where things lie.

use std::path::{Path, PathBuf};

use super::Env;
use crate::stdx::blob;

/// The directories of one run.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The user's home directory, where there is one.
    pub user_home: Option<PathBuf>,
    /// sofos' own directory of the user: `$SOFOS_HOME`, else `~/.sofos`.
    pub home: PathBuf,
    /// The workspace: the directory sofos was started in.
    pub workspace: PathBuf,
    /// `.sofos` in the workspace.
    pub project: PathBuf,
}

impl Paths {
    /// The paths for a workspace. Without any home directory the workspace's
    /// `.sofos` serves as home too.
    pub fn new(workspace: &Path, env: &Env) -> Self {
        let user_home = env
            .first(&["HOME", "USERPROFILE"])
            .map(|(_, home)| PathBuf::from(home));
        let project = workspace.join(".sofos");
        let home = env
            .get("SOFOS_HOME")
            .map(PathBuf::from)
            .or_else(|| user_home.as_ref().map(|home| home.join(".sofos")))
            .unwrap_or_else(|| project.clone());
        Self {
            user_home,
            home,
            workspace: workspace.to_path_buf(),
            project,
        }
    }

    /// Session logs.
    pub fn sessions(&self) -> PathBuf {
        self.project.join("sessions")
    }

    /// Images and other blobs of sessions.
    pub fn blobs(&self) -> PathBuf {
        self.project.join("blobs")
    }

    /// Tool outputs too long for the model.
    pub fn outputs(&self) -> PathBuf {
        self.project.join("outputs")
    }

    /// What was before changes, to take them back.
    pub fn undo(&self) -> PathBuf {
        self.project.join("undo")
    }

    /// Messages and drafts typed in this workspace: in the user's own directory,
    /// named after the workspace.
    pub fn history(&self) -> PathBuf {
        let name = self
            .workspace
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let name: String = name
            .chars()
            .filter(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_' | '.'))
            .take(40)
            .collect();
        let hash = blob::hash(self.workspace.as_os_str().as_encoded_bytes());
        self.home
            .join("history")
            .join(format!("{name}-{}", &hash[..12]))
    }

    /// What is known of MCP servers; private.
    pub fn mcp(&self) -> PathBuf {
        self.home.join("mcp")
    }

    /// The program's own log files.
    pub fn logs(&self) -> PathBuf {
        self.project.join("logs")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sofos_home_beats_home_and_a_missing_home_is_no_failure() {
        let at = |env: &Env| Paths::new(Path::new("/w"), env).home;
        let both = Env::from_pairs([("HOME", "/h"), ("SOFOS_HOME", "/s")]);
        assert_eq!(at(&both), Path::new("/s"));
        assert_eq!(
            at(&Env::from_pairs([("HOME", "/h")])),
            Path::new("/h/.sofos")
        );
        assert_eq!(at(&Env::from_pairs([("HOME", "")])), Path::new("/w/.sofos"));
    }
}
