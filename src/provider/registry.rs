//! Which vendors there are, and how to make one of them ready.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::access::{KEYCHAIN, KEYS_FILE};
use super::anthropic::AnthropicProvider;
use super::gemini::GeminiProvider;
use super::ollama::OllamaProvider;
use super::openai::OpenAiProvider;
use super::openai::quirks::Quirks;
use super::scripted::ScriptedProvider;
use super::vendors::MORPH;
pub use super::vendors::PROVIDERS;
use super::{Failure, FailureKind, Provider, custom};
use crate::protocol::model::ModelInfo;

/// How a credential is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// An API key, in the vendor's own header.
    ApiKey,
    /// A bearer token, in `authorization`.
    Token,
}

/// A secret that opens a vendor's door. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// How it is sent.
    pub kind: CredentialKind,
    /// The secret itself.
    pub secret: String,
    /// Where it came from, for messages: `ANTHROPIC_API_KEY`, `--api-key`.
    pub source: String,
}

impl Credential {
    /// An API key and where it came from.
    pub fn api_key(secret: impl Into<String>, source: impl Into<String>) -> Self {
        Self {
            kind: CredentialKind::ApiKey,
            secret: secret.into().trim().to_string(),
            source: source.into(),
        }
    }

    /// Whether it is one that sofos stored, in the file or the keychain.
    pub fn is_stored(&self) -> bool {
        self.source == KEYS_FILE || self.source == KEYCHAIN
    }

    /// Its last four characters; nothing of a short one.
    pub fn tail(&self) -> Option<String> {
        let length = self.secret.chars().count();
        (length >= 16).then(|| self.secret.chars().skip(length - 4).collect())
    }

    /// `ANTHROPIC_API_KEY ends in …f3a9`; short secrets show nothing of themselves.
    pub fn hint(&self) -> String {
        match self.tail() {
            Some(tail) => format!("{} ends in …{tail}", self.source),
            None => {
                let length = self.secret.chars().count();
                format!("{} has {length} characters", self.source)
            }
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({:?}, {})", self.kind, self.hint())
    }
}

/// An environment variable that may hold a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyEnv {
    /// Name of the variable.
    pub name: &'static str,
    /// How its value is sent.
    pub kind: CredentialKind,
}

/// One vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderInfo {
    /// Id in settings and on the command line.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Wire format id.
    pub wire: &'static str,
    /// Base URL unless overridden; empty when there is none.
    pub base_url: &'static str,
    /// Variables that may hold the key, the first one set wins; empty when none is needed.
    pub key_env: &'static [KeyEnv],
    /// Variables that may override the base URL, the first one set wins.
    pub base_url_env: &'static [&'static str],
    /// The flag that takes the key.
    pub key_flag: &'static str,
    /// Where people get a key; empty when none is needed.
    pub key_page: &'static str,
    /// A server people run on their own machine; it needs no key.
    pub local: bool,
    /// How the vendor differs from others of its wire format.
    pub quirks: Quirks,
}

/// Whether a model's vendor runs web searches itself, and its wire format here asks
/// it to. Not for models that are not in the catalogue: the server behind them may
/// be any.
pub fn searches(model: &ModelInfo) -> bool {
    let able = match model.provider.as_str() {
        "anthropic" | "openai" => true,
        // The older ones search or call tools, not both.
        "gemini" => !model.id.starts_with("gemini-1") && !model.id.starts_with("gemini-2"),
        _ => false,
    };
    able && !model.assumed
}

/// Whether a model takes the pages of a PDF as they look.
pub fn reads_pdf(model: &ModelInfo) -> bool {
    let vendors = ["anthropic", "openai", "gemini"];
    model.vision && vendors.contains(&model.provider.as_str())
}

/// Ids that people know vendors by elsewhere.
const ALSO: &[(&str, &str)] = &[
    ("claude", "anthropic"),
    ("google", "gemini"),
    ("grok", "xai"),
    ("llama.cpp", "llamacpp"),
    ("llama-cpp", "llamacpp"),
    ("lm-studio", "lmstudio"),
    ("fireworks-ai", "fireworks"),
    ("togetherai", "together"),
    ("z.ai", "zai"),
];

/// The row of a vendor, by its id or by another one that is usual.
pub fn info(id: &str) -> Option<&'static ProviderInfo> {
    let row = |id: &str| custom::rows().find(|row| row.id == id);
    row(id).or_else(|| {
        let (_, own) = ALSO
            .iter()
            .find(|(also, _)| also.eq_ignore_ascii_case(id))?;
        row(own)
    })
}

/// The row of a vendor, or of a service that has a key beside them.
pub fn keyed(id: &str) -> Option<&'static ProviderInfo> {
    info(id).or(Some(&MORPH).filter(|row| row.id == id))
}

/// What a vendor needs to work; read by the caller from flags, settings and
/// environment.
#[derive(Debug, Clone, Default)]
pub struct ProviderConfig {
    /// The key, unless the vendor needs none.
    pub credential: Option<Credential>,
    /// Another base URL than the vendor's own.
    pub base_url: Option<String>,
    /// Where requests and answers are recorded, if anywhere.
    pub trace_dir: Option<PathBuf>,
    /// The script of the `scripted` vendor: a file, or a directory of them.
    pub script: Option<PathBuf>,
    /// Longest silence of a server, unless the default of five minutes.
    pub idle_timeout: Option<Duration>,
}

/// Makes a vendor ready. Nothing is read from the network or the environment.
///
/// # Errors
/// A failure that says what is missing and how to provide it.
pub fn build(id: &str, config: ProviderConfig) -> Result<Arc<dyn Provider>, Failure> {
    match info(id).map(|row| (row, row.wire)) {
        Some((row, "anthropic")) => Ok(Arc::new(AnthropicProvider::new(row, config)?)),
        Some((row, "openai_responses" | "openai_chat")) => {
            Ok(Arc::new(OpenAiProvider::new(row, config)?))
        }
        Some((row, "gemini")) => Ok(Arc::new(GeminiProvider::new(row, config)?)),
        Some((row, "ollama")) => Ok(Arc::new(OllamaProvider::new(row, config)?)),
        Some((_, "scripted")) => {
            let path = config.script.as_deref().ok_or_else(no_script)?;
            Ok(Arc::new(ScriptedProvider::load(path)?))
        }
        _ => Err(Failure {
            kind: FailureKind::NotFound,
            message: unknown(id),
        }),
    }
}

pub(super) fn no_script() -> Failure {
    Failure {
        kind: FailureKind::NotFound,
        message: "scripted: no script. Name one with --script FILE".to_string(),
    }
}

/// What to do about a missing key.
pub(super) fn no_key(row: &ProviderInfo) -> Failure {
    let name = row.key_env.first().map_or("", |env| env.name);
    Failure {
        kind: FailureKind::Auth,
        message: format!(
            "{}: no key. Set {name}, pass {}, or store one: sofos config keys set {} (keys: {})",
            row.id, row.key_flag, row.id, row.key_page
        ),
    }
}

/// What to do about a key that does not work.
pub(super) fn key_advice(row: &ProviderInfo) -> String {
    let name = row.key_env.first().map_or("", |env| env.name);
    let page = match row.key_page {
        "" => String::new(),
        page => format!(" (keys: {page})"),
    };
    format!(
        "Set a working key in {name}, pass {}, or store one: sofos config keys set {}{page}",
        row.key_flag, row.id
    )
}

pub(super) fn unknown(id: &str) -> String {
    let known: Vec<&str> = custom::rows().map(|row| row.id).collect();
    format!("no provider {id}. Known: {}", known.join(", "))
}

/// A rough count of the tokens of so many bytes of text or JSON, for meters
/// before the server has counted.
pub fn estimate_tokens(bytes: usize) -> u64 {
    bytes.div_ceil(4) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said() {
        let message = |id: &str| match build(id, ProviderConfig::default()) {
            Ok(_) => panic!("{id} needs something"),
            Err(failure) => failure.message,
        };
        assert_eq!(
            message("anthropic"),
            "anthropic: no key. Set ANTHROPIC_API_KEY, pass --api-key, or store one: sofos config keys set anthropic (keys: https://platform.claude.com/settings/keys)"
        );
        assert!(message("scripted").contains("--script"));
        assert!(message("x").starts_with("no provider x. Known: anthropic, openai, "));
    }

    #[test]
    fn a_credential_shows_its_tail_only() {
        let long = Credential::api_key(" sk-ant-api03-0123456789f3a9\n", "ANTHROPIC_API_KEY");
        assert_eq!(long.hint(), "ANTHROPIC_API_KEY ends in …f3a9");
        assert!(!format!("{long:?}").contains("0123"));
        assert_eq!(
            Credential::api_key("test", "--api-key").hint(),
            "--api-key has 4 characters"
        );
    }

    #[test]
    fn ids_are_unique() {
        for row in PROVIDERS {
            assert_eq!(
                PROVIDERS.iter().filter(|other| other.id == row.id).count(),
                1
            );
        }
        assert_eq!([0, 1, 4, 5].map(estimate_tokens), [0, 1, 1, 2]);
    }
}
