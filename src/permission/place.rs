//! Where commands run: all that judging them looks at beside their text.

use std::path::Path;

use super::scope::{self, ScopeError};
use crate::protocol::permission::ScopedPath;

/// The workspace and the home directory. Judging reads links and names of files
/// there and changes nothing.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The resolved root of the workspace.
    pub root: &'a Path,
    /// The user's home directory, where there is one.
    pub home: Option<&'a Path>,
}

/// Entries of a directory beyond this many are not looked at.
const MAX_ENTRIES: usize = 10_000;

impl Place<'_> {
    /// Where a path leads from the directory `cwd`.
    pub(super) fn resolve(&self, cwd: &Path, path: &str) -> Result<ScopedPath, ScopeError> {
        scope::resolve_from(self.root, cwd, self.home, path)
    }

    /// The names in a directory; nothing when there are too many. A directory
    /// that cannot be read has none.
    pub(super) fn names(&self, dir: &Path) -> Option<Vec<String>> {
        let Ok(entries) = std::fs::read_dir(dir) else {
            return Some(Vec::new());
        };
        let mut names = Vec::new();
        for entry in entries.flatten() {
            if names.len() == MAX_ENTRIES {
                return None;
            }
            // A name that is not Unicode cannot be judged.
            names.push(entry.file_name().into_string().ok()?);
        }
        names.sort();
        Some(names)
    }
}
