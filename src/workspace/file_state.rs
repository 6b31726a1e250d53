//! What the model last saw of each file, so that a change by someone else is
//! noticed before it is overwritten.

use std::collections::HashMap;
use std::fs::Metadata;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{FileError, Workspace};
use crate::protocol::permission::ScopedPath;

/// Contents up to this size are remembered by hash too, so that a file that was
/// only touched does not count as changed.
pub(super) const HASHED: u64 = 4 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Fingerprint {
    stat: Stat,
    hash: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stat {
    length: u64,
    modified: Option<std::time::SystemTime>,
    inode: u64,
    changed: i64,
}

impl Stat {
    fn of(meta: &Metadata) -> Self {
        #[cfg(unix)]
        let (inode, changed) = {
            use std::os::unix::fs::MetadataExt;
            (
                meta.ino(),
                meta.ctime_nsec().wrapping_add(meta.ctime() << 30),
            )
        };
        #[cfg(not(unix))]
        let (inode, changed) = (0, 0);
        Self {
            length: meta.len(),
            modified: meta.modified().ok(),
            inode,
            changed,
        }
    }
}

/// Fingerprints by resolved path.
#[derive(Debug, Default)]
pub(super) struct FileStates(Mutex<HashMap<PathBuf, Fingerprint>>);

impl FileStates {
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<PathBuf, Fingerprint>) -> T) -> T {
        // A panic elsewhere cannot leave a fingerprint half-written.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

impl Workspace {
    /// Remembers that the model saw this state; `bytes` is the whole content where
    /// it is known.
    pub(super) fn saw(&self, path: &Path, meta: &Metadata, bytes: Option<&[u8]>) {
        let fingerprint = Fingerprint {
            stat: Stat::of(meta),
            hash: bytes.map(hash),
        };
        self.states
            .with(|states| states.insert(path.to_path_buf(), fingerprint));
    }

    /// Whether the model saw this very state, or nothing of the file at all.
    ///
    /// # Errors
    /// [`FileError::Changed`] when it saw another one.
    pub(super) fn check_unchanged(
        &self,
        path: &ScopedPath,
        meta: &Metadata,
        bytes: &[u8],
    ) -> Result<(), FileError> {
        let known = self.states.with(|states| states.get(path.real()).cloned());
        match known {
            Some(known) if known.stat != Stat::of(meta) && known.hash != Some(hash(bytes)) => {
                Err(FileError::Changed(path.display().to_string()))
            }
            _ => Ok(()),
        }
    }

    /// Forgets a path that is gone.
    pub fn forget(&self, path: &Path) {
        self.states
            .with(|states| states.retain(|known, _| !known.starts_with(path)));
    }
}
