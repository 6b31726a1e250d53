//! The files of the workspace: reading, matching, writing, diffs.
//!
//! Everything here takes resolved paths and works on bytes: what an edit does not
//! touch stays as it was, whatever its encoding and line endings.

pub mod checkpoint;
mod commit;
pub mod diff;
pub mod document;
pub mod edit_match;
mod encoding;
mod file_state;
pub mod git;
pub mod globs;
pub mod notebook;
mod open;
pub mod patch;
pub mod read;
pub mod search;
pub mod suggest;
pub mod unified;
pub mod walk;
pub mod write;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::protocol::permission::ScopedPath;
use file_state::FileStates;

/// A file operation that did not happen. Its text is for the model.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Nothing there.
    #[error("{path} does not exist{hint}")]
    NotFound {
        /// As shown to the model.
        path: String,
        /// ` (did you mean …?)` or empty.
        hint: String,
    },
    /// A directory where a file is needed.
    #[error("{0} is a directory; list_directory shows what is in it")]
    IsDirectory(String),
    /// A device, FIFO or socket.
    #[error("{path} is {kind}, not a regular file")]
    Special {
        /// As shown to the model.
        path: String,
        /// `a FIFO`, `a device`, …
        kind: &'static str,
    },
    /// No right to do it.
    #[error("no permission to {action} {path}")]
    Permission {
        /// `read`, `write`, …
        action: &'static str,
        /// As shown to the model.
        path: String,
    },
    /// Not text.
    #[error("{path} is a binary file ({bytes} bytes)")]
    Binary {
        /// As shown to the model.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// A page beyond the end.
    #[error("{path} has {lines}, offset {offset} is beyond its end")]
    BeyondEnd {
        /// As shown to the model.
        path: String,
        /// `1 line`, `7 lines`.
        lines: String,
        /// What was asked for.
        offset: u64,
    },
    /// Someone else wrote the file since the model saw it.
    #[error(
        "{path} changed on disk since it was last read here; nothing was written. \
         Read it again, then repeat the change on what it says now{what}"
    )]
    Changed {
        /// As shown to the model.
        path: String,
        /// The change as a diff, with the words before it; or empty.
        what: String,
    },
    /// An image or document that cannot be shown.
    #[error("{path} cannot be shown: {source}")]
    Media {
        /// As shown to the model.
        path: String,
        /// Why.
        source: crate::media::MediaError,
    },
    /// Too large for the operation.
    #[error("{path} is too large to {action} ({bytes} bytes)")]
    TooLarge {
        /// As shown to the model.
        path: String,
        /// `edit`, `show`, …
        action: &'static str,
        /// Its size.
        bytes: u64,
    },
    /// Anything else the system says.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// `read`, `write`, …
        action: &'static str,
        /// As shown to the model.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl FileError {
    /// Words for an I/O error on a path.
    pub fn io(action: &'static str, path: &ScopedPath, source: std::io::Error) -> Self {
        let path = path.display().to_string();
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound {
                path,
                hint: String::new(),
            },
            std::io::ErrorKind::PermissionDenied => Self::Permission { action, path },
            std::io::ErrorKind::IsADirectory => Self::IsDirectory(path),
            _ => Self::Io {
                action,
                path,
                source,
            },
        }
    }
}

/// The directory sofos works in.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    states: FileStates,
    /// Held while a file is read, changed and written back.
    writing: Mutex<()>,
}

impl Workspace {
    /// A workspace at `root`.
    ///
    /// # Errors
    /// When the directory cannot be resolved.
    pub fn open(root: &Path) -> std::io::Result<Self> {
        Ok(Self {
            root: std::fs::canonicalize(root)?,
            states: FileStates::default(),
            writing: Mutex::new(()),
        })
    }

    /// The resolved root.
    pub fn root(&self) -> &Path {
        &self.root
    }
}
#[cfg(test)]
mod corpus_tests;
