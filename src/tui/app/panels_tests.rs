//! What the open panels look like, each in a window of a usual width.

use std::path::Path;

use super::tests::{SIZE, app, at, press, rows, typed};
use super::*;
use crate::protocol::diff::{DiffKind, DiffLine, Hunk};
use crate::protocol::permission::{AskRequest, Grant, Preview};
use crate::protocol::tool::{PlanItem, PlanStatus, ToolTitle};
use crate::protocol::tool::{ToolBody, ToolView};
use crate::render::theme::Depth;
use crate::tui::terminal::input::Key;
use crate::tui::terminal::scrollback::{Size, row_width, wrapped};
use crate::tui::view::{transcript, view};
use crossterm::event::KeyCode;

fn main(inner: AgentEvent) -> UiEvent {
    UiEvent::main(inner)
}

#[test]
fn the_palette_of_commands() {
    let mut app = app();
    typed(&mut app, "/", at(0));
    insta::assert_snapshot!(rows(&mut app, SIZE, at(0)), @r"
    > /▌
      /clear           does clear
      /think [on|off]  does think
      sonnet-5.5 · normal · ctx 0% · main
    ");
    typed(&mut app, "th", at(0));
    insta::assert_snapshot!(rows(&mut app, SIZE, at(0)), @r"
    > /th▌
      /think [on|off]  does think
      sonnet-5.5 · normal · ctx 0% · main
    ");
}

#[test]
fn themes_with_a_sample() {
    let mut app = app();
    let nowhere = Path::new("/nonexistent");
    app.wear(Look::new("", true, Depth::Ansi, nowhere, nowhere).0);
    app.slash("/theme");
    press(&mut app, Key::plain(KeyCode::Down), at(0));
    insta::assert_snapshot!(rows(&mut app, SIZE, at(0)), @r#"
    let s = "a" // x  +1 −1 note error
    theme: ▌
    • default        the terminal's own colours
      light          dark ink on a light background
      colour-blind   blue and orange instead of green and red
      high-contrast  the strongest contrast, nothing dimmed
      molten-rust    glowing iron: oranges and reds
      fluid-green    moss and spring water
      liquid-blue    deep water
      glittery-gold  gold leaf
      bright-neon    signs at night
      fluid-purple   violet and lilac
    enter use   type to filter   esc leave


      sonnet-5.5 · normal · ctx 0% · main
    "#);
}

#[test]
fn a_change_to_approve() {
    let mut app = app();
    let line = |kind, number, text: &str| DiffLine {
        kind,
        number,
        text: text.into(),
    };
    let diff = FileDiff {
        path: "src/cart.rs".into(),
        added: 1,
        removed: 1,
        folded: 0,
        hunks: vec![Hunk {
            lines: vec![
                line(DiffKind::Context, 41, "    let now = clock.now();"),
                line(
                    DiffKind::Removed,
                    42,
                    "    let ttl = Utc::now() - self.created;",
                ),
                line(
                    DiffKind::Added,
                    42,
                    "    let ttl = now - self.created; // 世界 and a long remark",
                ),
            ],
        }],
    };
    let ask = AskRequest {
        id: 1,
        call_id: "c".into(),
        title: ToolTitle::new("Edit", "src/cart.rs"),
        question: None,
        preview: Preview::Diff { diff },
        why: "changes a file".into(),
        effects: vec!["writes src/cart.rs".into()],
        session: vec![Grant {
            rule: "Edit(src/**)".into(),
        }],
        always: Vec::new(),
    };
    app.event(main(AgentEvent::Asked { ask: Box::new(ask) }), at(0));
    insta::assert_snapshot!(rows(&mut app, Size { cols: 60, rows: 24 }, at(0)), @r"

    ▌Edit src/cart.rs?
      … shown above   v shows all
      · writes src/cart.rs
    changes a file
    s allows Edit(src/**)
    y once   s this session   n no, tell it why
    esc stop the turn
      sonnet-5.5 · normal · ctx 0% · main
    ");
    insta::assert_snapshot!(rows(&mut app, Size { cols: 40, rows: 10 }, at(0)), @r"

    ▌Edit src/cart.rs?
      … shown above   v shows all
      · writes src/cart.rs
    changes a file
    s allows Edit(src/**)
    y once   s this session
    n no, tell it why   esc stop the turn
      sonnet-5.5 · normal · ctx 0% · main
    ");
}

#[test]
fn a_turn_with_a_plan_output_and_a_queue() {
    let mut app = app();
    let step = |step: &str, status| PlanItem {
        step: step.into(),
        status,
    };
    app.event(
        UiEvent::Status(Box::new(Status {
            model: "claude-sonnet-5-5".into(),
            queued: vec!["first".into(), "/cost".into()],
            busy: true,
            jobs: 1,
            ..Status::default()
        })),
        at(0),
    );
    for event in [
        AgentEvent::TurnStarted,
        AgentEvent::Plan {
            items: vec![
                step("read the cart", PlanStatus::Completed),
                step("mend it", PlanStatus::Completed),
                step("run the tests", PlanStatus::InProgress),
                step("tell what it was", PlanStatus::Pending),
            ],
        },
        AgentEvent::ToolStarted {
            call_id: "1".into(),
            name: "execute_bash".into(),
            title: ToolTitle::new("Run", "cargo test cart"),
        },
        AgentEvent::ToolOutput {
            call_id: "1".into(),
            text: (1..40)
                .map(|n| format!("test number_{n} ... ok\n"))
                .collect(),
        },
    ] {
        app.event(main(event), at(0));
    }
    typed(&mut app, "and then", at(0));
    insta::assert_snapshot!(rows(&mut app, Size { cols: 60, rows: 24 }, at(12_000)), @r"
    ctrl+b lets it run in the background

    Running cargo test c… 12 s · esc stops
    queued 2: /cost
    > and then▌
      ☑ mend it
      ▸ run the tests
      │ … 34 earlier lines
      │ test number_35 ... ok
      │ test number_36 ... ok
      │ test number_37 ... ok
      │ test number_38 ... ok
      │ test number_39 ... ok
      sonnet-5.5 · normal · ctx 0% · 1 job · main
    ");
    insta::assert_snapshot!(rows(&mut app, Size { cols: 40, rows: 10 }, at(12_000)), @r"
    ctrl+b lets it run in the background

    Running cargo test c… 12 s · esc stops
    queued 2: /cost
    > and then▌
      │ … 37 earlier lines
      │ test number_38 ... ok
      │ test number_39 ... ok
      sonnet-5.5 · normal · ctx 0% · 1 job
    ");
    insta::assert_snapshot!(rows(&mut app, Size { cols: 20, rows: 6 }, at(12_000)), @r"
    Running cargo test…
    queued 2: /cost
    > and then▌
      │ test number_38…
      │ test number_39…
    s · normal · ctx 0%
    ");
}

/// A question about a command of many long lines.
fn long_question() -> UiEvent {
    let line = "frobnicate --with some/long/path/to/a/file --and more words of some kind";
    let ask = AskRequest {
        id: 1,
        call_id: "c".into(),
        question: None,
        title: ToolTitle::new("Run", line),
        preview: Preview::Command {
            text: [line; 12].join("\n"),
        },
        why: "no rule allows it".into(),
        effects: vec!["writes what cannot be told: some/long/path/to/a/directory".into()],
        session: vec![Grant {
            rule: "Bash(frobnicate:*)".into(),
        }],
        always: Vec::new(),
    };
    main(AgentEvent::Asked { ask: Box::new(ask) })
}

#[test]
fn a_question_fits_into_every_window_there_may_be() {
    for strays in [false, true] {
        let mut app = app();
        app.room.set_strays(strays);
        app.room.set_changing(true);
        app.event(long_question(), at(0));
        for (cols, rows) in [(200, 50), (80, 24), (60, 24), (80, 12), (40, 10)] {
            let (buffer, caret) = view(&mut app, Size { cols, rows }, at(0));
            let height = buffer.area.height;
            assert!(wrapped(&buffer, 0..height, 40) <= 10, "{cols}x{rows}");
            if strays {
                let wide = (0..height).filter(|row| row_width(&buffer, *row) > 39);
                assert_eq!(wide.count(), 0, "{cols}x{rows}");
                assert_eq!(caret.row, height - 1, "nothing is below the cursor");
            } else {
                assert_eq!(caret.row, 1, "a blank row above the question");
            }
        }
        // At rest, half of the window will do.
        app.room.set_changing(false);
        for (cols, rows) in [(200, 50), (120, 40), (80, 24)] {
            let (buffer, _) = view(&mut app, Size { cols, rows }, at(0));
            let height = buffer.area.height;
            let taken = wrapped(&buffer, 0..height, cols / 2);
            assert!(taken <= rows / 2, "{taken} rows at {cols}x{rows}");
        }
        app.room.set_changing(true);
        // A window that was smaller may be so again.
        for (cols, rows) in [(20, 6), (200, 50)] {
            let (buffer, _) = view(&mut app, Size { cols, rows }, at(0));
            assert!(wrapped(&buffer, 0..buffer.area.height, 20) <= 6);
            let shown = super::tests::rows(&mut app, Size { cols, rows }, at(0));
            assert!(shown.contains("Run this command?") && shown.contains("y once"));
            assert!(
                shown.contains("esc stop") && shown.contains("ctx 0%"),
                "{shown}"
            );
        }
    }
}

#[test]
fn while_the_window_changes_the_prompt_is_never_wrapped() {
    let mut app = app();
    typed(&mut app, &"word ".repeat(90), at(0));
    let size = Size { cols: 80, rows: 24 };
    app.room.set_changing(true);
    let (buffer, caret) = view(&mut app, size, at(0));
    let height = buffer.area.height;
    assert!(wrapped(&buffer, 0..height, 40) <= 10);
    assert!((0..=caret.row).all(|row| row_width(&buffer, row) < 40));
    app.room.set_changing(false);
    let (buffer, caret) = view(&mut app, size, at(0));
    assert!((0..=caret.row).any(|row| row_width(&buffer, row) > 70));
}

#[test]
fn what_is_asked_is_written_once_where_the_panel_has_no_room() {
    let mut app = app();
    super::tests::history(&mut app);
    app.event(long_question(), at(0));
    for _ in 0..3 {
        rows(&mut app, SIZE, at(0));
    }
    let written = super::tests::history(&mut app);
    assert!(
        written.contains(&"• Run · asked".to_owned()),
        "{written:#?}"
    );
    assert_eq!(
        written
            .iter()
            .filter(|line| line.contains("│ frobnicate --with"))
            .count(),
        12,
        "{written:#?}"
    );
    typed(&mut app, "v", at(1_000));
    let (buffer, _) = transcript(&mut app, SIZE).unwrap();
    let first: String = (0..SIZE.cols)
        .map(|col| buffer[(col, 2)].symbol())
        .collect();
    assert!(first.contains("frobnicate"), "{first}");
    typed(&mut app, "q", at(1_000));
    assert!(transcript(&mut app, SIZE).is_none());
    rows(&mut app, SIZE, at(1_000));
    typed(&mut app, "y", at(2_000));
    let answered = |action: &Action| matches!(action, Action::Send(Command::Answer { .. }));
    assert!(app.actions().iter().any(answered));
}

#[test]
fn a_change_that_was_written_when_it_was_asked_for_is_not_written_again() {
    let line = |number| DiffLine {
        kind: DiffKind::Added,
        number,
        text: format!("row {number}"),
    };
    let diff = FileDiff {
        path: "a.txt".into(),
        added: 9,
        removed: 0,
        folded: 0,
        hunks: vec![Hunk {
            lines: (1..10).map(line).collect(),
        }],
    };
    let ask = AskRequest {
        id: 1,
        call_id: "c".into(),
        question: None,
        title: ToolTitle::new("Write", "a.txt"),
        preview: Preview::Diff { diff: diff.clone() },
        why: "a new file".into(),
        effects: Vec::new(),
        session: Vec::new(),
        always: Vec::new(),
    };
    let mut app = app();
    app.event(main(AgentEvent::TurnStarted), at(0));
    app.event(main(AgentEvent::Asked { ask: Box::new(ask) }), at(0));
    rows(&mut app, SIZE, at(0));
    app.event(main(AgentEvent::AskClosed { id: 1 }), at(0));
    let view = ToolView {
        title: ToolTitle::new("Write", "a.txt"),
        outcome: "+9 −0".into(),
        body: ToolBody::Diff { diff },
        ..ToolView::default()
    };
    for call in ["c", "d"] {
        app.event(
            main(AgentEvent::ToolFinished {
                call_id: call.into(),
                name: "write_file".into(),
                view: view.clone(),
            }),
            at(0),
        );
    }
    let written = super::tests::history(&mut app).join("\n");
    assert_eq!(written.matches("row 5").count(), 2, "{written}");
    assert_eq!(written.matches("+9 −0").count(), 2, "{written}");
}
