//! The sessions of one workspace.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::log::{holder, lock};
use super::{Conversation, SessionError};
use crate::protocol::entry::{Card, Entry, EntryKind};
use crate::protocol::event::SessionRow;
use crate::protocol::message::{ContentBlock, Message};
use crate::stdx::fs as sfs;
use crate::stdx::{ids, text};

/// How much of the end of a log is read to find its card.
const END: u64 = 8 * 1024;
/// How much of the start and the end is read where there is no card.
const LOOK: u64 = 32 * 1024;

/// A directory of session logs.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// The sessions in `dir`, which need not exist.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The log of a session.
    pub fn path(&self, id: &str) -> PathBuf {
        self.dir.join(format!("{id}.jsonl"))
    }

    /// Every session, the newest first. No index: the ends of the logs are read.
    ///
    /// # Errors
    /// When the directory exists and cannot be read.
    pub fn list(&self) -> Result<Vec<SessionRow>, SessionError> {
        let files = self.files()?;
        let threads = std::thread::available_parallelism().map_or(2, |n| n.get().min(4));
        let rows = |files: &[(String, PathBuf)]| -> Vec<SessionRow> {
            files
                .iter()
                .filter_map(|(id, path)| row(id, path))
                .collect()
        };
        let mut rows: Vec<SessionRow> = if files.len() < 64 {
            rows(&files)
        } else {
            let each = files.len().div_ceil(threads);
            std::thread::scope(|scope| {
                let parts: Vec<_> = files
                    .chunks(each)
                    .map(|part| scope.spawn(move || rows(part)))
                    .collect();
                let joined = parts.into_iter().filter_map(|part| part.join().ok());
                joined.flatten().collect()
            })
        };
        rows.sort_by(|a, b| b.modified.cmp(&a.modified).then_with(|| b.id.cmp(&a.id)));
        Ok(rows)
    }

    fn files(&self) -> Result<Vec<(String, PathBuf)>, SessionError> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(Vec::new());
            }
            Err(source) => {
                return Err(SessionError::io("list", &self.dir)(source));
            }
        };
        Ok(entries
            .flatten()
            .filter_map(|entry| {
                let path = entry.path();
                let id = path
                    .file_name()?
                    .to_str()?
                    .strip_suffix(".jsonl")?
                    .to_string();
                ids::is_valid_session(&id).then_some((id, path))
            })
            .collect())
    }

    /// The newest session.
    ///
    /// # Errors
    /// When there is none.
    pub fn newest(&self) -> Result<String, SessionError> {
        self.list()?
            .into_iter()
            .next()
            .map(|row| row.id)
            .ok_or(SessionError::Empty)
    }

    /// Every readable entry of a session, in its order; it may be open elsewhere.
    ///
    /// # Errors
    /// When the log cannot be read, is no log, or is from a newer program.
    pub fn entries(&self, id: &str) -> Result<Vec<Entry>, SessionError> {
        super::log::read(&self.path(id))
    }

    /// The session meant by `wanted`: an exact id, else the start of an id, else a name.
    ///
    /// # Errors
    /// When none or several match.
    pub fn find(&self, wanted: &str) -> Result<String, SessionError> {
        if ids::is_valid_session(wanted) && self.path(wanted).is_file() {
            return Ok(wanted.to_string());
        }
        let rows = self.list()?;
        let lower = wanted.to_lowercase();
        let by_id: Vec<&SessionRow> = rows
            .iter()
            .filter(|row| !lower.is_empty() && row.id.starts_with(&lower))
            .collect();
        let by_title = || named(&rows, &lower);
        let found = if by_id.is_empty() { by_title() } else { by_id };
        one_of(wanted, &found)
    }

    /// The session of this name (or exact id), if there is one.
    ///
    /// # Errors
    /// When several have it.
    pub fn find_named(&self, name: &str) -> Result<Option<String>, SessionError> {
        if ids::is_valid_session(name) && self.path(name).is_file() {
            return Ok(Some(name.to_string()));
        }
        let rows = self.list()?;
        let found = named(&rows, &name.to_lowercase());
        if found.is_empty() {
            return Ok(None);
        }
        one_of(name, &found).map(Some)
    }

    /// Copies a session; the copy goes its own way. Works on one that is open
    /// elsewhere: it is only read.
    ///
    /// # Errors
    /// When it cannot be read, or the copy cannot be written.
    pub fn fork(&self, id: &str) -> Result<String, SessionError> {
        let path = self.path(id);
        let mut bytes = fs::read(&path).map_err(SessionError::io("read", &path))?;
        // What the other one is just writing is not whole yet.
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        bytes.truncate(whole);
        let first = bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let mut header = match serde_json::from_slice::<Entry>(&bytes[..first]) {
            Ok(
                entry @ Entry {
                    kind: EntryKind::Header { .. },
                    ..
                },
            ) => entry,
            _ => return Err(SessionError::NotALog { path }),
        };
        let new = ids::session();
        if let EntryKind::Header { session, .. } = &mut header.kind {
            *session = new.clone();
        }
        // Plain data: serialising cannot fail.
        let mut copy = serde_json::to_vec(&header).unwrap_or_default();
        copy.push(b'\n');
        copy.extend_from_slice(&bytes[first..]);
        let target = self.path(&new);
        sfs::write_atomic(&target, &copy, 0o600).map_err(SessionError::io("write", &target))?;
        Ok(new)
    }

    /// Deletes a session that is not open.
    ///
    /// # Errors
    /// When it is open somewhere, or cannot be deleted.
    pub fn delete(&self, id: &str) -> Result<(), SessionError> {
        let path = self.path(id);
        let file = sfs::open_existing_append(&path).map_err(SessionError::io("open", &path))?;
        lock(&file, id, &path)?;
        sfs::remove_file(&path).map_err(SessionError::io("delete", &path))?;
        let torn = self.dir.join(format!("{id}.torn"));
        if torn.exists() {
            // Of no use without the log, and in nobody's way.
            let _ = sfs::remove_file(&torn);
        }
        Ok(())
    }

    /// The process that has a session open, where that can be known.
    pub fn holder(&self, id: &str) -> Option<u32> {
        holder(&File::open(self.path(id)).ok()?)
    }
}

fn named<'a>(rows: &'a [SessionRow], lower: &str) -> Vec<&'a SessionRow> {
    rows.iter()
        .filter(|row| row.title.to_lowercase() == lower)
        .collect()
}

fn one_of(wanted: &str, found: &[&SessionRow]) -> Result<String, SessionError> {
    match found {
        [one] => Ok(one.id.clone()),
        [] => Err(SessionError::NotFound {
            wanted: wanted.to_string(),
        }),
        many => Err(SessionError::Ambiguous {
            wanted: wanted.to_string(),
            candidates: many
                .iter()
                .map(|row| format!("{} ({})", row.id, row.title))
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// One log as a row; nothing when it cannot be read or is no log.
fn row(id: &str, path: &Path) -> Option<SessionRow> {
    let mut file = File::open(path).ok()?;
    let meta = file.metadata().ok()?;
    let modified = meta
        .modified()
        .ok()?
        .duration_since(UNIX_EPOCH)
        .map_or(0, |age| age.as_secs());
    let mut out = SessionRow {
        id: id.to_string(),
        modified,
        bytes: meta.len(),
        ..SessionRow::default()
    };
    let end = piece(&mut file, meta.len().saturating_sub(END), END)?;
    let card = last(&end, b"{\"card\":", |kind| match kind {
        EntryKind::Card { card } => Some(card),
        _ => None,
    });
    if let Some(card) = card {
        out.title = last_title(&end).unwrap_or(card.title);
        out.first = card.first;
        out.last = card.last;
        out.messages = Some(card.messages);
        out.cost = Some(card.cost);
        return Some(out);
    }
    let head = piece(&mut file, 0, LOOK)?;
    // Killed between making the file and its first write: there is nothing in it.
    if !head.contains(&b'\n') {
        return None;
    }
    let tail = match meta.len() {
        0..=LOOK => Vec::new(),
        length => piece(&mut file, (length - LOOK).max(LOOK), LOOK)?,
    };
    out.title = last_title(&tail)
        .or_else(|| last_title(&head))
        .unwrap_or_default();
    out.first = first_words(&head).unwrap_or_default();
    Some(out)
}

fn piece(file: &mut File, start: u64, length: u64) -> Option<Vec<u8>> {
    file.seek(SeekFrom::Start(start)).ok()?;
    let mut out = Vec::new();
    file.take(length).read_to_end(&mut out).ok()?;
    Some(out)
}

/// The last entry of a kind among the whole lines of a piece of a log.
fn last<T>(piece: &[u8], mark: &[u8], wanted: impl Fn(EntryKind) -> Option<T>) -> Option<T> {
    let mut rest = piece;
    // From the end: what is wanted is near it.
    while let Some(at) = memchr::memmem::rfind(rest, mark) {
        let start = memchr::memrchr(b'\n', &rest[..at]).map_or(0, |at| at + 1);
        let line = &piece[start..];
        let line = &line[..memchr::memchr(b'\n', line).unwrap_or(line.len())];
        let entry = serde_json::from_slice::<Entry>(line).ok();
        if let Some(found) = entry.and_then(|entry| wanted(entry.kind)) {
            return Some(found);
        }
        rest = &rest[..start];
    }
    None
}

fn last_title(piece: &[u8]) -> Option<String> {
    last(piece, b"{\"title\":", |kind| match kind {
        EntryKind::Title { title } => Some(text::one_line(&title, 80)),
        _ => None,
    })
}

fn first_words(piece: &[u8]) -> Option<String> {
    let line = piece
        .split(|byte| *byte == b'\n')
        .find(|line| memchr::memmem::find(line, b"{\"user\":").is_some())?;
    match serde_json::from_slice::<Entry>(line).ok()?.kind {
        EntryKind::Message {
            message: Message::User { content, .. },
        } => Some(words(&content)),
        _ => None,
    }
}

/// A message of the user on one line.
pub(super) fn words(content: &[ContentBlock]) -> String {
    let text: String = content.iter().filter_map(ContentBlock::as_text).collect();
    text::one_line(&text::clean(&text), 80)
}

/// The card of a conversation.
pub(super) fn card(conversation: &Conversation) -> Card {
    let answers = conversation.messages.iter().rev();
    let last = answers.filter_map(|message| match message {
        Message::Assistant(answer) => Some(answer.text()).filter(|text| !text.trim().is_empty()),
        _ => None,
    });
    Card {
        title: text::one_line(conversation.title.as_deref().unwrap_or_default(), 80),
        first: conversation.timeline.first().to_string(),
        last: text::one_line(last.into_iter().next().unwrap_or_default().trim(), 200),
        messages: conversation.messages.len() + conversation.compacted,
        cost: conversation.cost,
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
