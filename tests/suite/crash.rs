//! Killed at any moment, resumed with a valid request.

#![cfg(unix)]

use std::time::Duration;

use serde_json::json;

use crate::pty::Terminal;
use crate::rig::Rig;
use crate::server::{Event, How, Reply, says, sent, text, thinking, tool};

/// A turn of several rounds with reading, writing and commands in it.
fn rounds(how: How) -> Vec<Reply> {
    vec![
        sent(
            vec![
                thinking("look"),
                text("Looking."),
                tool("read_file", json!({"path": "a"})),
                tool("list_directory", json!({"path": "."})),
            ],
            how,
        ),
        sent(
            vec![
                tool("write_file", json!({"path": "b", "content": "bee\n"})),
                tool(
                    "edit_file",
                    json!({"path": "a", "old_string": "one", "new_string": "two"}),
                ),
            ],
            how,
        ),
        sent(
            vec![tool(
                "execute_bash",
                json!({"command": "cat a b; sleep 0.05"}),
            )],
            how,
        ),
        sent(vec![text("All done.")], how),
    ]
}

/// Resumes a killed session and checks that nothing was lost and all is valid.
fn resume(rig: &mut Rig, moment: &str) {
    let mut logs = rig.logs();
    // Killed before the first write: an empty file is no session.
    logs.retain(|log| std::fs::metadata(log).unwrap().len() > 0);
    let started = logs
        .iter()
        .any(|log| std::fs::read_to_string(log).unwrap().contains("do it all"));
    rig.serve(vec![says(vec![text("resumed")])]);
    let ran = rig.run(&["-r", "-p", "go on"]);
    if logs.is_empty() {
        assert_eq!(ran.code, 1, "{moment}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("no session"),
            "{moment}: {}",
            ran.stderr
        );
        return;
    }
    assert_eq!(ran.code, 0, "{moment}: {}", ran.stderr);
    rig.server.check();
    let messages = rig.server.requests()[0]["messages"].to_string();
    assert_eq!(
        messages.contains("do it all"),
        started,
        "{moment}: {messages}"
    );
    // A file is whole or not there.
    if let Ok(b) = std::fs::read_to_string(rig.work().join("b")) {
        assert_eq!(b, "bee\n", "{moment}");
    }
    assert!(
        ["one\n", "two\n"].contains(&rig.read("a").as_str()),
        "{moment}"
    );
}

#[test]
fn killed_at_every_request_and_answer() {
    for round in 0..4 {
        for event in [Event::Request(round), Event::Answered(round)] {
            let mut rig = Rig::new(rounds(How::default()));
            rig.file("a", "one\n");
            let mut child = rig.spawn(&["-p", "do it all", "--permission-mode", "bypass"]);
            rig.server.wait(event);
            child.kill().unwrap();
            child.wait().unwrap();
            resume(&mut rig, &format!("{event:?}"));
        }
    }
}

#[test]
fn killed_inside_a_stream() {
    for hold_after in [200, 600, 900, 1400, 1700] {
        let mut replies = rounds(How::default());
        let hold = How {
            hold_after: Some(hold_after),
            ..How::default()
        };
        replies[1] = rounds(hold).swap_remove(1);
        let mut rig = Rig::new(replies);
        rig.file("a", "one\n");
        let mut child = rig.spawn(&["-p", "do it all", "--permission-mode", "bypass"]);
        rig.server.wait(Event::Answered(1));
        child.kill().unwrap();
        child.wait().unwrap();
        resume(&mut rig, &format!("after {hold_after} bytes"));
    }
}

#[test]
fn killed_at_moments_spread_over_the_whole_run() {
    for step in 0..24 {
        let mut rig = Rig::new(rounds(How {
            chunk: 64,
            ..How::default()
        }));
        rig.file("a", "one\n");
        let mut child = rig.spawn(&["-p", "do it all", "--permission-mode", "bypass"]);
        // The moment need not be exact: whatever it hits has to be survivable.
        std::thread::sleep(Duration::from_millis(step * 6));
        child.kill().unwrap();
        child.wait().unwrap();
        resume(&mut rig, &format!("{} ms", step * 6));
    }
}

#[test]
fn killed_while_a_question_waits() {
    let mut rig = Rig::new(vec![says(vec![
        tool("read_file", json!({"path": "a"})),
        tool("delete_file", json!({"path": "a"})),
    ])]);
    rig.file("a", "one\n");
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("do it all");
    terminal.wait("y once");
    terminal.signal("-KILL");
    terminal.end();
    assert_eq!(rig.read("a"), "one\n");
    resume(&mut rig, "a question");
}
