//! What `git diff` prints, as changes that can be shown.

use crate::protocol::diff::{DiffKind, DiffLine, FileDiff, Hunk};
use crate::stdx::text;

use super::diff::{LINE, SHOWN};

/// Reads a unified diff: the changes of text files, and the names of what changed
/// otherwise (binary files, modes). Text is cleaned for the terminal.
pub fn parse(output: &[u8]) -> (Vec<FileDiff>, Vec<String>) {
    let output = String::from_utf8_lossy(output);
    let (mut diffs, mut others) = (Vec::new(), Vec::new());
    let mut file: Option<FileDiff> = None;
    let (mut old, mut new) = (Numbers::default(), Numbers::default());
    let mut keep = |file: Option<FileDiff>| match file {
        Some(file) if file.hunks.is_empty() => others.push(file.path),
        Some(file) => diffs.push(file),
        None => {}
    };
    for line in output.split('\n') {
        if let Some(names) = line.strip_prefix("diff --git ") {
            keep(file.take());
            file = Some(FileDiff {
                path: name(names.rsplit_once(" b/").map_or(names, |(_, name)| name)),
                ..FileDiff::default()
            });
            (old, new) = (Numbers::default(), Numbers::default());
            continue;
        }
        let Some(file) = &mut file else { continue };
        if old.left + new.left == 0 {
            if let Some(ranges) = line.strip_prefix("@@ ") {
                let mut ranges = ranges.split(' ');
                old = Numbers::parse(ranges.next(), '-');
                new = Numbers::parse(ranges.next(), '+');
                if shown(file) < SHOWN {
                    file.hunks.push(Hunk::default());
                }
            } else if let Some(path) = line.strip_prefix("+++ b/") {
                file.path = name(path);
            } else if let Some(path) = line.strip_prefix("--- a/") {
                // The name of a file that is gone; else the new one follows.
                file.path = name(path);
            }
            continue;
        }
        let (kind, number) = match line.as_bytes().first() {
            Some(b'-') => (DiffKind::Removed, old.next()),
            Some(b'+') => (DiffKind::Added, new.next()),
            Some(b'\\') => continue,
            _ => {
                old.next();
                (DiffKind::Context, new.next())
            }
        };
        match kind {
            DiffKind::Added => file.added += 1,
            DiffKind::Removed => file.removed += 1,
            DiffKind::Context => {}
        }
        push(file, kind, number, line.get(1..).unwrap_or_default());
    }
    keep(file);
    (diffs, others)
}

fn shown(file: &FileDiff) -> usize {
    file.hunks.iter().map(|hunk| hunk.lines.len()).sum()
}

fn push(file: &mut FileDiff, kind: DiffKind, number: usize, line: &str) {
    if shown(file) >= SHOWN {
        file.folded += 1;
        return;
    }
    let line = line.trim_end_matches('\r');
    let cut = text::prefix(line, LINE);
    let mut shown = text::clean(cut).into_owned();
    if cut.len() < line.len() {
        shown.push('…');
    }
    if let Some(hunk) = file.hunks.last_mut() {
        hunk.lines.push(DiffLine {
            kind,
            number,
            text: shown,
        });
    }
}

fn name(path: &str) -> String {
    let path = path.trim_end_matches(['\t', '\r']).trim_matches('"');
    text::clean(path).into_owned()
}

/// Line numbers of one side of a hunk.
#[derive(Default)]
struct Numbers {
    at: usize,
    left: usize,
}

impl Numbers {
    fn parse(range: Option<&str>, sign: char) -> Self {
        let range = range.unwrap_or_default().trim_start_matches(sign);
        let (at, left) = range.split_once(',').unwrap_or((range, "1"));
        Self {
            at: at.parse().unwrap_or(1),
            left: left.parse().unwrap_or(0),
        }
    }

    fn next(&mut self) -> usize {
        let at = self.at;
        self.at = self.at.saturating_add(1);
        self.left = self.left.saturating_sub(1);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::diff::plain;

    #[test]
    fn hunks_have_the_numbers_of_their_sides() {
        let output = "\
diff --git a/src/a.rs b/src/a.rs
index 1..2 100644
--- a/src/a.rs
+++ b/src/a.rs
@@ -3,3 +3,4 @@ fn main() {
 three
-four
+vier
+\u{1b}[31mfünf\r
 six
@@ -20 +21,0 @@
--- twenty
diff --git a/gone b/gone
deleted file mode 100644
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-bye
\\ No newline at end of file
diff --git a/p.png b/p.png
Binary files a/p.png and b/p.png differ
";
        let (diffs, others) = parse(output.as_bytes());
        assert_eq!(others, ["p.png"]);
        let sums: Vec<_> = diffs
            .iter()
            .map(|diff| (diff.path.as_str(), diff.added, diff.removed))
            .collect();
        assert_eq!(sums, [("src/a.rs", 2, 2), ("gone", 0, 1)]);
        assert_eq!(
            plain(&diffs[0], 20),
            "     3  three\n     4 -four\n     4 +vier\n     5 +fünf\n     6  six\n…\n    20 --- twenty\n"
        );
    }

    #[test]
    fn long_changes_are_folded_and_rubbish_is_survived() {
        let many: String = (0..500).map(|n| format!("+{n}\n")).collect();
        let output = format!("diff --git a/x b/x\n+++ b/x\n@@ -0,0 +1,500 @@\n{many}");
        let (diffs, _) = parse(output.as_bytes());
        assert_eq!((diffs[0].added, diffs[0].folded), (500, 500 - SHOWN));
        for rubbish in [
            "",
            "@@ -1 +1 @@\n+x",
            "diff --git \n@@ x\n",
            "diff --git a\n@@ -9999999999999999999999,1 +1 @@\n+é",
        ] {
            parse(rubbish.as_bytes());
        }
    }
}
