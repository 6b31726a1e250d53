//! A list with a filter and a selection: the one component behind palettes and
//! pickers.

use std::cell::Cell;
use std::cmp::Reverse;

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use crate::render::text::{fit, prefix, steady_text, width};
use crate::render::theme::Theme;
use crate::stdx::text::{clean, one_line};

use super::fuzzy::Fuzzy;

/// Columns below which details get only what labels leave.
const NARROW: usize = 24;
/// Fewer columns of a detail tell nothing.
const LEAST: usize = 6;
/// Longer labels and details are cut before they are fitted.
const MAX_TEXT: usize = 400;

/// One row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// What a choice means.
    pub value: String,
    /// Shown first.
    pub label: String,
    /// Shown dimmed behind it; may be empty.
    pub detail: String,
    /// What the filter looks at.
    pub words: String,
    /// Why it cannot be chosen.
    pub disabled: Option<String>,
    /// It is in force.
    pub current: bool,
}

impl Item {
    /// An item whose filter looks at its label. Texts are made fit for a terminal.
    pub fn new(value: &str, label: &str, detail: &str) -> Self {
        let label = fit_for_screen(label);
        Self {
            value: value.to_owned(),
            words: label.clone(),
            label,
            detail: fit_for_screen(detail),
            disabled: None,
            current: false,
        }
    }
}

fn fit_for_screen(text: &str) -> String {
    steady_text(&one_line(&clean(text), MAX_TEXT)).into_owned()
}

/// The list. What is selected stays in the window at any height.
#[derive(Default)]
pub struct List {
    items: Vec<Item>,
    filter: String,
    /// Indices of the items that match, best first.
    found: Vec<usize>,
    selected: usize,
    label_width: usize,
    detail_width: usize,
    in_order: bool,
    /// First row of the window when it was drawn last.
    top: Cell<usize>,
}

impl List {
    /// All items, nothing filtered; the one in force is selected.
    pub fn new(items: Vec<Item>) -> Self {
        let current = items.iter().position(|item| item.current);
        Self {
            found: (0..items.len()).collect(),
            label_width: widest(&items, |item| width(&item.label)),
            detail_width: widest(&items, |item| {
                item.disabled.as_deref().map_or(width(&item.detail), width)
            }),
            selected: current.unwrap_or(0),
            items,
            filter: String::new(),
            in_order: false,
            top: Cell::new(0),
        }
    }

    /// What holds the words of the filter stays in its order.
    pub fn keep_order(&mut self) {
        self.in_order = true;
    }

    /// What is typed to filter.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Shows what matches, the best selected: a value typed in full first, then
    /// by how well it matches, equal ones in their order.
    pub fn set_filter(&mut self, filter: &str) {
        self.filter = filter.to_owned();
        self.selected = 0;
        if filter.trim().is_empty() {
            self.found = (0..self.items.len()).collect();
            return;
        }
        if self.in_order {
            let mut words = Fuzzy::words(filter);
            let items = self.items.iter().enumerate();
            self.found = items
                .filter(|(_, item)| words.score(&item.words).is_some())
                .map(|(index, _)| index)
                .collect();
            if !self.found.is_empty() {
                return;
            }
        }
        let mut fuzzy = Fuzzy::names(filter);
        let mut scored: Vec<_> = self
            .items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| {
                let score = fuzzy.score(&item.words)?;
                Some((item.value != filter, Reverse(score), index))
            })
            .collect();
        scored.sort_unstable();
        self.found = scored.into_iter().map(|(_, _, index)| index).collect();
    }

    /// The items are filtered already: what was looked for is only marked in them.
    pub fn mark(&mut self, filter: &str) {
        self.filter = filter.to_owned();
    }

    /// Selects the item of a value, when it is there.
    pub fn select(&mut self, value: &str) {
        let at = self
            .found
            .iter()
            .position(|index| self.items[*index].value == value);
        self.selected = at.unwrap_or(self.selected);
    }

    /// How many rows match.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Nothing matches.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The selected item.
    pub fn selected(&self) -> Option<&Item> {
        let index = self.found.get(self.selected)?;
        self.items.get(*index)
    }

    /// Which of the rows that match is selected, from 0.
    pub fn position(&self) -> usize {
        self.selected
    }

    /// Moves the selection and stops at the ends. True when it moved.
    pub fn step(&mut self, rows: isize) -> bool {
        let last = self.found.len().saturating_sub(1);
        let next = self.selected.saturating_add_signed(rows).min(last);
        std::mem::replace(&mut self.selected, next) != next
    }

    /// At most `height` rows of at most `cols` columns.
    pub fn rows(&self, cols: usize, height: usize, theme: &Theme) -> Vec<Line<'static>> {
        let height = height.min(self.found.len());
        let top = self
            .top
            .get()
            .min(self.found.len() - height)
            .min(self.selected)
            .max((self.selected + 1).saturating_sub(height));
        self.top.set(top);
        let mut fuzzy = Fuzzy::names(&self.filter);
        (top..top + height)
            .map(|at| {
                let item = &self.items[self.found[at]];
                self.row(item, at == self.selected, cols, theme, &mut fuzzy)
            })
            .collect()
    }

    fn row(
        &self,
        item: &Item,
        selected: bool,
        cols: usize,
        theme: &Theme,
        fuzzy: &mut Fuzzy,
    ) -> Line<'static> {
        let ellipsis = theme.glyphs.ellipsis;
        let mark = if item.current {
            format!("{} ", theme.glyphs.bullet)
        } else {
            "  ".to_owned()
        };
        let room = cols.saturating_sub(2);
        let detail = match &item.disabled {
            Some(reason) => fit_for_screen(reason),
            None => item.detail.clone(),
        };
        let label_room = if detail.is_empty() {
            room
        } else {
            // A long label leaves the detail what it needs, up to half.
            // In the narrowest window the label counts alone.
            let detail = match room < NARROW {
                true => 0,
                false => self.detail_width.min(room / 2) + 2,
            };
            self.label_width.min(room.saturating_sub(detail))
        };
        let label = fit(&item.label, label_room, ellipsis);
        let gap = label_room.saturating_sub(width(&label)) + 2;
        let detail_room = room.saturating_sub(label_room + 2);
        let (base, hit) = if selected {
            (
                theme.selected,
                Style::new().add_modifier(Modifier::UNDERLINED),
            )
        } else if item.disabled.is_some() {
            (theme.dim, Style::new())
        } else {
            (Style::new(), theme.accent)
        };
        let back = if selected { base } else { theme.dim };
        let mut spans = vec![Span::styled(prefix(&mark, cols).to_owned(), base)];
        let places = if self.filter.is_empty() {
            Vec::new()
        } else {
            fuzzy.places(&label)
        };
        spans.extend(lit(&label, &places, base, base.patch(hit)));
        if !detail.is_empty() && detail_room >= LEAST {
            spans.push(Span::styled(" ".repeat(gap), back));
            spans.push(Span::styled(fit(&detail, detail_room, ellipsis), back));
        }
        Line::from(spans)
    }
}

fn widest(items: &[Item], columns: impl Fn(&Item) -> usize) -> usize {
    items.iter().map(columns).max().unwrap_or(0)
}

/// A text with the graphemes that the filter hit in another style.
fn lit(text: &str, places: &[u32], plain: Style, hit: Style) -> Vec<Span<'static>> {
    let mut out: Vec<Span<'static>> = Vec::new();
    for (index, grapheme) in text.graphemes(true).enumerate() {
        let at = u32::try_from(index).unwrap_or(u32::MAX);
        let style = if places.binary_search(&at).is_ok() {
            hit
        } else {
            plain
        };
        match out.last_mut() {
            Some(span) if span.style == style => span.content.to_mut().push_str(grapheme),
            _ => out.push(Span::styled(grapheme.to_owned(), style)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(labels: &[&str]) -> List {
        List::new(
            labels
                .iter()
                .map(|label| Item::new(label, label, ""))
                .collect(),
        )
    }

    fn shown(list: &List, cols: usize, height: usize) -> Vec<String> {
        let rows = list.rows(cols, height, &Theme::default());
        rows.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_selection_stays_in_the_window_at_any_height() {
        let mut list = list(&["a0", "a1", "a2", "a3", "a4", "a5"]);
        assert!(!list.step(-1));
        assert_eq!(shown(&list, 20, 3), ["  a0", "  a1", "  a2"]);
        list.step(3);
        assert_eq!(shown(&list, 20, 3), ["  a1", "  a2", "  a3"]);
        list.step(-1);
        assert_eq!(shown(&list, 20, 3), ["  a1", "  a2", "  a3"], "no jumping");
        assert_eq!(shown(&list, 20, 1), ["  a2"]);
        assert_eq!(shown(&list, 20, 9).len(), 6);
        assert!(list.step(99) && !list.step(1));
        assert_eq!(list.selected().unwrap().value, "a5");
    }

    #[test]
    fn a_value_typed_in_full_comes_first() {
        let mut list = list(&["safe", "s", "export"]);
        list.set_filter("s");
        assert_eq!(list.selected().unwrap().value, "s");
        list.set_filter("zz");
        assert!(list.is_empty() && list.selected().is_none());
        assert!(shown(&list, 20, 3).is_empty());
    }

    #[test]
    fn an_ordered_list_stays_in_order_unless_only_letters_match() {
        let mut list = list(&["mend the cart test", "a test", "cart", "test cart"]);
        list.keep_order();
        list.set_filter("test");
        assert_eq!(
            shown(&list, 30, 5),
            ["  mend the cart test", "  a test", "  test cart"]
        );
        list.set_filter("mtct");
        assert_eq!(shown(&list, 30, 5), ["  mend the cart test"]);
    }

    #[test]
    fn long_labels_leave_room_for_details() {
        let mut item = Item::new("v", &"label ".repeat(10), "the detail");
        item.current = true;
        let other = Item {
            disabled: Some("no key".into()),
            ..Item::new("w", "short", "unseen")
        };
        let list = List::new(vec![other, item]);
        insta::assert_snapshot!(shown(&list, 40, 3).join("\n"), @r"
          short                       no key
        • label label label label l…  the detail
        ");
        for cols in 0..30 {
            for row in list.rows(cols, 3, &Theme::default()) {
                assert!(width(&row.to_string()) <= cols, "{cols}: {row}");
            }
        }
    }
}
