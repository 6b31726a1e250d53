//! The `[keys]` table: which key does what.

use std::path::Path;

use toml_edit::{Item, Value};

use super::file::line_of;
use super::rules::Layer;
use super::{Config, ConfigError};

/// A row of the table; whether action and keys exist shows in the front end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySetting {
    /// What is done.
    pub action: String,
    /// The keys in words; none takes them away.
    pub keys: Vec<String>,
    /// File and line.
    pub place: String,
}

const EXPECTED: &str = "a key such as \"ctrl+g\", or a list of keys";

/// Applies the table of one file. A file of the workspace has no say: a key could
/// become a command that grants rights.
pub(super) fn apply(
    config: &mut Config,
    path: &Path,
    text: &str,
    item: &Item,
    layer: Layer,
) -> Result<(), ConfigError> {
    let line = |item: &Item| line_of(text, item.span());
    let wrong = |key: &str, expected, item: &Item| ConfigError::Value {
        path: path.to_path_buf(),
        line: line(item),
        key: key.to_owned(),
        expected,
        found: item.to_string().trim().to_owned(),
    };
    let Some(table) = item.as_table_like() else {
        return Err(wrong("keys", "a table of actions and keys", item));
    };
    if layer != Layer::User {
        config.warnings.push(format!(
            "{}:{}: a workspace may not set keys; set them in ~/.sofos/config.toml",
            path.display(),
            line(item)
        ));
        return Ok(());
    }
    for (action, item) in table.iter() {
        if action == "preset" {
            let preset = item.as_str();
            config.key_preset = preset.map(str::to_owned);
            preset.ok_or_else(|| wrong("keys.preset", "readline, vim or panels", item))?;
            continue;
        }
        let keys = match item.as_value() {
            Some(Value::String(key)) => Some(vec![key.value().clone()]),
            Some(Value::Array(keys)) => {
                let keys = keys.iter().map(|key| key.as_str().map(str::to_owned));
                keys.collect()
            }
            _ => None,
        };
        let keys: Vec<String> = keys.ok_or_else(|| wrong(action, EXPECTED, item))?;
        config.keys.retain(|setting| setting.action != action);
        config.keys.push(KeySetting {
            action: action.to_owned(),
            keys: keys
                .into_iter()
                .filter(|key| !key.trim().is_empty())
                .collect(),
            place: format!("{}:{}", path.display(), line(item)),
        });
    }
    Ok(())
}
