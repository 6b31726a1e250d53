//! Hides secrets in text that leaves the process: logs, traces, error messages.

use std::borrow::Cow;

/// Prefixes of well-known key formats; what follows up to a separator is secret.
const PREFIXES: [&str; 9] = [
    "sk-",
    "xai-",
    "gsk_",
    "AIza",
    "ghp_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "Bearer ",
];

/// Shortest run after a prefix that counts as a key.
const MIN_SECRET: usize = 16;

fn is_key_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+' | b'/' | b'=' | b'~')
}

/// Replaces everything that looks like a key by its prefix and `[redacted]`.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let mut from = 0;
    let mut at = 0;
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let boundary = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        let prefix = boundary
            .then(|| {
                PREFIXES
                    .iter()
                    .find(|prefix| bytes[at..].starts_with(prefix.as_bytes()))
            })
            .flatten();
        let Some(prefix) = prefix else {
            at += 1;
            continue;
        };
        let start = at + prefix.len();
        let length = bytes[start..]
            .iter()
            .take_while(|byte| is_key_char(**byte))
            .count();
        if length >= MIN_SECRET {
            let out = out.get_or_insert_with(String::new);
            out.push_str(&text[from..start]);
            out.push_str("[redacted]");
            from = start + length;
        }
        at = start + length;
    }
    match out {
        Some(mut out) => {
            out.push_str(&text[from..]);
            Cow::Owned(out)
        }
        None => Cow::Borrowed(text),
    }
}

/// [`redact`], and every occurrence of the given secrets whatever they look like.
pub fn redact_known(text: &str, secrets: &[String]) -> String {
    let mut out = text.to_string();
    for secret in secrets.iter().filter(|secret| secret.len() >= 8) {
        if out.contains(secret.as_str()) {
            out = out.replace(secret.as_str(), "[redacted]");
        }
    }
    redact(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_vanish_and_prose_stays() {
        for (text, expected) in [
            (
                "bad key sk-ant-api03-abcdefghijklmnop.",
                "bad key sk-[redacted]",
            ),
            (
                "Authorization: Bearer abcdefghijklmnopqrst\n",
                "Authorization: Bearer [redacted]\n",
            ),
            ("a task-list and risk-free", "a task-list and risk-free"),
            ("sk-short", "sk-short"),
            ("é AIzaSyA0123456789abcdef é", "é AIza[redacted] é"),
        ] {
            assert_eq!(redact(text), expected);
        }
        let known = redact_known("x=custom-secret-1", &["custom-secret-1".into(), "x".into()]);
        assert_eq!(known, "x=[redacted]");
    }
}
