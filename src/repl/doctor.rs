//! What is found here: keys, addresses, limits, what is enforced. For `sofos doctor`
//! and `/doctor`.

use crate::agent;
use crate::exec::sandbox;
use crate::protocol::permission::PermissionMode;
use crate::protocol::sandbox::SandboxState;
use crate::provider::estimate_tokens;
use crate::provider::registry::{ProviderConfig, ProviderInfo};

/// What the report is made from.
pub struct Facts<'a> {
    /// The workspace.
    pub workspace: String,
    /// sofos' own directory of the user.
    pub home: String,
    /// The vendor in force.
    pub provider: &'a ProviderInfo,
    /// Its key and address.
    pub config: &'a ProviderConfig,
    /// Model id.
    pub model: &'a str,
    /// Permission mode.
    pub mode: PermissionMode,
    /// Commands are to be confined.
    pub sandbox: bool,
    /// How finished lines reach the terminal's scrollback, and why so.
    pub scrollback: &'a str,
    /// Saved sessions of the workspace.
    pub sessions: usize,
}

/// The report: names and values. The sandbox is tried out.
pub fn rows(facts: &Facts<'_>) -> Vec<(&'static str, String)> {
    let key = match &facts.config.credential {
        Some(credential) => credential.hint(),
        None if facts.provider.key_env.is_empty() || facts.provider.local => {
            "none needed".to_string()
        }
        None => {
            let names: Vec<&str> = facts.provider.key_env.iter().map(|row| row.name).collect();
            format!("none; set {}", names.join(" or "))
        }
    };
    let base_url = facts.config.base_url.as_deref();
    let base_url = base_url.unwrap_or(facts.provider.base_url);
    let (system, tools) = agent::fixed_overhead(&facts.workspace);
    let by_wire: Vec<String> = agent::overhead_by_wire(&facts.workspace)
        .into_iter()
        .map(|(wire, bytes)| format!("{wire} {}", estimate_tokens(bytes)))
        .collect();
    let overhead = format!(
        "{} tokens: system {}, tools {} ({} bytes)",
        estimate_tokens(system + tools),
        estimate_tokens(system),
        estimate_tokens(tools),
        system + tools
    );
    vec![
        ("version", env!("CARGO_PKG_VERSION").to_string()),
        ("workspace", facts.workspace.clone()),
        ("home", facts.home.clone()),
        ("provider", format!("{} at {base_url}", facts.provider.id)),
        ("key", key),
        ("model", facts.model.to_string()),
        ("mode", facts.mode.as_str().to_string()),
        ("sandbox", sandbox_words(facts.sandbox)),
        ("scrollback", facts.scrollback.to_string()),
        ("prompt overhead", overhead),
        ("request overhead", by_wire.join(", ")),
        ("sessions", facts.sessions.to_string()),
    ]
}

/// What is enforced around commands, found out by trying.
fn sandbox_words(wanted: bool) -> String {
    if !wanted {
        return "off by setting: commands run with your rights after the permission check".into();
    }
    match sandbox::state() {
        SandboxState::Full => "full: commands write only in the workspace (not .git, .sofos, \
                               editor and agent settings) and a private /tmp; ~/.ssh, ~/.aws \
                               and other keys are hidden; no network but loopback; ended with \
                               everything they start"
            .into(),
        SandboxState::Partial(words) => format!("partial: {words}"),
        SandboxState::None(words) => {
            format!("none ({words}): commands run with your rights after the permission check")
        }
    }
}
