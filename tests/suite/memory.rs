//! Instruction files: what the model reads of them, and how the user changes them.

use serde_json::json;

use crate::pty::Terminal;
use crate::rig::Rig;
use crate::server::{says, text, tool};

#[test]
fn news_of_instructions_are_appended_and_the_prefix_stays() {
    let mut rig = Rig::new(vec![
        says(vec![tool("read_file", json!({"path": "sub/a.rs"}))]),
        says(vec![tool("read_file", json!({"path": "sub/a.rs"}))]),
        says(vec![text("Read.")]),
    ]);
    rig.file("AGENTS.md", "use tabs; see @docs/more.md");
    rig.file("docs/more.md", "MORE-RULES");
    rig.file("sub/AGENTS.md", "NESTED-RULES");
    rig.file("sub/a.rs", "fn a() {}\n");
    rig.run(&["-p", "read it"]).ok();
    let first = rig.server.requests();
    let system = first[0]["system"].to_string();
    assert!(system.contains("use tabs") && system.contains("MORE-RULES"));
    assert!(!first[0].to_string().contains("NESTED-RULES"));
    assert_eq!(first[2].to_string().matches("NESTED-RULES").count(), 1);
    rig.server.check();

    rig.file("AGENTS.md", "use spaces");
    rig.serve(vec![says(vec![text("Seen.")]), says(vec![text("Gone.")])]);
    rig.run(&["-r", "-p", "and now"]).ok();
    std::fs::remove_file(rig.work().join("AGENTS.md")).unwrap();
    rig.run(&["-r", "-p", "and then"]).ok();
    let later = rig.server.requests();
    assert_eq!(later[0]["system"].to_string(), system);
    let messages = later[0]["messages"].to_string();
    assert_eq!(messages.matches("use spaces").count(), 1, "{messages}");
    assert!(later[1]["messages"].to_string().contains("no longer hold"));
    rig.server.check();
}

#[test]
fn a_line_with_a_hash_is_remembered_where_the_user_says() {
    let rig = Rig::new(vec![
        says(vec![text("Tabs, then.")]),
        says(vec![text("As you say.")]),
    ]);
    rig.file("AGENTS.md", "# Rules\n");
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("# indent with tabs");
    terminal.wait("remember");
    terminal.wait(".sofos/instructions.md");
    terminal.send("\r");
    terminal.wait("added to AGENTS.md");
    assert_eq!(rig.read("AGENTS.md"), "# Rules\n- indent with tabs\n");
    terminal.enter("go on");
    terminal.wait("Tabs, then.");
    assert!(
        rig.server.requests()[0]["system"]
            .to_string()
            .contains("indent with tabs")
    );
    terminal.enter("#12 is the one");
    terminal.wait("send it to the model");
    terminal.send("send it\r");
    terminal.wait("As you say.");
    assert!(rig.server.last_message().contains("#12 is the one"));
    terminal.send("\u{4}");
    assert_eq!(terminal.end(), 0);
    rig.server.check();
}

#[test]
fn the_files_are_listed_and_edited() {
    let rig = Rig::new(vec![]);
    rig.file("AGENTS.md", "use tabs\n");
    rig.file("editor.sh", "#!/bin/sh\necho 'and spaces' >> \"$1\"\n");
    let mut terminal = Terminal::start_with(&rig, &[], 80, 24, &[("EDITOR", "sh editor.sh")]);
    terminal.wait("/ commands");
    terminal.enter("/memory");
    terminal.wait("tokens");
    terminal.wait("not there yet");
    terminal.send("\r");
    crate::rig::until("the edited file", || {
        rig.read("AGENTS.md").contains("and spaces").then_some(())
    });
    terminal.wait("> ");
    terminal.send("\u{4}");
    assert_eq!(terminal.end(), 0);
    terminal.check_restored();
}
