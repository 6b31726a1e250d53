//! Output without a screen: one-shot runs (the answer on stdout, progress on
//! stderr), and conversations in plain lines.

mod lines;
pub mod plain;
mod print;
mod words;

pub use print::{Format, Outcome, run};
