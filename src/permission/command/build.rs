//! Build and test tools.

use super::programs::Operands::{self, Names, Paths};
use super::programs::{Shape, fits, is_name, stays_inside};
use super::short;

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

pub(super) fn cargo(args: &[&str]) -> Result<(), String> {
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

pub(super) fn rustfmt(args: &[&str]) -> Result<(), String> {
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

pub(super) fn go(args: &[&str]) -> Result<(), String> {
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
pub(super) fn npm(args: &[&str]) -> Result<(), String> {
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
pub(super) fn make(args: &[&str]) -> Result<(), String> {
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

pub(super) fn pytest(args: &[&str]) -> Result<(), String> {
    fits(&PYTEST, args)
}

pub(super) fn python(args: &[&str]) -> Result<(), String> {
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
