//! The prompt, as a person uses it.

#![cfg(unix)]

use crate::attach::PNG;
use crate::pty::Terminal;
use crate::rig::{Rig, until};
use crate::server::{says, text};

const CTRL_D: &str = "\u{4}";
const UP: &str = "\u{1b}[A";

fn leave(mut terminal: Terminal) {
    terminal.send(CTRL_D);
    assert_eq!(terminal.end(), 0);
    terminal.check_restored();
}

/// The files kept for the workspace whose names start so.
fn kept(rig: &Rig, start: &str) -> Vec<std::path::PathBuf> {
    let Ok(dirs) = std::fs::read_dir(rig.home().join(".sofos/history")) else {
        return Vec::new();
    };
    dirs.flatten()
        .flat_map(|dir| std::fs::read_dir(dir.path()).unwrap().flatten())
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with(start)
        })
        .collect()
}

#[test]
fn messages_of_an_earlier_run_come_back_with_up_and_by_search() {
    let mut rig = Rig::new(vec![
        says(vec![text("First.")]),
        says(vec![text("Second.")]),
    ]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("mend the cart");
    terminal.wait("First.");
    terminal.enter("write the changelog");
    terminal.wait("Second.");
    leave(terminal);
    rig.serve(vec![says(vec![text("Third.")])]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    until("the messages", || {
        (!kept(&rig, "messages").is_empty()).then_some(())
    });
    terminal.send("draft");
    terminal.wait("> draft");
    terminal.send(UP);
    terminal.wait("> write the changelog");
    terminal.send("\u{1b}[B");
    terminal.wait("> draft");
    terminal.send("\u{15}\u{12}");
    terminal.wait("search messages:");
    terminal.send("cart");
    terminal.wait_gone("changelog");
    terminal.send("\r");
    terminal.wait("> mend the cart");
    terminal.send("\r");
    terminal.wait("Third.");
    assert!(rig.server.last_message().contains("mend the cart"));
    leave(terminal);
    rig.server.check();
}

#[test]
fn a_file_is_completed_with_its_path_quoted() {
    let rig = Rig::new(vec![says(vec![text("Seen.")])]);
    rig.file("src/my cart.rs", "fn main() {}\n");
    rig.file("src/other.rs", "fn main() {}\n");
    rig.file(".gitignore", "target/\n");
    rig.file("target/my cart.rs", "no\n");
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.send("see @cart");
    terminal.wait("  src/my cart.rs");
    assert!(
        !terminal.screen().contains("target/"),
        "{}",
        terminal.screen()
    );
    terminal.send("\t");
    terminal.wait("> see @\"src/my cart.rs\"");
    terminal.send("\r");
    terminal.wait("Seen.");
    assert!(rig.server.last_message().contains("see @"));
    leave(terminal);
    rig.server.check();
}

#[test]
fn an_editor_takes_the_terminal_and_gives_it_back() {
    let rig = Rig::new(vec![says(vec![text("Read.")])]);
    let editor = rig.home().join("editor");
    // Waits for a key of its own: the program must not take it away.
    let script = "printf 'EDITING %s' \"$(cat \"$1\")\" >/dev/tty\nread line </dev/tty\n\
                  printf ' and %s\\n' \"$line\" >>\"$1\"\n";
    std::fs::write(&editor, script).unwrap();
    let command = format!("sh {}", editor.display());
    let mut terminal = Terminal::start_with(&rig, &[], 80, 24, &[("EDITOR", &command)]);
    terminal.wait("/ commands");
    terminal.send("first");
    terminal.wait("> first");
    terminal.send("\u{7}");
    terminal.wait("EDITING first");
    terminal.send("more\r");
    terminal.wait("> first and more");
    assert!(kept(&rig, "message-").is_empty());
    terminal.send("\r");
    terminal.wait("Read.");
    assert!(rig.server.last_message().contains("first and more"));
    leave(terminal);
    rig.server.check();
}

#[test]
fn a_half_typed_message_outlives_a_crash() {
    let rig = Rig::new(vec![]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.send("half a message");
    until("the draft", || {
        let drafts = kept(&rig, "draft-");
        drafts
            .iter()
            .any(|path| {
                std::fs::read_to_string(path).is_ok_and(|text| text.contains("half a message"))
            })
            .then_some(())
    });
    terminal.child.kill().unwrap();
    terminal.end();
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("> half a message");
    terminal.wait("is back in the prompt");
    terminal.send("\u{3}");
    terminal.wait_gone("> half");
    leave(terminal);
    assert!(kept(&rig, "draft-").is_empty());
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.send("x");
    terminal.wait("> x");
    terminal.send("\u{3}");
    leave(terminal);
}

#[test]
fn vim_and_keys_of_the_settings() {
    let rig = Rig::new(vec![]);
    let settings = rig.home().join(".sofos/config.toml");
    std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
    std::fs::write(&settings, "# mine\n[keys]\n\"/status\" = \"f5\"\n").unwrap();
    let mut terminal = Terminal::start(&rig, &[], 100, 40);
    terminal.wait("/ commands");
    terminal.enter("/vim");
    terminal.wait("-- insert --");
    terminal.send("abc\u{1b}");
    terminal.wait("-- normal --");
    terminal.send("\u{1b}[15~");
    terminal.wait("context");
    terminal.send("dd");
    terminal.wait_gone("> abc");
    leave(terminal);
    let text = std::fs::read_to_string(&settings).unwrap();
    assert!(
        text.starts_with("# mine\n") && text.contains("vim = true"),
        "{text}"
    );
    std::fs::write(&settings, "[keys]\nsned = \"f5\"\n").unwrap();
    let mut terminal = Terminal::start(&rig, &[], 100, 40);
    terminal.wait("config.toml:2: no action \"sned\"");
    assert_eq!(terminal.end(), 2);
}

#[test]
fn an_image_dragged_into_the_window_goes_with_the_message() {
    let rig = Rig::new(vec![says(vec![text("Both red.")])]);
    rig.file("one two.png", PNG);
    rig.file("three.png", PNG);
    let mut terminal = Terminal::start(&rig, &[], 200, 24);
    terminal.wait("/ commands");
    // Terminals quote what is dragged in, or escape its blanks.
    let dir = rig.work().display().to_string();
    terminal.send(&format!("\u{1b}[200~'{dir}/one two.png'\u{1b}[201~"));
    terminal.wait("one two.png'");
    terminal.send(" or ");
    terminal.send(&format!("\u{1b}[200~{dir}/three.png\u{1b}[201~"));
    terminal.wait("three.png");
    terminal.send(" ?");
    terminal.wait("three.png ?");
    terminal.enter("");
    terminal.wait("Both red.");
    let everything = terminal.everything();
    for name in ["one two.png", "three.png"] {
        let said = format!("attached {dir}/{name} (image/png, 2×1)");
        assert!(everything.contains(&said), "{said}\n{everything}");
    }
    assert_eq!(rig.server.last_message().matches("image/png").count(), 2);
    leave(terminal);
    rig.server.check();
}
