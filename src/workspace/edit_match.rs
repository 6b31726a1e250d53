//! The edit engine: finds the text to replace and changes nothing else.
//!
//! Works on bytes. Matching looks at a view with uniform line ends; a match is a
//! range of the file's own bytes, and the new text takes over the line ends of the
//! place it lands in. Matching goes through [`TIERS`], from exact to tolerant; the
//! first tier with a candidate decides, and more than one candidate is refused.
//! There is no matching by likeness: that only serves error messages.

use std::ops::Range;

use memchr::memmem;
use similar::{Algorithm, DiffOp};

use super::encoding::{self, Encoding, UTF8_BOM};

mod explain;

/// Start of every mark that stands for text cut from a result. It is never
/// written to a file.
pub const CUT_MARK: &str = "[… cut:";

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is there.
    pub old: String,
    /// What is to be there.
    pub new: String,
    /// Every place, not the only one.
    pub all: bool,
}

/// A successful edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The whole new file.
    pub bytes: Vec<u8>,
    /// Places replaced, in all edits.
    pub places: usize,
}

/// An edit that was refused. The text is for the model and says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EditError(pub String);

/// A way to find the old text in the view.
struct Tier {
    /// All places, also overlapping ones, in the view.
    locate: fn(&View, &[u8]) -> Vec<Range<usize>>,
}

/// From exact to tolerant. A tolerant tier only locates; the change is then merged
/// onto the file's own text.
const TIERS: &[Tier] = &[Tier { locate: exact }];

/// Applies edits one after the other, all or none.
///
/// # Errors
/// Which edit was refused and why, for the model.
pub fn apply(bytes: &[u8], edits: &[Edit]) -> Result<Edited, EditError> {
    let mut document = Document::open(bytes)?;
    let mut places = 0;
    for (index, edit) in edits.iter().enumerate() {
        places += document.apply(edit).map_err(|text| {
            let which = if edits.len() > 1 {
                format!("edit {} of {}: ", index + 1, edits.len())
            } else {
                String::new()
            };
            EditError(format!("{which}{text}"))
        })?;
    }
    Ok(Edited {
        bytes: document.close()?,
        places,
    })
}

/// A line of `new` that stands for code instead of being code, unless it is known
/// to be in the file.
pub fn placeholder(new: &str, known: impl Fn(&str) -> bool) -> Option<&str> {
    const PHRASES: [&str; 9] = [
        "existing code",
        "rest of",
        "remaining",
        "unchanged",
        "previous code",
        "other code",
        "same as before",
        "omitted",
        "truncated",
    ];
    new.lines().map(str::trim).find(|line| {
        let inner = line
            .trim_start_matches(['/', '#', '*', '<', '!', '-', ';', '%', '(', '[', ' '])
            .trim_end_matches(['/', '*', '>', '-', ')', ']', ' '])
            .to_lowercase();
        let begins = inner.starts_with("...") || inner.starts_with('…');
        let ends = inner.ends_with("...") || inner.ends_with('…');
        let named = |text: &str| PHRASES.iter().any(|phrase| text.contains(phrase));
        let stands_in = line.contains(CUT_MARK)
            || begins && inner.len() < 100 && named(&inner)
            || ends && PHRASES.iter().any(|phrase| inner.starts_with(phrase));
        stands_in && !known(line)
    })
}

/// A file opened for editing.
struct Document {
    body: Vec<u8>,
    encoding: Encoding,
    bom: bool,
}

impl Document {
    fn open(bytes: &[u8]) -> Result<Self, EditError> {
        let encoding = encoding::detect(bytes);
        if encoding != Encoding::Utf8 {
            let text = encoding::from_utf16(bytes, encoding)
                .filter(|text| encoding::to_utf16(text, encoding) == bytes)
                .ok_or_else(|| EditError("the file is malformed UTF-16".to_string()))?;
            return Ok(Self {
                body: text.into_bytes(),
                encoding,
                bom: false,
            });
        }
        if bytes.contains(&0) {
            return Err(EditError("the file is binary".to_string()));
        }
        let body = bytes.strip_prefix(UTF8_BOM);
        Ok(Self {
            body: body.unwrap_or(bytes).to_vec(),
            encoding,
            bom: body.is_some(),
        })
    }

    fn close(self) -> Result<Vec<u8>, EditError> {
        if self.encoding != Encoding::Utf8 {
            let text = String::from_utf8(self.body)
                .map_err(|_| EditError("the file is malformed UTF-16".to_string()))?;
            return Ok(encoding::to_utf16(&text, self.encoding));
        }
        Ok(if self.bom {
            [UTF8_BOM, &self.body].concat()
        } else {
            self.body
        })
    }

    /// Applies one edit and returns how many places it changed.
    fn apply(&mut self, edit: &Edit) -> Result<usize, String> {
        self.guard(edit)?;
        let view = View::new(&self.body);
        let (found, new) = self.find(&view, edit)?;
        let chosen = if edit.all {
            without_overlaps(found)
        } else if let [only] = &found[..] {
            vec![only.clone()]
        } else {
            return Err(explain::ambiguous(&view, &found));
        };
        let mut out = Vec::with_capacity(self.body.len() + new.len());
        let mut done = 0;
        for range in &chosen {
            let bytes = view.bytes(range);
            out.extend_from_slice(&self.body[done..bytes.start]);
            view.adapt(range, &new, &mut out);
            done = bytes.end;
        }
        out.extend_from_slice(&self.body[done..]);
        let places = chosen.len();
        self.body = out;
        Ok(places)
    }

    fn guard(&self, edit: &Edit) -> Result<(), String> {
        if edit.old.is_empty() {
            return Err(
                "old_string is empty. To add text, give the lines it follows as old_string and \
                 the same lines with the addition as new_string; write_file replaces a whole file"
                    .to_string(),
            );
        }
        if edit.old == edit.new {
            return Err("old_string and new_string are identical: no change".to_string());
        }
        let has = |text: &str| memmem::find(&self.body, text.as_bytes()).is_some();
        let known = |line: &str| edit.old.contains(line) || has(line);
        if let Some(line) = placeholder(&edit.new, known) {
            return Err(format!(
                "new_string contains the placeholder `{line}`, which would replace real text. \
                 Write the text out, or edit only the part that changes"
            ));
        }
        let bad = "\u{fffd}";
        if edit.new.contains(bad) && !edit.old.contains(bad) && !has(bad) {
            return Err(
                "new_string contains U+FFFD, the mark of a character that could not be decoded"
                    .to_string(),
            );
        }
        Ok(())
    }

    /// Where the old text is, and the new text in the file's encoding.
    fn find(&self, view: &View, edit: &Edit) -> Result<(Vec<Range<usize>>, Vec<u8>), String> {
        let (old, new) = (line_feeds(&edit.old), line_feeds(&edit.new));
        let found = TIERS
            .iter()
            .map(|tier| (tier.locate)(view, old.as_bytes()))
            .find(|found| !found.is_empty());
        // In a file that is not UTF-8, letters may be one byte each.
        let one_byte = self.encoding == Encoding::Utf8
            && !(edit.old.is_ascii() && edit.new.is_ascii())
            && std::str::from_utf8(&self.body).is_err()
            && !encoding::has_multibyte(&self.body);
        if !one_byte {
            let found = found.ok_or_else(|| explain::not_found(view, edit))?;
            return Ok((found, new.into_bytes()));
        }
        let (Some(old), Some(new)) = (encoding::to_latin(&old), encoding::to_latin(&new)) else {
            return Err(
                "the file is not UTF-8 (one byte a character), and the text contains characters \
                 it cannot hold"
                    .to_string(),
            );
        };
        let found = exact(view, &old);
        if found.is_empty() {
            return Err(explain::not_found(view, edit));
        }
        Ok((found, new))
    }
}

fn line_feeds(text: &str) -> String {
    text.strip_prefix('\u{feff}')
        .unwrap_or(text)
        .replace("\r\n", "\n")
}

fn exact(view: &View, old: &[u8]) -> Vec<Range<usize>> {
    let finder = memmem::Finder::new(old);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = finder.find(&view.text[from..]) {
        let start = from + at;
        found.push(start..start + old.len());
        from = start + 1;
    }
    found
}

fn without_overlaps(found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut end = 0;
    found
        .into_iter()
        .filter(|range| {
            let fits = range.start >= end;
            if fits {
                end = range.end;
            }
            fits
        })
        .collect()
}

/// A file with `\n` for every line end.
struct View {
    text: Vec<u8>,
    /// Where in `text` a `\n` was `\r\n`.
    carriages: Vec<usize>,
    /// The file's line ends are lone `\r`s.
    old_mac: bool,
}

impl View {
    fn new(body: &[u8]) -> Self {
        let mut view = Self {
            text: Vec::with_capacity(body.len()),
            carriages: Vec::new(),
            old_mac: false,
        };
        if memchr::memchr(b'\r', body).is_none() {
            view.text.extend_from_slice(body);
        } else if memchr::memchr(b'\n', body).is_none() {
            view.old_mac = true;
            view.text.extend(
                body.iter()
                    .map(|byte| if *byte == b'\r' { b'\n' } else { *byte }),
            );
        } else {
            let mut from = 0;
            for at in memmem::find_iter(body, b"\r\n") {
                view.text.extend_from_slice(&body[from..at]);
                view.carriages.push(view.text.len());
                from = at + 1;
            }
            view.text.extend_from_slice(&body[from..]);
        }
        view
    }

    /// The file's bytes of a range of the view. A `\r\n` is never split.
    fn bytes(&self, range: &Range<usize>) -> Range<usize> {
        let byte = |at: usize| at + self.carriages.partition_point(|carriage| *carriage < at);
        byte(range.start)..byte(range.end)
    }

    /// The line end at a `\n` of the view.
    fn line_end(&self, at: usize) -> &'static [u8] {
        if self.old_mac {
            b"\r"
        } else if self.carriages.binary_search(&at).is_ok() {
            b"\r\n"
        } else {
            b"\n"
        }
    }

    /// The line end that belongs to a place: of its own line, else of the line
    /// before, else `\n`.
    fn line_end_near(&self, range: &Range<usize>) -> &'static [u8] {
        memchr::memchr(b'\n', &self.text[range.end..])
            .map(|at| range.end + at)
            .or_else(|| memchr::memrchr(b'\n', &self.text[..range.end]))
            .map_or(b"\n", |at| self.line_end(at))
    }

    /// Appends the new text with the line ends of the place: a line that stays keeps
    /// its own, a new one takes that of the line it replaces or follows.
    fn adapt(&self, range: &Range<usize>, new: &[u8], out: &mut Vec<u8>) {
        if !new.contains(&b'\n') || (self.carriages.is_empty() && !self.old_mac) {
            out.extend_from_slice(new);
            return;
        }
        let split = |text: &[u8]| -> Vec<Vec<u8>> {
            text.split(|byte| *byte == b'\n')
                .map(<[u8]>::to_vec)
                .collect()
        };
        let old_lines = split(&self.text[range.clone()]);
        let new_lines = split(new);
        // The line ends inside the range; the last line has none there.
        let mut at = range.start;
        let old_ends: Vec<&[u8]> = old_lines[..old_lines.len() - 1]
            .iter()
            .map(|line| {
                at += line.len() + 1;
                self.line_end(at - 1)
            })
            .collect();
        let mut ends: Vec<Option<&[u8]>> = vec![None; new_lines.len()];
        for op in similar::capture_diff_slices(Algorithm::Myers, &old_lines, &new_lines) {
            if let DiffOp::Equal {
                old_index,
                new_index,
                len,
            }
            | DiffOp::Replace {
                old_index,
                new_index,
                old_len: len,
                ..
            } = op
            {
                for step in 0..len {
                    if let Some(end) = ends.get_mut(new_index + step) {
                        *end = old_ends.get(old_index + step).copied();
                    }
                }
            }
        }
        let mut last = None;
        for (index, line) in new_lines.iter().enumerate() {
            out.extend_from_slice(line);
            if index + 1 < new_lines.len() {
                let end = ends[index]
                    .or(last)
                    .or_else(|| old_ends.first().copied())
                    .unwrap_or_else(|| self.line_end_near(range));
                out.extend_from_slice(end);
                last = Some(end);
            }
        }
    }

    /// 1-based line of a place.
    fn line_number(&self, at: usize) -> usize {
        memchr::memchr_iter(b'\n', &self.text[..at]).count() + 1
    }
}

#[cfg(test)]
#[path = "edit_match_tests.rs"]
mod tests;
