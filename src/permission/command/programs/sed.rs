//! `sed`: scripts that only print.

use super::super::analysis::NUMBER;
use super::super::cx::{Cx, Verdict, is_unknown};

/// Left out on purpose: `-i`, `-f`, and the commands `e`, `r`, `R`, `w`, `W`.
pub(super) fn judge(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let mut scripts: Vec<&str> = Vec::new();
    let mut operands = Vec::new();
    let mut words = args.iter();
    while let Some(&word) = words.next() {
        if is_unknown(&word.replace(NUMBER, "")) {
            return Err("an argument is only known when it runs".to_string());
        }
        match word {
            "--" => operands.extend(words.by_ref()),
            "-e" | "--expression" | "-ne" | "-En" | "-nE" | "-nr" | "-rn" | "-Ee" | "-nEe"
            | "-E" | "-r" | "-n" | "-s" | "-u" | "-z" | "--quiet" | "--silent"
            | "--regexp-extended" | "--unbuffered" | "--separate" | "--null-data" | "--sandbox"
            | "--debug" | "--version" => {
                if word.ends_with('e') && !word.starts_with("--") || word == "--expression" {
                    scripts.push(words.next().ok_or("its script is missing")?);
                }
            }
            word if word.starts_with("--expression=") => {
                scripts.push(&word["--expression=".len()..]);
            }
            word if word.len() > 1 && word.starts_with('-') => {
                return Err("may change files".to_string());
            }
            word => operands.push(word),
        }
    }
    if scripts.is_empty() {
        if operands.is_empty() {
            return Ok(());
        }
        scripts.push(operands.remove(0));
    }
    if scripts
        .iter()
        .any(|script| is_unknown(&script.replace(NUMBER, "")))
    {
        return Err("its script is only known when it runs".to_string());
    }
    // A number, whichever it is.
    let script = scripts.join("\n").replace(NUMBER, "1");
    check(&script)?;
    operands.iter().try_for_each(|word| cx.read(word))
}

/// Judges a script. Programs differ on whether a set may hold the delimiter of its
/// pattern: then the script is harmless in both readings, or not even read in one.
fn check(script: &str) -> Verdict {
    let read = |sets| Script::new(script, sets).check();
    match read(Sets::Unclear) {
        Err(why) if script.contains('[') && why == ODD => {
            read(Sets::Hold)?;
            match read(Sets::Ignored) {
                Err(why) if why == REFUSED => Ok(()),
                other => other,
            }
        }
        other => other,
    }
}

const ODD: &str = "its script is not understood";
const REFUSED: &str = "its script is none";

/// What a delimiter between brackets is.
#[derive(Clone, Copy, PartialEq)]
enum Sets {
    /// Reason to stop.
    Unclear,
    /// A member of the set.
    Hold,
    /// The end of the pattern.
    Ignored,
}

struct Script {
    chars: Vec<char>,
    at: usize,
    sets: Sets,
}

impl Script {
    fn new(text: &str, sets: Sets) -> Self {
        Self {
            chars: text.chars().collect(),
            at: 0,
            sets,
        }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let ch = self.peek();
        self.at += 1;
        ch
    }

    fn skip(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&wanted) {
            self.at += 1;
        }
    }

    fn check(&mut self) -> Verdict {
        loop {
            self.skip(|ch| ch.is_ascii_whitespace() || ch == ';');
            if self.peek().is_none() {
                return Ok(());
            }
            self.addresses()?;
            let Some(command) = self.next() else {
                return odd();
            };
            match command {
                '#' => self.skip(|ch| ch != '\n'),
                '{' | '}' => continue,
                'a' | 'i' | 'c' => {
                    self.text();
                    continue;
                }
                '=' | 'd' | 'D' | 'g' | 'G' | 'h' | 'H' | 'n' | 'N' | 'p' | 'P' | 'x' | 'z' => {}
                'q' | 'Q' | 'l' => {
                    self.skip(|ch| ch == ' ');
                    self.skip(|ch| ch.is_ascii_digit());
                }
                'b' | 't' | 'T' | ':' => {
                    self.skip(|ch| ch == ' ');
                    self.skip(|ch| ch.is_ascii_alphanumeric() || ch == '_');
                }
                's' => {
                    let delimiter = self.delimiter()?;
                    self.pattern(delimiter)?;
                    self.replacement(delimiter)?;
                    self.skip(|ch| "gpiImM".contains(ch) || ch.is_ascii_digit());
                    let known = |ch: char| ch.is_whitespace() || "ew;}#".contains(ch);
                    if self.peek().is_some_and(|ch| !known(ch)) {
                        return Err(REFUSED.to_string());
                    }
                }
                'y' => {
                    let delimiter = self.delimiter()?;
                    self.replacement(delimiter)?;
                    self.replacement(delimiter)?;
                }
                'e' | 'r' | 'R' | 'w' | 'W' => {
                    return Err(format!("its script uses `{command}`"));
                }
                // No program has such a command.
                ']' => return Err(REFUSED.to_string()),
                _ => return odd(),
            }
            self.skip(|ch| ch == ' ' || ch == '\t');
            if !matches!(self.peek(), None | Some(';' | '\n' | '}')) {
                return odd();
            }
        }
    }

    fn addresses(&mut self) -> Verdict {
        self.address()?;
        self.skip(|ch| ch == ' ');
        if self.peek() == Some(',') {
            self.at += 1;
            self.skip(|ch| ch == ' ');
            self.skip(|ch| ch == '+' || ch == '~');
            self.address()?;
        }
        self.skip(|ch| ch == ' ' || ch == '!');
        Ok(())
    }

    fn address(&mut self) -> Verdict {
        match self.peek() {
            Some('$') => self.at += 1,
            Some(ch) if ch.is_ascii_digit() => {
                self.skip(|ch| ch.is_ascii_digit());
                if self.peek() == Some('~') {
                    self.at += 1;
                    self.skip(|ch| ch.is_ascii_digit());
                }
            }
            Some('/') => {
                self.at += 1;
                self.pattern('/')?;
                self.skip(|ch| ch == 'I' || ch == 'M');
            }
            Some('\\') => {
                self.at += 1;
                let delimiter = self.delimiter()?;
                self.pattern(delimiter)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn delimiter(&mut self) -> Result<char, String> {
        match self.next() {
            Some(ch) if ch.is_ascii_punctuation() && !matches!(ch, '\\' | '[' | ']') => Ok(ch),
            _ => Err(ODD.to_string()),
        }
    }

    /// Past a pattern. Programs differ on whether a set may hold the delimiter.
    fn pattern(&mut self, delimiter: char) -> Verdict {
        let mut set: Option<usize> = None;
        loop {
            let at = self.at;
            match self.next() {
                None | Some('\n') => return odd(),
                Some('\\') if set.is_none() => {
                    self.next();
                }
                Some(ch) if ch == delimiter => match self.sets {
                    _ if set.is_none() => return Ok(()),
                    Sets::Hold => {}
                    _ => return odd(),
                },
                Some('[') if set.is_none() && self.sets != Sets::Ignored => set = Some(at),
                Some('[') if self.peek() == Some(':') => {
                    self.skip(|ch| ch == ':' || ch.is_ascii_alphabetic());
                    if self.next() != Some(']') {
                        return odd();
                    }
                }
                // A `]` right behind the start is a member.
                Some(']') => {
                    if let Some(start) = set {
                        let negated = self.chars.get(start + 1) == Some(&'^');
                        if at > start + 1 + usize::from(negated) {
                            set = None;
                        }
                    }
                }
                Some(_) => {}
            }
        }
    }

    fn replacement(&mut self, delimiter: char) -> Verdict {
        loop {
            match self.next() {
                None => return odd(),
                Some('\\') => {
                    self.next();
                }
                Some(ch) if ch == delimiter => return Ok(()),
                Some(_) => {}
            }
        }
    }

    /// Past the text of `a`, `i`, `c`: to the end of the line.
    fn text(&mut self) {
        while let Some(ch) = self.next() {
            match ch {
                '\\' => {
                    self.next();
                }
                '\n' => return,
                _ => {}
            }
        }
    }
}

fn odd() -> Verdict {
    Err(ODD.to_string())
}
