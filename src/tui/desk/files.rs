//! The files of the workspace, listed once and searched on every key.

use std::cmp::Reverse;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Found;
use crate::tui::panels::fuzzy::Fuzzy;
use crate::workspace::walk;

/// Paths kept; more are not offered.
const MAX_PATHS: usize = 300_000;
/// Paths sent on at once while walking.
const BATCH: usize = 4_000;
/// Matches offered.
const MAX_FOUND: usize = 60;
/// An older list is made anew when files are asked for.
const FRESH: Duration = Duration::from_secs(10);

/// A part of a walk.
pub struct Walked {
    walk: u64,
    paths: Vec<String>,
    done: bool,
}

/// The list.
pub struct Files {
    root: PathBuf,
    paths: Vec<String>,
    /// Indices of the paths that matched `query`; all paths when nothing was asked.
    hits: Vec<u32>,
    query: String,
    /// How many paths `hits` has looked at.
    seen: usize,
    walk: u64,
    walking: bool,
    /// Paths of a walk that replaces a list in use.
    coming: Option<Vec<String>>,
    finished: Option<Instant>,
    asked: bool,
}

impl Files {
    /// Of a directory; nothing is read yet.
    pub fn new(root: PathBuf) -> Self {
        Self {
            root,
            paths: Vec::new(),
            hits: Vec::new(),
            query: String::new(),
            seen: 0,
            walk: 0,
            walking: false,
            coming: None,
            finished: None,
            asked: false,
        }
    }

    /// What matches now. Starts a walk when the list is old; `send` gets its parts
    /// until it returns false.
    pub fn find(&mut self, query: String, send: impl Fn(Walked) -> bool + Send + 'static) -> Found {
        let old = self
            .finished
            .is_none_or(|finished| finished.elapsed() > FRESH);
        if old && !self.walking {
            self.start(send);
        }
        self.asked = true;
        if !query.starts_with(&self.query) {
            self.hits.clear();
            self.seen = 0;
        } else if query != self.query {
            // What did not match before does not match a longer query.
            let mut fuzzy = Fuzzy::paths(&query);
            let hits = std::mem::take(&mut self.hits);
            self.hits = hits
                .into_iter()
                .filter(|hit| fuzzy.score(&self.paths[*hit as usize]).is_some())
                .collect();
        }
        self.query = query;
        self.found()
    }

    fn start(&mut self, send: impl Fn(Walked) -> bool + Send + 'static) {
        self.walk += 1;
        let (walk, root) = (self.walk, self.root.clone());
        let started = std::thread::Builder::new()
            .name("file-list".into())
            .spawn(move || list(walk, &root, &send));
        self.walking = started.is_ok();
        self.coming = (!self.paths.is_empty()).then(Vec::new);
    }

    /// Takes a part of a walk; what matches now, when somebody waits for it.
    pub fn walked(&mut self, walked: Walked) -> Option<Found> {
        if walked.walk != self.walk {
            return None;
        }
        match &mut self.coming {
            Some(coming) => coming.extend(walked.paths),
            None => self.paths.extend(walked.paths),
        }
        if walked.done {
            self.walking = false;
            self.finished = Some(Instant::now());
            if let Some(coming) = self.coming.take() {
                self.paths = coming;
                self.hits.clear();
                self.seen = 0;
            }
        }
        (self.asked && (walked.done || self.coming.is_none())).then(|| self.found())
    }

    fn found(&mut self) -> Found {
        let mut fuzzy = Fuzzy::paths(&self.query);
        for at in self.seen..self.paths.len() {
            if fuzzy.score(&self.paths[at]).is_some() {
                self.hits.push(u32::try_from(at).unwrap_or(u32::MAX));
            }
        }
        self.seen = self.paths.len();
        let mut ranked: Vec<_> = self
            .hits
            .iter()
            .map(|hit| {
                let path = &self.paths[*hit as usize];
                let score = fuzzy.score(path).unwrap_or(0);
                let deep = path.trim_end_matches('/').matches('/').count();
                (Reverse(score), deep, path.len(), *hit)
            })
            .collect();
        if ranked.len() > MAX_FOUND {
            ranked.select_nth_unstable(MAX_FOUND);
            ranked.truncate(MAX_FOUND);
        }
        ranked.sort_unstable_by(|a, b| {
            let paths = || self.paths[a.3 as usize].cmp(&self.paths[b.3 as usize]);
            (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)).then_with(paths)
        });
        Found {
            query: self.query.clone(),
            paths: ranked
                .into_iter()
                .map(|(_, _, _, hit)| self.paths[hit as usize].clone())
                .collect(),
            walking: self.walking,
        }
    }
}

fn list(walk: u64, root: &std::path::Path, send: &dyn Fn(Walked) -> bool) {
    let mut paths = Vec::new();
    let mut count = 0;
    let mut size = 200;
    for entry in walk::builder(root, root, false).build().flatten() {
        let Ok(path) = entry.path().strip_prefix(root) else {
            continue;
        };
        // A name that is no text cannot be typed.
        let Some(path) = path.to_str().filter(|path| !path.is_empty()) else {
            continue;
        };
        let mut path = path.replace(std::path::MAIN_SEPARATOR, "/");
        if path.contains(char::is_control) {
            continue;
        }
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            path.push('/');
        }
        paths.push(path);
        count += 1;
        if count == MAX_PATHS {
            break;
        }
        if paths.len() == size {
            // The first ones come soon, the others in fewer pieces.
            size = BATCH;
            let part = std::mem::take(&mut paths);
            if !send(Walked {
                walk,
                paths: part,
                done: false,
            }) {
                return;
            }
        }
    }
    send(Walked {
        walk,
        paths,
        done: true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, channel};

    fn ask(files: &mut Files, query: &str) -> (Found, Receiver<Walked>) {
        let (sender, parts) = channel();
        let found = files.find(query.into(), move |walked| sender.send(walked).is_ok());
        (found, parts)
    }

    /// What is found once the walk is over.
    fn settled(files: &mut Files, query: &str) -> Found {
        let (mut found, parts) = ask(files, query);
        for part in parts {
            found = files.walked(part).unwrap_or(found);
        }
        found
    }

    #[test]
    fn files_are_found_without_what_git_ignores() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            ".gitignore",
            "src/main.rs",
            "src/domain/rows.rs",
            "target/main.rs",
            "a b.txt",
        ] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "target/\n").unwrap();
        }
        let mut files = Files::new(dir.path().to_owned());
        let (first, parts) = ask(&mut files, "");
        assert!(first.walking);
        let mut found = first;
        for part in parts {
            found = files.walked(part).unwrap();
        }
        assert!(!found.walking);
        assert_eq!(
            found.paths,
            [
                "src/",
                "a b.txt",
                "src/domain/",
                "src/main.rs",
                "src/domain/rows.rs"
            ]
        );
        assert_eq!(settled(&mut files, "mainrs").paths[0], "src/main.rs");
        assert_eq!(settled(&mut files, "mainrsx").paths, Vec::<String>::new());
        assert_eq!(settled(&mut files, "rows").paths, ["src/domain/rows.rs"]);
        std::fs::write(dir.path().join("new.rs"), "").unwrap();
        files.finished = None;
        assert_eq!(
            settled(&mut files, "new").paths,
            ["new.rs"],
            "the list is made anew"
        );
    }

    #[test]
    fn many_files_are_searched_step_by_step_and_few_are_offered() {
        let mut files = Files::new(PathBuf::from("/nowhere"));
        files.finished = Some(Instant::now());
        files.paths = (0..50_000)
            .map(|n| format!("dir{}/file{n}.rs", n % 100))
            .collect();
        assert_eq!(ask(&mut files, "file").0.paths.len(), MAX_FOUND);
        let found = ask(&mut files, "file49999").0;
        assert_eq!(found.paths, ["dir99/file49999.rs"]);
        assert_eq!(files.hits.len(), 1, "a longer query looks at what is left");
        assert_eq!(ask(&mut files, "file4").0.paths.len(), MAX_FOUND);
    }
}
