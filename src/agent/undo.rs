//! Keeping what calls change, and taking it back.
//!
//! [`Agent::before_change`] and [`Agent::after_change`] stand around every call
//! that changes something (`dispatch.rs`). What they record is an entry of the log;
//! `/undo`, `/redo` and `/rewind` work on these entries.

use std::path::PathBuf;

use super::dispatch::Call;
use super::{Agent, message_id};
use crate::protocol::entry::{Change, ChangeOrigin, EntryKind};
use crate::protocol::event::NoticeLevel;
use crate::protocol::message::{ContextKind, Message};
use crate::protocol::permission::Effect;
use crate::session::SessionError;
use crate::stdx::text;
use crate::tools::Prepared;
use crate::workspace::checkpoint::{
    Author, Begun, Ended, Plan, Restored, TakeBack, UndoError, shown,
};

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
    /// Keeps what a permitted call is about to change. What cannot be kept is said;
    /// the call runs all the same.
    pub(super) async fn before_change(
        &mut self,
        call: Call<'_>,
        prepared: &Prepared,
    ) -> Option<Begun> {
        let paths = paths_of(&prepared.effects);
        if paths.is_empty() {
            return None;
        }
        let author = Author {
            session: self.parts.session.id().to_string(),
            origin: ChangeOrigin::Call {
                call_id: call.id.to_string(),
            },
            words: text::one_line(
                &format!("{} {}", prepared.title.verb, prepared.title.object),
                100,
            ),
        };
        let services = self.parts.services.clone();
        let begun = tokio::task::spawn_blocking(move || services.undo.begin(author, &paths)).await;
        match begun {
            Ok(Ok(begun)) => {
                if !begun.unkept.is_empty() {
                    self.notice(
                        NoticeLevel::Warning,
                        format!(
                            "/undo will not bring back the content of {}: too large to keep",
                            list(&begun.unkept)
                        ),
                    );
                }
                Some(begun)
            }
            Ok(Err(error)) => {
                self.tell_no_undo(&error.to_string());
                None
            }
            Err(error) => {
                self.tell_no_undo(&error.to_string());
                None
            }
        }
    }

    /// Records what a call changed.
    pub(super) async fn after_change(&mut self, begun: Option<Begun>) {
        let Some(begun) = begun else { return };
        let services = self.parts.services.clone();
        match tokio::task::spawn_blocking(move || services.undo.end(begun)).await {
            Ok(Ok(ended)) => {
                self.log_change(ended);
            }
            Ok(Err(error)) => self.tell_no_undo(&error.to_string()),
            Err(error) => self.tell_no_undo(&error.to_string()),
        }
    }

    fn tell_no_undo(&mut self, why: &str) {
        if !std::mem::replace(&mut self.told_no_undo, true) {
            let text = format!("/undo cannot take back what follows: {why}");
            self.notice(NoticeLevel::Warning, text);
        }
    }

    /// Logs a change; returns its id.
    fn log_change(&mut self, ended: Ended) -> Option<String> {
        if let Some(dropped) = ended.dropped {
            let text = format!(
                "the undo store was full: the oldest {} in it ({} MB) were dropped",
                text::plural(dropped.blobs, "content"),
                dropped.bytes >> 20
            );
            self.notice(NoticeLevel::Info, text);
        }
        let change = ended.change?;
        let id = change.id.clone();
        self.record(EntryKind::Checkpoint { change });
        self.parts
            .services
            .undo
            .settle(self.parts.session.id(), &id);
        Some(id)
    }

    /// Logs changes that were under way when the session's process ended.
    pub fn recover_changes(&mut self) {
        let session = self.parts.session.id().to_string();
        let timeline = self.parts.session.conversation().timeline.clone();
        let found = self
            .parts
            .services
            .undo
            .recover(&session, |id| timeline.has(id));
        match found {
            Ok(changes) => {
                for change in changes {
                    let text = format!(
                        "\"{}\" was cut off when sofos ended; /undo takes back what it had done",
                        change.words
                    );
                    self.log_change(Ended {
                        change: Some(change),
                        dropped: None,
                    });
                    self.notice(NoticeLevel::Warning, text);
                }
            }
            Err(error) => self.tell_no_undo(&error.to_string()),
        }
    }

    /// Takes back the last change in effect.
    ///
    /// # Errors
    /// When the store or the log cannot be used.
    pub fn undo(&mut self, how: Obstructed) -> Result<TakenBack, TakeBackError> {
        let Some(last) = self.parts.session.conversation().timeline.undoable() else {
            return Ok(TakenBack::Nothing);
        };
        let Change { id, words, .. } = &last.change;
        let plan = self
            .parts
            .services
            .undo
            .plan(&[TakeBack::from(&last.change)])?;
        if let Some(blocked) = blocked(words, &plan, how) {
            return Ok(blocked);
        }
        let origin = ChangeOrigin::Undo { of: id.clone() };
        let (restored, _) = self.restore(origin, words, &plan, how)?;
        let mut conversation = false;
        if let Some(entry) = &last.conversation {
            self.parts.session.go_back_to(entry, None)?;
            conversation = true;
        } else {
            self.tell_model(&format!("took back \"{words}\""), &restored);
        }
        Ok(TakenBack::Done {
            words: words.clone(),
            restored,
            conversation,
        })
    }

    /// Takes back the last undo.
    ///
    /// # Errors
    /// When the store or the log cannot be used.
    pub fn redo(&mut self, how: Obstructed) -> Result<TakenBack, TakeBackError> {
        let timeline = &self.parts.session.conversation().timeline;
        let Some(last) = timeline.redoable().cloned() else {
            return Ok(TakenBack::Nothing);
        };
        let plan = self.parts.services.undo.plan(&[TakeBack::from(&last)])?;
        if let Some(blocked) = blocked(&last.words, &plan, how) {
            return Ok(blocked);
        }
        let origin = ChangeOrigin::Redo {
            of: last.id.clone(),
        };
        let (restored, _) = self.restore(origin, &last.words, &plan, how)?;
        self.tell_model(&format!("did \"{}\" again", last.words), &restored);
        Ok(TakenBack::Done {
            words: last.words,
            restored,
            conversation: false,
        })
    }

    /// Restores files as planned and logs that as a change.
    fn restore(
        &mut self,
        origin: ChangeOrigin,
        words: &str,
        plan: &Plan,
        how: Obstructed,
    ) -> Result<(Restored, Option<String>), TakeBackError> {
        let author = Author {
            session: self.parts.session.id().to_string(),
            origin,
            words: words.to_string(),
        };
        let services = self.parts.services.clone();
        let _writing = services.workspace.change();
        let (restored, ended) =
            services
                .undo
                .restore(author, plan, how == Obstructed::Overwrite)?;
        let id = self.log_change(ended);
        self.parts.session.sync()?;
        Ok((restored, id))
    }

    /// The model learns of it with the next message: files it has read are different.
    fn tell_model(&mut self, what: &str, restored: &Restored) {
        if restored.done.is_empty() {
            return;
        }
        let names: Vec<String> = restored.done.iter().map(|path| shown(path)).collect();
        self.record_message(Message::Context {
            id: message_id(),
            kind: ContextKind::Reminder,
            text: format!("The user {what}. Restored: {}.", list(&names)),
        });
    }
}

/// The paths that effects name as changed. The second half says whether everything
/// below may change: where a directory is deleted or moved.
fn paths_of(effects: &[Effect]) -> Vec<(PathBuf, bool)> {
    let changing = effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Write(_) | Effect::Delete(_)))
        .count();
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Delete(path) => Some((path.real().to_path_buf(), true)),
            // A single directory that is written to is one that is created.
            Effect::Write(path) => Some((path.real().to_path_buf(), changing > 1)),
            _ => None,
        })
        .collect()
}

/// Why nothing is done yet, when files are in the way.
fn blocked(words: &str, plan: &Plan, how: Obstructed) -> Option<TakenBack> {
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
