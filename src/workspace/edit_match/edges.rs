//! What stands right before and behind an exact match: an oversight there would join
//! lines or indent them twice.

use std::ops::Range;

use super::finder::{Found, Hit};
use super::indent::leading;
use super::places::Tier;
use super::view::View;

/// The new text as it comes where the old one stands exactly: as it is, but for the
/// indentation that only one of both texts has.
///
/// # Errors
/// When it is not clear what is meant: where it would join lines, too.
pub(super) fn fitted(
    view: &View,
    range: &Range<usize>,
    old: &str,
    new: &str,
) -> Result<Hit, String> {
    let exact = |range: Range<usize>, new: &str, note| Hit {
        found: Found::Text(range, new.to_string()),
        tier: Tier::Exact,
        note,
    };
    // To join lines or to indent otherwise is meant where nothing else is.
    if old.trim_start() == new.trim_start() || old.trim_end() == new.trim_end() {
        return Ok(exact(range.clone(), new, None));
    }
    if let Some(start) = line_start(view, range, old, new)? {
        let note = Some("the indentation before it was taken as part of it");
        return Ok(exact(start..range.end, new, note));
    }
    if new.is_empty() {
        return Ok(exact(range.clone(), new, None));
    }
    // Beside another line break it is a blank line that goes.
    let text = &view.text;
    let touches = |ch: Option<char>| ch.is_some_and(|ch| ch != '\n');
    let lost_end = old.ends_with('\n')
        && !new.ends_with(char::is_whitespace)
        && touches(text[range.end..].chars().next());
    let lost_start = old.starts_with('\n')
        && !new.starts_with('\n')
        && (!new.starts_with(char::is_whitespace) || leading(new) == leading(&old[1..]))
        // More text for the line above, whose line break stays.
        && !new.ends_with(old)
        && touches(text[..range.start].chars().next_back());
    if lost_start || lost_end {
        return Err(
            "new_string has no line break where old_string has one, at its start or end, which \
             would join it with the line there; nothing was changed. Give both with the line \
             break, or both without"
                .to_string(),
        );
    }
    Ok(exact(range.clone(), new, None))
}

/// Where the line begins, when the indentation before the old text is part of what
/// changes: where it would be there twice, or would stay of a line that goes.
fn line_start(
    view: &View,
    range: &Range<usize>,
    old: &str,
    new: &str,
) -> Result<Option<usize>, String> {
    let start = view.start(view.line_at(range.start));
    let before = &view.text[start..range.start];
    if before.is_empty()
        || leading(before).len() < before.len()
        || old.starts_with(char::is_whitespace)
    {
        return Ok(None);
    }
    let first = new.split('\n').next().unwrap_or_default();
    if first.trim().is_empty() {
        return Ok(old.ends_with('\n').then_some(start));
    }
    if leading(new).is_empty() {
        let moves_up = old.split('\n').skip(1).any(|line| line == first);
        return Ok((moves_up && !old.starts_with(first)).then_some(start));
    }
    let told = |line: &&str| !line.trim().is_empty();
    let rest: Vec<&str> = new.split('\n').skip(1).filter(told).collect();
    // A line that stays tells how both texts are indented.
    let stays = old
        .split('\n')
        .skip(1)
        .filter(told)
        .any(|line| rest.contains(&line));
    let beside = rest
        .iter()
        .map(|line| leading(line))
        .min_by_key(|indent| indent.len());
    let opens = first.trim_end().ends_with(['{', ':', '(', '[']);
    let block = rest.first().is_some_and(|line| {
        let indent = leading(line);
        opens && indent.len() > before.len() && indent.starts_with(before)
    });
    if stays || leading(new) == before && (beside == Some(before) || block) {
        return Ok(Some(start));
    }
    Err(
        "new_string begins with indentation and old_string does not, though it stands before it \
         in the file; nothing was changed. Give both with it, or both without"
            .to_string(),
    )
}
