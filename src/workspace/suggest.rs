//! What a wrong path may have meant.

use std::path::{Path, PathBuf};

use super::walk;
use crate::protocol::permission::ScopedPath;

/// Entries looked at in one directory.
const MAX_SIBLINGS: usize = 5_000;
/// Entries looked at in the whole tree for a file of the same name.
const MAX_WALKED: usize = 20_000;
const MAX_SUGGESTIONS: usize = 3;

/// ` (did you mean …?)` for a path that does not exist, or nothing.
pub fn hint(root: &Path, path: &ScopedPath) -> String {
    let found = near(root, path);
    if found.is_empty() {
        return String::new();
    }
    format!(" (did you mean {}?)", found.join(" or "))
}

/// Existing paths near a missing one, best first, relative to the workspace.
pub fn near(root: &Path, path: &ScopedPath) -> Vec<String> {
    if !path.inside() {
        return Vec::new();
    }
    let Ok(relative) = path.real().strip_prefix(root) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let add = |candidate: PathBuf, found: &mut Vec<String>| {
        if let Ok(relative) = candidate.strip_prefix(root) {
            let shown = relative.to_string_lossy().into_owned();
            if !shown.is_empty() && !found.contains(&shown) {
                found.push(shown);
            }
        }
    };
    if let Some(undoubled) = undouble(root, relative) {
        add(undoubled, &mut found);
    }
    for candidate in siblings(root, relative) {
        add(candidate, &mut found);
    }
    if found.is_empty()
        && let Some(name) = relative.file_name()
    {
        for entry in walk::builder(root, root, false)
            .sort_by_file_name(std::ffi::OsStr::cmp)
            .build()
            .flatten()
            .take(MAX_WALKED)
        {
            if entry.file_name() == name && entry.path() != root {
                add(entry.into_path(), &mut found);
                if found.len() >= MAX_SUGGESTIONS {
                    break;
                }
            }
        }
    }
    found.truncate(MAX_SUGGESTIONS);
    found
}

/// `work/src/x` given in a workspace called `work`.
fn undouble(root: &Path, relative: &Path) -> Option<PathBuf> {
    let rest = relative.strip_prefix(root.file_name()?).ok()?;
    let candidate = root.join(rest);
    candidate.exists().then_some(candidate)
}

/// Follows the path as far as it exists; where it does not, takes names that are
/// nearly the same and lead on.
fn siblings(root: &Path, relative: &Path) -> Vec<PathBuf> {
    let mut at = vec![root.to_path_buf()];
    for part in relative.iter() {
        let mut next: Vec<(usize, PathBuf)> = Vec::new();
        for dir in &at {
            let exact = dir.join(part);
            if exact.exists() {
                next.push((0, exact));
                continue;
            }
            let wanted = part.to_string_lossy();
            for entry in std::fs::read_dir(dir)
                .into_iter()
                .flatten()
                .flatten()
                .take(MAX_SIBLINGS)
            {
                let name = entry.file_name();
                if let Some(distance) = likeness(&wanted, &name.to_string_lossy()) {
                    next.push((distance, entry.path()));
                }
            }
        }
        next.sort();
        next.truncate(MAX_SUGGESTIONS);
        at = next.into_iter().map(|(_, path)| path).collect();
        if at.is_empty() {
            break;
        }
    }
    at
}

/// How far two names are apart, if near enough to be a slip.
fn likeness(wanted: &str, name: &str) -> Option<usize> {
    let (wanted, name) = (plain(wanted.trim()), plain(name));
    if wanted == name {
        return Some(0);
    }
    let length = wanted.chars().count().max(name.chars().count());
    let allowed = match length {
        0..=3 => return None,
        4..=7 => 1,
        _ => 2,
    };
    let distance = edit_distance(&wanted, &name, allowed)?;
    Some(distance)
}

/// A name in small letters, with `?` for every other than plain ones: an accent may
/// be part of its letter or a character of its own.
fn plain(name: &str) -> String {
    let mut out = String::new();
    for ch in name.to_lowercase().chars() {
        let accent = ('\u{300}'..='\u{36f}').contains(&ch);
        if accent {
            out.pop();
        }
        out.push(if ch.is_ascii() { ch } else { '?' });
    }
    out
}

/// Insertions, deletions, replacements and swaps of neighbours, up to `most`.
fn edit_distance(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most || a.len() > 255 || b.len() > 255 {
        return None;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before_last[j - 2] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    (last[b.len()] <= most).then_some(last[b.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_file() {
        let dir = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(dir.path()).unwrap().join("shop");
        for file in [
            "src/main.rs",
            "src/cart/mod.rs",
            "README.md",
            "src/naïve.rs",
        ] {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        for (path, expected) in [
            ("src/maim.rs", &["src/main.rs"][..]),
            ("src/mian.rs", &["src/main.rs"]),
            ("SRC/Main.rs", &["src/main.rs"]),
            ("shop/src/main.rs", &["src/main.rs"]),
            ("src/main.rs\n", &["src/main.rs"]),
            ("readme.md", &["README.md"]),
            ("src/naive.rs", &["src/naïve.rs"]),
            ("src/nai\u{308}ve.rs", &["src/naïve.rs"]),
            ("main.rs", &["src/main.rs"]),
            ("lib/cart/mod.rs", &["src/cart/mod.rs"]),
            ("nothing/like/this.txt", &[]),
        ] {
            let missing = crate_path(&root, path);
            assert_eq!(near(&root, &missing), expected, "{path}");
        }
    }

    fn crate_path(root: &Path, path: &str) -> ScopedPath {
        ScopedPath::new(root.join(path), path.to_string(), true)
    }
}
