//! Opening what was judged, and nothing that took its place.

use std::fs::File;
use std::io;
use std::path::Path;

/// Opens a file for reading by an absolute path that was resolved before: no part of
/// it may be a link by now. Never waits for the other end of a FIFO.
///
/// # Errors
/// Any I/O error; a link in the path is one.
#[cfg(unix)]
pub fn open_resolved(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    let flags =
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(open_with(path, flags)?.into())
}

/// Opens a directory by an absolute path that was resolved before, for what is done
/// in it.
///
/// # Errors
/// Any I/O error; a link in the path is one.
#[cfg(unix)]
pub(super) fn open_dir(path: &Path) -> io::Result<rustix::fd::OwnedFd> {
    open_with(path, folder())
}

/// How a directory is opened on the way to something in it.
#[cfg(unix)]
fn folder() -> rustix::fs::OFlags {
    use rustix::fs::OFlags;
    let folder = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    #[cfg(target_os = "linux")]
    let folder = folder | OFlags::PATH;
    folder
}

#[cfg(unix)]
fn open_with(path: &Path, flags: rustix::fs::OFlags) -> io::Result<rustix::fd::OwnedFd> {
    #[cfg(target_os = "linux")]
    use rustix::fs::Mode;
    #[cfg(target_os = "linux")]
    for _ in 0..8 {
        use rustix::fs::ResolveFlags;
        use rustix::io::Errno;
        let root = rustix::fs::CWD;
        match rustix::fs::openat2(root, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
            // Something was renamed meanwhile.
            Err(Errno::AGAIN) => {}
            // An old kernel, or a container that does not know the call.
            Err(Errno::NOSYS | Errno::PERM | Errno::INVAL) => break,
            result => return Ok(result?),
        }
    }
    open_stepwise(path, flags)
}

/// Opens a directory part by part, and makes those that are missing.
///
/// # Errors
/// Any I/O error; a link in the path is one.
#[cfg(unix)]
pub(super) fn open_or_create_dir(path: &Path) -> io::Result<rustix::fd::OwnedFd> {
    use rustix::fs::{Mode, mkdirat, openat};
    use rustix::io::Errno;
    let mut at = rustix::fs::open("/", folder(), Mode::empty())?;
    for part in path.components().skip(1) {
        let part = part.as_os_str();
        at = match openat(&at, part, folder(), Mode::empty()) {
            Err(Errno::NOENT) => {
                match mkdirat(&at, part, Mode::from_raw_mode(0o777)) {
                    // Somebody else was faster.
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
                openat(&at, part, folder(), Mode::empty())?
            }
            opened => opened?,
        };
    }
    Ok(at)
}

/// Part by part, each below the one before.
#[cfg(unix)]
fn open_stepwise(path: &Path, flags: rustix::fs::OFlags) -> io::Result<rustix::fd::OwnedFd> {
    use rustix::fs::{Mode, openat};
    let mut parts = path.components().skip(1).peekable();
    let mut at = rustix::fs::open("/", folder(), Mode::empty())?;
    while let Some(part) = parts.next() {
        let flags = if parts.peek().is_some() {
            folder()
        } else {
            flags
        };
        at = openat(&at, part.as_os_str(), flags, Mode::empty())?;
    }
    Ok(at)
}

/// Opens a file for reading.
///
/// # Errors
/// Any I/O error.
#[cfg(not(unix))]
pub fn open_resolved(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use rustix::fs::OFlags;

    #[test]
    fn a_resolved_path_leads_through_no_link_and_waits_for_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(base.join("real/sub")).unwrap();
        std::fs::write(base.join("real/sub/f"), "text").unwrap();
        std::os::unix::fs::symlink(base.join("real"), base.join("link")).unwrap();
        std::os::unix::fs::symlink(base.join("real/sub/f"), base.join("last")).unwrap();
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW;
        let stepwise = |path: &Path| open_stepwise(path, flags).map(File::from);
        #[cfg(target_os = "linux")]
        rustix::fs::mkfifoat(rustix::fs::CWD, base.join("fifo"), 0o600.into()).unwrap();
        for open in [
            &open_resolved as &dyn Fn(&Path) -> io::Result<File>,
            &stepwise,
        ] {
            let read = |path: &str| open(&base.join(path)).and_then(io::read_to_string);
            assert_eq!(read("real/sub/f").unwrap(), "text");
            assert!(read("link/sub/f").is_err());
            assert!(read("last").is_err());
            assert!(read("real/missing").is_err());
            #[cfg(target_os = "linux")]
            assert_eq!(read("fifo").unwrap(), "");
        }
    }
}
