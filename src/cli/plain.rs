//! `sofos --plain`, and `sofos` where nothing can be drawn.

use std::io::IsTerminal;

use super::run::{missing_key, setup};
use super::settings::Chosen;
use super::{Args, CliError};
use crate::config::{Config, Env, Paths};
use crate::headless;
use crate::repl;
use crate::session::Session;

/// Whether plain lines are to be used, and the note that says why where nobody
/// asked for them.
pub(super) fn wanted(args: &Args, env: &Env, file: &Config) -> Option<&'static str> {
    if args.plain || file.ui.plain == Some(true) {
        return Some("");
    }
    if !std::io::stdin().is_terminal() {
        return None;
    }
    if !std::io::stdout().is_terminal() {
        return Some("standard output is not a terminal: plain lines");
    }
    matches!(env.get("TERM"), None | Some("" | "dumb"))
        .then_some("this terminal cannot be drawn on: plain lines")
}

/// Runs until the user leaves or the input ends.
pub(super) fn run(
    note: &str,
    env: Env,
    paths: Paths,
    chosen: Chosen,
    session: Session,
    restored: Vec<String>,
) -> Result<u8, CliError> {
    if let Some(words) = missing_key(&chosen) {
        // Not a failure: the program has said how to go on.
        println!("{words}");
        return Ok(0);
    }
    if !note.is_empty() {
        super::complain(note);
    }
    let intro = format!(
        "sofos {}, {}, {}\n/help lists commands, /exit leaves, ctrl+c stops a turn",
        env!("CARGO_PKG_VERSION"),
        chosen.model.id,
        paths.workspace.display()
    );
    let typed = std::io::stdin().is_terminal();
    let setup = setup(env, paths, chosen, session, restored, true)?;
    let mut worker = None;
    let summary = headless::plain::run(&intro, typed, |sink| match repl::spawn(setup, sink) {
        Ok(handle) => {
            let commands = handle.commands.clone();
            worker = Some(handle);
            commands
        }
        // The front end has been told, and ends.
        Err(_) => tokio::sync::mpsc::unbounded_channel().0,
    });
    let ended = worker.map_or(1, |worker| u8::from(!worker.join()));
    match summary {
        Ok(end) => {
            if !end.summary.is_empty() {
                println!("{}", end.summary);
            }
            let signal = end.signal.and_then(|signal| u8::try_from(signal).ok());
            Ok(signal.map_or(ended, |signal| 128u8.saturating_add(signal)))
        }
        // The reader is gone: as quiet as other tools.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(super::FAILED),
        Err(source) => Err(CliError::Io {
            action: "print".into(),
            source,
        }),
    }
}
