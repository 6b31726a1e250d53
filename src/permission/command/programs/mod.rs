//! The known programs, each with its judge of arguments. What a judge does not
//! know asks; a program without a row asks.

mod awk;
mod build;
mod cargo;
mod compile;
mod files;
mod git;
mod launch;
mod local;
mod python;
mod repository;
mod search;
mod sed;
mod shell;
mod system;
mod text;
mod toolbox;
mod tools;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::analysis::{EffectKind, HASH, MANY, NUMBER, Tier, UNKNOWN};
use super::cx::{Cx, Verdict, is_unknown};
use super::flags::{Shape, fits, listed};
use super::forbidden;
use crate::permission::short;

pub use repository::is_repository;
pub use shell::double_brackets;

/// How a program's arguments are judged.
#[derive(Clone, Copy)]
pub enum Judge {
    /// By a table.
    Table(Shape),
    /// By a function.
    Custom(fn(&mut Cx<'_, '_>, &[&str]) -> Verdict),
}

/// Programs of one kind: names between blanks, and their judge.
type Rows = &'static [(&'static str, Judge)];

/// Every table of programs.
const TABLES: &[Rows] = &[
    files::PROGRAMS,
    text::PROGRAMS,
    search::PROGRAMS,
    system::PROGRAMS,
    shell::PROGRAMS,
    launch::PROGRAMS,
    local::PROGRAMS,
    cargo::PROGRAMS,
    build::PROGRAMS,
    compile::PROGRAMS,
    python::PROGRAMS,
    git::PROGRAMS,
    tools::PROGRAMS,
];

/// Programs that always ask, with what they do in words.
const ASK: &[(&str, &str, EffectKind)] = &[
    ("cp", "copies files", EffectKind::Writes),
    ("mv", "moves files", EffectKind::Writes),
    ("mkdir", "makes directories", EffectKind::Writes),
    (
        "install truncate split csplit patch",
        "writes files",
        EffectKind::Writes,
    ),
    ("unlink shred", "deletes files", EffectKind::Deletes),
    (
        "curl wget ssh scp sftp rsync nc ncat netcat telnet ftp socat ping dig nslookup host",
        "uses the network",
        EffectKind::Network,
    ),
];

/// Programs to which it does not matter how many words they get, or whose judge
/// looks for it.
const ANY_NUMBER: &str = "echo printf : true false basename dirname expr test [ exit return export \
    timeout nice nohup stdbuf time command builtin env xargs bash sh dash eval trap";

/// Programs to which it matters in which place a word stands: one that turns out
/// empty, and so none, makes another of those behind it.
const BY_PLACE: &str =
    "awk gawk mawk nawk jq yq sed gsed find xargs cmake gcc cc g++ c++ clang clang++";

/// Options with which programs that only look run others or write: a rule for the
/// program does not mean them, unless it names them.
const TO_NAME: &[(&str, &str)] = &[
    (
        "git",
        "--output --ext-diff --textconv --open-files-in-pager --no-index --exec --exec-path \
         --upload-pack --config-env -c",
    ),
    ("rg", "--pre --hostname-bin"),
    ("fd fdfind", "-x -X --exec --exec-batch"),
    ("find", "-delete -fprint -fprint0 -fprintf -fls"),
    ("sort", "-o --output --compress-program"),
    (
        "tar",
        "-I -F --checkpoint-action --to-command --use-compress-program --rsh-command \
         --info-script --new-volume-script",
    ),
    ("man", "-P -H --pager"),
    ("bat batcat", "--pager"),
    ("env", "-S --split-string"),
];

/// The options of [`TO_NAME`] among these arguments, as written.
pub fn to_name<'a>(program: &str, args: &[&'a str]) -> Vec<&'a str> {
    let Some((_, options)) = TO_NAME.iter().find(|(names, _)| listed(names, program)) else {
        return Vec::new();
    };
    let is_meant = |word: &&&str| {
        let name = word.split('=').next().unwrap_or(word);
        options.split_ascii_whitespace().any(|option| {
            if let Some(letter) = option.strip_prefix('-').filter(|rest| rest.len() == 1) {
                // Alone, in a cluster, or with its value.
                word.starts_with('-') && !word.starts_with("--") && word.contains(letter)
            } else if option.starts_with("--") {
                // Any beginning that fits.
                name.len() > 2 && option.starts_with(name)
            } else {
                name == option
            }
        })
    };
    args.iter().filter(is_meant).copied().collect()
}

/// Whether a program may be forbidden, whatever its arguments.
pub fn forbids(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    name == "git" || forbidden::find(name).is_some()
}

/// Judges a program.
pub fn judge(cx: &mut Cx<'_, '_>, program: &str, args: &[&str]) -> Verdict {
    let name = program.rsplit('/').next().unwrap_or(program);
    if let Some(row) = forbidden::find(name) {
        let words: Vec<String> = args.iter().map(|word| word.to_string()).collect();
        let kind = match name {
            "rm" | "rmdir" => Some(EffectKind::Deletes),
            "touch" | "ln" | "chmod" | "chown" | "chgrp" => Some(EffectKind::Writes),
            _ => None,
        };
        match kind {
            Some(kind) => operands(cx, args, kind),
            None => cx.mentions(&words),
        }
        if matches!(name, "sudo" | "su") {
            // What it runs may be denied by a rule of its own.
            launch::look_at_all(cx, args);
        }
        let why = format!("`{}` {}: {}", short(name), row.does, row.instead);
        cx.command(Tier::Deny, why, &[program]);
        return Ok(());
    }
    if program.contains('/') {
        return tools::by_path(cx, program, args);
    }
    if args.iter().any(|word| word.contains(MANY)) && !listed(ANY_NUMBER, program) {
        // With one word more or less the others may mean something else.
        return Err("an argument is only known when it runs".to_string());
    }
    let vanishes =
        |word: &str| !word.is_empty() && word.replace([UNKNOWN, NUMBER, HASH], "").is_empty();
    if listed(BY_PLACE, program) && args.iter().any(|word| vanishes(word)) {
        return Err("an argument is only known when it runs".to_string());
    }
    if let Some(judge) = find(program) {
        return match judge {
            Judge::Table(shape) => fits(cx, &shape, args),
            Judge::Custom(judge) => judge(cx, args),
        };
    }
    if tools::has(program) {
        return tools::judge(cx, program, args);
    }
    match ASK.iter().find(|(names, ..)| listed(names, program)) {
        Some((_, does, EffectKind::Network)) => {
            cx.effect(EffectKind::Network, short(&args.join(" ")));
            Err(does.to_string())
        }
        Some((_, does, kind)) => {
            match program {
                "cp" => copied(cx, args),
                _ => operands(cx, args, *kind),
            }
            Err(does.to_string())
        }
        None if tools::only_tells(args)
            || (args == ["-v"] && listed("perl lua luajit", program)) =>
        {
            tools::tells(cx, program)
        }
        None => Err("no rule allows it".to_string()),
    }
}

/// Notes what is copied as read and where it goes as written. Where an option may
/// name the target, everything counts as written.
fn copied(cx: &mut Cx<'_, '_>, args: &[&str]) {
    let names_target = |word: &&str| {
        word.starts_with("--t")
            || (!word.starts_with("--") && word.starts_with('-') && word.contains('t'))
    };
    let last = args.iter().rposition(|word| !word.starts_with('-'));
    match last {
        Some(last) if last > 0 && !args.iter().any(names_target) => {
            operands(cx, &args[..last], EffectKind::Reads);
            operands(cx, &args[last..], EffectKind::Writes);
        }
        _ => operands(cx, args, EffectKind::Writes),
    }
}

/// Notes the operands of a program that changes them.
fn operands(cx: &mut Cx<'_, '_>, args: &[&str], kind: EffectKind) {
    for word in args {
        if !word.starts_with('-') && !is_unknown(word) && !word.is_empty() {
            // What cannot be resolved is judged by the program alone.
            let _ = cx.path(word, kind);
        }
    }
}

/// Whether a program runs code of the workspace.
pub fn builds(program: &str) -> bool {
    [
        cargo::PROGRAMS,
        build::PROGRAMS,
        compile::PROGRAMS,
        python::PROGRAMS,
        local::PROGRAMS,
        tools::PROGRAMS,
    ]
    .iter()
    .flat_map(|rows| rows.iter())
    .any(|(names, _)| listed(names, program))
}

/// The tables by name. Every command of a line is looked up.
static BY_NAME: LazyLock<HashMap<&str, Judge>> = LazyLock::new(|| {
    let mut found = HashMap::new();
    for (names, judge) in TABLES.iter().flat_map(|rows| rows.iter()) {
        for name in names.split_ascii_whitespace() {
            // The first row counts.
            found.entry(name).or_insert(*judge);
        }
    }
    found
});

fn find(program: &str) -> Option<Judge> {
    BY_NAME.get(program).copied()
}

/// No rule for these arguments.
fn no_rule() -> Verdict {
    Err("no rule for these arguments".to_string())
}
