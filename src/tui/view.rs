//! The state as the rows of the viewport.
//!
//! ```text
//! (blank, or a hint)          at most 38 columns: above the caret
//! open end of the answer      at most 38 columns
//! what is going on            at most 38 columns
//! queued 2: …                 at most 38 columns
//! > prompt                    up to a third of the screen, or a panel
//!   palette, or the plan and the output of what runs
//!   status
//! ```

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::protocol::permission::PermissionMode;
use crate::render::text::{fit, steady_text};
use crate::stdx::text::{clean, one_line};

use super::app::App;
use super::composer::view::{Look, rows};
use super::live::NARROW;
use super::panels::PanelView;
use super::status;
use super::terminal::scrollback::{Caret, Size};

/// Columns a window is made as narrow as at most, in most cases.
const NARROWED: usize = 40;

/// The open transcript, as high as the terminal; nothing when none is open.
pub fn transcript(app: &mut App, size: Size) -> Option<(Buffer, Caret)> {
    let asked = !app.asks.is_empty();
    let viewer = app.viewer.as_mut()?;
    let record = app.viewed.as_ref().unwrap_or(&app.record);
    Some(viewer.view(record, size, asked, &app.theme))
}

/// Rows and caret for a terminal of a size; never more rows than it has.
pub fn view(app: &mut App, size: Size, now: Duration) -> (Buffer, Caret) {
    // The last column stays free: a row that fills it leaves the cursor in a
    // state terminals disagree on.
    let cols = usize::from(size.cols).saturating_sub(1).max(1);
    let rows = usize::from(size.rows);
    let (mut middle, mut caret) = middle(app, cols, rows);
    let mut below = Vec::new();
    let room = rows.saturating_sub(middle.len() + 3);
    if !is_asking(app) && !app.palette.is_open() {
        below.extend(app.live.below(cols, room.min(rows / 3)));
    }
    if rows > 1 {
        below.push(status::line(&app.status, &app.place, cols, &app.theme));
    }
    // The panel is worth more than what stands above and below it.
    let room = rows.saturating_sub(below.len());
    if middle.len() > room {
        let start = usize::from(caret.row).saturating_sub(room.saturating_sub(1));
        middle = middle.into_iter().skip(start).take(room).collect();
        caret.row -= u16::try_from(start).unwrap_or(0);
    }
    let above = above(app, cols.min(NARROW), room - middle.len(), now);
    caret.row += u16::try_from(above.len()).unwrap_or(0);
    let all: Vec<Line<'static>> = above.into_iter().chain(middle).chain(below).collect();
    let height = u16::try_from(all.len()).unwrap_or(u16::MAX);
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.cols, height));
    let width = u16::try_from(cols).unwrap_or(u16::MAX);
    for (row, line) in (0..height).zip(&all) {
        buffer.set_line(0, row, line, width);
    }
    caret.col = caret.col.min(width);
    (buffer, caret)
}

/// What stands above the prompt, in at most `room` rows.
fn above(app: &mut App, cols: usize, room: usize, now: Duration) -> Vec<Line<'static>> {
    let narrow = |text: &str, app: &App| fit(text, cols, app.theme.glyphs.ellipsis);
    let mut out = Vec::new();
    if let Some(activity) = app.live.activity(now, !app.asks.is_empty()) {
        out.push(Line::raw(narrow(&activity, app)));
    }
    if let Some(last) = app.status.queued.last() {
        let last = one_line(&clean(last), 100);
        let text = format!("queued {}: {}", app.status.queued.len(), steady_text(&last));
        out.push(Line::styled(narrow(&text, app), app.theme.dim));
    }
    if app.sample {
        out.push(sample(app));
    }
    out.truncate(room);
    if app.live.is_busy() && !is_asking(app) && out.len() + 1 < room {
        out.insert(0, steady_line(&app.live.preview()));
    }
    if out.len() < room {
        // Sets the viewport off, and may be left behind by a resize unseen.
        let hint = match app.hint() {
            hint if hint.is_empty() && app.live.is_tedious(now) => {
                "ctrl+b lets it run in the background".into()
            }
            hint => narrow(&steady_text(&clean(&hint)), app),
        };
        out.insert(0, Line::styled(hint, app.theme.dim));
    }
    out
}

/// A panel is open.
fn is_asking(app: &App) -> bool {
    !app.asks.is_empty() || app.picker.is_some() || app.secret.is_some()
}

/// What a theme looks like, in at most [`NARROW`] columns.
fn sample(app: &App) -> Line<'static> {
    let theme = &app.theme;
    Line::from(vec![
        Span::styled("let", theme.code.keyword),
        Span::styled(" s", theme.code.function),
        Span::raw(" = "),
        Span::styled("\"a\"", theme.code.string),
        Span::styled(" // x", theme.code.comment),
        Span::styled("  +1", theme.added),
        Span::styled(format!(" {}1", theme.glyphs.minus), theme.removed),
        Span::styled(" note", theme.warning),
        Span::styled(" error", theme.error),
    ])
}

/// A line whose width every terminal agrees on.
fn steady_line(line: &Line<'static>) -> Line<'static> {
    line.spans
        .iter()
        .map(|span| {
            let text = steady_text(&span.content).into_owned();
            // What is drawn again and again leads nowhere yet.
            let mut style = line.style.patch(span.style);
            style.underline_color = None;
            Span::styled(text, style)
        })
        .collect()
}

/// The open panel, or the prompt with its palette.
fn middle(app: &mut App, cols: usize, rows: usize) -> (Vec<Line<'static>>, Caret) {
    let half = (rows / 2).max(3);
    let waiting = app.asks.len().saturating_sub(1);
    if let Some(panel) = app.asks.front_mut() {
        // A small window is all panel: what is asked has to be read.
        let small = rows.saturating_sub(1).min(9);
        let theme = &app.theme;
        let view = steady_panel(half.max(small), small, rows, |height| {
            panel.view(cols, height, waiting, theme)
        });
        return (view.rows, view.caret);
    }
    if let Some(secret) = &app.secret {
        let view = secret.view(cols, &app.theme);
        return (view.rows, view.caret);
    }
    if let Some(open) = &app.picker {
        let view = steady_panel(half, 3, rows, |height| {
            open.panel.view(cols, height, &app.theme)
        });
        return (view.rows, view.caret);
    }
    let (mut lines, caret) = prompt(app, cols, prompt_height(rows));
    let palette = app.palette.rows(cols, (rows / 3).max(1), &app.theme);
    lines.extend(palette);
    (lines, caret)
}

/// A panel of at most `most` rows, lower where its rows are so long that they
/// would outgrow the screen when its window becomes narrow: what a terminal wraps
/// off the screen stays in its scrollback. Never lower than `least` for that.
fn steady_panel(
    most: usize,
    least: usize,
    screen: usize,
    mut view: impl FnMut(usize) -> PanelView,
) -> PanelView {
    let mut height = most;
    loop {
        let panel = view(height);
        let wrapped: usize = panel
            .rows
            .iter()
            .map(|row| row.width().div_ceil(NARROWED).max(1))
            .sum();
        let lower = panel.rows.len().min(height);
        if wrapped <= screen || lower <= least {
            return panel;
        }
        height = (lower - (wrapped - screen).div_ceil(4).min(lower - least)).max(least);
    }
}

/// Rows the prompt may take of a screen: a third, in a small one a few all the same.
fn prompt_height(screen: usize) -> usize {
    (screen / 3).max(screen.saturating_sub(3).clamp(1, 3))
}

/// The prompt in at most `height` rows around the caret.
fn prompt(app: &mut App, cols: usize, height: usize) -> (Vec<Line<'static>>, Caret) {
    let loud = matches!(app.status.mode, PermissionMode::Bypass) && !app.status.safe;
    let look = Look {
        sign: status::sign(&app.status),
        sign_style: if loud {
            app.theme.warning
        } else {
            app.theme.accent
        },
        selected: app.theme.selected,
        folded: app.theme.accent,
    };
    rows(
        &mut app.composer,
        cols,
        height,
        &mut app.composer_top,
        &look,
    )
}
