//! `sofos import`: conversations of other programs become sessions.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::{Value, json};

use super::CliError;
use super::sessions::print;
use crate::config::{Env, Paths};
use crate::session::Store;
use crate::session::import::{self, Converted, Found, Homes, Program};
use crate::stdx::blob::BlobStore;
use crate::stdx::{clock, text};

/// What to take over.
#[derive(Debug, Clone, clap::Args)]
pub struct Import {
    /// Whose conversations
    #[arg(value_enum, ignore_case = true)]
    program: ProgramName,
    /// A file, or the start of an id; without it those of this directory are listed
    #[arg(value_name = "PATH|ID")]
    what: Option<String>,
    /// Take over all that were held in this directory
    #[arg(long, conflicts_with = "what")]
    all: bool,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

/// A program by its name.
#[derive(Debug, Clone, Copy)]
struct ProgramName(Program);

impl ValueEnum for ProgramName {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self(Program::Claude),
            Self(Program::Codex),
            Self(Program::OpenCode),
            Self(Program::Pi),
            Self(Program::Gemini),
        ]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.name()))
    }
}

/// Does it.
pub(super) fn run(import: &Import, paths: &Paths, env: &Env) -> Result<u8, CliError> {
    let program = import.program.0;
    let homes = homes(paths, env);
    let workspace = std::fs::canonicalize(&paths.workspace)
        .map_err(CliError::io("resolve the working directory"))?;
    let chosen = match &import.what {
        Some(what) => vec![one(program, what, &homes)?],
        None => {
            let mut found = import::find(program, &homes);
            let all = found.len();
            found.retain(|found| import::is_of(program, &found.path, &workspace));
            if found.is_empty() && !import.json {
                return nothing(program, all);
            }
            found.into_iter().map(|found| found.path).collect()
        }
    };
    if import.what.is_none() && !import.all {
        return list(program, &chosen, import.json);
    }
    take_over(program, &chosen, paths, &workspace, import.json)
}

fn homes(paths: &Paths, env: &Env) -> Homes {
    let dir = |name: &str| env.get(name).map(PathBuf::from);
    Homes {
        home: paths.user_home.clone().unwrap_or_default(),
        claude: dir("CLAUDE_CONFIG_DIR"),
        codex: dir("CODEX_HOME"),
        data: dir("XDG_DATA_HOME"),
        pi: dir("PI_CODING_AGENT_DIR"),
    }
}

/// The file that a path or the start of an id means.
fn one(program: Program, what: &str, homes: &Homes) -> Result<PathBuf, CliError> {
    let path = Path::new(what);
    if path.is_file() {
        return Ok(path.to_path_buf());
    }
    let found = import::find(program, homes);
    // Some programs put the time before the id.
    let is_meant = |found: &&Found| {
        found.id.starts_with(what)
            || found.id.contains(&format!("-{what}"))
            || found.id.contains(&format!("_{what}"))
    };
    let meant: Vec<&Found> = found.iter().filter(is_meant).collect();
    match meant[..] {
        [one] => Ok(one.path.clone()),
        [] => Err(CliError::Usage(format!(
            "{what:?} is no file and no conversation of {0}; `sofos import {0}` lists them",
            program.name()
        ))),
        _ => {
            let ids: Vec<&str> = meant
                .iter()
                .take(9)
                .map(|found| found.id.as_str())
                .collect();
            Err(CliError::Usage(format!(
                "{what:?} matches several: {}",
                ids.join(", ")
            )))
        }
    }
}

fn nothing(program: Program, elsewhere: usize) -> Result<u8, CliError> {
    let name = program.name();
    let more = match elsewhere {
        0 => format!("{name} keeps no conversation on this machine, as far as can be seen"),
        n => format!(
            "{name} has {} of other directories: start sofos there, or name a file",
            text::plural(n, "conversation")
        ),
    };
    print(&format!(
        "no conversation of {name} was held in this directory; {more}\n"
    ))
}

fn described(path: &Path, converted: &Converted) -> Value {
    json!({
        "id": converted.id,
        "path": path,
        "title": converted.title,
        "counts": converted.counts,
        "left_out": converted.left_out,
    })
}

/// How much of what, in words.
fn words(converted: &Converted) -> String {
    let counts = converted.counts;
    let mut parts = vec![text::plural(counts.messages, "message")];
    for (count, what) in [
        (counts.calls, "call"),
        (counts.results, "result"),
        (counts.images, "image"),
    ] {
        if count > 0 {
            parts.push(text::plural(count, what));
        }
    }
    let mut out = parts.join(", ");
    let left: Vec<String> = converted
        .left_out
        .iter()
        .map(|(what, count)| format!("{count} × {what}"))
        .collect();
    if !left.is_empty() {
        out.push_str(&format!("; left out: {}", left.join(", ")));
    }
    out
}

fn list(program: Program, paths: &[PathBuf], as_json: bool) -> Result<u8, CliError> {
    let mut rows = Vec::new();
    let mut out = String::new();
    let now = clock::now_ms() / 1000;
    for path in paths {
        match import::read(program, path) {
            Ok(converted) => {
                rows.push(described(path, &converted));
                let age = text::age(now.saturating_sub(converted.started / 1000));
                let title = converted.title.clone().unwrap_or_default();
                out.push_str(&format!(
                    "{}  {age:>7}  {}  {}\n",
                    text::clean(&converted.id),
                    words(&converted),
                    text::one_line(&text::clean(&title), 60),
                ));
            }
            Err(error) => eprintln!("sofos: {error}"),
        }
    }
    if as_json {
        return print(&format!("{}\n", json!(rows)));
    }
    let name = program.name();
    out.push_str(&format!(
        "take one over with `sofos import {name} ID`, or all with --all\n"
    ));
    print(&out)
}

fn take_over(
    program: Program,
    files: &[PathBuf],
    paths: &Paths,
    workspace: &Path,
    as_json: bool,
) -> Result<u8, CliError> {
    let (store, blobs) = (Store::new(paths.sessions()), BlobStore::new(paths.blobs()));
    let mut rows = Vec::new();
    let mut code = 0;
    for path in files {
        let saved = import::read(program, path).and_then(|converted| {
            let saved = import::save(&converted, &store, &blobs, workspace)?;
            Ok((converted, saved))
        });
        match saved {
            Err(error) => {
                code = super::FAILED;
                eprintln!("sofos: {error}");
            }
            Ok((converted, (id, is_new))) => {
                let mut row = described(path, &converted);
                row["session"] = json!(id);
                row["new"] = json!(is_new);
                rows.push(row);
                if !as_json {
                    let line = match is_new {
                        true => format!("{id}: {}\n", words(&converted)),
                        false => format!("{id}: was taken over before\n"),
                    };
                    print(&line)?;
                }
            }
        }
    }
    match as_json {
        true => print(&format!("{}\n", json!(rows))).map(|_| code),
        false if !rows.is_empty() => print("go on with one: sofos -r ID\n").map(|_| code),
        false => Ok(code),
    }
}
