use super::*;
use crate::tools::testing::Bench;
use proptest::prelude::*;

fn spill(bench: &Bench, pieces: &[&[u8]]) -> Spilled {
    let mut spill = Spill::new(&bench.cx);
    for piece in pieces {
        spill.push(piece);
    }
    spill.finish()
}

#[test]
fn short_output_is_cleaned_and_whole() {
    let bench = Bench::new();
    for (raw, clean) in [
        ("one\ntwo\n", "one\ntwo\n"),
        ("", ""),
        ("10%\r20%\r100%\ndone", "100%\ndone"),
        ("crlf\r\nline\r\n", "crlf\nline\n"),
        ("\u{1b}[31mred\u{1b}[0m\n", "red\n"),
        ("a\0b\n", "a b\n"),
        ("spinner\r", "spinner"),
    ] {
        let spilled = spill(&bench, &[raw.as_bytes()]);
        assert_eq!(spilled.text, clean, "{raw:?}");
        assert_eq!(spilled.saved, None);
    }
    assert_eq!(
        spill(&bench, &[b"caf\xe9 au lait, twice: caf\xe9\n"]).text,
        "caf\u{fffd} au lait, twice: caf\u{fffd}\n"
    );
    assert_eq!(spill(&bench, &[b"gr\xc3", b"\xbc\xc3\x9fe"]).text, "grüße");
}

#[test]
fn live_text_comes_by_lines() {
    let bench = Bench::new();
    let mut spill = Spill::new(&bench.cx);
    assert_eq!(spill.push(b"one\ntw"), "one\n");
    assert_eq!(spill.push(b"o\r"), "");
    assert_eq!(spill.push(b"\nthree"), "two\n");
    assert_eq!(spill.finish().text, "one\ntwo\nthree");
}

#[test]
fn binary_output_is_counted_and_kept() {
    let bench = Bench::new();
    let elf: Vec<u8> = (0..4096u32).map(|n| ((n * 7919) >> 3) as u8).collect();
    assert_eq!(
        spill(&bench, &[&elf]).text,
        "binary output, 4096 bytes, kept in .sofos/outputs/call_1.bin"
    );
    assert_eq!(bench.bytes(".sofos/outputs/call_1.bin"), elf);
    let bench = Bench::new();
    let text = vec![b'x'; 9000];
    let spilled = spill(&bench, &[&text, b"\n", &elf]);
    assert!(spilled.text.starts_with("xxx"));
    assert!(
        spilled.text.ends_with(
            "x\n[… cut: text up to byte 9001, then binary output, 4096 bytes, kept in \
             .sofos/outputs/call_1.bin]"
        ),
        "{}",
        &spilled.text[8990..]
    );
    assert_eq!(bench.bytes(".sofos/outputs/call_1.bin"), elf);
}

#[test]
fn long_output_keeps_both_ends_and_the_whole_on_disk() {
    let bench = Bench::new();
    let whole: String = (1..=20_000).map(|n| format!("line {n}\n")).collect();
    let pieces: Vec<&[u8]> = whole.as_bytes().chunks(777).collect();
    let spilled = spill(&bench, &pieces);
    let path = spilled.saved.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
    assert!(spilled.text.len() < HEAD + TAIL + 300);
    assert!(spilled.text.starts_with("line 1\nline 2\n"));
    assert!(spilled.text.ends_with("line 19999\nline 20000\n"));
    let mark = spilled
        .text
        .lines()
        .find(|line| line.starts_with(CUT_MARK))
        .unwrap();
    assert!(mark.contains(".sofos/outputs/call_1.txt"), "{mark}");
    assert!(
        mark.contains(&format!("of {} bytes", whole.len())),
        "{mark}"
    );
    let ToolBody::Output { tail, folded } = spilled.body else {
        panic!("no body")
    };
    assert_eq!(tail.len() + folded, 20_000);
    assert_eq!(tail.last().unwrap(), "line 20000");
}

#[test]
fn finished_text_is_cut_the_same_way() {
    let bench = Bench::new();
    assert_eq!(limit("short", &bench.cx), "short");
    let whole = "é\n".repeat(20_000);
    for _ in 0..2 {
        let cut = limit(&whole, &bench.cx);
        assert!(cut.len() < HEAD + TAIL + 300);
        assert!(cut.contains(CUT_MARK));
    }
    assert_eq!(
        std::fs::read_dir(bench.root().join(".sofos/outputs"))
            .unwrap()
            .count(),
        2
    );
}

#[test]
fn an_unwritable_directory_loses_only_the_middle() {
    let mut bench = Bench::new();
    bench.write("file", "");
    bench.cx.outputs = bench.root().join("file/outputs");
    let spilled = spill(&bench, &[&b"0123456789\n".repeat(5000)]);
    assert!(spilled.text.contains("the rest was not kept"));
}

proptest! {
    #[test]
    fn pieces_make_no_difference(
        raw in "[a-zé\r\n\u{1b}\\[\\]0m ]{0,200}",
        cut in any::<prop::sample::Index>(),
    ) {
        let bench = Bench::new();
        let at = cut.index(raw.len() + 1);
        let (one, two) = raw.as_bytes().split_at(at);
        let whole = spill(&bench, &[raw.as_bytes()]);
        prop_assert_eq!(&whole, &spill(&bench, &[one, two]));
    }
}
