//! Reading, listing, finding, searching as a model sees them.

use super::testing::{Bench, tool};
use super::*;
use serde_json::json;

fn bench() -> Bench {
    let bench = Bench::new();
    for (path, text) in [
        (
            "src/main.rs",
            "fn main() {\n\tlet needle = foo(bar)[0];\n}\n",
        ),
        ("src/cart/mod.rs", "// needle\nmod b;\n// Needle again\n"),
        ("docs/a.md", "no such thing\n"),
        (".gitignore", "target/\n"),
        ("target/out.rs", "needle\n"),
        (".github/ci.yml", "needle: 1\n"),
    ] {
        bench.write(path, text);
    }
    bench
}

#[test]
fn read_file_shows_pages_and_says_what_is_wrong() {
    let bench = bench();
    assert_eq!(
        bench.text("read_file", json!({"path": "src/main.rs"})),
        "     1\tfn main() {\n     2\t\tlet needle = foo(bar)[0];\n     3\t}\n"
    );
    assert_eq!(
        bench.text(
            "read_file",
            json!({"path": "src/main.rs", "offset": "2", "limit": "1"})
        ),
        "     2\t\tlet needle = foo(bar)[0];\n[lines 2–2 of 3; continue with offset=3]\n"
    );
    assert_eq!(
        bench.text("read_file", json!({"path": "src"})),
        "cart/\nmain.rs\n"
    );
    for (args, words) in [
        (json!({"path": "src/maim.rs"}), "did you mean src/main.rs?"),
        (
            json!({"path": "work/src/main.rs"}),
            "did you mean src/main.rs?",
        ),
        (json!({"path": "src/main.rs", "offset": 9}), "has 3 lines"),
        (
            json!({"path": "src/main.rs", "offset": -1}),
            "`offset` must be at least 0",
        ),
        (json!({}), "missing argument `path`"),
        (json!({"path": ""}), "the path is empty"),
        (json!({"path": "a\u{0}b"}), "NUL"),
    ] {
        let text = bench.text("read_file", args.clone());
        assert!(
            text.starts_with("error: ") && text.contains(words),
            "{args}: {text}"
        );
    }
}

#[test]
fn titles_name_what_is_looked_at() {
    let bench = bench();
    for (name, args, title) in [
        (
            "read_file",
            json!({"path": "./src/../src/main.rs"}),
            "Read src/main.rs",
        ),
        (
            "read_file",
            json!({"path": "a", "offset": 5, "limit": 10}),
            "Read a 5–14",
        ),
        (
            "read_file",
            json!({"path": "a", "offset": 5}),
            "Read a from 5",
        ),
        ("read_file", json!({"path": "a\u{1b}[2Jb\nc"}), "Read ab c"),
        ("list_directory", json!({}), "List ."),
        (
            "glob_files",
            json!({"pattern": "*.rs", "path": "src"}),
            "Find *.rs in src",
        ),
        (
            "search_code",
            json!({"pattern": "now\\(\\)", "path": "src"}),
            "Search /now\\(\\)/ in src",
        ),
        (
            "search_code",
            json!({"pattern": "x", "literal": true, "glob": "*.rs"}),
            "Search \"x\" (*.rs)",
        ),
        (
            "execute_bash",
            json!({"cmd": "echo a\necho b"}),
            "Run echo a echo b",
        ),
        (
            "move_file",
            json!({"from": "a", "to": "b/c"}),
            "Move a → b/c",
        ),
        (
            "update_plan",
            json!({"steps": [{"step": "s", "status": "completed"}, {"step": "t", "status": "pending"}]}),
            "Plan 1/2 done",
        ),
    ] {
        let prepared = tool(name).prepare(&args.to_string(), &bench.cx).unwrap();
        let got = format!("{} {}", prepared.title.verb, prepared.title.object);
        assert_eq!(got, title);
    }
}

#[test]
fn effects_carry_resolved_paths() {
    let bench = bench();
    let effects = |name: &str, args: serde_json::Value| -> Vec<String> {
        tool(name)
            .prepare(&args.to_string(), &bench.cx)
            .unwrap()
            .effects
            .iter()
            .map(|effect| crate::permission::rule_of(effect).unwrap())
            .collect()
    };
    let home = bench.cx.env.home().unwrap().display().to_string();
    assert_eq!(
        effects("read_file", json!({"path": "src/../x"})),
        ["Read(x)"]
    );
    assert_eq!(
        effects("read_file", json!({"path": "~/x"})),
        [format!("Read({home}/x)")]
    );
    assert_eq!(
        effects("glob_files", json!({"pattern": "/etc/**/*.conf"})),
        ["Read(/etc)"]
    );
    assert_eq!(
        effects("glob_files", json!({"pattern": "src/*.rs"})),
        ["Read(src)"]
    );
    assert_eq!(
        effects("glob_files", json!({"pattern": "cart/*", "path": "src"})),
        ["Read(src/cart)"]
    );
    assert_eq!(
        effects("search_code", json!({"pattern": "x", "path": "/etc"})),
        ["Read(/etc)"]
    );
    assert_eq!(
        effects("copy_file", json!({"from": "/etc/a", "to": "b"})),
        ["Read(/etc/a)", "Write(b)"]
    );
    assert_eq!(
        effects("update_plan", json!({"steps": []})),
        Vec::<String>::new()
    );
}

#[test]
fn list_directory_marks_kinds_and_escapes_names() {
    let bench = bench();
    assert_eq!(
        bench.text("list_directory", json!({})),
        ".github/\n.gitignore\ndocs/\nsrc/\ntarget/\n"
    );
    std::fs::create_dir(bench.root().join("empty")).unwrap();
    assert_eq!(
        bench.text("list_directory", json!({"path": "empty"})),
        "[the directory is empty]"
    );
    assert!(
        bench
            .text("list_directory", json!({"path": "src/main.rs"}))
            .contains("read_file shows it")
    );
    assert!(
        bench
            .text("list_directory", json!({"path": "sourc"}))
            .contains("does not exist")
    );
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        bench.write("odd/new\nline", "");
        bench.write("odd/esc\u{1b}[2J", "");
        let bad = std::ffi::OsStr::from_bytes(b"odd/a\xffb");
        std::fs::write(bench.root().join(bad), "").unwrap();
        std::os::unix::fs::symlink("../src", bench.root().join("odd/link")).unwrap();
        assert_eq!(
            bench.text("list_directory", json!({"path": "odd"})),
            "a\u{fffd}b\nesc\\u{1b}[2J\nlink -> ../src\nnew\\nline\n"
        );
    }
    for n in 0..600 {
        bench.write(&format!("many/{n:04}"), "");
    }
    let text = bench.text("list_directory", json!({"path": "many"}));
    assert!(text.starts_with("0000\n0001\n") && text.contains("[500 of 600 entries"));
}

#[test]
fn glob_files_finds_by_name_in_path_order() {
    let bench = bench();
    for (args, expected) in [
        (json!({"pattern": "*.rs"}), "src/cart/mod.rs\nsrc/main.rs\n"),
        (json!({"pattern": "src/*.rs"}), "src/main.rs\n"),
        (
            json!({"pattern": "./**/*.{rs,md}"}),
            "docs/a.md\nsrc/cart/mod.rs\nsrc/main.rs\n",
        ),
        (
            json!({"pattern": "*.rs", "path": "src/cart"}),
            "src/cart/mod.rs\n",
        ),
        (json!({"pattern": "src/main.rs"}), "src/main.rs\n"),
        (
            json!({"pattern": "*.rs", "include_ignored": true}),
            "src/cart/mod.rs\nsrc/main.rs\ntarget/out.rs\n",
        ),
        (json!({"pattern": "target/*.rs"}), "target/out.rs\n"),
        (json!({"pattern": ".github/**"}), ".github/ci.yml\n"),
        (json!({"pattern": "**/.github/*.yml"}), ".github/ci.yml\n"),
        (
            json!({"pattern": "*.RS"}),
            "no files match; hidden and ignored files were left out (include_ignored)",
        ),
    ] {
        assert_eq!(bench.text("glob_files", args.clone()), expected, "{args}");
    }
    let absolute = format!("{}/src/*.rs", bench.root().display());
    assert_eq!(
        bench.text("glob_files", json!({"pattern": absolute})),
        "src/main.rs\n"
    );
    assert!(
        bench
            .text("glob_files", json!({"pattern": "src/["}))
            .contains("unclosed character class")
    );
    assert!(
        bench
            .text("glob_files", json!({"pattern": "srx/*.rs"}))
            .contains("does not exist")
    );
}

#[test]
fn search_code_finds_lines_files_and_counts() {
    let bench = bench();
    let search = |args: serde_json::Value| bench.text("search_code", args);
    assert_eq!(
        search(json!({"pattern": "needle"})),
        "src/cart/mod.rs\n1:// needle\nsrc/main.rs\n2:\tlet needle = foo(bar)[0];\n"
    );
    assert_eq!(
        search(json!({"pattern": "NEEDLE", "ignore_case": true, "context": 1, "path": "src/cart"})),
        "src/cart/mod.rs\n1:// needle\n2-mod b;\n3:// Needle again\n"
    );
    assert_eq!(
        search(json!({"pattern": "needle", "mode": "files"})),
        "src/cart/mod.rs\nsrc/main.rs\n"
    );
    assert_eq!(
        search(json!({"pattern": "(?i)needle", "mode": "count"})),
        "src/cart/mod.rs:2\nsrc/main.rs:1\n"
    );
    assert_eq!(
        search(json!({"pattern": "foo(bar)[0]", "literal": true, "path": "src/main.rs"})),
        "src/main.rs\n2:\tlet needle = foo(bar)[0];\n"
    );
    assert_eq!(
        search(json!({"pattern": "needle", "glob": "main.*", "mode": "files"})),
        "src/main.rs\n"
    );
    assert_eq!(
        search(json!({"pattern": "needle", "glob": "src/**/*.rs", "mode": "count", "path": "src"})),
        "src/cart/mod.rs:1\nsrc/main.rs:1\n"
    );
    assert_eq!(
        search(json!({"pattern": "needle", "type": "rust", "mode": "files"})),
        "src/cart/mod.rs\nsrc/main.rs\n"
    );
    assert!(search(json!({"pattern": "needle", "type": "py"})).starts_with("no matches"));
    assert!(search(json!({"pattern": "x", "type": "rs2"})).contains("no file type is called rs2"));
    assert_eq!(
        search(json!({"pattern": "needle", "path": "target"})),
        "target/out.rs\n1:needle\n"
    );
    assert!(
        search(json!({"pattern": "needle", "include_ignored": true}))
            .contains(".github/ci.yml\n1:needle: 1\n")
    );
    assert_eq!(
        search(json!({"pattern": "\\{\\n\\tlet", "mode": "count"})),
        "src/main.rs:1\n",
        "spans lines"
    );
    assert_eq!(
        search(json!({"pattern": "foo(bar)[0]"})),
        "no matches; the pattern is a regex, literal: true takes it as plain text; hidden and ignored files were left out (include_ignored)\n"
    );
    for (args, words) in [
        (json!({"pattern": "("}), "unclosed group"),
        (
            json!({"pattern": "*a"}),
            "repetition operator missing expression",
        ),
        (json!({"pattern": ""}), "the pattern is empty"),
        (json!({"pattern": "x{9999999}"}), "size"),
        (json!({"pattern": "x", "path": "nowhere"}), "does not exist"),
        (
            json!({"pattern": "x", "glob": "["}),
            "unclosed character class",
        ),
    ] {
        let text = search(args.clone());
        assert!(
            text.starts_with("error: ") && text.contains(words),
            "{args}: {text}"
        );
    }
    let outcome = bench
        .call("search_code", json!({"pattern": "needle"}))
        .unwrap()
        .outcome;
    assert_eq!(outcome, "2 matches, 2 files");
}

#[test]
fn odd_files_do_not_disturb_a_search() {
    let bench = Bench::new();
    bench.write("bin", b"needle\0needle\n");
    bench.write(
        "utf16",
        [
            &b"\xff\xfe"[..],
            &"needle\n"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<_>>(),
        ]
        .concat(),
    );
    bench.write("latin", b"\xe9 needle\n");
    bench.write("crlf", "a needle\r\nb\r\n");
    bench.write(
        "long",
        format!("{}needle{}\n", "x".repeat(100_000), "y".repeat(100_000)),
    );
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(".", bench.root().join("loop")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            bench.root().join("fifo"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        let text = bench.text("search_code", json!({"pattern": "x", "path": "fifo"}));
        assert!(text.contains("neither a file nor a directory"), "{text}");
    }
    let text = bench.text(
        "search_code",
        json!({"pattern": "needle$", "mode": "files"}),
    );
    assert_eq!(text, "crlf\nlatin\nutf16\n");
    let text = bench.text("search_code", json!({"pattern": "needle", "path": "long"}));
    assert!(text.len() < 600, "{}", text.len());
    assert!(
        text.contains("xneedley") && text.contains("[line of 200006 bytes"),
        "{text}"
    );
}

#[test]
fn crowded_results_are_cut_and_counted() {
    let bench = Bench::new();
    for file in ["a", "b", "c"] {
        bench.write(file, "hit\n".repeat(1_000));
    }
    let text = bench.text("search_code", json!({"pattern": "hit"}));
    assert!(
        text.contains("a\n1:hit\n") && text.contains("\nb\n1:hit\n"),
        "{text}"
    );
    assert!(text.contains("[934 more in this file]"), "{text}");
    assert!(
        text.contains("of 3000 matches in 3 of 3 files shown"),
        "{text}"
    );
    assert!(text.len() < 5_000);
    for n in 0..700 {
        bench.write(&format!("d/{n:04}"), "other\n");
    }
    let text = bench.text("search_code", json!({"pattern": "other", "mode": "files"}));
    assert!(text.starts_with("d/0000\nd/0001\n"));
    assert!(text.ends_with("d/0499\n[500 of 700 files shown; narrow the search]\n"));
    // The same answer each time, whatever the threads do.
    let first = bench.text("search_code", json!({"pattern": "other"}));
    assert_eq!(
        first,
        bench.text("search_code", json!({"pattern": "other"}))
    );
}

#[test]
fn a_stopped_turn_stops_a_search() {
    let bench = bench();
    bench.cx.cancel.cancel();
    for (name, args) in [
        ("search_code", json!({"pattern": "x"})),
        ("glob_files", json!({"pattern": "*"})),
        ("write_file", json!({"path": "new", "content": "x"})),
    ] {
        let error = bench.call(name, args).unwrap_err();
        assert!(matches!(error, ToolError::Stopped(_)), "{error}");
    }
    assert!(!bench.root().join("new").exists());
}

#[test]
fn images_come_as_bytes() {
    let bench = Bench::new();
    let png = crate::media::image::sample(3, 2);
    bench.write("misnamed.txt", &png);
    let output = bench
        .call("read_file", json!({"path": "misnamed.txt"}))
        .unwrap();
    assert_eq!(output.images, [("image/png".to_string(), png)]);
    assert_eq!(output.outcome, "image/png, 3×2");
    assert!(!output.content.is_empty());
}

#[test]
fn plans_are_handed_on() {
    let bench = Bench::new();
    let output = bench
        .call(
            "update_plan",
            json!({"plan": [{"content": "look", "status": "in-progress"}]}),
        )
        .unwrap();
    assert_eq!(output.plan.unwrap()[0].step, "look");
    let text = bench.text(
        "update_plan",
        json!({"steps": [{"step": "x", "status": "maybe"}]}),
    );
    assert!(text.contains("`steps[0].status` must be one of"), "{text}");
    assert!(
        bench
            .text(
                "update_plan",
                json!({"steps": [{"step": " ", "status": "pending"}]})
            )
            .contains("empty")
    );
}
