//! Frames on the alternate screen: every row has a known number.

use ratatui::buffer::Buffer;

use super::scrollback::{Caret, Size, cells, changed_runs, row_width};
use super::sgr::{Painter, Pen};

/// What stands on the alternate screen.
pub struct Fullscreen {
    painter: Painter,
    drawn: Option<(Size, Buffer, Caret)>,
}

impl Fullscreen {
    /// Nothing drawn yet.
    pub fn new(painter: Painter) -> Self {
        Self {
            painter,
            drawn: None,
        }
    }

    /// Everything has to be drawn again.
    pub fn forget(&mut self) {
        self.drawn = None;
    }

    /// The bytes that show these rows, as many as the terminal has; empty when it
    /// shows them already.
    pub fn frame(&mut self, size: Size, rows: &Buffer, caret: Caret) -> Vec<u8> {
        use std::io::Write as _;
        let mut out = Vec::new();
        let old = self
            .drawn
            .take()
            .filter(|(known, buffer, _)| *known == size && buffer.area == rows.area);
        let mut pen = Pen::default();
        for row in 0..rows.area.height {
            let runs = match &old {
                Some((_, old, _)) => changed_runs(old, rows, row),
                None => vec![(0, rows.area.width)],
            };
            let end = row_width(rows, row);
            for (from, to) in runs {
                // Writing to a vector cannot fail.
                let _ = write!(out, "\x1b[{};{}H", row + 1, from + 1);
                cells(
                    &self.painter,
                    rows,
                    row,
                    from,
                    to.min(end.max(from)),
                    &mut pen,
                    &mut out,
                );
                self.painter.switch(&mut pen, Pen::default(), &mut out);
                if to >= end {
                    out.extend_from_slice(b"\x1b[K");
                }
            }
        }
        let moved = old.as_ref().is_none_or(|(_, _, known)| *known != caret);
        if !out.is_empty() || moved {
            let _ = write!(out, "\x1b[{};{}H", caret.row + 1, caret.col + 1);
            let mut frame = b"\x1b[?2026h\x1b[?25l\x1b[?7l".to_vec();
            frame.append(&mut out);
            frame.extend_from_slice(b"\x1b[?7h\x1b[?25h\x1b[?2026l");
            out = frame;
        }
        self.drawn = Some((size, rows.clone(), caret));
        out
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::super::emulator::Emulator;
    use super::super::sgr::Depth;
    use super::*;

    #[test]
    fn only_what_changed_is_written() {
        let size = Size { cols: 20, rows: 3 };
        let mut screen = Emulator::new(size);
        let mut full = Fullscreen::new(Painter {
            depth: Depth::Ansi,
            utf8: true,
            links: Default::default(),
        });
        let buffer = |texts: [&str; 3]| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, size.cols, size.rows));
            for (row, text) in (0..).zip(texts) {
                buffer.set_string(0, row, text, Style::new());
            }
            buffer
        };
        screen.feed(b"left over\r\nleft over");
        for texts in [
            ["one", "世界 two", ""],
            ["one", "世界", "three"],
            ["", "x", "three"],
        ] {
            screen.feed(&full.frame(size, &buffer(texts), Caret { row: 2, col: 1 }));
            assert_eq!(screen.screen(), texts);
            assert_eq!(screen.cursor(), (2, 1));
        }
        let same = full.frame(size, &buffer(["", "x", "three"]), Caret { row: 2, col: 1 });
        assert!(same.is_empty());
    }
}
