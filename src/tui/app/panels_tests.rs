//! What the open panels look like, each in a window of a usual width.

use std::path::Path;

use super::tests::{SIZE, app, at, press, rows, typed};
use super::*;
use crate::protocol::diff::{DiffKind, DiffLine, Hunk};
use crate::protocol::permission::{AskRequest, Grant, Preview};
use crate::protocol::tool::{PlanItem, PlanStatus, ToolTitle};
use crate::render::theme::Depth;
use crate::tui::terminal::input::Key;
use crate::tui::terminal::scrollback::Size;
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
    enter use   type to filter   esc leave   2 of 10
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
      41        let now = clock.now();
      42  −     let ttl = Utc::now() - self.created;
      42  +     let ttl = now - self.created; // 世 界  and a lon
            g remark
      · writes src/cart.rs
    changes a file
    s allows Edit(src/**)
    y once   s this session   n no, tell it why
    esc stop the turn
      sonnet-5.5 · normal · ctx 0% · main
    ");
    insta::assert_snapshot!(rows(&mut app, Size { cols: 40, rows: 10 }, at(0)), @r"
    ▌Edit src/cart.rs?
      41        let now = clock.now();
      42  −     let ttl = Utc::now() - self
        … 3 more below, up and down scroll
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
      son… · normal · c
    ");
}
