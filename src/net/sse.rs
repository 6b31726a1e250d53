//! Server-sent events, framed from bytes that may be split anywhere.

use std::borrow::Cow;
use std::ops::Range;

/// Largest event kept in memory, in bytes.
pub const MAX_EVENT: usize = 32 * 1024 * 1024;

/// An event larger than [`MAX_EVENT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server sent an event of more than 32 MB")]
pub struct TooLarge;

/// An incremental parser. Every byte is looked at once; an event that arrives in
/// one piece is handed on without being copied.
#[derive(Debug, Default)]
pub struct SseParser {
    /// Bytes of the unfinished event.
    held: Vec<u8>,
    event: Event,
    /// Set once the byte order mark is dealt with.
    begun: bool,
    /// A carriage return ended the last line; a line feed belongs to it.
    after_cr: bool,
}

/// What is known of the unfinished event; positions count from its first byte.
#[derive(Debug, Default)]
struct Event {
    /// Start of the unfinished line.
    line: usize,
    /// Bytes known to hold no line end.
    scanned: usize,
    name: Option<Range<usize>>,
    data: Option<Range<usize>>,
    /// The data lines joined, once there are several.
    joined: Option<Vec<u8>>,
}

impl SseParser {
    /// Takes the next bytes and hands every completed event, its name (empty
    /// when it has none) and data, to `emit`.
    ///
    /// # Errors
    /// [`TooLarge`]; the stream cannot go on.
    pub fn push(&mut self, bytes: &[u8], mut emit: impl FnMut(&str, &str)) -> Result<(), TooLarge> {
        if self.held.is_empty() {
            let rest = self.scan(bytes, &mut emit);
            self.held.extend_from_slice(&bytes[rest..]);
        } else {
            let mut held = std::mem::take(&mut self.held);
            held.extend_from_slice(bytes);
            let rest = self.scan(&held, &mut emit);
            held.drain(..rest);
            self.held = held;
        }
        let joined = self.event.joined.as_ref().map_or(0, Vec::len);
        if self.held.len() + joined > MAX_EVENT {
            return Err(TooLarge);
        }
        Ok(())
    }

    /// Ends the stream: a last event whose closing blank line (or even line end)
    /// is missing is handed on too.
    pub fn finish(mut self, mut emit: impl FnMut(&str, &str)) {
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(b"\n\n");
        self.begun = true;
        self.after_cr = false;
        self.scan(&held, &mut emit);
    }

    /// Hands on the events completed in `bytes`, which begin with the unfinished
    /// one, and returns where the next unfinished event starts.
    fn scan(&mut self, bytes: &[u8], emit: &mut impl FnMut(&str, &str)) -> usize {
        let mut start = 0;
        if !self.begun {
            const BOM: &[u8] = b"\xef\xbb\xbf";
            if bytes.len() < BOM.len() && BOM.starts_with(bytes) {
                return 0;
            }
            self.begun = true;
            start = if bytes.starts_with(BOM) { BOM.len() } else { 0 };
        }
        loop {
            if self.after_cr
                && let Some(&next) = bytes.get(start + self.event.scanned)
            {
                self.after_cr = false;
                if next == b'\n' {
                    self.skip_line_feed(&mut start);
                }
            }
            let from = start + self.event.scanned;
            let end = bytes[from..]
                .iter()
                .position(|b| matches!(b, b'\n' | b'\r'));
            let Some(end) = end else {
                self.event.scanned = bytes.len() - start;
                return start;
            };
            let end = from + end;
            self.after_cr = bytes[end] == b'\r';
            let line = start + self.event.line..end;
            if line.is_empty() {
                self.dispatch(&bytes[start..], emit);
                start = end + 1;
                self.event = Event::default();
            } else {
                self.field(&bytes[start..], line.start - start..line.end - start);
                self.event.line = end + 1 - start;
                self.event.scanned = self.event.line;
            }
        }
    }

    /// The second half of a CR LF: no line of its own. At the very start of an
    /// event it is left behind, so that an idle parser holds nothing.
    fn skip_line_feed(&mut self, start: &mut usize) {
        if self.event.scanned == 0 {
            *start += 1;
        } else {
            self.event.line += 1;
            self.event.scanned += 1;
        }
    }

    fn field(&mut self, bytes: &[u8], line: Range<usize>) {
        let text = &bytes[line.clone()];
        let colon = text.iter().position(|b| *b == b':').unwrap_or(text.len());
        let mut value = (line.start + colon + 1).min(line.end)..line.end;
        if bytes.get(value.start) == Some(&b' ') && !value.is_empty() {
            value.start += 1;
        }
        match &text[..colon] {
            b"data" => match (&mut self.event.joined, &self.event.data) {
                (Some(joined), _) => {
                    joined.push(b'\n');
                    joined.extend_from_slice(&bytes[value]);
                }
                (None, Some(first)) => {
                    let lines = [&bytes[first.clone()], &bytes[value]];
                    self.event.joined = Some(lines.join(&b'\n'));
                }
                (None, None) => self.event.data = Some(value),
            },
            b"event" => self.event.name = Some(value),
            // Comments, `id`, `retry` and unknown fields mean nothing here.
            _ => {}
        }
    }

    fn dispatch(&self, bytes: &[u8], emit: &mut impl FnMut(&str, &str)) {
        let Some(data) = &self.event.data else {
            return;
        };
        let name = self
            .event
            .name
            .clone()
            .map_or(&b""[..], |name| &bytes[name]);
        let data = self.event.joined.as_deref().unwrap_or(&bytes[data.clone()]);
        emit(&text(name), &text(data));
    }
}

/// Events are complete here, so what is not UTF-8 never will be.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<(String, String)> {
        let mut out = Vec::new();
        let mut parser = SseParser::default();
        for chunk in chunks {
            let emit = |name: &str, data: &str| out.push((name.to_string(), data.to_string()));
            parser.push(chunk, emit).unwrap();
        }
        parser.finish(|name, data| out.push((name.to_string(), data.to_string())));
        out
    }

    const STREAM: &[u8] = "\u{feff}: hello\nevent: a\ndata: {\"x\":1}\n\n\
        data:no space\r\n\r\nevent:b\rdata: crlf é 日本\r\r\
        data: one\ndata:\ndata: three\n\nid: 7\nretry: 10\n\nevent: only\n\n\
        data\n\n: ping\n\ndata:  two spaces\n\ndata: \u{1f980} last"
        .as_bytes();

    fn expected() -> Vec<(String, String)> {
        [
            ("a", "{\"x\":1}"),
            ("", "no space"),
            ("b", "crlf é 日本"),
            ("", "one\n\nthree"),
            ("", ""),
            ("", " two spaces"),
            ("", "\u{1f980} last"),
        ]
        .map(|(name, data)| (name.to_string(), data.to_string()))
        .to_vec()
    }

    #[test]
    fn every_form_is_understood_whole_and_byte_by_byte() {
        assert_eq!(parse([STREAM]), expected());
        assert_eq!(parse(STREAM.chunks(1)), expected());
    }

    #[test]
    fn every_single_cut_agrees() {
        for cut in 0..=STREAM.len() {
            let (head, tail) = STREAM.split_at(cut);
            assert_eq!(parse([head, tail]), expected(), "cut at {cut}");
        }
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut parser = SseParser::default();
        let piece = vec![b'x'; 1 << 20];
        parser.push(b"data: ", |_, _| {}).unwrap();
        let refused = (0..40).find(|_| parser.push(&piece, |_, _| {}).is_err());
        assert_eq!(refused, Some(31));
    }

    #[test]
    fn bytes_that_are_not_text_do_no_harm() {
        let got = parse([&b"data: a\xff\xfeb\n\n"[..]]);
        assert_eq!(got, [(String::new(), "a\u{fffd}\u{fffd}b".to_string())]);
    }

    #[test]
    fn nothing_is_held_between_events() {
        let mut parser = SseParser::default();
        for _ in 0..3 {
            parser.push(b"data: x\r\n\r\n", |_, _| {}).unwrap();
            assert!(parser.held.is_empty());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_chunks_agree(
            bytes in "(data: ?[a-zé]{0,3}|event: x|: c|\u{feff}|\r|\n|\r\n|\n\n){0,30}",
            sizes in prop::collection::vec(1usize..7, 1..60),
        ) {
            let mut rest = bytes.as_bytes();
            let mut chunks = Vec::new();
            for size in sizes.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (head, tail) = rest.split_at((*size).min(rest.len()));
                chunks.push(head);
                rest = tail;
            }
            prop_assert_eq!(parse(chunks), parse([bytes.as_bytes()]));
        }
    }
}
