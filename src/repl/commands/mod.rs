//! Slash commands: one file each and a row in [`COMMANDS`]; `/help`, completion
//! and the README come from the table.

mod budget;
mod clear;
mod complete;
mod cost;
mod diff;
mod exit;
mod export;
mod help;
mod info;
mod jobs;
mod keys;
mod local;
mod mcp;
mod memory;
mod model;
mod modes;
mod permissions;
mod rename;
mod resume;
mod rewind;
pub(super) mod server_prompt;
mod sessions;
mod think;
mod undo;

pub use complete::{COMPLETIONS, Complete};
pub use cost::report as cost_report;
pub use help::{IN_A_MESSAGE, table};
pub(super) use mcp::Panel;
pub(super) use memory::remember;

use super::status::Reporter;
use super::worker::Worker;
use crate::protocol::command::Secret;
use crate::protocol::event::NoticeLevel;
use crate::stdx::text;
use crate::tools::jobs::Jobs;

/// Stores what was typed into the panel for secrets: for an MCP server, or a vendor's key.
pub(super) fn store_secret(worker: &mut Worker, purpose: &str, secret: &Secret) {
    match purpose.strip_prefix(mcp::PURPOSE) {
        Some(name) => mcp::store(worker, name, secret),
        None => keys::store(worker, purpose, secret),
    }
}

/// What the worker does after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// Goes on.
    GoOn,
    /// Ends.
    Exit,
}

/// One slash command.
pub struct CommandSpec {
    /// Name without the slash.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// Arguments, e.g. `[on|off]`; may be empty.
    pub usage: &'static str,
    /// What it does, in a few words.
    pub help: &'static str,
    /// Does it; the text is what follows the name.
    run: fn(&mut Worker, &str) -> Flow,
}

/// Every slash command, in the order of `/help`.
pub static COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "help",
        aliases: &[],
        usage: "",
        help: "show commands and keys",
        run: help::run,
    },
    CommandSpec {
        name: "resume",
        aliases: &[],
        usage: "[ID|name]",
        help: "go on with an earlier session",
        run: resume::run,
    },
    CommandSpec {
        name: "clear",
        aliases: &["new"],
        usage: "",
        help: "start a new session; this one stays saved",
        run: clear::run,
    },
    CommandSpec {
        name: "rename",
        aliases: &[],
        usage: "NAME",
        help: "name this session",
        run: rename::run,
    },
    CommandSpec {
        name: "fork",
        aliases: &[],
        usage: "[ID|name]",
        help: "go on with a copy of this session, or of another one",
        run: sessions::fork,
    },
    CommandSpec {
        name: "sessions",
        aliases: &[],
        usage: "[delete|export ID]",
        help: "list the sessions: open, delete, export or fork one",
        run: sessions::run,
    },
    CommandSpec {
        name: "diff",
        aliases: &[],
        usage: "[git]",
        help: "show what sofos changed in this session; git: since the last commit",
        run: diff::run,
    },
    CommandSpec {
        name: "undo",
        aliases: &[],
        usage: "[rest|all]",
        help: "take back the last change to files",
        run: undo::undo,
    },
    CommandSpec {
        name: "redo",
        aliases: &[],
        usage: "[rest|all]",
        help: "take back the last undo",
        run: undo::redo,
    },
    CommandSpec {
        name: "rewind",
        aliases: &[],
        usage: "",
        help: "go back to an earlier message: files, conversation or both",
        run: rewind::run,
    },
    CommandSpec {
        name: "export",
        aliases: &[],
        usage: "[FILE]",
        help: "write this conversation to a file: .md, .json or .html",
        run: export::run,
    },
    CommandSpec {
        name: "status",
        aliases: &[],
        usage: "",
        help: "show session, model, mode and context",
        run: info::status,
    },
    CommandSpec {
        name: "doctor",
        aliases: &[],
        usage: "",
        help: "show what is found here: key, sandbox, scrollback, limits",
        run: info::doctor,
    },
    CommandSpec {
        name: "cost",
        aliases: &["usage"],
        usage: "[why]",
        help: "show what this session cost, and why",
        run: cost::cost,
    },
    CommandSpec {
        name: "jobs",
        aliases: &[],
        usage: "[stop N|all]",
        help: "list or stop commands in the background",
        run: jobs::run,
    },
    CommandSpec {
        name: "context",
        aliases: &[],
        usage: "",
        help: "show what fills the model's window",
        run: cost::context,
    },
    CommandSpec {
        name: "plan",
        aliases: &[],
        usage: "",
        help: "plan mode on or off: look, change nothing",
        run: modes::plan,
    },
    CommandSpec {
        name: "model",
        aliases: &["models"],
        usage: "[NAME]",
        help: "choose the model; the conversation goes along",
        run: model::model,
    },
    CommandSpec {
        name: "provider",
        aliases: &["providers"],
        usage: "[ID]",
        help: "choose the provider, with its default model",
        run: model::provider,
    },
    CommandSpec {
        name: "keys",
        aliases: &[],
        usage: "",
        help: "show, add, test and remove keys of providers",
        run: keys::run,
    },
    CommandSpec {
        name: "budget",
        aliases: &[],
        usage: "[USD|off]",
        help: "show or set what this session may cost",
        run: budget::run,
    },
    CommandSpec {
        name: "think",
        aliases: &["effort"],
        usage: "[on|off|LEVEL]",
        help: "show or set how the model thinks",
        run: think::run,
    },
    CommandSpec {
        name: "s",
        aliases: &["safe"],
        usage: "",
        help: "safe mode: only reading tools exist",
        run: modes::safe,
    },
    CommandSpec {
        name: "n",
        aliases: &["normal"],
        usage: "",
        help: "normal mode: leave safe mode",
        run: modes::normal,
    },
    CommandSpec {
        name: "mode",
        aliases: &[],
        usage: "[default|plan|accept-edits|bypass]",
        help: "show or set what may happen without asking",
        run: modes::mode,
    },
    CommandSpec {
        name: "permissions",
        aliases: &[],
        usage: "[add|remove|why]",
        help: "show or change the rules; why COMMAND explains one",
        run: permissions::run,
    },
    CommandSpec {
        name: "mcp",
        aliases: &[],
        usage: "[list|add|reconnect|login NAME]",
        help: "MCP servers: state, tools, errors; switch, connect, add, delete",
        run: mcp::run,
    },
    CommandSpec {
        name: "memory",
        aliases: &[],
        usage: "",
        help: "show and edit the instruction files; # adds a line to one",
        run: memory::run,
    },
    CommandSpec {
        name: "compact",
        aliases: &[],
        usage: "[FOCUS]",
        help: "shorten the conversation; the log keeps all of it",
        run: clear::compact,
    },
    CommandSpec {
        name: "copy",
        aliases: &[],
        usage: "",
        help: "copy the last answer to the clipboard",
        run: local::run,
    },
    CommandSpec {
        name: "editor",
        aliases: &["edit"],
        usage: "",
        help: "write the message in an editor ($VISUAL, $EDITOR)",
        run: local::run,
    },
    CommandSpec {
        name: "vim",
        aliases: &[],
        usage: "[on|off]",
        help: "edit the prompt as in vim, or as in a shell",
        run: local::run,
    },
    CommandSpec {
        name: "keybindings",
        aliases: &["keymap"],
        usage: "",
        help: "show which key does what",
        run: local::run,
    },
    CommandSpec {
        name: "transcript",
        aliases: &[],
        usage: "",
        help: "show everything unfolded, with search (Ctrl+T)",
        run: local::run,
    },
    CommandSpec {
        name: "theme",
        aliases: &[],
        usage: "[NAME]",
        help: "choose the colours, with a preview",
        run: local::run,
    },
    CommandSpec {
        name: "exit",
        aliases: &["quit", "q"],
        usage: "",
        help: "save and leave",
        run: exit::run,
    },
];

fn find(name: &str) -> Option<&'static CommandSpec> {
    COMMANDS
        .iter()
        .find(|spec| spec.name == name || spec.aliases.contains(&name))
}

fn split(line: &str) -> (&str, &str) {
    let line = line.trim().trim_start_matches('/');
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    (name, rest.trim())
}

/// Runs a command line. An unknown name stays here: it never goes to the model.
pub(super) fn run(worker: &mut Worker, line: &str) -> Flow {
    let (name, arguments) = split(line);
    // For the tests of what a panic leaves behind.
    assert!(
        !(cfg!(debug_assertions) && name == "debug-panic"),
        "asked for"
    );
    match find(&name.to_lowercase()) {
        Some(spec) => (spec.run)(worker, arguments),
        None if name.starts_with("mcp__") => server_prompt::run(worker, name, arguments),
        None => {
            let name = text::one_line(name, 40);
            worker.notice(
                NoticeLevel::Error,
                format!("no command /{name}; /help lists them"),
            );
            Flow::GoOn
        }
    }
}

/// Answers a line about background commands, also while a turn runs. False for any
/// other line.
pub(super) fn answer_jobs(jobs: &Jobs, reporter: &Reporter, line: &str) -> bool {
    let (name, arguments) = split(line);
    let is_meant = find(&name.to_lowercase()).is_some_and(|spec| spec.name == "jobs");
    if is_meant {
        jobs::answer(jobs, reporter, arguments);
    }
    is_meant
}

/// Whether a command line ends the program; such a one does not wait for a turn.
pub(super) fn ends(line: &str) -> bool {
    find(split(line).0).is_some_and(|spec| spec.name == "exit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_all_found() {
        let mut names: Vec<&str> = COMMANDS
            .iter()
            .flat_map(|spec| spec.aliases.iter().copied().chain([spec.name]))
            .collect();
        assert!(names.iter().all(|name| find(name).is_some()));
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "a name is used twice");
    }

    #[test]
    fn lines_split_into_name_and_arguments() {
        assert_eq!(split(" /think  on "), ("think", "on"));
        assert_eq!(split("/q"), ("q", ""));
        assert!(ends("/quit") && ends("/q") && !ends("/quiet"));
    }
}
