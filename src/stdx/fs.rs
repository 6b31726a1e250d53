//! Files that are never half-written. The only place that writes files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::ids;

mod held;
mod open;

pub use held::{chmod_exact, create_dirs_resolved, held};
pub use open::open_resolved;

/// Replaces the content of `path` as one step: the new bytes go to a temporary
/// file beside the target, are synced, and renamed over it. A reader, or a
/// crash at any moment, sees the old content or the new, never a mixture.
///
/// Symlinks are followed first, so that the link stays and its target changes.
/// An existing file keeps its mode, its extended attributes and its owner. A new
/// file gets `new_mode` (Unix; subject to the umask).
///
/// A file with several hard links, and one whose owner cannot be kept, is written
/// in place, as a rename would part it from its other names. Its old content stays
/// beside it until that is done; after a crash in between [`recover`] puts it back.
///
/// # Errors
/// Any I/O error; the target is untouched and no temporary file is left.
pub fn write_atomic(path: &Path, bytes: &[u8], new_mode: u32) -> io::Result<()> {
    write_atomic_if(path, bytes, new_mode, || Ok(()))
}

/// [`write_atomic`] with a last look: `check` is called when all is ready, right
/// before the target changes.
///
/// # Errors
/// Any I/O error, and that of `check`; the target is untouched.
pub fn write_atomic_if<E: From<io::Error>>(
    path: &Path,
    bytes: &[u8],
    new_mode: u32,
    check: impl FnOnce() -> Result<(), E>,
) -> Result<(), E> {
    write_exact_if(&resolve_links(path)?, bytes, new_mode, check)
}

/// [`write_atomic_if`] for a path that is no link: one that took its place is refused.
///
/// # Errors
/// Any I/O error, and that of `check`; the target is untouched.
pub fn write_exact_if<E: From<io::Error>>(
    target: &Path,
    bytes: &[u8],
    new_mode: u32,
    check: impl FnOnce() -> Result<(), E>,
) -> Result<(), E> {
    let parent = target
        .parent()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "path has no parent"))?;
    let existing = existing(target)?;
    // What others may not read in the file, they may not read in its copy.
    let mode = existing.as_ref().map_or(new_mode, |_| 0o600);
    step()?;
    let (temp, file) = create_temp(parent, mode)?;
    let mut renamed = false;
    let result = (|| {
        let replaceable = match &existing {
            Some(meta) => links(meta) < 2 && same_owner(&file, meta)?,
            None => true,
        };
        if !replaceable {
            return write_in_place(target, bytes, (&temp, file), check);
        }
        step()?;
        (&file).write_all(bytes)?;
        step()?;
        if let Some(meta) = &existing {
            copy_attributes(target, &file);
            step()?;
            file.set_permissions(meta.permissions())?;
        }
        step()?;
        file.sync_all()?;
        drop(file);
        step()?;
        check()?;
        step()?;
        fs::rename(&temp, target)?;
        renamed = true;
        Ok(())
    })();
    if !renamed {
        let _ = fs::remove_file(&temp);
    }
    result?;
    // The new content is there, whatever happens now.
    let _ = step();
    sync_dir(parent);
    Ok(())
}

/// What is at the target, if it may be written.
fn existing(target: &Path) -> io::Result<Option<fs::Metadata>> {
    let refused = |kind, why: &str| Err(io::Error::new(kind, why.to_string()));
    match fs::symlink_metadata(target) {
        Ok(meta) if !meta.is_file() => refused(io::ErrorKind::InvalidInput, "not a regular file"),
        Ok(meta) if meta.permissions().readonly() => {
            refused(io::ErrorKind::PermissionDenied, "file is read-only")
        }
        Ok(meta) => Ok(Some(meta)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where the old content of a file is while it is written in place.
fn old_content(target: &Path) -> Option<PathBuf> {
    let name = target.file_name()?.to_string_lossy();
    Some(target.with_file_name(format!(".{name}.sofos-old")))
}

/// Puts back what a file held before a write in place that a crash cut off, and
/// removes what such a crash left beside it. False when there was nothing.
///
/// # Errors
/// Any I/O error; the old content stays beside the file.
pub fn recover(path: &Path) -> io::Result<bool> {
    held(&resolve_links(path)?, recover_exact)
}

fn recover_exact(target: &Path) -> io::Result<bool> {
    if let Some(parent) = target.parent() {
        remove_left_over(parent);
    }
    let kept = old_content(target).filter(|kept| {
        let meta = fs::symlink_metadata(kept);
        meta.is_ok_and(|meta| meta.is_file())
    });
    let Some(kept) = kept else {
        return Ok(false);
    };
    let mut file = not_followed(OpenOptions::new().write(true)).open(target)?;
    // Locked: it is being written just now.
    if matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)) {
        return Ok(false);
    }
    let old = fs::read(&kept)?;
    file.write_all(&old)?;
    file.set_len(old.len() as u64)?;
    file.sync_all()?;
    fs::remove_file(&kept)?;
    Ok(true)
}

/// Whether a file name is one of those that are written first and renamed then.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(".sofos-") && name.ends_with(".tmp")
}

/// Removes temporary files of writes that were cut off a while ago.
fn remove_left_over(parent: &Path) {
    const A_WHILE: std::time::Duration = std::time::Duration::from_secs(600);
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = is_temporary(&name);
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        if ours && age().is_some_and(|age| age > A_WHILE) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Overwrites a file without giving it another inode. The temporary file receives the
/// old content first; once it is whole it gets a name that says whose it is.
fn write_in_place<E: From<io::Error>>(
    target: &Path,
    bytes: &[u8],
    (temp, mut keep): (&Path, File),
    check: impl FnOnce() -> Result<(), E>,
) -> Result<(), E> {
    let mut file = not_followed(OpenOptions::new().read(true).write(true)).open(target)?;
    // File systems without locks: a crash and a start at the same moment are rare.
    let _ = file.try_lock();
    let mut old = Vec::new();
    file.read_to_end(&mut old)?;
    step()?;
    keep.write_all(&old)?;
    step()?;
    keep.sync_all()?;
    step()?;
    check()?;
    let kept = old_content(target).unwrap_or_else(|| temp.to_path_buf());
    step()?;
    fs::rename(temp, &kept)?;
    sync_dir(kept.parent().unwrap_or(target));
    let mut put = |bytes: &[u8]| -> io::Result<()> {
        file.rewind()?;
        step()?;
        file.write_all(bytes)?;
        step()?;
        file.set_len(bytes.len() as u64)?;
        step()?;
        file.sync_all()
    };
    let done = put(bytes);
    if done.is_err() {
        // A full disk: the old content needs no more room than it had.
        put(&old)?;
    }
    let _ = fs::remove_file(&kept);
    Ok(done?)
}

/// Opens what is there, not what a link in its place leads to.
#[cfg(unix)]
fn not_followed(options: &mut OpenOptions) -> &OpenOptions {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
}

#[cfg(not(unix))]
fn not_followed(options: &mut OpenOptions) -> &OpenOptions {
    options
}

/// How many names a file has; one where the system does not tell.
#[cfg(unix)]
pub fn links(meta: &fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    meta.nlink()
}

/// How many names a file has; one where the system does not tell.
#[cfg(not(unix))]
pub fn links(_meta: &fs::Metadata) -> u64 {
    1
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

/// Gives a new file the owner of the old one; false where that is not permitted.
#[cfg(unix)]
fn same_owner(file: &File, meta: &fs::Metadata) -> io::Result<bool> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) == (meta.uid(), meta.gid()) {
        return Ok(true);
    }
    Ok(fchown(file, Some(meta.uid()), Some(meta.gid())).is_ok())
}

#[cfg(not(unix))]
fn same_owner(_file: &File, _meta: &fs::Metadata) -> io::Result<bool> {
    Ok(true)
}

/// Copies extended attributes, access lists included, as far as that is permitted.
/// What the system takes away from a changed file, such as capabilities, is not
/// copied.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn copy_attributes(from: &Path, to: &File) {
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};
    let Ok(from) = not_followed(OpenOptions::new().read(true)).open(from) else {
        return;
    };
    let mut names = vec![0; 64 * 1024];
    let Ok(length) = flistxattr(&from, &mut names[..]) else {
        return;
    };
    let mut value = vec![0; 64 * 1024];
    for name in names[..length].split(|byte| *byte == 0) {
        let taken_away = [
            &b"security.capability"[..],
            b"security.ima",
            b"security.evm",
        ];
        if name.is_empty() || taken_away.contains(&name) {
            continue;
        }
        let Ok(name) = std::ffi::CString::new(name) else {
            continue;
        };
        if let Ok(length) = fgetxattr(&from, name.as_c_str(), &mut value[..]) {
            let _ = fsetxattr(to, name.as_c_str(), &value[..length], XattrFlags::empty());
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn copy_attributes(_from: &Path, _to: &File) {}

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

/// Whether others than the owner can read a file; false for one that is not there,
/// and where there are no modes.
pub fn is_exposed(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Narrows a file to its owner (mode 0600); a missing one is no error.
///
/// # Errors
/// Any I/O error of changing the mode.
pub fn make_private(path: &Path) -> io::Result<()> {
    if !is_exposed(path) {
        return Ok(());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
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

/// Puts a new private file in place as one step, but leaves it to the system when
/// it reaches the disk: after a power failure it may be empty. For caches and
/// stores that check what they read.
///
/// # Errors
/// Any I/O error; no temporary file is left.
pub fn write_unsynced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let (temp, mut file) = create_temp(parent, 0o600)?;
    let result = file.write_all(bytes).and_then(|()| fs::rename(&temp, path));
    if result.is_err() {
        let _ = fs::remove_file(&temp);
    }
    result
}

/// Makes a symbolic link. On Windows only Unix-made links to files are meant.
///
/// # Errors
/// Any I/O error; `AlreadyExists` when something is there.
pub fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::symlink(target, link);
    #[cfg(windows)]
    return std::os::windows::fs::symlink_file(target, link);
}

/// Sets the modification time of a file to now.
///
/// # Errors
/// Any I/O error.
pub fn touch(path: &Path) -> io::Result<()> {
    File::open(path)?.set_modified(std::time::SystemTime::now())
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
    let mut source = not_followed(OpenOptions::new().read(true)).open(from)?;
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

/// Called before each system call of a write, so that tests can stop it there.
#[cfg(not(test))]
const fn step() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
use faults::step;

#[cfg(test)]
mod faults {
    use std::cell::Cell;
    use std::io;

    /// What happens at a step.
    #[derive(Clone, Copy)]
    pub(super) enum Fault {
        /// The process ends: nothing is cleaned up.
        Crash,
        /// The disk is full.
        Full,
    }

    thread_local! {
        /// Steps until the fault.
        pub(super) static NEXT: Cell<Option<(usize, Fault)>> = const { Cell::new(None) };
    }

    pub(super) fn step() -> io::Result<()> {
        match NEXT.take() {
            Some((0, Fault::Crash)) => std::panic::resume_unwind(Box::new("killed")),
            Some((0, Fault::Full)) => Err(io::ErrorKind::StorageFull.into()),
            Some((more, fault)) => {
                NEXT.set(Some((more - 1, fault)));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

#[cfg(all(test, unix))]
#[path = "fs_tests.rs"]
mod tests;
