//! A change as numbered lines.

use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp};

use crate::protocol::diff::{DiffKind, DiffLine, FileDiff, Hunk};
use crate::stdx::text;

/// Unchanged lines around a change.
const CONTEXT: usize = 2;
/// Diff lines shown; the rest is counted.
pub(super) const SHOWN: usize = 120;
/// Bytes shown of one line.
pub(super) const LINE: usize = 500;
/// After this long a coarser diff is taken.
const DEADLINE: Duration = Duration::from_millis(200);

/// The change from one text to another, folded where it is long. Text is cleaned
/// for the terminal.
pub fn file_diff(path: &str, old: &[u8], new: &[u8]) -> FileDiff {
    let (old, new) = (lines(old), lines(new));
    // Equal ends cost nothing in the algorithm, and most changes are small.
    let prefix = old
        .iter()
        .zip(&new)
        .take_while(|(old, new)| old == new)
        .count();
    let suffix = old[prefix..]
        .iter()
        .rev()
        .zip(new[prefix..].iter().rev())
        .take_while(|(old, new)| old == new)
        .count();
    let ops = similar::capture_diff_slices_deadline(
        Algorithm::Myers,
        &old[prefix..old.len() - suffix],
        &new[prefix..new.len() - suffix],
        Some(Instant::now() + DEADLINE),
    );
    let mut builder = Builder {
        old: &old,
        new: &new,
        diff: FileDiff {
            path: text::clean(path).into_owned(),
            ..FileDiff::default()
        },
        shown: 0,
        last_new: 0,
        open: false,
    };
    for op in ops {
        builder.op(op, prefix);
    }
    builder.after();
    builder.diff
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

struct Builder<'a> {
    old: &'a [&'a [u8]],
    new: &'a [&'a [u8]],
    diff: FileDiff,
    /// Lines in the hunks so far.
    shown: usize,
    /// New lines shown or passed so far.
    last_new: usize,
    /// A hunk was begun and may need lines after it.
    open: bool,
}

impl Builder<'_> {
    fn op(&mut self, op: DiffOp, base: usize) {
        let (_, old, new) = op.as_tag_tuple();
        if matches!(op, DiffOp::Equal { .. }) {
            return;
        }
        let (old, new) = (
            old.start + base..old.end + base,
            new.start + base..new.end + base,
        );
        self.before(new.start);
        for number in old.clone() {
            self.push(DiffKind::Removed, number, self.old[number]);
        }
        for number in new.clone() {
            self.push(DiffKind::Added, number, self.new[number]);
        }
        self.diff.removed += old.len();
        self.diff.added += new.len();
        self.last_new = new.end;
    }

    /// Context before a change: joined to the hunk before when it is near.
    fn before(&mut self, start: usize) {
        let near = self.open && start - self.last_new <= 2 * CONTEXT;
        let from = if near {
            self.last_new
        } else {
            self.after();
            start.saturating_sub(CONTEXT).max(self.last_new)
        };
        if !near {
            self.diff.hunks.push(Hunk::default());
        }
        for number in from..start {
            self.push(DiffKind::Context, number, self.new[number]);
        }
        self.open = true;
    }

    fn after(&mut self) {
        if std::mem::take(&mut self.open) {
            let end = (self.last_new + CONTEXT).min(self.new.len());
            for number in self.last_new..end {
                self.push(DiffKind::Context, number, self.new[number]);
            }
            self.last_new = end;
            if self
                .diff
                .hunks
                .last()
                .is_some_and(|hunk| hunk.lines.is_empty())
            {
                self.diff.hunks.pop();
            }
        }
    }

    fn push(&mut self, kind: DiffKind, index: usize, line: &[u8]) {
        if self.shown >= SHOWN {
            self.diff.folded += 1;
            return;
        }
        self.shown += 1;
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches(['\r', '\n']);
        let cut = text::prefix(line, LINE);
        let mut shown = text::clean(cut).into_owned();
        if cut.len() < line.len() {
            shown.push('…');
        }
        if let Some(hunk) = self.diff.hunks.last_mut() {
            hunk.lines.push(DiffLine {
                kind,
                number: index + 1,
                text: shown,
            });
        }
    }
}

/// A diff as plain text for the model: changed regions with numbers and signs.
pub fn plain(diff: &FileDiff, most: usize) -> String {
    let mut out = String::new();
    let mut left = most;
    let lines: usize = diff.hunks.iter().map(|hunk| hunk.lines.len()).sum();
    for (index, hunk) in diff.hunks.iter().enumerate() {
        if index > 0 && left > 0 {
            out.push_str("…\n");
        }
        for line in hunk.lines.iter().take(left) {
            let sign = match line.kind {
                DiffKind::Context => ' ',
                DiffKind::Added => '+',
                DiffKind::Removed => '-',
            };
            out.push_str(&format!("{:>6} {sign}{}\n", line.number, line.text));
        }
        left = left.saturating_sub(hunk.lines.len());
    }
    let more = diff.folded + lines.saturating_sub(most);
    if more > 0 {
        out.push_str(&format!("… {}\n", text::plural(more, "more line")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(old: &str, new: &str) -> String {
        plain(&file_diff("f", old.as_bytes(), new.as_bytes()), 1_000)
    }

    #[test]
    fn changes_have_numbers_and_context() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
        assert_eq!(
            shown(old, &old.replace("5\n", "five\n")),
            "     3  3\n     4  4\n     5 -5\n     5 +five\n     6  6\n     7  7\n"
        );
        assert_eq!(
            shown(old, &old.replace("1\n2\n", "0\n1\n2\n").replace("9\n", "")),
            "     1 +0\n     2  1\n     3  2\n…\n     8  7\n     9  8\n     9 -9\n    10  10\n    11  11\n"
        );
        // Changes with at most four lines between them share a hunk.
        assert_eq!(
            shown(old, &old.replace("3\n", "x\n").replace("8\n", "y\n"))
                .matches('…')
                .count(),
            0
        );
        assert_eq!(shown("", "a\n"), "     1 +a\n");
        assert_eq!(shown("a\n", ""), "     1 -a\n");
        assert_eq!(shown("a\n", "a\n"), "");
        assert_eq!(shown("a", "a\n"), "     1 -a\n     1 +a\n");
    }

    #[test]
    fn long_changes_are_folded_and_counted() {
        let new: String = (0..500).map(|n| format!("{n}\n")).collect();
        let diff = file_diff("f", b"", new.as_bytes());
        assert_eq!(
            (diff.added, diff.removed, diff.folded),
            (500, 0, 500 - SHOWN)
        );
        assert!(plain(&diff, 10).ends_with("… 490 more lines\n"));
    }

    #[test]
    fn nothing_in_a_diff_reaches_the_terminal_raw() {
        let diff = file_diff("a\u{1b}[2Jb", b"", b"x\x1b]0;t\x07y\xff\n");
        assert_eq!(diff.path, "ab");
        assert_eq!(diff.hunks[0].lines[0].text, "xy\u{fffd}");
    }

    proptest! {
        #[test]
        fn counts_and_numbers_are_right(
            old in prop::collection::vec("[ab]", 0..30),
            new in prop::collection::vec("[ab]", 0..30),
        ) {
            let join = |lines: &[String]| lines.iter().map(|l| format!("{l}\n")).collect::<String>();
            let diff = file_diff("f", join(&old).as_bytes(), join(&new).as_bytes());
            prop_assert_eq!(old.len() + diff.added, new.len() + diff.removed);
            for line in diff.hunks.iter().flat_map(|hunk| &hunk.lines) {
                let side = if line.kind == DiffKind::Removed { &old } else { &new };
                prop_assert_eq!(&side[line.number - 1], &line.text);
            }
        }
    }
}
