//! Completion below the prompt: slash commands, what may follow them, files.

use std::ops::Range;

use crossterm::event::KeyCode;
use ratatui::text::Line;

use crate::protocol::event::{MoreCommand, Status};
use crate::protocol::picker::PickRow;
use crate::render::theme::Theme;
use crate::tui::desk::Found;
use crate::tui::terminal::input::Key;

use super::list::{Item, List};

/// A slash command as the palette shows it.
#[derive(Debug, Clone, Default)]
pub struct CommandHelp {
    /// Without the slash.
    pub name: String,
    /// Other names it goes by.
    pub aliases: Vec<String>,
    /// Its arguments, e.g. `[on|off]`; may be empty.
    pub usage: String,
    /// What it does.
    pub help: String,
    /// What may follow it.
    pub complete: Option<fn(&Status) -> Vec<PickRow>>,
}

/// What is offered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Nothing,
    Commands,
    /// What may follow a command.
    Arguments(String),
    /// Files in place of a part of the text.
    Files(Range<usize>),
}

/// What fits the text of the prompt, and which of it is selected.
#[derive(Default)]
pub struct Palette {
    commands: Vec<CommandHelp>,
    /// How many of them are built in; they come first.
    own: usize,
    list: List,
    kind: Kind,
    /// Closed for this text.
    closed: bool,
    /// The files that were found last.
    found: Found,
}

/// What a key means to the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaletteOutcome {
    /// Not for the palette.
    Ignored,
    /// The selection moved, or it closed.
    Done,
    /// A part of the prompt becomes this.
    Complete(Range<usize>, String),
    /// This is sent.
    Send(String),
}

impl Palette {
    /// Over the commands there are.
    pub fn new(commands: Vec<CommandHelp>) -> Self {
        Self {
            own: commands.len(),
            commands,
            ..Self::default()
        }
    }

    /// Takes over the commands there are beside the built-in ones, in place of those
    /// before; what is open shows them with the next key.
    pub fn add(&mut self, more: Vec<MoreCommand>) {
        self.commands.truncate(self.own);
        let more = more.into_iter().map(|command| CommandHelp {
            name: command.name,
            usage: command.usage,
            help: command.help,
            ..CommandHelp::default()
        });
        self.commands.extend(more);
    }

    /// The commands.
    pub fn commands(&self) -> &[CommandHelp] {
        &self.commands
    }

    /// The text of the prompt or the caret changed: what fits is offered, the best
    /// selected. The result is what files to look for; the answer goes to
    /// [`Palette::files`].
    pub fn text_changed(&mut self, text: &str, caret: usize, status: &Status) -> Option<String> {
        self.closed = false;
        let went_on = matches!(std::mem::take(&mut self.kind), Kind::Files(_));
        if let Some(rest) = text.strip_prefix('/') {
            self.commands_for(rest, status);
            if self.kind != Kind::Nothing {
                return None;
            }
        }
        let (range, query) = file_word(text, caret)?;
        self.kind = Kind::Files(range);
        if !went_on {
            self.found = Found::default();
        } else if self.found.query == query {
            return None;
        }
        // Until the answer is there: what still fits of the last one.
        self.found.query.clone_from(&query);
        self.show_files();
        self.list.set_filter(&query);
        Some(query)
    }

    fn commands_for(&mut self, rest: &str, status: &Status) {
        let Some((name, arguments)) = rest.split_once(' ') else {
            if !rest.contains(char::is_whitespace) {
                self.list = List::new(self.commands.iter().map(item).collect());
                self.list.set_filter(rest);
                self.kind = Kind::Commands;
            }
            return;
        };
        let command = self.commands.iter().find(|command| {
            command.name == name || command.aliases.iter().any(|alias| alias == name)
        });
        let Some(complete) = command.and_then(|command| command.complete) else {
            return;
        };
        let filter = arguments.trim_start();
        if filter.contains(char::is_whitespace) {
            return;
        }
        let rows = complete(status);
        self.list = List::new(rows.iter().map(choice).collect());
        self.list.set_filter(filter);
        self.kind = Kind::Arguments(format!("/{name} "));
    }

    /// Files were found.
    pub fn files(&mut self, found: Found) {
        if found.query == self.found.query {
            self.found = found;
            if matches!(self.kind, Kind::Files(_)) {
                self.show_files();
            }
        }
    }

    fn show_files(&mut self) {
        let kept = self.list.selected().map(|item| item.value.clone());
        let moved = self.list.position() > 0;
        let items = self.found.paths.iter();
        self.list = List::new(items.map(|path| Item::new(path, path, "")).collect());
        self.list.mark(&self.found.query);
        if let Some(kept) = kept.filter(|_| moved) {
            self.list.select(&kept);
        }
    }

    /// Closed until the text changes.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// Rows are shown.
    pub fn is_open(&self) -> bool {
        self.kind != Kind::Nothing && !self.closed && !self.list.is_empty()
    }

    /// Takes a key while open; `text` is that of the prompt.
    pub fn key(&mut self, key: Key, text: &str) -> PaletteOutcome {
        let Some(item) = self.list.selected().filter(|_| self.is_open()) else {
            return PaletteOutcome::Ignored;
        };
        if key == Key::ctrl('p') || key == Key::plain(KeyCode::Up) {
            self.list.step(-1);
        } else if key == Key::ctrl('n') || key == Key::plain(KeyCode::Down) {
            self.list.step(1);
        } else if key == Key::plain(KeyCode::Esc) {
            self.close();
        } else if key == Key::plain(KeyCode::Tab) {
            let value = item.value.clone();
            return self.complete(&value, text);
        } else if key == Key::plain(KeyCode::Enter) {
            let value = item.value.clone();
            return self.enter(&value, text);
        } else {
            return PaletteOutcome::Ignored;
        }
        PaletteOutcome::Done
    }

    fn complete(&self, value: &str, text: &str) -> PaletteOutcome {
        match &self.kind {
            Kind::Nothing => PaletteOutcome::Ignored,
            Kind::Commands => {
                let takes_more = |command: &CommandHelp| !command.usage.is_empty();
                let command = self.commands.iter().find(|command| command.name == value);
                let gap = if command.is_some_and(takes_more) {
                    " "
                } else {
                    ""
                };
                PaletteOutcome::Complete(0..text.len(), format!("/{value}{gap}"))
            }
            Kind::Arguments(head) => {
                PaletteOutcome::Complete(0..text.len(), format!("{head}{value}"))
            }
            Kind::Files(range) => {
                // A directory may go on.
                let end = if value.ends_with('/') { "" } else { " " };
                PaletteOutcome::Complete(range.clone(), format!("{}{end}", mention(value)))
            }
        }
    }

    fn enter(&self, value: &str, text: &str) -> PaletteOutcome {
        match &self.kind {
            Kind::Commands => PaletteOutcome::Send(format!("/{value}")),
            Kind::Arguments(head) => PaletteOutcome::Send(format!("{head}{value}")),
            // Typed in full: there is nothing to complete.
            Kind::Files(range) if text.get(range.clone()) == Some(mention(value).as_str()) => {
                PaletteOutcome::Ignored
            }
            Kind::Nothing | Kind::Files(_) => self.complete(value, text),
        }
    }

    /// At most `height` rows of at most `cols` columns.
    pub fn rows(&self, cols: usize, height: usize, theme: &Theme) -> Vec<Line<'static>> {
        if !self.is_open() {
            return Vec::new();
        }
        self.list.rows(cols, height, theme)
    }
}

fn item(command: &CommandHelp) -> Item {
    let gap = if command.usage.is_empty() { "" } else { " " };
    let label = format!("/{}{gap}{}", command.name, command.usage);
    let words = std::iter::once(&command.name).chain(&command.aliases);
    Item {
        words: words.cloned().collect::<Vec<_>>().join(" "),
        ..Item::new(&command.name, &label, &command.help)
    }
}

fn choice(row: &PickRow) -> Item {
    Item {
        disabled: row.disabled.clone(),
        ..Item::new(&row.value, &row.label, &row.detail)
    }
}

/// How a file is named in a message.
pub fn mention(path: &str) -> String {
    if path.contains('"') {
        let escaped = |ch: char| match ch {
            '"' | '\\' | '\'' => format!("\\{ch}"),
            ch if ch.is_whitespace() => format!("\\{ch}"),
            ch => ch.to_string(),
        };
        format!("@{}", path.chars().map(escaped).collect::<String>())
    } else if path.contains(char::is_whitespace) {
        format!("@\"{path}\"")
    } else {
        format!("@{path}")
    }
}

/// The `@word` around the caret and what is typed of it before the caret.
fn file_word(text: &str, caret: usize) -> Option<(Range<usize>, String)> {
    let before = &text[..caret];
    let start = before.rfind('@').filter(|at| {
        let ahead = before[..*at].chars().next_back();
        ahead.is_none_or(|ch| ch.is_whitespace() || matches!(ch, '(' | '[' | '"' | '\''))
    })?;
    let typed = &before[start + 1..];
    if let Some(quoted) = typed.strip_prefix('"') {
        if quoted.contains(['"', '\n']) {
            return None;
        }
        let rest = &text[caret..];
        let line = rest.split('\n').next().unwrap_or_default();
        let end = line.find('"').map_or(caret, |at| caret + at + 1);
        return Some((start..end, quoted.to_owned()));
    }
    if typed.contains(char::is_whitespace) {
        return None;
    }
    let rest = &text[caret..];
    let end = caret + rest.find(char::is_whitespace).unwrap_or(rest.len());
    Some((start..end, typed.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn palette() -> Palette {
        let command = |name: &str, aliases: &[&str], usage: &str, help: &str| CommandHelp {
            name: name.into(),
            aliases: aliases.iter().map(|alias| alias.to_string()).collect(),
            usage: usage.into(),
            help: help.into(),
            complete: (name == "think").then_some(|_: &Status| {
                ["on", "off", "high"]
                    .map(|value| PickRow::new(value, value, "reasoning"))
                    .to_vec()
            }),
        };
        Palette::new(vec![
            command("clear", &["new"], "", "start over"),
            command("compact", &[], "", "shorten the conversation"),
            command("think", &["effort"], "[on|off]", "reasoning"),
        ])
    }

    fn change(palette: &mut Palette, text: &str) -> Option<String> {
        palette.text_changed(text, text.len(), &Status::default())
    }

    fn rows(palette: &Palette) -> String {
        let rows = palette.rows(40, 5, &Theme::default());
        let rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
        rows.join("\n")
    }

    fn press(palette: &mut Palette, code: KeyCode, text: &str) -> PaletteOutcome {
        palette.key(Key::plain(code), text)
    }

    #[test]
    fn commands_of_servers_come_and_go_behind_the_built_in_ones() {
        let mut palette = palette();
        let more = |name: &str| MoreCommand {
            name: name.into(),
            usage: "CITY".into(),
            help: "tells the weather".into(),
        };
        palette.add(vec![more("mcp__sky__a"), more("mcp__sky__b")]);
        change(&mut palette, "/sky");
        assert!(
            rows(&palette).contains("/mcp__sky__a CITY"),
            "{}",
            rows(&palette)
        );
        palette.add(vec![more("mcp__sky__b")]);
        let names: Vec<&str> = palette.commands().iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["clear", "compact", "think", "mcp__sky__b"]);
    }

    #[test]
    fn odd_names_are_quoted_or_escaped() {
        for (path, expected) in [
            ("src/a.rs", "@src/a.rs"),
            ("my file", "@\"my file\""),
            ("a \"b\".txt", "@a\\ \\\"b\\\".txt"),
        ] {
            assert_eq!(mention(path), expected);
        }
    }

    #[test]
    fn it_opens_on_a_slash_and_filters() {
        let mut palette = palette();
        change(&mut palette, "/");
        insta::assert_snapshot!(rows(&palette), @r"
          /clear           start over
          /compact         shorten the conversa…
          /think [on|off]  reasoning
        ");
        change(&mut palette, "/new");
        assert_eq!(rows(&palette), "  /clear           start over");
        for text in ["th", "/x/y", "/clear now", "/think on now"] {
            change(&mut palette, text);
            assert_eq!(rows(&palette), "", "{text}");
        }
    }

    #[test]
    fn keys_select_complete_and_send() {
        let mut palette = palette();
        change(&mut palette, "/c");
        assert_eq!(
            press(&mut palette, KeyCode::Down, "/c"),
            PaletteOutcome::Done
        );
        assert_eq!(
            press(&mut palette, KeyCode::Enter, "/c"),
            PaletteOutcome::Send("/compact".into())
        );
        change(&mut palette, "/th");
        assert_eq!(
            press(&mut palette, KeyCode::Tab, "/th"),
            PaletteOutcome::Complete(0..3, "/think ".into())
        );
        change(&mut palette, "/clear");
        assert_eq!(
            press(&mut palette, KeyCode::Enter, "/clear"),
            PaletteOutcome::Send("/clear".into())
        );
        change(&mut palette, "/c");
        assert_eq!(
            press(&mut palette, KeyCode::Esc, "/c"),
            PaletteOutcome::Done
        );
        assert_eq!(rows(&palette), "");
        assert_eq!(
            press(&mut palette, KeyCode::Esc, "/c"),
            PaletteOutcome::Ignored
        );
    }

    #[test]
    fn what_may_follow_a_command_is_offered() {
        let mut palette = palette();
        change(&mut palette, "/effort ");
        insta::assert_snapshot!(rows(&palette), @r"
          on    reasoning
          off   reasoning
          high  reasoning
        ");
        change(&mut palette, "/think h");
        assert_eq!(
            press(&mut palette, KeyCode::Enter, "/think h"),
            PaletteOutcome::Send("/think high".into())
        );
        assert_eq!(
            press(&mut palette, KeyCode::Tab, "/think h"),
            PaletteOutcome::Complete(0..8, "/think high".into())
        );
    }

    #[test]
    fn files_are_offered_for_the_word_at_the_caret() {
        for (text, found) in [
            ("@|", Some((0..1, ""))),
            ("see @src/ma|in.rs now", Some((4..16, "src/ma"))),
            ("(@a|", Some((1..3, "a"))),
            ("see @\"my fi|le.txt\" now", Some((4..18, "my fi"))),
            ("mail me@home|", None),
            ("@a b|", None),
            ("@\"a\" b|", None),
        ] {
            let caret = text.find('|').unwrap();
            let text = text.replace('|', "");
            let found = found.map(|(range, query): (Range<usize>, &str)| (range, query.to_owned()));
            assert_eq!(file_word(&text, caret), found, "{text}");
        }
    }

    #[test]
    fn files_complete_and_are_quoted_where_they_must() {
        let mut palette = palette();
        assert_eq!(change(&mut palette, "see @m"), Some("m".into()));
        assert_eq!(rows(&palette), "", "nothing is known yet");
        assert_eq!(
            press(&mut palette, KeyCode::Enter, "see @m"),
            PaletteOutcome::Ignored
        );
        palette.files(Found {
            query: "old".into(),
            paths: vec!["old".into()],
            walking: false,
        });
        assert_eq!(rows(&palette), "", "an answer to another question");
        palette.files(Found {
            query: "m".into(),
            paths: vec!["main.rs".into(), "my file.txt".into(), "media/".into()],
            walking: false,
        });
        insta::assert_snapshot!(rows(&palette), @r"
          main.rs
          my file.txt
          media/
        ");
        assert_eq!(
            press(&mut palette, KeyCode::Enter, "see @m"),
            PaletteOutcome::Complete(4..6, "@main.rs ".into())
        );
        press(&mut palette, KeyCode::Down, "see @m");
        assert_eq!(
            press(&mut palette, KeyCode::Tab, "see @m"),
            PaletteOutcome::Complete(4..6, "@\"my file.txt\" ".into())
        );
        press(&mut palette, KeyCode::Down, "see @m");
        assert_eq!(
            press(&mut palette, KeyCode::Tab, "see @m"),
            PaletteOutcome::Complete(4..6, "@media/".into())
        );
        change(&mut palette, "@main.rs");
        palette.files(Found {
            query: "main.rs".into(),
            paths: vec!["main.rs".into()],
            walking: false,
        });
        assert_eq!(
            press(&mut palette, KeyCode::Enter, "@main.rs"),
            PaletteOutcome::Ignored,
            "typed in full: Enter sends"
        );
    }
}
