//! One level of backslash escapes, of all kinds or of one.

use std::str::Chars;

use super::Unwrapped;

/// Every kind of escapes that explains the old text, the likeliest first.
pub(super) fn ways(old: &str, new: &str) -> Vec<Unwrapped> {
    if !old.contains('\\') {
        return Vec::new();
    }
    let (mut out, whole) = (Vec::new(), whole(old, new));
    let points = code_points(old, new);
    // Where nothing else is escaped, that is the likelier.
    let only = points.as_ref().zip(whole.as_ref());
    if only.is_some_and(|(points, whole)| points.old == whole.old) {
        out.extend(points);
        out.extend(whole);
    } else {
        out.extend(whole);
        out.extend(points);
    }
    out.extend(CHARACTERS.iter().filter_map(|kind| of_one(old, new, kind)));
    out.extend(tabs(old, new));
    out
}

/// A level of escapes as a string of a program or JSON has them.
fn whole(old: &str, new: &str) -> Option<Unwrapped> {
    // Real line breaks beside escapes: then only quotes and backslashes were escaped.
    let broken = |text: &str| text.trim_end_matches('\n').contains('\n');
    let only_quotes = |text: &str| unescape(text, Style::Quotes).is_some();
    let style = match broken(old) || only_quotes(old) && only_quotes(new) {
        true => Style::Quotes,
        false => Style::All,
    };
    let bare = unescape(old, style)?;
    let known = |line: &str| bare.split('\n').any(|known| known == line);
    let new = match unescape(new, style) {
        _ if !new.contains('\\') => Ok(new.to_string()),
        _ if style == Style::All && broken(new) => {
            // Given as it is, where all its backslashes are those of lines that stay.
            let mut told = new.split('\n').filter(|line| line.contains('\\'));
            match told.all(known) {
                true => Ok(new.to_string()),
                false => Err("it has both line breaks and backslash escapes".to_string()),
            }
        }
        None => Err("its backslashes are no escapes of the same kind".to_string()),
        Some(_) if breaks_in_quotes(new) && !breaks_in_quotes(old) => {
            Err("an escape between quotes may be meant as one".to_string())
        }
        Some(bare) => Ok(bare),
    };
    Some(Unwrapped {
        old: bare,
        new,
        note: "one level of backslash escapes was removed",
        what: "one level of backslash escapes",
        whole_lines: false,
        flush: false,
        line: None,
    })
}

/// A character that is escaped where nothing else is, with the words for it.
struct Kind {
    ch: char,
    note: &'static str,
    what: &'static str,
}

const CHARACTERS: [Kind; 5] = [
    Kind {
        ch: '"',
        note: "backslashes before quotes were removed",
        what: "the backslashes before its quotes",
    },
    Kind {
        ch: '\'',
        note: "backslashes before quotes were removed",
        what: "the backslashes before its quotes",
    },
    Kind {
        ch: '`',
        note: "backslashes before backticks were removed",
        what: "the backslashes before its backticks",
    },
    Kind {
        ch: '$',
        note: "backslashes before dollar signs were removed",
        what: "the backslashes before its dollar signs",
    },
    Kind {
        ch: '/',
        note: "backslashes before slashes were removed",
        what: "the backslashes before its slashes",
    },
];

fn of_one(old: &str, new: &str, kind: &Kind) -> Option<Unwrapped> {
    let bare = all_escaped(old, kind.ch)??;
    let new = match all_escaped(new, kind.ch) {
        Some(Some(bare)) => Ok(bare),
        Some(None) => Ok(new.to_string()),
        None => Err(format!("only some of its {} are escaped", kind.ch)),
    };
    Some(partly(bare, new, kind.note, kind.what))
}

/// A text with escapes of one kind taken away. Other backslashes stay, and so does
/// indentation.
fn partly(
    old: String,
    new: Result<String, String>,
    note: &'static str,
    what: &'static str,
) -> Unwrapped {
    Unwrapped {
        old,
        new,
        note,
        what,
        whole_lines: false,
        flush: true,
        line: None,
    }
}

/// `\u003c` and the like, where nothing else is escaped.
fn code_points(old: &str, new: &str) -> Option<Unwrapped> {
    let (bare, told) = decoded(old)?;
    if told.is_empty() || told.iter().any(|ch| old.contains(*ch)) {
        return None;
    }
    let new = match decoded(new) {
        Some((_, also)) if also.iter().any(|ch| new.contains(*ch)) => {
            Err("only some of its characters are escaped".to_string())
        }
        Some((bare, _)) => Ok(bare),
        None => Err("its escapes are no characters".to_string()),
    };
    Some(partly(
        bare,
        new,
        "escapes such as \\u003c were decoded",
        "escapes such as \\u003c",
    ))
}

/// The text with every `\uXXXX` decoded, and the characters; nothing when one is none.
fn decoded(text: &str) -> Option<(String, Vec<char>)> {
    let (mut out, mut told) = (String::with_capacity(text.len()), Vec::new());
    let mut chars = text.chars();
    while let Some(ch) = chars.next() {
        out.push(ch);
        if ch != '\\' {
            continue;
        }
        match chars.next() {
            Some('u') => {
                out.pop();
                told.push(code_point(&mut chars)?);
                out.extend(told.last());
            }
            other => out.extend(other),
        }
    }
    Some((out, told))
}

/// The character of the four digits behind `\u`, or of a pair of surrogates.
fn code_point(chars: &mut Chars) -> Option<char> {
    fn unit(chars: &mut Chars) -> Option<u16> {
        let digits: String = chars.take(4).collect();
        let are_digits = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u16::from_str_radix(&digits, 16).ok().filter(|_| are_digits)
    }
    let first = unit(chars)?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(u32::from(first));
    }
    if chars.next()? != '\\' || chars.next()? != 'u' {
        return None;
    }
    let mut both = char::decode_utf16([first, unit(chars)?]);
    both.next()?.ok()
}

/// `\t` for the tabs that lines are indented with, where nothing else is escaped.
fn tabs(old: &str, new: &str) -> Option<Unwrapped> {
    let indented = |text: &str| -> String {
        let lines = text.split('\n').map(|line| {
            let bare = line.trim_start_matches("\\t");
            format!("{}{bare}", "\t".repeat((line.len() - bare.len()) / 2))
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    let bare = indented(old);
    let new = match bare.contains("\\t") || old.contains('\t') || new.contains('\t') {
        true => return None,
        false => indented(new),
    };
    (bare != old).then(|| {
        partly(
            bare,
            Ok(new),
            "\\t before lines was taken as a tab",
            "\\t for its tabs",
        )
    })
}

/// Which escapes are taken away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    All,
    Quotes,
}

/// A text on one line with its escapes taken away.
pub(in crate::workspace) fn unescaped(text: &str) -> Option<String> {
    unescape(text, Style::All).filter(|bare| bare.contains('\n'))
}

fn unescape(text: &str, style: Style) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(ch) = chars.next() {
        if ch != '\\' {
            out.push(ch);
            continue;
        }
        match (chars.next()?, style) {
            (quote @ ('"' | '\'' | '`'), _) => out.push(quote),
            ('n', Style::All) => out.push('\n'),
            ('t', Style::All) => out.push('\t'),
            // A carriage return belongs to the line end after it.
            ('r', Style::All) => {}
            ('\\', _) => out.push('\\'),
            (same @ ('/' | '$'), Style::All) => out.push(same),
            ('u', Style::All) => out.push(code_point(&mut chars)?),
            _ => return None,
        }
    }
    Some(out)
}

/// Whether an escaped line break or tab stands between escaped quotes, where code
/// may have it in earnest.
fn breaks_in_quotes(text: &str) -> bool {
    const TRIPLE: &str = "\\\"\\\"\\\"";
    let mut open = false;
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        rest = &rest[at..];
        if let Some(inside) = rest.strip_prefix(TRIPLE) {
            // Between three quotes a line break is one.
            match inside.split_once(TRIPLE) {
                Some((_, behind)) => rest = behind,
                None => return false,
            }
            continue;
        }
        let mut after = rest[1..].chars();
        match after.next() {
            Some('"') => open = !open,
            Some('n' | 't' | 'r') if open => return true,
            _ => {}
        }
        rest = after.as_str();
    }
    false
}

/// The text without the one backslash before each of these characters; `Some(None)`
/// without any, nothing when one is not escaped like that.
fn all_escaped(text: &str, ch: char) -> Option<Option<String>> {
    let mut parts = text.split(ch).peekable();
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
        out.push(ch);
    }
    Some(any.then_some(out))
}
