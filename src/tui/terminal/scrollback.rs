//! Finished lines into the terminal's own scrollback, the viewport below them.
//!
//! Pure: it turns frames into bytes for one `write()`. Two writers:
//!
//! ```text
//! line feed                            region (rows known, viewport at the bottom)
//!   up to the viewport's first row       set the region to the rows above it
//!   each finished line, CR LF            LF at its last row, finished line
//!   the viewport again                   reset the region, changed cells only
//! ```
//!
//! The line-feed writer needs to know nothing but how far above the caret the
//! viewport starts. It begins every session and takes over whenever the place of
//! the viewport is not certain: after a resize, a change of height, a stop. The
//! cursor is never asked for its place. `low` counts what is certain: the
//! viewport's last row is at least that many rows below the top of the screen,
//! and once that is the bottom row, rows have known numbers.

use std::io::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::text::Line;

use crate::render::text::width_range;

use super::identity::{Cursor, Writer};
use super::place::{After, Before, Place};
use super::sgr::{Painter, Pen, csi};

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";
const HIDE: &[u8] = b"\x1b[?25l";
const SHOW: &[u8] = b"\x1b[?25h";
const NO_WRAP: &[u8] = b"\x1b[?7l";
const WRAP: &[u8] = b"\x1b[?7h";
const ERASE_LINE: &[u8] = b"\x1b[K";
const SAVE_CURSOR: &[u8] = b"\x1b7";
const RESTORE_CURSOR: &[u8] = b"\x1b8";
/// Erases from the cursor's row on. Never from the very first cell: there some
/// terminals take it for clearing the screen and copy the rows into scrollback.
pub(super) const ERASE_FROM_ROW: &[u8] = b"\x1b[K\x1b[C\x1b[J\r";

/// A window is hardly ever as narrow without having been heard of.
const NARROW: u16 = 38;

/// Columns and rows of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Columns, at least 1.
    pub cols: u16,
    /// Rows, at least 1.
    pub rows: u16,
}

/// A place in the viewport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caret {
    /// Row from its top.
    pub row: u16,
    /// Column.
    pub col: u16,
}

/// What stands on the terminal.
#[derive(Debug, Clone)]
struct Drawn {
    rows: Buffer,
    caret: Caret,
    size: Size,
}

/// The terminal as far as it is known.
pub struct Scrollback {
    painter: Painter,
    writer: Writer,
    reflows: bool,
    cursor: Cursor,
    /// The terminal shows a frame when it is complete: nobody sees the cursor jump.
    at_once: bool,
    /// Rows are erased before they are written, not after: tmux counts cells
    /// erased behind the text as part of the row when it wraps rows again.
    erase_first: bool,
    drawn: Option<Drawn>,
    /// Least possible row (from 0) of the viewport's last row.
    low: u16,
    place: Place,
    /// The terminal may have moved the viewport since the last frame.
    moved: bool,
    /// How often the terminal was resized since then.
    resizes: u32,
    /// The last frame was drawn about when the terminal was resized.
    drawn_late: bool,
    /// A resize we have not heard of yet is unlikely.
    calm: bool,
}

impl Scrollback {
    /// Nothing drawn yet, the cursor at the start of a row.
    pub fn new(painter: Painter) -> Self {
        Self {
            painter,
            writer: Writer::LineFeed,
            reflows: true,
            cursor: Cursor::Follows,
            at_once: false,
            erase_first: false,
            drawn: None,
            low: 0,
            place: Place::default(),
            moved: false,
            resizes: 0,
            drawn_late: false,
            calm: true,
        }
    }

    /// Sets what is known of the terminal by now.
    pub fn set_terminal(
        &mut self,
        writer: Writer,
        reflows: bool,
        cursor: Cursor,
        erase_first: bool,
    ) {
        self.writer = writer;
        self.reflows = reflows;
        self.cursor = cursor;
        self.erase_first = erase_first;
    }

    /// Whether the terminal shows a frame when it is complete, not while it comes in.
    pub fn set_at_once(&mut self, at_once: bool) {
        self.at_once = at_once;
    }

    /// Forgets the viewport: it is drawn anew where the cursor is.
    pub fn forget(&mut self) {
        self.drawn = None;
        self.low = 0;
        self.place = Place::default();
    }

    /// The bytes that remove the viewport and leave the cursor where it began: the
    /// next frame is drawn there.
    pub fn lift(&mut self, size: Size) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(drawn) = &self.drawn {
            csi(&mut out, self.rows_up(drawn, size), b'A');
            out.push(b'\r');
            out.extend_from_slice(ERASE_FROM_ROW);
        }
        self.forget();
        out
    }

    /// Whether rows may be addressed by number. A resize is heard of late (by a
    /// network's delay, by a multiplexer's timer), and until then a region would
    /// be set at the wrong rows and finished lines be overwritten. So the region is
    /// for single lines in quiet times; in a fast stream or while the window is
    /// being resized the line-feed writer is used, which never counts on it.
    pub fn set_calm(&mut self, calm: bool) {
        self.calm = calm;
    }

    /// What stands on the terminal may be damaged or have moved.
    pub fn moved(&mut self) {
        self.moved = true;
    }

    /// The terminal was resized, perhaps back to its old size: rows may have moved.
    /// `drawn_late`: the last frame may have met the new size already, its rows
    /// been cut there instead of wrapped.
    pub fn resized(&mut self, drawn_late: bool) {
        self.moved = true;
        self.resizes += 1;
        self.drawn_late |= drawn_late;
    }

    /// The bytes that add `history` above the viewport and show `rows` with the
    /// caret; empty when the terminal shows exactly that already. `rows` is at
    /// most as wide and high as `size`.
    pub fn frame(
        &mut self,
        size: Size,
        history: &[Line<'_>],
        rows: &Buffer,
        caret: Caret,
    ) -> Vec<u8> {
        let height = rows.area.height;
        let mut out = Vec::with_capacity(256);
        match &self.drawn {
            Some(drawn) if history.is_empty() && self.holds(drawn, rows, size) => {
                if drawn.caret == caret && drawn.rows.content == rows.content {
                    return out;
                }
                out.extend_from_slice(BEGIN);
                let hide = !self.at_once && self.changes_elsewhere(drawn, rows, caret);
                if hide {
                    out.extend_from_slice(HIDE);
                }
                self.changes(drawn, rows, caret, &mut out);
                if hide {
                    out.extend_from_slice(SHOW);
                }
            }
            Some(drawn)
                if self.holds(drawn, rows, size) && self.region_fits(drawn, height, size) =>
            {
                let hide = !self.at_once;
                out.extend_from_slice(BEGIN);
                if hide {
                    out.extend_from_slice(HIDE);
                }
                self.region(drawn, history, size, &mut out);
                self.changes(drawn, rows, caret, &mut out);
                if hide {
                    out.extend_from_slice(SHOW);
                }
            }
            _ => {
                // Whoever wrote before may have left it hidden.
                let hide = !self.at_once || self.moved || self.drawn.is_none();
                out.extend_from_slice(BEGIN);
                if hide {
                    out.extend_from_slice(HIDE);
                }
                self.line_feed(size, history, rows, caret, &mut out);
                if hide {
                    out.extend_from_slice(SHOW);
                }
            }
        }
        out.extend_from_slice(END);
        self.drawn = Some(Drawn {
            rows: rows.clone(),
            caret,
            size,
        });
        out
    }

    /// How far above the cursor the viewport starts on a terminal that is `size` by now.
    pub fn height_above_cursor(&self, size: Size) -> u16 {
        self.drawn
            .as_ref()
            .map_or(0, |drawn| self.rows_up(drawn, size))
    }

    /// How far above the cursor the viewport starts, after the terminal has
    /// wrapped it again for `size`. Rather too little than too much: too much would
    /// erase history.
    fn rows_up(&self, drawn: &Drawn, size: Size) -> u16 {
        let up = if !self.reflows || self.drawn_late || size.cols >= drawn.size.cols {
            drawn.caret.row
        } else {
            let inside = match self.cursor {
                Cursor::Sinks => 0,
                Cursor::Follows | Cursor::Stays => drawn.caret.col / size.cols,
            };
            wrapped(&drawn.rows, 0..drawn.caret.row, size.cols) + inside
        };
        let sunk = self.after_resize(drawn, size, up).sunk;
        (up + sunk).min(size.rows.saturating_sub(1))
    }

    /// How far the cursor has left its text behind, where that can be told: after
    /// one resize. Blank rows at the top of the viewport may stay behind unseen, so
    /// what is as little as those is not worth the risk.
    fn after_resize(&self, drawn: &Drawn, size: Size, up: u16) -> After {
        if self.resizes != 1 || self.drawn_late || drawn.size == size {
            return After::default();
        }
        let before = Before {
            rows: &drawn.rows,
            caret: drawn.caret,
            size: drawn.size,
        };
        let mut after = self.place.after(self.cursor, &before, size, up);
        let blank = (0..drawn.caret.row)
            .take_while(|row| row_width(&drawn.rows, *row) == 0)
            .count();
        if usize::from(after.sunk) <= blank {
            after.sunk = 0;
        }
        after
    }

    /// The viewport stands where and as it was drawn, and keeps its height.
    fn holds(&self, drawn: &Drawn, rows: &Buffer, size: Size) -> bool {
        drawn.size == size && !self.moved && drawn.rows.area == rows.area
    }

    fn region_fits(&self, drawn: &Drawn, height: u16, size: Size) -> bool {
        self.writer == Writer::Region
            && self.calm
            && drawn.size == size
            && !self.moved
            && self.low + 1 == size.rows
            && size.rows >= height + 2
    }

    fn region(&self, drawn: &Drawn, history: &[Line<'_>], size: Size, out: &mut Vec<u8>) {
        let last = size.rows - drawn.rows.area.height;
        // Writing to a vector cannot fail.
        let _ = write!(out, "\x1b[1;{last}r\x1b[{last};1H");
        for line in history {
            out.extend_from_slice(b"\r\n");
            self.line(line, out);
        }
        out.extend_from_slice(b"\x1b[r");
        let _ = write!(
            out,
            "\x1b[{};{}H",
            last + 1 + drawn.caret.row,
            drawn.caret.col + 1
        );
    }

    fn line_feed(
        &mut self,
        size: Size,
        history: &[Line<'_>],
        rows: &Buffer,
        caret: Caret,
        out: &mut Vec<u8>,
    ) {
        let height = rows.area.height;
        // The viewport's first row is at least that far down, if it stands as drawn.
        let mut top = 0;
        // The row it starts in, where that is certain.
        let mut start = None;
        let mut certain = false;
        if let Some(drawn) = &self.drawn {
            let up = self.rows_up(drawn, size);
            csi(out, up, b'A');
            certain = drawn.size == size && !self.moved;
            if certain {
                top = (self.low + 1).saturating_sub(drawn.rows.area.height);
                let height = drawn.rows.area.height;
                start = self
                    .place
                    .last
                    .map(|last| (last + 1).saturating_sub(height));
            } else {
                let after = self.after_resize(drawn, size, up);
                start = after.cursor.map(|row| row.saturating_sub(up));
            }
        }
        out.push(b'\r');
        if !certain {
            // What a resize left below cannot be told.
            out.extend_from_slice(ERASE_FROM_ROW);
        }
        let mut written = 0u16;
        for line in history {
            written = written.saturating_add(self.line_fed(line, size, out));
            let (least, most) = line_width_range(line);
            start = start.filter(|_| least == most);
        }
        out.extend_from_slice(NO_WRAP);
        let mut pen = Pen::default();
        for row in 0..height {
            if row > 0 {
                out.extend_from_slice(b"\r\n");
            }
            if self.erase_first {
                out.extend_from_slice(ERASE_LINE);
            }
            let end = row_width(rows, row);
            cells(&self.painter, rows, row, 0, end, &mut pen, out);
            self.painter.switch(&mut pen, Pen::default(), out);
            if !self.erase_first {
                out.extend_from_slice(ERASE_LINE);
            }
        }
        // The terminal may have another size already than we have heard, so what
        // is below is erased although nothing should be there.
        out.extend_from_slice(WRAP);
        out.extend_from_slice(b"\x1b[J");
        csi(out, height.saturating_sub(1 + caret.row), b'A');
        out.push(b'\r');
        csi(out, caret.col, b'C');
        let added = written.saturating_add(height.saturating_sub(1));
        let bottom = size.rows.saturating_sub(1);
        self.low = top.saturating_add(added).min(bottom);
        self.place.last = if self.low == bottom {
            Some(bottom)
        } else {
            start.map(|row| row.saturating_add(added).min(bottom))
        };
        self.moved = false;
        self.resizes = 0;
        self.drawn_late = false;
    }

    /// A finished line and the end of its row; how many rows it takes at least.
    fn line_fed(&self, line: &Line<'_>, size: Size, out: &mut Vec<u8>) -> u16 {
        let (least, most) = line_width_range(line);
        let cols = usize::from(size.cols);
        let fits = most < cols;
        let fills = least == most && least == cols;
        if !fits && !fills {
            // It flows into rows that still show the viewport.
            out.extend_from_slice(ERASE_FROM_ROW);
        } else if fills || self.erase_first {
            out.extend_from_slice(ERASE_LINE);
        }
        self.line(line, out);
        if fits && !(self.erase_first && most == 0) {
            // Not behind a full row: some terminals would erase its last character.
            out.extend_from_slice(ERASE_LINE);
        }
        out.extend_from_slice(b"\r\n");
        u16::try_from(least.div_ceil(cols).max(1)).unwrap_or(u16::MAX)
    }

    /// One finished line, ending with no style on.
    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        let mut pen = Pen::default();
        for span in &line.spans {
            let style = line.style.patch(span.style);
            self.painter.switch(&mut pen, self.painter.pen(style), out);
            self.painter.text(&span.content, out);
        }
        self.painter.switch(&mut pen, Pen::default(), out);
    }

    /// The changed cells, then the caret. The cursor starts at the drawn caret, and
    /// comes back to it by its place on the screen: in a window that is lower already
    /// than we have heard there are fewer rows to go down, and coming up by as many
    /// as were meant would end in the history.
    fn changes(&self, drawn: &Drawn, rows: &Buffer, caret: Caret, out: &mut Vec<u8>) {
        let away = self.changes_elsewhere(drawn, rows, drawn.caret);
        if away {
            out.extend_from_slice(SAVE_CURSOR);
        }
        let mut at = drawn.caret;
        let mut wraps = true;
        let mut pen = Pen::default();
        for row in 0..rows.area.height {
            for (from, to) in changed_runs(&drawn.rows, rows, row) {
                go(&mut at, Caret { row, col: from }, out);
                if wraps && to > NARROW {
                    // The terminal may be narrower already than we have heard.
                    out.extend_from_slice(NO_WRAP);
                    wraps = false;
                }
                let end = row_width(rows, row);
                if to >= row_width(&drawn.rows, row).max(end) && end < to {
                    cells(&self.painter, rows, row, from, end.max(from), &mut pen, out);
                    self.painter.switch(&mut pen, Pen::default(), out);
                    out.extend_from_slice(ERASE_LINE);
                    at.col = end.max(from);
                } else {
                    cells(&self.painter, rows, row, from, to, &mut pen, out);
                    at.col = to;
                }
            }
        }
        self.painter.switch(&mut pen, Pen::default(), out);
        if !wraps {
            out.extend_from_slice(WRAP);
        }
        if away {
            out.extend_from_slice(RESTORE_CURSOR);
            at = drawn.caret;
        }
        go(&mut at, caret, out);
    }

    /// The cursor would be seen jumping: something changes away from the caret.
    fn changes_elsewhere(&self, drawn: &Drawn, rows: &Buffer, caret: Caret) -> bool {
        (0..rows.area.height)
            .any(|row| row != caret.row && !changed_runs(&drawn.rows, rows, row).is_empty())
    }
}

/// The cells of a row from one column up to another.
pub(super) fn cells(
    painter: &Painter,
    rows: &Buffer,
    row: u16,
    from: u16,
    to: u16,
    pen: &mut Pen,
    out: &mut Vec<u8>,
) {
    let mut skip = 0;
    for col in from..to {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        let cell = cell(rows, row, col);
        painter.switch(pen, painter.pen(cell.style()), out);
        painter.text(cell.symbol(), out);
        skip = crate::render::text::width(cell.symbol()).saturating_sub(1);
    }
}

fn cell(rows: &Buffer, row: u16, col: u16) -> &Cell {
    &rows[(rows.area.x + col, rows.area.y + row)]
}

fn is_blank(cell: &Cell) -> bool {
    cell.symbol() == " " && cell.style() == Cell::EMPTY.style()
}

/// How many rows of `cols` columns these rows take.
pub fn wrapped(rows: &Buffer, which: std::ops::Range<u16>, cols: u16) -> u16 {
    which
        .map(|row| row_width(rows, row).div_ceil(cols).max(1))
        .sum()
}

/// Columns up to the last cell that shows something.
pub fn row_width(rows: &Buffer, row: u16) -> u16 {
    (0..rows.area.width)
        .rev()
        .find(|col| !is_blank(cell(rows, row, *col)))
        .map_or(0, |col| {
            let wide = crate::render::text::width(cell(rows, row, col).symbol()).max(1);
            (col + wide as u16).min(rows.area.width)
        })
}

/// Ranges of columns that differ; near ones are joined, as a jump costs more
/// than a few unchanged cells.
pub(super) fn changed_runs(old: &Buffer, new: &Buffer, row: u16) -> Vec<(u16, u16)> {
    const JUMP: u16 = 5;
    let mut runs: Vec<(u16, u16)> = Vec::new();
    let mut col = 0;
    while col < new.area.width {
        let (before, after) = (cell(old, row, col), cell(new, row, col));
        let wide = |cell: &Cell| crate::render::text::width(cell.symbol()).max(1) as u16;
        if before == after {
            col += wide(after);
            continue;
        }
        let end = (col + wide(after).max(wide(before))).min(new.area.width);
        match runs.last_mut() {
            Some((_, last)) if col <= *last + JUMP => *last = end,
            _ => runs.push((col, end)),
        }
        col += wide(after);
    }
    runs
}

/// Moves the cursor with relative steps down and up and the shorter of both ways along.
fn go(at: &mut Caret, to: Caret, out: &mut Vec<u8>) {
    if to.row > at.row {
        csi(out, to.row - at.row, b'B');
    } else {
        csi(out, at.row - to.row, b'A');
    }
    match (to.col, at.col) {
        (to, at) if to == at => {}
        (0, _) => out.push(b'\r'),
        (to, at) if to > at => csi(out, to - at, b'C'),
        (to, at) if at - to < 10 => csi(out, at - to, b'D'),
        (to, _) => {
            out.push(b'\r');
            csi(out, to, b'C');
        }
    }
    *at = to;
}

fn line_width_range(line: &Line<'_>) -> (usize, usize) {
    line.spans.iter().fold((0, 0), |(least, most), span| {
        let (low, high) = width_range(&span.content);
        (least + low, most + high)
    })
}

#[cfg(test)]
#[path = "scrollback_tests.rs"]
mod tests;
