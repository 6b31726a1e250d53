//! The edit engine: finds the text to replace and changes nothing else.
//!
//! Matching goes from exact to tolerant ([`places::Tier`]), then over the same tiers
//! with a wrapping taken off ([`unwrap`]). The first step with a candidate decides,
//! and more than one candidate is refused. A match only locates: an exact one is
//! replaced verbatim, after a tolerant one the change is merged onto the file's own
//! lines ([`merge`]). There is no matching by likeness: that only serves error
//! messages.

use std::ops::Range;

use super::document::{self, Document, DocumentError};

pub(super) mod edges;
pub(super) mod explain;
pub(super) mod finder;
pub(super) mod guard;
pub(super) mod indent;
pub(super) mod merge;
pub(super) mod pieces;
pub(super) mod places;
pub(super) mod typography;
pub(super) mod unwrap;
pub(super) mod view;

pub use guard::{CUT_MARK, placeholder};
pub use unwrap::whole_fence;

use finder::{Done, Finder};
use view::View;

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is there.
    pub old: String,
    /// What is to be there.
    pub new: String,
    /// Every place, not the only one.
    pub all: bool,
}

/// A successful edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The whole new file.
    pub bytes: Vec<u8>,
    /// Places replaced, in all edits.
    pub places: usize,
    /// How a match was not exact, for the model.
    pub notes: Vec<&'static str>,
}

/// An edit that was refused. The text is for the model and says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EditError(pub String);

impl From<DocumentError> for EditError {
    fn from(error: DocumentError) -> Self {
        Self(format!("{error}; nothing was changed"))
    }
}

/// Applies edits one after the other, all or none.
///
/// # Errors
/// Which edit was refused and why, for the model.
pub fn apply(bytes: &[u8], edits: &[Edit]) -> Result<Edited, EditError> {
    let document = Document::open(bytes)?;
    let mut text = document.text.clone();
    let (mut places, mut notes) = (0, Vec::new());
    for (index, edit) in edits.iter().enumerate() {
        let done = one(&document, &text, edit).map_err(|error| {
            let which = if edits.len() > 1 {
                format!("edit {} of {}: ", index + 1, edits.len())
            } else {
                String::new()
            };
            EditError(format!("{which}{error}"))
        })?;
        text = done.text;
        places += done.places;
        for note in done.notes {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    Ok(Edited {
        bytes: document.close(&text)?,
        places,
        notes,
    })
}

/// A file rewritten as a whole: lines that stay keep their line ends, new ones take
/// those beside them. `text` has `\n` line ends.
///
/// # Errors
/// When the file is no text or cannot hold a character.
pub fn rewritten(bytes: &[u8], text: &str) -> Result<Vec<u8>, EditError> {
    let document = Document::open(bytes)?;
    let view = View::new(&document.text);
    let whole = 0..view.text.len();
    let text = view.replace(&[(whole, text.to_string())]);
    Ok(document.close(&text)?)
}

fn one(document: &Document, text: &str, edit: &Edit) -> Result<Done, String> {
    check(edit)?;
    // Of a text in a wrapping, a line may only end with what is meant.
    let in_wrapping = |line: &str| edit.old.lines().any(|old| old.trim().ends_with(line));
    guards(text, &edit.old, &edit.new, &in_wrapping)?;
    let view = View::new(text);
    let plain = |text: &str| plain_ends(document, &view, text);
    let (mut old, mut new) = (plain(&edit.old), plain(&edit.new));
    if only_carriages(&old) && !view.text.contains('\r') {
        old = old.replace('\r', "\n");
        if only_carriages(&new) {
            new = new.replace('\r', "\n");
        }
    }
    if old == new {
        return Err("old_string and new_string differ in line endings only: no change".into());
    }
    let finder = Finder::new(&view);
    let strict = |old: &str, new: &str| guards(text, old, new, &|line| guard::has_line(old, line));
    if edit.all {
        strict(&old, &new)?;
        let found = without_overlaps(finder.exact(&old));
        if found.is_empty() {
            return Err(explain::not_found(&view, &old, &new));
        }
        let places = found.len();
        let parts: Vec<_> = found.into_iter().map(|at| (at, new.clone())).collect();
        let text = view.replace(&parts);
        let notes = Vec::new();
        return Ok(Done {
            text,
            places,
            notes,
        });
    }
    if let Some(way) = unwrap::additions(&old, &new)
        && finder.exact(&old).is_empty()
        && let Some(done) = finder.unwrapped(text, &way)?
    {
        return Ok(done);
    }
    if let Some(hit) = finder.find(&old, &new)? {
        strict(&old, &new)?;
        let notes = hit.notes();
        return finder.finish(text, hit.found, notes);
    }
    for way in unwrap::ways(&old, &new) {
        if let Some(done) = finder.unwrapped(text, &way)? {
            strict(&way.old, way.new.as_deref().unwrap_or_default())?;
            return Ok(done);
        }
    }
    Err(explain::not_found(&view, &old, &new))
}

/// Edits that are none.
fn check(edit: &Edit) -> Result<(), String> {
    if edit.old.is_empty() {
        return Err(
            "old_string is empty, and the file exists. To add text, give the lines it follows as \
             old_string and the same lines with the addition as new_string; write_file replaces \
             a whole file"
                .to_string(),
        );
    }
    if edit.old == edit.new {
        return Err("old_string and new_string are identical: no change".to_string());
    }
    Ok(())
}

/// Texts that may not be written, whatever the file says; `known`: lines that the old text
/// has, too.
fn guards(text: &str, old: &str, new: &str, known: &dyn Fn(&str) -> bool) -> Result<(), String> {
    let stands_in = placeholder(new, known);
    if let Some(line) = stands_in.or_else(|| guard::stands_for_lost(old, new)) {
        return Err(format!(
            "new_string contains the placeholder `{line}`, which would replace real text; nothing \
             was changed. Write the text out, or edit only the part that changes"
        ));
    }
    let known = |line: &str| old.contains(line) || text.contains(line);
    if let Some(line) = guard::foreign_mark(new, known) {
        return Err(format!(
            "new_string contains the mark `{line}` of a conflict, a diff or a tool call; nothing \
             was changed. Give the text as it is to be in the file"
        ));
    }
    if guard::is_diff_of(old, new) {
        return Err(
            "new_string is a diff of old_string; nothing was changed. Give the text as it is to \
             be in the file, without + and -"
                .to_string(),
        );
    }
    if guard::has_gutter(new) && !guard::has_gutter(old) {
        return Err(
            "new_string begins with line numbers, which are not part of the file; nothing was \
             changed. Give it without them"
                .to_string(),
        );
    }
    if new.contains('\0') {
        return Err(
            "new_string contains a NUL character, which would make the file binary; nothing was \
             changed"
                .to_string(),
        );
    }
    for (name, given) in [("old_string", old), ("new_string", new)] {
        let undecoded = given.contains('\u{fffd}') && !text.contains('\u{fffd}');
        if undecoded || document::has_private(given) {
            return Err(format!(
                "{name} contains U+FFFD, the mark of a character that could not be decoded; \
                 nothing was changed. Leave such places out of the edit"
            ));
        }
    }
    Ok(())
}

/// An argument with `\n` for its line ends, without the mark that is not part of
/// the text.
fn plain_ends(document: &Document, view: &View, text: &str) -> String {
    let marked = text.strip_prefix('\u{feff}');
    let text = marked.filter(|_| document.has_mark()).unwrap_or(text);
    let text = text.replace("\r\n", "\n");
    if view.old_mac {
        text.replace('\r', "\n")
    } else {
        text
    }
}

/// Whether lines end with `\r` alone.
fn only_carriages(text: &str) -> bool {
    text.contains('\r') && !text.contains('\n')
}

fn without_overlaps(found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut end = 0;
    found
        .into_iter()
        .filter(|range| {
            let apart = range.start >= end;
            if apart {
                end = range.end;
            }
            apart
        })
        .collect()
}

#[cfg(test)]
#[path = "edit_match/mutation_tests.rs"]
pub(super) mod mutation_tests;
#[cfg(test)]
#[path = "edit_match_tests.rs"]
mod tests;
#[cfg(test)]
#[path = "edit_match/tolerant_tests.rs"]
mod tolerant_tests;
