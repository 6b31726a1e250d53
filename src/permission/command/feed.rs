//! What a command hands on: to the next one in a pipeline, or as the text of a
//! substitution.

use super::analysis::{MARKS, Part};
use super::cx::is_number;
use super::flags::listed;
use super::listing::{Filter, found};
use crate::permission::shell::{Node, Op};

/// What a standard input carries, or what a command prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feed {
    /// Nobody feeds it.
    Nothing,
    /// Anything.
    Unknown,
    /// Numbers.
    Numbers,
    /// Names of commits.
    Hashes,
    /// Paths below directories.
    Paths(Paths),
    /// These words, each of which is one however they are split.
    Words(Vec<String>),
    /// Lines of text, as far as they are known: looked at for what a shell would run.
    Text(String),
}

impl Feed {
    /// What a shell would read.
    pub fn script(&self) -> Option<String> {
        match self {
            Self::Words(words) => Some(words.join(" ")),
            Self::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

/// What a command prints that was given this text.
pub fn handed_on(text: String, part: Option<&Part>) -> Feed {
    let argv = part.map(|part| part.argv.as_slice()).unwrap_or_default();
    match argv {
        [program, args @ ..]
            if listed("cat tee", program) && args.iter().all(|word| word.starts_with('-')) =>
        {
            Feed::Text(text)
        }
        _ => Feed::Unknown,
    }
}

/// A list of paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The directories, as written.
    pub below: Vec<String>,
    /// Each is ended by a NUL byte, so that none can pass for two.
    pub ended: bool,
    /// They are names of what is there now, not of what once was.
    pub present: bool,
    /// Of regular files, so that none leads elsewhere.
    pub regular: bool,
    /// What else they have in common.
    pub filter: Filter,
}

impl Paths {
    fn here(ended: bool, present: bool, regular: bool) -> Self {
        Self {
            below: vec![".".to_string()],
            ended,
            present,
            regular,
            filter: Filter::default(),
        }
    }

    /// Words that stand for these paths, with this mark: as many as matter to a
    /// program that takes a second path for something else.
    pub fn words(&self, mark: char, many: bool) -> Vec<String> {
        let mut words: Vec<String> = self
            .below
            .iter()
            .map(|dir| format!("{}/{mark}", dir.trim_end_matches('/')))
            .collect();
        if many && let [word] = words.as_slice() {
            words.push(word.clone());
        }
        words
    }
}

/// What follows in a pipeline after a command that was fed with `before`.
pub fn after(before: &Feed, node: &Node, parts: &[Part]) -> Feed {
    let (Node::Simple(simple), [part]) = (node, parts) else {
        return Feed::Unknown;
    };
    if !part.concerns.is_empty() {
        return Feed::Unknown;
    }
    // Complaints on the same stream may say anything.
    if simple
        .redirects
        .iter()
        .any(|redirect| redirect.op == Op::Duplicate)
    {
        return Feed::Unknown;
    }
    let own_input = simple
        .redirects
        .iter()
        .any(|redirect| redirect.op != Op::Write);
    let words: Vec<&str> = part.argv.iter().map(String::as_str).collect();
    let Some((&program, args)) = words.split_first() else {
        return Feed::Unknown;
    };
    let has = |word: &str| args.contains(&word);
    match program {
        "nproc" => Feed::Numbers,
        "wc" if matches!(args, ["-l" | "-c" | "-w" | "-m"]) => Feed::Numbers,
        "date" if args == ["+%s"] => Feed::Numbers,
        "seq" if args.iter().all(|word| is_number(word)) => Feed::Numbers,
        "grep" if counts(args) => Feed::Numbers,
        "find" => found(args).map_or(Feed::Unknown, Feed::Paths),
        "fd" | "fdfind" => Feed::Paths(Paths::here(has("-0"), true, false)),
        "git" => git(args),
        "rg" if has("--files") || has("-l") => Feed::Paths(Paths::here(has("-0"), true, true)),
        "grep" if lists_files(args) => Feed::Paths(Paths::here(
            args.iter().any(|word| is_cluster(word, 'Z')),
            true,
            true,
        )),
        "echo" if are_plain(args) => Feed::Words(owned(args)),
        "echo" => {
            let args = args.strip_prefix(&["-e"]).unwrap_or(args);
            Feed::Text(lines(&args.join(" ")))
        }
        "printf" => Feed::Text(printed(args)),
        "cat" | "tee" if !own_input && args.iter().all(|word| word.starts_with('-')) => {
            match before {
                Feed::Text(_) => before.clone(),
                // Numbers before the lines would be words too.
                Feed::Words(_) if args.is_empty() => before.clone(),
                _ => Feed::Unknown,
            }
        }
        "ls" if names_given_files(part, args) => {
            Feed::Words(owned(&args[args.len() - named(args)..]))
        }
        "ls" if args.iter().all(plain_ls) => Feed::Paths(Paths::here(false, true, false)),
        "grep" | "sort" | "uniq" | "head" | "tail" if !own_input && passes(program, args) => {
            match before {
                Feed::Paths(paths) if paths.ended == has("-z") => before.clone(),
                Feed::Numbers | Feed::Hashes => before.clone(),
                _ => Feed::Unknown,
            }
        }
        _ => Feed::Unknown,
    }
}

/// A text with its escapes and what is not known replaced.
fn lines(text: &str) -> String {
    text.replace("\\n", "\n").replace(MARKS, "\"$0\"")
}

/// What `printf` makes of its arguments, roughly.
fn printed(args: &[&str]) -> String {
    let Some((format, values)) = args.split_first() else {
        return String::new();
    };
    let mut values = values.iter();
    let mut out = String::new();
    for (at, piece) in format.split("%s").enumerate() {
        if at > 0 {
            out.push_str(values.next().copied().unwrap_or_default());
        }
        out.push_str(piece);
    }
    for value in values {
        out.push('\n');
        out.push_str(value);
    }
    lines(&out)
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| word.to_string()).collect()
}

/// Words that nobody splits, and that none takes for a flag.
fn are_plain(words: &[&str]) -> bool {
    let odd = |ch: char| {
        ch.is_whitespace() || ch.is_control() || "'\"\\*?[".contains(ch) || ch < '\u{20}'
    };
    !words.is_empty()
        && words
            .iter()
            .all(|word| !word.is_empty() && !word.starts_with('-') && !word.contains(odd))
}

/// How many names `ls` is given.
fn named(args: &[&str]) -> usize {
    args.iter().filter(|word| !word.starts_with('-')).count()
}

/// `ls FILE…`, no directory among them: they are what it prints, in some order.
fn names_given_files(part: &Part, args: &[&str]) -> bool {
    let names = named(args);
    let (flags, files) = args.split_at(args.len() - names);
    let paths: Vec<_> = part
        .effects
        .iter()
        .filter_map(|e| e.path.as_ref())
        .collect();
    are_plain(files)
        && flags.iter().all(plain_ls)
        && paths.len() == names
        && paths.iter().all(|path| !path.real().is_dir())
}

fn is_cluster(word: &str, letter: char) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.contains(letter)
}

/// `grep -c PATTERN` with at most one file.
fn counts(args: &[&str]) -> bool {
    let letters = |word: &&str| {
        !word.starts_with('-')
            || (word.len() > 1 && word[1..].chars().all(|ch| "ciEFPvwx".contains(ch)))
    };
    args.iter().any(|word| is_cluster(word, 'c'))
        && args.iter().all(letters)
        && args.iter().filter(|word| !word.starts_with('-')).count() <= 2
}

/// `grep -rl PATTERN DIR`.
fn lists_files(args: &[&str]) -> bool {
    args.iter()
        .any(|word| is_cluster(word, 'l') || *word == "--files-with-matches")
        && args.iter().all(|word| {
            !word.starts_with('-')
                || word.starts_with("--include=")
                || word.starts_with("--exclude")
                || *word == "--files-with-matches"
                || word[1..].chars().all(|ch| "rRliIEFPwxZne".contains(ch))
        })
}

/// Only names: `-l` prints more, `-R` headings.
fn plain_ls(word: &&str) -> bool {
    word.strip_prefix('-').is_none_or(|letters| {
        !letters.is_empty() && letters.chars().all(|ch| "1aAtrSdU".contains(ch))
    })
}

/// Whether the lines that come in come out, each whole or not at all.
fn passes(program: &str, args: &[&str]) -> bool {
    let letters = |word: &str, known: &str| {
        word.strip_prefix('-')
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|ch| known.contains(ch)))
    };
    match program {
        "grep" => {
            let flags = args.iter().filter(|word| word.starts_with('-'));
            flags.clone().all(|word| letters(word, "ivwxEFP")) && args.len() - flags.count() == 1
        }
        "sort" => args
            .iter()
            .all(|word| *word == "-z" || letters(word, "ruhnVf")),
        "uniq" => args.is_empty(),
        _ => match args {
            [] => true,
            [count] => {
                letters(count, "0123456789")
                    || count
                        .strip_prefix("-n")
                        .is_some_and(|n| letters(&format!("-{n}"), "+0123456789"))
            }
            ["-n", count] => count
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'+'),
            _ => false,
        },
    }
}

/// `git grep -l PATTERN [-- PATHS]`, of what is tracked and there now.
fn names_files(args: &[&str]) -> bool {
    let own = args.split(|word| *word == "--").next().unwrap_or_default();
    let flags = own.iter().filter(|word| word.starts_with('-'));
    flags
        .clone()
        .any(|word| matches!(*word, "-l" | "--files-with-matches" | "--name-only"))
        && flags.clone().all(|word| {
            listed(
                "-l --files-with-matches --name-only -i -w -E -F -P -I",
                word,
            )
        })
        && own.len() - flags.count() == 1
}

/// Names of files and commits from git.
fn git(args: &[&str]) -> Feed {
    let plain = |word: &&str| !word.starts_with('-') || listed("--short --verify -q", word);
    match args {
        ["ls-files", rest @ ..] => {
            let odd = rest.iter().any(|word| {
                word.starts_with("--format")
                    || word.starts_with("--eol")
                    || listed("--stage --deleted --unmerged", word)
                    || (word.starts_with('-')
                        && !word.starts_with("--")
                        && word.contains(['s', 'd', 'u', 't', 'v', 'f']))
            });
            if odd {
                return Feed::Unknown;
            }
            let others = rest.iter().any(|word| {
                listed("--others --killed --ignored --directory", word)
                    || (!word.starts_with("--")
                        && word.starts_with('-')
                        && word.contains(['o', 'k', 'i']))
            });
            Feed::Paths(Paths {
                filter: if others {
                    Filter::default()
                } else {
                    Filter::tracked()
                },
                ..Paths::here(rest.contains(&"-z"), true, false)
            })
        }
        ["grep", rest @ ..] if names_files(rest) => Feed::Paths(Paths {
            filter: Filter::tracked(),
            ..Paths::here(false, true, false)
        }),
        ["diff", rest @ ..] if rest.contains(&"--name-only") => {
            Feed::Paths(Paths::here(rest.contains(&"-z"), false, false))
        }
        ["merge-base", rest @ ..] if !rest.contains(&"--is-ancestor") => Feed::Hashes,
        ["rev-parse", rest @ ..]
            if !rest.is_empty()
                && rest.iter().all(plain)
                && rest
                    .iter()
                    .all(|word| word.starts_with('-') || word.starts_with("HEAD")) =>
        {
            Feed::Hashes
        }
        ["rev-list", "--count", rest @ ..] if !rest.iter().any(|word| word.starts_with('-')) => {
            Feed::Numbers
        }
        ["log", rest @ ..] => {
            let format = rest.iter().find_map(|word| {
                word.strip_prefix("--format=")
                    .or_else(|| word.strip_prefix("--pretty=format:"))
                    .or_else(|| word.strip_prefix("--pretty="))
            });
            let short = |word: &&str| {
                !word.starts_with('-')
                    || word.starts_with("--format=")
                    || word.starts_with("--pretty=")
                    || word[1..]
                        .bytes()
                        .all(|byte| byte.is_ascii_digit() || byte == b'n')
                    || word.starts_with("--since=")
                    || listed("--no-merges --merges --all --reverse", word)
            };
            match format {
                Some("%h" | "%H") if rest.iter().all(short) => Feed::Hashes,
                _ => Feed::Unknown,
            }
        }
        _ => Feed::Unknown,
    }
}
