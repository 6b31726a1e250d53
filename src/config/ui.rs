//! Settings of the terminal UI.

/// Parts of the status line, in the order shown when nothing else is set.
pub const STATUS_PARTS: &[&str] = &[
    "model", "mode", "thinking", "context", "tokens", "cached", "cost", "sandbox", "branch",
    "queue", "jobs", "title",
];

/// How the user is told that a turn ended or asks while they look elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Notify {
    /// A bell, and the terminal's own notification where it has one.
    #[default]
    Auto,
    /// A bell.
    Bell,
    /// The terminal's own notification.
    Osc,
    /// Not at all.
    Off,
}

impl Notify {
    /// `auto`, `bell`, `osc` or `off`.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "auto" => Self::Auto,
            "bell" => Self::Bell,
            "osc" => Self::Osc,
            "off" => Self::Off,
            _ => return None,
        })
    }
}

/// Whether links are given to the terminal to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkChoice {
    /// Where the terminal is known to follow them.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never: addresses are written out.
    Never,
}

impl LinkChoice {
    /// `auto`, `always` or `never`.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "auto" => Self::Auto,
            "always" => Self::Always,
            "never" => Self::Never,
            _ => return None,
        })
    }
}

/// The table `[ui]`; nothing means the program's default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ui {
    /// Name of the theme.
    pub theme: Option<String>,
    /// Plain lines for screen readers.
    pub plain: Option<bool>,
    /// Parts of the status line, of [`STATUS_PARTS`].
    pub status: Option<Vec<String>>,
    /// Its output ends the status line.
    pub status_command: Option<String>,
    /// How to notify.
    pub notify: Option<Notify>,
    /// Whether links can be followed.
    pub links: Option<LinkChoice>,
    /// What to run to notify.
    pub notify_command: Option<String>,
}
