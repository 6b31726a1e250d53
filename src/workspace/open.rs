//! Opening files without ever blocking on what is not a file.

use std::fs::{File, Metadata};
use std::io::Read;

use super::FileError;
use crate::protocol::permission::ScopedPath;
use crate::stdx::fs as sfs;

/// Opens a regular file for reading. The path is resolved already: a link that
/// appeared anywhere in it since then is refused.
pub(super) fn regular(path: &ScopedPath) -> Result<(File, Metadata), FileError> {
    let fail = |source| FileError::io("read", path, source);
    // Before opening: opening a device may already do something.
    check_kind(path, &std::fs::symlink_metadata(path.real()).map_err(fail)?)?;
    let file = sfs::open_resolved(path.real()).map_err(fail)?;
    let meta = file.metadata().map_err(fail)?;
    check_kind(path, &meta)?;
    Ok((file, meta))
}

/// The whole of a regular file of at most `max` bytes.
pub(super) fn whole(
    path: &ScopedPath,
    max: u64,
    action: &'static str,
) -> Result<(Vec<u8>, Metadata), FileError> {
    let (file, meta) = regular(path)?;
    let too_large = |bytes| FileError::TooLarge {
        path: path.display().to_string(),
        action,
        bytes,
    };
    if meta.len() > max {
        return Err(too_large(meta.len()));
    }
    let mut bytes = Vec::with_capacity(meta.len() as usize);
    // Files in /proc say they are empty, and a file may grow while it is read.
    file.take(max + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| FileError::io("read", path, source))?;
    if bytes.len() as u64 > max {
        return Err(too_large(bytes.len() as u64));
    }
    Ok((bytes, meta))
}

/// Refuses what is not a regular file.
pub(super) fn check_kind(path: &ScopedPath, meta: &Metadata) -> Result<(), FileError> {
    let kind = meta.file_type();
    if kind.is_file() {
        return Ok(());
    }
    if kind.is_dir() {
        return Err(FileError::IsDirectory(path.display().to_string()));
    }
    Err(FileError::Special {
        path: path.display().to_string(),
        kind: special(kind),
    })
}

#[cfg(unix)]
fn special(kind: std::fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_kind: std::fs::FileType) -> &'static str {
    "something special"
}
