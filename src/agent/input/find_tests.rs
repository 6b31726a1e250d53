use super::*;
use proptest::prelude::*;

const FILES: &[&str] = &[
    "a.png",
    "b.JPG",
    "shots/one two.png",
    "/tmp/Screen Shot 1.png",
    "/tmp/Screenshot 9\u{202f}AM.png",
    "/tmp/image(1).png",
    "~/pic.webp",
    "src/a.rs",
    "src",
    "src/",
    "Makefile",
    "notes v2.md",
    "odd:7",
    "it's.png",
];

fn found(text: &str) -> Vec<(Named, String)> {
    let exists = |path: &str| FILES.contains(&path);
    mentions(text, &exists)
        .into_iter()
        .map(|mention| {
            let before = text[..mention.end].chars().rev().take(4);
            let end: Vec<char> = before.collect();
            (mention.named, end.into_iter().rev().collect())
        })
        .collect()
}

fn one(text: &str) -> Named {
    let mut all = found(text);
    assert_eq!(all.len(), 1, "{text}: {all:?}");
    all.remove(0).0
}

#[test]
fn images_are_found_however_they_are_written() {
    let image = |path: &str| Named::Image(path.into());
    for (text, path) in [
        ("what is in a.png?", "a.png"),
        ("look at (a.png), please", "a.png"),
        ("a.png", "a.png"),
        ("**a.png**", "a.png"),
        ("![shot](a.png)", "a.png"),
        ("看 b.JPG。", "b.JPG"),
        ("`a.png` is odd", "a.png"),
        ("see \"shots/one two.png\" now", "shots/one two.png"),
        ("see 'shots/one two.png'.", "shots/one two.png"),
        ("see shots/one\\ two.png now", "shots/one two.png"),
        ("/tmp/Screen Shot 1.png", "/tmp/Screen Shot 1.png"),
        (
            "why is /tmp/Screen Shot 1.png grey?",
            "/tmp/Screen Shot 1.png",
        ),
        (
            "/tmp/Screenshot\\ 9\u{202f}AM.png",
            "/tmp/Screenshot 9\u{202f}AM.png",
        ),
        ("/tmp/image\\(1\\).png", "/tmp/image(1).png"),
        ("/tmp/image(1).png", "/tmp/image(1).png"),
        (
            "file:///tmp/Screen%20Shot%201.png",
            "/tmp/Screen Shot 1.png",
        ),
        ("file://localhost/tmp/image(1).png", "/tmp/image(1).png"),
        ("~/pic.webp", "~/pic.webp"),
        ("\"it's.png\"", "it's.png"),
        ("@a.png", "a.png"),
        ("say \"use a.png\" to it", "a.png"),
    ] {
        assert_eq!(one(text), image(path), "{text}");
    }
    assert_eq!(found("a.png and (a.png)").len(), 1, "once");
    assert_eq!(found("look at a.png, now")[0].1, ".png");
    assert_eq!(found("a.png。\\\"").len(), 1);
    assert_eq!(found("see \"shots/one two.png\" now")[0].1, "png\"");
    let both = found("compare a.png with b.JPG");
    assert_eq!(both.len(), 2);
}

#[test]
fn addresses_of_images_are_found() {
    for (text, url) in [
        (
            "see https://example.com/a.png.",
            "https://example.com/a.png",
        ),
        (
            "(https://example.com/a.PNG?w=3)",
            "https://example.com/a.PNG?w=3",
        ),
        (
            "<http://example.com/x/a.jpeg#top>",
            "http://example.com/x/a.jpeg#top",
        ),
    ] {
        assert_eq!(one(text), Named::ImageUrl(url.into()), "{text}");
    }
    assert_eq!(found("https://example.com/a.html https://example.com"), []);
}

#[test]
fn files_directories_and_pages_are_attached_by_a_sign() {
    for (text, named) in [
        ("read @src/a.rs", Named::File("src/a.rs".into(), None)),
        ("is @src/a.rs, fine?", Named::File("src/a.rs".into(), None)),
        ("(@Makefile)", Named::File("Makefile".into(), None)),
        (
            "@src/a.rs:10-40",
            Named::File("src/a.rs".into(), Some((10, 40))),
        ),
        (
            "@src/a.rs:40-10.",
            Named::File("src/a.rs".into(), Some((10, 40))),
        ),
        (
            "@src/a.rs:7 is it",
            Named::File("src/a.rs".into(), Some((7, 7))),
        ),
        (
            "@src/a.rs#L3-L9",
            Named::File("src/a.rs".into(), Some((3, 9))),
        ),
        ("@odd:7", Named::File("odd:7".into(), None)),
        ("@src/", Named::File("src/".into(), None)),
        (
            "@\"notes v2.md\":2-3",
            Named::File("notes v2.md".into(), Some((2, 3))),
        ),
        ("@notes\\ v2.md", Named::File("notes v2.md".into(), None)),
        (
            "@https://example.com/x.",
            Named::Page("https://example.com/x".into()),
        ),
        ("@src/b.rs:1-2", Named::MissingFile("src/b.rs".into())),
        ("@nosuch.md?", Named::MissingFile("nosuch.md".into())),
    ] {
        assert_eq!(one(text), named, "{text}");
    }
}

#[test]
fn what_names_nothing_is_left_alone() {
    for text in [
        "mail me@src.example or a@b.c",
        "@Override public void x()",
        "the word png, a .png and .gif",
        "save it as new.png",
        "it's 5 o'clock, don't",
        "```\na.png @src/a.rs\n```",
        "summarise\n\n<stdin>\n@src/a.rs a.png\n</stdin>",
        "a < b @ c",
        "@",
        "\\",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
    assert_eq!(
        one("see shots/none.png"),
        Named::MissingImage("shots/none.png".into())
    );
    assert_eq!(
        one("'/tmp/no such.png'"),
        Named::MissingImage("/tmp/no such.png".into())
    );
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in "(@|a\\.png|\"|'|`|\\\\| |é|:1-|#L|https://|file://%2|\\]\\(|/|~|\n|。){0,30}") {
        for mention in mentions(&text, &|path| path.len() % 2 == 0) {
            prop_assert!(text.is_char_boundary(mention.end));
        }
    }
}
