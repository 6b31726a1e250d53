//! Changing what was judged, and nothing that took its place.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A path whose directory is held open: what it names lies in that directory,
/// whatever takes the directory's place meanwhile.
struct Held {
    path: PathBuf,
    #[cfg(unix)]
    _dir: Option<rustix::fd::OwnedFd>,
}

/// Calls `act` with a path that names the same entry as `path`, an absolute path that
/// was resolved before: its directories are opened without following links, and on
/// Linux the path given to `act` leads through that handle. Elsewhere, and without
/// `/proc`, what stays is that none of them was a link right before.
///
/// The last part is not followed here; `act` must not follow it either.
///
/// # Errors
/// That of `act`, or of opening the directory: a link in it is one.
pub fn held<T, E: From<io::Error>>(
    path: &Path,
    act: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    let held = hold(path)?;
    act(&held.path)
}

#[cfg(unix)]
fn hold(path: &Path) -> io::Result<Held> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "path has no parent",
        ));
    };
    let dir = super::open::open_dir(parent)?;
    match through(&dir) {
        Some(at) => Ok(Held {
            path: at.join(name),
            _dir: Some(dir),
        }),
        None => Ok(Held {
            path: path.to_path_buf(),
            _dir: None,
        }),
    }
}

#[cfg(not(unix))]
fn hold(path: &Path) -> io::Result<Held> {
    Ok(Held {
        path: path.to_path_buf(),
    })
}

/// The path that leads through a handle, where the system has one.
#[cfg(target_os = "linux")]
fn through(handle: &rustix::fd::OwnedFd) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::MetadataExt;
    let path = PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd()));
    let own = rustix::fs::fstat(handle).ok()?;
    let there = fs::metadata(&path).ok()?;
    ((there.dev(), there.ino()) == (own.st_dev, own.st_ino)).then_some(path)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn through(_handle: &rustix::fd::OwnedFd) -> Option<PathBuf> {
    None
}

/// Creates a directory and those above it that are missing, each in the one before:
/// no part of the path, absolute and resolved, may be a link.
///
/// # Errors
/// Any I/O error; what was made stays.
#[cfg(unix)]
pub fn create_dirs_resolved(path: &Path) -> io::Result<()> {
    super::open::open_or_create_dir(path).map(|_| ())
}

/// Creates a directory and those above it that are missing.
///
/// # Errors
/// Any I/O error; what was made stays.
#[cfg(not(unix))]
pub fn create_dirs_resolved(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Sets the permission bits of a file or directory, never through a link in the last
/// place (Unix; elsewhere nothing happens).
///
/// # Errors
/// Any I/O error; a link is one.
#[cfg(unix)]
pub fn chmod_exact(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::Permissions::from_mode(mode & 0o7777);
    let refused = || io::Error::other("a link took its place");
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{Mode, OFlags};
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = rustix::fs::open(path, flags, Mode::empty())?;
        let kind = rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&handle)?.st_mode);
        if kind.is_symlink() {
            return Err(refused());
        }
        if let Some(at) = through(&handle) {
            return fs::set_permissions(at, mode);
        }
    }
    if fs::symlink_metadata(path)?.is_symlink() {
        return Err(refused());
    }
    fs::set_permissions(path, mode)
}

/// Nothing: there are no permission bits here.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn chmod_exact(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    /// A directory `work/src`, and one outside that shall stay as it is.
    fn scene() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        fs::create_dir_all(base.join("work/src")).unwrap();
        fs::create_dir(base.join("outside")).unwrap();
        let (work, outside) = (base.join("work"), base.join("outside"));
        (dir, work, outside)
    }

    fn swap(work: &Path, outside: &Path) {
        fs::rename(work.join("src"), work.join("old")).unwrap();
        symlink(outside, work.join("src")).unwrap();
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_link_in_the_place_of_a_directory_is_refused() {
        let (_dir, work, outside) = scene();
        fs::write(outside.join("f"), "theirs").unwrap();
        swap(&work, &outside);
        let path = work.join("src/f");
        let refused = held(&path, super::super::remove_file);
        assert!(refused.is_err());
        let refused: io::Result<()> = held(&path, |path| {
            super::super::write_exact_if(path, b"new", 0o644, || Ok(()))
        });
        assert!(refused.is_err());
        assert!(create_dirs_resolved(&work.join("src/deep/er")).is_err());
        assert_eq!(fs::read_to_string(outside.join("f")).unwrap(), "theirs");
        assert_eq!(names(&outside), ["f"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_directory_that_is_swapped_during_a_write_gets_nothing() {
        let (_dir, work, outside) = scene();
        fs::write(work.join("src/f"), "old").unwrap();
        fs::write(outside.join("f"), "theirs").unwrap();
        let path = work.join("src/f");
        let done: io::Result<()> = held(&path, |path| {
            super::super::write_exact_if(path, b"new", 0o644, || {
                // Right before the file is replaced.
                swap(&work, &outside);
                Ok(())
            })
        });
        done.unwrap();
        assert_eq!(fs::read_to_string(outside.join("f")).unwrap(), "theirs");
        assert_eq!(names(&outside), ["f"]);
        assert_eq!(fs::read_to_string(work.join("old/f")).unwrap(), "new");
        assert_eq!(names(&work.join("old")), ["f"]);
        // And so for every other change.
        let (_dir, work, outside) = scene();
        fs::create_dir_all(work.join("src/dir/sub")).unwrap();
        fs::create_dir_all(outside.join("dir/theirs")).unwrap();
        held(&work.join("src/dir"), |path| {
            swap(&work, &outside);
            super::super::remove_dir_all(path)
        })
        .unwrap();
        assert_eq!(names(&outside.join("dir")), ["theirs"]);
        assert!(names(&work.join("old")).is_empty());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_is_swapped_for_a_link_is_not_followed() {
        let (_dir, work, outside) = scene();
        let (path, theirs) = (work.join("src/f"), outside.join("f"));
        fs::write(&path, "old").unwrap();
        fs::hard_link(&path, work.join("src/other")).unwrap();
        fs::write(&theirs, "theirs").unwrap();
        fs::set_permissions(&theirs, fs::Permissions::from_mode(0o640)).unwrap();
        fs::remove_file(&path).unwrap();
        symlink(&theirs, &path).unwrap();
        let refused: io::Result<()> = held(&path, |path| {
            super::super::write_exact_if(path, b"new", 0o644, || Ok(()))
        });
        assert!(refused.is_err());
        assert!(held(&path, |path| chmod_exact(path, 0o777)).is_err());
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
        let mode = fs::metadata(&theirs).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }

    #[test]
    fn directories_are_made_one_in_the_other() {
        let (_dir, work, _) = scene();
        let deep = work.join("src/a/b/c");
        create_dirs_resolved(&deep).unwrap();
        create_dirs_resolved(&deep).unwrap();
        assert!(deep.is_dir());
        fs::write(work.join("file"), "").unwrap();
        assert!(create_dirs_resolved(&work.join("file/x")).is_err());
        assert!(create_dirs_resolved(&work.join("file")).is_err());
    }
}
