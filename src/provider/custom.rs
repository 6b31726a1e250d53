//! Vendors and models that the user has described, beside the built-in tables.
//!
//! They are put in place once, when the program starts and before anything asks;
//! the tables do not change after that.

use std::sync::OnceLock;

use super::openai::quirks::{Quirks, Replay};
use super::registry::{CredentialKind, KeyEnv, ProviderInfo};
use super::vendors::PROVIDERS;
use crate::config::Endpoint;
use crate::protocol::model::{Effort, ModelInfo, RateTier, Rates, ThinkingKind};

/// What the user has described.
#[derive(Debug, Default)]
struct Custom {
    rows: Vec<ProviderInfo>,
    models: Vec<ModelInfo>,
}

static CUSTOM: OnceLock<Custom> = OnceLock::new();

/// Puts described vendors and models in place; the first call counts.
pub fn install(endpoints: &[Endpoint], models: Vec<ModelInfo>) {
    let new = |endpoint: &&Endpoint| PROVIDERS.iter().all(|row| row.id != endpoint.name);
    let described: Vec<ModelInfo> = endpoints
        .iter()
        .flat_map(|endpoint| endpoint.models.iter().map(|id| described(endpoint, id)))
        .filter(|model| {
            models
                .iter()
                .all(|own| (&own.provider, &own.id) != (&model.provider, &model.id))
        })
        .collect();
    let _ = CUSTOM.set(Custom {
        rows: endpoints.iter().filter(new).map(row).collect(),
        models: models.into_iter().chain(described).collect(),
    });
}

/// Described models.
pub(super) fn models() -> &'static [ModelInfo] {
    CUSTOM.get().map_or(&[], |custom| &custom.models)
}

/// Every vendor: the built-in ones, then the described ones.
pub fn rows() -> impl Iterator<Item = &'static ProviderInfo> {
    let own = CUSTOM.get().map_or(&[][..], |custom| &custom.rows);
    PROVIDERS.iter().chain(own)
}

/// The settings live as long as the program, and so may what is made of them.
fn leaked(text: &str) -> &'static str {
    Box::leak(text.to_string().into_boxed_str())
}

/// The row of a described vendor. A server on this machine needs no key.
fn row(endpoint: &Endpoint) -> ProviderInfo {
    let key_env = endpoint.key_env.as_deref().map(|name| KeyEnv {
        name: leaked(name),
        kind: match endpoint.wire.as_str() {
            "anthropic" => CredentialKind::ApiKey,
            _ => CredentialKind::Token,
        },
    });
    let local = key_env.is_none() || crate::net::is_loopback(&endpoint.base_url);
    ProviderInfo {
        id: leaked(&endpoint.name),
        name: leaked(&endpoint.name),
        wire: leaked(&endpoint.wire),
        base_url: leaked(&endpoint.base_url),
        key_env: match key_env {
            Some(key) => Box::leak(Box::new([key])),
            None => &[],
        },
        base_url_env: &[],
        key_flag: "--api-key",
        key_page: "",
        local,
        quirks: Quirks {
            replay: Replay::AsSent,
            idle: 900,
            ..Quirks::PLAIN
        },
    }
}

fn described(endpoint: &Endpoint, id: &str) -> ModelInfo {
    ModelInfo {
        assumed: false,
        context: endpoint.context.unwrap_or(128_000),
        ..super::models::lookup(&endpoint.name, id)
    }
}

/// What `models.toml` may say of a model; what it does not say stays as it is.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Override {
    context: Option<u64>,
    max_output: Option<u64>,
    vision: Option<bool>,
    thinking: Option<ThinkingKind>,
    efforts: Option<Vec<Effort>>,
    input: Option<f64>,
    output: Option<f64>,
    cache_read: Option<f64>,
    cache_write: Option<f64>,
    #[serde(default)]
    tiers: Option<Vec<RateTier>>,
}

/// The models of a `models.toml`: tables named `"vendor/model"` with what differs
/// from the catalogue.
///
/// # Errors
/// In words, with the name of the table, when a value cannot be used.
pub fn overrides(text: &str) -> Result<Vec<ModelInfo>, String> {
    let tables: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| error.message().to_string())?;
    tables
        .into_iter()
        .map(|(name, value)| {
            let (vendor, id) = name
                .split_once('/')
                .ok_or_else(|| format!("[{name}] is not named \"vendor/model\""))?;
            let given: Override = value
                .try_into()
                .map_err(|error: toml::de::Error| format!("[{name}]: {}", error.message()))?;
            Ok(overridden(super::models::lookup(vendor, id), given))
        })
        .collect()
}

fn overridden(base: ModelInfo, given: Override) -> ModelInfo {
    let priced = given.input.is_some() || given.output.is_some();
    ModelInfo {
        assumed: false,
        context: given.context.unwrap_or(base.context),
        max_output: given.max_output.unwrap_or(base.max_output),
        vision: given.vision.unwrap_or(base.vision),
        thinking: given.thinking.unwrap_or(base.thinking),
        efforts: given.efforts.unwrap_or(base.efforts),
        rates: Rates {
            input: given.input.or(base.rates.input),
            output: given.output.or(base.rates.output),
            cache_read: given.cache_read.or(base.rates.cache_read),
            cache_write: given.cache_write.or(base.rates.cache_write),
            cache_write_long: base.rates.cache_write_long,
        },
        // The tiers of the catalogue do not go with other prices.
        tiers: match given.tiers {
            Some(tiers) => tiers,
            None if priced => Vec::new(),
            None => base.tiers,
        },
        ..base
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_file_changes_what_it_names() {
        let models = overrides(
            "[\"openai/gpt-6.1-sol\"]\ninput = 1.0\n[\"vllm/mine\"]\ncontext = 32000\nvision = false\n",
        )
        .unwrap();
        let sol = &models[0];
        assert_eq!((sol.rates.input, sol.rates.output), (Some(1.0), Some(10.0)));
        assert!(sol.tiers.is_empty() && sol.context == 1_050_000);
        let mine = &models[1];
        assert_eq!(
            (mine.context, mine.vision, mine.assumed),
            (32_000, false, false)
        );
        for (text, complaint) in [
            ("[gpt]\ncontext = 1", "not named"),
            ("[\"a/b\"]\ncontext = \"x\"", "[a/b]: "),
            ("[\"a/b\"]\nctx = 1", "unknown field"),
        ] {
            let error = overrides(text).unwrap_err();
            assert!(error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn an_endpoint_becomes_a_vendor() {
        let endpoint = |url: &str, key: Option<&str>| Endpoint {
            name: "mine".into(),
            base_url: url.into(),
            wire: "openai_chat".into(),
            key_env: key.map(str::to_string),
            models: vec!["m".into()],
            context: Some(9_000),
        };
        let cloud = row(&endpoint("https://h/v1", Some("MY_KEY")));
        assert_eq!((cloud.local, cloud.key_env[0].name), (false, "MY_KEY"));
        assert!(row(&endpoint("https://h/v1", None)).local);
        assert!(row(&endpoint("http://127.0.0.1:1/v1", Some("K"))).local);
        let model = described(&endpoint("https://h", None), "m");
        assert_eq!((model.context, model.assumed), (9_000, false));
    }
}
