use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::*;
use crate::tui::composer::history::History;
use crate::tui::composer::{Composer, Outcome};

/// A composer in normal mode with the caret where `|` stands.
fn normal(text: &str) -> Composer {
    let caret = text.find('|').unwrap();
    let mut composer = Composer::new(vec!["earlier".into()]);
    composer.set(&text.replace('|', ""));
    composer.buffer.set_caret(caret);
    composer.set_vim(true);
    let vim = composer.vim.as_mut().unwrap();
    vim.mode = Mode::Normal;
    vim.settle(&mut composer.buffer);
    composer
}

/// Types keys: `␛` is Escape, `®` is Ctrl+R, `⏎` is Ctrl+J, `↵` is Enter.
fn keys(composer: &mut Composer, keys: &str) -> Outcome {
    keys.chars().fold(Outcome::Ignored, |_, ch| {
        composer.key(match ch {
            '␛' => Key::plain(KeyCode::Esc),
            '®' => Key::ctrl('r'),
            '⏎' => Key::ctrl('j'),
            '↵' => Key::plain(KeyCode::Enter),
            '▮' => Key::ctrl('v'),
            ch => Key::plain(KeyCode::Char(ch)),
        })
    })
}

fn shown(composer: &Composer) -> String {
    let mut text = composer.text().to_owned();
    text.insert(composer.caret(), '|');
    text
}

fn check(table: &[(&str, &str, &str)]) {
    for (before, typed, after) in table {
        let mut composer = normal(before);
        keys(&mut composer, typed);
        assert_eq!(shown(&composer), *after, "{before:?} {typed}");
    }
}

#[test]
fn it_does_what_vim_does() {
    let table = include_str!("../../../tests/corpus/vim.tsv");
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    let mut checked = 0;
    for row in rows {
        let cells: Vec<String> = row
            .split('\t')
            .map(|cell| cell.replace('⏎', "\n"))
            .collect();
        let [before, typed, after] = cells.as_slice() else {
            panic!("{row:?}");
        };
        let mut composer = normal(before);
        composer.history = History::new(Vec::new());
        keys(&mut composer, typed);
        keys(&mut composer, "␛");
        assert_eq!(shown(&composer), *after, "{before:?} {typed}");
        checked += 1;
    }
    assert!(checked > 800, "{checked}");
}

#[test]
fn motions() {
    check(&[
        ("|one two", "l", "o|ne two"),
        ("one| two", "h", "on|e two"),
        ("|one two", "99l", "one tw|o"),
        ("|one, two", "w", "one|, two"),
        ("|one, two", "W", "one, |two"),
        ("|one two three", "2w", "one two |three"),
        ("|one two", "e", "on|e two"),
        ("on|e two", "e", "one tw|o"),
        ("|one.x two", "E", "one.|x two"),
        ("one two thr|ee", "b", "one two |three"),
        ("one two-x |three", "2b", "one two|-x three"),
        ("one two-x |three", "B", "one |two-x three"),
        ("one tw|o", "ge", "on|e two"),
        ("  one t|wo", "0", "|  one two"),
        ("  one t|wo", "^", "  |one two"),
        ("o|ne two\nx", "$", "one tw|o\nx"),
        ("a\nb\nc|", "gg", "|a\nb\nc"),
        ("|a\nb\n c", "G", "a\nb\n |c"),
        ("|a\nb\nc", "2G", "a\n|b\nc"),
        ("ab|c\nx\nabc", "j", "abc\n|x\nabc"),
        ("ab|c\nx\nabc", "2j", "abc\nx\nab|c"),
        ("a\nx|y", "k", "|a\nxy"),
        ("|a,b,c", "f,", "a|,b,c"),
        ("|a,b,c", "2f,", "a,b|,c"),
        ("|a,b,c", "t,", "|a,b,c"),
        ("|a,b,c", "f,;", "a,b|,c"),
        ("|a,b,c", "f,;,", "a|,b,c"),
        ("|ab,cd,e", "t,;", "ab,c|d,e"),
        ("a,b,|c", "F,", "a,b|,c"),
        ("a,bc,|d", "T,", "a,bc,|d"),
        ("a,bc|d", "T,", "a,|bcd"),
        ("|f(a(b))", "%", "f(a(b)|)"),
        ("f(a(b|))", "%", "f(a|(b))"),
        ("|a\nb\n\nc", "}", "a\nb\n|\nc"),
        ("a\n\nb\n|c", "{", "a\n|\nb\nc"),
        ("|é👩‍👩‍👧x", "ll", "é👩‍👩‍👧|x"),
        ("|世界 x", "w", "世界 |x"),
    ]);
}

#[test]
fn operators() {
    check(&[
        ("|one two", "dw", "|two"),
        ("one |two\nx", "dw", "one| \nx"),
        ("|one two three", "d2w", "|three"),
        ("|one two three", "2dw", "|three"),
        ("|one two", "de", "| two"),
        ("one |two", "db", "|two"),
        ("one| two", "d$", "on|e"),
        ("one| two", "D", "on|e"),
        ("on|e two", "d0", "|e two"),
        ("a\nb|\nc", "dd", "a\n|c"),
        ("a\nb|", "dd", "|a"),
        ("|a\nb\nc", "2dd", "|c"),
        ("|a\nb\nc", "dj", "|c"),
        ("a\nb\n|c", "dG", "a\n|b"),
        ("a|,b", "dt,", "a|,b"),
        ("|ab,c", "dt,", "|,c"),
        ("|ab,c", "df,", "|c"),
        ("f(|a, b)", "di(", "f(|)"),
        ("f(|a, b) c", "da(", "f| c"),
        ("say \"a |b\" x", "di\"", "say \"|\" x"),
        ("say \"a |b\" x", "da\"", "say |x"),
        ("one tw|o three", "diw", "one | three"),
        ("one tw|o three", "daw", "one |three"),
        ("one tw|o", "daw", "on|e"),
        ("[a {b |c} d]", "d2i[", "[a {b |c} d]"),
        ("[a {b |c} d]", "di[", "[|]"),
        ("a\nb|\n\nc", "dip", "|\nc"),
        ("|abc", "x", "|bc"),
        ("ab|c", "x", "a|b"),
        ("|abc", "2x", "|c"),
        ("ab|c", "X", "a|c"),
        ("|abc", "~", "A|bc"),
        ("|abc", "2~", "AB|c"),
        ("|one two", "g~w", "|ONE two"),
        ("|One two", "gUiw", "|ONE two"),
        ("|ONE two", "guu", "|one two"),
        ("|a\nb", "J", "a| b"),
        ("|a\n  b\nc", "3J", "a b| c"),
        ("|abc", "rx", "|xbc"),
        ("|abc", "2rx", "x|xc"),
        ("|abc", "9rx", "|abc"),
        ("|a\nb", ">>", "    |a\nb"),
        ("    |a\nb", "<<", "|a\nb"),
        ("|a\nb", ">j", "    |a\n    b"),
    ]);
}

#[test]
fn registers_undo_and_the_dot() {
    check(&[
        ("|one two", "dwP", "one| two"),
        ("|a\nb", "ddp", "b\n|a"),
        ("|a\nb", "yyP", "|a\na\nb"),
        ("a\n|b", "Y2p", "a\nb\n|b\nb"),
        ("|one two", "yw$p", "one twoone| "),
        ("|ab", "xp", "b|a"),
        ("|one two", "dwu", "|one two"),
        ("|one two", "dwu®", "|two"),
        ("|one two three", "dw.", "|three"),
        ("|a b", "cwx␛w.", "x |x"),
        ("|ab", "ihe⏎llo ␛u", "|ab"),
        ("|a\nb", "Ax␛j.", "ax\nb|x"),
        ("|abcd", "x..", "|d"),
        ("|a.b.c", "f.;x.", "a.|b"),
        ("|one", "d␛x", "|ne"),
        ("|one", "zx", "|ne"),
    ]);
}

#[test]
fn named_registers_keep_what_they_got() {
    check(&[
        ("|one two", "\"adw\"bdw\"aP", "one| "),
        ("|a\nb\nc", "\"ayyj\"Ayyj\"ap", "a\nb\nc\n|a\nb"),
        ("|one two", "yw\"_dwP", "one| two"),
        ("|one two", "\"adwu\"zp", "|one two"),
        ("|one two", "\"ayw\"1yl\"aP", "one| one two"),
    ]);
    let mut composer = normal("|kept x");
    keys(&mut composer, "yw");
    composer.key(Key::plain(KeyCode::Enter));
    keys(&mut composer, "␛P");
    assert_eq!(
        composer.text(),
        "kept ",
        "what was copied outlives the message"
    );
}

#[test]
fn words_are_searched_in_both_directions() {
    check(&[
        ("|one two one", "/one↵", "one two |one"),
        ("|one two one", "/one↵n", "|one two one"),
        ("|one two one two", "/two↵nN", "one |two one two"),
        ("one two |one", "?one↵", "|one two one"),
        ("one |two One", "/one↵", "one two |One"),
        ("one |two One", "/O↵", "one two |One"),
        ("|one two", "/nowhere↵", "|one two"),
        ("|one two", "/tw␛x", "|ne two"),
        ("|one two three", "v/three↵d", "|hree"),
    ]);
    let mut composer = normal("|");
    keys(&mut composer, "/cost");
    assert_eq!(composer.text(), "/cost", "a command in an empty message");
    let mut composer = normal("|one");
    keys(&mut composer, "/o");
    assert_eq!(composer.searching().as_deref(), Some("/o"));
}

#[test]
fn the_dot_repeats_what_was_done_to_a_selection() {
    check(&[
        ("|one two three", "vld.", "|two three"),
        ("|abcdefgh", "vlrx3l.", "xxc|xxfgh"),
        ("|a\nb\nc\nd\ne", "Vjd.", "|e"),
        ("|one two six", "vecX␛w.", "X |X six"),
        ("|ab\ncd\nef\ngh", "vjd.", "|f\ngh"),
        ("|one two", "v~w.", "One |Two"),
        ("|one two", "vyw.", "one |two"),
    ]);
}

#[test]
fn insert_mode_and_its_entries() {
    check(&[
        ("o|ne", "iX␛", "o|Xne"),
        ("o|ne", "aX␛", "on|Xe"),
        ("  o|ne", "IX␛", "  |Xone"),
        ("o|ne\nx", "AX␛", "one|X\nx"),
        ("o|ne\nx", "oX␛", "one\n|X\nx"),
        ("a\no|ne", "OX␛", "a\n|X\none"),
        ("|one two", "cwX␛", "|X two"),
        ("one |two", "ciwX␛", "one |X"),
        ("f(a, |b)", "ci(X␛", "f(|X)"),
        ("a\nb|b\nc", "ccX␛", "a\n|X\nc"),
        ("a\nb|b\nc", "SX␛", "a\n|X\nc"),
        ("ab|cd", "CX␛", "ab|X"),
        ("ab|cd", "sX␛", "ab|Xd"),
    ]);
}

#[test]
fn visual_modes() {
    check(&[
        ("|one two", "ved", "| two"),
        ("|one two", "vey$p", "one twoon|e"),
        ("one |two", "viwcX␛", "one |X"),
        ("on|e two", "vbd", "| two"),
        ("|one", "vlo~", "|ONe"),
        ("f(a |b)", "vi(U", "f(|A B)"),
        ("a\n|b\nc", "Vd", "a\n|c"),
        ("|a\nb\nc", "Vjd", "|c"),
        ("|a\nb", "Vj>", "    |a\n    b"),
        ("|a\nb", "VjJ", "a| b"),
        ("|abc", "vlrx", "|xxc"),
        ("|one two", "yewvep", "one on|e"),
        ("|one", "vl␛x", "o|e"),
        ("a\nb|\nc", "VcX␛", "a\n|X\nc"),
    ]);
    let mut composer = normal("|one two");
    keys(&mut composer, "ve");
    assert_eq!(composer.selection().first(), Some(&(0..3)));
    assert_eq!(composer.vim_mode(), Some(Mode::Visual));
    keys(&mut composer, "V");
    assert_eq!(composer.selection().first(), Some(&(0..7)));
    keys(&mut composer, "␛");
    assert!(composer.selection().is_empty());
    let mut composer = normal("a|bcd\nefgh");
    keys(&mut composer, "▮jl");
    assert_eq!(composer.vim_mode(), Some(Mode::VisualBlock));
    assert_eq!(composer.selection(), [1..3, 6..8]);
}

#[test]
fn keys_for_others_pass_through() {
    let mut composer = normal("|one");
    assert_eq!(
        composer.key(Key::plain(KeyCode::Esc)),
        Outcome::Ignored,
        "esc stops a turn"
    );
    assert_eq!(
        keys(&mut composer, "d␛"),
        Outcome::Done,
        "half a command goes first"
    );
    keys(&mut composer, "k");
    assert_eq!(composer.text(), "earlier");
    keys(&mut composer, "j");
    assert_eq!(composer.text(), "one");
    let Outcome::Send(sent) = composer.key(Key::plain(KeyCode::Enter)) else {
        panic!("not sent");
    };
    assert_eq!(sent.text, "one");
    assert_eq!(
        composer.vim_mode(),
        Some(Mode::Insert),
        "the next message is typed"
    );
    composer.set_vim(false);
    assert_eq!(composer.vim_mode(), None);
}

#[test]
fn a_folded_paste_is_one_character() {
    let mut composer = Composer::default();
    composer.paste(&"line\n".repeat(50));
    composer.set_vim(true);
    keys(&mut composer, "␛x");
    assert_eq!(composer.text(), "");
    keys(&mut composer, "u");
    assert_eq!(composer.unfolded(), "line\n".repeat(50));
}

proptest! {
    #[test]
    fn any_keys_leave_the_caret_on_a_boundary(
        text in "[a-c .,()\"\n世é👍🏽]{0,24}",
        typed in "[hjklwebWEB0^$Gfdcy<>~ixXDCYpPoOaAIJrvVu.;,%gi/?nN_+|a↵\"('␛®▮a-c0-9{}]{0,30}",
    ) {
        let mut composer = Composer::default();
        composer.set(&text);
        composer.set_vim(true);
        keys(&mut composer, "␛");
        for ch in typed.chars() {
            keys(&mut composer, &ch.to_string());
            let (text, caret) = (composer.text(), composer.caret());
            let boundary = text.grapheme_indices(true).any(|(at, _)| at == caret);
            prop_assert!(boundary || caret == text.len(), "{:?} at {}", text, caret);
            for range in composer.selection() {
                prop_assert!(text.get(range).is_some());
            }
        }
    }
}
