//! Landlock: writing only below the named directories. A second layer below the
//! mounts, and the only one where namespaces are forbidden.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;

use super::sys::{self, call};

const CREATE_RULESET: libc::c_long = 444;
const ADD_RULE: libc::c_long = 445;
const RESTRICT_SELF: libc::c_long = 446;

const WRITE_FILE: u64 = 1 << 1;
const REMOVE_DIR: u64 = 1 << 4;
const MAKE_ALL: u64 = 0b1_1111_1100_0000;
const REFER: u64 = 1 << 13;
const TRUNCATE: u64 = 1 << 14;
const REMOVE_FILE: u64 = 1 << 5;
const SCOPE_ABSTRACT: u64 = 1;
const SCOPE_SIGNAL: u64 = 2;

/// `struct landlock_ruleset_attr`; older kernels take a prefix of it.
#[repr(C)]
struct Ruleset {
    files: u64,
    network: u64,
    scoped: u64,
}

/// `struct landlock_path_beneath_attr`.
#[repr(C, packed)]
struct Beneath {
    allowed: u64,
    parent: i32,
}

/// The version the kernel speaks; 0 for none.
pub(super) fn version() -> u32 {
    let null = std::ptr::null::<libc::c_void>();
    call!(CREATE_RULESET, null, 0usize, 1u32)
        .ok()
        .and_then(|version| u32::try_from(version).ok())
        .unwrap_or(0)
}

/// Allows this process and all it starts to write below these directories only.
/// Directories that cannot be opened are left out.
pub(super) fn restrict<'a>(writable: impl Iterator<Item = &'a Path>) -> io::Result<()> {
    let version = version();
    if version == 0 {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let mut files = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_ALL;
    if version >= 2 {
        files |= REFER;
    }
    if version >= 3 {
        files |= TRUNCATE;
    }
    let scoped = if version >= 6 {
        SCOPE_ABSTRACT | SCOPE_SIGNAL
    } else {
        0
    };
    let attributes = Ruleset {
        files,
        network: 0,
        scoped,
    };
    let size = match version {
        0..=3 => 8,
        4..=5 => 16,
        _ => size_of::<Ruleset>(),
    };
    let ruleset = call!(CREATE_RULESET, &raw const attributes, size, 0u32)?;
    let ruleset = i32::try_from(ruleset).map_err(io::Error::other)?;
    // SAFETY: the descriptor was just returned by the kernel and belongs to nobody else.
    #[allow(unsafe_code)]
    let ruleset = unsafe { OwnedFd::from_raw_fd(ruleset) };
    for path in writable {
        use rustix::fs::{Mode, OFlags};
        let Ok(fd) = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) else {
            continue;
        };
        let is_dir =
            rustix::fs::fstat(&fd).is_ok_and(|stat| stat.st_mode & libc::S_IFMT == libc::S_IFDIR);
        // Only some rights make sense for a file; the others are refused.
        let fit = if is_dir {
            files
        } else {
            files & (WRITE_FILE | TRUNCATE)
        };
        let rule = Beneath {
            allowed: fit,
            parent: fd.as_raw_fd(),
        };
        call!(ADD_RULE, ruleset.as_raw_fd(), 1u32, &raw const rule, 0u32)?;
    }
    sys::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0)?;
    call!(RESTRICT_SELF, ruleset.as_raw_fd(), 0u32)?;
    Ok(())
}
