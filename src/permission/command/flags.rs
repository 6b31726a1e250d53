//! How the arguments of a program are judged by a table: the flags that can
//! neither write, execute nor leave the workspace. An unknown flag asks; so does
//! an abbreviated one.

use super::analysis::{EffectKind, MANY, NUMBER, UNKNOWN};
use super::cx::{Cx, Verdict, is_number, is_unknown};
use crate::permission::short;

/// What the words that are no flags are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operands {
    /// None allowed.
    None,
    /// Files and directories to read.
    Paths,
    /// Files and directories to look at: names, sizes, dates.
    Listed,
    /// At most this many files to read.
    PathsUpTo(usize),
    /// Text: never opened.
    Text,
    /// First a pattern, then paths; only paths if one of these flags is given.
    PatternThenPaths(&'static str),
    /// Plain names: letters, digits, `_`, `-`, `.`, `:`, `@`.
    Names,
    /// Revisions or paths of a git repository.
    Revisions,
}

/// Flags and operands of a program or subcommand. Lists are words between blanks.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Letters of flags without a value; they may be clustered.
    pub short: &'static str,
    /// Letters of flags with a value that is text, glued or in the next word.
    pub short_value: &'static str,
    /// Letters of flags with a value that is a path to read.
    pub short_path: &'static str,
    /// Long flags without a value.
    pub long: &'static str,
    /// Long flags with a value that is text, after `=` or in the next word.
    pub long_value: &'static str,
    /// Long flags with a value that is a path to read.
    pub long_path: &'static str,
    /// Long flags whose value may only follow after `=`, or be missing.
    pub long_maybe: &'static str,
    /// Letters of flags whose value, a number or percentage, may only be glued.
    pub glued: &'static str,
    /// `-20` is a number.
    pub numeric: bool,
    /// The rest.
    pub operands: Operands,
}

impl Shape {
    /// No flag, no operand.
    pub const NOTHING: Self = Self {
        short: "",
        short_value: "",
        short_path: "",
        long: "",
        long_value: "",
        long_path: "",
        long_maybe: "",
        glued: "",
        numeric: false,
        operands: Operands::None,
    };

    /// Letters and operands only.
    pub const fn short(short: &'static str, operands: Operands) -> Self {
        Self {
            short,
            operands,
            ..Self::NOTHING
        }
    }
}

/// Where the value of a flag is.
enum Value<'a> {
    /// There is none.
    None,
    /// Text that is never opened.
    Text,
    /// A path, here.
    Path(&'a str),
    /// Text, in the next word.
    NextText,
    /// A path, in the next word.
    NextPath,
}

/// Whether a list holds a word.
pub fn listed(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

/// Judges arguments by a table.
pub fn fits(cx: &mut Cx<'_, '_>, shape: &Shape, args: &[&str]) -> Verdict {
    let mut operands = Vec::new();
    let mut flags = Vec::new();
    let mut words = args.iter();
    while let Some(&word) = words.next() {
        if word == "--" {
            operands.extend(words.by_ref());
            break;
        }
        let number = word.starts_with(NUMBER) && !shape.numeric;
        if number || word.starts_with([MANY, UNKNOWN]) {
            // It may turn out as a flag.
            if !matches!(shape.operands, Operands::Text) {
                return Err("an argument is only known when it runs".to_string());
            }
        }
        let value = if let Some(long) = word.strip_prefix("--") {
            long_flag(shape, long)?
        } else if word.len() > 1 && word.starts_with('-') {
            short_flags(shape, &word[1..])?
        } else {
            operands.push(word);
            continue;
        };
        flags.push(word);
        match value {
            Value::None | Value::Text => {}
            Value::Path(path) => cx.read(path)?,
            Value::NextText | Value::NextPath => {
                let next = words
                    .next()
                    .ok_or_else(|| format!("{word} lacks its value"))?;
                if matches!(value, Value::NextPath) {
                    cx.read(next)?;
                } else if next.contains(MANY) {
                    return Err("an argument is only known when it runs".to_string());
                } else if looks_like_flag(next) && !matches!(word, "-e" | "--regexp") {
                    // Some programs take it for one: their flags need no value.
                    return Err(format!("{word} lacks its value"));
                }
            }
        }
    }
    check_operands(cx, shape.operands, &operands, &flags)
}

/// Whether a word that should be a value is written like a flag. `-5` is a number.
fn looks_like_flag(word: &str) -> bool {
    word.strip_prefix('-')
        .and_then(|rest| rest.chars().next())
        .is_some_and(|ch| !ch.is_ascii_digit())
}

fn long_flag<'a>(shape: &Shape, flag: &'a str) -> Result<Value<'a>, String> {
    let (name, value) = match flag.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (flag, None),
    };
    if listed(shape.long, name) && value.is_none() || listed(shape.long_maybe, name) {
        return Ok(Value::None);
    }
    if listed(shape.long_value, name) {
        return Ok(value.map_or(Value::NextText, |_| Value::Text));
    }
    if listed(shape.long_path, name) {
        return Ok(value.map_or(Value::NextPath, Value::Path));
    }
    Err(format!("no rule for --{}", short(name)))
}

fn short_flags<'a>(shape: &Shape, cluster: &'a str) -> Result<Value<'a>, String> {
    if shape.numeric && is_number(cluster) {
        return Ok(Value::None);
    }
    for (at, letter) in cluster.char_indices() {
        let rest = &cluster[at + letter.len_utf8()..];
        if shape.glued.contains(letter) && is_number(rest.strip_suffix('%').unwrap_or(rest)) {
            return Ok(Value::None);
        }
        if shape.short_value.contains(letter) {
            return Ok(if rest.is_empty() {
                Value::NextText
            } else {
                Value::Text
            });
        }
        if shape.short_path.contains(letter) {
            return Ok(if rest.is_empty() {
                Value::NextPath
            } else {
                Value::Path(rest)
            });
        }
        if !shape.short.contains(letter) {
            return Err(format!("no rule for -{}", short(cluster)));
        }
    }
    Ok(Value::None)
}

fn check_operands(
    cx: &mut Cx<'_, '_>,
    kind: Operands,
    operands: &[&str],
    flags: &[&str],
) -> Verdict {
    match kind {
        Operands::Text => Ok(()),
        Operands::None => match operands.first() {
            Some(word) => Err(format!("no rule for `{}`", short(word))),
            None => Ok(()),
        },
        Operands::Paths => operands.iter().try_for_each(|word| cx.read(word)),
        Operands::Listed => operands.iter().try_for_each(|word| cx.list(word)),
        Operands::PathsUpTo(most) if operands.len() <= most => {
            operands.iter().try_for_each(|word| cx.read(word))
        }
        Operands::PathsUpTo(_) => Err("too many paths".to_string()),
        Operands::PatternThenPaths(unless) => {
            let only_paths = flags.iter().any(|flag| gives_pattern(flag, unless));
            let first = usize::from(!only_paths).min(operands.len());
            if operands[..first].iter().any(|word| word.contains(MANY)) {
                return Err("an argument is only known when it runs".to_string());
            }
            operands[first..].iter().try_for_each(|word| cx.read(word))
        }
        Operands::Names => match operands
            .iter()
            .find(|word| !is_name(word) && !is_number(word))
        {
            Some(word) => Err(format!("no rule for `{}`", short(word))),
            None => Ok(()),
        },
        Operands::Revisions => operands.iter().try_for_each(|word| revision(cx, word)),
    }
}

/// Whether a flag as written is, or holds, one of these.
fn gives_pattern(flag: &str, unless: &str) -> bool {
    unless.split_ascii_whitespace().any(|known| {
        flag.split('=').next() == Some(known)
            || (known.len() == 2 && !flag.starts_with("--") && flag.contains(&known[1..]))
    })
}

/// A revision, a path, or `REVISION:PATH`: each part that may be a path is one.
pub fn revision(cx: &mut Cx<'_, '_>, word: &str) -> Verdict {
    // The name of a commit is no path.
    if is_unknown(word) && is_unknown(&word.replace(super::analysis::HASH, "")) {
        return Err("an argument is only known when it runs".to_string());
    }
    if let Some((_, path)) = word.split_once(':')
        && !path.is_empty()
        && !path.starts_with(['/', '(', '!', '^'])
    {
        cx.mention(path)?;
    }
    if word.contains(super::analysis::HASH) {
        return Ok(());
    }
    // `:/text` and `:(magic)` are git's own; `^` and `!` begin exclusions.
    if word.starts_with(':') || word.is_empty() {
        return Ok(());
    }
    cx.path(word, EffectKind::Mentions)
}

/// A plain name: no path, no assignment.
pub fn is_name(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with(['-', '.'])
        && word
            .chars()
            .all(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '.' | ':' | '@'))
}
