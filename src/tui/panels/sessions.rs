//! Choosing a session.

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::text::{Line, Span};

use crate::protocol::event::SessionRow;
use crate::render::text::{fit, steady_text, width};
use crate::render::theme::Theme;
use crate::stdx::text::{clean, one_line};
use crate::tui::terminal::input::Key;
use crate::tui::terminal::scrollback::Caret;

use super::{PanelView, list};

/// What a key did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PickOutcome {
    /// The panel stays.
    Done,
    /// It closes without effect.
    Close,
    /// This session is opened.
    Pick(String),
}

/// The list with its filter.
pub struct SessionPicker {
    rows: Vec<SessionRow>,
    /// Title and id of each row, for the filter.
    words: Vec<String>,
    filter: String,
    selected: usize,
    /// Seconds since the epoch, for the ages.
    now: u64,
}

impl SessionPicker {
    /// Over sessions, newest first, at a time in seconds since the epoch.
    pub fn new(rows: Vec<SessionRow>, now: u64) -> Self {
        let words = rows
            .iter()
            .map(|row| format!("{} {}", row.title, row.id))
            .collect();
        Self {
            rows,
            words,
            filter: String::new(),
            selected: 0,
            now,
        }
    }

    fn found(&self) -> Vec<usize> {
        list::matches(self.words.iter().map(String::as_str), &self.filter)
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> PickOutcome {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let found = self.found();
        let last = found.len().saturating_sub(1);
        match key.code {
            KeyCode::Esc => return PickOutcome::Close,
            KeyCode::Char('c' | 'd') if control => return PickOutcome::Close,
            KeyCode::Enter => {
                if let Some(index) = found.get(self.selected.min(last)) {
                    return PickOutcome::Pick(self.rows[*index].id.clone());
                }
            }
            KeyCode::Up => self.selected = self.selected.min(last).saturating_sub(1),
            KeyCode::Down => self.selected = (self.selected + 1).min(last),
            KeyCode::PageUp => self.selected = self.selected.min(last).saturating_sub(8),
            KeyCode::PageDown => self.selected = (self.selected + 8).min(last),
            KeyCode::Char('p') if control => self.selected = self.selected.saturating_sub(1),
            KeyCode::Char('n') if control => self.selected = (self.selected + 1).min(last),
            KeyCode::Char('u') if control => self.refilter(String::new()),
            KeyCode::Backspace => {
                let mut filter = std::mem::take(&mut self.filter);
                filter.pop();
                self.refilter(filter);
            }
            KeyCode::Char(ch) if !control && !key.modifiers.contains(KeyModifiers::ALT) => {
                let filter = format!("{}{ch}", self.filter);
                self.refilter(filter);
            }
            _ => {}
        }
        PickOutcome::Done
    }

    /// Takes a paste into the filter.
    pub fn paste(&mut self, text: &str) {
        let filter = format!("{}{}", self.filter, one_line(&clean(text), 100));
        self.refilter(filter);
    }

    fn refilter(&mut self, filter: String) {
        self.filter = filter;
        self.selected = 0;
    }

    /// At most `height` rows of at most `cols` columns.
    pub fn view(&self, cols: usize, height: usize, theme: &Theme) -> PanelView {
        let found = self.found();
        let label = "open session: ";
        let filter = steady_text(&self.filter).into_owned();
        let shown = crate::render::text::suffix(&filter, cols.saturating_sub(label.len() + 1));
        let col = label.len() + width(shown);
        let mut rows = vec![Line::from(vec![
            Span::styled(label, theme.verb),
            Span::raw(shown.to_owned()),
        ])];
        let selected = self.selected.min(found.len().saturating_sub(1));
        for at in list::window(found.len(), selected, height.saturating_sub(2)) {
            let row = &self.rows[found[at]];
            let age = age(self.now.saturating_sub(row.modified));
            let title = one_line(&clean(&row.title), 200);
            let text = format!("  {age:>7}  {}", steady_text(&title));
            let style = if at == selected {
                theme.selected
            } else {
                ratatui::style::Style::new()
            };
            rows.push(Line::styled(fit(&text, cols, theme.glyphs.ellipsis), style));
        }
        if found.is_empty() {
            rows.push(Line::styled("  no session matches", theme.dim));
        }
        let keys = "enter open   type to filter   esc leave";
        rows.push(Line::styled(
            crate::render::text::prefix(keys, cols).to_owned(),
            theme.dim,
        ));
        PanelView {
            rows,
            caret: Caret {
                row: 0,
                col: u16::try_from(col).unwrap_or(0),
            },
        }
    }
}

/// `now`, `5 min`, `3 h`, `12 d`.
fn age(seconds: u64) -> String {
    match seconds {
        0..=59 => "now".into(),
        60..=3_599 => format!("{} min", seconds / 60),
        3_600..=86_399 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picker() -> SessionPicker {
        let row = |id: &str, title: &str, modified| SessionRow {
            id: id.into(),
            title: title.into(),
            modified,
            bytes: 1,
        };
        let rows = vec![
            row("a1", "fix the flaky cart test", 99_990),
            row("b2", "write\u{1b}[2J the changelog", 96_000),
            row("c3", "rename 世界 everywhere and then some more words", 10),
        ];
        SessionPicker::new(rows, 100_000)
    }

    fn shown(picker: &SessionPicker) -> String {
        let rows = picker.view(40, 6, &Theme::default()).rows;
        rows.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn sessions_are_listed_with_their_age() {
        insta::assert_snapshot!(shown(&picker()), @r"
        open session: 
              now  fix the flaky cart test
              1 h  write the changelog
              1 d  rename 世界 everywhere and t…
        enter open   type to filter   esc leave
        ");
    }

    #[test]
    fn typing_filters_and_enter_opens() {
        let mut picker = picker();
        for ch in "chlog".chars() {
            picker.key(Key::plain(KeyCode::Char(ch)));
        }
        assert!(!shown(&picker).contains("cart"));
        assert_eq!(
            picker.key(Key::plain(KeyCode::Enter)),
            PickOutcome::Pick("b2".into())
        );
        picker.paste("zzz");
        assert!(shown(&picker).contains("no session matches"));
        assert_eq!(picker.key(Key::plain(KeyCode::Enter)), PickOutcome::Done);
        picker.key(Key::ctrl('u'));
        picker.key(Key::plain(KeyCode::Down));
        assert_eq!(
            picker.key(Key::plain(KeyCode::Enter)),
            PickOutcome::Pick("b2".into())
        );
        assert_eq!(picker.key(Key::plain(KeyCode::Esc)), PickOutcome::Close);
    }
}
