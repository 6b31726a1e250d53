//! Everything sofos does to files can be taken back.
//!
//! # What is kept, and when
//!
//! Before a call changes anything, what is there goes into a store of contents
//! named by their SHA-256 (`vault.rs`), under `.sofos/undo`. After the call the
//! paths are looked at again; what differs is a change: a record of every path
//! with its state before and after (`record.rs`), kept in the same store and named
//! in the session log. Taking a change back (`restore.rs`) restores exactly the
//! recorded paths, only where they still are what sofos left, and is a change of
//! its own. Nothing else is ever touched: no repository data, no index, no other
//! file; and nothing is ever deleted that sofos did not create.
//!
//! A file tool names the paths it will change. A directory that is deleted or moved
//! is kept with everything in it.
//!
//! # Commands
//!
//! What a command will change is not known before it ran, and afterwards it is too
//! late. So everything it could change must be at hand before, at a price nobody
//! notices:
//!
//! * `scan.rs` looks at every path (names and `lstat`, no contents), in parallel,
//!   leaving out repository data and directories that tools fill and can fill again
//!   (ignored ones, `node_modules`, those with a `CACHEDIR.TAG`). Small ignored files
//!   (`.env`, notes) are looked at: they exist nowhere else.
//! * `index.rs` knows of each path the times, size, inode and mode it had when its
//!   content was last known. Only what differs is read. A file that changed within
//!   the last tick of the clock is read again the next time, as it could change again
//!   without a new time.
//! * A file that git has as it is needs no copy: the git index says so without a
//!   file being read (`git_index.rs`), and if the command changes the file, its old
//!   content comes from `git cat-file`, right after the command. In a repository
//!   only modified and untracked files are copied; elsewhere everything is, once, up
//!   to a limit a file and a limit a look, what was changed last coming first.
//! * The first look runs while the model thinks about the first message; the look
//!   after a command, which is the new state of the index, while it thinks about the
//!   result. In the way of a command is one look at names and times.
//!
//! Considered and left: hard links (the copy changes with a file that is written in
//! place, and a second link changes how sofos itself has to write), reflinks (few
//! file systems, and the hash must be computed all the same), watching the file system
//! (limits, and events can be lost), an overlay for the command (other programs
//! would not see what it writes).
//!
//! Not covered: what a command changes in the directories left out and outside the
//! workspace, what one that runs in the background changes after the turn (a person
//! works on the same files then), files above the limits (said before the first command), and everything
//! when the workspace is the home directory. What somebody else changes while a
//! command runs counts as changed by it.
//!
//! # What a crash leaves
//!
//! While a change is under way a note of it lies in `pending/`: the paths as they
//! were. It goes when the change is in the session log. A note whose process is gone
//! is finished when its session is opened again ([`Checkpoints::recover`]): the paths
//! are compared with the note, and what differs is recorded as if the call had ended.

mod git_index;
mod index;
mod record;
mod restore;
mod scan;
mod state;
mod tree;
mod vault;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub use record::{FileChange, Manifest, merge};
pub use restore::{Obstacle, Plan, Restored, shown};
pub use state::State;
pub use tree::Looked;
pub use vault::Dropped;

use crate::protocol::entry::{Change, ChangeOrigin};
use crate::stdx::{fs as sfs, ids};
use record::{Note, Was};
use tree::Tree;
use vault::Vault;

/// Largest file that is kept when a tool is about to change it, in bytes.
const LARGEST_KNOWN: u64 = 64 * 1024 * 1024;
/// Entries of a directory that is deleted or moved which are kept at most.
const MOST_ENTRIES: usize = 20_000;
/// Whose notes are kept until what a crash left beside files has gone.
const LEFT: &str = "left";
/// Up to this many contents are made to survive a power failure before the change.
const DURABLE: usize = 32;

/// Something that cannot be kept or taken back.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// The store cannot be used.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The record of a change is gone.
    #[error(
        "what \"{words}\" changed is no longer in the undo store: the oldest is dropped at {} MB",
        vault::CAP / (1024 * 1024)
    )]
    Forgotten {
        /// What made the change.
        words: String,
    },
}

/// A change to take back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeBack {
    /// Name of its record.
    pub manifest: String,
    /// What made it.
    pub words: String,
}

impl From<&Change> for TakeBack {
    fn from(change: &Change) -> Self {
        Self {
            manifest: change.manifest.clone(),
            words: change.words.clone(),
        }
    }
}

/// Who is about to change something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The session.
    pub session: String,
    /// How the change comes about.
    pub origin: ChangeOrigin,
    /// What does it, e.g. `Edit src/cart.rs`.
    pub words: String,
}

/// A change under way.
#[derive(Debug)]
#[must_use = "a change that was begun is to be ended"]
pub struct Begun {
    /// Nothing when it cannot be followed.
    note: Option<Note>,
    /// What is not kept, in words.
    pub unkept: Vec<String>,
}

impl Begun {
    /// Whether the whole tree may change: to be ended with [`Checkpoints::look_again`].
    pub fn is_whole_tree(&self) -> bool {
        self.note.as_ref().is_some_and(|note| note.paths.is_none())
    }
}

/// What was under way when a process ended.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Changes by tools.
    pub changes: Vec<Change>,
    /// Changes by commands.
    pub looked: Vec<Looked>,
}

/// What a change came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ended {
    /// The change; nothing when all is as it was. To be given to
    /// [`Checkpoints::settle`] once it is in the log.
    pub change: Option<Change>,
    /// Contents that had to go to make room.
    pub dropped: Option<Dropped>,
}

/// The undo store of a workspace.
#[derive(Debug)]
pub struct Checkpoints {
    root: PathBuf,
    dir: PathBuf,
    vault: Vault,
    /// Held shared as long as this process may rely on what is in the store.
    lock: Mutex<Option<File>>,
    tree: Mutex<Tree>,
    /// Changes by commands are looked for.
    watches: bool,
}

impl Checkpoints {
    /// The store in `dir` for the files below `root`, which is resolved. Touches
    /// nothing. Commands are not watched when `root` is the home directory.
    pub fn new(root: PathBuf, dir: PathBuf, home: Option<&Path>) -> Self {
        Self {
            vault: Vault::new(dir.join("blobs"), vault::CAP),
            watches: tree::is_watched(&root, home),
            tree: Mutex::new(Tree::default()),
            root,
            dir,
            lock: Mutex::new(None),
        }
    }

    fn io(&self, action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> UndoError {
        let path = path.to_path_buf();
        move |source| UndoError::Io {
            action,
            path,
            source,
        }
    }

    /// Creates the directory and says to other processes that it is in use.
    fn enter(&self) -> Result<(), UndoError> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_some() {
            return Ok(());
        }
        let pending = self.dir.join("pending");
        sfs::create_private_dir(&pending).map_err(self.io("create", &pending))?;
        if let Some(parent) = self.dir.parent() {
            sfs::ignore_in_git(parent).map_err(self.io("write a .gitignore in", parent))?;
        }
        let path = self.dir.join("lock");
        let file = sfs::open_append(&path).map_err(self.io("open", &path))?;
        // A file system without locks: two processes are on their own there.
        let _ = file.try_lock_shared();
        *lock = Some(file);
        Ok(())
    }

    /// A path as it is recorded.
    fn record_path(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap_or(path).to_path_buf()
    }

    /// Keeps what is at these paths before a call changes them. `whole` says of each
    /// path whether everything below it may change too.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn begin(&self, author: Author, paths: &[(PathBuf, bool)]) -> Result<Begun, UndoError> {
        self.enter()?;
        let mut unkept = Vec::new();
        let mut found: Vec<PathBuf> = Vec::new();
        for (path, whole) in paths {
            // Directories on the way that the call will have to make.
            let missing = path.ancestors().skip(1).take_while(|above| {
                !above.as_os_str().is_empty() && fs::symlink_metadata(above).is_err()
            });
            found.extend(missing.map(Path::to_path_buf));
            if *whole && !below(path, &mut found) {
                unkept.push(format!(
                    "{}/ (over {MOST_ENTRIES} entries)",
                    shown(&self.record_path(path))
                ));
            }
            found.extend(self.other_names(path));
            found.push(path.clone());
        }
        found.sort_unstable();
        found.dedup();
        let durable = found.len() <= DURABLE;
        let mut was = Vec::with_capacity(found.len());
        for path in found {
            let state = State::capture(&path, &self.vault, LARGEST_KNOWN, durable)
                .map_err(self.io("keep", &path))?;
            let path = self.record_path(&path);
            if let State::Unkept { size, .. } = state {
                unkept.push(format!("{} ({} MB)", shown(&path), size >> 20));
            }
            was.push(Was { path, state });
        }
        let roots = paths.iter().filter(|(_, whole)| *whole);
        let note = Note {
            id: ids::random(10),
            session: author.session,
            origin: author.origin,
            words: author.words,
            paths: Some(was),
            roots: roots.map(|(path, _)| self.record_path(path)).collect(),
        };
        self.write_note(&note)?;
        Ok(Begun {
            note: Some(note),
            unkept,
        })
    }

    fn note_path(&self, session: &str, id: &str) -> PathBuf {
        self.dir
            .join("pending")
            .join(format!("{session}.{id}.json"))
    }

    fn write_note(&self, note: &Note) -> Result<(), UndoError> {
        let path = self.note_path(&note.session, &note.id);
        // Plain data: serialising cannot fail.
        let bytes = serde_json::to_vec(note).unwrap_or_default();
        sfs::write_unsynced(&path, &bytes).map_err(self.io("write", &path))
    }

    /// Finds out what a call that was announced has changed.
    ///
    /// # Errors
    /// When a path cannot be read or the store cannot be written.
    pub fn end(&self, begun: Begun) -> Result<Ended, UndoError> {
        match begun.note {
            Some(note) => self.finish(note, false),
            None => Ok(Ended::default()),
        }
    }

    /// Looks at what a command has changed.
    pub fn look_again(&self, begun: Begun) -> Option<Looked> {
        begun.note.map(|note| self.look_after(note))
    }

    /// `always` records a change even when all is as it was.
    fn finish(&self, note: Note, always: bool) -> Result<Ended, UndoError> {
        let mut manifest = Manifest::default();
        let mut was = note.paths.clone().unwrap_or_default();
        let known: HashSet<PathBuf> = was.iter().map(|was| was.path.clone()).collect();
        let mut new = Vec::new();
        for root in &note.roots {
            below(&self.root.join(root), &mut new);
        }
        let appeared = new
            .into_iter()
            .map(|path| self.record_path(&path))
            .filter(|path| !known.contains(path))
            .map(|path| Was {
                path,
                state: State::Absent,
            });
        was.extend(appeared);
        for Was { path, state } in was {
            let place = self.root.join(&path);
            let after = State::capture(&place, &self.vault, LARGEST_KNOWN, false)
                .map_err(self.io("read", &place))?;
            if after != state {
                manifest.files.push(FileChange {
                    path,
                    before: state,
                    after,
                    linked: false,
                    names: state::links(&place).max(1),
                });
            }
        }
        manifest.files.sort_by(|a, b| a.path.cmp(&b.path));
        if manifest.files.is_empty() && !always {
            self.forget_note(&note.session, &note.id);
            return Ok(Ended::default());
        }
        self.record(note, manifest)
    }

    /// Puts the record of a change into the store.
    fn record(&self, note: Note, manifest: Manifest) -> Result<Ended, UndoError> {
        let bytes = serde_json::to_vec(&manifest).unwrap_or_default();
        let name = self
            .vault
            .put(&bytes, false)
            .map_err(self.io("write to", &self.dir))?;
        let blobs = manifest
            .files
            .iter()
            .flat_map(|file| [file.before.blob(), file.after.blob()]);
        self.vault.refresh(blobs.flatten());
        let change = Change {
            id: note.id,
            origin: note.origin,
            words: note.words,
            manifest: name,
            files: manifest.files.len(),
        };
        Ok(Ended {
            change: Some(change),
            dropped: self.prune(),
        })
    }

    /// Makes room, if no other process relies on the store.
    fn prune(&self) -> Option<Dropped> {
        if !self.vault.is_full() {
            return None;
        }
        let keep = self.relied_on();
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let file = lock.as_ref()?;
        let _ = file.unlock();
        let alone = file.try_lock().is_ok();
        let dropped = alone.then(|| self.vault.prune(&keep)).flatten();
        if alone {
            let _ = file.unlock();
        }
        if file.try_lock_shared().is_err() {
            *lock = None;
        }
        dropped
    }

    /// Says that a change is in the session log.
    pub fn settle(&self, session: &str, change: &str) {
        self.forget_note(session, change);
    }

    fn forget_note(&self, session: &str, id: &str) {
        // One that stays is found and settled when the session is opened again.
        let _ = sfs::remove_file(&self.note_path(session, id));
    }

    /// The record of a change.
    ///
    /// # Errors
    /// When it is no longer in the store, or damaged.
    pub fn manifest(&self, change: &TakeBack) -> Result<Manifest, UndoError> {
        let forgotten = || UndoError::Forgotten {
            words: change.words.clone(),
        };
        let bytes = self.vault.get(&change.manifest).map_err(|_| forgotten())?;
        serde_json::from_slice(&bytes).map_err(|_| forgotten())
    }

    /// The content of a state, where it is a file that was kept.
    pub fn content(&self, state: &State) -> Option<Vec<u8>> {
        self.vault.get(state.blob()?).ok()
    }

    /// Takes changes back as planned; with `force` also what has an obstacle that may
    /// be forced. What is overwritten is kept first: the restore is a change itself.
    ///
    /// # Errors
    /// When the store cannot be written; nothing was restored then.
    pub fn restore(
        &self,
        author: Author,
        plan: &Plan,
        force: bool,
    ) -> Result<(Restored, Ended), UndoError> {
        let paths: Vec<(PathBuf, bool)> = plan
            .steps
            .iter()
            .filter_map(|step| Some((self.place(&step.path)?, false)))
            .collect();
        let begun = self.begin(author, &paths)?;
        let restored = self.carry_out(plan, force);
        let ended = match begun.note {
            Some(note) => self.finish(note, true)?,
            None => Ended::default(),
        };
        Ok((restored, ended))
    }

    /// Changes of a session that were under way when its process ended.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn recover(
        &self,
        session: &str,
        is_logged: impl Fn(&str) -> bool,
    ) -> Result<Recovered, UndoError> {
        let pending = self.dir.join("pending");
        let mut found = Recovered::default();
        for entry in fs::read_dir(&pending).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let owner = name.to_str().and_then(|name| name.split_once('.'));
            let note = fs::read(entry.path())
                .ok()
                .and_then(|bytes| serde_json::from_slice::<Note>(&bytes).ok());
            // Whatever session it was: a file that was being overwritten is whole again.
            for was in note.iter().flat_map(|note| note.paths.iter().flatten()) {
                let _ = sfs::recover(&self.root.join(&was.path));
            }
            let owner = owner.map(|(owner, _)| owner);
            let left = note.as_ref().is_some_and(|note| self.left_over(note));
            if owner == Some(LEFT) && !left {
                let _ = sfs::remove_file(&entry.path());
            }
            if owner != Some(session) {
                continue;
            }
            if let Some(note) = note.clone().filter(|_| left) {
                // Too young to be told from one of a process that runs: for a later start.
                let session = LEFT.to_string();
                let _ = self.write_note(&Note { session, ..note });
            }
            match note {
                Some(note) if !is_logged(&note.id) => {
                    self.enter()?;
                    if note.paths.is_none() {
                        found.looked.push(self.look_after(note));
                    } else {
                        found.changes.extend(self.finish(note, false)?.change);
                    }
                }
                _ => {
                    // Logged, or cut off by a power failure.
                    let _ = sfs::remove_file(&entry.path());
                }
            }
        }
        Ok(found)
    }
}

impl Checkpoints {
    /// Whether a write that was cut off has left a temporary file beside its target.
    fn left_over(&self, note: &Note) -> bool {
        let paths = note.paths.iter().flatten();
        let mut dirs: Vec<PathBuf> = paths
            .filter_map(|was| Some(self.root.join(&was.path).parent()?.to_path_buf()))
            .collect();
        dirs.sort_unstable();
        dirs.dedup();
        let mut entries = dirs.iter().flat_map(fs::read_dir).flatten().flatten();
        entries.any(|entry| sfs::is_temporary(&entry.file_name().to_string_lossy()))
    }
}

/// Everything below a path, up to a limit; false when there is more.
fn below(path: &Path, out: &mut Vec<PathBuf>) -> bool {
    let mut todo = vec![path.to_path_buf()];
    let mut found = 0;
    while let Some(dir) = todo.pop() {
        if !fs::symlink_metadata(&dir).is_ok_and(|meta| meta.is_dir()) {
            continue;
        }
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            found += 1;
            if found > MOST_ENTRIES {
                return false;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                todo.push(entry.path());
            }
            out.push(entry.path());
        }
    }
    true
}

#[cfg(all(test, unix))]
#[path = "checkpoint_fuzz_tests.rs"]
mod fuzz_tests;
#[cfg(all(test, unix))]
#[path = "checkpoint_tests.rs"]
mod tests;
