//! A change to one file, ready to be shown.

use serde::{Deserialize, Serialize};

/// Kind of a diff line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffKind {
    /// Unchanged, for orientation.
    Context,
    /// Only in the new text.
    Added,
    /// Only in the old text.
    Removed,
}

impl DiffKind {
    /// The sign before such a line.
    pub fn sign(self) -> char {
        match self {
            Self::Context => ' ',
            Self::Added => '+',
            Self::Removed => '-',
        }
    }
}

/// One line of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Kind of the line.
    pub kind: DiffKind,
    /// 1-based number: in the old file for a removed line, in the new file otherwise.
    pub number: usize,
    /// The line without its terminator.
    pub text: String,
}

/// Changed lines that lie together, with their context.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hunk {
    /// The lines in reading order.
    pub lines: Vec<DiffLine>,
}

/// A change to one file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FileDiff {
    /// Path relative to the workspace where it lies inside.
    pub path: String,
    /// Lines added in the whole change.
    pub added: usize,
    /// Lines removed in the whole change.
    pub removed: usize,
    /// What is shown; may be less than the whole change.
    pub hunks: Vec<Hunk>,
    /// Diff lines left out of `hunks` because the change is long.
    pub folded: usize,
}
