//! What is told above the prompt and asked over it in rarer moments, as it stands on the
//! screen: what the doctor finds, servers, a draft from before, obstacles of an undo.

#![cfg(unix)]

use serde_json::json;

use crate::panels::{leave, opened, settings, shown};
use crate::pty::Terminal;
use crate::rig::{Rig, until};
use crate::server::{says, text, tool};

/// Without the sizes of requests, which every tool changes.
fn without_sizes(said: &str) -> String {
    let rows = said.lines();
    let rows = rows.filter(|row| !row.contains("overhead") && !row.contains("gemini"));
    rows.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_the_doctor_finds() {
    let rig = Rig::new(vec![]);
    let mut terminal = Terminal::start(&rig, &["--no-sandbox"], 80, 40);
    terminal.wait("esc stop");
    let said = opened(&mut terminal, &rig, "/doctor", "key ");
    insta::assert_snapshot!(without_sizes(&said), @r"
    key               ANTHROPIC_API_KEY ends in …6789
    model             claude-sonnet-5-5
    mode              default
    sandbox           off by setting: commands run with your rights after the
                      permission check
    scrollback        linefeed: the terminal is not known
    sessions          0
    >
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    leave(terminal, &rig);
}

#[test]
fn servers_in_a_list() {
    let mut all = Vec::new();
    for (cols, rows, wanted) in [(80, 24, "idle"), (40, 14, "idle"), (20, 6, "reached by")] {
        let rig = Rig::new(vec![]);
        settings(
            &rig,
            "[mcp-servers.notes]\ncommand = \"notes-server\"\nargs = [\"--root\", \"docs\"]\n",
        );
        let mut terminal = Terminal::start(&rig, &["--no-sandbox"], cols, rows);
        terminal.wait("· ctx ");
        all.push(opened(&mut terminal, &rig, "/mcp list", wanted));
        leave(terminal, &rig);
    }
    insta::assert_snapshot!(all.join("\n====\n"), @r"
    notes   idle   notes-server --root docs
    >
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ====
    notes   idle   notes-server --root docs
    >
      sonnet-5.5 · normal · ctx 0%
    ====
    reached by:
      notes-server
      --root docs
    >
    s · normal · ctx 0%
    ");
}

#[test]
fn a_draft_from_before() {
    let mut all = Vec::new();
    for (cols, rows) in [(80, 24), (40, 14), (20, 6)] {
        let rig = Rig::new(vec![]);
        let mut terminal = Terminal::start(&rig, &["--no-sandbox"], cols, rows);
        terminal.wait("· ctx ");
        terminal.send("half a message");
        until("the draft", || {
            let history = rig.home().join(".sofos/history");
            let dirs = std::fs::read_dir(history).ok()?.flatten();
            dirs.flat_map(|dir| std::fs::read_dir(dir.path()).unwrap().flatten())
                .any(|file| {
                    let text = std::fs::read_to_string(file.path());
                    text.is_ok_and(|text| text.contains("half a message"))
                })
                .then_some(())
        });
        terminal.child.kill().unwrap();
        terminal.end();
        let mut terminal = Terminal::start(&rig, &["--no-sandbox"], cols, rows);
        terminal.wait("> half a message");
        all.push(shown(&terminal, &rig, "time is back in"));
        terminal.send("\u{3}");
        terminal.wait_gone("> half");
        leave(terminal, &rig);
    }
    insta::assert_snapshot!(all.join("\n====\n"), @r"
      the message that was not sent last time is back in the prompt
    > half a message
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ====
      time is back in the prompt
    > half a message
      sonnet-5.5 · normal · ctx 0%
    ====
      time is back in
      the prompt
    > half a message
    s · normal · ctx 0%
    ");
}

#[test]
fn obstacles_of_an_undo() {
    let mut all = Vec::new();
    for (cols, rows) in [(80, 24), (40, 14), (20, 6)] {
        let rig = Rig::new(vec![
            says(vec![
                tool("write_file", json!({"path": "a", "content": "two\n"})),
                tool("write_file", json!({"path": "b", "content": "bee\n"})),
            ]),
            says(vec![text("Both done.")]),
        ]);
        rig.file("a", "one\n");
        let args = ["--no-sandbox", "--permission-mode", "accept-edits"];
        let mut terminal = Terminal::start(&rig, &args, cols, rows);
        terminal.wait("· ctx ");
        terminal.enter("go");
        terminal.wait("40 out");
        rig.file("b", "mine\n");
        all.push(opened(&mut terminal, &rig, "/undo", "files in"));
        terminal.send("\u{1b}");
        terminal.wait_gone("overwr");
        assert_eq!(rig.read("b"), "mine\n");
        leave(terminal, &rig);
    }
    insta::assert_snapshot!(all.join("\n====\n"), @r"
    files in the way:
      leave these as they are  no other files are restored
      overwrite it too         what they hold now is kept: /undo brings it back
    enter do it   type to filter   esc leave
      sonnet-5.5 · accept edits · ctx 0% · 90% cached · $0.000 · no sandbox
    ====
    files in the way:
      leave these as t…  no other files ar…
      overwrite it too   what they hold no…
    enter do it   esc leave
      sonnet-5.5 · accept edits · ctx 0%
    ====
    files in…
      leave these as t…
      overwrite it too
    esc leave
    s · edits · ctx 0%
    ");
}
