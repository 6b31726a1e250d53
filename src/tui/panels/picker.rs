//! Choosing from a list that the worker or the front end offers.

use std::collections::HashMap;

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::text::{Line, Span};

use crate::protocol::picker::{PickKey, Picker};
use crate::render::text::{fit, prefix, steady_text, suffix, width};
use crate::render::theme::Theme;
use crate::stdx::text::{clean, one_line};
use crate::tui::terminal::input::Key;
use crate::tui::terminal::scrollback::Caret;

use super::list::{Item, List};
use super::{PanelView, hints};

/// Rows of Page Up and Page Down.
const PAGE: isize = 8;
/// Panels with fewer rows show the list alone.
const ROOM_FOR_LINES: usize = 7;
/// A longer filter finds nothing anyway.
const MAX_FILTER: usize = 200;

/// What a key did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PickOutcome {
    /// The panel stays as it is, or only looks different.
    Done,
    /// The panel stays, and this command line shows what the selection would do.
    Preview(String),
    /// It closes; the command line takes back what was shown, if anything was.
    Close(Option<String>),
    /// It closes, and this was chosen.
    Run {
        /// The command of the choice.
        command: String,
        /// The value chosen.
        value: String,
    },
}

/// An open list.
pub struct PickerPanel {
    title: String,
    verb: String,
    command: String,
    current: Option<String>,
    preview: Option<String>,
    /// The value shown last by a preview.
    previewed: Option<String>,
    keys: Vec<PickKey>,
    list: List,
    /// Enter was pressed on a row that cannot be chosen.
    refused: bool,
    /// Lines for below the list, by the value of their row.
    previews: HashMap<String, Vec<String>>,
}

impl PickerPanel {
    /// Opens it with nothing typed.
    pub fn new(picker: Picker) -> Self {
        let current = picker.current.clone();
        let with_lines = picker.rows.iter().filter(|row| !row.preview.is_empty());
        let previews = with_lines
            .map(|row| (row.value.clone(), row.preview.clone()))
            .collect();
        let items = picker
            .rows
            .into_iter()
            .map(|row| {
                let item = Item::new(&row.value, &row.label, &row.detail);
                Item {
                    words: format!("{} {} {}", item.label, row.value, item.detail),
                    current: current.as_deref() == Some(&row.value),
                    disabled: row.disabled,
                    ..item
                }
            })
            .collect();
        Self {
            title: one_line(&clean(&picker.title), 60),
            verb: picker.verb,
            command: picker.command,
            current,
            preview: picker.preview_command,
            previewed: None,
            keys: picker.keys,
            list: List::new(items),
            refused: false,
            previews,
        }
    }

    /// Takes the rows of a list of the same title; filter and selection stay.
    pub fn renew(&mut self, picker: Picker) {
        let mut new = Self::new(picker);
        if new.title != self.title {
            return;
        }
        new.list.set_filter(self.list.filter());
        if let Some(item) = self.list.selected() {
            new.list.select(&item.value);
        }
        *self = new;
    }

    /// Rows stay in their order while a filter is typed: what holds the words as
    /// they are goes before what only holds their letters.
    pub fn in_order(&mut self) {
        self.list.keep_order();
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> PickOutcome {
        self.refused = false;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        if let (true, KeyCode::Char(letter)) = (control, key.code) {
            return self.control(letter);
        }
        match key.code {
            KeyCode::Esc => return self.close(),
            KeyCode::Enter => return self.choose(),
            KeyCode::Up => return self.step(-1),
            KeyCode::Down | KeyCode::Tab => return self.step(1),
            KeyCode::BackTab => return self.step(-1),
            KeyCode::PageUp => return self.step(-PAGE),
            KeyCode::PageDown => return self.step(PAGE),
            KeyCode::Home => return self.step(isize::MIN),
            KeyCode::End => return self.step(isize::MAX),
            KeyCode::Backspace => {
                let mut filter = self.list.filter().to_owned();
                filter.pop();
                return self.refilter(&filter);
            }
            KeyCode::Char(ch) if !alt => {
                let filter = format!("{}{ch}", self.list.filter());
                return self.refilter(&filter);
            }
            _ => {}
        }
        PickOutcome::Done
    }

    fn control(&mut self, letter: char) -> PickOutcome {
        match letter {
            'c' | 'd' | 'g' => self.close(),
            'p' => self.step(-1),
            'n' => self.step(1),
            'u' => self.refilter(""),
            _ => {
                let Some(key) = self.keys.iter().find(|key| key.letter == letter) else {
                    return PickOutcome::Done;
                };
                match self.list.selected() {
                    Some(item) => PickOutcome::Run {
                        command: key.command.clone(),
                        value: item.value.clone(),
                    },
                    None => PickOutcome::Done,
                }
            }
        }
    }

    fn choose(&mut self) -> PickOutcome {
        match self.list.selected() {
            Some(item) if item.disabled.is_none() => PickOutcome::Run {
                command: self.command.clone(),
                value: item.value.clone(),
            },
            Some(_) => {
                self.refused = true;
                PickOutcome::Done
            }
            None => PickOutcome::Done,
        }
    }

    fn close(&mut self) -> PickOutcome {
        let back = match (&self.preview, &self.previewed, &self.current) {
            (Some(preview), Some(shown), Some(current)) if shown != current => {
                Some(line(preview, current))
            }
            _ => None,
        };
        PickOutcome::Close(back)
    }

    fn step(&mut self, rows: isize) -> PickOutcome {
        self.list.step(rows);
        self.moved()
    }

    /// The selection may be another one: it is previewed once.
    fn moved(&mut self) -> PickOutcome {
        let Some((preview, item)) = self.preview.as_ref().zip(self.list.selected()) else {
            return PickOutcome::Done;
        };
        let shown = self.previewed.as_ref().or(self.current.as_ref());
        if item.disabled.is_some() || shown == Some(&item.value) {
            return PickOutcome::Done;
        }
        self.previewed = Some(item.value.clone());
        PickOutcome::Preview(line(preview, &item.value))
    }

    /// Takes a paste into the filter.
    pub fn paste(&mut self, text: &str) -> PickOutcome {
        let filter = format!("{}{}", self.list.filter(), one_line(&clean(text), 100));
        self.refilter(&filter)
    }

    fn refilter(&mut self, filter: &str) -> PickOutcome {
        self.refused = false;
        if filter.len() <= MAX_FILTER {
            self.list.set_filter(filter);
        }
        self.moved()
    }

    /// At most `height` rows of at most `cols` columns.
    pub fn view(&self, cols: usize, height: usize, theme: &Theme) -> PanelView {
        let label = fit(
            &format!("{}: ", self.title),
            cols / 2,
            theme.glyphs.ellipsis,
        );
        let filter = steady_text(self.list.filter()).into_owned();
        let shown = suffix(&filter, cols.saturating_sub(width(&label) + 1));
        let col = width(&label) + width(shown);
        let mut rows = vec![Line::from(vec![
            Span::styled(label, theme.verb),
            Span::raw(shown.to_owned()),
        ])];
        let below = self.below(cols, height, theme);
        let room = height.saturating_sub(2 + below.len()).max(1);
        rows.extend(self.list.rows(cols, room, theme));
        if self.list.is_empty() {
            rows.push(Line::styled(
                prefix("  nothing matches", cols).to_owned(),
                theme.dim,
            ));
        }
        rows.extend(below);
        rows.push(self.last_row(cols, room, theme));
        PanelView {
            rows,
            caret: Caret {
                row: 0,
                col: u16::try_from(col).unwrap_or(0),
            },
        }
    }

    /// What there is to see of the selected row, where there is room for it.
    fn below(&self, cols: usize, height: usize, theme: &Theme) -> Vec<Line<'static>> {
        if height < ROOM_FOR_LINES {
            return Vec::new();
        }
        let selected = self.list.selected().map(|item| item.value.as_str());
        let lines = selected.and_then(|value| self.previews.get(value));
        let lines = lines.map(Vec::as_slice).unwrap_or_default().iter().take(2);
        lines
            .map(|line| {
                let line = format!("  {}", steady_text(&one_line(&clean(line), 400)));
                Line::styled(fit(&line, cols, theme.glyphs.ellipsis), theme.dim)
            })
            .collect()
    }

    fn last_row(&self, cols: usize, room: usize, theme: &Theme) -> Line<'static> {
        if let (true, Some(item)) = (self.refused, self.list.selected()) {
            let reason = item.disabled.as_deref().unwrap_or_default();
            let text = format!("  not available: {}", one_line(&clean(reason), 200));
            return Line::styled(fit(&text, cols, theme.glyphs.ellipsis), theme.warning);
        }
        let mut keys = vec![("enter".to_owned(), self.verb.as_str())];
        keys.extend(
            self.keys
                .iter()
                .map(|key| (format!("ctrl+{}", key.letter), key.label.as_str())),
        );
        keys.push(("type".to_owned(), "to filter"));
        keys.push(("esc".to_owned(), "leave"));
        let mut row = hints(&keys, cols, theme);
        if self.list.len() > room {
            let count = format!("{} of {}", self.list.position() + 1, self.list.len());
            if row.width() + count.len() <= cols {
                row.push_span(Span::styled(count, theme.dim));
            }
        }
        row
    }
}

fn line(command: &str, value: &str) -> String {
    if value.is_empty() {
        command.to_owned()
    } else {
        format!("{command} {value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::picker::PickRow;

    #[test]
    fn a_list_is_renewed_under_filter_and_selection() {
        let picker = |title: &str, names: &[&str], detail: &str| Picker {
            title: title.into(),
            rows: names
                .iter()
                .map(|name| PickRow::new(*name, *name, detail))
                .collect(),
            ..Picker::default()
        };
        let mut panel = PickerPanel::new(picker("servers", &["one", "two", "tower"], "idle"));
        panel.paste("t");
        panel.list.select("two");
        panel.renew(picker("servers", &["zero", "tower", "two"], "ready"));
        assert_eq!(panel.list.filter(), "t");
        let selected = panel.list.selected().unwrap();
        assert_eq!(
            (selected.value.as_str(), selected.detail.as_str()),
            ("two", "ready")
        );
        panel.renew(picker("others", &["x"], ""));
        assert_eq!(panel.list.selected().unwrap().value, "two");
    }

    fn sessions() -> PickerPanel {
        PickerPanel::new(Picker {
            title: "open session".into(),
            rows: vec![
                PickRow::new("a1", "fix the flaky cart test", "now · a1").disabled("open already"),
                PickRow::new("b2", "write\u{1b}[2J the changelog", "1 h · b2"),
                PickRow::new(
                    "c3",
                    "rename 世界 everywhere and then some more",
                    "1 d · c3",
                ),
            ],
            command: "/resume".into(),
            verb: "open".into(),
            keys: vec![PickKey {
                letter: 'x',
                label: "delete".into(),
                command: "/forget".into(),
            }],
            ..Picker::default()
        })
    }

    fn shown(panel: &PickerPanel, cols: usize, height: usize) -> String {
        let rows = panel.view(cols, height, &Theme::default()).rows;
        let rows: Vec<String> = rows
            .iter()
            .map(|row| row.to_string().trim_end().into())
            .collect();
        rows.join("\n")
    }

    fn ran(command: &str, value: &str) -> PickOutcome {
        PickOutcome::Run {
            command: command.into(),
            value: value.into(),
        }
    }

    fn press(panel: &mut PickerPanel, code: KeyCode) -> PickOutcome {
        panel.key(Key::plain(code))
    }

    #[test]
    fn rows_keys_and_the_filter_are_shown() {
        let mut panel = sessions();
        insta::assert_snapshot!(shown(&panel, 60, 6), @r"
        open session:
          fix the flaky cart test                    open already
          write the changelog                        1 h · b2
          rename 世界 everywhere and then some more  1 d · c3
        enter open   ctrl+x delete   type to filter   esc leave
        ");
        insta::assert_snapshot!(shown(&panel, 30, 4), @r"
        open session:
          fix the flaky…  open already
          write the cha…  1 h · b2
        enter open   esc leave
        ");
        panel.paste("zzz");
        insta::assert_snapshot!(shown(&panel, 60, 6), @r"
        open session: zzz
          nothing matches
        enter open   ctrl+x delete   type to filter   esc leave
        ");
    }

    #[test]
    fn the_selected_row_is_previewed_where_there_is_room() {
        let row = PickRow::new("a", "cart", "now").previewed(vec![
            "began with: fix the cart".into(),
            "ended with: it is \u{1b}[2Jfixed, and this is a long story".into(),
        ]);
        let mut panel = PickerPanel::new(Picker {
            title: "open session".into(),
            rows: vec![row, PickRow::new("b", "shop", "1 d")],
            verb: "open".into(),
            ..Picker::default()
        });
        insta::assert_snapshot!(shown(&panel, 40, 8), @r"
        open session:
          cart  now
          shop  1 d
          began with: fix the cart
          ended with: it is fixed, and this is…
        enter open   type to filter   esc leave
        ");
        assert!(!shown(&panel, 40, 6).contains("began"));
        press(&mut panel, KeyCode::Down);
        assert!(!shown(&panel, 40, 8).contains("began"));
    }

    #[test]
    fn typing_filters_and_enter_sends_the_command() {
        let mut panel = sessions();
        for ch in "chlog".chars() {
            press(&mut panel, KeyCode::Char(ch));
        }
        assert!(!shown(&panel, 60, 6).contains("cart"));
        assert_eq!(press(&mut panel, KeyCode::Enter), ran("/resume", "b2"));
        assert_eq!(panel.key(Key::ctrl('x')), ran("/forget", "b2"));
        panel.paste("zzz");
        assert_eq!(press(&mut panel, KeyCode::Enter), PickOutcome::Done);
        panel.key(Key::ctrl('u'));
        assert_eq!(press(&mut panel, KeyCode::Enter), PickOutcome::Done);
        assert!(shown(&panel, 60, 6).contains("not available: open already"));
        press(&mut panel, KeyCode::Down);
        assert!(!shown(&panel, 60, 6).contains("not available"));
        assert_eq!(press(&mut panel, KeyCode::Esc), PickOutcome::Close(None));
    }

    #[test]
    fn a_preview_follows_the_selection_and_is_taken_back() {
        let mut panel = PickerPanel::new(Picker {
            title: "theme".into(),
            rows: ["dark", "light", "loud"]
                .map(|name| PickRow::new(name, name, ""))
                .to_vec(),
            command: "/theme".into(),
            verb: "use".into(),
            current: Some("light".into()),
            preview_command: Some("/theme-preview".into()),
            ..Picker::default()
        });
        assert_eq!(
            press(&mut panel, KeyCode::Down),
            PickOutcome::Preview("/theme-preview loud".into())
        );
        assert_eq!(
            press(&mut panel, KeyCode::Down),
            PickOutcome::Done,
            "the end"
        );
        assert_eq!(
            press(&mut panel, KeyCode::Char('d')),
            PickOutcome::Preview("/theme-preview dark".into())
        );
        assert_eq!(
            press(&mut panel, KeyCode::Esc),
            PickOutcome::Close(Some("/theme-preview light".into()))
        );
        assert_eq!(press(&mut panel, KeyCode::Enter), ran("/theme", "dark"));
    }
}
