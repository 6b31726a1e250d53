//! Long pastes folded away, and marks of images.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::buffer::FOLDED;
use crate::provider::count;
use crate::stdx::text::{clean, count as short, plural};

/// Longer pastes are folded.
const MAX_PASTE_LINES: usize = 8;
const MAX_PASTE_BYTES: usize = 1_000;
/// From so many on, the tokens of a paste are told.
const MANY_TOKENS: u64 = 2_000;

/// A paste folded away: a character of the private-use range stands for it in the
/// text, so that whatever moves over, kills or undoes a character does it with the
/// whole paste.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Fold {
    mark: char,
    /// What is shown for it.
    #[serde(skip)]
    label: String,
    text: String,
}

/// All pastes folded away in a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folds(Vec<Fold>);

/// A text that was not sent, with what is folded away in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The text.
    pub text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    folds: Vec<Fold>,
}

impl Folds {
    /// What goes into the text for a paste.
    pub fn fold(&mut self, text: String) -> String {
        let lines = text.lines().count();
        if lines <= MAX_PASTE_LINES && text.len() <= MAX_PASTE_BYTES {
            return text;
        }
        let next = self.0.last().map(|fold| u32::from(fold.mark) + 1);
        let mark = next.map_or(Some(*FOLDED.start()), char::from_u32);
        let Some(mark) = mark.filter(|mark| FOLDED.contains(mark)) else {
            return text;
        };
        self.0.push(Fold {
            mark,
            label: label(&text),
            text,
        });
        mark.to_string()
    }

    /// What is shown for a character that stands for a paste.
    pub fn label(&self, grapheme: &str) -> Option<&str> {
        let ch = grapheme.chars().next()?;
        if !FOLDED.contains(&ch) {
            return None;
        }
        self.find(ch).map(|fold| fold.label.as_str())
    }

    fn find(&self, mark: char) -> Option<&Fold> {
        self.0.iter().find(|fold| fold.mark == mark)
    }

    /// The text with every paste in its place.
    pub fn unfold(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for ch in text.chars() {
            match self.find(ch) {
                Some(fold) => out.push_str(&fold.text),
                None => out.push(ch),
            }
        }
        out
    }

    /// A text with its pastes, to be kept.
    pub fn draft(&self, text: &str) -> Draft {
        let folds = self.0.iter().filter(|fold| text.contains(fold.mark));
        Draft {
            text: text.to_owned(),
            folds: folds.cloned().collect(),
        }
    }

    /// Takes the pastes of a draft over; its text as it can be shown.
    pub fn restore(&mut self, draft: Draft) -> String {
        let Draft { text, folds } = draft;
        self.0 = folds
            .into_iter()
            .filter(|fold| FOLDED.contains(&fold.mark))
            .map(|fold| {
                let text = printable(&fold.text).into_owned();
                Fold {
                    label: label(&text),
                    text,
                    ..fold
                }
            })
            .collect();
        self.0.sort_by_key(|fold| fold.mark);
        let known = |ch: &char| !FOLDED.contains(ch) || self.find(*ch).is_some();
        clean(&text).chars().filter(known).collect()
    }
}

fn label(text: &str) -> String {
    let lines = text.lines().count();
    let size = if lines > 1 {
        plural(lines, "line")
    } else {
        plural(text.chars().count(), "character")
    };
    let tokens = count::tokens(text);
    match tokens {
        MANY_TOKENS.. => format!("[pasted {size}, about {} tokens]", short(tokens)),
        _ => format!("[pasted {size}]"),
    }
}

/// Without control characters other than newline and tab, and without characters
/// that mean something to [`Folds`].
pub fn printable(text: &str) -> Cow<'_, str> {
    let text = clean(text);
    if text.contains(|ch| FOLDED.contains(&ch)) {
        let replaced = text
            .chars()
            .map(|ch| if FOLDED.contains(&ch) { '\u{fffd}' } else { ch });
        return Cow::Owned(replaced.collect());
    }
    text
}

/// The mark for one more image; nothing when all are in use.
pub fn next_marker(used: impl Iterator<Item = char>) -> Option<char> {
    let number = used.filter_map(number).max().unwrap_or(0) + 1;
    match number {
        1..=20 => char::from_u32(0x2460 + number - 1),
        _ => None,
    }
}

fn number(marker: char) -> Option<u32> {
    u32::from(marker)
        .checked_sub(0x245f)
        .filter(|number| (1..=20).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_pastes_fold_and_unfold_in_their_places() {
        let mut folds = Folds::default();
        let long = "line\n".repeat(120);
        let wide = "x".repeat(2_000);
        let text = format!(
            "a {} b {}",
            folds.fold(long.clone()),
            folds.fold(wide.clone())
        );
        assert_eq!(folds.fold("short".into()), "short");
        assert_eq!(folds.label(&text[2..6]), Some("[pasted 120 lines]"));
        assert_eq!(folds.unfold(&text), format!("a {long} b {wide}"));
        let kept = serde_json::to_string(&folds.draft(&text)).unwrap();
        let mut other = Folds::default();
        let restored = other.restore(serde_json::from_str(&kept).unwrap());
        assert_eq!(other.unfold(&restored), format!("a {long} b {wide}"));
    }

    #[test]
    fn characters_that_mean_something_cannot_be_brought_in() {
        assert_eq!(printable("a\u{f0000}b\u{1b}[31mc"), "a\u{fffd}bc");
        let draft = Draft {
            text: "a\u{f0003}b".into(),
            folds: Vec::new(),
        };
        assert_eq!(Folds::default().restore(draft), "ab");
    }

    #[test]
    fn images_are_numbered_up_to_twenty() {
        assert_eq!(next_marker("".chars()), Some('①'));
        assert_eq!(next_marker("①②".chars()), Some('③'));
        assert_eq!(next_marker("⑳".chars()), None);
    }
}
