//! What is known of every path of the tree, and what differs from it.
//!
//! The index is kept on disk so that a later run need not read files again, and so
//! that a crash in the middle of a command can be looked into. It is appended to;
//! later lines win; it is written anew when most of it is out of date.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::SystemTime;

use super::git_index::{GitIndex, Name};
use super::scan::Seen;
use super::state::{Kind, Stat, State, bytes_of, hex, nanos, path_of, unhex};
use super::vault::Vault;
use crate::stdx::fs as sfs;

/// Largest file that is kept in case a command changes it, in bytes.
pub(super) const LARGEST: u64 = 16 * 1024 * 1024;
/// Bytes read and kept in one look at the tree.
const BUDGET: u64 = 256 * 1024 * 1024;
/// File times come from a clock that ticks this often at worst, in nanoseconds: a
/// file changed so shortly before it was looked at may change again unnoticed.
const TICK: i64 = 20_000_000;

/// Where the content of a path can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// It has none.
    Nothing,
    Link(PathBuf),
    /// In the store.
    Blob(Box<str>),
    /// In git.
    Git(Name),
    /// Nowhere: too large, or too much at once.
    Unkept,
}

/// What is known of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub stat: Stat,
    pub kind: Kind,
    pub content: Content,
    /// Its times do not tell whether it changed since.
    pub unsure: bool,
}

impl Known {
    /// The state, with the name in the store of what git has.
    pub fn state(&self, from_git: &HashMap<Name, String>) -> State {
        let (mode, size) = (self.stat.bits(), self.stat.size);
        let unkept = State::Unkept {
            mode,
            size,
            modified: self.stat.modified,
        };
        match (&self.content, self.kind) {
            (_, Kind::Dir) => State::Dir { mode },
            (Content::Link(target), _) => State::Link {
                target: target.clone(),
            },
            (Content::Blob(blob), _) => State::File {
                mode,
                size,
                blob: blob.to_string(),
            },
            (Content::Git(name), _) => match from_git.get(name) {
                Some(blob) => State::File {
                    mode,
                    size,
                    blob: blob.clone(),
                },
                None => unkept,
            },
            (_, Kind::Special) => State::Special,
            (Content::Unkept | Content::Nothing, _) => unkept,
        }
    }

    /// Whether the path is the same to a person, whatever its times.
    fn same(&self, other: &Self) -> bool {
        let comparable = self.kind == other.kind
            && (self.kind == Kind::Link || self.stat.bits() == other.stat.bits())
            && self.content == other.content;
        comparable && (self.content != Content::Unkept || self.stat.modified == other.stat.modified)
    }
}

/// A path that is not what it was.
#[derive(Debug)]
pub(super) struct Delta {
    pub path: PathBuf,
    pub before: Option<Known>,
    pub after: Option<Known>,
}

/// How to learn what a file holds.
pub(super) enum Learn<'a> {
    /// Before a command: what git has is not copied.
    Before(Option<&'a GitIndex>),
    /// After one: the content itself is needed.
    After,
}

/// What is known of the tree.
#[derive(Debug, Default)]
pub(super) struct Index {
    paths: HashMap<PathBuf, Known>,
    /// Not on disk yet.
    unsaved: HashSet<PathBuf>,
    /// Lines on disk; nothing when it has to be written anew.
    lines: Option<usize>,
    /// The contents that it names were found in the store. They stay there as long as
    /// this process runs: it holds the store's lock, and drops none that it relies on.
    found: bool,
}

impl Index {
    /// Takes in what was seen at `started`; returns what differs from before.
    pub fn update(
        &mut self,
        root: &Path,
        vault: &Vault,
        seen: Vec<Seen>,
        how: &Learn<'_>,
        (started, threads): (SystemTime, usize),
    ) -> Vec<Delta> {
        let gone = self.missing(&seen);
        let mut new: Vec<Seen> = seen
            .into_iter()
            .filter(|seen| !self.is_known(seen, vault))
            .collect();
        self.found = true;
        // Where there is too much to keep, what people work on comes first.
        new.sort_unstable_by_key(|seen| std::cmp::Reverse(seen.stat.modified));
        let learnt = self.learn_all(root, vault, &new, how, (nanos(started) - TICK, threads));
        let mut deltas: Vec<Delta> = gone
            .into_iter()
            .map(|path| Delta {
                before: self.paths.remove(&path),
                after: None,
                path,
            })
            .collect();
        for (seen, known) in new.into_iter().zip(learnt) {
            let Some(known) = known else { continue };
            let before = self.paths.insert(seen.path.clone(), known.clone());
            self.unsaved.insert(seen.path.clone());
            if !before.as_ref().is_some_and(|before| before.same(&known)) {
                deltas.push(Delta {
                    path: seen.path,
                    before,
                    after: Some(known),
                });
            }
        }
        for delta in deltas.iter().filter(|delta| delta.after.is_none()) {
            self.unsaved.insert(delta.path.clone());
        }
        deltas
    }

    /// Paths of files with this inode when they were last looked at.
    pub fn named(&self, inode: u64) -> impl Iterator<Item = &PathBuf> {
        let same = move |known: &Known| known.kind == Kind::File && known.stat.inode == inode;
        let paths = self.paths.iter();
        paths
            .filter(move |(_, known)| same(known))
            .map(|(path, _)| path)
    }

    /// Paths that were not seen. Mostly there are none, which is soon told.
    fn missing(&self, seen: &[Seen]) -> HashSet<PathBuf> {
        let known = |seen: &&Seen| self.paths.contains_key(&seen.path);
        if seen.iter().filter(known).count() == self.paths.len() {
            return HashSet::new();
        }
        let there: HashSet<&Path> = seen.iter().map(|seen| seen.path.as_path()).collect();
        let paths = self.paths.keys();
        paths
            .filter(|path| !there.contains(path.as_path()))
            .cloned()
            .collect()
    }

    fn is_known(&self, seen: &Seen, vault: &Vault) -> bool {
        self.paths.get(&seen.path).is_some_and(|known| {
            known.stat == seen.stat
                && known.kind == seen.kind
                && !known.unsure
                && match &known.content {
                    Content::Blob(blob) => self.found || vault.has(blob),
                    _ => true,
                }
        })
    }

    /// Learns what paths hold, on all processors.
    fn learn_all(
        &self,
        root: &Path,
        vault: &Vault,
        new: &[Seen],
        how: &Learn<'_>,
        (recent, threads): (i64, usize),
    ) -> Vec<Option<Known>> {
        let room = AtomicU64::new(BUDGET);
        let one = |seen: &Seen| {
            let content = self.learn(root, vault, seen, how, &room)?;
            // What git has is older than its index, so its times do tell.
            let unsure = seen.kind == Kind::File
                && seen.stat.changed >= recent
                && !matches!(content, Content::Git(_));
            Some(Known {
                stat: seen.stat,
                kind: seen.kind,
                content,
                unsure,
            })
        };
        if new.len() < 64 || threads < 2 {
            return new.iter().map(one).collect();
        }
        let next = AtomicUsize::new(0);
        let found: Vec<(usize, Option<Known>)> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(|| {
                        let mut found = Vec::new();
                        loop {
                            let at = next.fetch_add(1, Ordering::Relaxed);
                            let Some(seen) = new.get(at) else { break found };
                            found.push((at, one(seen)));
                        }
                    })
                })
                .collect();
            let joined = workers.into_iter().filter_map(|worker| worker.join().ok());
            joined.flatten().collect()
        });
        let mut out = vec![None; new.len()];
        for (at, known) in found {
            out[at] = known;
        }
        out
    }

    /// What a path holds; nothing when it is gone by now or cannot be read.
    fn learn(
        &self,
        root: &Path,
        vault: &Vault,
        seen: &Seen,
        how: &Learn<'_>,
        room: &AtomicU64,
    ) -> Option<Content> {
        let place = root.join(&seen.path);
        match seen.kind {
            Kind::Dir | Kind::Special => return Some(Content::Nothing),
            Kind::Link => return fs::read_link(&place).ok().map(Content::Link),
            Kind::File => {}
        }
        // A copy that was there stays one: else a file would seem to change when git
        // takes it in.
        let copied = self
            .paths
            .get(&seen.path)
            .is_some_and(|known| matches!(known.content, Content::Blob(_)));
        if let Learn::Before(Some(git)) = how
            && !copied
            && let Some(name) = git.clean(&seen.path, &seen.stat)
        {
            return Some(Content::Git(name));
        }
        if seen.stat.size > LARGEST || !take(room, seen.stat.size) {
            return Some(Content::Unkept);
        }
        // A file that cannot be read cannot be kept.
        Some(match fs::read(&place) {
            Ok(bytes) => match vault.put(&bytes, false) {
                Ok(name) => Content::Blob(name.into()),
                Err(_) => Content::Unkept,
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(_) => Content::Unkept,
        })
    }

    /// Files without content, and their sizes, the largest first.
    pub fn unkept(&self) -> Vec<(&Path, u64)> {
        let mut out: Vec<(&Path, u64)> = self
            .paths
            .iter()
            .filter(|(_, known)| known.content == Content::Unkept)
            .map(|(path, known)| (path.as_path(), known.stat.size))
            .collect();
        out.sort_unstable_by_key(|(path, size)| (std::cmp::Reverse(*size), *path));
        out
    }

    /// The contents it relies on.
    pub fn blobs(&self) -> HashSet<String> {
        self.paths
            .values()
            .filter_map(|known| match &known.content {
                Content::Blob(name) => Some(name.to_string()),
                _ => None,
            })
            .collect()
    }

    /// Reads what an earlier run knew; whatever is broken is not known.
    pub fn load(file: &Path) -> Self {
        let bytes = fs::read(file).unwrap_or_default();
        let mut out = Self::default();
        let mut lines = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            lines += 1;
            match parse_line(line) {
                Some((path, Some(known))) => {
                    out.paths.insert(path, known);
                }
                Some((path, None)) => {
                    out.paths.remove(&path);
                }
                None => {}
            }
        }
        // Cut off in the middle of a line: the next one must not be glued to it.
        out.lines = bytes.ends_with(b"\n").then_some(lines);
        out
    }

    /// Brings the file up to date.
    pub fn save(&mut self, file: &Path) -> io::Result<()> {
        let unsaved = self.unsaved.len();
        if unsaved == 0 && self.lines.is_some() {
            return Ok(());
        }
        let mut text = Vec::new();
        match self.lines {
            Some(lines) if lines + unsaved < 2 * self.paths.len() + 1000 => {
                for path in &self.unsaved {
                    push_line(&mut text, path, self.paths.get(path));
                }
                sfs::open_append(file)?.write_all(&text)?;
                self.lines = Some(lines + unsaved);
            }
            _ => {
                for (path, known) in &self.paths {
                    push_line(&mut text, path, Some(known));
                }
                sfs::write_unsynced(file, &text)?;
                self.lines = Some(self.paths.len());
            }
        }
        self.unsaved.clear();
        Ok(())
    }
}

/// Takes from a budget; false when there is not enough left.
fn take(room: &AtomicU64, bytes: u64) -> bool {
    room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
        left.checked_sub(bytes)
    })
    .is_ok()
}

/// `path TAB kind TAB mode TAB size TAB modified TAB changed TAB inode TAB content`,
/// or `path TAB -` for one that is gone.
fn push_line(out: &mut Vec<u8>, path: &Path, known: Option<&Known>) {
    escape(out, &bytes_of(path));
    let Some(known) = known else {
        out.extend_from_slice(b"\t-\n");
        return;
    };
    let kind = match known.kind {
        Kind::File if known.unsure => '?',
        Kind::File => 'f',
        Kind::Dir => 'd',
        Kind::Link => 'l',
        Kind::Special => 's',
    };
    let Stat {
        mode,
        size,
        modified,
        changed,
        inode,
    } = known.stat;
    let head = format!("\t{kind}\t{mode}\t{size}\t{modified}\t{changed}\t{inode}\t");
    out.extend_from_slice(head.as_bytes());
    match &known.content {
        Content::Nothing => out.push(b'-'),
        Content::Unkept => out.push(b'u'),
        Content::Blob(name) => {
            out.push(b'b');
            out.extend_from_slice(name.as_bytes());
        }
        Content::Git(name) => {
            out.push(b'g');
            out.extend_from_slice(hex(name).as_bytes());
        }
        Content::Link(target) => {
            out.push(b'l');
            escape(out, &bytes_of(target));
        }
    }
    out.push(b'\n');
}

fn parse_line(line: &[u8]) -> Option<(PathBuf, Option<Known>)> {
    let line = line.strip_suffix(b"\n")?;
    let mut fields = line.split(|byte| *byte == b'\t');
    let path = path_of(unescape(fields.next()?)?);
    let kind = fields.next()?;
    if kind == b"-" {
        return Some((path, None));
    }
    let (kind, unsure) = match kind {
        b"f" => (Kind::File, false),
        b"?" => (Kind::File, true),
        b"d" => (Kind::Dir, false),
        b"l" => (Kind::Link, false),
        b"s" => (Kind::Special, false),
        _ => return None,
    };
    let mut number = || -> Option<i128> { std::str::from_utf8(fields.next()?).ok()?.parse().ok() };
    let stat = Stat {
        mode: u32::try_from(number()?).ok()?,
        size: u64::try_from(number()?).ok()?,
        modified: i64::try_from(number()?).ok()?,
        changed: i64::try_from(number()?).ok()?,
        inode: u64::try_from(number()?).ok()?,
    };
    let (tag, rest) = fields.next()?.split_first()?;
    let rest_text = || String::from_utf8(rest.to_vec()).ok();
    let content = match tag {
        b'-' => Content::Nothing,
        b'u' => Content::Unkept,
        b'b' => Content::Blob(rest_text()?.into()),
        b'g' => Content::Git(unhex(&rest_text()?)?.try_into().ok()?),
        b'l' => Content::Link(path_of(unescape(rest)?)),
        _ => return None,
    };
    let known = Known {
        stat,
        kind,
        content,
        unsure,
    };
    Some((path, Some(known)))
}

fn escape(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\\' => out.extend_from_slice(b"\\\\"),
            other => out.push(*other),
        }
    }
}

fn unescape(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next()? {
                b'n' => b'\n',
                b't' => b'\t',
                b'\\' => b'\\',
                _ => return None,
            },
            other => *other,
        });
    }
    Some(out)
}
