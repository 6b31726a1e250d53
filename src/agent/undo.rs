//! Taking back what calls changed: `/undo`, `/redo`, `/rewind`.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use super::changes::run_git;
use super::{Agent, Taker};
use crate::protocol::diff::FileDiff;
use crate::protocol::message::{ContentBlock, Message};
use crate::session::SessionError;
use crate::stdx::text::clean;
use crate::workspace::checkpoint::{
    FileChange, Manifest, Plan, Restored, State, UndoError, merge, shown,
};
use crate::workspace::diff::file_diff;
use crate::workspace::unified;

/// Paths named in words, the rest is counted.
const NAMED: usize = 8;

/// What to do about files that are not what sofos left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstructed {
    /// Do nothing and say which they are.
    Ask,
    /// Leave them and restore the others.
    Leave,
    /// Restore them as well; what they are now is kept and can be brought back.
    Overwrite,
}

/// What came of taking something back.
#[derive(Debug)]
pub enum TakenBack {
    /// There is nothing.
    Nothing,
    /// Files are in the way: each with the reason.
    Blocked {
        /// What was to be taken back, in words.
        words: String,
        /// How many files could be restored without them.
        clear: usize,
        /// Those in the way.
        obstacles: Vec<String>,
        /// Whether they can be overwritten.
        can_be_forced: bool,
    },
    /// Done.
    Done {
        /// What was taken back, in words.
        words: String,
        /// What became of the files.
        restored: Restored,
        /// The conversation moved as well.
        conversation: bool,
    },
}

/// A point the conversation can go back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewindPoint {
    /// Id of the message it lies right before.
    pub message: String,
    /// The message, on one line.
    pub text: String,
    /// When it was sent, in milliseconds since the epoch.
    pub at: u64,
    /// How many files changed since.
    pub files: usize,
}

/// What goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RewindWhat {
    /// Files and conversation.
    Both,
    /// The conversation alone.
    Conversation,
    /// The files alone.
    Files,
}

/// What changed in a session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangedFiles {
    /// Text files, by path.
    pub diffs: Vec<FileDiff>,
    /// Everything else: directories, links, modes, binary files.
    pub others: Vec<String>,
}

/// The working tree against the last commit. The configuration of the repository
/// runs nothing on the way.
const GIT_DIFF: &str = "git -c core.fsmonitor=false -c core.quotePath=false --no-optional-locks \
                        --no-pager diff --no-ext-diff --no-textconv --no-color --unified=2 \
                        --src-prefix=a/ --dst-prefix=b/ HEAD --";
const GIT_NEW: &str = "git -c core.fsmonitor=false -c core.quotePath=false --no-optional-locks \
                       ls-files --others --exclude-standard";

/// Why something could not be taken back.
#[derive(Debug, thiserror::Error)]
pub enum TakeBackError {
    /// The undo store.
    #[error(transparent)]
    Undo(#[from] UndoError),
    /// The session.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl Agent {
    fn taken(
        &mut self,
        take: impl FnOnce(&mut Taker) -> Result<TakenBack, TakeBackError>,
    ) -> Result<TakenBack, TakeBackError> {
        let services = self.parts.services.clone();
        let mut taker = Taker {
            session: &mut self.parts.session,
            undo: &services.undo,
            workspace: &services.workspace,
            dropped: None,
        };
        let result = take(&mut taker);
        if let Some(dropped) = taker.dropped {
            self.tell_dropped(&dropped);
        }
        result
    }

    /// Takes back the last change in effect.
    ///
    /// # Errors
    /// When the store or the log cannot be used.
    pub fn undo(&mut self, how: Obstructed) -> Result<TakenBack, TakeBackError> {
        self.taken(|taker| taker.undo(how))
    }

    /// Takes back the last undo.
    ///
    /// # Errors
    /// When the store or the log cannot be used.
    pub fn redo(&mut self, how: Obstructed) -> Result<TakenBack, TakeBackError> {
        self.taken(|taker| taker.redo(how))
    }

    /// The points of the conversation, the newest first: every message of the user.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn points(&mut self) -> Result<Vec<RewindPoint>, TakeBackError> {
        let points = self.parts.session.points()?;
        let timeline = &self.parts.session.conversation().timeline;
        let mut known: HashMap<&str, Option<Manifest>> = HashMap::new();
        let mut out = Vec::with_capacity(points.len());
        for point in points {
            let mut paths: BTreeSet<&PathBuf> = BTreeSet::new();
            let since = timeline.since(&point.message);
            for change in &since {
                known
                    .entry(&change.manifest)
                    .or_insert_with(|| self.parts.services.undo.manifest(&(*change).into()).ok());
            }
            for change in since {
                let manifest = known.get(change.manifest.as_str()).and_then(Option::as_ref);
                paths.extend(
                    manifest
                        .iter()
                        .flat_map(|manifest| &manifest.files)
                        .map(|file| &file.path),
                );
            }
            out.push(RewindPoint {
                files: paths.len(),
                message: point.message,
                text: point.text,
                at: point.at,
            });
        }
        out.reverse();
        Ok(out)
    }

    /// The words of a message of the user.
    pub fn said(&self, message: &str) -> Option<String> {
        let messages = &self.parts.session.conversation().messages;
        messages.iter().find_map(|said| match said {
            Message::User { id, content } if id == message => {
                Some(content.iter().filter_map(ContentBlock::as_text).collect())
            }
            _ => None,
        })
    }

    /// Goes back to right before a message of the user.
    ///
    /// # Errors
    /// When the store or the log cannot be used.
    pub fn rewind(
        &mut self,
        message: &str,
        what: RewindWhat,
        how: Obstructed,
    ) -> Result<TakenBack, TakeBackError> {
        self.taken(|taker| taker.rewind(message, what, how))
    }

    /// What the changes of this session together did to files.
    ///
    /// # Errors
    /// When a record is no longer in the store.
    pub fn changed_files(&self) -> Result<ChangedFiles, TakeBackError> {
        let undo = &self.parts.services.undo;
        let timeline = &self.parts.session.conversation().timeline;
        let manifests = timeline
            .all()
            .into_iter()
            .map(|change| undo.manifest(&change.into()))
            .collect::<Result<Vec<Manifest>, UndoError>>()?;
        let mut out = ChangedFiles::default();
        for merged in merge(&manifests) {
            let FileChange {
                path,
                before,
                after,
                ..
            } = merged.change;
            if before == after {
                continue;
            }
            let text = |state: &State| match state {
                State::File { .. } => undo.content(state).filter(|bytes| !bytes.contains(&0)),
                _ => Some(Vec::new()),
            };
            let is_file = |state: &State| matches!(state, State::File { .. });
            let name = shown(&path);
            match (text(&before), text(&after)) {
                (Some(old), Some(new)) if (is_file(&before) || is_file(&after)) && old != new => {
                    out.diffs.push(file_diff(&name, &old, &new));
                }
                _ => out.others.push(name),
            }
        }
        Ok(out)
    }

    /// What the working tree has that the last commit has not, as git tells it;
    /// nothing without git, a repository or a commit.
    pub fn working_tree(&self) -> impl Future<Output = Option<ChangedFiles>> + Send + use<> {
        let services = self.parts.services.clone();
        async move {
            let output = run_git(&services, GIT_DIFF).await?;
            let new = run_git(&services, GIT_NEW).await.unwrap_or_default();
            let (diffs, mut others) = unified::parse(&output);
            let names = String::from_utf8_lossy(&new).into_owned();
            others.extend(names.lines().map(|name| format!("{} (new)", clean(name))));
            Some(ChangedFiles { diffs, others })
        }
    }
}

/// Why nothing is done yet, when files are in the way.
pub(super) fn blocked(words: &str, plan: &Plan, how: Obstructed) -> Option<TakenBack> {
    let obstacles = plan.obstacles();
    (how == Obstructed::Ask && !obstacles.is_empty()).then(|| TakenBack::Blocked {
        words: words.to_string(),
        clear: plan.clear(),
        obstacles,
        can_be_forced: plan.can_be_forced(),
    })
}

/// `a, b, c and 4 more`.
pub fn list(names: &[String]) -> String {
    match names.len().checked_sub(NAMED) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..NAMED].join(", ")),
    }
}
