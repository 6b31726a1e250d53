//! What opens between the prompt and the status line.

pub mod fuzzy;
pub mod list;
pub mod palette;
pub mod permission;
pub mod picker;
pub mod secret;

use ratatui::text::{Line, Span};

use super::terminal::scrollback::Caret;
use crate::render::theme::Theme;

/// The rows of an open panel and the place of the caret in them. The caret is
/// near the top: rows above it must stay narrow.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelView {
    /// Rows, each at most as wide as asked for.
    pub rows: Vec<Line<'static>>,
    /// Where the caret is.
    pub caret: Caret,
}

/// Keys and what they do, as many as fit; the last one stays.
pub fn hints(keys: &[(String, &str)], cols: usize, theme: &Theme) -> Line<'static> {
    let wide = |(key, meaning): &(String, &str)| key.len() + meaning.len() + 4;
    let Some((last, others)) = keys.split_last() else {
        return Line::default();
    };
    let mut room = (cols + 3).saturating_sub(wide(last));
    let mut shown: Vec<&(String, &str)> = Vec::new();
    for key in others {
        if wide(key) <= room {
            room -= wide(key);
            shown.push(key);
        }
    }
    shown.push(last);
    let mut row = Line::default();
    for (key, meaning) in shown {
        row.push_span(Span::styled(key.clone(), theme.accent));
        row.push_span(Span::styled(format!(" {meaning}   "), theme.dim));
    }
    row
}
