//! Results of a size a model can read: the head and the tail, the whole on disk.
//!
//! [`limit`] cuts finished text. A [`Spill`] takes live output of a command in
//! bounded memory: it cleans it, keeps both ends, and streams the whole to disk
//! once it is longer than what is kept.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::protocol::tool::ToolBody;
use crate::stdx::fs as sfs;
use crate::stdx::redact::Redactor;
use crate::stdx::text::{self, Cleaner, Utf8Stream};
use crate::workspace::edit_match::CUT_MARK;

use super::ToolCx;

/// Bytes kept of the start of a long result.
pub const HEAD: usize = 10 * 1024;
/// Bytes kept of its end.
pub const TAIL: usize = 20 * 1024;
/// No built-in tool returns more bytes: a page of a file is the longest result.
pub const LARGEST: usize = 60 * 1024;
/// Largest output kept on disk, in bytes.
pub const DISK_CAP: u64 = 200 * 1024 * 1024;

/// Lines of an output shown to the user below a tool line.
const SHOWN_LINES: usize = 6;

/// Text for the model, cut when it is long; the whole is then saved under the
/// call's id and named in the cut mark.
pub fn limit(text: &str, cx: &ToolCx) -> String {
    let Some((head, tail)) = text::head_tail(text, HEAD, TAIL) else {
        return text.to_string();
    };
    let saved = save(text, &cx.outputs, &cx.call_id).ok();
    join(
        head,
        tail,
        text.len() as u64,
        &place(saved.as_deref(), cx.workspace.root(), None),
    )
}

/// Writes a text to a new file named after a call.
///
/// # Errors
/// Any I/O error.
pub fn save(text: &str, dir: &Path, call_id: &str) -> std::io::Result<PathBuf> {
    let (path, mut file) = create(dir, call_id, "txt")?;
    file.write_all(text.as_bytes())?;
    Ok(path)
}

fn create(dir: &Path, call_id: &str, extension: &str) -> std::io::Result<(PathBuf, File)> {
    sfs::create_private_dir(dir)?;
    let stem: String = call_id
        .chars()
        .filter(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_'))
        .take(64)
        .collect();
    let mut name = format!("{stem}.{extension}");
    loop {
        let path = dir.join(&name);
        match sfs::create_private(&path) {
            Ok(file) => return Ok((path, file)),
            // A resumed session may meet the same id again.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                name = format!("{stem}-{}.{extension}", crate::stdx::ids::random(6));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Where the whole output is, in words.
fn place(saved: Option<&Path>, root: &Path, capped: Option<u64>) -> String {
    match (saved, capped) {
        (Some(path), capped) => {
            let path = path.strip_prefix(root).unwrap_or(path).display();
            match capped {
                None => format!("whole output in {path}, read_file shows any part"),
                Some(bytes) => format!("first {bytes} bytes in {path}"),
            }
        }
        (None, _) => "the rest was not kept".to_string(),
    }
}

fn join(head: &str, tail: &str, total: u64, place: &str) -> String {
    let cut = total.saturating_sub((head.len() + tail.len()) as u64);
    let newline = if head.ends_with('\n') || head.is_empty() {
        ""
    } else {
        "\n"
    };
    format!("{head}{newline}{CUT_MARK} {cut} of {total} bytes; {place}]\n{tail}")
}

/// Takes the output of a running command.
#[derive(Debug)]
pub struct Spill {
    dir: PathBuf,
    root: PathBuf,
    call_id: String,
    decoder: Utf8Stream,
    lines: LineCleaner,
    redactor: Redactor,
    /// Bytes received.
    raw: u64,
    /// Start of what was received, to recognise binary data.
    sample: Vec<u8>,
    /// Where the bytes go once they are data; `raw` when that was noticed.
    binary: Option<Binary>,
    /// Cleaned text: its first bytes, its last bytes, its length.
    head: String,
    tail: VecDeque<String>,
    tail_bytes: usize,
    total: u64,
    line_count: usize,
    disk: Disk,
}

#[derive(Debug)]
enum Disk {
    /// Still short: everything is in memory.
    NotYet,
    Open {
        path: PathBuf,
        file: BufWriter<File>,
        written: u64,
    },
    /// The cap was reached.
    Full { path: PathBuf },
    /// The file could not be written.
    Failed,
}

impl Disk {
    fn open(dir: &Path, call_id: &str, extension: &str) -> Self {
        match create(dir, call_id, extension) {
            Ok((path, file)) => Self::Open {
                path,
                file: BufWriter::with_capacity(64 * 1024, file),
                written: 0,
            },
            Err(_) => Self::Failed,
        }
    }

    fn write(&mut self, piece: &[u8]) {
        let Self::Open {
            path,
            file,
            written,
        } = self
        else {
            return;
        };
        let room = DISK_CAP.saturating_sub(*written);
        let fits = &piece[..piece.len().min(usize::try_from(room).unwrap_or(usize::MAX))];
        if file.write_all(fits).is_err() {
            *self = Self::Failed;
            return;
        }
        *written += fits.len() as u64;
        if fits.len() < piece.len() {
            let path = path.clone();
            *self = match file.flush() {
                Ok(()) => Self::Full { path },
                Err(_) => Self::Failed,
            };
        }
    }
}

/// Output that is data rather than text.
#[derive(Debug)]
struct Binary {
    /// Bytes before it that were taken for text.
    text: u64,
    disk: Disk,
}

/// What became of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spilled {
    /// For the model; empty when there was no output.
    pub text: String,
    /// For the user: the last lines.
    pub body: ToolBody,
    /// Where the whole is, when `text` is not all of it.
    pub saved: Option<PathBuf>,
}

impl Spill {
    /// A spill for one call.
    pub fn new(cx: &ToolCx) -> Self {
        Self {
            dir: cx.outputs.clone(),
            root: cx.workspace.root().to_path_buf(),
            call_id: cx.call_id.clone(),
            decoder: Utf8Stream::default(),
            lines: LineCleaner::default(),
            redactor: Redactor::new(cx.env.secrets().clone()),
            raw: 0,
            sample: Vec::new(),
            binary: None,
            head: String::new(),
            tail: VecDeque::new(),
            tail_bytes: 0,
            total: 0,
            line_count: 0,
            disk: Disk::NotYet,
        }
    }

    /// Takes more output and returns what of it can be shown live.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.raw += bytes.len() as u64;
        if self.is_binary(bytes) {
            return String::new();
        }
        let mut decoded = String::with_capacity(bytes.len());
        self.decoder.push(bytes, &mut decoded);
        let mut lines = String::with_capacity(decoded.len());
        self.lines.push(&decoded, &mut lines);
        let mut clean = String::with_capacity(lines.len());
        self.redactor.push(&lines, &mut clean);
        self.keep(&clean);
        clean
    }

    /// What there is of a line that has not ended.
    pub fn open_line(&mut self) -> String {
        let (mut lines, mut clean) = (String::new(), String::new());
        if self.binary.is_none() {
            self.lines.finish(&mut lines);
            self.redactor.push(&lines, &mut clean);
            self.redactor.flush(&mut clean);
            self.keep(&clean);
        }
        clean
    }

    /// What is left at the end of the output.
    pub fn rest(&mut self) -> String {
        let (mut decoded, mut lines, mut clean) = (String::new(), String::new(), String::new());
        if self.binary.is_none() {
            self.decoder.finish(&mut decoded);
            self.lines.push(&decoded, &mut lines);
            self.lines.finish(&mut lines);
            self.redactor.push(&lines, &mut clean);
            self.redactor.finish(&mut clean);
            self.keep(&clean);
        }
        clean
    }

    /// Where the whole output so far is, once it is too long to be kept here.
    pub fn saved(&mut self) -> Option<PathBuf> {
        let disk = match &mut self.binary {
            Some(binary) => &mut binary.disk,
            None => &mut self.disk,
        };
        match disk {
            Disk::NotYet | Disk::Failed => None,
            Disk::Open { path, file, .. } => file.flush().is_ok().then(|| path.clone()),
            Disk::Full { path } => Some(path.clone()),
        }
    }

    /// Looks at the start of the output, and at every later piece by itself. Data
    /// goes to disk as it is.
    fn is_binary(&mut self, bytes: &[u8]) -> bool {
        const SAMPLE: usize = 8 * 1024;
        if self.binary.is_none() {
            let early = self.sample.len() < SAMPLE;
            let seen = self.sample.len();
            let noticed = if early {
                let room = SAMPLE - seen;
                self.sample
                    .extend_from_slice(&bytes[..room.min(bytes.len())]);
                looks_binary(&self.sample)
            } else {
                bytes.len() >= 512 && looks_binary(&bytes[..bytes.len().min(SAMPLE)])
            };
            if !noticed {
                return false;
            }
            let disk = Disk::open(&self.dir, &self.call_id, "bin");
            let text = if early {
                0
            } else {
                self.raw - bytes.len() as u64
            };
            let mut binary = Binary { text, disk };
            if early {
                binary.disk.write(&self.sample[..seen]);
            }
            self.binary = Some(binary);
        }
        if let Some(binary) = &mut self.binary {
            binary.disk.write(bytes);
        }
        true
    }

    fn keep(&mut self, clean: &str) {
        if clean.is_empty() {
            return;
        }
        self.total += clean.len() as u64;
        self.line_count += clean.bytes().filter(|byte| *byte == b'\n').count();
        let mut rest = clean;
        if self.head.len() < HEAD && self.tail.is_empty() {
            let (fits, more) = clean.split_at(text::prefix(clean, HEAD - self.head.len()).len());
            self.head.push_str(fits);
            rest = more;
        }
        if !rest.is_empty() {
            self.tail_bytes += rest.len();
            self.tail.push_back(rest.to_string());
        }
        if self.total > (HEAD + TAIL) as u64 {
            self.spill(clean);
        }
        while let Some(first) = self.tail.front()
            && self.tail_bytes - first.len() > TAIL
        {
            self.tail_bytes -= first.len();
            self.tail.pop_front();
        }
    }

    /// Writes to disk; the first time with everything kept so far.
    fn spill(&mut self, clean: &str) {
        if matches!(self.disk, Disk::NotYet) {
            self.disk = Disk::open(&self.dir, &self.call_id, "txt");
            self.disk.write(self.head.as_bytes());
            for piece in &self.tail {
                self.disk.write(piece.as_bytes());
            }
        } else {
            self.disk.write(clean.as_bytes());
        }
    }

    /// Ends the output.
    pub fn finish(mut self) -> Spilled {
        if let Some(binary) = &self.binary {
            let before = binary.text;
            return self.finish_binary(before);
        }
        self.rest();
        let saved = self.saved();
        let capped = matches!(self.disk, Disk::Full { .. }).then_some(DISK_CAP);
        let tail: String = self.tail.iter().map(String::as_str).collect();
        let body = self.body(&tail);
        let whole = self.head.len() + tail.len();
        let text = if whole as u64 == self.total && whole <= HEAD + TAIL {
            self.head + &tail
        } else {
            let tail = match text::head_tail(&tail, 0, TAIL) {
                Some((_, end)) => end,
                None => &tail,
            };
            let place = place(saved.as_deref(), &self.root, capped);
            join(&self.head, tail, self.total, &place)
        };
        Spilled { text, body, saved }
    }

    /// Data is counted and kept; text before it is shown.
    fn finish_binary(mut self, before: u64) -> Spilled {
        let saved = self.saved();
        let place = match &saved {
            Some(path) => {
                let path = path.strip_prefix(&self.root).unwrap_or(path);
                format!("kept in {}", path.display())
            }
            None => "not kept".to_string(),
        };
        let bytes = self.raw - before;
        let note = format!("binary output, {bytes} bytes, {place}");
        let text = if before == 0 {
            note.clone()
        } else {
            let shown = text::prefix(&self.head, HEAD).trim_end().to_string();
            format!("{shown}\n{CUT_MARK} text up to byte {before}, then {note}]")
        };
        Spilled {
            text,
            body: ToolBody::Output {
                tail: vec![note],
                folded: 0,
            },
            saved,
        }
    }

    fn body(&self, tail: &str) -> ToolBody {
        let ending = if tail.len() < TAIL / 2 {
            format!("{}{tail}", self.head)
        } else {
            tail.to_string()
        };
        let lines = self.line_count + usize::from(self.total > 0 && !ending.ends_with('\n'));
        shown(&ending, lines)
    }
}

/// The last lines of a text that has `lines` lines in all, for the user.
pub fn shown(ending: &str, lines: usize) -> ToolBody {
    let mut tail: Vec<String> = ending
        .lines()
        .rev()
        .take(SHOWN_LINES)
        .map(|line| text::prefix(line, 400).to_string())
        .collect();
    tail.reverse();
    if tail.is_empty() {
        return ToolBody::None;
    }
    ToolBody::Output {
        folded: lines.saturating_sub(tail.len()),
        tail,
    }
}

/// Whether bytes are data rather than text: a tenth or more of them are control
/// bytes that text does not hold, or not UTF-8.
fn looks_binary(bytes: &[u8]) -> bool {
    if bytes.len() < 16 {
        return false;
    }
    let mut odd = bytes
        .iter()
        .filter(|byte| matches!(byte, 0..=6 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f))
        .count();
    let mut rest = bytes;
    while let Err(error) = std::str::from_utf8(rest) {
        let Some(bad) = error.error_len() else {
            break;
        };
        odd += bad;
        rest = &rest[error.valid_up_to() + bad..];
    }
    odd * 10 >= bytes.len()
}

/// Cleans text that comes in pieces, and plays carriage returns: what a progress
/// bar overwrites is gone, as it would be on a screen.
#[derive(Debug, Default)]
struct LineCleaner {
    escapes: Cleaner,
    /// The line being written, once it may still be overwritten.
    line: String,
    returned: bool,
}

impl LineCleaner {
    /// A line longer than this is passed on before it ends.
    const LONGEST: usize = 64 * 1024;

    fn push(&mut self, text: &str, out: &mut String) {
        let mut clean = String::with_capacity(text.len());
        for (index, part) in text.split('\r').enumerate() {
            if index > 0 {
                self.returned = true;
            }
            clean.clear();
            if part.contains('\0') {
                self.escapes.push(&part.replace('\0', " "), &mut clean);
            } else {
                self.escapes.push(part, &mut clean);
            }
            self.take(&clean, out);
        }
    }

    fn take(&mut self, clean: &str, out: &mut String) {
        let mut rest = clean;
        while !rest.is_empty() {
            if std::mem::take(&mut self.returned) && !rest.starts_with('\n') {
                self.line.clear();
            }
            match rest.split_once('\n') {
                Some((end, more)) => {
                    out.push_str(&self.line);
                    self.line.clear();
                    out.push_str(end);
                    out.push('\n');
                    rest = more;
                }
                None => {
                    self.line.push_str(rest);
                    if self.line.len() > Self::LONGEST {
                        out.push_str(&self.line);
                        self.line.clear();
                    }
                    return;
                }
            }
        }
    }

    fn finish(&mut self, out: &mut String) {
        out.push_str(&std::mem::take(&mut self.line));
    }
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
