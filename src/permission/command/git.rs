//! Git commands that only read the repository.

use super::programs::{Operands, Shape, fits, is_name, stays_inside};
use super::short;

/// Ways to show commits, shared by several subcommands. Left out on purpose:
/// `--output`, `--ext-diff`, `--textconv`, `--no-index`, `--show-signature`, `-O`.
const LOG: Shape = Shape {
    short: "pswbuzMCRicgE",
    short_value: "nSGULl",
    long: &[
        "oneline",
        "graph",
        "all",
        "no-decorate",
        "patch",
        "no-patch",
        "follow",
        "reverse",
        "merges",
        "no-merges",
        "first-parent",
        "name-only",
        "name-status",
        "numstat",
        "shortstat",
        "summary",
        "raw",
        "abbrev-commit",
        "no-abbrev-commit",
        "tags",
        "branches",
        "remotes",
        "no-color",
        "no-ext-diff",
        "no-textconv",
        "cached",
        "staged",
        "check",
        "quiet",
        "exit-code",
        "ignore-all-space",
        "ignore-space-change",
        "ignore-blank-lines",
        "function-context",
        "minimal",
        "histogram",
        "patience",
        "no-renames",
        "topo-order",
        "date-order",
        "left-right",
        "cherry-pick",
        "merge-base",
        "regexp-ignore-case",
        "no-notes",
        "full-history",
        "cc",
    ],
    long_value: &[
        "max-count",
        "skip",
        "author",
        "committer",
        "since",
        "until",
        "after",
        "before",
        "grep",
        "diff-filter",
        "date",
    ],
    long_maybe: &[
        "stat",
        "decorate",
        "pretty",
        "format",
        "unified",
        "color",
        "word-diff",
        "color-words",
        "abbrev",
        "find-renames",
        "diff-algorithm",
        "submodule",
    ],
    numeric: true,
    operands: Operands::Paths,
};

const STATUS: Shape = Shape {
    short: "sbvzu",
    long: &[
        "short",
        "branch",
        "long",
        "verbose",
        "show-stash",
        "ahead-behind",
        "no-renames",
    ],
    long_maybe: &["porcelain", "untracked-files", "ignored", "column"],
    operands: Operands::Paths,
    ..Shape::NOTHING
};

const REV_PARSE: Shape = Shape {
    short: "q",
    long: &[
        "verify",
        "show-toplevel",
        "show-prefix",
        "show-cdup",
        "git-dir",
        "git-common-dir",
        "is-inside-work-tree",
        "is-inside-git-dir",
        "is-bare-repository",
        "is-shallow-repository",
        "symbolic-full-name",
        "all",
        "quiet",
        "absolute-git-dir",
    ],
    long_maybe: &["abbrev-ref", "short", "branches", "tags"],
    operands: Operands::Paths,
    ..Shape::NOTHING
};

const LS_FILES: Shape = Shape {
    short: "mocdsztiu",
    short_value: "x",
    long: &[
        "modified",
        "others",
        "cached",
        "deleted",
        "stage",
        "exclude-standard",
        "ignored",
        "full-name",
        "directory",
        "error-unmatch",
    ],
    operands: Operands::Paths,
    ..Shape::NOTHING
};

const LS_TREE: Shape = Shape {
    short: "rdtlz",
    long: &["name-only", "name-status", "full-tree", "long"],
    operands: Operands::Paths,
    ..Shape::NOTHING
};

const BLAME: Shape = Shape {
    short: "wselpMC",
    short_value: "L",
    long: &["porcelain", "line-porcelain", "show-email"],
    operands: Operands::Paths,
    ..Shape::NOTHING
};

const GREP: Shape = Shape {
    short: "nilLwcEFGPIvhHqop",
    short_value: "eABC",
    long: &[
        "line-number",
        "ignore-case",
        "files-with-matches",
        "name-only",
        "count",
        "word-regexp",
        "extended-regexp",
        "fixed-strings",
        "perl-regexp",
        "cached",
        "untracked",
        "show-function",
        "heading",
        "break",
    ],
    operands: Operands::PatternThenPaths(&["-e"]),
    ..Shape::NOTHING
};

const DESCRIBE: Shape = Shape {
    long: &["tags", "always", "all", "long"],
    long_maybe: &["dirty", "abbrev"],
    long_value: &["match"],
    operands: Operands::Paths,
    ..Shape::NOTHING
};

/// Judges the arguments of git. Global options before the subcommand ask: they
/// redirect, configure, or run another git.
pub(super) fn check(args: &[&str]) -> Result<(), String> {
    let args = match args {
        ["--no-pager", rest @ ..] => rest,
        all => all,
    };
    let Some((verb, rest)) = args.split_first() else {
        return Ok(());
    };
    // `%G?` in a format makes git run the signature checker.
    if rest.iter().any(|word| word.contains("%G")) {
        return Err("checks signatures with another program".to_string());
    }
    let rev_operands = |shape: &Shape| fits(shape, rest);
    match *verb {
        "--version" | "version" if rest.is_empty() => Ok(()),
        "status" => rev_operands(&STATUS),
        "log" | "show" | "diff" | "shortlog" | "whatchanged" => rev_operands(&LOG),
        "rev-parse" => rev_operands(&REV_PARSE),
        "rev-list" => fits(
            &Shape {
                long: &["count", "all", "first-parent", "no-merges", "reverse"],
                long_value: &["max-count", "since", "until"],
                short_value: "n",
                ..LS_TREE
            },
            rest,
        ),
        "ls-files" => rev_operands(&LS_FILES),
        "ls-tree" => rev_operands(&LS_TREE),
        "blame" | "annotate" => rev_operands(&BLAME),
        "grep" => rev_operands(&GREP),
        "describe" => rev_operands(&DESCRIBE),
        "merge-base" => fits(
            &Shape {
                long: &["is-ancestor", "all", "octopus"],
                operands: Operands::Paths,
                ..Shape::NOTHING
            },
            rest,
        ),
        "cat-file" => match rest {
            ["-p" | "-t" | "-s" | "-e", object]
                if stays_inside(object) && !object.starts_with('-') =>
            {
                Ok(())
            }
            _ => Err("no rule for these arguments".to_string()),
        },
        "branch" => branch(rest),
        "tag" => list_only(rest, &["-l", "--list", "-n"]),
        "remote" => match rest {
            [] | ["-v" | "--verbose"] => Ok(()),
            ["get-url", name] if is_name(name) => Ok(()),
            _ => Err("may change remotes or use the network".to_string()),
        },
        "stash" => list_only_verb(rest, "list"),
        "worktree" => list_only_verb(rest, "list"),
        "reflog" => match rest {
            [] | ["show"] => Ok(()),
            [flag]
                if flag
                    .strip_prefix('-')
                    .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) =>
            {
                Ok(())
            }
            _ => Err("may change the reflog".to_string()),
        },
        "config" => match rest {
            ["--get" | "--get-all", name] | ["get", name] if is_name(name) => Ok(()),
            ["--list" | "-l"] | ["list"] => Ok(()),
            _ => Err("may change the configuration".to_string()),
        },
        "count-objects" => fits(
            &Shape {
                short: "vH",
                ..Shape::NOTHING
            },
            rest,
        ),
        _ => Err(format!("no rule for `git {}`", short(verb))),
    }
}

/// Listing branches; a name alone would create one.
fn branch(rest: &[&str]) -> Result<(), String> {
    let shape = Shape {
        short: "arvl",
        long: &[
            "all",
            "remotes",
            "verbose",
            "list",
            "show-current",
            "no-color",
            "no-column",
        ],
        long_value: &["sort", "format"],
        long_maybe: &[
            "color",
            "merged",
            "no-merged",
            "contains",
            "no-contains",
            "points-at",
            "column",
            "abbrev",
        ],
        operands: if rest.contains(&"--list") || rest.contains(&"-l") {
            Operands::Text
        } else {
            Operands::None
        },
        ..Shape::NOTHING
    };
    fits(&shape, rest)
}

fn list_only(rest: &[&str], flags: &[&str]) -> Result<(), String> {
    match rest {
        [] => Ok(()),
        [flag] if flags.contains(flag) => Ok(()),
        ["-l" | "--list", pattern] if !pattern.starts_with('-') => Ok(()),
        _ => Err("may create or delete tags".to_string()),
    }
}

fn list_only_verb(rest: &[&str], verb: &str) -> Result<(), String> {
    match rest {
        [only] if *only == verb => Ok(()),
        _ => Err("changes the repository".to_string()),
    }
}
