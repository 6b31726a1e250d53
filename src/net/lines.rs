//! Lines of a stream (newline-delimited JSON), framed from bytes that may be split
//! anywhere.

use super::sse::{MAX_EVENT, TooLarge};

/// An incremental parser. Every byte is looked at once; a line that arrives in one
/// piece is handed on without being copied.
#[derive(Debug, Default)]
pub struct LineParser {
    /// Bytes of the unfinished line; none of them ends one.
    held: Vec<u8>,
}

impl LineParser {
    /// Takes the next bytes and hands every complete line that is not blank to `emit`.
    ///
    /// # Errors
    /// [`TooLarge`]; the stream cannot go on.
    pub fn push(&mut self, bytes: &[u8], mut emit: impl FnMut(&str)) -> Result<(), TooLarge> {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, behind) = (&rest[..end], &rest[end + 1..]);
            if self.held.is_empty() {
                hand_on(line, &mut emit);
            } else {
                self.held.extend_from_slice(line);
                hand_on(&std::mem::take(&mut self.held), &mut emit);
            }
            rest = behind;
        }
        self.held.extend_from_slice(rest);
        match self.held.len() > MAX_EVENT {
            true => Err(TooLarge),
            false => Ok(()),
        }
    }

    /// Ends the stream: a last line without its end is handed on too.
    pub fn finish(self, mut emit: impl FnMut(&str)) {
        hand_on(&self.held, &mut emit);
    }
}

/// Lines are complete here, so what is not UTF-8 never will be.
fn hand_on(line: &[u8], emit: &mut impl FnMut(&str)) {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_start_matches('\u{feff}').trim();
    if !line.is_empty() {
        emit(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(chunks: &[&[u8]]) -> Vec<String> {
        let mut out = Vec::new();
        let mut parser = LineParser::default();
        for chunk in chunks {
            parser
                .push(chunk, |line| out.push(line.to_string()))
                .unwrap();
        }
        parser.finish(|line| out.push(line.to_string()));
        out
    }

    #[test]
    fn every_cut_agrees() {
        let text = "\u{feff}{\"a\":1}\r\n\n{\"b\":\"日本\"}\n  \n{\"last\":true}".as_bytes();
        let lines = ["{\"a\":1}", "{\"b\":\"日本\"}", "{\"last\":true}"];
        for cut in 0..=text.len() {
            let (head, tail) = text.split_at(cut);
            assert_eq!(parse(&[head, tail]), lines, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(parse(&bytes), lines);
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut parser = LineParser::default();
        let piece = vec![b'x'; 1 << 20];
        assert!((0..40).any(|_| parser.push(&piece, |_| {}).is_err()));
    }
}
