//! Changes by commands: the tree is looked at before and after.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};
use std::time::SystemTime;

use super::git_index::{self, GitIndex, Name};
use super::index::{Content, Delta, Index, Known, Learn};
use super::record::{FileChange, Manifest, Note};
use super::scan;
use super::state::{Stat, State, inode, links};
use super::{Author, Begun, Checkpoints, Ended, UndoError, shown};
use crate::stdx::ids;

/// Files named that are not kept.
const NAMED: usize = 3;

/// What is known of the tree, once it was looked at.
#[derive(Debug, Default)]
pub(super) struct Tree {
    index: Option<Index>,
    git: Option<GitIndex>,
    /// git can be asked for contents.
    git_works: bool,
    /// What is not kept was said.
    told: bool,
}

/// What a command has changed; what git has of it is still to come.
#[derive(Debug)]
#[must_use = "to be given to `finish_tree`"]
pub struct Looked {
    note: Note,
    deltas: Vec<Delta>,
}

impl Looked {
    /// Command lines for a shell in the workspace; their output together goes to
    /// [`Checkpoints::finish_tree`].
    pub fn git_commands(&self) -> Vec<String> {
        let names: Vec<String> = self.git_names().iter().map(git_index::text).collect();
        // An argument may be 128 KiB long.
        names.chunks(2_000).map(git_index::batch_command).collect()
    }

    fn git_names(&self) -> HashSet<Name> {
        let name = |delta: &Delta| match delta.before.as_ref()?.content {
            Content::Git(name) => Some(name),
            _ => None,
        };
        self.deltas.iter().filter_map(name).collect()
    }
}

impl Checkpoints {
    pub(super) fn tree(&self) -> MutexGuard<'_, Tree> {
        // Nothing in there is half-written by a panic: at worst it is learnt again.
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether changes by commands can be found at all.
    pub fn watches(&self) -> bool {
        self.watches
    }

    /// Looks at the tree while nobody waits for it. `git_works` says whether
    /// [`Looked::git_commands`] can be run.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn warm(&self, git_works: bool) -> Result<(), UndoError> {
        self.enter()?;
        let mut tree = self.tree();
        tree.git_works = git_works;
        // Beside what the model asks for, one thread is enough.
        self.look(&mut tree, 1).map(drop)
    }

    /// Brings what is known of the tree up to date, on disk too; false when the tree
    /// is too large.
    fn look(&self, tree: &mut Tree, threads: usize) -> Result<bool, UndoError> {
        let file = self.dir.join("index");
        if tree.git_works && !tree.git.as_ref().is_some_and(GitIndex::is_current) {
            tree.git = GitIndex::read(&self.root);
        }
        let started = SystemTime::now();
        let Some(seen) = scan::scan(&self.root, threads) else {
            return Ok(false);
        };
        let git = tree.git.take();
        let index = tree.index.get_or_insert_with(|| Index::load(&file));
        let how = Learn::Before(git.as_ref());
        let (paths, looked) = (seen.len(), started.elapsed().unwrap_or_default());
        let differ = index
            .update(&self.root, &self.vault, seen, &how, (started, threads))
            .len();
        let saved = index.save(&file).map_err(self.io("write", &file));
        tree.git = git;
        let whole = started.elapsed().unwrap_or_default();
        tracing::debug!("looked at {paths} paths in {looked:?}; {differ} differ; {whole:?} in all");
        saved.map(|()| true)
    }

    /// Keeps what a command might change.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn begin_tree(&self, author: Author) -> Result<Option<Begun>, UndoError> {
        if !self.watches {
            return Ok(None);
        }
        self.enter()?;
        let mut tree = self.tree();
        let whole = self.look(&mut tree, scan::threads())?;
        let mut unkept = Vec::new();
        if !std::mem::replace(&mut tree.told, true) {
            if !whole {
                unkept.push("what commands change: there are too many files here".to_string());
            }
            unkept.extend(tree.index.iter().flat_map(unkept_words));
        }
        if !whole {
            return Ok(Some(Begun { note: None, unkept }));
        }
        self.note_of(author, unkept).map(Some)
    }

    /// Goes on from the last look for somebody else: what differs from it now and
    /// later is this author's. Nothing where commands are not watched.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn follow_tree(&self, author: Author) -> Result<Option<Begun>, UndoError> {
        if !self.watches || self.tree().index.is_none() {
            return Ok(None);
        }
        self.note_of(author, Vec::new()).map(Some)
    }

    /// Writes down whose the changes from now on are.
    fn note_of(&self, author: Author, unkept: Vec<String>) -> Result<Begun, UndoError> {
        let note = Note {
            id: ids::random(10),
            session: author.session,
            origin: author.origin,
            words: author.words,
            paths: None,
            roots: Vec::new(),
        };
        self.write_note(&note)?;
        Ok(Begun {
            note: Some(note),
            unkept,
        })
    }

    /// Looks at what a command has changed.
    pub(super) fn look_after(&self, note: Note) -> Looked {
        let mut tree = self.tree();
        let file = self.dir.join("index");
        let started = SystemTime::now();
        let threads = scan::threads();
        let deltas = match scan::scan(&self.root, threads) {
            Some(seen) => {
                let index = tree.index.get_or_insert_with(|| Index::load(&file));
                let deltas = index.update(
                    &self.root,
                    &self.vault,
                    seen,
                    &Learn::After,
                    (started, threads),
                );
                let whole = started.elapsed().unwrap_or_default();
                tracing::debug!("looked again in {whole:?}; {} changed", deltas.len());
                deltas
            }
            None => Vec::new(),
        };
        Looked { note, deltas }
    }

    /// Records what a command has changed. `from_git` is the output of
    /// [`Looked::git_commands`].
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn finish_tree(&self, looked: Looked, from_git: &[u8]) -> Result<Ended, UndoError> {
        let Looked { note, deltas } = looked;
        let found = git_index::parse_batch(from_git);
        let mut names: HashMap<Name, String> = HashMap::new();
        for known in deltas.iter().filter_map(|delta| delta.before.as_ref()) {
            let Content::Git(name) = known.content else {
                continue;
            };
            let bytes = found
                .get(&git_index::text(&name))
                .and_then(|bytes| as_in_tree(bytes, &known.stat));
            if let Some(bytes) = bytes {
                let blob = self
                    .vault
                    .put(&bytes, false)
                    .map_err(self.io("write to", &self.dir))?;
                names.insert(name, blob);
            }
        }
        let state = |known: Option<Known>| match known {
            Some(known) => known.state(&names),
            None => State::Absent,
        };
        let mut files: Vec<FileChange> = deltas
            .into_iter()
            .map(|delta| FileChange {
                linked: self.is_linked(&delta),
                names: links(&self.root.join(&delta.path)).max(1),
                path: delta.path,
                before: state(delta.before),
                after: state(delta.after),
            })
            .filter(|change| change.before != change.after)
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        if files.is_empty() {
            self.forget_note(&note.session, &note.id);
            return Ok(Ended::default());
        }
        self.record(note, Manifest { files })
    }

    /// The other names of a file that has several: they change with it. Those that are
    /// known, and where some are not, those that the tree has by now.
    pub(super) fn other_names(&self, path: &Path) -> Vec<PathBuf> {
        let count = links(path);
        let (2.., Some(number)) = (count, inode(path)) else {
            return Vec::new();
        };
        let other = |name: &PathBuf| name != path && inode(name) == Some(number);
        // While the tree is looked at, nothing of it is known.
        let known: Vec<PathBuf> = match self.tree.try_lock() {
            Ok(tree) => {
                let named = tree.index.iter().flat_map(|index| index.named(number));
                named
                    .map(|name| self.root.join(name))
                    .filter(other)
                    .collect()
            }
            Err(_) => Vec::new(),
        };
        if known.len() as u64 + 1 >= count || !self.watches {
            return known;
        }
        match scan::scan(&self.root, scan::threads()) {
            Some(seen) => {
                let same = seen.iter().filter(|seen| seen.stat.inode == number);
                same.map(|seen| self.root.join(&seen.path))
                    .filter(other)
                    .collect()
            }
            None => known,
        }
    }

    /// Whether a path became another name of a file that is there otherwise, too.
    fn is_linked(&self, delta: &Delta) -> bool {
        let inode = |known: &Option<Known>| known.as_ref().map(|known| known.stat.inode);
        let (before, after) = (inode(&delta.before), inode(&delta.after));
        after.is_some() && before != after && links(&self.root.join(&delta.path)) > 1
    }

    /// The contents that what is known of the tree relies on.
    pub(super) fn relied_on(&self) -> HashSet<String> {
        self.tree()
            .index
            .as_ref()
            .map(Index::blobs)
            .unwrap_or_default()
    }
}

/// What git has of a file as it was in the tree; nothing when git converted it in a
/// way that cannot be told from its length.
fn as_in_tree(bytes: &[u8], stat: &Stat) -> Option<Vec<u8>> {
    if bytes.len() as u64 == stat.size {
        return Some(bytes.to_vec());
    }
    let mut converted = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(body) if !body.ends_with(b"\r") => {
                converted.extend_from_slice(body);
                converted.extend_from_slice(b"\r\n");
            }
            _ => converted.extend_from_slice(line),
        }
    }
    (converted.len() as u64 == stat.size).then_some(converted)
}

fn unkept_words(index: &Index) -> Vec<String> {
    let unkept = index.unkept();
    let mut words: Vec<String> = unkept
        .iter()
        .take(NAMED)
        .map(|(path, size)| format!("{} ({} MB)", shown(path), size >> 20))
        .collect();
    if let Some(more @ 1..) = unkept.len().checked_sub(NAMED) {
        words.push(format!("{more} more files"));
    }
    words
}

/// Where the whole tree is somebody's home or the system, commands are not watched.
pub(super) fn is_watched(root: &Path, home: Option<&Path>) -> bool {
    let home = home.and_then(|home| std::fs::canonicalize(home).ok());
    root.parent().is_some() && home.as_deref() != Some(root)
}
