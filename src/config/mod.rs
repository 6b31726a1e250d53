//! Layers of settings, paths, keys. The only room besides cli that reads the environment.
//!
//! defaults < `~/.sofos/config.toml` < `.sofos/config.toml` <
//! `.sofos/config.local.toml` < `SOFOS_*` < flags. A layer sets what it names
//! and leaves the rest alone.
//!
//! What a file of the workspace says to allow or redirect holds only after the user
//! accepted it ([`trust`]); what it denies always holds.

mod edit;
mod env;
mod file;
mod keys;
pub mod mcp;
mod paths;
pub mod rules;
mod secrets;
mod set;
pub mod trust;
mod ui;

use std::path::PathBuf;
use std::time::Duration;

pub use edit::save;
pub use env::Env;
pub use file::{KEYS, Key, find};
pub use keys::KeySetting;
pub use paths::Paths;
pub use rules::{Layer, RuleLine};
pub use secrets::{KeyError, KeyStore, Keys};
pub use set::set;
pub use ui::{LinkChoice, Notify, STATUS_PARTS, Ui};

use crate::protocol::model::{Effort, WebSearch};
use crate::protocol::permission::PermissionMode;

/// What can go wrong with settings. Names the file, the line and the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{path}:{line}: not valid TOML: {message}", path = path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// 1-based line.
        line: usize,
        /// The parser's words.
        message: String,
    },
    /// A value has the wrong type or is out of range.
    #[error("{path}:{line}: {key} must be {expected}, found {found}", path = path.display())]
    Value {
        /// The file, or the environment variable.
        path: PathBuf,
        /// 1-based line.
        line: usize,
        /// The key.
        key: String,
        /// What it takes.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// The file cannot be written.
    #[error("cannot write {path}: {source}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// A server that speaks a known wire format, described by the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Provider id; that of a built-in one changes its address only.
    pub name: String,
    /// Base URL.
    pub base_url: String,
    /// Wire format id.
    pub wire: String,
    /// The variable that holds its key, when it wants one.
    pub key_env: Option<String>,
    /// Its models.
    pub models: Vec<String>,
    /// Window of its models in tokens.
    pub context: Option<u64>,
}

/// Where a setting was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the setting.
    pub key: &'static str,
    /// Its value as text.
    pub value: String,
    /// File and line, or variable.
    pub from: String,
}

/// Settings after merging; nothing means the program's default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// Vendor id.
    pub provider: Option<String>,
    /// Model id.
    pub model: Option<String>,
    /// Output limit in tokens.
    pub max_tokens: Option<u64>,
    /// Thinking on or off.
    pub thinking: Option<bool>,
    /// Thinking budget in tokens.
    pub thinking_budget: Option<u64>,
    /// Effort level.
    pub effort: Option<Effort>,
    /// Permission mode.
    pub permission_mode: Option<PermissionMode>,
    /// Commands run in the system's sandbox, where there is one.
    pub sandbox: Option<bool>,
    /// Share of the window at which a conversation is compacted, in percent.
    pub compact_at: Option<u8>,
    /// Who searches the web.
    pub web_search: Option<WebSearch>,
    /// The prompt starts in vim's way.
    pub vim: Option<bool>,
    /// Which keys are in force before [`Config::keys`] change some.
    pub key_preset: Option<String>,
    /// Keys the user gives to actions.
    pub keys: Vec<KeySetting>,
    /// Model that writes the account of a compacted conversation.
    pub compact_model: Option<String>,
    /// Model that names sessions.
    pub title_model: Option<String>,
    /// Model of Morph that merges sketches of edits.
    pub apply_model: Option<String>,
    /// Models that take over while a vendor is out of reach.
    pub fallback: Vec<String>,
    /// Dollars a session may cost.
    pub max_cost: Option<f64>,
    /// Answers of the model in one turn.
    pub max_turns: Option<u64>,
    /// How long a turn may take.
    pub max_time: Option<Duration>,
    /// Servers described by the user.
    pub endpoints: Vec<Endpoint>,
    /// MCP servers, by name; of two of one name the later layer's holds.
    pub mcp_servers: Vec<mcp::McpServer>,
    /// MCP servers the workspace would add or change and the user has not accepted.
    pub mcp_untrusted: Vec<mcp::McpServer>,
    /// Where each setting was given; of one key the last place holds.
    pub places: Vec<Place>,
    /// The lists of rules, in the order they stand in the files.
    pub rules: Vec<RuleLine>,
    /// What the workspace would set and the user has not accepted, one item each.
    pub untrusted: Vec<String>,
    /// Everything in the workspace that only counts once it is accepted.
    pub gated: Vec<String>,
    /// What the user accepted in this workspace and is not there any more.
    pub gone: Vec<String>,
    /// The terminal UI.
    pub ui: Ui,
    /// What was found odd while loading, one line each.
    pub warnings: Vec<String>,
}

/// Loads and merges all layers below the command line. With `trusting`, what the
/// workspace brings along counts as accepted.
///
/// # Errors
/// At the first file that cannot be read or value that cannot be used.
pub fn load(paths: &Paths, env: &Env, trusting: bool) -> Result<Config, ConfigError> {
    let mut config = Config::default();
    // Without a home directory nothing here is the user's own.
    let homeless = paths.user_home.is_none() && paths.home == paths.project;
    let mut accepted = if homeless {
        trust::Accepted::default()
    } else {
        trust::accepted(paths)?
    };
    // In the home directory itself the user's file is the workspace's.
    accepted.all = trusting || (!homeless && paths.home == paths.project);
    for layer in [Layer::User, Layer::Project, Layer::Local] {
        // The workspace's own settings have the last word about what other tools' files
        // there name.
        if layer == Layer::Project {
            mcp::workspace_files(&mut config, paths, &accepted);
        }
        let twice = paths.home == paths.project
            && layer
                == if homeless {
                    Layer::User
                } else {
                    Layer::Project
                };
        if twice {
            continue;
        }
        file::apply(&mut config, &layer.path(paths), layer, &accepted)?;
    }
    config.gone = accepted.items;
    let there = &config.gated;
    config.gone.retain(|item| !there.contains(item));
    file::apply_env(&mut config, env)?;
    Ok(config)
}
/// A time with its unit: `90s`, `30m`, `2h`. Nothing for another spelling, or no time
/// at all.
pub fn time(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
    let seconds = match unit {
        's' => number,
        'm' => number.checked_mul(60)?,
        'h' => number.checked_mul(3_600)?,
        _ => return None,
    };
    (seconds > 0).then(|| Duration::from_secs(seconds))
}
