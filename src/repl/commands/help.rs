//! `/help`: made from the table.

use super::{COMMANDS, Flow};
use crate::protocol::event::UiEvent;
use crate::repl::worker::Worker;

/// Keys of the interactive front end.
const KEYS: &str = "\
| key | does |
|---|---|
| Enter | send; while a turn runs, queue |
| Shift+Enter, Alt+Enter, Ctrl+J, `\\` Enter | new line |
| Esc, Ctrl+C | stop the turn |
| Ctrl+B | let the running command go on in the background |
| Ctrl+C twice, Ctrl+D | leave |
| Up, Down | earlier messages |

| in a message | does |
|---|---|
| `@path`, `@a.rs:10-40`, `@dir/` | attaches a file, lines of it, a listing |
| `@https://…` | attaches a page of the web |
| `shot.png`, `https://…/a.png` | shows the model the image |
| `!command` | runs a command by your own hand; the model sees it with the next message |
";

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

pub(super) fn run(worker: &mut Worker, _arguments: &str) -> Flow {
    worker.reporter.send(UiEvent::Text {
        markdown: format!("{}\n{KEYS}", table()),
    });
    Flow::GoOn
}
