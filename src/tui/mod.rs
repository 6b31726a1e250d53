//! The inline terminal UI. The only room that touches the terminal.
pub mod composer;
pub mod terminal;
