//! Programs that work on text.

use super::super::analysis::is_marked;
use super::super::cx::{Cx, Verdict};
use super::super::flags::{Operands, Shape, fits, listed};
use super::Judge::{Custom, Table};
use super::{Rows, awk, no_rule, sed};
use Operands::{Paths, PathsUpTo, Text};

/// Left out on purpose: `sort -o`, `-T`, `--compress-program`, `--files0-from`,
/// a second file for `uniq`, `shuf -o`, `diff --to-file`, `-l`.
pub(super) const PROGRAMS: Rows = &[
    (
        "sort",
        Table(Shape {
            short_value: "ktS",
            long: "numeric-sort reverse unique human-numeric-sort version-sort ignore-case stable \
                   check zero-terminated ignore-leading-blanks general-numeric-sort month-sort \
                   dictionary-order random-sort merge",
            long_value: "key field-separator parallel buffer-size",
            ..Shape::short("nrufhbdgMVRzscCim", Paths)
        }),
    ),
    (
        "uniq",
        Table(Shape {
            short_value: "fsw",
            long: "count repeated unique ignore-case zero-terminated",
            long_value: "skip-fields skip-chars check-chars",
            ..Shape::short("cdiuDz", PathsUpTo(1))
        }),
    ),
    (
        "cut",
        Table(Shape {
            short_value: "dfcb",
            long: "complement only-delimited zero-terminated",
            long_value: "delimiter fields characters bytes output-delimiter",
            ..Shape::short("szn", Paths)
        }),
    ),
    (
        "tr",
        Table(Shape {
            long: "complement delete squeeze-repeats truncate-set1",
            ..Shape::short("cdsCt", Text)
        }),
    ),
    (
        "nl",
        Table(Shape {
            short_value: "bdfhilnsvw",
            ..Shape::short("p", Paths)
        }),
    ),
    (
        "tac",
        Table(Shape {
            short_value: "s",
            ..Shape::short("br", Paths)
        }),
    ),
    ("rev", Table(Shape::short("", Paths))),
    (
        "column",
        Table(Shape {
            short_value: "scoNRHTW",
            long: "table json",
            long_value: "separator output-separator table-columns",
            ..Shape::short("tnxeJ", Paths)
        }),
    ),
    (
        "paste",
        Table(Shape {
            short_value: "d",
            ..Shape::short("sz", Paths)
        }),
    ),
    (
        "join",
        Table(Shape {
            short_value: "12tjoeav",
            ..Shape::short("i", Paths)
        }),
    ),
    (
        "fold",
        Table(Shape {
            short_value: "w",
            ..Shape::short("bs", Paths)
        }),
    ),
    (
        "fmt",
        Table(Shape {
            short_value: "w",
            ..Shape::short("cstu", Paths)
        }),
    ),
    (
        "expand unexpand",
        Table(Shape {
            short_value: "t",
            ..Shape::short("ai", Paths)
        }),
    ),
    ("tsort", Table(Shape::short("", PathsUpTo(1)))),
    (
        "shuf",
        Table(Shape {
            short_value: "ni",
            ..Shape::short("zr", PathsUpTo(1))
        }),
    ),
    ("diff", Custom(diff)),
    (
        "cmp",
        Table(Shape {
            short_value: "ni",
            long: "silent quiet verbose print-bytes",
            long_value: "bytes ignore-initial",
            ..Shape::short("slb", Paths)
        }),
    ),
    (
        "comm",
        Table(Shape {
            long: "nocheck-order check-order total",
            long_value: "output-delimiter",
            ..Shape::short("123z", Paths)
        }),
    ),
    ("sed gsed", Custom(sed::judge)),
    ("awk gawk mawk nawk", Custom(awk::judge)),
    ("jq", Custom(jq)),
    ("yq", Custom(yq)),
    ("bc", Table(Shape::short("lqs", Operands::None))),
    ("expr", Table(Shape::short("", Text))),
    ("factor", Table(Shape::short("", Text))),
];

const DIFF: Shape = Shape {
    short_value: "UCWxIFL",
    long: "unified recursive brief side-by-side ignore-all-space ignore-space-change \
           ignore-blank-lines ignore-case new-file text report-identical-files \
           suppress-common-lines no-dereference minimal strip-trailing-cr",
    long_value: "exclude width label ignore-matching-lines show-function-line",
    long_maybe: "unified context color",
    ..Shape::short("ruNwbBiqyacpsdtTZE", Paths)
};

/// In directories it follows links.
fn diff(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    fits(cx, &DIFF, args)?;
    if args.contains(&"--no-dereference") {
        return Ok(());
    }
    cx.stays()
}

/// Filters may read the environment and other files.
fn jq(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let mut filter = None;
    let mut words = args.iter();
    while let Some(&word) = words.next() {
        match word {
            "--arg" | "--argjson" => {
                if words.next().is_none() || words.next().is_none() {
                    return no_rule();
                }
            }
            "--slurpfile" | "--rawfile" => {
                words.next();
                let file = words.next().copied().unwrap_or_default();
                cx.read(file)?;
            }
            "--indent" => {
                words.next();
            }
            "--raw-output"
            | "--compact-output"
            | "--sort-keys"
            | "--exit-status"
            | "--null-input"
            | "--slurp"
            | "--tab"
            | "--raw-input"
            | "--ascii-output"
            | "--join-output"
            | "--color-output"
            | "--monochrome-output"
            | "--stream"
            | "--version" => {}
            word if word.starts_with("--") => return no_rule(),
            word if word.len() > 1 && word.starts_with('-') => {
                if !word[1..].chars().all(|ch| "rcSensjaMCR".contains(ch)) {
                    return no_rule();
                }
            }
            word if filter.is_none() => filter = Some(word),
            word => cx.read(word)?,
        }
    }
    let filter = filter.unwrap_or(".");
    if is_marked(filter) {
        return Err("its filter is only known when it runs".to_string());
    }
    match names(filter).find(|name| listed(FILTERS, name)) {
        Some(name) => Err(format!("its filter may use {name}")),
        None => Ok(()),
    }
}

/// What filters use to reach beyond their input.
const FILTERS: &str = "env ENV import include get_search_list modulemeta";

/// The names in a filter, also in texts; `.name` is a field.
fn names(filter: &str) -> impl Iterator<Item = &str> {
    let part = |ch: char| ch.is_alphanumeric() || ch == '_';
    filter
        .split(move |ch: char| !part(ch) && ch != '.')
        .map(move |run| match run.rsplit_once("..") {
            Some((_, rest)) => rest,
            None => run,
        })
        .flat_map(|run| run.split('.').take(1))
}

/// Several programs have this name; only plain paths mean the same to all.
fn yq(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let args = match args {
        ["e" | "eval", rest @ ..] => rest,
        rest => rest,
    };
    let args = match args {
        ["-r" | "-P" | "-o=json" | "-o=yaml", rest @ ..] => rest,
        rest => rest,
    };
    match args {
        [filter, file]
            if filter.starts_with('.')
                && filter
                    .chars()
                    .all(|ch| ch.is_ascii_alphanumeric() || "._-[]\" |*".contains(ch))
                && !filter.contains("env")
                && !file.starts_with('-') =>
        {
            cx.read(file)
        }
        ["--version"] => Ok(()),
        _ => no_rule(),
    }
}
