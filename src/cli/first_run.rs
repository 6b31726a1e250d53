//! The first run without any key: sofos offers to store one.

use std::io::IsTerminal;

use super::run::missing_key;
use super::settings::Chosen;
use super::{CliError, secret};
use crate::provider::{Credential, ProviderInfo, check, models, registry};
use crate::stdx::text;

/// Beginnings of keys that tell whose they are, the longer ones first.
const BEGINNINGS: [(&str, &str); 7] = [
    ("sk-ant-", "anthropic"),
    ("sk-or-", "openrouter"),
    ("sk-proj-", "openai"),
    ("AIza", "gemini"),
    ("gsk_", "groq"),
    ("xai-", "xai"),
    ("pplx-", "perplexity"),
];

/// Tries before it is given up.
const TRIES: u32 = 3;

/// Says how to go on without a key, and takes one when there is somebody to type it.
/// True when one was stored: the settings are to be worked out anew.
pub(super) fn offer(chosen: &Chosen, named: bool) -> Result<bool, CliError> {
    let Some(words) = missing_key(chosen) else {
        return Ok(false);
    };
    println!("{words}");
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    println!(
        "\nOr paste a key now; it is tried, then stored as plain text that only you can read in\n{}",
        text::clean(&chosen.access.store().path().display().to_string())
    );
    for _ in 0..TRIES {
        let prompt = "Key (not shown; Enter leaves): ";
        let typed = secret::read(prompt).map_err(CliError::io("read the key"))?;
        let Some(key) = typed.filter(|key| !key.trim().is_empty()) else {
            return Ok(false);
        };
        let row = whose(&key, chosen.provider, named);
        if accepted(row, &key, chosen)? {
            chosen.access.set_key(row.id, &key)?;
            println!("{}: stored", row.id);
            return Ok(true);
        }
    }
    Ok(false)
}

/// The vendor of a key: the one that was named, else what its beginning says.
fn whose(key: &str, chosen: &'static ProviderInfo, named: bool) -> &'static ProviderInfo {
    let found = BEGINNINGS
        .iter()
        .find(|(beginning, _)| key.starts_with(beginning))
        .and_then(|(_, id)| registry::info(id));
    match (named, found) {
        (true, _) | (false, None) => chosen,
        (false, Some(found)) => found,
    }
}

/// Whether the vendor takes the key; what it says is shown.
fn accepted(row: &'static ProviderInfo, key: &str, chosen: &Chosen) -> Result<bool, CliError> {
    let mut config = chosen.access.config(row);
    config.credential = Some(Credential::api_key(key, "the key"));
    let model = models::default_model(row.id);
    let report = super::runtime()?.block_on(check::check_connection(row.id, config, model));
    for line in &report.lines {
        println!("{}", text::clean(line));
    }
    Ok(report.ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_whose_it_is() {
        let anthropic = registry::info("anthropic").unwrap();
        let of = |key: &str, named| whose(key, anthropic, named).id;
        assert_eq!(of("sk-ant-api03-x", false), "anthropic");
        assert_eq!(of("sk-or-v1-x", false), "openrouter");
        assert_eq!(of("AIzaSy", false), "gemini");
        assert_eq!(of("something", false), "anthropic");
        assert_eq!(of("gsk_x", true), "anthropic");
    }
}
