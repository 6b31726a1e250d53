//! JSON with comments and trailing commas, as editors keep it.

/// The same text with comments and trailing commas blanked: every line keeps its
/// number. What is in strings stays.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut in_string = false;
    // Where a comma stands that nothing but blanks followed so far.
    let mut comma = None;
    while let Some(ch) = chars.next() {
        if in_string {
            out.push(ch);
            match ch {
                '\\' => out.extend(chars.next()),
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match (ch, chars.peek()) {
            ('/', Some('/')) => while chars.next_if(|next| *next != '\n').is_some() {},
            ('/', Some('*')) => {
                chars.next();
                let mut last = ' ';
                for next in chars.by_ref() {
                    if next == '\n' {
                        out.push(next);
                    }
                    if (last, next) == ('*', '/') {
                        break;
                    }
                    last = next;
                }
            }
            ('}' | ']', _) => {
                if let Some(at) = comma.take() {
                    out.replace_range(at..at + 1, " ");
                }
                out.push(ch);
            }
            (',', _) => {
                comma = Some(out.len());
                out.push(ch);
            }
            _ => {
                if !ch.is_whitespace() {
                    comma = None;
                    in_string = ch == '"';
                }
                out.push(ch);
            }
        }
    }
    out
}

/// The 1-based line of a key: after each name of `path`, the next one that follows.
/// What is not found leaves the line of the last that was.
pub(super) fn line_of(text: &str, path: &[&str]) -> usize {
    let mut at = 0;
    for name in path {
        let key = serde_json::Value::from(*name).to_string();
        let mut from = at;
        while let Some(found) = text[from..].find(&key).map(|found| found + from) {
            from = found + key.len();
            if text[from..].trim_start().starts_with(':') {
                at = found;
                break;
            }
        }
    }
    text[..at].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_vanish_and_lines_stay() {
        let text = "{ // one\n \"a\": \"x // y, }\", /* two\n */ \"b\": [1, 2,\n ],\n}";
        let plain = plain(text);
        let value: serde_json::Value = serde_json::from_str(&plain).unwrap();
        assert_eq!(value["a"], "x // y, }");
        assert_eq!(value["b"][1], 2);
        assert_eq!(plain.matches('\n').count(), text.matches('\n').count());
        assert_eq!(line_of(&plain, &["b"]), 3);
        assert_eq!(line_of("{}", &["b"]), 1);
        for odd in ["/*", "\"", "\"\\", ",", "//", ""] {
            super::plain(odd);
        }
    }
}
