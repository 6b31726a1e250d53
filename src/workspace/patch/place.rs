//! Where the chunks of a patch belong, and the text with them applied.

use std::cell::OnceCell;
use std::ops::Range;

use similar::DiffOp;

use super::parse::{self, Chunk, LineKind};
use super::{readings, scope};
use crate::stdx::text;
use crate::workspace::document::{self, Document};
use crate::workspace::edit_match::explain;
use crate::workspace::edit_match::finder;
use crate::workspace::edit_match::guard;
use crate::workspace::edit_match::indent::Unit;
use crate::workspace::edit_match::merge::{self, Parts};
use crate::workspace::edit_match::places::{self, Change, Place, Tier};
use crate::workspace::edit_match::view::{Line, View};

const SECOND_BLANK: &str = "a second blank behind the signs was removed";

/// A file with the chunks of one section applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Updated {
    pub(super) bytes: Vec<u8>,
    /// How a match was not exact, for the model.
    pub(super) notes: Vec<&'static str>,
}

/// Applies chunks to a file, all or none.
///
/// # Errors
/// Which chunk was refused and why, for the model.
pub(super) fn update(bytes: &[u8], chunks: &[Chunk]) -> Result<Updated, String> {
    let document = Document::open(bytes).map_err(|error| error.to_string())?;
    let view = View::new(&document.text);
    if chunks.last().is_some_and(|chunk| chunk.open_end) && parse::has_end_marker(&view) {
        return Err(
            "the patch seems truncated: its last line ` *** End Patch` is a line of the file as \
             well; nothing was changed. End it with `*** End Patch` without a blank before it"
                .into(),
        );
    }
    let mut placer = Placer::all(&view, chunks)?;
    if placer.notes.contains(&SECOND_BLANK) {
        let mut as_others = chunks.to_vec();
        for (index, chunk) in chunks.iter().enumerate() {
            let reading = readings::as_others(chunk);
            if let Some(reading) = reading.map_err(|error| which(index, chunks.len(), error))? {
                as_others[index] = reading;
            }
        }
        placer = Placer::all(&view, &as_others)?;
    }
    let text = view.replace_lines(placer.parts);
    let notes = placer.notes;
    Ok(Updated {
        bytes: document.close(&text).map_err(|error| error.to_string())?,
        notes,
    })
}

/// An error with the chunk it is of.
fn which(index: usize, count: usize, error: String) -> String {
    match count {
        1 => error,
        _ => format!("chunk {} of {count}: {error}", index + 1),
    }
}

struct Placer<'a> {
    view: &'a View<'a>,
    unit: OnceCell<Unit>,
    /// First line behind the chunk before.
    after: usize,
    /// First line behind what the chunk before changed.
    changed: usize,
    parts: Parts,
    notes: Vec<&'static str>,
}

/// A chunk as the old and the new lines with what happens to them.
struct Lines<'a> {
    old: Vec<&'a str>,
    new: Vec<&'a str>,
    ops: Vec<DiffOp>,
}

impl<'a> Lines<'a> {
    fn of(chunk: &'a Chunk) -> Self {
        let (mut old, mut new, mut ops) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest = &chunk.lines[..];
        while !rest.is_empty() {
            let stays = |kind| kind == LineKind::Context;
            let first = stays(rest[0].kind);
            let count = rest
                .iter()
                .take_while(|line| stays(line.kind) == first)
                .count();
            let (run, behind) = rest.split_at(count);
            rest = behind;
            let (old_index, new_index) = (old.len(), new.len());
            for line in run {
                if line.kind != LineKind::Added {
                    old.push(line.text.as_str());
                }
                if line.kind != LineKind::Removed {
                    new.push(line.text.as_str());
                }
            }
            let (old_len, new_len) = (old.len() - old_index, new.len() - new_index);
            ops.push(match (first, old_len, new_len) {
                (true, len, _) => DiffOp::Equal {
                    old_index,
                    new_index,
                    len,
                },
                (_, 0, _) => DiffOp::Insert {
                    old_index,
                    new_index,
                    new_len,
                },
                (_, _, 0) => DiffOp::Delete {
                    old_index,
                    old_len,
                    new_index,
                },
                _ => DiffOp::Replace {
                    old_index,
                    old_len,
                    new_index,
                    new_len,
                },
            });
        }
        Self { old, new, ops }
    }

    /// How many blank context lines stand at both edges.
    fn blank_edges(&self) -> (usize, usize) {
        let edge = |op: Option<&DiffOp>| match op {
            Some(DiffOp::Equal { len, .. }) => *len,
            _ => 0,
        };
        let blank = |line: &&&str| line.trim().is_empty();
        let head = edge(self.ops.first());
        let tail = edge(self.ops.last());
        (
            self.old[..head].iter().take_while(blank).count(),
            self.old[self.old.len() - tail..]
                .iter()
                .rev()
                .take_while(blank)
                .count(),
        )
    }

    /// Without some of its first and last context lines.
    fn trimmed(&self, head: usize, tail: usize) -> Self {
        let ops = self
            .ops
            .iter()
            .enumerate()
            .map(|(index, op)| {
                let (tag, old, new) = op.as_tag_tuple();
                let mut op = *op;
                if let DiffOp::Equal {
                    old_index,
                    new_index,
                    len,
                } = &mut op
                {
                    let first = if index == 0 { head } else { 0 };
                    let last = if index + 1 == self.ops.len() { tail } else { 0 };
                    *len = old.len() - first - last;
                    *old_index = old.start + first - head;
                    *new_index = new.start + first - head;
                } else {
                    op = moved(tag, old, new, head);
                }
                op
            })
            .collect();
        Self {
            old: self.old[head..self.old.len() - tail].to_vec(),
            new: self.new[head..self.new.len() - tail].to_vec(),
            ops,
        }
    }

    fn change(&self) -> Change<'_> {
        Change {
            old: &self.old,
            new: &self.new,
        }
    }
}

/// An operation further up.
fn moved(tag: similar::DiffTag, old: Range<usize>, new: Range<usize>, by: usize) -> DiffOp {
    let (old_index, new_index) = (old.start - by, new.start - by);
    let (old_len, new_len) = (old.len(), new.len());
    match tag {
        similar::DiffTag::Delete => DiffOp::Delete {
            old_index,
            old_len,
            new_index,
        },
        similar::DiffTag::Insert => DiffOp::Insert {
            old_index,
            new_index,
            new_len,
        },
        similar::DiffTag::Equal | similar::DiffTag::Replace => DiffOp::Replace {
            old_index,
            old_len,
            new_index,
            new_len,
        },
    }
}

/// Where a chunk stands.
struct Hit<'a> {
    place: Place,
    tier: Tier,
    lines: Lines<'a>,
}

impl<'a> Placer<'a> {
    /// All chunks, one below the other.
    fn all(view: &'a View<'a>, chunks: &[Chunk]) -> Result<Self, String> {
        let mut placer = Self {
            view,
            unit: OnceCell::new(),
            after: 0,
            changed: 0,
            parts: Vec::new(),
            notes: Vec::new(),
        };
        for (index, chunk) in chunks.iter().enumerate() {
            let chunk = &scope::without_numbers(view, chunk);
            let placed = placer.place(chunk);
            placed.map_err(|error| which(index, chunks.len(), error))?;
        }
        Ok(placer)
    }

    fn place(&mut self, chunk: &Chunk) -> Result<(), String> {
        let lines = Lines::of(chunk);
        guard(self.view, &lines)?;
        if lines.old.is_empty() {
            return self.add(chunk, &lines);
        }
        if let Some(restored) = readings::with_blanks(self.view, chunk)
            && let Some(hit) = self.locate(&restored, &Lines::of(&restored))?
        {
            return self.change(hit);
        }
        if let Some(hit) = self.locate(chunk, &lines)? {
            if hit.tier == Tier::Indentation && readings::may_lack_blanks(chunk) {
                for reading in readings::without_second_blank(chunk) {
                    let lines = Lines::of(&reading);
                    if let Some(hit) = self.locate(&reading, &lines)?
                        && hit.tier == Tier::Exact
                    {
                        guard(self.view, &lines)?;
                        self.notes.push(SECOND_BLANK);
                        return self.change(hit);
                    }
                }
                return Err(
                    "its context lines seem to lack the blank before the file's own text; nothing \
                     was changed. Begin each context line with one blank"
                        .to_string(),
                );
            }
            return self.change(hit);
        }
        for reading in readings::unwrapped(chunk, &lines.old, &lines.new) {
            let lines = Lines::of(&reading.chunk);
            if let Some(hit) = self.locate(&reading.chunk, &lines)?
                && reading.fits(hit.place.start, hit.tier)
            {
                guard(self.view, &lines)?;
                self.notes.push(reading.note);
                return self.change(hit);
            }
        }
        let mut readings: Vec<(Chunk, &str)> = readings::without_second_blank(chunk)
            .into_iter()
            .map(|chunk| (chunk, SECOND_BLANK))
            .collect();
        let numbers = "line numbers were removed";
        readings.extend(readings::without_numbers(chunk).map(|chunk| (chunk, numbers)));
        for (reading, note) in readings {
            let lines = Lines::of(&reading);
            if let Some(hit) = self.locate(&reading, &lines)?
                && hit.tier < Tier::Indentation
            {
                guard(self.view, &lines)?;
                self.notes.push(note);
                return self.change(hit);
            }
        }
        Err(self.not_found(&lines))
    }

    /// Takes a chunk whose place is known.
    fn change(&mut self, hit: Hit) -> Result<(), String> {
        let change = hit.lines.change();
        if places::is_there(self.view, &hit.place, change, hit.tier) {
            return Err(finder::already(hit.place.start));
        }
        let parts = merge::merge(self.view, &hit.place, change, &hit.lines.ops)
            .map_err(finder::unmapped)?;
        self.after = hit.place.start + change.old.len();
        if let Some((range, _)) = parts.last() {
            self.changed = range.end;
        }
        self.parts.extend(parts);
        self.notes
            .extend(hit.tier.note().filter(|note| !self.notes.contains(note)));
        Ok(())
    }

    /// A chunk of new lines alone: below its header, or at the end of the file.
    fn add(&mut self, chunk: &Chunk, lines: &Lines) -> Result<(), String> {
        if lines.new.is_empty() {
            return Ok(());
        }
        let end = self.view.len();
        let at = if !chunk.headers.is_empty() && !chunk.at_end {
            let below = scope::headers(self.view, &chunk.headers)?;
            let below: Vec<usize> = match below.iter().filter(|at| **at >= self.changed).count() {
                0 => below,
                _ => below.into_iter().filter(|at| *at >= self.changed).collect(),
            };
            match below[..] {
                [only] => only + 1,
                _ => return Err(explain::ambiguous(&below, "the line after @@", false)),
            }
        } else if chunk
            .number
            .is_some_and(|number| number > 0 && number < end)
        {
            return Err(
                "it adds lines in the middle of the file without any line that is there; nothing \
                 was changed. Give a few of the lines around as context"
                    .to_string(),
            );
        } else {
            end
        };
        if at < self.changed {
            return Err(format!(
                "it belongs at line {}, above the chunk before; nothing was changed. Give chunks \
                 in the order of the file",
                at + 1
            ));
        }
        let same = |from: usize| {
            from + lines.new.len() <= end
                && (0..lines.new.len())
                    .all(|index| self.view.line(from + index) == lines.new[index])
        };
        let there = if at == end {
            end.checked_sub(lines.new.len()).filter(|from| same(*from))
        } else {
            Some(at).filter(|from| same(*from))
        };
        if let Some(there) = there
            && lines
                .new
                .iter()
                .any(|line| line.chars().any(char::is_alphanumeric))
        {
            return Err(finder::already(there));
        }
        let new = lines.new.iter().map(|line| Line {
            body: (*line).to_string(),
            end: None,
        });
        self.parts.push((at..at, new.collect()));
        (self.after, self.changed) = (at, at);
        Ok(())
    }

    /// The only place of a chunk.
    fn locate<'b>(&self, chunk: &Chunk, lines: &Lines<'b>) -> Result<Option<Hit<'b>>, String> {
        let len = self.view.len();
        // First behind the whole chunk before, then behind what it changed: the
        // context of two chunks may overlap.
        for from in [self.after, self.changed] {
            let windows = if chunk.headers.is_empty() {
                vec![vec![from..len]]
            } else {
                scope::windows(self.view, &chunk.headers, from)?
            };
            for windows in windows {
                match self.search(chunk, lines, &windows)? {
                    Search::One(hit) => return Ok(Some(*hit)),
                    Search::Many(starts) => {
                        return self
                            .by_hint(chunk, lines, from)
                            .map(Some)
                            .ok_or_else(|| many(&starts));
                    }
                    Search::None => {}
                }
            }
        }
        Ok(None)
    }

    /// The section named behind a hunk's numbers may decide between places.
    fn by_hint<'b>(&self, chunk: &Chunk, lines: &Lines<'b>, from: usize) -> Option<Hit<'b>> {
        let hint = std::slice::from_ref(chunk.hint.as_ref()?);
        let windows = scope::windows(self.view, hint, from).ok()?;
        match self.search(chunk, lines, windows.first()?).ok()? {
            Search::One(hit) => Some(*hit),
            Search::Many(_) | Search::None => None,
        }
    }

    fn search<'b>(
        &self,
        chunk: &Chunk,
        lines: &Lines<'b>,
        windows: &[Range<usize>],
    ) -> Result<Search<'b>, String> {
        let len = self.view.len();
        if chunk.at_end {
            // The last lines, if they are in a window.
            let last = |count: usize| -> Vec<Range<usize>> {
                let from = len.saturating_sub(count);
                let inside = windows
                    .iter()
                    .any(|window| window.start <= from && window.end == len);
                inside.then_some(from..len).into_iter().collect()
            };
            let found = self.search_tiers(lines, &last);
            if !matches!(found, Search::None) {
                return Ok(found);
            }
        }
        Ok(self.search_tiers(lines, &|_| windows.to_vec()))
    }

    fn search_tiers<'b>(
        &self,
        lines: &Lines<'b>,
        windows: &dyn Fn(usize) -> Vec<Range<usize>>,
    ) -> Search<'b> {
        let tells = lines
            .old
            .iter()
            .any(|line| line.chars().any(char::is_alphanumeric));
        let tiers = [Tier::Exact].into_iter().chain(Tier::TOLERANT);
        for tier in tiers.filter(|tier| tells || *tier == Tier::Exact) {
            for lines in variants(lines, tier) {
                let mut found: Vec<Place> = Vec::new();
                for window in windows(lines.old.len()) {
                    let unit = || *self.unit.get_or_init(|| Unit::of(self.view));
                    let here = places::find(self.view, window, lines.change(), tier, &unit);
                    for place in here {
                        if !found.iter().any(|known| known.start == place.start) {
                            found.push(place);
                        }
                    }
                }
                match found.len() {
                    0 => {}
                    1 => {
                        let place = found.remove(0);
                        return Search::One(Box::new(Hit { place, tier, lines }));
                    }
                    _ => return Search::Many(found.iter().map(|place| place.start).collect()),
                }
            }
        }
        Search::None
    }

    fn not_found(&self, lines: &Lines) -> String {
        let mut out = "its context and old lines are not in the file".to_string();
        if self.after > 0 {
            out.push_str(&format!(
                " below line {}, where the chunk before ends",
                self.after
            ));
        }
        out.push_str("; nothing was changed.");
        let new = Change {
            old: &lines.new,
            new: &lines.new,
        };
        let all = 0..self.view.len();
        let there = places::find(self.view, all.clone(), new, Tier::Exact, &|| Unit::Tab);
        if let Some(place) = there.first()
            && lines
                .new
                .iter()
                .any(|line| line.chars().any(char::is_alphanumeric))
        {
            out.push_str(&format!(
                " The new text is already there, at line {}.",
                place.start + 1
            ));
        }
        let old = places::find(self.view, all, lines.change(), Tier::Exact, &|| Unit::Tab);
        if let Some(place) = old.first() {
            out.push_str(&format!(
                " They stand at line {}: give chunks in the order of the file.",
                place.start + 1
            ));
            return out;
        }
        if let Some(line) = guard::placeholder(&lines.old.join("\n"), |_| false) {
            out.push_str(&format!(
                " They contain the placeholder `{}`; give the real text.",
                text::one_line(line, 100)
            ));
        }
        out.push_str(&explain::nearest(self.view, &lines.old, "chunk"));
        out
    }
}

enum Search<'a> {
    None,
    One(Box<Hit<'a>>),
    Many(Vec<usize>),
}

fn many(starts: &[usize]) -> String {
    let words = explain::ambiguous(starts, "its context", false);
    format!("{words}, or put `@@ line above it` before the chunk")
}

/// As given, then without the blank context lines at the edges.
fn variants<'a>(lines: &Lines<'a>, tier: Tier) -> Vec<Lines<'a>> {
    let (head, tail) = lines.blank_edges();
    let mut cuts = vec![(0, 0)];
    if tier > Tier::Exact {
        cuts.extend(
            (0..=head)
                .flat_map(|head| (0..=tail).map(move |tail| (head, tail)))
                .skip(1),
        );
        cuts.sort_by_key(|(head, tail)| head + tail);
        cuts.truncate(64);
    }
    cuts.into_iter()
        .filter(|(head, tail)| head + tail < lines.old.len())
        .map(|(head, tail)| lines.trimmed(head, tail))
        .collect()
}

/// New lines that must not get into a file.
fn guard(view: &View, lines: &Lines) -> Result<(), String> {
    let (old, new) = (lines.old.join("\n"), lines.new.join("\n"));
    let stands_in = guard::placeholder(&new, |line| guard::has_line(&old, line));
    if let Some(line) = stands_in.or_else(|| guard::stands_for_lost(&old, &new)) {
        return Err(format!(
            "it adds the placeholder `{line}`, which stands for text instead of being it; nothing \
             was changed. Leave unchanged lines out of the patch"
        ));
    }
    let known = |line: &str| old.contains(line) || view.text.contains(line);
    if let Some(line) = guard::foreign_mark(&new, known) {
        return Err(format!(
            "it adds the mark `{line}` of a conflict, a diff or a tool call; nothing was changed"
        ));
    }
    if new.contains('\0') {
        return Err(
            "it adds a NUL character, which would make the file binary; nothing was changed"
                .to_string(),
        );
    }
    let undecoded = |text: &str| text.contains('\u{fffd}') && !view.text.contains('\u{fffd}');
    if undecoded(&old) || undecoded(&new) || document::has_private(&new) {
        return Err(
            "it contains U+FFFD, the mark of a character that could not be decoded; nothing was \
             changed. Leave such places out of the patch"
                .to_string(),
        );
    }
    Ok(())
}
