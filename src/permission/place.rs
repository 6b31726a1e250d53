//! Where commands run: all that judging them looks at beside their text.

use std::path::{Path, PathBuf};

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

/// Entries and directories beyond these are not gone through below a directory.
const MAX_BELOW: usize = 12_000;
const MAX_DIRS: usize = 1_500;

/// What lies below a directory, as far as lists of paths and those who read them care.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// All of it was seen.
    pub whole: bool,
    /// What is neither a file or directory of the workspace, nor a link to one.
    pub astray: Vec<PathBuf>,
    /// No name holds blanks, quotes, backslashes or control characters, or begins
    /// with a dash: a list of paths falls apart only between them.
    pub words: bool,
}

/// Decides about a path below a directory, and its last part.
pub type Looks<'a> = &'a dyn Fn(&str, &str) -> bool;

impl Place<'_> {
    /// Where a path leads from the directory `cwd`.
    pub(super) fn resolve(&self, cwd: &Path, path: &str) -> Result<ScopedPath, ScopeError> {
        scope::resolve_from(self.root, cwd, self.home, path)
    }

    /// Looks at everything below a directory that `enters` does not leave out, and at
    /// those names that `counts` tells; where that is too much, nothing is promised.
    pub(super) fn tree(&self, dir: &Path, enters: Looks<'_>, counts: Looks<'_>) -> Tree {
        let mut tree = Tree {
            whole: dir.starts_with(self.root),
            astray: Vec::new(),
            words: true,
        };
        let nothing = Tree::default();
        if !tree.whole {
            return nothing;
        }
        let mut waiting = vec![(dir.to_path_buf(), String::new())];
        let (mut entries, mut dirs) = (0, 0);
        while let Some((dir, below)) = waiting.pop() {
            dirs += 1;
            let Ok(list) = std::fs::read_dir(&dir) else {
                continue;
            };
            for entry in list.flatten() {
                entries += 1;
                let name = entry.file_name();
                let (Ok(kind), Some(name)) = (entry.file_type(), name.to_str()) else {
                    return nothing;
                };
                if entries > MAX_BELOW || dirs > MAX_DIRS {
                    return nothing;
                }
                let path = match below.as_str() {
                    "" => name.to_string(),
                    below => format!("{below}/{name}"),
                };
                if !kind.is_dir() && !counts(&path, name) {
                    continue;
                }
                tree.words &= !name.starts_with('-')
                    && !name.contains(|ch: char| {
                        ch.is_whitespace() || ch.is_control() || "'\"\\".contains(ch)
                    });
                if kind.is_dir() {
                    if enters(&path, name) {
                        waiting.push((entry.path(), path));
                    }
                } else if !(kind.is_file() || kind.is_symlink() && self.leads_inside(&dir, name)) {
                    tree.astray.push(entry.path());
                }
            }
        }
        tree
    }

    /// Whether a link leads to a file or directory of the workspace, or nowhere.
    fn leads_inside(&self, dir: &Path, name: &str) -> bool {
        self.resolve(dir, &format!("./{name}"))
            .is_ok_and(|path| path.inside() && !scope::is_special(&path))
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
