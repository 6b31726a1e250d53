//! Word wrap of styled text.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use super::text::{steady_text, width};

/// A longer word is broken, so that something appears.
const MAX_WORD: usize = 4_096;

/// Pieces of one style each.
pub type Pieces = Vec<(String, Style)>;

/// Appends text to the last piece where the style is the same.
pub fn push_piece(pieces: &mut Pieces, text: &str, style: Style) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some((last, last_style)) if *last_style == style => last.push_str(text),
        _ => pieces.push((text.to_owned(), style)),
    }
}

/// The pieces of a line with the styles they have in it, in characters whose widths
/// are certain.
pub fn steady_pieces(line: Line<'static>) -> Pieces {
    let style = line.style;
    let piece = |span: Span<'static>| {
        let text = steady_text(&span.content).into_owned();
        (text, style.patch(span.style))
    };
    line.spans.into_iter().map(piece).collect()
}

/// Pieces as a line.
pub fn to_line(pieces: Pieces) -> Line<'static> {
    pieces
        .into_iter()
        .map(|(text, style)| Span::styled(text, style))
        .collect()
}

/// Columns of all pieces.
pub fn pieces_width(pieces: &[(String, Style)]) -> usize {
    pieces.iter().map(|(text, _)| width(text)).sum()
}

/// Fills rows with words. A word longer than a row stays whole: the terminal
/// wraps it, and a copied URL is one URL. Between wide characters every place is
/// a place to break.
pub struct Wrapper {
    width: usize,
    rows: Vec<Pieces>,
    row: Pieces,
    row_width: usize,
    word: Pieces,
    word_width: usize,
    gap: Option<(String, Style)>,
    last_wide: bool,
    taken: bool,
}

impl Wrapper {
    /// For rows of `width` columns (at least 1).
    pub fn new(width: usize) -> Self {
        Self {
            width: width.max(1),
            rows: Vec::new(),
            row: Vec::new(),
            row_width: 0,
            word: Vec::new(),
            word_width: 0,
            gap: None,
            last_wide: false,
            taken: false,
        }
    }

    /// For the rows that end from now on.
    pub fn set_width(&mut self, width: usize) {
        self.width = width.max(1);
    }

    /// Takes the rows that are complete.
    pub fn take_rows(&mut self) -> Vec<Pieces> {
        self.taken |= !self.rows.is_empty();
        std::mem::take(&mut self.rows)
    }

    /// No row was complete so far.
    pub fn is_first_row(&self) -> bool {
        !self.taken && self.rows.is_empty()
    }

    /// The row under way.
    pub fn unfinished(&self) -> Pieces {
        let mut pieces = self.row.clone();
        if let Some((text, style)) = &self.gap {
            push_piece(&mut pieces, text, *style);
        }
        for (text, style) in &self.word {
            push_piece(&mut pieces, text, *style);
        }
        pieces
    }

    /// Adds text; newlines are ordinary spaces.
    pub fn push(&mut self, text: &str, style: Style) {
        let mut rest = text;
        while !rest.is_empty() {
            let spaces = rest.len() - rest.trim_start_matches([' ', '\n']).len();
            if spaces > 0 {
                self.space(spaces, style);
                rest = &rest[spaces..];
            }
            let end = rest.find([' ', '\n']).unwrap_or(rest.len());
            if end > 0 {
                self.word(&rest[..end], style);
                rest = &rest[end..];
            }
        }
    }

    /// Ends the row, also an empty one.
    pub fn hard_break(&mut self) {
        self.flush_word();
        self.gap = None;
        self.end_row();
    }

    /// All rows; none when nothing was pushed.
    pub fn finish(mut self) -> Vec<Pieces> {
        self.flush_word();
        if !self.row.is_empty() {
            self.end_row();
        }
        self.rows
    }

    fn space(&mut self, count: usize, style: Style) {
        self.flush_word();
        self.last_wide = false;
        if !self.row.is_empty() && self.gap.is_none() {
            self.gap = Some((" ".repeat(count), style));
        }
    }

    fn word(&mut self, text: &str, style: Style) {
        if text.is_ascii() {
            if self.last_wide {
                self.flush_word();
            }
            push_piece(&mut self.word, text, style);
            self.word_width += text.len();
            self.last_wide = false;
            if self.word_width > MAX_WORD {
                self.flush_word();
            }
            return;
        }
        for grapheme in text.graphemes(true) {
            let columns = width(grapheme);
            let wide = columns > 1;
            let closes = grapheme.starts_with([
                '，', '。', '、', '；', '：', '！', '？', '）', '」', '』', '】', '》',
            ]);
            if (wide || self.last_wide) && !closes {
                self.flush_word();
            }
            push_piece(&mut self.word, grapheme, style);
            self.word_width += columns;
            self.last_wide = wide;
        }
    }

    fn flush_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let gap = self.gap.take();
        let gap_width = gap.as_ref().map_or(0, |(text, _)| text.len());
        if !self.row.is_empty() && self.row_width + gap_width + self.word_width > self.width {
            self.end_row();
        } else if let Some((text, style)) = gap {
            push_piece(&mut self.row, &text, style);
            self.row_width += gap_width;
        }
        for (text, style) in self.word.drain(..) {
            push_piece(&mut self.row, &text, style);
        }
        self.row_width += self.word_width;
        self.word_width = 0;
    }

    fn end_row(&mut self) {
        self.rows.push(std::mem::take(&mut self.row));
        self.row_width = 0;
    }
}

/// Wraps one styled text, cutting also inside words: for rows that must not be
/// wider than `width`.
pub fn hard_rows(pieces: &[(String, Style)], width: usize) -> Vec<Pieces> {
    hanging_rows(pieces, width, 0)
}

/// The same with an indent before all rows but the first.
pub fn hanging_rows(pieces: &[(String, Style)], width: usize, indent: usize) -> Vec<Pieces> {
    let width = width.max(1);
    let mut rows = vec![Pieces::new()];
    let mut used = 0;
    let mut start = 0;
    for (text, style) in pieces {
        for grapheme in text.graphemes(true) {
            let columns = super::text::width(grapheme);
            if used + columns > width && used > start {
                let mut row = Pieces::new();
                push_piece(&mut row, &" ".repeat(indent), Style::new());
                rows.push(row);
                start = indent;
                used = indent;
            }
            if let Some(row) = rows.last_mut() {
                push_piece(row, grapheme, *style);
            }
            used += columns;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(text: &str, width: usize) -> Vec<String> {
        let mut wrapper = Wrapper::new(width);
        wrapper.push(text, Style::new());
        wrapper
            .finish()
            .into_iter()
            .map(|row| row.into_iter().map(|(text, _)| text).collect())
            .collect()
    }

    #[test]
    fn words_fill_rows_and_long_ones_stay_whole() {
        assert_eq!(rows("one two  three", 7), ["one two", "three"]);
        assert_eq!(
            rows("see http://example.org/long now", 8),
            ["see", "http://example.org/long", "now"]
        );
        assert_eq!(rows("你好，世界", 4), ["你", "好，", "世界"]);
        assert_eq!(rows("   ", 4), Vec::<String>::new());
    }

    #[test]
    fn a_style_change_inside_a_word_is_no_place_to_break() {
        let mut wrapper = Wrapper::new(6);
        wrapper.push("ab cd", Style::new());
        wrapper.push("efg", Style::new().bold());
        let rows = wrapper.finish();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1].len(), 2);
    }

    proptest! {
        #[test]
        fn no_letter_is_lost(text in "[a-z 世界é]{0,60}", width in 1usize..20) {
            let joined: String = rows(&text, width).concat();
            let squeeze = |s: &str| s.split_whitespace().collect::<String>();
            prop_assert_eq!(squeeze(&joined), squeeze(&text));
        }

        #[test]
        fn hard_rows_fit(text in "[a-z 世é]{0,60}", width in 2usize..20) {
            let rows = hard_rows(&[(text.clone(), Style::new())], width);
            prop_assert!(rows.iter().all(|row| pieces_width(row) <= width));
            let joined: String = rows.concat().into_iter().map(|(text, _)| text).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
