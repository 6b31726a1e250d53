//! One append-only file of JSON lines.
//!
//! Every entry is one `write_all` to a file opened with `O_APPEND` under an
//! exclusive lock. A write that fails half-way is cut off again at once and the
//! line kept for the next try, so that the file always ends in a whole line; a
//! crash can tear only the last line, which [`Log::open`] moves to `<id>.torn`.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{SessionError, lines};
use crate::protocol::entry::{Entry, EntryKind, LOG_VERSION};
use crate::stdx::{clock, fs as sfs, ids};

/// An open log.
#[derive(Debug)]
pub struct Log {
    id: String,
    dir: PathBuf,
    cwd: String,
    /// Opened with the first entry, so that looking around leaves no file.
    file: Option<File>,
    /// Length of the whole lines written.
    length: u64,
    /// The last entry.
    last: Option<String>,
    /// Lines that the disk did not take yet.
    unsaved: Vec<u8>,
    /// Something was written since the last sync.
    dirty: bool,
}

/// An entry to be written, without cloning its content.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a str>,
    at: u64,
    kind: &'a EntryKind,
}

impl Log {
    /// A new log in `dir` for a session in the directory `cwd`.
    pub fn create(dir: PathBuf, cwd: &str) -> Self {
        Self {
            id: ids::session(),
            dir,
            cwd: cwd.to_string(),
            file: None,
            length: 0,
            last: None,
            unsaved: Vec::new(),
            dirty: false,
        }
    }

    /// The same under another id, before anything is written.
    pub fn named(mut self, id: &str) -> Self {
        self.id = id.to_string();
        self
    }

    /// Opens a log for appending; returns its entries in file order and, in
    /// words, what could not be read.
    ///
    /// # Errors
    /// When it is busy, unreadable, no log, or from a newer program.
    pub fn open(dir: PathBuf, id: &str) -> Result<(Self, Vec<Entry>, Vec<String>), SessionError> {
        let path = dir.join(format!("{id}.jsonl"));
        let file = sfs::open_existing_append(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => SessionError::NotFound {
                wanted: id.to_string(),
            },
            _ => SessionError::io("open", &path)(source),
        })?;
        lock(&file, id, &path)?;
        let read = lines::read_live(&path).map_err(SessionError::io("read", &path))?;
        let Some(Entry {
            kind: EntryKind::Header { version, cwd, .. },
            ..
        }) = read.entries.first()
        else {
            return Err(SessionError::NotALog { path });
        };
        if *version > LOG_VERSION {
            return Err(SessionError::Newer {
                id: id.to_string(),
                version: *version,
            });
        }
        let cwd = cwd.clone();
        let mut warnings = Vec::new();
        if !read.bad_lines.is_empty() {
            let lines: Vec<String> = read.bad_lines.iter().map(ToString::to_string).collect();
            warnings.push(format!(
                "{}: skipped damaged line {}; everything else is restored",
                path.display(),
                lines.join(", ")
            ));
        }
        if !read.torn.is_empty() {
            let torn = dir.join(format!("{id}.torn"));
            let mut keep = sfs::open_append(&torn).map_err(SessionError::io("open", &torn))?;
            keep.write_all(&read.torn)
                .map_err(SessionError::io("write", &torn))?;
            sfs::truncate(&file, read.length).map_err(SessionError::io("truncate", &path))?;
            warnings.push(format!(
                "the last entry was cut off by a crash; its {} bytes are kept in {}",
                read.torn.len(),
                torn.display()
            ));
        }
        let log = Self {
            id: id.to_string(),
            dir,
            cwd,
            file: Some(file),
            length: read.length,
            last: read.entries.last().map(|entry| entry.id.clone()),
            unsaved: Vec::new(),
            dirty: false,
        };
        Ok((log, read.entries, warnings))
    }

    /// Session id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The directory the session was begun in.
    pub fn cwd(&self) -> &str {
        &self.cwd
    }

    fn path(&self) -> PathBuf {
        self.dir.join(format!("{}.jsonl", self.id))
    }

    /// Appends entries, all in one write: a crash leaves all of them or none.
    ///
    /// # Errors
    /// When the disk does not take them; they are kept and written with the next ones.
    pub fn append(&mut self, kinds: &[EntryKind]) -> Result<(), SessionError> {
        if self.last.is_none() {
            let header = EntryKind::Header {
                version: LOG_VERSION,
                session: self.id.clone(),
                cwd: self.cwd.clone(),
                sofos: env!("CARGO_PKG_VERSION").to_string(),
            };
            self.queue(&header);
        }
        for kind in kinds {
            self.queue(kind);
        }
        self.write_queued()
    }

    /// Appends an entry that follows an earlier one instead of the last, and makes
    /// it durable.
    ///
    /// # Errors
    /// When the disk does not take it; the next entry follows the last one then.
    pub fn branch(&mut self, parent: &str, kind: &EntryKind) -> Result<(), SessionError> {
        if !self.unsaved.is_empty() {
            self.write_queued()?;
        }
        let last = self.last.replace(parent.to_string());
        self.queue(kind);
        let written = self.write_queued();
        if written.is_err() {
            self.unsaved.clear();
            self.last = last;
        }
        written.and_then(|()| self.sync())
    }

    /// Everything in the file, in its order.
    ///
    /// # Errors
    /// When it cannot be read, or something is not written yet.
    pub fn entries(&mut self) -> Result<Vec<Entry>, SessionError> {
        if !self.unsaved.is_empty() {
            self.write_queued()?;
        }
        let path = self.path();
        let read = lines::read_all(&path);
        let lines = read.map_err(SessionError::io("read", &path))?;
        Ok(lines.entries)
    }

    fn queue(&mut self, kind: &EntryKind) {
        let id = ids::random(10);
        let line = Line {
            id: &id,
            parent: self.last.as_deref(),
            at: clock::now_ms(),
            kind,
        };
        // Plain data without maps of non-string keys: serialising cannot fail.
        if serde_json::to_writer(&mut self.unsaved, &line).is_ok() {
            self.unsaved.push(b'\n');
            self.last = Some(id);
        }
    }

    fn write_queued(&mut self) -> Result<(), SessionError> {
        let path = self.path();
        if self.file.is_none() {
            let io = SessionError::io("create the directory of", &path);
            prepare_dir(&self.dir).map_err(io)?;
            let file = sfs::open_append(&path).map_err(SessionError::io("create", &path))?;
            lock(&file, &self.id, &path)?;
            self.file = Some(file);
        }
        let Some(file) = self.file.as_mut() else {
            return Ok(());
        };
        match file.write_all(&self.unsaved) {
            Ok(()) => {
                self.length += self.unsaved.len() as u64;
                self.unsaved.clear();
                self.dirty = true;
                Ok(())
            }
            Err(source) => {
                // Part of a line may be on disk: cut it off, the lines stay queued.
                let _ = sfs::truncate(file, self.length);
                Err(SessionError::io("write", &path)(source))
            }
        }
    }

    /// Makes everything written so far survive a power failure.
    ///
    /// # Errors
    /// When queued lines still cannot be written, or the disk refuses to sync.
    pub fn sync(&mut self) -> Result<(), SessionError> {
        if !self.unsaved.is_empty() {
            self.write_queued()?;
        }
        if !std::mem::take(&mut self.dirty) {
            return Ok(());
        }
        let path = self.path();
        match &self.file {
            Some(file) => file.sync_data().map_err(SessionError::io("sync", &path)),
            None => Ok(()),
        }
    }
}

/// Creates `.sofos/sessions`, and a `.gitignore` that hides `.sofos` from the
/// repository around it.
fn prepare_dir(dir: &Path) -> std::io::Result<()> {
    sfs::create_private_dir(dir)?;
    if let Some(parent) = dir.parent() {
        sfs::ignore_in_git(parent)?;
    }
    Ok(())
}

/// How often a busy log is tried again, 10 ms apart: a process that is just
/// starting a child or ending holds the lock for a moment longer.
const LOCK_TRIES: u32 = 10;

pub(super) fn lock(file: &File, id: &str, path: &Path) -> Result<(), SessionError> {
    let mut tries = 0;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if tries < LOCK_TRIES => {
                tries += 1;
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(SessionError::Busy {
                    id: id.to_string(),
                    holder: holder(file),
                });
            }
            Err(TryLockError::Error(source)) => {
                return Err(SessionError::io("lock", path)(source));
            }
        }
    }
}

/// The process that has a file locked, where the system says so.
pub(super) fn holder(file: &File) -> Option<u32> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt;
        let inode = file.metadata().ok()?.ino().to_string();
        let locks = std::fs::read_to_string("/proc/locks").ok()?;
        // `1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF`
        locks.lines().find_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [_, "FLOCK", _, "WRITE", pid, place, ..] = words[..] else {
                return None;
            };
            let same = place.rsplit(':').next() == Some(inode.as_str());
            pid.parse().ok().filter(|_| same)
        })
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = file;
        None
    }
}

/// The entries of a log that is only read.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>, SessionError> {
    let lines = lines::read_all(path).map_err(SessionError::io("read", path))?;
    match lines.entries.first() {
        Some(Entry {
            kind: EntryKind::Header {
                version, session, ..
            },
            ..
        }) if *version > LOG_VERSION => Err(SessionError::Newer {
            id: session.clone(),
            version: *version,
        }),
        Some(Entry {
            kind: EntryKind::Header { .. },
            ..
        }) => Ok(lines.entries),
        _ => Err(SessionError::NotALog {
            path: path.to_path_buf(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(text: &str) -> EntryKind {
        EntryKind::Title { title: text.into() }
    }

    fn titles(entries: &[Entry]) -> Vec<&str> {
        entries
            .iter()
            .filter_map(|entry| match &entry.kind {
                EntryKind::Title { title } => Some(title.as_str()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_log_cut_anywhere_opens_with_every_whole_line() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Log::create(dir.path().join("sessions"), "/w");
        for n in 0..5 {
            log.append(&[title(&format!("t{n} ü"))]).unwrap();
        }
        let (id, path) = (log.id.clone(), log.path());
        drop(log);
        let whole = std::fs::read(&path).unwrap();
        let header = whole.iter().position(|b| *b == b'\n').unwrap() + 1;
        for cut in header..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (mut log, entries, _) = Log::open(dir.path().join("sessions"), &id).unwrap();
            let complete = whole[..cut].iter().filter(|b| **b == b'\n').count();
            assert_eq!(entries.len(), complete);
            log.append(&[title("after")]).unwrap();
            drop(log);
            let (_, entries, warnings) = Log::open(dir.path().join("sessions"), &id).unwrap();
            assert_eq!(titles(&entries).last(), Some(&"after"));
            assert!(warnings.is_empty(), "{warnings:?}");
        }
    }

    #[test]
    fn damage_in_the_middle_is_skipped_and_unknown_entries_are_kept_quietly() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Log::create(dir.path().to_path_buf(), "/w");
        log.append(&[title("one")]).unwrap();
        log.append(&[title("two")]).unwrap();
        let (id, path) = (log.id.clone(), log.path());
        drop(log);
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let future = r#"{"id":"x","at":1,"kind":{"hologram":{}}}"#;
        std::fs::write(
            &path,
            format!("{}\n{{garb\u{0}age\n{future}\n{}\n", lines[0], lines[2]),
        )
        .unwrap();
        let (_, entries, warnings) = Log::open(dir.path().to_path_buf(), &id).unwrap();
        assert_eq!(titles(&entries), ["two"]);
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains("damaged line 2"), "{warnings:?}");
    }

    #[test]
    fn a_second_opener_is_told_and_a_newer_log_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Log::create(dir.path().to_path_buf(), "/w");
        log.append(&[title("one")]).unwrap();
        let busy = Log::open(dir.path().to_path_buf(), log.id()).unwrap_err();
        assert!(matches!(busy, SessionError::Busy { .. }), "{busy}");
        let (id, path) = (log.id.clone(), log.path());
        drop(log);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("\"version\":1", "\"version\":99")).unwrap();
        let newer = Log::open(dir.path().to_path_buf(), &id).unwrap_err();
        assert!(newer.to_string().contains("newer sofos"), "{newer}");
    }
}
