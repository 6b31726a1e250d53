//! Every way out: the terminal as it was, nothing left running, the session saved.

#![cfg(unix)]

use serde_json::json;

use crate::pty::Terminal;
use crate::rig::{Rig, until};
use crate::server::{Event, How, says, sent, text, tool};

const CTRL_D: &str = "\u{4}";
const CTRL_Z: &str = "\u{1a}";

/// A turn that has said something and runs a command that does not end by itself,
/// with its pid in the file `pid`.
fn at_work() -> (Rig, Terminal) {
    let rig = Rig::new(vec![says(vec![
        text("An answer."),
        tool(
            "execute_bash",
            json!({"command": "echo $$ > pid; exec sleep 7071"}),
        ),
    ])]);
    let mut terminal = Terminal::start(&rig, &["--permission-mode", "bypass"], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("go");
    terminal.wait("Running echo");
    until("the command", || {
        (rig.work().join("pid").exists() && running(&rig)).then_some(())
    });
    (rig, terminal)
}

/// Whether anything runs in the workspace. Numbers of processes mean nothing here: a
/// sandbox counts its own.
#[cfg(target_os = "linux")]
fn running(rig: &Rig) -> bool {
    let work = rig.work();
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == work)
            && std::fs::read_to_string(entry.path().join("cmdline"))
                .is_ok_and(|line| line.starts_with("sleep\0"))
    })
}

#[cfg(not(target_os = "linux"))]
fn running(rig: &Rig) -> bool {
    let pid = std::fs::read_to_string(rig.work().join("pid")).unwrap_or_default();
    std::process::Command::new("kill")
        .args(["-0", pid.trim()])
        .output()
        .unwrap()
        .status
        .success()
}

/// Nothing runs any more, and the session holds what was said.
fn check_left(rig: &Rig) {
    until("the command to end", || (!running(rig)).then_some(()));
    let entries = rig.entries();
    let holds = |words: &str| {
        entries
            .iter()
            .any(|entry| entry.to_string().contains(words))
    };
    assert!(holds("An answer."), "{entries:?}");
}

/// Modes restored, the viewport gone, the next prompt would stand on a row of its own.
fn check_screen(terminal: &Terminal) {
    terminal.check_restored();
    let screen = terminal.screen();
    assert!(!screen.contains("esc stops"), "{screen}");
    assert!(!screen.contains("ctx "), "{screen}");
    assert_eq!(terminal.column(), 0, "{screen}");
}

#[test]
fn signals() {
    for (name, code) in [("-TERM", 143), ("-HUP", 129), ("-INT", 130)] {
        let (rig, mut terminal) = at_work();
        terminal.signal(name);
        assert_eq!(terminal.end(), code, "{name}");
        check_screen(&terminal);
        check_left(&rig);
    }
}

#[test]
fn a_panic_of_the_screen() {
    let (rig, mut terminal) = at_work();
    terminal.enter("/debug-panic");
    assert_eq!(terminal.end(), 101);
    check_screen(&terminal);
    check_left(&rig);
    check_report(&rig, &terminal);
}

#[test]
fn a_panic_of_the_worker() {
    let rig = Rig::new(vec![says(vec![text("An answer.")])]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("go");
    terminal.wait(" out · ");
    terminal.enter("/debug-panic worker");
    assert_eq!(terminal.end(), 1);
    check_screen(&terminal);
    check_left(&rig);
    check_report(&rig, &terminal);
    let everything = terminal.everything();
    assert!(everything.contains("the session is saved"), "{everything}");
}

/// What happened is said once, with the file that says more.
fn check_report(rig: &Rig, terminal: &Terminal) {
    let everything = terminal.everything();
    assert_eq!(everything.matches("asked for").count(), 1, "{everything}");
    let logs = std::fs::read_dir(rig.work().join(".sofos/logs")).unwrap();
    let reports: Vec<String> = logs
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("panic-"))
        .collect();
    assert_eq!(reports.len(), 1, "{reports:?}");
    let rows = everything.replace('\n', "");
    assert!(rows.contains(&reports[0]), "{everything}");
}

#[test]
fn the_terminal_is_closed() {
    let (rig, mut terminal) = at_work();
    terminal.close();
    assert_eq!(terminal.end(), 129);
    check_left(&rig);
}

#[test]
fn killed_without_a_word() {
    let (rig, mut terminal) = at_work();
    terminal.signal("-KILL");
    terminal.end();
    check_left(&rig);
}

#[test]
fn the_shell_it_was_started_from_is_killed() {
    let rig = Rig::new(vec![says(vec![text("An answer.")])]);
    let mut terminal = Terminal::shell(&rig, 80, 24);
    terminal.send("sofos\r");
    terminal.wait("/ commands");
    terminal.enter("go");
    terminal.wait(" out · ");
    let program = std::fs::read_to_string(rig.work().join("shell")).unwrap();
    let killed = std::process::Command::new("kill")
        .args(["-KILL", program.trim()])
        .status();
    assert!(killed.unwrap().success());
    terminal.end();
    check_screen(&terminal);
    check_left(&rig);
}

#[test]
fn stopped_and_continued_by_the_shell() {
    let hold = How {
        hold_after: Some(2000),
        ..How::default()
    };
    let rig = Rig::new(vec![
        sent(vec![text(&"words without an end ".repeat(60))], hold),
        says(vec![text("Here again.")]),
    ]);
    let mut terminal = Terminal::shell(&rig, 80, 24);
    terminal.send("sofos\r");
    terminal.wait("/ commands");
    terminal.enter("go");
    rig.server.wait(Event::Answered(0));
    terminal.wait("words without");
    terminal.send("a draft");
    terminal.wait("> a draft");
    terminal.send(CTRL_Z);
    terminal.wait("Stopped");
    terminal.check_restored();
    assert!(!terminal.screen().contains("esc stops"));
    terminal.send("echo back$((40+2))\r");
    terminal.wait("back42");
    terminal.send("fg\r");
    terminal.wait("> a draft");
    terminal.wait("esc stops");
    let screen = terminal.screen();
    assert!(screen.contains("back42"), "{screen}");
    terminal.send("\u{1b}");
    terminal.wait("stopped");
    terminal.send("\u{15}");
    terminal.enter("again");
    terminal.wait("Here again.");
    terminal.send(CTRL_D);
    terminal.wait("resume with");
    until("the prompt", || {
        terminal
            .screen()
            .trim_end()
            .ends_with("SHELL>")
            .then_some(())
    });
    terminal.check_restored();
    terminal.send("exit\r");
    terminal.end();
}

#[test]
fn continued_where_no_shell_has_written() {
    let hold = How {
        hold_after: Some(2000),
        ..How::default()
    };
    let words = "Whole p1q.\n\n".to_owned() + &"words without an end ".repeat(60);
    let rig = Rig::new(vec![sent(vec![text(&words)], hold)]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("go");
    rig.server.wait(Event::Answered(0));
    terminal.wait("p1q");
    terminal.send("a draft");
    terminal.wait("> a draft");
    terminal.signal("-STOP");
    terminal.signal("-CONT");
    terminal.send("ed");
    terminal.wait("> a drafted");
    let everything = terminal.everything();
    for once in ["esc stops", "> a draft", "p1q", "ctx "] {
        assert_eq!(everything.matches(once).count(), 1, "{once}\n{everything}");
    }
    terminal.signal("-TERM");
    assert_eq!(terminal.end(), 143);
    check_screen(&terminal);
    // Also before the first answer has ended.
    let everything = terminal.everything();
    assert!(everything.contains("resume with: sofos -r"), "{everything}");
}

#[test]
fn nothing_was_said() {
    let rig = Rig::new(vec![]);
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.send(CTRL_D);
    assert_eq!(terminal.end(), 0);
    let everything = terminal.everything();
    assert!(!everything.contains("resume with"), "{everything}");
}
