//! Marks around the text or before its lines.

use super::{Unwrapped, join, split};

/// `-` before each old line and `+` before each new one, with a blank before those
/// that stay.
pub(super) fn signs(old: &str, new: &str) -> Vec<Unwrapped> {
    let (Some(old), Some(new)) = (unsigned(old, '-'), unsigned(new, '+')) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    // There may be a blank behind each sign.
    let blanks = unblanked(&old).zip(unblanked(&new));
    for (old, new) in std::iter::once((old, new)).chain(blanks) {
        out.push(Unwrapped {
            old,
            new: Ok(new),
            note: "the signs of a diff were removed",
            what: "the signs of a diff",
            whole_lines: true,
            flush: true,
            line: None,
        });
    }
    out
}

/// A new text with `+` before each line that it adds, and a blank before those of the old
/// one: otherwise the signs would get into the file.
pub(in crate::workspace) fn additions(old: &str, new: &str) -> Option<Unwrapped> {
    let signed = new.lines().any(|line| line.starts_with('+'));
    Some(Unwrapped {
        old: unblanked(old).filter(|_| signed)?,
        new: Ok(unsigned(new, '+')?),
        note: "the signs of a diff were removed",
        what: "the signs of a diff",
        whole_lines: true,
        flush: true,
        line: None,
    })
}

/// The text without the blank that each of its lines begins with.
fn unblanked(text: &str) -> Option<String> {
    let (lines, last) = split(text);
    let bare: Option<Vec<&str>> = lines
        .iter()
        .map(|line| match line.is_empty() {
            true => Some(*line),
            false => line.strip_prefix(' '),
        })
        .collect();
    bare.map(|bare| join(&bare, last))
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
