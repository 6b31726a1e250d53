//! `sofos doctor`: what is found here.

use serde_json::json;

use super::CliError;
use super::settings::Chosen;
use crate::agent;
use crate::config::Paths;
use crate::exec::sandbox;
use crate::protocol::sandbox::SandboxState;
use crate::provider::estimate_tokens;
use crate::session::Store;

/// One line of the report.
struct Check {
    name: &'static str,
    value: String,
}

/// Prints the report, as text or as one JSON object.
pub(super) fn run(chosen: &Chosen, paths: &Paths, as_json: bool) -> Result<u8, CliError> {
    let checks = checks(chosen, paths)?;
    if as_json {
        let object: serde_json::Map<_, _> = checks
            .iter()
            .map(|check| (check.name.replace(' ', "_"), json!(check.value)))
            .collect();
        println!("{}", serde_json::Value::Object(object));
        return Ok(0);
    }
    let width = checks
        .iter()
        .map(|check| check.name.len())
        .max()
        .unwrap_or(0);
    for Check { name, value } in checks {
        println!("{name:width$}  {value}");
    }
    for warning in &chosen.warnings {
        println!("warning: {warning}");
    }
    Ok(0)
}

/// What is enforced around commands, found out by trying.
fn sandbox_words(chosen: &Chosen) -> String {
    if !chosen.sandbox {
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

fn checks(chosen: &Chosen, paths: &Paths) -> Result<Vec<Check>, CliError> {
    let key = match &chosen.config.credential {
        Some(credential) => credential.hint(),
        None if chosen.provider.key_env.is_empty() || chosen.provider.local => {
            "none needed".to_string()
        }
        None => {
            let names: Vec<&str> = chosen.provider.key_env.iter().map(|row| row.name).collect();
            format!("none; set {}", names.join(" or "))
        }
    };
    let base_url = chosen
        .config
        .base_url
        .as_deref()
        .unwrap_or(chosen.provider.base_url);
    let (system, tools) = agent::fixed_overhead(&paths.workspace.display().to_string());
    let by_wire: Vec<String> = agent::overhead_by_wire(&paths.workspace.display().to_string())
        .into_iter()
        .map(|(wire, bytes)| format!("{wire} {}", estimate_tokens(bytes)))
        .collect();
    let sessions = Store::new(paths.sessions()).list()?.len();
    let check = |name, value: String| Check { name, value };
    Ok(vec![
        check("version", env!("CARGO_PKG_VERSION").to_string()),
        check("workspace", paths.workspace.display().to_string()),
        check("home", paths.home.display().to_string()),
        check("provider", format!("{} at {base_url}", chosen.provider.id)),
        check("key", key),
        check("model", chosen.model.id.clone()),
        check("mode", chosen.settings.mode.as_str().to_string()),
        check("sandbox", sandbox_words(chosen)),
        check(
            "prompt overhead",
            format!(
                "{} tokens: system {}, tools {} ({} bytes)",
                estimate_tokens(system + tools),
                estimate_tokens(system),
                estimate_tokens(tools),
                system + tools
            ),
        ),
        check("request overhead", by_wire.join(", ")),
        check("sessions", sessions.to_string()),
    ])
}
