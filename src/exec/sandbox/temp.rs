//! The temporary files of confined commands: one private directory for each run of
//! sofos, so that one command finds what an earlier one left in `/tmp`.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rustix::fs::{FlockOperation, Mode, OFlags, flock};

use crate::stdx::{fs as sfs, ids};

const PREFIX: &str = "sofos-sandbox-";

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
        let is_own = path.symlink_metadata().is_ok_and(|meta| {
            use std::os::unix::fs::MetadataExt;
            meta.is_dir() && meta.uid() == own
        });
        if is_own && lock(&path).is_some() {
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
