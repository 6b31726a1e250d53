//! Other readings of a chunk: context without its blank, and wrappings.

use std::collections::HashSet;

use super::parse::{Chunk, LineKind};
use crate::workspace::edit_match::indent::leading;
use crate::workspace::edit_match::places::Tier;
use crate::workspace::edit_match::unwrap;
use crate::workspace::edit_match::view::View;

/// The chunk with the blank given back to context lines that have lost it: those
/// that are in the file only with one blank more.
pub(super) fn with_blanks(view: &View, chunk: &Chunk) -> Option<Chunk> {
    let key = |line: &str| Tier::Typography.key(line).into_owned();
    let lost = |chunk: &Chunk| {
        let mut lines = chunk.lines.iter();
        lines.any(|line| line.kind == LineKind::Context && line.text.starts_with([' ', '\t']))
    };
    if !lost(chunk) {
        return None;
    }
    let known: HashSet<String> = (0..view.len()).map(|index| key(view.line(index))).collect();
    let mut restored = chunk.clone();
    let mut any = false;
    for line in &mut restored.lines {
        let longer = format!(" {}", line.text);
        let is_lost = line.kind == LineKind::Context
            && !line.text.trim().is_empty()
            && !known.contains(&key(&line.text))
            && known.contains(&key(&longer));
        if is_lost {
            line.text = longer;
            any = true;
        }
    }
    any.then_some(restored)
}

/// Whether changed lines stand one blank further in than context, as they do where
/// context has lost its blank.
pub(super) fn may_lack_blanks(chunk: &Chunk) -> bool {
    let told = |context: bool| {
        let lines = chunk.lines.iter();
        lines.filter(move |line| {
            (line.kind == LineKind::Context) == context
                && !line.text.trim().is_empty()
                && !line.text.trim_start().starts_with('*')
        })
    };
    told(true).any(|context| {
        let one_more = format!("{} ", leading(&context.text));
        told(false).any(|line| leading(&line.text) == one_more)
    })
}

/// A chunk with a wrapping taken off.
pub(super) struct Reading {
    pub(super) chunk: Chunk,
    pub(super) note: &'static str,
    line: Option<usize>,
    flush: bool,
}

impl Reading {
    /// Whether a place is one that the wrapping allows.
    pub(super) fn fits(&self, start: usize, tier: Tier) -> bool {
        self.line.is_none_or(|line| line == start + 1) && !(self.flush && tier == Tier::Indentation)
    }
}

/// The readings of a chunk whose lines are wrapped as those of an edit may be.
pub(super) fn unwrapped(chunk: &Chunk, old: &[&str], new: &[&str]) -> Vec<Reading> {
    unwrap::ways(&old.join("\n"), &new.join("\n"))
        .into_iter()
        .filter_map(|way| {
            let new_text = way.new.ok()?;
            let bare_old: Vec<&str> = way.old.split('\n').collect();
            let bare_new: Vec<&str> = new_text.split('\n').collect();
            let counts = (bare_old.len(), bare_new.len());
            // Without new lines the text is empty, which is one line.
            if counts != (old.len(), new.len().max(1)) {
                return None;
            }
            let mut chunk = chunk.clone();
            let (mut olds, mut news) = (bare_old.into_iter(), bare_new.into_iter());
            for line in &mut chunk.lines {
                let text = match line.kind {
                    LineKind::Removed => olds.next()?,
                    LineKind::Added => news.next()?,
                    LineKind::Context => {
                        let text = olds.next()?;
                        (news.next()? == text).then_some(text)?
                    }
                };
                line.text = text.to_string();
            }
            Some(Reading {
                chunk,
                note: way.note,
                line: way.line,
                flush: way.flush,
            })
        })
        .collect()
}
