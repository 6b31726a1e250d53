//! The messages of a workspace on disk: one JSON string a line, only appended to,
//! shortened now and then.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::stdx::fs;

/// Messages kept when the file is shortened.
const KEPT: usize = 1_000;
/// The file is shortened beyond this size.
const MAX_BYTES: usize = 1024 * 1024;
/// A longer message is not kept.
const MAX_MESSAGE: usize = 32 * 1024;

/// The file.
pub struct Past {
    /// Nothing when nothing is kept.
    dir: Option<PathBuf>,
}

impl Past {
    /// In a directory, which need not exist; nowhere when the path is empty.
    pub fn new(dir: &Path) -> Self {
        Self {
            dir: (!dir.as_os_str().is_empty()).then(|| dir.to_owned()),
        }
    }

    /// The messages, oldest first, each once. What cannot be read is left out.
    pub fn load(&self) -> Vec<String> {
        let Some(dir) = &self.dir else {
            return Vec::new();
        };
        let Ok(bytes) = std::fs::read(dir.join("messages.jsonl")) else {
            return Vec::new();
        };
        let messages = parse(&bytes);
        if bytes.len() > MAX_BYTES {
            // Without success it stays long, and is tried again next time.
            let _ = shorten(dir);
        }
        messages
    }

    /// Appends a message.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn remember(&self, text: &str) -> io::Result<()> {
        let Some(dir) = &self.dir else {
            return Ok(());
        };
        if text.len() > MAX_MESSAGE {
            return Ok(());
        }
        fs::create_private_dir(dir)?;
        // The lock keeps a message from going to a file that is being replaced.
        let lock = locked(dir)?;
        let mut line = serde_json::to_vec(text)?;
        line.push(b'\n');
        fs::open_append(&dir.join("messages.jsonl"))?.write_all(&line)?;
        drop(lock);
        Ok(())
    }
}

fn locked(dir: &Path) -> io::Result<File> {
    let file = fs::open_append(&dir.join("lock"))?;
    file.lock()?;
    Ok(file)
}

fn parse(bytes: &[u8]) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut messages: Vec<String> = bytes
        .rsplit(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<String>(line).ok())
        .filter(|message| seen.insert(message.clone()))
        .take(KEPT)
        .collect();
    messages.reverse();
    messages
}

fn shorten(dir: &Path) -> io::Result<()> {
    let lock = locked(dir)?;
    let path = dir.join("messages.jsonl");
    let mut out = Vec::new();
    for message in parse(&std::fs::read(&path)?) {
        serde_json::to_writer(&mut out, &message)?;
        out.push(b'\n');
    }
    // Long messages count more than many.
    let cut = out.len().saturating_sub(MAX_BYTES / 2);
    let from = match cut {
        0 => 0,
        cut => out[cut..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(out.len(), |at| cut + at + 1),
    };
    fs::write_atomic(&path, &out[from..], 0o600)?;
    drop(lock);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_kept_for_others_and_for_later() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("shop");
        let (one, other) = (Past::new(&place), Past::new(&place));
        assert_eq!(one.load(), Vec::<String>::new());
        one.remember("first\nline").unwrap();
        other.remember("second").unwrap();
        one.remember("first\nline").unwrap();
        assert_eq!(other.load(), ["second", "first\nline"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let meta = std::fs::metadata(place.join("messages.jsonl")).unwrap();
            assert_eq!(meta.permissions().mode() & 0o777, 0o600);
        }
        Past::new(Path::new("")).remember("x").unwrap();
    }

    #[test]
    fn a_torn_line_loses_only_itself_and_a_long_file_is_shortened() {
        let dir = tempfile::tempdir().unwrap();
        let past = Past::new(dir.path());
        let path = dir.path().join("messages.jsonl");
        let mut lines: String = (0..3_000)
            .map(|n| format!("\"{n} {}\"\n", "x".repeat(500)))
            .collect();
        lines.push_str("\"torn");
        std::fs::write(&path, &lines).unwrap();
        let messages = past.load();
        assert_eq!(messages.len(), KEPT);
        assert!(messages[KEPT - 1].starts_with("2999 "));
        let length = std::fs::metadata(&path).unwrap().len();
        assert!(length <= MAX_BYTES as u64, "{length}");
        past.remember("new").unwrap();
        let messages = past.load();
        assert_eq!(messages.last().map(String::as_str), Some("new"));
        assert!(messages.len() > 500, "{}", messages.len());
    }
}
