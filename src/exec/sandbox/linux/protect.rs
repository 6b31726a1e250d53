//! Folders of a workspace that decide what git, editors and agents run: read-only
//! and pinned inside, wherever they lie, and also where they do not exist yet.
//!
//! A folder that does not exist is held open by an empty one, which is removed
//! after the command. It is known by its odd time stamp, so that one left behind by
//! a crash is removed by the next command.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, Timespec, Timestamps, flock};

use crate::stdx::fs as sfs;

/// Held open where they do not exist, at the top of a workspace.
const RESERVED: &[&str] = &[".git", ".sofos", ".vscode", ".idea", ".claude", ".cursor"];

/// Protected where they exist, at any depth.
const FOLDERS: &[&str] = &[
    ".git",
    ".sofos",
    ".hg",
    ".svn",
    ".husky",
    ".vscode",
    ".idea",
    ".zed",
    ".devcontainer",
    ".cursor",
    ".windsurf",
    ".claude",
    ".codex",
    ".gemini",
];

/// Files of the same kind.
const FILES: &[&str] = &[
    "AGENTS.md",
    "CLAUDE.md",
    "AGENTS.override.md",
    "GEMINI.md",
    ".cursorrules",
    ".windsurfrules",
    ".mcp.json",
    ".envrc",
];

/// Protected even for a git command that the user allowed.
const OWN: &str = ".sofos";

/// Not searched: large, and nothing in them is opened by hand.
const SKIPPED: &[&str] = &["node_modules", "target", ".venv", "venv", "__pycache__"];

/// Directory entries looked at in the search for nested folders.
const SEARCHED: usize = 20_000;

/// Directories above nested repositories that are kept in their place.
const PINNED: usize = 100;

/// Time stamp of an empty folder that only holds a name.
const MARK: (i64, i64) = (981_173_106, 987_654_321);

/// One thing to protect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Guard {
    /// It stays as it is: a folder, a file, or a link itself.
    ReadOnly(PathBuf),
    /// A link to nowhere: it leads nowhere for good.
    Blocked(PathBuf),
    /// Writable, but it keeps its name: a repository lies below it.
    Pinned(PathBuf),
}

impl Guard {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::ReadOnly(path) | Self::Blocked(path) | Self::Pinned(path) => path,
        }
    }
}

/// Everything to protect in one run.
pub(super) struct Guards {
    pub(super) all: Vec<Guard>,
    roots: Vec<PathBuf>,
    /// Shared locks on the roots: whoever is last removes what holds names.
    locks: Vec<OwnedFd>,
}

impl Guards {
    /// Finds what is there, and makes what is not.
    pub(super) fn raise(roots: &[PathBuf], allow_git: bool) -> Self {
        let mut guards = Self {
            all: Vec::new(),
            roots: roots.to_vec(),
            locks: roots.iter().filter_map(|root| lock_shared(root)).collect(),
        };
        for root in roots {
            for name in RESERVED {
                if !allow_git || *name == OWN {
                    reserve(&root.join(name));
                }
            }
            if allow_git {
                guards.add(root.join(OWN));
                continue;
            }
            guards.search(root);
        }
        guards.pin();
        guards
    }

    /// Keeps the directories above nested repositories in their place: with one of them
    /// renamed, another repository could stand where this one was. They come first, the
    /// outermost before those in it.
    fn pin(&mut self) {
        let mut dirs: Vec<PathBuf> = Vec::new();
        for root in &self.roots {
            let repositories = self
                .all
                .iter()
                .map(Guard::path)
                .filter(|path| path.ends_with(".git"));
            for dir in repositories.filter_map(Path::parent) {
                let above = dir
                    .ancestors()
                    .take_while(|dir| dir.starts_with(root) && dir != root);
                dirs.extend(above.map(Path::to_path_buf));
            }
        }
        dirs.sort();
        dirs.dedup();
        dirs.retain(|dir| dir.symlink_metadata().is_ok_and(|meta| meta.is_dir()));
        dirs.truncate(PINNED);
        self.all.splice(0..0, dirs.into_iter().map(Guard::Pinned));
    }

    /// Removes what only held a name, unless another command still needs it.
    pub(super) fn clear(self) {
        drop(self.locks);
        for root in &self.roots {
            tidy(root);
        }
    }

    /// Protects a path when it exists, and what it leads to.
    fn add(&mut self, path: PathBuf) {
        let Ok(meta) = path.symlink_metadata() else {
            return;
        };
        if !meta.is_symlink() {
            if meta.is_file() && path.file_name().is_some_and(|name| name == ".git") {
                self.add_git_dirs(&path);
            }
            self.push(Guard::ReadOnly(path));
            return;
        }
        match path.canonicalize() {
            Ok(target) => {
                if self.is_writable(&target) {
                    self.push(Guard::ReadOnly(target));
                }
                self.push(Guard::ReadOnly(path));
            }
            Err(_) => self.push(Guard::Blocked(path)),
        }
    }

    /// What a `.git` file names: the repository of a worktree or submodule.
    fn add_git_dirs(&mut self, file: &Path) {
        let follow = |file: &Path, prefix: &str| {
            let text = std::fs::read_to_string(file).ok()?;
            let target = text.trim_end().strip_prefix(prefix)?.trim();
            file.parent()?.join(target).canonicalize().ok()
        };
        let Some(dir) = follow(file, "gitdir:") else {
            return;
        };
        let common = follow(&dir.join("commondir"), "");
        for dir in [Some(dir), common].into_iter().flatten() {
            if self.is_writable(&dir) {
                self.push(Guard::ReadOnly(dir));
            }
        }
    }

    /// Below a root, and not a directory that contains one.
    fn is_writable(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| path.starts_with(root))
            && !self.roots.iter().any(|root| root.starts_with(path))
    }

    fn push(&mut self, guard: Guard) {
        if !self.all.iter().any(|known| known.path() == guard.path()) {
            self.all.push(guard);
        }
    }

    /// Finds protected folders at any depth, nearest first.
    fn search(&mut self, root: &Path) {
        let mut dirs = std::collections::VecDeque::from([root.to_path_buf()]);
        let mut left = SEARCHED;
        while let Some(dir) = dirs.pop_front() {
            let Ok(entries) = std::fs::read_dir(&dir) else {
                continue;
            };
            for entry in entries.flatten() {
                left = left.saturating_sub(1);
                if left == 0 {
                    return;
                }
                let name = entry.file_name();
                let mut known = FOLDERS.iter().chain(FILES);
                if known.any(|known| name == *known) {
                    self.add(entry.path());
                } else if entry.file_type().is_ok_and(|kind| kind.is_dir())
                    && !SKIPPED.iter().any(|skipped| name == *skipped)
                {
                    dirs.push_back(entry.path());
                }
            }
        }
    }
}

fn open_dir(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

/// Whoever clears up holds the lock for a moment only.
fn lock_shared(root: &Path) -> Option<OwnedFd> {
    let dir = open_dir(root).ok()?;
    for _ in 0..50 {
        if flock(&dir, FlockOperation::NonBlockingLockShared).is_ok() {
            return Some(dir);
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    None
}

/// Makes an empty folder with the mark. Where that is not possible the command,
/// which has the same rights, cannot make one either.
fn reserve(path: &Path) {
    if std::fs::create_dir(path).is_ok() {
        let time = Timespec {
            tv_sec: MARK.0,
            tv_nsec: MARK.1,
        };
        let times = Timestamps {
            last_access: time,
            last_modification: time,
        };
        let _ = rustix::fs::utimensat(rustix::fs::CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW);
    }
}

/// Whether a directory only holds a name.
pub(in crate::exec::sandbox) fn is_marked(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    meta.is_dir() && (meta.mtime(), meta.mtime_nsec()) == MARK
}

/// Removes the empty folders that only held a name in a workspace, unless a command
/// is running in it.
pub(in crate::exec::sandbox) fn tidy(root: &Path) {
    let marked = |path: &Path| path.symlink_metadata().is_ok_and(|meta| is_marked(&meta));
    let marked: Vec<PathBuf> = RESERVED
        .iter()
        .map(|name| root.join(name))
        .filter(|path| marked(path))
        .collect();
    if marked.is_empty() {
        return;
    }
    let Ok(dir) = open_dir(root) else { return };
    if flock(&dir, FlockOperation::NonBlockingLockExclusive).is_ok() {
        for path in marked {
            // Not empty: somebody has taken it for theirs.
            let _ = sfs::remove_dir(&path);
        }
    }
}
