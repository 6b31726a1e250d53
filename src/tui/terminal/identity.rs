//! Which terminal this is, and what follows from it.

use super::sgr::Depth;

/// What the environment says of the terminal; read by the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TerminalEnv {
    /// `TERM`.
    pub term: String,
    /// `TERM_PROGRAM`.
    pub term_program: String,
    /// `COLORTERM`.
    pub colorterm: String,
    /// `COLORFGBG`.
    pub colorfgbg: String,
    /// The first set one of `LC_ALL`, `LC_CTYPE`, `LANG`.
    pub locale: String,
    /// The terminal is on another machine: `SSH_CONNECTION` or `SSH_TTY` is set.
    pub ssh: bool,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `TMUX` is set.
    pub tmux: bool,
    /// A variable of a terminal known to drop lines scrolled out of a region is
    /// set: `ZELLIJ`, `WT_SESSION`, `TERMINAL_EMULATOR`.
    pub drops_regions: bool,
}

impl TerminalEnv {
    /// Reads the variables through `lookup`.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let text = |name: &str| get(name).unwrap_or_default();
        Self {
            term: text("TERM"),
            term_program: text("TERM_PROGRAM"),
            colorterm: text("COLORTERM"),
            colorfgbg: text("COLORFGBG"),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"]
                .into_iter()
                .find_map(get)
                .unwrap_or_default(),
            ssh: get("SSH_CONNECTION").is_some() || get("SSH_TTY").is_some(),
            no_color: get("NO_COLOR").is_some(),
            tmux: get("TMUX").is_some(),
            drops_regions: ["ZELLIJ", "WT_SESSION", "TERMINAL_EMULATOR"]
                .into_iter()
                .any(|name| get(name).is_some()),
        }
    }

    /// The locale can show more than ASCII. An unset locale says nothing, and
    /// today's terminals speak UTF-8.
    pub fn utf8(&self) -> bool {
        let locale = self.locale.to_ascii_lowercase();
        locale.is_empty() || locale.contains("utf-8") || locale.contains("utf8")
    }

    /// Colours to use.
    pub fn depth(&self) -> Depth {
        if self.no_color || self.term == "dumb" {
            Depth::None
        } else if matches!(self.colorterm.as_str(), "truecolor" | "24bit") {
            Depth::True
        } else if self.term.contains("256color") || self.term.contains("kitty") {
            Depth::Indexed
        } else {
            Depth::Ansi
        }
    }

    /// Whether the background is dark, as far as the environment tells: for
    /// terminals that do not answer.
    pub fn dark(&self) -> Option<bool> {
        let background: u8 = self.colorfgbg.rsplit(';').next()?.parse().ok()?;
        (background < 16).then_some(matches!(background, 0..=6 | 8))
    }

    /// Queries may be sent: their answers are understood, and a terminal that
    /// does not know them ignores them.
    pub fn may_query(&self) -> bool {
        !matches!(
            self.term.as_str(),
            "" | "dumb" | "linux" | "vt100" | "vt220"
        )
    }
}

/// What the cursor does when a resize moves the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cursor {
    /// It stays with its text.
    #[default]
    Follows,
    /// It sinks by a row for each row that wraps below it; its own is never wrapped.
    Sinks,
    /// It keeps its row of the screen, as far as there is one.
    Stays,
}

/// The first minor version of kitty whose cursor may follow its text.
const NEW_KITTY: u32 = 27;

/// The terminal as it has introduced itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Terminal {
    /// It has not, or it is none of the known ones.
    #[default]
    Unknown,
    /// alacritty.
    Alacritty,
    /// kitty.
    Kitty,
    /// kitty before 0.27.
    OldKitty,
    /// GNU screen.
    Screen,
    /// tmux.
    Tmux,
    /// libvte: GNOME Terminal and relatives.
    Vte,
    /// xterm.
    Xterm,
    /// xterm.js: editors and web terminals.
    XtermJs,
}

impl Terminal {
    /// By the answer to XTVERSION, e.g. `XTerm(390)`, `tmux 3.4`.
    pub fn from_version(answer: &str) -> Self {
        let answer = answer.to_ascii_lowercase();
        let minor = answer.strip_prefix("kitty(0.").map(|rest| {
            let digits = rest.split(|ch: char| !ch.is_ascii_digit());
            digits
                .take(1)
                .collect::<String>()
                .parse()
                .unwrap_or(u32::MAX)
        });
        if minor.is_some_and(|minor| minor < NEW_KITTY) {
            return Self::OldKitty;
        }
        [
            ("xterm.js", Self::XtermJs),
            ("xterm(", Self::Xterm),
            ("tmux", Self::Tmux),
            ("kitty", Self::Kitty),
            ("vte(", Self::Vte),
            ("alacritty", Self::Alacritty),
        ]
        .into_iter()
        .find(|(name, _)| answer.starts_with(name))
        .map_or(Self::Unknown, |(_, terminal)| terminal)
    }

    /// By the parameters of the secondary device attributes.
    pub fn from_attributes(parameters: &[u32]) -> Self {
        match parameters {
            [84, ..] => Self::Tmux,
            [83, ..] => Self::Screen,
            [41, version, ..] if *version >= 200 => Self::Xterm,
            [65 | 61, version, ..] if *version >= 3000 => Self::Vte,
            [1, 4000, minor, ..] if *minor < NEW_KITTY => Self::OldKitty,
            [1, 4000..=u32::MAX, ..] => Self::Kitty,
            [0, 276, 0] => Self::XtermJs,
            [0, 1000..=u32::MAX, 1] => Self::Alacritty,
            _ => Self::Unknown,
        }
    }

    /// Keeps lines that leave a scroll region starting at the first row.
    fn keeps_regions(self) -> bool {
        self != Self::Unknown
    }

    /// GNU screen, as far as can be told. Inside tmux the name says nothing.
    fn is_screen(self, env: &TerminalEnv) -> bool {
        let named = self == Self::Unknown && env.term.starts_with("screen");
        self == Self::Screen || (named && !env.tmux)
    }

    /// Wraps long rows again when the width changes.
    pub fn reflows(self, env: &TerminalEnv) -> bool {
        match self {
            Self::Xterm => false,
            Self::Unknown => env.tmux || !is_plain(env),
            _ => true,
        }
    }

    /// Has room in its scrollback for the rows that are wrapped again.
    pub fn rejoins(self, env: &TerminalEnv) -> bool {
        self.reflows(env) && !self.is_screen(env)
    }

    /// Known to show a synchronised frame when it is complete.
    pub fn shows_at_once(self, env: &TerminalEnv) -> bool {
        let known = matches!(
            self,
            Self::Alacritty | Self::Kitty | Self::OldKitty | Self::Vte | Self::XtermJs
        );
        known && !env.tmux
    }

    /// Where the cursor is after rows were wrapped again.
    pub fn cursor(self) -> Cursor {
        match self {
            Self::XtermJs => Cursor::Sinks,
            Self::OldKitty => Cursor::Stays,
            _ => Cursor::Follows,
        }
    }

    /// Has a second screen that leaves the first one alone. GNU screen has none unless
    /// its user asks for it; xterm cuts rows off the hidden one when its window gets
    /// lower or higher meanwhile.
    pub fn has_alternate(self, env: &TerminalEnv) -> bool {
        env.tmux || !(is_plain(env) || self.is_screen(env) || self == Self::Xterm)
    }

    /// Shows links that can be followed. Inside tmux that depends on the terminal
    /// around it, which cannot be told.
    pub fn follows_links(self, env: &TerminalEnv) -> bool {
        const PROGRAMS: &[&str] = &["iTerm.app", "WezTerm", "vscode", "ghostty", "rio", "Tabby"];
        let by_name = PROGRAMS.contains(&env.term_program.as_str())
            || ["kitty", "ghostty", "foot", "alacritty", "contour"]
                .iter()
                .any(|name| env.term.contains(name));
        let known = matches!(
            self,
            Self::Alacritty | Self::Kitty | Self::Vte | Self::XtermJs
        );
        let multiplexed =
            env.tmux || env.term.starts_with("screen") || matches!(self, Self::Tmux | Self::Screen);
        (known || by_name) && !multiplexed
    }

    /// Known to bracket pastes.
    pub fn brackets_pastes(self) -> bool {
        !matches!(self, Self::Unknown | Self::Screen)
    }
}

/// How finished lines are put into the scrollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Through a scroll region above the viewport, whenever its place is certain.
    Region,
    /// The whole screen scrolls by line feeds.
    LineFeed,
}

/// What the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WriterChoice {
    /// By what is known of the terminal.
    #[default]
    Auto,
    /// Always the region.
    Region,
    /// Always line feeds.
    LineFeed,
}

impl WriterChoice {
    /// `auto`, `decstbm`, `linefeed`; nothing for another word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "" | "auto" => Some(Self::Auto),
            "decstbm" => Some(Self::Region),
            "linefeed" => Some(Self::LineFeed),
            _ => None,
        }
    }

    /// The writer to use, and why, in words.
    pub fn decide(self, terminal: Terminal, env: &TerminalEnv) -> (Writer, &'static str) {
        match self {
            Self::Region => (Writer::Region, "set by SOFOS_SCROLLBACK"),
            Self::LineFeed => (Writer::LineFeed, "set by SOFOS_SCROLLBACK"),
            Self::Auto if env.drops_regions => (
                Writer::LineFeed,
                "this terminal may drop lines that leave a scroll region",
            ),
            Self::Auto if terminal.keeps_regions() => (
                Writer::Region,
                "this terminal keeps lines that leave a scroll region",
            ),
            Self::Auto => (Writer::LineFeed, "the terminal is not known"),
        }
    }
}

/// A terminal that can hardly do more than scroll.
fn is_plain(env: &TerminalEnv) -> bool {
    matches!(env.term.as_str(), "linux" | "vt100" | "vt220")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_told_apart() {
        assert_eq!(Terminal::from_version("XTerm(390)"), Terminal::Xterm);
        assert_eq!(Terminal::from_version("xterm.js(6.0.0)"), Terminal::XtermJs);
        assert_eq!(Terminal::from_version("tmux 3.4"), Terminal::Tmux);
        assert_eq!(Terminal::from_version("foo"), Terminal::Unknown);
        assert_eq!(
            Terminal::from_version("kitty(0.26.5)"),
            Terminal::OldKitty,
            "{:?}",
            Terminal::OldKitty.cursor()
        );
        assert_eq!(Terminal::from_version("kitty(0.43.1)"), Terminal::Kitty);
        assert_eq!(Terminal::from_version("kitty(1.0)"), Terminal::Kitty);
        for (parameters, terminal) in [
            (&[41, 390, 0][..], Terminal::Xterm),
            (&[0, 276, 0], Terminal::XtermJs),
            (&[0, 2600, 1], Terminal::Alacritty),
            (&[1, 4000, 40], Terminal::Kitty),
            (&[1, 4000, 26], Terminal::OldKitty),
            (&[65, 7600, 1], Terminal::Vte),
            (&[83, 40900, 0], Terminal::Screen),
            (&[0, 10, 1], Terminal::Unknown),
        ] {
            assert_eq!(Terminal::from_attributes(parameters), terminal);
        }
    }

    #[test]
    fn links_are_for_terminals_that_can_follow_them() {
        let env = |term: &str, program: &str, tmux| TerminalEnv {
            term: term.into(),
            term_program: program.into(),
            tmux,
            ..TerminalEnv::default()
        };
        for (terminal, env, follows) in [
            (Terminal::Vte, env("xterm-256color", "", false), true),
            (Terminal::Unknown, env("xterm-kitty", "", false), true),
            (
                Terminal::Unknown,
                env("xterm-256color", "WezTerm", false),
                true,
            ),
            (
                Terminal::Unknown,
                env("xterm-256color", "Apple_Terminal", false),
                false,
            ),
            (Terminal::Xterm, env("xterm-256color", "", false), false),
            (Terminal::Kitty, env("tmux-256color", "", true), false),
            (
                Terminal::Tmux,
                env("xterm-256color", "vscode", false),
                false,
            ),
        ] {
            assert_eq!(
                terminal.follows_links(&env),
                follows,
                "{terminal:?} {env:?}"
            );
        }
    }

    #[test]
    fn rows_are_known_to_be_wrapped_again() {
        let env = |term: &str| TerminalEnv {
            term: term.into(),
            ..TerminalEnv::default()
        };
        let usual = env("xterm-256color");
        for (terminal, env, reflows, rejoins) in [
            (Terminal::Kitty, &usual, true, true),
            (Terminal::Xterm, &usual, false, false),
            (Terminal::Screen, &usual, true, false),
            (Terminal::Unknown, &env("screen-256color"), true, false),
            (Terminal::Unknown, &env("linux"), false, false),
        ] {
            assert_eq!(terminal.reflows(env), reflows, "{terminal:?}");
            assert_eq!(terminal.rejoins(env), rejoins, "{terminal:?}");
        }
    }

    #[test]
    fn a_second_screen_is_used_where_the_first_one_survives_it() {
        let env = |term: &str| TerminalEnv {
            term: term.into(),
            ..TerminalEnv::default()
        };
        let usual = env("xterm-256color");
        assert!(Terminal::Unknown.has_alternate(&usual));
        assert!(Terminal::Vte.has_alternate(&usual));
        assert!(!Terminal::Xterm.has_alternate(&usual));
        assert!(!Terminal::Unknown.has_alternate(&env("screen-256color")));
        assert!(!Terminal::Unknown.has_alternate(&env("linux")));
    }

    #[test]
    fn unknown_terminals_get_line_feeds() {
        let env = TerminalEnv::default();
        let decide = |choice: WriterChoice, terminal| choice.decide(terminal, &env).0;
        assert_eq!(
            decide(WriterChoice::Auto, Terminal::Unknown),
            Writer::LineFeed
        );
        assert_eq!(decide(WriterChoice::Auto, Terminal::Tmux), Writer::Region);
        assert_eq!(
            decide(WriterChoice::Region, Terminal::Unknown),
            Writer::Region
        );
        let zellij = TerminalEnv {
            drops_regions: true,
            ..TerminalEnv::default()
        };
        let (writer, _) = WriterChoice::Auto.decide(Terminal::Kitty, &zellij);
        assert_eq!(writer, Writer::LineFeed);
    }

    #[test]
    fn the_locale_decides_on_ascii() {
        let with = |name: &'static str, value: &'static str| {
            TerminalEnv::from_lookup(|n| (n == name).then(|| value.to_owned()))
        };
        assert!(with("LANG", "de_DE.UTF-8").utf8());
        assert!(!with("LC_ALL", "C").utf8());
        assert!(TerminalEnv::default().utf8());
        assert_eq!(with("NO_COLOR", "1").depth(), Depth::None);
        assert_eq!(with("COLORTERM", "truecolor").depth(), Depth::True);
        for (value, dark) in [
            ("15;0", Some(true)),
            ("0;15", Some(false)),
            ("0;default;7", Some(false)),
            ("12;8", Some(true)),
            ("15;default", None),
            ("", None),
        ] {
            assert_eq!(with("COLORFGBG", value).dark(), dark, "{value}");
        }
    }
}
