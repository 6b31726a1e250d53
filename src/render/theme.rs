//! The roles of colour and weight, and the glyphs that have a stand-in.
//!
//! The default uses the terminal's own palette; weight and dimness come first.
//! Other looks are files, see [`super::themes`].

use ratatui::style::{Color, Modifier, Style};

use super::links::Targets;

/// Characters outside ASCII that sofos writes on its own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// Start of a tool line.
    pub bullet: &'static str,
    /// Left edge of an output or a quote.
    pub bar: &'static str,
    /// Something is left out.
    pub ellipsis: &'static str,
    /// Between facts on one line.
    pub dot: &'static str,
    /// A horizontal rule.
    pub rule: &'static str,
    /// Sign of a removed line and of negative counts.
    pub minus: &'static str,
    /// A plan step or task that is open.
    pub open_box: &'static str,
    /// A plan step or task that is done.
    pub done_box: &'static str,
    /// A plan step that is being worked on.
    pub current_box: &'static str,
    /// Lines left out between two places.
    pub gap: &'static str,
}

impl Glyphs {
    /// More than ASCII can be shown.
    pub fn is_utf8(&self) -> bool {
        !self.ellipsis.is_ascii()
    }
}

const UTF8: Glyphs = Glyphs {
    bullet: "•",
    bar: "│",
    ellipsis: "…",
    dot: "·",
    rule: "─",
    minus: "−",
    open_box: "☐",
    done_box: "☑",
    current_box: "▸",
    gap: "⋮",
};

const ASCII: Glyphs = Glyphs {
    bullet: "*",
    bar: "|",
    ellipsis: "...",
    dot: "-",
    rule: "-",
    minus: "-",
    open_box: "[ ]",
    done_box: "[x]",
    current_box: "[>]",
    gap: ":",
};

/// Colours a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None at all; weight stays.
    None,
    /// The sixteen of the palette.
    Ansi,
    /// 256.
    Indexed,
    /// 24 bits.
    True,
}

/// Styles of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeTheme {
    /// Comments.
    pub comment: Style,
    /// Strings.
    pub string: Style,
    /// Numbers, constants, attributes.
    pub number: Style,
    /// Keywords.
    pub keyword: Style,
    /// Functions and tags.
    pub function: Style,
    /// Types.
    pub kind: Style,
    /// Added lines of a diff.
    pub added: Style,
    /// Removed lines of a diff.
    pub removed: Style,
}

impl Default for CodeTheme {
    fn default() -> Self {
        let fg = |color| Style::new().fg(color);
        Self {
            comment: Style::new().add_modifier(Modifier::DIM),
            string: fg(Color::Green),
            number: fg(Color::Yellow),
            keyword: fg(Color::Magenta),
            function: fg(Color::Blue),
            kind: fg(Color::Cyan),
            added: fg(Color::Green),
            removed: fg(Color::Red),
        }
    }
}

/// Styles by role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// The one accent: prompt sign, inline code.
    pub accent: Style,
    /// What steps back: times, counts, folded text.
    pub dim: Style,
    /// Failure.
    pub error: Style,
    /// Something to be careful about.
    pub warning: Style,
    /// Added lines.
    pub added: Style,
    /// Removed lines.
    pub removed: Style,
    /// Background of added lines; only set on true colour.
    pub added_tint: Option<Color>,
    /// Background of removed lines; only set on true colour.
    pub removed_tint: Option<Color>,
    /// Headings.
    pub heading: Style,
    /// Link text.
    pub link: Style,
    /// Verbs of tool lines.
    pub verb: Style,
    /// The selected row of a panel.
    pub selected: Style,
    /// Code.
    pub code: CodeTheme,
    /// Glyphs fit for the locale.
    pub glyphs: Glyphs,
    /// Where links lead, on terminals that can follow them.
    pub links: Targets,
}

impl Theme {
    /// The calm default. `utf8`: the locale can show more than ASCII.
    pub fn new(utf8: bool) -> Self {
        let plain = Style::new();
        Self {
            accent: plain.fg(Color::Cyan),
            dim: plain.add_modifier(Modifier::DIM),
            error: plain.fg(Color::Red),
            warning: plain.fg(Color::Yellow),
            added: plain.fg(Color::Green),
            removed: plain.fg(Color::Red),
            added_tint: None,
            removed_tint: None,
            heading: plain.add_modifier(Modifier::BOLD),
            link: plain.add_modifier(Modifier::UNDERLINED),
            verb: plain.add_modifier(Modifier::BOLD),
            selected: plain.add_modifier(Modifier::REVERSED),
            code: CodeTheme::default(),
            glyphs: if utf8 { UTF8 } else { ASCII },
            links: Targets::default(),
        }
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::new(true)
    }
}
