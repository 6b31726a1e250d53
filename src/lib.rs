//! sofos: an AI coding agent in an inline viewport at the bottom of a terminal.
//!
//! One loop ([`agent`]) drives every model. One conversation is a fold of one
//! append-only log ([`session`]); wire formats are derived from it at the last
//! moment ([`provider`]). One stream of events goes out, one channel of commands
//! comes in ([`protocol`]); front ends ([`tui`], [`headless`]) hold no
//! conversation logic. One gate decides what a tool may do ([`permission`],
//! called by [`agent`]); no tool runs around it.
//!
//! Rooms by layer; a room names only rooms of lower layers (checked by
//! `tests/architecture.rs`):
//!
//! | layer | rooms |
//! |---|---|
//! | 0 | [`stdx`] what std lacks |
//! | 1 | [`protocol`] the nouns |
//! | 2 | [`config`] layers of settings, paths, keys, [`media`] images and PDFs as a model can take them |
//! | 3 | [`net`] HTTP, [`exec`] processes |
//! | 4 | [`provider`] models, [`session`] log, [`permission`] decisions, [`workspace`] files, [`memory`] instruction files, [`mcp`] servers with tools, [`render`] text to styled lines |
//! | 5 | [`tools`] what the model can call |
//! | 6 | [`agent`] the loop |
//! | 8 | [`repl`] the worker thread and slash commands |
//! | 9 | [`tui`] the terminal, [`headless`] one-shot output |
//! | 10 | [`cli`] arguments, wiring, subcommands |

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod agent;
pub mod cli;
pub mod config;
pub mod exec;
pub mod headless;
pub mod mcp;
pub mod media;
pub mod memory;
pub mod net;
pub mod permission;
pub mod protocol;
pub mod provider;
pub mod render;
pub mod repl;
pub mod session;
pub mod stdx;
pub mod tools;
pub mod tui;
pub mod workspace;
