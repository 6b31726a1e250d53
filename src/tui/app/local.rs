//! Slash commands that the front end does itself, at once also while a turn runs.

use super::{Action, App, Open, Purpose};
use crate::protocol::command::Command;
use crate::protocol::event::NoticeLevel;
use crate::protocol::picker::{PickRow, Picker};
use crate::repl::commands::IN_A_MESSAGE;
use crate::tui::desk::Request;
use crate::tui::panels::picker::PickerPanel;

/// A command by name, and what does it with what follows the name.
pub type Local = (&'static str, fn(&mut App, &str));

/// All of them; each is a row of the table of commands, too.
pub const LOCAL: &[Local] = &[
    ("help", App::help),
    ("keybindings", App::keybindings),
    ("vim", App::vim),
    ("editor", App::editor),
    ("copy", App::copy),
    ("transcript", App::transcript),
    ("theme", App::theme),
];

/// A command line from a command and its argument.
pub(super) fn join(command: &str, argument: &str) -> String {
    format!("{command} {argument}").trim_end().to_owned()
}

impl App {
    /// Runs a command line, here or in the worker.
    pub(super) fn slash(&mut self, line: &str) {
        let words = line.trim().trim_start_matches('/');
        let (name, arguments) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
        let (name, arguments) = (name.to_lowercase(), arguments.trim());
        // For the tests of what a panic leaves behind; with an argument it is the worker's.
        assert!(
            !(cfg!(debug_assertions) && name == "debug-panic" && arguments.is_empty()),
            "asked for"
        );
        let known = self
            .palette
            .commands()
            .iter()
            .find(|command| command.name == name || command.aliases.contains(&name));
        let name = known.map_or(name.clone(), |command| command.name.clone());
        if arguments.is_empty()
            && let Some(picker) = self.choices(&name)
        {
            return self.open(picker, Purpose::Command);
        }
        match LOCAL.iter().find(|(local, _)| *local == name) {
            Some((_, run)) => run(self, arguments),
            None => self.send(Command::Slash {
                line: line.to_owned(),
            }),
        }
    }

    pub(super) fn open(&mut self, picker: Picker, purpose: Purpose) {
        self.picker = Some(Open {
            panel: PickerPanel::new(picker),
            tall: false,
            purpose,
        });
    }

    /// The list for a command that is given without its argument.
    fn choices(&self, name: &str) -> Option<Picker> {
        if name != "mode" {
            return None;
        }
        let commands = self.palette.commands();
        let complete = commands
            .iter()
            .find(|command| command.name == name)?
            .complete?;
        Some(Picker {
            title: "mode".into(),
            rows: complete(&self.status),
            command: "/mode".into(),
            verb: "use".into(),
            current: Some(self.status.mode.as_str().to_owned()),
            ..Picker::default()
        })
    }

    fn help(&mut self, _arguments: &str) {
        let mut rows: Vec<PickRow> = self
            .palette
            .commands()
            .iter()
            .map(|command| {
                let usage = join(&format!("/{}", command.name), &command.usage);
                let also: Vec<String> = command
                    .aliases
                    .iter()
                    .map(|alias| format!("/{alias}"))
                    .collect();
                let help = if also.is_empty() {
                    command.help.clone()
                } else {
                    format!("{}; also {}", command.help, also.join(", "))
                };
                PickRow::new(format!("/{} ", command.name), usage, help)
            })
            .collect();
        for (written, does) in IN_A_MESSAGE {
            // What it begins with, as far as that is fixed.
            let start: String = written
                .chars()
                .take_while(|ch| "@!# ".contains(*ch))
                .collect();
            rows.push(PickRow::new(start, *written, *does));
        }
        for listed in self.keymap.listed() {
            if !listed.keys.is_empty() {
                let keys: Vec<String> = listed.keys.into_iter().take(2).collect();
                rows.push(PickRow::new("/keybindings", keys.join(", "), listed.help));
            }
        }
        self.open(
            Picker {
                title: "help".into(),
                rows,
                verb: "type it".into(),
                ..Picker::default()
            },
            Purpose::Insert,
        );
    }

    fn keybindings(&mut self, _arguments: &str) {
        let rows = self
            .keymap
            .listed()
            .into_iter()
            .map(|listed| {
                let keys = if listed.keys.is_empty() {
                    "(no key)".to_owned()
                } else {
                    listed.keys.join(", ")
                };
                PickRow::new(
                    listed.name.clone(),
                    keys,
                    format!("{}: {}", listed.name, listed.help),
                )
            })
            .collect();
        self.open(
            Picker {
                title: "keys".into(),
                rows,
                verb: "close".into(),
                ..Picker::default()
            },
            Purpose::Show,
        );
    }

    fn vim(&mut self, arguments: &str) {
        let on = match arguments {
            "" => self.composer.vim_mode().is_none(),
            "on" => true,
            "off" => false,
            other => {
                let text = format!("/vim takes on or off, not {other:?}");
                return self.transcript.notice(NoticeLevel::Error, &text);
            }
        };
        self.composer.set_vim(on);
        self.desk(Request::SetVim(on));
        self.say(if on {
            "vim mode: esc commands, i inserts"
        } else {
            "vim mode is off"
        });
    }

    fn editor(&mut self, _arguments: &str) {
        self.actions.push(Action::Editor);
    }

    fn copy(&mut self, _arguments: &str) {
        if self.answer.trim().is_empty() {
            return self.say("there is no answer to copy yet");
        }
        self.desk(Request::Copy(self.answer.trim().to_owned()));
    }

    /// The earlier messages, newest first, to choose from.
    pub(super) fn search_history(&mut self) {
        let rows: Vec<PickRow> = self
            .composer
            .history()
            .newest()
            .map(|text| PickRow::new(text, text, ""))
            .collect();
        if rows.is_empty() {
            return self.say("there are no earlier messages yet");
        }
        let picker = Picker {
            title: "search messages".into(),
            rows,
            verb: "take".into(),
            ..Picker::default()
        };
        self.open(picker, Purpose::Insert);
        if let Some(open) = &mut self.picker {
            open.panel.in_order();
            let typed = self.composer.text().to_owned();
            open.panel.paste(&typed);
        }
    }
}
