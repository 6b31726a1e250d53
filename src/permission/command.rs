//! A first, conservative judgement of command lines.
//!
//! A line is accepted only if every part of it is understood: plain words, joined
//! by `&&`, `||`, `;` and `|`, each command a known program whose own checker
//! accepts all its arguments. Everything else asks. Nothing is ever refused here,
//! and no meaning is guessed: an unknown flag, an expansion, a redirection or a
//! path that leaves the workspace means "ask".
//!
//! This is about asking, not about confinement: `cargo test` runs code that was
//! just written.

mod build;
mod git;
mod lex;
mod programs;
mod table;

use lex::Piece;

/// What is known of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandVerdict {
    /// Every part is known to build, test or read inside the workspace.
    Allow,
    /// Someone should look at it.
    Ask {
        /// Which part, and why.
        why: String,
    },
}

/// Judges a command line.
pub fn classify(line: &str) -> CommandVerdict {
    match accept(line) {
        Ok(()) => CommandVerdict::Allow,
        Err(why) => CommandVerdict::Ask { why },
    }
}

fn accept(line: &str) -> Result<(), String> {
    let pieces = lex::split(line)?;
    let mut words: Vec<&str> = Vec::new();
    let mut first = true;
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Word(word) => words.push(word),
            Piece::Join(join) => {
                let leads = first && *join == "&&";
                check(&words, leads)?;
                words.clear();
                first = false;
                // `a ;` may end a line, the other joins may not.
                if index + 1 == pieces.len() && *join != ";" {
                    return Err(format!("the command ends in `{join}`"));
                }
            }
        }
    }
    if words.is_empty() && matches!(pieces.last(), Some(Piece::Join(_))) {
        return Ok(());
    }
    check(&words, false)
}

/// `leads`: the command stands first and `&&` follows.
fn check(words: &[&str], leads: bool) -> Result<(), String> {
    let Some((program, args)) = words.split_first() else {
        return Err("a part of the command is empty".to_string());
    };
    if *program == "cd" {
        return match args {
            [dir] if leads && programs::stays_inside(dir) && !dir.starts_with('-') => Ok(()),
            _ => Err("changes the directory".to_string()),
        };
    }
    let Some(checker) = programs::find(program) else {
        return Err(format!("no rule allows `{}`", short(program)));
    };
    programs::run(checker, args).map_err(|why| format!("{program}: {why}"))
}

/// A word in a reason, kept short.
fn short(word: &str) -> String {
    crate::stdx::text::one_line(word, 40)
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
