//! What stands below the prompt while a turn runs: the plan as it is by now and
//! the end of a command's output. Below the caret rows may be as wide as the
//! terminal.

use ratatui::text::{Line, Span};

use crate::protocol::tool::{PlanItem, PlanStatus};
use crate::render::text::{expand_tabs, fit, steady_text};
use crate::render::tool;
use crate::stdx::text::{clean, plural};
use crate::tui::cells::Transcript;

use super::{Live, Running};

/// Rows of output shown, the count of earlier lines among them.
const OUTPUT_ROWS: usize = 6;
/// Steps shown.
const STEPS: usize = 6;

impl Live {
    /// Takes a plan. A new one is written in full; one whose steps were only
    /// marked is a line, and the list stands in the viewport.
    pub(super) fn set_plan(&mut self, items: Vec<PlanItem>, to: &mut Transcript) {
        let words = |items: &[PlanItem]| -> Vec<String> {
            items.iter().map(|item| item.step.clone()).collect()
        };
        if items == self.plan {
            return;
        }
        let is_new = words(&items) != words(&self.plan);
        self.plan = items;
        self.plan_marked = !is_new;
        if is_new {
            to.step(tool::plan(&self.plan, &self.theme));
        } else if self.is_busy() {
            to.step(vec![tool::plan_line(&self.plan, &self.theme)]);
        } else {
            self.write_plan(to);
        }
    }

    /// Writes the list when steps were marked since it was written last.
    pub(super) fn write_plan(&mut self, to: &mut Transcript) {
        if std::mem::take(&mut self.plan_marked) {
            to.step(tool::plan(&self.plan, &self.theme));
        }
    }

    /// At most `most` rows of at most `cols` columns; none while nothing runs.
    pub fn below(&self, cols: usize, most: usize) -> Vec<Line<'static>> {
        if !self.is_busy() {
            return Vec::new();
        }
        let mut output = self.output_rows(cols, most.min(OUTPUT_ROWS));
        let mut rows = self.step_rows(cols, most.saturating_sub(output.len()).min(STEPS));
        rows.append(&mut output);
        rows
    }

    /// The end of the output that came last.
    fn output_rows(&self, cols: usize, most: usize) -> Vec<Line<'static>> {
        let talking = |running: &&Running| !running.tail.trim().is_empty();
        let Some(running) = self.running.iter().rev().find(talking) else {
            return Vec::new();
        };
        let cleaned = clean(&running.tail);
        let said = cleaned.trim_end();
        let tail: Vec<&str> = said.lines().collect();
        // Newlines behind the last words are no lines.
        let behind = cleaned[said.len()..].matches('\n').count();
        let all = (running.lines + 1).saturating_sub(behind).max(tail.len());
        let folds = all > most && most > 2;
        let shown = if folds { most - 1 } else { most }.min(tail.len());
        let bar = format!("  {} ", self.theme.glyphs.bar);
        let row = |text: &str| {
            let text = steady_text(&expand_tabs(text)).into_owned();
            let room = cols.saturating_sub(bar.chars().count());
            let text = fit(text.trim_end(), room, self.theme.glyphs.ellipsis);
            Line::from(vec![
                Span::styled(bar.clone(), self.theme.dim),
                Span::styled(text, self.theme.dim),
            ])
        };
        let mut rows = Vec::new();
        if folds {
            let more = plural(all - shown, "earlier line");
            rows.push(row(&format!("{} {more}", self.theme.glyphs.ellipsis)));
        }
        rows.extend(tail[tail.len() - shown..].iter().map(|text| row(text)));
        rows
    }

    /// The steps around the current one, until all are done.
    fn step_rows(&self, cols: usize, most: usize) -> Vec<Line<'static>> {
        let open = |item: &PlanItem| item.status != PlanStatus::Completed;
        let Some(current) = self.plan.iter().position(open) else {
            return Vec::new();
        };
        if most == 0 {
            return Vec::new();
        }
        let before = usize::from(most > 1);
        let start = current
            .saturating_sub(before)
            .min(self.plan.len().saturating_sub(most));
        let end = (start + most).min(self.plan.len());
        let ellipsis = self.theme.glyphs.ellipsis;
        tool::plan_steps(&self.plan[start..end], &self.theme)
            .into_iter()
            .map(|line| {
                let text = fit(&steady_text(&line.to_string()), cols, ellipsis);
                Line::styled(text, line.style)
            })
            .collect()
    }
}
