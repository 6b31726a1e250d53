//! `sofos demo`: recorded words, real tools, on a scratch copy of a small project.

use std::path::Path;

use super::run::{one_shot, open_session};
use super::settings;
use super::{Args, CliError};
use crate::cli::args::Mode;
use crate::config::{Config, Env, Paths};
use crate::stdx::{fs as sfs, ids};

/// The project: its test needs a POSIX shell and nothing else.
const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("project/README.md")),
    ("slug.sh", include_str!("project/slug.sh")),
    ("test.sh", include_str!("project/test.sh")),
];

/// What the model says, in the format of `--script`.
const SCRIPT: &str = include_str!("script.jsonl");

const PROMPT: &str = "the tests fail. Find out why and mend the program";

/// Runs the demo in a directory of its own, which is removed afterwards.
pub(super) fn run(env: &Env) -> Result<u8, CliError> {
    let dir = std::env::temp_dir().join(format!("sofos-demo-{}", ids::random(8)));
    let made = || format!("make the scratch project in {}", dir.display());
    sfs::create_private_dir(&dir).map_err(CliError::io(made()))?;
    let result = play(env, &dir);
    // Leaving a scratch directory behind is untidy, not a failure.
    let _ = sfs::remove_dir_all(&dir);
    result
}

fn play(env: &Env, dir: &Path) -> Result<u8, CliError> {
    let project = dir.join("project");
    let script = dir.join("script.jsonl");
    let io = |action: &str| CliError::io(format!("{action} {}", dir.display()));
    sfs::create_private_dir(&project).map_err(io("write to"))?;
    for (name, text) in FILES {
        sfs::write_atomic(&project.join(name), text.as_bytes(), 0o644).map_err(io("write to"))?;
    }
    sfs::write_atomic(&script, SCRIPT.as_bytes(), 0o644).map_err(io("write to"))?;
    eprintln!(
        "This is a demonstration on a scratch copy of a small project. The model's words are\n\
         recorded; the tools, the edits and the tests are real. Nothing else is touched.\n\n\
         > {PROMPT}\n"
    );
    let args = Args {
        provider: Some("scripted".to_string()),
        script: Some(script),
        // Nothing can come to harm in the scratch directory, and nobody is asked there.
        permission_mode: Some(Mode::Bypass),
        ..Args::default()
    };
    let project = std::fs::canonicalize(&project).map_err(io("open"))?;
    let paths = Paths::new(&project, env);
    let (session, restored) = open_session(&args, &paths, true)?;
    let chosen = settings::choose(&args, env, Config::default(), None)?;
    let code = one_shot(
        &args,
        env.clone(),
        paths,
        chosen,
        session,
        restored,
        PROMPT.to_string(),
    )?;
    eprintln!("\nTo work on your own code: export ANTHROPIC_API_KEY=… and run sofos there.");
    Ok(code)
}
