//! The log of a conversation: append, replay, list, repair.
//!
//! The log is the only truth: a [`Session`] is an open log plus the
//! [`Conversation`] folded from it, and nothing is kept beside it that could
//! disagree.

mod conversation;
pub mod export;
pub mod import;
mod lines;
mod log;
pub mod repair;
mod store;
mod timeline;

use std::path::{Path, PathBuf};

pub use conversation::Conversation;
pub use log::Log;
pub use store::Store;
pub use timeline::{Timeline, Undoable};

use crate::protocol::entry::EntryKind;
use crate::protocol::message::Message;

/// What can go wrong with a session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// A file operation failed.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io {
        /// What was tried, e.g. `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Another process has it open.
    #[error(
        "session {id} is open in another sofos{}; close it there, or work on a copy: \
         sofos --fork {id} (inside: /fork {id})",
        by(holder)
    )]
    Busy {
        /// Session id.
        id: String,
        /// The process that holds it, where that can be known.
        holder: Option<u32>,
    },
    /// Nothing matches what was asked for.
    #[error("no session matches {wanted:?}; `sofos -r` lists the sessions of this directory")]
    NotFound {
        /// What was asked for.
        wanted: String,
    },
    /// Several match.
    #[error("{wanted:?} matches several sessions: {candidates}; give more of the id")]
    Ambiguous {
        /// What was asked for.
        wanted: String,
        /// Ids and titles, comma-separated.
        candidates: String,
    },
    /// There is no session yet.
    #[error("there is no session in this directory yet; start one with `sofos`")]
    Empty,
    /// It was written by a newer program.
    #[error(
        "session {id} was written by a newer sofos (log version {version}); update sofos to open it"
    )]
    Newer {
        /// Session id.
        id: String,
        /// Version found.
        version: u32,
    },
    /// The log has no such point.
    #[error("the log does not hold that point of the conversation")]
    NoSuchPoint,
    /// The file has no header, so it is no session log.
    #[error("{path} is not a session log: it does not start with a header", path = path.display())]
    NotALog {
        /// The file.
        path: PathBuf,
    },
}

impl SessionError {
    /// For `map_err`: what was tried with which file.
    fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_path_buf(),
            source,
        }
    }
}

/// ` (process 1234)` or nothing.
fn by(holder: &Option<u32>) -> String {
    holder.map_or(String::new(), |pid| format!(" (process {pid})"))
}

/// A message of the user, as a place to go back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Its id.
    pub message: String,
    /// What it says, on one line.
    pub text: String,
    /// Milliseconds since the epoch.
    pub at: u64,
}

/// An open log and the conversation folded from it.
#[derive(Debug)]
pub struct Session {
    log: Log,
    conversation: Conversation,
}

impl Session {
    /// A new session; its file appears with the first entry.
    pub fn create(store: &Store, cwd: &str) -> Self {
        let log = Log::create(store.dir().to_path_buf(), cwd);
        Self {
            log,
            conversation: Conversation::default(),
        }
    }

    /// A new session with an id of the caller's choice, which must be valid and unused.
    pub fn create_as(store: &Store, cwd: &str, id: &str) -> Self {
        let log = Log::create(store.dir().to_path_buf(), cwd).named(id);
        Self {
            log,
            conversation: Conversation::default(),
        }
    }

    /// Opens an existing session for going on with it. Also returns what had to
    /// be left out, in words.
    ///
    /// # Errors
    /// When it is busy, unreadable, no log, or from a newer program.
    pub fn open(store: &Store, id: &str) -> Result<(Self, Vec<String>), SessionError> {
        let (log, entries, warnings) = Log::open(store.dir().to_path_buf(), id)?;
        Ok((
            Self {
                log,
                conversation: Conversation::fold(entries),
            },
            warnings,
        ))
    }

    /// Session id.
    pub fn id(&self) -> &str {
        self.log.id()
    }

    /// What is different from when the session was held in another directory, in words.
    pub fn moved(&self, cwd: &str) -> Option<String> {
        let before = self.log.cwd();
        (before != cwd).then(|| {
            format!("this session was held in {before}: paths in it may lead nowhere here")
        })
    }

    /// What the log amounts to.
    pub fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// Every entry of the log, in its order.
    ///
    /// # Errors
    /// When it cannot be read, or what is not written yet cannot be written.
    pub fn entries(&mut self) -> Result<Vec<crate::protocol::entry::Entry>, SessionError> {
        match self.conversation.messages.is_empty() && self.conversation.compacted == 0 {
            // There may be no file yet.
            true => Ok(Vec::new()),
            false => self.log.entries(),
        }
    }

    /// Records entries and folds them in. The conversation takes them even when
    /// the disk does not: they are kept and written with the next ones.
    ///
    /// # Errors
    /// When they could not be written yet.
    pub fn append_all(&mut self, kinds: Vec<EntryKind>) -> Result<(), SessionError> {
        let result = self.log.append(&kinds);
        for kind in kinds {
            self.conversation.apply(kind);
        }
        result
    }

    /// [`Session::append_all`] for one entry.
    ///
    /// # Errors
    /// When it could not be written yet.
    pub fn append(&mut self, kind: EntryKind) -> Result<(), SessionError> {
        self.append_all(vec![kind])
    }

    /// [`Session::append`] for a message.
    ///
    /// # Errors
    /// When it could not be written yet.
    pub fn append_message(&mut self, message: Message) -> Result<(), SessionError> {
        self.append(EntryKind::Message { message })
    }

    /// Notes what a list of sessions shows of it.
    ///
    /// # Errors
    /// When it could not be written yet.
    pub fn append_card(&mut self) -> Result<(), SessionError> {
        let card = store::card(&self.conversation);
        self.append(EntryKind::Card { card })
    }

    /// The messages of the user on the way to where the conversation is, oldest
    /// first, those that a compaction replaced included.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn points(&mut self) -> Result<Vec<Point>, SessionError> {
        if self.conversation.messages.is_empty() {
            return Ok(Vec::new());
        }
        let entries = self.log.entries()?;
        let on_path = conversation::on_path(&entries);
        let points = entries
            .into_iter()
            .zip(on_path)
            .filter_map(|(entry, on_path)| match entry.kind {
                EntryKind::Message {
                    message: Message::User { id, content },
                } if on_path => Some(Point {
                    message: id,
                    text: store::words(&content),
                    at: entry.at,
                }),
                _ => None,
            });
        Ok(points.collect())
    }

    /// Goes back to right before a message: it and all after it are no longer part
    /// of the conversation, but stay in the log. `change` is the change that took
    /// files back along with it.
    ///
    /// # Errors
    /// When the log cannot be read or written, or has no such message.
    pub fn go_back_before(
        &mut self,
        message: &str,
        change: Option<String>,
    ) -> Result<(), SessionError> {
        let entries = self.log.entries()?;
        let entry = entries.iter().rfind(|entry| {
            matches!(&entry.kind, EntryKind::Message { message: Message::User { id, .. } } if id == message)
        });
        match entry.and_then(|entry| entry.parent.clone()) {
            Some(parent) => self.go_back_to(&parent, change),
            None => Err(SessionError::NoSuchPoint),
        }
    }

    /// Goes to an entry: the conversation is what it was right after it.
    ///
    /// # Errors
    /// When the log cannot be read or written, or has no such entry.
    pub fn go_back_to(&mut self, entry: &str, change: Option<String>) -> Result<(), SessionError> {
        let entries = self.log.entries()?;
        let Some(from) = entries.last().map(|last| last.id.clone()) else {
            return Err(SessionError::NoSuchPoint);
        };
        if !entries.iter().any(|other| other.id == entry) {
            return Err(SessionError::NoSuchPoint);
        }
        self.log
            .branch(entry, &EntryKind::Rewind { from, change })?;
        self.conversation = Conversation::fold(self.log.entries()?);
        Ok(())
    }

    /// Makes everything appended so far survive a power failure.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&mut self) -> Result<(), SessionError> {
        self.log.sync()
    }
}
