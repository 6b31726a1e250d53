//! The last lines a server wrote to its error stream: its log, not its errors.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::stdx::redact::Secrets;
use crate::stdx::text::{self, Cleaner, Utf8Stream};

/// Lines kept.
const LINES: usize = 100;
/// Longest line kept, in characters.
const LONGEST: usize = 400;

/// Shared by everybody who looks at it.
#[derive(Debug, Clone, Default)]
pub(super) struct Stderr(Arc<Mutex<VecDeque<String>>>);

impl Stderr {
    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lines, oldest first.
    pub(super) fn lines(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    /// The last few lines as the end of a sentence; empty when there are none.
    pub(super) fn last_words(&self) -> String {
        let lines = self.lock();
        let last: Vec<&str> = lines.iter().rev().take(4).map(String::as_str).collect();
        match last.is_empty() {
            true => String::new(),
            false => {
                let last: Vec<&str> = last.into_iter().rev().collect();
                format!("; its last words: {}", last.join(" | "))
            }
        }
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn push(&self, line: &str, secrets: &Secrets) {
        let line = secrets.redact(line.trim_end());
        if line.trim().is_empty() {
            return;
        }
        let mut lines = self.lock();
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(text::one_line(&line, LONGEST));
    }

    /// Reads until the end of the stream.
    pub(super) fn follow(
        &self,
        mut stream: impl AsyncRead + Unpin + Send + 'static,
        secrets: Secrets,
    ) {
        let ring = self.clone();
        tokio::spawn(async move {
            let (mut utf8, mut cleaner) = (Utf8Stream::default(), Cleaner::default());
            let (mut bytes, mut line) = ([0; 8192], String::new());
            while let Ok(read @ 1..) = stream.read(&mut bytes).await {
                let (mut raw, mut clean) = (String::new(), String::new());
                utf8.push(&bytes[..read], &mut raw);
                cleaner.push(&raw, &mut clean);
                line.push_str(&clean);
                while let Some(end) = line.find('\n') {
                    ring.push(&line[..end], &secrets);
                    line.drain(..=end);
                }
                if line.len() > 16 * 1024 {
                    ring.push(&std::mem::take(&mut line), &secrets);
                }
            }
            ring.push(&line, &secrets);
        });
    }
}
