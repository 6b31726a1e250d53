//! One item as rows.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::protocol::event::NoticeLevel;
use crate::protocol::tool::{ToolBody, ToolTitle, ToolView};
use crate::render::markdown::Settings;
use crate::render::stream::document;
use crate::render::text::{expand_tabs, width};
use crate::render::theme::Theme;
use crate::render::wrap::{Wrapper, hard_rows, pieces_width, steady_pieces, to_line};
use crate::render::{diff, tool};
use crate::stdx::text::{clean, duration};
use crate::tui::cells;

use super::record::Item;

/// Compact items stand together; others are set off.
pub(super) fn is_step(item: &Item) -> bool {
    matches!(
        item,
        Item::Call { .. } | Item::Notice(..) | Item::ServerSide(_)
    )
}

/// The rows of an item, each at most `cols` columns, widths certain.
pub(super) fn rows(item: &Item, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let cols = cols.max(4);
    let lines = match item {
        Item::User { sign, text } => user(sign, text, theme),
        Item::Text(markdown) => {
            let settings = Settings {
                width: cols,
                theme: theme.clone(),
            };
            document(markdown, &settings)
        }
        Item::Thinking { text, elapsed_ms } => thinking(text, *elapsed_ms, cols, theme),
        Item::Call {
            title,
            view,
            output,
            ..
        } => call(title, view.as_deref(), output, cols, theme),
        Item::ServerSide(summary) => {
            vec![Line::raw(format!(
                "{} {}",
                theme.glyphs.bullet,
                clean(summary)
            ))]
        }
        Item::Plan(items) => tool::plan(items, theme),
        Item::Notice(level, text) => {
            let style = match level {
                NoticeLevel::Info => theme.dim,
                NoticeLevel::Warning => theme.warning,
                NoticeLevel::Error => theme.error,
            };
            plain(text, "  ", style)
        }
        Item::End(summary) => cells::turn_end(summary, theme),
    };
    lines
        .into_iter()
        .flat_map(|line| fitted(line, cols))
        .collect()
}

/// A line in rows of certain width.
fn fitted(line: Line<'static>, cols: usize) -> Vec<Line<'static>> {
    let pieces = steady_pieces(line);
    if pieces_width(&pieces) <= cols {
        return vec![to_line(pieces)];
    }
    hard_rows(&pieces, cols).into_iter().map(to_line).collect()
}

fn plain(text: &str, indent: &str, style: Style) -> Vec<Line<'static>> {
    clean(text)
        .trim_end()
        .lines()
        .map(|row| Line::styled(format!("{indent}{}", expand_tabs(row)), style))
        .collect()
}

fn user(sign: &str, text: &str, theme: &Theme) -> Vec<Line<'static>> {
    let indent = " ".repeat(width(sign) + 1);
    let rows = plain(text, "", Style::new()).into_iter().enumerate();
    rows.map(|(index, row)| {
        let start = if index == 0 {
            Span::styled(format!("{sign} "), theme.accent)
        } else {
            Span::raw(indent.clone())
        };
        std::iter::once(start).chain(row.spans).collect()
    })
    .collect()
}

fn thinking(text: &str, elapsed_ms: Option<u64>, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let time = elapsed_ms.map_or(String::new(), |ms| format!(" {}", duration(ms)));
    let mut lines = vec![Line::styled(format!("  thought{time}"), theme.dim)];
    for paragraph in clean(text).trim().lines() {
        let mut wrapper = Wrapper::new(cols.saturating_sub(5).clamp(1, 100));
        wrapper.push(&expand_tabs(paragraph), theme.dim);
        let rows = wrapper.finish();
        if rows.is_empty() {
            lines.push(Line::default());
        }
        for mut row in rows {
            row.insert(0, ("    ".to_owned(), Style::new()));
            lines.push(to_line(row));
        }
    }
    lines
}

fn call(
    title: &ToolTitle,
    view: Option<&ToolView>,
    output: &str,
    cols: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let running;
    let shown = match view {
        Some(view) => view,
        None => {
            running = ToolView {
                title: title.clone(),
                outcome: "running".into(),
                ..ToolView::default()
            };
            &running
        }
    };
    let mut lines = vec![tool::title(shown, theme)];
    if tool::title_is_cut(title) {
        lines.extend(plain(&title.object, "    ", Style::new()));
    }
    let bar = format!("  {} ", theme.glyphs.bar);
    match view.map(|view| &view.body) {
        Some(ToolBody::Diff { diff }) => lines.extend(diff::rows(diff, cols, theme)),
        Some(ToolBody::Diffs { diffs }) => lines.extend(diff::several_rows(diffs, cols, theme)),
        Some(ToolBody::Output { tail, .. }) if output.is_empty() => {
            lines.extend(barred(&tail.join("\n"), &bar, theme));
        }
        Some(ToolBody::None | ToolBody::Output { .. }) | None => {
            lines.extend(barred(output, &bar, theme));
        }
    }
    lines
}

fn barred(text: &str, bar: &str, theme: &Theme) -> Vec<Line<'static>> {
    clean(text)
        .trim_end()
        .lines()
        .map(|row| {
            Line::from(vec![
                Span::styled(bar.to_owned(), theme.dim),
                Span::raw(expand_tabs(row).into_owned()),
            ])
        })
        .collect()
}
