use super::*;
use crate::workspace::encoding::{self, Encoding};
use proptest::prelude::*;

fn edit(bytes: &[u8], old: &str, new: &str) -> Result<Vec<u8>, String> {
    edit_all(bytes, old, new, false)
}

fn edit_all(bytes: &[u8], old: &str, new: &str, all: bool) -> Result<Vec<u8>, String> {
    let edit = Edit {
        old: old.into(),
        new: new.into(),
        all,
    };
    apply(bytes, &[edit])
        .map(|edited| edited.bytes)
        .map_err(|error| error.0)
}

#[test]
fn one_place_changes_and_nothing_else() {
    for (before, old, new, after) in [
        (&b"a\nb\nc\n"[..], "b", "B", &b"a\nB\nc\n"[..]),
        (b"a\nb", "b", "b\nc", b"a\nb\nc"),
        (b"a\nb\n", "b\n", "", b"a\n"),
        (
            b"s.replace(a, b);\n",
            "b);",
            "'$1$&\\\\1');",
            b"s.replace(a, '$1$&\\\\1');\n",
        ),
        (b"print('x')\n", "'x'", "'x\\n'", b"print('x\\n')\n"),
        (b"x = 1  \n", "1  ", "2\t", b"x = 2\t\n"),
        // CRLF: inserted lines take it, also with \r\n in the arguments.
        (
            b"k=1\r\nm=2\r\n",
            "m=2",
            "m=2\nn=3",
            b"k=1\r\nm=2\r\nn=3\r\n",
        ),
        (
            b"k=1\r\nm=2\r\n",
            "k=1\r\nm=2",
            "k=1\r\nx\r\nm=2",
            b"k=1\r\nx\r\nm=2\r\n",
        ),
        (b"a\r\nb", "b", "b\nc", b"a\r\nb\r\nc"),
        (b"a\nb\n", "a\r\nb", "a\r\nc", b"a\nc\n"),
        (b"a\r\nb\r\n", "\nb", "\nc", b"a\r\nc\r\n"),
        (b"a\r\nb\r\nc\r\n", "a\nb\n", "", b"c\r\n"),
        // Mixed line ends: each line keeps its own.
        (b"p\r\nq\nr\r\n", "q", "Q", b"p\r\nQ\nr\r\n"),
        (b"p\r\nq\nr\r\n", "p\nq\nr", "p\nQ\nr", b"p\r\nQ\nr\r\n"),
        (
            b"p\r\nq\nr\r\n",
            "p\nq\nr",
            "p\nq\nnew\nr",
            b"p\r\nq\nnew\nr\r\n",
        ),
        (b"p\nq\r\nr", "q\n", "q\nx\n", b"p\nq\r\nx\r\nr"),
        // Lone carriage returns are line ends only where there is no \n.
        (b"a\rb\rc", "a\nb", "a\nx\nb", b"a\rx\rb\rc"),
        (b"a\rb\nc\n", "a\rb", "z", b"z\nc\n"),
        (
            b"\xef\xbb\xbfDim a = 1\r\n",
            "Dim a = 1",
            "Dim a = 5",
            b"\xef\xbb\xbfDim a = 5\r\n",
        ),
        (b"\xef\xbb\xbfa", "\u{feff}a", "\u{feff}b", b"\xef\xbb\xbfb"),
        // Bytes that are not UTF-8 stay, and can be named where they are Latin-1.
        (b"; \xfcber\nx=1\n", "x=1", "x=2", b"; \xfcber\nx=2\n"),
        (b"; \xfcber\n", "über", "grün", b"; gr\xfcn\n"),
        (b"a \xfc\n", "a", "ä", b"\xe4 \xfc\n"),
        (b"\xc3\xa9 \xff\n", "é", "è", b"\xc3\xa8 \xff\n"),
        (b"a\xe2\x80\xa8b\x0cc\n", "b", "B", b"a\xe2\x80\xa8B\x0cc\n"),
        (b"<<<<<<< ours\n", "ours", "theirs", b"<<<<<<< theirs\n"),
    ] {
        let got = edit(before, old, new);
        assert_eq!(
            got.as_deref(),
            Ok(after),
            "{} / {old:?} -> {new:?}",
            String::from_utf8_lossy(before)
        );
    }
    let utf16 = encoding::to_utf16("a\r\nbé\r\n", Encoding::Utf16Le);
    assert_eq!(
        edit(&utf16, "bé", "bé\nc").unwrap(),
        encoding::to_utf16("a\r\nbé\r\nc\r\n", Encoding::Utf16Le)
    );
}

#[test]
fn replace_all_takes_every_place() {
    assert_eq!(
        edit_all(b"H=db\nU=db/x\n", "db", "pg", true).unwrap(),
        b"H=pg\nU=pg/x\n"
    );
    assert_eq!(edit_all(b"aaa", "aa", "b", true).unwrap(), b"ba");
    assert_eq!(
        edit_all(b"a\r\na\n", "a\n", "b\n", true).unwrap(),
        b"b\r\nb\n"
    );
}

#[test]
fn edits_apply_as_one() {
    let edits = |pairs: &[(&str, &str)]| -> Vec<Edit> {
        pairs
            .iter()
            .map(|(old, new)| Edit {
                old: (*old).into(),
                new: (*new).into(),
                all: false,
            })
            .collect()
    };
    let done = apply(b"a\nb\n", &edits(&[("a", "x"), ("x\nb", "y")])).unwrap();
    assert_eq!((done.bytes.as_slice(), done.places), (&b"y\n"[..], 2));
    let error = apply(b"a\nb\n", &edits(&[("a", "x"), ("a", "y")])).unwrap_err();
    assert!(
        error.0.starts_with("edit 2 of 2: old_string was not found"),
        "{error}"
    );
}

#[test]
fn refusals_tell_what_to_do() {
    for (before, old, new, words) in [
        (
            "f(1)\ng()\nf(1)\n",
            "f(1)",
            "f(2)",
            &["2 places", "lines 1, 3", "replace_all"][..],
        ),
        ("aaa", "aa", "b", &["2 places"]),
        ("x\n", "x", "x", &["identical", "no change"]),
        ("x\n", "", "y", &["old_string is empty"]),
        ("a\0b", "a", "c", &["binary"]),
        (
            "fn a() {\n    b();\n}\n",
            "fn a() {\n    ...\n}",
            "fn a() {\n    // ... existing code ...\n}",
            &["placeholder", "`// ... existing code ...`"],
        ),
        (
            "class A {\n}\n",
            "class A {\n    // ... existing code ...\n}",
            "class A",
            &["not found", "placeholder"],
        ),
        ("a\n", "a", "a\n[… cut: 10 of 20 bytes]", &["placeholder"]),
        ("a\n", "a", "caf\u{fffd}", &["U+FFFD"]),
        (
            "speed = 4\n",
            "speed = 3",
            "speed = 4",
            &["not found", "already there, at line 1"],
        ),
        (
            "x\nname = 1\nspeed = 4\n",
            "     2\tname = 1\n     3\tspeed = 5",
            "     2\tname = 1\n     3\tspeed = 6",
            &["not found", "line numbers"],
        ),
        (
            "if a:\n    b()\nc()\n",
            "if a:\n    b()\n    c()\n",
            "if a:\n    b()\n    d()\n",
            &[
                "not found",
                "     2\t    b()\n",
                "file line 3: `c()`",
                "old_string line 3: `····c()`",
            ],
        ),
        (
            "fn x() {\n\tlet total = compute(1);\n}\n",
            "    let total = compute(2);",
            "z",
            &["file line 2: `→let total = compute(1);`"],
        ),
        (
            "alpha\n",
            "something else entirely",
            "z",
            &["read the file again"],
        ),
        ("a \u{fc}\n", "Ж", "z", &["not found"]),
    ] {
        let error = edit(before.as_bytes(), old, new).unwrap_err();
        for word in words {
            assert!(error.contains(word), "{old:?}: {error}");
        }
    }
    let error = edit(b"a \xfc\n", "a", "Ж").unwrap_err();
    assert!(error.contains("cannot be written"), "{error}");
    let error = edit(&b"x();\n".repeat(1000), "x();", "y").unwrap_err();
    assert!(
        error.contains("1000 places") && error.len() < 400,
        "{error}"
    );
}

#[test]
fn a_placeholder_that_is_in_the_file_is_text() {
    let before = b"// ... existing code ...\na\n";
    let new = "// ... existing code ...\nb";
    assert!(edit(before, "// ... existing code ...\na", new).is_ok());
    for text in [
        "let rest = &line[..];",
        "println!(\"loading...\");",
        "# the rest of the file is generated",
        "...args",
        "// wait until unchanged",
        "// the rest of the bytes...",
    ] {
        assert_eq!(placeholder(text, |_| false), None, "{text}");
    }
    for text in [
        "// ... existing code ...",
        "# ... rest of the function unchanged ...",
        "... [truncated]",
        "<!-- ... remaining items ... -->",
        "/* … rest of file … */",
        "// rest of the code unchanged ...",
    ] {
        assert!(placeholder(text, |_| false).is_some(), "{text}");
    }
}

#[test]
fn a_line_of_blanks_given_in_full_tells_that_no_indentation_was_left_out() {
    let after = edit("a\n  b\n  \nc\n".as_bytes(), " b\n  ", " b\n  x").unwrap();
    assert_eq!(String::from_utf8(after).unwrap(), "a\n  b\n  x\nc\n");
}

proptest! {
    /// A slice of the file's own view replaced by itself with one more word changes
    /// that place and keeps every other byte.
    #[test]
    fn untouched_bytes_stay(
        lines in prop::collection::vec(("[a-c \u{e9}]{0,5}", 0..3usize), 1..12),
        from in any::<prop::sample::Index>(),
        length in 1..8usize,
    ) {
        let ends = ["\n", "\r\n", "\r\n"];
        let file: String = lines.iter().map(|(text, end)| format!("{text}{}", ends[*end])).collect();
        let view = file.replace("\r\n", "\n");
        let chars: Vec<char> = view.chars().collect();
        let start = from.index(chars.len());
        let old: String = chars[start..(start + length).min(chars.len())].iter().collect();
        // A part of an indentation moves what comes below it, too.
        let before: String = chars[..start].iter().collect();
        let indent = before.rsplit('\n').next().unwrap_or_default();
        prop_assume!(indent.is_empty() || !indent.trim().is_empty() || !old.starts_with(' '));
        let new = match old.strip_suffix('\n') {
            Some(line) => format!("{line}ZZ\n"),
            None => format!("{old}ZZ"),
        };
        if let Ok(after) = edit(file.as_bytes(), &old, &new) {
            prop_assert_eq!(String::from_utf8(after).unwrap().replace("ZZ", ""), file);
        }
    }

    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..60), old in "\\PC{0,6}", new in "\\PC{0,6}") {
        let _ = edit(&bytes, &old, &new);
        let _ = edit_all(&bytes, &old, &new, true);
    }
}
