//! The known programs.

use super::programs::{Checker, Operands, Shape, fits, is_name, stays_inside};
use super::{build, git, short};

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
pub(super) const PROGRAMS: &[(&[&str], Checker)] = &[
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
    (&["cargo"], Custom(build::cargo)),
    (
        &[
            "rustc", "rustup", "node", "tsc", "gcc", "clang", "java", "ruby",
        ],
        Table(VERSION),
    ),
    (&["rustfmt"], Custom(build::rustfmt)),
    (&["go"], Custom(build::go)),
    (&["npm", "pnpm", "yarn", "bun"], Custom(build::npm)),
    (&["make"], Custom(build::make)),
    (&["pytest"], Custom(build::pytest)),
    (&["python", "python3"], Custom(build::python)),
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
