//! The inline terminal UI. The only room that touches the terminal.
//!
//! One thread owns the screen and one inbox; a reader thread and the worker put
//! messages into it. [`app`] changes state, [`view`] turns it into rows,
//! [`terminal`] into bytes: one write a frame, and none when nothing changed.

mod app;
mod cells;
mod composer;
mod desk;
mod keymap;
mod live;
mod panels;
mod room;
mod run;
mod status;
pub mod terminal;
mod transcript;
mod view;

use std::io;
use std::path::PathBuf;

use crate::config::{LinkChoice, Notify};
use crate::protocol::permission::PermissionMode;

pub use app::local::LOCAL;
pub use desk::Places;
pub use keymap::{Binding, Keymap, KeymapError, Listed, Preset, lost};
pub use panels::palette::CommandHelp;
pub use run::{describe_writer, run};
pub use terminal::identity::{TerminalEnv, WriterChoice};

/// What the front end shows and how; everything it would have to read itself.
#[derive(Debug, Clone, Default)]
pub struct TuiOptions {
    /// Program version.
    pub version: String,
    /// Model id.
    pub model: String,
    /// Workspace as people name it, e.g. `~/code/shop`.
    pub workspace: String,
    /// Git branch; empty outside a repository.
    pub branch: String,
    /// Sandbox in the header, e.g. `sandbox on`; empty for nothing.
    pub sandbox_words: String,
    /// Sandbox in the status line, e.g. `sandbox`; empty for nothing.
    pub sandbox: String,
    /// Mode before the first status comes.
    pub mode: PermissionMode,
    /// Safe mode before the first status comes.
    pub safe: bool,
    /// Where messages, drafts and files are found.
    pub places: Places,
    /// The keys in force.
    pub keymap: Keymap,
    /// The prompt starts in vim's way.
    pub vim: bool,
    /// The user's editor as a command line; empty for the system's own.
    pub editor: String,
    /// The screen is on another machine.
    pub remote: bool,
    /// Slash commands for the palette.
    pub commands: Vec<CommandHelp>,
    /// What the environment says of the terminal.
    pub terminal: TerminalEnv,
    /// Colours are not wanted, whatever the terminal can show.
    pub no_color: bool,
    /// How lines get into the scrollback.
    pub scrollback: WriterChoice,
    /// Name of the theme; empty for the default one.
    pub theme: String,
    /// Themes of the user's own.
    pub themes: PathBuf,
    /// The user's settings file, where a chosen theme is kept.
    pub config: PathBuf,
    /// Parts of the status line, of [`crate::config::STATUS_PARTS`].
    pub status: Option<Vec<String>>,
    /// Whether links are given to the terminal.
    pub links: LinkChoice,
    /// How to tell a user who looks elsewhere.
    pub notify: Notify,
    /// The user has a command for that.
    pub notify_command: bool,
    /// Where panic reports go.
    pub reports: PathBuf,
}

/// How the front end ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TuiExit {
    /// Plain text to print now that the terminal is restored; may be empty.
    pub summary: String,
    /// The signal that ended it: the exit status is 128 more.
    pub signal: Option<i32>,
}

/// Why the front end could not run.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// Input or output is not a terminal.
    #[error("standard input and output are not a terminal; use sofos -p TEXT")]
    NotATerminal,
    /// The terminal refused something.
    #[error("the terminal failed: {0}")]
    Terminal(#[from] io::Error),
}
