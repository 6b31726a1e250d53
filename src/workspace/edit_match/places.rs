//! Where lines stand in a file, from exact to tolerant.
//!
//! Every line of the old text must be there, in order, with nothing between: no
//! likeness, no anchors, no wildcards.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use super::indent::{IndentMap, Unit};
use super::typography::fold;
use super::view::View;

/// Places looked at; more are as ambiguous as this many.
const MOST: usize = 1_000;

/// What is overlooked when lines are compared; each tier overlooks what those
/// before it do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::workspace) enum Tier {
    /// Nothing but the kind of line end.
    Exact,
    /// Blanks at line ends.
    Blanks,
    /// Typographic quotes, dashes and spaces.
    Typography,
    /// Indentation, where the structure is the same.
    Indentation,
}

impl Tier {
    pub(in crate::workspace) const TOLERANT: [Self; 3] =
        [Self::Blanks, Self::Typography, Self::Indentation];

    /// What a result says about a match.
    pub(in crate::workspace) fn note(self) -> Option<&'static str> {
        match self {
            Self::Exact => None,
            Self::Blanks => Some("matched without regard to blanks at line ends"),
            Self::Typography => {
                Some("matched with typographic quotes, dashes and spaces taken as plain ones")
            }
            Self::Indentation => Some("matched with another indentation, the file's was used"),
        }
    }

    /// What of a line is compared.
    pub(in crate::workspace) fn key(self, line: &str) -> Cow<'_, str> {
        match self {
            Self::Exact => Cow::Borrowed(line),
            Self::Blanks => Cow::Borrowed(line.trim_end_matches(BLANKS)),
            Self::Typography | Self::Indentation => {
                let trim = |text: &str| -> (usize, usize) {
                    let end = text.trim_end_matches(BLANKS).len();
                    let start = match self {
                        Self::Indentation => end - text[..end].trim_start_matches(BLANKS).len(),
                        _ => 0,
                    };
                    (start, end)
                };
                match fold(line) {
                    Cow::Borrowed(line) => {
                        let (start, end) = trim(line);
                        Cow::Borrowed(&line[start..end])
                    }
                    Cow::Owned(line) => {
                        let (start, end) = trim(&line);
                        Cow::Owned(line[start..end].to_string())
                    }
                }
            }
        }
    }

    fn hash(self, line: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.key(line).hash(&mut hasher);
        hasher.finish()
    }
}

/// Blanks at a line's ends. A `\r` there is left of a `\r\r\n`.
const BLANKS: [char; 3] = [' ', '\t', '\r'];

/// The old and the new text, by lines.
#[derive(Debug, Clone, Copy)]
pub(in crate::workspace) struct Change<'a> {
    pub(in crate::workspace) old: &'a [&'a str],
    pub(in crate::workspace) new: &'a [&'a str],
}

/// Where the old lines stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::workspace) struct Place {
    /// Index of the first line.
    pub(in crate::workspace) start: usize,
    /// How indentation is carried over, in the last tier.
    pub(in crate::workspace) indent: Option<IndentMap>,
}

/// All places of the old lines in a window of the file, also overlapping ones.
pub(in crate::workspace) fn find(
    view: &View,
    window: Range<usize>,
    change: Change,
    tier: Tier,
    unit: &dyn Fn() -> Unit,
) -> Vec<Place> {
    let old = change.old;
    if old.is_empty() || window.len() < old.len() {
        return Vec::new();
    }
    let needle: Vec<u64> = old.iter().map(|line| tier.hash(line)).collect();
    let mut out = Vec::new();
    for start in starts(view, window, &needle, tier) {
        let file = view.lines(start..start + old.len());
        let equal = |(a, b): (&&str, &&str)| tier.key(a) == tier.key(b);
        if !old.iter().zip(&file).all(equal) {
            continue;
        }
        let indent = if tier == Tier::Indentation {
            match IndentMap::build(old, &file, change.new, unit()) {
                None => continue,
                map => map,
            }
        } else {
            None
        };
        out.push(Place { start, indent });
        if out.len() == MOST {
            break;
        }
    }
    out
}

/// Whether the file already has, around the old lines, all that the new ones add to
/// them: then the change was made before.
pub(in crate::workspace) fn is_there(
    view: &View,
    place: &Place,
    change: Change,
    tier: Tier,
) -> bool {
    let Change { old, new } = change;
    if old.is_empty() || new.len() <= old.len() {
        return false;
    }
    let same = |at: usize, lines: &[&str]| {
        at + lines.len() <= view.len()
            && lines
                .iter()
                .enumerate()
                .all(|(index, line)| tier.key(view.line(at + index)) == tier.key(line))
    };
    (0..=new.len() - old.len()).any(|at| {
        let (before, rest) = new.split_at(at);
        let (middle, after) = rest.split_at(old.len());
        let mut added = before.iter().chain(after);
        middle == old
            && added.any(|line| line.chars().any(char::is_alphanumeric))
            && place.start >= before.len()
            && same(place.start - before.len(), before)
            && same(place.start + old.len(), after)
    })
}

/// Where lines stand one below the other, their hashes being equal.
pub(super) fn likely(view: &View, lines: &[&str], tier: Tier) -> Vec<usize> {
    let needle: Vec<u64> = lines.iter().map(|line| tier.hash(line)).collect();
    starts(view, 0..view.len(), &needle, tier)
}

/// Where a sequence of hashes begins, in one pass whatever repeats.
fn starts(view: &View, window: Range<usize>, needle: &[u64], tier: Tier) -> Vec<usize> {
    let mut back = vec![0; needle.len()];
    let mut matched = 0;
    for at in 1..needle.len() {
        while matched > 0 && needle[at] != needle[matched] {
            matched = back[matched - 1];
        }
        matched += usize::from(needle[at] == needle[matched]);
        back[at] = matched;
    }
    let mut out = Vec::new();
    matched = 0;
    for index in window {
        let hash = tier.hash(view.line(index));
        while matched > 0 && (matched == needle.len() || needle[matched] != hash) {
            matched = back[matched - 1];
        }
        matched += usize::from(needle[matched] == hash);
        if matched == needle.len() {
            out.push(index + 1 - needle.len());
        }
    }
    out
}
