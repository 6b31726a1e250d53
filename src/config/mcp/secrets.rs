//! Values for `${NAME}` in entries: from the environment, else stored.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::config::{Env, KeyError, KeyStore, Keys, Paths};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A variable of the environment; it beats a stored value.
    Environment,
    /// `~/.sofos/mcp-secrets.toml`.
    Stored,
}

impl Origin {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "from the environment",
            Self::Stored => "stored",
        }
    }
}

/// What servers need, by name. Stored values are read when one is first asked for.
#[derive(Debug)]
pub struct Secrets {
    env: Env,
    store: KeyStore,
    stored: Mutex<Option<Keys>>,
}

impl Secrets {
    /// The environment and the file of this user.
    pub fn new(paths: &Paths, env: &Env) -> Self {
        Self {
            env: env.clone(),
            store: KeyStore::of_servers(&paths.home),
            stored: Mutex::default(),
        }
    }

    /// The file.
    pub fn store(&self) -> &KeyStore {
        &self.store
    }

    fn stored(&self) -> MutexGuard<'_, Option<Keys>> {
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        // A file that cannot be read holds nothing; storing says what is wrong with it.
        stored.get_or_insert_with(|| self.store.load().unwrap_or_default());
        stored
    }

    /// A value.
    pub fn get(&self, name: &str) -> Option<String> {
        if let Some(value) = self.env.get(name) {
            return Some(value.to_string());
        }
        let stored = self.stored();
        stored.as_ref()?.get(name).map(str::to_string)
    }

    /// Where a value comes from; nothing when there is none.
    pub fn origin(&self, name: &str) -> Option<Origin> {
        if self.env.get(name).is_some() {
            return Some(Origin::Environment);
        }
        let stored = self.stored();
        stored.as_ref()?.get(name).map(|_| Origin::Stored)
    }

    /// Names of all stored values.
    pub fn names(&self) -> Vec<String> {
        let stored = self.stored();
        let names = stored.iter().flat_map(Keys::providers);
        names.map(str::to_string).collect()
    }

    /// Every stored value, to be hidden wherever it turns up.
    pub fn values(&self) -> Vec<String> {
        let stored = self.stored();
        let values = stored.iter().flat_map(Keys::values);
        values.map(str::to_string).collect()
    }

    /// Stores a value.
    ///
    /// # Errors
    /// When the file cannot be read, understood or written.
    pub fn set(&self, name: &str, value: &str) -> Result<(), KeyError> {
        self.store.set(name, value)?;
        self.read_again()
    }

    /// Removes a stored value; false when there was none.
    ///
    /// # Errors
    /// When the file cannot be read, understood or written.
    pub fn remove(&self, name: &str) -> Result<bool, KeyError> {
        let removed = self.store.remove(name)?;
        self.read_again()?;
        Ok(removed)
    }

    fn read_again(&self) -> Result<(), KeyError> {
        let keys = self.store.load()?;
        *self.stored.lock().unwrap_or_else(PoisonError::into_inner) = Some(keys);
        Ok(())
    }

    /// Takes the secrets out of a server that is about to be written: their values are
    /// stored, and references take their place. Names of what was stored.
    ///
    /// # Errors
    /// When the file cannot be read, understood or written.
    pub fn hide(&self, server: &mut super::McpServer) -> Result<Vec<String>, KeyError> {
        let owner = server.name.to_uppercase().replace('-', "_");
        let mut names = Vec::new();
        let (map, headers) = match &mut server.transport {
            super::McpTransport::Stdio { env, .. } => (env, false),
            super::McpTransport::Http { headers, .. } => (headers, true),
        };
        for (key, value) in map {
            if value.contains("${") || value.is_empty() || !is_secret(key, value) {
                continue;
            }
            let scheme = value.split_once(' ').filter(|(scheme, _)| {
                ["bearer", "basic", "token"].contains(&scheme.to_lowercase().as_str())
            });
            let (before, secret) = match scheme {
                Some((scheme, secret)) => (format!("{scheme} "), secret.trim().to_string()),
                None => (String::new(), value.clone()),
            };
            let plain = key
                .to_uppercase()
                .replace(|ch: char| !ch.is_ascii_alphanumeric(), "_");
            let own = format!("{owner}_{plain}");
            let free = |name: &str| self.get(name).is_none_or(|known| known == secret);
            // Two servers may each have an `API_TOKEN`, and all have `Authorization`.
            let name = match !headers && super::is_variable(&plain) && free(&plain) {
                true => plain,
                false => own,
            };
            if self.env.get(&name) != Some(&secret) {
                self.set(&name, &secret)?;
            }
            *value = format!("{before}${{{name}}}");
            names.push(name);
        }
        Ok(names)
    }
}

/// Whether a value must not stand in a settings file, as far as can be told.
fn is_secret(key: &str, value: &str) -> bool {
    let key = key.to_lowercase();
    let telling = [
        "key",
        "token",
        "secret",
        "password",
        "passwd",
        "auth",
        "credential",
        "cookie",
    ];
    telling.iter().any(|word| key.contains(word))
        || crate::stdx::redact::redact(value) != value
        || url::Url::parse(value).is_ok_and(|url| url.password().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layer;
    use crate::config::mcp::{McpServer, McpTransport};
    use std::collections::BTreeMap;

    #[test]
    fn the_environment_beats_what_is_stored() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().display().to_string();
        let env = Env::from_pairs([("SOFOS_HOME", home.as_str()), ("A", "env")]);
        let secrets = Secrets::new(&Paths::new(dir.path(), &env), &env);
        assert_eq!(
            (secrets.get("A").as_deref(), secrets.get("B")),
            (Some("env"), None)
        );
        secrets.set("A", "stored").unwrap();
        secrets.set("B", "stored").unwrap();
        assert_eq!(secrets.get("A").as_deref(), Some("env"));
        assert_eq!(secrets.origin("A"), Some(Origin::Environment));
        assert_eq!(secrets.origin("B"), Some(Origin::Stored));
        assert_eq!(secrets.names(), ["A", "B"]);
        assert!(secrets.remove("B").unwrap() && secrets.get("B").is_none());
        assert!(!format!("{secrets:?}").contains("stored\""));
        let text = std::fs::read_to_string(secrets.store().path()).unwrap();
        assert!(text.starts_with("# What MCP servers need"), "{text}");
    }

    #[test]
    fn secrets_do_not_reach_the_settings() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().display().to_string();
        let env = Env::from_pairs([("SOFOS_HOME", home.as_str())]);
        let secrets = Secrets::new(&Paths::new(dir.path(), &env), &env);
        let server = |name: &str, token: &str| {
            let env = [
                ("API_TOKEN", token),
                ("PORT", "80"),
                ("DB", "pg://u:p@h/d"),
                ("X_KEY", "${X}"),
            ];
            let env = env.map(|(name, value)| (name.to_string(), value.to_string()));
            let transport = McpTransport::Stdio {
                command: "x".into(),
                args: vec![],
                env: BTreeMap::from(env),
            };
            McpServer::new(name, transport, Layer::User)
        };
        let mut one = server("a-b", "one");
        assert_eq!(secrets.hide(&mut one).unwrap(), ["API_TOKEN", "DB"]);
        let mut two = server("c", "two");
        assert_eq!(secrets.hide(&mut two).unwrap(), ["C_API_TOKEN", "DB"]);
        assert!(
            one.entry().contains("API_TOKEN=\"${API_TOKEN}\"")
                && one.entry().contains("PORT=\"80\"")
        );
        assert_eq!(secrets.get("C_API_TOKEN").as_deref(), Some("two"));
        let headers = BTreeMap::from([("Authorization".to_string(), "Bearer abc".to_string())]);
        let transport = McpTransport::Http {
            url: "https://x".into(),
            headers,
        };
        let mut web = McpServer::new("w", transport, Layer::User);
        secrets.hide(&mut web).unwrap();
        assert!(
            web.entry().contains("\"Bearer ${W_AUTHORIZATION}\""),
            "{}",
            web.entry()
        );
        assert_eq!(secrets.get("W_AUTHORIZATION").as_deref(), Some("abc"));
    }
}
