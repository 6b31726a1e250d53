//! The text that was not sent when the program ended otherwise than it should.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::stdx::{fs as sfs, ids};
use crate::tui::composer::folds::Draft;

/// Drafts of runs that are gone are kept up to this number.
const MAX_LEFT: usize = 10;
/// A longer draft is not kept.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The draft of this run, and those of others. A run holds a lock beside its draft
/// for as long as it lives.
pub struct Drafts {
    dir: Option<PathBuf>,
    own: Option<Own>,
}

struct Own {
    path: PathBuf,
    lock: PathBuf,
    /// Held until the end.
    _held: File,
}

impl Drafts {
    /// In a directory, which need not exist; nowhere when the path is empty.
    pub fn new(dir: &Path) -> Self {
        Self {
            dir: (!dir.as_os_str().is_empty()).then(|| dir.to_owned()),
            own: None,
        }
    }

    /// The newest draft whose run is gone. From then on it is this run's.
    pub fn left_over(&mut self) -> Option<Draft> {
        let dir = self.dir.as_ref()?;
        let mut found: Vec<(std::time::SystemTime, PathBuf)> = std::fs::read_dir(dir)
            .ok()?
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| {
                path.file_name()
                    .and_then(|name| name.to_str())
                    .is_some_and(|name| name.starts_with("draft-") && name.ends_with(".json"))
            })
            .filter_map(|path| Some((std::fs::metadata(&path).ok()?.modified().ok()?, path)))
            .collect();
        found.sort();
        let mut newest = None;
        for (at, (_, path)) in found.into_iter().rev().enumerate() {
            let Some(own) = claim(&path) else { continue };
            if newest.is_none()
                && let Some(draft) = read(&path)
            {
                newest = Some(draft);
                self.own = Some(own);
            } else if newest.is_none() || at >= MAX_LEFT {
                own.discard();
            }
        }
        newest
    }

    /// Keeps a draft in place of the one before; an empty one removes it.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn keep(&mut self, draft: &Draft) -> io::Result<()> {
        let Some(dir) = &self.dir else {
            return Ok(());
        };
        if draft.text.trim().is_empty() {
            if let Some(own) = self.own.take() {
                own.discard();
            }
            return Ok(());
        }
        let bytes = serde_json::to_vec(draft)?;
        if bytes.len() > MAX_BYTES {
            return Ok(());
        }
        let own = match self.own.take() {
            Some(own) => own,
            None => {
                sfs::create_private_dir(dir)?;
                let path = dir.join(format!("draft-{}.json", ids::random(8)));
                claim(&path).ok_or_else(|| io::Error::other("the draft is in use"))?
            }
        };
        let written = sfs::write_atomic(&own.path, &bytes, 0o600);
        self.own = Some(own);
        written
    }
}

impl Own {
    fn discard(self) {
        // What stays behind is offered once more, or is an empty lock.
        let _ = sfs::remove_file(&self.path);
        let _ = sfs::remove_file(&self.lock);
    }
}

/// Takes a draft over, unless its run is alive.
fn claim(path: &Path) -> Option<Own> {
    let lock = path.with_extension("lock");
    let held = sfs::open_append(&lock).ok()?;
    held.try_lock().ok()?;
    Some(Own {
        path: path.to_owned(),
        lock,
        _held: held,
    })
}

fn read(path: &Path) -> Option<Draft> {
    let draft: Draft = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    (!draft.text.trim().is_empty()).then_some(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str) -> Draft {
        serde_json::from_value(serde_json::json!({ "text": text })).unwrap()
    }

    #[test]
    fn a_draft_outlives_its_run_and_only_then_is_offered() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = Drafts::new(dir.path());
        assert_eq!(first.left_over(), None);
        first.keep(&draft("half")).unwrap();
        first.keep(&draft("half a message")).unwrap();
        assert_eq!(
            Drafts::new(dir.path()).left_over(),
            None,
            "its run is alive"
        );
        drop(first);
        let mut second = Drafts::new(dir.path());
        assert_eq!(second.left_over(), Some(draft("half a message")));
        assert_eq!(Drafts::new(dir.path()).left_over(), None, "offered once");
        second.keep(&draft("")).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        drop(second);
        assert_eq!(Drafts::new(dir.path()).left_over(), None);
    }

    #[test]
    fn a_broken_draft_is_thrown_away() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("draft-x.json"), "{").unwrap();
        assert_eq!(Drafts::new(dir.path()).left_over(), None);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
