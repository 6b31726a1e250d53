//! What git has of the working tree: which files are as they were committed or
//! staged, so that their content can be had from git and needs no copy.
//!
//! Only read. An entry counts when everything the index notes of the file is what
//! the file system says, and the file is older than the index: then git itself
//! would take it as unchanged. What comes out of git is used only when its length is
//! that of the file, as git may convert contents (line ends, large file storage).

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::state::{Stat, bytes_of, hex, path_of};

/// Name of a content in git.
pub(super) type Name = [u8; 20];

/// The index of a repository.
#[derive(Debug)]
pub(super) struct GitIndex {
    /// By path below the workspace's root.
    entries: HashMap<PathBuf, Entry>,
    /// Modification time of the index itself, in nanoseconds.
    written: i64,
    /// What tells whether it is still the same file.
    stat: Stat,
    file: PathBuf,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    changed: (u32, u32),
    modified: (u32, u32),
    inode: u32,
    size: u32,
    name: Name,
}

/// Where the index of the repository around `root` lies, and the top of its tree.
fn locate(root: &Path) -> Option<(PathBuf, PathBuf)> {
    let top = root.ancestors().find(|dir| dir.join(".git").exists())?;
    let dot_git = top.join(".git");
    let git_dir = if dot_git.is_file() {
        let text = fs::read_to_string(&dot_git).ok()?;
        top.join(text.strip_prefix("gitdir:")?.trim())
    } else {
        dot_git
    };
    Some((git_dir.join("index"), top.to_path_buf()))
}

impl GitIndex {
    /// Reads the index of the repository around `root`; nothing when there is none or
    /// it is of a kind that is not understood.
    pub fn read(root: &Path) -> Option<Self> {
        let (file, top) = locate(root)?;
        let stat = Stat::of(&fs::metadata(&file).ok()?);
        let bytes = fs::read(&file).ok()?;
        let below = bytes_of(root.strip_prefix(&top).ok()?);
        Some(Self {
            entries: parse(&bytes, &below)?,
            written: stat.modified,
            stat,
            file,
        })
    }

    /// Whether it still is what is on disk.
    pub fn is_current(&self) -> bool {
        fs::metadata(&self.file).is_ok_and(|meta| Stat::of(&meta) == self.stat)
    }

    /// The name of a file's content, when git has it.
    pub fn clean(&self, path: &Path, stat: &Stat) -> Option<Name> {
        let entry = self.entries.get(path)?;
        let time = |nanos: i64| {
            (
                nanos.div_euclid(1_000_000_000) as u32,
                nanos.rem_euclid(1_000_000_000) as u32,
            )
        };
        let same = time(stat.modified) == entry.modified
            && time(stat.changed) == entry.changed
            && stat.inode as u32 == entry.inode
            && stat.size as u32 == entry.size
            && stat.modified < self.written
            && stat.changed < self.written;
        same.then_some(entry.name)
    }
}

/// The regular files of an index (versions 2 to 4, SHA-1) below a directory.
fn parse(bytes: &[u8], below: &[u8]) -> Option<HashMap<PathBuf, Entry>> {
    let number = |at: usize| -> Option<u32> {
        Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
    };
    if bytes.get(..4)? != b"DIRC" {
        return None;
    }
    let (version, count) = (number(4)?, number(8)?);
    if !(2..=4).contains(&version) {
        return None;
    }
    let mut out = HashMap::new();
    let mut at = 12;
    let mut path: Vec<u8> = Vec::new();
    for _ in 0..count {
        let start = at;
        let flags = u16::from_be_bytes(bytes.get(at + 60..at + 62)?.try_into().ok()?);
        at += 62;
        let mut later = false;
        if flags & 0x4000 != 0 {
            let more = u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?);
            // Only intended to be added: git has no content yet.
            later = more & 0x2000 != 0;
            at += 2;
        }
        if version == 4 {
            let (cut, used) = variable(bytes.get(at..)?)?;
            at += used;
            path.truncate(path.len().checked_sub(cut)?);
        } else {
            path.clear();
        }
        let end = at + memchr::memchr(0, bytes.get(at..)?)?;
        path.extend_from_slice(&bytes[at..end]);
        at = match version {
            4 => end + 1,
            // Padded with one to eight zeros to a multiple of eight.
            _ => start + (end - start + 8) / 8 * 8,
        };
        // A split index, or another hash: not what this reads.
        if path.is_empty() {
            return None;
        }
        let is_file = number(start + 24)? & 0o170_000 == 0o100_000;
        let stage = flags >> 12 & 3;
        if !is_file || stage != 0 || later {
            continue;
        }
        let Some(rest) = inside(&path, below) else {
            continue;
        };
        let entry = Entry {
            changed: (number(start)?, number(start + 4)?),
            modified: (number(start + 8)?, number(start + 12)?),
            inode: number(start + 20)?,
            size: number(start + 36)?,
            name: bytes.get(start + 40..start + 60)?.try_into().ok()?,
        };
        out.insert(path_of(rest.to_vec()), entry);
    }
    Some(out)
}

fn inside<'a>(path: &'a [u8], below: &[u8]) -> Option<&'a [u8]> {
    if below.is_empty() {
        return Some(path);
    }
    path.strip_prefix(below)?.strip_prefix(b"/")
}

/// A number in git's variable-length encoding, and how many bytes it takes.
fn variable(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0usize;
    for (index, byte) in bytes.iter().take(9).enumerate() {
        value = value.checked_shl(7)? | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
        value += 1;
    }
    None
}

/// The command line that prints contents by name, for [`parse_batch`].
pub(super) fn batch_command(names: &[String]) -> String {
    format!(
        "GIT_NO_LAZY_FETCH=1 git -c core.fsmonitor=false -c protocol.allow=never \
         cat-file --batch 2>/dev/null <<'END'\n{}\nEND\n",
        names.join("\n")
    )
}

/// The contents in the output of `git cat-file --batch`, by name.
pub(super) fn parse_batch(mut output: &[u8]) -> HashMap<String, Vec<u8>> {
    let mut out = HashMap::new();
    while let Some(end) = memchr::memchr(b'\n', output) {
        let head = String::from_utf8_lossy(&output[..end]).into_owned();
        output = &output[end + 1..];
        let mut words = head.split(' ');
        let (name, kind, size) = (words.next(), words.next(), words.next());
        let size = size.and_then(|size| size.parse::<usize>().ok());
        // `NAME missing`
        let (Some(name), Some("blob"), Some(size)) = (name, kind, size) else {
            continue;
        };
        let Some(content) = output.get(..size) else {
            break;
        };
        out.insert(name.to_string(), content.to_vec());
        output = output.get(size + 1..).unwrap_or_default();
    }
    out
}

/// A name in hex.
pub(super) fn text(name: &Name) -> String {
    hex(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_indexes_are_no_indexes() {
        for bad in [&b""[..], b"DIRC", b"DIRC\0\0\0\x02\0\0\0\x01short"] {
            assert!(parse(bad, b"").is_none());
        }
        assert!(parse(b"DIRC\0\0\0\x02\0\0\0\0", b"").unwrap().is_empty());
        assert_eq!(variable(&[0x7f]), Some((127, 1)));
        assert_eq!(variable(&[0x80, 0x00]), Some((128, 2)));
        assert_eq!(variable(&[0xff; 20]), None);
    }

    #[test]
    fn a_batch_is_taken_apart() {
        let output = b"aa blob 3\na\nb\nbb missing\ncc blob 0\n\ndd blob 99\ncut";
        let found = parse_batch(output);
        assert_eq!(found.len(), 2);
        assert_eq!(found["aa"], b"a\nb");
        assert_eq!(found["cc"], b"");
    }
}
