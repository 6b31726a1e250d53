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

fn sent(text: &str) -> Outcome {
    Outcome::Send(UserInput {
        text: text.into(),
        images: Vec::new(),
    })
}

/// The rows as they are shown.
fn drawn(composer: &mut Composer) -> String {
    let look = view::Look {
        sign: ">",
        sign_style: Default::default(),
        selected: Default::default(),
        folded: Default::default(),
    };
    let (rows, _) = view::rows(composer, 80, 10, &mut 0, &look);
    let rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
    rows.join("\n")
}

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
    assert_eq!(composer.key(ENTER), sent("a\n\n\nb\nc"));
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
    assert_eq!(drawn(&mut composer), "> see [pasted 120 lines]");
    composer.paste(&"x".repeat(2_000));
    let both = "> see [pasted 120 lines][pasted 2000 characters]";
    assert_eq!(drawn(&mut composer), both);
    press(&mut composer, &[Key::plain(KeyCode::Backspace)]);
    assert_eq!(drawn(&mut composer), "> see [pasted 120 lines]");
    press(&mut composer, &[Key::ctrl('7')]);
    assert_eq!(drawn(&mut composer), both);
    press(&mut composer, &[Key::ctrl('w'), Key::ctrl('y')]);
    assert_eq!(drawn(&mut composer), both, "killed and yanked as one");
    press(&mut composer, &[Key::plain(KeyCode::Backspace)]);
    typed(&mut composer, " end");
    assert_eq!(composer.key(ENTER), sent(&format!("see {text} end")));
    assert_eq!(composer.unfolded(), "");
}

#[test]
fn kills_before_the_last_one_can_be_yanked() {
    let mut composer = with("one two");
    press(&mut composer, &[Key::ctrl('w'), Key::plain(KeyCode::Left)]);
    press(
        &mut composer,
        &[Key::ctrl('u'), Key::ctrl('k'), Key::ctrl('y')],
    );
    let earlier = Key::alt(KeyCode::Char('y'));
    let mut seen = vec![composer.text().to_owned()];
    for _ in 0..3 {
        press(&mut composer, &[earlier]);
        seen.push(composer.text().to_owned());
    }
    assert_eq!(seen, ["one ", "two", "one ", "two"]);
    press(&mut composer, &[Key::plain(KeyCode::Left), earlier]);
    assert_eq!(composer.text(), "two", "only right after a yank");
}

#[test]
fn a_typed_start_finds_messages_and_comes_back() {
    let mut composer = Composer::new(vec!["fix a".into(), "run b".into(), "fix c".into()]);
    typed(&mut composer, "fix");
    let (up, down) = (Key::plain(KeyCode::Up), Key::plain(KeyCode::Down));
    press(&mut composer, &[up]);
    assert_eq!(composer.text(), "fix c");
    assert!(composer.is_recalled());
    press(&mut composer, &[up, up]);
    assert_eq!(composer.text(), "fix a");
    press(&mut composer, &[down, down]);
    assert_eq!(shown(&composer), "fix|");
    composer.key(Key::ctrl('u'));
    typed(&mut composer, " secret");
    composer.key(ENTER);
    assert_eq!(composer.kept(), None, "a leading space keeps a message out");
    press(&mut composer, &[up]);
    assert_eq!(composer.text(), "fix c");
}

#[test]
fn images_go_with_their_marks() {
    let mut composer = with("a ");
    assert!(composer.paste_image("image/png", vec![1]));
    assert!(composer.paste_image("image/png", vec![2]));
    typed(&mut composer, " b");
    assert_eq!(composer.text(), "a ①② b");
    press(&mut composer, &[Key::plain(KeyCode::Left); 2]);
    press(&mut composer, &[Key::plain(KeyCode::Backspace)]);
    let Outcome::Send(input) = composer.key(ENTER) else {
        panic!("not sent");
    };
    assert_eq!(input.text, "a ① b");
    let marks: Vec<char> = input.images.iter().map(|image| image.marker).collect();
    assert_eq!(marks, ['①'], "a deleted mark takes its image along");
    assert_eq!(composer.kept().as_deref(), Some("a  b"));
    composer.paste_image("image/png", vec![3]);
    composer.take_back(vec![input]);
    assert_eq!(composer.text(), "a ② b\n①");
    let input = composer.take();
    let bytes = |marker| {
        let image = input.images.iter().find(|image| image.marker == marker);
        image.map(|image| image.bytes.to_vec())
    };
    assert_eq!((bytes('①'), bytes('②')), (Some(vec![3]), Some(vec![1])));
}

#[test]
fn the_prompt_is_drawn_around_the_caret() {
    let mut composer = with("");
    composer.paste("one two three four\nfive\tsix\n世界世界世界世界世界");
    insta::assert_snapshot!(drawn_at(&mut composer, 16, 4), @r"
          six
          世界世界
          世界世界
          世界
    caret 3 10
    ");
    press(&mut composer, &[Key::alt(KeyCode::Char('<'))]);
    insta::assert_snapshot!(drawn_at(&mut composer, 16, 4), @r"
    plan> one two 
          three 
          four
          five    
    caret 0 6
    ");
}

fn drawn_at(composer: &mut Composer, cols: usize, height: usize) -> String {
    let look = view::Look {
        sign: "plan>",
        sign_style: Default::default(),
        selected: Default::default(),
        folded: Default::default(),
    };
    let mut top = 0;
    view::rows(composer, cols, 99, &mut top, &look);
    let (rows, caret) = view::rows(composer, cols, height, &mut top, &look);
    let mut rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
    rows.push(format!("caret {} {}", caret.row, caret.col));
    rows.join("\n")
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

/// The kills and yanks of a shell, on texts.
#[derive(Default)]
struct Ring {
    text: String,
    kills: Vec<String>,
    goes_on: bool,
}

impl Ring {
    fn kill_end(&mut self, caret: usize) {
        let end = self.text[caret..]
            .find('\n')
            .map_or(self.text.len(), |at| caret + at);
        let end = if end == caret {
            (end + 1).min(self.text.len())
        } else {
            end
        };
        if end == caret {
            return;
        }
        let killed: String = self.text.drain(caret..end).collect();
        match self.kills.last_mut().filter(|_| self.goes_on) {
            Some(last) => last.push_str(&killed),
            None => self.kills.push(killed),
        }
        self.goes_on = true;
    }

    fn yank(&mut self, caret: usize) {
        if let Some(text) = self.kills.last() {
            self.text.insert_str(caret, text);
        }
        self.goes_on = false;
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
    fn kills_and_yanks_are_those_of_a_shell(
        text in "[a-c \\n]{0,20}",
        keys in prop::collection::vec(prop::sample::select(vec!['k', 'y', 'a', 'e', 'b', 'f']), 0..25),
    ) {
        let mut composer = Composer::default();
        composer.set(&text);
        let mut ring = Ring { text, ..Ring::default() };
        for key in keys {
            let caret = composer.caret();
            match key {
                'k' => ring.kill_end(caret),
                'y' => ring.yank(caret),
                _ => ring.goes_on = false,
            }
            composer.key(Key::ctrl(key));
            prop_assert_eq!(composer.text(), &ring.text);
        }
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
