//! Reading a command line as bash would.
//!
//! Two parsers read every line: a strict one of our own (`parse.rs`, `word.rs`),
//! whose result is used, and tree-sitter's bash grammar, which has to find the
//! same commands with the same words. Where one of them has a doubt, or they
//! differ, the line counts as not understood.

mod ast;
mod parse;
mod second;
mod word;

pub use ast::*;

/// Lines longer than this are not read: reading one must not take longer than a
/// person notices.
const MAX_LINE: usize = 16 * 1024;

/// Here-documents in one line; the grammar takes ever longer for each.
const MAX_HERES: usize = 20;

/// A line that was read.
#[derive(Debug)]
pub struct Parsed {
    /// The commands; nothing when there is a problem.
    pub body: Body,
    /// Bodies of here-documents, by number.
    pub heres: Vec<Word>,
    /// What is not understood.
    pub problem: Option<String>,
    /// Every simple command that was seen, whatever became of the rest.
    pub seen: Vec<Simple>,
}

/// Reads a line.
pub fn parse(line: &str) -> Parsed {
    let mut parser = parse::Parser::new(line);
    let outcome = if line.len() > MAX_LINE {
        Err("it is too long to be judged".to_string())
    } else {
        parser.line()
    };
    let outcome = outcome.and_then(|body| {
        if parser.heres.len() > MAX_HERES {
            return Err("it has too many here-documents".to_string());
        }
        second::agrees(line, &parser.seen)?;
        Ok(body)
    });
    let (body, problem) = match outcome {
        Ok(body) => (body, None),
        Err(why) => (Body::new(), Some(why)),
    };
    Parsed {
        body,
        heres: parser.heres,
        problem,
        seen: parser.seen,
    }
}

#[cfg(test)]
#[path = "shell_tests.rs"]
mod tests;
