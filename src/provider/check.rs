//! Is a vendor reachable, is the key good, does the model exist? And which models
//! are there. Costs nothing.

use super::anthropic::AnthropicProvider;
use super::gemini::GeminiProvider;
use super::labels::Labels;
use super::ollama::OllamaProvider;
use super::openai::OpenAiProvider;
use super::registry::{self, ProviderConfig, ProviderInfo};
use super::scripted::ScriptedProvider;
use super::wire::Fault;
use super::{Failure, FailureKind, models};
use crate::net::retry::Again;

/// Most models of a server that are named in a message.
const NAMED: usize = 8;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// A turn with this vendor and model would start.
    pub ok: bool,
    /// What was found, one line each, safe to show.
    pub lines: Vec<String>,
}

impl From<Result<Vec<String>, Failure>> for CheckReport {
    fn from(found: Result<Vec<String>, Failure>) -> Self {
        match found {
            Ok(lines) => Self { ok: true, lines },
            Err(failure) => Self {
                ok: false,
                lines: vec![failure.message],
            },
        }
    }
}

/// A model as a server lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Id on the wire.
    pub id: String,
    /// Its window in tokens, where the server says.
    pub context: Option<u64>,
}

/// Checks a vendor with the very client, address, key and headers a turn would use.
pub async fn check_connection(id: &str, config: ProviderConfig, model: &str) -> CheckReport {
    find(id, config, model).await.into()
}

async fn find(id: &str, config: ProviderConfig, model: &str) -> Result<Vec<String>, Failure> {
    match registry::info(id).map(|row| (row, row.wire)) {
        Some((row, "anthropic")) => AnthropicProvider::new(row, config)?.check(model).await,
        Some((row, "openai_responses" | "openai_chat")) => {
            OpenAiProvider::new(row, config)?.check(model).await
        }
        Some((row, "gemini")) => GeminiProvider::new(row, config)?.check(model).await,
        Some((row, "ollama")) => OllamaProvider::new(row, config)?.check(model).await,
        Some((_, "scripted")) => {
            let path = config.script.as_deref().ok_or_else(registry::no_script)?;
            ScriptedProvider::load(path)?;
            Ok(vec![format!("scripted: {} can be played", path.display())])
        }
        _ => Err(Failure {
            kind: FailureKind::NotFound,
            message: registry::unknown(id),
        }),
    }
}

/// The models a vendor's server lists; nothing when it has no list.
///
/// # Errors
/// What keeps the list from coming, in words.
pub async fn list_models(id: &str, config: ProviderConfig) -> Result<Option<Vec<Listed>>, Failure> {
    let Some(row) = registry::info(id) else {
        return Err(Failure {
            kind: FailureKind::NotFound,
            message: registry::unknown(id),
        });
    };
    let (labels, listed) = match row.wire {
        "anthropic" => AnthropicProvider::new(row, config)?.list().await,
        "gemini" => GeminiProvider::new(row, config)?.list().await,
        "ollama" => OllamaProvider::new(row, config)?.list().await,
        "scripted" => return Ok(None),
        _ => OpenAiProvider::new(row, config)?.list().await,
    };
    listed.map_err(|fault| labels.failure(&fault, 1))
}

/// What came of asking a server for its models.
pub(super) type Answer = Result<Option<Vec<Listed>>, Fault>;

/// The report on a server that was asked for its models; nothing in the answer
/// means that it has no list.
pub(super) fn report(
    row: &ProviderInfo,
    base: &str,
    model: &str,
    labels: &Labels,
    listed: Answer,
) -> Result<Vec<String>, Failure> {
    let listed = listed.map_err(|fault| labels.failure(&fault, 1))?;
    let mut lines = vec![format!("{}: {base} answers", row.id)];
    let Some(listed) = listed else {
        lines.push("key and model not checked: this host lists no models".to_string());
        return Ok(lines);
    };
    // Some hosts list their models to anybody.
    let to_anybody = row.local || row.id == "openrouter";
    if let Some(key) = labels.key.as_ref().filter(|_| !to_anybody) {
        lines.push(format!("key accepted ({key})"));
    }
    lines.push(judge(model, &listed, labels)?);
    Ok(lines)
}

/// What the list says of a model.
fn judge(model: &str, listed: &[Listed], labels: &Labels) -> Result<String, Failure> {
    let all = || listed.iter().map(|listed| listed.id.as_str());
    if all().any(|id| models::is_form_of(id, model) || models::is_form_of(model, id)) {
        return Ok(format!("model {model} is available"));
    }
    let first = || all().take(NAMED).collect::<Vec<_>>().join(", ");
    let near = models::nearest(model, all()).join(", ");
    let detail = match (model, listed, near.as_str()) {
        (_, [], _) => format!("no model {model}. The server has none loaded"),
        ("", _, _) => return Ok(format!("choose one with --model: {}", first())),
        (_, _, "") => format!("no model {model}. The server has: {}", first()),
        (_, _, near) => format!("no model {model}. The server has: {near}"),
    };
    let fault = Fault::new(FailureKind::NotFound, Again::Never, detail);
    Err(labels.failure(&fault, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(model: &str, ids: &[&str]) -> Result<String, String> {
        let labels = Labels {
            provider: "lmstudio".into(),
            ..Labels::default()
        };
        let listed: Vec<Listed> = ids
            .iter()
            .map(|id| Listed {
                id: id.to_string(),
                context: None,
            })
            .collect();
        judge(model, &listed, &labels).map_err(|failure| failure.message)
    }

    #[test]
    fn models_are_found_missed_or_offered() {
        let ids = ["qwen3-coder:30b", "gpt-oss-20b"];
        assert_eq!(
            judged("gpt-oss-20b", &ids).unwrap(),
            "model gpt-oss-20b is available"
        );
        assert_eq!(
            judged("", &ids).unwrap(),
            "choose one with --model: qwen3-coder:30b, gpt-oss-20b"
        );
        assert_eq!(
            judged("gpt-os-20b", &ids).unwrap_err(),
            "lmstudio: no model gpt-os-20b. The server has: gpt-oss-20b"
        );
        assert!(judged("x", &[]).unwrap_err().contains("none loaded"));
    }
}
