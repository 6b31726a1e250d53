//! File name patterns.

use std::path::Path;

use globset::{GlobBuilder, GlobSet};

/// A pattern for paths. Without a `/` it is for names, at any depth; with one it
/// is for whole paths, where `*` stays within a component and `**` crosses.
/// `{a,b}`, `[a-z]` and `[!a]` work; case matters.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// A set of one: it looks at names and endings without a regular expression.
    matcher: GlobSet,
    whole_path: bool,
    inverted: bool,
}

/// A pattern that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pattern `{pattern}` is not understood: {fault}")]
pub struct PatternError {
    pattern: String,
    fault: String,
}

impl Pattern {
    /// Parses a pattern; a leading `!` turns it round.
    ///
    /// # Errors
    /// The pattern with its fault.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let (inverted, body) = match pattern.strip_prefix('!') {
            Some(body) => (true, body),
            None => (false, pattern),
        };
        Self::build(body, body.contains('/')).map(|built| Self { inverted, ..built })
    }

    /// A pattern for whole paths, with or without a `/`.
    ///
    /// # Errors
    /// The pattern with its fault.
    pub fn anchored(pattern: &str) -> Result<Self, PatternError> {
        Self::build(pattern, true)
    }

    fn build(pattern: &str, whole_path: bool) -> Result<Self, PatternError> {
        let fail = |fault: String| PatternError {
            pattern: pattern.to_string(),
            fault,
        };
        let mut body = pattern.trim_start_matches("./").to_string();
        if body.ends_with('/') {
            body.push_str("**");
        }
        if body.is_empty() {
            return Err(fail("it is empty".to_string()));
        }
        let matcher = GlobBuilder::new(&body)
            .literal_separator(true)
            .build()
            .and_then(|glob| GlobSet::new([glob]))
            .map_err(|error| fail(error.kind().to_string()))?;
        Ok(Self {
            matcher,
            whole_path,
            inverted: false,
        })
    }

    /// Whether a relative path is meant.
    pub fn matches(&self, path: &Path) -> bool {
        let hit = if self.whole_path {
            self.matcher.is_match(path)
        } else {
            path.file_name()
                .is_some_and(|name| self.matcher.is_match(name))
        };
        hit != self.inverted
    }
}

/// Splits a pattern into the directory it begins in and the pattern below it.
pub fn split_base(pattern: &str) -> (&str, &str) {
    let end = pattern
        .find(['*', '?', '[', '{', '!'])
        .unwrap_or(pattern.len());
    match pattern[..end].rfind('/') {
        Some(0) => ("/", &pattern[1..]),
        Some(at) => (&pattern[..at], &pattern[at + 1..]),
        None => ("", pattern),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_people_expect() {
        for (pattern, path, expected) in [
            ("*.rs", "src/a.rs", true),
            ("*.rs", "a.RS", false),
            ("**/*.{rs,toml}", "a/b/Cargo.toml", true),
            ("**/*.{rs,toml}", "x.rs", true),
            ("src/*.rs", "src/a.rs", true),
            ("src/*.rs", "src/b/a.rs", false),
            ("./src/**", "src/b/a.rs", true),
            ("src/", "src/b/a.rs", true),
            ("[!a]*.py", "b.py", true),
            ("[!a]*.py", "x/a.py", false),
            ("!*.rs", "a.rs", false),
            ("!*.rs", "a.py", true),
        ] {
            let built = Pattern::new(pattern).unwrap();
            assert_eq!(built.matches(Path::new(path)), expected, "{pattern} {path}");
        }
        for (pattern, fault) in [
            ("src/[", "unclosed character class"),
            ("{a", "unclosed alternate"),
            ("", "empty"),
        ] {
            let error = Pattern::new(pattern).unwrap_err().to_string();
            assert!(error.contains(fault) && error.contains(pattern), "{error}");
        }
    }

    #[test]
    fn the_base_is_the_plain_beginning() {
        for (pattern, expected) in [
            ("*.rs", ("", "*.rs")),
            ("src/**/*.rs", ("src", "**/*.rs")),
            ("../x/*", ("../x", "*")),
            ("/etc/*.conf", ("/etc", "*.conf")),
            ("/*", ("/", "*")),
            ("src/main.rs", ("src", "main.rs")),
            ("{a,b}/c", ("", "{a,b}/c")),
        ] {
            assert_eq!(split_base(pattern), expected, "{pattern}");
        }
    }
}
