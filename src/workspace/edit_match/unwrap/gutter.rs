//! Line numbers before the lines.

use std::borrow::Cow;

use super::{Unwrapped, join, split};

/// Every gutter that explains the old text.
pub(super) fn ways(old: &str, new: &str) -> impl Iterator<Item = Unwrapped> {
    Separator::ALL
        .into_iter()
        .filter_map(move |separator| gutter(old, new, separator))
}

/// A line without the number before it, and the number; `sign`: what follows it may
/// begin with a blank.
pub(in crate::workspace) fn bare(line: &str, sign: bool) -> Option<(usize, &str)> {
    const BEFORE_SIGN: [Separator; 3] = [
        Separator::Text("\t"),
        Separator::Text(" | "),
        Separator::Column(1),
    ];
    let separators: &[Separator] = if sign { &BEFORE_SIGN } else { &Separator::ALL };
    let found = separators
        .iter()
        .find_map(|separator| numbered(line, *separator));
    found.map(|(_, number, rest)| (number, rest))
}

/// What stands between a line's number and the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    Text(&'static str),
    /// As `L12: ` and `[12] `: what stands before it, and behind.
    Marked(&'static str, &'static str),
    /// `12:` for a match, `12-` for context, as searches show lines.
    Search,
    /// Numbers set right, then so many blanks.
    Column(usize),
}

impl Separator {
    const ALL: [Self; 15] = [
        Self::Text("\t"),
        Self::Text("→"),
        Self::Text(" | "),
        Self::Text("| "),
        Self::Text("|"),
        Self::Text(": "),
        Self::Text(":"),
        Self::Text(". "),
        Self::Text(") "),
        Self::Marked("L", ": "),
        Self::Marked("L", ":"),
        Self::Marked("[", "] "),
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
    let text = match separator {
        Separator::Marked(before, _) => text.strip_prefix(before)?,
        _ => text,
    };
    let digits = text.len()
        - text
            .trim_start_matches(|ch: char| ch.is_ascii_digit())
            .len();
    let number = text.get(..digits)?.parse().ok()?;
    let rest = &text[digits..];
    let rest = match separator {
        Separator::Text(separator) | Separator::Marked(_, separator) => {
            rest.strip_prefix(separator).or_else(|| {
                // The blank of an empty line is easily lost.
                (rest == separator.trim_end_matches([' ', '\t'])).then_some("")
            })
        }
        Separator::Search => rest.strip_prefix([':', '-']),
        Separator::Column(_) if rest.trim().is_empty() => Some(""),
        Separator::Column(1) => rest.strip_prefix(' '),
        Separator::Column(_) => rest.strip_prefix("  "),
    }?;
    Some((padding, number, rest))
}

/// The texts without a gutter of consecutive numbers.
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
        let alone = lines.len() < 2 && separator == Separator::Column(1);
        if in_column && (alone || *column.get_or_insert(width) != width) {
            return None;
        }
        bare.push(rest);
    }
    let single = lines.len() == 1 && !separator.is_sure(padded);
    Some(Unwrapped {
        old: join(&bare, last),
        new: ungutter(new, separator, &bare),
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

fn ungutter(new: &str, separator: Separator, old: &[&str]) -> Result<String, String> {
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
    // A number alone is a blank line only beside others with numbers.
    let alone = |line: &str| line.trim_start().bytes().all(|byte| byte.is_ascii_digit());
    let told = |at: usize| found[at].is_some() && !alone(lines[at]);
    if !(0..lines.len()).any(told) {
        return Ok(new.to_string());
    }
    // Numbers that the file's own lines begin with.
    if (0..lines.len()).all(|at| !told(at) || old.contains(&lines[at])) {
        return Ok(new.to_string());
    }
    let content = lines.iter().filter(|line| !line.trim().is_empty()).count();
    let count = found.iter().flatten().count();
    let stray = (0..lines.len()).any(|at| {
        let number = |at: usize| numbered(lines.get(at)?, separator).map(|(_, number, _)| number);
        let follows = at > 0 && number(at - 1).is_some_and(|above| number(at) == Some(above + 1));
        let leads = number(at + 1).is_some_and(|below| number(at).map(|it| it + 1) == Some(below));
        found[at].is_some() && alone(lines[at]) && !(follows || leads)
    });
    if stray {
        return Err("only some of its lines begin with a line number".to_string());
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
