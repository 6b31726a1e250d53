//! The temporary files of confined commands: one private directory for each run of
//! sofos, so that one command finds what an earlier one left in `/tmp`.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use rustix::fs::{FlockOperation, Mode, OFlags, flock};

use crate::stdx::{fs as sfs, ids};

const PREFIX: &str = "sofos-sandbox-";

/// A directory that is not locked is left alone for so long: its process may just have
/// made it, and be about to lock it.
const FRESH: Duration = Duration::from_secs(60);

/// This process's directory, once there is one; the lock tells others that it is used.
static MADE: Mutex<Option<(PathBuf, OwnedFd)>> = Mutex::new(None);

/// The directory; made at the first call, when those of dead processes are removed.
pub(super) fn dir() -> io::Result<PathBuf> {
    let mut made = MADE.lock().map_err(|_| io::Error::other("poisoned"))?;
    if let Some((path, _)) = &*made {
        return Ok(path.clone());
    }
    let base = std::env::temp_dir().canonicalize()?;
    sweep(&base);
    let path = base.join(format!("{PREFIX}{}", ids::random(16)));
    sfs::create_private_dir(&path)?;
    let held = lock(&path).ok_or_else(|| io::Error::other("its lock is taken"))?;
    let tmp = path.join("tmp");
    sfs::create_dir_all(&tmp)?;
    std::fs::set_permissions(&tmp, PermissionsExt::from_mode(0o1777))?;
    *made = Some((path.clone(), held));
    Ok(path)
}

/// Removes this process's directory.
pub(super) fn remove() {
    if let Ok(mut made) = MADE.lock()
        && let Some((path, _)) = made.take()
    {
        remove_all(&path);
    }
}

/// Removes directories whose process ended without [`remove`].
fn sweep(base: &Path) {
    let own = rustix::process::geteuid().as_raw();
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let path = entry.path();
        let may_be_left = path.symlink_metadata().is_ok_and(|meta| {
            use std::os::unix::fs::MetadataExt;
            let age = meta.modified().map(|at| at.elapsed().unwrap_or_default());
            meta.is_dir() && meta.uid() == own && age.is_ok_and(|age| age >= FRESH)
        });
        if may_be_left && let Some(_held) = lock(&path) {
            remove_all(&path);
        }
    }
}

fn lock(path: &Path) -> Option<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = rustix::fs::open(path, flags, Mode::empty()).ok()?;
    flock(&fd, FlockOperation::NonBlockingLockExclusive).ok()?;
    Some(fd)
}

fn remove_all(path: &Path) {
    if sfs::remove_dir_all(path).is_err() {
        // Some tools make their directories read-only.
        unlock(path);
        let _ = sfs::remove_dir_all(path);
    }
}

fn unlock(dir: &Path) {
    let _ = std::fs::set_permissions(dir, PermissionsExt::from_mode(0o700));
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            unlock(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::time::SystemTime;

    #[test]
    fn only_what_dead_processes_left_is_removed() {
        let base = tempfile::tempdir().unwrap();
        let make = |name: &str, age: Duration| {
            let path = base.path().join(format!("{PREFIX}{name}"));
            fs::create_dir_all(path.join("tmp/read-only")).unwrap();
            fs::write(path.join("tmp/read-only/file"), "").unwrap();
            let mode = PermissionsExt::from_mode(0o500);
            fs::set_permissions(path.join("tmp/read-only"), mode).unwrap();
            let dir = File::open(&path).unwrap();
            dir.set_modified(SystemTime::now() - age).unwrap();
            path
        };
        let left = make("left", FRESH * 2);
        let used = make("used", FRESH * 2);
        let new = make("new", Duration::ZERO);
        let other = base.path().join("another-program");
        fs::create_dir(&other).unwrap();
        let held = lock(&used).unwrap();
        sweep(base.path());
        assert!(!left.exists());
        assert!(used.join("tmp/read-only/file").exists());
        assert!(new.join("tmp/read-only/file").exists());
        assert!(other.exists());
        drop(held);
        sweep(base.path());
        assert!(!used.exists());
        remove_all(&new);
    }
}
