//! Text to styled lines; pure.
//!
//! Everything here turns foreign text into [`ratatui::text::Line`]s that are
//! safe to print: cleaned of control characters, tabs expanded. Prose is wrapped
//! to a width; code, paths, diffs and tool output stay one logical line each, so
//! that the terminal wraps them and copying gives the original back.

pub mod blocks;
pub mod diff;
pub mod highlight;
pub mod links;
pub mod markdown;
mod math;
mod prepare;
mod prose;
pub mod stream;
mod table;
pub mod text;
pub mod theme;
pub mod themes;
pub mod tool;
pub mod wrap;
