//! The known programs, each with the flags that cannot write, execute or leave
//! the workspace. An unknown flag asks; so does an abbreviated one.

use super::{git, short};

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

    const fn short(short: &'static str, operands: Operands) -> Self {
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
    PROGRAMS
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

use Checker::{Custom, Shape as Table};
use Operands::{Names, Paths, PathsUpTo, PatternThenPaths, Text};

const VERSION: Shape = Shape {
    long: &["version", "help"],
    short: "V",
    ..Shape::NOTHING
};

/// Programs by name. What is left out of a flag list is left out on purpose:
/// `sort -o` and `--compress-program`, `tree -o`, `rg --pre`, `file -C`, `find
/// -exec`, `tail -f` (never ends), options that follow links or read lists of files.
const PROGRAMS: &[(&[&str], Checker)] = &[
    (
        &["ls"],
        Table(Shape {
            short: "aAlhtrRS1dFpisGgnxXCmkcu",
            short_value: "wTI",
            long: &[
                "all",
                "almost-all",
                "human-readable",
                "recursive",
                "reverse",
                "size",
                "directory",
                "classify",
                "inode",
                "full-time",
                "group-directories-first",
            ],
            long_value: &["sort", "time", "format", "time-style", "ignore", "hide"],
            long_maybe: &["color"],
            numeric: false,
            operands: Paths,
        }),
    ),
    (
        &["cat"],
        Table(Shape {
            long: &["number", "show-all", "squeeze-blank", "number-nonblank"],
            ..Shape::short("nbAEsTvetu", Paths)
        }),
    ),
    (
        &["head", "tail"],
        Table(Shape {
            short_value: "nc",
            long_value: &["lines", "bytes"],
            numeric: true,
            ..Shape::short("qvz", Paths)
        }),
    ),
    (
        &["wc"],
        Table(Shape {
            long: &["lines", "words", "bytes", "chars", "max-line-length"],
            ..Shape::short("lwcmL", Paths)
        }),
    ),
    (&["nl", "tac", "rev"], Table(Shape::short("ba", Paths))),
    (&["pwd"], Table(Shape::short("LP", Operands::None))),
    (&["echo"], Custom(|_| Ok(()))),
    (
        &["true", "false", "whoami", "nproc", "uptime", "arch"],
        Table(Shape::NOTHING),
    ),
    (&["uname"], Table(Shape::short("amnrsvpio", Operands::None))),
    (&["date"], Custom(date)),
    (&["which"], Table(Shape::short("a", Names))),
    (&["command"], Custom(command_v)),
    (&["basename", "dirname"], Table(Shape::short("az", Text))),
    (
        &["stat"],
        Table(Shape {
            short_value: "c",
            long_value: &["format", "printf"],
            ..Shape::short("t", Paths)
        }),
    ),
    (
        &["file"],
        Table(Shape {
            long: &["brief", "mime", "mime-type"],
            ..Shape::short("bi", Paths)
        }),
    ),
    (
        &["du"],
        Table(Shape {
            short_value: "d",
            long: &[
                "human-readable",
                "summarize",
                "all",
                "total",
                "apparent-size",
            ],
            long_value: &["max-depth", "exclude"],
            ..Shape::short("shackm", Paths)
        }),
    ),
    (
        &["tree"],
        Table(Shape {
            short_value: "LIP",
            long: &["dirsfirst", "noreport", "gitignore", "prune"],
            ..Shape::short("adfpshDirFCn", Paths)
        }),
    ),
    (
        &["md5sum", "sha1sum", "sha256sum", "sha512sum"],
        Table(Shape::short("b", Paths)),
    ),
    (
        &["grep", "egrep", "fgrep"],
        Table(Shape {
            short: "niIvclLowxqsrhHEFGPabU",
            short_value: "eABCm",
            long: &[
                "line-number",
                "ignore-case",
                "recursive",
                "invert-match",
                "count",
                "files-with-matches",
                "files-without-match",
                "only-matching",
                "word-regexp",
                "line-regexp",
                "quiet",
                "silent",
                "no-messages",
                "extended-regexp",
                "fixed-strings",
                "basic-regexp",
                "perl-regexp",
                "no-filename",
                "with-filename",
                "text",
            ],
            long_value: &[
                "include",
                "exclude",
                "exclude-dir",
                "context",
                "after-context",
                "before-context",
                "max-count",
                "regexp",
                "binary-files",
            ],
            long_maybe: &["color", "colour"],
            numeric: true,
            operands: PatternThenPaths(&["-e", "--regexp"]),
        }),
    ),
    (
        &["rg"],
        Table(Shape {
            short: "niIsSvclowxqFPNHuUa0p.",
            short_value: "egtTABCmMdjrE",
            long: &[
                "line-number",
                "no-line-number",
                "ignore-case",
                "case-sensitive",
                "smart-case",
                "invert-match",
                "count",
                "count-matches",
                "files-with-matches",
                "files-without-match",
                "files",
                "only-matching",
                "word-regexp",
                "line-regexp",
                "quiet",
                "fixed-strings",
                "pcre2",
                "multiline",
                "multiline-dotall",
                "hidden",
                "no-ignore",
                "no-ignore-vcs",
                "unrestricted",
                "text",
                "heading",
                "no-heading",
                "with-filename",
                "no-filename",
                "column",
                "vimgrep",
                "json",
                "stats",
                "trim",
                "passthru",
                "null",
                "no-messages",
                "type-list",
                "no-config",
                "pretty",
            ],
            long_value: &[
                "glob",
                "iglob",
                "type",
                "type-not",
                "context",
                "after-context",
                "before-context",
                "max-count",
                "max-columns",
                "max-depth",
                "max-filesize",
                "threads",
                "regexp",
                "replace",
                "sort",
                "sortr",
                "color",
                "encoding",
            ],
            long_maybe: &[],
            numeric: false,
            operands: PatternThenPaths(&["-e", "--regexp", "--files", "--type-list"]),
        }),
    ),
    (&["find"], Custom(find_tool)),
    (&["sed"], Custom(sed)),
    (
        &["sort"],
        Table(Shape {
            short_value: "kt",
            long: &[
                "numeric-sort",
                "reverse",
                "unique",
                "human-numeric-sort",
                "version-sort",
                "ignore-case",
            ],
            long_value: &["key", "field-separator"],
            ..Shape::short("nrufhbdgMVRzsc", Paths)
        }),
    ),
    (
        &["uniq"],
        Table(Shape {
            short_value: "fsw",
            long: &["count", "repeated", "unique", "ignore-case"],
            ..Shape::short("cdiuD", PathsUpTo(1))
        }),
    ),
    (
        &["cut"],
        Table(Shape {
            short_value: "dfcb",
            long_value: &["delimiter", "fields", "characters", "bytes"],
            ..Shape::short("sz", Paths)
        }),
    ),
    (&["tr"], Table(Shape::short("cdsCt", Text))),
    (
        &["diff"],
        Table(Shape {
            short_value: "U",
            long: &[
                "unified",
                "recursive",
                "brief",
                "side-by-side",
                "ignore-all-space",
            ],
            ..Shape::short("ruNwbBiqyac", Paths)
        }),
    ),
    (&["cmp", "comm"], Table(Shape::short("sl123", Paths))),
    (&["cargo"], Custom(cargo)),
    (
        &[
            "rustc", "rustup", "node", "tsc", "gcc", "clang", "java", "ruby",
        ],
        Table(VERSION),
    ),
    (&["rustfmt"], Custom(rustfmt)),
    (&["go"], Custom(go)),
    (&["npm", "pnpm", "yarn", "bun"], Custom(npm)),
    (&["make"], Custom(make)),
    (&["pytest"], Custom(pytest)),
    (&["python", "python3"], Custom(python)),
    (&["git"], Custom(git::check)),
];

fn date(args: &[&str]) -> Result<(), String> {
    match args {
        [] | ["-u" | "-I" | "-R"] => Ok(()),
        [.., format] if format.starts_with('+') && args.len() <= 2 => match args {
            [_] | ["-u", _] => Ok(()),
            _ => Err("no rule for these arguments".to_string()),
        },
        _ => Err("may set the clock".to_string()),
    }
}

fn command_v(args: &[&str]) -> Result<(), String> {
    match args {
        ["-v" | "-V", names @ ..] if names.iter().all(|name| is_name(name)) => Ok(()),
        _ => Err("runs another program".to_string()),
    }
}

/// Starting points, then tests; no actions but printing.
fn find_tool(args: &[&str]) -> Result<(), String> {
    const ALONE: &[&str] = &[
        "-empty",
        "-print",
        "-print0",
        "-prune",
        "-not",
        "-o",
        "-or",
        "-a",
        "-and",
        "-readable",
        "-executable",
        "-xdev",
        "-mount",
    ];
    const VALUED: &[&str] = &[
        "-name",
        "-iname",
        "-path",
        "-ipath",
        "-wholename",
        "-regex",
        "-iregex",
        "-type",
        "-maxdepth",
        "-mindepth",
        "-size",
        "-mtime",
        "-mmin",
        "-ctime",
        "-atime",
        "-perm",
    ];
    let mut words = args.iter();
    while let Some(word) = words.next() {
        if VALUED.contains(word) {
            if words.next().is_none() {
                return Err(format!("{word} lacks its value"));
            }
        } else if word.starts_with('-') {
            if !ALONE.contains(word) {
                return Err(format!("no rule for {}", short(word)));
            }
        } else if !stays_inside(word) {
            return Err(format!("{} may lie outside the workspace", short(word)));
        }
    }
    Ok(())
}

/// Only printing lines by number: `sed -n 10,20p FILE`.
fn sed(args: &[&str]) -> Result<(), String> {
    let ["-n", script, files @ ..] = args else {
        return Err("may change files".to_string());
    };
    let is_address =
        |text: &str| text == "$" || (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()));
    let prints = script
        .strip_suffix('p')
        .is_some_and(|range| match range.split_once(',') {
            Some((from, to)) => is_address(from) && is_address(to),
            None => is_address(range),
        });
    if !prints {
        return Err("only `sed -n M,Np` is known".to_string());
    }
    fits(
        &Shape {
            operands: Paths,
            ..Shape::NOTHING
        },
        files,
    )
}

const CARGO: Shape = Shape {
    short: "qvrd",
    short_value: "pFjie",
    long: &[
        "all",
        "all-targets",
        "workspace",
        "release",
        "quiet",
        "verbose",
        "lib",
        "bins",
        "tests",
        "benches",
        "examples",
        "all-features",
        "no-default-features",
        "locked",
        "offline",
        "frozen",
        "no-run",
        "no-fail-fast",
        "doc",
        "keep-going",
        "no-deps",
        "document-private-items",
        "check",
        "duplicates",
    ],
    long_value: &[
        "package",
        "bin",
        "test",
        "example",
        "bench",
        "features",
        "exclude",
        "profile",
        "jobs",
        "depth",
        "invert",
        "edges",
        "format-version",
        "message-format",
        "color",
    ],
    long_maybe: &[],
    numeric: false,
    operands: Names,
};

fn cargo(args: &[&str]) -> Result<(), String> {
    let Some((verb, rest)) = args.split_first() else {
        return Ok(());
    };
    let (own, after) = match rest.iter().position(|word| *word == "--") {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    match *verb {
        "check" | "c" | "build" | "b" | "test" | "t" | "bench" | "clippy" | "doc" | "d"
        | "tree" | "metadata" => {}
        "fmt" => {
            let checks = |words: &[&str]| words.iter().all(|word| matches!(*word, "--check"));
            if !after.is_none_or(checks) {
                return Err("no rule for these rustfmt options".to_string());
            }
            return fits(
                &Shape {
                    operands: Operands::None,
                    ..CARGO
                },
                own,
            );
        }
        "--version" | "-V" | "--list" | "version" if rest.is_empty() => return Ok(()),
        _ => return Err(format!("no rule for `cargo {}`", short(verb))),
    }
    // Values are names here; a path or URL in one could fetch or write elsewhere.
    if let Some(odd) = own
        .iter()
        .find(|word| word.contains(['/', '\\']) || word.contains(".."))
    {
        return Err(format!("no rule for `{}`", short(odd)));
    }
    // Only test and bench filter by name.
    let filters = matches!(*verb, "test" | "t" | "bench");
    let operands = if filters { Names } else { Operands::None };
    fits(&Shape { operands, ..CARGO }, own)?;
    match (*verb, after) {
        (_, None) => Ok(()),
        ("test" | "t" | "bench", Some(words)) => fits(&LIBTEST, words),
        ("clippy", Some(words)) => lints(words),
        _ => Err("no rule for arguments after --".to_string()),
    }
}

const LIBTEST: Shape = Shape {
    short: "q",
    short_value: "",
    long: &[
        "nocapture",
        "no-capture",
        "show-output",
        "ignored",
        "include-ignored",
        "exact",
        "list",
        "quiet",
        "test",
        "bench",
    ],
    long_value: &["test-threads", "skip"],
    long_maybe: &[],
    numeric: false,
    operands: Names,
};

/// `-D warnings`, `-Wclippy::all`.
fn lints(words: &[&str]) -> Result<(), String> {
    let shape = Shape {
        short_value: "DWAF",
        ..Shape::NOTHING
    };
    fits(&shape, words)
}

fn rustfmt(args: &[&str]) -> Result<(), String> {
    let shape = Shape {
        long: &["check", "version"],
        long_value: &["edition"],
        operands: Paths,
        ..Shape::NOTHING
    };
    if args.contains(&"--check") || args == ["--version"] {
        fits(&shape, args)
    } else {
        Err("changes files".to_string())
    }
}

fn go(args: &[&str]) -> Result<(), String> {
    const ALONE: &[&str] = &[
        "-v",
        "-race",
        "-short",
        "-cover",
        "-failfast",
        "-json",
        "-n",
        "-x",
        "-a",
        "-benchmem",
    ];
    const VALUED: &[&str] = &[
        "-run",
        "-bench",
        "-count",
        "-timeout",
        "-parallel",
        "-tags",
        "-p",
        "-skip",
        "-benchtime",
        "-cpu",
    ];
    let Some((verb, rest)) = args.split_first() else {
        return Ok(());
    };
    match *verb {
        "build" | "vet" | "test" => {}
        "version" | "help" if rest.iter().all(|word| is_name(word)) => return Ok(()),
        "env" if rest.iter().all(|word| is_name(word)) => return Ok(()),
        "list" => {
            let fine = |word: &&str| {
                matches!(*word, "-m" | "-json" | "-deps" | "-test") || go_package(word)
            };
            return if rest.iter().all(fine) {
                Ok(())
            } else {
                Err("no rule for these arguments".to_string())
            };
        }
        "fmt" if rest.iter().all(|word| go_package(word)) => return Ok(()),
        _ => return Err(format!("no rule for `go {}`", short(verb))),
    }
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (*word, None),
        };
        if !word.starts_with('-') {
            if !go_package(word) {
                return Err(format!("no rule for `{}`", short(word)));
            }
        } else if VALUED.contains(&name) {
            if value.is_none() && words.next().is_none() {
                return Err(format!("{name} lacks its value"));
            }
        } else if !ALONE.contains(word) {
            return Err(format!("no rule for {}", short(word)));
        }
    }
    Ok(())
}

/// A package pattern: `./...`, `./cmd/x`, `fmt`. No `pkg@version`: that fetches.
fn go_package(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with('-')
        && stays_inside(word)
        && word
            .chars()
            .all(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '.' | '/'))
}

/// Scripts of `package.json` whose names promise no more than a build or a check.
fn npm(args: &[&str]) -> Result<(), String> {
    const SCRIPTS: &[&str] = &[
        "build",
        "test",
        "lint",
        "typecheck",
        "type-check",
        "check",
        "format:check",
        "tsc",
    ];
    const PREFIXES: &[&str] = &["build:", "test:", "lint:", "check:", "typecheck:"];
    let script = |name: &str| {
        SCRIPTS.contains(&name)
            || (is_name(name) && PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
    };
    let args: Vec<&str> = args
        .iter()
        .copied()
        .filter(|word| !matches!(*word, "--silent" | "-s"))
        .collect();
    match args[..] {
        ["test" | "t"] | ["--version" | "-v"] | ["ls" | "list"] => Ok(()),
        ["run" | "run-script", name] if script(name) => Ok(()),
        // npm and bun have own commands of some of these names; they only build or check too.
        [name] if script(name) => Ok(()),
        _ => Err("no rule for these arguments".to_string()),
    }
}

/// Targets whose names promise no more than a build or a check.
fn make(args: &[&str]) -> Result<(), String> {
    const TARGETS: &[&str] = &[
        "all", "build", "test", "tests", "check", "lint", "fmt", "format", "doc", "docs", "debug",
        "release", "unit", "help",
    ];
    const PREFIXES: &[&str] = &[
        "test-", "test_", "check-", "check_", "lint-", "build-", "build_",
    ];
    let shape = Shape {
        short: "ksnB",
        short_value: "j",
        long: &["keep-going", "silent", "dry-run"],
        operands: Names,
        ..Shape::NOTHING
    };
    // `-j` alone is fine too, but would take a target for its number.
    let targets: Vec<&&str> = args.iter().filter(|word| !word.starts_with('-')).collect();
    let known = |word: &str| {
        TARGETS.contains(&word)
            || word.bytes().all(|b| b.is_ascii_digit())
            || (is_name(word) && PREFIXES.iter().any(|prefix| word.starts_with(prefix)))
    };
    if let Some(odd) = targets.iter().find(|word| !known(word)) {
        return Err(format!("no rule for target `{}`", short(odd)));
    }
    let args: Vec<&str> = args.iter().copied().filter(|word| *word != "-j").collect();
    fits(&shape, &args)
}

const PYTEST: Shape = Shape {
    short: "vqxsl",
    short_value: "kmr",
    long: &[
        "verbose",
        "quiet",
        "exitfirst",
        "lf",
        "last-failed",
        "ff",
        "failed-first",
        "co",
        "collect-only",
        "no-header",
        "no-summary",
        "sw",
        "stepwise",
        "version",
    ],
    long_value: &["tb", "maxfail", "durations"],
    long_maybe: &[],
    numeric: false,
    operands: Paths,
};

fn pytest(args: &[&str]) -> Result<(), String> {
    fits(&PYTEST, args)
}

fn python(args: &[&str]) -> Result<(), String> {
    match args {
        ["--version" | "-V"] => Ok(()),
        ["-m", "pytest", rest @ ..] => pytest(rest),
        ["-m", "unittest", rest @ ..] => {
            let shape = Shape::short("vqfb", Names);
            fits(&shape, rest)
        }
        _ => Err("runs a program".to_string()),
    }
}
