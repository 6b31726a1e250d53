//! Tags of XML and HTML, and what stands between them.

use super::motion::Kind;
use super::object::Extent;
use super::walk::{in_indent, next, prev};

/// An opening tag and the closing one that belongs to it, as byte ranges.
struct Pair {
    open: (usize, usize),
    close: (usize, usize),
}

/// The tags around a selection from one place to another.
pub(super) fn around(
    text: &str,
    (at, anchor): (usize, usize),
    with_tags: bool,
    count: usize,
) -> Option<Extent> {
    let (mut low, mut high) = (at.min(anchor), at.max(anchor));
    let selects = low != high;
    if !selects {
        // The indent in front of a tag belongs to it.
        while in_indent(text, low) && text[low..].starts_with([' ', '\t']) {
            low = next(text, low);
        }
        high = low;
    }
    let mut pairs = pairs(text);
    pairs.retain(|pair| pair.open.0 <= low && high < pair.close.1);
    // The innermost one first.
    pairs.sort_by_key(|pair| std::cmp::Reverse(pair.open.0));
    let selected = |from: usize, to: usize| selects && (low, next(text, high)) == (from, to);
    let mut left = count;
    for pair in &pairs {
        let inner = (pair.open.1, pair.close.0);
        let outer = (pair.open.0, pair.close.1);
        if selected(outer.0, outer.1) {
            continue;
        }
        left -= 1;
        if left > 0 {
            continue;
        }
        let (start, last) = match with_tags || selected(inner.0, inner.1) {
            true => outer,
            false => inner,
        };
        // A line end in front of the closing tag belongs to what is inside.
        let (last, kind) = match last > start {
            true => (prev(text, last), Kind::Inclusive),
            false => (last, Kind::Exclusive),
        };
        return Some(Extent { start, last, kind });
    }
    None
}

/// All tags that are opened and closed.
fn pairs(text: &str) -> Vec<Pair> {
    let mut open: Vec<(&str, (usize, usize))> = Vec::new();
    let mut pairs = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find('<').map(|found| from + found) {
        from = start + 1;
        let rest = &text[from..];
        if let Some(rest) = rest.strip_prefix('/') {
            let Some(end) = rest.find('>') else { break };
            let close = (start, start + 2 + end + 1);
            let known = open
                .iter()
                .rposition(|(name, _)| name.eq_ignore_ascii_case(&rest[..end]));
            if let Some(known) = known {
                // What was opened since then is never closed.
                let (_, opened) = open[known];
                open.truncate(known);
                pairs.push(Pair {
                    open: opened,
                    close,
                });
            }
            from = close.1;
            continue;
        }
        let ends = |ch: char| ch.is_ascii_whitespace() || matches!(ch, '>' | '/' | '!');
        let name = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let after = &rest[name.len()..];
        let Some(end) = after.find('>') else { break };
        let is_tag = after.starts_with(|ch: char| ch == '>' || ch.is_ascii_whitespace());
        if !name.is_empty() && is_tag && !after[..end].ends_with('/') {
            open.push((name, (start, from + name.len() + end + 1)));
        }
    }
    pairs
}
