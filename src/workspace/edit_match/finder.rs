//! The one place of an edit, or why there is none.

use std::cell::OnceCell;
use std::ops::Range;

use super::edges;
use super::explain;
use super::indent::{Unit, leading};
use super::merge::{self, NoIndent, Parts};
use super::pieces;
use super::places::{self, Change, Tier};
use super::typography::{Spelling, fold};
use super::unwrap::Unwrapped;
use super::view::View;

/// A text after one edit.
pub(super) struct Done {
    pub(super) text: String,
    pub(super) places: usize,
    pub(super) notes: Vec<&'static str>,
}

/// The one place of an edit, and how it was found.
pub(super) struct Hit {
    pub(super) found: Found,
    pub(super) tier: Tier,
    /// What was done to the new text, for the model.
    pub(super) note: Option<&'static str>,
}

impl Hit {
    fn new(found: Found, tier: Tier) -> Self {
        Self {
            found,
            tier,
            note: None,
        }
    }

    /// What the model is told of it.
    pub(super) fn notes(&self) -> Vec<&'static str> {
        self.tier.note().into_iter().chain(self.note).collect()
    }
}

/// The one place of an edit with what comes there.
pub(super) enum Found {
    /// A range of the view's text, and its new text.
    Text(Range<usize>, String),
    /// Whole lines from this one on, and what changes of them.
    Lines(usize, Parts),
}

pub(super) struct Finder<'a> {
    view: &'a View<'a>,
    unit: OnceCell<Unit>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(view: &'a View<'a>) -> Self {
        Self {
            view,
            unit: OnceCell::new(),
        }
    }

    fn unit(&self) -> Unit {
        *self.unit.get_or_init(|| Unit::of(self.view))
    }

    pub(super) fn exact(&self, old: &str) -> Vec<Range<usize>> {
        let finder = memchr::memmem::Finder::new(old);
        let bytes = self.view.text.as_bytes();
        let mut found = Vec::new();
        let mut from = 0;
        while !old.is_empty()
            && let Some(at) = finder.find(&bytes[from..])
        {
            let start = from + at;
            found.push(start..start + old.len());
            from = start + 1;
        }
        found
    }

    /// The only place of whole lines, where the text is a part of other lines, too.
    fn only_whole(&self, old: &str) -> Option<Range<usize>> {
        let text = &self.view.text;
        let mut all = self.exact(old);
        let several = all.len() > 1;
        all.retain(|range| {
            let begins = range.start == 0 || text[..range.start].ends_with('\n');
            let behind = &text[range.end..];
            begins && (old.ends_with('\n') || behind.is_empty() || behind.starts_with('\n'))
        });
        let only = all.pop().filter(|_| several)?;
        all.is_empty().then_some(only)
    }

    /// The edit with a wrapping taken off, if that explains it.
    pub(super) fn unwrapped(&self, text: &str, way: &Unwrapped) -> Result<Option<Done>, String> {
        let (old, new) = (&way.old, way.new.as_deref().unwrap_or(&way.old));
        if old.trim().is_empty() {
            return Ok(None);
        }
        let whole = way.whole_lines.then(|| self.only_whole(old)).flatten();
        let found = whole
            .map_or_else(
                || self.find(old, new),
                |range| edges::fitted(self.view, &range, old, new).map(Some),
            )
            .and_then(|found| match found {
                // The end of a line: whole lines may have lost their indentation, too.
                Some(hit) if way.whole_lines && !self.first_line(&hit.found).1 => {
                    self.find_tolerant(old, new)
                }
                found => Ok(found),
            })
            .map_err(|error| format!("{error} (old_string was taken without {})", way.what))?;
        let Some(hit) = found else {
            return Ok(None);
        };
        let (start, whole) = self.first_line(&hit.found);
        if way.whole_lines && !whole
            || way.line.is_some_and(|line| line != start + 1)
            || way.flush && hit.tier == Tier::Indentation
        {
            return Ok(None);
        }
        if let Err(why) = &way.new {
            return Err(format!(
                "old_string matches line {} only without {}, and it is not clear what new_string \
                 means: {why}; nothing was changed. Give both as they are in the file",
                start + 1,
                way.what,
            ));
        }
        if old == new {
            return Err("old_string and new_string are identical: no change".to_string());
        }
        let notes = std::iter::once(way.note).chain(hit.notes()).collect();
        self.finish(text, hit.found, notes).map(Some)
    }

    /// The first line of a place, and whether the place begins with it.
    fn first_line(&self, found: &Found) -> (usize, bool) {
        match found {
            Found::Text(range, _) => {
                let line = self.view.line_at(range.start);
                (line, self.view.start(line) == range.start)
            }
            Found::Lines(start, _) => (*start, true),
        }
    }

    pub(super) fn finish(
        &self,
        text: &str,
        found: Found,
        notes: Vec<&'static str>,
    ) -> Result<Done, String> {
        let after = match found {
            Found::Text(range, new) => self.view.replace(&[(range, new)]),
            Found::Lines(_, parts) => self.view.replace_lines(parts),
        };
        if after == text {
            return Err("the file says already what new_string says: no change".to_string());
        }
        Ok(Done {
            text: after,
            places: 1,
            notes,
        })
    }

    /// The place of the old text by the first tier that has one.
    pub(super) fn find(&self, old: &str, new: &str) -> Result<Option<Hit>, String> {
        let exact = self.exact(old);
        if let [only] = &exact[..] {
            if self.is_there(only, old, new) {
                return Err(already(self.view.line_at(only.start)));
            }
            if let Some(parts) = self.inside_indentation(only, old, new)? {
                let line = self.view.line_at(only.start);
                return Ok(Some(Hit::new(Found::Lines(line, parts), Tier::Indentation)));
            }
            return edges::fitted(self.view, only, old, new).map(Some);
        }
        if !exact.is_empty() {
            let lines: Vec<usize> = exact
                .iter()
                .map(|range| self.view.line_at(range.start))
                .collect();
            return Err(explain::ambiguous(&lines, "old_string", true));
        }
        self.find_tolerant(old, new)
    }

    fn find_tolerant(&self, old: &str, new: &str) -> Result<Option<Hit>, String> {
        // Blanks and brackets alone are too little to overlook anything.
        if !old.chars().any(char::is_alphanumeric) {
            return Ok(None);
        }
        let lines = Lines::new(old, new);
        for tier in Tier::TOLERANT {
            if let Some(found) = self.tolerant(tier, &lines, old, new)? {
                return Ok(Some(Hit::new(found, tier)));
            }
        }
        Ok(None)
    }

    fn tolerant(
        &self,
        tier: Tier,
        lines: &Lines,
        old: &str,
        new: &str,
    ) -> Result<Option<Found>, String> {
        let fragments = if tier == Tier::Typography {
            self.fragments(old)
        } else {
            Vec::new()
        };
        let pieces = if tier == Tier::Indentation {
            Vec::new()
        } else {
            pieces::find(self.view, old, tier)
        };
        for change in lines.variants() {
            let mut places =
                places::find(self.view, 0..self.view.len(), change, tier, &|| self.unit());
            let line_of = |range: &Range<usize>| self.view.line_at(range.start);
            places.retain(|place| !fragments.iter().any(|range| line_of(range) == place.start));
            // Whole lines are what it was more likely taken from.
            let pieces = if places.is_empty() { &pieces[..] } else { &[] };
            let count = places.len() + fragments.len() + pieces.len();
            if count == 0 {
                continue;
            }
            if count > 1 {
                let mut starts: Vec<usize> = places.iter().map(|place| place.start).collect();
                starts.extend(fragments.iter().map(line_of));
                starts.extend(pieces.iter().map(|piece| piece.start));
                starts.sort_unstable();
                let what = format!("old_string is not in the file as given; {}it", approx(tier));
                return Err(explain::ambiguous(&starts, &what, false));
            }
            if let Some(range) = fragments.into_iter().next() {
                let file = &self.view.text[range.clone()];
                let mut spelling = Spelling::default();
                spelling.learn(old, file);
                let new = spelling.merge(old, file, new);
                return Ok(Some(Found::Text(range, new)));
            }
            if let Some(piece) = pieces.first() {
                let parts = piece.merge(self.view, old, new).map_err(unmapped)?;
                return Ok(Some(Found::Lines(piece.start, parts)));
            }
            let place = &places[0];
            if places::is_there(self.view, place, change, tier) {
                return Err(already(place.start));
            }
            let parts =
                merge::merge(self.view, place, change, &merge::diff(change)).map_err(unmapped)?;
            return Ok(Some(Found::Lines(place.start, parts)));
        }
        Ok(None)
    }

    /// Places of a piece of one line that differs in typography.
    fn fragments(&self, old: &str) -> Vec<Range<usize>> {
        let mut out = Vec::new();
        if old.contains('\n') {
            return out;
        }
        let wanted = fold(old);
        for index in 0..self.view.len() {
            let line = self.view.line(index);
            if line.is_ascii() && old.is_ascii() {
                continue;
            }
            let folded = fold(line);
            let mut from = 0;
            while let Some(at) = folded[from..].find(wanted.as_ref()) {
                let start = from + at;
                // As many characters, but not as many bytes.
                let skipped = folded[..start].chars().count();
                let byte = |count: usize| {
                    let at = line
                        .char_indices()
                        .nth(count)
                        .map_or(line.len(), |(at, _)| at);
                    self.view.start(index) + at
                };
                out.push(byte(skipped)..byte(skipped + wanted.chars().count()));
                from = start + folded[start..].chars().next().map_or(1, char::len_utf8);
            }
        }
        out
    }

    /// Whether the file already has, around the old text, all that the new text adds
    /// to it: then the edit was made before.
    fn is_there(&self, range: &Range<usize>, old: &str, new: &str) -> bool {
        let text = &self.view.text;
        new.match_indices(old).any(|(at, _)| {
            let (before, after) = (&new[..at], &new[at + old.len()..]);
            let tells = before
                .chars()
                .chain(after.chars())
                .any(char::is_alphanumeric);
            tells && text[..range.start].ends_with(before) && text[range.end..].starts_with(after)
        })
    }

    /// The change for a match that begins inside a line's indentation: the model left
    /// out a part of it, and its other lines may lack it too.
    fn inside_indentation(
        &self,
        range: &Range<usize>,
        old: &str,
        new: &str,
    ) -> Result<Option<Parts>, String> {
        let line = self.view.line_at(range.start);
        let before = &self.view.text[self.view.start(line)..range.start];
        let ends = old.ends_with('\n')
            || range.end == self.view.text.len()
            || self.view.text[range.end..].starts_with('\n');
        let alike = new.is_empty() || old.ends_with('\n') == new.ends_with('\n');
        let inside = !before.is_empty() && leading(before).len() == before.len();
        // Blanks of another line that are given in full: nothing was left out.
        let mut later = old
            .split('\n')
            .skip(1)
            .filter(|line| !line.is_empty())
            .peekable();
        let in_full = later.peek().is_some() && later.all(|line| line.trim().is_empty());
        if !inside || leading(old).is_empty() || !ends || !alike || in_full {
            return Ok(None);
        }
        let lines = Lines::new(old, new);
        let change = Change {
            old: &lines.old,
            new: &lines.new,
        };
        let window = line..line + change.old.len();
        let found = places::find(self.view, window, change, Tier::Indentation, &|| {
            self.unit()
        });
        match found.first() {
            Some(place) => merge::merge(self.view, place, change, &merge::diff(change))
                .map(Some)
                .map_err(unmapped),
            None => Ok(None),
        }
    }
}

/// What was overlooked, before "it matches".
fn approx(tier: Tier) -> &'static str {
    match tier {
        Tier::Exact => "",
        Tier::Blanks => "without regard to blanks at line ends ",
        Tier::Typography => "without regard to typography ",
        Tier::Indentation => "without regard to indentation ",
    }
}

pub(in crate::workspace) fn already(line: usize) -> String {
    format!(
        "the new text is already there, at line {}; nothing was changed. If it is wanted twice, \
         include the text around it",
        line + 1
    )
}

pub(in crate::workspace) fn unmapped(NoIndent(line): NoIndent) -> String {
    format!(
        "old_string is indented otherwise than the file, and the indentation of line {line} of \
         new_string cannot be told from it; nothing was changed. Give both as they are in the file"
    )
}

/// The texts by lines, and how many blank ones they share at their edges.
struct Lines<'a> {
    old: Vec<&'a str>,
    new: Vec<&'a str>,
    head: usize,
    tail: usize,
}

impl<'a> Lines<'a> {
    fn new(old: &'a str, new: &'a str) -> Self {
        let (ended, given) = (old.ends_with('\n'), new);
        let split = |text: &'a str| -> Vec<&'a str> {
            if text.is_empty() && ended {
                return Vec::new();
            }
            text.strip_suffix('\n')
                .unwrap_or(text)
                .split('\n')
                .collect()
        };
        let (old, mut new) = (split(old), split(new));
        // A line break too many, unless the old text has the blank line that it makes.
        let stays = |line: &&str| line.trim().is_empty();
        if !ended && given.ends_with('\n') && old.get(new.len()).is_some_and(stays) {
            new.push("");
        }
        let blank = |line: &&&str| line.trim().is_empty();
        let head = |lines: &[&str]| lines.iter().take_while(blank).count();
        let tail = |lines: &[&str]| lines.iter().rev().take_while(blank).count();
        Self {
            head: head(&old).min(head(&new)),
            tail: tail(&old).min(tail(&new)),
            old,
            new,
        }
    }

    /// As given, then with fewer and fewer of the blank lines.
    fn variants(&self) -> Vec<Change<'_>> {
        const MOST: usize = 8;
        let (head, tail) = (self.head.min(MOST), self.tail.min(MOST));
        let mut cuts: Vec<(usize, usize)> = (0..=head)
            .flat_map(|head| (0..=tail).map(move |tail| (head, tail)))
            .filter(|(head, tail)| head + tail < self.old.len() && head + tail <= self.new.len())
            .collect();
        cuts.sort_by_key(|(head, tail)| head + tail);
        cuts.into_iter()
            .map(|(head, tail)| Change {
                old: &self.old[head..self.old.len() - tail],
                new: &self.new[head..self.new.len() - tail],
            })
            .collect()
    }
}
