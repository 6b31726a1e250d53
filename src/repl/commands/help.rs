//! `/help`: made from the table.

use super::{COMMANDS, Flow};
use crate::protocol::event::UiEvent;
use crate::repl::worker::Worker;

/// What has a meaning inside of a message: how it is written, and what it does.
pub static IN_A_MESSAGE: &[(&str, &str)] = &[
    (
        "@FILE, @a.rs:10-40, @dir/",
        "attaches a file, lines of it, a listing",
    ),
    ("@https://…", "attaches a page of the web"),
    ("shot.png, https://…/a.png", "shows the model the image"),
    (
        "!COMMAND",
        "runs a command by your own hand; the model sees it with the next message",
    ),
    ("# TEXT", "remembers a line in the instruction file"),
];

/// The commands as a Markdown table.
pub fn table() -> String {
    let mut out = String::from("| command | does |\n|---|---|\n");
    for spec in COMMANDS {
        let mut names = format!("/{}", spec.name);
        if !spec.usage.is_empty() {
            names.push(' ');
            names.push_str(&spec.usage.replace('|', "\\|"));
        }
        for alias in spec.aliases {
            names.push_str(&format!(", /{alias}"));
        }
        out.push_str(&format!("| `{names}` | {} |\n", spec.help));
    }
    out
}

/// Both tables, for a front end without an overlay of its own; its keys are those
/// of the terminal.
pub(super) fn run(worker: &mut Worker, _arguments: &str) -> Flow {
    let mut markdown = table();
    markdown.push_str("\n| in a message | does |\n|---|---|\n");
    for (written, does) in IN_A_MESSAGE {
        markdown.push_str(&format!("| `{written}` | {does} |\n"));
    }
    worker.reporter.send(UiEvent::Text { markdown });
    Flow::GoOn
}
