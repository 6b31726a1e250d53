//! The files of the workspace: reading, matching, writing, diffs.

pub mod git;

use std::path::{Path, PathBuf};

/// The directory sofos works in.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// A workspace at `root`.
    ///
    /// # Errors
    /// When the directory cannot be resolved.
    pub fn open(root: &Path) -> std::io::Result<Self> {
        Ok(Self {
            root: std::fs::canonicalize(root)?,
        })
    }

    /// The resolved root.
    pub fn root(&self) -> &Path {
        &self.root
    }
}
