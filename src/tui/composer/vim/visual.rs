//! What is selected, and what is done with it.

use std::ops::Range;

use super::command::{Op, Select, Widened};
use super::motion::{Goal, Kind};
use super::object::Object;
use super::region::{self, Region};
use super::registers::Shape;
use super::walk::{
    Walk, at_column, column, graphemes, line_below, line_end, line_start, next, prev,
};
use super::{Mode, Rows, Vim};
use crate::tui::composer::buffer::Buffer;

/// A selection as it was: places by line and column.
#[derive(Debug, Clone, Copy)]
pub struct Past {
    mode: Mode,
    anchor: (usize, usize),
    caret: (usize, usize),
    to_ends: bool,
}

/// The extent of a selection, to select as much elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    mode: Mode,
    /// Line ends inside of it.
    down: usize,
    /// Characters of its last line, or columns of a rectangle.
    chars: usize,
    to_ends: bool,
}

fn place(text: &str, at: usize) -> (usize, usize) {
    let at = at.min(text.len());
    (text[..at].matches('\n').count(), column(text, at))
}

fn at_place(text: &str, (line, column): (usize, usize)) -> usize {
    let start = match line {
        0 => Some(0),
        line => text.match_indices('\n').nth(line - 1).map(|(at, _)| at + 1),
    };
    let start = start.unwrap_or_else(|| line_start(text, text.len()));
    at_column(text, start, column)
}

impl Vim {
    /// Something is selected.
    pub(super) fn selects(&self) -> bool {
        !matches!(self.mode, Mode::Insert | Mode::Normal)
    }

    /// The parts that are selected, in bytes.
    pub fn selection(&self, buffer: &Buffer) -> Vec<Range<usize>> {
        self.selected(buffer, Widened::No)
            .map_or_else(Vec::new, |region| region.parts())
    }

    fn ends(&self, buffer: &Buffer) -> (usize, usize) {
        let anchor = self.anchor.min(buffer.text().len());
        (anchor.min(buffer.caret()), anchor.max(buffer.caret()))
    }

    /// Left and right column; no right one where it goes to the ends of the lines.
    fn columns(&self, text: &str, (low, high): (usize, usize)) -> (usize, Option<usize>) {
        let (a, b) = (column(text, low), column(text, high));
        (a.min(b), (!self.to_ends).then_some(a.max(b)))
    }

    fn selected(&self, buffer: &Buffer, widened: Widened) -> Option<Region> {
        let text = buffer.text();
        let (low, high) = self.ends(buffer);
        let lines = || Some(Region::lines(text, low, high, line_start(text, low)));
        let block = |columns| Some(Region::block(text, (low, high), columns));
        match (self.mode, widened) {
            (Mode::Insert | Mode::Normal, _) => None,
            (_, Widened::AllLines) => lines(),
            (Mode::VisualBlock, Widened::Ends) => block((self.columns(text, (low, high)).0, None)),
            (Mode::VisualBlock, _) => block(self.columns(text, (low, high))),
            (Mode::Visual, Widened::No) => Some(Region::Chars(low..next(text, high))),
            _ => lines(),
        }
    }

    /// Selects, in another way, or no more.
    pub(super) fn select(&mut self, buffer: &Buffer, what: Select) {
        let wanted = match what {
            Select::Chars => Mode::Visual,
            Select::Lines => Mode::VisualLine,
            Select::Block => Mode::VisualBlock,
        };
        if self.mode == wanted {
            self.unselect(buffer);
            return;
        }
        if self.mode == Mode::Normal {
            self.anchor = buffer.caret();
            self.to_ends = false;
        }
        self.mode = wanted;
    }

    /// Selects no more, and remembers what was.
    pub(super) fn unselect(&mut self, buffer: &Buffer) {
        self.past = Some(self.now(buffer));
        self.mode = Mode::Normal;
    }

    fn now(&self, buffer: &Buffer) -> Past {
        let text = buffer.text();
        Past {
            mode: self.mode,
            anchor: place(text, self.anchor),
            caret: place(text, buffer.caret()),
            to_ends: self.to_ends,
        }
    }

    /// Selects what was selected before.
    pub(super) fn select_again(&mut self, buffer: &mut Buffer) {
        let Some(past) = self.past else { return };
        self.past = self.selects().then(|| self.now(buffer)).or(self.past);
        let text = buffer.text();
        self.anchor = at_place(text, past.anchor);
        let caret = at_place(text, past.caret);
        self.mode = past.mode;
        self.to_ends = past.to_ends;
        buffer.set_caret(caret);
    }

    /// The other end; `across`: the other side of the same line of a rectangle.
    pub(super) fn swap(&mut self, buffer: &mut Buffer, across: bool) {
        let (anchor, caret) = (self.anchor.min(buffer.text().len()), buffer.caret());
        if across && self.mode == Mode::VisualBlock {
            let text = buffer.text();
            let (left, right) = (column(text, anchor), column(text, caret));
            self.anchor = at_column(text, anchor, right);
            let to = at_column(text, caret, left);
            buffer.set_caret(to);
            return;
        }
        self.anchor = caret;
        buffer.set_caret(anchor);
    }

    /// Selects an object, or that one as well.
    pub(super) fn select_object(&mut self, buffer: &mut Buffer, object: Object, count: usize) {
        let text = buffer.text();
        let Some(found) = object.find(text, buffer.caret(), Some(self.anchor), count) else {
            return;
        };
        let mut last = found.last;
        match found.kind {
            Kind::Lines => self.mode = Mode::VisualLine,
            kind => {
                if kind == Kind::Exclusive && found.last > found.start {
                    last = prev(text, last);
                }
                self.mode = Mode::Visual;
            }
        }
        self.anchor = found.start;
        buffer.set_caret(last);
    }

    pub(super) fn extent(&self, buffer: &Buffer) -> Option<Extent> {
        let region = self.selected(buffer, Widened::No)?;
        let text = buffer.text();
        let (low, high) = self.ends(buffer);
        let down = text[low..high].matches('\n').count();
        let chars = match region {
            Region::Block { width, .. } => width,
            _ if down == 0 => graphemes(&text[low..high]).count() + 1,
            _ => column(text, high) + 1,
        };
        Some(Extent {
            mode: self.mode,
            down,
            chars,
            to_ends: self.to_ends || Walk::new(text, high, false).is_end() && high > low,
        })
    }

    /// Selects as much from the caret on.
    pub(super) fn reselect(&mut self, buffer: &mut Buffer, extent: Extent) {
        let text = buffer.text();
        self.anchor = buffer.caret();
        self.mode = extent.mode;
        self.to_ends = extent.to_ends && extent.mode == Mode::VisualBlock;
        let mut line = buffer.caret();
        for _ in 0..extent.down {
            line = line_below(text, line).unwrap_or(line);
        }
        let chars = extent.chars.saturating_sub(1);
        let to = if extent.mode == Mode::VisualBlock || extent.down == 0 {
            at_column(text, line, column(text, self.anchor) + chars)
        } else {
            at_column(text, line, chars)
        };
        let end = line_end(text, to);
        let keeps_end = extent.to_ends && extent.mode == Mode::Visual;
        let to = if keeps_end {
            end
        } else if to == end && to > line_start(text, to) {
            prev(text, to)
        } else {
            to
        };
        buffer.set_caret(to);
    }

    pub(super) fn operate_selected(
        &mut self,
        buffer: &mut Buffer,
        op: Op,
        widened: Widened,
        count: usize,
    ) {
        let Some(region) = self.selected(buffer, widened) else {
            return;
        };
        self.unselect(buffer);
        let rows = (op == Op::Change).then(|| Rows::below(buffer.text(), &region));
        self.do_it(buffer, op, &region, count);
        self.rows = rows.flatten();
    }

    pub(super) fn replace_selected(&mut self, buffer: &mut Buffer, with: char) {
        let Some(region) = self.selected(buffer, Widened::No) else {
            return;
        };
        self.unselect(buffer);
        region::each(buffer, &region, |old| {
            let new = |grapheme| if grapheme == "\n" { '\n' } else { with };
            graphemes(old).map(new).collect()
        });
    }

    pub(super) fn join_selected(&mut self, buffer: &mut Buffer, spaces: bool) {
        let (low, high) = self.ends(buffer);
        let lines = buffer.text()[low..high].matches('\n').count() + 1;
        self.unselect(buffer);
        buffer.set_caret(low);
        region::join(buffer, lines, spaces);
    }

    /// Puts a register in the place of what is selected.
    pub(super) fn put_selected(&mut self, buffer: &mut Buffer, swaps: bool, count: usize) {
        let Some(selected) = self.selected(buffer, Widened::No) else {
            return;
        };
        let new = self.registers.read();
        self.unselect(buffer);
        if swaps {
            self.registers.forget_choice();
            self.registers.write(selected.register(buffer.text()));
        }
        buffer.open_group();
        let text = buffer.text();
        let start = selected.start();
        match (&selected, new.shape) {
            (Region::Lines { range, .. }, shape) if !matches!(shape, Shape::Block { .. }) => {
                let newline = if text[range.clone()].ends_with('\n') {
                    "\n"
                } else {
                    ""
                };
                let many = new.text.repeat(count);
                let body = many.strip_suffix('\n').unwrap_or(&many).to_owned();
                buffer.set_caret(start);
                buffer.replace(range.start, range.end, &(body + newline));
                let to = super::walk::first_non_blank(buffer.text(), start);
                buffer.set_caret(to);
            }
            (Region::Chars(range), Shape::Lines) => {
                buffer.set_caret(start);
                let many = format!("\n{}", new.text.repeat(count));
                buffer.replace(range.start, range.end, &many);
                let to = super::walk::first_non_blank(buffer.text(), start + 1);
                buffer.set_caret(to);
            }
            _ => {
                region::delete(buffer, &selected);
                let before = start < line_end(buffer.text(), start) || {
                    line_start(buffer.text(), start) == start
                };
                if !before {
                    let to = buffer.before(start);
                    buffer.set_caret(to);
                }
                region::put(buffer, &new, before, count);
            }
        }
        buffer.close_group();
    }

    /// Types in front of what is selected or behind it; in every line of a rectangle.
    pub(super) fn enter_selected(&mut self, buffer: &mut Buffer, after: bool) {
        let (low, high) = self.ends(buffer);
        let to_ends = self.to_ends;
        let mode = self.mode;
        let region = self.selected(buffer, Widened::No);
        self.unselect(buffer);
        buffer.open_group();
        self.mode = Mode::Insert;
        let text = buffer.text();
        let at = match (mode, after) {
            (Mode::VisualBlock, _) => {
                if let Some(region) = region {
                    self.enter_block(buffer, &region, after, to_ends);
                }
                return;
            }
            (Mode::VisualLine, false) => line_start(text, low),
            (Mode::VisualLine, true) => line_end(text, high),
            (_, false) => low,
            (_, true) => super::object::behind(text, high),
        };
        buffer.set_caret(at);
    }

    fn enter_block(&mut self, buffer: &mut Buffer, region: &Region, after: bool, to_ends: bool) {
        let Region::Block { column, width, .. } = region else {
            return;
        };
        let text = buffer.text();
        let first = region.start();
        let rows = Rows::below(text, region);
        let (at, pad) = match (after, to_ends) {
            (false, _) => (at_column(text, first, *column), 0),
            (true, true) => (line_end(text, first), 0),
            (true, false) => {
                let at = at_column(text, first, column + width);
                let wanted = column + width;
                (at, wanted - super::walk::column(text, at))
            }
        };
        buffer.set_caret(at);
        if pad > 0 {
            buffer.insert(&" ".repeat(pad));
        }
        self.rows = rows.map(|rows| Rows {
            column: if after { column + width } else { *column },
            to_ends: after && to_ends,
            pads: after,
            caret: Some(first),
            ..rows
        });
    }

    /// The caret has gone somewhere: a rectangle goes to the ends of lines only after `$`.
    pub(super) fn aimed(&mut self, goal: Option<Goal>, vertical: bool) {
        match goal {
            Some(Goal::End) => self.to_ends = true,
            _ if vertical => {}
            _ => self.to_ends = false,
        }
    }
}
