//! Processes. The only room that starts any.
//!
//! A child never gets a terminal, an inherited standard input, or a secret from
//! the environment; it runs in a session of its own, so that stopping it stops
//! everything it started. [`shell::run`] is the way to run a command line;
//! operating-system specifics (and all `unsafe`) live in `sandbox`.

pub mod env;
mod sandbox;
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
}
