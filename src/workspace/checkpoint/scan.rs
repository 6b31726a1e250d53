//! Looking at every path of the tree, without reading any file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::state::{Kind, Stat};
use crate::exec::sandbox;

/// Paths looked at; a larger tree is not watched.
const MOST: usize = 300_000;
/// Ignored files up to this size are kept all the same: `.env`, notes, settings.
const SMALL: u64 = 256 * 1024;

/// Never looked into: repository data and sofos' own.
const OURS: [&str; 2] = [".git", ".sofos"];

/// Directories that tools fill and can fill again.
const MADE: [&str; 13] = [
    "node_modules",
    "__pycache__",
    ".venv",
    "venv",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".gradle",
    ".next",
    ".terraform",
    ".cache",
];

/// Endings of files that tools make again.
const MADE_ENDINGS: [&str; 13] = [
    "o", "obj", "a", "so", "d", "lo", "gch", "pyc", "class", "log", "tmp", "swp", "pid",
];

/// One path.
#[derive(Debug)]
pub(super) struct Seen {
    /// Below the root.
    pub path: PathBuf,
    pub stat: Stat,
    pub kind: Kind,
}

/// The ignore rules that hold in a directory.
struct Rules {
    own: Gitignore,
    above: Option<Arc<Rules>>,
}

impl Rules {
    fn read(dir: &Path, files: &[PathBuf], above: Option<Arc<Self>>) -> Option<Arc<Self>> {
        let mut builder = GitignoreBuilder::new(dir);
        let mut some = false;
        for file in files {
            // A broken rule is skipped, the others hold.
            some |= builder.add(file).is_none();
        }
        match builder.build() {
            Ok(own) if some => Some(Arc::new(Self { own, above })),
            _ => above,
        }
    }

    fn ignores(rules: &Option<Arc<Self>>, path: &Path, is_dir: bool) -> bool {
        let mut at = rules;
        while let Some(rules) = at {
            let found = rules.own.matched(path, is_dir);
            if !found.is_none() {
                return found.is_ignore();
            }
            at = &rules.above;
        }
        false
    }
}

struct Dir {
    path: PathBuf,
    rules: Option<Arc<Rules>>,
}

/// What is still to be looked at; the walk ends when nothing is and nobody works.
struct Queue {
    inner: Mutex<(Vec<Dir>, usize)>,
    more: Condvar,
}

impl Queue {
    fn next(&self) -> Option<Dir> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(dir) = inner.0.pop() {
                inner.1 += 1;
                return Some(dir);
            }
            if inner.1 == 0 {
                return None;
            }
            inner = self
                .more
                .wait(inner)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(&self, found: Vec<Dir>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.0.extend(found);
        inner.1 -= 1;
        self.more.notify_all();
    }
}

/// Threads for a look that somebody waits for.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, |n| n.get().min(4))
}

/// Every path below `root` that is worth watching; nothing when there are too many.
pub(super) fn scan(root: &Path, threads: usize) -> Option<Vec<Seen>> {
    let queue = Queue {
        inner: Mutex::new((
            vec![Dir {
                path: root.to_path_buf(),
                rules: rules_above(root),
            }],
            0,
        )),
        more: Condvar::new(),
    };
    let all = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut seen = Vec::new();
                while let Some(dir) = queue.next() {
                    let found = if seen.len() > MOST {
                        Vec::new()
                    } else {
                        look(root, dir, &mut seen)
                    };
                    queue.done(found);
                }
                all.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .append(&mut seen);
            });
        }
    });
    let all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    (all.len() <= MOST).then_some(all)
}

/// The rules of the repository the root lies in.
fn rules_above(root: &Path) -> Option<Arc<Rules>> {
    let top = root.ancestors().find(|dir| dir.join(".git").exists())?;
    let mut rules = Rules::read(top, &[top.join(".git/info/exclude")], None);
    let between: Vec<&Path> = root
        .ancestors()
        .skip(1)
        .take_while(|dir| dir.starts_with(top))
        .collect();
    for dir in between.into_iter().rev() {
        rules = Rules::read(dir, &[dir.join(".gitignore")], rules);
    }
    rules
}

/// Looks at one directory; returns those in it.
fn look(root: &Path, dir: Dir, seen: &mut Vec<Seen>) -> Vec<Dir> {
    let Ok(entries) = fs::read_dir(&dir.path) else {
        return Vec::new();
    };
    let entries: Vec<fs::DirEntry> = entries.flatten().collect();
    let files: Vec<PathBuf> = [".gitignore", ".ignore"]
        .iter()
        .filter(|name| entries.iter().any(|entry| entry.file_name() == **name))
        .map(|name| dir.path.join(name))
        .collect();
    let rules = if files.is_empty() {
        dir.rules
    } else {
        Rules::read(&dir.path, &files, dir.rules)
    };
    let mut dirs = Vec::new();
    for entry in entries {
        let name = entry.file_name();
        if OURS.iter().any(|ours| name == **ours) {
            continue;
        }
        let Ok(meta) = entry.metadata() else { continue };
        let (kind, stat) = (Kind::of(&meta), Stat::of(&meta));
        let path = entry.path();
        let left_out = match kind {
            Kind::Dir => {
                MADE.iter().any(|made| name == **made)
                    || Rules::ignores(&rules, &path, true)
                    || path.join("CACHEDIR.TAG").exists()
                    || sandbox::is_stand_in(&meta)
            }
            Kind::File => {
                (stat.size > SMALL || is_made(&path)) && Rules::ignores(&rules, &path, false)
            }
            Kind::Link | Kind::Special => false,
        };
        if left_out {
            continue;
        }
        if kind == Kind::Dir {
            dirs.push(Dir {
                path: path.clone(),
                rules: rules.clone(),
            });
        }
        if let Ok(path) = path.strip_prefix(root) {
            seen.push(Seen {
                path: path.to_path_buf(),
                stat,
                kind,
            });
        }
    }
    dirs
}

fn is_made(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| MADE_ENDINGS.iter().any(|made| ending == *made))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_tools_make_again_is_left_out_and_what_people_write_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let files = [
            (".git/config", ""),
            (".git/info/exclude", "private/\n"),
            (".sofos/sessions/x", ""),
            (".gitignore", "target/\n*.log\n.env\n*.bin\n"),
            (".env", "KEY"),
            ("out.log", "x"),
            ("deep/a/b.rs", ""),
            ("deep/.gitignore", "!keep/\n/gone/\n"),
            ("deep/gone/x", ""),
            ("gone/x", ""),
            ("target/debug/y", ""),
            ("private/z", ""),
            ("node_modules/m/index.js", ""),
            ("cache/CACHEDIR.TAG", ""),
            ("cache/blob", ""),
        ];
        for (name, text) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::write(root.join("huge.bin"), vec![0; SMALL as usize + 1]).unwrap();
        fs::create_dir(root.join("empty")).unwrap();
        std::os::unix::fs::symlink("..", root.join("deep/up")).unwrap();
        let mut names: Vec<String> = scan(&root, 2)
            .unwrap()
            .into_iter()
            .map(|seen| seen.path.display().to_string())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                ".env",
                ".gitignore",
                "deep",
                "deep/.gitignore",
                "deep/a",
                "deep/a/b.rs",
                "deep/up",
                "empty",
                "gone",
                "gone/x"
            ]
        );
    }
}
