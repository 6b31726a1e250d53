//! What Markdown itself has no word for, put into its words before it is parsed:
//! formulas and references to footnotes.

use std::borrow::Cow;

use super::math;
use super::theme::Glyphs;

/// Characters of a formula inside a line; what is longer is none.
pub(super) const INLINE: usize = 300;
/// Bytes of a formula that stands alone.
pub(super) const DISPLAY: usize = 4_000;
/// Characters of a footnote's label.
const LABEL: usize = 40;

/// The text of blocks with its formulas and footnote references as plain words.
/// Code is left alone.
pub(super) fn prepare<'a>(source: &'a str, glyphs: &Glyphs) -> Cow<'a, str> {
    if !needs_it(source) {
        return Cow::Borrowed(source);
    }
    let mut out = String::with_capacity(source.len() + 16);
    let mut fence = None;
    let mut rest = source;
    let mut line_start = true;
    let mut before = '\n';
    while let Some(ch) = rest.chars().next() {
        if line_start {
            let line = rest.lines().next().unwrap_or_default();
            let mark = fence_mark(line);
            if fence.is_some() || mark.is_some() {
                fence = match (fence, mark) {
                    (Some(open), Some(mark)) if open == mark => None,
                    (open, mark) => open.or(mark),
                };
                let end = (line.len() + 1).min(rest.len());
                out.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
        }
        line_start = ch == '\n';
        let (used, shown) = match ch {
            '`' => (code_span(rest), None),
            '$' | '\\' => match formula(rest, before) {
                Some((used, tex)) => (used, Some(escaped(&math::plain(tex, glyphs)))),
                None if ch == '\\' => (rest.chars().take(2).map(char::len_utf8).sum(), None),
                None => (1, None),
            },
            '[' if before != '\n' && before != '!' => match footnote(rest) {
                Some((used, label)) => (used, Some(escaped(&format!("[{label}]")))),
                None => (1, None),
            },
            ch => (ch.len_utf8(), None),
        };
        match shown {
            Some(shown) => out.push_str(&shown),
            None => out.push_str(&rest[..used]),
        }
        before = rest[..used].chars().next_back().unwrap_or(before);
        rest = &rest[used..];
    }
    Cow::Owned(out)
}

/// A block that is one formula and nothing else: its lines.
pub(super) fn display(source: &str, glyphs: &Glyphs) -> Option<Vec<String>> {
    let text = source.trim();
    let end = math_block(text)?;
    let tex = text.get(2..)?.strip_suffix(end)?;
    if tex.contains(end) || tex.trim().is_empty() || text.len() > DISPLAY {
        return None;
    }
    let shown = math::plain(tex, glyphs);
    Some(shown.lines().map(str::to_owned).collect())
}

/// What ends the formula that a line begins with.
pub(super) fn math_block(line: &str) -> Option<&'static str> {
    let text = line.trim_start();
    if text.starts_with("$$") {
        Some("$$")
    } else if text.starts_with("\\[") {
        Some("\\]")
    } else {
        None
    }
}

/// Something in the text may have to be put differently.
pub(super) fn needs_it(text: &str) -> bool {
    text.contains('$') || text.contains("[^") || text.contains("\\(") || text.contains("\\[")
}

/// Whether `$` opens a formula between these two: not in `US$5`, `$HOME`-like `${x}`.
pub(super) fn dollar_opens(before: char, after: char) -> bool {
    !before.is_alphanumeric()
        && !after.is_whitespace()
        && !after.is_ascii_digit()
        && !matches!(after, '{' | '`' | '$')
}

/// Whether `$` closes one between these two.
pub(super) fn dollar_closes(before: char, after: Option<char>) -> bool {
    !before.is_whitespace() && after.is_none_or(|after| !after.is_alphanumeric())
}

/// The bytes of a formula at the start of the text, and what is in it.
fn formula(text: &str, before: char) -> Option<(usize, &str)> {
    let end_of = |end: &str, most: usize| {
        let inside = &text[2..];
        let at = inside.find(end)?;
        let tex = &inside[..at];
        let fits = tex.len() <= most && !tex.contains("\n\n") && !tex.trim().is_empty();
        fits.then_some((at + 2 + end.len(), tex))
    };
    if text.starts_with("$$") {
        return end_of("$$", DISPLAY);
    }
    if text.starts_with("\\(") {
        return end_of("\\)", INLINE);
    }
    if text.starts_with("\\[") {
        return end_of("\\]", DISPLAY);
    }
    let inside = text.strip_prefix('$')?;
    let after = inside.chars().next()?;
    if !dollar_opens(before, after) {
        return None;
    }
    let mut last = '$';
    for (at, ch) in inside.char_indices().take(INLINE) {
        match ch {
            '`' => return None,
            '\n' if last == '\n' => return None,
            '$' if last != '\\' => {
                let next = inside[at + 1..].chars().next();
                return dollar_closes(last, next).then(|| (at + 2, &inside[..at]));
            }
            _ => last = ch,
        }
    }
    None
}

/// Bytes of the code span at the start of the text, or of its backticks alone.
fn code_span(text: &str) -> usize {
    let ticks = text.bytes().take_while(|byte| *byte == b'`').count();
    let mut at = ticks;
    while let Some(found) = text[at..].find('`') {
        let start = at + found;
        let run = text[start..]
            .bytes()
            .take_while(|byte| *byte == b'`')
            .count();
        if text[at..start].contains("\n\n") {
            break;
        }
        if run == ticks {
            return start + run;
        }
        at = start + run;
    }
    ticks
}

fn footnote(text: &str) -> Option<(usize, &str)> {
    let inside = text.strip_prefix("[^")?;
    let end = inside.find(']')?;
    let label = &inside[..end];
    let good = !label.is_empty()
        && label.chars().count() <= LABEL
        && !label.contains(|ch: char| ch.is_whitespace() || ch == '[');
    let is_link = inside[end + 1..].starts_with(['(', '[', ':']);
    (good && !is_link).then_some((end + 3, label))
}

fn fence_mark(line: &str) -> Option<char> {
    let text = line.trim_start_matches([' ', '\t', '>', '-', '*', '+']);
    ['`', '~']
        .into_iter()
        .find(|mark| text.chars().take_while(|ch| ch == mark).count() >= 3)
}

/// Words that Markdown leaves as they are.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for ch in text.chars() {
        match ch {
            '\n' => out.push(' '),
            ch if ch.is_ascii_punctuation() => {
                out.push('\\');
                out.push(ch);
            }
            ch => out.push(ch),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::theme::Theme;

    #[test]
    fn formulas_and_footnotes_are_found_and_money_is_not() {
        let glyphs = Theme::new(true).glyphs;
        for (source, text) in [
            ("it is $x^2$.", "it is x²."),
            (r"so \(a \le b\), or \[c\]", "so a ≤ b, or c"),
            ("$$x$$", "x"),
            (
                "costs $5 or $6, US$7 and $8.",
                "costs $5 or $6, US$7 and $8.",
            ),
            ("$HOME and $PATH, ${a}$", "$HOME and $PATH, ${a}$"),
            ("`$x$` $y_1$ ``a`$z$``", "`$x$` y₁ ``a`$z$``"),
            ("```\n$x$\n```\n$x_1$", "```\n$x$\n```\nx₁"),
            (r"\$x^2\$", r"\$x^2\$"),
            ("see[^1] and [^two]", "see\\[1\\] and \\[two\\]"),
            ("[^1]: the note[^2]", "[^1]: the note\\[2\\]"),
            ("see [^1](http://x) [^a b]", "see [^1](http://x) [^a b]"),
            ("$a*b*c$", "a\\*b\\*c"),
        ] {
            assert_eq!(prepare(source, &glyphs), text, "{source}");
        }
    }

    #[test]
    fn a_formula_that_stands_alone_is_its_lines() {
        let glyphs = Theme::new(true).glyphs;
        let lines = display("$$\na \\\\\nb\n$$\n", &glyphs);
        assert_eq!(lines, Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(display("\\[ x \\]", &glyphs), Some(vec!["x".to_owned()]));
        assert_eq!(display("$$x$$ and $$y$$", &glyphs), None);
        assert_eq!(display("$$", &glyphs), None);
    }
}
