//! Doing a patch: step by step with a journal, so that a failure in the middle
//! takes back what was done.

use std::path::{Path, PathBuf};

use super::patch::Plan;
use super::write::WriteGuard;
use super::{FileError, open, write};
use crate::protocol::permission::ScopedPath;
use crate::stdx::fs as sfs;

/// Something done that can be taken back.
enum Done {
    Created(Vec<PathBuf>),
    Renamed {
        from: PathBuf,
        to: PathBuf,
    },
    Wrote {
        path: PathBuf,
        before: Option<Vec<u8>>,
    },
    Deleted {
        path: PathBuf,
        bytes: Vec<u8>,
        mode: u32,
    },
}

fn rename(from: &Path, to: &Path) -> std::io::Result<()> {
    sfs::held(from, |from| sfs::held(to, |to| sfs::rename(from, to)))
}

fn write_back(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    sfs::held(path, |path| {
        sfs::write_exact_if(path, bytes, mode, || Ok(()))
    })
}

impl Done {
    fn take_back(&self) -> std::io::Result<()> {
        match self {
            Self::Created(dirs) => {
                for dir in dirs.iter().rev() {
                    sfs::held(dir, sfs::remove_dir)?;
                }
                Ok(())
            }
            Self::Renamed { from, to } => rename(to, from),
            Self::Wrote { path, before } => match before {
                Some(bytes) => write_back(path, bytes, 0o666),
                None => sfs::held(path, sfs::remove_file),
            },
            Self::Deleted { path, bytes, mode } => write_back(path, bytes, *mode),
        }
    }

    fn path(&self) -> String {
        match self {
            Self::Created(dirs) => dirs.first().map(PathBuf::as_path),
            Self::Renamed { from: path, .. }
            | Self::Wrote { path, .. }
            | Self::Deleted { path, .. } => Some(path.as_path()),
        }
        .map_or_else(String::new, |path| path.display().to_string())
    }
}

impl WriteGuard<'_> {
    /// Does what a plan says, all or nothing; returns the directories that were
    /// created.
    ///
    /// # Errors
    /// [`FileError`]; what was done by then was taken back, or the error names what
    /// could not be.
    pub fn commit(&self, plan: &Plan) -> Result<Vec<String>, FileError> {
        let mut journal = Vec::new();
        match self.do_all(plan, &mut journal) {
            Ok(created) => {
                self.remember(plan);
                Ok(created)
            }
            Err(error) => {
                let left: Vec<String> = journal
                    .iter()
                    .rev()
                    .filter(|done| done.take_back().is_err())
                    .map(Done::path)
                    .collect();
                if left.is_empty() {
                    return Err(error);
                }
                Err(FileError::Io {
                    action: "undo the patch in",
                    path: left.join(", "),
                    source: std::io::Error::other(format!("after {error}")),
                })
            }
        }
    }

    fn do_all(&self, plan: &Plan, journal: &mut Vec<Done>) -> Result<Vec<String>, FileError> {
        let changes = &plan.changes;
        let mut created = Vec::new();
        for change in changes {
            self.check_still(&change.path, change.before.as_deref())?;
        }
        // A rename keeps all that a file is besides its content.
        for change in changes {
            if let Some(origin) = change.origin.map(|index| &changes[index]) {
                self.parents(&change.path, &mut created, journal)?;
                let (from, to) = (origin.path.real(), change.path.real());
                rename(from, to).map_err(|source| FileError::io("move", &change.path, source))?;
                journal.push(Done::Renamed {
                    from: from.to_path_buf(),
                    to: to.to_path_buf(),
                });
            }
        }
        for (index, change) in changes.iter().enumerate() {
            let Some(after) = &change.after else { continue };
            let away = changes.iter().any(|other| other.origin == Some(index));
            let there = match change.origin {
                Some(origin) => changes[origin].before.as_ref(),
                None if away => None,
                None => change.before.as_ref(),
            };
            if there == Some(after) {
                continue;
            }
            self.parents(&change.path, &mut created, journal)?;
            self.put(&change.path, there.map(Vec::as_slice), after)?;
            journal.push(Done::Wrote {
                path: change.path.real().to_path_buf(),
                before: there.cloned(),
            });
        }
        for (index, change) in changes.iter().enumerate() {
            let moved = changes.iter().any(|other| other.origin == Some(index));
            if let (Some(bytes), None, false) = (&change.before, &change.after, moved) {
                self.check_still(&change.path, Some(bytes))?;
                let mode = mode_of(&change.path);
                sfs::held(change.path.real(), sfs::remove_file)
                    .map_err(|source| FileError::io("delete", &change.path, source))?;
                journal.push(Done::Deleted {
                    path: change.path.real().to_path_buf(),
                    bytes: bytes.clone(),
                    mode,
                });
            }
        }
        Ok(created)
    }

    fn parents(
        &self,
        path: &ScopedPath,
        created: &mut Vec<String>,
        journal: &mut Vec<Done>,
    ) -> Result<(), FileError> {
        let missing: Vec<PathBuf> = match path.real().parent() {
            Some(parent) => write::missing(parent),
            None => Vec::new(),
        };
        let result = write::create_parents(self.root(), path);
        // Also those that were made before one could not be.
        let made: Vec<PathBuf> = missing.into_iter().filter(|dir| dir.exists()).collect();
        if !made.is_empty() {
            journal.push(Done::Created(made));
        }
        created.extend(result?);
        Ok(())
    }

    /// What the model knows now.
    fn remember(&self, plan: &Plan) {
        for change in &plan.changes {
            let path = change.path.real();
            match (&change.after, open::regular(&change.path)) {
                (Some(bytes), Ok((_, meta))) => self.saw(path, &meta, bytes),
                _ => self.forget(path),
            }
        }
    }
}

#[cfg(unix)]
fn mode_of(path: &ScopedPath) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path.real()).map_or(0o666, |meta| meta.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode_of(_path: &ScopedPath) -> u32 {
    0o666
}
