//! What opens and closes again: the transcript, themes.

#![cfg(unix)]

use serde_json::json;

use crate::pty::Terminal;
use crate::rig::Rig;
use crate::server::{Event, How, says, sent, text, tool};

const CTRL_D: &str = "\u{4}";
const CTRL_T: &str = "\u{14}";

#[test]
fn the_transcript_opens_searches_and_leaves_the_screen_as_it_was() {
    for (cols, rows) in [(80, 24), (40, 10)] {
        let answer: String = (0..60)
            .map(|n| format!("Paragraph p{n:03}q of this answer.\n\n"))
            .collect();
        let hold = How {
            hold_after: Some(6_000),
            chunk: 512,
            ..How::default()
        };
        let rig = Rig::new(vec![
            says(vec![
                text("First a look."),
                tool("execute_bash", json!({"command": "seq 1 400"})),
            ]),
            says(vec![text(&answer)]),
            sent(vec![text(&answer.replace(" p", " s"))], hold),
        ]);
        let mut terminal = Terminal::start(&rig, &["--permission-mode", "bypass"], cols, rows);
        terminal.wait("/ commands");
        terminal.enter("go");
        terminal.wait("p059q");
        terminal.wait(" out · ");
        let before = terminal.screen();
        terminal.send(CTRL_T);
        terminal.wait("transcript · end");
        // The whole output of the command is there, not its tail alone.
        terminal.send("/│ 171\r");
        terminal.wait("│ 171");
        terminal.send("q");
        terminal.wait("p059q");
        assert_eq!(terminal.screen(), before);
        // Also while an answer comes in.
        terminal.enter("more");
        rig.server.wait(Event::Answered(2));
        terminal.wait("s008q");
        terminal.send(CTRL_T);
        terminal.wait("transcript · end");
        terminal.resize(cols - 3, rows - 1);
        terminal.wait("transcript · end");
        terminal.resize(cols, rows);
        terminal.send("\u{1b}");
        terminal.wait("Writing");
        terminal.send("\u{1b}");
        terminal.wait("stopped");
        terminal.send(CTRL_D);
        assert_eq!(terminal.end(), 0);
        terminal.check_restored();
        let everything = terminal.everything();
        for number in 0..60 {
            let token = format!("p{number:03}q");
            assert_eq!(
                everything.matches(&token).count(),
                1,
                "{token}\n{everything}"
            );
        }
        assert!(!everything.contains("transcript · "), "{everything}");
    }
}

#[test]
fn a_theme_is_chosen_by_name_or_from_the_list_and_kept() {
    let rig = Rig::new(vec![]);
    let own = rig.home().join(".sofos/themes");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(
        own.join("mine.toml"),
        "about = \"my own\"\n[dark]\naccent = \"red\"\n",
    )
    .unwrap();
    let kept = || std::fs::read_to_string(rig.home().join(".sofos/config.toml")).unwrap();
    let mut terminal = Terminal::start(&rig, &[], 80, 30);
    terminal.wait("/ commands");
    terminal.enter("/theme high-contrast");
    terminal.wait("theme high-contrast");
    assert!(kept().contains("[ui]\ntheme = \"high-contrast\""));
    terminal.enter("/theme nonesuch");
    terminal.wait("no theme \"nonesuch\"");
    terminal.enter("/theme");
    terminal.wait("molten-rust");
    terminal.send("my own");
    terminal.wait("theme: my own");
    terminal.send("\r");
    terminal.wait("theme mine");
    assert!(kept().contains("theme = \"mine\""));
    terminal.send(CTRL_D);
    assert_eq!(terminal.end(), 0);
    let mut terminal = Terminal::start(&rig, &[], 80, 30);
    terminal.wait("/ commands");
    terminal.send(CTRL_D);
    terminal.end();
    assert!(!terminal.everything().contains("no theme"));
}

#[test]
fn what_git_sees_is_looked_through_on_a_screen_of_its_own() {
    let rig = Rig::new(vec![]);
    rig.file("a.txt", "one\ntwo\n");
    let git = |args: &[&str]| {
        let done = std::process::Command::new("git")
            .args(["-c", "user.name=x", "-c", "user.email=x@e.org"])
            .args(args)
            .current_dir(rig.work())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    let mut terminal = Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("/diff git");
    terminal.wait("no repository here");
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "first"]);
    terminal.enter("/diff git");
    terminal.wait("nothing changed since the last commit");
    rig.file("a.txt", "one\nzwei\n");
    rig.file("b.txt", "new\n");
    terminal.enter("/diff git");
    terminal.wait("+ zwei");
    terminal.wait("b.txt (new)");
    let many: String = (0..60).map(|n| format!("row {n}\n")).collect();
    rig.file("a.txt", many);
    terminal.enter("/diff git");
    terminal.wait("diff · ");
    terminal.wait("+ row 9");
    terminal.send("/row 59\r");
    terminal.wait("+ row 59");
    terminal.send("q");
    terminal.wait("+60 −2");
    terminal.send(CTRL_D);
    assert_eq!(terminal.end(), 0);
    terminal.check_restored();
    assert!(!terminal.everything().contains("row 59"));
}

#[test]
fn the_transcript_reaches_back_beyond_what_resuming_shows() {
    let look = |n: usize| tool("glob_files", json!({"pattern": format!("*.x{n}")}));
    let mut rig = Rig::new(vec![
        says((0..105).map(look).collect()),
        says((105..210).map(look).collect()),
        says(vec![text("Looked at all.")]),
    ]);
    rig.run(&["-p", "the very first question"]).ok();
    rig.serve(vec![]);
    let mut terminal = Terminal::start(&rig, &["-r"], 80, 24);
    terminal.wait("open session");
    terminal.send("\r");
    terminal.wait_gone("open session");
    terminal.wait("Looked at all.");
    assert!(!terminal.everything().contains("> the very first question"));
    terminal.send(CTRL_T);
    terminal.wait("transcript · end");
    terminal.send("g");
    terminal.wait("> the very first question");
    terminal.wait("*.x0");
    terminal.send("q");
    terminal.wait_gone("transcript · ");
    terminal.send(CTRL_D);
    assert_eq!(terminal.end(), 0);
    terminal.check_restored();
}
