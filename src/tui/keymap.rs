//! Which key does what: one table, its presets, and what the settings change.

use crossterm::event::{KeyCode, KeyModifiers};

use super::terminal::input::Key;

/// What a key can do at the prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Send the message.
    Send,
    /// Start a new line.
    Newline,
    /// One character back.
    Left,
    /// One character on.
    Right,
    /// A row up, from the first one to earlier messages.
    Up,
    /// A row down, from the last one to later messages.
    Down,
    /// A word back.
    WordLeft,
    /// A word on.
    WordRight,
    /// To the start of the line.
    Home,
    /// To the end of the line.
    End,
    /// To the start of the text.
    First,
    /// To the end of the text.
    Last,
    /// Delete the character before the caret.
    Backspace,
    /// Delete the character after the caret.
    Delete,
    /// Kill to the end of the line.
    KillToEnd,
    /// Kill to the start of the line.
    KillToStart,
    /// Kill back to a blank.
    KillBlankWord,
    /// Kill the word before the caret.
    KillWordLeft,
    /// Kill the word after the caret.
    KillWordRight,
    /// Insert what was killed last.
    Yank,
    /// After that: the kill before.
    YankEarlier,
    /// Take the last change back.
    Undo,
    /// Make it again.
    Redo,
    /// Stop the turn and take the queue back.
    Stop,
    /// Stop; twice when nothing runs: leave.
    Interrupt,
    /// Let the running command go on in the background; else one character back.
    Background,
    /// Leave, when the prompt is empty.
    Exit,
    /// Stop the program for now.
    Suspend,
    /// Draw everything again.
    Repaint,
    /// Edit the message in an editor.
    Editor,
    /// Paste an image, else the text, from the clipboard.
    PasteImage,
    /// Search the earlier messages.
    SearchHistory,
    /// Send a command line.
    Command(String),
}

/// Which keys are in force before the settings change some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preset {
    /// Emacs keys, as in a shell.
    #[default]
    Readline,
    /// The same, and the prompt starts in vim's way.
    Vim,
    /// Ctrl and a letter open panels.
    Panels,
}

impl Preset {
    /// All with their names.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Readline, "readline"),
        (Self::Vim, "vim"),
        (Self::Panels, "panels"),
    ];

    /// By name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(_, known)| *known == name)
            .map(|(preset, _)| preset)
    }
}

/// One row of the table.
struct Row {
    /// Name in the settings.
    name: &'static str,
    act: fn() -> Act,
    keys: &'static [&'static str],
    /// Other keys under the panels preset.
    panels: Option<&'static [&'static str]>,
    help: &'static str,
}

const fn row(
    name: &'static str,
    act: fn() -> Act,
    keys: &'static [&'static str],
    help: &'static str,
) -> Row {
    Row {
        name,
        act,
        keys,
        panels: None,
        help,
    }
}

impl Row {
    const fn panels(mut self, keys: &'static [&'static str]) -> Self {
        self.panels = Some(keys);
        self
    }
}

macro_rules! command {
    ($line:literal) => {
        || Act::Command($line.into())
    };
}

static TABLE: &[Row] = &[
    row(
        "send",
        || Act::Send,
        &["enter"],
        "send; while a turn runs, queue",
    ),
    row(
        "newline",
        || Act::Newline,
        &["shift+enter", "alt+enter", "ctrl+enter", "ctrl+j"],
        "new line (also \\ before Enter)",
    ),
    row(
        "stop",
        || Act::Stop,
        &["esc"],
        "stop the turn, take the queue back",
    ),
    row(
        "interrupt",
        || Act::Interrupt,
        &["ctrl+c"],
        "stop the turn; twice: leave",
    ),
    row(
        "background",
        || Act::Background,
        &["ctrl+b"],
        "a running command goes on in the background; else one character back",
    ),
    row(
        "exit",
        || Act::Exit,
        &["ctrl+d"],
        "leave when nothing is typed",
    ),
    row(
        "search-history",
        || Act::SearchHistory,
        &["ctrl+r"],
        "search earlier messages",
    )
    .panels(&["alt+r"]),
    row(
        "editor",
        || Act::Editor,
        &["ctrl+g"],
        "write the message in an editor",
    ),
    row(
        "paste-image",
        || Act::PasteImage,
        &["ctrl+v", "alt+v"],
        "paste an image, or text, from the clipboard",
    ),
    row(
        "up",
        || Act::Up,
        &["up", "ctrl+p"],
        "row up, then earlier messages",
    )
    .panels(&["up"]),
    row(
        "down",
        || Act::Down,
        &["down", "ctrl+n"],
        "row down, then later messages",
    )
    .panels(&["down"]),
    row("left", || Act::Left, &["left"], "one character back"),
    row(
        "right",
        || Act::Right,
        &["right", "ctrl+f"],
        "one character on",
    ),
    row(
        "word-left",
        || Act::WordLeft,
        &["alt+b", "ctrl+left", "alt+left"],
        "one word back",
    ),
    row(
        "word-right",
        || Act::WordRight,
        &["alt+f", "ctrl+right", "alt+right"],
        "one word on",
    ),
    row(
        "line-start",
        || Act::Home,
        &["ctrl+a", "home"],
        "start of the line",
    ),
    row(
        "line-end",
        || Act::End,
        &["ctrl+e", "end"],
        "end of the line",
    ),
    row(
        "text-start",
        || Act::First,
        &["alt+<", "ctrl+home"],
        "start of the text",
    ),
    row(
        "text-end",
        || Act::Last,
        &["alt+>", "ctrl+end"],
        "end of the text",
    ),
    row(
        "backspace",
        || Act::Backspace,
        &["backspace", "ctrl+h", "shift+backspace"],
        "delete the character before",
    ),
    row(
        "delete",
        || Act::Delete,
        &["delete"],
        "delete the character after",
    ),
    row(
        "kill-line",
        || Act::KillToEnd,
        &["ctrl+k"],
        "kill to the end of the line",
    ),
    row(
        "kill-line-start",
        || Act::KillToStart,
        &["ctrl+u"],
        "kill to the start of the line",
    ),
    row(
        "kill-word",
        || Act::KillBlankWord,
        &["ctrl+w"],
        "kill back to a blank",
    ),
    row(
        "kill-word-left",
        || Act::KillWordLeft,
        &["alt+backspace", "ctrl+backspace"],
        "kill the word before",
    ),
    row(
        "kill-word-right",
        || Act::KillWordRight,
        &["alt+d", "alt+delete", "ctrl+delete"],
        "kill the word after",
    ),
    row("yank", || Act::Yank, &["ctrl+y"], "insert what was killed"),
    row(
        "yank-earlier",
        || Act::YankEarlier,
        &["alt+y"],
        "then: the kill before",
    ),
    row(
        "undo",
        || Act::Undo,
        &["ctrl+_", "ctrl+-"],
        "take the last change back",
    ),
    row("redo", || Act::Redo, &["alt+/", "alt+_"], "make it again"),
    row(
        "suspend",
        || Act::Suspend,
        &["ctrl+z"],
        "stop the program for now",
    ),
    row(
        "repaint",
        || Act::Repaint,
        &["ctrl+l"],
        "draw everything again",
    ),
    row("help", command!("/help"), &["f1"], "show commands and keys"),
    row("model", command!("/model"), &[], "choose the model").panels(&["ctrl+o"]),
    row(
        "provider",
        command!("/provider"),
        &[],
        "choose the provider",
    )
    .panels(&["ctrl+p"]),
    row("theme", command!("/theme"), &[], "choose the theme").panels(&["ctrl+r"]),
    row(
        "save",
        command!("/export"),
        &[],
        "write the conversation to a file",
    )
    .panels(&["ctrl+s", "ctrl+x"]),
    row("new", command!("/clear"), &[], "start a new session").panels(&["ctrl+n"]),
];

/// A key the settings give to an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Name of an action, or a command line with its slash.
    pub action: String,
    /// The keys in words; none takes the action's keys away.
    pub keys: Vec<String>,
    /// Where it stands, e.g. `config.toml:7`.
    pub place: String,
}

/// Why the keys of the settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// There is no such action.
    #[error(
        "{place}: no action {action:?}; the actions are {known}, or a command such as \"/cost\""
    )]
    Action {
        /// File and line.
        place: String,
        /// What stands there.
        action: String,
        /// All names.
        known: String,
    },
    /// There is no such key.
    #[error(
        "{place}: {key:?} is no key for {action}; keys are written \"ctrl+g\", \"alt+enter\", \"f5\" or \"home\""
    )]
    Key {
        /// File and line.
        place: String,
        /// The action.
        action: String,
        /// What stands there.
        key: String,
    },
    /// Two actions want the same key.
    #[error("{place}: {key} is given to {action} and to {other}; give one of them another key")]
    Conflict {
        /// File and line.
        place: String,
        /// The key.
        key: String,
        /// The action.
        action: String,
        /// The one that has it already.
        other: String,
    },
}

/// An action with its keys, for lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Name in the settings.
    pub name: String,
    /// Its keys in words.
    pub keys: Vec<String>,
    /// What it does.
    pub help: String,
}

#[derive(Debug, Clone)]
struct Entry {
    name: String,
    act: Act,
    keys: Vec<Key>,
    help: String,
}

/// The keys in force.
#[derive(Debug, Clone)]
pub struct Keymap {
    entries: Vec<Entry>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::preset(Preset::Readline)
    }
}

impl Keymap {
    /// The keys of a preset.
    pub fn preset(preset: Preset) -> Self {
        let entries = TABLE
            .iter()
            .map(|row| {
                let panels = row.panels.filter(|_| preset == Preset::Panels);
                let keys = panels.unwrap_or(row.keys);
                Entry {
                    name: row.name.to_owned(),
                    act: (row.act)(),
                    keys: keys.iter().filter_map(|key| parse(key)).collect(),
                    help: row.help.to_owned(),
                }
            })
            .collect();
        Self { entries }
    }

    /// A preset with the keys of the settings; they take keys from the preset.
    ///
    /// # Errors
    /// At the first action or key that does not exist, and when the settings give
    /// one key to two actions.
    pub fn new(preset: Preset, bindings: &[Binding]) -> Result<Self, KeymapError> {
        let mut map = Self::preset(preset);
        let mut given: Vec<(Key, &str)> = Vec::new();
        for binding in bindings {
            let at = map.action(binding)?;
            let mut keys = Vec::new();
            for word in &binding.keys {
                let key =
                    parse(word)
                        .filter(|key| may_bind(*key))
                        .ok_or_else(|| KeymapError::Key {
                            place: binding.place.clone(),
                            action: binding.action.clone(),
                            key: word.clone(),
                        })?;
                if let Some((_, other)) = given.iter().find(|(taken, _)| *taken == key) {
                    return Err(KeymapError::Conflict {
                        place: binding.place.clone(),
                        key: word.clone(),
                        action: binding.action.clone(),
                        other: (*other).to_owned(),
                    });
                }
                keys.push(key);
            }
            given.extend(keys.iter().map(|key| (*key, binding.action.as_str())));
            for entry in &mut map.entries {
                entry.keys.retain(|key| !keys.contains(key));
            }
            map.entries[at].keys = keys;
        }
        Ok(map)
    }

    fn action(&mut self, binding: &Binding) -> Result<usize, KeymapError> {
        let name = binding.action.replace('_', "-");
        if let Some(at) = self.entries.iter().position(|entry| entry.name == name) {
            return Ok(at);
        }
        if binding.action.starts_with('/') && binding.action.len() > 1 {
            self.entries.push(Entry {
                name: binding.action.clone(),
                act: Act::Command(binding.action.clone()),
                keys: Vec::new(),
                help: format!("run {}", binding.action),
            });
            return Ok(self.entries.len() - 1);
        }
        let known: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
        Err(KeymapError::Action {
            place: binding.place.clone(),
            action: binding.action.clone(),
            known: known.join(", "),
        })
    }

    /// What a key does.
    pub fn get(&self, key: Key) -> Option<&Act> {
        let key = normal(key);
        self.entries
            .iter()
            .find(|entry| entry.keys.contains(&key))
            .map(|entry| &entry.act)
    }

    /// Every action with its keys.
    pub fn listed(&self) -> Vec<Listed> {
        self.entries
            .iter()
            .map(|entry| Listed {
                name: entry.name.clone(),
                keys: entry.keys.iter().map(|key| words(*key)).collect(),
                help: entry.help.clone(),
            })
            .collect()
    }
}

/// Actions that have lost every key they had in the preset, by the settings.
pub fn lost(preset: Preset, map: &Keymap, bindings: &[Binding]) -> Vec<String> {
    let before = Keymap::preset(preset);
    before
        .entries
        .iter()
        .zip(&map.entries)
        .filter(|(old, new)| !old.keys.is_empty() && new.keys.is_empty())
        .filter(|(old, _)| {
            !bindings
                .iter()
                .any(|b| b.action.replace('_', "-") == old.name)
        })
        .map(|(old, _)| old.name.clone())
        .collect()
}

/// A key that types a character cannot do anything else, and Ctrl+C always stops.
fn may_bind(key: Key) -> bool {
    let types = matches!(key.code, KeyCode::Char(_))
        && !key
            .modifiers
            .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    !types && key != Key::ctrl('c')
}

/// Keys that terminals send in several ways, in one of them.
fn normal(mut key: Key) -> Key {
    if let KeyCode::Char(ch) = key.code
        && key.modifiers.contains(KeyModifiers::CONTROL)
    {
        // Where keys are not told apart, Ctrl+_ and Ctrl+/ arrive as Ctrl+7.
        let ch = if matches!(ch, '7' | '/') { '_' } else { ch };
        key.code = KeyCode::Char(ch.to_ascii_lowercase());
        key.modifiers.remove(KeyModifiers::SHIFT);
    }
    if key.code == KeyCode::BackTab {
        key.modifiers.remove(KeyModifiers::SHIFT);
    }
    key
}

/// A key in words: `ctrl+g`, `alt+enter`, `f5`.
pub fn parse(text: &str) -> Option<Key> {
    let lower = text.trim().to_lowercase();
    let (before, name) = match lower.strip_suffix("++") {
        Some(before) => (before, "+"),
        None => lower.rsplit_once('+').unwrap_or(("", &lower)),
    };
    let mut modifiers = KeyModifiers::NONE;
    for part in before.split('+').filter(|part| !part.is_empty()) {
        modifiers |= match part {
            "ctrl" | "control" | "c" => KeyModifiers::CONTROL,
            "alt" | "meta" | "option" | "m" => KeyModifiers::ALT,
            "shift" | "s" => KeyModifiers::SHIFT,
            _ => return None,
        };
    }
    let code = match name {
        "tab" if modifiers == KeyModifiers::SHIFT => {
            modifiers = KeyModifiers::NONE;
            KeyCode::BackTab
        }
        "space" => KeyCode::Char(' '),
        _ => match NAMES.iter().find(|(known, _)| *known == name) {
            Some((_, code)) => *code,
            None => single(name).map(KeyCode::Char).or_else(|| function(name))?,
        },
    };
    Some(normal(Key { code, modifiers }))
}

fn single(name: &str) -> Option<char> {
    let mut chars = name.chars();
    chars
        .next()
        .filter(|ch| chars.next().is_none() && !ch.is_control())
}

fn function(name: &str) -> Option<KeyCode> {
    let number: u8 = name.strip_prefix('f')?.parse().ok()?;
    (1..=12).contains(&number).then_some(KeyCode::F(number))
}

const NAMES: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("return", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("escape", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("del", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
];

/// A key in the words [`parse`] takes.
fn words(key: Key) -> String {
    let mut out = String::new();
    for (modifier, word) in [
        (KeyModifiers::CONTROL, "ctrl+"),
        (KeyModifiers::ALT, "alt+"),
        (KeyModifiers::SHIFT, "shift+"),
    ] {
        if key.modifiers.contains(modifier) {
            out.push_str(word);
        }
    }
    match key.code {
        KeyCode::BackTab => out.push_str("shift+tab"),
        KeyCode::Char(' ') => out.push_str("space"),
        KeyCode::Char(ch) => out.push(ch),
        KeyCode::F(number) => out.push_str(&format!("f{number}")),
        code => {
            let name = NAMES.iter().find(|(_, known)| *known == code);
            out.push_str(name.map_or("?", |(name, _)| name));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(action: &str, keys: &[&str]) -> Binding {
        Binding {
            action: action.into(),
            keys: keys.iter().map(ToString::to_string).collect(),
            place: "config.toml:3".into(),
        }
    }

    #[test]
    fn every_key_of_the_table_is_a_key_and_has_one_action() {
        for (preset, name) in Preset::ALL {
            let mut seen: Vec<Key> = Vec::new();
            for row in TABLE {
                let keys = row
                    .panels
                    .filter(|_| preset == Preset::Panels)
                    .unwrap_or(row.keys);
                for word in keys {
                    let key = parse(word).unwrap_or_else(|| panic!("{word}"));
                    assert!(!seen.contains(&key), "{word} twice in {name}");
                    assert_eq!(parse(&words(key)), Some(key), "{word}");
                    seen.push(key);
                }
            }
        }
    }

    #[test]
    fn keys_are_parsed_in_their_spellings() {
        for (word, key) in [
            ("Ctrl+G", Key::ctrl('g')),
            ("alt+enter", Key::alt(KeyCode::Enter)),
            ("shift+tab", Key::plain(KeyCode::BackTab)),
            ("ctrl+/", Key::ctrl('_')),
            ("alt++", Key::alt(KeyCode::Char('+'))),
            ("F5", Key::plain(KeyCode::F(5))),
        ] {
            assert_eq!(parse(word), Some(key), "{word}");
        }
        for word in ["", "hyper+x", "ctrl+", "f13", "ctrl+word"] {
            assert_eq!(parse(word), None, "{word:?}");
        }
        assert_eq!(Keymap::default().get(Key::ctrl('7')), Some(&Act::Undo));
    }

    #[test]
    fn settings_take_keys_from_the_preset() {
        let bindings = [
            binding("editor", &["ctrl+x", "f4"]),
            binding("/cost", &["ctrl+r"]),
        ];
        let map = Keymap::new(Preset::Readline, &bindings).unwrap();
        assert_eq!(map.get(Key::ctrl('x')), Some(&Act::Editor));
        assert_eq!(map.get(Key::ctrl('g')), None);
        assert_eq!(map.get(Key::ctrl('r')), Some(&Act::Command("/cost".into())));
        assert_eq!(lost(Preset::Readline, &map, &bindings), ["search-history"]);
        let panels = Keymap::preset(Preset::Panels);
        assert_eq!(
            panels.get(Key::ctrl('o')),
            Some(&Act::Command("/model".into()))
        );
        assert_eq!(
            panels.get(Key::ctrl('p')),
            Some(&Act::Command("/provider".into()))
        );
    }

    #[test]
    fn mistakes_are_named_with_the_way_out() {
        for (bindings, words) in [
            (
                vec![binding("sned", &["f5"])],
                "config.toml:3: no action \"sned\"; the actions are send, newline,",
            ),
            (
                vec![binding("send", &["hyper+x"])],
                "\"hyper+x\" is no key for send; keys are written",
            ),
            (vec![binding("send", &["x"])], "\"x\" is no key for send"),
            (
                vec![binding("send", &["ctrl+c"])],
                "\"ctrl+c\" is no key for send",
            ),
            (
                vec![binding("undo", &["f5"]), binding("redo", &["f5"])],
                "f5 is given to redo and to undo; give one of them another key",
            ),
        ] {
            let error = Keymap::new(Preset::Readline, &bindings)
                .unwrap_err()
                .to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
