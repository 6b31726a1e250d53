//! From flags, files and environment to what a run uses.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Args, CliError};
use crate::agent::{Budget, DEFAULT_MAX_TOKENS, Roles};
use crate::config::mcp::McpServer;
use crate::config::{Config, Env, KeyStore, Paths, RuleLine, Ui};
use crate::protocol::entry::Settings;
use crate::protocol::model::{ModelInfo, ThinkingSetting, WebSearch};
use crate::protocol::permission::PermissionMode;
use crate::provider::vendors::MORPH;
use crate::provider::{self, Access, ProviderConfig, ProviderInfo, custom, models};

/// Share of the window at which a conversation is compacted when nothing is set, in
/// percent.
const COMPACT_AT: u8 = 80;

/// What a run uses.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) settings: Settings,
    pub(super) model: Arc<ModelInfo>,
    pub(super) provider: &'static ProviderInfo,
    pub(super) config: ProviderConfig,
    /// Keys and addresses of all vendors.
    pub(super) access: Arc<Access>,
    /// Models for other work than the conversation itself.
    pub(super) roles: Roles,
    /// What the session may spend.
    pub(super) budget: Budget,
    /// Commands run in the system's sandbox, where there is one.
    pub(super) sandbox: bool,
    /// Share of the window at which a conversation is compacted, in percent.
    pub(super) compact_at: u8,
    /// The rules of all settings files.
    pub(super) rules: Vec<RuleLine>,
    /// What the workspace would set and the user has not accepted.
    pub(super) untrusted: Vec<String>,
    /// The terminal UI.
    pub(super) ui: Ui,
    /// Who searches the web.
    pub(super) web_search: WebSearch,
    /// MCP servers.
    pub(super) mcp_servers: Vec<McpServer>,
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
    let named = |id: &str| {
        provider::info(id).ok_or_else(|| {
            let known: Vec<&str> = custom::rows().map(|row| row.id).collect();
            CliError::Usage(format!("no provider {id:?}; known: {}", known.join(", ")))
        })
    };
    let mut access = access(args, env, &file)?;
    let mut warnings = file.warnings;
    let by_name = chosen_provider(args, file.provider.as_deref(), saved);
    let mut provider = match by_name {
        Some(id) => named(id)?,
        // The general flag belongs to whoever is named, else to Anthropic.
        None if args.api_key.is_some() => &provider::PROVIDERS[0],
        None => access.first_ready(),
    };
    let wanted = args.model.as_deref().or(file.model.as_deref());
    let in_force = saved.filter(|saved| saved.provider == provider.id);
    let mut model_id = match (&args.model, in_force) {
        (None, Some(saved)) => saved.model.as_str(),
        _ => wanted.unwrap_or(models::default_model(provider.id)),
    };
    let open = by_name.is_none() || model_id.contains('/');
    if args.provider.is_none() && args.script.is_none() && open {
        (provider, model_id) = access.resolve(provider, model_id);
    }
    access.flag(provider.id, args.api_key.as_deref(), "--api-key");
    if model_id.trim().is_empty() && !args.check_connection {
        return Err(CliError::Usage(no_model(args, provider)));
    }
    let model = models::lookup(provider.id, model_id);
    if model.assumed && provider.id != "scripted" && !provider.local {
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
    Ok(Chosen {
        settings,
        model: Arc::new(model),
        provider,
        config: access.config(provider),
        access: Arc::new(access),
        roles: Roles {
            compact: file.compact_model,
            title: file.title_model,
            apply: args.morph_model.clone().or(file.apply_model),
            fallback: file.fallback,
        },
        budget: Budget {
            max_cost: args.max_cost.or(file.max_cost),
            max_turns: args.max_turns.or(file.max_turns),
            max_time: args.max_time.or(file.max_time),
        },
        ui: Ui {
            plain: args.plain.then_some(true).or(file.ui.plain),
            ..file.ui
        },
        sandbox: !args.no_sandbox && file.sandbox.unwrap_or(true),
        compact_at: file.compact_at.unwrap_or(COMPACT_AT),
        rules: file.rules,
        untrusted: file.untrusted,
        web_search: file.web_search.unwrap_or_default(),
        mcp_servers: file.mcp_servers,
        warnings,
    })
}

/// The vendor that was named: by flag, by the resumed session, in a file.
fn chosen_provider<'a>(
    args: &'a Args,
    file: Option<&'a str>,
    saved: Option<&'a Settings>,
) -> Option<&'a str> {
    let saved = saved.map(|saved| saved.provider.as_str());
    args.provider
        .as_deref()
        .or(args.script.is_some().then_some("scripted"))
        .or(saved.filter(|id| *id != "scripted" && !id.is_empty()))
        .or(file)
}

/// Keys and addresses, from everywhere but `--api-key`: whose it is comes out later.
pub(super) fn access(args: &Args, env: &Env, file: &Config) -> Result<Access, CliError> {
    let store = KeyStore::new(&Paths::new(Path::new(""), env).home);
    let mut access = Access::new(env.clone(), store)?;
    access.flag("openai", args.openai_api_key.as_deref(), "--openai-api-key");
    access.flag(MORPH.id, args.morph_api_key.as_deref(), MORPH.key_flag);
    for endpoint in &file.endpoints {
        access.address(&endpoint.name, &endpoint.base_url);
    }
    access.recordings(args.trace.clone(), args.script.clone());
    Ok(access)
}

/// The vendor in force, as far as settings say; else the first that can be asked.
pub(super) fn vendor(args: &Args, file: &Config, access: &Access) -> &'static ProviderInfo {
    let named = args.provider.as_deref().or(file.provider.as_deref());
    named
        .and_then(provider::info)
        .unwrap_or_else(|| access.first_ready())
}

fn no_model(args: &Args, provider: &ProviderInfo) -> String {
    match (&args.model, provider.local) {
        (None, true) => format!(
            "{} needs --model. Its models: sofos --provider {} --check-connection",
            provider.name, provider.id
        ),
        _ => "--model needs a model id".to_string(),
    }
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

    /// Vendor and model for these flags and variables.
    fn asked<const N: usize>(line: &str, vars: [(&str, &str); N]) -> (String, String) {
        use clap::Parser;
        let args = Args::try_parse_from(line.split(' ')).unwrap();
        let env = Env::from_pairs(vars);
        let chosen = choose(&args, &env, Config::default(), None).unwrap();
        (chosen.settings.provider, chosen.settings.model)
    }

    #[test]
    fn the_first_vendor_with_a_key_is_asked_unless_one_is_named() {
        let pair = |provider: &str, model: &str| (provider.to_string(), model.to_string());
        let (claude, sol) = (
            pair("anthropic", "claude-sonnet-5-5"),
            pair("openai", "gpt-6.1-sol"),
        );
        let (a, o) = (("ANTHROPIC_API_KEY", "a"), ("OPENAI_API_KEY", "o"));
        assert_eq!(asked("sofos", []), claude);
        assert_eq!(asked("sofos", [a, o]), claude);
        assert_eq!(asked("sofos", [o]), sol);
        assert_eq!(asked("sofos --openai-api-key k", []), sol);
        assert_eq!(asked("sofos --api-key k", [o]), claude);
        assert_eq!(asked("sofos", [("ZAI_API_KEY", "z")]).0, "zai");
        let local = ("ANTHROPIC_BASE_URL", "http://127.0.0.1:1");
        assert_eq!(asked("sofos", [local, o]), claude);
        assert_eq!(asked("sofos --provider openai", [a]), sol);
    }

    #[test]
    fn a_model_may_name_its_vendor() {
        let of = |line: &str| asked(line, [("GROQ_API_KEY", "g")]);
        let pair = |provider: &str, model: &str| (provider.to_string(), model.to_string());
        for (line, provider, model) in [
            ("openai/gpt-6-luna", "openai", "gpt-6-luna"),
            ("openai/gpt-oss-120b", "groq", "openai/gpt-oss-120b"),
            ("perplexity/sonar", "perplexity", "perplexity/sonar"),
            ("openrouter/z-ai/glm-5.3", "openrouter", "z-ai/glm-5.3"),
            ("acme/model", "groq", "acme/model"),
        ] {
            assert_eq!(of(&format!("sofos --model {line}")), pair(provider, model));
        }
        assert_eq!(
            of("sofos --provider openrouter --model openai/gpt-6-astra"),
            pair("openrouter", "openai/gpt-6-astra")
        );
    }

    #[test]
    fn a_local_server_has_no_model_of_its_own() {
        let args = Args {
            provider: Some("vllm".into()),
            ..Args::default()
        };
        let error = chosen(args.clone(), None).unwrap_err().to_string();
        assert!(error.contains("vllm --check-connection"), "{error}");
        let check = Args {
            check_connection: true,
            ..args
        };
        assert_eq!(chosen(check, None).unwrap().settings.model, "");
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
