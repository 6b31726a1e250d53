//! The change of the model made to the file's own lines.
//!
//! A match only says where. What the model left alone keeps the file's bytes; what
//! it changed takes over the file's indentation, spelling and blanks as far as the
//! model did not mean to change them.

use std::ops::Range;

use similar::{Algorithm, DiffOp};

use super::indent::leading;
use super::places::{Change, Place};
use super::typography::{Spelling, plain};
use super::view::{Line, View};

/// A new line whose indentation the old text does not tell; 1-based.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::workspace) struct NoIndent(pub(in crate::workspace) usize);

/// What of a change stays, by lines of the old and the new text.
pub(in crate::workspace) fn diff(change: Change) -> Vec<DiffOp> {
    similar::capture_diff_slices(Algorithm::Myers, change.old, change.new)
}

/// Ranges of file lines with what takes their place.
pub(in crate::workspace) type Parts = Vec<(Range<usize>, Vec<Line>)>;

/// The changed lines of a place. Lines that stay are in no part.
///
/// # Errors
/// When a new line's indentation cannot be carried over.
pub(in crate::workspace) fn merge(
    view: &View,
    place: &Place,
    change: Change,
    ops: &[DiffOp],
) -> Result<Parts, NoIndent> {
    let mut spelling = Spelling::default();
    for (index, old) in change.old.iter().enumerate() {
        let (old, file) = (Pieces::of(old), Pieces::of(view.line(place.start + index)));
        spelling.learn(old.indent, file.indent);
        spelling.learn(old.body, file.body);
        spelling.learn(old.trail, file.trail);
    }
    let merger = Merger {
        view,
        place,
        change,
        spelling,
        stray: stray(view, place, change),
    };
    let mut out = Vec::new();
    for op in ops {
        let (_, old, new) = op.as_tag_tuple();
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let paired = old.len() == new.len();
        let mut lines = Vec::new();
        let mut unpaired = old.clone();
        for (step, index) in new.enumerate() {
            let below = (step < old.len()).then(|| old.start + step);
            let twin = if paired {
                below
            } else {
                let mut rest = unpaired.clone();
                rest.find(|old| alike(change.old[*old], change.new[index]))
            };
            if let Some(twin) = twin {
                unpaired.start = twin + 1;
            }
            lines.push(Line {
                body: merger.line(index, twin)?,
                end: below.map(|old| view.end(place.start + old)),
            });
        }
        out.push((place.start + old.start..place.start + old.end, lines));
    }
    Ok(out)
}

/// The blanks that the old text has behind each of its lines more than the file: they
/// are the model's, and behind new lines too.
fn stray<'a>(view: &View, place: &Place, change: Change<'a>) -> Option<&'a str> {
    let mut stray = None;
    for (index, old) in change.old.iter().enumerate() {
        let (old, file) = (Pieces::of(old), Pieces::of(view.line(place.start + index)));
        if old.body.is_empty() {
            continue;
        }
        let more = old.trail.strip_prefix(file.trail)?;
        if *stray.get_or_insert(more) != more {
            return None;
        }
    }
    stray.filter(|blanks| !blanks.is_empty())
}

/// Whether a line is likely the other one changed.
fn alike(old: &str, new: &str) -> bool {
    let (old, new) = (Pieces::of(old).body, Pieces::of(new).body);
    let head = old
        .bytes()
        .zip(new.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let rest = old.len().min(new.len()) - head;
    let tail = old
        .bytes()
        .rev()
        .zip(new.bytes().rev())
        .take(rest)
        .take_while(|(a, b)| a == b)
        .count();
    (head + tail) * 2 >= old.len().max(new.len()) && head + tail > 0
}

struct Merger<'a> {
    view: &'a View<'a>,
    place: &'a Place,
    change: Change<'a>,
    spelling: Spelling,
    stray: Option<&'a str>,
}

impl Merger<'_> {
    /// A changed or new line; `twin` is the index of the old line it was.
    fn line(&self, index: usize, twin: Option<usize>) -> Result<String, NoIndent> {
        let new = Pieces::of(self.change.new[index]);
        let twin = twin.map(|at| {
            let old = Pieces::of(self.change.old[at]);
            (old, Pieces::of(self.view.line(self.place.start + at)))
        });
        if new.body.is_empty() {
            return Ok(new.trail.to_string());
        }
        let indent = match (&twin, &self.place.indent) {
            (Some((old, file)), _) if old.indent == new.indent && !old.body.is_empty() => {
                file.indent.to_string()
            }
            (_, Some(map)) => {
                let found = map.map(new.indent, index == 0);
                self.spelling.spell(&found.ok_or(NoIndent(index + 1))?)
            }
            (_, None) => self.spelling.spell(new.indent),
        };
        let (body, trail) = match twin {
            Some((old, file)) => (
                self.spelling.merge(old.body, file.body, new.body),
                if old.trail == new.trail {
                    file.trail
                } else {
                    new.trail
                },
            ),
            None if self.stray == Some(new.trail) => (self.spelling.spell(new.body), ""),
            None => (self.spelling.spell(new.body), new.trail),
        };
        Ok(format!("{indent}{body}{trail}"))
    }
}

/// A line taken apart. A blank line is all trail.
#[derive(Clone, Copy)]
struct Pieces<'a> {
    indent: &'a str,
    body: &'a str,
    trail: &'a str,
}

impl<'a> Pieces<'a> {
    fn of(line: &'a str) -> Self {
        let body = line.trim_end_matches(|ch| "\t\r".contains(ch) || plain(ch) == ' ');
        let trail = &line[body.len()..];
        let indent = leading(body);
        let (indent, body) = if indent.len() == body.len() {
            ("", "")
        } else {
            body.split_at(indent.len())
        };
        let trail = if body.is_empty() { line } else { trail };
        Self {
            indent,
            body,
            trail,
        }
    }
}
