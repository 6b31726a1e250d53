//! Where on the screen the viewport stands, and where a resize leaves the cursor.
//!
//! Most terminals keep the cursor with its text. xterm.js and kitty before 0.27
//! do not: there the cursor ends up below it, and the viewport would be taken to
//! begin too far down. That can be told once the viewport has reached the
//! bottom of the screen.

use std::ops::Range;

use ratatui::buffer::Buffer;

use super::identity::Cursor;
use super::scrollback::{Caret, Size, row_width, wrapped};

/// The viewport as it was drawn, for a resize.
pub struct Before<'a> {
    /// Its rows.
    pub rows: &'a Buffer,
    /// The cursor in it.
    pub caret: Caret,
    /// The terminal then.
    pub size: Size,
}

/// What a resize did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct After {
    /// Rows by which the cursor is below its text.
    pub sunk: u16,
    /// The cursor's row on the screen, where that is certain.
    pub cursor: Option<u16>,
}

/// What is known of the place.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    /// The row of the screen that shows the viewport's last row.
    pub last: Option<u16>,
}

impl Place {
    /// Where one resize to `size` leaves the cursor. `up`: rows of the viewport
    /// above the cursor by now, if it had stayed with its text.
    pub fn after(&self, cursor: Cursor, before: &Before<'_>, size: Size, up: u16) -> After {
        match cursor {
            Cursor::Follows => After::default(),
            Cursor::Sinks => self.sinks(before, size),
            Cursor::Stays => self.stays(before, size, up),
        }
    }

    /// Rows that the screen loses are cut off at its end, as far down as the
    /// cursor; then each row that wraps below the cursor moves its text up.
    fn sinks(&self, before: &Before<'_>, size: Size) -> After {
        let height = before.rows.area.height;
        let below = height - 1 - before.caret.row;
        let lost = before.size.rows.saturating_sub(size.rows);
        let blank = self.last.map_or(0, |last| before.size.rows - 1 - last);
        let cut = lost.saturating_sub(blank).min(below);
        let sunk = if size.cols < before.size.cols {
            extra(before.rows, before.caret.row + 1..height - cut, size.cols)
        } else {
            0
        };
        let cursor = self.last.map(|last| last - below);
        // A cursor in the last row goes down with the end of a growing screen.
        let goes = size.rows > before.size.rows && below == 0 && blank == 0;
        After {
            sunk,
            cursor: cursor
                .filter(|_| !goes)
                .map(|row| row.min(size.rows.saturating_sub(1))),
        }
    }

    /// The text is laid out anew from the first row of the screen on and moves up
    /// as far as it does not fit; the cursor keeps its row. Told only for a screen
    /// that is full before and after.
    fn stays(&self, before: &Before<'_>, size: Size, up: u16) -> After {
        let grows = size.cols > before.size.cols || size.rows > before.size.rows;
        let full = self.last == Some(before.size.rows - 1);
        if grows || !full {
            return After::default();
        }
        let height = before.rows.area.height;
        let bottom = size.rows.saturating_sub(1);
        let cursor = before.size.rows - height + before.caret.row;
        let cursor = cursor.min(bottom);
        let top = (bottom + 1).saturating_sub(wrapped(before.rows, 0..height, size.cols));
        After {
            sunk: cursor.saturating_sub(top).saturating_sub(up),
            cursor: None,
        }
    }
}

/// Rows that these take beyond one each.
fn extra(rows: &Buffer, which: Range<u16>, cols: u16) -> u16 {
    which
        .map(|row| row_width(rows, row).div_ceil(cols).max(1) - 1)
        .sum()
}
