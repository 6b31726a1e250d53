//! What models get wrong, by class: applied as meant, or refused.

use super::places::Tier;
use super::*;

fn edit(before: &str, old: &str, new: &str) -> Result<String, String> {
    let edit = Edit {
        old: old.into(),
        new: new.into(),
        all: false,
    };
    apply(before.as_bytes(), &[edit])
        .map(|edited| String::from_utf8(edited.bytes).unwrap())
        .map_err(|error| error.0)
}

/// Rows of (before, old, new, after).
fn applied(rows: &[(&str, &str, &str, &str)]) {
    for (before, old, new, after) in rows {
        assert_eq!(
            edit(before, old, new).as_deref(),
            Ok(*after),
            "{before:?}: {old:?} -> {new:?}"
        );
    }
}

/// Rows of (before, old, new, a word of the refusal).
fn refused(rows: &[(&str, &str, &str, &str)]) {
    for (before, old, new, word) in rows {
        match edit(before, old, new) {
            Ok(after) => panic!("{before:?}: {old:?} -> {new:?} gave {after:?}"),
            Err(error) => assert!(error.contains(word), "{old:?}: {error}"),
        }
    }
}

#[test]
fn what_only_one_text_has_at_its_edges() {
    applied(&[
        // A line break.
        ("a {\n    b\n}\n", "\n}", ",\n}", "a {\n    b,\n}\n"),
        ("a(\n  b\n", "a(\n", "a( ", "a(   b\n"),
        ("a\n\nb\n", "a\n", "A", "A\nb\n"),
        // Indentation.
        (
            "f:\n    a()\n    b()\n",
            "a()\n    b()",
            "    A()\n    b()",
            "f:\n    A()\n    b()\n",
        ),
        (
            "f:\n    a()\n",
            "a()",
            "    log()\n    a()",
            "f:\n    log()\n    a()\n",
        ),
        (
            "f:\n    a()\n",
            "a()",
            "    if x:\n        a()",
            "f:\n    if x:\n        a()\n",
        ),
        ("f:\n    a()\n    b()\n", "a()\n", "", "f:\n    b()\n"),
        ("f:\n    a()\n}\nb\n", "a()\n}\n", "}\n", "f:\n}\nb\n"),
        ("if x:\n    a()\n", "a()", "    a()", "if x:\n        a()\n"),
        (
            "a: 1\nb: 2\nc: 3\n",
            " b: 2\nc: 3",
            " b: 4\nc: 3",
            "a: 1\nb: 4\nc: 3\n",
        ),
    ]);
    refused(&[
        ("f:\n    a()\n", "a()", "    b()", "indentation"),
        ("a\nb\nc\n", "b\n", "B", "line break"),
        ("a\nb\nc\n", "a\n", "a\nx", "line break"),
        (
            "a {\n    b\n    c\n}\n",
            "\n    b\n    c",
            "    B\n    c",
            "line break",
        ),
        ("a\n\nb\nc\n", "a\n\n", "A", "line break"),
        ("a\nb\nc\n", "\nb", ", x\nd", "line break"),
        (
            "if a:\n    b()\nc()\n",
            "if a:\n    b()\n    c()",
            "x",
            "not found",
        ),
    ]);
}

#[test]
fn escapes_of_one_kind() {
    applied(&[
        (
            "// a\n/ b\\n\n",
            "\\/\\/ a\n\\/ b\\n",
            "\\/\\/ A\n\\/ b\\n",
            "// A\n/ b\\n\n",
        ),
        (
            "<a>\n<b>\n",
            "\\u003ca\\u003e\n\\u003cb\\u003e",
            "\\u003cA>\n",
            "<A>\n\n",
        ),
        ("\ta\n\tb\n", "\\ta\n\\tb", "\\ta\n\\t\\tb", "\ta\n\t\tb\n"),
        ("echo $a $b\n", "echo \\$a \\$b", "echo \\$a", "echo $a\n"),
        ("a's\nb\n", "a\\'s", "a\\'s\nx", "a's\nx\nb\n"),
        (
            "\u{1f600} x\n",
            "\\ud83d\\ude00 x",
            "\\ud83d\\ude00 y",
            "\u{1f600} y\n",
        ),
        ("a\nb\n", "a\rb", "a\rc", "a\nc\n"),
        (
            "a\nx\n",
            "     1\ta\n     2\tx",
            "    200\na",
            "    200\na\n",
        ),
    ]);
    refused(&[
        ("<a>\n<b>\n", "\\u003ca\\u003e\n<b>", "<c>", "not found"),
        (
            "a\nx\n",
            "     1\ta\n     2\tx",
            "     1\ta\n    200\nb",
            "line number",
        ),
    ]);
}

#[test]
fn marks_around_the_text() {
    applied(&[
        // Quotes escaped where other backslashes are not.
        (
            "a = r\"\\s+\"\nb = 'x\\n'\n",
            "a = r\\\"\\s+\\\"",
            "c = r\\\"\\s+\\\"",
            "c = r\"\\s+\"\nb = 'x\\n'\n",
        ),
        (
            "say 'a\\n', 1\nend\n",
            "say \\'a\\n\\', 1\nend",
            "say \\'b\\n\\', 2\nend",
            "say 'b\\n', 2\nend\n",
        ),
        // The signs of a diff.
        (
            "  a()\n  b()\nc\n",
            "-  a()\n-  b()",
            "+  a(1)\n+  b()",
            "  a(1)\n  b()\nc\n",
        ),
        (
            "  a()\n  b()\nc\n",
            "   a()\n-  b()\n c",
            "   a()\n+  b(2)\n+  d()\n c",
            "  a()\n  b(2)\n  d()\nc\n",
        ),
        // Marks that a markup needs.
        (
            "x\na = 1\ny\n",
            "<![CDATA[a = 1]]>",
            "<![CDATA[a = 2]]>",
            "x\na = 2\ny\n",
        ),
        ("x\na = 1\ny\n", "`a = 1`", "`a = 2`", "x\na = 2\ny\n"),
        (
            "x\n\ta = \"1\"\ny\n",
            "\"x\\n\\ta = \\\"1\\\"\"",
            "\"x\\n\\ta = \\\"2\\\"\"",
            "x\n\ta = \"2\"\ny\n",
        ),
    ]);
    refused(&[
        ("  a()\n  b()\n", "-  a()", "  a(1)", "not found"),
        ("  a()\n  b()\n", "-a()", "+a(1)", "not found"),
        ("one item\n", "- item", "+ item two", "not found"),
        ("say foo here\n", "`foo`", "`bar`", "not found"),
        (
            "a = \"x\"\n",
            "a = \\\"x\\\" \\d",
            "a = \"y\\\" \\d",
            "not found",
        ),
    ]);
}

#[test]
fn blanks_at_line_ends() {
    applied(&[
        (
            "a = 1  \nb = 2\n",
            "a = 1\nb = 2",
            "a = 1\nb = 3",
            "a = 1  \nb = 3\n",
        ),
        (
            "a = 1\nb = 2\n",
            "a = 1 \nb = 2\t",
            "a = 1 \nb = 3\t",
            "a = 1\nb = 3\n",
        ),
        (
            "a = 1  \nb = 2\n",
            "a = 1\nb = 2",
            "a = 7\nb = 2",
            "a = 7  \nb = 2\n",
        ),
        (
            "a = 1  \nb = 2\n",
            "a = 1\nb = 2",
            "a = 7 \nb = 2",
            "a = 7 \nb = 2\n",
        ),
        ("a\n   \nb\n", "a\n\nb", "a\n\nc", "a\n   \nc\n"),
        (
            "x\n\ta\t\nb\ny\n",
            "\ta\nb\n",
            "\ta\nnew\nb\n",
            "x\n\ta\t\nnew\nb\ny\n",
        ),
        ("x\na \nb\ny\n", "a\nb\n", "", "x\ny\n"),
        ("x\na \nb\ny\n", "a\nb\n", "a\nc", "x\na \nc\ny\n"),
        // The end of the file.
        ("a\nlast", "last\n", "LAST\n", "a\nLAST"),
        ("a\nlast", "last\n", "last\nmore\n", "a\nlast\nmore"),
        ("a\r\nlast", "last\n", "last\nmore\n", "a\r\nlast\r\nmore"),
        ("a\nlast", "a\nlast\n", "a\n", "a\n"),
        // Blank lines at the edges that both texts have.
        ("x = 1\ny = 2\n", "\nx = 1\n", "\nx = 3\n", "x = 3\ny = 2\n"),
        ("x = 1\ny = 2\n", "y = 2\n\n", "y = 3\n\n", "x = 1\ny = 3\n"),
        (
            "x = 1\ny = 2\n",
            "\n\ny = 2\n\n",
            "\n\ny = 3\n\n",
            "x = 1\ny = 3\n",
        ),
        // From the middle of a line to the middle of another.
        (
            "val a = 1  \nval b = 2\n",
            "a = 1\nval b",
            "a = 1\nval c",
            "val a = 1  \nval c = 2\n",
        ),
        (
            "    if (x) { \n        go();\n    }\n",
            "if (x) {\n        go();\n    }",
            "if (y) {\n        go();\n        on();\n    }",
            "    if (y) { \n        go();\n        on();\n    }\n",
        ),
        (
            "say(\u{201c}a\u{201d},\n  b) + 1\n",
            "\"a\",\n  b)",
            "\"c\",\n  d)",
            "say(\u{201c}c\u{201d},\n  d) + 1\n",
        ),
        // \r\r\n
        ("a\r\r\nb\r\n", "a\nb", "a\nc", "a\r\r\nc\r\n"),
    ]);
    refused(&[
        ("a \nb\na\t\nb\n", "a\nb", "a\nc", "2 places (lines 1, 3)"),
        ("foobar\n", "foo ", "x ", "not found"),
        ("xa \nb\nya \nb\n", "a\nb", "a\nc", "2 places"),
        ("xa \nb\n", "a\nbc", "a\nc", "not found"),
        ("a\n\n\nb\n", "a\n\nb", "a\n\nc", "not found"),
        ("a\nb\n", "a\n\nb", "a\n\nc", "not found"),
        ("a\nb\n", "\na\n", "c\n", "not found"),
        ("  \n\t\n", "\n \n", "x", "not found"),
        ("}  \n", "}\n}", "x", "not found"),
    ]);
}

#[test]
fn typography() {
    applied(&[
        (
            "It\u{2019}s late.\nGo.\n",
            "It's late.\nGo.",
            "It's late.\nStay.",
            "It\u{2019}s late.\nStay.\n",
        ),
        (
            "It\u{2019}s late.\n",
            "It's late",
            "It's not late",
            "It\u{2019}s not late.\n",
        ),
        (
            "print('x')\n",
            "print(\u{2018}x\u{2019})",
            "print(\u{2018}y\u{2019})",
            "print('y')\n",
        ),
        (
            "a('x')\n",
            "a(\u{2018}x\u{2019})",
            "a(\u{2018}x\u{2019})\nb(\u{201c}y\u{201d})",
            "a('x')\nb(\"y\")\n",
        ),
        ("a\u{a0}b: 1\n", "a b: 1", "a b: 2", "a\u{a0}b: 2\n"),
        (
            "1 \u{2013} 2 = 3\n",
            "1 - 2 = 3",
            "1 - 2 = 4",
            "1 \u{2013} 2 = 4\n",
        ),
        (
            "x \u{2014} y\n",
            "x \u{2014} y",
            "x \u{2013} y",
            "x \u{2013} y\n",
        ),
        (
            "\u{201c}Hello,\u{201d} she said.\n",
            "\"Hello,\" she said.",
            "\"Goodbye,\" she said.",
            "\u{201c}Goodbye,\u{201d} she said.\n",
        ),
        // What the model means to change is changed.
        (
            "say \u{201c}x\u{201d}\n",
            "say \u{201c}x\u{201d}",
            "say \"x\"",
            "say \"x\"\n",
        ),
        (
            "It\u{2019}s \u{201c}a\u{201d}\nb\n",
            "It's \u{201c}a\u{201d}\nb",
            "It's \u{201c}a\u{201d} and \u{201c}c\u{201d}\nb",
            "It\u{2019}s \u{201c}a\u{201d} and \u{201c}c\u{201d}\nb\n",
        ),
        (
            "f(\"a\") \nb\n",
            "f(\u{201c}a\u{201d})\nb",
            "f(\u{201c}c\u{201d})\nb",
            "f(\"c\") \nb\n",
        ),
    ]);
    refused(&[
        (
            "It\u{2019}s a\nIt\u{2018}s b\n",
            "It's",
            "It is",
            "2 places (lines 1, 2)",
        ),
        ("caf\u{e9}\n", "cafe\u{301}", "x", "not found"),
        ("Foo\n", "foo", "bar", "not found"),
        ("a\u{200b}b\n", "ab", "x", "not found"),
        ("a\u{2026}b\n", "a...b", "x", "not found"),
        ("p\u{430}y\n", "pay", "x", "not found"),
    ]);
}

#[test]
fn indentation_shifted_as_a_whole() {
    let kt = "class S {\n    fun put(): Boolean {\n        if (full) {\n            return false\n        }\n        return true\n    }\n}\n";
    applied(&[
        (
            kt,
            "if (full) {\n    return false\n}",
            "if (full) {\n    log()\n    return false\n}",
            &kt.replace(
                "            return false",
                "            log()\n            return false",
            ),
        ),
        (
            kt,
            "            if (full) {\n                return false\n            }",
            "            if (full) {\n                return maybe\n            }",
            &kt.replace("return false", "return maybe"),
        ),
        // Too little on every line.
        (
            kt,
            "  if (full) {\n      return false\n  }\n  return true",
            "  if (full) {\n      while (x) {\n          y()\n      }\n  }\n  return true",
            &kt.replace(
                "            return false",
                "            while (x) {\n                y()\n            }",
            ),
        ),
        // A single line.
        ("a:\n    b\n", "        b", "        c", "a:\n    c\n"),
        (
            "a:\n  b\n",
            "      b",
            "      if c:\n          d",
            "a:\n  if c:\n    d\n",
        ),
        (
            "\tfoo()\n",
            "    foo()",
            "    if x {\n        foo()\n    }",
            "\tif x {\n\t\tfoo()\n\t}\n",
        ),
        // The match begins inside the indentation.
        (
            "class A:\n    if a:\n        return x\n",
            "    return x",
            "    if y:\n        return x",
            "class A:\n    if a:\n        if y:\n            return x\n",
        ),
        ("f()\n  a\n    b\n  c\n", "  b\n", "", "f()\n  a\n  c\n"),
        (
            "use {\n    a,\n};\nb\n",
            "  a,\n};\nb",
            "  a,\n  c,\n};\nb",
            "use {\n    a,\n    c,\n};\nb\n",
        ),
        // Trailing blanks and indentation at once.
        (
            "    a() \n    b()\n",
            "a()\nb()\n",
            "a()\nc()\n",
            "    a() \n    c()\n",
        ),
    ]);
    refused(&[
        // Other nesting is other code.
        (
            "if a:\n    b()\nc()\n",
            "if a:\n    b()\n    c()\n",
            "if a:\n    b()\n    d()\n",
            "not found",
        ),
        (
            "if a:\n    b()\nc()\n",
            "    b()\n    c()\n",
            "    b()\n    d()\n",
            "not found",
        ),
        (
            "if a:\n    b()\n    c()\n",
            "if a:\n    b()\nc()\n",
            "if a:\n    b()\nd()\n",
            "not found",
        ),
        (
            "a\n  b\n    c\n",
            "a\n    b\n  c",
            "a\n    x\n  c",
            "not found",
        ),
        (
            "fun a() {\n    x()\n    z()\n}\nfun b() {\n\tx()\n\tz()\n}\n",
            "  x()\n  z()",
            "  y()\n  z()",
            "2 places",
        ),
        // A line that would stand left of the margin.
        (
            "a\n",
            "        a",
            "        a\n    b",
            "indentation of line 2",
        ),
        (
            "x {\n  }\n  }\n}\n",
            "    }\n    }",
            "    }\n    y",
            "not found",
        ),
    ]);
}

#[test]
fn tabs_for_spaces_and_back() {
    let lua = "function M.scale(v, k)\n\tif k == nil then\n\t\tk = 1\n\tend\n\treturn v * k\nend\n";
    applied(&[
        (
            lua,
            "    if k == nil then\n        k = 1\n    end",
            "    if k == nil then\n        k = 2\n    end",
            &lua.replace("k = 1", "k = 2"),
        ),
        (
            lua,
            "  if k == nil then\n    k = 1\n  end",
            "  if k == nil then\n    if v then\n      k = 2\n    end\n  end",
            &lua.replace("\t\tk = 1", "\t\tif v then\n\t\t\tk = 2\n\t\tend"),
        ),
        (
            lua,
            "if k == nil then\n    k = 1\nend",
            "if k == nil then\n    for i in x do\n        k = 2\n    end\nend",
            &lua.replace("\t\tk = 1", "\t\tfor i in x do\n\t\t\tk = 2\n\t\tend"),
        ),
        (
            "if a {\n    b();\n}\n",
            "if a {\n\tb();\n}",
            "if a {\n\tif c {\n\t\tb();\n\t}\n}",
            "if a {\n    if c {\n        b();\n    }\n}\n",
        ),
        (
            "f() {\n  if (a) {\n    b();\n  }\n}\n",
            "    if (a) {\n        b();\n    }",
            "    if (a) {\n        if (c) {\n            b();\n        }\n    }",
            "f() {\n  if (a) {\n    if (c) {\n      b();\n    }\n  }\n}\n",
        ),
        (
            "a:\n        b\n",
            "a:\n    b",
            "a:\n    b\n    c",
            "a:\n        b\n        c\n",
        ),
        // The stars of a comment stand one further in.
        (
            "class A {\n\t/**\n\t * One.\n\t */\n\tint a;\n}\n",
            "    /**\n     * One.\n     */\n    int a;",
            "    /**\n     * One.\n     * Two.\n     */\n    int a;\n    if (x) {\n        y();\n    }",
            "class A {\n\t/**\n\t * One.\n\t * Two.\n\t */\n\tint a;\n\tif (x) {\n\t\ty();\n\t}\n}\n",
        ),
    ]);
    // Only the first line deviates: it was cut out where its text begins.
    applied(&[
        (
            lua,
            "if k == nil then\n        k = 1\n    end",
            "if k == nil then\n        k = 3\n    end",
            &lua.replace("k = 1", "k = 3"),
        ),
        (
            "    a()\n    b() \n    c()\n",
            "a()\n    b()\n    c()",
            "a()\n    x()\n    c()",
            "    a()\n    x() \n    c()\n",
        ),
    ]);
}

#[test]
fn line_numbers() {
    let before = "[tool]\nname = \"crane\"\nspeed = 4\n\n[limits]\nload = 900\n";
    let faster = before.replace("speed = 4", "speed = 6");
    for separator in ["\t", "→", " | ", "| ", "|", ": ", ":", "  "] {
        let old = format!("     2{separator}name = \"crane\"\n     3{separator}speed = 4");
        let new = old.replace("speed = 4", "speed = 6");
        assert_eq!(
            edit(before, &old, &new).as_deref(),
            Ok(faster.as_str()),
            "{separator:?}"
        );
        // The new text may come without them.
        let bare = "name = \"crane\"\nspeed = 6";
        assert_eq!(
            edit(before, &old, bare).as_deref(),
            Ok(faster.as_str()),
            "{separator:?}"
        );
    }
    applied(&[
        (
            before,
            "     3\tspeed = 4\n     4\t\n     5\t[limits]\n",
            "     3\tspeed = 6\n     4\t\n     5\t[limits]\n",
            &faster,
        ),
        (
            before,
            "     3\tspeed = 4\n     4\n     5\t[limits]",
            "     3\tspeed = 6\n     4\n     5\t[limits]",
            &faster,
        ),
        (before, "     3\tspeed = 4", "     3\tspeed = 6", &faster),
        (before, "3: speed = 4", "3: speed = 6", &faster),
        // An added line with a gutter of blanks, or renumbered, or bare.
        (
            before,
            "     3\tspeed = 4",
            "     3\tspeed = 6\n      \tx = 1",
            &faster.replace("= 6\n", "= 6\nx = 1\n"),
        ),
        (
            before,
            "     3\tspeed = 4",
            "     3\tspeed = 6\n     4\tx = 1",
            &faster.replace("= 6\n", "= 6\nx = 1\n"),
        ),
        (
            before,
            "     3\tspeed = 4",
            "     3\tspeed = 6\nx = 1",
            &faster.replace("= 6\n", "= 6\nx = 1\n"),
        ),
    ]);
    let long: String = (1..=12).map(|n| format!("    line {n}\n")).collect();
    applied(&[(
        &long,
        "     9\t    line 9\n    10\t    line 10",
        "     9\t    line 9\n    10\t    line ten",
        &long.replace("line 10", "line ten"),
    )]);
    refused(&[
        (
            before,
            "     2\tname = \"crane\"\n     4\tspeed = 4",
            "x",
            "not found",
        ),
        (before, "7: speed = 4", "7: speed = 5", "not found"),
        ("port: http\n", "80: http", "81: http", "not found"),
        ("x = 1\n", "x = 1", "     1\tx = 2", "line numbers"),
        (
            before,
            "2: name = \"crane\"\n3: speed = 4",
            "2: name = \"crane\"\nspeed = 6",
            "line number",
        ),
        (
            "a\nb\na\nb\n",
            "     1\ta\n     2\tb",
            "     1\ta\n     2\tc",
            "2 places",
        ),
    ]);
    // Numbers that are in the file are text.
    applied(&[("     1\ta\n", "     1\ta", "     1\tb", "     1\tb\n")]);
}

#[test]
fn fences_escapes_and_entities() {
    let toml = "name = \"crane\"\nspeed = 4\n";
    applied(&[
        (
            toml,
            "```toml\nspeed = 4\n```",
            "```toml\nspeed = 5\n```",
            "name = \"crane\"\nspeed = 5\n",
        ),
        (
            toml,
            "```\nspeed = 4\n```\n",
            "speed = 5",
            "name = \"crane\"\nspeed = 5\n",
        ),
        (
            toml,
            "name = \\\"crane\\\"\\nspeed = 4",
            "name = \\\"crane\\\"\\nspeed = 5",
            "name = \"crane\"\nspeed = 5\n",
        ),
        (
            toml,
            "name = \\\"crane\\\"",
            "name = \\\"swan\\\"",
            "name = \"swan\"\nspeed = 4\n",
        ),
        (
            toml,
            "name = \\\"crane\\\"\nspeed = 4",
            "name = \\\"swan\\\"\nspeed = 4",
            "name = \"swan\"\nspeed = 4\n",
        ),
        (
            "print(\"a\")\n",
            "print(\\\"a\\\")",
            "print(\\\"a\\\\n\\\")",
            "print(\"a\\n\")\n",
        ),
        (
            "re(\"\\d\")\nx\n",
            "re(\\\"\\\\d\\\")\nx",
            "re(\\\"\\\\w\\\")\nx",
            "re(\"\\w\")\nx\n",
        ),
        ("a\n\tb\n", "a\\n\\tb", "a\\n\\tc", "a\n\tc\n"),
        (
            "re(\"\\d+\")\n",
            "re(\\\"\\\\d+\\\")",
            "re(\\\"\\\\w+\\\")",
            "re(\"\\w+\")\n",
        ),
        (
            "if (a < b) go()\n",
            "if (a &lt; b) go()",
            "if (a &lt; c) go()",
            "if (a < c) go()\n",
        ),
        (
            "if (a && b > 1)\n",
            "if (a &amp;&amp; b > 1)",
            "if (a &amp;&amp; c > 1)",
            "if (a && c > 1)\n",
        ),
        (
            "x = \"1\" & '2'\n",
            "x = &quot;1&quot; &amp; &#39;2&#39;",
            "x = &quot;3&quot;",
            "x = \"3\"\n",
        ),
        // Given as it is in the file, it is text.
        ("a &lt; b\n", "a &lt; b", "a &gt; b", "a &gt; b\n"),
        ("'x'\n", "'x'", "'x\\n'", "'x\\n'\n"),
        ("p\n", "p", "&lt;p&gt;", "&lt;p&gt;\n"),
        ("\\n\n", "\\n", "\\t", "\\t\n"),
        (
            "```\na\n```\n",
            "```\na\n```",
            "```\nb\n```",
            "```\nb\n```\n",
        ),
        (
            "a &amp;lt; b\n",
            "a &amp;amp;lt; b",
            "c &amp;amp;lt; b",
            "c &amp;lt; b\n",
        ),
    ]);
    refused(&[
        (
            "print(\"a\")\n",
            "print(\\\"a\\\")",
            "print(\\\"a\\n\\\")",
            "between quotes",
        ),
        ("re(\"\\d\")\n", "x(\\\"\\d\\\")", "y", "not found"),
        ("a\nb\n", "a\\nb", "a\nc\\", "line breaks and backslash"),
        (
            "<p>a & b</p>\n",
            "<p>a &amp; b</p>",
            "<p>a &lt; b</p>",
            "both &lt; and <",
        ),
        ("f(\"a\")\nf(\"a\")\n", "f(\\\"a\\\")", "x", "2 places"),
        (
            toml,
            "name = \\\"crane\\\"",
            "name = \"crane\"",
            "no change",
        ),
    ]);
}

#[test]
fn what_is_there_already_is_not_added_twice() {
    refused(&[
        (
            "import a\nimport b\n",
            "import a\n",
            "import a\nimport b\n",
            "already there, at line 1",
        ),
        ("speed = 10\n", "speed = 1", "speed = 10", "already there"),
        ("f(a, b)\n", "f(a", "f(a, b", "already there"),
        (
            "import a  \nimport b\n",
            "import a\nimport b",
            "import a\nimport b",
            "no change",
        ),
        (
            "x\n  import a  \n  import b\n",
            "import a\n\n",
            "import a\nimport b\n\n",
            "already there",
        ),
    ]);
    applied(&[
        ("f(x)\n", "f(x", "f((x)", "f((x))\n"),
        ("a\n\nb\n", "a\n", "a\n\n", "a\n\n\nb\n"),
    ]);
}

#[test]
fn texts_that_are_no_content_are_refused() {
    let before = "fn a() {\n    b();\n}\n";
    for new in [
        "b();\n    // ... existing code ...",
        "b();\n    // rest of the code remains unchanged",
        "b();\n    // ...existing code...",
        "b();\n    # ...",
        "b();\n    /* ... rest of the function ... */",
        "b();\n    // existing code",
        "b();\n    ... [truncated]",
        "b();\n[truncated 20 lines]",
        "b();\n    {/* existing content */}",
        "b();\n    // (rest of the code unchanged)",
        "c();\n[… cut: 10 of 20 bytes]",
        "<<<<<<< HEAD\nb();\n=======\nc();\n>>>>>>> other",
        "<<<<<<< SEARCH\nb();",
        "@@ -1,3 +1,3 @@\n-b();\n+c();",
        "*** Begin Patch\nc();",
        "-b();\n+c();",
        " b();\n+c();",
        "c();\n</new_string>",
        "caf\u{fffd}",
    ] {
        match edit(before, "b();", new) {
            Ok(after) => panic!("{new:?} gave {after:?}"),
            Err(error) => assert!(error.contains("new_string"), "{error}"),
        }
    }
    for new in [
        "c(...existing);",
        "return [...existing, x];",
        "c({\n        ...previousState,\n        ...existing\n    });",
        "- c\n+ d",
        "title\n=======",
        "...",
        "# the rest of the file is generated",
        "// existing users are kept",
        "// loading...",
        "x = a ? ... : b",
        "{/* comment */}",
    ] {
        assert!(
            edit(before, "b();", new).is_ok(),
            "{new:?}: {:?}",
            edit(before, "b();", new)
        );
    }
    refused(&[("a\n", "caf\u{fffd}", "b", "U+FFFD")]);
    applied(&[("caf\u{fffd}\n", "caf\u{fffd}", "cafe", "cafe\n")]);
}

#[test]
fn the_result_says_how_it_matched() {
    let notes = |before: &str, old: &str, new: &str| {
        let edit = Edit {
            old: old.into(),
            new: new.into(),
            all: false,
        };
        apply(before.as_bytes(), &[edit]).unwrap().notes
    };
    assert!(notes("a\n", "a", "b").is_empty());
    assert_eq!(
        notes("a \nb\n", "a\nb", "a\nc"),
        [Tier::Blanks.note().unwrap()]
    );
    assert_eq!(
        notes("\ta\n", "     1\t    a", "     1\t    b"),
        [
            "line numbers were removed",
            Tier::Indentation.note().unwrap()
        ]
    );
}

#[test]
fn repeated_lines_are_found_in_one_pass() {
    let file = "x \n".repeat(20_000);
    let old = "x\n".repeat(10_000);
    let error = edit(&file, &old, "y").unwrap_err();
    assert!(error.contains("1000 places"), "{error}");
}

#[test]
fn blanks_of_all_kinds_at_line_ends() {
    applied(&[
        (
            "if a:\n  b += c; \n",
            "if a:\n  b\u{a0}+=\u{a0}c;\u{a0}\n",
            "if a:\n  b\u{a0}+=\u{a0}d;\u{a0}\n",
            "if a:\n  b += d; \n",
        ),
        // Whole lines are meant, though other lines begin with the last one.
        ("a \nb \n", "a\nb", "a\nB", "a \nB \n"),
        ("a \n)\nx\na \n) y\n", "a\n)", "A\n)", "A \n)\nx\na \n) y\n"),
        // A blank line that stays at the end of the new text.
        (
            "  a \n\n  b \n  c\n",
            "  a\n\n  b",
            "  A\n",
            "  A \n\n  c\n",
        ),
        ("  a \n  b \n", "  a\n  b", "  a\n  B\n", "  a \n  B \n"),
    ]);
}

#[test]
fn a_fence_around_the_old_text_alone() {
    applied(&[
        ("a\nb\nc\n", "```\nb\n```\n", "B\n", "a\nB\nc\n"),
        ("a\nb\nc\n", "```\nb\n```", "B\n", "a\nB\nc\n"),
        ("a\nb\nc\n", "```\nb\n```", "B", "a\nB\nc\n"),
        ("a\n\nb\nc\n", "```\na\n\nb\n```", "A\n", "A\n\nc\n"),
    ]);
}

#[test]
fn stars_are_those_of_comments_or_not() {
    applied(&[
        (
            "{\n    *a = x {\n      .b = 1,\n",
            "{\n        *a = x {\n            .b = 1,",
            "{\n        *a = y {\n            .b = 1,",
            "{\n    *a = y {\n      .b = 1,\n",
        ),
        // The same blanks before every line, whatever a tab is worth.
        (
            "\t\tone\n\t    }\n\ttwo\n",
            "\tone\n    }\ntwo",
            "\tone\n    }\nthree",
            "\t\tone\n\t    }\n\tthree\n",
        ),
    ]);
}

#[test]
fn numbers_of_lines_and_in_lines() {
    applied(&[
        // The file's own lines begin with numbers, and the new text came without those of
        // the old one.
        (
            "x\n  405: A,\n  409: B,\nend\n",
            "2:  405: A,\n3:  409: B,\n4:end",
            "  405: A,\n  409: B,\n  x()\nend",
            "x\n  405: A,\n  409: B,\n  x()\nend\n",
        ),
        // A line that other lines begin with, too.
        (
            "  name:\n  name: x\n",
            "     1\t  name:",
            "     1\t  other:",
            "  other:\n  name: x\n",
        ),
        // Without its indentation.
        (
            "all:\n\tbuild it\n",
            "     2\tbuild it",
            "     2\tbuild it\n     3\tand more",
            "all:\n\tbuild it\n\tand more\n",
        ),
        // A line that looks like a placeholder, and is one of the file.
        (
            "# 1\n# ...\n",
            "     1\t# 1\n     2\t# ...",
            "# 2\n# ...",
            "# 2\n# ...\n",
        ),
    ]);
    refused(&[(
        "a();\nb();\nc();\n",
        "a();\nb();\nc();",
        "A();\n// (unchanged)\nc();",
        "placeholder",
    )]);
}

#[test]
fn signs_before_the_new_lines_alone() {
    applied(&[
        ("one\ntwo\n", " one", " one\n+and", "one\nand\ntwo\n"),
        ("  one\n", "   one", "   one\n+  and", "  one\n  and\n"),
    ]);
}

#[test]
fn a_line_behind_an_end_without_one_ends_as_the_line_above() {
    applied(&[
        ("“a”\r\nb\nc", "b\nc", "b\nc\nd", "“a”\r\nb\nc\nd"),
        (
            "'a'\r\n'b'\n'c'",
            "‘b’\n‘c’",
            "‘b’\n‘c’\n‘d’",
            "'a'\r\n'b'\n'c'\n'd'",
        ),
    ]);
}
