use super::*;
use proptest::prelude::*;

/// The file after the body of an update section.
fn update(before: &str, body: &str) -> Result<String, String> {
    let patch = format!("*** Begin Patch\n*** Update File: f\n{body}\n*** End Patch");
    let sections = parse(&patch).map_err(|error| error.0)?;
    let Action::Update { chunks, .. } = &sections[0].action else {
        panic!("{sections:?}")
    };
    assert_eq!(sections.len(), 1, "{sections:?}");
    place::update(before.as_bytes(), chunks)
        .map(|updated| String::from_utf8(updated.bytes).unwrap())
}

/// Rows of (before, body, after).
fn applied(rows: &[(&str, &str, &str)]) {
    for (before, body, after) in rows {
        assert_eq!(
            update(before, body).as_deref(),
            Ok(*after),
            "{before:?}\n{body}"
        );
    }
}

/// Rows of (before, body, a word of the refusal).
fn refused(rows: &[(&str, &str, &str)]) {
    for (before, body, word) in rows {
        match update(before, body) {
            Ok(after) => panic!("{before:?}\n{body}\ngave {after:?}"),
            Err(error) => assert!(error.contains(word), "{body}\n{error}"),
        }
    }
}

const TWO: &str = "class P:\n    def go(self):\n        a()\n        return 0\n\nclass Q:\n    def go(self):\n        a()\n        return 0\n";

#[test]
fn chunks_change_their_lines_and_no_other() {
    applied(&[
        ("a\nb\nc\n", "@@\n a\n-b\n+B\n c", "a\nB\nc\n"),
        ("a\nb\nc\n", "-b\n+B", "a\nB\nc\n"),
        ("a\nb\nc\n", "@@\n-b", "a\nc\n"),
        ("a\nb\nc\n", "@@\n b\n+x\n+y", "a\nb\nx\ny\nc\n"),
        ("a\nb\nc\n", "@@\n+x\n b", "a\nx\nb\nc\n"),
        ("a\nb\nc\nd\n", "@@\n-a\n+A\n@@\n-d\n+D", "A\nb\nc\nD\n"),
        (
            "a\nb\nc\nd\n",
            "@@\n-a\n+A\n b\n@@\n b\n-c\n+C",
            "A\nb\nC\nd\n",
        ),
        ("a\n\nb\n", "@@\n a\n\n-b\n+c", "a\n\nc\n"),
        // A line that begins with a sign, an at sign or a star.
        (
            "-a\n+b\n@@\n*** x\n",
            "@@\n--a\n++c\n +b\n @@\n-*** x",
            "+c\n+b\n@@\n",
        ),
        // Added lines first, then the removed ones.
        ("a\nb\n", "@@\n+x\n-a\n b", "x\nb\n"),
        // Context bytes stay.
        (
            "a  \n\u{201c}b\u{201d}\nc\n",
            "@@\n a\n \"b\"\n-c\n+d",
            "a  \n\u{201c}b\u{201d}\nd\n",
        ),
        // Line ends.
        ("a\r\nb\r\n", "@@\n a\n-b\n+c\n+d", "a\r\nc\r\nd\r\n"),
        ("a\r\nb\nc\r\n", "@@\n-b\n+x\n+y", "a\r\nx\ny\nc\r\n"),
        ("a\nb", "@@\n-b\n+c", "a\nc"),
        ("a\nb", "@@\n b\n+c", "a\nb\nc"),
        ("a\r\nb", "@@\n b\n+c", "a\r\nb\r\nc"),
        (
            "a\nb\n",
            "@@\n-b\n+c\n\\ No newline at end of file",
            "a\nc\n",
        ),
        // Indentation.
        (
            "f() {\n\tif (a) {\n\t\tb();\n\t}\n}\n",
            "@@\n     if (a) {\n-        b();\n+        c();\n+        if (d) {\n+            e();\n+        }\n     }",
            "f() {\n\tif (a) {\n\t\tc();\n\t\tif (d) {\n\t\t\te();\n\t\t}\n\t}\n}\n",
        ),
        // Blank lines at the edges that are not there.
        ("a\nb\n", "@@\n\n a\n-b\n+c\n\n", "a\nc\n"),
        // Wrapped as the texts of an edit may be.
        (
            "a = \"x\"\nb < c\n",
            "@@\n-a = \\\"x\\\"\n+a = \\\"y\\\"",
            "a = \"y\"\nb < c\n",
        ),
        (
            "a = \"x\"\nb < c\n",
            "@@\n a = \"x\"\n-b &lt; c\n+b &lt; d",
            "a = \"x\"\nb < d\n",
        ),
        (
            "a\nb\nc\n",
            "@@\n      1\ta\n-     2\tb\n+     2\tB\n      3\tc",
            "a\nB\nc\n",
        ),
        // Context without its blank.
        (
            "class A:\n    x = 1\n    y = 2\n",
            "@@\n    x = 1\n+    z = 3\n    y = 2",
            "class A:\n    x = 1\n    z = 3\n    y = 2\n",
        ),
        (
            "class A:\n    x = 1\n    y = 2\n",
            "@@\nclass A:\n    x = 1\n-    y = 2\n+    y = 3",
            "class A:\n    x = 1\n    y = 3\n",
        ),
        (
            "a\n  b\n    c\n",
            "@@ ... @@\n   b\n    c\n+    d",
            "a\n  b\n    c\n    d\n",
        ),
        (
            "class A:\n    x = 1\n",
            "@@\nclass A:\n-    x = 1\n+    x = 2",
            "class A:\n    x = 2\n",
        ),
    ]);
    refused(&[
        ("a\nb\n", "@@\n-c\n+d", "not in the file"),
        (
            TWO,
            "@@\n     def go(self):\n-        a()\n+        b()",
            "2 places (lines 2, 7)",
        ),
        (
            "if a:\n    b()\nc()\n",
            "@@\n if a:\n     b()\n-    c()\n+    d()",
            "not in the file",
        ),
        ("a\nb\nc\n", "@@\n-c\n+C\n@@\n-a\n+A", "order of the file"),
        ("a\nb\n", "@@\n-a\n+A\n@@\n-x\n+y", "chunk 2 of 2"),
        ("a\nb\n", "@@\n a\n+b", "already there"),
        ("a\n", "@@\n-a\n+// ... existing code ...", "placeholder"),
        ("a\n", "@@\n-a\n+<<<<<<< HEAD", "conflict"),
        ("a\n", "@@\n-a\n+\u{fffd}", "U+FFFD"),
        ("a\n\nb\n\n", "@@\n \n+x\n ", "not in the file"),
        ("a\n\nb\n\n", "@@\n \n+x", "2 places"),
        ("x\n}\n  }\n", "@@\n-    }\n+    )", "not in the file"),
        (
            "f {\n\ta\n\tb\n}\n",
            "@@\n    a\n+    c\n    b",
            "lack the blank",
        ),
    ]);
}

#[test]
fn blank_lines_may_part_the_sections() {
    let patch = "*** Begin Patch\n\n*** Update File: f\n\n@@\n-a\n+b\n\n*** Delete File: g\n\n*** End Patch\n";
    let sections = parse(patch).unwrap();
    let paths: Vec<&str> = sections.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["f", "g"]);
}

#[test]
fn a_second_blank_behind_the_signs() {
    let file = "one\n  two\n  three\nfour\n  five\n";
    applied(&[
        // What one chunk tells holds for one that only adds lines.
        (
            file,
            "@@\n one\n-   two\n+   TWO\n@@\n four\n+   and\n   five",
            "one\n  TWO\n  three\nfour\n  and\n  five\n",
        ),
        (
            file,
            "@@\n one\n-   two\n+   TWO\n@@\n four\n+  and\n   five",
            "one\n  TWO\n  three\nfour\n  and\n  five\n",
        ),
        // All lines have it.
        (
            file,
            "@@\n  four\n+   and\n    five",
            "one\n  two\n  three\nfour\n  and\n  five\n",
        ),
    ]);
    refused(&[(
        file,
        "@@\n one\n-   two\n+   TWO\n@@\n four\n+      and\n   five",
        "second blank",
    )]);
}

#[test]
fn numbers_alone_are_no_gutter() {
    refused(&[("1\n2\n9\n4\n", "@@\n 1\n 3\n-9\n+8\n 4", "not in the file")]);
}

#[test]
fn headers_narrow_the_window() {
    let in_p = TWO.replacen("a()", "b()", 1);
    let in_q = format!(
        "{}b(){}",
        &TWO[..TWO.rfind("a()").unwrap()],
        &TWO[TWO.rfind("a()").unwrap() + 3..]
    );
    let change = "     def go(self):\n-        a()\n+        b()";
    applied(&[
        (TWO, &format!("@@ class Q:\n{change}"), &in_q),
        (TWO, &format!("@@ class P:\n{change}"), &in_p),
        (TWO, &format!("@@ class Q\n{change}"), &in_q),
        (
            TWO,
            "@@ class Q:\n@@ def go(self):\n-        a()\n+        b()",
            &in_q,
        ),
        (
            TWO,
            "@@ class P:\n@@     def go(self):\n-        a()\n+        b()",
            &in_p,
        ),
        // The header repeated as context, or named again for a second chunk.
        (
            TWO,
            "@@ class Q:\n class Q:\n     def go(self):\n-        a()\n+        b()",
            &in_q,
        ),
        (
            TWO,
            "@@ class P:\n-        a()\n+        b()\n@@ class P:\n-        return 0\n+        return 1",
            &in_p.replacen("return 0", "return 1", 1),
        ),
        (
            TWO,
            "@@ -7,2 +7,2 @@ class Q:\n     def go(self):\n-        a()\n+        b()",
            &in_q,
        ),
        ("a\nb\n", "@@ -1,2 +1,2 @@\n a\n-b\n+c", "a\nc\n"),
        (
            "[a]\nx = 1\n[b]\nx = 1\n",
            "@@ [a]\n-x = 1\n+x = 2",
            "[a]\nx = 2\n[b]\nx = 1\n",
        ),
        (
            "# A\nx\n## B\ny\n# C\nx\n",
            "@@ # A\n-x\n+z",
            "# A\nz\n## B\ny\n# C\nx\n",
        ),
        (
            "int f(void)\n{\n    x();\n}\nint g(void)\n{\n    x();\n}\n",
            "@@ int f(void)\n-    x();\n+    y();",
            "int f(void)\n{\n    y();\n}\nint g(void)\n{\n    x();\n}\n",
        ),
        // New lines alone: below the header, or at the end.
        ("a\nb\nc\n", "@@ b\n+x", "a\nb\nx\nc\n"),
        ("a\nb\n", "@@\n+x\n+y", "a\nb\nx\ny\n"),
        ("a\nb", "@@\n+x", "a\nb\nx"),
        ("", "@@\n+x", "x\n"),
        ("a\nb\n", "@@\n-a\n+A\n@@\n+x", "A\nb\nx\n"),
    ]);
    refused(&[
        (
            TWO,
            "@@ class Z:\n-        a()\n+        b()",
            "line after @@",
        ),
        (
            TWO,
            "@@ def go(self):\n-        a()\n+        b()",
            "2 places",
        ),
        (TWO, "@@     def go(self):\n+        x()", "2 places"),
        ("a\nb\nc\n", "@@ -2,0 +3 @@\n+x", "in the middle"),
        ("a\nb\n", "@@\n+a\n+b", "already there"),
    ]);
}

#[test]
fn the_end_of_the_file_is_an_anchor() {
    applied(&[
        ("z\ny\nz\n", "@@\n-z\n+Z\n*** End of File", "z\ny\nZ\n"),
        ("z\ny\nz \n", "@@\n-z\n+Z\n*** End of File", "z\ny\nZ \n"),
        ("z\ny\n", "@@\n-z\n+Z\n*** End of File", "Z\ny\n"),
        ("a\nb\n", "@@\n+c\n*** End of File", "a\nb\nc\n"),
        ("z\ny\nz", "@@\n y\n-z\n+Z\n*** End of File", "z\ny\nZ"),
    ]);
    refused(&[("z\nz\ny\n", "@@\n-z\n+Z\n*** End of File", "2 places")]);
}

#[test]
fn wrappings_of_a_patch_are_understood() {
    let body = "*** Begin Patch\n*** Update File: f\n@@\n-a\n+b\n*** End Patch";
    let plain = parse(body).unwrap();
    let indented = body.replace('\n', "\n  ");
    for patch in [
        format!("<<'EOF'\n{body}\nEOF\n"),
        format!("apply_patch <<EOF\n{body}\nEOF"),
        format!("```patch\n{body}\n```"),
        format!("```\n{body}\n```\n"),
        format!("\n\n{body}\n\n"),
        body.replace('\n', "\r\n"),
        format!("  {indented}"),
        body.replace("*** Begin Patch", "*** Begin Patch  ")
            .replace("*** End", "  *** End"),
        body.replace("Update File: f", "Update File:   f  "),
        body.replace("Begin Patch", "begin patch")
            .replace("Update File", "UPDATE FILE"),
        body.replace("Update File: f", "Update File: `f`"),
        body.replace('\n', "\\n"),
        body.replace("@@\n", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n")
            .replace(" -1 +1 @@", ""),
        body.replace("@@\n", "\n@@\n"),
        body.replace("\n*** End", "\n\n*** End"),
    ] {
        let mut sections = parse(&patch).unwrap_or_else(|error| panic!("{patch}\n{error}"));
        if let Action::Update { chunks, .. } = &mut sections[0].action {
            for chunk in chunks {
                chunk.lines.retain(|line| !line.text.is_empty());
                chunk.open_end = false;
            }
        }
        assert_eq!(sections, plain, "{patch}");
    }
    let two = format!("{body}\n{}", body.replace("File: f", "File: g"));
    assert_eq!(parse(&two).unwrap().len(), 2);
}

#[test]
fn broken_patches_say_what_is_wrong() {
    for (patch, word) in [
        ("", "no line `*** Begin Patch`"),
        ("-a\n+b", "no line `*** Begin Patch`"),
        (
            "*** Begin Patch\n*** Update File: f\n@@\n-a\n+b",
            "truncated",
        ),
        ("*** Begin Patch\n*** End Patch", "no sections"),
        (
            "*** Begin Patch\n*** Update File: f\n*** End Patch",
            "changes nothing",
        ),
        (
            "*** Begin Patch\n*** Update File:\n@@\n-a\n*** End Patch",
            "names no path",
        ),
        (
            "*** Begin Patch\n*** Add File: f\nabc\n*** End Patch",
            "begins with `+`",
        ),
        ("*** Begin Patch\n@@\n-a\n+b\n*** End Patch", "line 2"),
        (
            "*** Begin Patch\n*** Delete File: f\n-a\n*** End Patch",
            "line 3",
        ),
        (
            "*** Begin Patch\n*** Rename File: f\n*** End Patch",
            "line 2",
        ),
        (
            "*** Begin Patch\n*** Delete File: f\n*** End Patch\n-more text",
            "behind",
        ),
        (
            "*** Begin Patch\n*** Delete File: f\n*** End Patch\n*** Begin Patch\n*** Update File: g",
            "behind",
        ),
        (
            "*** Update File: f\n*** Begin Patch\n*** End Patch",
            "first line",
        ),
    ] {
        let error = parse(patch).unwrap_err();
        assert!(error.0.contains(word), "{patch:?}: {error}");
    }
}

#[test]
fn an_end_that_is_a_line_of_the_file_is_no_end() {
    let cut = "*** Begin Patch\n*** Update File: f\n@@\n-a\n+b\n *** End Patch";
    let sections = parse(cut).unwrap();
    let Action::Update { chunks, .. } = &sections[0].action else {
        panic!("{sections:?}")
    };
    let error = place::update(b"a\n*** End Patch\nc\n", chunks).unwrap_err();
    assert!(error.contains("truncated"), "{error}");
    // Where the file has no such line, the blank is a slip.
    let updated = place::update(b"a\nc\n", chunks).unwrap();
    assert_eq!(updated.bytes, b"b\nc\n");
    let whole = " *** End Patch\n-a\n+b";
    let after = update("*** End Patch\na\n", whole);
    assert_eq!(after.as_deref(), Ok("*** End Patch\nb\n"));
}

proptest! {
    #[test]
    fn no_patch_makes_it_panic(text in "(\\*\\*\\* (Begin Patch|End Patch|Add File: a|Update File: a|Delete File: a|Move to: b|End of File)|@@( -1 \\+1 @@)?|[-+ @\\\\]?[ab \\t]{0,3}|\\PC{0,5}|\n){0,40}", file in "[ab \\t\r\n]{0,20}") {
        let whole = format!("*** Begin Patch\n*** Update File: a\n{text}\n*** End Patch");
        for patch in [&text, &whole] {
            if let Ok(sections) = parse(patch) {
                for section in sections {
                    if let Action::Update { chunks, .. } = section.action {
                        let _ = place::update(file.as_bytes(), &chunks);
                    }
                }
            }
        }
    }

    /// A diff of two texts as a patch gives the second, and its inverse the first.
    #[test]
    fn a_patch_and_its_inverse_are_nothing(
        lines in prop::collection::vec("[a-z]{3,6}", 4..30),
        from in any::<prop::sample::Index>(),
        count in 0..4usize,
        new in prop::collection::vec("[A-Z ]{1,6}[A-Z]", 0..4),
    ) {
        let from = from.index(lines.len());
        let to = (from + count).min(lines.len());
        prop_assume!(!(from == to && new.is_empty()));
        let before: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let after = [&lines[..from], &new, &lines[to..]].concat();
        let after: String = after.iter().map(|line| format!("{line}\n")).collect();
        let patch = |old: &[String], new: &[String]| {
            let mut out = String::from("@@\n");
            for line in &lines[from.saturating_sub(3)..from] {
                out.push_str(&format!(" {line}\n"));
            }
            old.iter().for_each(|line| out.push_str(&format!("-{line}\n")));
            new.iter().for_each(|line| out.push_str(&format!("+{line}\n")));
            for line in &lines[to..(to + 3).min(lines.len())] {
                out.push_str(&format!(" {line}\n"));
            }
            out
        };
        if let Ok(done) = update(&before, &patch(&lines[from..to], &new)) {
            prop_assert_eq!(&done, &after);
            if let Ok(undone) = update(&after, &patch(&new, &lines[from..to])) {
                prop_assert_eq!(&undone, &before);
            }
        }
    }
}
