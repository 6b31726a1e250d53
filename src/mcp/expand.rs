//! `${VAR}` and `${VAR:-default}` in what the user wrote about a server.

use std::sync::Arc;

/// The value of a variable or stored secret, by name.
pub type Secrets = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// One piece of a text.
enum Piece<'a> {
    Plain(&'a str),
    Variable(&'a str, Option<&'a str>),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let Some(length) = rest[at..].find('}') else {
            break;
        };
        let inner = &rest[at + 2..at + length];
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        let is_name = !name.is_empty()
            && name
                .chars()
                .all(|ch| ch.is_ascii_alphanumeric() || ch == '_');
        let end = at + length + 1;
        if is_name {
            out.push(Piece::Plain(&rest[..at]));
            out.push(Piece::Variable(name, default));
        } else {
            out.push(Piece::Plain(&rest[..end]));
        }
        rest = &rest[end..];
    }
    out.push(Piece::Plain(rest));
    out
}

/// The text with its variables put in. A variable that is empty counts as not set.
///
/// # Errors
/// The name of the first variable that has neither value nor default.
pub fn expand(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Plain(plain) => out.push_str(plain),
            Piece::Variable(name, default) => {
                match (value(name).filter(|value| !value.is_empty()), default) {
                    (Some(value), _) => out.push_str(&value),
                    (None, Some(default)) => out.push_str(default),
                    (None, None) => return Err(name.to_string()),
                }
            }
        }
    }
    Ok(out)
}

/// The variables of a text that have no default, in order.
pub fn variables(text: &str) -> Vec<&str> {
    pieces(text)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Variable(name, None) => Some(name),
            Piece::Variable(..) | Piece::Plain(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_and_missing_ones_named() {
        let value = |name: &str| match name {
            "TOKEN" => Some("t-1".to_string()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        for (text, wanted) in [
            ("plain", Ok("plain")),
            ("Bearer ${TOKEN}", Ok("Bearer t-1")),
            ("${TOKEN}${TOKEN}", Ok("t-1t-1")),
            ("${NONE:-here}/${EMPTY:-}", Ok("here/")),
            ("${NONE}", Err("NONE")),
            ("a ${EMPTY}", Err("EMPTY")),
            ("$TOKEN ${} ${a b} ${open", Ok("$TOKEN ${} ${a b} ${open")),
        ] {
            let got = expand(text, &value);
            assert_eq!(got.as_deref().map_err(String::as_str), wanted, "{text}");
        }
        assert_eq!(variables("${A} ${B:-x} ${C}"), ["A", "C"]);
    }
}
