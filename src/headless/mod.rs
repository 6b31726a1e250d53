//! One-shot output: the answer on stdout, progress on stderr.

mod lines;
mod print;

pub use print::{Format, Outcome, run};
