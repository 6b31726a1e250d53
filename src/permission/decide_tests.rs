use super::*;
use crate::permission::scope;
use proptest::prelude::*;
use std::path::Path;

fn path(path: &str) -> ScopedPath {
    scope::resolve(Path::new(ROOT), None, path).unwrap()
}

const ROOT: &str = "/nonexistent/work";

fn place() -> Place<'static> {
    Place {
        root: Path::new(ROOT),
        home: Some(Path::new("/nonexistent/home")),
    }
}

fn judge_with(
    mode: PermissionMode,
    safe: bool,
    rules: &RuleSet,
    grants: &[Grant],
    effects: &[Effect],
) -> PermissionDecision {
    let basis = Basis {
        mode,
        safe,
        place: place(),
        rules,
        grants,
        confined: false,
        exposed: false,
    };
    decide(&basis, effects)
}

fn verdict(mode: PermissionMode, safe: bool, effect: Effect) -> &'static str {
    match judge_with(mode, safe, &RuleSet::default(), &[], &[effect]) {
        PermissionDecision::Allow { .. } => "allow",
        PermissionDecision::Deny { .. } => "deny",
        PermissionDecision::Ask { .. } => "ask",
    }
}

#[test]
fn each_mode_has_its_answer() {
    use PermissionMode::{AcceptEdits, Bypass, Default, Plan};
    let read = |p| Effect::Read(path(p));
    let write = |p| Effect::Write(path(p));
    let delete = |p| Effect::Delete(path(p));
    let run = |line: &str| Effect::Exec(line.to_string());
    for (effect, default, plan, edits, bypass, safe) in [
        (read("a"), "allow", "allow", "allow", "allow", "allow"),
        (read("/etc/passwd"), "ask", "ask", "ask", "allow", "ask"),
        (read("../work2/a"), "ask", "ask", "ask", "allow", "ask"),
        (write("a"), "allow", "deny", "allow", "allow", "deny"),
        (write("/tmp/a"), "ask", "deny", "ask", "allow", "deny"),
        (write(".git/hooks/x"), "ask", "deny", "ask", "allow", "deny"),
        (
            write("src/../.git/hooks/x"),
            "ask",
            "deny",
            "ask",
            "allow",
            "deny",
        ),
        (
            write("sub/.GIT/config"),
            "ask",
            "deny",
            "ask",
            "allow",
            "deny",
        ),
        (
            write(".sofos/config.toml"),
            "ask",
            "deny",
            "ask",
            "allow",
            "deny",
        ),
        (
            write("sub/AGENTS.md"),
            "ask",
            "deny",
            "ask",
            "allow",
            "deny",
        ),
        (
            write(".vscode/tasks.json"),
            "ask",
            "deny",
            "ask",
            "allow",
            "deny",
        ),
        (
            write(".gitignore"),
            "allow",
            "deny",
            "allow",
            "allow",
            "deny",
        ),
        (
            write(".github/workflows/ci.yml"),
            "allow",
            "deny",
            "allow",
            "allow",
            "deny",
        ),
        (delete("a"), "ask", "deny", "ask", "allow", "deny"),
        (run("cargo test"), "allow", "deny", "allow", "allow", "deny"),
        (run("cargo run"), "ask", "deny", "ask", "allow", "deny"),
        (run("rm a"), "deny", "deny", "deny", "allow", "deny"),
    ] {
        for (mode, is_safe, expected) in [
            (Default, false, default),
            (Plan, false, plan),
            (AcceptEdits, false, edits),
            (Bypass, false, bypass),
            (Default, true, safe),
        ] {
            assert_eq!(
                verdict(mode, is_safe, effect.clone()),
                expected,
                "{effect:?} in {mode:?}, safe {is_safe}"
            );
        }
    }
    assert_eq!(
        verdict(Bypass, true, write("a")),
        "deny",
        "safe beats bypass"
    );
    assert!(matches!(
        judge_with(Plan, false, &RuleSet::default(), &[], &[]),
        PermissionDecision::Allow { .. }
    ));
}

#[test]
fn the_worst_effect_decides_and_grants_are_listed_once() {
    let decision = judge_with(
        PermissionMode::Default,
        false,
        &RuleSet::default(),
        &[],
        &[
            Effect::Read(path("a")),
            Effect::Delete(path("x/../b")),
            Effect::Delete(path("b")),
            Effect::Write(path("/tmp/c")),
        ],
    );
    let PermissionDecision::Ask { why, session, .. } = decision else {
        panic!("{decision:?}")
    };
    assert_eq!(why, "deletes b; writes outside the workspace: /tmp/c");
    let rules: Vec<_> = session.into_iter().map(|grant| grant.rule).collect();
    assert_eq!(rules, ["Delete(b)", "Write(/tmp/c)"]);
}

fn any_effect() -> impl Strategy<Value = Effect> {
    let names = prop::sample::select(vec![
        "a",
        "b/c",
        ".git/config",
        "/etc/passwd",
        "/tmp/x",
        "../y",
        "a)",
        "AGENTS.md",
    ]);
    prop_oneof![
        names.clone().prop_map(|p| Effect::Read(path(p))),
        names.clone().prop_map(|p| Effect::Write(path(p))),
        names.prop_map(|p| Effect::Delete(path(p))),
        prop::sample::select(vec![
            "cargo test",
            "cargo run",
            "cp a b",
            "cp a b ",
            "ls; mv b c"
        ])
        .prop_map(|line| Effect::Exec(line.to_string())),
    ]
}

proptest! {
    #[test]
    fn a_grant_replays_silently_and_covers_nothing_else(
        asked in prop::collection::vec(any_effect(), 1..4),
        other in any_effect(),
    ) {
        let judge = |grants: &[Grant], effects: &[Effect]| {
            judge_with(PermissionMode::Default, false, &RuleSet::default(), grants, effects)
        };
        if let PermissionDecision::Ask { session, .. } = judge(&[], &asked) {
            let again = judge(&session, &asked);
            prop_assert!(matches!(again, PermissionDecision::Allow { .. }), "{:?}", again);
            let one = std::slice::from_ref(&other);
            let before = matches!(judge(&[], one), PermissionDecision::Ask { .. });
            let after = matches!(judge(&session, one), PermissionDecision::Allow { .. });
            prop_assert!(!(before && after) || asked.contains(&other));
        }
    }
}

#[test]
fn always_opens_the_network_for_that_command_alone() {
    let both = |line: &str| [Effect::Exec(line.into()), Effect::Network(line.into())];
    let judge = |rules: &RuleSet, line: &str| {
        judge_with(PermissionMode::Default, false, rules, &[], &both(line))
    };
    let PermissionDecision::Ask { always, .. } = judge(&RuleSet::default(), "curl a.example/x")
    else {
        panic!("it has to ask");
    };
    let words: Vec<&str> = always.iter().map(|grant| grant.rule.as_str()).collect();
    assert_eq!(
        words,
        ["Bash(curl a.example/x)", "Network(curl a.example/x)"]
    );
    let set = |allow: &[&str], deny: &[&str]| {
        let mut rules = RuleSet::default();
        for (list, texts) in [(List::Allow, allow), (List::Deny, deny)] {
            for text in texts {
                rules.add(list, text, &place()).unwrap();
            }
        }
        rules
    };
    let asks =
        |rules: &RuleSet, line: &str| matches!(judge(rules, line), PermissionDecision::Ask { .. });
    let kept = set(&words, &[]);
    assert!(matches!(
        judge(&kept, "curl a.example/x"),
        PermissionDecision::Allow { by_user: true, .. }
    ));
    for other in ["curl a.example/y", "curl a.example/x; id", "cargo build"] {
        assert!(asks(&kept, other), "{other}");
    }
    // Running it is not sending with it, and a star allows nothing.
    assert!(asks(&set(&words[..1], &[]), "curl a.example/x"));
    assert!(asks(&set(&["Bash", "Network(*)"], &[]), "curl a.example/x"));
    let closed = set(&words, &["Network(*)"]);
    assert!(matches!(
        judge(&closed, "curl a.example/x"),
        PermissionDecision::Deny { .. }
    ));
}

#[test]
fn no_mode_leaves_the_sandbox_by_itself() {
    use PermissionMode::{AcceptEdits, Bypass, Default, Plan};
    for effect in [
        Effect::Unconfined("curl x".into()),
        Effect::Network("curl x".into()),
    ] {
        for (mode, expected) in [
            (Default, "ask"),
            (AcceptEdits, "ask"),
            (Bypass, "ask"),
            (Plan, "deny"),
        ] {
            assert_eq!(
                verdict(mode, false, effect.clone()),
                expected,
                "{effect:?} {mode:?}"
            );
        }
        assert_eq!(verdict(Bypass, true, effect), "deny");
    }
    let input = |text: &str| Effect::Input {
        command: "python3".into(),
        text: text.into(),
    };
    assert_eq!(verdict(Default, false, input("1+1")), "ask");
    assert_eq!(verdict(Bypass, false, input("1+1")), "allow");
    assert_eq!(verdict(Plan, false, input("1+1")), "deny");
}

#[test]
fn without_a_sandbox_that_was_wanted_only_looking_runs_unasked() {
    let rules = RuleSet::default();
    let asks = |exposed: bool, line: &str| {
        let basis = Basis {
            mode: PermissionMode::Default,
            safe: false,
            place: Place {
                root: Path::new(ROOT),
                home: None,
            },
            rules: &rules,
            grants: &[],
            confined: false,
            exposed,
        };
        let decision = decide(&basis, &[Effect::Exec(line.to_string())]);
        matches!(decision, PermissionDecision::Ask { .. })
    };
    for line in [
        "cargo test",
        "npm run build",
        "pytest -q",
        "go vet ./...",
        "make -j4",
        "ls && (cargo check | tail -5)",
        "timeout 5 cargo test",
    ] {
        assert!(!asks(false, line) && asks(true, line), "{line}");
    }
    for line in ["ls -la", "git status", "grep -rn x src", "cargo --version"] {
        assert!(!asks(true, line), "{line}");
    }
}

#[test]
fn what_the_workspace_brings_runs_unasked_where_it_is_confined() {
    let rules = RuleSet::default();
    let line = || Effect::Exec("ruff check src".into());
    let word = |mode, confined, effects: &[Effect]| {
        let basis = Basis {
            mode,
            safe: false,
            place: place(),
            rules: &rules,
            grants: &[],
            confined,
            exposed: false,
        };
        match decide(&basis, effects) {
            PermissionDecision::Allow { .. } => "allow",
            PermissionDecision::Deny { .. } => "deny",
            PermissionDecision::Ask { .. } => "ask",
        }
    };
    use PermissionMode::{AcceptEdits, Default, Plan};
    assert_eq!(word(Default, true, &[line()]), "allow");
    assert_eq!(word(Default, false, &[line()]), "ask");
    assert_eq!(word(AcceptEdits, true, &[line()]), "allow");
    assert_eq!(word(AcceptEdits, false, &[line()]), "ask");
    assert_eq!(word(Plan, true, &[line()]), "deny");
    // Outside of the sandbox, or with the network open, nothing confines it.
    for leaves in [
        Effect::Unconfined("ruff check src".into()),
        Effect::Network("ruff check src".into()),
    ] {
        assert_eq!(word(Default, true, &[line(), leaves]), "ask");
    }
    let fixes = Effect::Exec("ruff check --fix src".into());
    assert_eq!(word(Default, true, &[fixes]), "ask");
}

#[test]
fn bypassing_questions_does_not_bypass_what_is_denied() {
    let place = place();
    let mut rules = RuleSet::default();
    for rule in [
        "Bash(curl:*)",
        "Bash(git push:*)",
        "Bash(npm publish)",
        "Read(./.env)",
    ] {
        rules.add(List::Deny, rule, &place).unwrap();
    }
    let verdict = |line: &str| {
        let effects = [Effect::Exec(line.to_string())];
        match judge_with(PermissionMode::Bypass, false, &rules, &[], &effects) {
            PermissionDecision::Allow { .. } => "allow",
            PermissionDecision::Deny { .. } => "deny",
            PermissionDecision::Ask { .. } => "ask",
        }
    };
    for line in [
        "curl x",
        "/usr/bin/curl x",
        "/usr/bin/env curl x",
        "/bin/sh -c 'curl x'",
        "/usr/bin/timeout 5 curl x",
        "/usr/bin/xargs curl",
        "sudo curl x",
        "sudo sh -c 'curl x'",
        "pkexec curl x",
        "busybox curl x",
        "git -C . push",
        "npm  'publish'",
        "cat .env",
        "cat \"$PWD/.env\"",
    ] {
        assert_eq!(verdict(line), "deny", "{line}");
    }
    // Whether these do it nobody can say.
    for line in [
        "$(echo curl) x",
        "sudo -u root curl x",
        "su - root -c \"$x\"",
        "git -c alias.p=push p",
        "docker exec c curl x",
        "bash -c \"$(echo curl x)\"",
        "cu\\\nrl x",
        "python3 -c 'import os; os.system(\"curl x\")'",
        "cat $(echo .env)",
        "cat ~+/.env",
    ] {
        assert_ne!(verdict(line), "allow", "{line}");
    }
    for line in [
        "rm -rf target",
        "docker ps",
        "mytool x",
        "cat /etc/hosts",
        "npm install",
    ] {
        assert_eq!(verdict(line), "allow", "{line}");
    }
}
