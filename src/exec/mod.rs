//! Processes. The only room that starts any.
//!
//! A child (but for the user's editor, see [`foreground`]) never gets a terminal, an inherited standard input, or a secret from
//! the environment; it runs in a session of its own, so that stopping it stops
//! everything it started. [`shell::run`] is the way to run a command line;
//! what the operating system
//! enforces around it (and all `unsafe`) lives in [`sandbox`].

pub mod browse;
pub mod env;
pub mod foreground;
pub mod keychain;
pub mod quiet;
pub mod sandbox;
pub mod service;
pub mod shell;
mod spawn;
mod tree;

pub use env::Env;

/// A process could not be started or watched.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// The program did not start.
    #[error("cannot start {program} in {cwd}: {source}")]
    Start {
        /// The program.
        program: String,
        /// Its working directory.
        cwd: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The pipe or the wait failed.
    #[error("cannot watch {program}: {source}")]
    Watch {
        /// The program.
        program: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A confined run was asked for where there is no sandbox.
    #[error("no sandbox here: {why}")]
    NoSandbox {
        /// The reason.
        why: String,
    },
}
