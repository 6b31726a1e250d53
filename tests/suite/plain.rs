//! Plain lines in a terminal: nothing is redrawn, and a note where nobody asked for them.

#![cfg(unix)]

use std::time::Duration;

use serde_json::json;

use crate::pty::Terminal;
use crate::rig::{Rig, until};
use crate::server::{Event, How, says, sent, text, tool};

const CTRL_D: &str = "\u{4}";
/// Keys within the first moment of a question are not an answer.
const MOMENT: Duration = Duration::from_millis(400);

#[test]
fn a_question_is_answered_by_a_typed_word() {
    let rig = Rig::new(vec![
        says(vec![
            text("I **delete** it."),
            tool("delete_file", json!({"path": "b"})),
            tool("delete_file", json!({"path": "c"})),
        ]),
        says(vec![text("One is gone.")]),
    ]);
    rig.file("b", "bee\n");
    rig.file("c", "sea\n");
    let mut terminal = Terminal::start(&rig, &["--plain"], 80, 24);
    terminal.wait("/help lists commands");
    terminal.wait("> ");
    terminal.send("go\r");
    terminal.wait("Delete b");
    terminal.wait("type y for once");
    std::thread::sleep(MOMENT);
    terminal.send("y\r");
    terminal.wait("Delete c");
    std::thread::sleep(MOMENT);
    terminal.send("n keep that one\r");
    terminal.wait("One is gone.");
    assert!(!rig.work().join("b").exists());
    assert!(rig.work().join("c").exists());
    assert!(rig.server.last_message().contains("keep that one"));
    terminal.send(CTRL_D);
    assert_eq!(terminal.end(), 0);
    let raw = terminal.raw();
    assert!(!raw.contains('\u{1b}'), "{raw:?}");
    let everything = terminal.everything();
    let mut sums = everything.lines().filter(|line| line.contains("cached · "));
    assert!(sums.all(|line| !line.starts_with('>')), "{everything}");
    rig.server.check();
}

#[test]
fn output_that_is_no_terminal_gets_lines_and_the_user_a_note() {
    let rig = Rig::new(vec![says(vec![text("The **answer**.")])]);
    let mut terminal = Terminal::shell(&rig, 80, 24);
    terminal.send("sofos > out\r");
    terminal.wait("standard output is not a terminal: plain lines");
    terminal.send("go\r");
    until("the answer", || {
        rig.read("out").contains("The **answer**.").then_some(())
    });
    terminal.send(CTRL_D);
    until("the prompt", || {
        terminal
            .screen()
            .trim_end()
            .ends_with("SHELL>")
            .then_some(())
    });
    terminal.send("exit\r");
    terminal.end();
    let out = rig.read("out");
    assert!(!out.contains('\u{1b}'), "{out:?}");
    assert!(out.contains("resume with: sofos -r"), "{out}");
}

#[test]
fn a_termination_signal_ends_it_also_while_it_works() {
    let hold = How {
        hold_after: Some(2000),
        ..How::default()
    };
    let rig = Rig::new(vec![sent(
        vec![text(&"words without an end\n".repeat(60))],
        hold,
    )]);
    let mut terminal = Terminal::start(&rig, &["--plain"], 80, 24);
    terminal.wait("> ");
    terminal.send("go\r");
    rig.server.wait(Event::Answered(0));
    terminal.wait("words without");
    terminal.signal("-TERM");
    assert_eq!(terminal.end(), 143);
    assert!(
        rig.entries()
            .iter()
            .any(|entry| entry.to_string().contains("words without"))
    );
}
