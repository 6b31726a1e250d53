//! What a command line says, after bash's grammar.

use std::ops::Range;

/// Commands one after another.
pub type Body = Vec<Item>;

/// One command of a body.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub node: Node,
    /// Ended by `&`.
    pub background: bool,
}

/// `&&` or `||`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    And,
    Or,
}

/// A command.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Simple(Simple),
    /// Two or more, joined by `|` or `|&`.
    Pipeline(Vec<Node>),
    /// `a && b || c`.
    Chain {
        first: Box<Node>,
        rest: Vec<(Join, Node)>,
    },
    /// `! a`, `time a`, and what is only looked through for what it names.
    Prefixed {
        prefix: Prefix,
        node: Box<Node>,
    },
    /// Anything with a body: `( )`, `{ }`, `if`, `while`, `case`, …
    Compound {
        kind: Compound,
        redirects: Vec<Redirect>,
    },
}

/// A word before a command that is part of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    Not,
    Time,
    /// `coproc`.
    Coproc,
}

/// Commands with bodies.
#[derive(Debug, Clone, PartialEq)]
pub enum Compound {
    Subshell(Body),
    Group(Body),
    If {
        arms: Vec<(Body, Body)>,
        otherwise: Body,
    },
    /// `while` and `until`.
    While {
        condition: Body,
        body: Body,
    },
    For {
        name: String,
        /// Nothing means the positional parameters.
        words: Option<Vec<Word>>,
        body: Body,
    },
    /// `for ((first; while; then))`: the sums.
    Count {
        sums: [String; 3],
        body: Body,
    },
    /// A menu; asks a terminal.
    Select(Body),
    Case {
        word: Word,
        arms: Vec<(Vec<Word>, Body)>,
    },
    /// `[[ … ]]`: the words, operators left out.
    Test(Vec<Word>),
    Function(Box<Node>),
}

/// Words, with what stands around them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Simple {
    pub assignments: Vec<Assignment>,
    pub words: Vec<Word>,
    pub redirects: Vec<Redirect>,
}

/// `NAME=value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    pub name: String,
    /// `+=`.
    pub append: bool,
    pub value: Word,
}

/// `2>file`, `<<< word`, `<<END`.
#[derive(Debug, Clone, PartialEq)]
pub struct Redirect {
    pub op: Op,
    pub target: Target,
}

/// What a redirection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `<`
    Read,
    /// `>`, `>>`, `>|`, `&>`, `&>>`, `>&file`
    Write,
    /// `<>`
    ReadWrite,
    /// `<&` and `>&` with a number or `-`
    Duplicate,
    /// `<<<`
    HereString,
    /// `<<`
    HereDoc,
}

/// Where a redirection leads.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Word(Word),
    /// The here-document of this number.
    Here(usize),
}

/// A word before expansion.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Word {
    pub pieces: Vec<Piece>,
    /// Bytes of the line.
    pub span: Range<usize>,
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Characters. Quoted ones stand for themselves; others may be patterns,
    /// braces or a tilde.
    Text { text: String, quoted: bool },
    /// `$x`, `${x}`, `${x%.rs}`: `changed` when more than the plain value.
    Variable {
        name: String,
        changed: bool,
        quoted: bool,
    },
    /// `$( )` or backticks.
    Run { body: Body, quoted: bool },
    /// `$(( ))`: the text between.
    Sum { text: String, quoted: bool },
    /// `<( )`, `>( )`.
    Process { body: Body },
}

impl Word {
    /// The text of a word that is one plain, unquoted text.
    pub fn bare(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [
                Piece::Text {
                    text,
                    quoted: false,
                },
            ] => Some(text),
            _ => None,
        }
    }

    /// The text of a word without any expansion, patterns and braces taken as they stand.
    pub fn literal(&self) -> Option<String> {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }
}
