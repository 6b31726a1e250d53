use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::*;

fn press(composer: &mut Composer, keys: &[Key]) -> Outcome {
    keys.iter()
        .fold(Outcome::Ignored, |_, key| composer.key(*key))
}

fn typed(composer: &mut Composer, text: &str) {
    for ch in text.chars() {
        composer.key(Key::plain(KeyCode::Char(ch)));
    }
}

fn with(text: &str) -> Composer {
    let mut composer = Composer::new(Vec::new());
    typed(&mut composer, text);
    composer
}

const ENTER: Key = Key {
    code: KeyCode::Enter,
    modifiers: KeyModifiers::NONE,
};

/// The text with `|` at the caret.
fn shown(composer: &Composer) -> String {
    let mut text = composer.text().to_owned();
    text.insert(composer.caret(), '|');
    text
}

#[test]
fn readline_keys_move_and_kill() {
    let mut composer = with("one two three");
    for (keys, expected) in [
        (vec![Key::ctrl('a')], "|one two three"),
        (vec![Key::alt(KeyCode::Char('f'))], "one| two three"),
        (vec![Key::ctrl('e')], "one two three|"),
        (vec![Key::alt(KeyCode::Char('b'))], "one two |three"),
        (vec![Key::ctrl('w')], "one |three"),
        (vec![Key::ctrl('y')], "one two |three"),
        (vec![Key::ctrl('k')], "one two |"),
        (vec![Key::ctrl('u')], "|"),
        (vec![Key::ctrl('y')], "one two three|"),
        (
            vec![Key::ctrl('a'), Key::alt(KeyCode::Char('d'))],
            "| two three",
        ),
        (vec![Key::ctrl('7')], "|one two three"),
        (vec![Key::alt(KeyCode::Char('/'))], "| two three"),
    ] {
        press(&mut composer, &keys);
        if expected != shown(&composer) {
            assert_eq!(shown(&composer), expected, "after {keys:?}");
        }
    }
}

#[test]
fn consecutive_kills_are_yanked_together() {
    let mut composer = with("one two three");
    press(
        &mut composer,
        &[Key::ctrl('w'), Key::ctrl('w'), Key::ctrl('y')],
    );
    assert_eq!(shown(&composer), "one two three|");
}

#[test]
fn newlines_in_four_ways_and_enter_sends() {
    let mut composer = with("a");
    let shift = Key {
        code: KeyCode::Enter,
        modifiers: KeyModifiers::SHIFT,
    };
    press(
        &mut composer,
        &[shift, Key::alt(KeyCode::Enter), Key::ctrl('j')],
    );
    typed(&mut composer, "b\\");
    assert_eq!(composer.key(ENTER), Outcome::Done);
    typed(&mut composer, "c");
    assert_eq!(composer.key(ENTER), Outcome::Send("a\n\n\nb\nc".into()));
    assert!(composer.is_empty());
    typed(&mut composer, "  ");
    assert_eq!(composer.key(ENTER), Outcome::Done, "nothing to send");
}

#[test]
fn up_and_down_walk_rows_then_messages_and_keep_the_draft() {
    let mut composer = Composer::new(vec!["old".into()]);
    composer.set_width(20);
    typed(&mut composer, "new");
    composer.key(ENTER);
    typed(&mut composer, "draft");
    let (up, down) = (Key::plain(KeyCode::Up), Key::plain(KeyCode::Down));
    press(&mut composer, &[up]);
    assert_eq!(composer.text(), "new");
    press(&mut composer, &[up]);
    assert_eq!(composer.text(), "old");
    press(&mut composer, &[up]);
    assert_eq!(composer.text(), "old");
    press(&mut composer, &[down, down]);
    assert_eq!(shown(&composer), "draft|");
    composer.clear();
    composer.paste("first line\nab\nthird line");
    press(&mut composer, &[up]);
    assert_eq!(shown(&composer), "first line\nab|\nthird line");
    press(&mut composer, &[up]);
    assert_eq!(shown(&composer), "first line|\nab\nthird line");
}

#[test]
fn large_pastes_fold_and_unfold() {
    let mut composer = with("see ");
    let text = "line\n".repeat(120);
    composer.paste(&text);
    assert_eq!(composer.text(), "see [pasted #1: 120 lines]");
    composer.paste(&"x".repeat(2_000));
    press(&mut composer, &[Key::plain(KeyCode::Backspace)]);
    assert_eq!(composer.text(), "see [pasted #1: 120 lines]");
    typed(&mut composer, " end");
    assert_eq!(
        composer.key(ENTER),
        Outcome::Send(format!("see {text} end"))
    );
}

#[test]
fn pasted_escape_sequences_lose_their_power() {
    let mut composer = Composer::default();
    composer.paste("a\u{1b}[31mb\tc\u{7}");
    assert_eq!(composer.text(), "ab\tc");
}

#[test]
fn a_grapheme_is_one_step() {
    let mut composer = with("a👩‍👩‍👧e\u{301}");
    press(&mut composer, &[Key::plain(KeyCode::Left)]);
    assert_eq!(shown(&composer), "a👩‍👩‍👧|e\u{301}");
    press(&mut composer, &[Key::plain(KeyCode::Backspace)]);
    assert_eq!(shown(&composer), "a|e\u{301}");
}

/// The plainest thing that could be right: graphemes in a list.
#[derive(Default)]
struct Model {
    graphemes: Vec<String>,
    caret: usize,
}

impl Model {
    fn apply(&mut self, step: &Step) {
        match step {
            Step::Type(ch) => {
                self.graphemes.insert(self.caret, ch.to_string());
                self.caret += 1;
            }
            Step::Left => self.caret = self.caret.saturating_sub(1),
            Step::Right => self.caret = (self.caret + 1).min(self.graphemes.len()),
            Step::Backspace if self.caret > 0 => {
                self.caret -= 1;
                self.graphemes.remove(self.caret);
            }
            Step::Delete if self.caret < self.graphemes.len() => {
                self.graphemes.remove(self.caret);
            }
            Step::Home => {
                while self.caret > 0 && self.graphemes[self.caret - 1] != "\n" {
                    self.caret -= 1;
                }
            }
            Step::End => {
                while self.caret < self.graphemes.len() && self.graphemes[self.caret] != "\n" {
                    self.caret += 1;
                }
            }
            Step::KillEnd => {
                let mut end = self.caret;
                while end < self.graphemes.len() && self.graphemes[end] != "\n" {
                    end += 1;
                }
                if end == self.caret {
                    end = (end + 1).min(self.graphemes.len());
                }
                self.graphemes.drain(self.caret..end);
            }
            Step::Backspace | Step::Delete => {}
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Type(char),
    Left,
    Right,
    Backspace,
    Delete,
    Home,
    End,
    KillEnd,
}

impl Step {
    fn key(&self) -> Key {
        match self {
            Step::Type('\n') => Key::ctrl('j'),
            Step::Type(ch) => Key::plain(KeyCode::Char(*ch)),
            Step::Left => Key::plain(KeyCode::Left),
            Step::Right => Key::ctrl('f'),
            Step::Backspace => Key::plain(KeyCode::Backspace),
            Step::Delete => Key::plain(KeyCode::Delete),
            Step::Home => Key::ctrl('a'),
            Step::End => Key::plain(KeyCode::End),
            Step::KillEnd => Key::ctrl('k'),
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::sample::select(vec!['a', 'b', ' ', '\n', '世', 'é', '👍']).prop_map(Step::Type),
        1 => Just(Step::Left),
        1 => Just(Step::Right),
        1 => Just(Step::Backspace),
        1 => Just(Step::Delete),
        1 => Just(Step::Home),
        1 => Just(Step::End),
        1 => Just(Step::KillEnd),
    ]
}

proptest! {
    #[test]
    fn editing_agrees_with_the_model(steps in prop::collection::vec(step(), 0..60)) {
        let (mut composer, mut model) = (Composer::default(), Model::default());
        for step in &steps {
            composer.key(step.key());
            model.apply(step);
            prop_assert_eq!(composer.text(), model.graphemes.concat());
            let caret: usize = model.graphemes[..model.caret].iter().map(String::len).sum();
            prop_assert_eq!(composer.caret(), caret, "after {:?}", step);
        }
    }

    #[test]
    fn undo_goes_back_to_the_start_and_redo_returns(steps in prop::collection::vec(step(), 0..40)) {
        let mut composer = Composer::default();
        for step in &steps {
            composer.key(step.key());
        }
        let text = composer.text().to_owned();
        for _ in 0..=steps.len() {
            composer.key(Key::ctrl('7'));
        }
        prop_assert_eq!(composer.text(), "");
        for _ in 0..=steps.len() {
            composer.key(Key::alt(KeyCode::Char('/')));
        }
        prop_assert_eq!(composer.text(), text);
    }

    #[test]
    fn the_caret_stays_on_a_boundary(
        text in "\\PC{0,20}",
        keys in prop::collection::vec(prop::sample::select(vec![
            Key::plain(KeyCode::Left), Key::plain(KeyCode::Right), Key::plain(KeyCode::Up),
            Key::plain(KeyCode::Down), Key::plain(KeyCode::Backspace), Key::ctrl('w'),
            Key::alt(KeyCode::Char('b')), Key::alt(KeyCode::Char('f')), Key::ctrl('k'), Key::ctrl('y'),
        ]), 0..30),
    ) {
        let mut composer = Composer::new(vec!["earlier 👩‍👩‍👧".into()]);
        composer.set_width(6);
        composer.paste(&text);
        for key in keys {
            composer.key(key);
            let boundary = composer.text().grapheme_indices(true).any(|(at, _)| at == composer.caret());
            prop_assert!(boundary || composer.caret() == composer.text().len());
        }
    }
}
