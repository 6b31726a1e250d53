//! Rules and trust, as a user meets them.

#![cfg(unix)]

use crate::pty::Terminal;
use crate::rig::Rig;

#[test]
fn rules_are_added_explained_and_removed_from_the_shell() {
    let rig = Rig::new(vec![]);
    let said = |args: &[&str]| rig.run(args).ok().stdout.clone();
    assert!(said(&["permissions"]).contains("no rules"));
    assert!(said(&["permissions", "why", "mytool", "-v"]).starts_with("asks: mytool"));
    let added = said(&["permissions", "add", "allow", "Bash(mytool:*)"]);
    assert!(added.contains(".sofos/config.local.toml"), "{added}");
    assert!(said(&["permissions", "list"]).contains("allow  Bash(mytool:*)"));
    let why = said(&["permissions", "why", "mytool", "-v"]);
    assert!(
        why.starts_with("runs unasked: the rule Bash(mytool:*)"),
        "{why}"
    );
    assert!(said(&["permissions", "why", "mytool | sh"]).starts_with("asks"));
    said(&["permissions", "add", "deny", "Bash(mytool:*)", "--user"]);
    let why = said(&["permissions", "why", "mytool", "-v"]);
    assert!(why.starts_with("is refused"), "{why}");
    let removed = said(&["permissions", "remove", "Bash(mytool:*)"]);
    assert_eq!(removed.lines().count(), 2, "{removed}");
    assert!(said(&["permissions"]).contains("no rules"));
    let odd = rig.run(&["permissions", "add", "perhaps", "Bash(x)"]);
    assert!(odd.code != 0 && odd.stderr.contains("allow, deny or ask"));
    let odd = rig.run(&["permissions", "add", "allow", "Bach(x)"]);
    assert!(odd.code != 0 && odd.stderr.contains("is no rule"));
}

const RULES: &str = "[permissions]\nallow = [\"Bash(mytool:*)\"]\n";

#[test]
fn what_a_directory_brings_is_inert_until_it_is_accepted() {
    let rig = Rig::new(vec![]);
    rig.file(".sofos/config.toml", RULES);
    let why = |wanted: &str| {
        let said = rig
            .run(&["permissions", "why", "mytool"])
            .ok()
            .stdout
            .clone();
        assert!(said.starts_with(wanted), "{said}");
    };
    why("asks");
    let mut terminal = Terminal::start(&rig, &[], 100, 30);
    terminal.wait("allow Bash(mytool:*)");
    terminal.wait("Accept?");
    terminal.enter("");
    terminal.wait("ignored until accepted");
    terminal.wait("/ commands");
    terminal.enter("/exit");
    terminal.end();
    why("asks");
    let mut terminal = Terminal::start(&rig, &[], 100, 30);
    terminal.wait("Accept?");
    terminal.enter("y");
    terminal.wait("/ commands");
    terminal.enter("/exit");
    terminal.end();
    why("runs unasked");
    // Another rule in its place is new, and the old one is said to be gone.
    rig.file(".sofos/config.toml", RULES.replace("mytool", "othertool"));
    why("asks");
    let mut terminal = Terminal::start(&rig, &[], 100, 30);
    terminal.wait("allow Bash(othertool:*)");
    terminal.wait("gone or changed");
    terminal.enter("n");
    terminal.wait("ignored until accepted");
    terminal.wait("/ commands");
    terminal.enter("/exit");
    terminal.end();
}
