//! The second opinion: tree-sitter's bash grammar.

use std::ops::Range;

use tree_sitter::{Node, Parser, TreeCursor};

use super::ast::Simple;

/// Kinds of nodes whose meaning is known. Any other means that the line is not
/// understood.
const KNOWN: &[&str] = &[
    "ansi_c_string",
    "arithmetic_expansion",
    "binary_expression",
    "brace_expression",
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
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_bash::LANGUAGE.into())
        .map_err(|error| format!("the shell grammar cannot be used: {error}"))?;
    let Some(tree) = parser.parse(ascii(line), None) else {
        return Err("the shell grammar gave no answer".to_string());
    };
    let root = tree.root_node();
    if root.has_error() {
        return Err("a second reading finds an error in it".to_string());
    }
    let mut theirs = Vec::new();
    collect(line, &mut root.walk(), &mut theirs)?;
    theirs.sort();
    if ours == theirs {
        Ok(())
    } else {
        Err("it can be read in two ways".to_string())
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

/// Walks the tree without recursion: its depth is up to whoever wrote the line.
fn collect(line: &str, cursor: &mut TreeCursor<'_>, out: &mut Vec<Sighting>) -> Result<(), String> {
    loop {
        let node = cursor.node();
        if node.is_named() && !KNOWN.contains(&node.kind()) {
            return Err(format!("it uses {}", node.kind().replace('_', " ")));
        }
        out.extend(of_theirs(line, node));
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

fn of_theirs(line: &str, node: Node<'_>) -> Option<Sighting> {
    match node.kind() {
        "command" => {
            let name = node.child_by_field_name("name")?;
            let mut cursor = node.walk();
            let mut words: Vec<_> = std::iter::once(name)
                .chain(node.children_by_field_name("argument", &mut cursor))
                .map(|word| span(&word.byte_range()))
                .collect();
            // The grammar takes these for programs.
            for prefix in ["coproc", "time", "-p"] {
                if words.len() > 1 && line.get(words[0].0..words[0].1) == Some(prefix) {
                    words.remove(0);
                }
            }
            Some(Sighting {
                start: words[0].0,
                words,
            })
        }
        "declaration_command" | "unset_command" => Some(Sighting {
            start: node.start_byte(),
            words: Vec::new(),
        }),
        // `[[` is no command of its own.
        "test_command" if node.child(0).is_some_and(|open| open.kind() == "[") => Some(Sighting {
            start: node.start_byte(),
            words: Vec::new(),
        }),
        _ => None,
    }
}
