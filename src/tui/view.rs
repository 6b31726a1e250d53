//! The state as the rows of the viewport.
//!
//! ```text
//! (blank, or a hint)          at most 38 columns: above the caret
//! open end of the answer      at most 38 columns
//! what is going on            at most 38 columns
//! queued 2: …                 at most 38 columns
//! > prompt                    up to a third of the screen, or a panel that fits
//!                             into every window to be expected
//!   palette, or the plan and the output of what runs
//!   status
//! ```

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::protocol::permission::{PermissionMode, Preview};
use crate::protocol::tool::{ToolBody, ToolView};
use crate::render::text::{fit, steady_text};
use crate::render::tool;
use crate::stdx::text::{clean, one_line};

use super::app::App;
use super::composer::view::{Look, rows};
use super::live::NARROW;
use super::panels::permission::Told;
use super::status;
use super::terminal::scrollback::{Caret, Size};

/// Rows of a transcript in the viewport, at least, where the window has them.
const LOW: u16 = 9;

/// The open transcript, as high as the terminal; nothing when none is open.
pub fn transcript(app: &mut App, size: Size) -> Option<(Buffer, Caret)> {
    let asked = !app.asks.is_empty();
    let viewer = app.viewer.as_mut()?;
    let record = app.viewed.as_ref().unwrap_or(&app.record);
    Some(viewer.view(record, size, asked, &app.theme))
}

/// The open transcript as a viewport, for a terminal without a second screen.
pub fn low_transcript(app: &mut App, size: Size) -> Option<(Buffer, Caret)> {
    let low = Size {
        rows: (size.rows / 3 * 2).max(size.rows.min(LOW)),
        ..size
    };
    let typing = app.viewer.as_ref()?.is_typing();
    let (rows, caret) = transcript(app, low)?;
    // With nothing above the cursor a window that gets lower cuts rows off below it.
    let caret = if typing { caret } else { Caret::default() };
    Some((rows, caret))
}

/// An open list with more rows than a viewport has room for, as high as the terminal.
pub fn tall_list(app: &mut App, size: Size) -> Option<(Buffer, Caret)> {
    if !app.asks.is_empty() || app.secret.is_some() {
        return None;
    }
    let (cols, rows) = inside(size);
    let room = app.room;
    let open = app.picker.as_mut()?;
    if !open.tall {
        let whole = open
            .panel
            .view(room.panel_cols(cols), usize::MAX, &app.theme);
        // A list that once was tall stays so while it is filtered.
        open.tall = room.taken(&whole.rows) + 2 > room.rows(rows);
    }
    if !open.tall {
        return None;
    }
    let mut all: Vec<Line<'static>> = app.sample.then(|| sample(app)).into_iter().collect();
    let open = app.picker.as_ref()?;
    let panel = open
        .panel
        .view(cols, rows.saturating_sub(all.len() + 1), &app.theme);
    let caret = Caret {
        row: panel.caret.row + u16::try_from(all.len()).unwrap_or(0),
        ..panel.caret
    };
    all.extend(panel.rows);
    all.resize(rows.saturating_sub(1), Line::default());
    all.push(status::line(&app.status, &app.place, cols, &app.theme));
    Some(drawn(&all, caret, size))
}

/// Columns and rows for what is shown. The last column stays free: a row that fills
/// it leaves the cursor in a state terminals disagree on.
fn inside(size: Size) -> (usize, usize) {
    let cols = usize::from(size.cols).saturating_sub(1).max(1);
    (cols, usize::from(size.rows))
}

fn drawn(rows: &[Line<'static>], mut caret: Caret, size: Size) -> (Buffer, Caret) {
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX);
    let width = u16::try_from(inside(size).0).unwrap_or(u16::MAX);
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.cols, height));
    for (row, line) in (0..height).zip(rows) {
        buffer.set_line(0, row, line, width);
    }
    caret.col = caret.col.min(width);
    (buffer, caret)
}

/// Rows and caret for a terminal of a size; never more rows than it has.
pub fn view(app: &mut App, size: Size, now: Duration) -> (Buffer, Caret) {
    let (cols, rows) = inside(size);
    app.room.seen(size);
    let (mut middle, mut caret) = middle(app, cols, rows);
    let mut below = Vec::new();
    if !is_asking(app) && !app.palette.is_open() {
        below.extend(below_prompt(app, &middle, cols, rows));
    }
    if rows > 1 {
        let around = app.room.taken(&middle) + app.room.taken(&below) + 1;
        let wide = status::line(&app.status, &app.place, cols, &app.theme);
        let fits = around + app.room.taken(std::slice::from_ref(&wide)) <= app.room.rows(rows);
        below.push(if fits || !(is_asking(app) || app.room.strays()) {
            wide
        } else {
            let cols = cols.min(app.room.narrow());
            status::line(&app.status, &app.place, cols, &app.theme)
        });
    }
    // The panel is worth more than what stands above and below it.
    let room = rows.saturating_sub(below.len());
    if middle.len() > room {
        let start = usize::from(caret.row).saturating_sub(room.saturating_sub(1));
        middle = middle.into_iter().skip(start).take(room).collect();
        caret.row -= u16::try_from(start).unwrap_or(0);
    }
    let mut room = room - middle.len();
    if !app.asks.is_empty() {
        let taken = app.room.taken(&middle) + app.room.taken(&below);
        room = room.min(app.room.rows(rows).saturating_sub(taken));
    }
    let above = above(app, cols.min(NARROW), room, now);
    caret.row += u16::try_from(above.len()).unwrap_or(0);
    let all: Vec<Line<'static>> = above.into_iter().chain(middle).chain(below).collect();
    if app.room.strays() && app.asks.front().is_some_and(|panel| !panel.is_typing()) {
        // Nothing is below it that could move it away from its text.
        caret = Caret {
            row: u16::try_from(all.len().saturating_sub(1)).unwrap_or(0),
            col: 0,
        };
    }
    drawn(&all, caret, size)
}

/// The plan and the output of what runs.
fn below_prompt(
    app: &App,
    prompt: &[Line<'static>],
    cols: usize,
    rows: usize,
) -> Vec<Line<'static>> {
    let most = rows.saturating_sub(prompt.len() + 3).min(rows / 3);
    if !app.room.strays() {
        return app.live.below(cols, most);
    }
    // The rows above and the status take four.
    let left = app
        .room
        .rows(rows)
        .saturating_sub(app.room.taken(prompt) + 4);
    app.live.below(app.room.panel_cols(cols), most.min(left))
}

/// What stands above the prompt, in at most `room` rows.
fn above(app: &mut App, cols: usize, room: usize, now: Duration) -> Vec<Line<'static>> {
    let narrow = |text: &str, app: &App| fit(text, cols, app.theme.glyphs.ellipsis);
    let mut out = Vec::new();
    // What stands above a question would be left behind by a window that gets low.
    if app.asks.is_empty() {
        if let Some(activity) = app.live.activity(now) {
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
    let room = app.room;
    let least = room.rows(rows);
    let narrow = room.panel_cols(cols);
    let waiting = app.asks.len().saturating_sub(1);
    if let Some(panel) = app.asks.front_mut() {
        // Besides it there is the status, and a blank row unless the window is small.
        let most = least.saturating_sub(if least > 8 { 2 } else { 1 });
        let fits = |rows: &[Line<'_>]| room.taken(rows) <= most;
        match panel.tell(narrow, most, fits, &app.theme) {
            None => {}
            Some(Told::Document(markdown)) => app.transcript.document(&markdown, cols + 1),
            Some(Told::Call(body)) => {
                if !matches!(body, ToolBody::Output { .. }) {
                    app.live.told(&panel.ask.call_id);
                }
                let mut title = panel.ask.title.clone();
                if matches!(panel.ask.preview, Preview::Command { .. }) {
                    // The command stands below, line for line.
                    title.object.clear();
                }
                let view = ToolView {
                    title,
                    outcome: "asked".into(),
                    body,
                    ..ToolView::default()
                };
                app.transcript.step(tool::view(&view, &app.theme));
            }
        }
        let mut view = panel.fitting(narrow, most, fits, waiting, &app.theme);
        if !fits(&view.rows) {
            let narrow = narrow.min(room.narrow());
            view = panel.fitting(narrow, most, fits, waiting, &app.theme);
        }
        return (view.rows, view.caret);
    }
    if let Some(secret) = &app.secret {
        let view = secret.view(narrow, &app.theme);
        return (view.rows, view.caret);
    }
    if let Some(open) = &app.picker {
        let most = least.saturating_sub(2).max(3);
        let view = (3..=most)
            .rev()
            .map(|height| open.panel.view(narrow, height, &app.theme))
            .find(|view| room.taken(&view.rows) <= most);
        let view = view.unwrap_or_else(|| open.panel.view(narrow, 3, &app.theme));
        return (view.rows, view.caret);
    }
    let (width, height) = room.prompt(cols, prompt_height(rows), rows);
    let (mut lines, caret) = prompt(app, width, height);
    let mut most = rows / 3;
    if room.strays() {
        most = most.min(least.saturating_sub(room.taken(&lines) + 2));
    }
    let palette = app.palette.rows(narrow, most.max(1), &app.theme);
    lines.extend(palette);
    (lines, caret)
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
