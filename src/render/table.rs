//! Tables fitted to a width, without boxes.

use pulldown_cmark::Alignment;
use ratatui::style::Modifier;
use ratatui::text::Line;

use super::theme::Theme;
use super::wrap::{Pieces, Wrapper, hard_rows, pieces_width, push_piece, to_line};

const GAP: usize = 2;
const LEAST: usize = 3;
/// A column cut narrower than this cannot be read.
const LEGIBLE: usize = 8;

/// A table as it is collected.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) alignments: Vec<Alignment>,
    /// The first row is the head.
    pub(super) rows: Vec<Vec<Pieces>>,
}

impl Table {
    /// The rows in at most `width` columns, as far as that is possible.
    pub(super) fn lines(&self, width: usize, theme: &Theme) -> Vec<Line<'static>> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let Some(widths) = self.widths(columns, width) else {
            return self.records(width, theme);
        };
        let mut lines = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            // A head without words is none.
            if index == 0 && row.iter().all(|cell| pieces_width(cell) == 0) {
                continue;
            }
            self.row_lines(row, &widths, index == 0, &mut lines);
            if index == 0 {
                let mut rule = Pieces::new();
                for (column, width) in widths.iter().enumerate() {
                    if column > 0 {
                        push_piece(&mut rule, &" ".repeat(GAP), theme.dim);
                    }
                    push_piece(&mut rule, &theme.glyphs.rule.repeat(*width), theme.dim);
                }
                lines.push(to_line(rule));
            }
        }
        lines
    }

    /// Each row as a list of its cells, behind what the head says of them.
    fn records(&self, width: usize, theme: &Theme) -> Vec<Line<'static>> {
        let room = width.saturating_sub(GAP).max(1);
        let mut lines = Vec::new();
        let (heads, rows) = match self.rows.split_first() {
            Some((head, rows)) => (head.as_slice(), rows),
            None => (&[][..], &[][..]),
        };
        for (index, row) in rows.iter().enumerate() {
            if index > 0 {
                let rule = theme.glyphs.rule.repeat(LEAST);
                lines.push(Line::styled(rule, theme.dim));
            }
            for (column, cell) in row.iter().enumerate() {
                let mut all = Pieces::new();
                for (text, style) in heads.get(column).into_iter().flatten() {
                    push_piece(&mut all, text, style.add_modifier(Modifier::BOLD));
                }
                if !all.is_empty() {
                    push_piece(&mut all, ": ", theme.dim);
                }
                for (text, style) in cell {
                    push_piece(&mut all, text, *style);
                }
                for (index, row) in fill(&all, room).into_iter().enumerate() {
                    let mut line = Pieces::new();
                    if index > 0 {
                        push_piece(&mut line, &" ".repeat(GAP), Default::default());
                    }
                    line.extend(row);
                    lines.push(to_line(line));
                }
            }
        }
        lines
    }

    /// Natural widths; where they do not fit, the widest give way first. Nothing when the
    /// columns would be too narrow to read.
    fn widths(&self, columns: usize, width: usize) -> Option<Vec<usize>> {
        let mut widths = vec![LEAST; columns];
        for row in &self.rows {
            for (column, cell) in row.iter().enumerate() {
                widths[column] = widths[column].max(pieces_width(cell));
            }
        }
        let room = width.saturating_sub(GAP * columns.saturating_sub(1));
        // The widest common limit under which the columns fit.
        let mut limit = widths.iter().copied().max().unwrap_or(0);
        let fits = |limit: usize| widths.iter().map(|w| (*w).min(limit)).sum::<usize>() <= room;
        if !fits(limit) {
            let (mut low, mut high) = (LEAST, limit);
            while low < high {
                let middle = (low + high).div_ceil(2);
                if fits(middle) {
                    low = middle;
                } else {
                    high = middle - 1;
                }
            }
            limit = low;
            let has_body = self.rows.len() > 1;
            if has_body && columns > 1 && (limit < LEGIBLE || !fits(limit)) {
                return None;
            }
        }
        Some(widths.iter().map(|w| (*w).min(limit)).collect())
    }

    fn row_lines(
        &self,
        row: &[Pieces],
        widths: &[usize],
        head: bool,
        lines: &mut Vec<Line<'static>>,
    ) {
        let cells: Vec<Vec<Pieces>> = widths
            .iter()
            .enumerate()
            .map(|(column, width)| row.get(column).map_or_else(Vec::new, |c| fill(c, *width)))
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
        for at in 0..height {
            let mut line = Pieces::new();
            let mut owed = 0;
            for (column, width) in widths.iter().enumerate() {
                if column > 0 {
                    owed += GAP;
                }
                let empty = Pieces::new();
                let cell = cells[column].get(at).unwrap_or(&empty);
                let free = width.saturating_sub(pieces_width(cell));
                let before = match self.alignments.get(column) {
                    Some(Alignment::Right) => free,
                    Some(Alignment::Center) => free / 2,
                    Some(Alignment::Left | Alignment::None) | None => 0,
                };
                owed += before;
                if !cell.is_empty() {
                    push_piece(&mut line, &" ".repeat(owed), Default::default());
                    owed = 0;
                }
                for (text, style) in cell {
                    let style = if head {
                        style.add_modifier(Modifier::BOLD)
                    } else {
                        *style
                    };
                    push_piece(&mut line, text, style);
                }
                owed += free - before;
            }
            lines.push(to_line(line));
        }
    }
}

/// A cell in rows of at most `width` columns.
fn fill(cell: &Pieces, width: usize) -> Vec<Pieces> {
    let mut wrapper = Wrapper::new(width);
    for (text, style) in cell {
        wrapper.push(text, *style);
    }
    wrapper
        .finish()
        .iter()
        .flat_map(|row| hard_rows(row, width))
        .collect()
}
