//! Is a vendor reachable, is the key good, does the model exist? For
//! `--check-connection`; costs nothing.

use super::anthropic::AnthropicProvider;
use super::openai::OpenAiProvider;
use super::registry::{self, ProviderConfig};
use super::scripted::ScriptedProvider;
use super::{Failure, FailureKind};

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
