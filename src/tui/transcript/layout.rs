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
        Item::User { sign, text } => {
            let hang = width(sign) + 1;
            worded(user(sign, text, theme), cols, hang)
        }
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
            let line = Line::raw(format!("{} {}", theme.glyphs.bullet, clean(summary)));
            worded(vec![line], cols, 2)
        }
        Item::Plan(items) => tool::plan(items, theme),
        Item::Notice(level, text) => {
            let style = match level {
                NoticeLevel::Info => theme.dim,
                NoticeLevel::Warning => theme.warning,
                NoticeLevel::Error => theme.error,
            };
            worded(plain(text, "  ", style), cols, 2)
        }
        Item::End(summary) => cells::turn_end(summary, theme),
    };
    lines
        .into_iter()
        .flat_map(|line| fitted(line, cols))
        .collect()
}

/// Lines that are too wide, broken between words; what follows stands `hang` columns
/// in, or as far as the line itself. A word longer than a row stays whole.
fn worded(lines: Vec<Line<'static>>, cols: usize, hang: usize) -> Vec<Line<'static>> {
    let broken = |line: Line<'static>| {
        let text = line.to_string();
        if width(&text) <= cols {
            return vec![line];
        }
        let lead = text.len() - text.trim_start_matches(' ').len();
        let hang = hang.max(lead).min(cols / 2);
        let mut wrapper = Wrapper::new(cols - hang);
        for span in &line.spans {
            wrapper.push(&span.content, line.style.patch(span.style));
        }
        let rows = wrapper.finish().into_iter().enumerate();
        rows.map(|(index, mut row)| {
            let blanks = if index == 0 { lead.min(hang) } else { hang };
            row.insert(0, (" ".repeat(blanks), Style::new()));
            to_line(row)
        })
        .collect()
    };
    lines.into_iter().flat_map(broken).collect()
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
    let mut lines = worded(vec![tool::title(shown, theme)], cols, 2);
    if tool::title_is_cut(title) {
        let whole = plain(&title.object, "    ", Style::new());
        lines.extend(worded(whole, cols, 4));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(item: &Item, cols: usize) -> Vec<String> {
        let rows = rows(item, cols, &Theme::default());
        rows.iter()
            .map(|row| row.to_string().trim_end().to_owned())
            .collect()
    }

    #[test]
    fn titles_messages_and_notices_break_between_words() {
        let call = Item::Call {
            id: String::new(),
            title: ToolTitle::new("Run", "cargo test --workspace --all-features"),
            view: None,
            output: "output is shown as it is".into(),
        };
        assert_eq!(
            shown(&call, 22),
            [
                "• Run cargo test",
                "  --workspace",
                "  --all-features ·",
                "  running",
                "  │ output is shown as",
                " it is",
            ]
        );
        let user = Item::User {
            sign: ">",
            text: "mend the flaky test\n    indented as it was".into(),
        };
        assert_eq!(
            shown(&user, 16),
            [
                "> mend the",
                "  flaky test",
                "      indented",
                "      as it was"
            ]
        );
        let notice = Item::Notice(NoticeLevel::Info, "see https://example.org/a/path".into());
        assert_eq!(
            shown(&notice, 16),
            ["  see", "  https://exampl", "e.org/a/path"]
        );
    }
}
