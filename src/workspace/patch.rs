//! Patches over several files: worked out whole, then done whole or not at all.

mod parse;
mod place;
mod readings;
mod scope;
mod wrapped;

pub use parse::{Action, ParseError, Section, parse};

use super::edit_match::guard;
use super::write::WriteGuard;
use super::{FileError, open};
use crate::protocol::permission::ScopedPath;

/// A section of a patch with its paths resolved.
#[derive(Debug, Clone)]
pub struct Step {
    /// The file.
    pub path: ScopedPath,
    /// Where it moves.
    pub to: Option<ScopedPath>,
    /// What happens to it.
    pub action: Action,
}

/// A patch that was refused; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// A chunk has no place, or a text that may not be written.
    #[error("{path}: {why}")]
    Refused {
        /// As shown to the model.
        path: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// A file that cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// One file that a patch changes.
#[derive(Debug, Clone)]
pub struct Change {
    /// Where it is.
    pub path: ScopedPath,
    /// What is there before; nothing when there is none.
    pub before: Option<Vec<u8>>,
    /// What is to be there; nothing when it is deleted or moved away.
    pub after: Option<Vec<u8>>,
    /// Index of the change whose file this is, moved.
    pub(super) origin: Option<usize>,
    /// How matches were not exact, for the model.
    pub notes: Vec<&'static str>,
}

/// All that a patch changes, worked out and not done.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub(super) changes: Vec<Change>,
}

/// A change as it is told.
#[derive(Debug, Clone)]
pub struct Told<'a> {
    /// What it was called, when it moved.
    pub from: Option<&'a ScopedPath>,
    /// Its name now.
    pub path: &'a ScopedPath,
    /// Its content before.
    pub before: Option<&'a [u8]>,
    /// Its content after.
    pub after: Option<&'a [u8]>,
    /// How matches were not exact.
    pub notes: &'a [&'static str],
}

impl Plan {
    /// Works out what the steps change, in memory.
    ///
    /// # Errors
    /// The first step that cannot be done, and why.
    pub fn new(guard: &WriteGuard, steps: &[Step]) -> Result<Self, PatchError> {
        let mut plan = Self::default();
        for step in steps {
            plan.step(guard, step)?;
        }
        for change in &plan.changes {
            if change.after.is_some() {
                guard.check_writable(&change.path)?;
            }
        }
        let same = |change: &Change| change.origin.is_none() && change.before == change.after;
        if plan.changes.iter().all(same) {
            return Err(PatchError::Refused {
                path: "the patch".to_string(),
                why: "it leaves every file as it is; nothing was changed".to_string(),
            });
        }
        Ok(plan)
    }

    /// The files in the order of the patch; what a move leaves behind is part of
    /// the move.
    pub fn told(&self) -> impl Iterator<Item = Told<'_>> {
        let moved = |index: usize| self.changes.iter().any(|c| c.origin == Some(index));
        self.changes
            .iter()
            .enumerate()
            .filter(move |(index, change)| {
                let gone = change.after.is_none() && (moved(*index) || change.before.is_none());
                !gone && (change.origin.is_some() || change.before != change.after)
            })
            .map(|(_, change)| {
                let origin = change.origin.map(|index| &self.changes[index]);
                Told {
                    from: origin.map(|origin| &origin.path),
                    path: &change.path,
                    before: origin.unwrap_or(change).before.as_deref(),
                    after: change.after.as_deref(),
                    notes: &change.notes,
                }
            })
    }

    /// The index of a file's change, read when it is first named.
    fn entry(&mut self, guard: &WriteGuard, path: &ScopedPath) -> Result<usize, PatchError> {
        let known = |change: &Change| change.path.real() == path.real();
        if let Some(index) = self.changes.iter().position(known) {
            return Ok(index);
        }
        let before = guard.current(path)?;
        self.changes.push(Change {
            path: path.clone(),
            after: before.clone(),
            before,
            origin: None,
            notes: Vec::new(),
        });
        Ok(self.changes.len() - 1)
    }

    fn step(&mut self, guard: &WriteGuard, step: &Step) -> Result<(), PatchError> {
        let refused = |path: &ScopedPath, why: String| PatchError::Refused {
            path: path.display().to_string(),
            why,
        };
        let index = self.entry(guard, &step.path)?;
        let missing = || FileError::NotFound {
            path: step.path.display().to_string(),
            hint: String::new(),
        };
        match &step.action {
            Action::Add(lines) => {
                if self.changes[index].after.is_some() {
                    return Err(refused(
                        &step.path,
                        "it exists already; nothing was changed. Use `*** Update File`, or \
                         delete it first"
                            .to_string(),
                    ));
                }
                if let Some(line) = lines.iter().find(|line| line.contains(guard::CUT_MARK)) {
                    return Err(refused(
                        &step.path,
                        format!("it contains `{line}`, which stands for text that was cut"),
                    ));
                }
                let content: String = lines.iter().map(|line| format!("{line}\n")).collect();
                self.changes[index].after = Some(content.into_bytes());
            }
            Action::Delete => {
                self.changes[index].after.take().ok_or_else(missing)?;
            }
            Action::Update { chunks, .. } => {
                let change = &mut self.changes[index];
                let now = change.after.as_ref().ok_or_else(missing)?;
                let updated = place::update(now, chunks).map_err(|why| refused(&step.path, why))?;
                if updated.bytes == *now && step.to.is_none() {
                    let why = "its section changes nothing; nothing was changed";
                    return Err(refused(&step.path, why.to_string()));
                }
                change.after = Some(updated.bytes);
                change.notes.extend(updated.notes);
                if let Some(to) = &step.to
                    && to.real() != step.path.real()
                {
                    self.relocate(guard, index, to)?;
                }
            }
        }
        Ok(())
    }

    fn relocate(
        &mut self,
        guard: &WriteGuard,
        from: usize,
        to: &ScopedPath,
    ) -> Result<(), PatchError> {
        let target = self.entry(guard, to)?;
        if self.changes[target].after.is_some() || self.changes[target].before.is_some() {
            return Err(PatchError::Refused {
                path: to.display().to_string(),
                why: "it exists already, a file cannot move there; nothing was changed".to_string(),
            });
        }
        let source = &mut self.changes[from];
        let after = source.after.take();
        let notes = std::mem::take(&mut source.notes);
        // A file that moves twice comes from where it is on disk; a new one from nowhere.
        let on_disk = source.before.as_ref().map(|_| from);
        let origin = source.origin.take().or(on_disk);
        let target = &mut self.changes[target];
        (target.after, target.notes, target.origin) = (after, notes, origin);
        Ok(())
    }
}

impl WriteGuard<'_> {
    /// Refuses a path that could not be written, before anything is.
    fn check_writable(&self, path: &ScopedPath) -> Result<(), FileError> {
        let denied = || FileError::Permission {
            action: "write",
            path: path.display().to_string(),
        };
        match std::fs::symlink_metadata(path.real()) {
            Ok(meta) => {
                open::check_kind(path, &meta)?;
                if meta.permissions().readonly() {
                    return Err(denied());
                }
            }
            Err(_) => {
                let above = path.real().ancestors().skip(1);
                let there = above.map(std::fs::metadata).find_map(Result::ok);
                if there.is_none_or(|meta| !meta.is_dir()) {
                    return Err(FileError::Io {
                        action: "write",
                        path: path.display().to_string(),
                        source: std::io::Error::new(
                            std::io::ErrorKind::NotADirectory,
                            "a file stands where a directory is needed",
                        ),
                    });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "patch/mutation_tests.rs"]
mod mutation_tests;
#[cfg(test)]
#[path = "patch_tests.rs"]
mod tests;
