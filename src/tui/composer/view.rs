//! The prompt as rows.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use super::{Composer, layout};
use crate::tui::terminal::scrollback::Caret;

/// How the prompt looks.
pub struct Look<'a> {
    /// The sign before the first row.
    pub sign: &'a str,
    /// Its style.
    pub sign_style: Style,
    /// The style of what is selected.
    pub selected: Style,
    /// The style of what stands for something folded away.
    pub folded: Style,
}

/// The rows of the prompt, at most `height` around the caret, and the caret in
/// them. `top` is the first row shown, kept from frame to frame.
pub fn rows(
    composer: &mut Composer,
    cols: usize,
    height: usize,
    top: &mut usize,
    look: &Look<'_>,
) -> (Vec<Line<'static>>, Caret) {
    let indent = look.sign.len() + 1;
    // One column for the caret behind the last character.
    let width = cols.saturating_sub(indent + 1).max(2);
    composer.set_width(width);
    let (text, folds) = (composer.text(), composer.folds());
    let selection = composer.selection();
    let rows = layout::rows(text, width, folds);
    let (row, col) = layout::place(text, &rows, composer.caret(), folds);
    *top = (*top)
        .min(rows.len().saturating_sub(height))
        .min(row)
        .max((row + 1).saturating_sub(height));
    let lines = rows
        .iter()
        .enumerate()
        .skip(*top)
        .take(height)
        .map(|(index, row)| {
            let start = if index == 0 {
                Span::styled(format!("{} ", look.sign), look.sign_style)
            } else {
                Span::raw(" ".repeat(indent))
            };
            let mut spans = vec![start];
            for (at, grapheme) in text[row.start..row.end].grapheme_indices(true) {
                let mut style = Style::new();
                if folds.label(grapheme).is_some() {
                    style = look.folded;
                }
                if selection
                    .iter()
                    .any(|range| range.contains(&(row.start + at)))
                {
                    style = style.patch(look.selected);
                }
                let shown = layout::shown(grapheme, folds);
                match spans.last_mut() {
                    Some(span) if span.style == style && at > 0 => {
                        span.content.to_mut().push_str(shown);
                    }
                    _ => spans.push(Span::styled(shown.to_owned(), style)),
                }
            }
            Line::from(spans)
        })
        .collect();
    let caret = Caret {
        row: u16::try_from(row - *top).unwrap_or(0),
        col: u16::try_from(indent + col).unwrap_or(0),
    };
    (lines, caret)
}
