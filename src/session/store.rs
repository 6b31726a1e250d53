//! The sessions of one workspace.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::SessionError;
use crate::protocol::entry::{Entry, EntryKind};
use crate::protocol::event::SessionRow;
use crate::stdx::{ids, text};

/// How much of the start and the end of a log is read to find its title.
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

    /// Every session, the newest first. No index: heads and tails of the logs are read.
    ///
    /// # Errors
    /// When the directory exists and cannot be read.
    pub fn list(&self) -> Result<Vec<SessionRow>, SessionError> {
        let mut rows: Vec<SessionRow> = self
            .files()?
            .iter()
            .filter_map(|(id, path)| row(id, path))
            .collect();
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
                return Err(SessionError::Io {
                    action: "list",
                    path: self.dir.clone(),
                    source,
                });
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
    /// When the log cannot be read.
    pub fn entries(&self, id: &str) -> Result<Vec<Entry>, SessionError> {
        let path = self.dir.join(format!("{id}.jsonl"));
        super::log::read(&path).map_err(|source| SessionError::Io {
            action: "read",
            path,
            source,
        })
    }

    /// The session meant by `wanted`: an exact id, else the start of an id, else a title.
    ///
    /// # Errors
    /// When none or several match.
    pub fn find(&self, wanted: &str) -> Result<String, SessionError> {
        if ids::is_valid_session(wanted) && self.dir.join(format!("{wanted}.jsonl")).is_file() {
            return Ok(wanted.to_string());
        }
        let rows = self.list()?;
        let lower = wanted.to_lowercase();
        let by_id: Vec<&SessionRow> = rows
            .iter()
            .filter(|row| !lower.is_empty() && row.id.starts_with(&lower))
            .collect();
        let by_title = || {
            rows.iter()
                .filter(|row| row.title.to_lowercase() == lower)
                .collect()
        };
        let found = if by_id.is_empty() { by_title() } else { by_id };
        match found.as_slice() {
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
}

/// One log as a row; nothing when it cannot be read or is no log.
fn row(id: &str, path: &Path) -> Option<SessionRow> {
    let mut file = File::open(path).ok()?;
    let meta = file.metadata().ok()?;
    let mut head = Vec::new();
    file.by_ref().take(LOOK).read_to_end(&mut head).ok()?;
    // Killed between making the file and its first write: there is nothing in it.
    if !head.contains(&b'\n') {
        return None;
    }
    let mut tail = Vec::new();
    if meta.len() > LOOK {
        file.seek(SeekFrom::Start((meta.len() - LOOK).max(LOOK)))
            .ok()?;
        file.take(LOOK).read_to_end(&mut tail).ok()?;
    }
    let title = last_title(&tail)
        .or_else(|| last_title(&head))
        .unwrap_or_default();
    let modified = meta
        .modified()
        .ok()?
        .duration_since(UNIX_EPOCH)
        .map_or(0, |age| age.as_secs());
    Some(SessionRow {
        id: id.to_string(),
        title,
        modified,
        bytes: meta.len(),
    })
}

/// The last title among the whole lines of a piece of a log.
fn last_title(piece: &[u8]) -> Option<String> {
    piece
        .split(|byte| *byte == b'\n')
        .rev()
        .filter(|line| line.windows(9).any(|window| window == b"{\"title\":"))
        .find_map(
            |line| match serde_json::from_slice::<Entry>(line).ok()?.kind {
                EntryKind::Title { title } => Some(text::one_line(&title, 80)),
                _ => None,
            },
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Session;

    fn session(store: &Store, title: &str) -> String {
        let mut session = Session::create(store, "/w");
        session
            .append(EntryKind::Title {
                title: title.into(),
            })
            .unwrap();
        session.id().to_string()
    }

    #[test]
    fn finds_by_id_then_prefix_then_title() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path().to_path_buf());
        assert!(matches!(store.newest(), Err(SessionError::Empty)));
        let one = session(&store, "Fix the cart");
        let two = session(&store, "Fix the shop");
        assert_eq!(store.find(&one).unwrap(), one);
        assert_eq!(store.find("fix the shop").unwrap(), two);
        let both = store.find(&one[..4]).unwrap_err().to_string();
        assert!(
            both.contains(&one) && both.contains("Fix the shop"),
            "{both}"
        );
        assert!(matches!(
            store.find("nothing"),
            Err(SessionError::NotFound { .. })
        ));
        assert!(matches!(
            store.find("../x"),
            Err(SessionError::NotFound { .. })
        ));
        std::fs::write(dir.path().join("broken.jsonl"), b"\xff\xfe\n").unwrap();
        std::fs::write(dir.path().join("empty.jsonl"), b"").unwrap();
        assert_eq!(store.list().unwrap().len(), 3);
    }
}
