//! C compilers and CMake.

use std::io::Read;
use std::path::Path;

use super::super::analysis::EffectKind;
use super::super::cx::{Cx, Verdict, is_number, is_stream, is_unknown};
use super::super::feed::Feed;
use super::super::flags::is_name;
use super::Judge::Custom;
use super::build::is_target;
use super::{Rows, listed, no_rule};
use crate::permission::protect::protection;
use crate::permission::short;

pub(super) const PROGRAMS: Rows = &[
    ("gcc g++ cc c++ clang clang++", Custom(compiler)),
    ("cmake", Custom(cmake)),
];

/// Options without effects beyond the compilation. Left out on purpose:
/// `-wrapper`, `-B`, `-specs`, `-fplugin`, `-Xlinker`, `-Wl,`, `@file`, `-M…`.
const ALONE: &str = "-c -S -E -g -g3 -ggdb -v -pedantic -pedantic-errors -ansi -pthread -pipe -w \
    -fsyntax-only -fPIC -fpic -fPIE -fno-exceptions -fno-rtti -fno-common -fno-omit-frame-pointer \
    -fno-strict-aliasing -fopenmp -ffast-math -fstack-protector-strong -fdiagnostics-color=never \
    -fsanitize=address -fsanitize=undefined -fsanitize=thread -fsanitize=address,undefined \
    -march=native -m32 -m64 -static -shared -rdynamic -s -dumpversion -dumpmachine --version \
    -dM -lm -lpthread -ldl -lrt";

const SOURCES: &[&str] = &[
    ".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".o", ".a", ".s", ".S",
];

pub(super) fn compiler(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let mut words = args.iter();
    while let Some(&word) = words.next() {
        if is_unknown(word) {
            return Err("an argument is only known when it runs".to_string());
        }
        // `@file` holds more arguments, wherever it stands.
        if args.iter().any(|word| word.starts_with('@')) {
            return no_rule();
        }
        let plain = |text: &str| {
            text.chars()
                .all(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '=' | '_' | '+'))
        };
        match word {
            "-o" => {
                let file = words.next().copied().unwrap_or_default();
                output(cx, file)?;
            }
            "-include" => {
                let file = words.next().copied().unwrap_or_default();
                if is_stream(file) {
                    return no_rule();
                }
                cx.read(file)?;
            }
            "-I" | "-L" | "-isystem" => {
                let dir = words.next().copied().unwrap_or_default();
                cx.list(dir)?;
            }
            "-D" | "-U" => {
                words.next();
            }
            "-" => fed(cx)?,
            word if listed(ALONE, word) => {}
            "-x" => {
                if !matches!(words.next(), Some(&("c" | "c++"))) {
                    return no_rule();
                }
            }
            word if word.starts_with("-std=") && plain(word) => {}
            word if word.starts_with("-O") && word.len() <= 6 && plain(word) => {}
            // `-Wl,…`, `-Wa,…` and `-Wp,…` pass options on.
            word if word.starts_with("-W") && plain(word) => {}
            word if word.starts_with("-D") && !word.contains('`') => {}
            word if word.starts_with("-I") || word.starts_with("-L") => cx.list(&word[2..])?,
            word if word.starts_with(['-', '@']) => {
                return Err(format!("no rule for {}", short(word)));
            }
            word if SOURCES.iter().any(|end| word.ends_with(end)) => cx.read(word)?,
            word => return Err(format!("no rule for `{}`", short(word))),
        }
    }
    Ok(())
}

/// A source that comes with the command may include any file: what it says has to be
/// known.
fn fed(cx: &Cx<'_, '_>) -> Verdict {
    let includes = |text: &str| {
        // Directives in every spelling, and what puts bytes of files into the result.
        ["#", "%:", "?\u{3f}=", "\\", "asm", "include", "embed"]
            .iter()
            .any(|word| text.contains(word))
    };
    match &cx.walker.feed {
        Feed::Nothing | Feed::Numbers => Ok(()),
        feed if feed.script().is_some_and(|text| !includes(&text)) => Ok(()),
        _ => Err("compiles what it is fed".to_string()),
    }
}

/// The result: an object, or a program with a plain name.
pub(super) fn output(cx: &mut Cx<'_, '_>, file: &str) -> Verdict {
    if matches!(file, "/dev/null" | "-") {
        return Ok(());
    }
    let name = file.rsplit('/').next().unwrap_or(file);
    let parts_plain = file.split('/').all(|part| part == "." || is_name(part));
    let kind_plain = match name.rsplit_once('.') {
        Some((_, end)) => matches!(end, "o" | "out" | "s" | "i" | "a" | "so"),
        None => true,
    };
    let path = cx
        .walker
        .place
        .resolve(&cx.walker.cwd, file)
        .map_err(|error| error.to_string())?;
    if !parts_plain || !kind_plain || !path.inside() || protection(&path).is_some() {
        return Err(format!("writes {}", short(file)));
    }
    let rules = name.to_ascii_lowercase().ends_with("makefile");
    if rules || (path.real().exists() && !is_compiled(path.real())) {
        return Err(format!("overwrites {}", short(file)));
    }
    cx.effect(EffectKind::Writes, short(path.display()));
    Ok(())
}

/// Whether a file was made by a compiler.
fn is_compiled(path: &Path) -> bool {
    let mut start = [0; 4];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    let kinds = [
        *b"\x7fELF",
        *b"!<ar",
        [0xcf, 0xfa, 0xed, 0xfe],
        [0xca, 0xfe, 0xba, 0xbe],
    ];
    path.is_file() && read.is_ok() && kinds.contains(&start)
}

/// Where CMake may write: a directory that is new, its own, or named for it.
fn build_dir(cx: &Cx<'_, '_>, dir: &str) -> Verdict {
    let path = cx
        .walker
        .place
        .resolve(&cx.walker.cwd, dir)
        .map_err(|error| error.to_string())?;
    let real = path.real();
    let name = real
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let fits = (!real.exists() && !name.starts_with('.'))
        || real.join("CMakeCache.txt").exists()
        || ["build", "cmake-build", "out"]
            .iter()
            .any(|start| name.starts_with(start));
    if fits && path.inside() && protection(&path).is_none() {
        Ok(())
    } else {
        Err(format!("writes into {}", short(dir)))
    }
}

/// Building; configuring without options that name programs. `-E` and `-P` run
/// scripts.
fn cmake(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let mut words = args.iter();
    let mut builds = false;
    while let Some(&word) = words.next() {
        if is_unknown(word) && !word.strip_prefix("-j").is_some_and(is_number) {
            return Err("an argument is only known when it runs".to_string());
        }
        let mut value = || words.next().copied().unwrap_or_default();
        match word {
            "--version" => {}
            "--build" => {
                builds = true;
                let dir = value();
                cx.list(dir)?;
            }
            "-j" | "--parallel" | "--verbose" | "-v" if builds => {
                if matches!(word, "-j" | "--parallel")
                    && words.clone().next().is_some_and(|next| is_number(next))
                {
                    words.next();
                }
            }
            "--config" if builds => {
                if !is_name(value()) {
                    return no_rule();
                }
            }
            "--target" | "-t" if builds => {
                if !is_target(value()) {
                    return no_rule();
                }
            }
            word if builds && word.strip_prefix("-j").is_some_and(is_number) => {}
            "-S" if !builds => {
                let dir = value();
                cx.list(dir)?;
            }
            "-B" if !builds => {
                let dir = value();
                cx.list(dir)?;
                build_dir(cx, dir)?;
            }
            "-G" if !builds => {
                if !["Ninja", "Unix Makefiles"].contains(&value()) {
                    return no_rule();
                }
            }
            word if !builds && word.starts_with("-D") => {
                let (name, value) = word[2..].split_once('=').unwrap_or((&word[2..], ""));
                let name = name.split(':').next().unwrap_or(name);
                let known = listed("CMAKE_BUILD_TYPE CMAKE_EXPORT_COMPILE_COMMANDS", name)
                    || name.starts_with("BUILD_")
                    || name.starts_with("ENABLE_");
                if !known || !is_name(value) {
                    return Err(format!("no rule for {}", short(word)));
                }
            }
            word if !builds && !word.starts_with('-') => cx.list(word)?,
            word => return Err(format!("no rule for {}", short(word))),
        }
    }
    Ok(())
}
