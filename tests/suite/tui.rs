//! The interactive program, as a person uses it.

#![cfg(unix)]

use serde_json::json;

use crate::pty::Terminal;
use crate::rig::Rig;
use crate::server::{Event, How, says, sent, text, tool};

const ESCAPE: &str = "\u{1b}";
const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";

#[test]
fn a_task_with_a_question_and_the_way_out() {
    let rig = Rig::new(vec![
        says(vec![
            text("I mend it."),
            tool(
                "edit_file",
                json!({"path": "a", "old_string": "one", "new_string": "two"}),
            ),
        ]),
        says(vec![tool("delete_file", json!({"path": "b"}))]),
        says(vec![text("Both **done**.")]),
    ]);
    rig.file("a", "one\n");
    rig.file("b", "bee\n");
    {
        let mut terminal = Terminal::start(&rig, &[], 80, 24);
        terminal.wait("/ commands");
        terminal.enter("do both");
        terminal.wait("y once");
        assert!(
            terminal.screen().contains("Edit a"),
            "{}",
            terminal.screen()
        );
        assert!(rig.work().join("b").exists());
        // Keys within the first moment are not an answer.
        std::thread::sleep(std::time::Duration::from_millis(400));
        terminal.send("y");
        terminal.wait("Both done.");
        assert!(!rig.work().join("b").exists());
        assert_eq!(rig.read("a"), "two\n");
        terminal.send(CTRL_D);
        assert_eq!(terminal.end(), 0);
        terminal.check_restored();
        let everything = terminal.everything();
        assert!(everything.contains("resume with: sofos -r"), "{everything}");
        assert_eq!(everything.matches("> do both").count(), 1, "{everything}");
    }
    rig.server.check();
}

#[test]
fn questions_come_one_by_one_and_outlive_a_resize() {
    let calls = ["a", "b", "c"].map(|path| tool("delete_file", json!({ "path": path })));
    let rig = Rig::new(vec![says(calls.to_vec()), says(vec![text("Both gone.")])]);
    for name in ["a", "b", "c"] {
        rig.file(name, "x\n");
    }
    let there = |name: &str| rig.work().join(name).exists();
    let moment = || std::thread::sleep(std::time::Duration::from_millis(400));
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("go");
    terminal.wait("Delete a?");
    moment();
    // Enter answers nothing. Together with what follows it would be a paste.
    terminal.send("\r");
    moment();
    for (cols, rows) in [(40, 10), (100, 30), (60, 18)] {
        terminal.resize(cols, rows);
        terminal.wait("Delete a?");
        terminal.wait("y once");
    }
    assert!(there("a"));
    terminal.send("y");
    terminal.wait("Delete b?");
    assert!(there("b") && there("c"));
    moment();
    terminal.resize(80, 24);
    terminal.wait("Delete b?");
    terminal.send("y");
    terminal.wait("Delete c?");
    assert!(!there("a") && there("c"));
    moment();
    terminal.send("n\r");
    terminal.wait("Both gone.");
    assert!(!there("b") && there("c"));
    terminal.send(CTRL_D);
    assert_eq!(terminal.end(), 0);
    assert!(!terminal.everything().contains("y once"));
    rig.server.check();
}

#[test]
fn no_is_told_to_the_model_with_the_users_words() {
    let rig = Rig::new(vec![
        says(vec![tool("delete_file", json!({"path": "b"}))]),
        says(vec![text("Left alone.")]),
    ]);
    rig.file("b", "bee\n");
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("go");
    terminal.wait("y once");
    std::thread::sleep(std::time::Duration::from_millis(400));
    terminal.send("n");
    terminal.enter("keep that file");
    terminal.wait("denied by you: keep that file");
    terminal.wait("Left alone.");
    assert!(rig.work().join("b").exists());
    assert!(rig.server.last_message().contains("keep that file"));
    terminal.send(CTRL_D);
    terminal.end();
    rig.server.check();
}

#[test]
fn escape_stops_the_stream_and_the_conversation_goes_on() {
    let hold = How {
        hold_after: Some(2000),
        ..How::default()
    };
    let rig = Rig::new(vec![
        sent(vec![text(&"words without an end ".repeat(60))], hold),
        says(vec![text("Here again.")]),
    ]);
    let mut terminal = Terminal::start(&rig, &[], 40, 10);
    terminal.wait("/ commands");
    terminal.enter("go");
    rig.server.wait(Event::Answered(0));
    terminal.wait("words without");
    terminal.send(ESCAPE);
    terminal.wait("stopped");
    terminal.enter("again");
    terminal.wait("Here again.");
    terminal.send(CTRL_C);
    terminal.send(CTRL_C);
    assert_eq!(terminal.end(), 0);
    terminal.check_restored();
    rig.server.check();
}

#[test]
fn a_read_is_shown_when_it_ends_not_when_the_answer_does() {
    let hold = How {
        hold_after: Some(2000),
        ..How::default()
    };
    let calls = ["a", "nowhere", "b"].map(|path| tool("read_file", json!({ "path": path })));
    let words = text(&"words without an end ".repeat(200));
    let rig = Rig::new(vec![sent([&calls[..], &[words]].concat(), hold)]);
    rig.file("a", "one\n");
    rig.file("b", "bee\n");
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("go");
    rig.server.wait(Event::Answered(0));
    terminal.wait("Read b");
    let screen = terminal.screen();
    let place = |words: &str| screen.find(words).unwrap();
    assert!(place("Read a") < place("Read nowhere"), "{screen}");
    assert!(place("Read nowhere") < place("Read b"), "{screen}");
    terminal.send(ESCAPE);
    terminal.wait("stopped");
    terminal.send(CTRL_D);
    terminal.end();
}

#[test]
fn every_paragraph_stays_once_and_in_order_whatever_the_size() {
    for (cols, rows, again) in [(80, 24, None), (40, 10, None), (80, 24, Some((60, 20)))] {
        let answer: String = (0..120)
            .map(|n| format!("Paragraph p{n:03}q of this answer.\n\n"))
            .collect();
        let rig = Rig::new(vec![sent(
            vec![text(&answer)],
            How {
                chunk: 512,
                gap_ms: 5,
                ..How::default()
            },
        )]);
        let mut terminal = Terminal::start(&rig, &[], cols, rows);
        terminal.wait("/ commands");
        terminal.enter("go");
        if let Some((cols, rows)) = again {
            terminal.wait("p0");
            terminal.resize(cols, rows);
        }
        terminal.wait("p119q");
        terminal.wait(" out · ");
        terminal.send(CTRL_D);
        terminal.end();
        let everything = terminal.everything();
        let found: Vec<usize> = (0..120)
            .map(|n| everything.matches(&format!("p{n:03}q")).count())
            .collect();
        // The emulator itself drops lines when a resize takes rows away.
        if again.is_none() {
            assert!(
                found.iter().all(|n| *n == 1),
                "{cols}x{rows}: {found:?}\n{everything}"
            );
        } else {
            assert!(found.iter().all(|n| *n <= 1), "{found:?}\n{everything}");
        }
        terminal.check_restored();
    }
}

#[test]
fn a_resumed_session_shows_its_history_once() {
    let mut rig = Rig::new(vec![says(vec![text("The old answer.")])]);
    rig.run(&["-p", "the old question"]).ok();
    rig.serve(vec![says(vec![text("The new answer.")])]);
    let id = rig.logs()[0]
        .file_stem()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    let mut terminal = Terminal::start(&rig, &["-r", &id], 80, 24);
    terminal.wait("The old answer.");
    terminal.enter("more");
    terminal.wait("The new answer.");
    terminal.send(CTRL_D);
    terminal.end();
    assert_eq!(
        terminal.everything().matches("> the old question").count(),
        1
    );
    rig.server.check();
}

#[test]
fn a_termination_signal_restores_the_terminal_and_saves() {
    let rig = Rig::new(vec![says(vec![text("An answer.")])]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("go");
    terminal.wait("An answer.");
    terminal.signal("-TERM");
    assert_eq!(terminal.end(), 143);
    terminal.check_restored();
    assert!(
        rig.entries()
            .iter()
            .any(|entry| entry.to_string().contains("An answer."))
    );
}

#[test]
fn commands_are_listed_and_unknown_ones_stay_here() {
    let rig = Rig::new(vec![]);
    let mut terminal = Terminal::start(&rig, &[], 100, 50);
    terminal.wait("/ commands");
    terminal.enter("/frobnicate");
    terminal.wait("no command /frobnicate");
    terminal.enter("/help");
    terminal.wait("help:");
    assert!(terminal.screen().contains("/undo"), "{}", terminal.screen());
    terminal.send(ESCAPE);
    terminal.wait_gone("help:");
    terminal.enter("/s");
    terminal.wait("· safe ·");
    terminal.enter("/quit");
    assert_eq!(terminal.end(), 0);
    assert!(rig.server.requests().is_empty());
}

#[test]
fn a_message_typed_while_tools_run_reaches_the_model_at_the_next_boundary() {
    let rig = Rig::new(vec![
        says(vec![tool("execute_bash", json!({"command": "cat fifo"}))]),
        says(vec![text("Understood.")]),
    ]);
    let fifo = rig.work().join("fifo");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let mut terminal = Terminal::start(&rig, &["--permission-mode", "bypass"], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("go");
    terminal.wait("Running cat fifo");
    terminal.enter("and also this");
    terminal.wait("queued 1");
    std::fs::write(&fifo, "done\n").unwrap();
    terminal.wait("Understood.");
    assert!(rig.server.last_message().contains("and also this"));
    assert_eq!(terminal.everything().matches("> and also this").count(), 1);
    terminal.send(CTRL_D);
    terminal.end();
    rig.server.check();
}

#[test]
fn a_session_is_named_exported_and_found_by_its_name() {
    let mut rig = Rig::new(vec![says(vec![text("An answer.")])]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("a question");
    terminal.wait("An answer.");
    terminal.enter("/rename cart bug");
    terminal.wait("is named");
    terminal.enter("/export out.md");
    terminal.wait("written to out.md");
    terminal.send(CTRL_D);
    terminal.end();
    assert_eq!(
        rig.read("out.md"),
        "# cart bug\n\n> a question\n\nAn answer.\n\n"
    );
    rig.serve(vec![says(vec![text("Here.")])]);
    rig.run(&["-r", "Cart Bug", "-p", "go on"]).ok();
    rig.server.check();
}

#[test]
fn a_model_set_for_it_names_the_session_after_its_first_turn() {
    let rig = Rig::new(vec![
        says(vec![text("An answer.")]),
        says(vec![text("\"Cart rounding bug.\"")]),
        says(vec![text("Another.")]),
    ]);
    let config = "[models]\ntitle = \"anthropic/claude-haiku-5-5\"\n";
    std::fs::create_dir_all(rig.home().join(".sofos")).unwrap();
    std::fs::write(rig.home().join(".sofos/config.toml"), config).unwrap();
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("why is the sum of the cart wrong");
    terminal.wait("An answer.");
    terminal.enter("and now");
    terminal.wait("Another.");
    terminal.send(CTRL_D);
    terminal.end();
    let requests = rig.server.requests();
    assert_eq!(requests.len(), 3, "one name, after the first turn");
    assert_eq!(requests[1]["model"], "claude-haiku-5-5");
    let listed = rig.run(&["sessions", "list"]).ok().stdout.clone();
    assert!(listed.contains("Cart rounding bug"), "{listed}");
    let cost = rig.run(&["cost", "--why"]).ok().stdout.clone();
    assert!(cost.contains("the session's name"), "{cost}");
    rig.server.check();
}
