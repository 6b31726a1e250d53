//! Wrappings that models leave around the text they quote: line numbers, a code
//! fence, backslash escapes, HTML entities, quotes, the signs of a diff.
//!
//! Each is tried only when the text as given is nowhere in the file, and only when
//! it explains the whole of it. The new text gets the same treatment; where it is
//! not clear what that means there, the edit is refused.

mod marks;

use std::borrow::Cow;

/// A wrapping that explains an old text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::workspace) struct Unwrapped {
    /// The text in the wrapping.
    pub(in crate::workspace) old: String,
    /// The new text treated alike, or why that is not possible.
    pub(in crate::workspace) new: Result<String, String>,
    /// What was taken away, as a note on the result.
    pub(in crate::workspace) note: &'static str,
    /// The same after "without".
    pub(in crate::workspace) what: &'static str,
    /// The text begins where a line begins.
    pub(in crate::workspace) whole_lines: bool,
    /// The new text came without the wrapping: its indentation is that of the file.
    pub(in crate::workspace) flush: bool,
    /// The number of its only line, where that must be right.
    pub(in crate::workspace) line: Option<usize>,
}

/// Every way to unwrap an edit, the likeliest first.
pub(in crate::workspace) fn ways(old: &str, new: &str) -> Vec<Unwrapped> {
    let mut out: Vec<Unwrapped> = Separator::ALL
        .iter()
        .filter_map(|separator| gutter(old, new, *separator))
        .collect();
    out.extend(fence(old, new));
    out.extend(escapes(old, new));
    out.extend(entities(old, new));
    out.extend(marks::quotes(old, new));
    out.extend(marks::signs(old, new));
    out.extend(marks::around(old, new));
    out.retain(|way| way.old != old);
    out
}

/// What stands between a line's number and the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    Text(&'static str),
    /// `12:` for a match, `12-` for context, as searches show lines.
    Search,
    /// Numbers set right, then so many blanks.
    Column(usize),
}

impl Separator {
    const ALL: [Self; 10] = [
        Self::Text("\t"),
        Self::Text("→"),
        Self::Text(" | "),
        Self::Text("| "),
        Self::Text("|"),
        Self::Text(": "),
        Self::Text(":"),
        Self::Search,
        Self::Column(2),
        Self::Column(1),
    ];

    /// Whether a single line with it is a numbered line beyond doubt.
    fn is_sure(self, padded: bool) -> bool {
        match self {
            Self::Text("\t") => padded,
            Self::Text("→") => true,
            _ => false,
        }
    }
}

/// A numbered line taken apart: padding, number, rest.
fn numbered(line: &str, separator: Separator) -> Option<(usize, usize, &str)> {
    let text = line.trim_start_matches(' ');
    let padding = line.len() - text.len();
    let digits = text.len()
        - text
            .trim_start_matches(|ch: char| ch.is_ascii_digit())
            .len();
    let number = text.get(..digits)?.parse().ok()?;
    let rest = &text[digits..];
    let rest = match separator {
        Separator::Text(separator) => rest.strip_prefix(separator).or_else(|| {
            // The blank of an empty line is easily lost.
            (rest == separator.trim_end_matches([' ', '\t'])).then_some("")
        }),
        Separator::Search => rest.strip_prefix([':', '-']),
        Separator::Column(_) if rest.trim().is_empty() => Some(""),
        Separator::Column(1) => rest.strip_prefix(' '),
        Separator::Column(_) => rest.strip_prefix("  "),
    }?;
    Some((padding, number, rest))
}

fn gutter(old: &str, new: &str, separator: Separator) -> Option<Unwrapped> {
    let (lines, last) = split(old);
    let mut bare = Vec::new();
    let mut first = None;
    let mut column = None;
    let mut padded = false;
    for (index, line) in lines.iter().enumerate() {
        let (padding, number, rest) = numbered(line, separator)?;
        let first: usize = *first.get_or_insert(number);
        if number != first + index {
            return None;
        }
        padded |= padding > 0;
        let width = padding + number.to_string().len();
        let in_column = matches!(separator, Separator::Column(_));
        if in_column && (lines.len() < 2 || *column.get_or_insert(width) != width) {
            return None;
        }
        bare.push(rest);
    }
    let single = lines.len() == 1 && !separator.is_sure(padded);
    Some(Unwrapped {
        old: join(&bare, last),
        new: ungutter(new, separator),
        note: "line numbers were removed",
        what: "its line numbers",
        whole_lines: true,
        flush: !split(new)
            .0
            .iter()
            .any(|line| numbered(line, separator).is_some()),
        line: first.filter(|_| single),
    })
}

fn ungutter(new: &str, separator: Separator) -> Result<String, String> {
    if new.is_empty() {
        return Ok(String::new());
    }
    let (lines, last) = split(new);
    let unnumbered = |line: &str| -> Option<String> {
        // An added line may have the gutter without a number.
        let Separator::Text(text @ ("\t" | "→" | " | " | "| ")) = separator else {
            return None;
        };
        let blank = line.len() - line.trim_start_matches(' ').len();
        (blank > 0)
            .then(|| line[blank - usize::from(text.starts_with(' '))..].strip_prefix(text))?
            .map(str::to_string)
    };
    let found: Vec<Option<&str>> = lines
        .iter()
        .map(|line| numbered(line, separator).map(|(_, _, rest)| rest))
        .collect();
    let content = lines.iter().filter(|line| !line.trim().is_empty()).count();
    let count = found.iter().flatten().count();
    if count == 0 {
        return Ok(new.to_string());
    }
    let sure = matches!(separator, Separator::Text("\t" | "→" | " | "));
    if count < content && !sure {
        return Err("only some of its lines begin with a line number".to_string());
    }
    let bare: Vec<Cow<str>> = lines
        .iter()
        .zip(found)
        .map(|(line, found)| match found {
            Some(rest) => Cow::Borrowed(rest),
            None => unnumbered(line).map_or(Cow::Borrowed(*line), Cow::Owned),
        })
        .collect();
    Ok(join(&bare, last))
}

/// Lines, and whether the last one has an end.
fn split(text: &str) -> (Vec<&str>, bool) {
    match text.strip_suffix('\n') {
        Some(text) => (text.split('\n').collect(), true),
        None => (text.split('\n').collect(), false),
    }
}

fn join<T: AsRef<str>>(lines: &[T], last: bool) -> String {
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        out.push_str(line.as_ref());
    }
    if last {
        out.push('\n');
    }
    out
}

fn fence(old: &str, new: &str) -> Option<Unwrapped> {
    let bare = whole_fence(old)?;
    Some(Unwrapped {
        old: bare.to_string(),
        new: Ok(whole_fence(new).unwrap_or(new).to_string()),
        note: "a code fence was removed",
        what: "its code fence",
        whole_lines: false,
        flush: false,
        line: None,
    })
}

/// The text in a fence that is around all of it.
pub fn whole_fence(text: &str) -> Option<&str> {
    let text = text.trim_matches(['\n', ' ']);
    let (open, rest) = text.strip_prefix("```")?.split_once('\n')?;
    if open.contains(['`', ' ']) {
        return None;
    }
    let bare = match rest.strip_suffix("```")? {
        "" => "",
        bare => bare.strip_suffix('\n')?,
    };
    let nested = bare
        .split('\n')
        .any(|line| line.trim_start().starts_with("```"));
    (!nested).then_some(bare)
}

fn escapes(old: &str, new: &str) -> Option<Unwrapped> {
    if !old.contains('\\') {
        return None;
    }
    // Real line breaks beside escapes: then only quotes and backslashes were escaped.
    let broken = old.trim_end_matches('\n').contains('\n');
    let style = if broken { Style::Quotes } else { Style::All };
    let bare = unescape(old, style)?;
    let new = match unescape(new, style) {
        _ if !new.contains('\\') => Ok(new.to_string()),
        _ if !broken && new.trim_end_matches('\n').contains('\n') => {
            Err("it has both line breaks and backslash escapes".to_string())
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
            ('u', Style::All) => {
                let digits: String = chars.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok()?;
                out.push(char::from_u32(code).filter(|_| digits.len() == 4)?);
            }
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

/// Characters and what stands for them in HTML.
const ENTITIES: [(&str, char); 8] = [
    ("&lt;", '<'),
    ("&gt;", '>'),
    ("&quot;", '"'),
    ("&#34;", '"'),
    ("&#39;", '\''),
    ("&#x27;", '\''),
    ("&apos;", '\''),
    ("&amp;", '&'),
];

fn entities(old: &str, new: &str) -> Option<Unwrapped> {
    let bare = decode(old)?;
    let new = match decode(new) {
        None => Ok(new.to_string()),
        Some(bare) => {
            // Where a character stands both ways, the entity may be meant.
            let both = ENTITIES.iter().find(|(entity, ch)| {
                *ch != '&' && new.contains(entity) && (new.contains(*ch) || old.contains(*ch))
            });
            match both {
                Some((entity, ch)) => Err(format!("it has both {entity} and {ch}")),
                None => Ok(bare),
            }
        }
    };
    Some(Unwrapped {
        old: bare,
        new,
        note: "HTML entities were decoded",
        what: "its HTML entities",
        whole_lines: false,
        flush: false,
        line: None,
    })
}

/// One level of entities decoded; nothing when there is none.
fn decode(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut any = false;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity)) {
            Some((entity, ch)) => {
                any = true;
                out.push(*ch);
                rest = &rest[entity.len()..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    any.then_some(out)
}
