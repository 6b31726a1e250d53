//! Fuzzy search over short texts.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// A filter as typed: words in any order, letters of a word with gaps between
/// them; upper-case letters only match themselves.
pub struct Fuzzy {
    matcher: Matcher,
    pattern: Pattern,
    chars: Vec<char>,
}

impl Fuzzy {
    /// For names.
    pub fn names(filter: &str) -> Self {
        let mut config = Config::DEFAULT;
        config.prefer_prefix = true;
        Self::new(config, AtomKind::Fuzzy, filter)
    }

    /// For words that stand in the text as they are.
    pub fn words(filter: &str) -> Self {
        Self::new(Config::DEFAULT, AtomKind::Substring, filter)
    }

    /// For paths: what follows a separator counts more.
    pub fn paths(filter: &str) -> Self {
        Self::new(Config::DEFAULT.match_paths(), AtomKind::Fuzzy, filter)
    }

    fn new(config: Config, kind: AtomKind, filter: &str) -> Self {
        let pattern = Pattern::new(filter, CaseMatching::Smart, Normalization::Smart, kind);
        Self {
            matcher: Matcher::new(config),
            pattern,
            chars: Vec::new(),
        }
    }

    /// How well a text matches: more is better; nothing when it does not.
    pub fn score(&mut self, text: &str) -> Option<u32> {
        let text = Utf32Str::new(text, &mut self.chars);
        self.pattern.score(text, &mut self.matcher)
    }

    /// Indices of the graphemes that matched, ascending.
    pub fn places(&mut self, text: &str) -> Vec<u32> {
        let text = Utf32Str::new(text, &mut self.chars);
        let mut out = Vec::new();
        self.pattern.indices(text, &mut self.matcher, &mut out);
        out.sort_unstable();
        out.dedup();
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best<'a>(texts: &[&'a str], filter: &str) -> Option<&'a str> {
        let mut fuzzy = Fuzzy::names(filter);
        let scored = texts
            .iter()
            .filter_map(|text| Some((fuzzy.score(text)?, *text)));
        scored.max_by_key(|(score, _)| *score).map(|(_, text)| text)
    }

    #[test]
    fn starts_of_words_beat_scattered_letters() {
        let texts = ["resume", "clear", "think", "compact", "s"];
        assert_eq!(best(&texts, "cp"), Some("compact"));
        assert_eq!(best(&texts, "r"), Some("resume"));
        assert_eq!(best(&texts, "x"), None);
        let mut fuzzy = Fuzzy::paths("mainrs");
        assert!(fuzzy.score("src/main.rs") > fuzzy.score("src/domain/rows.rs"));
    }

    #[test]
    fn places_are_graphemes() {
        assert_eq!(Fuzzy::names("lt").places("é世light"), [2, 6]);
    }
}
