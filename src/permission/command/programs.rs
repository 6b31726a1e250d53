//! How the arguments of a program are judged: by a [`Shape`], the flags that can
//! neither write, execute nor leave the workspace. An unknown flag asks; so does
//! an abbreviated one.

use super::short;

/// What the words that are no flags are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operands {
    /// None allowed.
    None,
    /// Paths inside the workspace.
    Paths,
    /// Text: never opened.
    Text,
    /// At most this many paths.
    PathsUpTo(usize),
    /// First a pattern, then paths; only paths if one of these flags is given.
    PatternThenPaths(&'static [&'static str]),
    /// Plain names: letters, digits, `_`, `-`, `.`, `:`, `@`.
    Names,
}

/// Flags and operands of a program or subcommand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Letters of flags without a value; they may be clustered.
    pub(super) short: &'static str,
    /// Letters of flags with a value that is text, glued or in the next word.
    pub(super) short_value: &'static str,
    /// Long flags without a value.
    pub(super) long: &'static [&'static str],
    /// Long flags with a value that is text, after `=` or in the next word.
    pub(super) long_value: &'static [&'static str],
    /// Long flags whose value may only follow after `=`, or be missing.
    pub(super) long_maybe: &'static [&'static str],
    /// `-20` is a number.
    pub(super) numeric: bool,
    /// The rest.
    pub(super) operands: Operands,
}

impl Shape {
    pub(super) const NOTHING: Self = Self {
        short: "",
        short_value: "",
        long: &[],
        long_value: &[],
        long_maybe: &[],
        numeric: false,
        operands: Operands::None,
    };

    pub(super) const fn short(short: &'static str, operands: Operands) -> Self {
        Self {
            short,
            operands,
            ..Self::NOTHING
        }
    }
}

/// How a program's arguments are judged.
#[derive(Clone, Copy)]
pub(super) enum Checker {
    /// By a table.
    Shape(Shape),
    /// By a function.
    Custom(fn(&[&str]) -> Result<(), String>),
}

/// The program of that exact name.
pub(super) fn find(program: &str) -> Option<&'static Checker> {
    super::table::PROGRAMS
        .iter()
        .find(|(names, _)| names.contains(&program))
        .map(|(_, checker)| checker)
}

/// Judges arguments.
pub(super) fn run(checker: &Checker, args: &[&str]) -> Result<(), String> {
    match checker {
        Checker::Shape(shape) => fits(shape, args),
        Checker::Custom(check) => check(args),
    }
}

/// Whether a word, taken as a path, cannot leave the workspace by its spelling.
pub(super) fn stays_inside(word: &str) -> bool {
    !word.starts_with(['/', '~'])
        && !word.contains('\\')
        && !word.split('/').any(|part| part == "..")
}

/// Judges arguments by a table.
pub(super) fn fits(shape: &Shape, args: &[&str]) -> Result<(), String> {
    let mut operands = Vec::new();
    let mut flags = Vec::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        if *word == "--" {
            operands.extend(words.by_ref());
            break;
        }
        if let Some(long) = word.strip_prefix("--") {
            let takes_next = long_flag(shape, long)?;
            flags.push(*word);
            if takes_next && words.next().is_none() {
                return Err(format!("{word} lacks its value"));
            }
        } else if word.len() > 1 && word.starts_with('-') {
            flags.push(*word);
            if short_flags(shape, &word[1..])? && words.next().is_none() {
                return Err(format!("{word} lacks its value"));
            }
        } else {
            operands.push(*word);
        }
    }
    check_operands(shape.operands, &operands, &flags)
}

/// Whether the value is in the next word.
fn long_flag(shape: &Shape, flag: &str) -> Result<bool, String> {
    let (name, value) = match flag.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (flag, None),
    };
    if shape.long.contains(&name) && value.is_none() || shape.long_maybe.contains(&name) {
        return Ok(false);
    }
    if shape.long_value.contains(&name) {
        return Ok(value.is_none());
    }
    Err(format!("no rule for --{}", short(flag)))
}

/// Whether the value of the last letter is in the next word.
fn short_flags(shape: &Shape, cluster: &str) -> Result<bool, String> {
    if shape.numeric && cluster.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(false);
    }
    for (at, letter) in cluster.char_indices() {
        if shape.short_value.contains(letter) {
            return Ok(at + letter.len_utf8() == cluster.len());
        }
        if !shape.short.contains(letter) {
            return Err(format!("no rule for -{}", short(cluster)));
        }
    }
    Ok(false)
}

fn check_operands(kind: Operands, operands: &[&str], flags: &[&str]) -> Result<(), String> {
    let inside = |words: &[&str]| match words.iter().find(|word| !stays_inside(word)) {
        Some(word) => Err(format!("{} may lie outside the workspace", short(word))),
        None => Ok(()),
    };
    match kind {
        Operands::Text => Ok(()),
        Operands::None if operands.is_empty() => Ok(()),
        Operands::None => Err(format!("no rule for `{}`", short(operands[0]))),
        Operands::Paths => inside(operands),
        Operands::PathsUpTo(most) if operands.len() <= most => inside(operands),
        Operands::PathsUpTo(_) => Err("too many paths".to_string()),
        Operands::PatternThenPaths(unless) => {
            let only_paths = flags.iter().any(|flag| {
                unless.iter().any(|u| {
                    flag.split('=').next() == Some(u)
                        || (!flag.starts_with("--") && u.len() == 2 && flag.contains(&u[1..]))
                })
            });
            let first = usize::from(!only_paths).min(operands.len());
            inside(&operands[first..])
        }
        Operands::Names => match operands.iter().find(|word| !is_name(word)) {
            Some(word) => Err(format!("no rule for `{}`", short(word))),
            None => Ok(()),
        },
    }
}

/// A plain name: no path, no assignment.
pub(super) fn is_name(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with(['-', '.'])
        && word
            .chars()
            .all(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '.' | ':' | '@'))
}
