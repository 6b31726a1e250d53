//! What was deleted and copied, by name.

use std::collections::HashMap;

/// What a text was taken as, and how it is put elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Shape {
    #[default]
    Chars,
    /// Whole lines.
    Lines,
    /// A rectangle of so many columns.
    Block { width: usize },
}

/// A text and its shape.
#[derive(Debug, Clone, Default)]
pub(super) struct Register {
    pub(super) text: String,
    pub(super) shape: Shape,
}

impl Register {
    pub(super) fn new(text: &str, shape: Shape) -> Self {
        Self {
            text: text.to_owned(),
            shape,
        }
    }
}

/// All of them, and the one that was chosen for the next command.
#[derive(Debug, Default)]
pub(super) struct Registers {
    /// Used where none is named.
    unnamed: Register,
    named: HashMap<char, Register>,
    chosen: Option<char>,
}

impl Registers {
    /// The next command uses this one; other names choose nothing.
    pub(super) fn choose(&mut self, name: char) {
        self.chosen = Some(name).filter(|name| name.is_ascii_alphabetic() || *name == '_');
    }

    /// The next command uses the one without a name again.
    pub(super) fn forget_choice(&mut self) {
        self.chosen = None;
    }

    /// What the chosen one holds.
    pub(super) fn read(&self) -> Register {
        match self.chosen {
            Some('_') => Register::default(),
            Some(name) => {
                let name = name.to_ascii_lowercase();
                self.named.get(&name).cloned().unwrap_or_default()
            }
            None => self.unnamed.clone(),
        }
    }

    /// Keeps a text: in `_` nothing, under a capital behind what is there.
    pub(super) fn write(&mut self, new: Register) {
        match self.chosen {
            Some('_') => return,
            Some(name) if name.is_ascii_uppercase() => {
                let old = self.named.entry(name.to_ascii_lowercase()).or_default();
                if new.shape == Shape::Lines && !old.text.is_empty() && !old.text.ends_with('\n') {
                    old.text.push('\n');
                }
                old.text.push_str(&new.text);
                if new.shape == Shape::Lines {
                    old.shape = Shape::Lines;
                }
            }
            Some(name) => drop(self.named.insert(name, new.clone())),
            None => {}
        }
        self.unnamed = new;
    }
}
