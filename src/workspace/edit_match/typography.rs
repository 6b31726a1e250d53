//! Typographic characters and their ASCII twins.
//!
//! Models write `'` where a file has `’`, and the other way round. Such characters
//! are compared as one, and each side keeps its own.

use std::borrow::Cow;
use std::collections::HashMap;

use similar::{Algorithm, DiffOp};

/// The ASCII twin of a quote, dash or space; any other character itself.
pub(in crate::workspace) fn plain(ch: char) -> char {
    match ch {
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '\u{2032}' => '\'',
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{2033}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        other => other,
    }
}

/// A text in plain characters; as many as before.
pub(in crate::workspace) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || text.chars().all(|ch| plain(ch) == ch) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().map(plain).collect())
    }
}

/// How a model's spelling differs from the file's.
#[derive(Debug, Default)]
pub(in crate::workspace) struct Spelling {
    /// The model's character, the file's ASCII one.
    ascii: HashMap<char, char>,
    /// Characters that both spell alike.
    kept: Vec<char>,
}

impl Spelling {
    /// Learns from texts that are equal but for typography.
    pub(in crate::workspace) fn learn(&mut self, old: &str, file: &str) {
        for (wrote, is) in old.chars().zip(file.chars()) {
            if plain(wrote) == wrote {
                continue;
            }
            if wrote == is {
                self.kept.push(wrote);
            } else if is == plain(wrote) {
                self.ascii.insert(wrote, is);
            }
        }
    }

    /// New text as the file would spell it: a typographic character that the model
    /// put where the file has ASCII becomes ASCII.
    pub(in crate::workspace) fn spell(&self, new: &str) -> String {
        let one = |ch: char| match self.ascii.get(&ch) {
            Some(known) => *known,
            None if self.ascii.is_empty() || self.kept.contains(&ch) => ch,
            None => plain(ch),
        };
        new.chars().map(one).collect()
    }

    /// The change from `old` to `new` made to `file`, which equals `old` but for
    /// typography.
    pub(in crate::workspace) fn merge(&self, old: &str, file: &str, new: &str) -> String {
        if old == file && self.ascii.is_empty() {
            return new.to_string();
        }
        let (old_words, new_words) = (words(old), words(new));
        let file_chars: Vec<char> = file.chars().collect();
        let starts = char_starts(&old_words);
        let mut out = String::with_capacity(new.len());
        for op in similar::capture_diff_slices(Algorithm::Myers, &old_words, &new_words) {
            let (_, from, to) = op.as_tag_tuple();
            let was = &file_chars[starts[from.start]..starts[from.end]];
            match op {
                DiffOp::Equal { .. } => out.extend(was),
                DiffOp::Delete { .. } => {}
                DiffOp::Insert { .. } => out.push_str(&self.spell(&new_words[to].concat())),
                DiffOp::Replace { .. } => {
                    let (old, new) = (old_words[from].concat(), new_words[to].concat());
                    self.merge_ends(&old, was, &new, &mut out);
                }
            }
        }
        out
    }

    /// Keeps what both ends have in common as the file spells it.
    fn merge_ends(&self, old: &str, file: &[char], new: &str, out: &mut String) {
        let old: Vec<char> = old.chars().collect();
        let new: Vec<char> = new.chars().collect();
        let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let tail = old[head..]
            .iter()
            .rev()
            .zip(new[head..].iter().rev())
            .take_while(|(a, b)| a == b)
            .count();
        out.extend(&file[..head]);
        let middle: String = new[head..new.len() - tail].iter().collect();
        out.push_str(&self.spell(&middle));
        out.extend(&file[file.len() - tail..]);
    }
}

/// Words and the blanks between them.
fn words(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut blank = None;
    for (at, ch) in text.char_indices() {
        let now = Some(ch.is_whitespace());
        if blank.is_some() && blank != now {
            out.push(&text[start..at]);
            start = at;
        }
        blank = now;
    }
    if start < text.len() {
        out.push(&text[start..]);
    }
    out
}

/// How many characters stand before each word, and in all.
fn char_starts(words: &[&str]) -> Vec<usize> {
    let mut out = vec![0];
    let mut sum = 0;
    for word in words {
        sum += word.chars().count();
        out.push(sum);
    }
    out
}
