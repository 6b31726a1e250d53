//! What is written down about a change.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::state::{State, path_text};

/// One path of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Below the workspace's root, or absolute where it lies outside.
    #[serde(with = "path_text")]
    pub path: PathBuf,
    /// What it was.
    pub before: State,
    /// What it became.
    pub after: State,
    /// It became another name of a file that is there by its own name, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub linked: bool,
    /// How many names the file had then.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub names: u64,
}

fn one() -> u64 {
    1
}

fn is_one(names: &u64) -> bool {
    *names == 1
}

/// All paths of a change, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// The paths.
    pub files: Vec<FileChange>,
}

/// Several changes as one: what a path was before the first and is after the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// What the path was at first and became at last.
    pub change: FileChange,
    /// Someone else changed it between two of the changes.
    pub touched_between: bool,
}

/// Changes, oldest first, path by path.
pub fn merge(manifests: &[Manifest]) -> Vec<Merged> {
    let mut by_path: BTreeMap<PathBuf, Merged> = BTreeMap::new();
    for change in manifests.iter().flat_map(|manifest| &manifest.files) {
        match by_path.get_mut(&change.path) {
            Some(merged) => {
                merged.touched_between |= merged.change.after != change.before;
                merged.change.after = change.after.clone();
                merged.change.linked |= change.linked;
                merged.change.names = change.names;
            }
            None => {
                let merged = Merged {
                    change: change.clone(),
                    touched_between: false,
                };
                by_path.insert(change.path.clone(), merged);
            }
        }
    }
    by_path.into_values().collect()
}

/// What is about to change, on disk until the change is in the log: after a crash
/// it tells what to look for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// Id of the change.
    pub id: String,
    /// The session it belongs to.
    pub session: String,
    /// How it came about.
    pub origin: crate::protocol::entry::ChangeOrigin,
    /// What does it.
    pub words: String,
    /// The paths as they were; nothing when the whole tree may change.
    pub paths: Option<Vec<Was>>,
    /// Entries whose descendants belong to it.
    #[serde(default, with = "path_list")]
    pub roots: Vec<PathBuf>,
}

/// A path as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Was {
    #[serde(with = "path_text")]
    pub path: PathBuf,
    pub state: State,
}

mod path_list {
    use super::{Deserialize, PathBuf, Serialize, path_text};
    use serde::{Deserializer, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Item(#[serde(with = "path_text")] PathBuf);

    pub fn serialize<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(paths.iter().cloned().map(Item))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<PathBuf>, D::Error> {
        let items = Vec::<Item>::deserialize(deserializer)?;
        Ok(items.into_iter().map(|item| item.0).collect())
    }
}
