//! Putting paths back to what they were.
//!
//! First everything is looked at and nothing is done ([`Plan`]): a path that is no
//! longer what sofos left is an obstacle and stays as it is unless the user says
//! otherwise. Then the paths that may be restored are, in an order in which every
//! step can succeed: what is in the way goes (deepest first), directories come
//! (outermost first), then files and links, and the modes of directories last,
//! as a directory may become read-only.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::record::{Manifest, Merged, merge};
use super::state::{State, inode, is_missing, links};
use super::{Checkpoints, LARGEST_KNOWN, TakeBack, UndoError};
use crate::stdx::fs as sfs;
use crate::stdx::text;

/// Why a path is not simply restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// It is not what sofos left.
    Changed,
    /// It was changed by someone else between two changes of sofos.
    ChangedBetween,
    /// It lies outside the workspace.
    Outside,
    /// Its old content is not in the store.
    Lost(String),
}

impl Obstacle {
    /// In words, after the path.
    pub fn words(&self) -> String {
        match self {
            Self::Changed => "changed since".to_string(),
            Self::ChangedBetween => "changed by someone else in between".to_string(),
            Self::Outside => "outside this directory".to_string(),
            Self::Lost(why) => why.clone(),
        }
    }

    /// Whether it may be restored all the same when the user says so.
    pub fn may_be_forced(&self) -> bool {
        !matches!(self, Self::Lost(_))
    }
}

/// One path to restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Below the workspace's root, or absolute.
    pub path: PathBuf,
    /// What it becomes.
    pub to: State,
    /// Why not to.
    pub obstacle: Option<Obstacle>,
    /// It is another name of a file that must not change with it.
    pub linked: bool,
    /// How many names it had when it was left: more came from somebody else.
    pub names: u64,
}

/// What a restore would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// By path; paths that already are what they should be are left out.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Paths nothing is in the way of.
    pub fn clear(&self) -> usize {
        let clear = |step: &&Step| step.obstacle.is_none();
        self.steps.iter().filter(clear).count()
    }

    /// Whether a path becomes a directory.
    fn makes_directory(&self, path: &Path) -> bool {
        let found = self.steps.iter().find(|step| step.path == path);
        found.is_some_and(|step| step.obstacle.is_none() && matches!(step.to, State::Dir { .. }))
    }

    /// Paths with something in the way, in words: `src/a.rs (changed since)`.
    pub fn obstacles(&self) -> Vec<String> {
        self.steps
            .iter()
            .filter_map(|step| {
                let why = step.obstacle.as_ref()?.words();
                Some(format!("{} ({why})", shown(&step.path)))
            })
            .collect()
    }

    /// Whether saying so would restore more.
    pub fn can_be_forced(&self) -> bool {
        self.steps
            .iter()
            .any(|step| step.obstacle.as_ref().is_some_and(Obstacle::may_be_forced))
    }
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restored {
    /// Paths that are what they were.
    pub done: Vec<PathBuf>,
    /// Paths left as they are, in words with the reason.
    pub left: Vec<String>,
}

/// A path for people.
pub fn shown(path: &Path) -> String {
    text::one_line(&text::clean(&path.to_string_lossy()), 200)
}

impl Checkpoints {
    /// What taking back these changes (oldest first) would do.
    ///
    /// # Errors
    /// When a record of them is no longer in the store.
    pub fn plan(&self, changes: &[TakeBack]) -> Result<Plan, UndoError> {
        let manifests = changes
            .iter()
            .map(|change| self.manifest(change))
            .collect::<Result<Vec<Manifest>, UndoError>>()?;
        let mut plan = Plan::default();
        // What is in a directory comes after it.
        for merged in merge(&manifests) {
            let step = self.step(merged, &plan);
            plan.steps.extend(step);
        }
        Ok(plan)
    }

    /// `plan`: the steps for the paths before it.
    fn step(&self, merged: Merged, plan: &Plan) -> Option<Step> {
        let change = merged.change;
        let (from, to) = (change.after, change.before);
        if from == to && !merged.touched_between {
            return None;
        }
        let path = self.place(&change.path);
        let now = path
            .as_ref()
            .map(|path| State::now(path, LARGEST_KNOWN).unwrap_or(State::Special));
        let obstacle = match (&path, now) {
            (None, _) => Some(Obstacle::Lost("not a path that may be restored".into())),
            (Some(_), Some(now)) if now == to => return None,
            (Some(path), now) => {
                let kept = match to.blob() {
                    Some(blob) => self.vault.has(blob),
                    None => to.is_kept(),
                };
                if !kept {
                    Some(Obstacle::Lost(
                        "its old content is no longer in the undo store".into(),
                    ))
                } else if now != Some(from) || !self.is_straight(path, plan) {
                    Some(Obstacle::Changed)
                } else if merged.touched_between {
                    Some(Obstacle::ChangedBetween)
                } else {
                    change.path.is_absolute().then_some(Obstacle::Outside)
                }
            }
        };
        Some(Step {
            path: change.path,
            to,
            obstacle,
            linked: change.linked,
            names: change.names,
        })
    }

    /// Where a recorded path lies. Records come from the disk: one that leads out by
    /// `..`, or into the data of git or sofos, is none.
    pub(super) fn place(&self, path: &Path) -> Option<PathBuf> {
        let odd = path.components().any(|part| match part {
            Component::ParentDir => true,
            Component::Normal(name) => name == ".git" || name == ".sofos",
            _ => false,
        });
        (!odd && path.file_name().is_some()).then(|| self.root.join(path))
    }

    /// Whether the directories that lead to a path below the root are directories,
    /// not links to somewhere else, or become directories by the plan.
    fn is_straight(&self, path: &Path, plan: &Plan) -> bool {
        let Ok(rest) = path.strip_prefix(&self.root) else {
            return true;
        };
        let mut at = self.root.clone();
        for part in rest.parent().into_iter().flat_map(Path::components) {
            at.push(part);
            match fs::symlink_metadata(&at) {
                Ok(meta) if meta.is_dir() => {}
                // Where a file stands there is nothing below; it may be about to go.
                Ok(meta) => {
                    return !meta.is_symlink() || plan.makes_directory(&self.record_path(&at));
                }
                Err(error) => return is_missing(&error),
            }
        }
        true
    }

    /// Does what a plan says; with `force` also what has an obstacle that may be forced.
    pub(super) fn carry_out(&self, plan: &Plan, force: bool) -> Restored {
        let mut out = Restored::default();
        let mut todo = Vec::new();
        for step in &plan.steps {
            let stays = step
                .obstacle
                .as_ref()
                .filter(|obstacle| !(force && obstacle.may_be_forced()));
            match (stays, self.place(&step.path)) {
                (None, Some(path)) => todo.push((path, step)),
                (Some(why), _) => {
                    let words = format!("{} ({})", shown(&step.path), why.words());
                    out.left.push(words);
                }
                (None, None) => {}
            }
        }
        let opened = open_up(&todo);
        let mut failed: Vec<(PathBuf, io::Error)> = Vec::new();
        // Sorted by path: what is in a directory comes after it.
        todo.reverse();
        let nothing = Plan::default();
        // Below a link that becomes a directory there is nothing yet.
        let clear = |path: &Path, step: &Step| match self.is_straight(path, &nothing) {
            true => clear(path, &step.to),
            false => Ok(()),
        };
        todo.retain(|(path, step)| match clear(path, step) {
            Ok(()) => true,
            Err(error) => {
                failed.push((step.path.clone(), error));
                false
            }
        });
        todo.reverse();
        let names = Names::of(&todo);
        for (path, step) in &todo {
            // Written in place, it would change under its other names as well.
            if step.obstacle.is_none() && !self.is_straight(path, &nothing) {
                let error = io::Error::other("a link is in the way");
                failed.push((step.path.clone(), error));
                continue;
            }
            let count = links(path);
            let apart = step.linked
                || step.obstacle.is_some()
                || count > step.names
                || names.differ(path, &step.to);
            if apart && count > 1 && sfs::held(path, sfs::remove_file).is_err() {
                let error = io::Error::other("it is another name of a file and cannot be parted");
                failed.push((step.path.clone(), error));
            } else if let Err(error) = self.bring(path, &step.to) {
                failed.push((step.path.clone(), error));
            } else {
                out.done.push(step.path.clone());
            }
        }
        for (path, step) in todo.iter().rev() {
            if let State::Dir { mode } = step.to {
                // Reported by the next look at it; nothing else can be done here.
                let _ = chmod(path, mode);
            }
        }
        for (dir, mode) in opened {
            if !todo.iter().any(|(path, _)| *path == dir) {
                let _ = chmod(&dir, mode);
            }
        }
        for (path, error) in failed {
            let why = match error.kind() {
                io::ErrorKind::DirectoryNotEmpty => "holds other files".to_string(),
                _ => error.to_string(),
            };
            out.left.push(format!("{} ({why})", shown(&path)));
        }
        out
    }

    fn bring(&self, path: &Path, to: &State) -> io::Result<()> {
        match to {
            State::Absent | State::Special | State::Unkept { .. } => Ok(()),
            State::Dir { .. } => sfs::create_dirs_resolved(path),
            State::Link { target } => {
                parents(path)?;
                sfs::held(path, |path| sfs::symlink(target, path))
            }
            State::File { mode, blob, .. } => {
                let bytes = self.vault.get(blob)?;
                parents(path)?;
                if fs::symlink_metadata(path).is_ok_and(|meta| meta.permissions().readonly()) {
                    chmod(path, 0o600)?;
                }
                sfs::held(path, |path| {
                    sfs::write_exact_if(path, &bytes, mode & 0o777, || Ok::<_, io::Error>(()))?;
                    sfs::chmod_exact(path, *mode)
                })
            }
        }
    }
}

/// What becomes of files with several names, by their inodes.
struct Names<'a>(HashMap<u64, Vec<&'a State>>);

impl<'a> Names<'a> {
    fn of(todo: &[(PathBuf, &'a Step)]) -> Self {
        let mut out: HashMap<u64, Vec<&State>> = HashMap::new();
        for (path, step) in todo {
            if links(path) > 1
                && let Some(inode) = inode(path)
            {
                out.entry(inode).or_default().push(&step.to);
            }
        }
        Self(out)
    }

    /// Whether another name of a file becomes something else than this one.
    fn differ(&self, path: &Path, to: &State) -> bool {
        let same = inode(path).and_then(|inode| self.0.get(&inode));
        same.is_some_and(|all| all.iter().any(|other| *other != to))
    }
}

fn parents(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sfs::create_dirs_resolved)
}

fn chmod(path: &Path, mode: u32) -> io::Result<()> {
    sfs::held(path, |path| sfs::chmod_exact(path, mode))
}

/// Removes what is at a path when it is of another kind than what is to come.
fn clear(path: &Path, to: &State) -> io::Result<()> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if is_missing(&error) => return Ok(()),
        Err(error) => return Err(error),
    };
    match to {
        State::Dir { .. } if meta.is_dir() => Ok(()),
        State::File { .. } if meta.is_file() => Ok(()),
        _ if meta.is_dir() => sfs::held(path, sfs::remove_dir),
        _ => sfs::held(path, sfs::remove_file),
    }
}

/// Makes directories writable that something in them is to be restored in; returns
/// them with their modes.
fn open_up(todo: &[(PathBuf, &Step)]) -> Vec<(PathBuf, u32)> {
    let mut opened: Vec<(PathBuf, u32)> = Vec::new();
    #[cfg(unix)]
    for dir in todo.iter().filter_map(|(path, _)| path.parent()) {
        use std::os::unix::fs::PermissionsExt;
        if opened.iter().any(|(other, _)| other == dir) {
            continue;
        }
        if let Ok(meta) = fs::symlink_metadata(dir)
            && meta.is_dir()
            && meta.permissions().mode() & 0o300 != 0o300
        {
            let mode = meta.permissions().mode() & 0o7777;
            if chmod(dir, mode | 0o700).is_ok() {
                opened.push((dir.to_path_buf(), mode));
            }
        }
    }
    #[cfg(not(unix))]
    let _ = (todo, &mut opened);
    opened
}
