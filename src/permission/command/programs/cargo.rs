//! `cargo` and what comes with Rust.

use super::super::analysis::EffectKind;
use super::super::cx::{Cx, Verdict};
use super::super::flags::{Operands, Shape, fits, is_name, listed};
use super::Judge::{Custom, Table};
use super::{Rows, no_rule, tools};
use crate::permission::short;
use Operands::Names;

pub(super) const PROGRAMS: Rows = &[
    ("cargo", Custom(cargo)),
    ("rustc", Custom(rustc)),
    ("rustfmt", Custom(rustfmt)),
    (
        "clippy-driver rust-analyzer rustdoc",
        Table(Shape {
            long: "version",
            ..Shape::short("V", Operands::None)
        }),
    ),
];

/// Left out on purpose: `--config`, `-Z`, `-C`, `--target-dir`, `--out-dir`,
/// `--artifact-dir`, `--open`, `--fix`, and manifests other than that of the
/// directory at hand.
const CARGO: Shape = Shape {
    short: "qvrdh",
    short_value: "pFjief",
    long: "all all-targets workspace release quiet verbose lib bins tests benches examples \
           all-features no-default-features locked offline frozen no-run no-fail-fast doc \
           keep-going no-deps document-private-items check duplicates ignore-rust-version \
           no-dedupe timings help future-incompat-report version",
    long_value: "package bin test example bench features exclude profile jobs depth invert edges \
                 format-version message-format color target prefix charset prune format \
                 filter-platform",
    operands: Names,
    ..Shape::NOTHING
};

/// What may stand before the subcommand: how much is told, and that the network
/// stays unused.
fn globals<'a, 'b>(cx: &Cx<'_, '_>, args: &'b [&'a str]) -> Result<&'b [&'a str], String> {
    let mut rest = args;
    if let [first, after @ ..] = rest
        && let Some(name) = first.strip_prefix('+')
    {
        if !is_installed(cx, name) {
            return Err(format!("may fetch the toolchain {}", short(name)));
        }
        rest = after;
    }
    loop {
        rest = match rest {
            ["--color", "always" | "never" | "auto", after @ ..] => after,
            [flag, after @ ..] if !after.is_empty() && is_global(flag) => after,
            _ => return Ok(rest),
        };
    }
}

fn is_there(cx: &Cx<'_, '_>, in_home: &str) -> bool {
    let home = cx.walker.place.home;
    home.is_some_and(|home| home.join(in_home).is_file())
}

fn is_global(flag: &str) -> bool {
    listed(
        "-q -v -vv --quiet --verbose --offline --locked --frozen --color=always --color=never \
         --color=auto",
        flag,
    )
}

/// Whether rustup has this toolchain: another would be fetched, and one named by a
/// path may be anything.
fn is_installed(cx: &Cx<'_, '_>, name: &str) -> bool {
    let channel = listed("stable beta nightly", name)
        || name.starts_with("nightly-2")
        || (name.starts_with("1.") && name.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    let Some(home) = cx.walker.place.home.filter(|_| channel && is_name(name)) else {
        return false;
    };
    let Ok(installed) = std::fs::read_dir(home.join(".rustup/toolchains")) else {
        return false;
    };
    installed.flatten().any(|entry| {
        let entry = entry.file_name();
        entry
            .to_str()
            .and_then(|entry| entry.strip_prefix(name))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

/// Takes away a manifest that is the one of the directory at hand.
fn own_manifest<'a>(cx: &Cx<'_, '_>, words: &[&'a str]) -> Vec<&'a str> {
    let own = |path: &str| {
        let place = cx.walker.place;
        place
            .resolve(&cx.walker.cwd, path)
            .is_ok_and(|path| path.real() == cx.walker.cwd.join("Cargo.toml"))
    };
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&word) = words.get(at) {
        at += 1;
        if word == "--manifest-path" && words.get(at).is_some_and(|path| own(path)) {
            at += 1;
        } else if word
            .strip_prefix("--manifest-path=")
            .is_none_or(|path| !own(path))
        {
            out.push(word);
        }
    }
    out
}

fn cargo(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let Some((verb, rest)) = globals(cx, args)?.split_first() else {
        return Ok(());
    };
    let rest = own_manifest(cx, rest);
    let rest = rest.as_slice();
    let (own, after) = match rest.iter().position(|word| *word == "--") {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    match *verb {
        "check" | "c" | "build" | "b" | "test" | "t" | "bench" | "clippy" | "doc" | "d"
        | "tree" | "metadata" | "pkgid" => {}
        "fmt" => return fmt(cx, own, after.unwrap_or_default()),
        "--version" | "-V" | "-vV" | "-Vv" | "--list" | "version" | "--help" | "-h" | "help"
        | "locate-project" | "read-manifest" | "verify-project"
            if rest.is_empty() =>
        {
            return Ok(());
        }
        "version" | "--version" | "-V" if matches!(rest, ["-v" | "--verbose"]) => return Ok(()),
        "locate-project"
            if rest
                .iter()
                .all(|word| listed("--workspace --message-format plain json", word)) =>
        {
            return Ok(());
        }
        "report" if matches!(rest, ["future-incompat" | "future-incompatibilities"]) => {
            return Ok(());
        }
        "package"
            if rest.iter().any(|word| matches!(*word, "--list" | "-l"))
                && rest
                    .iter()
                    .all(|word| listed("--list -l --allow-dirty --offline", word)) =>
        {
            return Ok(());
        }
        "nextest" if is_there(cx, ".cargo/bin/cargo-nextest") => {
            return nextest(cx, own, after.unwrap_or_default());
        }
        "nextest" => {
            cx.confined("runs another program of cargo");
            return nextest(cx, own, after.unwrap_or_default());
        }
        "run" | "r" => {
            cx.confined("runs a program of the workspace");
            let odd = |word: &&&str| word.contains(['/', '\\']) || word.ends_with(".toml");
            if let Some(word) = own.iter().find(odd) {
                return Err(format!("no rule for `{}`", short(word)));
            }
            let shape = Shape {
                operands: Operands::None,
                ..CARGO
            };
            fits(cx, &shape, own)?;
            return tools::own_arguments(cx, after.unwrap_or_default());
        }
        "help" if rest.len() == 1 && is_name(rest[0]) => {
            cx.confined("may show a page with another program");
            return Ok(());
        }
        "expand" | "machete" | "udeps" | "llvm-cov" | "deny" | "hack" | "bloat" | "geiger"
        | "modules" | "sort" | "miri" => return plugin(cx, verb, own, after.unwrap_or_default()),
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

/// What these take beside what cargo takes.
const PLUGIN: Shape = Shape {
    long: "all all-targets workspace release quiet verbose lib bins tests benches examples \
           all-features no-default-features locked offline no-run no-fail-fast doc no-deps check \
           summary-only text json branch feature-powerset each-feature no-dev-deps crates \
           with-metadata nocapture version",
    ..CARGO
};

/// Programs beside cargo that check, count or show.
fn plugin(cx: &mut Cx<'_, '_>, verb: &str, own: &[&str], after: &[&str]) -> Verdict {
    cx.confined("runs another program of cargo");
    if verb == "deny" && !matches!(own, ["check" | "list", ..]) {
        return no_rule();
    }
    if verb == "sort" && !own.contains(&"--check") {
        return Err("changes files".to_string());
    }
    let odd = |word: &&&str| word.contains(['/', '\\']) || word.ends_with(".toml");
    if let Some(word) = own.iter().find(odd) {
        return Err(format!("no rule for `{}`", short(word)));
    }
    fits(cx, &PLUGIN, own)?;
    fits(cx, &LIBTEST, after)
}

/// Another runner for the same tests, where the user has it.
fn nextest(cx: &mut Cx<'_, '_>, own: &[&str], after: &[&str]) -> Verdict {
    let Some((&("run" | "list" | "r"), rest)) = own.split_first() else {
        return no_rule();
    };
    let shape = Shape {
        long: "all all-targets workspace release quiet verbose lib bins tests benches examples \
               all-features no-default-features locked offline no-fail-fast no-capture nocapture",
        short_value: "pFjE",
        long_value: "package bin test example bench features exclude cargo-profile test-threads \
                     retries color partition status-level failure-output success-output \
                     message-format filterset run-ignored",
        ..CARGO
    };
    let odd = |word: &&&str| word.contains(['/', '\\']) || word.ends_with(".toml");
    if let Some(word) = rest.iter().find(odd) {
        return Err(format!("no rule for `{}`", short(word)));
    }
    fits(cx, &shape, rest)?;
    fits(cx, &LIBTEST, after)
}

/// Formatting changes no more than blanks; `--check` not even those.
fn fmt(cx: &mut Cx<'_, '_>, own: &[&str], after: &[&str]) -> Verdict {
    let shape = Shape {
        short: "lqv",
        long: "check files-with-diff quiet verbose",
        long_value: "color edition",
        ..Shape::NOTHING
    };
    fits(cx, &shape, after)?;
    let shape = Shape {
        operands: Operands::None,
        ..CARGO
    };
    fits(cx, &shape, own)
}

const LIBTEST: Shape = Shape {
    short: "q",
    long: "nocapture no-capture show-output ignored include-ignored exact list quiet test bench quick \
           noplot",
    long_value: "test-threads skip color format",
    operands: Names,
    ..Shape::NOTHING
};

/// `-D warnings`, `-Wclippy::all`.
fn lints(cx: &mut Cx<'_, '_>, words: &[&str]) -> Verdict {
    let shape = Shape {
        short_value: "DWAF",
        long_value: "deny warn allow forbid",
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
