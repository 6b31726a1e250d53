//! Cutting and cleaning text.

use std::borrow::Cow;

/// The longest prefix of at most `max` bytes that ends on a character boundary.
pub fn prefix(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max.min(text.len()))]
}

/// The longest suffix of at most `max` bytes that starts on a character boundary.
pub fn suffix(text: &str, max: usize) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(max))..]
}

/// Keeps `head` bytes of the start and `tail` bytes of the end, cut at line ends
/// where one is near, and says in between how much is missing. Nothing when it fits.
pub fn head_tail(text: &str, head: usize, tail: usize) -> Option<(&str, &str)> {
    if text.len() <= head + tail {
        return None;
    }
    let mut start = prefix(text, head);
    if let Some(newline) = start.rfind('\n')
        && newline + 1 > start.len() / 2
    {
        start = &start[..=newline];
    }
    let mut end = suffix(text, tail);
    if let Some(newline) = end.find('\n')
        && newline < end.len() / 2
    {
        end = &end[newline + 1..];
    }
    Some((start, end))
}

/// One line of at most `max` characters, `…` where it was cut; newlines become spaces.
pub fn one_line(text: &str, max: usize) -> String {
    let mut out = String::new();
    for (count, ch) in text.trim().chars().enumerate() {
        if count + 1 >= max && text.trim().chars().nth(count + 1).is_some() {
            out.push('…');
            return out;
        }
        out.push(if ch.is_control() { ' ' } else { ch });
    }
    out
}

/// Whether a character may reach a terminal: not a control character other than
/// newline and tab, not a bidirectional override or isolate.
fn is_printable(ch: char) -> bool {
    match ch {
        '\n' | '\t' => true,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => false,
        _ => !ch.is_control(),
    }
}

/// Text without anything a terminal could obey: escape sequences are removed
/// whole (CSI, OSC, DCS and the like, and two-character escapes), other controls
/// and bidi marks dropped, `\r\n` becomes `\n`. Text cut inside a sequence loses
/// the sequence.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_printable) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut cleaner = Cleaner::default();
    cleaner.push(text, &mut out);
    Cow::Owned(out)
}

/// [`clean`] for text that arrives in pieces: a sequence may be split anywhere.
#[derive(Debug, Default, Clone)]
pub struct Cleaner {
    state: EscapeState,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum EscapeState {
    #[default]
    Ground,
    Escape,
    EscapeIntermediate,
    Csi,
    /// OSC, DCS, SOS, PM, APC: runs to ST or BEL.
    String,
    StringEscape,
}

impl Cleaner {
    /// Appends the printable part of `text` to `out`.
    pub fn push(&mut self, text: &str, out: &mut String) {
        for ch in text.chars() {
            self.state = match (self.state, ch) {
                (EscapeState::Ground | EscapeState::Csi, '\u{1b}') => EscapeState::Escape,
                (EscapeState::Ground, '\u{9b}') => EscapeState::Csi,
                (EscapeState::Ground, '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}') => {
                    EscapeState::String
                }
                (EscapeState::Ground, _) => {
                    if is_printable(ch) {
                        out.push(ch);
                    }
                    EscapeState::Ground
                }
                (EscapeState::Escape, '[') => EscapeState::Csi,
                (EscapeState::Escape, ']' | 'P' | 'X' | '^' | '_') => EscapeState::String,
                (EscapeState::Escape, '\u{1b}') => EscapeState::Escape,
                (EscapeState::Escape | EscapeState::EscapeIntermediate, ' '..='/') => {
                    EscapeState::EscapeIntermediate
                }
                // A newline ends a broken sequence: losing a line is worse than a stray letter.
                (
                    EscapeState::Escape | EscapeState::EscapeIntermediate | EscapeState::Csi,
                    '\n',
                ) => {
                    out.push('\n');
                    EscapeState::Ground
                }
                (EscapeState::Escape | EscapeState::EscapeIntermediate, _) => EscapeState::Ground,
                (EscapeState::Csi, '\u{20}'..='\u{3f}') => EscapeState::Csi,
                (EscapeState::Csi, _) => EscapeState::Ground,
                (EscapeState::String, '\u{7}' | '\u{9c}') => EscapeState::Ground,
                (EscapeState::String, '\u{1b}') => EscapeState::StringEscape,
                (EscapeState::String, _) => EscapeState::String,
                (EscapeState::StringEscape, '\\') => EscapeState::Ground,
                (EscapeState::StringEscape, '\u{1b}') => EscapeState::StringEscape,
                (EscapeState::StringEscape, _) => EscapeState::String,
            };
        }
    }
}

/// Decodes UTF-8 that arrives in pieces; a character may be split anywhere and
/// invalid bytes become U+FFFD.
#[derive(Debug, Default)]
pub struct Utf8Stream {
    pending: Vec<u8>,
}

impl Utf8Stream {
    /// Appends all characters completed by `bytes` to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut String) {
        let joined;
        let mut rest = if self.pending.is_empty() {
            bytes
        } else {
            self.pending.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.pending);
            &joined
        };
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => return out.push_str(text),
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    out.push_str(&String::from_utf8_lossy(valid));
                    match error.error_len() {
                        Some(bad) => {
                            out.push('\u{fffd}');
                            rest = &after[bad..];
                        }
                        None => return self.pending = after.to_vec(),
                    }
                }
            }
        }
    }

    /// Ends the stream: a cut character becomes U+FFFD.
    pub fn finish(&mut self, out: &mut String) {
        if !std::mem::take(&mut self.pending).is_empty() {
            out.push('\u{fffd}');
        }
    }
}

/// `1.8k`, `12.4k`, `1.2M`; below a thousand the number itself.
pub fn count(n: u64) -> String {
    match n {
        0..=999 => n.to_string(),
        1_000..=999_949 => format!("{:.1}k", n as f64 / 1e3),
        _ => format!("{:.1}M", n as f64 / 1e6),
    }
}

/// `0.4 s`, `3.2 s`, `41 s`, `1 m 04 s`, `2 h 05 m`.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match ms {
        0..=9_949 => format!("{:.1} s", ms as f64 / 1e3),
        9_950..=59_999 => format!("{} s", (ms + 500) / 1000),
        60_000..=3_599_999 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} m", seconds / 3600, seconds / 60 % 60),
    }
}

/// `$0.021` below a dollar, `$3.42` above.
pub fn dollars(usd: f64) -> String {
    if usd < 1.0 {
        format!("${usd:.3}")
    } else {
        format!("${usd:.2}")
    }
}

/// `n thing` or `n things`.
pub fn plural(n: usize, thing: &str) -> String {
    let ending = match thing.as_bytes() {
        _ if n == 1 => "",
        [.., b'c', b'h'] | [.., b's'] => "es",
        _ => "s",
    };
    format!("{n} {thing}{ending}")
}

/// How long ago, from seconds: `now`, `5 min`, `3 h`, `12 d`.
pub fn age(seconds: u64) -> String {
    match seconds {
        0..=59 => "now".into(),
        60..=3_599 => format!("{} min", seconds / 60),
        3_600..=86_399 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A size: `900 B`, `12 KB`, `3.4 MB`.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..=999 => format!("{bytes} B"),
        1_000..=999_999 => format!("{} KB", bytes / 1_000),
        1_000_000..=999_999_999 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn clean_removes_whole_sequences() {
        for (dirty, expected) in [
            ("a\u{1b}[31mred\u{1b}[0m", "ared"),
            ("\u{1b}]52;c;aGk=\u{7}x", "x"),
            ("\u{1b}]8;;http://e\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}P1$r\u{1b}\\y", "y"),
            ("a\u{9b}2Jb", "ab"),
            ("one\r\ntwo\rthree", "one\ntwothree"),
            ("\u{1b}(Bx\u{1b}7y", "xy"),
            ("left\u{202e}right", "leftright"),
            ("cut\u{1b}[3", "cut"),
            ("tab\there", "tab\there"),
            ("nul\0bell\u{7}del\u{7f}", "nulbelldel"),
            ("\u{1b}[31\nnext", "\nnext"),
        ] {
            assert_eq!(clean(dirty), expected, "{dirty:?}");
        }
    }

    #[test]
    fn one_line_cuts_and_flattens() {
        assert_eq!(one_line("  a\nb  ", 10), "a b");
        assert_eq!(one_line("abcdef", 4), "abc…");
        assert_eq!(one_line("abcd", 4), "abcd");
    }

    #[test]
    fn head_tail_prefers_line_ends() {
        let text = "one\ntwo\nthree\nfour\nfive\nsix\n";
        assert_eq!(head_tail(text, 100, 100), None);
        assert_eq!(head_tail(text, 10, 10), Some(("one\ntwo\n", "five\nsix\n")));
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [count(7), count(1_840), count(1_234_567)],
            ["7", "1.8k", "1.2M"]
        );
        assert_eq!(
            [
                duration(3_180),
                duration(41_200),
                duration(64_000),
                duration(7_500_000)
            ],
            ["3.2 s", "41 s", "1 m 04 s", "2 h 05 m"]
        );
        assert_eq!([dollars(0.0213), dollars(3.416)], ["$0.021", "$3.42"]);
        assert_eq!(
            [plural(1, "match"), plural(2, "match"), plural(0, "file")],
            ["1 match", "2 matches", "0 files"]
        );
    }

    proptest! {
        #[test]
        fn utf8_stream_is_chunking_independent(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            cut in any::<prop::sample::Index>(),
        ) {
            let cut = cut.index(bytes.len() + 1);
            let (mut whole, mut split) = (String::new(), String::new());
            let mut stream = Utf8Stream::default();
            stream.push(&bytes, &mut whole);
            stream.finish(&mut whole);
            let mut stream = Utf8Stream::default();
            stream.push(&bytes[..cut], &mut split);
            stream.push(&bytes[cut..], &mut split);
            stream.finish(&mut split);
            prop_assert_eq!(&whole, &split);
        }

        #[test]
        fn cleaned_text_holds_no_control_and_any_split_agrees(
            text in "[a-z\u{1b}\\[\\]0-9;m\u{7}\\\\\n\u{9b}é]{0,60}",
            cut in any::<prop::sample::Index>(),
        ) {
            let cleaned = clean(&text);
            prop_assert!(cleaned.chars().all(is_printable));
            let at = text.floor_char_boundary(cut.index(text.len() + 1));
            let (mut out, mut cleaner) = (String::new(), Cleaner::default());
            cleaner.push(&text[..at], &mut out);
            cleaner.push(&text[at..], &mut out);
            prop_assert_eq!(cleaned.as_ref(), out.as_str());
        }
    }
}
