//! How small the viewport stays.
//!
//! A resize is heard of when it is over: by then the terminal has wrapped the rows of
//! the viewport again, and what outgrew the screen is in its scrollback for good. So a
//! panel has no more rows than the smallest window to be expected could hold, and
//! where the cursor may leave its text no row is so long that it would be wrapped.
//! From a window at rest half of it is expected to stay; from one that is just being
//! resized, anything.

use ratatui::text::Line;

use super::terminal::scrollback::Size;

/// A window that is being resized is expected to stay at least this large.
const USUAL: Size = Size { cols: 40, rows: 10 };
/// In a smaller one a panel could not be read.
const LEAST: Size = Size { cols: 20, rows: 6 };

/// The smallest window to be expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    now: Size,
    least: Size,
    strays: bool,
    changing: bool,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            now: USUAL,
            least: USUAL,
            strays: false,
            changing: false,
        }
    }
}

impl Room {
    /// The window has this size now, and may have it again.
    pub fn seen(&mut self, size: Size) {
        self.now = size;
        self.least.cols = self.least.cols.min(size.cols).max(LEAST.cols);
        self.least.rows = self.least.rows.min(size.rows).max(LEAST.rows);
    }

    /// Whether a resize may leave the cursor elsewhere than its text.
    pub fn set_strays(&mut self, strays: bool) {
        self.strays = strays;
    }

    /// A resize may leave the cursor elsewhere than its text.
    pub fn strays(&self) -> bool {
        self.strays
    }

    /// Whether the window is being resized. Until that is over even the prompt has
    /// rows that are wrapped in no window: how often they were nobody could tell.
    pub fn set_changing(&mut self, changing: bool) {
        self.changing = changing;
    }

    /// Columns and rows of the prompt, of those there are for it.
    pub fn prompt(&self, cols: usize, height: usize, screen: usize) -> (usize, usize) {
        if !self.changing {
            return (cols, height);
        }
        let around = 3;
        let height = height.min(self.rows(screen).saturating_sub(around).max(1));
        (cols.min(self.narrow()), height)
    }

    fn expected(&self) -> Size {
        if self.changing {
            return self.least;
        }
        Size {
            cols: self.least.cols.max(self.now.cols / 2),
            rows: self.least.rows.max(self.now.rows / 2),
        }
    }

    /// Columns of a row that is wrapped in no window.
    pub fn narrow(&self) -> usize {
        usize::from(self.expected().cols) - 1
    }

    /// Columns of the rows of a panel, of those there are.
    pub fn panel_cols(&self, cols: usize) -> usize {
        if self.strays {
            cols.min(self.narrow())
        } else {
            cols
        }
    }

    /// Rows there are in every window, of those there are now.
    pub fn rows(&self, rows: usize) -> usize {
        rows.min(usize::from(self.expected().rows))
    }

    /// Rows that these take in the narrowest window.
    pub fn taken(&self, rows: &[Line<'_>]) -> usize {
        let cols = usize::from(self.expected().cols);
        let wrapped = |row: &Line<'_>| row.width().div_ceil(cols).max(1);
        rows.iter().map(wrapped).sum()
    }
}
