//! Keys at rest: `~/.sofos/keys.toml`, a plain text file that only its owner can read.
//! In place of a key it may say that the system's keychain has it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, InlineTable, Item};

use crate::stdx::fs;

/// What stands at the top of a new file.
const HEAD: &str = "# Keys that sofos uses, one a line: provider = \"key\".\n\
                    # Plain text; only this user can read the file (mode 0600).\n";

/// What a line says in place of a key that the system's keychain has.
const KEYCHAIN: &str = "keychain";

/// The same for the file of what MCP servers need.
const SERVERS_HEAD: &str = "# What MCP servers need, one a line: NAME = \"value\", for ${NAME}.\n\
                            # Plain text; only this user can read the file (mode 0600).\n";

/// What can go wrong with the file. Names the path, never a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read or written.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML, or a value is neither text nor a note of the keychain.
    #[error("{path}: not a list of keys; each line is: NAME = \"key\"", path = path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
    },
}

/// Where a stored key is.
#[derive(Clone, PartialEq, Eq)]
enum Stored {
    Here(String),
    Keychain,
}

/// The keys by provider id. `Debug` does not show them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Keys {
    keys: BTreeMap<String, Stored>,
    /// Others can read the file.
    pub exposed: bool,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

impl Keys {
    /// The key of a provider, where the file itself has it.
    pub fn get(&self, provider: &str) -> Option<&str> {
        match self.keys.get(provider)? {
            Stored::Here(key) => Some(key),
            Stored::Keychain => None,
        }
    }

    /// Whether the system's keychain has the key of a provider.
    pub fn in_keychain(&self, provider: &str) -> bool {
        matches!(self.keys.get(provider), Some(Stored::Keychain))
    }

    /// Every key.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.keys.values().filter_map(|stored| match stored {
            Stored::Here(key) => Some(key.as_str()),
            Stored::Keychain => None,
        })
    }

    /// Every provider with a key.
    pub fn providers(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }
}

/// The file.
#[derive(Debug, Clone, Default)]
pub struct KeyStore {
    path: PathBuf,
    head: &'static str,
}

impl KeyStore {
    /// The file in sofos' own directory.
    pub fn new(home: &Path) -> Self {
        Self {
            path: home.join("keys.toml"),
            head: HEAD,
        }
    }

    /// The file of what MCP servers need, by the names of variables.
    pub fn of_servers(home: &Path) -> Self {
        Self {
            path: home.join("mcp-secrets.toml"),
            head: SERVERS_HEAD,
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it; a missing file holds no keys.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn load(&self) -> Result<Keys, KeyError> {
        let document = self.document()?;
        let mut keys = BTreeMap::new();
        for (name, item) in document.as_table() {
            let stored = match item.as_str().map(str::trim) {
                Some("") => continue,
                Some(key) => Stored::Here(key.to_string()),
                None => Stored::Keychain,
            };
            keys.insert(name.to_string(), stored);
        }
        Ok(Keys {
            keys,
            exposed: fs::is_exposed(&self.path),
        })
    }

    /// Stores a key in place of the one before.
    ///
    /// # Errors
    /// When the file cannot be read, understood or written.
    pub fn set(&self, provider: &str, key: &str) -> Result<(), KeyError> {
        let mut document = self.document()?;
        document[provider] = toml_edit::value(key.trim());
        self.write(&document)
    }

    /// Notes that the system's keychain has a key, in place of the key itself.
    ///
    /// # Errors
    /// When the file cannot be read, understood or written.
    pub fn set_in_keychain(&self, provider: &str) -> Result<(), KeyError> {
        let mut document = self.document()?;
        let mut note = InlineTable::new();
        note.insert(KEYCHAIN, true.into());
        document[provider] = toml_edit::value(note);
        self.write(&document)
    }

    /// Removes a key; false when there was none.
    ///
    /// # Errors
    /// When the file cannot be read, understood or written.
    pub fn remove(&self, provider: &str) -> Result<bool, KeyError> {
        let mut document = self.document()?;
        let found = document
            .remove(provider)
            .is_some_and(|item| !item.is_none());
        if found {
            self.write(&document)?;
        }
        Ok(found)
    }

    fn document(&self) -> Result<DocumentMut, KeyError> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(self.io("read")(source)),
        };
        let document: DocumentMut = text.parse().map_err(|_| self.syntax())?;
        let note = |item: &Item| {
            let table = item.as_table_like();
            table.is_some_and(|table| {
                table.len() == 1 && table.get(KEYCHAIN).and_then(Item::as_bool) == Some(true)
            })
        };
        let fits = |item: &Item| item.is_str() || item.is_none() || note(item);
        let all = document.as_table().iter().all(|(_, item)| fits(item));
        all.then_some(document).ok_or_else(|| self.syntax())
    }

    fn write(&self, document: &DocumentMut) -> Result<(), KeyError> {
        let write = || {
            if let Some(dir) = self.path.parent() {
                fs::create_private_dir(dir)?;
            }
            // The old file's mode is kept, so it is narrowed before the key is in it.
            fs::make_private(&self.path)?;
            let mut text = document.to_string();
            // The comment goes with the first key, when that is removed.
            if !text.starts_with('#') {
                text.insert_str(0, self.head);
            }
            fs::write_atomic(&self.path, text.as_bytes(), 0o600)
        };
        write().map_err(self.io("write"))
    }

    fn io(&self, action: &'static str) -> impl FnOnce(std::io::Error) -> KeyError {
        let path = self.path.clone();
        move |source| KeyError::Io {
            action,
            path,
            source,
        }
    }

    fn syntax(&self) -> KeyError {
        let path = self.path.clone();
        KeyError::Syntax { path }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_with_comments_and_for_their_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let store = KeyStore::new(&dir.path().join("home"));
        assert_eq!(store.load().unwrap(), Keys::default());
        assert!(!store.remove("openai").unwrap());
        store.set("openai", " sk-secret\n").unwrap();
        store.set("groq", "gsk_secret").unwrap();
        let keys = store.load().unwrap();
        assert_eq!(keys.get("openai"), Some("sk-secret"));
        assert!(!format!("{keys:?}{store:?}").contains("secret"));
        store.set_in_keychain("xai").unwrap();
        let keys = store.load().unwrap();
        assert!(keys.in_keychain("xai") && !keys.in_keychain("openai"));
        assert_eq!(keys.get("xai"), None);
        assert!(store.remove("groq").unwrap());
        let text = std::fs::read_to_string(store.path()).unwrap();
        assert!(
            text.starts_with("# Keys") && !text.contains("groq"),
            "{text}"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = || {
                std::fs::metadata(store.path())
                    .unwrap()
                    .permissions()
                    .mode()
                    & 0o777
            };
            assert_eq!(mode(), 0o600);
            let open = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(store.path(), open).unwrap();
            assert!(store.load().unwrap().exposed);
            store.set("openai", "new").unwrap();
            assert_eq!(mode(), 0o600);
        }
    }

    #[test]
    fn a_file_of_something_else_is_refused_without_quoting_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = KeyStore::new(dir.path());
        for text in [
            "openai = 7",
            "openai = { keychain = 1 }",
            "sk-secret",
            "[openai]\nkey = \"sk-secret\"",
        ] {
            std::fs::write(store.path(), text).unwrap();
            let error = store.load().unwrap_err().to_string();
            assert!(
                error.contains("keys.toml") && !error.contains("secret"),
                "{error}"
            );
            assert!(store.set("groq", "x").is_err());
        }
    }
}
