//! System calls that no crate in use wraps, each behind a safe function.
//!
//! Everything here runs in the helper process, which has one thread.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// `mount_setattr` flags this room uses.
pub(super) const RDONLY: u64 = libc::MOUNT_ATTR_RDONLY;
pub(super) const NOSUID: u64 = libc::MOUNT_ATTR_NOSUID;

/// A path or argument for the kernel.
pub(super) fn cstring(text: impl AsRef<OsStr>) -> io::Result<CString> {
    CString::new(text.as_ref().as_bytes()).map_err(|_| io::ErrorKind::InvalidInput.into())
}

pub(in crate::exec::sandbox) fn check(result: i64) -> io::Result<i64> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// A raw system call.
macro_rules! call {
    ($number:expr $(, $arg:expr)* $(,)?) => {{
        // SAFETY: every pointer among the arguments comes from a reference or a
        // CString that lives across the call, with the length the call expects;
        // the kernel keeps none of them.
        #[allow(unsafe_code)]
        let result = unsafe { libc::syscall($number $(, $arg)*) };
        $crate::exec::sandbox::linux::sys::check(result)
    }};
}
pub(super) use call;

fn owned(fd: i64) -> io::Result<OwnedFd> {
    let fd = RawFd::try_from(fd).map_err(io::Error::other)?;
    // SAFETY: the descriptor was just returned by the kernel and belongs to nobody else.
    #[allow(unsafe_code)]
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Forks into new namespaces; 0 in the child.
pub(super) fn fork_into(namespaces: libc::c_int) -> io::Result<i32> {
    let flags = libc::c_long::from(namespaces | libc::SIGCHLD);
    let none = std::ptr::null::<libc::c_void>();
    let pid = call!(libc::SYS_clone, flags, none, none, none, none)?;
    i32::try_from(pid).map_err(io::Error::other)
}

/// Closes every descriptor from `first` on, or marks it to be closed at exec.
pub(super) fn close_from(first: u32, at_exec: bool) {
    let flags = if at_exec {
        libc::CLOSE_RANGE_CLOEXEC
    } else {
        0
    };
    // A kernel without the call is older than the others this room needs.
    let _ = call!(libc::SYS_close_range, first, u32::MAX, flags);
}

/// A detached copy of the mounts at a path; the path itself, not what a link names.
pub(super) fn clone_tree(path: &Path, recursive: bool) -> io::Result<OwnedFd> {
    let path = cstring(path)?;
    let mut flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC;
    flags |= libc::AT_SYMLINK_NOFOLLOW as u32;
    if recursive {
        flags |= libc::AT_RECURSIVE as u32;
    }
    owned(call!(
        libc::SYS_open_tree,
        libc::AT_FDCWD,
        path.as_ptr(),
        flags
    )?)
}

/// Attaches a detached mount at a path; the path itself, not what a link names.
pub(super) fn attach(tree: &OwnedFd, at: &Path) -> io::Result<()> {
    let at = cstring(at)?;
    call!(
        libc::SYS_move_mount,
        tree.as_raw_fd(),
        c"".as_ptr(),
        libc::AT_FDCWD,
        at.as_ptr(),
        libc::MOVE_MOUNT_F_EMPTY_PATH,
    )?;
    Ok(())
}

/// Adds attributes to a detached mount, or (with a path) to an attached one.
pub(super) fn set_attributes(tree: &OwnedFd, attributes: u64, recursive: bool) -> io::Result<()> {
    set(tree.as_raw_fd(), c"", attributes, recursive)
}

/// Adds attributes to the mounts from a path on.
pub(super) fn set_attributes_at(at: &Path, attributes: u64, recursive: bool) -> io::Result<()> {
    set(libc::AT_FDCWD, &cstring(at)?, attributes, recursive)
}

fn set(dir: RawFd, path: &CStr, attributes: u64, recursive: bool) -> io::Result<()> {
    let attr = libc::mount_attr {
        attr_set: attributes,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    let mut flags = libc::AT_EMPTY_PATH;
    if recursive {
        flags |= libc::AT_RECURSIVE;
    }
    call!(
        libc::SYS_mount_setattr,
        dir,
        path.as_ptr(),
        flags,
        &raw const attr,
        size_of::<libc::mount_attr>(),
    )?;
    Ok(())
}

/// A new file system, not attached anywhere yet. Options without a value are flags.
pub(super) fn new_fs(kind: &CStr, options: &[(&CStr, &CStr)]) -> io::Result<OwnedFd> {
    const SET_FLAG: u32 = 0;
    const SET_STRING: u32 = 1;
    const CREATE: u32 = 6;
    let null = std::ptr::null::<libc::c_char>();
    let context = owned(call!(libc::SYS_fsopen, kind.as_ptr(), 1u32)?)?;
    let fd = context.as_raw_fd();
    for (key, value) in options {
        if value.is_empty() {
            call!(libc::SYS_fsconfig, fd, SET_FLAG, key.as_ptr(), null, 0)?;
        } else {
            let (key, value) = (key.as_ptr(), value.as_ptr());
            call!(libc::SYS_fsconfig, fd, SET_STRING, key, value, 0)?;
        }
    }
    call!(libc::SYS_fsconfig, fd, CREATE, null, null, 0)?;
    owned(call!(libc::SYS_fsmount, fd, 1u32, NOSUID as u32)?)
}

/// Keeps mount changes from travelling between this namespace and others.
pub(super) fn make_private() -> io::Result<()> {
    let null = std::ptr::null::<libc::c_char>();
    let flags = libc::MS_REC | libc::MS_PRIVATE;
    call!(
        libc::SYS_mount,
        c"none".as_ptr(),
        c"/".as_ptr(),
        null,
        flags,
        null
    )?;
    Ok(())
}

/// `prctl` with up to two values.
pub(super) fn prctl(option: libc::c_int, second: u64, third: u64) -> io::Result<()> {
    call!(libc::SYS_prctl, option, second, third, 0u64, 0u64)?;
    Ok(())
}

/// Switches the loopback interface of this network namespace on.
pub(super) fn loopback_up() -> io::Result<()> {
    let kind = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC;
    let socket = owned(call!(libc::SYS_socket, libc::AF_INET, kind, 0)?)?;
    // struct ifreq: 16 bytes of name, then the flags.
    let mut request = [0u8; 40];
    request[..2].copy_from_slice(b"lo");
    let flags = (libc::IFF_UP | libc::IFF_RUNNING) as u16;
    request[16..18].copy_from_slice(&flags.to_ne_bytes());
    let fd = socket.as_raw_fd();
    call!(
        libc::SYS_ioctl,
        fd,
        libc::SIOCSIFFLAGS,
        request.as_mut_ptr()
    )?;
    Ok(())
}

/// Sets a limit to at most `most`; a lower one stays.
pub(super) fn limit(resource: rustix::process::Resource, most: u64) {
    let now = rustix::process::getrlimit(resource);
    let lower = |value: Option<u64>| Some(value.map_or(most, |value| value.min(most)));
    let _ = rustix::process::setrlimit(
        resource,
        rustix::process::Rlimit {
            current: lower(now.current),
            maximum: lower(now.maximum),
        },
    );
}

/// Drops every capability that is not in `keep` (a bit mask), for good.
pub(super) fn drop_capabilities(keep: u64) -> io::Result<()> {
    const VERSION_3: u32 = 0x2008_0522;
    for capability in 0..64u64 {
        // Numbers the kernel does not know are refused: there is nothing to drop.
        if keep & (1 << capability) == 0 {
            let _ = prctl(libc::PR_CAPBSET_DROP, capability, 0);
        }
    }
    let _ = prctl(
        libc::PR_CAP_AMBIENT,
        libc::PR_CAP_AMBIENT_CLEAR_ALL as u64,
        0,
    );
    let header = [VERSION_3, 0];
    let (low, high) = (keep as u32, (keep >> 32) as u32);
    // Effective, permitted, inheritable; low words, then high words.
    let data = [low, low, 0, high, high, 0];
    call!(libc::SYS_capset, header.as_ptr(), data.as_ptr())?;
    Ok(())
}

/// Waits for a signal out of the set.
pub(super) fn wait_signal(set: u64) -> i32 {
    let null = std::ptr::null::<libc::c_void>();
    call!(
        libc::SYS_rt_sigtimedwait,
        &raw const set,
        null,
        null,
        8usize
    )
    .ok()
    .and_then(|signal| i32::try_from(signal).ok())
    .unwrap_or(0)
}

/// Blocks exactly the signals of the set.
pub(super) fn block_signals(set: u64) {
    let null = std::ptr::null::<libc::c_void>();
    let how = libc::SIG_SETMASK;
    let _ = call!(libc::SYS_rt_sigprocmask, how, &raw const set, null, 8usize);
}

/// The set with one signal.
pub(super) fn signal_bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

/// Gives every signal its default action (ignoring is inherited through exec).
pub(super) fn default_signals() {
    for signal in 1..32 {
        // SAFETY: SIG_DFL is a valid action, installs no code, and KILL and STOP
        // are refused by the call itself.
        #[allow(unsafe_code)]
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
        }
    }
}

/// Waits for a child (-1: any); its id and raw status.
pub(super) fn wait_child(pid: i32) -> io::Result<(i32, i32)> {
    let mut status = 0i32;
    let null = std::ptr::null::<libc::c_void>();
    loop {
        match call!(libc::SYS_wait4, pid, &raw mut status, 0, null) {
            Ok(child) => return Ok((i32::try_from(child).unwrap_or(-1), status)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Sends a signal.
pub(super) fn kill(pid: i32, signal: i32) {
    let _ = call!(libc::SYS_kill, pid, signal);
}

/// Ends this process at once, without running anything else.
pub(super) fn exit(code: i32) -> ! {
    // SAFETY: takes no pointer and does not return.
    #[allow(unsafe_code)]
    unsafe {
        libc::_exit(code)
    }
}

/// Replaces this process by a program found through `PATH`; returns only on failure.
pub(super) fn exec(program: &CStr, args: &[CString]) -> io::Error {
    let mut pointers: Vec<*const libc::c_char> = args.iter().map(|arg| arg.as_ptr()).collect();
    pointers.push(std::ptr::null());
    // SAFETY: a NUL-terminated program and a null-terminated array of
    // NUL-terminated arguments, all of which outlive the call.
    #[allow(unsafe_code)]
    unsafe {
        libc::execvp(program.as_ptr(), pointers.as_ptr());
    }
    io::Error::last_os_error()
}

/// A pipe that closes at exec: reading end, writing end.
pub(super) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0i32; 2];
    call!(libc::SYS_pipe2, ends.as_mut_ptr(), libc::O_CLOEXEC)?;
    Ok((owned(ends[0].into())?, owned(ends[1].into())?))
}

/// Opens for writing and writes, for the files of `/proc`.
pub(super) fn write_proc(path: &str, text: &str) -> io::Result<()> {
    use rustix::fs::{Mode, OFlags};
    let file = rustix::fs::open(path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::io::write(&file, text.as_bytes())?;
    Ok(())
}
