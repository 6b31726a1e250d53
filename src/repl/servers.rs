//! Model servers on this machine, looked for in the background.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::provider::{Access, Listed, ProviderInfo, check, custom};

/// Longest wait for a server; one that runs answers at once.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// What the servers that answered have, by provider id.
pub(super) type Found = BTreeMap<String, Vec<Listed>>;

/// The servers found so far; shared with the search.
#[derive(Debug, Clone, Default)]
pub(super) struct Servers(Arc<Mutex<Found>>);

impl Servers {
    /// What is known now.
    pub(super) fn found(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks all of them, at once and in the background of the running runtime.
    pub(super) fn look(&self, access: &Arc<Access>) {
        for row in candidates(access) {
            let (found, access) = (self.clone(), access.clone());
            tokio::spawn(async move {
                let asked = check::list_models(row.id, access.config(row));
                let listed = match tokio::time::timeout(PATIENCE, asked).await {
                    Ok(Ok(Some(listed))) => Some(listed),
                    _ => None,
                };
                let mut found = found.found();
                match listed {
                    Some(listed) => drop(found.insert(row.id.to_string(), listed)),
                    None => drop(found.remove(row.id)),
                }
            });
        }
    }
}

/// Local servers with different addresses: two kinds share a usual port, and the
/// first one of the table stands for both.
fn candidates(access: &Access) -> Vec<&'static ProviderInfo> {
    let mut seen = BTreeSet::new();
    let local = custom::rows().filter(|row| row.local);
    local
        .filter(|row| {
            let base = access.config(row).base_url;
            seen.insert(base.unwrap_or_else(|| row.base_url.to_string()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Env, KeyStore};

    #[test]
    fn one_address_is_asked_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = KeyStore::new(dir.path());
        let env = Env::from_pairs([("LOCALAI_BASE_URL", "http://localhost:9/v1")]);
        let ids = |access: &Access| -> Vec<&str> {
            candidates(access).iter().map(|row| row.id).collect()
        };
        let usual = Access::new(Env::default(), store.clone()).unwrap();
        assert_eq!(
            ids(&usual),
            ["ollama", "lmstudio", "llamacpp", "vllm", "jan"]
        );
        let moved = Access::new(env, store).unwrap();
        assert!(ids(&moved).contains(&"localai"));
    }
}
