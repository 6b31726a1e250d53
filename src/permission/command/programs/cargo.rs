//! `cargo` and what comes with Rust.

use super::super::analysis::EffectKind;
use super::super::cx::{Cx, Verdict};
use super::super::flags::{Operands, Shape, fits};
use super::Judge::{Custom, Table};
use super::{Rows, no_rule};
use crate::permission::short;
use Operands::Names;

pub(super) const PROGRAMS: Rows = &[
    ("cargo", Custom(cargo)),
    ("rustc", Custom(rustc)),
    ("rustfmt", Custom(rustfmt)),
    (
        "clippy-driver rust-analyzer",
        Table(Shape {
            long: "version",
            ..Shape::short("V", Operands::None)
        }),
    ),
];

/// Left out on purpose: `--config`, `-Z`, `-C`, `--manifest-path`, `--target-dir`,
/// `--out-dir`, `--artifact-dir`, `--open`, `--fix`.
const CARGO: Shape = Shape {
    short: "qvrd",
    short_value: "pFjief",
    long: "all all-targets workspace release quiet verbose lib bins tests benches examples \
           all-features no-default-features locked offline frozen no-run no-fail-fast doc \
           keep-going no-deps document-private-items check duplicates ignore-rust-version \
           no-dedupe timings help",
    long_value: "package bin test example bench features exclude profile jobs depth invert edges \
                 format-version message-format color target prefix charset prune format \
                 filter-platform",
    operands: Names,
    ..Shape::NOTHING
};

fn cargo(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let Some((verb, rest)) = args.split_first() else {
        return Ok(());
    };
    let (own, after) = match rest.iter().position(|word| *word == "--") {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    match *verb {
        "check" | "c" | "build" | "b" | "test" | "t" | "bench" | "clippy" | "doc" | "d"
        | "tree" | "metadata" | "pkgid" => {}
        "fmt" => return fmt(cx, own, after.unwrap_or_default()),
        "--version" | "-V" | "--list" | "version" | "--help" | "locate-project"
        | "read-manifest" | "verify-project"
            if rest.is_empty() =>
        {
            return Ok(());
        }
        "version" | "-vV" if rest.iter().all(|word| *word == "-v") => return Ok(()),
        "--explain" if rest.len() == 1 => return Ok(()),
        "publish" | "install" | "add" | "update" | "fetch" | "search" | "info" | "login" => {
            cx.effect(EffectKind::Network, format!("cargo {verb}"));
            return Err(format!("`cargo {verb}` uses the network"));
        }
        _ => return Err(format!("no rule for `cargo {}`", short(verb))),
    }
    // Values are names here; a path or URL in one could fetch or write elsewhere,
    // and a file of settings could name programs.
    let odd = |word: &&&str| {
        word.contains(['/', '\\'])
            || word.contains("..")
            || word.ends_with(".json")
            || word.ends_with(".toml")
    };
    if let Some(word) = own.iter().find(odd) {
        return Err(format!("no rule for `{}`", short(word)));
    }
    // Only test and bench filter by name.
    let filters = matches!(*verb, "test" | "t" | "bench" | "pkgid");
    let operands = if filters { Names } else { Operands::None };
    fits(cx, &Shape { operands, ..CARGO }, own)?;
    match (*verb, after) {
        (_, None) => Ok(()),
        ("test" | "t" | "bench", Some(words)) => fits(cx, &LIBTEST, words),
        ("clippy", Some(words)) => lints(cx, words),
        _ => Err("no rule for arguments after --".to_string()),
    }
}

/// Formatting changes no more than blanks; `--check` not even those.
fn fmt(cx: &mut Cx<'_, '_>, own: &[&str], after: &[&str]) -> Verdict {
    let options =
        |word: &&str| matches!(*word, "--check" | "-l" | "--files-with-diff" | "-q" | "-v");
    if !after.iter().all(options) {
        return Err("no rule for these rustfmt options".to_string());
    }
    let shape = Shape {
        operands: Operands::None,
        ..CARGO
    };
    fits(cx, &shape, own)
}

const LIBTEST: Shape = Shape {
    short: "q",
    long: "nocapture no-capture show-output ignored include-ignored exact list quiet test bench",
    long_value: "test-threads skip color",
    operands: Names,
    ..Shape::NOTHING
};

/// `-D warnings`, `-Wclippy::all`.
fn lints(cx: &mut Cx<'_, '_>, words: &[&str]) -> Verdict {
    let shape = Shape {
        short_value: "DWAF",
        ..Shape::NOTHING
    };
    // `@file` holds more arguments.
    if let Some(word) = words.iter().find(|word| word.contains('@')) {
        return Err(format!("no rule for {}", short(word)));
    }
    fits(cx, &shape, words)
}

fn rustc(_: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    match args {
        ["--version" | "-V" | "-vV" | "--help" | "-Vv"] | ["--version", "--verbose"] => Ok(()),
        ["--explain", _] => Ok(()),
        [
            "--print",
            "cfg" | "sysroot" | "target-list" | "target-cpus" | "host-tuple",
        ] => Ok(()),
        _ => no_rule(),
    }
}

fn rustfmt(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let shape = Shape {
        long: "check version",
        short: "lqv",
        long_value: "edition",
        operands: Operands::Paths,
        ..Shape::NOTHING
    };
    if args.contains(&"--check") || args == ["--version"] {
        fits(cx, &shape, args)
    } else {
        Err("changes files".to_string())
    }
}
