//! Searching file contents, in parallel and in bounded memory.
//!
//! The answer is the same on every run: of the files with matches, those first in
//! path order are kept with their lines, all others are only counted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use grep_matcher::{LineTerminator, Matcher};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{
    BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkContextKind, SinkMatch,
};
use ignore::WalkState;
use ignore::types::{Types, TypesBuilder};
use tokio_util::sync::CancellationToken;

use super::globs::Pattern;
use super::walk;

/// Longest line shown whole, in bytes; of a longer one the part around the match.
const LINE: usize = 400;
/// What is shown before the match in such a line.
const LEAD: usize = 120;

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// A regular expression, or plain text.
    pub pattern: String,
    /// Take the pattern as plain text.
    pub literal: bool,
    /// Letters match in both cases.
    pub ignore_case: bool,
    /// Only files that match.
    pub glob: Option<Pattern>,
    /// Only files of this type, such as `rust`.
    pub kind: Option<Types>,
    /// Lines shown before and after each match.
    pub context: usize,
    /// Hidden and ignored files too.
    pub everything: bool,
    /// What to keep.
    pub keep: Keep,
}

/// How much of the matches is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// Lines with their context.
    #[default]
    Lines,
    /// Files with the number of matching lines.
    Counts,
    /// Files; each is left at its first match.
    Files,
}

/// Files kept with a result.
pub const MAX_FILES: usize = 500;
/// Lines kept of one file, context included.
pub const MAX_LINES: usize = 200;

impl Query {
    fn is_other_kind(&self, path: &Path) -> bool {
        let kind = self.kind.as_ref();
        kind.is_some_and(|kind| !kind.matched(path, false).is_whitelist())
    }
}

/// The files of a type by its name, as `rg --type` knows it.
///
/// # Errors
/// When there is no such type.
pub fn files_of(kind: &str) -> Result<Types, SearchError> {
    let mut builder = TypesBuilder::new();
    builder.add_defaults();
    let kind = kind.trim().trim_start_matches('.').to_lowercase();
    builder.select(&kind);
    builder.build().map_err(|_| SearchError::Kind(kind))
}

/// A search that cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Nothing to look for.
    #[error("the pattern is empty")]
    Empty,
    /// Not a regular expression.
    #[error("{0}")]
    Pattern(String),
    /// No such type of files.
    #[error("no file type is called {0}; glob: \"*.{0}\" takes a name ending")]
    Kind(String),
    /// The user stopped it.
    #[error("stopped")]
    Stopped,
}

/// One line of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: u64,
    /// Without terminator; cut around the match when long.
    pub text: String,
    /// It matches; else it is context.
    pub hit: bool,
    /// Lines are left out before it.
    pub gap: bool,
}

/// A file with matches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileHits {
    /// Matching lines (1 with [`Keep::Files`]).
    pub count: u64,
    /// The first of them, with context.
    pub lines: Vec<Line>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The first files with matches, in path order.
    pub files: BTreeMap<PathBuf, FileHits>,
    /// Files with matches.
    pub total_files: u64,
    /// Matching lines.
    pub total: u64,
    /// Files and directories that could not be read.
    pub unreadable: u64,
}

/// Searches a file, or a directory with everything below it.
///
/// # Errors
/// See [`SearchError`].
pub fn search(
    root: &Path,
    start: &Path,
    query: &Query,
    cancel: &CancellationToken,
) -> Result<Found, SearchError> {
    let multi_line = spans_lines(&query.pattern, query.literal);
    let matcher = matcher(query, multi_line)?;
    let found = Mutex::new(Found::default());
    let add = |path: &Path, result: std::io::Result<FileHits>| {
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(hits) if hits.count > 0 => {
                found.total_files += 1;
                found.total += hits.count;
                found.files.insert(path.to_path_buf(), hits);
                if found.files.len() > MAX_FILES {
                    found.files.pop_last();
                }
            }
            Ok(_) => {}
            Err(_) => found.unreadable += 1,
        }
    };
    walk::builder(root, start, query.everything)
        .build_parallel()
        .run(|| {
            let (matcher, add, found) = (matcher.clone(), &add, &found);
            let mut searcher = searcher(query, multi_line);
            Box::new(move |entry| {
                if cancel.is_cancelled() {
                    return WalkState::Quit;
                }
                let Ok(entry) = entry else {
                    found
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .unreadable += 1;
                    return WalkState::Continue;
                };
                if !entry.file_type().is_some_and(|kind| kind.is_file())
                    || !wanted(query, root, start, entry.path())
                    || query.is_other_kind(entry.path())
                {
                    return WalkState::Continue;
                }
                let mut collector = Collector::new(&matcher, query.keep);
                let result = searcher.search_path(&matcher, entry.path(), &mut collector);
                add(entry.path(), result.map(|()| collector.hits));
                WalkState::Continue
            })
        });
    if cancel.is_cancelled() {
        return Err(SearchError::Stopped);
    }
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// A glob may be meant from the directory searched or from the workspace's root.
fn wanted(query: &Query, root: &Path, start: &Path, path: &Path) -> bool {
    query.glob.as_ref().is_none_or(|glob| {
        let above = Some(root).filter(|root| *root != start);
        std::iter::once(start)
            .chain(above)
            .filter_map(|base| path.strip_prefix(base).ok())
            .any(|relative| {
                // A file given as the start has no path below itself.
                let relative = if relative.as_os_str().is_empty() {
                    path
                } else {
                    relative
                };
                glob.matches(relative)
            })
    })
}

/// Whether a match can go over a line end.
fn spans_lines(pattern: &str, literal: bool) -> bool {
    pattern.contains('\n') || !literal && (pattern.contains("\\n") || pattern.contains("(?s"))
}

fn matcher(query: &Query, multi_line: bool) -> Result<RegexMatcher, SearchError> {
    if query.pattern.is_empty() {
        return Err(SearchError::Empty);
    }
    let mut builder = RegexMatcherBuilder::new();
    builder
        .multi_line(true)
        .case_insensitive(query.ignore_case)
        .fixed_strings(query.literal);
    if !multi_line {
        builder.crlf(true);
    }
    builder
        .build(&query.pattern)
        .map_err(|error| SearchError::Pattern(error.to_string()))
}

fn searcher(query: &Query, multi_line: bool) -> Searcher {
    let mut builder = SearcherBuilder::new();
    builder
        .binary_detection(BinaryDetection::quit(0))
        .line_number(query.keep == Keep::Lines)
        .multi_line(multi_line);
    if !multi_line {
        builder.line_terminator(LineTerminator::crlf());
    }
    if query.keep == Keep::Lines {
        builder
            .before_context(query.context)
            .after_context(query.context);
    }
    builder.build()
}

/// Takes the matches of one file.
struct Collector<'a> {
    matcher: &'a RegexMatcher,
    keep: Keep,
    hits: FileHits,
    gap: bool,
}

impl<'a> Collector<'a> {
    fn new(matcher: &'a RegexMatcher, keep: Keep) -> Self {
        Self {
            matcher,
            keep,
            hits: FileHits::default(),
            gap: false,
        }
    }

    fn push(&mut self, number: u64, bytes: &[u8], hit: bool) {
        if self.hits.lines.len() >= MAX_LINES {
            return;
        }
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let text = if bytes.len() <= LINE {
            String::from_utf8_lossy(bytes).into_owned()
        } else {
            let at = self
                .matcher
                .find(bytes)
                .ok()
                .flatten()
                .map_or(0, |found| found.start());
            window(bytes, at)
        };
        let gap = std::mem::take(&mut self.gap);
        self.hits.lines.push(Line {
            number,
            text,
            hit,
            gap,
        });
    }
}

/// The part of a long line around a match.
fn window(bytes: &[u8], at: usize) -> String {
    let from = at.saturating_sub(LEAD).min(bytes.len());
    let to = (from + LINE).min(bytes.len());
    let text = String::from_utf8_lossy(&bytes[from..to]);
    // A character cut at either end shows as U+FFFD; the marks say it is cut.
    let text = text.trim_matches('\u{fffd}');
    let before = if from > 0 { "…" } else { "" };
    let after = if to < bytes.len() { "…" } else { "" };
    format!(
        "{before}{text}{after} [line of {} bytes, cut around the match]",
        bytes.len()
    )
}

impl Sink for Collector<'_> {
    type Error = std::io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> Result<bool, Self::Error> {
        self.hits.count += 1;
        match self.keep {
            Keep::Files => return Ok(false),
            Keep::Counts => {}
            Keep::Lines => {
                let first = found.line_number().unwrap_or(1);
                for (number, line) in (first..).zip(found.lines()) {
                    self.push(number, line, true);
                }
            }
        }
        Ok(true)
    }

    fn context(&mut self, _: &Searcher, context: &SinkContext<'_>) -> Result<bool, Self::Error> {
        if !matches!(context.kind(), SinkContextKind::Other) {
            self.push(context.line_number().unwrap_or(1), context.bytes(), false);
        }
        Ok(true)
    }

    fn context_break(&mut self, _: &Searcher) -> Result<bool, Self::Error> {
        self.gap = true;
        Ok(true)
    }
}
