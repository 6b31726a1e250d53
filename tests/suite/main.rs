//! Drives the real binary, in a home of its own, against a scripted server that
//! is as strict as the real one about what a conversation may look like.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[cfg(unix)]
mod asking;
mod attach;
mod cli;
mod compact;
mod crash;
mod display;
mod faults;
mod frames;
mod fuzz;
mod jobs;
mod leaving;
#[cfg(unix)]
mod mcp;
mod mcp_cli;
#[cfg(unix)]
mod mcp_conformance;
mod mcp_http;
#[cfg(unix)]
mod mcp_server;
#[cfg(unix)]
mod memory;
mod models;
mod panels;
mod permissions;
#[cfg(unix)]
mod plain;
mod prompt;
mod pty;
mod reports;
mod resume;
mod rig;
mod sandbox;
mod screens;
mod server;
#[cfg(unix)]
mod sessions;
mod tui;
mod turns;
#[cfg(unix)]
mod undo;
