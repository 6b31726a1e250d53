//! Completion of slash commands below the prompt.

use crossterm::event::KeyCode;
use ratatui::text::{Line, Span};

use crate::render::text::{fit, width};
use crate::render::theme::Theme;
use crate::tui::terminal::input::Key;

use super::list;

/// A slash command as the palette shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandHelp {
    /// Without the slash.
    pub name: String,
    /// Its arguments, e.g. `[on|off]`; may be empty.
    pub usage: String,
    /// What it does.
    pub help: String,
}

/// Commands and which one is selected.
#[derive(Debug, Default)]
pub struct Palette {
    commands: Vec<CommandHelp>,
    selected: usize,
    /// The text for which it was closed.
    closed: Option<String>,
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

    fn found(&self, text: &str) -> Vec<usize> {
        let Some(filter) = text.strip_prefix('/') else {
            return Vec::new();
        };
        if filter.contains(char::is_whitespace) || self.closed.as_deref() == Some(text) {
            return Vec::new();
        }
        list::matches(
            self.commands.iter().map(|command| command.name.as_str()),
            filter,
        )
    }

    /// The text changed: the first match is selected again.
    pub fn text_changed(&mut self) {
        self.selected = 0;
        self.closed = None;
    }

    /// Takes a key while open.
    pub fn key(&mut self, key: Key, text: &str) -> PaletteOutcome {
        let found = self.found(text);
        if found.is_empty() || !key.modifiers.is_empty() {
            return PaletteOutcome::Ignored;
        }
        let command = &self.commands[found[self.selected.min(found.len() - 1)]];
        let complete = format!("/{}", command.name);
        match key.code {
            KeyCode::Up => self.selected = self.selected.saturating_sub(1),
            KeyCode::Down => self.selected = (self.selected + 1).min(found.len() - 1),
            KeyCode::Esc => self.closed = Some(text.to_owned()),
            KeyCode::Tab if command.usage.is_empty() => {
                return PaletteOutcome::Complete(complete);
            }
            KeyCode::Tab => return PaletteOutcome::Complete(format!("{complete} ")),
            KeyCode::Enter => {
                let exact = self.commands.iter().any(|c| text == format!("/{}", c.name));
                return PaletteOutcome::Send(if exact && self.selected == 0 {
                    text.to_owned()
                } else {
                    complete
                });
            }
            _ => return PaletteOutcome::Ignored,
        }
        PaletteOutcome::Done
    }

    /// At most `height` rows of at most `cols` columns.
    pub fn rows(
        &self,
        text: &str,
        cols: usize,
        height: usize,
        theme: &Theme,
    ) -> Vec<Line<'static>> {
        let found = self.found(text);
        let head = |command: &CommandHelp| {
            let gap = if command.usage.is_empty() { "" } else { " " };
            format!("/{}{gap}{}", command.name, command.usage)
        };
        let wide = found
            .iter()
            .map(|index| width(&head(&self.commands[*index])))
            .max()
            .unwrap_or(0);
        let selected = self.selected.min(found.len().saturating_sub(1));
        list::window(found.len(), selected, height)
            .map(|row| {
                let command = &self.commands[found[row]];
                let head = head(command);
                let text = format!("  {head:<wide$}  {}", command.help);
                let text = fit(&text, cols, theme.glyphs.ellipsis);
                let style = if row == selected {
                    theme.selected
                } else {
                    theme.dim
                };
                Line::from(Span::styled(text, style))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn palette() -> Palette {
        let command = |name: &str, usage: &str, help: &str| CommandHelp {
            name: name.into(),
            usage: usage.into(),
            help: help.into(),
        };
        Palette::new(vec![
            command("clear", "", "start over"),
            command("compact", "", "shorten the conversation"),
            command("think", "[on|off]", "reasoning"),
        ])
    }

    #[test]
    fn it_opens_on_a_slash_and_filters() {
        let palette = palette();
        let rows = palette.rows("/", 40, 5, &Theme::default());
        let rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
        assert_eq!(
            rows,
            [
                "  /clear           start over",
                "  /compact         shorten the conversa…",
                "  /think [on|off]  reasoning"
            ]
        );
        assert_eq!(palette.rows("/th", 40, 5, &Theme::default()).len(), 1);
        for text in ["/think on", "th", "/x/y"] {
            assert!(palette.rows(text, 40, 5, &Theme::default()).is_empty());
        }
    }

    #[test]
    fn keys_select_complete_and_send() {
        let mut palette = palette();
        let key = Key::plain;
        assert_eq!(palette.key(key(KeyCode::Down), "/c"), PaletteOutcome::Done);
        assert_eq!(
            palette.key(key(KeyCode::Enter), "/c"),
            PaletteOutcome::Send("/compact".into())
        );
        palette.text_changed();
        assert_eq!(
            palette.key(key(KeyCode::Tab), "/th"),
            PaletteOutcome::Complete("/think ".into())
        );
        assert_eq!(
            palette.key(key(KeyCode::Enter), "/clear"),
            PaletteOutcome::Send("/clear".into())
        );
        assert_eq!(palette.key(key(KeyCode::Esc), "/c"), PaletteOutcome::Done);
        assert!(palette.rows("/c", 40, 5, &Theme::default()).is_empty());
        assert_eq!(palette.key(key(KeyCode::Esc), "x"), PaletteOutcome::Ignored);
    }
}
