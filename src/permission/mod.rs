//! What may happen without asking: a decision over effects.
//!
//! [`scope`] finds out where a path really leads, [`command`] looks at a command
//! line, [`url`] at an address, [`rules`] holds what the user wrote down, and
//! [`decide()`] puts them together with the mode and the grants given so far.

pub mod book;
pub mod command;
pub mod decide;
pub mod explain;
mod place;
mod protect;
pub mod rules;
pub mod scope;
mod shell;
pub mod url;

pub use book::{BookError, RuleBook, Stand};
pub use decide::{Basis, decide, decide_analysed, rule_of};
pub use place::Place;
pub use rules::{List, Rule, RuleError, RuleSet};

/// A word in a reason, kept short.
fn short(word: &str) -> String {
    crate::stdx::text::one_line(word, 60)
}
