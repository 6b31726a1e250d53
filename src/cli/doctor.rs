//! `sofos doctor`: what is found here.

use serde_json::json;

use super::CliError;
use super::settings::Chosen;
use crate::config::{Env, Paths};
use crate::repl::doctor::{Facts, rows};
use crate::session::Store;
use crate::tui::{TerminalEnv, WriterChoice, describe_writer};

/// Prints the report, as text or as one JSON object.
pub(super) fn run(
    chosen: &Chosen,
    paths: &Paths,
    env: &Env,
    as_json: bool,
) -> Result<u8, CliError> {
    let rows = rows(&Facts {
        workspace: paths.workspace.display().to_string(),
        home: paths.home.display().to_string(),
        provider: chosen.provider,
        config: &chosen.config,
        model: &chosen.model.id,
        mode: chosen.settings.mode,
        sandbox: chosen.sandbox,
        scrollback: &scrollback_words(env),
        sessions: Store::new(paths.sessions()).list()?.len(),
    });
    if as_json {
        let object: serde_json::Map<_, _> = rows
            .iter()
            .map(|(name, value)| (name.replace(' ', "_"), json!(value)))
            .collect();
        println!("{}", serde_json::Value::Object(object));
        return Ok(0);
    }
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in rows {
        println!("{name:width$}  {value}");
    }
    for warning in &chosen.warnings {
        println!("warning: {warning}");
    }
    Ok(0)
}

/// How finished lines would reach the scrollback of this terminal, and why so.
pub(super) fn scrollback_words(env: &Env) -> String {
    let choice = env.get("SOFOS_SCROLLBACK").and_then(WriterChoice::parse);
    let terminal = TerminalEnv::from_lookup(|name| env.get(name).map(str::to_string));
    let (writer, why) = describe_writer(choice.unwrap_or_default(), &terminal);
    format!("{writer}: {why}")
}
