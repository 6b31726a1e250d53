//! Themes: small TOML files, some of them built in.
//!
//! ```toml
//! about = "glowing iron"
//! [dark]                        # on a dark background
//! accent = "#ff8c42/yellow"     # 256 colours and more / with sixteen
//! warning = "yellow"            # the terminal's own yellow
//! added-background = "#122e1c"  # with true colour only
//! [light]                       # on a light background; may be missing, as may [dark]
//! accent = "#983e0c/yellow"
//! ```
//!
//! What a file leaves out is as in the default. `none` is the terminal's own text
//! colour, `dim` is that, dimmed.

use ratatui::style::{Color, Modifier, Style};
use toml_edit::{Document, TableLike};

use super::theme::{Depth, Theme};

/// The built-in themes: name and file.
pub const BUILTIN: &[(&str, &str)] = &[
    ("default", include_str!("themes/default.toml")),
    ("light", include_str!("themes/light.toml")),
    ("colour-blind", include_str!("themes/colour-blind.toml")),
    ("high-contrast", include_str!("themes/high-contrast.toml")),
    ("molten-rust", include_str!("themes/molten-rust.toml")),
    ("fluid-green", include_str!("themes/fluid-green.toml")),
    ("liquid-blue", include_str!("themes/liquid-blue.toml")),
    ("glittery-gold", include_str!("themes/glittery-gold.toml")),
    ("bright-neon", include_str!("themes/bright-neon.toml")),
    ("fluid-purple", include_str!("themes/fluid-purple.toml")),
];

/// The roles a file can set a colour for.
const ROLES: &[&str] = &[
    "accent",
    "dim",
    "heading",
    "link",
    "error",
    "warning",
    "added",
    "removed",
    "keyword",
    "string",
    "number",
    "function",
    "type",
    "comment",
    "added-background",
    "removed-background",
];

/// Why a file is no theme. Names the theme and the key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ThemeError {
    /// Not TOML.
    #[error("theme {name} is not valid TOML: {message}")]
    Syntax {
        /// The theme.
        name: String,
        /// The parser's words.
        message: String,
    },
    /// A key that does not exist.
    #[error("theme {name}: unknown key {key}; the keys are about, and in [dark] and [light] {}", ROLES.join(", "))]
    Key {
        /// The theme.
        name: String,
        /// The key.
        key: String,
    },
    /// A value that is no colour.
    #[error(
        "theme {name}: {key} must be \"#rrggbb\", a colour of the terminal (red, bright-red, …), \
         \"#rrggbb/red\", \"none\" or \"dim\""
    )]
    Colour {
        /// The theme.
        name: String,
        /// The key.
        key: String,
    },
}

/// One colour as a file gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ink {
    /// With 256 colours and more.
    rich: Style,
    /// With sixteen.
    poor: Style,
}

type Inks = Vec<(&'static str, Ink)>;

/// A theme for every kind of terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThemeFile {
    /// Its name.
    pub name: String,
    /// What it is like, in a few words; may be empty.
    pub about: String,
    dark: Option<Inks>,
    light: Option<Inks>,
}

impl ThemeFile {
    /// A built-in theme.
    pub fn builtin(name: &str) -> Option<Self> {
        let (name, text) = BUILTIN.iter().find(|(known, _)| *known == name)?;
        // Tested: all of them are themes.
        Self::parse(name, text).ok()
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// When it is not TOML, a key is unknown or a value is no colour.
    pub fn parse(name: &str, text: &str) -> Result<Self, ThemeError> {
        let document = Document::parse(text).map_err(|error| ThemeError::Syntax {
            name: name.to_owned(),
            message: error.message().lines().collect::<Vec<_>>().join(" "),
        })?;
        let mut theme = Self {
            name: name.to_owned(),
            about: String::new(),
            dark: None,
            light: None,
        };
        for (key, item) in document.as_table() {
            match (key, item.as_str(), item.as_table_like()) {
                ("about", Some(about), _) => theme.about = about.to_owned(),
                ("dark", _, Some(table)) => theme.dark = Some(inks(name, table)?),
                ("light", _, Some(table)) => theme.light = Some(inks(name, table)?),
                _ => {
                    return Err(ThemeError::Key {
                        name: name.to_owned(),
                        key: key.to_owned(),
                    });
                }
            }
        }
        Ok(theme)
    }

    /// The styles for a terminal. `dark`: its background, as far as it is known.
    pub fn theme(&self, utf8: bool, depth: Depth, dark: Option<bool>) -> Theme {
        let mut theme = Theme::new(utf8);
        let (first, second) = match dark {
            Some(false) => (&self.light, &self.dark),
            Some(true) | None => (&self.dark, &self.light),
        };
        for (role, ink) in first.as_ref().or(second.as_ref()).into_iter().flatten() {
            let style = if depth >= Depth::Indexed {
                ink.rich
            } else {
                ink.poor
            };
            let tint = style.fg.filter(|_| depth == Depth::True && dark.is_some());
            match *role {
                "accent" => {
                    theme.accent = style;
                    if let Some(Color::Rgb(..)) = style.fg {
                        theme.selected = style.add_modifier(Modifier::REVERSED);
                    }
                }
                "dim" => theme.dim = style,
                "heading" => theme.heading = style.add_modifier(Modifier::BOLD),
                "link" => theme.link = style.add_modifier(Modifier::UNDERLINED),
                "error" => theme.error = style,
                "warning" => theme.warning = style,
                "added" => (theme.added, theme.code.added) = (style, style),
                "removed" => (theme.removed, theme.code.removed) = (style, style),
                "keyword" => theme.code.keyword = style,
                "string" => theme.code.string = style,
                "number" => theme.code.number = style,
                "function" => theme.code.function = style,
                "type" => theme.code.kind = style,
                "comment" => theme.code.comment = style,
                "added-background" => theme.added_tint = tint,
                "removed-background" => theme.removed_tint = tint,
                _ => {}
            }
        }
        theme
    }
}

fn inks(name: &str, table: &dyn TableLike) -> Result<Inks, ThemeError> {
    let mut inks = Inks::new();
    for (key, item) in table.iter() {
        let Some(role) = ROLES.iter().find(|role| **role == key) else {
            return Err(ThemeError::Key {
                name: name.to_owned(),
                key: key.to_owned(),
            });
        };
        let ink = item.as_str().and_then(ink);
        inks.push((
            role,
            ink.ok_or_else(|| ThemeError::Colour {
                name: name.to_owned(),
                key: key.to_owned(),
            })?,
        ));
    }
    Ok(inks)
}

fn ink(text: &str) -> Option<Ink> {
    let (rich, poor) = match text.split_once('/') {
        Some((rich, poor)) => (rich, Some(poor)),
        None => (text, None),
    };
    let named = |word: &str| {
        Some(match word {
            "none" => Style::new(),
            "dim" => Style::new().add_modifier(Modifier::DIM),
            colour => Style::new().fg(palette(colour)?),
        })
    };
    let Some(digits) = rich.strip_prefix('#') else {
        let style = named(rich)?;
        return poor.is_none().then_some(Ink {
            rich: style,
            poor: style,
        });
    };
    let value = u32::from_str_radix(digits, 16).ok()?;
    let [0, r, g, b] = value.to_be_bytes() else {
        return None;
    };
    (digits.len() == 6).then_some(Ink {
        rich: Style::new().fg(Color::Rgb(r, g, b)),
        poor: match poor {
            Some(word) => named(word)?,
            None => Style::new(),
        },
    })
}

fn palette(word: &str) -> Option<Color> {
    Some(match word {
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "bright-white" => Color::White,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: Color) -> f64 {
        let Color::Rgb(r, g, b) = colour else {
            panic!("{colour:?} has no luminance");
        };
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.039_28 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
    }

    fn contrast(one: Color, other: Color) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn every_theme_can_be_read_on_usual_backgrounds() {
        const DARK: [Color; 3] = [
            Color::Rgb(0, 0, 0),
            Color::Rgb(0x1e, 0x1e, 0x1e),
            Color::Rgb(0x28, 0x2c, 0x34),
        ];
        const LIGHT: [Color; 3] = [
            Color::Rgb(255, 255, 255),
            Color::Rgb(0xfa, 0xfa, 0xfa),
            Color::Rgb(0xfd, 0xf6, 0xe3),
        ];
        for (name, text) in BUILTIN {
            let file = ThemeFile::parse(name, text).unwrap();
            assert!(!file.about.is_empty(), "{name}");
            let least = if *name == "high-contrast" { 7.0 } else { 4.5 };
            for (inks, backgrounds) in [(&file.dark, DARK), (&file.light, LIGHT)] {
                for (role, ink) in inks.iter().flatten() {
                    if role.ends_with("-background") {
                        continue;
                    }
                    let Some(colour @ Color::Rgb(..)) = ink.rich.fg else {
                        continue;
                    };
                    for background in backgrounds {
                        let found = contrast(colour, background);
                        assert!(found >= least, "{name} {role} on {background:?}: {found}");
                    }
                }
            }
            for dark in [true, false] {
                let theme = file.theme(true, Depth::True, Some(dark));
                let pairs = [
                    (theme.added, theme.added_tint),
                    (theme.removed, theme.removed_tint),
                ];
                for (style, tint) in pairs {
                    if let (Some(colour @ Color::Rgb(..)), Some(tint)) = (style.fg, tint) {
                        assert!(contrast(colour, tint) >= 4.5, "{name} {colour:?} {tint:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_terminal_gets_what_it_can_show() {
        let file = ThemeFile::builtin("molten-rust").unwrap();
        let rich = file.theme(true, Depth::True, Some(true));
        assert_eq!(rich.accent.fg, Some(Color::Rgb(0xff, 0x8c, 0x42)));
        assert!(rich.added_tint.is_some());
        let unknown = file.theme(true, Depth::True, None);
        assert_eq!((unknown.accent, unknown.added_tint), (rich.accent, None));
        let light = file.theme(true, Depth::Indexed, Some(false));
        assert_ne!(light.accent, rich.accent);
        assert_eq!(light.added_tint, None);
        let poor = file.theme(true, Depth::Ansi, Some(true));
        assert_eq!(poor.accent.fg, Some(Color::Yellow));
        assert_eq!(poor.heading.fg, None);
        let own = ThemeFile::builtin("default").unwrap();
        assert_eq!(own.theme(true, Depth::True, None), Theme::new(true));
    }

    #[test]
    fn mistakes_are_named() {
        let error = |text| ThemeFile::parse("mine", text).unwrap_err().to_string();
        assert!(error("acent = 1").starts_with("theme mine: unknown key acent"));
        assert!(error("[dark]\naccent = \"#12345\"").contains("mine: accent must be"));
        assert!(error("[dark]\naccent = \"blue/red\"").contains("accent must be"));
        assert!(error("[dark").contains("not valid TOML"));
        let mine = ThemeFile::parse("mine", "[light]\naccent = \"bright-blue\"").unwrap();
        let theme = mine.theme(true, Depth::True, Some(true));
        assert_eq!(theme.accent.fg, Some(Color::LightBlue));
    }
}
