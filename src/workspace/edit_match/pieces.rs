//! A text of several lines that begins or ends inside a line.

use super::merge::{self, NoIndent, Parts};
use super::places::{self, Change, Place, Tier};
use super::typography::fold;
use super::view::View;

/// Places looked at; two are too many already.
const MOST: usize = 20;

/// Where such a text stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Index of the first line.
    pub(super) start: usize,
    /// What of the first line stands before it.
    head: String,
    /// What of the last line stands behind it.
    tail: String,
}

/// All places where the first line is the end of the file's line, the last one the
/// beginning of its line, and those between are whole; compared as the tier says.
pub(super) fn find(view: &View, old: &str, tier: Tier) -> Vec<Piece> {
    let ended = old.ends_with('\n');
    let lines: Vec<&str> = old.strip_suffix('\n').unwrap_or(old).split('\n').collect();
    let [first, middle @ .., last] = &lines[..] else {
        return Vec::new();
    };
    let wanted = tier.key(first);
    if wanted.trim().is_empty() || last.trim().is_empty() {
        return Vec::new();
    }
    let opening = fold(last);
    let begins = |line: &str| match (ended, tier) {
        (true, _) => tier.key(line) == tier.key(last),
        (false, Tier::Typography) => fold(line).starts_with(opening.as_ref()),
        (false, _) => line.starts_with(last),
    };
    let starts: Vec<usize> = if middle.is_empty() {
        (0..view.len()).collect()
    } else {
        let inner = places::likely(view, middle, tier).into_iter();
        inner.filter_map(|at| at.checked_sub(1)).collect()
    };
    starts
        .into_iter()
        .filter(|start| {
            let key = |index: usize| tier.key(view.line(start + index));
            start + lines.len() <= view.len()
                && key(0).ends_with(wanted.as_ref())
                && begins(view.line(start + lines.len() - 1))
                && (1..)
                    .zip(middle)
                    .all(|(index, line)| key(index) == tier.key(line))
        })
        .take(MOST)
        .map(|start| {
            let all = tier.key(view.line(start)).chars().count();
            let head = all - wanted.chars().count();
            let skipped = if ended {
                usize::MAX
            } else {
                last.chars().count()
            };
            Piece {
                start,
                head: view.line(start).chars().take(head).collect(),
                tail: view
                    .line(start + lines.len() - 1)
                    .chars()
                    .skip(skipped)
                    .collect(),
            }
        })
        // Whole lines are no pieces.
        .filter(|piece| !(piece.head.is_empty() && piece.tail.trim().is_empty()))
        .collect()
}

impl Piece {
    /// The changed lines, with what stands around the text in them.
    pub(super) fn merge(&self, view: &View, old: &str, new: &str) -> Result<Parts, NoIndent> {
        let whole = |text: &str| {
            let text = match old.ends_with('\n') {
                true => text.strip_suffix('\n').unwrap_or(text),
                false => text,
            };
            format!("{}{text}{}", self.head, self.tail)
        };
        let (old, new) = (whole(old), whole(new));
        let (old, new): (Vec<&str>, Vec<&str>) =
            (old.split('\n').collect(), new.split('\n').collect());
        let change = Change {
            old: &old,
            new: &new,
        };
        let place = Place {
            start: self.start,
            indent: None,
        };
        merge::merge(view, &place, change, &merge::diff(change))
    }
}
