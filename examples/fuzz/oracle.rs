//! What must hold for every text that is judged as a command line.

use std::path::Path;

use sofos::permission::command::{Tier, analyse};
use sofos::permission::{Place, RuleSet};

/// Programs that never run without a question, however they are written.
const NEVER: &[&str] = &[
    "rm", "rmdir", "touch", "ln", "chmod", "chown", "dd", "mkfs", "mount", "shutdown", "kill",
    "sudo", "su", "curl", "./x.sh", "evil", "mv", "cp", "eval", "exec", "source", "ssh",
];

/// Judges one text in every way that has to agree.
///
/// # Errors
/// What does not hold, with the line.
pub fn fuzz(data: &[u8], root: &Path) -> Result<(), String> {
    let line = String::from_utf8_lossy(data);
    let line = line.as_ref();
    let place = Place {
        root,
        home: Some(Path::new("/nonexistent/home")),
    };
    let rules = RuleSet::default();
    let tier = |line: &str| rules.judge(line, &analyse(&place, line)).tier;
    let own = tier(line);
    if own == Tier::Allow {
        if let Some(name) = visible(line) {
            return Err(format!("{name} runs unasked in {line:?}"));
        }
        return Ok(());
    }
    // A line that is cut short is completed to another by what is put around it.
    if analyse(&place, line).problem.is_some() || line.contains('\0') {
        return Ok(());
    }
    for wrapped in wrappings(line) {
        if tier(&wrapped) == Tier::Allow {
            return Err(format!("{line:?} asks, and {wrapped:?} does not"));
        }
    }
    Ok(())
}

/// Ways to put a command into another. The space keeps `(` before a subshell from
/// becoming arithmetic.
fn wrappings(line: &str) -> [String; 10] {
    [
        format!("true; {line}"),
        format!("( {line})"),
        format!("{line} | cat"),
        format!("FOO=1 {line}"),
        format!("{line} &"),
        format!("if true; then {line}; fi"),
        format!("\n{line}"),
        format!("{line} # comment"),
        format!("{{ {line}; }}"),
        format!("echo \"$( {line})\""),
    ]
}

/// A forbidden program that another reader of the shell's grammar sees run.
fn visible(line: &str) -> Option<String> {
    let mut parser = tree_sitter::Parser::new();
    parser
        .set_language(&tree_sitter_bash::LANGUAGE.into())
        .ok()?;
    let tree = parser.parse(line, None)?;
    let mut todo = vec![tree.root_node()];
    while let Some(node) = todo.pop() {
        if node.kind() == "command_name" {
            let text = node.utf8_text(line.as_bytes()).unwrap_or_default();
            let plain: String = text
                .chars()
                .filter(|ch| !matches!(ch, '\'' | '"' | '\\'))
                .collect();
            if NEVER.contains(&plain.as_str()) {
                return Some(plain);
            }
        }
        todo.extend((0..node.child_count()).filter_map(|at| node.child(at)));
    }
    None
}
