//! The lines of a log file.
//!
//! Opening a session must not take longer the longer it was held: answers and results
//! that a compaction replaced are counted, not parsed. They are most of a log.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::conversation::on_path;
use crate::protocol::entry::{Entry, EntryKind};
use crate::protocol::message::{ContextKind, Message};

/// What a file holds.
pub(super) struct Lines {
    pub(super) entries: Vec<Entry>,
    /// 1-based numbers of whole lines that are no JSON.
    pub(super) bad_lines: Vec<usize>,
    /// Length of all whole lines.
    pub(super) length: u64,
    /// Bytes after the last newline.
    pub(super) torn: Vec<u8>,
}

/// An answer or a result that was not parsed yet.
struct Unparsed {
    /// Index of its entry.
    entry: usize,
    /// 1-based number of its line.
    number: usize,
    start: u64,
    length: usize,
}

/// Fewer lines than this are parsed by one thread.
const FEW: usize = 256;

/// Every entry, parsed.
pub(super) fn read_all(path: &Path) -> io::Result<Lines> {
    scan(path, &|_| None).map(|(lines, _)| lines)
}

/// The entries that count for going on. Answers and results that a compaction replaced,
/// and those of roads the conversation came back from, are there as empty messages.
pub(super) fn read_live(path: &Path) -> io::Result<Lines> {
    let (mut lines, mut unparsed) = scan(path, &stand_in)?;
    let counts = live(&lines.entries);
    unparsed.retain(|line| counts[line.entry]);
    let threads = match unparsed.len() < FEW {
        true => 1,
        false => std::thread::available_parallelism().map_or(1, |n| n.get().min(4)),
    };
    let each = unparsed.len().div_ceil(threads).max(1);
    let parts: Vec<io::Result<Vec<Option<Entry>>>> = std::thread::scope(|scope| {
        let parts: Vec<_> = unparsed
            .chunks(each)
            .map(|part| scope.spawn(move || parse(path, part)))
            .collect();
        let died = || Err(io::Error::other("a thread that reads the log died"));
        parts
            .into_iter()
            .map(|part| part.join().unwrap_or_else(|_| died()))
            .collect()
    });
    let mut damaged = Vec::new();
    for (part, lines_of_part) in parts.into_iter().zip(unparsed.chunks(each)) {
        for (entry, line) in part?.into_iter().zip(lines_of_part) {
            match entry {
                Some(entry) => lines.entries[line.entry] = entry,
                None => damaged.push(line),
            }
        }
    }
    for line in damaged.into_iter().rev() {
        lines.entries.remove(line.entry);
        lines.bad_lines.push(line.number);
    }
    lines.bad_lines.sort_unstable();
    Ok(lines)
}

/// Which entries are parts of the conversation as it is now.
fn live(entries: &[Entry]) -> Vec<bool> {
    let mut live = on_path(entries);
    let replaces = |entry: &Entry| matches!(&entry.kind, EntryKind::Compaction { compaction } if compaction.head.is_some());
    let last = (0..entries.len()).rfind(|index| live[*index] && replaces(&entries[*index]));
    live[..last.unwrap_or(0)].fill(false);
    live
}

/// Reads the file once. A line for which `instead` has an entry is not parsed.
fn scan(
    path: &Path,
    instead: &dyn Fn(&[u8]) -> Option<Entry>,
) -> io::Result<(Lines, Vec<Unparsed>)> {
    let mut reader = BufReader::with_capacity(1 << 18, File::open(path)?);
    let mut out = Lines {
        entries: Vec::new(),
        bad_lines: Vec::new(),
        length: 0,
        torn: Vec::new(),
    };
    let mut unparsed = Vec::new();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.last() != Some(&b'\n') {
            out.torn = line;
            break;
        }
        if let Some(entry) = instead(&line) {
            unparsed.push(Unparsed {
                entry: out.entries.len(),
                number,
                start: out.length,
                length: line.len(),
            });
            out.entries.push(entry);
        } else {
            match serde_json::from_slice::<Entry>(&line) {
                Ok(entry) => out.entries.push(entry),
                Err(_) if is_json(&line) => {}
                Err(_) => out.bad_lines.push(number),
            }
        }
        out.length += line.len() as u64;
    }
    Ok((out, unparsed))
}

/// Parses lines that were put off; nothing for a damaged one.
fn parse(path: &Path, lines: &[Unparsed]) -> io::Result<Vec<Option<Entry>>> {
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    let mut at = 0;
    let mut entries = Vec::with_capacity(lines.len());
    for line in lines {
        if at != line.start {
            file.seek(SeekFrom::Start(line.start))?;
        }
        bytes.resize(line.length, 0);
        file.read_exact(&mut bytes)?;
        at = line.start + line.length as u64;
        entries.push(serde_json::from_slice(&bytes).ok());
    }
    Ok(entries)
}

/// Whether a line is JSON at all: an entry of a kind this program does not know.
fn is_json(line: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
}

/// An empty message in the place of an answer or a result, by the start of its line as
/// [`super::log`] writes it.
fn stand_in(line: &[u8]) -> Option<Entry> {
    // The end of another line, or of nothing whole.
    if !line.ends_with(b"}}}}}\n") {
        return None;
    }
    let rest = line.strip_prefix(b"{\"id\":\"")?;
    let (id, rest) = word(rest)?;
    let (parent, rest) = match rest.strip_prefix(b",\"parent\":\"") {
        Some(rest) => word(rest).map(|(parent, rest)| (Some(parent), rest))?,
        None => (None, rest),
    };
    let rest = rest.strip_prefix(b",\"at\":")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let at = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    let kind = rest[digits..].strip_prefix(b",\"kind\":{\"message\":{\"message\":{\"")?;
    let heavy = kind.starts_with(b"assistant\":") || kind.starts_with(b"tool_result\":");
    heavy.then(|| Entry {
        id: id.to_string(),
        parent: parent.map(str::to_string),
        at,
        kind: EntryKind::Message {
            message: Message::Context {
                id: String::new(),
                kind: ContextKind::Reminder,
                text: String::new(),
            },
        },
    })
}

/// The text up to a quotation mark, and what follows.
fn word(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let word = std::str::from_utf8(&bytes[..end]).ok()?;
    (bytes[end] == b'"').then_some((word, &bytes[end + 1..]))
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
