use proptest::prelude::*;

use super::*;

fn feed(bytes: &[u8]) -> Vec<Input> {
    let mut parser = Parser::default();
    let mut out = parser.feed(bytes);
    out.extend(parser.flush());
    out
}

fn one(bytes: &[u8]) -> Key {
    match feed(bytes).as_slice() {
        [Input::Key(key)] => *key,
        other => panic!("{bytes:?} gave {other:?}"),
    }
}

#[test]
fn keys_in_every_encoding() {
    let shift_enter = Key {
        code: KeyCode::Enter,
        modifiers: KeyModifiers::SHIFT,
    };
    for (bytes, key) in [
        (&b"a"[..], Key::plain(KeyCode::Char('a'))),
        ("é".as_bytes(), Key::plain(KeyCode::Char('é'))),
        (b"\r", Key::plain(KeyCode::Enter)),
        (b"\n", Key::ctrl('j')),
        (b"\x03", Key::ctrl('c')),
        (b"\x1f", Key::ctrl('7')),
        (b"\x7f", Key::plain(KeyCode::Backspace)),
        (b"\x1b", Key::plain(KeyCode::Esc)),
        (b"\x1b[27u", Key::plain(KeyCode::Esc)),
        (b"\x1b\r", Key::alt(KeyCode::Enter)),
        (b"\x1bb", Key::alt(KeyCode::Char('b'))),
        (b"\x1b[", Key::alt(KeyCode::Char('['))),
        (b"\x1bO", Key::alt(KeyCode::Char('O'))),
        (b"\x1b[A", Key::plain(KeyCode::Up)),
        (b"\x1bOA", Key::plain(KeyCode::Up)),
        (b"\x1b[3~", Key::plain(KeyCode::Delete)),
        (b"\x1b[13;2u", shift_enter),
        (b"\x1b[27;2;13~", shift_enter),
        (b"\x1b[99;5u", Key::ctrl('c')),
        (b"\x1b[27;5;99~", Key::ctrl('c')),
        (b"\x1b[97;2u", Key::plain(KeyCode::Char('A'))),
        (
            b"\x1b[1;5C",
            Key {
                code: KeyCode::Right,
                modifiers: KeyModifiers::CONTROL,
            },
        ),
    ] {
        assert_eq!(one(bytes), key, "{bytes:?}");
    }
}

#[test]
fn answers_are_never_typed() {
    let text = b"\x1bP>|XTerm(390)\x1b\\\x1b[>41;390;0c\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\\x1b[?1;2c\x1b[?0u\x1b[12;40R";
    let expected = vec![
        Input::Identity(Terminal::Xterm),
        Input::Identity(Terminal::Xterm),
        Input::Background { dark: true },
        Input::QueriesDone,
    ];
    assert_eq!(feed(text), expected);
    // In pieces, with the reader giving up in between.
    let mut parser = Parser::default();
    let mut out = Vec::new();
    for piece in text.chunks(3) {
        out.extend(parser.feed(piece));
    }
    assert_eq!(out, expected);
    assert_eq!(
        feed(b"\x1b]11;rgb:ffff/ffff/f0f0\x07x"),
        [
            Input::Background { dark: false },
            Input::Key(Key::plain(KeyCode::Char('x')))
        ]
    );
}

#[test]
fn a_cut_answer_waits_and_a_lone_escape_does_not() {
    let mut parser = Parser::default();
    assert!(parser.feed(b"\x1b]11;rgb:1e").is_empty());
    assert!(parser.is_waiting());
    assert!(parser.flush().is_empty());
    assert_eq!(
        parser.feed(b"1e/00/00\x07"),
        [Input::Background { dark: true }]
    );
    assert!(parser.feed(b"\x1b").is_empty());
    assert_eq!(parser.flush(), [Input::Key(Key::plain(KeyCode::Esc))]);
}

#[test]
fn pastes_keep_their_lines_and_swallow_nothing() {
    assert_eq!(
        feed(b"\x1b[200~one\r\ntwo\rthree\x1b[A\x1b[201~x"),
        [
            Input::Paste("one\ntwo\nthree\u{1b}[A".into()),
            Input::Key(Key::plain(KeyCode::Char('x')))
        ]
    );
    let mut parser = Parser::default();
    assert!(parser.feed(b"\x1b[200~ab\x1b[20").is_empty());
    assert_eq!(parser.feed(b"1~"), [Input::Paste("ab".into())]);
}

#[test]
fn rubbish_does_not_stop_the_parser() {
    assert_eq!(
        feed(b"\xff\xfe\x1b[\x07ok"),
        [
            Input::Key(Key::ctrl('g')),
            Input::Key(Key::plain(KeyCode::Char('o'))),
            Input::Key(Key::plain(KeyCode::Char('k')))
        ]
    );
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_are_survived(
        bytes in prop::collection::vec(
            prop_oneof![any::<u8>(), Just(0x1b), Just(b'['), Just(b'~'), Just(b';')], 0..80),
        size in 1usize..9,
    ) {
        let mut whole = Parser::default();
        let expected = whole.feed(&bytes);
        let mut parser = Parser::default();
        let mut out = Vec::new();
        for piece in bytes.chunks(size) {
            out.extend(parser.feed(piece));
        }
        prop_assert_eq!(out, expected);
    }
}
