//! The saved conversations, from the command line.

#![cfg(unix)]

use serde_json::{Value, json};

use crate::pty::Terminal;
use crate::rig::Rig;
use crate::server::{says, text};

fn ids(rig: &Rig) -> Vec<String> {
    let listed = rig.run(&["sessions", "list", "--json"]);
    let rows: Vec<Value> = serde_json::from_str(&listed.ok().stdout).unwrap();
    rows.iter()
        .map(|row| row["id"].as_str().unwrap().to_string())
        .collect()
}

#[test]
fn a_session_is_listed_shown_exported_and_deleted() {
    let rig = Rig::new(vec![
        says(vec![text("Hello there.")]),
        says(vec![text("Again.")]),
    ]);
    rig.run(&["--session", "greetings", "-p", "say hello"]).ok();
    rig.run(&["--session", "Greetings", "-p", "and again"]).ok();
    let listed = rig.run(&["sessions", "list", "--json"]);
    let rows: Vec<Value> = serde_json::from_str(&listed.ok().stdout).unwrap();
    assert_eq!(rows.len(), 1, "the name goes on with the same session");
    assert_eq!(rows[0]["title"], "greetings");
    assert_eq!(rows[0]["first"], "say hello");
    assert!(rows[0]["messages"].as_u64().unwrap() >= 4, "{}", rows[0]);
    assert!(
        rig.run(&["sessions", "list"])
            .ok()
            .stdout
            .contains("greetings")
    );
    let shown = rig.run(&["sessions", "show", "greetings"]);
    assert!(
        shown.ok().stdout.contains("> say hello\n\nHello there."),
        "{}",
        shown.stdout
    );
    for name in ["out.html", "out.json"] {
        rig.run(&["sessions", "export", "greetings", name]).ok();
        assert!(rig.read(name).contains("Hello there."));
    }
    let again = rig.run(&["sessions", "export", "greetings", "out.html"]);
    assert_eq!(
        (again.code, again.stderr.contains("exists already")),
        (2, true)
    );
    let wrong = rig.run(&["sessions", "export", "greetings", "out.pdf"]);
    assert!(wrong.stderr.contains(".html"), "{}", wrong.stderr);
    let unasked = rig.run(&["sessions", "delete", "greetings"]);
    assert!(unasked.stderr.contains("--yes"), "{}", unasked.stderr);
    let kept = rig.run(&["sessions", "prune", "--json"]);
    assert_eq!(kept.ok().stdout.trim(), r#"{"deleted":[],"kept":{}}"#);
    let id = ids(&rig).remove(0);
    let gone = rig.run(&["sessions", "delete", &id[..12], "--yes", "--json"]);
    assert!(gone.ok().stdout.contains(&id));
    assert!(ids(&rig).is_empty());
    rig.server.check();
}

#[test]
fn who_comes_second_is_told_and_may_take_a_copy() {
    let rig = Rig::new(vec![
        says(vec![text("First.")]),
        says(vec![text("Second.")]),
    ]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("one");
    terminal.wait("First.");
    let id = ids(&rig).remove(0);
    let busy = rig.run(&["-r", &id, "-p", "two"]);
    assert_eq!(busy.code, 1);
    assert!(
        busy.stderr.contains("open in another sofos"),
        "{}",
        busy.stderr
    );
    assert!(
        busy.stderr.contains(&format!("--fork {id}")),
        "{}",
        busy.stderr
    );
    let delete = rig.run(&["sessions", "delete", &id, "--yes"]);
    assert_eq!(delete.code, 1);
    let copy = rig.run(&["--fork", &id, "-p", "two"]);
    assert_eq!(copy.ok().stdout.trim(), "Second.");
    let request = rig.server.requests().pop().unwrap().to_string();
    assert!(request.contains("First."), "{request}");
    assert_eq!(ids(&rig).len(), 2);
    terminal.enter("/fork");
    terminal.wait("First.");
    terminal.send("\u{4}");
    assert_eq!(terminal.end(), 0);
    assert_eq!(ids(&rig).len(), 3);
    rig.server.check();
}

#[test]
fn a_conversation_of_another_program_goes_on_here() {
    let rig = Rig::new(vec![says(vec![text("I go on.")])]);
    let work = std::fs::canonicalize(rig.work()).unwrap();
    let line = |rest: &str| {
        format!(
            r#"{{"cwd":{},"timestamp":"2026-03-01T10:00:00Z",{rest}}}"#,
            json!(work)
        )
    };
    let lines = [
        line(
            r#""type":"user","uuid":"a","parentUuid":null,"message":{"role":"user","content":"mend the CART"}"#,
        ),
        line(
            r#""type":"assistant","uuid":"b","parentUuid":"a","message":{"role":"assistant","model":"claude-x","content":[{"type":"thinking","thinking":"hm","signature":"zz"},{"type":"tool_use","id":"toolu_1","name":"Bash","input":{"command":"ls"}}]}"#,
        ),
        line(
            r#""type":"user","uuid":"c","parentUuid":"b","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"cart.rs"}]}"#,
        ),
        line(
            r#""type":"assistant","uuid":"d","parentUuid":"c","message":{"role":"assistant","model":"claude-x","content":[{"type":"text","text":"Seen."}]}"#,
        ),
    ];
    let dir = rig.home().join(".claude/projects/-x");
    std::fs::create_dir_all(&dir).unwrap();
    let source = dir.join("abcd-1.jsonl");
    std::fs::write(&source, lines.join("\n")).unwrap();
    let list = rig.run(&["import", "claude"]);
    assert!(
        list.stdout.contains("abcd-1") && list.stdout.contains("3 messages, 1 call, 1 result"),
        "{}",
        list.stdout
    );
    assert!(rig.logs().is_empty());
    rig.run(&["import", "claude", "abcd"]).ok();
    let again = rig.run(&["import", "claude", "--all"]);
    assert!(
        again.stdout.contains("taken over before"),
        "{}",
        again.stdout
    );
    assert_eq!(std::fs::read_to_string(&source).unwrap(), lines.join("\n"));
    let ran = rig.run(&["-r", "-p", "go on"]);
    assert_eq!(ran.stdout, "I go on.\n", "{}", ran.stderr);
    let request = rig.server.requests()[0].to_string();
    for part in ["mend the CART", "cart.rs", "Seen.", "\"Bash\""] {
        assert!(request.contains(part), "{part}: {request}");
    }
    rig.server.check();
    let none = rig.run(&["import", "codex"]);
    assert!(
        none.stdout.contains("no conversation of codex"),
        "{}",
        none.stdout
    );
    let wrong = rig.run(&["import", "codex", source.to_str().unwrap()]);
    assert!(
        wrong.code != 0 && wrong.stderr.contains("no conversation of codex"),
        "{}",
        wrong.stderr
    );
}
