//! A terminal pair for programs that insist on one.

use std::ffi::CStr;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Mode, OFlags};
use rustix::termios::Winsize;
use tokio::process::Command;

/// Size of the terminal, in characters.
const COLUMNS: u16 = 120;
const ROWS: u16 = 40;

/// The two ends.
pub(in crate::exec) struct Pty {
    /// What the program writes comes out here, and what is written is its input.
    pub(in crate::exec) master: OwnedFd,
    /// The program's end.
    pub(in crate::exec) slave: OwnedFd,
}

/// Opens a pair; the master does not block.
#[allow(unsafe_code)]
pub(in crate::exec) fn open() -> io::Result<Pty> {
    // The name of the other end is in memory that the next caller overwrites.
    static NAMING: Mutex<()> = Mutex::new(());
    // SAFETY: takes flags only; the result is checked.
    let fd = unsafe { libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just returned and belongs to nobody else.
    let master = unsafe { OwnedFd::from_raw_fd(fd) };
    rustix::io::fcntl_setfd(&master, rustix::io::FdFlags::CLOEXEC)?;
    let held = NAMING.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: both calls take an open master; their results are checked.
    if unsafe { libc::grantpt(fd) } != 0 || unsafe { libc::unlockpt(fd) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: an open master; the result is null or a string that stays until the
    // next call, which the lock holds off while it is copied.
    let name = unsafe {
        let name = libc::ptsname(fd);
        if name.is_null() {
            return Err(io::Error::last_os_error());
        }
        CStr::from_ptr(name).to_owned()
    };
    drop(held);
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let slave = rustix::fs::open(name.as_c_str(), flags, Mode::empty())?;
    rustix::termios::tcsetwinsize(
        &slave,
        Winsize {
            ws_row: ROWS,
            ws_col: COLUMNS,
            ws_xpixel: 0,
            ws_ypixel: 0,
        },
    )?;
    let flags = rustix::fs::fcntl_getfl(&master)?;
    rustix::fs::fcntl_setfl(&master, flags | OFlags::NONBLOCK)?;
    Ok(Pty { master, slave })
}

/// Makes the child's standard input its controlling terminal. After
/// [`super::detach`]: only the leader of a session may have one.
#[allow(unsafe_code)]
pub(in crate::exec) fn control(command: &mut Command) {
    let in_child = || {
        rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
        Ok(())
    };
    // SAFETY: the closure runs in the forked child before exec: one plain system
    // call, nothing allocated, no lock taken, nothing captured.
    unsafe {
        command.pre_exec(in_child);
    }
}
