//! Patches in a wrapping: in JSON, in the words of a command, or as a plain diff.

use super::parse::{ParseError, fail, is_marker};

/// What a diff calls a file that is not there.
pub(super) const NOTHING: &str = "/dev/null";

const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";

/// The patch in a JSON text: an object, a list or a string that holds it alone.
pub(super) fn in_json(text: &str) -> Option<String> {
    fn patches(value: serde_json::Value, out: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) if text.contains(BEGIN) => out.push(text),
            serde_json::Value::Array(all) => all.into_iter().for_each(|one| patches(one, out)),
            serde_json::Value::Object(all) => {
                all.into_iter().for_each(|(_, one)| patches(one, out))
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    patches(serde_json::from_str(text.trim()).ok()?, &mut found);
    let only = found.pop()?;
    found.is_empty().then(|| only.replace("\r\n", "\n"))
}

/// The patch that a command has as its quoted argument.
pub(super) fn in_command(text: &str) -> Option<String> {
    let rest = text.trim().strip_prefix("apply_patch")?.trim_start();
    let quote = rest.chars().next().filter(|ch| "\"'".contains(*ch))?;
    let inside = rest.strip_prefix(quote)?.strip_suffix(quote)?;
    let starts = inside.trim_start().starts_with(BEGIN);
    starts.then(|| inside.to_string())
}

/// A diff without the envelope in one. It has no end to be seen by, so every hunk must
/// have as many lines as its numbers say.
///
/// # Errors
/// When a hunk has more lines or fewer.
pub(super) fn unified(text: &str) -> Result<Option<String>, ParseError> {
    let mut lines: Vec<&str> = text.trim_matches('\n').split('\n').collect();
    if let [first, .., last] = lines[..]
        && first.starts_with("```")
        && last.trim_end() == "```"
    {
        lines = lines[1..lines.len() - 1].to_vec();
    }
    let starts = lines
        .iter()
        .position(|line| !is_diff_header(line))
        .unwrap_or(0);
    let begins = lines.get(starts..starts + 3).is_some_and(|three| {
        names([three[0], three[1], three[2]]).is_some() && three[2].starts_with("@@ -")
    });
    if !begins
        || lines
            .iter()
            .any(|line| is_marker(line) && line.starts_with('*'))
    {
        return Ok(None);
    }
    // Its last line may be cut as well: one that is added must be seen to end.
    let ends = text.ends_with('\n') || text.trim_end().ends_with("```");
    if !ends && lines.last().is_some_and(|line| line.starts_with('+')) {
        return Err(unclear(lines.len()));
    }
    let mut at = starts;
    while at < lines.len() {
        let line = lines[at];
        at += 1;
        if let Some(counts) = line.strip_prefix("@@").and_then(counts) {
            at = end_of_hunk(&lines, at, counts)?;
            continue;
        }
        let heads = is_diff_header(line) || line.starts_with("--- ") || line.starts_with("+++ ");
        if !(heads || line.trim().is_empty() || line.starts_with("\\ No newline")) {
            return Err(unclear(at));
        }
    }
    Ok(Some(format!("{BEGIN}\n{}\n{END}", lines.join("\n"))))
}

/// The first line behind a hunk that begins at `at` and has so many lines.
fn end_of_hunk(lines: &[&str], at: usize, counts: (usize, usize)) -> Result<usize, ParseError> {
    let (mut old, mut new) = counts;
    let mut end = at;
    while old + new > 0 {
        let line = lines.get(end).ok_or_else(|| unclear(at))?;
        let (less_old, less_new) = match line.as_bytes().first() {
            Some(b'\\') => (0, 0),
            Some(b'-') => (1, 0),
            Some(b'+') => (0, 1),
            Some(b' ') | None => (1, 1),
            Some(_) => return Err(unclear(at)),
        };
        old = old.checked_sub(less_old).ok_or_else(|| unclear(at))?;
        new = new.checked_sub(less_new).ok_or_else(|| unclear(at))?;
        end += 1;
    }
    Ok(end)
}

fn unclear(line: usize) -> ParseError {
    fail(format!(
        "the diff has no `{BEGIN}` and `{END}`, and the lines of its hunk at line {line} are not as \
         many as its numbers say, or do not end: it may be truncated; nothing was changed. Send it between \
         `{BEGIN}` and `{END}`"
    ))
}

/// How many old and new lines a hunk's numbers say.
fn counts(header: &str) -> Option<(usize, usize)> {
    let ranges = header.split("@@").next()?;
    let mut words = ranges.split_whitespace();
    let count = |word: &str, sign: char| -> Option<usize> {
        let range = word.strip_prefix(sign)?;
        range
            .split_once(',')
            .map_or(Some(1), |(_, count)| count.parse().ok())
    };
    let both = (count(words.next()?, '-')?, count(words.next()?, '+')?);
    words.next().is_none().then_some(both)
}

/// Whether a line stands before the names of a diff.
pub(super) fn is_diff_header(line: &str) -> bool {
    [
        "diff --git ",
        "index ",
        "new file mode ",
        "old mode ",
        "new mode ",
    ]
    .iter()
    .any(|head| line.starts_with(head))
}

/// The names of a diff's file before and after, from the two lines with them and what
/// follows; without the `a/` and `b/` of git.
pub(super) fn names<'a>(lines: [&'a str; 3]) -> Option<(&'a str, &'a str)> {
    let name = |line: &'a str, sign: &str| -> Option<&'a str> {
        let name = line.strip_prefix(sign)?.split('\t').next()?;
        Some(name.trim())
    };
    let (old, new) = (name(lines[0], "--- ")?, name(lines[1], "+++ ")?);
    if !lines[2].starts_with("@@") || old.is_empty() || new.is_empty() {
        return None;
    }
    let bare = |name: &'a str, prefix: &str| name.strip_prefix(prefix);
    Some(match (bare(old, "a/"), bare(new, "b/")) {
        (Some(old), Some(new)) => (old, new),
        (None, Some(new)) if old == NOTHING => (old, new),
        (Some(old), None) if new == NOTHING => (old, new),
        _ => (old, new),
    })
}
