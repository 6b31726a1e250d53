//! What the model last saw of each file, so that a change by someone else is
//! noticed before it is overwritten.

use std::collections::HashMap;
use std::fs::Metadata;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{FileError, Workspace, diff};
use crate::protocol::permission::ScopedPath;

/// Contents up to this size are remembered by hash too, so that a file that was
/// only touched does not count as changed.
pub(super) const HASHED: u64 = 4 * 1024 * 1024;

/// Contents up to this size are kept, to show what someone else changed.
const KEPT: usize = 256 * 1024;
/// All kept contents together.
const KEPT_IN_ALL: usize = 16 * 1024 * 1024;
/// Lines shown of a change by someone else.
const SHOWN: usize = 40;

#[derive(Debug, Clone)]
struct Fingerprint {
    stat: Stat,
    hash: Option<u64>,
    content: Option<Arc<[u8]>>,
    /// When it was taken.
    turn: u64,
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
pub(super) struct FileStates(Mutex<States>);

#[derive(Debug, Default)]
struct States {
    known: HashMap<PathBuf, Fingerprint>,
    turn: u64,
    /// Bytes of all kept contents.
    kept: usize,
}

impl States {
    fn insert(&mut self, path: &Path, mut fingerprint: Fingerprint) {
        self.turn += 1;
        fingerprint.turn = self.turn;
        let size = |print: &Fingerprint| print.content.as_ref().map_or(0, |bytes| bytes.len());
        self.kept += size(&fingerprint);
        if let Some(old) = self.known.insert(path.to_path_buf(), fingerprint) {
            self.kept -= size(&old);
        }
        while self.kept > KEPT_IN_ALL {
            let kept = self
                .known
                .values_mut()
                .filter(|print| print.content.is_some());
            let Some(oldest) = kept.min_by_key(|print| print.turn) else {
                break;
            };
            self.kept -= size(oldest);
            oldest.content = None;
        }
    }

    fn forget(&mut self, path: &Path) {
        let kept = &mut self.kept;
        self.known.retain(|known, print| {
            let stays = !known.starts_with(path);
            if !stays {
                *kept -= print.content.as_ref().map_or(0, |bytes| bytes.len());
            }
            stays
        });
    }
}

impl FileStates {
    fn with<T>(&self, act: impl FnOnce(&mut States) -> T) -> T {
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
            content: bytes.filter(|bytes| bytes.len() <= KEPT).map(Arc::from),
            turn: 0,
        };
        self.states.with(|states| states.insert(path, fingerprint));
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
        let known = self
            .states
            .with(|states| states.known.get(path.real()).cloned());
        match known {
            Some(known) if known.stat != Stat::of(meta) && known.hash != Some(hash(bytes)) => {
                Err(FileError::Changed {
                    path: path.display().to_string(),
                    what: known.content.map_or_else(String::new, |old| {
                        let diff = diff::file_diff(path.display(), &old, bytes);
                        let shown = diff::plain(&diff, SHOWN);
                        format!(
                            ". What changed (- as it was read, + now):\n{}",
                            shown.trim_end()
                        )
                    }),
                })
            }
            _ => Ok(()),
        }
    }

    /// Forgets a path that is gone.
    pub fn forget(&self, path: &Path) {
        self.states.with(|states| states.forget(path));
    }
}
