//! The one place that touches the terminal: modes, input, output.

#[cfg(unix)]
mod burst;
#[cfg(test)]
pub mod emulator;
pub mod fullscreen;
pub mod guard;
pub mod identity;
pub mod input;
pub mod notify;
mod place;
pub mod scrollback;
pub mod sgr;
#[cfg(unix)]
#[path = "sys_unix.rs"]
pub mod sys;
#[cfg(not(unix))]
#[path = "sys_other.rs"]
pub mod sys;
