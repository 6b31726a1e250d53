//! The `allow`, `deny` and `ask` lists of settings files: read, and changed in
//! place so that comments and format stay.

use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, Item, Value};

use super::{ConfigError, Paths};

/// The three lists.
pub const LISTS: [&str; 3] = ["allow", "deny", "ask"];

/// Which file something stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// `~/.sofos/config.toml`.
    User,
    /// `.sofos/config.toml`.
    Project,
    /// `.sofos/config.local.toml`.
    Local,
}

impl Layer {
    /// The file.
    pub fn path(self, paths: &Paths) -> PathBuf {
        match self {
            Self::User => paths.home.join("config.toml"),
            Self::Project => paths.project.join("config.toml"),
            Self::Local => paths.project.join("config.local.toml"),
        }
    }

    /// How the file is named to people.
    pub fn shown(self) -> &'static str {
        match self {
            Self::User => "~/.sofos/config.toml",
            Self::Project => ".sofos/config.toml",
            Self::Local => ".sofos/config.local.toml",
        }
    }
}

/// One rule as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleLine {
    /// The file.
    pub layer: Layer,
    /// `allow`, `deny` or `ask`.
    pub list: &'static str,
    /// The rule.
    pub text: String,
}

/// The rules of a list; nothing when it is none.
pub(super) fn read(item: &Item) -> Option<Vec<String>> {
    let array = item.as_array()?;
    array
        .iter()
        .map(|value| value.as_str().map(str::to_string))
        .collect()
}

/// Adds a rule to a list of a file. The file and its directory are made when
/// missing, for the user alone. False when the rule was there already.
///
/// # Errors
/// When the file cannot be read, is not TOML, or cannot be written.
pub fn add(path: &Path, list: &str, rule: &str) -> Result<bool, ConfigError> {
    change(path, |document| {
        let array = array(document, list)?;
        if array.iter().any(|value| value.as_str() == Some(rule)) {
            return Some(false);
        }
        // A list with a line for each entry goes on like that.
        let one_a_line = array
            .iter()
            .last()
            .and_then(|value| value.decor().prefix()?.as_str())
            .filter(|prefix| prefix.contains('\n'))
            .map(|prefix| prefix[prefix.rfind('\n').unwrap_or(0)..].to_string());
        match one_a_line {
            Some(prefix) => array.push_formatted(Value::from(rule).decorated(prefix, "")),
            None => array.push(rule),
        }
        Some(true)
    })
}

/// Removes a rule from a list of a file. False when it was not there.
///
/// # Errors
/// When the file cannot be read, is not TOML, or cannot be written.
pub fn remove(path: &Path, list: &str, rule: &str) -> Result<bool, ConfigError> {
    if !path.exists() {
        return Ok(false);
    }
    change(path, |document| {
        let mut removed = false;
        let mut strike = |item: Option<&mut Item>| {
            if let Some(array) = item.and_then(Item::as_array_mut) {
                let before = array.len();
                array.retain(|value| value.as_str() != Some(rule));
                removed |= array.len() != before;
            }
        };
        strike(document.get_mut(list));
        let table = document.get_mut("permissions");
        let table = table.and_then(Item::as_table_like_mut);
        strike(table.and_then(|table| table.get_mut(list)));
        Some(removed)
    })
}

/// The array of a list: where it is, else under `[permissions]`.
fn array<'a>(document: &'a mut DocumentMut, list: &str) -> Option<&'a mut Array> {
    if document.contains_key(list) {
        return document.get_mut(list)?.as_array_mut();
    }
    let table = document
        .entry("permissions")
        .or_insert_with(toml_edit::table)
        .as_table_like_mut()?;
    table
        .entry(list)
        .or_insert_with(|| toml_edit::value(Array::new()))
        .as_array_mut()
}

/// Applies a change to a file; nothing is written when it says that nothing is new.
fn change(
    path: &Path,
    edit: impl FnOnce(&mut DocumentMut) -> Option<bool>,
) -> Result<bool, ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(source) => {
            return Err(ConfigError::Read {
                path: path.to_path_buf(),
                source,
            });
        }
    };
    let syntax = |line: usize, message: &str| ConfigError::Syntax {
        path: path.to_path_buf(),
        line,
        message: message.to_string(),
    };
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| syntax(1, error.message()))?;
    let changed = edit(&mut document).ok_or_else(|| syntax(1, "a list of rules is no list"))?;
    if !changed {
        return Ok(false);
    }
    super::edit::write(path, &document)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_rule_keeps_comments_and_format() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".sofos/config.local.toml");
        assert!(add(&path, "allow", "Bash(make deploy)").unwrap());
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "[permissions]\nallow = [\"Bash(make deploy)\"]\n"
        );
        assert_eq!(
            std::fs::read_to_string(dir.path().join(".sofos/.gitignore")).unwrap(),
            "*\n"
        );
        let text = "# mine\nmodel = \"m\"  # the model\n\n[permissions] # rules\nallow = [\n  # why\n  \"Read(/a)\", # a\n  \"Read(/b)\",\n]\n";
        std::fs::write(&path, text).unwrap();
        assert!(add(&path, "allow", "Read(/c)").unwrap());
        assert!(!add(&path, "allow", "Read(/c)").unwrap());
        let with = std::fs::read_to_string(&path).unwrap();
        for kept in [
            "# mine",
            "# the model",
            "# rules",
            "# why",
            "# a\n",
            "\n  \"Read(/c)\"",
        ] {
            assert!(with.contains(kept), "{with}");
        }
        assert!(remove(&path, "allow", "Read(/c)").unwrap());
        assert!(!remove(&path, "allow", "Read(/c)").unwrap());
        let back = std::fs::read_to_string(&path).unwrap();
        assert!(
            back.contains("\"Read(/b)\"") && !back.contains("/c"),
            "{back}"
        );
    }

    #[test]
    fn lists_at_the_top_go_on_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, "deny = [\"Bash(curl:*)\"]\n[x]\n").unwrap();
        add(&path, "deny", "Bash(wget:*)").unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "deny = [\"Bash(curl:*)\", \"Bash(wget:*)\"]\n[x]\n"
        );
        std::fs::write(&path, "deny = 3\n").unwrap();
        assert!(add(&path, "deny", "x").is_err());
    }
}
