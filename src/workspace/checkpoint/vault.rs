//! The store of contents: files named by the SHA-256 of their bytes, the oldest
//! dropped when there is too much.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::stdx::blob;
use crate::stdx::fs as sfs;

/// What the store holds at most, in bytes.
pub(super) const CAP: u64 = 512 * 1024 * 1024;

/// A directory of contents.
#[derive(Debug)]
pub(super) struct Vault {
    dir: PathBuf,
    cap: u64,
    /// Names and sizes of what is there; read when first needed.
    held: Mutex<Option<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    sizes: HashMap<String, u64>,
    total: u64,
}

/// What had to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// Contents dropped.
    pub blobs: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl Vault {
    pub fn new(dir: PathBuf, cap: u64) -> Self {
        Self {
            dir,
            cap,
            held: Mutex::new(None),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        let (first, rest) = name.split_at(name.len().min(2));
        self.dir.join(first).join(rest)
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            *held = Some(Held::read(&self.dir));
        }
        held
    }

    /// Whether a content is there.
    pub fn has(&self, name: &str) -> bool {
        let held = self.held();
        held.as_ref()
            .is_some_and(|held| held.sizes.contains_key(name))
    }

    /// Keeps bytes under their name. `durable` means it has to survive a power failure.
    pub fn put(&self, bytes: &[u8], durable: bool) -> io::Result<String> {
        let name = blob::hash(bytes);
        let size = bytes.len() as u64;
        let there = self
            .held()
            .as_ref()
            .and_then(|held| held.sizes.get(&name).copied());
        // Another length under the right name is what a power failure left.
        if there == Some(size) {
            return Ok(name);
        }
        let path = self.path(&name);
        // Mostly nothing is there yet, but its directory is.
        let written = there.is_none() && !durable && write_new(&path, bytes);
        if !written {
            if let Some(parent) = path.parent() {
                sfs::create_private_dir(parent)?;
            }
            if durable {
                sfs::write_atomic(&path, bytes, 0o600)?;
            } else {
                sfs::write_unsynced(&path, bytes)?;
            }
        }
        if let Some(held) = self.held().as_mut() {
            let before = held.sizes.insert(name.clone(), size).unwrap_or(0);
            held.total = held.total.saturating_sub(before) + size;
        }
        Ok(name)
    }

    /// The bytes of a name.
    ///
    /// # Errors
    /// `NotFound` when they were dropped, `InvalidData` when they are damaged.
    pub fn get(&self, name: &str) -> io::Result<Vec<u8>> {
        if name.len() != 64 || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not the name of a content",
            ));
        }
        let bytes = fs::read(self.path(name))?;
        if blob::hash(&bytes) == name {
            Ok(bytes)
        } else {
            Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the stored content is damaged",
            ))
        }
    }

    /// Makes contents count as used just now, so that they are dropped last.
    pub fn refresh<'a>(&self, names: impl Iterator<Item = &'a str>) {
        for name in names {
            // What is gone already is found out when it is needed.
            let _ = sfs::touch(&self.path(name));
        }
    }

    /// Whether there is too much.
    pub fn is_full(&self) -> bool {
        self.held()
            .as_ref()
            .is_some_and(|held| held.total > self.cap)
    }

    /// Drops the oldest contents but `keep` when there is too much.
    pub fn prune(&self, keep: &HashSet<String>) -> Option<Dropped> {
        let mut held = self.held();
        let held = held.as_mut().filter(|held| held.total > self.cap)?;
        let mut old: Vec<(SystemTime, String)> = held
            .sizes
            .keys()
            .filter(|name| !keep.contains(*name))
            .filter_map(|name| {
                let used = fs::metadata(self.path(name)).ok()?.modified().ok()?;
                Some((used, name.clone()))
            })
            .collect();
        old.sort_unstable();
        let mut dropped = Dropped { blobs: 0, bytes: 0 };
        for (_, name) in old {
            // A fifth of room, so that it does not happen with every change.
            if held.total <= self.cap / 5 * 4 {
                break;
            }
            if sfs::remove_file(&self.path(&name)).is_ok() {
                let size = held.sizes.remove(&name).unwrap_or(0);
                held.total = held.total.saturating_sub(size);
                dropped.blobs += 1;
                dropped.bytes += size;
            }
        }
        (dropped.blobs > 0).then_some(dropped)
    }
}

/// Writes a content where none is. What a crash leaves of it is found out by its
/// length and its name, so that no rename is needed; one look at a large tree
/// writes as many contents as it has files.
fn write_new(path: &Path, bytes: &[u8]) -> bool {
    let Ok(mut file) = sfs::create_private(path) else {
        return false;
    };
    let written = file.write_all(bytes).is_ok();
    if !written {
        // The longer way tells what is wrong, over whatever is left here.
        let _ = sfs::remove_file(path);
    }
    written
}

impl Held {
    fn read(dir: &Path) -> Self {
        let mut out = Self::default();
        for group in fs::read_dir(dir).into_iter().flatten().flatten() {
            let first = group.file_name();
            for entry in fs::read_dir(group.path()).into_iter().flatten().flatten() {
                let name = format!(
                    "{}{}",
                    first.to_string_lossy(),
                    entry.file_name().to_string_lossy()
                );
                if name.len() == 64
                    && let Ok(meta) = entry.metadata()
                {
                    out.total += meta.len();
                    out.sizes.insert(name, meta.len());
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_once_checks_what_it_reads_and_drops_the_oldest() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::new(dir.path().join("blobs"), 100);
        let names: Vec<String> = (0..6u8)
            .map(|n| vault.put(&[n; 30], false).unwrap())
            .collect();
        assert_eq!(vault.put(&[0; 30], true).unwrap(), names[0]);
        for (age, name) in names.iter().rev().enumerate() {
            let file = fs::File::open(vault.path(name)).unwrap();
            file.set_modified(SystemTime::now() - std::time::Duration::from_secs(100 * age as u64))
                .unwrap();
        }
        vault.refresh([names[0].as_str()].into_iter());
        let keep = HashSet::from([names[1].clone()]);
        let dropped = vault.prune(&keep).unwrap();
        assert_eq!(
            dropped,
            Dropped {
                blobs: 4,
                bytes: 120
            }
        );
        assert_eq!(vault.get(&names[0]).unwrap(), [0; 30]);
        assert_eq!(vault.get(&names[1]).unwrap(), [1; 30]);
        assert!(!vault.has(&names[5]) && vault.get(&names[5]).is_err());
        assert!(vault.prune(&keep).is_none());
        // What a power failure left is written again.
        fs::write(vault.path(&names[0]), "").unwrap();
        let again = Vault::new(dir.path().join("blobs"), 100);
        assert!(again.get(&names[0]).is_err());
        again.put(&[0; 30], false).unwrap();
        assert_eq!(again.get(&names[0]).unwrap(), [0; 30]);
        assert!(vault.get("../../etc/passwd").is_err());
    }
}
