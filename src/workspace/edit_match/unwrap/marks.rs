//! Marks around the text or before its lines: quotes, the signs of a diff.

use super::{Unwrapped, join, split};

/// Quotes that are escaped where nothing else is: other backslashes stay.
pub(super) fn quotes(old: &str, new: &str) -> Vec<Unwrapped> {
    ['"', '\'']
        .into_iter()
        .filter_map(|quote| {
            let bare = all_escaped(old, quote)??;
            let new = match all_escaped(new, quote) {
                Some(Some(bare)) => Ok(bare),
                Some(None) => Ok(new.to_string()),
                None => Err("only some of its quotes are escaped".to_string()),
            };
            Some(Unwrapped {
                old: bare,
                new,
                note: "backslashes before quotes were removed",
                what: "the backslashes before its quotes",
                whole_lines: false,
                flush: true,
                line: None,
            })
        })
        .collect()
}

/// The text without the one backslash before each quote; `Some(None)` without any
/// quote, nothing when one is not escaped like that.
fn all_escaped(text: &str, quote: char) -> Option<Option<String>> {
    let mut parts = text.split(quote).peekable();
    let mut out = String::with_capacity(text.len());
    let mut any = false;
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            out.push_str(part);
            break;
        }
        let bare = part.strip_suffix('\\')?;
        if bare.ends_with('\\') {
            return None;
        }
        any = true;
        out.push_str(bare);
        out.push(quote);
    }
    Some(any.then_some(out))
}

/// `-` before each old line and `+` before each new one, with a blank before those
/// that stay.
pub(super) fn signs(old: &str, new: &str) -> Option<Unwrapped> {
    Some(Unwrapped {
        old: unsigned(old, '-')?,
        new: Ok(unsigned(new, '+')?),
        note: "the signs of a diff were removed",
        what: "the signs of a diff",
        whole_lines: true,
        flush: true,
        line: None,
    })
}

fn unsigned(text: &str, sign: char) -> Option<String> {
    let (lines, last) = split(text);
    let bare: Option<Vec<&str>> = lines
        .iter()
        .map(|line| match line.is_empty() {
            true => Some(*line),
            false => line.strip_prefix([sign, ' ']),
        })
        .collect();
    let signed = lines.iter().any(|line| line.starts_with(sign));
    bare.filter(|_| signed).map(|bare| join(&bare, last))
}

/// A pair of marks around the whole of both texts.
pub(super) fn around(old: &str, new: &str) -> Option<Unwrapped> {
    let inside = |text: &str| -> Option<String> {
        let between = |open: &str, close: &str| {
            let inside = text.trim().strip_prefix(open)?.strip_suffix(close)?;
            Some(inside.to_string())
        };
        between("<![CDATA[", "]]>")
            .or_else(|| between("`", "`").filter(|inside| !inside.contains('`')))
            // As JSON has it: with line breaks that are escaped.
            .or_else(|| {
                let quoted = text.trim();
                let json = quoted.starts_with('"') && quoted.contains("\\n");
                json.then(|| serde_json::from_str(quoted).ok()).flatten()
            })
    };
    Some(Unwrapped {
        old: inside(old)?,
        new: Ok(inside(new)?),
        note: "the marks around the text were removed",
        what: "the marks around it",
        whole_lines: true,
        flush: true,
        line: None,
    })
}
