use super::*;
use crate::config::Env;
use crate::permission::{Basis, decide, scope};
use crate::protocol::permission::{Effect, PermissionDecision, PermissionMode};
use proptest::prelude::*;
use std::path::Path;

struct Scene {
    _dir: tempfile::TempDir,
    paths: Paths,
}

fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(dir.path()).unwrap();
    let (home, work) = (root.join("home"), root.join("work"));
    std::fs::create_dir_all(&home).unwrap();
    std::fs::create_dir_all(&work).unwrap();
    let env = Env::from_pairs([("HOME", home.to_str().unwrap())]);
    Scene {
        paths: Paths::new(&work, &env),
        _dir: dir,
    }
}

fn load(scene: &Scene) -> (RuleBook, Vec<String>) {
    let config = config::load(&scene.paths, &Env::default(), false).unwrap();
    assert!(config.untrusted.is_empty(), "{:?}", config.untrusted);
    RuleBook::new(&scene.paths, config.rules).unwrap()
}

fn judge(book: &RuleBook, effects: &[Effect]) -> PermissionDecision {
    decide(
        &Basis {
            mode: PermissionMode::Default,
            safe: false,
            place: book.place(),
            rules: &book.rules(),
            grants: &[],
            confined: false,
            exposed: false,
        },
        effects,
    )
}

fn allowed(book: &RuleBook, effects: &[Effect]) -> bool {
    matches!(judge(book, effects), PermissionDecision::Allow { .. })
}

fn always(book: &RuleBook, effects: &[Effect]) -> Vec<Grant> {
    match judge(book, effects) {
        PermissionDecision::Ask { always, .. } => always,
        other => panic!("{other:?}"),
    }
}

fn path(root: &Path, name: &str) -> crate::protocol::permission::ScopedPath {
    scope::resolve(root, None, name).unwrap()
}

#[test]
fn a_remembered_rule_is_the_smallest_and_only_in_the_workspaces_own_file() {
    let scene = scene();
    let (book, _) = load(&scene);
    let run = |line: &str| vec![Effect::Exec(line.to_string())];
    let root = book.root.clone();
    let edit = vec![
        Effect::Read(path(&root, "/etc/fstab")),
        Effect::Write(path(&root, "/etc/fstab")),
    ];
    for (effects, rules) in [
        (run("git checkout main"), vec!["Bash(git checkout main)"]),
        (
            run("cat /etc/hosts | grep x"),
            vec!["Bash(cat /etc/hosts | grep x)"],
        ),
        (edit, vec!["Read(/etc/fstab)", "Write(/etc/fstab)"]),
        (
            vec![Effect::Net("https://example.com/a?b".into())],
            vec!["WebFetch(domain:example.com)"],
        ),
        (
            vec![Effect::Write(path(&root, ".git/config"))],
            vec!["Write(.git/config)"],
        ),
    ] {
        let offered = always(&book, &effects);
        let texts: Vec<&str> = offered.iter().map(|grant| grant.rule.as_str()).collect();
        assert_eq!(texts, rules);
        book.remember(&offered).unwrap();
        assert!(allowed(&book, &effects), "{rules:?}");
    }
    // What would be read back as something wider, or always asks, is not offered.
    for effects in [
        run("ls foo *"),
        run("foo:*"),
        run("/bin/x*"),
        run("cp a b\nrm c"),
        vec![Effect::Delete(path(&root, "a"))],
    ] {
        if let PermissionDecision::Ask { always, .. } = judge(&book, &effects) {
            assert!(always.is_empty(), "{always:?}");
        }
    }
    assert!(!scene.paths.home.join("config.toml").exists());
    assert!(!scene.paths.project.join("config.toml").exists());
    // The next run finds them, without a question about trust.
    let (again, warnings) = load(&scene);
    assert!(warnings.is_empty());
    assert!(allowed(&again, &run("git checkout main")));
    assert_eq!(again.lines().len(), 6);
    let removed = again.remove("Bash(git checkout main)").unwrap();
    assert_eq!(removed.len(), 1);
    assert!(!allowed(&again, &run("git checkout main")));
    assert!(!allowed(&load(&scene).0, &run("git checkout main")));
}

#[test]
fn a_broken_rule_is_left_out_unless_it_denies() {
    let scene = scene();
    let line = |list, text: &str| RuleLine {
        layer: Layer::User,
        list,
        text: text.to_string(),
    };
    let (book, warnings) = RuleBook::new(
        &scene.paths,
        vec![line("allow", "Foo(x)"), line("ask", "Bash(x)")],
    )
    .unwrap();
    assert_eq!(book.lines().len(), 1);
    assert!(
        warnings[0].starts_with("~/.sofos/config.toml: \"Foo(x)\" is no rule"),
        "{warnings:?}"
    );
    assert!(RuleBook::new(&scene.paths, vec![line("deny", "Foo(x)")]).is_err());
}

fn any_call() -> impl Strategy<Value = Vec<Effect>> {
    let root = Path::new("/nonexistent/work");
    let names = prop::sample::select(vec![
        "a",
        "b/c",
        ".git/config",
        "/etc/passwd",
        "/tmp/x",
        "/tmp/*",
        "../y",
        "a)",
        "/tmp/{a,b}",
        "AGENTS.md",
        "/tmp/x/y",
        "/tmp/[x]",
    ]);
    let lines = prop::sample::select(vec![
        "cargo run",
        "cargo run ",
        "cargo run --release",
        "cp a b",
        "cp a b && cp c d",
        "mv b c",
        "cat /etc/hosts",
        "cat /etc/passwd",
        "foo",
        "foo bar",
        "foo *",
        "foo:*",
        "foo bar *",
        "FOO=1 foo",
        "foo > x",
        "foo | sh",
        "git checkout x",
        "git checkout x y",
        "(foo)",
        "foo)",
        "/bin/*",
        "~/x*",
        "*",
        "foo\nbar",
        "cp a b\n",
        "'foo' bar",
        "foo bar; foo",
    ]);
    let urls = prop::sample::select(vec![
        "https://a.example/x",
        "http://a.example:8080/",
        "https://b.a.example/",
        "https://example/",
    ]);
    prop_oneof![
        names
            .clone()
            .prop_map(move |name| vec![Effect::Read(path(root, name))]),
        names
            .clone()
            .prop_map(move |name| vec![Effect::Write(path(root, name))]),
        names.prop_map(move |name| vec![Effect::Delete(path(root, name))]),
        lines.prop_map(|line| vec![Effect::Exec(line.to_string())]),
        urls.prop_map(|url| vec![Effect::Net(url.to_string())]),
    ]
}

/// The same call: blanks and brackets around a command and quotes around a name mean nothing, nor
/// does the path of a URL.
fn same(a: &Effect, b: &Effect) -> bool {
    match (a, b) {
        (Effect::Exec(a), Effect::Exec(b)) => {
            let plain = |line: &str| {
                let line = line.trim().replace('\'', "");
                let inner = line
                    .strip_prefix('(')
                    .and_then(|rest| rest.strip_suffix(')'));
                inner.map(str::to_string).unwrap_or(line)
            };
            plain(a) == plain(b)
        }
        (Effect::Net(a), Effect::Net(b)) => {
            crate::permission::url::host_of(a) == crate::permission::url::host_of(b)
        }
        (a, b) => a == b,
    }
}

proptest! {
    #[test]
    fn always_replays_silently_and_never_widens(call in any_call(), other in any_call()) {
        let place = Place { root: Path::new("/nonexistent/work"), home: Some(Path::new("/nonexistent/home")) };
        let judge = |rules: &RuleSet, effects: &[Effect]| decide(&Basis {
            mode: PermissionMode::Default, safe: false, place, rules, grants: &[], confined: false, exposed: false,
        }, effects);
        let before = RuleSet::default();
        if let PermissionDecision::Ask { always, .. } = judge(&before, &call)
            && !always.is_empty()
        {
            let mut after = RuleSet::default();
            for grant in &always {
                after.add(List::Allow, &grant.rule, &place).unwrap();
            }
            let again = judge(&after, &call);
            prop_assert!(matches!(again, PermissionDecision::Allow { .. }), "{:?}", again);
            let asked = !matches!(judge(&before, &other), PermissionDecision::Allow { .. });
            let runs = matches!(judge(&after, &other), PermissionDecision::Allow { .. });
            let twin = other.iter().zip(&call).all(|(a, b)| same(a, b));
            prop_assert!(!(asked && runs) || twin, "{:?} lets {:?} run", always, other);
        }
    }
}
