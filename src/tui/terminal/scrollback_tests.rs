use proptest::prelude::*;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::super::emulator::Emulator;
use super::super::sgr::Depth;
use super::*;

fn painter() -> Painter {
    Painter {
        depth: Depth::Ansi,
        utf8: true,
        links: Default::default(),
    }
}

/// A viewport of rows `v0`, `v1`, …, the last one named `status`.
fn viewport(size: Size, height: u16, label: &str) -> Buffer {
    let mut rows = Buffer::empty(Rect::new(0, 0, size.cols, height));
    for row in 0..height {
        let text = if row + 1 == height {
            format!("status {label} {}", "=".repeat(30))
        } else {
            format!("view{row} {label}")
        };
        rows.set_stringn(0, row, text, usize::from(size.cols) - 1, Style::new());
    }
    rows
}

struct Session {
    emulator: Emulator,
    scrollback: Scrollback,
    size: Size,
    written: Vec<String>,
    bytes: usize,
}

impl Session {
    fn new(size: Size, writer: Writer) -> Self {
        let mut emulator = Emulator::new(size);
        for line in 0..5 {
            emulator.feed(format!("before{line}\r\n").as_bytes());
        }
        let mut scrollback = Scrollback::new(painter());
        scrollback.set_terminal(writer, false, Cursor::Follows, false);
        Self {
            emulator,
            scrollback,
            size,
            written: (0..5).map(|line| format!("before{line}")).collect(),
            bytes: 0,
        }
    }

    fn frame(&mut self, history: &[String], height: u16, label: &str) {
        let lines: Vec<Line> = history
            .iter()
            .map(|line| Line::styled(line.clone(), Style::new().fg(Color::Red)))
            .collect();
        let height = height.min(self.size.rows);
        let rows = viewport(self.size, height, label);
        let caret = Caret {
            row: height.saturating_sub(2),
            col: 3,
        };
        let out = self.scrollback.frame(self.size, &lines, &rows, caret);
        self.bytes = out.len();
        self.emulator.feed(&out);
        self.written.extend(history.iter().cloned());
    }

    fn resize(&mut self, size: Size) {
        self.size = size;
        self.emulator.resize(size);
        self.scrollback.resized(false);
    }

    /// Every line once and in order, the viewport once and last, the caret in it.
    fn check(&mut self, height: u16) {
        let height = usize::from(height.min(self.size.rows));
        let all = self.emulator.all();
        let text: String = all.concat();
        let mut at = 0;
        for line in &self.written {
            let squeezed: String = line.chars().filter(|ch| *ch != ' ').collect();
            let found = text.replace(' ', "")[at..].find(&squeezed);
            assert!(
                found.is_some(),
                "{line:?} is missing after {at}:\n{}",
                all.join("\n")
            );
            at += found.unwrap() + squeezed.len();
        }
        for line in self.written.iter().filter(|line| line.len() > 4) {
            assert_eq!(
                text.matches(line.as_str()).count(),
                1,
                "{line}\n{}",
                all.join("\n")
            );
        }
        let stuck: Vec<_> = self
            .emulator
            .scrollback()
            .into_iter()
            .filter(|row| row.starts_with("status") || row.starts_with("view"))
            .collect();
        assert_eq!(stuck, Vec::<String>::new());
        let screen = self.emulator.screen();
        let status = screen.iter().position(|row| row.starts_with("status"));
        let status = status.unwrap_or_else(|| panic!("no status row:\n{}", screen.join("\n")));
        assert_eq!(
            screen
                .iter()
                .filter(|row| row.starts_with("status"))
                .count(),
            1
        );
        assert!(
            screen[status + 1..].iter().all(String::is_empty),
            "rows below the viewport"
        );
        for row in 0..height - 1 {
            let shown = &screen[status + 1 + row - height];
            assert!(
                shown.starts_with(&format!("view{row}")),
                "row {row} shows {shown:?}"
            );
        }
        let caret = (status + 1 - height + height.saturating_sub(2)) as u16;
        assert_eq!(self.emulator.cursor(), (caret, 3));
        assert!(!self.emulator.cursor_hidden());
    }
}

const BIG: Size = Size { cols: 80, rows: 24 };
const SMALL: Size = Size { cols: 40, rows: 10 };

#[test]
fn lines_go_up_once_and_the_viewport_stays() {
    for size in [BIG, SMALL] {
        for writer in [Writer::LineFeed, Writer::Region] {
            let mut session = Session::new(size, writer);
            session.frame(&[], 4, "start");
            session.check(4);
            for step in 0..60 {
                let line = format!("token{step:03}{}", " word".repeat(step % 12));
                let history = if step % 3 == 0 {
                    vec![line]
                } else {
                    vec![line, String::new()]
                };
                session.frame(&history, 4, &format!("at {step}"));
                session.check(4);
            }
        }
    }
}

#[test]
fn long_and_wide_lines_flow_over_rows() {
    for writer in [Writer::LineFeed, Writer::Region] {
        let mut session = Session::new(SMALL, writer);
        session.frame(&[], 4, "start");
        for (step, length) in [39, 40, 41, 79, 80, 81, 200].into_iter().enumerate() {
            let ascii = format!("t{step}{}", "x".repeat(length - 2));
            session.frame(&[ascii], 4, "narrow");
            session.check(4);
            session.frame(&[format!("u{step}{}", "世".repeat(length / 2))], 4, "wide");
            session.check(4);
        }
    }
}

#[test]
fn the_viewport_may_grow_shrink_and_fill_the_screen() {
    for writer in [Writer::LineFeed, Writer::Region] {
        let mut session = Session::new(SMALL, writer);
        for (step, height) in [3, 8, 3, 10, 2, 4, 4, 4, 9, 3, 3].into_iter().enumerate() {
            session.frame(
                &[format!("line{step:02}a"), format!("line{step:02}b")],
                height,
                "x",
            );
            session.check(height);
            session.frame(&[], height, "y");
            session.check(height);
        }
    }
}

#[test]
fn the_region_writer_is_cheap_once_the_place_is_certain() {
    let mut session = Session::new(BIG, Writer::Region);
    session.frame(&[], 4, "x");
    for step in 0..30 {
        session.frame(&[format!("line{step:02}")], 4, "x");
    }
    assert!(session.bytes < 90, "{} bytes", session.bytes);
    session.frame(&[], 4, "x");
    assert_eq!(session.bytes, 0, "nothing changed, nothing is written");
    session.frame(&[], 4, "y");
    assert!(
        session.bytes < 90,
        "{} bytes for three cells",
        session.bytes
    );
    session.check(4);
    session.scrollback.set_at_once(true);
    session.frame(&["lone".into()], 4, "y");
    assert!(session.bytes < 60, "{} bytes", session.bytes);
    session.check(4);
    session.resize(Size { cols: 80, rows: 30 });
    session.frame(&["after".into()], 4, "x");
    session.check(4);
    session.scrollback.set_calm(false);
    for step in 30..60 {
        session.frame(&[format!("line{step}")], 4, "x");
        session.check(4);
    }
    assert!(session.bytes > 90, "no region while a resize is likely");
}

#[test]
fn a_window_that_got_lower_unheard_of_loses_nothing_to_a_change_of_cells() {
    let mut session = Session::new(BIG, Writer::LineFeed);
    let mut rows = viewport(BIG, 10, "first");
    let caret = Caret { row: 1, col: 3 };
    let out = session.scrollback.frame(BIG, &[], &rows, caret);
    session.emulator.feed(&out);
    let low = Size { cols: 80, rows: 8 };
    session.emulator.resize(low);
    rows.set_string(0, 8, "changed", Style::new());
    let out = session.scrollback.frame(BIG, &[], &rows, caret);
    session.emulator.feed(&out);
    assert_eq!(session.emulator.cursor(), (6, 3), "where it was");
    session.resize(low);
    session.frame(&[], 3, "second");
    session.check(3);
}

#[test]
fn a_fresh_row_is_used_after_a_stop() {
    let mut session = Session::new(BIG, Writer::LineFeed);
    session.frame(&["one".into()], 3, "x");
    let up = session.scrollback.height_above_cursor(BIG);
    assert_eq!(up, 1);
    let mut erase = Vec::new();
    csi(&mut erase, up, b'A');
    erase.extend_from_slice(b"\r");
    erase.extend_from_slice(ERASE_FROM_ROW);
    erase.extend_from_slice(b"$ fg\r\n");
    session.emulator.feed(&erase);
    session.scrollback.forget();
    session.frame(&["two".into()], 3, "x");
    session.check(3);
}

#[test]
fn rows_above_the_caret_are_counted_again_after_a_reflow() {
    let mut scrollback = Scrollback::new(painter());
    scrollback.set_terminal(Writer::LineFeed, true, Cursor::Follows, true);
    let mut rows = Buffer::empty(Rect::new(0, 0, 80, 3));
    rows.set_string(0, 0, "x".repeat(70), Style::new());
    rows.set_string(0, 1, "> short", Style::new());
    let caret = Caret { row: 1, col: 45 };
    scrollback.frame(BIG, &[], &rows, caret);
    assert_eq!(scrollback.height_above_cursor(BIG), 1);
    let at = |cols| Size { cols, rows: 24 };
    assert_eq!(scrollback.height_above_cursor(at(40)), 2 + 1);
    assert_eq!(scrollback.height_above_cursor(at(120)), 1);
    scrollback.resized(true);
    assert_eq!(
        scrollback.height_above_cursor(at(40)),
        1,
        "rather too little"
    );
}

/// A viewport at the bottom of `BIG` with `below` rows of 70 columns under the caret.
fn with_wide_rows(cursor: Cursor, above: &[&str], below: u16) -> Scrollback {
    let mut scrollback = Scrollback::new(painter());
    scrollback.set_terminal(Writer::LineFeed, true, cursor, false);
    let caret = above.len() as u16;
    let mut rows = Buffer::empty(Rect::new(0, 0, 80, caret + 1 + below));
    for (row, text) in (0..).zip(above) {
        rows.set_string(0, row, text, Style::new());
    }
    rows.set_string(0, caret, "c".repeat(70), Style::new());
    for row in 0..below {
        rows.set_string(0, caret + 1 + row, "x".repeat(70), Style::new());
    }
    let history: Vec<Line<'_>> = (0..30).map(|_| Line::raw("old")).collect();
    let caret = Caret {
        row: caret,
        col: 65,
    };
    scrollback.frame(BIG, &history, &rows, caret);
    scrollback
}

#[test]
fn a_cursor_that_leaves_its_text_is_followed() {
    let up = |cursor, above: &[&str], below, late, size: Size| {
        let mut scrollback = with_wide_rows(cursor, above, below);
        scrollback.resized(late);
        scrollback.height_above_cursor(size)
    };
    let narrow = Size { cols: 60, rows: 24 };
    let short = Size { cols: 80, rows: 18 };
    let both = Size { cols: 60, rows: 14 };
    let above = ["", "doing"];
    // Measured: rows by which the cursor is below its text afterwards.
    assert_eq!(up(Cursor::Sinks, &above, 5, false, narrow), 2 + 5);
    assert_eq!(up(Cursor::Sinks, &above, 5, false, short), 2);
    assert_eq!(up(Cursor::Sinks, &above, 5, false, both), 2);
    assert_eq!(up(Cursor::Stays, &above, 5, false, narrow), 2 + 6);
    assert_eq!(up(Cursor::Stays, &above, 5, false, short), 2 + 5);
    assert_eq!(up(Cursor::Stays, &above, 5, false, both), 2 + 11);
    assert_eq!(up(Cursor::Follows, &above, 5, false, narrow), 2 + 1);
    assert_eq!(up(Cursor::Follows, &above, 5, false, short), 2);
    // A blank row may stay behind, and what is not certain is left alone.
    assert_eq!(up(Cursor::Sinks, &above, 1, false, narrow), 2);
    assert_eq!(up(Cursor::Sinks, &above, 5, true, narrow), 2);
    let wide = Size { cols: 90, rows: 24 };
    assert_eq!(up(Cursor::Sinks, &above, 5, false, wide), 2);
    let mut twice = with_wide_rows(Cursor::Sinks, &above, 5);
    twice.resized(false);
    twice.resized(false);
    assert_eq!(twice.height_above_cursor(narrow), 2);
}

#[test]
fn blank_rows_below_the_viewport_are_the_first_a_lower_screen_loses() {
    let above = ["", "doing"];
    let mut scrollback = with_wide_rows(Cursor::Sinks, &above, 5);
    let drawn = |scrollback: &Scrollback| {
        let drawn = scrollback.drawn.clone().unwrap();
        (drawn.rows, drawn.caret)
    };
    let (rows, caret) = drawn(&scrollback);
    let taller = Size { cols: 80, rows: 40 };
    scrollback.resized(false);
    scrollback.frame(taller, &[], &rows, caret);
    // It still ends in row 24: sixteen blank rows go before a row of it does.
    scrollback.resized(false);
    let both = Size { cols: 60, rows: 30 };
    assert_eq!(scrollback.height_above_cursor(both), 2 + 5);
    let lower = Size { cols: 60, rows: 22 };
    assert_eq!(scrollback.height_above_cursor(lower), 2 + 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn nothing_is_lost_whatever_happens(
        region in any::<bool>(),
        steps in prop::collection::vec((0usize..6, 2u16..7, 0usize..130, 0u8..8, 40u16..100, 10u16..40), 1..40),
    ) {
        let writer = if region { Writer::Region } else { Writer::LineFeed };
        let mut session = Session::new(BIG, writer);
        session.frame(&[], 4, "start");
        let mut token = 0;
        for (lines, height, length, what, cols, rows) in steps {
            if what == 0 {
                // Narrower rows would be cut by this emulator, so only their number changes.
                session.resize(Size { cols: session.size.cols.max(cols), rows });
            }
            let history: Vec<String> = (0..lines)
                .map(|_| {
                    token += 1;
                    format!("token{token:04}{}", "-".repeat(length))
                })
                .collect();
            let height = if what < 4 { 4 } else { height };
            session.frame(&history, height, &format!("s{token}"));
            session.check(height);
        }
    }
}
