//! Taking back changes of a session, whether an agent has it open or nobody.

use super::message_id;
use super::undo::{Obstructed, RewindWhat, TakeBackError, TakenBack, blocked, list};
use crate::protocol::entry::{Change, ChangeOrigin, EntryKind};
use crate::protocol::message::{ContextKind, Message};
use crate::session::{Session, SessionError};
use crate::workspace::Workspace;
use crate::workspace::checkpoint::{
    Author, Checkpoints, Dropped, Ended, Plan, Restored, TakeBack, shown,
};

/// A session with what its changes are taken back by.
pub struct Taker<'a> {
    /// The session.
    pub session: &'a mut Session,
    /// The undo store of its workspace.
    pub undo: &'a Checkpoints,
    /// The workspace.
    pub workspace: &'a Workspace,
    /// Contents that had to go to make room.
    pub dropped: Option<Dropped>,
}

impl Taker<'_> {
    /// Takes back the last change in effect.
    ///
    /// # Errors
    /// When the store or the log cannot be used.
    pub fn undo(&mut self, how: Obstructed) -> Result<TakenBack, TakeBackError> {
        let Some(last) = self.session.conversation().timeline.undoable() else {
            return Ok(TakenBack::Nothing);
        };
        let Change { id, words, .. } = &last.change;
        let plan = self.undo.plan(&[TakeBack::from(&last.change)])?;
        if let Some(blocked) = blocked(words, &plan, how) {
            return Ok(blocked);
        }
        let origin = ChangeOrigin::Undo { of: id.clone() };
        let (restored, _) = self.restore(origin, words, &plan, how)?;
        let mut conversation = false;
        if let Some(entry) = &last.conversation {
            self.session.go_back_to(entry, None)?;
            conversation = true;
        } else {
            self.tell_model(&format!("took back \"{words}\""), &restored)?;
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
        let timeline = &self.session.conversation().timeline;
        let Some(last) = timeline.redoable().cloned() else {
            return Ok(TakenBack::Nothing);
        };
        let plan = self.undo.plan(&[TakeBack::from(&last)])?;
        if let Some(blocked) = blocked(&last.words, &plan, how) {
            return Ok(blocked);
        }
        let origin = ChangeOrigin::Redo {
            of: last.id.clone(),
        };
        let (restored, _) = self.restore(origin, &last.words, &plan, how)?;
        self.tell_model(&format!("did \"{}\" again", last.words), &restored)?;
        Ok(TakenBack::Done {
            words: last.words,
            restored,
            conversation: false,
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
        let points = self.session.points()?;
        let Some(point) = points.iter().find(|point| point.message == message) else {
            return Err(SessionError::NoSuchPoint.into());
        };
        let words = format!("all since \u{201c}{}\u{201d}", point.text);
        let timeline = &self.session.conversation().timeline;
        let (plan, of) = if what == RewindWhat::Conversation {
            (Plan::default(), Vec::new())
        } else {
            let since = timeline.since(message);
            let changes: Vec<TakeBack> = since.into_iter().map(TakeBack::from).collect();
            let of = timeline.done_since(message);
            (
                self.undo.plan(&changes)?,
                of.into_iter().map(|change| change.id.clone()).collect(),
            )
        };
        if let Some(blocked) = blocked(&words, &plan, how) {
            return Ok(blocked);
        }
        let (restored, change) = self.restore(ChangeOrigin::Rewind { of }, &words, &plan, how)?;
        let conversation = what != RewindWhat::Files;
        if conversation {
            self.session.go_back_before(message, change)?;
        } else {
            self.tell_model(&format!("took back {words}"), &restored)?;
        }
        Ok(TakenBack::Done {
            words,
            restored,
            conversation,
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
            session: self.session.id().to_string(),
            origin,
            words: words.to_string(),
        };
        let _writing = self.workspace.change();
        let (restored, ended) = self
            .undo
            .restore(author, plan, how == Obstructed::Overwrite)?;
        let id = self.log(ended)?;
        self.session.sync()?;
        Ok((restored, id))
    }

    /// The model learns of it with the next message: files it has read are different.
    fn tell_model(&mut self, what: &str, restored: &Restored) -> Result<(), SessionError> {
        if restored.done.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = restored.done.iter().map(|path| shown(path)).collect();
        let message = Message::Context {
            id: message_id(),
            kind: ContextKind::Reminder,
            text: format!("The user {what}. Restored: {}.", list(&names)),
        };
        self.session.append(EntryKind::Message { message })
    }

    fn log(&mut self, ended: Ended) -> Result<Option<String>, SessionError> {
        self.dropped = ended.dropped.or(self.dropped.take());
        let Some(change) = ended.change else {
            return Ok(None);
        };
        let id = change.id.clone();
        self.session.append(EntryKind::Checkpoint { change })?;
        self.undo.settle(self.session.id(), &id);
        Ok(Some(id))
    }
}
