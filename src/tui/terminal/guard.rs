//! Terminal modes: switched on at the start, and off by one function whatever
//! ends or stops the program.

use std::io::{self, Write as _};
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crate::stdx::text::{clean, one_line};
use crate::stdx::{clock, fs, redact};

use super::sys;

/// Bracketed paste, focus, disambiguated keys.
const MODES_ON: &[u8] = b"\x1b[?2004h\x1b[?1004h\x1b[>1u";
/// xterm, and tmux after it, are asked for the same in another way.
const MODIFIED_KEYS_ON: &[u8] = b"\x1b[>4;2m";
const MODIFIED_KEYS_OFF: &[u8] = b"\x1b[>4m";
/// No synchronised update, wrap, no bracketed paste, no focus, keys as before, plain style, cursor shown.
const MODES_OFF: &[u8] = b"\x1b[?2026l\x1b[?7h\x1b[?2004l\x1b[?1004l\x1b[<u\x1b[m\x1b[?25h";
const ALTERNATE_ON: &[u8] = b"\x1b[?1049h";
/// What is left on that screen would be taken into the scrollback by a tmux whose
/// window changed meanwhile.
const ALTERNATE_OFF: &[u8] = b"\x1b[H\x1b[J\x1b[?1049l";
/// Who are you: version, secondary and primary attributes. The last one is
/// answered by nearly every terminal and closes the round.
const QUERIES: &[u8] = b"\x1b[>q\x1b[>c\x1b[c";
const BACKGROUND_QUERY: &[u8] = b"\x1b]11;?\x1b\\";

const SHAPE_OFF: &[u8] = b"\x1b[0 q";

static ACTIVE: AtomicBool = AtomicBool::new(false);
/// The alternate screen is shown.
static ALTERNATE: AtomicBool = AtomicBool::new(false);
static MODIFIED_KEYS: AtomicBool = AtomicBool::new(false);
/// The shape the cursor was given.
static SHAPE: AtomicU8 = AtomicU8::new(0);
/// One more than the rows between the viewport's first row and the cursor; 0
/// while nothing is drawn.
static ROWS_UP: AtomicU32 = AtomicU32::new(0);

/// Switches to raw mode and sets the modes, unless they are set. `modified_keys`:
/// also in xterm's way; once asked for it stays asked for.
///
/// # Errors
/// When the terminal refuses.
pub fn enter(modified_keys: bool) -> io::Result<()> {
    if ACTIVE.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    sys::raw()?;
    sys::write_all(MODES_ON)?;
    if modified_keys || MODIFIED_KEYS.load(Ordering::SeqCst) {
        ask_for_modified_keys()?;
    }
    Ok(())
}

/// Asks for modified keys in xterm's way.
///
/// # Errors
/// When the terminal is gone.
pub fn ask_for_modified_keys() -> io::Result<()> {
    MODIFIED_KEYS.store(true, Ordering::SeqCst);
    sys::write_all(MODIFIED_KEYS_ON)
}

/// Sets everything again after a stop the program was not told of.
///
/// # Errors
/// When the terminal refuses.
pub fn enter_again() -> io::Result<()> {
    if ACTIVE.swap(false, Ordering::SeqCst) {
        // Ours may still be on the stack of keyboard modes.
        sys::write_all(b"\x1b[<u")?;
    }
    enter(false)
}

/// Asks the terminal who it is; the answers come as input.
///
/// # Errors
/// When the terminal is gone.
pub fn query(background: bool) -> io::Result<()> {
    if background {
        sys::write_all(BACKGROUND_QUERY)?;
    }
    sys::write_all(QUERIES)
}

/// The modes are set.
pub fn is_active() -> bool {
    ACTIVE.load(Ordering::SeqCst)
}

/// Remembers where the viewport is, for whoever has to remove it.
pub fn viewport_drawn(rows_up: u16) {
    ROWS_UP.store(u32::from(rows_up) + 1, Ordering::SeqCst);
}

/// Switches to the alternate screen. `before` is written on the screen that is
/// left, in the same write.
///
/// # Errors
/// When the terminal is gone.
pub fn enter_alternate(mut before: Vec<u8>) -> io::Result<()> {
    ALTERNATE.store(true, Ordering::SeqCst);
    before.extend_from_slice(ALTERNATE_ON);
    sys::write_all(&before)
}

/// The bytes that bring the ordinary screen back, to be written at once; nothing
/// where it is shown.
pub fn leave_alternate() -> &'static [u8] {
    if ALTERNATE.swap(false, Ordering::SeqCst) {
        ALTERNATE_OFF
    } else {
        b""
    }
}

/// The alternate screen is shown.
pub fn is_alternate() -> bool {
    ALTERNATE.load(Ordering::SeqCst)
}

/// The bytes that give the cursor a shape, 0 for the terminal's own; none when it
/// has it already.
pub fn cursor_shape(shape: u8) -> Vec<u8> {
    if SHAPE.swap(shape, Ordering::SeqCst) == shape {
        return Vec::new();
    }
    format!("\x1b[{shape} q").into_bytes()
}

/// The terminal as it was: viewport gone, modes off, cursor at the start of a row.
/// Does nothing when that is done already.
pub fn restore() {
    if !ACTIVE.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = Vec::new();
    if ALTERNATE.swap(false, Ordering::SeqCst) {
        out.extend_from_slice(ALTERNATE_OFF);
    }
    if let Some(up) = ROWS_UP.swap(0, Ordering::SeqCst).checked_sub(1) {
        super::sgr::csi(&mut out, u16::try_from(up).unwrap_or(0), b'A');
        out.extend_from_slice(b"\r");
        out.extend_from_slice(super::scrollback::ERASE_FROM_ROW);
    }
    if SHAPE.swap(0, Ordering::SeqCst) != 0 {
        out.extend_from_slice(SHAPE_OFF);
    }
    if MODIFIED_KEYS.load(Ordering::SeqCst) {
        out.extend_from_slice(MODIFIED_KEYS_OFF);
    }
    out.extend_from_slice(MODES_OFF);
    // A terminal that is gone needs no restoring.
    let _ = sys::write_all(&out);
    sys::cooked();
}

/// Ends the process when it has not restored the terminal by then: the main
/// thread may hang in a write that nobody reads.
pub fn end_within(wait: Duration, signal: i32) {
    let waiting = move || {
        thread::sleep(wait);
        if ACTIVE.load(Ordering::SeqCst) {
            sys::cooked();
            std::process::exit(128 + signal);
        }
    };
    // Without a thread the main thread still ends as soon as it can.
    let _ = thread::Builder::new()
        .name("terminal-end".into())
        .spawn(waiting);
}

/// Makes a panic write a report into `reports` and say where it is: on the
/// screen when the thread `screen` panics, through `other` for other threads.
pub fn on_panic(
    reports: PathBuf,
    screen: ThreadId,
    other: impl Fn(String) + Send + Sync + 'static,
) {
    std::panic::set_hook(Box::new(move |info| {
        let said = report(&reports, info);
        if thread::current().id() == screen || !ACTIVE.load(Ordering::SeqCst) {
            restore();
            let _ = writeln!(io::stderr(), "{said}");
        } else {
            other(said);
        }
    }));
}

fn report(reports: &Path, info: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let body = format!(
        "sofos {} panicked in thread {}\n{info}\n\n{}\n",
        env!("CARGO_PKG_VERSION"),
        thread.name().unwrap_or("unnamed"),
        std::backtrace::Backtrace::force_capture(),
    );
    let body = redact::redact(&body).into_owned();
    // It may quote anything.
    let what = redact::redact(info.payload_as_str().unwrap_or("no message")).into_owned();
    let what = one_line(&clean(&what), 200);
    let path = reports.join(format!("panic-{}.txt", clock::now_ms()));
    let written = fs::create_private_dir(reports)
        .and_then(|()| fs::write_atomic(&path, body.as_bytes(), 0o600));
    match written {
        Ok(()) => format!(
            "sofos panicked ({what}); the report is in {}",
            path.display()
        ),
        Err(error) => format!(
            "sofos panicked ({what}), and the report could not be written to {}: {error}",
            path.display()
        ),
    }
}
