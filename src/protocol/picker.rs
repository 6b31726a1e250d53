//! A list for the user to choose from, as the worker asks for it.

use serde::Serialize;

/// One row of a [`Picker`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PickRow {
    /// What the command gets.
    pub value: String,
    /// What is shown first.
    pub label: String,
    /// What is shown dimmed behind it; may be empty.
    pub detail: String,
    /// Why it cannot be chosen, when it cannot.
    pub disabled: Option<String>,
    /// What is shown below the list while it is selected, a line each; may be empty.
    pub preview: Vec<String>,
}

impl PickRow {
    /// A row that can be chosen.
    pub fn new(
        value: impl Into<String>,
        label: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            detail: detail.into(),
            disabled: None,
            preview: Vec::new(),
        }
    }

    /// The same row with lines for below the list.
    pub fn previewed(mut self, lines: Vec<String>) -> Self {
        self.preview = lines;
        self
    }

    /// The same row, shown but not to be chosen, with the reason.
    pub fn disabled(mut self, reason: impl Into<String>) -> Self {
        self.disabled = Some(reason.into());
        self
    }
}

/// Another key of a [`Picker`], held with Ctrl.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PickKey {
    /// The letter, e.g. `x` for Ctrl+X.
    pub letter: char,
    /// What it does, in a word or two.
    pub label: String,
    /// The command line it sends, before the value of the selected row; the list closes.
    pub command: String,
}

/// A list with a filter. Choosing a row sends the slash command `{command} {value}`;
/// leaving without a choice has no effect.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Picker {
    /// Before the filter, e.g. `open session`.
    pub title: String,
    /// In the order shown while nothing is typed.
    pub rows: Vec<PickRow>,
    /// The command of a choice, with its slash and whatever comes before the value.
    pub command: String,
    /// What Enter does, in a word, e.g. `open`.
    pub verb: String,
    /// The value in force: marked, and selected at first.
    pub current: Option<String>,
    /// Sent with the value whenever the selection moves, and with
    /// [`Picker::current`] when the list is left without a choice.
    pub preview_command: Option<String>,
    /// More keys.
    pub keys: Vec<PickKey>,
    /// Takes the place of an open list of the same title, filter and selection kept;
    /// without one it is nothing.
    pub renews: bool,
}
