//! The worker thread and the slash commands.

use crate::protocol::event::UiEvent;

/// Where the worker's events go: a front end's inbox. Never blocks.
pub type EventSink = Box<dyn Fn(UiEvent) + Send>;

/// Where a front end's commands go.
pub type CommandSender = tokio::sync::mpsc::UnboundedSender<crate::protocol::command::Command>;
