//! Well-known forms of keys.

use std::borrow::Cow;

use super::MARK;

/// Characters of the part behind the start.
#[derive(Clone, Copy)]
enum Body {
    /// Letters and digits.
    Alnum,
    /// Letters, digits, `-` and `_`.
    Url,
    /// Upper-case letters and digits.
    Upper,
    /// Everything keys are written in.
    Any,
}

/// What else must hold.
#[derive(Clone, Copy, PartialEq)]
enum More {
    Nothing,
    /// A digit in it.
    Digit,
    /// A run of letters and digits that is no word, or a known second part.
    NoWords,
}

/// One form: how it starts, how long the rest is at least and at most.
struct Form(&'static str, std::ops::RangeInclusive<usize>, Body, More);

const MANY: usize = usize::MAX;

const FORMS: &[Form] = &[
    Form("sk-", 16..=MANY, Body::Url, More::NoWords),
    Form("sk_live_", 16..=MANY, Body::Alnum, More::Nothing),
    Form("sk_test_", 16..=MANY, Body::Alnum, More::Nothing),
    Form("rk_live_", 16..=MANY, Body::Alnum, More::Nothing),
    Form("xai-", 16..=MANY, Body::Url, More::NoWords),
    Form("gsk_", 16..=MANY, Body::Alnum, More::Nothing),
    Form("AIza", 16..=MANY, Body::Url, More::Digit),
    Form("ghp_", 16..=MANY, Body::Alnum, More::Nothing),
    Form("gho_", 16..=MANY, Body::Alnum, More::Nothing),
    Form("ghu_", 16..=MANY, Body::Alnum, More::Nothing),
    Form("ghs_", 16..=MANY, Body::Alnum, More::Nothing),
    Form("ghr_", 16..=MANY, Body::Alnum, More::Nothing),
    Form("github_pat_", 20..=MANY, Body::Url, More::Digit),
    Form("glpat-", 16..=MANY, Body::Url, More::Digit),
    Form("xoxa-", 10..=MANY, Body::Url, More::Digit),
    Form("xoxb-", 10..=MANY, Body::Url, More::Digit),
    Form("xoxe-", 10..=MANY, Body::Url, More::Digit),
    Form("xoxp-", 10..=MANY, Body::Url, More::Digit),
    Form("xoxr-", 10..=MANY, Body::Url, More::Digit),
    Form("xoxs-", 10..=MANY, Body::Url, More::Digit),
    Form("xapp-", 10..=MANY, Body::Url, More::Digit),
    Form("npm_", 30..=MANY, Body::Alnum, More::Nothing),
    Form("hf_", 30..=MANY, Body::Alnum, More::Nothing),
    Form("pypi-", 50..=MANY, Body::Url, More::Digit),
    Form("AKIA", 16..=16, Body::Upper, More::Nothing),
    Form("ASIA", 16..=16, Body::Upper, More::Digit),
    Form("dop_v1_", 40..=MANY, Body::Alnum, More::Nothing),
    Form("shpat_", 30..=MANY, Body::Alnum, More::Nothing),
    Form("SG.", 40..=MANY, Body::Any, More::Digit),
    Form("ya29.", 20..=MANY, Body::Any, More::Digit),
    Form("AGE-SECRET-KEY-1", 40..=MANY, Body::Upper, More::Nothing),
    Form("Bearer ", 16..=MANY, Body::Any, More::NoWords),
];

/// Second parts of keys whose rest may look like words.
const SECOND: &[&str] = &["ant-", "proj-", "or-", "svcacct-", "admin-"];

/// First bytes of all forms and of signed tokens.
const FIRST: [bool; 256] = {
    let mut first = [false; 256];
    let mut at = 0;
    while at < FORMS.len() {
        first[FORMS[at].0.as_bytes()[0] as usize] = true;
        at += 1;
    }
    first[b'e' as usize] = true;
    first
};

/// Whether a key may hold this byte.
pub(super) fn is_key_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+' | b'/' | b'=' | b'~')
}

impl Body {
    fn holds(self, byte: u8) -> bool {
        match self {
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Any => is_key_char(byte),
        }
    }

    fn length(self, bytes: &[u8]) -> usize {
        bytes.iter().take_while(|byte| self.holds(**byte)).count()
    }
}

impl Form {
    /// Bytes of the secret behind the start; nothing when it is none.
    fn matches(&self, rest: &[u8]) -> Option<usize> {
        let Self(_, lengths, body, more) = self;
        let length = body.length(rest);
        let secret = &rest[..length];
        let holds = match more {
            More::Nothing => true,
            More::Digit => secret.iter().any(u8::is_ascii_digit),
            More::NoWords => has_no_words(secret),
        };
        (lengths.contains(&length) && holds).then_some(length)
    }
}

/// A run of sixteen letters and digits, or a known second part.
fn has_no_words(secret: &[u8]) -> bool {
    SECOND
        .iter()
        .any(|second| secret.starts_with(second.as_bytes()))
        || secret
            .split(|byte| !byte.is_ascii_alphanumeric())
            .any(|run| run.len() >= 16)
}

/// Bytes of a signed token from its `eyJ` on: three parts, the first two of them
/// JSON objects.
fn token(bytes: &[u8]) -> Option<usize> {
    let head = Body::Url.length(bytes);
    let rest = bytes[head..].strip_prefix(b".eyJ")?;
    let claims = Body::Url.length(rest);
    let signature = rest[claims..].strip_prefix(b".")?;
    let length = Body::Url.length(signature);
    (head >= 12 && claims >= 8 && length >= 16).then_some(head + 4 + claims + 1 + length)
}

/// Replaces keys by their start and the mark. `before` is the character before
/// the text.
pub(super) fn redact(text: &str, before: Option<char>) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out: Option<String> = None;
    let (mut from, mut at) = (0, 0);
    while at < bytes.len() {
        let is_start = FIRST[usize::from(bytes[at])]
            && match at {
                0 => !before.is_some_and(|ch| ch.is_ascii_alphanumeric()),
                _ => !bytes[at - 1].is_ascii_alphanumeric(),
            };
        let Some((shown, secret)) = is_start.then(|| find(&bytes[at..])).flatten() else {
            at += 1;
            continue;
        };
        let out = out.get_or_insert_with(String::new);
        out.push_str(&text[from..at + shown]);
        out.push_str(MARK);
        at += shown + secret;
        from = at;
    }
    match out {
        Some(mut out) => {
            out.push_str(&text[from..]);
            Cow::Owned(out)
        }
        None => Cow::Borrowed(text),
    }
}

/// The key at the start of these bytes: bytes of it that may be seen, and the rest.
fn find(bytes: &[u8]) -> Option<(usize, usize)> {
    if bytes.starts_with(b"eyJ") {
        return token(bytes).map(|length| (3, length - 3));
    }
    FORMS
        .iter()
        .filter(|form| bytes.starts_with(form.0.as_bytes()))
        .find_map(|form| Some((form.0.len(), form.matches(&bytes[form.0.len()..])?)))
}
