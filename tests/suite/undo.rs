//! Taking back what the model did, as a person uses it.

#![cfg(unix)]

use serde_json::json;

use crate::pty::Terminal;
use crate::rig::Rig;
use crate::server::{says, text, tool};

#[test]
fn undo_and_redo_walk_through_the_edits() {
    let rig = Rig::new(vec![
        says(vec![
            tool(
                "edit_file",
                json!({"path": "a", "old_string": "one", "new_string": "two"}),
            ),
            tool("write_file", json!({"path": "new/b", "content": "bee\n"})),
        ]),
        says(vec![text("Both done.")]),
        says(vec![text("I see.")]),
    ]);
    rig.file("a", "one\n");
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("go");
    terminal.wait("Both done.");
    terminal.enter("/undo");
    terminal.wait("2 files restored");
    assert!(!rig.work().join("new").exists());
    assert_eq!(rig.read("a"), "two\n");
    rig.file("a", "mine\n");
    terminal.enter("/undo");
    terminal.wait("a (changed since)");
    assert_eq!(rig.read("a"), "mine\n");
    terminal.enter("/undo all");
    terminal.wait("1 file restored");
    assert_eq!(rig.read("a"), "one\n");
    terminal.enter("/redo");
    terminal.wait("did again");
    assert_eq!(rig.read("a"), "mine\n");
    terminal.enter("well?");
    terminal.wait("I see.");
    let request = rig.server.requests().pop().unwrap().to_string();
    assert!(request.contains("Restored: new, new/b."), "{request}");
    terminal.send("\u{4}");
    assert_eq!(terminal.end(), 0);
    rig.server.check();
}
