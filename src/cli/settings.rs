//! From flags, files and environment to what a run uses.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Args, CliError};
use crate::agent::DEFAULT_MAX_TOKENS;
use crate::config::{Config, Env, Paths};
use crate::protocol::entry::Settings;
use crate::protocol::model::{ModelInfo, ThinkingSetting};
use crate::protocol::permission::PermissionMode;
use crate::provider::{self, Credential, ProviderConfig, ProviderInfo, models};

/// What a run uses.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) settings: Settings,
    pub(super) model: Arc<ModelInfo>,
    pub(super) provider: &'static ProviderInfo,
    pub(super) config: ProviderConfig,
    /// Commands run in the system's sandbox, where there is one.
    pub(super) sandbox: bool,
    /// What the user should know, one line each.
    pub(super) warnings: Vec<String>,
}

/// Works out what a run uses. `saved`: the settings of a resumed session.
pub(super) fn choose(
    args: &Args,
    env: &Env,
    file: Config,
    saved: Option<&Settings>,
) -> Result<Chosen, CliError> {
    let mut warnings = file.warnings;
    let provider_id = args
        .provider
        .clone()
        .or_else(|| args.script.is_some().then(|| "scripted".to_string()))
        .or_else(|| {
            saved
                .map(|saved| saved.provider.clone())
                .filter(|id| id != "scripted")
        })
        .or(file.provider)
        .unwrap_or_else(|| "anthropic".to_string());
    let provider = provider::info(&provider_id).ok_or_else(|| {
        let known: Vec<&str> = provider::PROVIDERS.iter().map(|row| row.id).collect();
        CliError::Usage(format!(
            "no provider {provider_id:?}; known: {}",
            known.join(", ")
        ))
    })?;
    let model_id = args
        .model
        .clone()
        .or_else(|| {
            saved
                .filter(|saved| saved.provider == provider.id)
                .map(|s| s.model.clone())
        })
        .or(file.model)
        .unwrap_or_else(|| models::default_model(provider.id).to_string());
    if model_id.trim().is_empty() {
        return Err(CliError::Usage("--model needs a model id".to_string()));
    }
    let model = models::lookup(provider.id, &model_id);
    if model.assumed && provider.id != "scripted" {
        warnings.push(unknown_model(provider, &model));
    }
    let max_tokens = args
        .max_tokens
        .or(file.max_tokens)
        .or_else(|| saved.and_then(|saved| saved.max_tokens));
    let settings = Settings {
        provider: provider.id.to_string(),
        model: model.id.clone(),
        mode: mode(args, file.permission_mode, saved, &mut warnings),
        safe: args.safe_mode || saved.is_some_and(|saved| saved.safe),
        thinking: ThinkingSetting {
            enabled: args
                .enable_thinking
                .then_some(true)
                .or(file.thinking)
                .or_else(|| saved.and_then(|saved| saved.thinking.enabled)),
            budget: args
                .thinking_budget
                .or(file.thinking_budget)
                .or_else(|| saved.and_then(|saved| saved.thinking.budget)),
            effort: file
                .effort
                .or_else(|| saved.and_then(|saved| saved.thinking.effort)),
        },
        max_tokens,
    };
    check_budget(&settings)?;
    unused_keys(args, &mut warnings);
    Ok(Chosen {
        settings,
        model: Arc::new(model),
        provider,
        config: provider_config(args, env, provider),
        sandbox: !args.no_sandbox && file.sandbox.unwrap_or(true),
        warnings,
    })
}

fn unknown_model(provider: &ProviderInfo, model: &ModelInfo) -> String {
    let near = models::near(provider.id, &model.id);
    let mut out = format!(
        "{} is not in the catalogue of {}: a window of {} tokens is assumed, its cost is unknown",
        model.id,
        provider.name,
        crate::stdx::text::count(model.context)
    );
    if !near.is_empty() {
        out.push_str(&format!(" (near: {})", near.join(", ")));
    }
    out
}

/// The mode of flag or settings. A resumed session may bring a stricter one; a
/// laxer one needs its flag again.
fn mode(
    args: &Args,
    file: Option<PermissionMode>,
    saved: Option<&Settings>,
    warnings: &mut Vec<String>,
) -> PermissionMode {
    if let Some(mode) = args.permission_mode {
        return mode.into();
    }
    let configured = file.unwrap_or_default();
    match saved.map(|saved| saved.mode) {
        Some(PermissionMode::Plan) => PermissionMode::Plan,
        Some(saved @ (PermissionMode::AcceptEdits | PermissionMode::Bypass))
            if saved != configured =>
        {
            warnings.push(format!(
                "this session ran in {} mode; it goes on in {} mode (--permission-mode {} to \
                 restore it)",
                saved.as_str(),
                configured.as_str(),
                saved.as_str()
            ));
            configured
        }
        _ => configured,
    }
}

fn check_budget(settings: &Settings) -> Result<(), CliError> {
    let limit = settings.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS);
    match settings.thinking.budget {
        Some(budget) if budget >= limit => Err(CliError::Usage(format!(
            "the thinking budget ({budget}) must be less than the output limit ({limit}): thinking \
             counts towards it. Lower --thinking-budget or raise --max-tokens."
        ))),
        _ => Ok(()),
    }
}

fn unused_keys(args: &Args, warnings: &mut Vec<String>) {
    for (given, flag, what) in [
        (
            args.openai_api_key.is_some(),
            "--openai-api-key",
            "sofos cannot talk to OpenAI yet",
        ),
        (
            args.morph_api_key.is_some(),
            "--morph-api-key",
            "sofos cannot apply edits by Morph yet",
        ),
        (
            args.morph_model.is_some(),
            "--morph-model",
            "sofos cannot apply edits by Morph yet",
        ),
    ] {
        if given {
            warnings.push(format!("{flag} has no effect: {what}"));
        }
    }
}

fn provider_config(args: &Args, env: &Env, provider: &ProviderInfo) -> ProviderConfig {
    let from_flag = args
        .api_key
        .as_deref()
        .filter(|key| !key.trim().is_empty())
        .map(|key| Credential::api_key(key, "--api-key"));
    let from_env = || {
        provider.key_env.iter().find_map(|row| {
            let secret = env.get(row.name)?.trim();
            Some(Credential {
                kind: row.kind,
                ..Credential::api_key(secret, row.name)
            })
        })
    };
    let base_url = env
        .first(provider.base_url_env)
        .map(|(_, url)| url.to_string());
    ProviderConfig {
        credential: from_flag.or_else(from_env),
        base_url,
        trace_dir: args.trace.clone(),
        script: args.script.clone(),
        idle_timeout: None,
    }
}

/// The directory the program runs in.
pub(super) fn workspace() -> Result<PathBuf, CliError> {
    std::env::current_dir().map_err(CliError::io("find the current directory"))
}

/// The paths of this run.
pub(super) fn paths(env: &Env) -> Result<Paths, CliError> {
    Ok(Paths::new(&workspace()?, env))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(args: Args, saved: Option<&Settings>) -> Result<Chosen, CliError> {
        choose(&args, &Env::default(), Config::default(), saved)
    }

    #[test]
    fn a_resumed_session_is_never_less_restricted_silently() {
        let saved = |mode, safe| Settings {
            mode,
            safe,
            ..Settings::default()
        };
        let bypass = saved(PermissionMode::Bypass, false);
        let resumed = chosen(
            Args {
                provider: Some("anthropic".into()),
                ..Args::default()
            },
            Some(&bypass),
        )
        .unwrap();
        assert_eq!(resumed.settings.mode, PermissionMode::Default);
        assert!(resumed.warnings[0].contains("--permission-mode bypass"));
        let strict = saved(PermissionMode::Plan, true);
        let resumed = chosen(
            Args {
                provider: Some("anthropic".into()),
                ..Args::default()
            },
            Some(&strict),
        )
        .unwrap();
        assert_eq!(
            (resumed.settings.mode, resumed.settings.safe),
            (PermissionMode::Plan, true)
        );
    }

    #[test]
    fn a_budget_must_fit_under_the_output_limit() {
        let args = |max_tokens, budget| Args {
            max_tokens,
            thinking_budget: Some(budget),
            ..Args::default()
        };
        assert!(chosen(args(Some(5000), 4000), None).is_ok());
        assert!(chosen(args(Some(4000), 4000), None).is_err());
        assert!(chosen(args(None, 32_000), None).is_err());
    }
}
