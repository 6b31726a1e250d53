//! Writing files of the workspace.

use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};

use super::{FileError, Workspace, open};
use crate::protocol::permission::ScopedPath;
use crate::stdx::fs as sfs;

/// Largest file that is edited or shown as a diff, in bytes.
pub const MAX_EDITED: u64 = 64 * 1024 * 1024;

/// What a write did besides writing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// Parent directories that were created, relative to the workspace.
    pub created: Vec<String>,
}

/// Held while a file is read, changed and written back; two changes of one file
/// never overlap.
pub struct WriteGuard<'a> {
    workspace: &'a Workspace,
    _lock: MutexGuard<'a, ()>,
}

impl Workspace {
    /// Waits for other changes to end.
    pub fn change(&self) -> WriteGuard<'_> {
        WriteGuard {
            workspace: self,
            // Nothing is kept in the lock that a panic could have broken.
            _lock: self.writing.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

impl WriteGuard<'_> {
    /// The bytes of a file that is to be changed; nothing when it does not exist.
    ///
    /// # Errors
    /// [`FileError::Changed`] when the model saw another state of it; otherwise
    /// any reason why it cannot be read as a regular file.
    pub fn current(&self, path: &ScopedPath) -> Result<Option<Vec<u8>>, FileError> {
        match open::whole(path, MAX_EDITED, "edit") {
            Ok((bytes, meta)) => {
                self.workspace.check_unchanged(path, &meta, &bytes)?;
                Ok(Some(bytes))
            }
            Err(FileError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a file as one step, with missing parent directories, if it still is
    /// what [`WriteGuard::current`] returned (`before`).
    ///
    /// # Errors
    /// [`FileError`]; the file is as it was then.
    pub fn write(
        &self,
        path: &ScopedPath,
        before: Option<&[u8]>,
        bytes: &[u8],
    ) -> Result<Written, FileError> {
        let created = create_parents(self.workspace.root(), path)?;
        self.put(path, before, bytes)?;
        // Somebody else may have taken it away already.
        if let Ok(meta) = std::fs::metadata(path.real()) {
            self.workspace.saw(path.real(), &meta, Some(bytes));
        }
        Ok(Written { created })
    }

    /// Writes a file whose directory exists, if it still is `before` right before
    /// it is replaced.
    pub(super) fn put(
        &self,
        path: &ScopedPath,
        before: Option<&[u8]>,
        bytes: &[u8],
    ) -> Result<(), FileError> {
        self.check_still(path, before)?;
        sfs::held(path.real(), |target| {
            sfs::write_exact_if(target, bytes, 0o666, || {
                self.check_still(path, before).map_err(Stopped::Changed)
            })
        })
        .map_err(|error| match error {
            Stopped::Changed(error) => error,
            Stopped::Io(source) => FileError::io("write", path, source),
        })
    }

    /// Whether a file still is what it was.
    ///
    /// # Errors
    /// [`FileError::Changed`] when it is not, or why it cannot be read.
    pub(super) fn check_still(
        &self,
        path: &ScopedPath,
        before: Option<&[u8]>,
    ) -> Result<(), FileError> {
        match (open::whole(path, MAX_EDITED, "edit"), before) {
            (Ok((now, _)), Some(before)) if now == before => Ok(()),
            (Err(FileError::NotFound { .. }), None) => Ok(()),
            (Ok(_) | Err(FileError::NotFound { .. }), _) => Err(FileError::Changed {
                path: path.display().to_string(),
                what: String::new(),
            }),
            (Err(error), _) => Err(error),
        }
    }

    pub(super) fn root(&self) -> &Path {
        self.workspace.root()
    }

    pub(super) fn saw(&self, path: &Path, meta: &std::fs::Metadata, bytes: &[u8]) {
        self.workspace.saw(path, meta, Some(bytes));
    }

    pub(super) fn forget(&self, path: &Path) {
        self.workspace.forget(path);
    }
}

/// Why a write did not happen.
enum Stopped {
    Changed(FileError),
    Io(std::io::Error),
}

impl From<std::io::Error> for Stopped {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl WriteGuard<'_> {
    /// Moves a file or directory to a path that must not exist; returns the parent
    /// directories that were created.
    ///
    /// # Errors
    /// [`FileError`]; nothing was moved then.
    pub fn rename(&self, from: &ScopedPath, to: &ScopedPath) -> Result<Vec<String>, FileError> {
        let fail = |path, source| FileError::io("move", path, source);
        std::fs::symlink_metadata(from.real()).map_err(|source| fail(from, source))?;
        let created = create_parents(self.workspace.root(), to)?;
        sfs::held(from.real(), |from| {
            sfs::held(to.real(), |to| sfs::rename(from, to))
        })
        .map_err(|source| fail(to, source))?;
        self.workspace.forget(from.real());
        Ok(created)
    }

    /// Copies a regular file to a path that must not exist; returns the parent
    /// directories that were created.
    ///
    /// # Errors
    /// [`FileError`]; nothing was copied then.
    pub fn copy(&self, from: &ScopedPath, to: &ScopedPath) -> Result<Vec<String>, FileError> {
        open::regular(from)?;
        let created = create_parents(self.workspace.root(), to)?;
        sfs::held(from.real(), |from| {
            sfs::held(to.real(), |to| sfs::copy(from, to))
        })
        .map_err(|source| FileError::io("copy to", to, source))?;
        Ok(created)
    }

    /// Deletes a file or link.
    ///
    /// # Errors
    /// [`FileError`] when it is not there or may not be deleted.
    pub fn delete_file(&self, path: &ScopedPath) -> Result<(), FileError> {
        sfs::held(path.real(), sfs::remove_file)
            .map_err(|source| FileError::io("delete", path, source))?;
        self.workspace.forget(path.real());
        Ok(())
    }

    /// Deletes a directory with everything in it; links are deleted, not followed.
    ///
    /// # Errors
    /// [`FileError`]; a part may be gone then.
    pub fn delete_dir(&self, path: &ScopedPath) -> Result<(), FileError> {
        sfs::held(path.real(), sfs::remove_dir_all)
            .map_err(|source| FileError::io("delete", path, source))?;
        self.workspace.forget(path.real());
        Ok(())
    }
}

/// Creates the missing parents of a path and names them.
///
/// # Errors
/// [`FileError`] when one cannot be created.
pub fn create_parents(root: &Path, path: &ScopedPath) -> Result<Vec<String>, FileError> {
    match path.real().parent() {
        Some(parent) => create_dirs(root, parent)
            .map_err(|source| FileError::io("create the directory of", path, source)),
        None => Ok(Vec::new()),
    }
}

/// Creates a directory with its parents and names those that were missing.
///
/// # Errors
/// Any I/O error of creation.
pub fn create_dirs(root: &Path, dir: &Path) -> std::io::Result<Vec<String>> {
    let missing = missing(dir);
    sfs::create_dirs_resolved(dir)?;
    Ok(missing
        .iter()
        .map(|dir| {
            let shown = dir.strip_prefix(root).unwrap_or(dir);
            format!("{}/", shown.display())
        })
        .collect())
}

/// A directory and those above it that do not exist, outermost first.
pub(super) fn missing(dir: &Path) -> Vec<PathBuf> {
    let mut missing: Vec<PathBuf> = dir
        .ancestors()
        .take_while(|ancestor| !ancestor.exists())
        .map(Path::to_path_buf)
        .collect();
    missing.reverse();
    missing
}
