use super::*;
use crate::permission::{Place, RuleSet};
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::OnceLock;

/// A workspace with the kinds of files that commands here speak of.
struct Scene {
    _dir: tempfile::TempDir,
    home: PathBuf,
    root: PathBuf,
}

impl Scene {
    fn place(&self) -> Place<'_> {
        Place {
            root: &self.root,
            home: Some(&self.home),
        }
    }

    fn verdict(&self, line: &str) -> (Tier, String) {
        let analysis = analyse(&self.place(), &self.here(line));
        let judged = RuleSet::default().judge(line, &analysis);
        (judged.tier, judged.why.join("; "))
    }

    /// The lines of the corpus speak of one home; the scene has another.
    fn here(&self, line: &str) -> String {
        line.replace("/home/dev", self.home.to_str().unwrap())
    }
}

fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(dir.path()).unwrap().join("dev");
        let root = home.join("project");
        for dir in [
            ".git/objects",
            ".git/refs",
            "src/deep",
            "tests",
            "crates/core",
            "pkg",
            "cmd/app",
            "docs",
            "target/debug",
            "evilrepo/.git",
            "evilrepo/sub",
            "links",
        ] {
            fs::create_dir_all(root.join(dir)).unwrap();
        }
        for file in [
            "src/main.rs",
            "src/lib.rs",
            "src/index.ts",
            "README.md",
            "Cargo.toml",
            "a.txt",
            "b.txt",
            "x.sh",
            "main.c",
            "main.go",
            "package.json",
            "app.py",
            "data.csv",
            "data.json",
            "names.txt",
            "log.txt",
            ".env",
            "evil.json",
        ] {
            fs::write(root.join(file), "").unwrap();
        }
        fs::write(root.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        for (target, link) in [
            ("/etc", "links/etc"),
            ("../..", "links/up"),
            ("/dev/zero", "links/zero"),
        ] {
            symlink(target, root.join(link)).unwrap();
        }
        Scene {
            _dir: dir,
            home,
            root,
        }
    })
}

/// The commands of a corpus file.
fn corpus(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with("## ") && !line.starts_with("# "))
        .map(|line| match line.strip_prefix("json ") {
            Some(json) => serde_json::from_str(json).unwrap(),
            None => line.to_string(),
        })
        .collect()
}

fn everyday() -> Vec<String> {
    corpus(include_str!("../../tests/corpus/commands_everyday.txt"))
}

fn confined() -> Vec<String> {
    corpus(include_str!("../../tests/corpus/commands_confined.txt"))
}

fn forbidden() -> Vec<String> {
    corpus(include_str!("../../tests/corpus/commands_forbidden.txt"))
}

fn guarded() -> Vec<String> {
    corpus(include_str!("../../tests/corpus/commands_guarded.txt"))
}

/// The lines whose verdict is not as wanted.
fn strays(lines: &[String], wanted: impl Fn(Tier) -> bool) -> Vec<(String, Tier, String)> {
    lines
        .iter()
        .map(|line| {
            let (tier, why) = scene().verdict(line);
            (line.clone(), tier, why)
        })
        .filter(|(_, tier, _)| !wanted(*tier))
        .collect()
}

#[test]
fn everyday_commands_run() {
    let strays = strays(&everyday(), |tier| tier == Tier::Allow);
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn what_the_workspace_brings_runs_confined() {
    let strays = strays(&confined(), |tier| tier == Tier::Confined);
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn forbidden_commands_are_refused() {
    let strays = strays(&forbidden(), |tier| tier == Tier::Deny);
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn nothing_guarded_runs_unasked() {
    let strays = strays(&guarded(), |tier| tier >= Tier::Ask);
    assert!(strays.is_empty(), "{strays:#?}");
}

/// Ways to put a command into another.
fn wrappings(line: &str) -> Vec<String> {
    vec![
        format!("true; {line}"),
        format!("({line})"),
        format!("{line} | cat"),
        format!("FOO=1 {line}"),
        format!("{line} &"),
        format!("if true; then {line}; fi"),
        format!("\n{line}"),
        format!("{line} # comment"),
        format!("{{ {line}; }}"),
        format!("! {line}"),
        format!("time {line}"),
        format!("for i in 1 2; do {line}; done"),
        format!("while {line}; do true; done"),
        format!("case x in x) {line};; esac"),
        format!("echo \"$({line})\""),
        format!("cat <({line})"),
        format!("{line} && true"),
        format!("true || {line}"),
        format!("{line} 2>&1"),
        format!("{line};"),
        format!("{line}\n"),
        format!("f() {{ {line}; }}; f"),
        format!("bash -c '{}'", line.replace('\'', r"'\''")),
        format!("env {line}"),
        format!("timeout 5 {line}"),
        format!("command {line}"),
        format!("cd src && {line}"),
    ]
}

/// A rising verdict: a wrapped line may be stricter, never milder. Lines that are
/// cut short are left out: what is put around them completes them to others.
#[test]
fn wrapping_never_makes_a_line_milder() {
    let mut milder = Vec::new();
    for (at, line) in forbidden().iter().chain(&guarded()).enumerate() {
        let analysis = analyse(&scene().place(), &scene().here(line));
        if analysis.problem.is_some() {
            continue;
        }
        // Each way for some of the lines.
        let wrapped = wrappings(line).into_iter().enumerate();
        for (_, wrapped) in wrapped.filter(|(way, _)| way % 4 == at % 4) {
            let (tier, _) = scene().verdict(&wrapped);
            // Behind `cd src &&` paths are others, and `cd DIR &&` is understood.
            let moved = wrapped.starts_with("cd ")
                && (line.contains("..")
                    || line.contains("links")
                    || line == "cd src"
                    || line.starts_with("cmake -B")
                    // Below `src` no link leads out.
                    || line.contains("find")
                    || line.contains("--follow")
                    || line.contains("xargs"));
            if tier < Tier::Ask && !moved {
                milder.push(wrapped);
            }
        }
    }
    assert!(milder.is_empty(), "{milder:#?}");
}

#[test]
fn plain_wrappings_of_forbidden_commands_stay_refused() {
    for line in ["rm -rf target", "git push", "sudo id", "chmod +x a.txt"] {
        for wrapped in wrappings(line) {
            let (tier, why) = scene().verdict(&wrapped);
            assert_eq!(tier, Tier::Deny, "{wrapped}: {why}");
        }
    }
}

#[test]
fn reasons_name_the_part_and_the_way_out() {
    for (line, expected) in [
        (
            "cargo test && rm -rf x",
            "`rm` deletes files: use delete_file or delete_directory",
        ),
        (
            "cat /etc/passwd",
            "reads outside the workspace: /etc/passwd",
        ),
        ("ls > x", "writes x"),
        (
            "git push origin",
            "`git push` sends commits to a server: let the user push",
        ),
        ("sort --output=x a.txt", "sort: no rule for --output"),
        ("foo bar", "foo: no rule allows it"),
        ("cp a.txt b.txt", "cp: copies files"),
        ("git checkout main", "git: changes files or the branch"),
        (
            "cat $'\\x2fetc/passwd'",
            "reads outside the workspace: /etc/passwd",
        ),
        ("PATH=. ls", "sets PATH for the program"),
        ("echo $SECRET", "uses the variable SECRET"),
        ("ls 'a", "not understood: a quote is not closed"),
        (
            "ls > .git/hooks/x",
            "writes .git/hooks/x, part of .git: git runs what it configures",
        ),
    ] {
        let (_, why) = scene().verdict(line);
        assert!(why.contains(expected), "{line}: {why}");
    }
}

#[test]
fn effects_are_told() {
    let effects = |line: &str| {
        let mut out = Vec::new();
        analyse(&scene().place(), line).each(&mut |part| {
            out.extend(
                part.effects
                    .iter()
                    .map(|effect| format!("{} {}", effect.kind.verb(), effect.target)),
            );
        });
        out
    };
    assert_eq!(
        effects("cat a.txt | grep -r x src"),
        [
            "executes cat a.txt",
            "reads a.txt",
            "executes grep -r x src",
            "reads src"
        ]
    );
    assert_eq!(effects("ls > x"), ["writes x", "executes ls"]);
    let copied = effects("cp -r a.txt src out");
    assert_eq!(copied[1..4], ["reads a.txt", "reads src", "writes out"]);
    assert!(effects("cp -t out a.txt").contains(&"writes a.txt".to_string()));
    assert!(effects("rm -r target").contains(&"deletes target".to_string()));
    assert!(effects("curl http://x").contains(&"network http://x".to_string()));
    assert!(effects("cd src && cat deep/x").contains(&"reads src/deep/x".to_string()));
    assert_eq!(
        effects("for f in a.txt b.txt; do wc \"$f\"; done"),
        [
            "executes wc a.txt",
            "reads a.txt",
            "executes wc b.txt",
            "reads b.txt"
        ]
    );
}

#[test]
fn a_name_like_an_option_is_not_injected() {
    let dir = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(dir.path()).unwrap();
    fs::write(root.join("--pre=.sh"), "").unwrap();
    fs::write(root.join("a.rs"), "").unwrap();
    let place = Place {
        root: &root,
        home: None,
    };
    let tier = |line: &str| analyse(&place, line).tier().0;
    assert_eq!(tier("rg x *"), Tier::Ask);
    assert_eq!(tier("cat *"), Tier::Ask);
    assert_eq!(tier("cat ./*"), Tier::Allow);
    assert_eq!(tier("cat *.rs"), Tier::Allow);
}

#[test]
fn lists_of_paths_are_read_where_nothing_leads_out() {
    let dir = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(dir.path()).unwrap();
    fs::create_dir_all(root.join("src/deep")).unwrap();
    fs::write(root.join("src/deep/a.rs"), "").unwrap();
    symlink("deep/a.rs", root.join("src/inside")).unwrap();
    let place = Place {
        root: &root,
        home: None,
    };
    let lines = [
        r"git ls-files '*.rs' | xargs grep -c 'unsafe'",
        r"grep -l 'tokio' $(find . -name Cargo.toml -not -path './target/*')",
        r"find . -name '*.rs' -exec grep -Hn 'unsafe' {} \;",
        r"find . -maxdepth 3 -name '*.toml' -exec cat {} +",
        r#"rg -l TODO | while read -r f; do echo "$f: $(grep -c TODO "$f")"; done"#,
        r"for f in $(find . -name '*.rs'); do wc -l < $f; done",
        r#"while IFS= read -r f; do wc -l "$f"; done < <(git ls-files '*.rs')"#,
        r"files=$(git ls-files); cat $files",
        r"grep -R foo src",
        r"diff -r src src/deep",
    ];
    let tier = |line: &str| analyse(&place, line).tier().0;
    for line in lines {
        assert_eq!(tier(line), Tier::Allow, "{line}");
    }
    // What may be denied below them is found by its directory.
    let mut rules = RuleSet::default();
    rules
        .add(crate::permission::List::Deny, "Read(src/deep/**)", &place)
        .unwrap();
    for line in lines {
        let judged = rules.judge(line, &analyse(&place, line));
        assert_ne!(judged.tier, Tier::Allow, "{line}");
    }
    // A name that falls apart matters to lists of words only.
    fs::write(root.join("src/b c.rs"), "").unwrap();
    assert_eq!(tier("find . -name '*.rs' | xargs cat"), Tier::Ask);
    assert_eq!(
        tier("find . -name '*.rs' -print0 | xargs -0 cat"),
        Tier::Allow
    );
    fs::remove_file(root.join("src/b c.rs")).unwrap();
    // Only a list that holds the link is led astray.
    symlink("/etc/passwd", root.join("src/deep/out")).unwrap();
    assert_eq!(tier("find . -name '*.rs' | xargs cat"), Tier::Allow);
    assert_eq!(tier("find . -name 'o*' | xargs cat"), Tier::Ask);
    assert_eq!(
        tier("find . -not -path './src/deep/*' | xargs cat"),
        Tier::Allow
    );
    assert_eq!(
        tier("find . -path ./src -prune -o -name 'o*' -print | xargs cat"),
        Tier::Allow
    );
    assert_eq!(
        tier("for f in $(find . -name '*.rs'); do cat $f; done"),
        Tier::Allow
    );
    assert_eq!(tier("git ls-files | xargs cat"), Tier::Ask);
    fs::create_dir(root.join(".git")).unwrap();
    fs::write(root.join(".git/index"), b"DIRC\0\0\0\x02.src/deep/a.rs\0").unwrap();
    assert_eq!(tier("git ls-files | xargs cat"), Tier::Allow);
    assert_eq!(tier("git ls-files -o | xargs cat"), Tier::Ask);
    fs::write(root.join(".git/index"), b"DIRC\0\0\0\x02.src/deep/out\0").unwrap();
    assert_eq!(tier("git ls-files | xargs cat"), Tier::Ask);
    fs::remove_dir_all(root.join(".git")).unwrap();
    for name in ["out.rs", "out.toml", "Cargo.toml"] {
        symlink("/etc/passwd", root.join("src/deep").join(name)).unwrap();
    }
    for line in lines {
        // What only goes through regular files names no link.
        let regular = line.starts_with("rg -l");
        assert_eq!(tier(line) == Tier::Allow, regular, "{line}");
    }
}

#[test]
fn long_and_deep_lines_end() {
    for line in [
        "ls; ".repeat(20_000),
        "(".repeat(5_000),
        "$(".repeat(5_000),
        "\"$(".repeat(2_000),
        "{a,b}".repeat(100),
        "if true; then ".repeat(1_000),
        "a".repeat(100_000),
        "`".repeat(1_001),
        "echo ".to_string() + &"${x%".repeat(3_000),
        "sh -c \"".repeat(500),
        "timeout 5 ".repeat(500) + "ls",
        "for i in {1..100}; do bash -c 'for j in {1..100}; do bash -c \"for k in {1..100}; do ls; \
         done\"; done'; done"
            .to_string(),
    ] {
        assert_ne!(
            scene().verdict(&line).0,
            Tier::Allow,
            "{}",
            &line[..40.min(line.len())]
        );
    }
}

#[test]
fn loops_are_gone_through_by_value_or_once() {
    let tier = |line: &str| scene().verdict(line).0;
    assert_eq!(
        tier("for f in a.txt /etc/passwd; do cat $f; done"),
        Tier::Ask
    );
    assert_eq!(
        tier("for i in {1..1000}; do for j in {1..1000}; do ls; done; done"),
        Tier::Allow
    );
    assert_eq!(tier("for i in {1..1000}; do cat $i; done"), Tier::Ask);
    assert_eq!(
        tier("x=a.txt; for i in 1 2; do cat $x; x=/etc/passwd; done"),
        Tier::Ask
    );
    assert_eq!(tier("x=a.txt; ls && x=/etc/passwd; cat $x"), Tier::Ask);
    assert_eq!(tier("x=a.txt; (x=/etc/passwd); cat $x"), Tier::Allow);
    assert_eq!(tier("x=a.txt; x=/etc/passwd | ls; cat $x"), Tier::Allow);
    assert_eq!(tier("x=a.txt; read x; cat $x"), Tier::Ask);
    assert_eq!(tier("x='a b'; cat $x"), Tier::Ask);
    assert_eq!(tier("x='*'; cat $x"), Tier::Ask);
}

#[test]
fn python_is_not_given_modules_of_the_workspace() {
    let dir = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(dir.path()).unwrap();
    let tier = |line: &str| {
        let place = Place {
            root: &root,
            home: None,
        };
        analyse(&place, line).tier().0
    };
    fs::create_dir(root.join("json")).unwrap();
    fs::write(root.join("app.py"), "").unwrap();
    let lines = [
        "python3 -m json.tool a.json",
        "cat a.json | python3 -m json.tool",
        "python3 -m py_compile app.py",
        "python3 -m pip list",
    ];
    for line in lines {
        assert_eq!(tier(line), Tier::Allow, "{line}");
    }
    for module in ["json.py", "json/__init__.py", "argparse.cpython-312.so"] {
        fs::write(root.join(module), "").unwrap();
        for line in lines {
            assert_eq!(tier(line), Tier::Ask, "{module}: {line}");
        }
        fs::remove_file(root.join(module)).unwrap();
    }
}

proptest! {
    #[test]
    fn any_text_is_judged(line in ".{0,200}") {
        scene().verdict(&line);
    }

    #[test]
    fn shell_like_text_is_judged(
        line in "[a-z '\"$`\\\\;&|<>(){}\\[\\]*?~=#!\n\t/.-]{0,60}",
    ) {
        scene().verdict(&line);
    }

    #[test]
    fn words_of_the_grammar_are_judged(words in prop::collection::vec(
        prop::sample::select(vec![
            "if", "then", "fi", "for", "in", "do", "done", "case", "esac", "while", "{", "}",
            "(", ")", ";", ";;", "&", "&&", "|", "||", "!", "[[", "]]", "$(", "`", "\"", "'",
            "<<EOF", "EOF", "\n", "ls", "rm", "./x.sh", "a=1", "$x", ">", "<", "2>&1", "#",
            "\\", "$((", "))", "${", "function", "f()", "time", "coproc",
        ]), 0..20))
    {
        let line = words.join(" ");
        let (tier, _) = scene().verdict(&line);
        // Nothing in these lines that runs a file or deletes is ever allowed,
        // unless it is a word of something else.
        let quiet = line.contains(['\'', '"', '#', '\\']) || line.contains("<<EOF")
            || line.contains("in") || line.contains("case") || line.contains("[[")
            || line.contains("ls") || line.contains('<') || line.contains("rm");
        if line.contains("./x.sh") && !quiet {
            prop_assert_ne!(tier, Tier::Allow, "{}", line);
        }
    }
}
