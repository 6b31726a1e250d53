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
    use rustix::fs::{Mode, OFlags};
    let flags =
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
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
            result => return Ok(result?.into()),
        }
    }
    open_stepwise(path, flags)
}

/// Part by part, each below the one before.
#[cfg(unix)]
fn open_stepwise(path: &Path, flags: rustix::fs::OFlags) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, openat};
    let mut parts = path.components().skip(1).peekable();
    let folder = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    #[cfg(target_os = "linux")]
    let folder = folder | OFlags::PATH;
    let mut at = rustix::fs::open("/", folder, Mode::empty())?;
    while let Some(part) = parts.next() {
        let flags = if parts.peek().is_some() {
            folder
        } else {
            flags
        };
        at = openat(&at, part.as_os_str(), flags, Mode::empty())?;
    }
    Ok(at.into())
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
        let stepwise = |path: &Path| open_stepwise(path, flags);
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
