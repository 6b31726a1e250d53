//! Changes of the user's settings file that keep everything else in it.

use std::io;
use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, value};

use crate::stdx::fs;

/// Starts the prompt in vim's way from the next run on, or no more.
///
/// # Errors
/// When the file cannot be read or written, or is not TOML.
pub fn set_vim(path: &Path, on: bool) -> io::Result<()> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let mut document: DocumentMut = text.parse().map_err(io::Error::other)?;
    let table = document
        .entry("ui")
        .or_insert_with(|| Item::Table(Table::new()));
    match table.as_table_like_mut() {
        // The comment before the key stays with it.
        Some(table) => match table.get_mut("vim") {
            Some(item) => *item = value(on),
            None => {
                table.insert("vim", value(on));
            }
        },
        None => return Err(io::Error::other("ui is no table there")),
    }
    if let Some(dir) = path.parent() {
        fs::create_private_dir(dir)?;
    }
    fs::write_atomic(path, document.to_string().as_bytes(), 0o600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_the_file_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("home/config.toml");
        set_vim(&path, true).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "[ui]\nvim = true\n"
        );
        let text = "# mine\nmodel = \"m\" # best\n\n[ui]\n# editing\nvim = true\n";
        std::fs::write(&path, text).unwrap();
        set_vim(&path, false).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            text.replace("true", "false")
        );
        std::fs::write(&path, "ui = 1\n").unwrap();
        assert!(set_vim(&path, true).is_err());
    }
}
