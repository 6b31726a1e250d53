//! The second opinion: tree-sitter's bash grammar.

use std::ops::Range;

use std::num::NonZeroU16;

use tree_sitter::{Language, Node, Parser, TreeCursor};

use super::ast::{Piece, Simple, Word};

/// Commands of a reading that overlooks errors, at most.
const MAX_LOOSE: usize = 500;

/// Kinds of nodes whose meaning is known. Any other means that the line is not
/// understood.
const KNOWN: &[&str] = &[
    "ansi_c_string",
    "arithmetic_expansion",
    "binary_expression",
    "brace_expression",
    "c_style_for_statement",
    "case_item",
    "case_statement",
    "command",
    "command_name",
    "command_substitution",
    "comment",
    "compound_statement",
    "concatenation",
    "declaration_command",
    "do_group",
    "elif_clause",
    "else_clause",
    "expansion",
    "extglob_pattern",
    "file_descriptor",
    "file_redirect",
    "for_statement",
    "function_definition",
    "heredoc_body",
    "heredoc_content",
    "heredoc_end",
    "heredoc_redirect",
    "heredoc_start",
    "herestring_redirect",
    "if_statement",
    "list",
    "negated_command",
    "number",
    "parenthesized_expression",
    "pipeline",
    "postfix_expression",
    "process_substitution",
    "program",
    "raw_string",
    "redirected_statement",
    "regex",
    "simple_expansion",
    "special_variable_name",
    "string",
    "string_content",
    "subscript",
    "subshell",
    "test_command",
    "test_operator",
    "ternary_expression",
    "unary_expression",
    "unset_command",
    "variable_assignment",
    "variable_assignments",
    "variable_name",
    "while_statement",
    "word",
];

/// Builtins that the grammar gives nodes of their own.
const OWN_NODES: &[&str] = &[
    "declare", "export", "local", "readonly", "typeset", "unset", "unsetenv", "[",
];

/// A command as one of the parsers sees it: where it starts, and its words when
/// both are expected to tell them apart.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sighting {
    start: usize,
    words: Vec<(usize, usize)>,
}

/// Whether tree-sitter finds exactly these simple commands.
///
/// # Errors
/// The reason why the line is not understood.
pub(super) fn agrees(line: &str, seen: &[Simple]) -> Result<(), String> {
    let mut ours: Vec<Sighting> = seen.iter().filter_map(of_ours).collect();
    ours.sort();
    let language: Language = tree_sitter_bash::LANGUAGE.into();
    let mut parser = Parser::new();
    parser
        .set_language(&language)
        .map_err(|error| format!("the shell grammar cannot be used: {error}"))?;
    let Some(tree) = parser.parse(ascii(line), None) else {
        return Err("the shell grammar gave no answer".to_string());
    };
    let root = tree.root_node();
    if root.has_error() {
        return Err("a second reading finds an error in it".to_string());
    }
    let mut theirs = Vec::new();
    Grammar::new(&language).collect(line, &mut root.walk(), &mut theirs)?;
    theirs.sort();
    if ours == theirs {
        Ok(())
    } else {
        Err("it can be read in two ways".to_string())
    }
}

/// The commands that the grammar shows although it finds errors. What is only known
/// when they run stands as a variable.
pub(super) fn loosely(line: &str) -> Vec<Simple> {
    let language: Language = tree_sitter_bash::LANGUAGE.into();
    let mut parser = Parser::new();
    let ready = parser.set_language(&language).is_ok();
    let Some(tree) = parser.parse(ascii(line), None).filter(|_| ready) else {
        return Vec::new();
    };
    let mut grammar = Grammar::new(&language);
    let mut out = Vec::new();
    let root = tree.root_node();
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        if grammar.meaning(node) == Meaning::Command
            && let Some(sighting) = grammar.command(line, node)
        {
            let words = sighting.words.iter();
            out.push(Simple {
                words: words
                    .filter_map(|(start, end)| line.get(*start..*end))
                    .map(loose_word)
                    .collect(),
                ..Simple::default()
            });
        }
        if out.len() == MAX_LOOSE {
            return out;
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return out;
            }
        }
    }
}

/// A word with its quotes taken away.
fn loose_word(text: &str) -> Word {
    let piece = if text.contains(['$', '`']) {
        Piece::Variable {
            name: "0".to_string(),
            changed: true,
            quoted: true,
        }
    } else {
        Piece::Text {
            text: text.replace(['\'', '"', '\\'], ""),
            quoted: true,
        }
    };
    Word {
        pieces: vec![piece],
        span: 0..0,
    }
}

/// The line with every other character replaced, byte for byte, by one that is as
/// much part of a word: the grammar's scanner looks characters up in tables that
/// end with ASCII.
fn ascii(line: &str) -> Vec<u8> {
    line.bytes()
        .map(|byte| if byte.is_ascii() { byte } else { b'%' })
        .collect()
}

fn span(range: &Range<usize>) -> (usize, usize) {
    (range.start, range.end)
}

fn of_ours(simple: &Simple) -> Option<Sighting> {
    let name = simple.words.first()?;
    let own_node = name.bare().is_some_and(|name| OWN_NODES.contains(&name));
    Some(Sighting {
        start: name.span.start,
        words: if own_node {
            Vec::new()
        } else {
            simple.words.iter().map(|word| span(&word.span)).collect()
        },
    })
}

/// What a kind of node means here.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Meaning {
    /// Not looked up yet.
    Open,
    Unknown,
    Plain,
    Command,
    /// A builtin with a node of its own.
    Own,
    Test,
}

/// The kinds of the grammar by number, looked up as they come: names are slow.
struct Grammar {
    kinds: Vec<Meaning>,
    name: Option<NonZeroU16>,
    argument: Option<NonZeroU16>,
}

impl Grammar {
    fn new(language: &Language) -> Self {
        Self {
            kinds: vec![Meaning::Open; language.node_kind_count()],
            name: language.field_id_for_name("name"),
            argument: language.field_id_for_name("argument"),
        }
    }

    fn meaning(&mut self, node: Node<'_>) -> Meaning {
        let id = usize::from(node.kind_id());
        if let Some(known) = self.kinds.get(id).filter(|known| **known != Meaning::Open) {
            return *known;
        }
        let kind = node.kind();
        let meaning = match kind {
            "command" => Meaning::Command,
            "declaration_command" | "unset_command" => Meaning::Own,
            "test_command" => Meaning::Test,
            _ if !node.is_named() || KNOWN.contains(&kind) => Meaning::Plain,
            _ => Meaning::Unknown,
        };
        if let Some(known) = self.kinds.get_mut(id) {
            *known = meaning;
        }
        meaning
    }

    /// Walks the tree without recursion: its depth is up to whoever wrote the line.
    fn collect(
        &mut self,
        line: &str,
        cursor: &mut TreeCursor<'_>,
        out: &mut Vec<Sighting>,
    ) -> Result<(), String> {
        loop {
            let node = cursor.node();
            match self.meaning(node) {
                Meaning::Unknown => {
                    return Err(format!("it uses {}", node.kind().replace('_', " ")));
                }
                Meaning::Command => out.extend(self.command(line, node)),
                Meaning::Own => out.push(Sighting {
                    start: node.start_byte(),
                    words: Vec::new(),
                }),
                // `[[` is no command of its own.
                Meaning::Test if node.child(0).is_some_and(|open| open.kind() == "[") => {
                    out.push(Sighting {
                        start: node.start_byte(),
                        words: Vec::new(),
                    });
                }
                _ => {}
            }
            if cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return Ok(());
                }
            }
        }
    }

    fn command(&self, line: &str, node: Node<'_>) -> Option<Sighting> {
        let mut words = Vec::new();
        let mut cursor = node.walk();
        if !cursor.goto_first_child() {
            return None;
        }
        loop {
            let field = cursor.field_id();
            if field.is_some() && (field == self.name || field == self.argument) {
                words.push(span(&cursor.node().byte_range()));
            }
            if !cursor.goto_next_sibling() {
                break;
            }
        }
        // The grammar takes these for programs.
        for prefix in ["coproc", "time", "-p"] {
            if words.len() > 1 && line.get(words[0].0..words[0].1) == Some(prefix) {
                words.remove(0);
            }
        }
        Some(Sighting {
            start: words.first()?.0,
            words,
        })
    }
}
