//! What may happen without asking: a pure decision over effects.
//!
//! [`scope`] finds out where a path really leads, [`command`] judges a command
//! line, [`decide`] puts both together with the mode and the grants given so far.

pub mod command;
pub mod decide;
pub mod scope;

pub use decide::{decide, rule_of};
