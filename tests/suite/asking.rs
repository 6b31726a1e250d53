//! The model asks the user, and puts a plan before them.

use serde_json::json;

use crate::pty::Terminal;
use crate::rig::Rig;
use crate::server::{says, text, tool};

#[test]
fn a_question_is_answered_by_number_or_in_own_words() {
    let asks = |question: &str| {
        says(vec![tool(
            "ask_user",
            json!({"question": question, "choices": ["Postgres", "SQLite"]}),
        )])
    };
    let rig = Rig::new(vec![
        asks("Which database?"),
        asks("Which version?"),
        says(vec![text("Then so.")]),
    ]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("set up storage");
    terminal.wait("Which database?");
    terminal.wait("2 SQLite");
    terminal.answer("2");
    terminal.wait("Which version?");
    terminal.answer("a");
    terminal.wait("answer:");
    terminal.enter("the newest one");
    terminal.wait("Then so.");
    let requests = rig.server.requests();
    assert!(requests[1].to_string().contains("The user says: SQLite"));
    assert!(
        requests[2]
            .to_string()
            .contains("The user says: the newest one")
    );
    terminal.send("\u{4}");
    assert_eq!(terminal.end(), 0);
    terminal.check_restored();
    rig.server.check();
}

#[test]
fn nothing_changes_before_the_plan_is_approved() {
    let plan = |words: &str| says(vec![tool("exit_plan_mode", json!({"plan": words}))]);
    let write = || {
        says(vec![tool(
            "write_file",
            json!({"path": "a", "content": "x\n"}),
        )])
    };
    let rig = Rig::new(vec![
        says(vec![tool("enter_plan_mode", json!({}))]),
        write(),
        plan("# Paint it\n\n1. paint it red"),
        plan("# Paint it\n\n1. paint it blue"),
        write(),
        says(vec![text("Painted.")]),
    ]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("paint it");
    terminal.wait("paint it red");
    terminal.wait("Carry out this plan?");
    assert!(
        terminal.screen().contains(" · plan · "),
        "{}",
        terminal.screen()
    );
    assert!(!rig.work().join("a").exists());
    terminal.answer("n");
    terminal.wait("no:");
    terminal.enter("in blue");
    terminal.wait("paint it blue");
    terminal.answer("y");
    terminal.wait("Painted.");
    terminal.wait(" · normal · ");
    assert_eq!(rig.read("a"), "x\n");
    // What was approved stays in sight.
    let everything = terminal.everything();
    assert!(
        everything.contains("Propose a plan · approved"),
        "{everything}"
    );
    assert!(everything.contains("│ 1. paint it blue"), "{everything}");
    let requests = rig.server.requests();
    assert!(requests[2].to_string().contains("plan mode only reads"));
    assert!(
        requests[3]
            .to_string()
            .contains("wants another plan: in blue")
    );
    assert!(
        requests[4]
            .to_string()
            .contains("The user approves the plan")
    );
    terminal.send("\u{4}");
    assert_eq!(terminal.end(), 0);
    rig.server.check();
}

#[test]
fn plan_mode_is_announced_and_nobody_is_asked_in_a_run_without_a_person() {
    let rig = Rig::new(vec![
        says(vec![tool("ask_user", json!({"question": "Which one?"}))]),
        says(vec![tool("exit_plan_mode", json!({"plan": "do it"}))]),
        says(vec![text("The plan: do it.")]),
    ]);
    rig.run(&["--permission-mode", "plan", "-p", "plan it"])
        .ok();
    let requests = rig.server.requests();
    assert!(requests[0].to_string().contains("Plan mode is on"));
    assert!(requests[1].to_string().contains("nobody can be asked"));
    assert!(
        requests[2]
            .to_string()
            .contains("give the plan as your answer")
    );
    rig.server.check();
}
