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
    // The message is back in the prompt.
    terminal.send(" elsewhere");
    terminal.wait("bypass> go elsewhere");
    terminal.send("\u{15}");
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

#[test]
fn what_a_background_command_changed_is_taken_back() {
    let line = "read x; echo late > made; rm gone; echo x >> a";
    let background = json!({"command": line, "run_in_background": true});
    let rig = Rig::new(vec![
        says(vec![tool("execute_bash", background)]),
        says(vec![tool(
            "write_file",
            json!({"path": "b", "content": "bee\n"}),
        )]),
        says(vec![tool(
            "bash_job",
            json!({"job": 1, "input": "\n", "wait_seconds": 60}),
        )]),
        says(vec![text("It ended.")]),
    ]);
    rig.file("a", "one\n");
    rig.file("gone", "here\n");
    let mut terminal = Terminal::start(&rig, &["--permission-mode", "bypass"], 100, 24);
    terminal.wait("/ commands");
    terminal.enter("start it");
    terminal.wait("It ended.");
    assert_eq!(rig.read("made"), "late\n");
    terminal.enter("/undo");
    terminal.wait("3 files restored");
    assert!(!rig.work().join("made").exists());
    assert_eq!([rig.read("a"), rig.read("gone")], ["one\n", "here\n"]);
    terminal.enter("/undo");
    terminal.wait("1 file restored");
    assert!(!rig.work().join("b").exists());
    terminal.send("\u{4}");
    assert_eq!(terminal.end(), 0);
    rig.server.check();
}

#[test]
fn changes_are_taken_back_from_the_command_line() {
    let edit = |old: &str, new: &str| {
        let args = json!({"path": "a", "old_string": old, "new_string": new});
        says(vec![tool("edit_file", args)])
    };
    let rig = Rig::new(vec![
        edit("one", "two"),
        edit("two", "three"),
        says(vec![text("Done.")]),
    ]);
    rig.file("a", "one\n");
    rig.run(&["-p", "go", "--permission-mode", "accept-edits"])
        .ok();
    let said = |args: &[&str]| {
        let done = rig.run(args);
        (done.code == 0, format!("{}{}", done.stdout, done.stderr))
    };
    let (_, listed) = said(&["undo", "--list"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(listed.contains("1  Edit a  (a)"), "{listed}");
    assert!(said(&["undo"]).0);
    assert_eq!(rig.read("a"), "two\n");
    assert!(said(&["undo", "--redo"]).0);
    assert_eq!(rig.read("a"), "three\n");
    rig.file("a", "mine\n");
    let (fine, words) = said(&["undo", "2"]);
    assert!(!fine && words.contains("a (changed since)"), "{words}");
    assert_eq!(rig.read("a"), "mine\n");
    assert!(said(&["undo", "--all", "2"]).0);
    assert_eq!(rig.read("a"), "one\n");
}
