//! Reading a secret: from a pipe, or typed without being shown.

use std::io::{self, IsTerminal, Read, Write};

/// Longest secret that is read, in bytes.
const LONGEST: u64 = 16 * 1024;

/// Reads one line. At a terminal the prompt is shown and the typing is not; nothing
/// when it was given up.
///
/// # Errors
/// When standard input or the terminal cannot be used.
pub(super) fn read(prompt: &str) -> io::Result<Option<String>> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        let mut text = String::new();
        stdin.lock().take(LONGEST).read_to_string(&mut text)?;
        return Ok(Some(text.trim().to_string()));
    }
    let mut out = io::stderr();
    out.write_all(prompt.as_bytes())?;
    out.flush()?;
    let typed = silent();
    out.write_all(b"\n")?;
    typed
}

/// Turns the terminal's echo off while it lives.
#[cfg(unix)]
struct Silence(rustix::termios::Termios);

#[cfg(unix)]
impl Silence {
    fn new() -> io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        // Without signals, so that Ctrl+C comes as a key and the echo comes back.
        silent.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

#[cfg(unix)]
impl Drop for Silence {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // Nothing is left to try when the terminal is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

#[cfg(unix)]
fn silent() -> io::Result<Option<String>> {
    let _silence = Silence::new()?;
    let mut typed: Vec<u8> = Vec::new();
    for byte in io::stdin().lock().bytes().take(LONGEST as usize) {
        match byte? {
            b'\r' | b'\n' => break,
            // Ctrl+C, Ctrl+D, Escape
            0x03 | 0x04 | 0x1b => return Ok(None),
            0x7f | 0x08 => drop(typed.pop()),
            // Ctrl+U
            0x15 => typed.clear(),
            byte if byte >= 0x20 => typed.push(byte),
            _ => {}
        }
    }
    Ok(Some(String::from_utf8_lossy(&typed).trim().to_string()))
}

#[cfg(not(unix))]
fn silent() -> io::Result<Option<String>> {
    let words = "typing cannot be hidden here; pipe the key in";
    Err(io::Error::new(io::ErrorKind::Unsupported, words))
}
