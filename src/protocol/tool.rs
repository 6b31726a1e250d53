//! What a tool is to the model ([`ToolSpec`]) and to the user ([`ToolView`]).

use serde::{Deserialize, Serialize};

use super::diff::FileDiff;

/// A tool as offered to the model.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// `[A-Za-z0-9_-]{1,64}`.
    pub name: String,
    /// What it does, in the fewest words that work.
    pub description: String,
    /// JSON Schema of the arguments; always an object schema.
    pub schema: serde_json::Value,
}

/// The head of a tool line: `Read src/cart.rs 1–120`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ToolTitle {
    /// `Read`, `Edit`, `Run`, …
    pub verb: String,
    /// What it acts on, in the user's terms (paths relative to the workspace).
    pub object: String,
}

impl ToolTitle {
    /// A title from its two parts.
    pub fn new(verb: impl Into<String>, object: impl Into<String>) -> Self {
        Self {
            verb: verb.into(),
            object: object.into(),
        }
    }
}

/// How a call ended, as the user is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolStatus {
    /// It did what was asked.
    #[default]
    Ok,
    /// It failed.
    Failed,
    /// The user or a rule said no.
    Denied,
    /// The user stopped it.
    Stopped,
}

/// What stands below a tool line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToolBody {
    /// Nothing.
    #[default]
    None,
    /// The last lines of an output, cleaned for the terminal.
    Output {
        /// Lines shown, oldest first.
        tail: Vec<String>,
        /// Lines before them that are folded away.
        folded: usize,
    },
    /// A change to one file.
    Diff {
        /// The change.
        diff: FileDiff,
    },
    /// Changes to several files.
    Diffs {
        /// The changes, each with its path.
        diffs: Vec<FileDiff>,
    },
}

/// One finished call as the user sees it, live and on resume.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ToolView {
    /// Verb and object.
    pub title: ToolTitle,
    /// How it ended.
    pub status: ToolStatus,
    /// Short outcome, e.g. `exit 101 · 3.2 s` or `7 matches, 3 files`; may be empty.
    pub outcome: String,
    /// What stands below the line.
    #[serde(default)]
    pub body: ToolBody,
    /// All that the model got as text, for who wants to see more than the body; not
    /// logged with it.
    #[serde(skip)]
    pub output: Box<str>,
}

/// State of one plan step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanStatus {
    /// Not begun.
    Pending,
    /// Being worked on.
    InProgress,
    /// Finished.
    Completed,
}

/// One step of the model's plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlanItem {
    /// What is to be done.
    pub step: String,
    /// How far it is.
    pub status: PlanStatus,
}
