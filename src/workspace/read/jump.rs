//! Getting far into a large file: lines are counted by several threads.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Bytes that one thread counts at a time.
const BLOCK: u64 = 4 * 1024 * 1024;
/// Bytes read at once; they stay in a core's cache.
const BUFFER: usize = 128 * 1024;
const MOST_THREADS: usize = 8;

/// A place in a file that is no further than the one looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Jump {
    /// In bytes.
    pub(super) at: u64,
    /// Line ends before it.
    pub(super) lines: u64,
    /// The byte before it is no line end.
    pub(super) inside: bool,
}

/// A place before the end of line `lines`, as far on as whole blocks go.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn towards(file: &File, size: u64, lines: u64) -> io::Result<Jump> {
    if size < 2 * BLOCK {
        return Ok(Jump::default());
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = Work {
        file,
        size,
        lines,
        next: AtomicU64::new(0),
        done: AtomicBool::new(false),
        counts: Mutex::new(Counts::default()),
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(MOST_THREADS))
            .map(|_| scope.spawn(|| work.run()))
            .collect();
        let mut result = work.run();
        for other in others {
            let ended = other.join().unwrap_or(Ok(()));
            result = result.and(ended);
        }
        result
    })?;
    let counts = work
        .counts
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    Ok(counts.reached)
}

struct Work<'a> {
    file: &'a File,
    size: u64,
    lines: u64,
    /// The next block to count.
    next: AtomicU64,
    done: AtomicBool,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    /// Blocks that are counted while one before them is not.
    ahead: BTreeMap<u64, (u64, bool)>,
    reached: Jump,
}

impl Work<'_> {
    fn run(&self) -> io::Result<()> {
        let mut buffer = vec![0; BUFFER];
        while !self.done.load(Ordering::Relaxed) {
            let block = self.next.fetch_add(1, Ordering::Relaxed);
            // The last block, if it is not whole, is left to be read line by line.
            if (block + 1) * BLOCK > self.size {
                break;
            }
            let counted = self.count(block * BLOCK, &mut buffer);
            let counted = counted.inspect_err(|_| self.done.store(true, Ordering::Relaxed))?;
            if self.put(block, counted).is_break() {
                self.done.store(true, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// Line ends of a block, and whether it ends inside a line.
    fn count(&self, start: u64, buffer: &mut [u8]) -> io::Result<(u64, bool)> {
        let (mut at, mut lines, mut inside) = (start, 0, false);
        while at < start + BLOCK {
            let room = buffer.len().min((start + BLOCK - at) as usize);
            let length = match read_at(self.file, &mut buffer[..room], at) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            lines += memchr::memchr_iter(b'\n', &buffer[..length]).count() as u64;
            inside = buffer[length - 1] != b'\n';
            at += length as u64;
        }
        Ok((lines, inside))
    }

    /// Takes a block's count; breaks when the line is in it or before.
    fn put(&self, block: u64, counted: (u64, bool)) -> ControlFlow<()> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.ahead.insert(block, counted);
        loop {
            let Jump { at, lines, .. } = counts.reached;
            let Some((more, inside)) = counts.ahead.remove(&(at / BLOCK)) else {
                return ControlFlow::Continue(());
            };
            if lines + more >= self.lines {
                return ControlFlow::Break(());
            }
            counts.reached = Jump {
                at: at + BLOCK,
                lines: lines + more,
                inside,
            };
        }
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}
