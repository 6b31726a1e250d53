//! Where links point, and how that is shown.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pulldown_cmark::{BrokenLink, CowStr, LinkType};
use ratatui::style::{Color, Style};

use super::theme::Theme;

/// Targets of `[label]: url` definitions met so far; labels in lower case.
pub type Links = HashMap<String, String>;

/// Addresses remembered for the terminal; later ones are shown in words.
const MAX_TARGETS: usize = 10_000;
/// Terminals drop longer ones.
const MAX_ADDRESS: usize = 2_000;

/// The addresses behind links, for terminals that can follow them. A style carries
/// the number of its address in the colour of its underline, which nothing else
/// uses; so a link survives every cut and wrap.
#[derive(Debug, Clone, Default)]
pub struct Targets(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    on: bool,
    addresses: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

/// What was met so far is no part of a look.
impl PartialEq for Targets {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Targets {}

impl Targets {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the terminal is given links from now on.
    pub fn set_on(&self, on: bool) {
        self.table().on = on;
    }

    /// A style that leads to an address; nothing where that has to be said in words.
    pub fn mark(&self, style: Style, address: &str) -> Option<Style> {
        let mut table = self.table();
        if !table.on || !is_followed(address) {
            return None;
        }
        let number = match table.numbers.get(address) {
            Some(number) => *number,
            None if table.addresses.len() < MAX_TARGETS => {
                let address: Arc<str> = address.into();
                table.addresses.push(address.clone());
                let number = u32::try_from(table.addresses.len()).ok()?;
                table.numbers.insert(address, number);
                number
            }
            None => return None,
        };
        let [_, r, g, b] = number.to_be_bytes();
        Some(style.underline_color(Color::Rgb(r, g, b)))
    }

    /// The number of the address behind a style.
    pub fn number(style: Style) -> Option<u32> {
        match style.underline_color {
            Some(Color::Rgb(r, g, b)) => Some(u32::from_be_bytes([0, r, g, b])),
            _ => None,
        }
    }

    /// The address of a number.
    pub fn address(&self, number: u32) -> Option<Arc<str>> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.table().addresses.get(index).cloned()
    }
}

/// An address that can stand in a control sequence and that a click may open.
fn is_followed(address: &str) -> bool {
    let schemes = ["http://", "https://", "mailto:"];
    address.len() <= MAX_ADDRESS
        && address.bytes().all(|byte| byte.is_ascii_graphic())
        && schemes.iter().any(|scheme| address.starts_with(scheme))
}

/// Finds the targets of references that the text itself does not define.
pub(super) fn resolver<'i>(
    links: &Links,
) -> impl FnMut(BrokenLink<'i>) -> Option<(CowStr<'i>, CowStr<'i>)> {
    |link| {
        let url = links.get(&link.reference.to_lowercase())?;
        Some((CowStr::from(url.clone()), CowStr::from("")))
    }
}

/// A link under way.
pub(super) struct Open {
    address: String,
    label: String,
    /// The text is the address.
    is_address: bool,
    /// The terminal can follow it.
    marked: bool,
}

impl Open {
    /// A link, and the style of its text on that of the text around.
    pub(super) fn new(
        kind: LinkType,
        address: &str,
        around: Style,
        theme: &Theme,
    ) -> (Self, Style) {
        let style = around.patch(theme.link);
        let followed = match kind {
            LinkType::Email => format!("mailto:{address}"),
            _ => address.to_owned(),
        };
        let marked = theme.links.mark(style, &followed);
        let open = Self {
            address: address.to_owned(),
            label: String::new(),
            is_address: matches!(kind, LinkType::Autolink | LinkType::Email),
            marked: marked.is_some(),
        };
        (open, marked.unwrap_or(style))
    }

    /// More of its text.
    pub(super) fn push(&mut self, text: &str) {
        self.label.push_str(text);
    }

    /// What follows the text: the address, unless it is that text, or the terminal
    /// shows it by itself and the text does not pretend to be another one.
    pub(super) fn suffix(&self) -> Option<String> {
        let bare = self.address.trim_start_matches("mailto:");
        let label = self.label.trim();
        if self.is_address || bare.is_empty() || label == bare {
            None
        } else if label.is_empty() {
            Some(bare.to_owned())
        } else if self.marked && !pretends(label, bare) {
            None
        } else {
            Some(format!(" ({bare})"))
        }
    }
}

/// The text looks like an address and is not the start of the one behind it.
fn pretends(label: &str, address: &str) -> bool {
    let bare = |text: &str| {
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        text.trim_start_matches("www.").to_lowercase()
    };
    let looks = !label.contains(char::is_whitespace) && label.contains('.');
    looks && !bare(address).starts_with(&bare(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_numbered_once_and_only_where_they_can_be_followed() {
        let links = Targets::default();
        let mark = |address: &str| links.mark(Style::new(), address);
        assert_eq!(mark("https://e.org"), None, "off");
        links.set_on(true);
        let first = mark("https://e.org").and_then(Targets::number);
        assert_eq!(first, Some(1));
        assert_eq!(mark("https://f.org").and_then(Targets::number), Some(2));
        assert_eq!(mark("https://e.org").and_then(Targets::number), first);
        assert_eq!(links.address(2).as_deref(), Some("https://f.org"));
        assert_eq!(links.address(0), None);
        for refused in [
            "file:///etc/passwd",
            "javascript:x",
            "https://a\u{1b}b",
            "https://a b",
            "/x",
        ] {
            assert_eq!(mark(refused), None, "{refused}");
        }
        assert_eq!(Targets::number(Style::new()), None);
    }

    #[test]
    fn a_text_that_looks_like_another_address_does_not_hide_it() {
        assert!(pretends("github.com", "https://evil.org/github.com"));
        assert!(pretends("https://a.org", "https://b.org"));
        assert!(!pretends("a.org/x", "https://www.a.org/x/y"));
        assert!(!pretends("the docs", "https://a.org"));
    }
}
