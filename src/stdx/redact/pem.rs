//! Private keys in PEM form, also as a listing shows them: with line numbers or file
//! names before each line, or on one line with `\n` in it.

use std::borrow::Cow;

use super::MARK;

const OPENING: &str = "PRIVATE KEY-----";
const CLOSING: &str = "-----END ";

/// Lines of a key are at least this long, but for the last one.
const LINE: usize = 40;

/// Lines of a header before the key.
const HEADERS: u8 = 6;

/// Where in a key the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum State {
    #[default]
    Outside,
    /// After the opening line; so many more lines may be a header.
    Begun(u8),
    /// After a line of the key.
    Inside,
}

impl State {
    /// Replaces the lines of private keys. Takes whole lines.
    pub(super) fn redact<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        if *self == Self::Outside && !text.contains(OPENING) {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            self.line(line, &mut out);
        }
        Cow::Owned(out)
    }

    fn line(&mut self, line: &str, out: &mut String) {
        if let Some((before, rest)) = line.split_once(OPENING)
            && before.contains("-----BEGIN ")
        {
            out.push_str(before);
            out.push_str(OPENING);
            *self = if unwrapped(rest).is_empty() {
                Self::Begun(HEADERS)
            } else {
                Self::Outside
            };
            return rest_of_line(rest, out);
        }
        if *self == Self::Outside || line.contains(CLOSING) {
            *self = Self::Outside;
            return out.push_str(line);
        }
        let end = unwrapped(line).len();
        let start = line[..end]
            .rfind(|ch: char| !is_base64(ch))
            .map_or(0, |at| {
                at + line[at..].chars().next().map_or(1, char::len_utf8)
            });
        // The last line may be short; a sentence is none.
        let is_last = || end > start && !line[..start].trim_start().contains(' ');
        let is_key = end - start >= LINE || (*self == Self::Inside && is_last());
        if is_key {
            out.push_str(&line[..start]);
            out.push_str(MARK);
            out.push_str(&line[end..]);
            // A short line is the last one, also where its end is not shown.
            *self = if end - start >= LINE {
                Self::Inside
            } else {
                Self::Outside
            };
            return;
        }
        *self = match *self {
            Self::Begun(left @ 1..) if end == 0 || line.contains(": ") => Self::Begun(left - 1),
            _ => Self::Outside,
        };
        out.push_str(line);
    }
}

/// A key on the line of its opening, its lines parted by `\n`.
fn rest_of_line(rest: &str, out: &mut String) {
    let end = rest.find(CLOSING).unwrap_or(unwrapped(rest).len());
    let key = &rest[..end];
    let is_key = key.len() >= LINE
        && key
            .replace("\\r", "")
            .replace("\\n", "")
            .chars()
            .all(|ch| is_base64(ch) || ch.is_whitespace());
    out.push_str(if is_key { MARK } else { key });
    out.push_str(&rest[end..]);
}

fn is_base64(ch: char) -> bool {
    ch.is_ascii_alphanumeric() || matches!(ch, '+' | '/' | '=')
}

/// A line without what may stand behind its text, as in a list of strings.
fn unwrapped(line: &str) -> &str {
    let mut text = line;
    loop {
        let shorter = text.trim_end_matches(is_wrapping);
        let shorter = shorter
            .strip_suffix("\\n")
            .or_else(|| shorter.strip_suffix("\\r"))
            .unwrap_or(shorter);
        if shorter.len() == text.len() {
            return text;
        }
        text = shorter;
    }
}

/// What may stand behind the text of a line.
fn is_wrapping(ch: char) -> bool {
    ch.is_whitespace() || matches!(ch, '"' | '\'' | ',' | '\\' | '`' | ';')
}
