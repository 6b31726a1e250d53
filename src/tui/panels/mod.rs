//! What opens between the prompt and the status line.

pub mod list;
pub mod palette;
pub mod permission;
pub mod sessions;

use ratatui::text::Line;

use super::terminal::scrollback::Caret;

/// The rows of an open panel and the place of the caret in them. The caret is
/// near the top: rows above it must stay narrow.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelView {
    /// Rows, each at most as wide as asked for.
    pub rows: Vec<Line<'static>>,
    /// Where the caret is.
    pub caret: Caret,
}
