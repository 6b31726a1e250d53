//! Changing one setting in a file and leaving the rest of it as it is.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, Value};

use super::ConfigError;
use crate::stdx;

/// Writes a settings file whole, in a directory that git does not see where that is
/// sofos' own.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(path: &Path, document: &DocumentMut) -> Result<(), ConfigError> {
    let write = || -> std::io::Result<()> {
        if let Some(dir) = path.parent() {
            stdx::fs::create_private_dir(dir)?;
            if dir.file_name().is_some_and(|name| name == ".sofos") {
                stdx::fs::ignore_in_git(dir)?;
            }
        }
        stdx::fs::write_atomic(path, document.to_string().as_bytes(), 0o600)
    };
    write().map_err(|source| ConfigError::Write {
        path: path.to_path_buf(),
        source,
    })
}

/// Sets `key` (`ui.theme` is `theme` in `[ui]`) in the file at `path`, which is made
/// when it is missing. Comments, order and other keys stay.
///
/// # Errors
/// When the file cannot be read, is not TOML, or cannot be written.
pub fn save(path: &Path, key: &str, value: impl Into<Value>) -> Result<(), ConfigError> {
    let value = value.into();
    let old = match fs::read_to_string(path) {
        Ok(old) => old,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(source) => {
            return Err(ConfigError::Read {
                path: path.to_path_buf(),
                source,
            });
        }
    };
    let mut document: DocumentMut =
        old.parse()
            .map_err(|error: toml_edit::TomlError| ConfigError::Syntax {
                path: path.to_path_buf(),
                line: 1 + error.span().map_or(0, |span| {
                    old[..span.start.min(old.len())].matches('\n').count()
                }),
                message: error.message().lines().collect::<Vec<_>>().join(" "),
            })?;
    let not_a_table = |table: &str| ConfigError::Value {
        path: path.to_path_buf(),
        line: 1,
        key: key.to_string(),
        expected: "in a table",
        found: format!("{table} is a plain value"),
    };
    let (table, name) = match key.split_once('.') {
        Some((table, name)) => {
            let item = document
                .entry(table)
                .or_insert_with(|| Item::Table(Table::new()));
            let found = item.as_table_like_mut();
            (found.ok_or_else(|| not_a_table(table))?, name)
        }
        None => (
            document.as_table_mut() as &mut dyn toml_edit::TableLike,
            key,
        ),
    };
    match table.get_mut(name).and_then(Item::as_value_mut) {
        Some(found) => {
            let decor = found.decor().clone();
            *found = value;
            *found.decor_mut() = decor;
        }
        None => {
            table.insert(name, Item::Value(value));
        }
    }
    let write = |source| ConfigError::Write {
        path: path.to_path_buf(),
        source,
    };
    if let Some(directory) = path.parent() {
        stdx::fs::create_private_dir(directory).map_err(write)?;
    }
    stdx::fs::write_atomic(path, document.to_string().as_bytes(), 0o600).map_err(write)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_changes_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/config.toml");
        save(&path, "ui.theme", "light").unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "[ui]\ntheme = \"light\"\n"
        );
        let text =
            "# mine\nmodel = \"m\" # why\n\n[ui] # look\ntheme = \"gold\" # nice\nplain = false\n";
        fs::write(&path, text).unwrap();
        save(&path, "ui.theme", "light").unwrap();
        save(&path, "model", "n").unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            text.replace("gold", "light").replace("\"m\"", "\"n\"")
        );
        fs::write(&path, "ui = 3\n").unwrap();
        assert!(save(&path, "ui.theme", "x").is_err());
        fs::write(&path, "a = \n").unwrap();
        assert!(
            save(&path, "ui.theme", "x")
                .unwrap_err()
                .to_string()
                .contains(":1:")
        );
    }

    #[test]
    fn the_rest_of_the_file_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("home/config.toml");
        save(&path, "ui.vim", true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "[ui]\nvim = true\n");
        let text = "# mine\nmodel = \"m\" # best\n\n[ui]\n# editing\nvim = true\n";
        fs::write(&path, text).unwrap();
        save(&path, "ui.vim", false).unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            text.replace("true", "false")
        );
        fs::write(&path, "ui = 1\n").unwrap();
        assert!(save(&path, "ui.vim", true).is_err());
    }
}
