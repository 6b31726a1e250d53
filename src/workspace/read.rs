//! Reading a page of a text file, in memory that depends on the page alone.

use std::fs::{File, Metadata};
use std::io::{Cursor, Read, Seek, SeekFrom};

use super::encoding::{self, Encoding, UTF8_BOM};
use super::{FileError, Workspace, file_state, open};
use crate::media::image::{self, Ready};
use crate::media::{pdf, sniff};
use crate::protocol::permission::ScopedPath;
use crate::stdx::text;

mod jump;

use jump::Jump;

/// Lines of a page when none are asked for, and at most.
pub const MAX_LINES: u64 = 2_000;
/// Pages of a document in one page at most.
const MAX_PAGES: u64 = 20;
/// Bytes of a page.
pub const MAX_BYTES: usize = 50 * 1024;
/// Characters shown of one line.
pub const MAX_LINE: usize = 2_000;

/// UTF-16 files are decoded whole, up to this size.
const MAX_UTF16: u64 = 20 * 1024 * 1024;
/// How far past the page lines are still counted, in bytes.
const COUNT_AHEAD: u64 = 16 * 1024 * 1024;
const CHUNK: usize = 256 * 1024;
/// From this many lines on it is worth the threads to get there.
const FAR: u64 = 100_000;
/// Where binary data is looked for.
const SNIFFED: usize = 8 * 1024;

/// A part of a text file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Numbered lines, then what else the model should know, in brackets.
    pub text: String,
    /// First line shown, from 1; 0 when the file is empty.
    pub first: u64,
    /// Last line shown.
    pub last: u64,
    /// Lines of the file, where they were counted.
    pub total: Option<u64>,
}

/// What a file is, with as much of it as was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text(Page),
    /// Pages of a document as text, and as a PDF where that is not too large.
    Document(Page, Option<Vec<u8>>),
    /// An image, made to fit.
    Image(Ready),
}

impl Workspace {
    /// Reads `limit` lines from line `offset` (from 1), or an image, and remembers
    /// the state of the file as seen.
    ///
    /// # Errors
    /// See [`FileError`]; nothing ever blocks on a device or FIFO.
    pub fn read(
        &self,
        path: &ScopedPath,
        offset: u64,
        limit: Option<u64>,
    ) -> Result<Content, FileError> {
        let (mut file, meta) = open::regular(path)?;
        let fail = |source| FileError::io("read", path, source);
        let mut start = vec![0; SNIFFED];
        let length = read_full(&mut file, &mut start).map_err(fail)?;
        start.truncate(length);
        if sniff::image(&start).is_some() || sniff::other_picture(&start).is_some() {
            return image(path).map(Content::Image);
        }
        if sniff::is_pdf(&start) {
            let (page, file) = document(path, offset, limit)?;
            return Ok(Content::Document(page, file));
        }
        if let Some(page) = self.read_notebook(path, &meta, offset, limit) {
            return Ok(Content::Text(page));
        }
        let mut reader = Pager::new(path, &meta, start, file, offset, limit)?;
        let page = reader.page()?;
        let whole = (meta.len() <= file_state::HASHED)
            .then(|| open::whole(path, file_state::HASHED, "read").ok())
            .flatten();
        self.saw(
            path.real(),
            &meta,
            whole.as_ref().map(|(bytes, _)| bytes.as_slice()),
        );
        Ok(Content::Text(page))
    }
}

/// An image file, made to fit. Takes time: not for an async thread.
///
/// # Errors
/// See [`FileError`]; a file that holds no image is [`FileError::Media`].
pub fn image(path: &ScopedPath) -> Result<Ready, FileError> {
    let (bytes, _) = open::whole(path, image::MAX_BYTES, "show as an image")?;
    image::ready(bytes).map_err(|source| FileError::Media {
        path: path.display().to_string(),
        source,
    })
}

/// Pages of a PDF as text.
fn document(
    path: &ScopedPath,
    offset: u64,
    limit: Option<u64>,
) -> Result<(Page, Option<Vec<u8>>), FileError> {
    let (bytes, _) = open::whole(path, pdf::MAX_BYTES, "read as a PDF")?;
    let page = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let limit = page(limit.unwrap_or(MAX_PAGES).clamp(1, MAX_PAGES));
    let read =
        pdf::text(bytes, page(offset), limit, MAX_BYTES).map_err(|source| FileError::Media {
            path: path.display().to_string(),
            source,
        })?;
    let (Some(first), Some(last)) = (read.pages.first(), read.pages.last()) else {
        return Err(FileError::BeyondEnd {
            path: path.display().to_string(),
            lines: text::plural(read.total as usize, "page"),
            offset,
        });
    };
    let (first, last) = (first.0, last.0);
    let words = read.words();
    // One page alone may be longer than what is shown.
    let shown = text::prefix(&words, MAX_BYTES);
    let mut out = shown.trim_end().to_string();
    if shown.len() < words.len() {
        out.push_str("\n[… cut: the page is longer]");
    }
    if last < read.total {
        let next = last + 1;
        let total = read.total;
        out.push_str(&format!(
            "\n[pages {first}–{last} of {total}; continue with offset={next}]"
        ));
    }
    let page = Page {
        text: out,
        first: first.into(),
        last: last.into(),
        total: Some(read.total.into()),
    };
    Ok((page, read.file))
}

/// Fills the buffer as far as the file goes.
fn read_full(file: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// One line as it is in the file, cut to what is shown.
struct RawLine {
    bytes: Vec<u8>,
    /// Its length without terminator.
    length: u64,
    carriage: bool,
    /// It is not ended by `\n`.
    open: bool,
}

struct Pager<'a> {
    path: &'a ScopedPath,
    size: u64,
    source: Box<dyn Read>,
    /// Bytes read and not consumed yet: `buffer[at..filled]`.
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    offset: u64,
    limit: u64,
    notes: Vec<String>,
    /// Where `source` begins in the file.
    from: Jump,
}

impl<'a> Pager<'a> {
    fn new(
        path: &'a ScopedPath,
        meta: &Metadata,
        start: Vec<u8>,
        mut file: File,
        offset: u64,
        limit: Option<u64>,
    ) -> Result<Self, FileError> {
        let mut notes = Vec::new();
        let mut from = Jump::default();
        let encoding = encoding::detect(&start);
        let bom = start.starts_with(UTF8_BOM);
        let binary = || FileError::Binary {
            path: path.display().to_string(),
            bytes: meta.len(),
        };
        let source: Box<dyn Read> = if encoding == Encoding::Utf8 {
            if start.contains(&0) {
                return Err(binary());
            }
            if offset > FAR {
                let fail = |source| FileError::io("read", path, source);
                from = jump::towards(&file, meta.len(), offset - 1).map_err(fail)?;
                if from.at > 0 {
                    file.seek(SeekFrom::Start(from.at)).map_err(fail)?;
                }
            }
            let mut start = Cursor::new(start);
            start.set_position(if bom { UTF8_BOM.len() as u64 } else { 0 });
            if from.at > 0 {
                Box::new(file)
            } else {
                Box::new(start.chain(file))
            }
        } else {
            let (bytes, _) = open::whole(path, MAX_UTF16, "show")?;
            notes.push("UTF-16".to_string());
            let text = encoding::from_utf16(&bytes, encoding).ok_or_else(binary)?;
            Box::new(Cursor::new(text.into_bytes()))
        };
        Ok(Self {
            path,
            size: meta.len(),
            source,
            buffer: vec![0; CHUNK],
            at: 0,
            filled: 0,
            offset: offset.max(1),
            limit: limit.unwrap_or(MAX_LINES).clamp(1, MAX_LINES),
            notes,
            from,
        })
    }

    /// More bytes, once the buffer is used up; false at the end of the file.
    fn fill(&mut self) -> Result<bool, FileError> {
        if self.at < self.filled {
            return Ok(true);
        }
        self.at = 0;
        self.filled = read_full(&mut self.source, &mut self.buffer)
            .map_err(|source| FileError::io("read", self.path, source))?;
        Ok(self.filled > 0)
    }

    /// Skips lines; returns how many there were to skip, and whether the last one
    /// skipped was ended by the end of the file.
    fn skip(&mut self, lines: u64) -> Result<(u64, bool), FileError> {
        let mut skipped = self.from.lines;
        let mut unfinished = self.from.inside;
        while skipped < lines && self.fill()? {
            let rest = &self.buffer[self.at..self.filled];
            let here = newlines(rest);
            if skipped + here < lines {
                skipped += here;
                unfinished = rest.last() != Some(&b'\n');
                self.at = self.filled;
                continue;
            }
            for _ in skipped..lines {
                let rest = &self.buffer[self.at..self.filled];
                self.at += memchr::memchr(b'\n', rest).unwrap_or(0) + 1;
            }
            (skipped, unfinished) = (lines, false);
        }
        Ok((skipped, unfinished))
    }

    /// The next line; nothing at the end of the file.
    fn line(&mut self) -> Result<Option<RawLine>, FileError> {
        if !self.fill()? {
            return Ok(None);
        }
        let mut line = RawLine {
            bytes: Vec::new(),
            length: 0,
            carriage: false,
            open: true,
        };
        let mut last = 0;
        while self.fill()? {
            let rest = &self.buffer[self.at..self.filled];
            let (end, found) = match memchr::memchr(b'\n', rest) {
                Some(end) => (end, true),
                None => (rest.len(), false),
            };
            // Four bytes are the longest character; one more to see that there is more.
            let room = (MAX_LINE + 1) * 4 - line.bytes.len();
            line.bytes.extend_from_slice(&rest[..end.min(room)]);
            line.length += end as u64;
            if end > 0 {
                last = rest[end - 1];
            }
            self.at += end + usize::from(found);
            if found {
                line.open = false;
                break;
            }
        }
        if last == b'\r' && !line.open {
            line.carriage = true;
            if line.bytes.len() as u64 == line.length {
                line.bytes.pop();
            }
            line.length -= 1;
        }
        Ok(Some(line))
    }

    fn page(&mut self) -> Result<Page, FileError> {
        let before = self.offset - 1;
        let (skipped, unfinished) = self.skip(before)?;
        let mut lines = Vec::new();
        let mut bytes = 0;
        while (lines.len() as u64) < self.limit && bytes < MAX_BYTES {
            let Some(line) = self.line()? else { break };
            if line.bytes.contains(&0) {
                return Err(FileError::Binary {
                    path: self.path.display().to_string(),
                    bytes: self.size,
                });
            }
            bytes += line.bytes.len() + 8;
            lines.push(line);
        }
        if lines.is_empty() {
            return self.nothing(skipped + u64::from(unfinished));
        }
        let last = before + lines.len() as u64;
        let total = self.count_rest()?.map(|more| last + more);
        let text = self.render(lines);
        Ok(self.finish(text, last, total))
    }

    fn nothing(&self, lines: u64) -> Result<Page, FileError> {
        if lines > 0 {
            return Err(FileError::BeyondEnd {
                path: self.path.display().to_string(),
                lines: text::plural(lines as usize, "line"),
                offset: self.offset,
            });
        }
        Ok(Page {
            text: "[the file is empty]".to_string(),
            first: 0,
            last: 0,
            total: Some(0),
        })
    }

    /// Lines after the page; nothing when there is too much to count.
    fn count_rest(&mut self) -> Result<Option<u64>, FileError> {
        let (mut count, mut seen, mut ended) = (0, 0, true);
        while self.fill()? {
            let rest = &self.buffer[self.at..self.filled];
            count += newlines(rest);
            seen += rest.len() as u64;
            ended = rest.last() == Some(&b'\n');
            self.at = self.filled;
            if seen > COUNT_AHEAD {
                return Ok(None);
            }
        }
        Ok(Some(count + u64::from(!ended)))
    }

    fn render(&mut self, lines: Vec<RawLine>) -> String {
        let carriages = lines.iter().filter(|line| line.carriage).count();
        let old_mac = |line: &RawLine| line.open && line.bytes.contains(&b'\r');
        if carriages == lines.len() {
            self.notes.push("CRLF line endings".to_string());
        } else if lines.len() == 1 && self.offset == 1 && old_mac(&lines[0]) {
            self.notes.push("lines end in CR alone".to_string());
        } else if carriages > 0 {
            self.notes.push("mixed line endings".to_string());
        }
        let cut_inside = |line: &RawLine| line.bytes.len() as u64 != line.length;
        let valid = lines
            .iter()
            .all(|line| cut_inside(line) || std::str::from_utf8(&line.bytes).is_ok());
        let latin = !valid
            && !lines
                .iter()
                .any(|line| encoding::has_multibyte(&line.bytes));
        if latin {
            self.notes
                .push("not valid UTF-8, shown as Latin-1".to_string());
        } else if !valid {
            self.notes
                .push("not valid UTF-8, bad bytes shown as \u{fffd}".to_string());
        }
        let mut out = String::new();
        for (number, line) in (self.offset..).zip(&lines) {
            let text = if latin {
                encoding::from_latin(&line.bytes)
            } else {
                String::from_utf8_lossy(&line.bytes).into_owned()
            };
            out.push_str(&format!("{number:>6}\t"));
            match text.char_indices().nth(MAX_LINE) {
                Some((cut, _)) => {
                    out.push_str(&text[..cut]);
                    out.push_str(&format!(
                        " [… cut: line of {} bytes, first {MAX_LINE} characters shown]",
                        line.length
                    ));
                }
                None => out.push_str(&text),
            }
            out.push('\n');
        }
        out
    }

    fn finish(&self, mut text: String, last: u64, total: Option<u64>) -> Page {
        let mut notes = Vec::new();
        match total {
            Some(total) if total == last && self.offset == 1 => {}
            Some(total) if total == last => notes.push(format!("end of file, {total} lines")),
            Some(total) => notes.push(format!(
                "lines {}–{last} of {total}; continue with offset={}",
                self.offset,
                last + 1
            )),
            None => notes.push(format!(
                "lines {}–{last} of a file of {} bytes; continue with offset={}",
                self.offset,
                self.size,
                last + 1
            )),
        }
        notes.extend(self.notes.iter().cloned());
        if !notes.is_empty() {
            text.push_str(&format!("[{}]\n", notes.join("; ")));
        }
        Page {
            text,
            first: self.offset,
            last,
            total,
        }
    }
}

/// Counts newlines.
fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
