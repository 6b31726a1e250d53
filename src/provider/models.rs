//! The model catalogue: what is known of each model, embedded in the binary.

use std::sync::LazyLock;

use serde::Deserialize;

use super::custom;
use crate::protocol::model::{Effort, ModelInfo, RateTier, Rates, ThinkingKind};

/// Window assumed for a model that is not in the catalogue, in tokens.
const ASSUMED_CONTEXT: u64 = 128_000;
/// Output limit assumed for a model that is not in the catalogue, in tokens.
const ASSUMED_OUTPUT: u64 = 8_000;

/// One catalogue row; the catalogue is data so that a new model is one line.
#[derive(Deserialize)]
struct Row {
    id: String,
    provider: String,
    context: u64,
    max_output: u64,
    vision: bool,
    thinking: ThinkingKind,
    #[serde(default)]
    always_thinks: bool,
    #[serde(default)]
    between_tools: bool,
    #[serde(default)]
    efforts: Vec<Effort>,
    cache_min_tokens: u64,
    rates: Rates,
    #[serde(default)]
    tiers: Vec<RateTier>,
}

impl From<Row> for ModelInfo {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            provider: row.provider,
            context: row.context,
            max_output: row.max_output,
            vision: row.vision,
            thinking: row.thinking,
            always_thinks: row.always_thinks,
            between_tools: row.between_tools,
            efforts: row.efforts,
            cache_min_tokens: row.cache_min_tokens,
            rates: row.rates,
            tiers: row.tiers,
            assumed: false,
        }
    }
}

// A catalogue that does not parse is caught by the tests below; at run time it
// would only mean that every model is an unknown one.
static CATALOG: LazyLock<Vec<ModelInfo>> = LazyLock::new(|| {
    serde_json::from_str::<Vec<Row>>(include_str!("catalog.json"))
        .map(|rows| rows.into_iter().map(ModelInfo::from).collect())
        .unwrap_or_default()
});

/// Models of a vendor: those the user described, then those of the catalogue.
fn of(provider: &str) -> impl Iterator<Item = &'static ModelInfo> {
    let own = custom::models();
    let is_own = |model: &ModelInfo| {
        own.iter()
            .any(|other| other.id == model.id && other.provider == model.provider)
    };
    let catalog = CATALOG.iter().filter(move |model| !is_own(model));
    own.iter()
        .chain(catalog)
        .filter(move |model| model.provider == provider)
}

/// Window and price in words: `1.1M window · $2 in, $10 out per M`.
pub fn words(model: &ModelInfo) -> String {
    let dollars = |rate: f64| match rate {
        rate if rate >= 1.0 && rate.fract() < 0.005 => format!("${rate:.0}"),
        rate => format!("${rate:.2}"),
    };
    let price = match (model.rates.input, model.rates.output) {
        (Some(0.0), Some(0.0)) => "free".to_string(),
        (Some(input), Some(output)) => {
            format!("{} in, {} out per M", dollars(input), dollars(output))
        }
        _ => "price unknown".to_string(),
    };
    format!(
        "{} window · {price}",
        crate::stdx::text::count(model.context)
    )
}

/// All models of a vendor, the recommended ones first.
pub fn known(provider: &str) -> Vec<ModelInfo> {
    of(provider).cloned().collect()
}

/// The model used when none is named; empty for a vendor without models.
pub fn default_model(provider: &str) -> &'static str {
    match provider {
        "anthropic" => "claude-sonnet-5-5",
        // It serves the one model it was started with, by any name.
        "llamacpp" => "default",
        _ => of(provider).next().map_or("", |model| model.id.as_str()),
    }
}

/// What is known of a model. A dated or tagged form of a known id
/// (`claude-sonnet-5-5-20261020`) has that model's numbers under its own id. An
/// unknown id is usable: its numbers are assumed and its price is unknown.
pub fn lookup(provider: &str, id: &str) -> ModelInfo {
    let best = of(provider)
        .filter(|model| is_form_of(id, &model.id))
        .max_by_key(|model| model.id.len());
    match best {
        Some(model) => ModelInfo {
            id: id.to_string(),
            ..model.clone()
        },
        None => assumed(provider, id),
    }
}

/// Whether `id` is `known`, or `known` with a date or tag behind it. A short
/// number is another version, not a tag: `claude-opus-5-7` is no `claude-opus-5`.
pub fn is_form_of(id: &str, known: &str) -> bool {
    let Some(rest) = id.strip_prefix(known) else {
        return false;
    };
    let Some(tag) = rest.strip_prefix(['-', '.', ':', '@']) else {
        return rest.is_empty();
    };
    let digits = tag.bytes().take_while(u8::is_ascii_digit).count();
    let is_version = (1..4).contains(&digits)
        && tag[digits..]
            .chars()
            .next()
            .is_none_or(|next| !next.is_alphanumeric());
    !tag.is_empty() && !is_version
}

fn assumed(provider: &str, id: &str) -> ModelInfo {
    let local = super::registry::info(provider).is_some_and(|row| row.local);
    let free = Rates {
        input: Some(0.0),
        output: Some(0.0),
        ..Rates::default()
    };
    ModelInfo {
        id: id.to_string(),
        provider: provider.to_string(),
        // What is asked for is allocated there, whether it is used or not.
        context: match provider {
            "ollama" => 32_768,
            _ => ASSUMED_CONTEXT,
        },
        max_output: ASSUMED_OUTPUT,
        vision: true,
        thinking: ThinkingKind::None,
        always_thinks: false,
        between_tools: false,
        efforts: Vec::new(),
        cache_min_tokens: 1024,
        rates: if local { free } else { Rates::default() },
        tiers: Vec::new(),
        assumed: true,
    }
}

/// Up to three known ids of a vendor that look most like `id`, nearest first.
pub fn near(provider: &str, id: &str) -> Vec<String> {
    nearest(id, of(provider).map(|model| model.id.as_str()))
}

/// Up to three of `candidates` that look most like `id`, nearest first; those
/// that share less than half of it are left out.
pub(super) fn nearest<'a>(id: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<String> {
    let wanted = id.to_ascii_lowercase();
    let mut scored: Vec<(usize, &str)> = candidates
        .map(|name| (distance(&wanted, &name.to_ascii_lowercase()), name))
        .filter(|(far, name)| *far * 2 <= name.len().max(wanted.len()))
        .collect();
    scored.sort_by_key(|(far, _)| *far);
    scored
        .into_iter()
        .take(3)
        .map(|(_, name)| name.to_string())
        .collect()
}

/// Edit distance in bytes (insertions, deletions, replacements).
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_parses_and_its_defaults_exist() {
        for row in crate::provider::PROVIDERS.iter().filter(|row| !row.local) {
            let info = lookup(row.id, default_model(row.id));
            assert!(!info.assumed, "{}", row.id);
        }
        for model in CATALOG.iter() {
            assert!(model.efforts.is_sorted(), "{}", model.id);
            assert!(model.context >= model.max_output, "{}", model.id);
            let row = crate::provider::info(&model.provider);
            assert!(row.is_some(), "{}", model.id);
        }
        assert_eq!(default_model("openai"), "gpt-6.1-sol");
        assert_eq!(lookup("vllm", "any").rates.input, Some(0.0));
        assert_eq!(known("anthropic").len(), 14);
        assert_eq!(default_model("nobody"), "");
    }

    #[test]
    fn dated_and_tagged_ids_are_known_and_other_versions_are_not() {
        for (id, known) in [
            ("claude-sonnet-5-5", true),
            ("claude-sonnet-5-5-20261020", true),
            ("claude-haiku-4-5@20251001", true),
            ("claude-opus-5-latest", true),
            ("claude-opus-5-7", false),
            ("claude-opus-5-7-20270101", false),
            ("claude-sonnet-5-", false),
            ("claude-sonnet-55", false),
            ("gpt-6", false),
        ] {
            let info = lookup("anthropic", id);
            assert_eq!((info.id.as_str(), !info.assumed), (id, known));
        }
        assert_eq!(
            lookup("anthropic", "claude-sonnet-5-5-x").rates.cache_read,
            Some(0.1)
        );
        let unknown = lookup("anthropic", "claude-next");
        assert_eq!((unknown.context, unknown.max_output), (128_000, 8_000));
        assert_eq!(unknown.rates, Rates::default());
    }

    #[test]
    fn near_names_come_nearest_first() {
        assert_eq!(
            near("anthropic", "claude-sonet-5-5")[0],
            "claude-sonnet-5-5"
        );
        assert_eq!(near("anthropic", "Claude-Opus-5.5")[0], "claude-opus-5-5");
        assert!(near("anthropic", "llama").is_empty());
    }
}
