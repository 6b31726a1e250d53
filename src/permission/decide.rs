//! The decision: may these effects happen, must they not, or has someone to answer.

use crate::protocol::permission::{Effect, Grant, PermissionDecision, PermissionMode, ScopedPath};

use super::command::{CommandVerdict, classify};

/// Directories whose content decides what tools, editors and agents run or
/// believe: a write into one asks even inside the workspace.
const PROTECTED_DIRS: &[(&str, &str)] = &[
    (".git", "git runs what it configures"),
    (".sofos", "it configures sofos"),
    (".hg", "Mercurial runs what it configures"),
    (".svn", "it belongs to Subversion"),
    (".husky", "git hooks run from it"),
    (".vscode", "the editor runs tasks from it"),
    (".idea", "the editor runs tasks from it"),
    (".zed", "the editor runs tasks from it"),
    (".devcontainer", "the editor runs commands from it"),
    (".cursor", "it instructs agents"),
    (".windsurf", "it instructs agents"),
    (".claude", "it instructs agents"),
    (".codex", "it instructs agents"),
    (".gemini", "it instructs agents"),
];

/// Files of the same kind, in any directory.
const PROTECTED_FILES: &[(&str, &str)] = &[
    ("AGENTS.md", "it instructs agents"),
    ("CLAUDE.md", "it instructs agents"),
    ("GEMINI.md", "it instructs agents"),
    (".cursorrules", "it instructs agents"),
    (".windsurfrules", "it instructs agents"),
    (".mcp.json", "it starts servers"),
    (".envrc", "shells run it"),
    (".gitmodules", "git fetches what it names"),
];

/// Judges the effects of one call. Pure: the same question has the same answer.
///
/// `safe` is safe mode: only reading exists. A grant covers exactly the effect it
/// was shown for, in every mode that can ask.
pub fn decide(
    mode: PermissionMode,
    safe: bool,
    grants: &[Grant],
    effects: &[Effect],
) -> PermissionDecision {
    if (safe || mode == PermissionMode::Plan)
        && let Some(effect) = effects.iter().find(|effect| !effect.is_read_only())
    {
        return PermissionDecision::Deny {
            why: read_only_words(safe, effect),
        };
    }
    if mode == PermissionMode::Bypass {
        return PermissionDecision::Allow {
            why: "bypass mode".to_string(),
        };
    }
    let mut allowed = "nothing outside the conversation";
    let mut reasons: Vec<String> = Vec::new();
    let mut session = Vec::new();
    let mut grantable = true;
    for effect in effects {
        let reason = match judge(effect) {
            Ok(why) => {
                allowed = why;
                continue;
            }
            Err(reason) => reason,
        };
        let rule = rule_of(effect);
        if let Some(rule) = &rule
            && grants.iter().any(|grant| &grant.rule == rule)
        {
            allowed = "granted for this session";
            continue;
        }
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
        match rule.map(|rule| Grant { rule }) {
            Some(grant) if !session.contains(&grant) => session.push(grant),
            Some(_) => {}
            None => grantable = false,
        }
    }
    if reasons.is_empty() {
        return PermissionDecision::Allow {
            why: allowed.to_string(),
        };
    }
    if !grantable {
        session.clear();
    }
    PermissionDecision::Ask {
        why: reasons.join("; "),
        session,
    }
}

/// The rule that covers exactly this effect. Nothing when its target cannot be
/// written down exactly.
pub fn rule_of(effect: &Effect) -> Option<String> {
    let exact = |verb: &str, path: &ScopedPath| {
        path.real()
            .to_str()
            .map(|_| format!("{verb}({})", path.display()))
    };
    match effect {
        Effect::Read(path) => exact("Read", path),
        Effect::Write(path) => exact("Write", path),
        Effect::Delete(path) => exact("Delete", path),
        Effect::Exec(line) => Some(format!("Bash({line})")),
    }
}

/// Why an effect runs, or why it asks.
fn judge(effect: &Effect) -> Result<&'static str, String> {
    match effect {
        Effect::Read(path) if path.inside() => Ok("reads inside the workspace"),
        Effect::Read(path) => Err(format!("reads outside the workspace: {}", path.display())),
        Effect::Write(path) if !path.inside() => {
            Err(format!("writes outside the workspace: {}", path.display()))
        }
        Effect::Write(path) => match protection(path) {
            Some((what, why)) => Err(format!("writes to {what}: {why}")),
            None => Ok("edits inside the workspace"),
        },
        Effect::Delete(path) if !path.inside() => {
            Err(format!("deletes outside the workspace: {}", path.display()))
        }
        Effect::Delete(path) => match protection(path) {
            Some((what, why)) => Err(format!("deletes {}, part of {what}: {why}", path.display())),
            None => Err(format!("deletes {}", path.display())),
        },
        Effect::Exec(line) => match classify(line) {
            CommandVerdict::Allow => Ok("builds, tests or reads inside the workspace"),
            CommandVerdict::Ask { why } => Err(why),
        },
    }
}

/// The protected part of a path inside the workspace, with the reason. Case does
/// not matter: on some systems `.GIT` is `.git`.
fn protection(path: &ScopedPath) -> Option<(&'static str, &'static str)> {
    let parts: Vec<&str> = path.display().split('/').collect();
    let find = |table: &[(&'static str, &'static str)], part: &str| {
        table
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(part))
            .copied()
    };
    parts
        .iter()
        .find_map(|part| find(PROTECTED_DIRS, part))
        .or_else(|| find(PROTECTED_FILES, parts.last()?))
}

fn read_only_words(safe: bool, effect: &Effect) -> String {
    let (mode, way_out) = if safe {
        ("safe mode", "the user can leave it with /n")
    } else {
        (
            "plan mode",
            "present the plan and let the user switch the mode",
        )
    };
    let what = match effect {
        Effect::Write(path) => format!("changing {}", path.display()),
        Effect::Delete(path) => format!("deleting {}", path.display()),
        Effect::Exec(_) => "running commands".to_string(),
        Effect::Read(path) => format!("reading {}", path.display()),
    };
    format!("{mode} only reads, {what} is not possible; {way_out}")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::permission::scope;
    use proptest::prelude::*;
    use std::path::Path;

    fn path(path: &str) -> ScopedPath {
        scope::resolve(Path::new("/nonexistent/work"), None, path).unwrap()
    }

    fn verdict(mode: PermissionMode, safe: bool, effect: Effect) -> &'static str {
        match decide(mode, safe, &[], &[effect]) {
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
            decide(Plan, false, &[], &[]),
            PermissionDecision::Allow { .. }
        ));
    }

    #[test]
    fn the_worst_effect_decides_and_grants_are_listed_once() {
        let decision = decide(
            PermissionMode::Default,
            false,
            &[],
            &[
                Effect::Read(path("a")),
                Effect::Delete(path("x/../b")),
                Effect::Delete(path("b")),
                Effect::Write(path("/tmp/c")),
            ],
        );
        let PermissionDecision::Ask { why, session } = decision else {
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
            prop::sample::select(vec!["cargo test", "cargo run", "rm a", "rm a ", "ls; rm b"])
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
                decide(PermissionMode::Default, false, grants, effects)
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
}
