//! `@path` in an instruction file: the text of that file comes along.

use std::collections::HashSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::{MAX_BYTES, bounded};

/// Files that import files that import files: so deep, no deeper.
const MAX_DEPTH: usize = 5;

/// Appends what a text imports, each file once, below a heading of its own. Imports
/// are found outside of code; a name that is no file stays as it is. Files outside of
/// `root`, and hidden ones, are not imported: a project must not be able to make a
/// file of the user go to the model. True when something was left out for its size.
pub(super) fn expand(text: &mut String, path: &Path, root: Option<&Path>) -> bool {
    let mut job = Job {
        root: root.map(|root| fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf())),
        seen: fs::canonicalize(path).into_iter().collect(),
        left: MAX_BYTES.saturating_sub(text.len() as u64),
        cut: false,
        out: String::new(),
    };
    job.follow(text, path, 1);
    text.push_str(&job.out);
    job.cut
}

struct Job {
    root: Option<PathBuf>,
    seen: HashSet<PathBuf>,
    /// Bytes that still may come.
    left: u64,
    cut: bool,
    out: String,
}

impl Job {
    fn follow(&mut self, text: &str, path: &Path, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        for name in names(text) {
            let Some(file) = self.find(name, path) else {
                continue;
            };
            let Some((imported, cut)) = bounded(&file, self.left) else {
                continue;
            };
            let imported = imported.trim();
            self.left = self.left.saturating_sub(imported.len() as u64);
            self.cut |= cut;
            self.out.push_str(&format!("\n\n## @{name}\n\n{imported}"));
            let imported = imported.to_string();
            self.follow(&imported, &file, depth + 1);
        }
    }

    /// The file that a name in a file means, once.
    fn find(&mut self, name: &str, from: &Path) -> Option<PathBuf> {
        let named = match (name.strip_prefix("~/"), &self.root) {
            (Some(_), Some(_)) => return None,
            (Some(rest), None) => home_of(from)?.join(rest),
            (None, _) => from.parent()?.join(name),
        };
        let real = fs::canonicalize(named).ok().filter(|file| file.is_file())?;
        if let Some(root) = &self.root {
            let inside = real.strip_prefix(root).ok()?;
            let hidden =
                |part: Component<'_>| part.as_os_str().as_encoded_bytes().starts_with(b".");
            if inside.components().any(hidden) {
                return None;
            }
        }
        self.seen.insert(real.clone()).then_some(real)
    }
}

/// The home directory that a file of the user lies in: above its hidden directory.
fn home_of(file: &Path) -> Option<&Path> {
    let hidden = |dir: &&Path| {
        let name = dir.file_name().unwrap_or_default();
        name.as_encoded_bytes().starts_with(b".")
    };
    file.ancestors().skip(1).find(hidden)?.parent()
}

/// The names behind an `@` that begins a word, outside of code.
fn names(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        let start = line.trim_start();
        if start.starts_with("```") || start.starts_with("~~~") {
            fenced = !fenced;
            continue;
        }
        if fenced {
            continue;
        }
        // Every second piece stands between backticks.
        for piece in line.split('`').step_by(2) {
            let words = piece.split_whitespace();
            let names =
                words.filter_map(|word| word.trim_start_matches(['(', '[']).strip_prefix('@'));
            found.extend(
                names
                    .map(|name| name.trim_end_matches(['.', ',', ';', ':', ')', ']', '!', '?']))
                    .filter(|name| !name.is_empty()),
            );
        }
    }
    found
}
