//! Splits a line into words and joins, or says what it does not understand.
//! Accepted is only what bash takes literally.

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A word after quote removal.
    Word(String),
    /// `&&`, `||`, `;` or `|`.
    Join(&'static str),
}

const JOINS: [&str; 4] = ["&&", "||", ";", "|"];

/// Redirections that change nothing: to nowhere, or the two outputs joined.
const HARMLESS_REDIRECTIONS: [&str; 7] = [
    "2>&1",
    "1>&2",
    ">&2",
    "2>/dev/null",
    "1>/dev/null",
    ">/dev/null",
    "&>/dev/null",
];

/// The pieces of a line.
///
/// # Errors
/// The first thing that is not plain, in words.
pub(super) fn split(line: &str) -> Result<Vec<Piece>, String> {
    // Blanks and newlines around a whole line mean nothing to bash.
    let line = line.trim_matches([' ', '\t', '\n']);
    let mut pieces = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if rest.is_empty() {
            return Ok(pieces);
        }
        if let Some(length) = redirection(rest) {
            rest = &rest[length..];
        } else if let Some((join, length)) = join(rest)? {
            pieces.push(Piece::Join(join));
            rest = &rest[length..];
        } else {
            let (word, length) = word(rest)?;
            pieces.push(Piece::Word(word));
            rest = &rest[length..];
        }
    }
}

/// Length of a harmless redirection that ends here as a word of its own.
fn redirection(rest: &str) -> Option<usize> {
    let known = HARMLESS_REDIRECTIONS
        .iter()
        .find(|known| rest.starts_with(**known))?;
    let ends = rest[known.len()..]
        .chars()
        .next()
        .is_none_or(|next| matches!(next, ' ' | '\t' | ';' | '|'));
    ends.then_some(known.len())
}

fn join(rest: &str) -> Result<Option<(&'static str, usize)>, String> {
    let operators: usize = rest
        .chars()
        .take_while(|ch| matches!(ch, '&' | '|' | ';'))
        .count();
    if operators == 0 {
        return Ok(None);
    }
    let text = &rest[..operators];
    match JOINS.iter().find(|join| **join == text) {
        Some(join) => Ok(Some((join, operators))),
        None if text == "&" => Err("runs in the background".to_string()),
        None => Err(format!("`{text}` is not understood")),
    }
}

/// One word and its length in the line.
fn word(rest: &str) -> Result<(String, usize), String> {
    let mut word = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, ch)) = chars.next() {
        match ch {
            ' ' | '\t' | '&' | '|' | ';' => return Ok((word, at)),
            '\'' | '"' => {
                let inner = &rest[at + 1..];
                let end = inner
                    .find(ch)
                    .ok_or_else(|| "a quote is not closed".to_string())?;
                let inner = &inner[..end];
                quoted(ch, inner)?;
                word.push_str(inner);
                // Past the text and the closing quote.
                for _ in inner.chars() {
                    chars.next();
                }
                chars.next();
            }
            '~' if tilde_is_plain(&word) => word.push(ch),
            _ if is_plain(ch) => word.push(ch),
            _ => return Err(not_plain(ch)),
        }
    }
    Ok((word, rest.len()))
}

fn quoted(quote: char, inner: &str) -> Result<(), String> {
    for ch in inner.chars() {
        if ch.is_control() && ch != '\t' {
            return Err("a control character in a quoted word".to_string());
        }
        if quote == '"' && matches!(ch, '$' | '`' | '\\') {
            return Err(not_plain(ch));
        }
    }
    Ok(())
}

/// Characters that bash takes literally wherever they stand in a word.
fn is_plain(ch: char) -> bool {
    ch.is_alphanumeric()
        || matches!(
            ch,
            '_' | '-' | '.' | '/' | ':' | ',' | '@' | '%' | '+' | '=' | '^'
        )
}

/// Bash expands `~` at the start of a word and, in what looks like an assignment,
/// after `=` and `:`. Elsewhere (`HEAD~1`) it is a letter.
fn tilde_is_plain(before: &str) -> bool {
    !before.contains(['=', ':'])
        && before
            .chars()
            .last()
            .is_some_and(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '^' | '~'))
}

fn not_plain(ch: char) -> String {
    match ch {
        '$' | '`' => "contains an expansion".to_string(),
        '>' | '<' => "redirects".to_string(),
        '*' | '?' | '[' | ']' | '{' | '}' => "contains a pattern the shell expands".to_string(),
        '\n' => "has several lines".to_string(),
        '(' | ')' => "uses a subshell or a function".to_string(),
        '\\' => "contains a backslash".to_string(),
        '#' => "contains a comment".to_string(),
        '~' => "names a home directory".to_string(),
        ch if ch.is_control() => "contains a control character".to_string(),
        ch => format!("contains `{ch}`"),
    }
}
