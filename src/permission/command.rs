//! Judges command lines.
//!
//! [`analyse`] reads a line as bash would (`permission/shell`), goes through it in
//! the order in which it would run (`walk.rs`), expands words (`expand.rs`,
//! `globs.rs`), and puts every command before the judge of its program
//! (`programs/`), which notes effects and concerns. The worst concern of all parts
//! is the verdict of the line; rules may settle concerns (`permission::rules`).
//!
//! What is not understood asks, and so does an unknown flag: no meaning is
//! guessed. This is about asking, not about confinement: `cargo test` runs code
//! that was just written.

mod analysis;
mod assignments;
mod cx;
mod expand;
mod feed;
mod flags;
mod forbidden;
mod globs;
mod listing;
mod programs;
mod sums;
mod walk;

pub use analysis::{
    About, Analysis, CommandEffect, Concern, EffectKind, MANY, Part, Tier, UNKNOWN, is_marked,
    shown,
};

use super::place::Place;

/// Whether a line runs code that may lie in the workspace: it builds or tests.
pub fn runs_code(analysis: &Analysis) -> bool {
    let mut runs = false;
    analysis.each(&mut |part| {
        let told =
            part.argv.len() == 2 && matches!(part.argv[1].as_str(), "--version" | "-V" | "-v");
        let program = part.argv.first().map_or("", String::as_str);
        runs |= !told && programs::builds(program);
    });
    runs
}

/// Looks at a command line that would run in the root of the workspace.
pub fn analyse(place: &Place<'_>, line: &str) -> Analysis {
    walk::Walker::new(place).line(line)
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
