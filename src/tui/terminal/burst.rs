//! Pastes on terminals that do not bracket them: text that comes faster than
//! anyone types, with line ends inside.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers};

use super::input::{Input, Key};

/// More text within this time belongs to the same paste.
pub(super) const PAUSE: Duration = Duration::from_millis(10);

fn pasted_char(input: &Input) -> Option<char> {
    match input {
        Input::Key(Key {
            code: KeyCode::Char(ch),
            modifiers: KeyModifiers::NONE,
        }) => Some(*ch),
        Input::Key(key) if *key == Key::plain(KeyCode::Enter) || *key == Key::ctrl('j') => {
            Some('\n')
        }
        Input::Key(key) if *key == Key::plain(KeyCode::Tab) => Some('\t'),
        _ => None,
    }
}

/// The input ends in text and Enter: whether that Enter sends or belongs to a
/// paste shows in what follows.
pub(super) fn may_go_on(input: &[Input]) -> bool {
    input.len() > 1
        && input.iter().all(|input| pasted_char(input).is_some())
        && input.last().and_then(pasted_char) == Some('\n')
}

/// Turns a burst of text with line ends inside into one paste.
pub(super) fn join(input: &mut Vec<Input>) {
    let Some(text) = input.iter().map(pasted_char).collect::<Option<String>>() else {
        return;
    };
    if text.trim_end_matches('\n').contains('\n') {
        *input = vec![Input::Paste(text)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::terminal::input::Parser;

    fn joined(bytes: &[u8]) -> Vec<Input> {
        let mut input = Parser::default().feed(bytes);
        join(&mut input);
        input
    }

    #[test]
    fn lines_in_one_burst_are_a_paste() {
        assert_eq!(joined(b"one\rtwo\r"), [Input::Paste("one\ntwo\n".into())]);
        assert_eq!(joined(b"hello\r").len(), 6);
        assert_eq!(joined(b"a\x1b[Ab\rc").len(), 5);
        assert!(may_go_on(&Parser::default().feed(b"one\r")));
        assert!(!may_go_on(&Parser::default().feed(b"\r")));
        assert!(!may_go_on(&Parser::default().feed(b"one")));
    }
}
