//! Completion of slash commands below the prompt.

use crossterm::event::KeyCode;
use ratatui::text::Line;

use crate::render::theme::Theme;
use crate::tui::terminal::input::Key;

use super::list::{Item, List};

/// A slash command as the palette shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandHelp {
    /// Without the slash.
    pub name: String,
    /// Other names it goes by.
    pub aliases: Vec<String>,
    /// Its arguments, e.g. `[on|off]`; may be empty.
    pub usage: String,
    /// What it does.
    pub help: String,
}

/// Commands and which one is selected.
#[derive(Default)]
pub struct Palette {
    commands: Vec<CommandHelp>,
    list: List,
    /// The text for which it was closed.
    closed: bool,
    open: bool,
}

/// What a key means to the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaletteOutcome {
    /// Not for the palette.
    Ignored,
    /// The selection moved, or it closed.
    Done,
    /// The prompt becomes this.
    Complete(String),
    /// This is sent.
    Send(String),
}

impl Palette {
    /// Over the commands there are.
    pub fn new(commands: Vec<CommandHelp>) -> Self {
        Self {
            commands,
            ..Self::default()
        }
    }

    /// The text of the prompt changed: what fits it is offered, the best selected.
    pub fn text_changed(&mut self, text: &str) {
        self.closed = false;
        self.open = false;
        let Some(filter) = text.strip_prefix('/') else {
            return;
        };
        if filter.contains(char::is_whitespace) {
            return;
        }
        self.list = List::new(self.commands.iter().map(item).collect());
        self.list.set_filter(filter);
        self.open = true;
    }

    /// Closed until the text changes.
    pub fn close(&mut self) {
        self.closed = true;
    }

    fn is_open(&self) -> bool {
        self.open && !self.closed && !self.list.is_empty()
    }

    /// Takes a key while open.
    pub fn key(&mut self, key: Key) -> PaletteOutcome {
        let Some(item) = self.list.selected().filter(|_| self.is_open()) else {
            return PaletteOutcome::Ignored;
        };
        let complete = format!("/{}", item.value);
        if key == Key::ctrl('p') || key == Key::plain(KeyCode::Up) {
            self.list.step(-1);
        } else if key == Key::ctrl('n') || key == Key::plain(KeyCode::Down) {
            self.list.step(1);
        } else if key == Key::plain(KeyCode::Esc) {
            self.close();
        } else if key == Key::plain(KeyCode::Tab) {
            let takes_more = self
                .commands
                .iter()
                .any(|command| command.name == item.value && !command.usage.is_empty());
            let gap = if takes_more { " " } else { "" };
            return PaletteOutcome::Complete(format!("{complete}{gap}"));
        } else if key == Key::plain(KeyCode::Enter) {
            return PaletteOutcome::Send(complete);
        } else {
            return PaletteOutcome::Ignored;
        }
        PaletteOutcome::Done
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

#[cfg(test)]
mod tests {
    use super::*;

    fn palette() -> Palette {
        let command = |name: &str, aliases: &[&str], usage: &str, help: &str| CommandHelp {
            name: name.into(),
            aliases: aliases.iter().map(|alias| alias.to_string()).collect(),
            usage: usage.into(),
            help: help.into(),
        };
        Palette::new(vec![
            command("clear", &["new"], "", "start over"),
            command("compact", &[], "", "shorten the conversation"),
            command("think", &[], "[on|off]", "reasoning"),
        ])
    }

    fn rows(palette: &mut Palette, text: &str) -> Vec<String> {
        palette.text_changed(text);
        let rows = palette.rows(40, 5, &Theme::default());
        rows.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn it_opens_on_a_slash_and_filters() {
        let mut palette = palette();
        assert_eq!(
            rows(&mut palette, "/"),
            [
                "  /clear           start over",
                "  /compact         shorten the conversa…",
                "  /think [on|off]  reasoning"
            ]
        );
        assert_eq!(rows(&mut palette, "/th").len(), 1);
        assert_eq!(
            rows(&mut palette, "/new")[0],
            "  /clear           start over"
        );
        for text in ["/think on", "th", "/x/y"] {
            assert!(rows(&mut palette, text).is_empty());
        }
    }

    #[test]
    fn keys_select_complete_and_send() {
        let mut palette = palette();
        let key = Key::plain;
        palette.text_changed("/c");
        assert_eq!(palette.key(key(KeyCode::Down)), PaletteOutcome::Done);
        assert_eq!(
            palette.key(key(KeyCode::Enter)),
            PaletteOutcome::Send("/compact".into())
        );
        palette.text_changed("/th");
        assert_eq!(
            palette.key(key(KeyCode::Tab)),
            PaletteOutcome::Complete("/think ".into())
        );
        palette.text_changed("/clear");
        assert_eq!(
            palette.key(key(KeyCode::Enter)),
            PaletteOutcome::Send("/clear".into())
        );
        palette.text_changed("/c");
        assert_eq!(palette.key(key(KeyCode::Esc)), PaletteOutcome::Done);
        assert!(palette.rows(40, 5, &Theme::default()).is_empty());
        assert_eq!(palette.key(key(KeyCode::Esc)), PaletteOutcome::Ignored);
    }
}
