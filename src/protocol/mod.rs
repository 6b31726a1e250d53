//! The nouns every room shares: plain serde data, no I/O.
//!
//! A conversation is a list of [`message::Message`]s folded from a log of
//! [`entry::Entry`]s; the loop talks to front ends in [`event::UiEvent`]s and
//! hears from them in [`command::Command`]s. Wire formats are derived from
//! these types at the last moment and never leak back into them.

pub mod command;
pub mod diff;
pub mod entry;
pub mod event;
pub mod message;
pub mod model;
pub mod permission;
pub mod picker;
mod reasons;
pub mod sandbox;
pub mod tool;
pub mod usage;
