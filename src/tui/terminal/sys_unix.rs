//! Terminal, signals and the reader thread on Unix.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{self, OptionalActions, Termios};

use super::burst;
use super::guard;
use super::input::{Input, Parser};
use super::scrollback::Size;

/// What the reader thread reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// Keys, pastes, answers, in order.
    Input(Vec<Input>),
    /// The window may have another size.
    Resized,
    /// The program was continued after a stop.
    Continued,
    /// The program is asked to stop for now (SIGTSTP from outside).
    Stop,
    /// The program has to end, by this signal.
    End(i32),
    /// The terminal is gone.
    Closed,
}

/// SIGHUP, for a terminal that is gone.
pub const HANGUP: i32 = libc::SIGHUP;

static COOKED: OnceLock<Termios> = OnceLock::new();
static SIGNAL_PIPE: AtomicI32 = AtomicI32::new(-1);
/// Another program has the terminal.
static PAUSED: AtomicBool = AtomicBool::new(false);
/// The reader has seen that, and reads nothing.
static PARKED: Mutex<bool> = Mutex::new(false);
static PARKED_CHANGED: Condvar = Condvar::new();
/// A byte in the pipe that is no signal: look up what is to be done.
const WAKE: i32 = 0;
/// How long the reader may take to see that it is to pause.
const PARK_WAIT: Duration = Duration::from_secs(1);
const SIGNALS: [i32; 6] = [
    libc::SIGWINCH,
    libc::SIGCONT,
    libc::SIGTSTP,
    libc::SIGTERM,
    libc::SIGHUP,
    libc::SIGINT,
];

fn stdin() -> BorrowedFd<'static> {
    rustix::stdio::stdin()
}

fn stdout() -> BorrowedFd<'static> {
    rustix::stdio::stdout()
}

/// Both standard input and output are terminals.
pub fn is_terminal() -> bool {
    termios::isatty(stdin()) && termios::isatty(stdout())
}

/// Columns and rows; 80 by 24 where the terminal does not tell.
pub fn size() -> Size {
    let (cols, rows) = termios::tcgetwinsize(stdout())
        .map(|size| (size.ws_col, size.ws_row))
        .unwrap_or_default();
    Size {
        cols: if cols == 0 { 80 } else { cols },
        rows: if rows == 0 { 24 } else { rows },
    }
}

/// Switches to raw mode; the settings of the first call are what [`cooked`] restores.
///
/// # Errors
/// When the terminal refuses.
pub fn raw() -> io::Result<()> {
    let current = termios::tcgetattr(stdin())?;
    let mut raw = COOKED.get_or_init(|| current).clone();
    raw.make_raw();
    termios::tcsetattr(stdin(), OptionalActions::Now, &raw)?;
    Ok(())
}

/// Restores the settings found at the start.
pub fn cooked() {
    if let Some(settings) = COOKED.get() {
        // Nothing can be done about a terminal that is gone.
        let _ = termios::tcsetattr(stdin(), OptionalActions::Now, settings);
    }
}

/// Writes all bytes to the terminal; waits while it is busy.
///
/// # Errors
/// When the terminal is gone.
pub fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(stdout(), bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => {
                wait(&[stdout()], PollFlags::OUT, None)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn wait(
    fds: &[BorrowedFd<'_>],
    flags: PollFlags,
    timeout: Option<Duration>,
) -> io::Result<Vec<bool>> {
    let mut polled: Vec<PollFd<'_>> = fds
        .iter()
        .map(|fd| PollFd::from_borrowed_fd(*fd, flags))
        .collect();
    let limit = timeout.map(|timeout| Timespec {
        tv_sec: timeout.as_secs().cast_signed(),
        tv_nsec: i64::from(timeout.subsec_nanos()),
    });
    match poll(&mut polled, limit.as_ref()) {
        Ok(_) => {}
        Err(rustix::io::Errno::INTR) => return Ok(vec![false; fds.len()]),
        Err(error) => return Err(error.into()),
    }
    Ok(polled.iter().map(|fd| !fd.revents().is_empty()).collect())
}

extern "C" fn on_signal(signal: libc::c_int) {
    let fd = SIGNAL_PIPE.load(Ordering::Relaxed);
    let byte = signal as u8;
    // SAFETY: write is async-signal-safe, the byte outlives the call, and the
    // interrupted code finds its errno again. A full pipe drops the byte: earlier
    // ones are still to be read.
    unsafe {
        let errno = errno_place();
        let saved = *errno;
        libc::write(fd, std::ptr::from_ref(&byte).cast(), 1);
        *errno = saved;
    }
}

#[cfg(any(target_os = "linux", target_os = "emscripten"))]
unsafe fn errno_place() -> *mut libc::c_int {
    // SAFETY: always valid for the calling thread.
    unsafe { libc::__errno_location() }
}

#[cfg(not(any(target_os = "linux", target_os = "emscripten")))]
unsafe fn errno_place() -> *mut libc::c_int {
    // SAFETY: always valid for the calling thread.
    unsafe { libc::__error() }
}

fn handle(signal: i32, handler: libc::sighandler_t) {
    // SAFETY: a zeroed sigaction is valid; the handler is an extern "C" function
    // that only does async-signal-safe work, or one of the constants.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_RESTART;
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(signal, &raw const action, std::ptr::null_mut());
    }
}

/// Starts the only reader of the terminal's input. It reports until `report`
/// returns false. While `bracketed` is false, pastes are guessed from their speed.
///
/// # Errors
/// When no pipe or thread can be had.
pub fn start_reader(
    bracketed: Arc<AtomicBool>,
    report: impl Fn(Report) -> bool + Send + 'static,
) -> io::Result<()> {
    use rustix::pipe::{PipeFlags, pipe_with};
    let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    let raw = {
        use std::os::fd::IntoRawFd;
        // Signals may come until the process ends, so the pipe is never closed.
        write.into_raw_fd()
    };
    SIGNAL_PIPE.store(raw, Ordering::Relaxed);
    let handler = on_signal as extern "C" fn(libc::c_int);
    for signal in SIGNALS {
        handle(signal, handler as libc::sighandler_t);
    }
    std::thread::Builder::new()
        .name("terminal-input".into())
        .spawn(move || read_loop(&read, &bracketed, &report))?;
    Ok(())
}

/// How long the main thread may take to end after a signal: it may hang in a
/// write to a terminal that no longer reads.
const END_WAIT: Duration = Duration::from_secs(4);

/// How long a lone Escape waits for the rest of a sequence.
const ESCAPE_WAIT: Duration = Duration::from_millis(25);

/// Leaves the terminal's input to another program; returns when nothing of it is
/// read any more. Signals from its keyboard are that program's as well.
pub fn pause_input() {
    PAUSED.store(true, Ordering::SeqCst);
    on_signal(WAKE);
    let parked = PARKED.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = PARKED_CHANGED.wait_timeout_while(parked, PARK_WAIT, |parked| !*parked);
}

/// Reads the terminal's input again.
pub fn resume_input() {
    PAUSED.store(false, Ordering::SeqCst);
    on_signal(WAKE);
}

fn park(now: bool) {
    *PARKED.lock().unwrap_or_else(PoisonError::into_inner) = now;
    PARKED_CHANGED.notify_all();
}

fn read_loop(signals: &OwnedFd, bracketed: &AtomicBool, report: &dyn Fn(Report) -> bool) {
    let mut reader = Reader {
        parser: Parser::default(),
        buffer: vec![0; 64 * 1024],
    };
    let mut given_up = false;
    loop {
        if PAUSED.load(Ordering::SeqCst) {
            park(true);
            if wait(&[signals.as_fd()], PollFlags::IN, None).is_err()
                || !read_signals(signals, report)
            {
                return;
            }
            continue;
        }
        park(false);
        let timeout = (reader.parser.is_waiting() && !given_up).then_some(ESCAPE_WAIT);
        given_up = false;
        let Ok(ready) = wait(&[stdin(), signals.as_fd()], PollFlags::IN, timeout) else {
            break;
        };
        if ready[1] && !read_signals(signals, report) {
            return;
        }
        let input = if ready[0] {
            match reader.read(bracketed.load(Ordering::Relaxed)) {
                Some(input) => input,
                None => break,
            }
        } else if timeout.is_some() && !ready[1] {
            // A cut answer stays: whatever comes next completes or ends it.
            given_up = true;
            reader.parser.flush()
        } else {
            continue;
        };
        if !input.is_empty() && !report(Report::Input(input)) {
            return;
        }
    }
    report(Report::Closed);
}

struct Reader {
    parser: Parser,
    buffer: Vec<u8>,
}

impl Reader {
    /// What is there to read; nothing when the terminal is gone.
    fn read(&mut self, bracketed: bool) -> Option<Vec<Input>> {
        let mut input = self.read_once()?;
        if !bracketed {
            while burst::may_go_on(&input)
                && wait(&[stdin()], PollFlags::IN, Some(burst::PAUSE)).ok()?[0]
            {
                input.extend(self.read_once()?);
            }
            burst::join(&mut input);
        }
        Some(input)
    }

    fn read_once(&mut self) -> Option<Vec<Input>> {
        match rustix::io::read(stdin(), &mut self.buffer) {
            Ok(0) => None,
            Ok(count) => Some(self.parser.feed(&self.buffer[..count])),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Some(Vec::new()),
            Err(_) => None,
        }
    }
}

fn read_signals(signals: &OwnedFd, report: &dyn Fn(Report) -> bool) -> bool {
    let mut bytes = [0; 64];
    let Ok(count) = rustix::io::read(signals, &mut bytes) else {
        return true;
    };
    let paused = PAUSED.load(Ordering::SeqCst);
    let mut signals = bytes[..count].iter().filter(|byte| {
        let signal = i32::from(**byte);
        let by_key = matches!(signal, libc::SIGINT | libc::SIGTSTP | libc::SIGCONT);
        signal != WAKE && !(paused && by_key)
    });
    signals.all(|byte| {
        report(match i32::from(*byte) {
            libc::SIGWINCH => Report::Resized,
            libc::SIGCONT => Report::Continued,
            libc::SIGTSTP => Report::Stop,
            other => {
                guard::end_within(END_WAIT, other);
                Report::End(other)
            }
        })
    })
}

/// A shell manages the program as a job: it writes to the terminal when the
/// program is stopped.
pub fn is_job() -> bool {
    use rustix::process::{getpgid, getpgrp, getppid, getsid};
    let group = getpgrp();
    let leads = getsid(None).is_ok_and(|session| session == group);
    !leads && getpgid(getppid()).is_ok_and(|parents| parents != group)
}

/// Stops the whole process group as Ctrl+Z does; returns when it is continued.
pub fn stop() {
    handle(libc::SIGTSTP, libc::SIG_DFL);
    // SAFETY: kill has no memory effects; 0 is the own process group.
    unsafe {
        libc::kill(0, libc::SIGTSTP);
    }
    let handler = on_signal as extern "C" fn(libc::c_int);
    handle(libc::SIGTSTP, handler as libc::sighandler_t);
}
