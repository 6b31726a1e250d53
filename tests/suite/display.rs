//! Long, wide and waiting things on a real screen.

#![cfg(unix)]

use crate::pty::Terminal;
use crate::rig::Rig;
use crate::server::{Event, How, says, sent, text};

const CTRL_D: &str = "\u{4}";
const UP: &str = "\u{1b}[A";

fn streamed() -> How {
    How {
        chunk: 700,
        gap_ms: 1,
        ..How::default()
    }
}

/// Fails unless each mark stands once in what was written, and in this order.
fn check_once_in_order(everything: &str, marks: impl Iterator<Item = String>) {
    let mut last = 0;
    for mark in marks {
        assert_eq!(everything.matches(&mark).count(), 1, "{mark}\n{everything}");
        let at = everything.find(&mark).unwrap();
        assert!(at > last, "{mark} is out of order");
        last = at;
    }
}

#[test]
fn a_very_long_code_block_streams_into_the_scrollback_once() {
    for (cols, rows, count) in [(80, 24, 2_000), (40, 10, 300)] {
        let code: String = (0..count)
            .map(|n| format!("let l{n:04}q = \"{n}\"; // {n}\n"))
            .collect();
        let answer = format!("Here:\n\n```rust\n{code}```\n\nThat is all.\n");
        let rig = Rig::new(vec![sent(vec![text(&answer)], streamed())]);
        let mut terminal = Terminal::start(&rig, &[], cols, rows);
        terminal.wait("/ commands");
        terminal.enter("go");
        terminal.wait("That is all.");
        terminal.wait(" out · ");
        terminal.send(CTRL_D);
        terminal.end();
        let everything = terminal.everything();
        check_once_in_order(&everything, (0..count).map(|n| format!("l{n:04}q")));
        let written = terminal.raw().len();
        assert!(written < 120 * count, "{written} bytes for {count} lines");
        terminal.check_restored();
    }
}

#[test]
fn a_table_far_wider_than_the_window_keeps_every_word() {
    const COLUMNS: usize = 9;
    let row = |name: &str, row: usize| -> String {
        let cells = (0..COLUMNS).map(|n| format!("{name}{row}x{n} some words more"));
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let table = [
        row("h", 0),
        format!("|{}\n", "---|".repeat(COLUMNS)),
        (0..6).map(|n| row("c", n)).collect::<String>(),
    ];
    let answer = format!("Look:\n\n{}\nThat is all.\n", table.concat());
    for (cols, rows) in [(80, 24), (40, 10), (20, 6)] {
        let rig = Rig::new(vec![sent(vec![text(&answer)], streamed())]);
        let mut terminal = Terminal::start(&rig, &[], cols, rows);
        terminal.wait("esc stop");
        terminal.enter("go");
        terminal.wait("100 in");
        terminal.send(CTRL_D);
        terminal.end();
        let everything = terminal.everything();
        for n in 0..6 {
            for column in 0..COLUMNS {
                let cell = format!("c{n}x{column}");
                assert_eq!(everything.matches(&cell).count(), 1, "{cell}\n{everything}");
            }
        }
        terminal.check_restored();
    }
}

#[test]
fn what_waits_for_the_turn_is_counted_edited_with_up_and_sent_after_it() {
    let hold = How {
        hold_after: Some(2_000),
        ..How::default()
    };
    let rig = Rig::new(vec![
        sent(vec![text(&"words without an end ".repeat(60))], hold),
        says(vec![text("Understood.")]),
    ]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("go");
    rig.server.wait(Event::Answered(0));
    terminal.wait("words without");
    terminal.enter("first thing");
    terminal.wait("queued 1: first thing");
    terminal.enter("second thing");
    terminal.wait("queued 2: second thing");
    // The newest comes back to be edited.
    terminal.send(UP);
    terminal.wait("queued 1: first thing");
    terminal.wait("> second thing");
    terminal.resize(40, 10);
    terminal.wait("queued 1: first thing");
    terminal.send("\u{5}, edited");
    terminal.wait("> second thing, edited");
    terminal.enter("");
    terminal.wait("queued 2: second thing, edited");
    terminal.send("\u{1b}");
    terminal.wait("stopped");
    // What waited is back in the prompt: nothing is sent unseen after a stop.
    terminal.wait("> first thing");
    terminal.wait("second thing, edited");
    terminal.enter("");
    terminal.wait("Understood.");
    let last = rig.server.last_message();
    assert!(
        last.contains("first thing\\nsecond thing, edited"),
        "{last}"
    );
    terminal.send(CTRL_D);
    terminal.end();
    rig.server.check();
}

#[test]
fn a_long_paste_is_folded_and_sent_whole() {
    let rig = Rig::new(vec![says(vec![text("Read.")])]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    let lines: String = (0..80).map(|n| format!("line {n} of it\n")).collect();
    terminal.send(&format!("see \u{1b}[200~{lines}\u{1b}[201~ok"));
    terminal.wait("80 lines");
    assert!(
        !terminal.screen().contains("line 40"),
        "{}",
        terminal.screen()
    );
    std::thread::sleep(std::time::Duration::from_millis(60));
    terminal.send("\r");
    terminal.wait("Read.");
    let sent = rig.server.last_message();
    assert!(
        sent.contains("line 0 of it") && sent.contains("line 79 of it"),
        "{sent}"
    );
    terminal.send(CTRL_D);
    terminal.end();
    rig.server.check();
}
