//! What a chunk's `@@ line` means: the part of the file below that line.

use std::borrow::Cow;
use std::ops::Range;

use super::parse::Chunk;
use crate::stdx::text;
use crate::workspace::edit_match::indent::leading;
use crate::workspace::edit_match::typography::fold;
use crate::workspace::edit_match::view::View;

/// The chunk without headers such as `@@ 12` and `@@ lines 3-9`, where they are no
/// lines of the file.
pub(super) fn without_numbers<'a>(view: &View, chunk: &'a Chunk) -> Cow<'a, Chunk> {
    let only_number =
        |header: &String| number(header).is_some() && lines_like(view, header).is_empty();
    if !chunk.headers.iter().any(only_number) {
        return Cow::Borrowed(chunk);
    }
    let mut chunk = chunk.clone();
    chunk.number = chunk.headers.iter().find_map(|header| number(header));
    chunk.headers.retain(|header| !only_number(header));
    Cow::Owned(chunk)
}

/// The first number of a header that is but line numbers.
fn number(header: &str) -> Option<usize> {
    let text = header.trim().to_lowercase();
    let text = ["lines", "line"]
        .iter()
        .find_map(|word| text.strip_prefix(word))
        .unwrap_or(&text);
    let text = text.trim_start_matches([' ', ':', '#']);
    let (first, last) = match text.split_once(['-', '–', ',']) {
        Some((first, last)) => (first.trim(), last.trim()),
        None => (text, "1"),
    };
    last.parse::<usize>().ok()?;
    first.parse().ok()
}

/// Windows of the file to search in turn: the blocks that the headers open, then
/// all below the headers. Only lines from `from` on.
///
/// # Errors
/// When a header is not in the file.
pub(super) fn windows(
    view: &View,
    headers: &[String],
    from: usize,
) -> Result<Vec<Vec<Range<usize>>>, String> {
    let found = self::headers(view, headers)?;
    let len = view.len();
    let clip = |range: Range<usize>| range.start.max(from)..range.end;
    let blocks = found.iter().map(|at| clip(*at..block_end(view, *at)));
    // A header above `from` still opens a block below it, but what comes after that
    // block is not its own.
    let below: Vec<usize> = found.iter().copied().filter(|at| *at >= from).collect();
    let rest = if below.is_empty() { &found } else { &below };
    Ok(vec![
        blocks.filter(|range| !range.is_empty()).collect(),
        rest.iter().map(|at| clip(*at..len)).collect(),
    ])
}

/// The lines of the last header, each inside a block of the headers before it.
///
/// # Errors
/// When a header is not in the file.
pub(super) fn headers(view: &View, headers: &[String]) -> Result<Vec<usize>, String> {
    let mut found: Option<Vec<usize>> = None;
    for header in headers {
        let all = lines_like(view, header);
        let next = match &found {
            None => all,
            Some(outer) => {
                let inside = |at: &usize| {
                    outer
                        .iter()
                        .any(|outer| *outer < *at && *at < block_end(view, *outer))
                };
                let inner: Vec<usize> = all.iter().copied().filter(inside).collect();
                if inner.is_empty() {
                    let first = outer.first().copied().unwrap_or(0);
                    all.into_iter().filter(|at| *at > first).collect()
                } else {
                    inner
                }
            }
        };
        if next.is_empty() {
            return Err(format!(
                "the line after @@ was not found: `{}`; nothing was changed. Give a line of the \
                 file, or only `@@`",
                text::one_line(header, 120)
            ));
        }
        found = Some(next);
    }
    Ok(found.unwrap_or_default())
}

/// Lines equal to a header but for blanks around; without any, lines that begin
/// with it.
fn lines_like(view: &View, header: &str) -> Vec<usize> {
    let header = fold(header.trim());
    let all = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
        (0..view.len())
            .filter(|index| fits(fold(view.line(*index)).trim()))
            .collect()
    };
    let equal = all(&|line| line == header);
    if equal.is_empty() {
        all(&|line| line.starts_with(header.as_ref()))
    } else {
        equal
    }
}

/// Where the block ends that a line opens: before the next line that is not
/// indented deeper, or behind it where it closes the block.
fn block_end(view: &View, at: usize) -> usize {
    let head = view.line(at);
    if let Some(end) = section_end(view, at) {
        return end;
    }
    let depth = columns(leading(head));
    for index in at + 1..view.len() {
        let line = view.line(index);
        let body = line.trim();
        if body.is_empty() || columns(leading(line)) > depth {
            continue;
        }
        let opens = body.ends_with(['{', ':', '(', '[']) || body == "{" || body == "begin";
        let closes = body.starts_with(['}', ')', ']']);
        if closes && opens || index == at + 1 && opens && body.len() < 6 {
            continue;
        }
        return if closes { index + 1 } else { index };
    }
    view.len()
}

/// The end of a section of a settings file or of Markdown.
fn section_end(view: &View, at: usize) -> Option<usize> {
    let head = view.line(at);
    let level = |line: &str| {
        let marks = line.len() - line.trim_start_matches('#').len();
        (marks > 0 && line[marks..].starts_with(' ')).then_some(marks)
    };
    let is_head = |line: &str| line.starts_with('[') && line.trim_end().ends_with(']');
    let ends: Box<dyn Fn(&str) -> bool> = if is_head(head) {
        Box::new(is_head)
    } else {
        let own = level(head)?;
        Box::new(move |line| level(line).is_some_and(|other| other <= own))
    };
    let end = (at + 1..view.len()).find(|index| ends(view.line(*index)));
    Some(end.unwrap_or(view.len()))
}

fn columns(indent: &str) -> usize {
    indent.chars().fold(0, |at, ch| match ch {
        '\t' => (at / 8 + 1) * 8,
        _ => at + 1,
    })
}
