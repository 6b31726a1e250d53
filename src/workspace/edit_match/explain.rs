//! Why an edit was refused, with what the model needs to repeat it rightly.

use std::collections::HashMap;

use super::guard::placeholder;
use super::view::View;
use crate::stdx::text;

/// Line numbers listed for an ambiguous match.
const LISTED: usize = 20;
/// Lines of the region shown.
const REGION: usize = 14;
/// File lines compared by likeness when none is equal.
const COMPARED: usize = 20_000;
/// Characters shown of one line.
const LINE: usize = 200;

/// Many places; `lines` are the indexes of their first lines.
pub(in crate::workspace) fn ambiguous(lines: &[usize], what: &str, all: bool) -> String {
    let mut listed: Vec<String> = lines
        .iter()
        .take(LISTED)
        .map(|line| (line + 1).to_string())
        .collect();
    if lines.len() > LISTED {
        listed.push("…".to_string());
    }
    let way_out = if all { ", or set replace_all" } else { "" };
    format!(
        "{what} matches {} places (lines {}); nothing was changed. Add surrounding lines \
         until it matches one place{way_out}",
        lines.len(),
        listed.join(", ")
    )
}

/// The text is nowhere: what may be wrong with it, and what is there instead.
pub(super) fn not_found(view: &View, old: &str, new: &str) -> String {
    let mut out = "old_string was not found; nothing was changed.".to_string();
    if !new.trim().is_empty()
        && let Some(at) = memchr::memmem::find(view.text.as_bytes(), new.as_bytes())
    {
        out.push_str(&format!(
            " The new text is already there, at line {}.",
            view.line_at(at) + 1
        ));
    }
    if has_numbers(old) {
        out.push_str(" It begins with line numbers, which are not part of the file.");
    }
    if let Some(line) = placeholder(old, |_| false) {
        out.push_str(&format!(
            " It contains the placeholder `{line}`; give the real text."
        ));
    }
    let wanted: Vec<&str> = old.trim_end_matches('\n').split('\n').collect();
    out.push_str(&nearest(view, &wanted, "old_string"));
    out
}

/// What of the file is most like the wanted lines, with the first difference.
pub(in crate::workspace) fn nearest(view: &View, wanted: &[&str], what: &str) -> String {
    let lines = view.lines(0..view.len());
    match closest(&lines, wanted) {
        Some(start) => region(&lines, wanted, start, what),
        None => " No line of the file is like it: read the file again.".to_string(),
    }
}

/// Whether every line begins with a number and a tab, as read_file shows them.
fn has_numbers(old: &str) -> bool {
    old.lines().all(|line| {
        line.split_once('\t').is_some_and(|(number, _)| {
            let number = number.trim();
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    })
}

/// Index of the file line where the wanted lines fit best.
fn closest(lines: &[&str], wanted: &[&str]) -> Option<usize> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, line) in wanted.iter().enumerate() {
        let entry = places.entry(line.trim()).or_default();
        if !line.trim().is_empty() && entry.len() < 8 {
            entry.push(index);
        }
    }
    // Every equal line votes for the start it implies; telling lines count more
    // than brackets.
    let mut votes: HashMap<usize, usize> = HashMap::new();
    for (at, line) in lines.iter().enumerate() {
        for index in places.get(line.trim()).into_iter().flatten() {
            if let Some(start) = at.checked_sub(*index) {
                *votes.entry(start).or_default() += if line.trim().len() > 3 { 4 } else { 1 };
            }
        }
    }
    let best = votes
        .into_iter()
        .max_by_key(|(start, votes)| (*votes, std::cmp::Reverse(*start)));
    if let Some((start, votes)) = best
        && votes >= 4
    {
        return Some(start);
    }
    let (index, telling) = wanted
        .iter()
        .enumerate()
        .max_by_key(|(index, line)| (line.trim().len(), std::cmp::Reverse(*index)))?;
    let target = pairs(telling);
    let (at, likeness) = lines
        .iter()
        .take(COMPARED)
        .map(|line| likeness(&target, &pairs(line)))
        .enumerate()
        .max_by(|(a_at, a), (b_at, b)| a.total_cmp(b).then(b_at.cmp(a_at)))?;
    (likeness > 0.4).then(|| at.saturating_sub(index))
}

/// Sorted pairs of neighbouring bytes, blanks left out.
fn pairs(line: &str) -> Vec<[u8; 2]> {
    let bytes: Vec<u8> = line
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .take(300)
        .collect();
    let mut pairs: Vec<[u8; 2]> = bytes.windows(2).map(|pair| [pair[0], pair[1]]).collect();
    pairs.sort_unstable();
    pairs
}

/// Share of common pairs, 0 to 1.
fn likeness(a: &[[u8; 2]], b: &[[u8; 2]]) -> f64 {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Equal => (i, j, common) = (i + 1, j + 1, common + 1),
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
        }
    }
    let all = a.len() + b.len();
    if all == 0 {
        return 0.0;
    }
    2.0 * f64::from(common) / all as f64
}

fn region(lines: &[&str], wanted: &[&str], start: usize, what: &str) -> String {
    let end = (start + wanted.len().min(REGION)).min(lines.len());
    let mut out = "\nClosest lines:\n".to_string();
    for (number, line) in (start + 1..).zip(&lines[start..end]) {
        out.push_str(&format!("{number:>6}\t{}\n", text::prefix(line, LINE)));
    }
    let differs = wanted
        .iter()
        .enumerate()
        .find(|(index, line)| lines.get(start + index) != Some(line));
    if let Some((index, line)) = differs {
        let has = match lines.get(start + index) {
            Some(there) => format!("`{}`", visible(there)),
            None => "no such line".to_string(),
        };
        out.push_str(&format!(
            "First difference (→ is a tab, · a blank at an end):\n  file line {}: {has}\n  \
             {what} line {}: `{}`",
            start + index + 1,
            index + 1,
            visible(line)
        ));
    }
    out
}

/// A line with its tabs and its blanks at both ends made visible.
fn visible(line: &str) -> String {
    let line = text::prefix(line, LINE);
    let inner = line.trim_matches([' ', '\t']);
    let lead = line.len() - line.trim_start_matches([' ', '\t']).len();
    let (before, after) = if inner.is_empty() {
        (line, "")
    } else {
        (&line[..lead], &line[lead + inner.len()..])
    };
    let mark = |blanks: &str| blanks.replace(' ', "·").replace('\t', "→");
    format!(
        "{}{}{}",
        mark(before),
        inner.replace('\t', "→"),
        mark(after)
    )
}
