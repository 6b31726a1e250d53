//! Files that are never half-written. The only place that writes files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::ids;

/// Replaces the content of `path` as one step: the new bytes go to a temporary
/// file beside the target, are synced, and renamed over it. A reader, or a
/// crash at any moment, sees the old content or the new, never a mixture.
///
/// Symlinks are followed first, so that the link stays and its target changes.
/// An existing file keeps its mode and, where permitted, its owner. A new file
/// gets `new_mode` (Unix; subject to the umask).
///
/// # Errors
/// Any I/O error; the target is untouched and no temporary file is left.
pub fn write_atomic(path: &Path, bytes: &[u8], new_mode: u32) -> io::Result<()> {
    let target = resolve_links(path)?;
    let parent = target
        .parent()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "path has no parent"))?;
    let existing = match fs::metadata(&target) {
        Ok(meta) if !meta.is_file() => {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a regular file",
            ));
        }
        Ok(meta) => Some(meta),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if existing
        .as_ref()
        .is_some_and(|meta| meta.permissions().readonly())
    {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "file is read-only",
        ));
    }
    let (temp, mut file) = create_temp(parent, new_mode)?;
    let result = (|| {
        file.write_all(bytes)?;
        if let Some(meta) = &existing {
            copy_owner(&file, meta);
            file.set_permissions(meta.permissions())?;
        }
        file.sync_all()?;
        drop(file);
        fs::rename(&temp, &target)
    })();
    if let Err(error) = result {
        // The rename did not happen; the temporary file is ours to remove.
        let _ = fs::remove_file(&temp);
        return Err(error);
    }
    sync_dir(parent);
    Ok(())
}

/// Follows symlinks of the last component, also dangling ones, at most 40 deep.
fn resolve_links(path: &Path) -> io::Result<PathBuf> {
    let mut at = path.to_path_buf();
    for _ in 0..40 {
        match fs::read_link(&at) {
            Ok(target) => at = at.parent().unwrap_or(Path::new(".")).join(target),
            Err(_) => return Ok(at),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

fn create_temp(parent: &Path, mode: u32) -> io::Result<(PathBuf, File)> {
    let temp = parent.join(format!(".sofos-{}.tmp", ids::random(10)));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    set_mode(&mut options, mode);
    Ok((temp.clone(), options.open(&temp)?))
}

#[cfg(unix)]
fn set_mode(options: &mut OpenOptions, mode: u32) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(mode);
}

#[cfg(not(unix))]
fn set_mode(_options: &mut OpenOptions, _mode: u32) {}

#[cfg(unix)]
fn copy_owner(file: &File, meta: &fs::Metadata) {
    use std::os::unix::fs::MetadataExt;
    // Only root may give files away; for everyone else the owner is already right.
    let _ = std::os::unix::fs::fchown(file, Some(meta.uid()), Some(meta.gid()));
}

#[cfg(not(unix))]
fn copy_owner(_file: &File, _meta: &fs::Metadata) {}

/// Makes a rename or creation in `dir` durable; best effort, as some file
/// systems refuse to sync directories.
pub fn sync_dir(dir: &Path) {
    #[cfg(unix)]
    if let Ok(handle) = File::open(dir) {
        let _ = handle.sync_all();
    }
    #[cfg(not(unix))]
    let _ = dir;
}

/// Opens a file for appending, created with mode 0600 where missing.
///
/// # Errors
/// Any I/O error of opening.
pub fn open_append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    set_mode(&mut options, 0o600);
    options.open(path)
}

/// Opens an existing file for reading and appending.
///
/// # Errors
/// Any I/O error of opening, `NotFound` included.
pub fn open_existing_append(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).append(true).open(path)
}

/// Puts a `.gitignore` into a directory that hides all of it, itself included,
/// from the repository around it. An existing one is left alone.
///
/// # Errors
/// Any I/O error of writing.
pub fn ignore_in_git(dir: &Path) -> io::Result<()> {
    let path = dir.join(".gitignore");
    if path.exists() {
        Ok(())
    } else {
        write_atomic(&path, b"*\n", 0o644)
    }
}

/// Creates a new file of mode 0600 for writing; fails when it exists.
///
/// # Errors
/// Any I/O error of opening.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    set_mode(&mut options, 0o600);
    options.open(path)
}

/// Creates a directory and its parents, the new ones with mode 0700.
///
/// # Errors
/// Any I/O error of creation.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// Creates a directory and its parents with the default mode.
///
/// # Errors
/// Any I/O error of creation.
pub fn create_dir_all(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Shortens a file to `length` bytes and makes that durable.
///
/// # Errors
/// Any I/O error.
pub fn truncate(file: &File, length: u64) -> io::Result<()> {
    file.set_len(length)?;
    file.sync_data()
}

/// Moves a file or directory; across devices a regular file is copied and removed.
///
/// # Errors
/// Any I/O error; `AlreadyExists` when the target exists.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    // A case-only rename on a case-insensitive system finds "itself" at the target.
    if fs::symlink_metadata(to).is_ok() && !is_same_file(from, to) {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "target exists",
        ));
    }
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            if !fs::symlink_metadata(from)?.is_file() {
                return Err(error);
            }
            copy(from, to)?;
            fs::remove_file(from)
        }
        result => result,
    }
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    match (fs::canonicalize(a), fs::canonicalize(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// Copies a regular file with its mode; the copy appears whole or not at all.
///
/// # Errors
/// Any I/O error; `AlreadyExists` when the target exists.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "target exists",
        ));
    }
    let parent = to.parent().unwrap_or(Path::new("."));
    let mut source = File::open(from)?;
    let meta = source.metadata()?;
    let (temp, mut file) = create_temp(parent, 0o600)?;
    let result = io::copy(&mut source, &mut file)
        .and_then(|_| file.set_permissions(meta.permissions()))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temp, to));
    if result.is_err() {
        let _ = fs::remove_file(&temp);
    }
    result
}

/// Removes a file or symlink.
///
/// # Errors
/// Any I/O error.
pub fn remove_file(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

/// Removes an empty directory.
///
/// # Errors
/// Any I/O error.
pub fn remove_dir(path: &Path) -> io::Result<()> {
    fs::remove_dir(path)
}

/// Removes a directory and everything in it; symlinks are removed, not followed.
///
/// # Errors
/// Any I/O error.
pub fn remove_dir_all(path: &Path) -> io::Result<()> {
    fs::remove_dir_all(path)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir)
            .expect("list")
            .map(|entry| {
                entry
                    .expect("entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn write_keeps_mode_and_link_and_leaves_no_temp() {
        let dir = tempfile::tempdir().expect("tempdir");
        let script = dir.path().join("run.sh");
        fs::write(&script, "old").expect("write");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("chmod");
        let link = dir.path().join("link");
        symlink("run.sh", &link).expect("link");
        write_atomic(&link, b"new", 0o644).expect("atomic");
        assert_eq!(fs::read(&script).expect("read"), b"new");
        assert_eq!(
            fs::metadata(&script).expect("meta").permissions().mode() & 0o777,
            0o755
        );
        assert!(fs::symlink_metadata(&link).expect("meta").is_symlink());
        assert_eq!(names(dir.path()), ["link", "run.sh"]);
    }

    #[test]
    fn refused_targets_stay_as_they_were() {
        let dir = tempfile::tempdir().expect("tempdir");
        let locked = dir.path().join("locked");
        fs::write(&locked, "old").expect("write");
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o444)).expect("chmod");
        assert!(write_atomic(&locked, b"new", 0o644).is_err());
        assert_eq!(fs::read(&locked).expect("read"), b"old");
        assert!(write_atomic(dir.path(), b"new", 0o644).is_err());
        assert_eq!(names(dir.path()), ["locked"]);
    }

    #[test]
    fn rename_and_copy_never_overwrite() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        fs::write(&a, "a").expect("write");
        fs::write(&b, "b").expect("write");
        assert_eq!(
            rename(&a, &b).expect_err("refused").kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(
            copy(&a, &b).expect_err("refused").kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(fs::read(&b).expect("read"), b"b");
    }
}
