//! Hides secrets in text: what tools return, logs, traces, error messages.
//!
//! A secret is known by its value ([`Secrets`]: what the user's own environment and
//! key store hold) or by its form (well-known key formats, private keys). All of it
//! takes linear time.

use std::borrow::Cow;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

mod formats;
mod pem;

/// Stands where a secret was.
pub const MARK: &str = "[redacted]";

/// Shortest and longest value that is looked for, in bytes.
const VALUE: std::ops::RangeInclusive<usize> = 8..=4096;

/// A line longer than this is passed on before its end.
const LONGEST_LINE: usize = 64 * 1024;

/// What is held back of a line without an end, at most.
const HELD: usize = 8 * 1024;

/// Replaces everything that looks like a key by its prefix and [`MARK`].
pub fn redact(text: &str) -> Cow<'_, str> {
    match pem::State::default().redact(text) {
        Cow::Borrowed(text) => formats::redact(text, None),
        Cow::Owned(text) => Cow::Owned(formats::redact(&text, None).into_owned()),
    }
}

/// [`redact`], and every occurrence of the given secrets whatever they look like.
pub fn redact_known(text: &str, secrets: &[String]) -> String {
    let mut out = text.to_string();
    for secret in secrets
        .iter()
        .filter(|secret| VALUE.contains(&secret.len()))
    {
        if out.contains(secret.as_str()) {
            out = out.replace(secret.as_str(), MARK);
        }
    }
    redact(&out).into_owned()
}

/// Values that must not be seen, ready to be looked for.
#[derive(Clone, Default)]
pub struct Secrets {
    values: Vec<String>,
    finder: Option<Arc<AhoCorasick>>,
}

// The values never appear in debug output.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.values.len())
    }
}

impl Secrets {
    /// Those of the values that can be looked for without hiding ordinary words.
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        let mut values: Vec<String> = values
            .into_iter()
            // Output is looked at line by line.
            .flat_map(|value| {
                let lines = value.lines().map(|line| line.trim().to_string());
                lines.collect::<Vec<_>>()
            })
            .filter(|value| is_worth(value))
            .collect();
        values.sort();
        values.dedup();
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&values)
            .ok()
            .filter(|_| !values.is_empty())
            .map(Arc::new);
        Self { values, finder }
    }

    /// The same with more values.
    #[must_use]
    pub fn with(&self, more: impl IntoIterator<Item = String>) -> Self {
        Self::new(self.values.iter().cloned().chain(more))
    }

    /// Replaces these values and everything that looks like a key.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.values_in(text) {
            Cow::Borrowed(text) => redact(text),
            Cow::Owned(text) => Cow::Owned(redact(&text).into_owned()),
        }
    }

    fn values_in<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(finder) = &self.finder else {
            return Cow::Borrowed(text);
        };
        let mut out: Option<String> = None;
        let mut from = 0;
        for found in finder.find_iter(text) {
            let out = out.get_or_insert_with(String::new);
            out.push_str(&text[from..found.start()]);
            out.push_str(MARK);
            from = found.end();
        }
        match out {
            Some(mut out) => {
                out.push_str(&text[from..]);
                Cow::Owned(out)
            }
            None => Cow::Borrowed(text),
        }
    }

    /// Bytes at the end of a text that may be the start of a value.
    fn begun(&self, text: &str) -> usize {
        let starts = |value: &String| {
            let most = (value.len() - 1).min(text.len());
            (1..=most).rev().find(|length| {
                let at = text.len() - length;
                value.as_bytes().starts_with(&text.as_bytes()[at..])
            })
        };
        self.values.iter().filter_map(starts).max().unwrap_or(0)
    }
}

/// Whether a value is a secret rather than a word, a number or a place.
fn is_worth(value: &str) -> bool {
    let is_place = value.starts_with(['/', '~', '.', '\\'])
        || value.get(1..3) == Some(":\\")
        || (value.contains("://") && !value.contains('@'));
    let (mut digit, mut upper, mut lower, mut other) = (false, false, false, false);
    for ch in value.chars() {
        match ch {
            '0'..='9' => digit = true,
            'A'..='Z' => upper = true,
            'a'..='z' => lower = true,
            _ => other = true,
        }
    }
    let kinds = [digit, upper, lower, other];
    let kinds = kinds.into_iter().filter(|kind| *kind).count();
    let is_long = value.len() >= 16;
    VALUE.contains(&value.len()) && !is_place && (kinds >= 2 || is_long)
}

/// Redacts text that comes in pieces. What it passes on is the same however the
/// text is cut.
#[derive(Debug, Default)]
pub struct Redactor {
    secrets: Secrets,
    held: String,
    /// The last character passed on.
    before: Option<char>,
    pem: pem::State,
}

impl Redactor {
    /// Looks for these values beside the well-known forms.
    pub fn new(secrets: Secrets) -> Self {
        Self {
            secrets,
            ..Self::default()
        }
    }

    /// Takes a piece and passes on what is certain: whole lines.
    pub fn push(&mut self, text: &str, out: &mut String) {
        self.held.push_str(text);
        let cut = match self.held.rfind('\n') {
            Some(end) => end + 1,
            None if self.held.len() > LONGEST_LINE => {
                let safe = self.safe_cut();
                let least = self.held.len() - HELD;
                safe.max(self.held.floor_char_boundary(least))
            }
            None => return,
        };
        self.pass(cut, out);
    }

    /// Passes on also what there is of a line without an end, except what may be
    /// the start of a secret.
    pub fn flush(&mut self, out: &mut String) {
        if self.pem != pem::State::Outside || self.held.contains("-----") {
            return;
        }
        let cut = self.safe_cut();
        self.pass(cut, out);
    }

    /// Passes on the rest.
    pub fn finish(&mut self, out: &mut String) {
        self.pass(self.held.len(), out);
    }

    fn pass(&mut self, cut: usize, out: &mut String) {
        if cut == 0 {
            return;
        }
        let text = self.secrets.values_in(&self.held[..cut]);
        let text = self.pem.redact(&text);
        out.push_str(&formats::redact(&text, self.before));
        self.before = text.chars().next_back();
        self.held.drain(..cut);
    }

    /// The last place where no secret can be under way.
    fn safe_cut(&self) -> usize {
        let mut cut = self.held.len();
        for _ in 0..8 {
            let begun = self.held[..cut]
                .bytes()
                .rev()
                .take_while(|byte| formats::is_key_char(*byte))
                .count();
            cut -= begun;
            // Whatever stands before it: that may be a value, and be gone afterwards.
            if let Some(before) = self.held[..cut].strip_suffix("Bearer ") {
                cut = before.len();
                continue;
            }
            let value = self.secrets.begun(&self.held[..cut]);
            if value == 0 {
                return cut;
            }
            cut = self.held.floor_char_boundary(cut - value);
        }
        0
    }
}

#[cfg(test)]
#[path = "redact_tests.rs"]
mod tests;
