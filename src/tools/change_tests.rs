//! Changing files as a model does it.

use super::testing::{Bench, tool};
use super::*;
use crate::protocol::diff::DiffKind;
use serde_json::json;

#[test]
fn edit_file_changes_one_place_and_shows_it() {
    let bench = Bench::new();
    bench.write("src/x.rs", "one\r\ntwo\r\nthree\r\n");
    let output = bench
        .call(
            "edit_file",
            json!({"file_path": "src/x.rs", "old_str": "two", "new_str": "2\nand"}),
        )
        .unwrap();
    assert_eq!(bench.bytes("src/x.rs"), b"one\r\n2\r\nand\r\nthree\r\n");
    assert_eq!(output.outcome, "+2 −1");
    assert_eq!(
        output.content[0].as_text(),
        Some("edited src/x.rs: 1 place (+2 −1), now lines 2–3")
    );
    let ToolBody::Diff { diff } = output.body else {
        panic!("no diff")
    };
    assert_eq!(diff.path, "src/x.rs");
    let signs: Vec<_> = diff.hunks[0].lines.iter().map(|line| line.kind).collect();
    use DiffKind::{Added, Context, Removed};
    assert_eq!(signs, [Context, Removed, Added, Added, Context]);
}

#[test]
fn several_edits_are_all_or_none() {
    let bench = Bench::new();
    bench.write("f", "a\nb\nc\n");
    let edits = json!({"path": "f", "edits": [
        {"old_string": "a", "new_string": "A"},
        {"old_string": "zzz", "new_string": "Z"}
    ]});
    let text = bench.text("edit_file", edits);
    assert!(
        text.starts_with("error: f: edit 2 of 2: old_string was not found"),
        "{text}"
    );
    assert_eq!(bench.bytes("f"), b"a\nb\nc\n");
    bench.text(
        "edit_file",
        json!({"path": "f", "edits": [
            {"old_string": "a", "new_string": "A"},
            {"old_string": "A\nb", "new_string": "B"}
        ]}),
    );
    assert_eq!(bench.bytes("f"), b"B\nc\n");
}

#[test]
fn edits_that_cannot_be_done_say_why() {
    let bench = Bench::new();
    bench.write("f", "a\na\n");
    bench.write("bin", "a\0");
    for (args, words) in [
        (
            json!({"path": "f", "old_string": "a", "new_string": "b"}),
            "2 places (lines 1, 2)",
        ),
        (
            json!({"path": "f", "old_string": "a"}),
            "missing argument `new_string`",
        ),
        (
            json!({"path": "f"}),
            "give old_string and new_string, or edits",
        ),
        (
            json!({"path": "none", "old_string": "a", "new_string": "b"}),
            "none does not exist",
        ),
        (
            json!({"path": "bin", "old_string": "a", "new_string": "b"}),
            "binary",
        ),
        (
            json!({"path": ".", "old_string": "a", "new_string": "b"}),
            "directory",
        ),
        (
            json!({"path": "f", "old_string": "", "new_string": "b"}),
            "old_string is empty",
        ),
    ] {
        let text = bench.text("edit_file", args.clone());
        assert!(
            text.starts_with("error: ") && text.contains(words),
            "{args}: {text}"
        );
    }
    assert_eq!(bench.bytes("f"), b"a\na\n");
    let text = bench.text(
        "edit_file",
        json!({"path": "new/g", "old_string": "", "new_string": "x\n"}),
    );
    assert_eq!(
        text,
        "edited new/g: 1 place (new, 1 line), now lines 1 (created new/)"
    );
    assert_eq!(bench.bytes("new/g"), b"x\n");
}

#[test]
fn a_file_changed_by_someone_else_is_not_overwritten() {
    let bench = Bench::new();
    bench.write("f", "one\n");
    bench.text("read_file", json!({"path": "f"}));
    bench.write("f", "two, by someone else\n");
    for (name, args) in [
        (
            "edit_file",
            json!({"path": "f", "old_string": "two", "new_string": "2"}),
        ),
        ("write_file", json!({"path": "f", "content": "mine\n"})),
        (
            "write_file",
            json!({"path": "f", "content": "more\n", "append": true}),
        ),
    ] {
        let text = bench.text(name, args);
        assert!(
            text.contains("f changed on disk since it was last read here")
                && text.contains("1 -one\n     1 +two, by someone else"),
            "{text}"
        );
    }
    assert_eq!(bench.bytes("f"), b"two, by someone else\n");
    bench.text("read_file", json!({"path": "f"}));
    bench.text(
        "edit_file",
        json!({"path": "f", "old_string": "two", "new_string": "2"}),
    );
    // Its own writes count as seen.
    bench.text(
        "edit_file",
        json!({"path": "f", "old_string": "2,", "new_string": "3,"}),
    );
    assert_eq!(bench.bytes("f"), b"3, by someone else\n");
    // The same bytes written again are no change.
    bench.write("f", "3, by someone else\n");
    let text = bench.text(
        "edit_file",
        json!({"path": "f", "old_string": "3", "new_string": "4"}),
    );
    assert!(text.starts_with("edited"), "{text}");
}

#[test]
fn write_file_keeps_what_a_file_is() {
    let bench = Bench::new();
    let write = |path: &str, content: &str| {
        bench.text("write_file", json!({"path": path, "content": content}))
    };
    assert_eq!(
        write("a/b/c.txt", "x\ny\n"),
        "created a/b/c.txt (new, 2 lines, 4 bytes) (created a/, a/b/)"
    );
    assert_eq!(
        write("a/b/c.txt", "x\ny\n"),
        "a/b/c.txt already has exactly this content"
    );
    assert_eq!(
        write("a/b/c.txt", "x\nz\n"),
        "replaced a/b/c.txt (+1 −1, 4 bytes)"
    );
    bench.write("crlf", "a\r\nb\r\n");
    assert!(write("crlf", "a\nc\n").contains("kept its CRLF line endings"));
    assert_eq!(bench.bytes("crlf"), b"a\r\nc\r\n");
    bench.write("bom", b"\xef\xbb\xbfa\n");
    assert!(write("bom", "b\n").contains("kept its byte order mark"));
    assert_eq!(bench.bytes("bom"), b"\xef\xbb\xbfb\n");
    bench.write("latin", b"\xe9\n");
    assert!(write("latin", "aé\n").contains("kept its encoding"));
    assert_eq!(bench.bytes("latin"), b"a\xe9\n");
    assert!(write("latin", "Ж\n").contains("was not UTF-8 and is now"));
    bench.write("u16", b"\xff\xfea\0");
    assert!(write("u16", "é").contains("kept its encoding (UTF-16)"));
    assert_eq!(bench.bytes("u16"), b"\xff\xfe\xe9\0");
    assert!(write("x.py", "```python\nx\n```\n").contains("code fence"));
    bench.write("code.rs", "fn a() {}\nfn b() {}\n");
    let text = write("code.rs", "fn a() {}\n// ... existing code ...\n");
    assert!(
        text.starts_with("error: ") && text.contains("placeholder"),
        "{text}"
    );
    assert_eq!(bench.bytes("code.rs"), b"fn a() {}\nfn b() {}\n");
    assert!(write(".", "x").contains("is a directory"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        bench.write("run.sh", "#!/bin/sh\n");
        let path = bench.root().join("run.sh");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink("run.sh", bench.root().join("link")).unwrap();
        write("link", "#!/bin/sh\ntrue\n");
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o755
        );
        assert_eq!(bench.bytes("run.sh"), b"#!/bin/sh\ntrue\n");
        assert!(
            std::fs::symlink_metadata(bench.root().join("link"))
                .unwrap()
                .is_symlink()
        );
        let null = crate::permission::scope::resolve(bench.root(), None, "/dev/null").unwrap();
        let error = bench
            .cx
            .workspace
            .change()
            .write(&null, None, b"x")
            .unwrap_err();
        assert!(error.to_string().contains("a device"), "{error}");
    }
    let names: Vec<_> = std::fs::read_dir(bench.root())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert!(
        names
            .iter()
            .all(|name| !name.to_string_lossy().ends_with(".tmp"))
    );
}

#[test]
fn appending_never_glues_lines() {
    let bench = Bench::new();
    let append = |text: &str| {
        bench.text(
            "write_file",
            json!({"path": "log", "content": text, "append": true}),
        )
    };
    append("one\n");
    append("two");
    assert!(append("three\n").contains("ended its last line first"));
    assert_eq!(bench.bytes("log"), b"one\ntwo\nthree\n");
    bench.write("dos", "a\r\nb");
    bench.text(
        "write_file",
        json!({"path": "dos", "content": "c\n", "append": true}),
    );
    assert_eq!(bench.bytes("dos"), b"a\r\nb\r\nc\r\n");
    bench.write("u16", b"\xfe\xff\0a\0\n");
    let add = |path: &str, text: &str| {
        bench.text(
            "write_file",
            json!({"path": path, "content": text, "append": true}),
        )
    };
    add("u16", "b");
    assert_eq!(bench.bytes("u16"), b"\xfe\xff\0a\0\n\0b");
    bench.write("latin", b"\xe9\n");
    add("latin", "ü");
    assert_eq!(bench.bytes("latin"), b"\xe9\n\xfc");
    assert!(add("latin", "Ж").contains("cannot be written"));
    bench.write("bin", b"a\0");
    assert!(add("bin", "x").contains("not text"));
    assert_eq!(bench.bytes("bin"), b"a\0");
}

fn patch(bench: &Bench, body: &str) -> String {
    let text = format!("*** Begin Patch\n{body}\n*** End Patch");
    bench.text("apply_patch", json!({"patch": text}))
}

#[test]
fn a_patch_may_name_files_as_git_does() {
    let bench = Bench::new();
    bench.write("f.txt", "one\n");
    bench.write("b/g.txt", "one\n");
    let change = |path: &str| {
        patch(
            &bench,
            &format!("*** Update File: {path}\n@@\n-one\n+two\n"),
        )
    };
    assert!(change("a/f.txt").starts_with("updated f.txt"));
    // A directory of that name is meant.
    assert!(change("b/f.txt").contains("does not exist"));
    assert!(change("b/g.txt").starts_with("updated b/g.txt"));
}

#[test]
fn a_patch_changes_several_files_and_tells() {
    let bench = Bench::new();
    bench.write("x", "a\nb\n");
    bench.write("y", "y\n");
    bench.write("old/m", "1\n2\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(bench.root().join("old/m"), mode).unwrap();
    }
    let text = patch(
        &bench,
        "*** Update File: x\n@@\n-b\n+c\n*** Delete File: y\n*** Add File: n/w\n+w\n\
         *** Update File: old/m\n*** Move to: new/m\n@@\n-2\n+3",
    );
    assert_eq!(
        text,
        "updated x (+1 −1)\ndeleted y (+0 −1)\nadded n/w (+1 −0)\n\
         moved old/m → new/m (+1 −1) (created new/, n/)"
    );
    assert_eq!(bench.bytes("x"), b"a\nc\n");
    assert_eq!(bench.bytes("n/w"), b"w\n");
    assert_eq!(bench.bytes("new/m"), b"1\n3\n");
    assert!(!bench.root().join("y").exists() && !bench.root().join("old/m").exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(bench.root().join("new/m"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o755);
    }
    // What a patch wrote counts as seen.
    bench.text(
        "edit_file",
        json!({"path": "x", "old_string": "c", "new_string": "d"}),
    );
    assert_eq!(bench.bytes("x"), b"a\nd\n");
    // Several sections of one file, and of a file just added.
    let text = patch(
        &bench,
        "*** Update File: x\n@@\n-d\n+e\n*** Update File: ./x\n@@\n-e\n+f\n\
         *** Add File: z\n+1\n*** Update File: z\n@@\n-1\n+2",
    );
    assert_eq!(text, "updated x (+1 −1)\nadded z (+1 −0)");
    assert_eq!(
        (bench.bytes("x"), bench.bytes("z")),
        (b"a\nf\n".to_vec(), b"2\n".to_vec())
    );
    let output = bench
        .call(
            "apply_patch",
            json!({"input": "*** Begin Patch\n*** Update File: x\n@@\n-f \n+g\n*** End Patch"}),
        )
        .unwrap();
    let text = output.content[0].as_text().unwrap();
    assert!(
        text.contains("Not an exact match: matched without regard to blanks"),
        "{text}"
    );
    assert!(matches!(output.body, ToolBody::Diff { .. }));
}

#[test]
fn a_patch_that_fails_leaves_every_file() {
    let bench = Bench::new();
    bench.write("a", "1\n");
    bench.write("b", "2\n");
    bench.write("d/f", "3\n");
    for (body, word) in [
        ("*** Update File: b\n@@\n-3\n+4", "error: b: its context"),
        ("*** Add File: b\n+3", "b: it exists already"),
        ("*** Delete File: none", "none does not exist"),
        ("*** Update File: none\n@@\n-1\n+2", "none does not exist"),
        (
            "*** Update File: b\n*** Move to: d/f\n@@\n-2\n+3",
            "d/f: it exists already",
        ),
        ("*** Delete File: d", "d is a directory"),
        ("*** Add File: b/x\n+1", "b/x"),
        ("*** Update File: b\n@@\n-2\n+2", "changes nothing"),
        (
            "*** Add File: new/x\n+1\n*** Update File: b\n@@\n-9\n+1",
            "b: ",
        ),
    ] {
        let text = patch(&bench, &format!("*** Update File: a\n@@\n-1\n+one\n{body}"));
        assert!(
            text.starts_with("error: ") && text.contains(word),
            "{body}\n{text}"
        );
        assert_eq!(
            (bench.bytes("a"), bench.bytes("b")),
            (b"1\n".to_vec(), b"2\n".to_vec())
        );
        assert!(!bench.root().join("new").exists());
    }
    assert!(patch(&bench, "*** Delete File: a\n*** Add File: a\n+1").contains("as it is"));
    // Read, then changed by someone else.
    bench.text("read_file", json!({"path": "b"}));
    bench.write("b", "2\nmore\n");
    let text = patch(
        &bench,
        "*** Update File: a\n@@\n-1\n+one\n*** Update File: b\n@@\n-2\n+3",
    );
    assert!(text.contains("b changed on disk"), "{text}");
    assert_eq!(bench.bytes("a"), b"1\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let locked = bench.root().join("d/f");
        std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o444)).unwrap();
        let text = patch(
            &bench,
            "*** Update File: a\n@@\n-1\n+one\n*** Update File: d/f\n@@\n-3\n+4",
        );
        assert!(text.contains("no permission to write d/f"), "{text}");
        std::os::unix::fs::symlink("a", bench.root().join("link")).unwrap();
        let text = patch(&bench, "*** Delete File: link");
        assert!(text.contains("symbolic link"), "{text}");
        assert_eq!(bench.bytes("a"), b"1\n");
    }
}

/// A write that fails after others were done: they are taken back.
#[cfg(unix)]
#[test]
fn a_patch_that_fails_in_the_middle_is_taken_back() {
    let bench = Bench::new();
    bench.write("a", "1\n");
    bench.write("m", "m\n");
    // `x` cannot be a file and a directory at once; that shows only when it is written.
    let text = patch(
        &bench,
        "*** Update File: a\n@@\n-1\n+one\n*** Update File: m\n*** Move to: n/m\n@@\n-m\n+M\n\
         *** Add File: x\n+1\n*** Add File: x/y/z\n+2",
    );
    assert!(text.starts_with("error: "), "{text}");
    assert_eq!(
        (bench.bytes("a"), bench.bytes("m")),
        (b"1\n".to_vec(), b"m\n".to_vec())
    );
    let mut names: Vec<_> = std::fs::read_dir(bench.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["a", "m"]);
}

#[test]
fn a_patch_states_everything_it_does() {
    let bench = Bench::new();
    bench.write("a", "1\n");
    bench.write("b", "2\n");
    let outside = bench.dir.path().canonicalize().unwrap().join("c");
    let text = |to: &str| {
        let patch = format!(
            "*** Begin Patch\n*** Delete File: a\n*** Update File: b\n*** Move to: {to}\n*** End Patch"
        );
        json!({"patch": patch}).to_string()
    };
    let prepare = |to: &str| tool("apply_patch").prepare(&text(to), &bench.cx);
    let prepared = prepare(&outside.display().to_string()).unwrap();
    let said: Vec<String> = prepared
        .effects
        .iter()
        .map(|effect| match effect {
            Effect::Write(path) => format!("write {} {}", path.display(), path.inside()),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        said,
        [
            "write a true".to_string(),
            "write b true".to_string(),
            format!("write {} false", outside.display())
        ]
    );
    for path in ["../c", "n/../../c"] {
        let Err(error) = prepare(path) else {
            panic!("{path} leaves the workspace")
        };
        assert!(
            error.to_string().contains("outside the workspace"),
            "{error}"
        );
    }
}

#[test]
fn previews_show_the_change_before_it_is_made() {
    let bench = Bench::new();
    bench.write("f", "a\n");
    let preview =
        |name: &str, args: serde_json::Value| tool(name).preview(&args.to_string(), &bench.cx);
    let Preview::Diff { diff } = preview(
        "edit_file",
        json!({"path": "f", "old_string": "a", "new_string": "b"}),
    ) else {
        panic!("no diff")
    };
    assert_eq!((diff.added, diff.removed), (1, 1));
    let Preview::Diff { diff } = preview("write_file", json!({"path": "new", "content": "x\ny\n"}))
    else {
        panic!("no diff")
    };
    assert_eq!((diff.added, diff.removed), (2, 0));
    assert_eq!(
        preview(
            "edit_file",
            json!({"path": "f", "old_string": "zz", "new_string": "b"})
        ),
        Preview::None
    );
    assert_eq!(
        preview("execute_bash", json!({"command": "rm x"})),
        Preview::Command {
            text: "rm x".into()
        }
    );
    assert_eq!(bench.bytes("f"), b"a\n");
}

#[test]
fn entries_are_created_moved_copied_and_deleted() {
    let bench = Bench::new();
    bench.write("a.txt", "a");
    for (name, args, text) in [
        (
            "create_directory",
            json!({"path": "d/e"}),
            "created d/, d/e/",
        ),
        (
            "create_directory",
            json!({"path": "d/e"}),
            "d/e exists already",
        ),
        (
            "create_directory",
            json!({"path": "a.txt"}),
            "error: cannot create a.txt: it is a file",
        ),
        (
            "move_file",
            json!({"source": "a.txt", "destination": "n/b.txt"}),
            "moved a.txt to n/b.txt (created n/)",
        ),
        (
            "move_file",
            json!({"from": "gone", "to": "x"}),
            "error: gone does not exist",
        ),
        (
            "copy_file",
            json!({"from": "n/b.txt", "to": "c.txt"}),
            "copied n/b.txt to c.txt",
        ),
        (
            "copy_file",
            json!({"from": "n/b.txt", "to": "c.txt"}),
            "error: cannot copy to c.txt: target exists",
        ),
        (
            "copy_file",
            json!({"from": "n", "to": "m"}),
            "error: n is a directory; list_directory shows what is in it",
        ),
        (
            "move_file",
            json!({"from": "c.txt", "to": "n/b.txt"}),
            "error: cannot move n/b.txt: target exists",
        ),
        ("move_file", json!({"from": "n", "to": "m"}), "moved n to m"),
        (
            "move_file",
            json!({"from": ".", "to": "m2"}),
            "error: the workspace itself cannot be moved",
        ),
        (
            "delete_file",
            json!({"path": "m"}),
            "error: m is a directory; delete_directory deletes it",
        ),
        ("delete_file", json!({"path": "c.txt"}), "deleted c.txt"),
        (
            "delete_file",
            json!({"path": "c.txt"}),
            "error: c.txt does not exist",
        ),
        (
            "delete_directory",
            json!({"path": "m/b.txt"}),
            "error: m/b.txt is not a directory; delete_file deletes it",
        ),
        ("delete_directory", json!({"path": "m"}), "deleted m/"),
        (
            "delete_directory",
            json!({"path": "."}),
            "error: the workspace itself and what it lies in cannot be deleted",
        ),
        (
            "delete_directory",
            json!({"path": "/"}),
            "error: the workspace itself and what it lies in cannot be deleted",
        ),
        (
            "delete_directory",
            json!({"path": ".."}),
            "error: the workspace itself and what it lies in cannot be deleted",
        ),
    ] {
        assert_eq!(bench.text(name, args.clone()), text, "{name} {args}");
    }
    let outside = bench.dir.path().join("home").display().to_string();
    assert!(
        bench
            .text("delete_directory", json!({"path": outside}))
            .contains("outside the workspace")
    );
}

#[cfg(unix)]
#[test]
fn a_link_is_deleted_not_what_it_points_to() {
    let bench = Bench::new();
    let outside = bench.dir.path().join("home/keep");
    std::fs::write(&outside, "x").unwrap();
    std::os::unix::fs::symlink(&outside, bench.root().join("link")).unwrap();
    assert_eq!(
        bench.text("delete_file", json!({"path": "link"})),
        "deleted link"
    );
    assert!(outside.exists());
    std::os::unix::fs::symlink(bench.dir.path().join("home"), bench.root().join("dir")).unwrap();
    assert!(
        bench
            .text("delete_directory", json!({"path": "dir"}))
            .contains("not a directory")
    );
    bench.write("d/f", "");
    std::os::unix::fs::symlink(bench.dir.path().join("home"), bench.root().join("d/link")).unwrap();
    assert_eq!(
        bench.text("delete_directory", json!({"path": "d"})),
        "deleted d/"
    );
    assert!(outside.exists());
}

#[cfg(unix)]
#[test]
fn a_path_that_leads_elsewhere_after_the_answer_is_refused() {
    let bench = Bench::new();
    std::fs::create_dir(bench.root().join("d")).unwrap();
    let prepared = tool("write_file")
        .prepare(r#"{"path": "d/f", "content": "x"}"#, &bench.cx)
        .unwrap();
    std::fs::remove_dir(bench.root().join("d")).unwrap();
    std::os::unix::fs::symlink(bench.dir.path().join("home"), bench.root().join("d")).unwrap();
    let error = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(prepared.run)
        .unwrap_err();
    assert!(error.to_string().contains("leads elsewhere"), "{error}");
    assert!(!bench.dir.path().join("home/f").exists());
}

#[cfg(unix)]
#[test]
fn a_running_call_uses_no_path_that_nobody_judged() {
    let bench = Bench::new();
    let home = bench.dir.path().join("home");
    std::fs::create_dir(bench.root().join("d")).unwrap();
    bench.write("d/f", "old");
    std::fs::write(home.join("f"), "theirs").unwrap();
    let run = |name: &str, arguments: &str| {
        let prepared = tool(name).prepare(arguments, &bench.cx).unwrap();
        // What follows the last look at the effects.
        let cx = ToolCx {
            judged: Some(prepared.effects.as_slice().into()),
            ..bench.cx.clone()
        };
        std::fs::rename(bench.root().join("d"), bench.root().join("old")).unwrap();
        std::os::unix::fs::symlink(&home, bench.root().join("d")).unwrap();
        let result = tool(name).prepare(arguments, &cx);
        std::fs::remove_file(bench.root().join("d")).unwrap();
        std::fs::rename(bench.root().join("old"), bench.root().join("d")).unwrap();
        result.err().map(|error| error.to_string())
    };
    for (name, arguments) in [
        ("write_file", r#"{"path": "d/f", "content": "x"}"#),
        (
            "edit_file",
            r#"{"path": "d/f", "old_string": "old", "new_string": "x"}"#,
        ),
        ("delete_file", r#"{"path": "d/f"}"#),
        ("move_file", r#"{"from": "d/f", "to": "g"}"#),
        ("read_file", r#"{"path": "d/f"}"#),
    ] {
        let error = run(name, arguments).unwrap_or_default();
        assert!(error.contains("leads elsewhere"), "{name}: {error}");
    }
    assert_eq!(std::fs::read_to_string(home.join("f")).unwrap(), "theirs");
}

#[test]
fn what_was_read_can_be_edited_as_it_was_shown() {
    for line in [
        "\ttabs \t",
        "nbsp\u{a0}x",
        "emoji 👩‍👩‍👧",
        "esc \u{1b}[1m",
        "u2028\u{2028}x",
        "\"quotes\\\"",
    ] {
        let bench = Bench::new();
        bench.write("f", format!("first\n{line}\nlast\n"));
        let text = bench.text("read_file", json!({"path": "f"}));
        let shown = text.lines().nth(1).unwrap().split_once('\t').unwrap().1;
        let text = bench.text(
            "edit_file",
            json!({"path": "f", "old_string": shown, "new_string": "new"}),
        );
        assert!(text.starts_with("edited"), "{line:?}: {text}");
        assert_eq!(bench.bytes("f"), b"first\nnew\nlast\n");
    }
}

#[test]
fn notebooks_are_read_and_edited_by_cells() {
    let bench = Bench::new();
    let book = "{\n \"cells\": [\n  {\n   \"cell_type\": \"code\",\n   \"source\": [\n    \"x = 1\"\n   ]\n  }\n ]\n}\n";
    bench.write("n.ipynb", book);
    let read = || bench.text("read_file", json!({"path": "n.ipynb"}));
    assert_eq!(
        read(),
        "[cell 1, code]\nx = 1\n[cells 1–1 of 1; notebook_edit changes cells]\n"
    );
    let edit = |args: serde_json::Value| {
        let mut args = args;
        args["path"] = "n.ipynb".into();
        bench.text("notebook_edit", args)
    };
    let text = edit(json!({"cell": 1, "source": "x = 2"}));
    assert_eq!(text, "n.ipynb: replaced the source of cell 1");
    assert_eq!(
        bench.bytes("n.ipynb"),
        book.replace("x = 1", "x = 2").as_bytes()
    );
    let text = edit(json!({"cell": 1, "source": "# T", "mode": "insert", "markdown": true}));
    assert_eq!(text, "n.ipynb: inserted cell 2");
    assert!(read().contains("[cell 2, markdown]\n# T\n"));
    for (args, word) in [
        (json!({"cell": 1, "source": "x = 2"}), "no change"),
        (json!({"cell": 1}), "missing argument `source`"),
        (json!({"cell": 7, "mode": "delete"}), "it has 2"),
        (
            json!({"cell": 1, "source": "# ... existing code ..."}),
            "placeholder",
        ),
    ] {
        let text = edit(args);
        assert!(text.contains(word), "{text}");
    }
    bench.write("n.ipynb", book);
    assert!(edit(json!({"cell": 1, "mode": "delete"})).contains("changed on disk"));
}

#[test]
fn the_mark_of_a_hidden_secret_does_not_replace_the_secret() {
    let bench = Bench::new();
    let key = format!("ghp_{}", "a1B2c3D4e5".repeat(4));
    let old = format!("name = 1\nkey = \"{}\"\n", &key[..40]);
    bench.write("conf.toml", &old);
    let shown = crate::stdx::redact::redact(&old).into_owned();
    assert!(shown.contains("[redacted]"), "{shown}");
    let new = shown.replace("1", "2");
    let calls = [
        ("write_file", json!({"path": "conf.toml", "content": new})),
        (
            "edit_file",
            json!({"path": "conf.toml", "old_string": "name = 1", "new_string": "x = \"[redacted]\""}),
        ),
        (
            "apply_patch",
            json!({"patch": "*** Begin Patch\n*** Update File: conf.toml\n@@\n-name = 1\n+name = [redacted]\n*** End Patch"}),
        ),
    ];
    for (tool, call) in calls {
        let text = bench.text(tool, call);
        assert!(text.contains("holds a secret"), "{tool}: {text}");
        assert_eq!(bench.bytes("conf.toml"), old.as_bytes(), "{tool}");
    }
    // Where nothing is hidden it is a word like any other.
    bench.write("doc.md", "a\n");
    bench.text(
        "write_file",
        json!({"path": "doc.md", "content": "[redacted]\n"}),
    );
    assert_eq!(bench.bytes("doc.md"), b"[redacted]\n");
}
