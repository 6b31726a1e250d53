use super::*;
use lopdf::{Stream, dictionary};
use proptest::prelude::*;

/// A PDF whose pages hold these drawing commands.
fn made(pages: &[&str]) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let tree = document.new_object_id();
    let widths: Vec<Object> = (32..127).map(|_| 500.into()).collect();
    let font = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica",
        "Encoding" => "WinAnsiEncoding", "FirstChar" => 32, "Widths" => widths,
    });
    let resources = document.add_object(dictionary! {
        "Font" => dictionary! { "F1" => font },
    });
    let kids: Vec<Object> = pages
        .iter()
        .map(|text| {
            let content =
                document.add_object(Stream::new(dictionary! {}, text.as_bytes().to_vec()));
            let page = dictionary! {
                "Type" => "Page", "Parent" => tree, "Contents" => content,
                "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
            };
            document.add_object(page).into()
        })
        .collect();
    let count = kids.len() as i64;
    let pages = dictionary! {
        "Type" => "Pages", "Kids" => kids, "Count" => count, "Resources" => resources,
    };
    document.objects.insert(tree, Object::Dictionary(pages));
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
    document.trailer.set("Root", catalog);
    let mut out = Vec::new();
    document.save_to(&mut out).unwrap();
    out
}

fn one(commands: &str) -> String {
    let mut pages = text(made(&[commands]), 1, 10, 10_000).unwrap();
    assert_eq!(pages.total, 1);
    pages.pages.remove(0).1
}

#[test]
fn lines_words_and_paragraphs_come_from_where_they_stand() {
    for (commands, expected) in [
        ("BT /F1 10 Tf 50 700 Td (Hello) Tj ET", "Hello"),
        (
            "BT /F1 10 Tf 50 700 Td (one) Tj 0 -12 Td (two) Tj ET",
            "one\ntwo",
        ),
        (
            "BT /F1 10 Tf 12 TL 50 700 Td (one) Tj T* (two) Tj (three) ' ET",
            "one\ntwo\nthree",
        ),
        (
            "BT /F1 10 Tf 50 700 Td (one) Tj 0 -40 Td (two) Tj ET",
            "one\n\ntwo",
        ),
        // Kerning makes no word, a wide gap does.
        (
            "BT /F1 10 Tf 50 700 Td [(W) 80 (orld) -300 (peace)] TJ ET",
            "World peace",
        ),
        // Words placed one by one: 3 letters of 5 units, then a gap of 3.
        (
            "BT /F1 10 Tf 50 700 Td (one) Tj 18 0 Td (two) Tj ET",
            "one two",
        ),
        ("BT /F1 10 Tf 50 700 Td (on) Tj 10 0 Td (ly) Tj ET", "only"),
        // Each piece moved by the matrix of the page.
        (
            "q 1 0 0 1 50 700 cm BT /F1 10 Tf (up) Tj ET Q q 1 0 0 1 50 680 cm BT /F1 10 Tf (down) Tj ET Q",
            "up\ndown",
        ),
        ("BT /F1 10 Tf (caf\\351) Tj ET", "café"),
        ("BT /Nope 10 Tf (lost) Tj ET", ""),
        ("", ""),
    ] {
        assert_eq!(one(commands), expected, "{commands}");
    }
}

#[test]
fn pages_are_read_from_one_on_within_a_budget() {
    let page = |n: u32| format!("BT /F1 10 Tf (page {n}) Tj ET");
    let pages: Vec<String> = (1..=9).map(page).collect();
    let refs: Vec<&str> = pages.iter().map(String::as_str).collect();
    let bytes = made(&refs);
    let got = text(bytes.clone(), 3, 2, 10_000).unwrap();
    assert_eq!(got.total, 9);
    assert_eq!(
        got.pages,
        [(3, "page 3".to_string()), (4, "page 4".to_string())]
    );
    assert_eq!(text(bytes.clone(), 1, 100, 13).unwrap().pages.len(), 2);
    assert_eq!(text(bytes.clone(), 1, 100, 1).unwrap().pages.len(), 1);
    assert_eq!(text(bytes, 10, 5, 100).unwrap().pages, []);
}

#[test]
fn what_is_no_pdf_is_refused_in_words() {
    for bytes in [&b""[..], b"%PDF-1.7", b"%PDF-1.4\nhello\n%%EOF", b"hello"] {
        let error = text(bytes.to_vec(), 1, 1, 100).unwrap_err().to_string();
        assert!(error.starts_with("the PDF"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn damaged_files_never_panic(at: prop::sample::Index, value: u8, cut: prop::sample::Index) {
        let mut bytes = made(&["BT /F1 10 Tf 50 700 Td [(W) 80 (x)] TJ ET"]);
        let place = at.index(bytes.len());
        bytes[place] = value;
        bytes.truncate(cut.index(bytes.len() * 3).min(bytes.len()));
        // In this thread, so that a panic is seen.
        let _ = read(&bytes, 1, 10, 1000);
    }
}

#[test]
fn the_pages_that_are_read_are_a_file_of_their_own() {
    let page = |text: &str| format!("BT /F1 10 Tf 50 700 Td ({text}) Tj ET");
    let pages = [page("one"), page("two"), page("three")];
    let bytes = made(&pages.each_ref().map(String::as_str));
    assert_eq!(read(&bytes, 1, 3, 1000).unwrap().file.unwrap(), bytes);
    let part = read(&bytes, 2, 1, 1000).unwrap().file.unwrap();
    let part = read(&part, 1, 9, 1000).unwrap();
    assert_eq!(part.pages, [(1, "two".to_string())]);
}
