//! What the shell does itself.

use super::super::analysis::{HASH, MANY, NUMBER, UNKNOWN};
use super::super::assignments::{is_harmless_environment, is_harmless_variable};
use super::super::cx::{Cx, Verdict, is_number, is_unknown};
use super::super::feed::Feed;
use super::super::flags::{Operands, Shape};
use super::super::walk::Value;
use super::Judge::{Custom, Table};
use super::{Rows, no_rule};
use crate::permission::short;
use Operands::Names;

/// Left out on purpose: `printf -v`, `test -v`, `let`, `declare`, `alias`,
/// `shopt`, `set -a`, `hash -p`: they evaluate text or change what words mean.
pub(super) const PROGRAMS: Rows = &[
    (": true false", Custom(|_, _| Ok(()))),
    ("echo", Custom(|_, _| Ok(()))),
    ("pwd", Table(Shape::short("LP", Operands::None))),
    ("printf", Custom(printf)),
    ("test", Custom(test)),
    ("[", Custom(brackets)),
    ("type", Table(Shape::short("atpPf", Names))),
    ("exit return", Custom(exit)),
    ("alias", Custom(alias)),
    ("wait jobs umask times", Table(Shape::NOTHING)),
    ("break continue", Table(Shape::short("", Names))),
    ("hash", Table(Shape::short("", Names))),
    ("ulimit", Table(Shape::short("aHSnutv", Operands::None))),
    ("set", Custom(set)),
    ("export", Custom(export)),
    ("read", Custom(read)),
    ("unset", Custom(unset)),
];

fn printf(_: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    match args {
        ["--", ..] | [] => Ok(()),
        [format, ..] if format.starts_with('-') || format.starts_with([MANY, UNKNOWN]) => {
            Err("may set a variable".to_string())
        }
        _ => Ok(()),
    }
}

/// A file by a plain name.
pub(super) fn is_plain_file(word: &str) -> bool {
    !word.starts_with('-') && !is_unknown(word) && !word.is_empty()
}

/// Shows what names stand for; giving one asks, and is looked at.
fn alias(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    for (_, line) in args.iter().filter_map(|word| word.split_once('=')) {
        if !is_unknown(line) {
            cx.start_line(line);
        }
    }
    if args.is_empty() { Ok(()) } else { no_rule() }
}

fn exit(_: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    match args {
        [] => Ok(()),
        [code] if is_unknown(code) || code.bytes().all(|byte| byte.is_ascii_digit()) => Ok(()),
        _ => no_rule(),
    }
}

/// Only what stops a script earlier or makes it tell more.
fn set(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    if args.is_empty() {
        cx.confined("shows the environment, which may hold secrets");
        return Ok(());
    }
    let mut words = args.iter();
    while let Some(&word) = words.next() {
        let letters = word.strip_prefix(['-', '+']).unwrap_or("?");
        if letters.is_empty() || !letters.chars().all(|ch| "euxo".contains(ch)) {
            return no_rule();
        }
        if letters.contains('o')
            && !(letters.ends_with('o')
                && matches!(
                    words.next(),
                    Some(&("pipefail" | "errexit" | "nounset" | "xtrace"))
                ))
        {
            return no_rule();
        }
    }
    Ok(())
}

fn export(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    if args.is_empty() || args == ["-p"] {
        cx.confined("shows the environment, which may hold secrets");
        return Ok(());
    }
    for word in args {
        match word.split_once('=') {
            Some((name, value)) if !is_unknown(word) && is_harmless_environment(name, value) => {}
            _ => return Err(format!("sets {} for programs", short(word))),
        }
    }
    Ok(())
}

/// `read -r line`: the names are set to something, one name to a whole line.
fn read(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let names = args.iter().filter(|word| !word.starts_with('-')).count();
    let line = if names == 1 { a_line(cx) } else { None };
    for word in args {
        match *word {
            "-r" | "-s" => {}
            name if is_harmless_variable(name) && !is_unknown(name) => {
                let value = line.clone().map_or(Value::Unknown, Value::Text);
                cx.walker.vars.insert(name.to_string(), value);
            }
            _ => return no_rule(),
        }
    }
    Ok(())
}

/// What stands for a line of the standard input.
fn a_line(cx: &mut Cx<'_, '_>) -> Option<String> {
    match cx.walker.feed.clone() {
        Feed::Numbers => Some(NUMBER.to_string()),
        Feed::Hashes => Some(HASH.to_string()),
        Feed::Paths(paths) if paths.present && !paths.ended => {
            let whole = cx.walker.are_words(&paths);
            match cx.walker.words_for(&paths, false).as_slice() {
                [word] if whole => Some(word.clone()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Forgets variables of the shell itself.
fn unset(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    for name in args {
        if is_unknown(name) || !is_harmless_variable(name) {
            return no_rule();
        }
        cx.walker.vars.insert(name.to_string(), Value::Unknown);
    }
    Ok(())
}

fn brackets(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    match args {
        [inner @ .., "]"] => test(cx, inner),
        _ => Err("a bracket is not closed".to_string()),
    }
}

/// Operators before a path.
const ON_FILES: &str = "-e -f -d -r -w -x -s -L -h -S -p -b -c -g -k -u -O -G -N";

/// Operators between texts or numbers, and before a text.
const AROUND_TEXT: &str = "= == != < > -eq -ne -lt -le -gt -ge -n -z";

fn test(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    for (at, word) in args.iter().enumerate() {
        let around = |at: Option<usize>| {
            at.and_then(|at| args.get(at))
                .is_some_and(|word| super::listed(AROUND_TEXT, word))
        };
        // Anywhere else it may turn out as an operator that evaluates the next word.
        let safe = args.len() == 1 || around(at.checked_sub(1)) || around(Some(at + 1));
        if word.contains(MANY) || (is_unknown(word) && !is_number(word) && !safe) {
            return Err("a condition is only known when it runs".to_string());
        }
    }
    conditions(cx, args)
}

fn conditions(cx: &mut Cx<'_, '_>, words: &[&str]) -> Verdict {
    for (at, word) in words.iter().enumerate() {
        if matches!(*word, "-v" | "-R") {
            return Err("looks up a variable by what a text says".to_string());
        }
        if super::listed(ON_FILES, word)
            && let Some(path) = words.get(at + 1)
            && !path.is_empty()
        {
            cx.list(path)?;
        }
    }
    Ok(())
}

/// The words of `[[ … ]]`. Its sums evaluate what they are given, quoted or not.
pub fn double_brackets(cx: &mut Cx<'_, '_>, argv: Vec<String>) {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    let sums = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge"];
    let number = |word: Option<&&str>| word.is_some_and(|word| is_number(word));
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        if sums.contains(word) && !(number(before) && number(words.get(at + 1))) {
            cx.around("evaluates text as a sum");
        }
    }
    if let Err(why) = conditions(cx, &words) {
        cx.around(why);
    }
}
