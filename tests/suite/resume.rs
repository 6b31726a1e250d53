//! Sessions are saved, found and gone on with.

use serde_json::json;

use crate::rig::Rig;
use crate::server::{Event, How, says, sent, text, thinking, tool};

#[test]
fn a_session_is_resumed_by_id_prefix_or_name_and_signatures_are_replayed() {
    let mut rig = Rig::new(vec![
        says(vec![
            thinking("hm"),
            text("Reading."),
            tool("read_file", json!({"path": "a"})),
        ]),
        says(vec![thinking("so"), text("It is fine.")]),
    ]);
    rig.file("a", "x\n");
    rig.run(&["-p", "look at the cart"]).ok();
    let first = rig.server.requests().pop().unwrap();
    let id = rig.logs()[0]
        .file_stem()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    for wanted in [id.as_str(), &id[..15], "Look at the cart"] {
        rig.serve(vec![says(vec![text("yes")])]);
        rig.run(&["-r", wanted, "-p", "sure"]).ok();
        rig.server.check();
        let request = rig.server.requests().pop().unwrap();
        assert_eq!(request["system"], first["system"]);
        let messages = request["messages"].to_string();
        assert!(
            messages.contains("c2ln0x0") && messages.contains("c2ln1x0"),
            "{messages}"
        );
    }
    rig.serve(vec![]);
    let none = rig.run(&["-r", "nothing-like-it", "-p", "x"]);
    assert_eq!(none.code, 1);
    assert!(
        none.stderr.contains("no session matches"),
        "{}",
        none.stderr
    );
}

#[test]
fn the_system_prompt_of_a_session_survives_changes_of_its_files() {
    let mut rig = Rig::new(vec![says(vec![text("one")])]);
    rig.file("AGENTS.md", "Old rules.");
    rig.run(&["-p", "go"]).ok();
    rig.file("AGENTS.md", "New rules.");
    rig.serve(vec![says(vec![text("two")])]);
    rig.run(&["-r", "-p", "on"]).ok();
    let system = rig.server.requests()[0]["system"].to_string();
    assert!(
        system.contains("Old rules.") && !system.contains("New rules."),
        "{system}"
    );
}

#[test]
fn reasoning_bound_to_another_set_of_tools_is_left_out() {
    let mut rig = Rig::new(vec![says(vec![thinking("hm"), text("one")])]);
    rig.run(&["-p", "go"]).ok();
    rig.serve(vec![says(vec![text("two")])]);
    rig.run(&["-r", "-s", "-p", "on"]).ok();
    let messages = rig.server.requests()[0]["messages"].to_string();
    assert!(
        messages.contains("\"one\"") && !messages.contains("c2ln"),
        "{messages}"
    );
    rig.server.check();
}

#[test]
fn two_processes_cannot_write_one_session() {
    let rig = Rig::new(vec![sent(
        vec![text(&"slow ".repeat(50))],
        How {
            hold_after: Some(300),
            ..How::default()
        },
    )]);
    let mut child = rig.spawn(&["-p", "go"]);
    rig.server.wait(Event::Answered(0));
    let second = rig.run(&["-r", "-p", "me too"]);
    assert_eq!(second.code, 1);
    assert!(
        second.stderr.contains("open in another sofos"),
        "{}",
        second.stderr
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn damage_in_a_log_is_reported_and_the_rest_goes_on() {
    let mut rig = Rig::new(vec![
        says(vec![tool("read_file", json!({"path": "a"}))]),
        says(vec![text("one")]),
    ]);
    rig.file("a", "x\n");
    rig.run(&["-p", "go"]).ok();
    let log = rig.logs().remove(0);
    let text_before = std::fs::read_to_string(&log).unwrap();
    let mut lines: Vec<String> = text_before.lines().map(Into::into).collect();
    let at = lines
        .iter()
        .position(|line| line.contains("tool_result"))
        .unwrap();
    lines[at] = lines[at][..20].to_string();
    std::fs::write(&log, lines.join("\n") + "\n").unwrap();
    rig.serve(vec![says(vec![text("two")])]);
    let ran = rig.run(&["-r", "-p", "on"]);
    assert_eq!(ran.ok().stdout, "two\n");
    assert!(
        ran.stderr.contains(&format!("damaged line {}", at + 1)),
        "{}",
        ran.stderr
    );
    rig.server.check();
}

#[test]
fn the_repository_never_sees_sofos_files() {
    let rig = Rig::new(vec![says(vec![text("one")])]);
    rig.run(&["-p", "go"]).ok();
    assert_eq!(rig.read(".sofos/.gitignore"), "*\n");
}
