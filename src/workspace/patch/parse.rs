//! The patch envelope, read leniently where no doubt is left.
//!
//! ```text
//! *** Begin Patch
//! *** Update File: path
//! *** Move to: other
//! @@ line that the chunk stands below
//!  context
//! -old
//! +new
//! *** End of File
//! *** Add File: path
//! +line
//! *** Delete File: path
//! *** End Patch
//! ```

use super::wrapped;
use crate::workspace::edit_match::unwrap;
use crate::workspace::edit_match::view::View;

/// A patch that cannot be read: the text says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(pub String);

/// What is to happen to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// As written in the patch.
    pub path: String,
    /// What happens to it.
    pub action: Action,
}

/// What happens to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It is created with these lines.
    Add(Vec<String>),
    /// It is deleted.
    Delete,
    /// Its lines change; it may move too.
    Update {
        /// Where it moves.
        to: Option<String>,
        /// The changes, in the order of the file.
        chunks: Vec<Chunk>,
    },
}

/// One change of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chunk {
    /// Lines of the file that the change stands below, outermost first.
    pub headers: Vec<String>,
    /// A line it may stand below, from a hunk header with numbers.
    pub hint: Option<String>,
    /// The first old line by a hunk header with numbers.
    pub number: Option<usize>,
    /// What is there, what goes and what comes.
    pub lines: Vec<PatchLine>,
    /// It ends where the file ends.
    pub at_end: bool,
    /// The patch ends behind it with a line that may be context as well:
    /// `*** End Patch` with a blank before it, unlike the other markers.
    pub open_end: bool,
}

/// One line of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchLine {
    /// What happens to it.
    pub kind: LineKind,
    /// Without its sign.
    pub text: String,
}

/// What happens to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// It stays.
    Context,
    /// It goes.
    Removed,
    /// It comes.
    Added,
}

/// A line of the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marker<'a> {
    Begin,
    End,
    Add(&'a str),
    Delete(&'a str),
    Update(&'a str),
    MoveTo(&'a str),
    EndOfFile,
}

impl<'a> Marker<'a> {
    /// A marker, whatever blanks are around it.
    fn of(line: &'a str) -> Option<Self> {
        let text = line.trim().strip_prefix("***")?.trim();
        let bare = text.trim_end_matches(['*', ' ']);
        let path = |name: &str| -> Option<&'a str> {
            let head = text.get(..name.len())?;
            head.eq_ignore_ascii_case(name)
                .then(|| clean_path(&text[name.len()..]))
        };
        if bare.eq_ignore_ascii_case("begin patch") {
            return Some(Self::Begin);
        }
        if bare.eq_ignore_ascii_case("end patch") {
            return Some(Self::End);
        }
        if bare.eq_ignore_ascii_case("end of file") {
            return Some(Self::EndOfFile);
        }
        path("add file:")
            .map(Self::Add)
            .or_else(|| path("delete file:").map(Self::Delete))
            .or_else(|| path("update file:").map(Self::Update))
            .or_else(|| path("move to:").map(Self::MoveTo))
    }
}

/// A path without the quotes and stars models put around it.
fn clean_path(path: &str) -> &str {
    let path = path.trim();
    let path = path.strip_suffix("***").map_or(path, str::trim_end);
    ["\"", "'", "`"]
        .iter()
        .find_map(|quote| path.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(path)
}

/// Reads a patch.
///
/// # Errors
/// What of it cannot be understood, and how it is written.
pub fn parse(patch: &str) -> Result<Vec<Section>, ParseError> {
    let patch = patch.strip_prefix('\u{feff}').unwrap_or(patch);
    let mut text = patch.replace("\r\n", "\n");
    if !text.trim().contains('\n')
        && let Some(bare) = wrapped::in_json(&text).or_else(|| unwrap::unescaped(&text))
    {
        text = bare;
    }
    if let Some(bare) = wrapped::in_command(&text) {
        text = bare;
    }
    if let Some(enveloped) = wrapped::unified(&text)? {
        text = enveloped;
    }
    let all: Vec<&str> = text.split('\n').collect();
    let begin = all
        .iter()
        .position(|line| Marker::of(line) == Some(Marker::Begin))
        .ok_or_else(|| fail("the patch has no line `*** Begin Patch`"))?;
    if all[..begin].iter().any(|line| Marker::of(line).is_some()) {
        return Err(fail("`*** Begin Patch` is not the first line of the patch"));
    }
    let lines = unindented(&all[begin..]);
    let mut parser = Parser {
        first: begin + 1,
        padded: lines[0].starts_with([' ', '\t']),
        end: lines
            .iter()
            .rposition(|line| Marker::of(line) == Some(Marker::End))
            .ok_or_else(|| {
                fail(
                    "the patch has no line `*** End Patch`: it seems truncated; nothing was \
                     changed. Send it again in full, or in smaller patches",
                )
            })?,
        lines,
        at: 1,
    };
    parser.check_rest()?;
    let sections = parser.sections()?;
    if sections.is_empty() {
        return Err(fail(
            "the patch has no sections, such as `*** Update File: path`",
        ));
    }
    Ok(sections)
}

/// Whether a file has a line that ends a patch.
pub(super) fn has_end_marker(view: &View) -> bool {
    (0..view.len()).any(|index| Marker::of(view.line(index)) == Some(Marker::End))
}

/// Whether a line is one of the envelope.
pub(super) fn is_marker(line: &str) -> bool {
    Marker::of(line).is_some()
}

pub(super) fn fail(text: impl Into<String>) -> ParseError {
    ParseError(text.into())
}

/// The lines without the indentation that all of them share with the first.
fn unindented<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let first = lines[0];
    let pad = &first[..first.len() - first.trim_start().len()];
    let end = lines
        .iter()
        .rposition(|line| Marker::of(line) == Some(Marker::End))
        .unwrap_or(lines.len() - 1);
    let shared = lines[..=end]
        .iter()
        .all(|line| line.is_empty() || line.starts_with(pad));
    lines
        .iter()
        .map(|line| match line.strip_prefix(pad) {
            Some(rest) if shared => rest,
            _ => line,
        })
        .collect()
}

struct Parser<'a> {
    lines: Vec<&'a str>,
    /// Line number of `lines[0]` in the patch.
    first: usize,
    at: usize,
    /// Index of the last end marker.
    end: usize,
    /// Markers have blanks before them.
    padded: bool,
}

impl<'a> Parser<'a> {
    fn number(&self, at: usize) -> usize {
        self.first + at
    }

    /// Behind the end there may be what closes a heredoc or a fence.
    fn check_rest(&self) -> Result<(), ParseError> {
        for (index, line) in self.lines.iter().enumerate().skip(self.end + 1) {
            let word = line.trim();
            let closes = word
                .chars()
                .all(|ch| ch.is_ascii_alphanumeric() || "_`'\")}];".contains(ch));
            if !closes || Marker::of(line).is_some() {
                return Err(fail(format!(
                    "line {} of the patch stands behind `*** End Patch`: `{word}`",
                    self.number(index)
                )));
            }
        }
        Ok(())
    }

    /// The marker at the current line; `inside` a chunk a blank before it makes the
    /// line context, unless all markers have one.
    fn marker(&self, inside: bool) -> Option<Marker<'a>> {
        let line = self.lines.get(self.at)?;
        let marker = Marker::of(line)?;
        let flush = line.starts_with('*');
        (flush || !inside || self.padded || self.at == self.end).then_some(marker)
    }

    fn sections(&mut self) -> Result<Vec<Section>, ParseError> {
        let mut out = Vec::new();
        while self.at <= self.end {
            let line = self.lines[self.at];
            if line.trim().is_empty() {
                self.at += 1;
                continue;
            }
            let number = self.number(self.at);
            let marker = self.marker(false);
            if marker.is_none()
                && let Some(names) = self.file_names()
            {
                out.push(self.of_diff(names)?);
                continue;
            }
            self.at += 1;
            let section = match marker {
                // Two patches in a row are one.
                Some(Marker::Begin | Marker::End) => continue,
                Some(Marker::Add(path)) => (path, Action::Add(self.added()?)),
                Some(Marker::Delete(path)) => (path, Action::Delete),
                Some(Marker::Update(path)) => (path, self.update(path)?),
                Some(Marker::MoveTo(_) | Marker::EndOfFile) | None => {
                    return Err(fail(format!(
                        "line {number} of the patch is not understood: `{}`. A section begins \
                         with `*** Update File: path`, `*** Add File: path` or \
                         `*** Delete File: path`",
                        crate::stdx::text::one_line(line, 100)
                    )));
                }
            };
            let (path, action) = section;
            if path.is_empty() {
                return Err(fail(format!("line {number} of the patch names no path")));
            }
            out.push(Section {
                path: path.to_string(),
                action,
            });
        }
        Ok(out)
    }

    /// The lines of a new file.
    fn added(&mut self) -> Result<Vec<String>, ParseError> {
        let mut out = Vec::new();
        let mut blank = 0;
        while self.at < self.end && self.marker(false).is_none() {
            let line = self.lines[self.at];
            if let Some(text) = line.strip_prefix('+') {
                // A blank line between others has lost its sign.
                out.extend(std::iter::repeat_n(String::new(), blank));
                blank = 0;
                out.push(text.to_string());
            } else if line.trim().is_empty() {
                blank += 1;
            } else if !line.starts_with("\\ No newline") {
                return Err(fail(format!(
                    "line {} of the patch: every line of a new file begins with `+`",
                    self.number(self.at)
                )));
            }
            self.at += 1;
        }
        Ok(out)
    }

    fn update(&mut self, path: &str) -> Result<Action, ParseError> {
        let mut to = None;
        self.skip_blank();
        if let Some(Marker::MoveTo(path)) = self.marker(false) {
            if path.is_empty() {
                return Err(fail(format!(
                    "line {} of the patch names no path",
                    self.number(self.at)
                )));
            }
            to = Some(path.to_string());
            self.at += 1;
        }
        self.file_names();
        let mut chunks = Vec::new();
        while let Some(chunk) = self.chunk() {
            chunks.push(chunk);
        }
        if chunks.is_empty() && to.is_none() {
            return Err(fail(format!("the section of {path} changes nothing")));
        }
        Ok(Action::Update { to, chunks })
    }

    fn skip_blank(&mut self) {
        while self.at < self.end && self.lines[self.at].trim().is_empty() {
            self.at += 1;
        }
    }

    /// The names that diffs have before their first hunk, if this is such a place.
    fn file_names(&mut self) -> Option<(&'a str, &'a str)> {
        self.skip_blank();
        let line = |at: usize| self.lines.get(at).copied().unwrap_or("");
        let mut at = self.at;
        while wrapped::is_diff_header(line(at)) {
            at += 1;
        }
        let names = wrapped::names([line(at), line(at + 1), line(at + 2)])?;
        self.at = at + 2;
        Some(names)
    }

    /// Whether the diff of another file begins here.
    fn next_file(&self) -> bool {
        let line = |at: usize| self.lines.get(at).copied().unwrap_or("");
        let at = self.at;
        line(at).starts_with("diff --git ")
            || wrapped::names([line(at), line(at + 1), line(at + 2)]).is_some()
    }

    /// A section that begins as a diff does.
    fn of_diff(&mut self, (old, new): (&str, &str)) -> Result<Section, ParseError> {
        let path = if new == wrapped::NOTHING { old } else { new };
        let action = self.update(path)?;
        let Action::Update { chunks, .. } = &action else {
            return Err(fail(format!("the section of {path} changes nothing")));
        };
        let action = match (old, new) {
            (wrapped::NOTHING, _) => Action::Add(
                chunks
                    .iter()
                    .flat_map(|chunk| &chunk.lines)
                    .filter(|line| line.kind == LineKind::Added)
                    .map(|line| line.text.clone())
                    .collect(),
            ),
            (_, wrapped::NOTHING) => {
                return Err(fail(format!(
                    "a diff cannot delete {path} here; nothing was changed. Use \
                     `*** Delete File: {path}`"
                )));
            }
            (old, new) if old != new => {
                return Err(fail(format!(
                    "a diff cannot move {old} here; nothing was changed. Use \
                     `*** Update File: {old}` and below it `*** Move to: {new}`"
                )));
            }
            _ => action,
        };
        Ok(Section {
            path: path.to_string(),
            action,
        })
    }

    /// The next chunk; nothing at the end of the section.
    fn chunk(&mut self) -> Option<Chunk> {
        let mut chunk = Chunk::default();
        self.skip_blank();
        let start = self.at;
        while self.at < self.end
            && self.marker(true).is_none()
            && let Some(header) = self.lines[self.at].strip_prefix("@@")
        {
            chunk.header(header);
            self.at += 1;
        }
        while self.at < self.end {
            let line = self.lines[self.at];
            match self.marker(true) {
                Some(Marker::EndOfFile) => {
                    chunk.at_end = true;
                    self.at += 1;
                    break;
                }
                Some(_) => break,
                None if line.starts_with("@@") => break,
                None if self.next_file() => break,
                None => {}
            }
            self.at += 1;
            chunk.line(line);
        }
        let last = self.at == self.end && !self.padded;
        chunk.open_end = last && self.lines[self.end].starts_with(' ');
        // Blank lines without a sign around new lines alone only part the sections.
        let telling =
            |line: &PatchLine| line.kind != LineKind::Added && !line.text.trim().is_empty();
        if !chunk.lines.iter().any(telling) {
            let body = &self.lines[start..self.at];
            let body: Vec<_> = body.iter().filter(|line| !line.starts_with("@@")).collect();
            let head = body.iter().take_while(|line| line.is_empty()).count();
            let tail = body.iter().rev().take_while(|line| line.is_empty()).count();
            let keep = chunk.lines.len().saturating_sub(tail);
            chunk.lines.truncate(keep);
            chunk.lines.drain(..head.min(keep));
        }
        (self.at > start).then_some(chunk)
    }
}

impl Chunk {
    fn header(&mut self, header: &str) {
        if let Some((number, hint)) = hunk_numbers(header) {
            self.number = Some(number);
            self.hint = (!hint.is_empty()).then(|| hint.to_string());
            return;
        }
        let header = header.trim();
        let header = header.strip_suffix("@@").unwrap_or(header).trim();
        // `@@ ... @@` says nothing.
        let says_nothing = header.chars().all(|ch| ch == '.' || ch == '…');
        if !says_nothing {
            self.headers.push(header.to_string());
        }
    }

    fn line(&mut self, line: &str) {
        if line.starts_with("\\ No newline") {
            return;
        }
        let (kind, text) = match line.split_at_checked(1) {
            Some(("+", text)) => (LineKind::Added, text),
            Some(("-", text)) => (LineKind::Removed, text),
            Some((" ", text)) => (LineKind::Context, text),
            // Context that has lost its blank. It stays as it is in the file anyway.
            _ => (LineKind::Context, line),
        };
        self.lines.push(PatchLine {
            kind,
            text: text.to_string(),
        });
    }
}

/// ` -12,3 +12,4 @@ section`: the first number and the section.
fn hunk_numbers(header: &str) -> Option<(usize, &str)> {
    let (ranges, section) = match header.split_once("@@") {
        Some((ranges, section)) => (ranges, section.trim()),
        None => (header, ""),
    };
    let mut words = ranges.split_whitespace();
    let range = |word: &str, sign: char| -> Option<usize> {
        let (start, count) = word
            .strip_prefix(sign)?
            .split_once(',')
            .unwrap_or((&word[1..], "1"));
        count.parse::<usize>().ok()?;
        start.parse().ok()
    };
    let start = range(words.next()?, '-')?;
    range(words.next()?, '+')?;
    words.next().is_none().then_some((start, section))
}
