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
pub use parse::is_identifier;

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
    /// Where there is a problem: commands that a reading which overlooks it shows.
    pub loose: Vec<Simple>,
}

/// Most of a line that is read for what it may hold, beyond [`MAX_LINE`].
const MAX_LOOSE: usize = 8 * MAX_LINE;

/// A line in pieces that can be read by themselves.
fn pieces(line: &str) -> Vec<&str> {
    if line.len() <= MAX_LINE {
        return vec![line];
    }
    let mut out = Vec::new();
    let mut rest = line;
    while !rest.is_empty() && out.len() * MAX_LINE < MAX_LOOSE {
        let mut end = rest.len().min(MAX_LINE);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        // Between lines or commands, where that is possible.
        if end < rest.len() {
            end = rest[..end]
                .rfind(['\n', ';', '&', '|'])
                .map_or(end, |at| at + 1);
        }
        let (piece, after) = rest.split_at(end);
        out.push(piece);
        rest = after;
    }
    out
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
    let mut loose = Vec::new();
    if problem.is_some() {
        for piece in pieces(line) {
            loose.extend(second::loosely(piece));
        }
    }
    Parsed {
        loose,
        body,
        heres: parser.heres,
        problem,
        seen: parser.seen,
    }
}

#[cfg(test)]
#[path = "shell_tests.rs"]
mod tests;
