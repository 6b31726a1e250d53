//! Where the parts of a JSON text stand. The text is known to be valid.

use std::ops::Range;

/// The keys of the object that begins at `start`, with the ranges of their values.
pub(super) fn entries(text: &str, start: usize) -> Vec<(String, Range<usize>)> {
    let mut out = Vec::new();
    let mut at = blanks(text, start + 1);
    while text[at..].starts_with('"') {
        let end = value_end(text, at);
        let key = serde_json::from_str(&text[at..end]).unwrap_or_default();
        // Behind the colon.
        let value = blanks(text, blanks(text, end) + 1);
        let end = value_end(text, value);
        out.push((key, value..end));
        at = next(text, end);
    }
    out
}

/// The ranges of the elements of the array that begins at `start`.
pub(super) fn elements(text: &str, start: usize) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut at = blanks(text, start + 1);
    while at < text.len() && !text[at..].starts_with(']') {
        let end = value_end(text, at);
        out.push(at..end);
        at = next(text, end);
    }
    out
}

/// Behind the comma, if there is one.
fn next(text: &str, end: usize) -> usize {
    let at = blanks(text, end);
    if text[at..].starts_with(',') {
        blanks(text, at + 1)
    } else {
        at
    }
}

fn blanks(text: &str, at: usize) -> usize {
    let rest = &text[at.min(text.len())..];
    text.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len()
}

/// The end of the value that begins at `at`.
fn value_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut depth = 0;
    let mut index = at;
    while index < bytes.len() {
        match bytes[index] {
            b'"' => {
                index += 1;
                while index < bytes.len() && bytes[index] != b'"' {
                    index += 1 + usize::from(bytes[index] == b'\\');
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return index,
            b'}' | b']' => depth -= 1,
            b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return index,
            _ => {}
        }
        index += 1;
        if depth == 0 && matches!(bytes[index - 1], b'"' | b'}' | b']') {
            return index;
        }
    }
    text.len()
}
