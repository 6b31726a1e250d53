//! What reaches the terminal: everything once and in order, whatever the terminal does.

#![cfg(unix)]

use serde_json::json;

use crate::pty::Terminal;
use crate::rig::Rig;
use crate::server::{Event, How, says, sent, text, tool};

const CTRL_D: &str = "\u{4}";

/// Paragraphs that can be told apart, and what is found of them.
fn paragraphs(count: usize) -> String {
    (0..count)
        .map(|n| format!("Paragraph p{n:03}q of this answer, with words to fill a row.\n\n"))
        .collect()
}

fn check_once_in_order(everything: &str, count: usize) {
    let mut at = 0;
    for n in 0..count {
        let token = format!("p{n:03}q");
        assert_eq!(
            everything.matches(&token).count(),
            1,
            "{token}\n{everything}"
        );
        let place = everything.find(&token).unwrap();
        assert!(place >= at, "{token} is out of order\n{everything}");
        at = place;
    }
    for row in ["esc stops", "ctx "] {
        assert!(!everything.contains(row), "{row}\n{everything}");
    }
}

#[test]
fn a_window_that_grows_while_an_answer_streams_loses_and_repeats_nothing() {
    for writer in ["linefeed", "decstbm"] {
        let how = How {
            chunk: 256,
            gap_ms: 4,
            ..How::default()
        };
        let rig = Rig::new(vec![sent(vec![text(&paragraphs(150))], how)]);
        let vars = [("SOFOS_SCROLLBACK", writer)];
        let mut terminal = Terminal::start_with(&rig, &[], 40, 10, &vars);
        terminal.wait("/ commands");
        terminal.enter("go");
        for (step, size) in [(20, (60, 16)), (60, (80, 24)), (100, (120, 40))] {
            // Not every paragraph is on the screen in some frame.
            terminal.wait_anywhere(&format!("p{step:03}q"));
            terminal.resize(size.0, size.1);
        }
        terminal.wait(" out · ");
        terminal.send(CTRL_D);
        assert_eq!(terminal.end(), 0);
        terminal.check_restored();
        check_once_in_order(&terminal.everything(), 150);
    }
}

#[test]
fn a_terminal_that_reads_nothing_for_a_while_gets_everything_later() {
    let rig = Rig::new(vec![says(vec![text(&paragraphs(600))])]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("go");
    rig.server.wait(Event::Request(0));
    terminal.stall(|terminal| {
        rig.server.wait(Event::Answered(0));
        terminal.send("typed ahead");
    });
    terminal.wait("> typed ahead");
    terminal.wait(" out · ");
    terminal.send("\u{15}");
    terminal.wait_gone("> typed ahead");
    terminal.send(CTRL_D);
    assert_eq!(terminal.end(), 0);
    check_once_in_order(&terminal.everything(), 600);
}

#[test]
fn a_huge_message_of_a_resumed_session_comes_in_small_frames() {
    const COUNT: usize = 2_000;
    let mut rig = Rig::new(vec![says(vec![text(&paragraphs(COUNT))])]);
    rig.run(&["-p", "go"]).ok();
    rig.serve(vec![]);
    let mut terminal = Terminal::start(&rig, &["-r"], 80, 24);
    terminal.wait("open session");
    terminal.enter("");
    terminal.wait_gone("open session");
    // Keys count at once, however much is still to be shown.
    terminal.send("typed ahead");
    terminal.wait_anywhere(&format!("p{:03}q", COUNT - 1));
    terminal.wait("> typed ahead");
    let raw = terminal.raw();
    let longest = raw.split("\u{1b}[?2026l").map(str::len).max().unwrap();
    assert!(longest < 24_000, "a frame of {longest} bytes");
    terminal.send("\u{15}");
    terminal.wait_gone("> typed ahead");
    terminal.send(CTRL_D);
    assert_eq!(terminal.end(), 0);
    check_once_in_order(&terminal.everything(), COUNT);
}

#[test]
fn answers_of_the_terminal_are_never_typed_however_late_and_cut() {
    let rig = Rig::new(vec![says(vec![text("An answer.")])]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.send("before ");
    terminal.wait("> before");
    for piece in [
        "\u{1b}]11;rgb:00",
        "00/0000/0000\u{1b}",
        "\\\u{1b}P>|foo(1.2)\u{1b}\\\u{1b}[>0;27",
        "6;0c\u{1b}[?62;2",
        "2c\u{1b}[?0u\u{1b}[12;5R\u{1b}[?2026;2$y",
    ] {
        terminal.send(piece);
    }
    terminal.send("after");
    terminal.wait("> before after");
    terminal.enter("");
    terminal.wait("An answer.");
    terminal.send(CTRL_D);
    assert_eq!(terminal.end(), 0);
    assert!(terminal.everything().contains("> before after\n"));
}

#[test]
fn a_question_without_room_is_written_above_its_panel_once() {
    let lines: Vec<String> = (0..15)
        .map(|n| format!("frobnicate --step r{n:02}q --with some/long/path/to/a/file"))
        .collect();
    let rig = Rig::new(vec![
        says(vec![tool(
            "execute_bash",
            json!({"command": lines.join("\n")}),
        )]),
        says(vec![text("Done with it.")]),
    ]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("go");
    terminal.wait("Run this command?");
    terminal.wait("shown above   v shows all");
    for (cols, rows) in [(100, 30), (160, 50), (80, 50), (80, 24)] {
        terminal.resize(cols, rows);
        terminal.wait("y once");
        terminal.wait("ctx ");
    }
    // Keys count from 300 ms after the question was shown.
    std::thread::sleep(std::time::Duration::from_millis(400));
    terminal.send("v");
    terminal.wait("asked · ");
    terminal.send("q");
    terminal.wait("shown above   v shows all");
    terminal.send("y");
    terminal.wait("Done with it.");
    terminal.send(CTRL_D);
    assert_eq!(terminal.end(), 0);
    terminal.check_restored();
    let everything = terminal.everything();
    for n in 0..15 {
        let line = format!("│ frobnicate --step r{n:02}q");
        assert_eq!(everything.matches(&line).count(), 1, "{everything}");
    }
    for row in ["Run this command?", "y once", "shows all", "ctx "] {
        assert!(!everything.contains(row), "{row}\n{everything}");
    }
}
