//! Git: what only reads the repository runs, what throws work away or leaves the
//! machine is forbidden, the rest asks.

use super::super::analysis::{EffectKind, Tier};
use super::super::cx::{Cx, Verdict, is_unknown};
use super::super::flags::{Operands, Shape, fits, is_name, listed, revision};
use super::Judge::Custom;
use super::{Rows, no_rule, repository};
use crate::permission::short;
use Operands::{Names, Revisions, Text};

pub(super) const PROGRAMS: Rows = &[("git", Custom(git))];

/// Ways to show commits, shared by several subcommands. Left out on purpose:
/// `--output`, `--ext-diff`, `--textconv`, `--no-index`, `--show-signature`, `-O`.
const LOG: Shape = Shape {
    short: "pswbuzMCRicgEaWFPtmr",
    // `-U` has no value but a glued one.
    short_value: "nSGLl",
    long: "oneline graph all no-decorate patch no-patch follow reverse merges no-merges \
           first-parent name-only name-status numstat shortstat summary raw abbrev-commit \
           no-abbrev-commit tags branches remotes no-color no-ext-diff no-textconv cached staged \
           check quiet exit-code ignore-all-space ignore-space-change ignore-blank-lines \
           ignore-space-at-eol function-context minimal histogram patience no-renames topo-order \
           date-order left-right cherry-pick cherry-mark merge-base regexp-ignore-case no-notes \
           full-history cc text binary full-index no-prefix pickaxe-all pickaxe-regex \
           perl-regexp fixed-strings extended-regexp invert-grep all-match compact-summary \
           color-moved no-color-moved source mailmap no-mailmap parents children boundary \
           simplify-merges relative-date numbered email committer group no-mnemonic-prefix \
           reflog walk-reflogs simplify-by-decoration dense sparse no-walk count null \
           patch-with-stat no-commit-id indent-heuristic no-indent-heuristic root \
           author-date-order left-only right-only cherry use-mailmap no-use-mailmap cumulative \
           full-diff not no-expand-tabs show-pulls clear-decorations remove-empty bisect theirs \
           ours base ignore-cr-at-eol find-copies-harder ita-visible-in-index \
           ita-invisible-in-index include-untracked only-untracked",
    long_value: "max-count skip author committer since until after before grep diff-filter date \
                 min-parents max-parents src-prefix dst-prefix inter-hunk-context \
                 word-diff-regex decorate-refs decorate-refs-exclude encoding",
    long_maybe: "stat stat-width stat-count stat-name-width stat-graph-width expand-tabs \
                 line-prefix output-indicator-new output-indicator-old output-indicator-context \
                 skip-to rotate-to ancestry-path break-rewrites decorate pretty format unified color word-diff color-words abbrev \
                 find-renames find-copies diff-algorithm submodule relative ignore-submodules \
                 branches tags remotes glob dirstat diff-merges color-moved notes ws-error-highlight \
                 no-relative exclude anchored",
    glued: "UMCB",
    numeric: true,
    operands: Revisions,
    ..Shape::NOTHING
};

const fn plain(short: &'static str, long: &'static str, long_maybe: &'static str) -> Shape {
    Shape {
        short,
        long,
        long_maybe,
        operands: Revisions,
        ..Shape::NOTHING
    }
}

/// Subcommands with a table.
const TABLE: &[(&str, Shape)] = &[
    (
        "log show diff whatchanged diff-tree diff-index diff-files range-diff",
        LOG,
    ),
    (
        "status",
        plain(
            // `-uno`, `-uall`, `-unormal`.
            "sbvzunoalrm",
            "short branch long verbose show-stash ahead-behind no-ahead-behind no-renames null",
            "porcelain untracked-files ignored column ignore-submodules find-renames",
        ),
    ),
    (
        "shortlog",
        Shape {
            long_value: "since until after before author group",
            glued: "w",
            ..plain(
                "snecw",
                "summary numbered email committer all no-merges",
                "format",
            )
        },
    ),
    (
        "rev-parse",
        plain(
            "q",
            "verify show-toplevel show-prefix show-cdup git-dir git-common-dir is-inside-work-tree \
             is-inside-git-dir is-bare-repository is-shallow-repository symbolic-full-name all \
             quiet absolute-git-dir symbolic show-superproject-working-tree revs-only no-revs \
             flags no-flags local-env-vars show-object-format show-ref-format",
            "abbrev-ref short branches tags remotes disambiguate since until",
        ),
    ),
    (
        "rev-list",
        Shape {
            short_value: "n",
            long_value: "max-count skip since until after before author grep min-parents \
                         max-parents",
            numeric: true,
            ..plain(
                "",
                "count all first-parent no-merges merges reverse oneline objects left-right \
                 cherry-pick abbrev-commit parents topo-order date-order branches tags remotes \
                 left-only right-only cherry cherry-mark timestamp boundary not no-walk",
                "pretty format abbrev ancestry-path disk-usage",
            )
        },
    ),
    (
        "ls-files",
        Shape {
            short_value: "x",
            long_value: "exclude",
            ..plain(
                "mocdsztiuv",
                "modified others cached deleted stage exclude-standard ignored full-name directory \
                 error-unmatch unmerged killed eol no-empty-directory deduplicate",
                "abbrev format",
            )
        },
    ),
    (
        "ls-tree",
        plain(
            "rdtlz",
            "name-only name-status full-tree long full-name object-only",
            "abbrev format",
        ),
    ),
    (
        "blame annotate",
        Shape {
            short_value: "L",
            long_value: "since date ignore-rev",
            ..plain(
                "wselpMCfntbc",
                "porcelain line-porcelain show-email show-name show-number show-stats root \
                 first-parent reverse color-lines color-by-age minimal",
                "abbrev",
            )
        },
    ),
    (
        "describe",
        Shape {
            long_value: "match exclude candidates",
            ..plain(
                "",
                "tags always all long contains first-parent exact-match",
                "dirty abbrev broken",
            )
        },
    ),
    (
        "merge-base",
        plain("a", "is-ancestor all octopus independent fork-point", ""),
    ),
    ("name-rev", plain("", "name-only tags always all", "refs")),
    ("cherry", plain("v", "", "abbrev")),
    (
        "show-ref",
        plain(
            "dqs",
            "heads tags branches verify quiet head dereference exists",
            "hash abbrev",
        ),
    ),
    (
        "show-branch",
        plain(
            "ar",
            "all remotes current topo-order date-order list independent merge-base",
            "color",
        ),
    ),
    (
        "for-each-ref",
        Shape {
            long_value: "sort format count",
            ..plain(
                "",
                "ignore-case omit-empty shell perl python tcl",
                "merged no-merged contains no-contains points-at",
            )
        },
    ),
    (
        "check-ignore",
        plain("vqnz", "verbose quiet non-matching no-index stdin", ""),
    ),
    ("check-attr", plain("az", "all cached", "")),
    (
        "count-objects",
        Shape {
            operands: Operands::None,
            ..plain("vH", "verbose human-readable", "")
        },
    ),
    // Without `-w` it only computes.
    (
        "hash-object",
        Shape {
            short_value: "t",
            ..plain("", "stdin no-filters", "")
        },
    ),
    (
        "check-ref-format",
        plain("", "branch allow-onelevel normalize no-allow-onelevel", ""),
    ),
    (
        "fsck",
        plain(
            "",
            "full no-dangling connectivity-only unreachable strict no-progress no-reflogs",
            "",
        ),
    ),
];

/// Subcommands that do not run unless a rule names them: what they do, and what
/// to do instead.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    ("push", "sends commits to a server", "let the user push"),
    (
        "clean",
        "deletes untracked files",
        "use delete_file for each that has to go",
    ),
    (
        "switch",
        "changes the branch",
        "let the user do it, or ask with git checkout BRANCH",
    ),
    ("rebase", "rewrites history", "let the user do it"),
    (
        "commit",
        "writes history",
        "leave the changes in place and let the user commit",
    ),
    (
        "merge cherry-pick revert am",
        "writes history",
        "let the user do it",
    ),
    ("rm", "deletes files", "use delete_file"),
    (
        "filter-branch filter-repo update-ref replace",
        "rewrites history",
        "let the user do it",
    ),
    ("gc prune", "deletes objects", "let the user do it"),
];

/// Subcommands that use the network.
const NETWORK: &str = "fetch pull clone ls-remote send-email request-pull svn p4 daemon";

fn git(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let cwd = cx.walker.cwd.clone();
    let verdict = subcommand(cx, args);
    cx.walker.cwd = cwd;
    verdict
}

fn subcommand(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let (at, doubts) = global_options(cx, args);
    let Some(&verb) = args.get(at) else {
        return doubts;
    };
    let rest = &args[at + 1..];
    let joined = joined_values(verb, rest);
    let rest: Vec<&str> = joined.iter().map(String::as_str).collect();
    let rest = rest.as_slice();
    forbid(cx, verb, rest);
    doubts?;
    repository::check(cx)?;
    if rest.iter().any(|word| checks_signatures(word)) {
        return Err("checks signatures with another program".to_string());
    }
    if let Some((_, shape)) = TABLE.iter().find(|(names, _)| listed(names, verb)) {
        if rest == ["-h"] {
            return Ok(());
        }
        return fits(cx, shape, rest);
    }
    if listed(NETWORK, verb) {
        cx.effect(EffectKind::Network, format!("git {verb}"));
        return Err(format!("`git {verb}` uses the network"));
    }
    if FORBIDDEN.iter().any(|(names, ..)| listed(names, verb)) {
        return Ok(());
    }
    special(cx, verb, rest)
}

/// Whether a word may be a format that makes git run the signature checker.
fn checks_signatures(word: &str) -> bool {
    let format = ["--format", "--pretty", "--sort"]
        .iter()
        .any(|flag| word.starts_with(flag));
    word.contains("%G")
        || word
            .split("%(")
            .skip(1)
            .any(|atom| atom.trim_start_matches('*').starts_with("signature"))
        || (format
            && (is_unknown(word) || word.contains("=signature") || word.contains("-signature")))
}

/// Subcommands with rules of their own.
fn special(cx: &mut Cx<'_, '_>, verb: &str, rest: &[&str]) -> Verdict {
    match verb {
        "--version" | "version" if rest.is_empty() || rest == ["--build-options"] => Ok(()),
        // What `help` shows of one command goes through a program of the user's choice.
        "help" | "--help" | "-h" if rest.is_empty() || rest == ["-a"] || rest == ["-g"] => Ok(()),
        "--exec-path" | "--html-path" | "--man-path" | "--info-path" if rest.is_empty() => Ok(()),
        "grep" => fits(cx, &GREP, rest),
        "cat-file" => match rest {
            [
                "-p" | "-t" | "-s" | "-e" | "blob" | "tree" | "commit",
                object,
            ] if !object.starts_with('-') => revision(cx, object),
            [first, rest @ ..]
                if *first == "--batch-check"
                    && rest.iter().all(|word| {
                        matches!(*word, "--batch-all-objects" | "--unordered" | "--buffer")
                    }) =>
            {
                Ok(())
            }
            _ => no_rule(),
        },
        "branch" => branch(cx, rest),
        "tag" => tag(cx, rest),
        "remote" => match rest {
            [] | ["-v" | "--verbose" | "show"] => Ok(()),
            ["show", "-n", name] if is_name(name) => Ok(()),
            ["get-url", name] | ["get-url", "--all" | "--push", name] if is_name(name) => Ok(()),
            _ => Err("may change remotes or use the network".to_string()),
        },
        "stash" => match rest {
            ["list", rest @ ..] | ["show", rest @ ..] => fits(cx, &LOG, rest),
            _ => changes(),
        },
        "worktree" => match rest {
            ["list", flags @ ..] if flags.iter().all(|word| listed("--porcelain -v -z", word)) => {
                Ok(())
            }
            _ => changes(),
        },
        "submodule" => match rest {
            [] | ["status"] | ["status", "--recursive" | "--cached"] => Ok(()),
            _ => changes(),
        },
        "notes" => match rest {
            [] | ["list"] => Ok(()),
            ["show", rest @ ..] => fits(cx, &plain("", "", ""), rest),
            _ => changes(),
        },
        "bisect" if rest == ["log"] => Ok(()),
        "var" if matches!(rest, ["GIT_AUTHOR_IDENT" | "GIT_COMMITTER_IDENT"]) => Ok(()),
        "sparse-checkout" if rest == ["list"] => Ok(()),
        "reflog" => match rest {
            ["expire" | "delete" | "drop", ..] => changes(),
            ["list"] => Ok(()),
            ["exists", name] => revision(cx, name),
            ["show", rest @ ..] | rest => fits(cx, &LOG, rest),
        },
        "symbolic-ref" => match rest {
            [flags @ .., name]
                if flags.iter().all(|word| listed("--short -q --quiet", word))
                    && (is_name(name) || name.starts_with("refs/")) =>
            {
                Ok(())
            }
            _ => changes(),
        },
        "config" => config(rest),
        "checkout" => Err("changes files or the branch".to_string()),
        "add" | "restore" | "mv" | "reset" | "apply" | "stage" | "unstage" | "init" => changes(),
        _ => Err(format!("no rule for `git {}`", short(verb))),
    }
}

fn changes() -> Verdict {
    Err("changes the repository".to_string())
}

/// The directory of the workspace that `-C` names.
fn directory(cx: &Cx<'_, '_>, word: &str) -> Option<std::path::PathBuf> {
    let path = cx.walker.place.resolve(&cx.walker.cwd, word).ok()?;
    let real = path.real();
    // Bash takes `..` away by name, the system by where a link leads.
    let up = word.split('/').any(|part| part == "..");
    let fits = real == cx.walker.place.root || (path.inside() && !up && real.is_dir());
    fits.then(|| real.to_path_buf())
}

/// The place of the subcommand, and what is to be said about the options before it.
fn global_options(cx: &mut Cx<'_, '_>, args: &[&str]) -> (usize, Verdict) {
    let mut at = 0;
    let mut doubts = Ok(());
    while let Some(&word) = args.get(at) {
        if is_unknown(word) {
            return (
                at,
                Err("a subcommand is only known when it runs".to_string()),
            );
        }
        let shows = matches!(
            word,
            "--version"
                | "--help"
                | "-h"
                | "--exec-path"
                | "--html-path"
                | "--man-path"
                | "--info-path"
        );
        if !word.starts_with('-') || (shows && at + 1 == args.len()) {
            break;
        }
        let value = args.get(at + 1).copied().unwrap_or_default();
        match word {
            "--no-pager"
            | "-P"
            | "--no-optional-locks"
            | "--literal-pathspecs"
            | "--glob-pathspecs"
            | "--noglob-pathspecs"
            | "--icase-pathspecs"
            | "--no-replace-objects" => at += 1,
            "-C" => {
                // Elsewhere another repository may configure what git runs.
                let _ = cx.mention(value);
                match directory(cx, value) {
                    Some(dir) => {
                        if dir != cx.walker.place.root {
                            cx.confined("works in another directory");
                        }
                        cx.walker.cwd = dir;
                    }
                    None => doubts = Err("works in another directory".to_string()),
                }
                at += 2;
            }
            "-c" => {
                let harmless = matches!(
                    value,
                    "color.ui=never"
                        | "color.ui=false"
                        | "color.ui=always"
                        | "core.quotepath=off"
                        | "core.quotepath=false"
                        | "core.quotePath=false"
                        | "core.pager=cat"
                        | "core.pager="
                        | "core.fsmonitor=false"
                        | "color.status=always"
                        | "color.diff=always"
                        | "color.status=never"
                        | "color.diff=never"
                        | "diff.external="
                        | "diff.renames=true"
                        | "diff.renames=false"
                        | "log.showSignature=false"
                        | "log.showsignature=false"
                        | "pager.log=false"
                        | "pager.diff=false"
                        | "advice.detachedHead=false"
                );
                if !harmless {
                    doubts = Err("changes the configuration for this run".to_string());
                }
                at += 2;
            }
            "--git-dir" | "--work-tree" | "--namespace" | "--exec-path" | "--super-prefix"
            | "--config-env" | "--attr-source" => {
                doubts = Err(format!("no rule for {word}"));
                at += 2;
            }
            _ => {
                doubts = Err(format!("no rule for {}", short(word)));
                at += 1;
            }
        }
    }
    (at, doubts)
}

/// Adds the concern about a forbidden subcommand.
fn forbid(cx: &mut Cx<'_, '_>, verb: &str, rest: &[&str]) {
    let deny = |cx: &mut Cx<'_, '_>, what: &str, does: &str, instead: &str, key: &[&str]| {
        cx.command(Tier::Deny, format!("`git {what}` {does}: {instead}"), key);
    };
    if let Some((_, does, instead)) = FORBIDDEN.iter().find(|(names, ..)| listed(names, verb)) {
        deny(cx, verb, does, instead, &["git", verb]);
        if verb == "push" {
            cx.effect(EffectKind::Network, "git push");
        }
        return;
    }
    let flag = |letters: &str, longs: &[&str]| {
        rest.iter().copied().find(|word| {
            if let Some(long) = word.strip_prefix("--") {
                let name = long.split('=').next().unwrap_or(long);
                // Git takes any beginning that fits one option.
                !name.is_empty() && longs.iter().any(|known| known.starts_with(name))
            } else {
                word.len() > 1
                    && word.starts_with('-')
                    && word.chars().skip(1).any(|ch| letters.contains(ch))
            }
        })
    };
    match verb {
        "reset" => {
            if let Some(word) = flag("", &["hard", "merge", "keep"]) {
                deny(
                    cx,
                    &format!("reset {}", short(word)),
                    "throws changes away",
                    "undo single edits with edit_file or write_file, or let the user do it",
                    &["git", "reset", word],
                );
            }
        }
        "checkout" => {
            if let Some(word) = flag("fbB", &["force", "orphan"]) {
                deny(
                    cx,
                    &format!("checkout {}", short(word)),
                    "throws changes away or makes a branch",
                    "let the user do it",
                    &["git", "checkout", word],
                );
            }
        }
        "branch" => {
            if let Some(word) = flag("dDmMfcC", &["delete", "force", "move", "copy"]) {
                deny(
                    cx,
                    &format!("branch {}", short(word)),
                    "changes or deletes branches",
                    "let the user do it",
                    &["git", "branch", word],
                );
            }
        }
        "reflog" if matches!(rest.first(), Some(&("expire" | "delete" | "drop"))) => {
            deny(
                cx,
                "reflog expire",
                "deletes history",
                "let the user do it",
                &["git", "reflog", rest[0]],
            );
        }
        "stash" if matches!(rest.first(), Some(&("drop" | "clear"))) => {
            deny(
                cx,
                "stash drop",
                "throws changes away",
                "let the user do it",
                &["git", "stash", rest[0]],
            );
        }
        _ => {}
    }
}

const GREP: Shape = Shape {
    short: "nilLwcEFGPIvhHqopWazr",
    short_value: "eABCm",
    long: "line-number ignore-case files-with-matches name-only count word-regexp extended-regexp \
           fixed-strings perl-regexp cached untracked show-function heading break invert-match \
           only-matching quiet all-match and or not text column full-name null no-color recursive \
           basic-regexp files-without-match",
    long_value: "max-depth threads context after-context before-context max-count",
    long_maybe: "color",
    numeric: true,
    operands: Operands::PatternThenPaths("-e"),
    ..Shape::NOTHING
};

/// Listing branches; a name alone would create one.
fn branch(cx: &mut Cx<'_, '_>, rest: &[&str]) -> Verdict {
    let lists = rest.iter().any(|word| {
        matches!(
            *word,
            "--list"
                | "-l"
                | "--contains"
                | "--merged"
                | "--no-merged"
                | "--points-at"
                | "--no-contains"
        )
    });
    if rest.iter().any(|word| is_unknown(word)) {
        return Err("an argument is only known when it runs".to_string());
    }
    let shape = Shape {
        short: "arvliq",
        long: "all remotes verbose list show-current no-color no-column ignore-case quiet \
               no-abbrev omit-empty",
        long_value: "sort format",
        long_maybe: "color merged no-merged contains no-contains points-at column abbrev",
        operands: if lists { Text } else { Operands::None },
        ..Shape::NOTHING
    };
    fits(cx, &shape, rest)
}

fn tag(cx: &mut Cx<'_, '_>, rest: &[&str]) -> Verdict {
    // Without a name there is nothing to create.
    let lists = rest.iter().all(|word| word.starts_with('-'))
        || rest.iter().any(|word| {
            matches!(
                *word,
                "-l" | "--list" | "--contains" | "--merged" | "--no-merged" | "--points-at"
            ) || word.starts_with("-n")
                || word.starts_with("--sort")
        });
    if !lists || rest.iter().any(|word| is_unknown(word)) {
        return Err("may create or delete tags".to_string());
    }
    let only_listing = rest.iter().any(|word| matches!(*word, "-l" | "--list"));
    let shape = Shape {
        short: "lin0123456789",
        long: "list ignore-case no-column omit-empty",
        long_value: "sort format",
        long_maybe: "contains no-contains merged no-merged points-at column color",
        operands: if only_listing { Text } else { Names },
        ..Shape::NOTHING
    };
    // `--sort=x name` still lists nothing but creates: only values of the flags
    // above may stand there.
    let operands = rest.iter().filter(|word| !word.starts_with('-')).count();
    let valued = rest.iter().filter(|word| {
        matches!(
            **word,
            "--contains"
                | "--merged"
                | "--no-merged"
                | "--points-at"
                | "--sort"
                | "--format"
                | "--no-contains"
        )
    });
    if !only_listing && operands > valued.count() {
        return Err("may create or delete tags".to_string());
    }
    fits(cx, &shape, rest)
}

/// Ways in which `git config` only looks.
const CONFIG_LOOKS: &str = "--get --get-all --get-regexp --list -l";

/// What may stand before them: where to look, and how to show it. Left out on
/// purpose: `--file`, `--blob`, `--edit`.
const CONFIG_FLAGS: &str = "--global --local --system --worktree --show-origin --show-scope \
    --name-only --null -z --includes --no-includes --bool --int --bool-or-int --path \
    --type=bool --type=int --type=path --type=bool-or-int --all --show-names --regexp";

/// Subcommands that change it.
const CONFIG_CHANGES: &str = "set unset rename-section remove-section edit";

fn config(rest: &[&str]) -> Verdict {
    if rest.iter().any(|word| is_unknown(word)) {
        return Err("an argument is only known when it runs".to_string());
    }
    let (verb, rest) = match rest {
        [verb @ ("get" | "list"), rest @ ..] => (Some(*verb), rest),
        rest => (None, rest),
    };
    let mut looks = verb.is_some();
    let mut operands = Vec::new();
    let mut words = rest.iter();
    while let Some(&word) = words.next() {
        match word {
            "--default" if words.next().is_some() => {}
            word if listed(CONFIG_LOOKS, word) => looks = true,
            word if listed(CONFIG_FLAGS, word) => {}
            word if word.starts_with('-') => {
                return Err("may change the configuration".to_string());
            }
            word if listed(CONFIG_CHANGES, word) => {
                return Err("may change the configuration".to_string());
            }
            word => operands.push(word),
        }
    }
    match operands.as_slice() {
        [] if looks => Ok(()),
        [name] if looks || (is_name(name) && name.contains('.')) => Ok(()),
        // A second word is a pattern for values.
        [_, _] if looks && verb.is_none() => Ok(()),
        _ => Err("may change the configuration".to_string()),
    }
}

/// Joins flags of listings with their values in the next word, which may begin with
/// a dash there.
fn joined_values(verb: &str, rest: &[&str]) -> Vec<String> {
    let valued = match verb {
        "branch" | "for-each-ref" => "--sort --format",
        "tag" => "--sort --format --contains --no-contains --merged --no-merged --points-at",
        _ => "",
    };
    let mut out: Vec<String> = Vec::new();
    let mut words = rest.iter().peekable();
    while let Some(word) = words.next() {
        let value = |next: &&&str| {
            !is_unknown(next)
                && (!next.starts_with('-') || (*word == "--sort" && !next.starts_with("--")))
        };
        let next = if listed(valued, word) {
            words.next_if(value)
        } else {
            None
        };
        match next {
            Some(next) => out.push(format!("{word}={next}")),
            None => out.push(word.to_string()),
        }
    }
    out
}
