//! What a workspace brings along that could run or redirect something, and what
//! of it the user accepted.
//!
//! An accepted item is kept word for word in `~/.sofos/trust.toml`: whatever reads
//! differently later is new again.

use std::path::{Path, PathBuf};

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table};

use super::{ConfigError, Paths};
use crate::stdx::fs;

/// The accepted items of one workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Everything counts as accepted, for this run.
    pub all: bool,
    /// The items, word for word.
    pub items: Vec<String>,
}

impl Accepted {
    /// Whether the user accepted an item.
    pub fn holds(&self, item: &str) -> bool {
        self.all || self.items.iter().any(|known| known == item)
    }
}

fn file(paths: &Paths) -> PathBuf {
    paths.home.join("trust.toml")
}

/// The workspace as the file names it.
fn name(workspace: &Path) -> String {
    std::fs::canonicalize(workspace)
        .unwrap_or_else(|_| workspace.to_path_buf())
        .display()
        .to_string()
}

/// What the user accepted in this workspace.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn accepted(paths: &Paths) -> Result<Accepted, ConfigError> {
    let name = name(&paths.workspace);
    let mut all = list(paths)?;
    let at = all.iter().position(|(workspace, _)| *workspace == name);
    Ok(Accepted {
        all: false,
        items: at.map(|at| all.swap_remove(at).1).unwrap_or_default(),
    })
}

/// Every workspace with its accepted items.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn list(paths: &Paths) -> Result<Vec<(String, Vec<String>)>, ConfigError> {
    let document = open(&file(paths))?;
    let texts = |item: Option<&Item>| -> Vec<String> {
        let array = item.and_then(Item::as_array);
        let texts = array
            .into_iter()
            .flatten()
            .filter_map(|value| value.as_str());
        texts.map(str::to_string).collect()
    };
    let tables = document.get("workspace").and_then(Item::as_array_of_tables);
    Ok(tables
        .into_iter()
        .flatten()
        .filter_map(|table| {
            let path = table.get("path")?.as_str()?.to_string();
            Some((path, texts(table.get("items"))))
        })
        .collect())
}

/// Accepts these items and no others for this workspace; with `keep`, beside those
/// accepted before.
///
/// # Errors
/// When the file cannot be read or written.
pub fn accept(paths: &Paths, items: &[String], keep: bool) -> Result<(), ConfigError> {
    let name = name(&paths.workspace);
    store(paths, |tables| {
        let at = tables
            .iter()
            .position(|table| table.get("path").and_then(Item::as_str) == Some(&name));
        let mut texts = Array::new();
        if let Some(at) = at {
            let old = tables.get(at).and_then(|table| table.get("items"));
            if let Some(old) = old.and_then(Item::as_array).filter(|_| keep) {
                texts.clone_from(old);
            }
            tables.remove(at);
        }
        for item in items {
            if !texts.iter().any(|known| known.as_str() == Some(item)) {
                texts.push(item);
            }
        }
        for text in texts.iter_mut() {
            text.decor_mut().set_prefix("\n  ");
        }
        texts.set_trailing("\n");
        let mut table = Table::new();
        table.insert("path", toml_edit::value(&name));
        table.insert("items", toml_edit::value(texts));
        tables.push(table);
        true
    })
    .map(|_| ())
}

/// Forgets what was accepted in this workspace. False when there was nothing.
///
/// # Errors
/// When the file cannot be read or written.
pub fn revoke(paths: &Paths) -> Result<bool, ConfigError> {
    let name = name(&paths.workspace);
    store(paths, |tables| {
        let before = tables.len();
        tables.retain(|table| table.get("path").and_then(Item::as_str) != Some(&name));
        tables.len() != before
    })
}

fn open(path: &Path) -> Result<DocumentMut, ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            String::new()
        }
        Err(source) => {
            return Err(ConfigError::Read {
                path: path.to_path_buf(),
                source,
            });
        }
    };
    text.parse()
        .map_err(|error: toml_edit::TomlError| ConfigError::Syntax {
            path: path.to_path_buf(),
            line: 1,
            message: error.message().to_string(),
        })
}

fn store(
    paths: &Paths,
    edit: impl FnOnce(&mut ArrayOfTables) -> bool,
) -> Result<bool, ConfigError> {
    let path = file(paths);
    let mut document = open(&path)?;
    let tables = document
        .entry("workspace")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()))
        .as_array_of_tables_mut()
        .ok_or_else(|| ConfigError::Syntax {
            path: path.clone(),
            line: 1,
            message: "workspace is no list of tables".to_string(),
        })?;
    if !edit(tables) {
        return Ok(false);
    }
    let write = || -> std::io::Result<()> {
        fs::create_private_dir(&paths.home)?;
        fs::write_atomic(&path, document.to_string().as_bytes(), 0o600)
    };
    write().map_err(|source| ConfigError::Write { path, source })?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Env;

    #[test]
    fn what_is_accepted_is_kept_word_for_word() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        let env = Env::from_pairs([("HOME", home.to_str().unwrap())]);
        let paths = Paths::new(dir.path(), &env);
        let text = |words: &str| words.to_string();
        assert!(accepted(&paths).unwrap().items.is_empty());
        accept(&paths, &[text("a: allow Bash(x \"y\")")], true).unwrap();
        accept(&paths, &[text("b")], true).unwrap();
        let now = accepted(&paths).unwrap();
        assert!(now.holds("a: allow Bash(x \"y\")") && now.holds("b") && !now.holds("B"));
        accept(&paths, &[text("c")], false).unwrap();
        assert_eq!(accepted(&paths).unwrap().items, ["c"]);
        let other = Paths::new(&dir.path().join("elsewhere"), &env);
        assert!(!accepted(&other).unwrap().holds("c"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(file(&paths))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(revoke(&paths).unwrap());
        assert!(!revoke(&paths).unwrap());
        assert!(!accepted(&paths).unwrap().holds("c"));
    }
}
