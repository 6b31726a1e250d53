//! The words of a line: quotes, escapes, expansions.

use unicode_width::UnicodeWidthChar;

use super::ast::{Piece, Word};
use super::parse::{Outcome, Parser};

/// ASCII characters beside letters and digits that may stand unquoted in a word.
const PLAIN: &str = "_-./:,@%+=^~*?[]{}!#";

/// What may stand unexamined inside `${x%…}` and `$((…))`.
const IN_BRACES: &str = " _./:*?%+,=-@^";
const IN_SUMS: &str = " _+-*/%<>=!&|^~?:(),$";

/// The pieces of a word as they come.
#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn text(&mut self, ch: char, quoted: bool) {
        match self.0.last_mut() {
            Some(Piece::Text { text, quoted: q }) if *q == quoted => text.push(ch),
            _ => self.0.push(Piece::Text {
                text: ch.to_string(),
                quoted,
            }),
        }
    }

    /// Quotes around nothing still make a word.
    fn quotes(&mut self) {
        self.0.push(Piece::Text {
            text: String::new(),
            quoted: true,
        });
    }
}

impl Parser<'_> {
    /// At `<(` or `>(`.
    pub(super) fn at_process(&self) -> bool {
        self.rest().starts_with("<(") || self.rest().starts_with(">(")
    }

    pub(super) fn word(&mut self) -> Outcome<Word> {
        let word = self.word_or_nothing()?;
        if word.pieces.is_empty() {
            return Err("a word is missing".to_string());
        }
        Ok(word)
    }

    pub(super) fn word_or_nothing(&mut self) -> Outcome<Word> {
        let start = self.at;
        let mut pieces = Pieces::default();
        while let Some(ch) = self.peek() {
            match ch {
                ' ' | '\t' | '\n' | '|' | '&' | ';' | '(' | ')' => break,
                '<' | '>' => {
                    if !self.at_process() {
                        break;
                    }
                    self.at += 2;
                    let body = self.inner_body()?;
                    pieces.0.push(Piece::Process { body });
                }
                '\'' => self.single(&mut pieces)?,
                '"' => self.double(&mut pieces)?,
                '\\' => {
                    self.at += 1;
                    let Some(next) = self.peek() else {
                        return Err("it ends in a backslash".to_string());
                    };
                    if next == '\n' {
                        return Err("a word is continued on the next line".to_string());
                    }
                    inside_quotes(next)?;
                    self.at += next.len_utf8();
                    pieces.text(next, true);
                }
                '$' => self.dollar(&mut pieces, false)?,
                '`' => self.backticks(&mut pieces, false)?,
                ch => {
                    outside_quotes(ch)?;
                    self.at += ch.len_utf8();
                    pieces.text(ch, false);
                }
            }
        }
        let word = Word {
            pieces: pieces.0,
            span: start..self.at,
        };
        // Bash would store a descriptor in a variable, and compute which element of an
        // array that is: as it is written, quotes and all.
        let written = &self.src[word.span.clone()];
        if self.rest().starts_with(['<', '>']) && written.starts_with('{') && written.ends_with('}')
        {
            return Err("a redirection with a variable".to_string());
        }
        Ok(word)
    }

    /// The commands of a substitution and the parenthesis behind them.
    fn inner_body(&mut self) -> Outcome<super::ast::Body> {
        self.nested += 1;
        let body = self.body(&[])?;
        self.nested -= 1;
        if body.is_empty() || !self.eat(")") {
            return Err("a substitution is not closed".to_string());
        }
        Ok(body)
    }

    fn single(&mut self, pieces: &mut Pieces) -> Outcome<()> {
        self.at += 1;
        let Some(length) = self.rest().find('\'') else {
            return Err("a quote is not closed".to_string());
        };
        pieces.quotes();
        for ch in self.rest()[..length].chars() {
            inside_quotes(ch)?;
            pieces.text(ch, true);
        }
        self.at += length + 1;
        Ok(())
    }

    fn double(&mut self, pieces: &mut Pieces) -> Outcome<()> {
        self.at += 1;
        pieces.quotes();
        loop {
            let Some(ch) = self.peek() else {
                return Err("a quote is not closed".to_string());
            };
            match ch {
                '"' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => self.quoted_char(ch, "$`\"\\", pieces)?,
            }
        }
    }

    /// One character of a double-quoted text or a here-document; `escapes` are
    /// the characters a backslash quotes there.
    fn quoted_char(&mut self, ch: char, escapes: &str, pieces: &mut Pieces) -> Outcome<()> {
        match ch {
            '$' => self.dollar(pieces, true),
            '`' => self.backticks(pieces, true),
            '\\' => {
                self.at += 1;
                match self.peek() {
                    Some('\n') => {
                        self.at += 1;
                        Ok(())
                    }
                    Some(next) if escapes.contains(next) => {
                        self.at += next.len_utf8();
                        pieces.text(next, true);
                        Ok(())
                    }
                    _ => {
                        pieces.text('\\', true);
                        Ok(())
                    }
                }
            }
            ch => {
                inside_quotes(ch)?;
                self.at += ch.len_utf8();
                pieces.text(ch, true);
                Ok(())
            }
        }
    }

    /// The body of a here-document as one word.
    pub(super) fn here_word(&mut self, start: usize, end: usize) -> Outcome<Word> {
        let outer = (self.at, self.end);
        (self.at, self.end) = (start, end);
        self.nested += 1;
        let mut pieces = Pieces::default();
        pieces.quotes();
        while let Some(ch) = self.peek() {
            // Bash joins such a line with the next, which may hide or make an end.
            if self.rest().starts_with("\\\n") {
                return Err("a here-document with a continued line".to_string());
            }
            self.quoted_char(ch, "$`\\", &mut pieces)?;
        }
        self.nested -= 1;
        (self.at, self.end) = outer;
        Ok(Word {
            pieces: pieces.0,
            span: start..end,
        })
    }

    fn backticks(&mut self, pieces: &mut Pieces, quoted: bool) -> Outcome<()> {
        self.at += 1;
        let Some(length) = self.rest().find('`') else {
            return Err("a backtick is not closed".to_string());
        };
        if self.rest()[..length].contains('\\') {
            return Err("a backslash between backticks".to_string());
        }
        let outer = self.end;
        self.end = self.at + length;
        self.nested += 1;
        let body = self.body(&[])?;
        if body.is_empty() || self.at != self.end {
            return Err("a substitution is not closed".to_string());
        }
        self.nested -= 1;
        self.end = outer;
        self.at += 1;
        pieces.0.push(Piece::Run { body, quoted });
        Ok(())
    }

    fn dollar(&mut self, pieces: &mut Pieces, quoted: bool) -> Outcome<()> {
        self.at += 1;
        let rest = self.rest();
        if rest.starts_with("((") {
            return self.sum(pieces, quoted);
        }
        if rest.starts_with('(') {
            self.at += 1;
            let body = self.inner_body()?;
            pieces.0.push(Piece::Run { body, quoted });
            return Ok(());
        }
        if rest.starts_with('{') {
            return self.braces(pieces, quoted);
        }
        let length = name_length(rest);
        if length > 0 {
            self.at += length;
            pieces.0.push(Piece::Variable {
                name: rest[..length].to_string(),
                changed: false,
                quoted,
            });
            return Ok(());
        }
        match self.peek() {
            Some('\'') if !quoted => self.ansi_c(pieces),
            Some('"') if !quoted => Err("a translated text".to_string()),
            Some('[') => Err("an old-style sum".to_string()),
            Some('\\') if rest.starts_with("\\\n") => {
                Err("an expansion is continued on the next line".to_string())
            }
            _ => {
                pieces.text('$', true);
                Ok(())
            }
        }
    }

    /// `$(( … ))`, if it holds nothing but a sum.
    fn sum(&mut self, pieces: &mut Pieces, quoted: bool) -> Outcome<()> {
        self.at += 2;
        let text = self.sum_text("")?;
        pieces.0.push(Piece::Sum { text, quoted });
        Ok(())
    }

    /// The text of a sum up to `))`, and past them. `more` may stand in it too.
    pub(super) fn sum_text(&mut self, more: &str) -> Outcome<String> {
        let rest = self.rest();
        let mut open = 0usize;
        for (at, ch) in rest.char_indices() {
            match ch {
                ')' if open == 0 => {
                    if !rest[at..].starts_with("))") {
                        break;
                    }
                    self.at += at + 2;
                    return Ok(rest[..at].to_string());
                }
                ')' => open -= 1,
                '(' => open += 1,
                // `$name` is a number at best; `$(` runs something.
                '$' if name_length(&rest[at + 1..]) == 0 => break,
                ch if ch.is_ascii_alphanumeric() || IN_SUMS.contains(ch) || more.contains(ch) => {}
                _ => break,
            }
        }
        Err("it computes something odd".to_string())
    }

    /// `${…}` in the forms that only look at a value.
    fn braces(&mut self, pieces: &mut Pieces, quoted: bool) -> Outcome<()> {
        self.at += 1;
        let odd = || Err("an odd expansion".to_string());
        let rest = self.rest();
        let Some(length) = rest.find('}') else {
            return odd();
        };
        let inner = &rest[..length];
        self.at += length + 1;
        let counted = inner.strip_prefix('#').filter(|name| !name.is_empty());
        let inner = counted.unwrap_or(inner);
        let length = name_length(inner);
        let (name, change) = inner.split_at(length);
        let plain = |text: &str| {
            text.chars()
                .all(|ch| ch.is_ascii_alphanumeric() || IN_BRACES.contains(ch))
        };
        let digits = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b':')
        };
        // The only array that is there without being made.
        let statuses = name == "PIPESTATUS"
            && change
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
                .is_some_and(|index| index == "@" || digits(index));
        let known = match change.chars().next() {
            None => true,
            Some('[') => statuses,
            Some(_) if counted.is_some() => false,
            // `@` in the text would be an operator only at its start.
            Some('#' | '%' | '/' | '^' | ',') => plain(change.trim_start_matches(['#', '/'])),
            Some('-' | '+') => plain(&change[1..]),
            Some(':') => match change[1..].chars().next() {
                Some('-' | '+') => plain(&change[2..]),
                _ => digits(&change[1..]),
            },
            Some(_) => false,
        };
        if name.is_empty() || !known {
            return odd();
        }
        pieces.0.push(Piece::Variable {
            name: name.to_string(),
            changed: counted.is_some() || !change.is_empty(),
            quoted,
        });
        Ok(())
    }

    /// `$'…'`.
    fn ansi_c(&mut self, pieces: &mut Pieces) -> Outcome<()> {
        self.at += 1;
        pieces.quotes();
        loop {
            let Some(ch) = self.peek() else {
                return Err("a quote is not closed".to_string());
            };
            self.at += ch.len_utf8();
            let decoded = match ch {
                '\'' => return Ok(()),
                '\\' => self.escape()?,
                ch => {
                    inside_quotes(ch)?;
                    ch
                }
            };
            pieces.text(decoded, true);
        }
    }

    fn escape(&mut self) -> Outcome<char> {
        let odd = || "an odd escape".to_string();
        let ch = self.peek().ok_or_else(odd)?;
        self.at += ch.len_utf8();
        let number = |parser: &mut Self, radix: u32, most: usize, first: Option<char>| {
            let text: String = first
                .into_iter()
                .chain(parser.rest().chars())
                .take(most)
                .take_while(|ch| ch.is_digit(radix))
                .collect();
            parser.at += text.len() - usize::from(first.is_some());
            // Beyond ASCII `\x` and octal escapes are bytes, which need not be text.
            u32::from_str_radix(&text, radix).ok()
        };
        let code = match ch {
            'a' => 7,
            'b' => 8,
            'e' | 'E' => 27,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            '\\' | '\'' | '"' | '?' => u32::from(ch),
            '0'..='7' => number(self, 8, 3, Some(ch))
                .filter(|n| *n < 128)
                .ok_or_else(odd)?,
            'x' => number(self, 16, 2, None)
                .filter(|n| *n < 128)
                .ok_or_else(odd)?,
            'u' => number(self, 16, 4, None).ok_or_else(odd)?,
            'U' => number(self, 16, 8, None).ok_or_else(odd)?,
            _ => return Err(odd()),
        };
        // The first two mark what is unknown further on.
        match char::from_u32(code) {
            Some(decoded) if code > 1 => Ok(decoded),
            _ => Err(odd()),
        }
    }
}

/// Length of the name of a variable or parameter.
fn name_length(text: &str) -> usize {
    match text.chars().next() {
        Some(ch) if ch.is_ascii_alphabetic() || ch == '_' => text
            .find(|ch: char| !ch.is_ascii_alphanumeric() && ch != '_')
            .unwrap_or(text.len()),
        Some(ch) if ch.is_ascii_digit() || "?$!#@*-".contains(ch) => 1,
        _ => 0,
    }
}

fn inside_quotes(ch: char) -> Outcome<()> {
    if ch.is_control() && !matches!(ch, '\t' | '\n') {
        return Err("a control character in a quoted word".to_string());
    }
    Ok(())
}

/// Bash takes all of these for letters; people do not see some of them.
fn outside_quotes(ch: char) -> Outcome<()> {
    let fine = if ch.is_ascii() {
        ch.is_ascii_alphanumeric() || PLAIN.contains(ch)
    } else {
        !ch.is_whitespace() && !ch.is_control() && ch.width().unwrap_or(0) > 0
    };
    if fine {
        Ok(())
    } else if ch.is_control() {
        Err("a control character".to_string())
    } else {
        Err("an invisible or odd blank character".to_string())
    }
}
