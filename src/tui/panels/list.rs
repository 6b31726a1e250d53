//! A list with a filter and a selection.

/// How well `text` answers to `filter`: lower is better, nothing when its
/// letters are not there in order.
pub fn rank(text: &str, filter: &str) -> Option<usize> {
    let text = text.to_lowercase();
    let filter = filter.to_lowercase();
    if filter.is_empty() {
        return Some(0);
    }
    if let Some(at) = text.find(&filter) {
        return Some(at.min(500));
    }
    let mut rest = text.char_indices();
    let mut gaps = 0;
    let mut last = None;
    for wanted in filter.chars().filter(|ch| !ch.is_whitespace()) {
        let (at, _) = rest.find(|(_, ch)| *ch == wanted)?;
        gaps += last.map_or(0, |last: usize| at - last - 1);
        last = Some(at);
    }
    Some(1_000 + gaps)
}

/// Indices of the rows that match, best first; equal ones keep their order.
pub fn matches<'a>(rows: impl Iterator<Item = &'a str>, filter: &str) -> Vec<usize> {
    let mut found: Vec<(usize, usize)> = rows
        .enumerate()
        .filter_map(|(index, text)| Some((rank(text, filter)?, index)))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, index)| index).collect()
}

/// The part of `count` rows to show in `height` rows around the selected one.
pub fn window(count: usize, selected: usize, height: usize) -> std::ops::Range<usize> {
    let height = height.min(count);
    let start = selected
        .saturating_sub(height / 2)
        .min(count.saturating_sub(height));
    start..start + height
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_beat_scattered_letters() {
        let rows = ["resume", "clear", "think", "compact", "s"];
        assert_eq!(matches(rows.into_iter(), "c"), [1, 3]);
        assert_eq!(matches(rows.into_iter(), "cp"), [3]);
        assert_eq!(matches(rows.into_iter(), ""), [0, 1, 2, 3, 4]);
        assert_eq!(matches(rows.into_iter(), "x"), Vec::<usize>::new());
    }

    #[test]
    fn the_selection_stays_in_the_window() {
        assert_eq!(window(10, 0, 4), 0..4);
        assert_eq!(window(10, 5, 4), 3..7);
        assert_eq!(window(10, 9, 4), 6..10);
        assert_eq!(window(2, 1, 4), 0..2);
    }
}
