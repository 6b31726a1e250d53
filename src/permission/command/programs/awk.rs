//! `awk`: programs that only compute and print.

use super::super::cx::{Cx, Verdict, is_unknown};

/// Words that read, write, run, or reach beyond the input.
const ACTIVE: &[&str] = &[
    "system",
    "getline",
    "close",
    "fflush",
    "ENVIRON",
    "PROCINFO",
    "ARGV",
    "ARGC",
    "SYMTAB",
    "FUNCTAB",
    "extension",
];

/// Words after which a slash begins a pattern, though a name stands before it.
const BEFORE_PATTERN: &[&str] = &["print", "printf", "return", "in", "case", "do", "else"];

/// Words after which either is possible.
const UNCLEAR: &[&str] = &[
    "exit",
    "next",
    "nextfile",
    "delete",
    "break",
    "continue",
    "if",
    "while",
    "for",
    "function",
    "func",
    "switch",
    "default",
    "length",
    "BEGIN",
    "END",
    "BEGINFILE",
    "ENDFILE",
];

/// Left out on purpose: `-f`, `-i`, `-l`, `-E`, output to files and programs.
pub(super) fn judge(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let mut program = None;
    let mut words = args.iter();
    while let Some(&word) = words.next() {
        let value = program.is_none() && word.starts_with("-v") && word.len() > 2;
        if is_unknown(word) && !value {
            return Err("an argument is only known when it runs".to_string());
        }
        match word {
            _ if program.is_some() => cx.read(word)?,
            "--version" => return Ok(()),
            "-F" => {
                words.next();
            }
            "-v" => assignment(words.next().copied().unwrap_or_default())?,
            "--" => {}
            word if word.starts_with("-F") => {}
            word if word.starts_with("-v") => assignment(&word[2..])?,
            word if word.starts_with('-') => return super::no_rule(),
            word => {
                check(word)?;
                program = Some(word);
            }
        }
    }
    Ok(())
}

/// `-v name=value`.
fn assignment(text: &str) -> Verdict {
    match text.split_once('=') {
        Some((name, _)) if !ACTIVE.contains(&name) => Ok(()),
        _ => super::no_rule(),
    }
}

/// What the last piece of the program was, as far as it tells what a slash means.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// An operand is expected: a slash begins a pattern.
    Operator,
    /// An operand was there: a slash divides.
    Operand,
    /// Either is possible.
    Unclear,
}

fn check(program: &str) -> Verdict {
    let odd = || Err("its program is not understood".to_string());
    let chars: Vec<char> = program.chars().collect();
    let mut at = 0;
    let mut before = Before::Operator;
    let mut braces = 0usize;
    // Open parentheses: whether what follows each is a condition of a statement.
    let mut parens: Vec<bool> = Vec::new();
    let mut heads = false;
    while let Some(&ch) = chars.get(at) {
        at += 1;
        let next = chars.get(at).copied();
        let head = std::mem::take(&mut heads);
        match ch {
            ' ' | '\t' => {
                heads = head;
                continue;
            }
            '\n' | ';' | ',' => {
                heads = head && ch == '\n';
                before = Before::Operator;
            }
            '#' => {
                heads = head;
                while chars.get(at).is_some_and(|ch| *ch != '\n') {
                    at += 1;
                }
            }
            '"' => {
                at = quoted(&chars, at, '"').ok_or("its program is not understood")?;
                before = Before::Operand;
            }
            '/' => match before {
                Before::Operator => {
                    at = quoted(&chars, at, '/').ok_or("its program is not understood")?;
                    before = Before::Operand;
                }
                Before::Operand => before = Before::Operator,
                Before::Unclear => return odd(),
            },
            ch if ch.is_ascii_alphabetic() || ch == '_' => {
                let start = at - 1;
                while chars
                    .get(at)
                    .is_some_and(|ch| ch.is_ascii_alphanumeric() || *ch == '_')
                {
                    at += 1;
                }
                let word: String = chars[start..at].iter().collect();
                if ACTIVE.contains(&word.as_str()) {
                    return Err(format!("its program uses {word}"));
                }
                heads = ["if", "while", "for", "switch"].contains(&word.as_str());
                before = if BEFORE_PATTERN.contains(&word.as_str()) {
                    Before::Operator
                } else if UNCLEAR.contains(&word.as_str()) {
                    Before::Unclear
                } else {
                    Before::Operand
                };
            }
            '+' | '-' if next == Some(ch) => {
                // `x++ / 2` and `++/re/`.
                at += 1;
                before = Before::Unclear;
            }
            ch if ch.is_ascii_digit() || ch == '.' => before = Before::Operand,
            '{' => {
                braces += 1;
                before = Before::Operator;
            }
            '}' => {
                braces = braces.saturating_sub(1);
                before = Before::Operator;
            }
            '(' => {
                parens.push(head);
                before = Before::Operator;
            }
            ')' => {
                // `(x) / 2` and `if (x) /re/`.
                before = match parens.pop() {
                    Some(false) => Before::Operand,
                    _ => Before::Unclear,
                };
            }
            '[' => before = Before::Operator,
            ']' => before = Before::Operand,
            '$' => before = Before::Operator,
            '|' => {
                if next != Some('|') {
                    return Err("its program uses a pipe".to_string());
                }
                at += 1;
                before = Before::Operator;
            }
            '>' => {
                // In an action, outside parentheses, it writes to a file.
                if next == Some('>') || (next != Some('=') && braces > 0 && parens.is_empty()) {
                    return Err("its program may write a file".to_string());
                }
                before = Before::Operator;
            }
            '<' | '=' | '!' | '~' | '&' | '+' | '-' | '*' | '%' | '^' | '?' | ':' => {
                before = Before::Operator;
            }
            _ => return odd(),
        }
    }
    Ok(())
}

/// The place behind a text or pattern that ends in `end`; nothing when it does not
/// end on its line.
fn quoted(chars: &[char], mut at: usize, end: char) -> Option<usize> {
    loop {
        match chars.get(at)? {
            '\\' => at += 2,
            '\n' => return None,
            '[' if end == '/' => at = set(chars, at + 1)?,
            ch if *ch == end => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// The place behind a set of characters. Programs differ on what may stand in it:
/// then there is none.
fn set(chars: &[char], mut at: usize) -> Option<usize> {
    if chars.get(at) == Some(&'^') {
        at += 1;
    }
    if chars.get(at) == Some(&']') {
        return None;
    }
    loop {
        match (chars.get(at)?, chars.get(at + 1)) {
            (']', _) => return Some(at + 1),
            ('/' | '\n', _) | ('\\', Some(']' | '[')) => return None,
            ('\\', _) => at += 2,
            ('[', Some(':')) => {
                let class = chars[at..].windows(2).position(|pair| pair == [':', ']'])?;
                if chars[at..at + class].contains(&'/') {
                    return None;
                }
                at += class + 2;
            }
            ('[', _) => return None,
            _ => at += 1,
        }
    }
}
