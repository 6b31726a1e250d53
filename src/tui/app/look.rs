//! Themes: which one is worn, and changing it.

use std::path::{Path, PathBuf};

use super::{App, Purpose};
use crate::config;
use crate::protocol::command::Command;
use crate::protocol::event::NoticeLevel;
use crate::protocol::picker::{PickRow, Picker};
use crate::render::theme::{Depth, Theme};
use crate::render::themes::{BUILTIN, ThemeFile};
use crate::tui::transcript::viewer::Viewer;

/// A longer file is no theme.
const MAX_FILE: u64 = 64 * 1024;

/// The theme worn, and the terminal that has to show it.
#[derive(Debug, Clone)]
pub struct Look {
    file: ThemeFile,
    utf8: bool,
    depth: Depth,
    dark: Option<bool>,
    /// Themes of the user's own.
    directory: PathBuf,
    /// Where a choice is kept.
    config: PathBuf,
}

impl Look {
    /// The theme of a name for a terminal; the default one and a complaint where
    /// there is no such theme.
    pub fn new(
        name: &str,
        utf8: bool,
        depth: Depth,
        directory: &Path,
        config: &Path,
    ) -> (Self, Option<String>) {
        let (file, complaint) = match load(name, directory) {
            Ok(file) => (file, None),
            Err(why) => (ThemeFile::builtin("default").unwrap_or_default(), Some(why)),
        };
        let look = Self {
            file,
            utf8,
            depth,
            dark: None,
            directory: directory.to_owned(),
            config: config.to_owned(),
        };
        (look, complaint)
    }

    /// The background as far as it is known before the terminal answers.
    pub fn on(mut self, dark: Option<bool>) -> Self {
        self.dark = dark;
        self
    }

    /// Its styles.
    pub fn theme(&self) -> Theme {
        self.file.theme(self.utf8, self.depth, self.dark)
    }

    /// The background matters for how it looks.
    pub fn wants_background(&self) -> bool {
        self.depth == Depth::True || (self.depth == Depth::Indexed && self.file.name != "default")
    }
}

/// A theme of the user's or a built-in one.
fn load(name: &str, directory: &Path) -> Result<ThemeFile, String> {
    let name = if name.is_empty() { "default" } else { name };
    let path = directory.join(format!("{name}.toml"));
    let is_name = !name.contains(['/', '\\']) && !name.starts_with('.');
    let own = is_name
        && std::fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_FILE);
    if own {
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        return ThemeFile::parse(name, &text).map_err(|error| error.to_string());
    }
    ThemeFile::builtin(name).ok_or_else(|| {
        let known: Vec<&str> = BUILTIN.iter().map(|(name, _)| *name).collect();
        format!(
            "no theme {name:?}; there are {}, and files in {}",
            known.join(", "),
            directory.display()
        )
    })
}

/// The names of the user's own themes.
fn own(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
        .collect();
    names.sort();
    names
}

impl App {
    /// Wears a look.
    pub fn wear(&mut self, look: Look) {
        self.set_theme(look.theme());
        self.look = Some(look);
    }

    /// The terminal has told its background.
    pub(super) fn background(&mut self, dark: bool) {
        if let Some(mut look) = self.look.take() {
            look.dark = Some(dark);
            self.wear(look);
        }
    }

    /// `/transcript`, and its key.
    pub(super) fn transcript(&mut self, _arguments: &str) {
        self.viewed = None;
        self.viewer = Some(Viewer::default());
        if std::mem::take(&mut self.more_earlier) {
            self.send(Command::Earlier);
        }
    }

    /// `/theme`: the list; a theme; one to look at while the list is open.
    pub(super) fn theme(&mut self, arguments: &str) {
        if let Some(name) = arguments.strip_prefix("--preview ") {
            // A theme that cannot be read is complained about when it is chosen.
            let _ = self.try_theme(name.trim());
            self.sample = true;
        } else if arguments.is_empty() {
            self.pick_theme();
        } else {
            self.choose_theme(arguments);
        }
    }

    fn try_theme(&mut self, name: &str) -> Result<(), String> {
        let Some(mut look) = self.look.clone() else {
            return Ok(());
        };
        look.file = load(name, &look.directory)?;
        self.wear(look);
        Ok(())
    }

    fn choose_theme(&mut self, name: &str) {
        self.sample = false;
        let path = self.look.as_ref().map(|look| look.config.clone());
        let done = self.try_theme(name).and_then(|()| match path {
            Some(path) => config::save(&path, "ui.theme", name).map_err(|error| error.to_string()),
            None => Ok(()),
        });
        match done {
            Ok(()) => self.tell(NoticeLevel::Info, &format!("theme {name}")),
            Err(why) => self.complain(&why),
        }
    }

    fn pick_theme(&mut self) {
        let Some(look) = &self.look else { return };
        let built_in = BUILTIN.iter().map(|(name, text)| {
            let about = ThemeFile::parse(name, text).map_or_else(|_| String::new(), |t| t.about);
            PickRow::new(*name, *name, about)
        });
        let own = own(&look.directory);
        let own = own.iter().map(|name| match load(name, &look.directory) {
            Ok(file) => PickRow::new(name, name, file.about),
            Err(why) => PickRow::new(name, name, "").disabled(why),
        });
        let mut rows: Vec<PickRow> = built_in.collect();
        for row in own {
            rows.retain(|known| known.value != row.value);
            rows.push(row);
        }
        self.sample = true;
        let picker = Picker {
            title: "theme".into(),
            rows,
            command: "/theme".into(),
            verb: "use".into(),
            current: Some(look.file.name.clone()),
            preview_command: Some("/theme --preview".into()),
            ..Picker::default()
        };
        self.open(picker, Purpose::Command);
    }
}
