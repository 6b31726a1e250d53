//! What opens vendors: keys and addresses, from flags, environment, `keys.toml` and
//! settings; and the vendors opened so far.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::registry::{self, Credential, PROVIDERS, ProviderConfig, ProviderInfo};
use super::vendors::MORPH;
use super::{Failure, Provider, custom, models};
use crate::config::{Env, KeyError, KeyStore, Keys};
use crate::exec::keychain::{self, KeychainError};

/// Where a key came from that `keys.toml` has.
pub const KEYS_FILE: &str = "keys.toml";
/// Where a key came from that the system's keychain has.
pub const KEYCHAIN: &str = "keychain";

/// A key cannot be stored or removed.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file.
    #[error(transparent)]
    File(#[from] KeyError),
    /// The keychain.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
}

/// Keys and addresses of vendors. Cheap to share; nothing is opened before it is used.
#[derive(Default)]
pub struct Access {
    env: Env,
    store: KeyStore,
    keys: Mutex<Keys>,
    /// What the keychain answered, by provider id.
    unlocked: Mutex<HashMap<String, Result<String, String>>>,
    /// Keys from the command line, by provider id.
    flags: BTreeMap<String, Credential>,
    /// Base URLs from settings, by provider id.
    addresses: BTreeMap<String, String>,
    trace_dir: Option<PathBuf>,
    script: Option<PathBuf>,
    open: Mutex<HashMap<String, Arc<dyn Provider>>>,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access")
            .field("flags", &self.flags)
            .field("keys", &*self.keys())
            .finish_non_exhaustive()
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Access {
    /// Access by the environment and a key file.
    ///
    /// # Errors
    /// When the file cannot be read or understood.
    pub fn new(env: Env, store: KeyStore) -> Result<Self, KeyError> {
        Ok(Self {
            env,
            keys: Mutex::new(store.load()?),
            store,
            ..Self::default()
        })
    }

    /// A key from the command line, which beats all others.
    pub fn flag(&mut self, provider: &str, key: Option<&str>, flag: &str) {
        if let Some(key) = key.filter(|key| !key.trim().is_empty()) {
            let credential = Credential::api_key(key, flag);
            self.flags.insert(provider.to_string(), credential);
        }
    }

    /// A base URL from settings; a variable beats it.
    pub fn address(&mut self, provider: &str, url: &str) {
        self.addresses.insert(provider.to_string(), url.to_string());
    }

    /// Where requests are recorded, and what the `scripted` provider plays.
    pub fn recordings(&mut self, trace_dir: Option<PathBuf>, script: Option<PathBuf>) {
        (self.trace_dir, self.script) = (trace_dir, script);
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        held(&self.keys)
    }

    /// The key file.
    pub fn store(&self) -> &KeyStore {
        &self.store
    }

    /// Others can read the key file.
    pub fn is_exposed(&self) -> bool {
        self.keys().exposed
    }

    /// The key of a vendor: from its flag, its variables, the key file.
    pub fn credential(&self, row: &ProviderInfo) -> Option<Credential> {
        let from_env = || {
            row.key_env.iter().find_map(|variable| {
                let secret = self.env.get(variable.name)?.trim();
                Some(Credential {
                    kind: variable.kind,
                    ..Credential::api_key(secret, variable.name)
                })
            })
        };
        let from_file = || {
            let keys = self.keys();
            Some(Credential::api_key(keys.get(row.id)?, KEYS_FILE))
        };
        let from_keychain = || {
            let kept = self.keys().in_keychain(row.id);
            let secret = kept.then(|| self.unlock(row.id))?.ok()?;
            Some(Credential::api_key(secret, KEYCHAIN))
        };
        let flag = self.flags.get(row.id).cloned();
        flag.or_else(from_env)
            .or_else(from_file)
            .or_else(from_keychain)
    }

    /// The secret that the keychain has, asked for once; it may ask the user.
    fn unlock(&self, provider: &str) -> Result<String, String> {
        let mut unlocked = held(&self.unlocked);
        let ask = || keychain::get(provider, &self.vars()).map_err(|error| error.to_string());
        unlocked
            .entry(provider.to_string())
            .or_insert_with(ask)
            .clone()
    }

    /// What the keychain's tool needs of the environment.
    fn vars(&self) -> keychain::Vars {
        let value = |name: &&'static str| Some((*name, self.env.get(name)?.to_string()));
        keychain::NEEDS.iter().filter_map(value).collect()
    }

    /// Whether the keychain is said to have a key that nothing beats, and was not
    /// asked yet.
    fn is_locked(&self, row: &ProviderInfo) -> bool {
        self.keys().in_keychain(row.id) && !held(&self.unlocked).contains_key(row.id)
    }

    /// Whether there is a key, as far as is known without opening the keychain.
    fn has_key(&self, row: &ProviderInfo) -> bool {
        self.is_locked(row) || self.credential(row).is_some()
    }

    /// Why the keychain did not give a key that it is said to have.
    pub fn keychain_error(&self, row: &ProviderInfo) -> Option<String> {
        let kept = self.keys().in_keychain(row.id) && self.credential(row).is_none();
        kept.then(|| self.unlock(row.id).err()).flatten()
    }

    /// Every key there is, to be hidden wherever it turns up.
    pub fn secrets(&self) -> Vec<String> {
        custom::rows()
            .chain([&MORPH])
            // A key that nobody asked the keychain for is nowhere.
            .filter(|row| !self.is_locked(row))
            .filter_map(|row| Some(self.credential(row)?.secret))
            .collect()
    }

    /// What a vendor needs to work.
    pub fn config(&self, row: &ProviderInfo) -> ProviderConfig {
        ProviderConfig {
            credential: self.credential(row),
            base_url: self.base_url(row).map(str::to_string),
            trace_dir: self.trace_dir.clone(),
            script: self.script.clone(),
            idle_timeout: None,
        }
    }

    /// The address that a variable or the settings give to a vendor.
    fn base_url(&self, row: &ProviderInfo) -> Option<&str> {
        let variable = self.env.first(row.base_url_env).map(|(_, url)| url);
        variable.or(self.addresses.get(row.id).map(String::as_str))
    }

    /// Why a vendor cannot be asked; nothing when it can.
    pub fn missing(&self, row: &ProviderInfo) -> Option<String> {
        if row.local || row.key_env.is_empty() || self.has_key(row) {
            return None;
        }
        if self.base_url(row).is_some_and(crate::net::is_loopback) {
            return None;
        }
        if let Some(why) = self.keychain_error(row) {
            return Some(why);
        }
        Some(format!("no key: set {} or /keys", row.key_env[0].name))
    }

    /// The first vendor of the table that can be asked: its key is there, or its
    /// address is set to a server that needs none.
    pub fn first_ready(&self) -> &'static ProviderInfo {
        let ready = |row: &&ProviderInfo| {
            let server = self.base_url(row);
            let named = server.is_some_and(|url| row.local || crate::net::is_loopback(url));
            !row.key_env.is_empty() && (named || self.has_key(row))
        };
        PROVIDERS.iter().find(ready).unwrap_or(&PROVIDERS[0])
    }

    /// The vendor, opened once.
    ///
    /// # Errors
    /// A failure that says what is missing and how to provide it.
    pub fn open(&self, id: &str) -> Result<Arc<dyn Provider>, Failure> {
        if let Some(open) = held(&self.open).get(id) {
            return Ok(Arc::clone(open));
        }
        let row = registry::info(id);
        let config = row.map_or_else(ProviderConfig::default, |row| self.config(row));
        if let Some(why) = row.and_then(|row| self.keychain_error(row)) {
            let message = format!(
                "{id}: {why}. Set the variable, or store the key again: sofos config keys set {id}"
            );
            let kind = super::FailureKind::Auth;
            return Err(Failure { kind, message });
        }
        let provider = registry::build(id, config)?;
        held(&self.open).insert(id.to_string(), Arc::clone(&provider));
        Ok(provider)
    }

    /// Stores a key in the key file; it holds from now on.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_key(&self, provider: &str, key: &str) -> Result<(), KeyError> {
        self.store.set(provider, key)?;
        self.reload(provider)
    }

    /// Puts a key into the system's keychain; it holds from now on.
    ///
    /// # Errors
    /// When the keychain does not take it, or the file cannot be written.
    pub fn set_key_in_keychain(&self, provider: &str, key: &str) -> Result<(), AccessError> {
        keychain::set(provider, key.trim(), &self.vars())?;
        self.store.set_in_keychain(provider)?;
        Ok(self.reload(provider)?)
    }

    /// Whether the system's keychain has the stored key of a vendor.
    pub fn in_keychain(&self, provider: &str) -> bool {
        self.keys().in_keychain(provider)
    }

    /// Removes a stored key; false when there was none.
    ///
    /// # Errors
    /// When the keychain does not let go of it, or the file cannot be written.
    pub fn remove_key(&self, provider: &str) -> Result<bool, AccessError> {
        if self.in_keychain(provider) {
            keychain::remove(provider, &self.vars())?;
        }
        let found = self.store.remove(provider)?;
        self.reload(provider)?;
        Ok(found)
    }

    fn reload(&self, provider: &str) -> Result<(), KeyError> {
        *self.keys() = self.store.load()?;
        held(&self.open).remove(provider);
        held(&self.unlocked).remove(provider);
        Ok(())
    }

    /// Which vendor and model a name means: `vendor/model`, a vendor alone (its
    /// default model), or a model of the vendor in force or else of another one,
    /// those that can be asked first. A name nobody knows is a model of the vendor
    /// in force.
    pub fn resolve<'a>(
        &self,
        current: &'static ProviderInfo,
        name: &'a str,
    ) -> (&'static ProviderInfo, &'a str) {
        let knows = |row: &ProviderInfo, id: &str| !models::lookup(row.id, id).assumed;
        if knows(current, name) {
            return (current, name);
        }
        if let Some((vendor, rest)) = name.split_once('/')
            && let Some(row) = registry::info(vendor)
        {
            // Some vendors have models under names that begin with their own.
            return (row, if knows(row, name) { name } else { rest });
        }
        if let Some(row) = registry::info(name) {
            return (row, models::default_model(row.id));
        }
        // A local server may have anything; its names say nothing.
        let others = || custom::rows().filter(|row| !row.local && knows(row, name));
        let ready = others().find(|row| self.missing(row).is_none());
        match ready.or_else(|| others().next()) {
            Some(row) if !current.local => (row, name),
            _ => (current, name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access<const N: usize>(vars: [(&str, &str); N]) -> (tempfile::TempDir, Access) {
        let dir = tempfile::tempdir().unwrap();
        let access = Access::new(Env::from_pairs(vars), KeyStore::new(dir.path())).unwrap();
        (dir, access)
    }

    fn row(id: &str) -> &'static ProviderInfo {
        registry::info(id).unwrap()
    }

    #[test]
    fn flags_beat_variables_and_those_the_file() {
        let (_dir, mut access) = access([("GROQ_API_KEY", "from-env")]);
        let source = |access: &Access, id: &str| access.credential(row(id)).map(|key| key.source);
        access.set_key("groq", "from-file").unwrap();
        access.set_key("xai", "from-file").unwrap();
        assert_eq!(source(&access, "groq").as_deref(), Some("GROQ_API_KEY"));
        assert_eq!(source(&access, "xai").as_deref(), Some("keys.toml"));
        access.flag("groq", Some("from-flag"), "--api-key");
        access.flag("xai", Some(" "), "--api-key");
        assert_eq!(source(&access, "groq").as_deref(), Some("--api-key"));
        assert_eq!(source(&access, "xai").as_deref(), Some("keys.toml"));
        assert!(access.remove_key("xai").unwrap());
        assert_eq!(source(&access, "xai"), None);
        assert!(!format!("{access:?}").contains("from-flag"));
    }

    #[test]
    fn what_is_missing_is_said_and_a_new_key_opens_at_once() {
        let (_dir, access) = access([("OPENAI_BASE_URL", "http://127.0.0.1:1")]);
        assert_eq!(access.missing(row("openai")), None);
        assert_eq!(access.missing(row("ollama")), None);
        let words = access.missing(row("gemini")).unwrap();
        assert_eq!(words, "no key: set GEMINI_API_KEY or /keys");
        assert!(access.open("gemini").is_err());
        access.set_key("gemini", "AIza-something").unwrap();
        assert_eq!(access.open("gemini").unwrap().id(), "gemini");
        assert_eq!(access.first_ready().id, "openai");
    }

    #[test]
    fn names_find_their_vendor() {
        let (_dir, access) = access([("GROQ_API_KEY", "g")]);
        for (current, name, vendor, model) in [
            (
                "anthropic",
                "claude-opus-5-5",
                "anthropic",
                "claude-opus-5-5",
            ),
            ("anthropic", "openai/gpt-6-luna", "openai", "gpt-6-luna"),
            ("anthropic", "gpt-6-luna", "openai", "gpt-6-luna"),
            ("anthropic", "openai/gpt-oss-120b", "openai", "gpt-oss-120b"),
            ("groq", "openai/gpt-oss-120b", "groq", "openai/gpt-oss-120b"),
            ("anthropic", "gemini", "gemini", "gemini-3.8-flash"),
            (
                "anthropic",
                "perplexity/sonar",
                "perplexity",
                "perplexity/sonar",
            ),
            ("anthropic", "claude-next", "anthropic", "claude-next"),
            ("vllm", "gpt-4o", "vllm", "gpt-4o"),
        ] {
            let (found, id) = access.resolve(row(current), name);
            assert_eq!((found.id, id), (vendor, model), "{current} {name}");
        }
    }
}
