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
    terminal.wait("overwrite it too");
    assert_eq!(rig.read("a"), "mine\n");
    terminal.send("\u{1b}[B\r");
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

#[test]
fn what_a_command_changed_is_taken_back_and_git_is_left_alone() {
    let line = "sed -i s/one/two/ a && rm b && mkdir -p c/d && echo new > c/d/e && chmod 755 a";
    let rig = Rig::new(vec![
        says(vec![tool("execute_bash", json!({"command": line}))]),
        says(vec![text("All done.")]),
        says(vec![text("And again.")]),
    ]);
    rig.file("a", "one\n");
    rig.file("b", "bee\n");
    let git = |line: &str| {
        let done = std::process::Command::new("sh")
            .args(["-c", line])
            .current_dir(rig.work())
            .output()
            .unwrap();
        assert!(done.status.success(), "{line}");
        done.stdout
    };
    git("git init -q && git add -A && \
         git -c user.name=a -c user.email=a@b commit -qm first && sleep 0.05 && git status");
    // Untracked: only sofos has it.
    rig.file("c.txt", "mine\n");
    let mut terminal = Terminal::start(&rig, &["--permission-mode", "bypass"], 100, 24);
    terminal.wait("/ commands");
    terminal.enter("go");
    terminal.wait("All done.");
    let data = crate::rig::tree(&rig.work().join(".git"));
    assert_eq!(rig.read("a"), "two\n");
    terminal.enter("/rewind");
    terminal.wait("5 files changed since");
    terminal.send("\r");
    terminal.wait("files and conversation");
    terminal.send("\r");
    terminal.wait("5 files restored");
    assert_eq!([rig.read("a"), rig.read("b")], ["one\n", "bee\n"]);
    assert!(!rig.work().join("c").exists());
    let mode = std::fs::metadata(rig.work().join("a"))
        .unwrap()
        .permissions();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777,
        0o644
    );
    terminal.enter("another road");
    terminal.wait("And again.");
    let request = rig.server.requests().pop().unwrap().to_string();
    assert!(!request.contains("All done."), "{request}");
    terminal.enter("/undo");
    terminal.wait("5 files restored");
    assert_eq!(rig.read("a"), "two\n");
    assert_eq!(data, crate::rig::tree(&rig.work().join(".git")));
    terminal.send("\u{4}");
    assert_eq!(terminal.end(), 0);
    rig.server.check();
}
