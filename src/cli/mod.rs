//! Arguments, wiring, subcommands. Prints: nothing else may, but headless.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod args;
mod config;
mod connection;
mod cost;
mod debug;
mod demo;
mod doctor;
mod first_run;
mod import;
mod interactive;
mod logging;
mod mcp;
mod models;
mod permissions;
mod plain;
mod prompt;
mod providers;
mod run;
mod sandbox;
mod secret;
mod sessions;
mod settings;
mod stdin;
mod trust;
mod undo;

use std::io::Write;
use std::process::ExitCode;

pub use args::Args;

use crate::stdx::text;

/// Exit code of a run whose turn failed.
const FAILED: u8 = 1;
/// Exit code of a run that was started wrongly.
const USAGE: u8 = 2;
/// Exit code of a run stopped by the user.
const INTERRUPTED: u8 = 130;

/// Why the program ends without having run.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The arguments make no sense together.
    #[error("{0}")]
    Usage(String),
    /// The settings cannot be used.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// The stored keys cannot be used.
    #[error(transparent)]
    Keys(#[from] crate::config::KeyError),
    /// A key cannot be stored or removed.
    #[error(transparent)]
    Access(#[from] crate::provider::AccessError),
    /// A rule cannot be used.
    #[error(transparent)]
    Rule(#[from] crate::permission::BookError),
    /// The session cannot be used.
    #[error(transparent)]
    Session(#[from] crate::session::SessionError),
    /// A conversation of another program cannot be taken over.
    #[error(transparent)]
    Import(#[from] crate::session::import::ImportError),
    /// The worker cannot be started.
    #[error(transparent)]
    Repl(#[from] crate::repl::ReplError),
    /// A command cannot be run.
    #[error(transparent)]
    Exec(#[from] crate::exec::ExecError),
    /// The terminal cannot be used.
    #[error(transparent)]
    Tui(#[from] crate::tui::TuiError),
    /// The provider cannot be used.
    #[error("{0}")]
    Provider(String),
    /// An operation of the system failed.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried.
        action: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl CliError {
    fn io(action: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }

    fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Config(_) | Self::Keys(_) | Self::Access(_) | Self::Rule(_) => {
                USAGE
            }
            Self::Session(_)
            | Self::Repl(_)
            | Self::Exec(_)
            | Self::Tui(_)
            | Self::Provider(_)
            | Self::Import(_)
            | Self::Io { .. } => FAILED,
        }
    }
}

/// Says a line on standard error. It goes out in one piece, so that nobody reads
/// half of it; whoever closed that side does not want to know.
fn complain(words: &str) {
    let line = format!("sofos: {}\n", text::clean(words));
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// A runtime for a few requests.
fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CliError::io("start the runtime"))
}

/// The program.
pub fn main() -> ExitCode {
    let args = Args::read();
    let ended = run::run(args);
    crate::exec::sandbox::clean_up();
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            complain(&error.to_string());
            ExitCode::from(error.code())
        }
    }
}

#[cfg(test)]
mod readme_tests;
