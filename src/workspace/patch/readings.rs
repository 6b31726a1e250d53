//! Other readings of a chunk: context without its blank, and wrappings.

use std::collections::HashSet;

use super::parse::{Chunk, LineKind, PatchLine};
use crate::workspace::edit_match::indent::leading;
use crate::workspace::edit_match::places::Tier;
use crate::workspace::edit_match::unwrap;
use crate::workspace::edit_match::view::View;

/// The chunk with the blank given back to context lines that have lost it: those
/// that are in the file only with one blank more.
pub(super) fn with_blanks(view: &View, chunk: &Chunk) -> Option<Chunk> {
    let key = |line: &str| Tier::Typography.key(line).into_owned();
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

/// The chunk without the second blank that stands behind its signs: of changed lines, of
/// context or of both.
pub(super) fn without_second_blank(chunk: &Chunk) -> Vec<Chunk> {
    let told = |at: &usize| !chunk.lines[*at].text.trim().is_empty();
    let is_context = |at: &usize| chunk.lines[*at].kind == LineKind::Context;
    let all: Vec<usize> = (0..chunk.lines.len()).filter(told).collect();
    let (context, changed): (Vec<usize>, Vec<usize>) = all.iter().partition(|at| is_context(at));
    let goes = |at: &usize| chunk.lines[*at].kind == LineKind::Removed;
    // New lines alone may be indented like that.
    let proven = changed.iter().any(goes);
    let doubled = |at: &usize| chunk.lines[*at].text.starts_with(' ');
    let without = |which: &[usize]| {
        let mut reading = chunk.clone();
        for at in which {
            reading.lines[*at].text.remove(0);
        }
        reading
    };
    if !proven && !context.is_empty() && all.iter().all(doubled) {
        let bare = without(&context);
        return match as_others(&bare) {
            Ok(both) => vec![both.unwrap_or(bare)],
            Err(_) => Vec::new(),
        };
    }
    let mut out = Vec::new();
    for (which, proven) in [(&changed, proven), (&context, true), (&all, true)] {
        if context.is_empty() || which.is_empty() || !proven || !which.iter().all(doubled) {
            continue;
        }
        out.push(without(which));
    }
    out
}

/// A chunk that only adds lines, of a patch where others have a second blank behind their
/// signs: without it, where the lines are then indented as its context is and only then.
///
/// # Errors
/// When it is not clear whether it is there.
pub(super) fn as_others(chunk: &Chunk) -> Result<Option<Chunk>, String> {
    let told = |context: bool| {
        let lines = chunk.lines.iter();
        lines.filter(move |line| {
            (line.kind == LineKind::Context) == context && !line.text.trim().is_empty()
        })
    };
    let adds = |line: &PatchLine| line.kind == LineKind::Added && line.text.starts_with(' ');
    if told(false).next().is_none() || !told(false).all(adds) {
        return Ok(None);
    }
    let known = |indent: &str| told(true).any(|line| leading(&line.text) == indent);
    if told(false).any(|line| known(leading(&line.text))) {
        return Ok(None);
    }
    if !told(false).any(|line| known(leading(&line.text[1..]))) {
        return Err(
            "other chunks have a second blank behind their signs, and it is not clear whether \
             this one has it, too; nothing was changed. Write each line behind its sign as it is \
             to be in the file"
                .to_string(),
        );
    }
    let mut reading = chunk.clone();
    for line in &mut reading.lines {
        if adds(line) {
            line.text.remove(0);
        }
    }
    Ok(Some(reading))
}

/// The chunk without line numbers before its context, or before the signs of all lines.
pub(super) fn without_numbers(chunk: &Chunk) -> Option<Chunk> {
    let mut reading = chunk.clone();
    let changes = |chunk: &Chunk| {
        chunk
            .lines
            .iter()
            .any(|line| line.kind != LineKind::Context)
    };
    let signed = !changes(chunk);
    let mut last = 0;
    for line in &mut reading.lines {
        if line.kind != LineKind::Context || signed && line.text.trim().is_empty() {
            continue;
        }
        let (number, rest) = unwrap::unnumbered(&line.text, signed)?;
        // A changed line has the number of the line it replaces.
        if number < last || number == last && !signed {
            return None;
        }
        last = number;
        let kind = match (signed, rest.chars().next()) {
            (false, _) => LineKind::Context,
            (true, Some('-')) => LineKind::Removed,
            (true, Some('+')) => LineKind::Added,
            (true, Some(' ') | None) => LineKind::Context,
            (true, Some(_)) => return None,
        };
        let text = if signed {
            rest.get(1..).unwrap_or_default()
        } else {
            rest
        };
        (line.kind, line.text) = (kind, text.to_string());
    }
    // Numbers alone would be no context at all.
    let told = |line: &PatchLine| line.kind != LineKind::Added && !line.text.trim().is_empty();
    let context = |line: &PatchLine| signed || line.kind == LineKind::Context;
    let tells = reading.lines.iter().any(|line| context(line) && told(line));
    (last > 0 && tells && changes(&reading)).then_some(reading)
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
