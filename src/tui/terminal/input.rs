//! Bytes from the terminal to keys, pastes and answers.
//!
//! One parser for the whole life of the program: an answer to a query is
//! recognised whenever it comes, also late and in pieces, and never typed into
//! the prompt.

use crossterm::event::{KeyCode, KeyModifiers};

use super::identity::Terminal;

/// A key as pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Which key; a letter with Shift is the upper-case letter.
    pub code: KeyCode,
    /// Held with it.
    pub modifiers: KeyModifiers,
}

impl Key {
    /// A key without modifiers.
    pub fn plain(code: KeyCode) -> Self {
        Self {
            code,
            modifiers: KeyModifiers::NONE,
        }
    }

    /// Ctrl and a letter.
    pub fn ctrl(letter: char) -> Self {
        Self {
            code: KeyCode::Char(letter),
            modifiers: KeyModifiers::CONTROL,
        }
    }

    /// Alt and a key.
    pub fn alt(code: KeyCode) -> Self {
        Self {
            code,
            modifiers: KeyModifiers::ALT,
        }
    }
}

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(Key),
    /// A bracketed paste, newlines as `\n`.
    Paste(String),
    /// The window got or lost the focus.
    Focus(bool),
    /// The terminal introduced itself.
    Identity(Terminal),
    /// The colour behind the text is dark, or not.
    Background {
        /// Dark.
        dark: bool,
    },
    /// The answer that closes the queries.
    QueriesDone,
}

const PASTE_END: &[u8] = b"\x1b[201~";
/// A paste that never ends is given up at this size.
const MAX_PASTE: usize = 64 * 1024 * 1024;
/// A control sequence longer than this is none.
const MAX_SEQUENCE: usize = 4096;

/// The parser. Feed it what was read; ask it to [`Parser::flush`] when nothing
/// more came for a while.
#[derive(Debug, Default)]
pub struct Parser {
    pending: Vec<u8>,
    /// Inside a bracketed paste: what came so far.
    paste: Option<Vec<u8>>,
}

enum Step {
    /// So many bytes make this.
    Done(usize, Option<Input>),
    /// More bytes are needed.
    More,
}

impl Parser {
    /// Takes bytes, returns what they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        self.pending.extend_from_slice(bytes);
        let mut out = Vec::new();
        let mut at = 0;
        while at < self.pending.len() {
            if let Some(paste) = &mut self.paste {
                let rest = &self.pending[at..];
                match find(rest, PASTE_END) {
                    Some(end) => {
                        paste.extend_from_slice(&rest[..end]);
                        out.push(Input::Paste(pasted(paste)));
                        self.paste = None;
                        at += end + PASTE_END.len();
                    }
                    None => {
                        let keep = held_back(rest);
                        paste.extend_from_slice(&rest[..rest.len() - keep]);
                        at = self.pending.len() - keep;
                        if paste.len() > MAX_PASTE {
                            out.push(Input::Paste(pasted(paste)));
                            self.paste = None;
                        }
                        break;
                    }
                }
                continue;
            }
            match step(&self.pending[at..]) {
                Step::Done(used, input) => {
                    if &self.pending[at..at + used] == b"\x1b[200~" {
                        self.paste = Some(Vec::new());
                    }
                    at += used;
                    out.extend(input);
                }
                Step::More => break,
            }
        }
        self.pending.drain(..at);
        out
    }

    /// Something is half-read that [`Parser::flush`] would settle.
    pub fn is_waiting(&self) -> bool {
        !self.pending.is_empty() && self.paste.is_none()
    }

    /// Nothing more came: a lone Escape is the key, a started sequence was Alt
    /// and a key. Answers cut in the middle keep waiting.
    pub fn flush(&mut self) -> Vec<Input> {
        let (input, used) = match self.pending.as_slice() {
            [0x1b] => (Key::plain(KeyCode::Esc), 1),
            [0x1b, key @ (b'[' | b']' | b'O' | b'P' | b'_' | b'^' | b'X')] => {
                (Key::alt(KeyCode::Char(char::from(*key))), 2)
            }
            _ => return Vec::new(),
        };
        self.pending.drain(..used);
        vec![Input::Key(input)]
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

/// Bytes at the end that may be the start of the end of a paste.
fn held_back(bytes: &[u8]) -> usize {
    (1..PASTE_END.len())
        .rev()
        .find(|length| bytes.ends_with(&PASTE_END[..*length]))
        .unwrap_or(0)
}

fn pasted(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .replace("\r\n", "\n")
        .replace('\r', "\n")
}

fn key(code: KeyCode) -> Option<Input> {
    Some(Input::Key(Key::plain(code)))
}

fn step(bytes: &[u8]) -> Step {
    match bytes[0] {
        0x1b => escape(bytes),
        byte @ (0x00..=0x1f | 0x7f) => Step::Done(1, control(byte).map(Input::Key)),
        0x20..=0x7e => Step::Done(1, key(KeyCode::Char(char::from(bytes[0])))),
        _ => match character(bytes) {
            Some(Ok(ch)) => Step::Done(ch.len_utf8(), key(KeyCode::Char(ch))),
            Some(Err(length)) => Step::Done(length, None),
            None => Step::More,
        },
    }
}

/// A key that is one control byte.
fn control(byte: u8) -> Option<Key> {
    Some(match byte {
        b'\r' => Key::plain(KeyCode::Enter),
        b'\t' => Key::plain(KeyCode::Tab),
        0x7f | 0x08 => Key::plain(KeyCode::Backspace),
        0x00 => Key::ctrl(' '),
        0x1c..=0x1f => Key::ctrl(char::from(byte - 0x1c + b'4')),
        // Ctrl+J arrives as a line feed.
        0x01..=0x1a => Key::ctrl(char::from(byte - 1 + b'a')),
        _ => return None,
    })
}

/// The character at the start: nothing while it is cut, its length when it is none.
fn character(bytes: &[u8]) -> Option<Result<char, usize>> {
    let head = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) => return error.error_len().map(Err),
    };
    valid.chars().next().map(Ok)
}

fn escape(bytes: &[u8]) -> Step {
    match bytes.get(1) {
        None => Step::More,
        Some(b'[') => csi(bytes),
        Some(b'O') => match bytes.get(2) {
            None => Step::More,
            Some(letter) => Step::Done(3, cursor_key(*letter).and_then(key)),
        },
        Some(b']' | b'P' | b'_' | b'^' | b'X') => string(bytes),
        // Two escapes: the first one is the key.
        Some(0x1b) => Step::Done(1, key(KeyCode::Esc)),
        Some(byte) if *byte < 0x20 || *byte == 0x7f => {
            let with_alt = control(*byte).map(|key| {
                Input::Key(Key {
                    modifiers: key.modifiers | KeyModifiers::ALT,
                    ..key
                })
            });
            Step::Done(2, with_alt)
        }
        Some(_) => match character(&bytes[1..]) {
            Some(Ok(ch)) => Step::Done(
                1 + ch.len_utf8(),
                Some(Input::Key(Key::alt(KeyCode::Char(ch)))),
            ),
            Some(Err(length)) => Step::Done(1 + length, None),
            None => Step::More,
        },
    }
}

/// OSC, DCS and the like: to ST or BEL.
fn string(bytes: &[u8]) -> Step {
    let end = bytes[2..]
        .iter()
        .position(|byte| matches!(byte, 0x07 | 0x1b));
    let Some(end) = end.map(|at| at + 2) else {
        return if bytes.len() > MAX_SEQUENCE {
            Step::Done(bytes.len(), None)
        } else {
            Step::More
        };
    };
    let used = match (bytes[end], bytes.get(end + 1)) {
        (0x07, _) => end + 1,
        (_, Some(b'\\')) => end + 2,
        (_, None) => return Step::More,
        // Another sequence begins: this one was cut.
        (_, Some(_)) => end,
    };
    let body = String::from_utf8_lossy(&bytes[2..end]);
    let input = match bytes[1] {
        b'P' => body
            .strip_prefix(">|")
            .map(|version| Input::Identity(Terminal::from_version(version))),
        b']' => body
            .strip_prefix("11;")
            .and_then(is_dark)
            .map(|dark| Input::Background { dark }),
        _ => None,
    };
    Step::Done(used, input)
}

/// Whether `rgb:RRRR/GGGG/BBBB` is a dark colour.
fn is_dark(answer: &str) -> Option<bool> {
    let mut parts = answer.strip_prefix("rgb:")?.split('/').map(|part| {
        let top = part.get(..2).unwrap_or(part);
        u32::from_str_radix(top, 16).ok()
    });
    let (r, g, b) = (parts.next()??, parts.next()??, parts.next()??);
    Some(299 * r + 587 * g + 114 * b < 128_000)
}

fn csi(bytes: &[u8]) -> Step {
    // Linux console function keys: CSI [ A.
    if bytes.get(2) == Some(&b'[') {
        return if bytes.len() > 3 {
            Step::Done(4, None)
        } else {
            Step::More
        };
    }
    let end = bytes[2..]
        .iter()
        .position(|byte| !(0x20..=0x3f).contains(byte));
    let Some(end) = end.map(|at| at + 2) else {
        return if bytes.len() > MAX_SEQUENCE {
            Step::Done(bytes.len(), None)
        } else {
            Step::More
        };
    };
    if !(0x40..=0x7e).contains(&bytes[end]) {
        // Not a sequence; the byte that broke it is looked at on its own.
        return Step::Done(end, None);
    }
    let body = std::str::from_utf8(&bytes[2..end]).unwrap_or_default();
    Step::Done(end + 1, sequence(body, bytes[end]))
}

fn sequence(body: &str, last: u8) -> Option<Input> {
    if let Some(rest) = body.strip_prefix('?') {
        return (last == b'c' && !rest.is_empty()).then_some(Input::QueriesDone);
    }
    let numbers = |body: &str| -> Vec<u32> {
        body.split(';')
            .map(|part| {
                let first = part.split(':').next().unwrap_or_default();
                first.parse().unwrap_or(0)
            })
            .collect()
    };
    if let Some(rest) = body.strip_prefix('>') {
        let identity = Terminal::from_attributes(&numbers(rest));
        return (last == b'c').then_some(Input::Identity(identity));
    }
    let parameters = numbers(body);
    let (first, second) = (
        parameters.first().copied().unwrap_or(0),
        parameters.get(1).copied().unwrap_or(0),
    );
    let modifiers = modifiers(second);
    let with = |code: KeyCode| Some(Input::Key(Key { code, modifiers }));
    match last {
        b'I' => Some(Input::Focus(true)),
        b'O' => Some(Input::Focus(false)),
        b'Z' => Some(Input::Key(Key {
            code: KeyCode::BackTab,
            modifiers: KeyModifiers::SHIFT,
        })),
        b'u' if is_release(body) => None,
        b'u' => coded(first, modifiers),
        b'~' if first == 27 => coded(parameters.get(2).copied().unwrap_or(0), modifiers),
        b'~' => tilde_key(first).and_then(with),
        b'A'..=b'F' | b'H' | b'P' | b'Q' | b'S' => cursor_key(last).and_then(with),
        _ => None,
    }
}

fn is_release(body: &str) -> bool {
    body.split(';')
        .nth(1)
        .is_some_and(|part| part.ends_with(":3"))
}

fn modifiers(parameter: u32) -> KeyModifiers {
    let bits = parameter.saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
        (8, KeyModifiers::SUPER),
    ] {
        if bits & bit != 0 {
            modifiers |= modifier;
        }
    }
    modifiers
}

/// A key given by its code point.
fn coded(code: u32, modifiers: KeyModifiers) -> Option<Input> {
    let code = match code {
        13 | 57414 => KeyCode::Enter,
        9 if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        9 => KeyCode::Tab,
        27 => KeyCode::Esc,
        8 | 127 => KeyCode::Backspace,
        57417 => KeyCode::Left,
        57418 => KeyCode::Right,
        57419 => KeyCode::Up,
        57420 => KeyCode::Down,
        57421 => KeyCode::PageUp,
        57422 => KeyCode::PageDown,
        57423 => KeyCode::Home,
        57424 => KeyCode::End,
        57426 => KeyCode::Delete,
        // Other functional keys live in a private use area.
        57344..=63743 => return None,
        code => {
            let ch = char::from_u32(code).filter(|ch| !ch.is_control())?;
            let shifted = modifiers.contains(KeyModifiers::SHIFT) && ch.is_ascii_lowercase();
            KeyCode::Char(if shifted { ch.to_ascii_uppercase() } else { ch })
        }
    };
    let modifiers = match code {
        KeyCode::Char(ch) if ch.is_ascii_uppercase() => modifiers - KeyModifiers::SHIFT,
        _ => modifiers,
    };
    Some(Input::Key(Key { code, modifiers }))
}

fn cursor_key(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'R' => KeyCode::F(3),
        b'S' => KeyCode::F(4),
        _ => return None,
    })
}

fn tilde_key(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(number as u8 - 10),
        17..=21 => KeyCode::F(number as u8 - 11),
        23 | 24 => KeyCode::F(number as u8 - 12),
        _ => return None,
    })
}

#[cfg(test)]
#[path = "input_tests.rs"]
mod tests;
