//! Terminal and reader thread where there is no termios (Windows), through crossterm.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crossterm::event::{Event, KeyEventKind, read};
use crossterm::{terminal, tty::IsTty as _};

use super::input::{Input, Key};
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
    /// The program is asked to stop for now.
    Stop,
    /// The program has to end, by this signal.
    End(i32),
    /// The terminal is gone.
    Closed,
}

/// Exit status base of a terminal that is gone.
pub const HANGUP: i32 = 1;

/// Both standard input and output are terminals.
pub fn is_terminal() -> bool {
    io::stdin().is_tty() && io::stdout().is_tty()
}

/// Columns and rows; 80 by 24 where the terminal does not tell.
pub fn size() -> Size {
    let (cols, rows) = terminal::size().unwrap_or((80, 24));
    Size {
        cols: cols.max(1),
        rows: rows.max(1),
    }
}

/// Switches to raw mode.
///
/// # Errors
/// When the terminal refuses.
pub fn raw() -> io::Result<()> {
    #[cfg(windows)]
    crossterm::ansi_support::supports_ansi();
    terminal::enable_raw_mode()
}

/// Restores the settings found at the start.
pub fn cooked() {
    // Nothing can be done about a terminal that is gone.
    let _ = terminal::disable_raw_mode();
}

/// Writes all bytes to the terminal.
///
/// # Errors
/// When the terminal is gone.
pub fn write_all(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Starts the only reader of the terminal's input; it reports until `report`
/// returns false.
///
/// # Errors
/// When no thread can be had.
pub fn start_reader(
    _bracketed: Arc<AtomicBool>,
    report: impl Fn(Report) -> bool + Send + 'static,
) -> io::Result<()> {
    std::thread::Builder::new()
        .name("terminal-input".into())
        .spawn(move || {
            loop {
                let told = match read() {
                    Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => {
                        report(Report::Input(vec![Input::Key(Key {
                            code: key.code,
                            modifiers: key.modifiers,
                        })]))
                    }
                    Ok(Event::Paste(text)) => report(Report::Input(vec![Input::Paste(
                        text.replace("\r\n", "\n").replace('\r', "\n"),
                    )])),
                    Ok(Event::FocusGained) => report(Report::Input(vec![Input::Focus(true)])),
                    Ok(Event::FocusLost) => report(Report::Input(vec![Input::Focus(false)])),
                    Ok(Event::Resize(..)) => report(Report::Resized),
                    Ok(Event::Key(_) | Event::Mouse(_)) => true,
                    Err(_) => {
                        report(Report::Closed);
                        false
                    }
                };
                if !told {
                    return;
                }
            }
        })?;
    Ok(())
}

/// Editors here have windows of their own: nothing is to be left to them.
pub fn pause_input() {}

/// See [`pause_input`].
pub fn resume_input() {}

/// Programs cannot be stopped here, nor continued.
pub fn is_job() -> bool {
    false
}

/// Programs cannot be stopped here.
pub fn stop() {}
