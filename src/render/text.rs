//! Width of text on a terminal, and cutting it to a width.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

const TAB: usize = 4;

/// Columns a text without control characters takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.width()
    }
}

/// Tabs replaced by spaces up to the next multiple of four columns.
pub fn expand_tabs(text: &str) -> Cow<'_, str> {
    if !text.contains('\t') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut column = 0;
    for (index, part) in text.split('\t').enumerate() {
        if index > 0 {
            let pad = TAB - column % TAB;
            out.extend(std::iter::repeat_n(' ', pad));
            column += pad;
        }
        out.push_str(part);
        column += width(part);
    }
    Cow::Owned(out)
}

/// The longest prefix that takes at most `max` columns, cut between graphemes.
pub fn prefix(text: &str, max: usize) -> &str {
    if text.is_ascii() {
        return &text[..text.len().min(max)];
    }
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme.width();
        if used > max {
            return &text[..at];
        }
    }
    text
}

/// The longest suffix that takes at most `max` columns, cut between graphemes.
pub fn suffix(text: &str, max: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        used += grapheme.width();
        if used > max {
            return &text[at + grapheme.len()..];
        }
    }
    text
}

/// Columns to leave out of the front of a growing text of `wide` columns, so that its
/// end fits into `max`: by half rows, so that what is shown stays where it is for a
/// while, and only what is new has to be drawn.
fn cut_by_half_rows(wide: usize, max: usize) -> usize {
    let half = (max / 2).max(1);
    wide.saturating_sub(max).div_ceil(half) * half
}

/// The end of a growing text in one row of at most `max` columns, from the first whole
/// word on: the byte it begins at.
pub fn row_end(text: &str, max: usize) -> usize {
    let wide = width(text);
    let shown = wide - cut_by_half_rows(wide, max).min(wide);
    let cut = text.len() - suffix(text, shown).len();
    if cut == 0 || text[..cut].ends_with(' ') {
        return cut;
    }
    let word = text[cut..].find(' ').map(|at| cut + at + 1);
    word.filter(|at| *at < text.len()).unwrap_or(cut)
}

/// The text in at most `max` columns, its end replaced by `ellipsis` where it is longer.
pub fn fit(text: &str, max: usize, ellipsis: &str) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let room = max.saturating_sub(width(ellipsis));
    if room == 0 {
        return prefix(text, max).to_owned();
    }
    format!("{}{ellipsis}", prefix(text, room).trim_end())
}

/// The text in at most `max` columns, its middle replaced by `ellipsis` where it
/// is longer: for paths, whose end says most.
pub fn fit_middle(text: &str, max: usize, ellipsis: &str) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let room = max.saturating_sub(width(ellipsis));
    if room < 2 {
        return prefix(text, max).to_owned();
    }
    let head = room / 3;
    format!(
        "{}{ellipsis}{}",
        prefix(text, head),
        suffix(text, room - head)
    )
}

/// Terminals disagree on the width of emoji sequences (joiners, skin tones,
/// variation selectors, flags). Where a column must be known, only the first
/// character of such a sequence is shown.
pub fn steady(grapheme: &str) -> &str {
    let mut chars = grapheme.chars();
    let Some(first) = chars.next() else {
        return grapheme;
    };
    let unsteady = chars.any(|ch| {
        matches!(
            ch,
            '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' | '\u{20e3}' | '\u{1f3fb}'..='\u{1f3ff}'
        ) || matches!(ch, '\u{1f1e6}'..='\u{1f1ff}' | '\u{e0020}'..='\u{e007f}')
    });
    if unsteady {
        &grapheme[..first.len_utf8()]
    } else {
        grapheme
    }
}

/// [`steady`] for every grapheme of a text.
pub fn steady_text(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || text.graphemes(true).all(|g| steady(g).len() == g.len()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.graphemes(true).map(steady).collect())
}

/// Least and most columns a text may take on different terminals.
pub fn width_range(text: &str) -> (usize, usize) {
    if text.is_ascii() {
        return (text.len(), text.len());
    }
    text.chars().fold((0, 0), |(least, most), ch| {
        let (low, high) = char_width_range(ch);
        (least + low, most + high)
    })
}

fn char_width_range(ch: char) -> (usize, usize) {
    match ch {
        '\u{20}'..='\u{7e}' => (1, 1),
        '\u{a1}'..='\u{2ff}' if ch != '\u{ad}' => (1, 1),
        '\u{370}'..='\u{482}' | '\u{48a}'..='\u{52f}' => (1, 1),
        '\u{2010}'..='\u{2027}' | '\u{2500}'..='\u{257f}' | '−' | '⋮' => (1, 1),
        '\u{3041}'..='\u{3096}' | '\u{30a0}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' => (2, 2),
        '\u{ac00}'..='\u{d7a3}' | '\u{ff01}'..='\u{ff60}' | '\u{3001}'..='\u{3029}' => (2, 2),
        _ => (0, 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_growing_text_is_cut_by_half_rows_and_always_fits() {
        for wide in 0..200 {
            let shown = wide - cut_by_half_rows(wide, 38);
            assert!(shown <= 38 && shown >= wide.min(19), "{wide}: {shown}");
        }
        let cuts: Vec<usize> = (38..80).map(|wide| cut_by_half_rows(wide, 38)).collect();
        assert_eq!(
            cuts.iter().collect::<std::collections::BTreeSet<_>>().len(),
            4
        );
    }

    #[test]
    fn the_end_of_a_growing_text_begins_with_a_word() {
        let end = |text: &str, max| text[row_end(text, max)..].to_owned();
        assert_eq!(end("short", 10), "short");
        assert_eq!(end("jolly kayak lemon", 10), "lemon");
        assert_eq!(end("jolly kayak lemon ", 10), "lemon ");
        assert_eq!(end("jolly lemons", 8), "lemons");
        // One long word is cut; wide characters stay whole.
        assert_eq!(end("abcdefghijkl", 8), "efghijkl");
        assert_eq!(end("世界世界世界", 8), "世界世界");
        assert_eq!(end("", 8), "");
    }

    #[test]
    fn tabs_go_to_the_next_stop() {
        assert_eq!(expand_tabs("a\tb\t\tc"), "a   b       c");
        assert_eq!(expand_tabs("世\tx"), "世  x");
        assert_eq!(expand_tabs("plain"), "plain");
    }

    #[test]
    fn long_text_is_cut_with_a_sign() {
        assert_eq!(fit("abcdef", 6, "…"), "abcdef");
        assert_eq!(fit("abcdefg", 6, "…"), "abcde…");
        assert_eq!(fit("世界世界", 5, "…"), "世界…");
        assert_eq!(
            fit_middle("src/render/markdown.rs", 14, "…"),
            "src/…rkdown.rs"
        );
        assert_eq!(fit("abc", 2, "..."), "ab");
    }

    #[test]
    fn emoji_sequences_shrink_to_their_first_character() {
        assert_eq!(steady_text("a👩‍👩‍👧b👍🏽c❤️"), "a👩b👍c❤");
        assert_eq!(steady_text("e\u{301}"), "e\u{301}");
    }

    proptest! {
        #[test]
        fn cuts_never_exceed_the_width(text in "\\PC{0,30}", max in 0usize..20) {
            prop_assert!(width(prefix(&text, max)) <= max);
            prop_assert!(width(suffix(&text, max)) <= max);
            prop_assert!(width(&fit(&text, max, "…")) <= max.max(width(&text).min(max)));
        }

        #[test]
        fn the_width_lies_in_its_range(text in "[a-zéß世界… ·│]{0,30}") {
            let (least, most) = width_range(&text);
            prop_assert!(least <= width(&text) && width(&text) <= most);
        }
    }
}
