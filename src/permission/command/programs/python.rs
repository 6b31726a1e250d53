//! Python: its test runners and what only looks.

use super::super::cx::{Cx, Verdict, is_unknown};
use super::super::flags::{Operands, Shape, fits, is_name};
use super::Judge::Custom;
use super::{Rows, listed, no_rule, tools};
use crate::permission::short;

pub(super) const PROGRAMS: Rows = &[
    ("python python3", Custom(python)),
    ("pytest py.test", Custom(pytest)),
    ("pip pip3", Custom(pip)),
];

/// Left out on purpose: `-p`, `-c`, `-o`, `-W`, `--rootdir`, `--confcutdir`,
/// `--pyargs`, `--basetemp`, `--junitxml`, `--pdb`.
const PYTEST: Shape = Shape {
    short: "vqxslh",
    short_value: "kmrn",
    long: "verbose quiet exitfirst lf last-failed ff failed-first nf co collect-only no-header \
           no-summary sw stepwise version disable-warnings strict-markers strict-config no-cov \
           runxfail fixtures markers setup-plan showlocals setup-show cache-show full-trace help \
           setup-only random-order no-migrations reuse-db benchmark-only \
           benchmark-skip hypothesis-show-statistics stepwise-skip",
    long_value: "tb maxfail durations color capture timeout deselect ignore ignore-glob \
                 durations-min show-capture verbosity import-mode reruns dist cov-fail-under \
                 asyncio-mode log-cli-level log-level",
    operands: Operands::Text,
    ..Shape::NOTHING
};

fn pytest(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let mut rest = Vec::new();
    let mut words = args.iter();
    while let Some(&word) = words.next() {
        match word {
            "-p" => {
                let plugin = words.next().copied().unwrap_or_default();
                if !plugin.starts_with("no:") {
                    return Err("loads a plugin".to_string());
                }
            }
            "--cov" | "--cov-report=term" | "--cov-report=term-missing" | "--cov-branch" => {}
            "--cov-report"
                if words
                    .clone()
                    .next()
                    .is_some_and(|kind| listed("term term-missing", kind)) =>
            {
                words.next();
            }
            word if word
                .strip_prefix("--cov=")
                .is_some_and(|name| !is_unknown(name)) =>
            {
                cx.mention(&word["--cov=".len()..])?;
            }
            "--doctest-modules" => cx.confined("runs the examples of every module"),
            "-W" if words
                .clone()
                .next()
                .is_some_and(|filter| is_warning(filter)) =>
            {
                words.next();
            }
            // `@file` holds more arguments.
            word if word.starts_with("-p") || word.starts_with('@') => return no_rule(),
            // Old versions evaluate these expressions.
            word if word.contains("__") && (word.contains('(') || !word.contains(['/', '.'])) => {
                return no_rule();
            }
            word => rest.push(word),
        }
    }
    fits(cx, &PYTEST, &rest)?;
    // Paths may carry the name of a test.
    let mut words = rest.iter();
    while let Some(&word) = words.next() {
        if is_unknown(word) {
            return Err("an argument is only known when it runs".to_string());
        }
        if let Some(flag) = word.strip_prefix('-') {
            let long = flag.strip_prefix('-');
            let takes_next = match long {
                Some(long) => listed(PYTEST.long_value, long),
                None => flag.ends_with(|ch| PYTEST.short_value.contains(ch)),
            };
            if takes_next {
                words.next();
            }
            continue;
        }
        cx.mention(word.split("::").next().unwrap_or(word))?;
    }
    Ok(())
}

/// `ignore`, `error::DeprecationWarning`. A category with a dot is a module that
/// would be loaded.
fn is_warning(filter: &str) -> bool {
    let (action, category) = filter.split_once("::").unwrap_or((filter, "Warning"));
    listed("ignore error default always once module", action)
        && category.ends_with("Warning")
        && category.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn python(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let args = match args {
        ["-u" | "-B", rest @ ..] => rest,
        rest => rest,
    };
    match args {
        ["--version" | "-V" | "-VV" | "--help" | "-h"] => Ok(()),
        ["-m", "pytest", rest @ ..] => pytest(cx, rest),
        ["-m", "unittest", rest @ ..] => unittest(cx, rest),
        ["-m", "pip", rest @ ..] => {
            own_modules(cx)?;
            pip(cx, rest)
        }
        ["-m", "json.tool"] => own_modules(cx),
        ["-m", "json.tool", file] if !file.starts_with('-') => {
            own_modules(cx)?;
            cx.read(file)
        }
        ["-m", "py_compile", files @ ..] if !files.iter().any(|f| f.starts_with('-')) => {
            own_modules(cx)?;
            files.iter().try_for_each(|file| cx.read(file))
        }
        ["-m", module, rest @ ..] => tools::module(cx, module, rest),
        ["manage.py" | "./manage.py", rest @ ..] => tools::manage(cx, rest),
        _ => Err("runs a program".to_string()),
    }
}

/// What Python's own modules import, which `-m` looks for in the directory at hand first.
const IMPORTED: &str = "abc argparse ast base64 bisect calendar codecs collections configparser \
    contextlib copy copyreg csv dataclasses datetime decimal dis email encodings enum errno \
    fnmatch functools genericpath gettext glob hashlib heapq html http importlib inspect io itertools \
    json keyword linecache locale logging math marshal ntpath numbers opcode operator optparse os pathlib pickle pip \
    pkgutil platform posixpath py_compile queue random re reprlib runpy sched secrets select \
    selectors shlex shutil signal site socket sre_compile sre_constants sre_parse ssl stat string \
    struct subprocess sysconfig tarfile tempfile textwrap threading time token tokenize traceback \
    types typing unicodedata urllib uuid warnings weakref xml zipfile zipimport zlib";

/// That none of them would be taken from the workspace.
fn own_modules(cx: &Cx<'_, '_>) -> Verdict {
    let cwd = &cx.walker.cwd;
    let names = cx.walker.place.names(cwd);
    // A directory is a module where it says so.
    let is_module = |name: &str| match name.split_once('.') {
        Some((stem, _)) => listed(IMPORTED, stem),
        None => {
            listed(IMPORTED, name)
                && ["__init__.py", "__init__.pyc"]
                    .iter()
                    .any(|file| cwd.join(name).join(file).exists())
        }
    };
    let foreign = names.iter().flatten().find(|name| is_module(name));
    match foreign {
        Some(name) => Err(format!(
            "runs {} of the workspace in its place",
            short(name)
        )),
        None if names.is_none() => Err("runs a program".to_string()),
        None => Ok(()),
    }
}

fn unittest(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let mut words = args.iter();
    while let Some(&word) = words.next() {
        match word {
            "discover" | "-v" | "-q" | "-f" | "-b" | "-c" | "--verbose" | "--quiet"
            | "--failfast" | "--buffer" | "--locals" => {}
            "-k" | "-p" | "--pattern" => {
                if words.next().is_none_or(|value| is_unknown(value)) {
                    return no_rule();
                }
            }
            "-s" | "-t" | "--start-directory" | "--top-level-directory" => {
                let dir = words.next().copied().unwrap_or_default();
                cx.list(dir)?;
            }
            word if word.starts_with('-') || is_unknown(word) => {
                return Err(format!("no rule for {}", short(word)));
            }
            word => cx.mention(word)?,
        }
    }
    Ok(())
}

fn pip(_: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    match args {
        ["--version" | "-V" | "--help" | "-h" | "help"] | ["check"] => Ok(()),
        ["list" | "freeze", flags @ ..]
            if flags.iter().all(|word| {
                listed(
                    "--format=json --format=columns --format=freeze --format json columns freeze \
                     -v --not-required --user --local -l --all --editable -e --exclude-editable",
                    word,
                )
            }) =>
        {
            Ok(())
        }
        ["show", "-f" | "--files", names @ ..] | ["show", names @ ..]
            if names.iter().all(|name| is_name(name)) =>
        {
            Ok(())
        }
        _ => Err("installs packages or uses the network".to_string()),
    }
}
