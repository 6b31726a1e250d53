//! What an Ollama server says of its models.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use super::{OllamaWire, headers};
use crate::net::client::Method;
use crate::provider::FailureKind;
use crate::provider::abilities::Abilities;
use crate::provider::host::Host;
use crate::provider::wire::Fault;

#[derive(Deserialize)]
struct Show {
    #[serde(default)]
    capabilities: Option<Vec<String>>,
    #[serde(default)]
    model_info: serde_json::Map<String, Value>,
}

impl Show {
    fn abilities(&self) -> Abilities {
        let can = |name: &str| {
            let all = self.capabilities.as_ref()?;
            Some(all.iter().any(|capability| capability == name))
        };
        let context = self
            .model_info
            .iter()
            .find(|(key, _)| key.ends_with(".context_length"))
            .and_then(|(_, value)| value.as_u64());
        Abilities {
            context,
            tools: can("tools"),
            vision: can("vision"),
            thinking: can("thinking"),
        }
    }
}

/// Models asked about so far.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashMap<String, Abilities>>);

impl Known {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Abilities>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a model can do; asked once. The answer holds for the session: another
    /// one in the middle of it would change the requests.
    pub(super) async fn of(&self, host: &Host, model: &str) -> Result<Abilities, Fault> {
        if let Some(known) = self.all().get(model) {
            return Ok(*known);
        }
        let url = format!("{}/api/show", host.base);
        let body = serde_json::json!({ "model": model }).to_string();
        let headers = headers(host, "application/json");
        let asked = host
            .ask((Method::Post, &url), &headers, body.into(), &OllamaWire)
            .await;
        let abilities = match asked {
            Ok(body) => serde_json::from_str::<Show>(&body)
                .map(|show| show.abilities())
                .unwrap_or_default(),
            // Servers of the same format may lack this; the model itself is missed later.
            Err(fault) if fault.kind == FailureKind::NotFound && !fault.detail.contains(model) => {
                Abilities::default()
            }
            Err(fault) => return Err(fault),
        };
        self.all().insert(model.to_string(), abilities);
        Ok(abilities)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_read() {
        let show: Show = serde_json::from_str(
            r#"{"capabilities":["completion","tools"],"model_info":{"general.architecture":"qwen3",
               "qwen3.context_length":40960},"details":{"family":"qwen3"}}"#,
        )
        .unwrap();
        let expected = Abilities {
            context: Some(40_960),
            tools: Some(true),
            vision: Some(false),
            thinking: Some(false),
        };
        assert_eq!(show.abilities(), expected);
        let silent: Show = serde_json::from_str("{}").unwrap();
        assert_eq!(silent.abilities(), Abilities::default());
    }
}
