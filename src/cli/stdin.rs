//! Standard input of a one-shot run: added to the prompt, never waited for in vain.

use std::io::{self, IsTerminal, Read};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// How long an open pipe may be silent before the run goes on without it. A
/// pipe that nobody writes to and nobody closes is common under other programs.
const FIRST_BYTE: Duration = Duration::from_secs(3);

/// Largest input taken, in bytes; far beyond what a model reads.
const MAX: usize = 10 * 1024 * 1024;

/// What came in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Nothing: a terminal, no input, or an empty one.
    None,
    /// Text; bytes that are not UTF-8 became U+FFFD.
    Text(String),
    /// The pipe is open, and nothing came.
    Silent,
    /// There is more than is taken.
    TooLong,
}

/// Reads standard input, when it is not a terminal.
pub(super) fn read() -> Input {
    if io::stdin().is_terminal() {
        return Input::None;
    }
    let (sender, receiver) = mpsc::channel();
    // A blocked read cannot be called off; the thread ends with the process.
    std::thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match stdin.read(&mut buffer) {
                Ok(0) | Err(_) => return,
                Ok(n) if sender.send(buffer[..n].to_vec()).is_err() => return,
                Ok(_) => {}
            }
        }
    });
    let mut bytes = match receiver.recv_timeout(FIRST_BYTE) {
        Ok(bytes) => bytes,
        Err(RecvTimeoutError::Timeout) => return Input::Silent,
        Err(RecvTimeoutError::Disconnected) => return Input::None,
    };
    for piece in receiver {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX {
            return Input::TooLong;
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if text.trim().is_empty() {
        Input::None
    } else {
        Input::Text(text)
    }
}

/// The prompt with the input below it.
pub(super) fn join(prompt: &str, input: &str) -> String {
    if prompt.trim().is_empty() {
        return input.to_string();
    }
    format!(
        "{prompt}\n\n<stdin>\n{}\n</stdin>",
        input.trim_end_matches('\n')
    )
}
