//! An emulated terminal for tests: scrollback and screen as text.

use std::num::NonZeroU16;

use super::scrollback::Size;

/// The vt100 crate with a scrollback that can be read. It does not wrap rows
/// again on a resize.
pub struct Emulator {
    parser: vt100::Parser,
}

fn number(value: u16) -> NonZeroU16 {
    NonZeroU16::new(value).unwrap()
}

impl Emulator {
    /// An empty screen.
    pub fn new(size: Size) -> Self {
        Self {
            parser: vt100::Parser::new(number(size.rows), number(size.cols), 100_000),
        }
    }

    /// Takes what a program writes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
    }

    /// Gives the window another size.
    pub fn resize(&mut self, size: Size) {
        self.parser.set_size(number(size.rows), number(size.cols));
    }

    /// Rows that left the screen, oldest first.
    pub fn scrollback(&mut self) -> Vec<String> {
        let (_, cols) = self.parser.screen().size();
        let screen = self.parser.screen_mut();
        let length = screen.scrollback_len();
        let mut rows = Vec::new();
        for offset in (1..=length).rev() {
            screen.set_scrollback(offset);
            rows.extend(screen.rows(0, cols.get()).next());
        }
        screen.set_scrollback(0);
        rows.iter().map(|row| row.trim_end().to_owned()).collect()
    }

    /// Rows on the screen.
    pub fn screen(&self) -> Vec<String> {
        let (_, cols) = self.parser.screen().size();
        let rows = self.parser.screen().rows(0, cols.get());
        rows.map(|row| row.trim_end().to_owned()).collect()
    }

    /// Scrollback and screen.
    pub fn all(&mut self) -> Vec<String> {
        let mut rows = self.scrollback();
        rows.extend(self.screen());
        rows
    }

    /// Row and column of the cursor, from 0.
    pub fn cursor(&self) -> (u16, u16) {
        self.parser.screen().cursor_position()
    }

    /// The cursor is not shown.
    pub fn cursor_hidden(&self) -> bool {
        self.parser.screen().hide_cursor()
    }
}
