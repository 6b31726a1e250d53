//! Where links point, and how that is shown.

use std::collections::HashMap;

use pulldown_cmark::{BrokenLink, CowStr, LinkType};

/// Targets of `[label]: url` definitions met so far; labels in lower case.
pub type Links = HashMap<String, String>;

/// Finds the targets of references that the text itself does not define.
pub(super) fn resolver<'i>(
    links: &Links,
) -> impl FnMut(BrokenLink<'i>) -> Option<(CowStr<'i>, CowStr<'i>)> {
    |link| {
        let url = links.get(&link.reference.to_lowercase())?;
        Some((CowStr::from(url.clone()), CowStr::from("")))
    }
}

/// The address to show behind a link of a kind; empty where the text is the address.
pub(super) fn shown_url(kind: LinkType, url: &str) -> String {
    match kind {
        LinkType::Autolink | LinkType::Email => String::new(),
        _ => url.to_owned(),
    }
}

/// The address follows the text it belongs to, unless it is that text.
pub(super) fn link_suffix(url: &str, label: &str) -> Option<String> {
    let bare = url.trim_start_matches("mailto:");
    if bare.is_empty() || label.trim() == bare {
        None
    } else if label.is_empty() {
        Some(bare.to_owned())
    } else {
        Some(format!(" ({bare})"))
    }
}
