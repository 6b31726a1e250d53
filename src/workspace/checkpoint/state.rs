//! What one path of the tree is at one moment.

use std::ffi::OsString;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::vault::Vault;
use crate::stdx::fs as sfs;

/// What the system says of a path; a change of content changes one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    /// Type and permission bits.
    pub mode: u32,
    pub size: u64,
    /// Nanoseconds since the epoch.
    pub modified: i64,
    /// Nanoseconds since the epoch.
    pub changed: i64,
    pub inode: u64,
}

/// What kind of thing a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Dir,
    Link,
    Special,
}

impl Kind {
    pub fn of(meta: &Metadata) -> Self {
        let kind = meta.file_type();
        if kind.is_file() {
            Self::File
        } else if kind.is_dir() {
            Self::Dir
        } else if kind.is_symlink() {
            Self::Link
        } else {
            Self::Special
        }
    }
}

impl Stat {
    #[cfg(unix)]
    pub fn of(meta: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let nanos = |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000_000) + nanos;
        Self {
            mode: meta.mode(),
            size: meta.len(),
            modified: nanos(meta.mtime(), meta.mtime_nsec()),
            changed: nanos(meta.ctime(), meta.ctime_nsec()),
            inode: meta.ino(),
        }
    }

    #[cfg(not(unix))]
    pub fn of(meta: &Metadata) -> Self {
        let modified = meta.modified().map_or(0, nanos);
        Self {
            mode: 0,
            size: meta.len(),
            modified,
            changed: modified,
            inode: 0,
        }
    }

    /// Permission bits alone.
    pub fn bits(&self) -> u32 {
        self.mode & 0o7777
    }
}

/// Nanoseconds since the epoch.
pub(super) fn nanos(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos() as i64)
}

/// What a path is, with enough to bring it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// Nothing there.
    Absent,
    /// A directory.
    Dir {
        /// Permission bits.
        mode: u32,
    },
    /// A symbolic link.
    Link {
        /// Where it points.
        #[serde(with = "path_text")]
        target: PathBuf,
    },
    /// A regular file whose content is in the store.
    File {
        /// Permission bits.
        mode: u32,
        /// Length in bytes.
        size: u64,
        /// Name of its content.
        blob: String,
    },
    /// A regular file whose content was not kept.
    Unkept {
        /// Permission bits.
        mode: u32,
        /// Length in bytes.
        size: u64,
        /// Nanoseconds since the epoch: tells whether it is still the same.
        modified: i64,
    },
    /// A device, FIFO or socket: never touched.
    Special,
}

impl State {
    /// Whether it can be brought back.
    pub fn is_kept(&self) -> bool {
        !matches!(self, Self::Unkept { .. } | Self::Special)
    }

    /// The blob of its content.
    pub fn blob(&self) -> Option<&str> {
        match self {
            Self::File { blob, .. } => Some(blob),
            _ => None,
        }
    }

    /// Looks at a path; the content of a file up to `largest` bytes goes into the store.
    ///
    /// # Errors
    /// When it is there and cannot be read, or the store cannot be written.
    pub(super) fn capture(
        path: &Path,
        vault: &Vault,
        largest: u64,
        durable: bool,
    ) -> io::Result<Self> {
        Self::look(path, largest, |bytes| vault.put(bytes, durable))
    }

    /// What is at a path now, without keeping anything.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub(super) fn now(path: &Path, largest: u64) -> io::Result<Self> {
        Self::look(path, largest, |bytes| Ok(crate::stdx::blob::hash(bytes)))
    }

    fn look(
        path: &Path,
        largest: u64,
        name: impl FnOnce(&[u8]) -> io::Result<String>,
    ) -> io::Result<Self> {
        let meta = match std::fs::symlink_metadata(path) {
            Ok(meta) => meta,
            Err(error) if is_missing(&error) => return Ok(Self::Absent),
            Err(error) => return Err(error),
        };
        let stat = Stat::of(&meta);
        Ok(match Kind::of(&meta) {
            Kind::Dir => Self::Dir { mode: stat.bits() },
            Kind::Link => Self::Link {
                target: std::fs::read_link(path)?,
            },
            Kind::Special => Self::Special,
            Kind::File if stat.size > largest => Self::Unkept {
                mode: stat.bits(),
                size: stat.size,
                modified: stat.modified,
            },
            Kind::File => {
                let bytes = std::fs::read(path)?;
                Self::File {
                    mode: stat.bits(),
                    size: bytes.len() as u64,
                    blob: name(&bytes)?,
                }
            }
        })
    }
}

/// How many names the file at a path has.
pub(super) fn links(path: &Path) -> u64 {
    let meta = std::fs::symlink_metadata(path).ok();
    meta.map_or(0, |meta| if meta.is_file() { sfs::links(&meta) } else { 1 })
}

/// The inode of what is at a path.
pub(super) fn inode(path: &Path) -> Option<u64> {
    let meta = std::fs::symlink_metadata(path).ok()?;
    Some(Stat::of(&meta).inode)
}

/// Nothing there, or something else where a directory on the way should be.
pub(super) fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// A path as text: itself where it is UTF-8, else `{"bytes": "<hex>"}`.
pub(super) mod path_text {
    use super::*;
    use serde::{Deserializer, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Text {
        Plain(String),
        Raw { bytes: String },
    }

    pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        match path.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => Text::Raw {
                bytes: super::hex(&bytes_of(path)),
            }
            .serialize(serializer),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        match Text::deserialize(deserializer)? {
            Text::Plain(text) => Ok(PathBuf::from(text)),
            Text::Raw { bytes } => super::unhex(&bytes)
                .map(path_of)
                .ok_or_else(|| serde::de::Error::custom("not a path in hex")),
        }
    }
}

/// The bytes of a path.
pub(super) fn bytes_of(path: &Path) -> Vec<u8> {
    path.as_os_str().as_encoded_bytes().to_vec()
}

/// The path of some bytes.
pub(super) fn path_of(bytes: Vec<u8>) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        PathBuf::from(OsString::from_vec(bytes))
    }
    #[cfg(not(unix))]
    PathBuf::from(OsString::from(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            // Writing to a string cannot fail.
            let _ = write!(out, "{byte:02x}");
            out
        })
}

/// The bytes of some hex.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
