//! A text in rows of a width, and the caret in them.

use unicode_segmentation::UnicodeSegmentation;

use super::folds::Folds;
use crate::render::text::{steady, width};

/// A row: a byte range of the text, without its newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// What is shown for a grapheme: of a width every terminal agrees on.
pub fn shown<'a>(grapheme: &'a str, folds: &'a Folds) -> &'a str {
    match grapheme {
        "\t" => "    ",
        other => folds.label(other).unwrap_or_else(|| steady(other)),
    }
}

fn columns(grapheme: &str, folds: &Folds) -> usize {
    width(shown(grapheme, folds))
}

/// Soft-wraps at spaces, inside words only where a word is longer than a row.
pub fn rows(text: &str, width: usize, folds: &Folds) -> Vec<Row> {
    let width = width.max(2);
    let mut out = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        let end = start + line.len();
        wrap_line(line, start, width, folds, &mut out);
        start = end + 1;
    }
    out
}

fn wrap_line(line: &str, base: usize, width: usize, folds: &Folds, out: &mut Vec<Row>) {
    let (mut row_start, mut used) = (0, 0);
    // After the last space: where, and the columns used up to there.
    let mut space: Option<(usize, usize)> = None;
    for (at, grapheme) in line.grapheme_indices(true) {
        let wide = columns(grapheme, folds);
        while used + wide > width && used > 0 {
            let (cut, before) = space
                .filter(|(cut, _)| *cut > row_start)
                .unwrap_or((at, used));
            out.push(Row {
                start: base + row_start,
                end: base + cut,
            });
            row_start = cut;
            used -= before;
            space = None;
        }
        used += wide;
        if grapheme == " " || grapheme == "\t" {
            space = Some((at + grapheme.len(), used));
        }
    }
    out.push(Row {
        start: base + row_start,
        end: base + line.len(),
    });
}

/// Row and column of a byte position.
pub fn place(text: &str, rows: &[Row], at: usize, folds: &Folds) -> (usize, usize) {
    let row = rows
        .iter()
        .rposition(|row| row.start <= at)
        .unwrap_or_default();
    let start = rows.get(row).map_or(0, |row| row.start);
    let col = text[start..at]
        .graphemes(true)
        .map(|grapheme| columns(grapheme, folds))
        .sum();
    (row, col)
}

/// The byte position nearest to a column of a row.
pub fn position(text: &str, row: Row, column: usize, folds: &Folds) -> usize {
    let mut used = 0;
    for (at, grapheme) in text[row.start..row.end].grapheme_indices(true) {
        let wide = columns(grapheme, folds);
        if used + wide > column {
            return row.start + at;
        }
        used += wide;
    }
    row.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wrapped(text: &str, width: usize) -> Vec<&str> {
        rows(text, width, &Folds::default())
            .iter()
            .map(|row| &text[row.start..row.end])
            .collect()
    }

    #[test]
    fn rows_break_after_spaces() {
        assert_eq!(wrapped("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrapped("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrapped("a\n\nb", 8), ["a", "", "b"]);
        assert_eq!(wrapped("世界世界", 5), ["世界", "世界"]);
        assert_eq!(wrapped("", 8), [""]);
    }

    #[test]
    fn the_caret_is_found_and_placed() {
        let text = "one two three\n世界";
        let all = rows(text, 8, &Folds::default());
        assert_eq!(place(text, &all, 0, &Folds::default()), (0, 0));
        assert_eq!(place(text, &all, 8, &Folds::default()), (1, 0));
        assert_eq!(place(text, &all, text.len(), &Folds::default()), (2, 4));
        assert_eq!(position(text, all[2], 3, &Folds::default()), 17);
        assert_eq!(position(text, all[0], 99, &Folds::default()), 8);
    }

    proptest! {
        #[test]
        fn rows_cover_the_text_and_fit(text in "[a-c \n\t世é👍🏽]{0,60}", width in 4usize..20) {
            let all = rows(&text, width, &Folds::default());
            let joined: String = all.iter().map(|row| &text[row.start..row.end]).collect();
            prop_assert_eq!(joined, text.replace('\n', ""));
            for row in &all {
                let used: usize = text[row.start..row.end].graphemes(true).map(|g| columns(g, &Folds::default())).sum();
                prop_assert!(used <= width);
            }
        }
    }
}
