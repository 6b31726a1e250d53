//! Checkers, test runners and builders of every language: they run unasked where
//! the system confines them. Elsewhere they ask, because what they load and run
//! is up to the workspace.

use super::super::cx::{Cx, Verdict, is_number, is_unknown};
use super::super::flags::is_name;
use super::Judge::Custom;
use super::toolbox::{TOOLS, Tool};
use super::{Rows, build, compile, launch, listed, local, no_rule, shell};
use crate::permission::short;

pub(super) const PROGRAMS: Rows = &[
    ("uv poetry pipenv pdm rye bundle", Custom(runner)),
    ("coverage", Custom(coverage)),
    ("turbo nx just task rake sbt ninja samu", Custom(tasks)),
    ("composer", Custom(composer)),
    ("php", Custom(php)),
    ("ruby", Custom(ruby)),
    ("tsc eslint prettier jest vitest mocha", Custom(global)),
];

/// Why these ask where nothing confines them.
const WHY: &str = "loads and runs what the workspace holds";

/// Whether the table has a program of this name.
pub(super) fn has(name: &str) -> bool {
    TOOLS.iter().any(|tool| listed(tool.names, name))
}

/// Whether this is a program that develops: one that may come with the project and
/// then is the same as elsewhere.
fn develops(name: &str) -> bool {
    has(name)
        || listed("gradlew mvnw", name)
        || super::builds(name)
        || PROGRAMS.iter().any(|(names, _)| listed(names, name))
}

/// Where projects keep the programs that they bring along.
const KEPT: &[&str] = &[
    "node_modules/.bin",
    ".venv/bin",
    "venv/bin",
    "vendor/bin",
    "bin",
    "target/debug",
    "target/release",
];

/// A program by its path: what a project brings along is judged by its name, what
/// it has built runs as it is.
pub(super) fn by_path(cx: &mut Cx<'_, '_>, program: &str, args: &[&str]) -> Verdict {
    let base = program.rsplit('/').next().unwrap_or(program);
    if launch::launches(base) {
        // It asks; but what it would run by its name may be denied.
        let mut words = vec![base.to_string()];
        words.extend(args.iter().map(|word| word.to_string()));
        cx.start(words);
    }
    let unknown = || Err("runs a file by its path".to_string());
    let root = cx.walker.place.root.to_str().map(|root| format!("{root}/"));
    let relative = root
        .and_then(|root| program.strip_prefix(root.as_str()))
        .unwrap_or(program);
    let relative = relative.trim_start_matches("./");
    let (dir, name) = relative.rsplit_once('/').unwrap_or(("", relative));
    let odd = relative.starts_with(['/', '~', '-'])
        || relative
            .split('/')
            .any(|part| matches!(part, "" | ".." | "."))
        || is_unknown(relative);
    if odd {
        return unknown();
    }
    let path = cx.walker.place.resolve(&cx.walker.cwd, program);
    let lies_here = path.is_ok_and(|path| path.inside());
    match dir {
        "target/debug" | "target/release" if lies_here && is_name(name) => {
            cx.confined("runs what was built here");
            own_arguments(cx, args)
        }
        "" if lies_here && listed("gradlew mvnw", name) => {
            let name = if name == "mvnw" { "mvn" } else { "gradle" };
            go_on(cx, name, args)
        }
        // Interpreters of virtual environments are links to those of the system.
        ".venv/bin" | "venv/bin" if develops(name) => go_on(cx, name, args),
        dir if KEPT.contains(&dir) && lies_here && develops(name) => go_on(cx, name, args),
        _ => unknown(),
    }
}

/// Judges another program, which is this one's work.
fn go_on(cx: &mut Cx<'_, '_>, name: &str, args: &[&str]) -> Verdict {
    cx.confined(WHY);
    let mut words = vec![name.to_string()];
    words.extend(args.iter().map(|word| word.to_string()));
    cx.start(words);
    Ok(())
}

/// Arguments of a program of the workspace itself: what may be a path is looked at.
pub(super) fn own_arguments(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    if args.iter().any(|word| is_unknown(word)) {
        return Err("an argument is only known when it runs".to_string());
    }
    let words: Vec<String> = args.iter().map(|word| word.to_string()).collect();
    cx.mentions(&words);
    Ok(())
}

/// Whether all that is asked of a program is to say what it is.
pub(super) fn only_tells(args: &[&str]) -> bool {
    matches!(
        args,
        ["--version" | "-V" | "-version" | "version" | "--help" | "-h"]
    )
}

/// A program without a row, which only tells what it is.
pub(super) fn tells(cx: &mut Cx<'_, '_>, program: &str) -> Verdict {
    if !is_name(program) {
        return no_rule();
    }
    cx.confined("no rule knows it");
    Ok(())
}

/// Whether a program may be one that a project of Node has installed.
pub(super) fn may_be_local(name: &str) -> bool {
    has(name) || listed("turbo nx", name)
}

/// Judges a program that a project of Node has installed.
pub(super) fn hand_on(cx: &mut Cx<'_, '_>, name: &str, args: &[&str]) -> Verdict {
    go_on(cx, name, args)
}

/// Judges a program of the table.
pub(super) fn judge(cx: &mut Cx<'_, '_>, name: &str, args: &[&str]) -> Verdict {
    cx.confined(WHY);
    if only_tells(args) {
        return Ok(());
    }
    let Some((tool, rest)) = row(name, args) else {
        let verb = args.first().copied().unwrap_or_default();
        return Err(format!("no rule for `{} {}`", short(name), short(verb)));
    };
    let needed = |word: &&str| listed(tool.needs, word);
    if !tool.needs.is_empty() && !args.iter().any(needed) {
        return Err("may change files".to_string());
    }
    fits(cx, tool, rest)
}

/// The row for these arguments, and what stands behind its verb.
fn row<'a, 'b>(name: &str, args: &'b [&'a str]) -> Option<(&'static Tool, &'b [&'a str])> {
    let rows = TOOLS.iter().filter(|tool| listed(tool.names, name));
    rows.flat_map(|tool| tool.verbs.split(',').map(move |verb| (tool, verb)))
        .find_map(|(tool, verb)| {
            let verb: Vec<&str> = verb.split_whitespace().collect();
            args.strip_prefix(verb.as_slice()).map(|rest| (tool, rest))
        })
}

fn fits(cx: &mut Cx<'_, '_>, tool: &Tool, args: &[&str]) -> Verdict {
    let mut words = args.iter();
    while let Some(&word) = words.next() {
        if is_unknown(word) && !is_number(word) {
            return Err("an argument is only known when it runs".to_string());
        }
        if word == "--" {
            let rest: Vec<&str> = words.copied().collect();
            return match tool.names {
                "clang-tidy" => compile::compiler(cx, &rest),
                _ => operands(cx, tool, &rest),
            };
        }
        if !word.starts_with('-') || word == "-" {
            operands(cx, tool, &[word])?;
            continue;
        }
        let clustered = |word: &str| {
            word.len() > 1
                && !word.starts_with("--")
                && word[1..].chars().all(|ch| tool.letters.contains(ch))
        };
        if listed(tool.alone, word) || clustered(word) {
            continue;
        }
        let (flag, glued) = parted(tool, word);
        let known = |list: &str| listed(list, flag);
        if !(known(tool.valued) || known(tool.words) || known(tool.paths)) {
            return Err(format!("no rule for {}", short(word)));
        }
        let value = glued.or_else(|| words.next().copied()).unwrap_or_default();
        let signed = value.starts_with('-') && glued.is_none() && !is_number(&value[1..]);
        if value.is_empty() || signed || (is_unknown(value) && !is_number(value)) {
            return Err(format!("{} lacks its value", short(flag)));
        }
        let plain = |ch: char| ch.is_ascii_alphanumeric() || "_-,".contains(ch);
        if known(tool.words) && !value.chars().all(plain) {
            return Err(format!("no rule for {}", short(word)));
        }
        // `file:PATH`, `name=PATH`, lists of paths.
        for part in value.split([':', '=', ',', ' ', '{', '}']) {
            if !part.is_empty() {
                cx.mention(part)?;
            }
        }
    }
    Ok(())
}

/// A flag and the value behind `=`, or glued to a letter.
fn parted<'a>(tool: &Tool, word: &'a str) -> (&'a str, Option<&'a str>) {
    if let Some((flag, value)) = word.split_once('=')
        && (flag.len() > 2 || !listed(tool.valued, flag))
    {
        return (flag, Some(value));
    }
    match word.split_at_checked(2) {
        Some((flag, value)) if !value.is_empty() && !flag.starts_with("--") => {
            let takes = [tool.valued, tool.words, tool.paths]
                .iter()
                .any(|list| listed(list, flag));
            // `-select` of a program whose flags have one dash.
            let whole = [tool.valued, tool.words, tool.paths]
                .iter()
                .any(|list| listed(list, word));
            if takes && !whole {
                (flag, Some(value.trim_start_matches('=')))
            } else {
                (word, None)
            }
        }
        _ => (word, None),
    }
}

fn operands(cx: &mut Cx<'_, '_>, tool: &Tool, words: &[&str]) -> Verdict {
    for word in words {
        if tool.closed || tool.tasks {
            let is_task = build::is_target(word) || build::is_script(word);
            if !is_name(word) || (tool.tasks && !is_task) {
                return Err(format!("no rule for `{}`", short(word)));
            }
        } else if word.contains("://") || listed(tool.never, word) {
            return Err(format!("no rule for `{}`", short(word)));
        } else if word.starts_with('@') && !word.contains('/') {
            // `@file` holds more arguments, but for names of aliases.
            return Err(format!("no rule for `{}`", short(word)));
        } else {
            cx.mention(word)?;
        }
    }
    Ok(())
}

/// A checker or test runner of Node that is installed for everybody.
fn global(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let name = cx.part.argv.first().cloned().unwrap_or_default();
    cx.confined(WHY);
    if only_tells(args) {
        return Ok(());
    }
    local::judge(cx, &name, args)
}

/// `uv run pytest`, `bundle exec rspec`: what they run is judged in their place.
fn runner(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let name = cx.part.argv.first().cloned().unwrap_or_default();
    cx.confined(WHY);
    let runs = if name == "bundle" { "exec" } else { "run" };
    match args {
        _ if only_tells(args) => Ok(()),
        [verb, rest @ ..] if *verb == runs => {
            let own = "--frozen --locked --offline --no-sync --all-extras --all-groups --active -q \
                       --quiet --no-dev --dev --exact -s";
            let valued = "--extra --group --package --only-group --no-group";
            let mut rest = rest;
            loop {
                rest = match rest {
                    [flag, after @ ..] if listed(own, flag) => after,
                    [flag, value, after @ ..] if listed(valued, flag) && is_name(value) => after,
                    [program, after @ ..] if !program.starts_with('-') => {
                        return go_on(cx, program, after);
                    }
                    _ => return no_rule(),
                };
            }
        }
        _ => {
            let phrases = [
                "pip list",
                "pip show",
                "pip freeze",
                "pip check",
                "pip tree",
                "tree",
                "show",
                "list",
                "info",
                "check",
                "env info",
                "env list",
                "graph",
                "lock --check",
                "python list",
                "python find",
                "licenses",
            ];
            let flags = "--tree --no-dev --all --latest=false --only --top-level --format=json \
                         --no-ansi --depth=1 --frozen --path --paths";
            let rest = phrases.iter().find_map(|phrase| {
                let phrase: Vec<&str> = phrase.split(' ').collect();
                args.strip_prefix(phrase.as_slice())
            });
            match rest {
                Some(rest) if rest.iter().all(|word| listed(flags, word) || is_name(word)) => {
                    Ok(())
                }
                _ => no_rule(),
            }
        }
    }
}

/// `coverage run -m pytest`, `coverage report`.
fn coverage(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    match args {
        ["run", rest @ ..] => {
            let alone = "--branch -p --parallel-mode -a --append";
            let mut rest = rest;
            while let [flag, after @ ..] = rest
                && (listed(alone, flag) || flag.starts_with("--source="))
            {
                cx.mention(flag.trim_start_matches("--source="))?;
                rest = after;
            }
            let mut words = vec!["-m"];
            match rest {
                ["-m", module @ ..] => words.extend(module),
                _ => return no_rule(),
            }
            go_on(cx, "python", &words)
        }
        _ => judge(cx, "coverage", args),
    }
}

/// Words of a runner of tasks that change nothing about what runs.
const TASK_FLAGS: &str = "-l --list -a --list-all --summary -n --dry-run --dry -v --verbose -q --quiet \
    -s --silent --version --force --no-cache --no-daemon --parallel --continue --all --list-targets \
    --skip-nx-cache --unsorted --evaluate -T --tasks -P --prereqs -A --trace -vv --color";
const TASK_VALUED: &str = "--filter -F --concurrency --output-logs --log-order --projects --exclude \
    -j -k --jobs --base --head";

/// Tasks by names that promise no more than a build or a check.
fn tasks(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let name = cx.part.argv.first().cloned().unwrap_or_default();
    cx.confined(WHY);
    let mut words = args.iter();
    let mut project = false;
    while let Some(&word) = words.next() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (word, None),
        };
        // `testOnly com.x.Spec` is one word to sbt.
        let stem = word.split([' ', '=']).next().unwrap_or(word);
        let stem = stem.rsplit(['/', ':']).next().unwrap_or(stem);
        let leading = word.split([':', ' ']).next().unwrap_or(word);
        let is_task = |task: &str| {
            build::is_script(task)
                || build::is_target(task)
                || listed(
                    "testOnly testQuick default scalafmtCheck scalafmtCheckAll rubocop",
                    task,
                )
        };
        if is_unknown(word) {
            return Err("an argument is only known when it runs".to_string());
        } else if listed(TASK_FLAGS, word) {
        } else if name == "ninja" && word == "-C" {
            let dir = words.next().copied().unwrap_or_default();
            cx.mention(dir)?;
        } else if word.starts_with('-') && listed(TASK_VALUED, flag) {
            let value = value.or_else(|| words.next().copied()).unwrap_or_default();
            if value.is_empty() || value.starts_with('-') || is_unknown(value) {
                return Err(format!("{} lacks its value", short(flag)));
            }
        } else if word.strip_prefix("-j").is_some_and(is_number) {
        } else if word.starts_with('-') {
            return Err(format!("no rule for {}", short(word)));
        } else if name == "nx" && listed("run run-many affected", word) {
            project = true;
        } else if name == "turbo" && word == "run" {
        } else if is_task(stem) && (is_task(leading) || leading == stem || name != "rake") {
            project |= name == "nx";
        } else if project && is_name(word) && !word.contains(':') {
            // `nx test web`: of which part.
        } else {
            return Err(format!("no rule for `{}`", short(word)));
        }
    }
    Ok(())
}

fn composer(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    cx.confined(WHY);
    match args {
        _ if only_tells(args) => Ok(()),
        [
            "validate"
            | "show"
            | "check-platform-reqs"
            | "licenses"
            | "why"
            | "why-not"
            | "depends"
            | "prohibits"
            | "status",
            rest @ ..,
        ] => {
            let fine = |word: &&str| {
                listed(
                    "--strict --no-check-all --tree -t --direct -D --no-dev -q -i -v",
                    word,
                ) || (!word.starts_with('-') && !is_unknown(word) && !word.contains(".."))
            };
            if rest.iter().all(fine) {
                Ok(())
            } else {
                no_rule()
            }
        }
        ["run-script" | "run", name] | [name] if build::is_script(name) => Ok(()),
        ["exec", tool, "--", rest @ ..] | ["exec", tool, rest @ ..] if has(tool) => {
            go_on(cx, tool, rest)
        }
        _ => no_rule(),
    }
}

fn php(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    cx.confined(WHY);
    match args {
        ["-v" | "--version" | "-m"] => Ok(()),
        ["-l", files @ ..] if !files.is_empty() && !files.iter().any(|f| f.starts_with('-')) => {
            files.iter().try_for_each(|file| cx.read(file))
        }
        ["artisan" | "./artisan", rest @ ..] => judge(cx, "artisan", rest),
        [tool, rest @ ..] if tool.starts_with("vendor/bin/") => by_path(cx, tool, rest),
        _ => Err("runs a program".to_string()),
    }
}

fn ruby(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    cx.confined(WHY);
    match args {
        ["-v" | "--version"] => Ok(()),
        ["-c" | "-wc" | "-cw", file] if !file.starts_with('-') => cx.read(file),
        ["-Itest" | "-Ilib" | "-Ispec" | "-Ilib:test", rest @ ..] => match rest {
            [] => no_rule(),
            rest if rest.iter().all(|word| is_test(word)) => {
                rest.iter().try_for_each(|file| cx.mention(file))
            }
            _ => Err("runs a program".to_string()),
        },
        _ => Err("runs a program".to_string()),
    }
}

/// A file of tests, by its name.
fn is_test(word: &str) -> bool {
    let file = word.rsplit('/').next().unwrap_or(word);
    !word.starts_with('-') && (file.ends_with("_test.rb") || file.starts_with("test_"))
}

/// `python manage.py test`: what comes with Django and only looks or tests.
pub(super) fn manage(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    judge(cx, "manage.py", args)
}

/// Modules of Python that are programs of the table.
pub(super) fn module(cx: &mut Cx<'_, '_>, name: &str, args: &[&str]) -> Verdict {
    match name {
        "doctest" | "compileall" => {
            cx.confined(WHY);
            let fine = |word: &&str| listed("-v -q -f", word) || !word.starts_with('-');
            if !args.iter().all(fine) {
                return no_rule();
            }
            own_arguments(cx, args)
        }
        "coverage" => go_on(cx, name, args),
        name if has(name) => go_on(cx, name, args),
        _ => Err("runs a program".to_string()),
    }
}

/// Whether the shell would only read a script for its grammar.
pub(super) fn only_reads(cx: &mut Cx<'_, '_>, file: &str) -> Verdict {
    cx.confined("reads a script");
    if shell::is_plain_file(file) {
        cx.read(file)
    } else {
        no_rule()
    }
}
