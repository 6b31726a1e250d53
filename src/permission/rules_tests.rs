use super::*;
use crate::permission::command::{Tier, analyse};
use crate::permission::scope;
use proptest::prelude::*;

const ROOT: &str = "/nonexistent/home/work";

fn place() -> Place<'static> {
    Place {
        root: Path::new(ROOT),
        home: Some(Path::new("/nonexistent/home")),
    }
}

fn path(text: &str) -> ScopedPath {
    scope::resolve(place().root, place().home, text).unwrap()
}

fn rules(allow: &[&str], deny: &[&str], ask: &[&str]) -> RuleSet {
    let mut set = RuleSet::default();
    for (list, texts) in [(List::Allow, allow), (List::Deny, deny), (List::Ask, ask)] {
        for text in texts {
            set.add(list, text, &place()).unwrap();
        }
    }
    set
}

fn verdict(set: &RuleSet, line: &str) -> &'static str {
    match set.judge(line, &analyse(&place(), line)).tier {
        Tier::Allow => "allow",
        Tier::Confined | Tier::Ask => "ask",
        Tier::Deny => "deny",
    }
}

#[test]
fn globs_keep_to_their_components() {
    for (rule, matching, others) in [
        (
            "Read(/etc/*.conf)",
            vec!["/etc/a.conf"],
            vec!["/etc/a/b.conf", "/etc/a.txt", "/etc"],
        ),
        (
            "Read(/opt/data/**)",
            vec!["/opt/data/a", "/opt/data/a/b", "/opt/data"],
            vec!["/opt/data2", "/opt/data2/x", "/opt", "/opt/dat"],
        ),
        (
            "Read(/opt/*)",
            vec!["/opt/a"],
            vec!["/opt/a/b", "/opt", "/optx/a"],
        ),
        (
            "Read(/opt/**/x)",
            vec!["/opt/x", "/opt/a/b/x"],
            vec!["/opt/a", "/opt/a/xx"],
        ),
        (
            "Read(./.env)",
            vec![".env", "src/../.env"],
            vec![".env.local", "src/.env", "a.env"],
        ),
        ("Read(.env.*)", vec![".env.local"], vec![".env", "x/.env.a"]),
        (
            "Read(secrets/**)",
            vec!["secrets", "secrets/a/b"],
            vec!["secretsx", "src/secrets"],
        ),
        (
            "Read(**/*.pem)",
            vec!["a.pem", "x/y/b.pem"],
            vec!["/tmp/a.pem", "a.pemx"],
        ),
        (
            "Read(~/.aws/**)",
            vec!["~/.aws/c", "/nonexistent/home/.aws"],
            vec!["~/.awsx", "~/x"],
        ),
        (
            "Read(~/.config/?/x)",
            vec!["~/.config/a/x"],
            vec!["~/.config/ab/x"],
        ),
        ("Read(/a/{b,c})", vec!["/a/b", "/a/c"], vec!["/a/d"]),
        ("Read(/a/[b-d]x)", vec!["/a/cx"], vec!["/a/ex"]),
        (
            "Read(/a/b)",
            vec!["/a/b", "/a/./b", "/a/c/../b"],
            vec!["/a/b/c", "/a/bc"],
        ),
        ("Read(.)", vec!["."], vec!["a"]),
        ("Read(/**)", vec!["/etc/x", "/"], vec![]),
    ] {
        let set = rules(&[rule], &[], &[]);
        for text in matching {
            assert!(set.allowed(&path(text), false).is_some(), "{rule} {text}");
            assert!(
                set.allowed(&path(text), true).is_none(),
                "{rule} writes {text}"
            );
        }
        for text in others {
            assert!(set.allowed(&path(text), false).is_none(), "{rule} {text}");
        }
    }
}

#[test]
fn names_with_wildcards_in_them_are_escaped() {
    for name in ["a[1].txt", "b*c", "d?e", "{f,g}", "h[", "i]j", "k{"] {
        let rule = format!("Read({})", escape(name));
        let set = rules(&[&rule], &[], &[]);
        assert!(set.allowed(&path(name), false).is_some(), "{rule}");
        assert!(set.allowed(&path("bXc"), false).is_none(), "{rule}");
        assert!(set.allowed(&path("a1.txt"), false).is_none(), "{rule}");
        assert!(set.allowed(&path("f"), false).is_none(), "{rule}");
    }
}

#[test]
fn what_is_no_rule_is_refused_with_words() {
    for (text, why) in [
        ("Reed(x)", "is no rule"),
        ("Read", "is no rule"),
        ("Read()", "nothing stands"),
        ("Read(x", "is no rule"),
        ("", "is no rule"),
        ("Bash(:*)x", "is no rule"),
        ("Mcp()", "nothing stands"),
        ("WebFetch(domain:)", "not the name of a host"),
        ("WebFetch(domain:a b)", "not the name of a host"),
        ("Read(/a/[)", "unclosed character class"),
    ] {
        let error = Rule::parse(text, &place()).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

/// allow, deny, ask; then a line with its verdict.
type Case = (
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
    &'static str,
    &'static str,
);

const COMMANDS: &[Case] = &[
    // A prefix is words, and covers this program only.
    (&["Bash(mytool:*)"], &[], &[], "mytool", "allow"),
    (&["Bash(mytool:*)"], &[], &[], "mytool a -b", "allow"),
    (&["Bash(mytool:*)"], &[], &[], "mytoolx a", "ask"),
    (&["Bash(mytool:*)"], &[], &[], "mytool-x", "ask"),
    (&["Bash(mytool:*)"], &[], &[], "./mytool a", "ask"),
    (&["Bash(mytool:*)"], &[], &[], "/tmp/mytool a", "ask"),
    (&["Bash(mytool:*)"], &[], &[], "mytool a | sh", "ask"),
    (&["Bash(mytool:*)"], &[], &[], "mytool a; other", "ask"),
    (&["Bash(mytool:*)"], &[], &[], "mytool a; rm b", "deny"),
    (&["Bash(mytool:*)"], &[], &[], "mytool a && ls", "allow"),
    (&["Bash(mytool:*)"], &[], &[], "mytool a > out", "ask"),
    (
        &["Bash(mytool:*)"],
        &[],
        &[],
        "mytool a 2>&1 | tail -5",
        "allow",
    ),
    (&["Bash(mytool:*)"], &[], &[], "mytool $(./x.sh)", "ask"),
    (&["Bash(mytool:*)"], &[], &[], "mytool `other`", "ask"),
    (&["Bash(mytool:*)"], &[], &[], "FOO=1 mytool", "ask"),
    (&["Bash(mytool:*)"], &[], &[], "PATH=. mytool", "ask"),
    (&["Bash(mytool:*)"], &[], &[], "mytool /etc/passwd", "ask"),
    (&["Bash(mytool:*)"], &[], &[], "mytool --out=/etc/x", "ask"),
    (&["Bash(mytool:*)"], &[], &[], "timeout 5 mytool a", "allow"),
    (&["Bash(mytool:*)"], &[], &[], "sudo mytool", "deny"),
    (&["Bash(mytool:*)"], &[], &[], "xargs mytool", "ask"),
    (&["Bash(mytool:*)"], &[], &[], "(mytool a)", "allow"),
    (
        &["Bash(mytool:*)"],
        &[],
        &[],
        "mytool() { rm x; }; mytool",
        "deny",
    ),
    (&["Bash(mytool:*)"], &[], &[], "mytool 'a", "ask"),
    (&["Bash(mytool *)"], &[], &[], "mytool a", "allow"),
    (
        &["Bash(npm run test:*)"],
        &[],
        &[],
        "npm run test --flag",
        "allow",
    ),
    (&["Bash(npm run test:*)"], &[], &[], "npm run deploy", "ask"),
    (&["Bash(npm run:*)"], &[], &[], "npm run deploy", "allow"),
    (&["Bash(npm run:*)"], &[], &[], "npm publish", "ask"),
    // Exact is exact.
    (&["Bash(npm install)"], &[], &[], "npm install", "allow"),
    (&["Bash(npm install)"], &[], &[], "npm  install", "allow"),
    (&["Bash(npm install)"], &[], &[], "npm install evil", "ask"),
    (
        &["Bash(npm install)"],
        &[],
        &[],
        "npm install && ls",
        "allow",
    ),
    (
        &["Bash(npm install)"],
        &[],
        &[],
        "npm install && npm publish",
        "ask",
    ),
    (
        &["Bash(./gradlew test)"],
        &[],
        &[],
        "./gradlew test",
        "allow",
    ),
    (&["Bash(./gradlew test)"], &[], &[], "./gradlew", "ask"),
    (&["Bash(./gradlew:*)"], &[], &[], "./gradlew build", "allow"),
    (&["Bash(a b | c > d)"], &[], &[], "a b | c > d", "allow"),
    (&["Bash(a b | c > d)"], &[], &[], "a b | c > e", "ask"),
    (&["Bash(a b | c > d)"], &[], &[], "a b", "ask"),
    (
        &["Bash(cp a.txt b.txt)"],
        &[],
        &[],
        "cp a.txt b.txt",
        "allow",
    ),
    (&["Bash(cp a.txt b.txt)"], &[], &[], "cp b.txt a.txt", "ask"),
    // Forbidden commands have to be named.
    (&["Bash"], &[], &[], "rm a", "deny"),
    (&["Bash(*)"], &[], &[], "rm a", "deny"),
    (&["Bash(*)"], &[], &[], "foo", "allow"),
    (&["Bash(*)"], &[], &[], "foo > x", "ask"),
    (&["Bash(*)"], &[], &[], "sudo foo", "deny"),
    (&["Bash(rm:*)"], &[], &[], "rm /etc/x", "ask"),
    (&["Bash(rm:*)"], &[], &[], "rmdir a", "deny"),
    (&["Bash(rm a)"], &[], &[], "rm a", "allow"),
    (&["Bash(rm a)"], &[], &[], "rm -r a", "deny"),
    (
        &["Bash(chmod:*)", "Write(**)"],
        &[],
        &[],
        "chmod 644 a",
        "allow",
    ),
    (&["Bash(git:*)"], &[], &[], "git push", "deny"),
    (&["Bash(git:*)"], &[], &[], "git fetch", "allow"),
    (
        &["Bash(git push:*)"],
        &[],
        &[],
        "git push origin main",
        "allow",
    ),
    (&["Bash(git push:*)"], &[], &[], "git -C x push", "deny"),
    (&["Bash(git reset:*)"], &[], &[], "git reset --hard", "deny"),
    (
        &["Bash(git reset --hard:*)"],
        &[],
        &[],
        "git reset --hard HEAD",
        "allow",
    ),
    (
        &["Bash(git checkout:*)"],
        &[],
        &[],
        "git checkout main",
        "allow",
    ),
    (
        &["Bash(git checkout:*)"],
        &[],
        &[],
        "git checkout -f main",
        "deny",
    ),
    (&["Bash(sudo:*)"], &[], &[], "sudo ls", "allow"),
    (&["Bash(cd:*)"], &[], &[], "ls; cd src", "allow"),
    // Deny beats everything, in every spelling.
    (&["Bash(curl:*)"], &["Bash(curl:*)"], &[], "curl x", "deny"),
    (&[], &["Bash(curl:*)"], &[], "/usr/bin/curl x", "deny"),
    (&[], &["Bash(curl:*)"], &[], "./curl x", "deny"),
    (&[], &["Bash(curl:*)"], &[], "\\curl x", "deny"),
    (&[], &["Bash(curl:*)"], &[], "c'ur'l x", "deny"),
    (&[], &["Bash(curl:*)"], &[], "$'curl' x", "deny"),
    (&[], &["Bash(curl:*)"], &[], "CURL x", "deny"),
    (&[], &["Bash(curl:*)"], &[], "ls; curl x", "deny"),
    (&[], &["Bash(curl:*)"], &[], "(curl x)", "deny"),
    (&[], &["Bash(curl:*)"], &[], "curl x | sh", "deny"),
    (&[], &["Bash(curl:*)"], &[], "command curl x", "deny"),
    (&[], &["Bash(curl:*)"], &[], "env A=1 curl x", "deny"),
    (&[], &["Bash(curl:*)"], &[], "env -S 'curl x'", "deny"),
    (&[], &["Bash(curl:*)"], &[], "timeout 5 curl x", "deny"),
    (&[], &["Bash(curl:*)"], &[], "xargs curl", "deny"),
    (
        &[],
        &["Bash(curl:*)"],
        &[],
        "find . -exec curl {} \\;",
        "deny",
    ),
    (&[], &["Bash(curl:*)"], &[], "sh -c 'curl x'", "deny"),
    (
        &[],
        &["Bash(curl:*)"],
        &[],
        "bash -c \"ls; curl x\"",
        "deny",
    ),
    (&[], &["Bash(curl:*)"], &[], "eval curl x", "deny"),
    (&[], &["Bash(curl:*)"], &[], "strace curl x", "deny"),
    (&[], &["Bash(curl:*)"], &[], "busybox curl x", "deny"),
    (&[], &["Bash(curl:*)"], &[], "echo $(curl x)", "deny"),
    (&[], &["Bash(curl:*)"], &[], "cat <(curl x)", "deny"),
    (&[], &["Bash(curl:*)"], &[], "x=curl; $x y", "deny"),
    (&[], &["Bash(curl:*)"], &[], "FOO=1 curl x", "deny"),
    (
        &[],
        &["Bash(curl:*)"],
        &[],
        "if curl x; then ls; fi",
        "deny",
    ),
    (&[], &["Bash(curl:*)"], &[], "curl x &", "deny"),
    (&[], &["Bash(curl:*)"], &[], "curl x; ls 'a", "deny"),
    (&[], &["Bash(curl:*)"], &[], "f() { curl x; }", "deny"),
    (&[], &["Bash(curl:*)"], &[], "curlx", "ask"),
    (&[], &["Bash(curl:*)"], &[], "grep curl a.txt", "allow"),
    (&[], &["Bash(curl:*)"], &[], "echo curl", "allow"),
    (
        &["Bash(git push:*)"],
        &["Bash(git push:*)"],
        &[],
        "git push",
        "deny",
    ),
    (
        &[],
        &["Bash(git status:*)"],
        &[],
        "git --no-pager status",
        "deny",
    ),
    (
        &[],
        &["Bash(git log:*)"],
        &[],
        "git -c color.ui=never log",
        "deny",
    ),
    (
        &[],
        &["Bash(npm publish:*)"],
        &[],
        "npm --silent publish",
        "deny",
    ),
    (&[], &["Bash(cargo test)"], &[], "cargo test", "deny"),
    (&[], &["Bash(cargo test)"], &[], "cargo test --lib", "allow"),
    (&[], &["Bash(cargo test)"], &[], "true; cargo test", "deny"),
    (&[], &["Bash"], &[], "ls", "deny"),
    (&["Bash(ls)"], &["Bash(*)"], &[], "ls", "deny"),
    (&[], &["Bash"], &[], "ls 'a", "deny"),
    // Deny rules for paths bind commands too.
    (&[], &["Read(./.env)"], &[], "cat .env", "deny"),
    (&[], &["Read(./.env)"], &[], "cat ./src/../.env", "deny"),
    (&[], &["Read(./.env)"], &[], "cat < .env", "deny"),
    (&[], &["Read(./.env)"], &[], "cp .env x", "deny"),
    (&[], &["Read(./.env)"], &[], "foo .env", "deny"),
    (&[], &["Read(./.env)"], &[], "foo --file=.env", "deny"),
    (&[], &["Read(./.env)"], &[], "git show HEAD:.env", "deny"),
    (&[], &["Read(./.env)"], &[], "grep -f .env a", "deny"),
    (&[], &["Read(./.env)"], &[], "x=.env; cat $x", "deny"),
    (&[], &["Read(./.env)"], &[], "cat a.txt", "allow"),
    (&[], &["Read(./secrets/**)"], &[], "ls secrets", "deny"),
    (&[], &["Write(./locked/**)"], &[], "ls > locked/x", "deny"),
    (&[], &["Write(./locked/**)"], &[], "cp a locked/b", "deny"),
    (&[], &["Write(./locked/**)"], &[], "cat locked/x", "allow"),
    (&[], &["Bash(/etc/**)"], &[], "cat /etc/passwd", "deny"),
    (
        &["Bash(/etc/**)"],
        &["Read(/etc/shadow)"],
        &[],
        "cat /etc/shadow",
        "deny",
    ),
    // Paths outside need a grant for commands.
    (
        &["Bash(/var/log/**)"],
        &[],
        &[],
        "tail -5 /var/log/a/b.log",
        "allow",
    ),
    (&["Bash(/var/log/**)"], &[], &[], "ls /var/log", "allow"),
    (&["Bash(/var/log/**)"], &[], &[], "cat /var/logs/x", "ask"),
    (&["Bash(/var/log/**)"], &[], &[], "cat /var/log/../x", "ask"),
    (&["Bash(/var/log/*)"], &[], &[], "cat /var/log/a/b", "ask"),
    (&["Bash(/var/log/**)"], &[], &[], "ls > /var/log/x", "ask"),
    (
        &["Bash(/var/log/**)", "Write(/var/log/**)"],
        &[],
        &[],
        "ls > /var/log/x",
        "allow",
    ),
    (&["Bash(/var/log/**)"], &[], &[], "rm /var/log/x", "deny"),
    (&["Bash(/var/log/**)"], &[], &[], "/var/log/x", "ask"),
    (&["Bash(/var/log/**)"], &[], &[], "foo /var/log/x", "ask"),
    (&["Read(/var/log/**)"], &[], &[], "cat /var/log/x", "ask"),
    (&["Bash(~/notes/**)"], &[], &[], "cat ~/notes/a", "allow"),
    (&["Write(out/**)"], &[], &[], "ls > out/x", "allow"),
    (&["Write(out/**)"], &[], &[], "ls > src/x", "ask"),
    (&["Write(**)"], &[], &[], "ls > .git/hooks/x", "ask"),
    (
        &["Write(.git/hooks/**)"],
        &[],
        &[],
        "ls > .git/hooks/x",
        "allow",
    ),
    // Ask beats allow.
    (
        &["Bash(cargo:*)"],
        &[],
        &["Bash(cargo publish:*)"],
        "cargo publish",
        "ask",
    ),
    (&["Bash(ls)"], &[], &["Bash(ls)"], "ls", "ask"),
    (&[], &[], &["Bash(cargo test:*)"], "cargo test", "ask"),
    (
        &[],
        &[],
        &["Bash(cargo test:*)"],
        "cargo test; rm x",
        "deny",
    ),
    (&[], &[], &["Read(./Cargo.lock)"], "cat Cargo.lock", "ask"),
];

#[test]
fn rules_hit_what_they_say() {
    for (allow, deny, ask, line, expected) in COMMANDS {
        let set = rules(allow, deny, ask);
        assert_eq!(
            verdict(&set, line),
            *expected,
            "allow {allow:?} deny {deny:?} ask {ask:?}: {line}"
        );
    }
}

#[test]
fn what_reads_below_a_denied_place_asks() {
    let dir = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(dir.path()).unwrap();
    for name in ["src", "secrets/deep"] {
        std::fs::create_dir_all(root.join(name)).unwrap();
    }
    let place = Place {
        root: &root,
        home: None,
    };
    let mut set = RuleSet::default();
    set.add(List::Deny, "Read(./secrets/**)", &place).unwrap();
    set.add(List::Deny, "Read(./.env)", &place).unwrap();
    for (line, tier) in [
        ("grep -r x .", Tier::Ask),
        ("grep -rn x", Tier::Ask),
        ("rg x", Tier::Ask),
        ("rg x src", Tier::Allow),
        ("grep -r x src", Tier::Allow),
        ("rg x secrets/deep", Tier::Deny),
        ("ls", Tier::Allow),
        ("cd secrets && ls", Tier::Deny),
    ] {
        assert_eq!(set.judge(line, &analyse(&place, line)).tier, tier, "{line}");
    }
}

#[test]
fn the_spelling_through_a_link_is_denied_too() {
    let dir = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(dir.path()).unwrap();
    std::fs::create_dir_all(root.join("secrets")).unwrap();
    std::fs::write(root.join("secrets/key"), "").unwrap();
    std::fs::write(root.join("plain"), "").unwrap();
    for (target, link) in [
        ("secrets/key", "alias"),
        ("../plain", "secrets/linked"),
        ("secrets", "s"),
    ] {
        std::os::unix::fs::symlink(target, root.join(link)).unwrap();
    }
    let place = Place {
        root: &root,
        home: None,
    };
    for (rule, paths) in [
        (
            "Read(./secrets/**)",
            vec!["alias", "secrets/linked", "s/key", "s"],
        ),
        ("Read(alias)", vec!["secrets/key", "alias"]),
        ("Read(s/**)", vec!["secrets/key"]),
    ] {
        let mut set = RuleSet::default();
        set.add(List::Deny, rule, &place).unwrap();
        for text in paths {
            let path = scope::resolve(&root, None, text).unwrap();
            assert!(set.denied(&path, false).is_some(), "{rule} {text}");
            let line = format!("cat {text}");
            let judged = set.judge(&line, &analyse(&place, &line));
            assert_eq!(judged.tier, Tier::Deny, "{rule} {line}");
        }
    }
}

#[test]
fn hosts_are_allowed_exactly_and_denied_with_those_below() {
    let set = rules(
        &["WebFetch(domain:example.com)", "WebFetch(plain.org)"],
        &["WebFetch(domain:bad.example.com)"],
        &["WebFetch(domain:ask.example.com)"],
    );
    let said = |host: &str| set.host(host).map(|(list, _)| list);
    for (host, expected) in [
        ("example.com", Some(List::Allow)),
        ("docs.example.com", None),
        ("bad.example.com", Some(List::Deny)),
        ("x.bad.example.com", Some(List::Deny)),
        ("ask.example.com", Some(List::Ask)),
        ("plain.org", Some(List::Allow)),
        ("notexample.com", None),
        ("example.com.evil.org", None),
        ("com", None),
    ] {
        assert_eq!(said(host), expected, "{host}");
    }
    let set = rules(&["Mcp(files)"], &["Mcp(web)"], &[]);
    assert_eq!(set.mcp("files").map(|(list, _)| list), Some(List::Allow));
    assert_eq!(set.mcp("web").map(|(list, _)| list), Some(List::Deny));
    assert!(set.mcp("other").is_none());
}

fn any_line() -> impl Strategy<Value = String> {
    let command = prop::sample::select(vec![
        "ls",
        "cat a.txt",
        "cat /etc/passwd",
        "cat .env",
        "foo",
        "foo bar",
        "rm a",
        "git push",
        "git status",
        "git checkout x",
        "cargo test",
        "curl x",
        "mytool a",
        "cp a b",
        "ls > x",
        "ls > /tmp/x",
        "tail /var/log/x",
        "grep -r x .",
        "echo $x",
        "ls 'a",
    ]);
    let join = prop::sample::select(vec!["; ", " && ", " | ", "\n", " & "]);
    (prop::collection::vec(command, 1..4), join).prop_map(|(parts, join)| parts.join(join))
}

fn any_rule() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "Bash(ls)",
        "Bash(cat:*)",
        "Bash(foo:*)",
        "Bash(foo bar)",
        "Bash(rm:*)",
        "Bash(git:*)",
        "Bash(git push:*)",
        "Bash(cargo test)",
        "Bash",
        "Bash(/var/log/**)",
        "Bash(/etc/**)",
        "Read(.env)",
        "Read(/etc/**)",
        "Write(**)",
        "Write(/tmp/**)",
        "Read(**)",
        "Bash(cp a b)",
    ])
}

fn rank(set: &RuleSet, line: &str) -> Tier {
    set.judge(line, &analyse(&place(), line)).tier
}

proptest! {
    #[test]
    fn more_deny_and_ask_rules_never_widen(
        line in any_line(),
        allow in prop::collection::vec(any_rule(), 0..3),
        deny in prop::collection::vec(any_rule(), 0..3),
        more in any_rule(),
    ) {
        let before = rank(&rules(&allow, &deny, &[]), &line);
        let denied: Vec<_> = deny.iter().copied().chain([more]).collect();
        prop_assert!(rank(&rules(&allow, &denied, &[]), &line) >= before);
        prop_assert!(rank(&rules(&allow, &deny, &[more]), &line) >= before);
    }

    #[test]
    fn fewer_allow_rules_never_widen(
        line in any_line(),
        allow in prop::collection::vec(any_rule(), 1..4),
        deny in prop::collection::vec(any_rule(), 0..2),
    ) {
        let all = rank(&rules(&allow, &deny, &[]), &line);
        prop_assert!(rank(&rules(&allow[1..], &deny, &[]), &line) >= all);
    }

    #[test]
    fn an_exact_rule_settles_its_line_and_no_other(line in any_line(), other in any_line()) {
        let rule = format!("Bash({line})");
        let set = rules(&[&rule], &[], &[]);
        prop_assert_eq!(rank(&set, &line), Tier::Allow);
        let plain = rank(&RuleSet::default(), &other);
        if plain != Tier::Allow && rank(&set, &other) == Tier::Allow {
            // Only what consists of that command and of allowed ones.
            prop_assert!(other.contains(&line), "{} lets {} run", rule, other);
        }
    }

    #[test]
    fn any_text_is_a_rule_or_an_error(text in ".{0,60}") {
        let _ = Rule::parse(&text, &place());
        let _ = Rule::parse(&format!("Read({text})"), &place());
        let _ = Rule::parse(&format!("Bash({text})"), &place());
    }
}

#[test]
fn a_rule_for_a_program_does_not_mean_what_hands_over_to_others() {
    for (rule, line, wanted) in [
        ("Bash(git diff:*)", "git diff --stat HEAD", "allow"),
        ("Bash(git diff:*)", "git diff --output=x", "ask"),
        ("Bash(git diff:*)", "git diff --outp x", "ask"),
        ("Bash(git diff:*)", "git diff --ext-diff", "ask"),
        (
            "Bash(git diff --ext-diff:*)",
            "git diff --ext-diff",
            "allow",
        ),
        ("Bash(git:*)", "git -c core.pager=x log", "ask"),
        ("Bash(git:*)", "git add a.txt", "allow"),
        ("Bash(find:*)", "find . -delete", "ask"),
        ("Bash(find:*)", "find . -fprint x", "ask"),
        ("Bash(find . -delete)", "find . -delete", "allow"),
        ("Bash(sort:*)", "sort -uo x a", "ask"),
        ("Bash(sort:*)", "sort --debug a", "allow"),
        ("Bash(rg:*)", "rg --pre=x y", "ask"),
        ("Bash(cargo:*)", "cargo install x", "allow"),
    ] {
        let mut rules = RuleSet::default();
        rules.add(List::Allow, rule, &place()).unwrap();
        assert_eq!(verdict(&rules, line), wanted, "{rule}: {line}");
    }
}
