//! What a pipeline hands on: whether a standard input carries paths of the workspace.

use super::analysis::Part;
use crate::permission::shell::Node;

/// What a standard input carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// Nobody feeds it.
    Nothing,
    /// Anything.
    Unknown,
    /// Paths below the directory at hand.
    Paths {
        /// Each ended by a NUL byte, so that none can pass for two.
        ended: bool,
        /// Of regular files, so that none leads elsewhere.
        regular: bool,
    },
}

/// What follows in a pipeline after a command that was fed with `before`.
pub fn after(before: Feed, node: &Node, parts: &[Part]) -> Feed {
    let (Node::Simple(_), [part]) = (node, parts) else {
        return Feed::Unknown;
    };
    if !part.concerns.is_empty() {
        return Feed::Unknown;
    }
    let words: Vec<&str> = part.argv.iter().map(String::as_str).collect();
    let has = |word: &str| words.contains(&word);
    match words.first().copied() {
        Some("find") if !has("-exec") && !has("-printf") && !has("-ls") => Feed::Paths {
            ended: has("-print0") && !has("-print"),
            regular: words.windows(2).any(|pair| pair == ["-type", "f"]) && !has("-o"),
        },
        Some("fd" | "fdfind") => Feed::Paths {
            ended: has("-0"),
            regular: false,
        },
        Some("git") if words.get(1) == Some(&"ls-files") => Feed::Paths {
            ended: has("-z"),
            regular: false,
        },
        Some("rg") if has("--files") || has("-l") => Feed::Paths {
            ended: has("-0"),
            regular: true,
        },
        Some("grep") if has("-rl") || has("-lr") => Feed::Paths {
            ended: has("-Z"),
            regular: true,
        },
        Some("grep" | "sort" | "uniq" | "head" | "tail") => match before {
            Feed::Paths { regular, .. } => Feed::Paths {
                ended: false,
                regular,
            },
            other => other,
        },
        _ => Feed::Unknown,
    }
}
