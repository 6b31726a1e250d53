//! One settings file: a table of keys, applied with exact complaints.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml_edit::{Document, Item, Value};

use super::{Config, ConfigError, Env, keys};
use crate::protocol::model::Effort;
use crate::protocol::permission::PermissionMode;

/// Who wrote a file, and so what it may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// The user's own file.
    User,
    /// A file that came with the workspace: may narrow, not widen.
    Project,
}

/// One setting.
pub struct Key {
    /// Name in files (`max-tokens`); `SOFOS_MAX_TOKENS` in the environment.
    pub name: &'static str,
    /// What it takes, in words.
    pub expected: &'static str,
    /// What it does, in words.
    pub help: &'static str,
    /// Stores a value given as text; false when it makes no sense.
    set: fn(&mut Config, &str) -> bool,
    /// Whether a file of the workspace may set it to this value.
    project_may: fn(&str) -> bool,
}

/// Every setting.
pub static KEYS: &[Key] = &[
    Key {
        name: "provider",
        expected: "a provider id such as \"anthropic\"",
        help: "who to ask",
        set: |config, value| {
            config.provider = Some(value.to_string());
            !value.is_empty()
        },
        project_may: |_| true,
    },
    Key {
        name: "model",
        expected: "a model id such as \"claude-sonnet-5-5\"",
        help: "which model to ask",
        set: |config, value| {
            config.model = Some(value.to_string());
            !value.is_empty()
        },
        project_may: |_| true,
    },
    Key {
        name: "max-tokens",
        expected: "a positive number of tokens",
        help: "longest answer, thinking included",
        set: |config, value| {
            config.max_tokens = value.parse().ok().filter(|n| *n > 0);
            config.max_tokens.is_some()
        },
        project_may: |_| true,
    },
    Key {
        name: "thinking",
        expected: "true or false",
        help: "let the model think before it answers",
        set: |config, value| {
            config.thinking = value.parse().ok();
            config.thinking.is_some()
        },
        project_may: |_| true,
    },
    Key {
        name: "thinking-budget",
        expected: "a number of tokens from 1024",
        help: "how many tokens to think at most, for models that take a budget",
        set: |config, value| {
            config.thinking_budget = value.parse().ok().filter(|n| *n >= 1024);
            config.thinking_budget.is_some()
        },
        project_may: |_| true,
    },
    Key {
        name: "effort",
        expected: "none, minimal, low, medium, high, xhigh or max",
        help: "how hard to think, for models that take an effort",
        set: |config, value| {
            config.effort = Effort::parse(value);
            config.effort.is_some()
        },
        project_may: |_| true,
    },
    Key {
        name: "permission-mode",
        expected: "default, plan, accept-edits or bypass",
        help: "what may happen without asking",
        set: |config, value| {
            config.permission_mode = PermissionMode::parse(value);
            config.permission_mode.is_some()
        },
        // A repository must not grant itself rights.
        project_may: |value| matches!(value, "default" | "plan"),
    },
    Key {
        name: "sandbox",
        expected: "auto or off",
        help: "confine commands by the operating system, where it can",
        set: |config, value| {
            config.sandbox = match value {
                "auto" => Some(true),
                "off" => Some(false),
                _ => None,
            };
            config.sandbox.is_some()
        },
        project_may: |value| value == "auto",
    },
    Key {
        name: "ui.vim",
        expected: "true or false",
        help: "edit the prompt as in vim (`[ui]` table: `vim = true`)",
        set: |config, value| {
            config.vim = value.parse().ok();
            config.vim.is_some()
        },
        project_may: |_| false,
    },
    Key {
        name: "compact-at",
        expected: "a percentage from 20 to 95",
        help: "how full the window gets before the conversation is compacted (80)",
        set: |config, value| {
            config.compact_at = value.parse().ok().filter(|n| (20..=95).contains(n));
            config.compact_at.is_some()
        },
        project_may: |_| true,
    },
];

/// Applies one file to the settings; a missing file is no error.
pub(super) fn apply(config: &mut Config, path: &Path, trust: Trust) -> Result<(), ConfigError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        // `.sofos` may be missing, or not be a directory at all.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(());
        }
        Err(source) => {
            return Err(ConfigError::Read {
                path: path.to_path_buf(),
                source,
            });
        }
    };
    let document = Document::parse(text.as_str()).map_err(|error| ConfigError::Syntax {
        path: path.to_path_buf(),
        line: line_of(&text, error.span()),
        message: error.message().lines().collect::<Vec<_>>().join(" "),
    })?;
    for (name, item) in document.as_table() {
        if name == "keys" {
            keys::apply(config, path, &text, item, trust)?;
            continue;
        }
        if let ("ui", Some(table)) = (name, item.as_table_like()) {
            for (name, item) in table.iter() {
                let line = line_of(&text, item.span());
                apply_key(config, path, line, &format!("ui.{name}"), item, trust)?;
            }
            continue;
        }
        let span = document.as_table().key(name).and_then(toml_edit::Key::span);
        let line = line_of(&text, span.or_else(|| item.span()));
        apply_key(config, path, line, name, item, trust)?;
    }
    Ok(())
}

fn apply_key(
    config: &mut Config,
    path: &Path,
    line: usize,
    name: &str,
    item: &Item,
    trust: Trust,
) -> Result<(), ConfigError> {
    let Some(key) = find(name) else {
        config.warnings.push(unknown(path, line, name));
        return Ok(());
    };
    let value = scalar(item);
    let set = value.as_deref().is_some_and(|value| {
        if trust == Trust::Project && !(key.project_may)(value) {
            config.warnings.push(format!(
                "{}:{line}: a workspace may not set {name} to {value:?}; set it in \
                     ~/.sofos/config.toml or with a flag",
                path.display()
            ));
            return true;
        }
        (key.set)(config, value)
    });
    if !set {
        return Err(ConfigError::Value {
            path: path.to_path_buf(),
            line,
            key: name.to_string(),
            expected: key.expected,
            found: item.to_string().trim().to_string(),
        });
    }
    Ok(())
}

/// Applies `SOFOS_*` variables.
pub(super) fn apply_env(config: &mut Config, env: &Env) -> Result<(), ConfigError> {
    for key in KEYS {
        let name = format!("SOFOS_{}", key.name.to_uppercase().replace(['-', '.'], "_"));
        if let Some(value) = env.get(&name)
            && !(key.set)(config, value)
        {
            return Err(ConfigError::Value {
                path: PathBuf::from("environment"),
                line: 0,
                key: name,
                expected: key.expected,
                found: format!("{value:?}"),
            });
        }
    }
    Ok(())
}

/// The key of a name; underscores count as hyphens.
fn find(name: &str) -> Option<&'static Key> {
    let name = name.replace('_', "-");
    KEYS.iter().find(|key| key.name == name)
}

fn unknown(path: &Path, line: usize, name: &str) -> String {
    let known: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    format!(
        "{}:{line}: unknown key {name:?} is ignored; known keys: {}",
        path.display(),
        known.join(", ")
    )
}

/// A string, number or truth value as text.
fn scalar(item: &Item) -> Option<String> {
    match item.as_value()? {
        Value::String(value) => Some(value.value().clone()),
        Value::Integer(value) => Some(value.value().to_string()),
        Value::Boolean(value) => Some(value.value().to_string()),
        _ => None,
    }
}

pub(super) fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> usize {
    let end = span.map_or(0, |span| span.start.min(text.len()));
    text.as_bytes()[..end]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, trust: Trust) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        fs::write(&path, text).unwrap();
        let mut config = Config::default();
        apply(&mut config, &path, trust)
            .map(|()| config)
            .map_err(|error| error.to_string().rsplit_once('/').unwrap().1.to_string())
    }

    #[test]
    fn complaints_name_file_line_and_key() {
        for (text, complaint) in [
            (
                "model = \"x\"\nmax-tokens = 0\n",
                "config.toml:2: max-tokens must be a positive",
            ),
            (
                "\n\nthinking = \"maybe\"",
                "config.toml:3: thinking must be true or false, found \"maybe\"",
            ),
            ("effort = [1]", "config.toml:1: effort must be none,"),
            ("model = \n", "config.toml:1: not valid TOML"),
        ] {
            let error = load(text, Trust::User).unwrap_err();
            assert!(error.starts_with(complaint), "{error}");
        }
    }

    #[test]
    fn unknown_keys_warn_and_a_workspace_cannot_widen_its_rights() {
        let config = load("modle = 1\nmodel = \"m\"", Trust::User).unwrap();
        assert!(
            config.warnings[0].contains(":1: unknown key \"modle\""),
            "{:?}",
            config.warnings
        );
        assert_eq!(config.model.as_deref(), Some("m"));
        let config = load("permission_mode = \"bypass\"", Trust::Project).unwrap();
        assert_eq!(config.permission_mode, None);
        assert!(
            config.warnings[0].contains("may not set"),
            "{:?}",
            config.warnings
        );
        let config = load("permission-mode = \"plan\"", Trust::Project).unwrap();
        assert_eq!(config.permission_mode, Some(PermissionMode::Plan));
    }

    #[test]
    fn tables_for_the_prompt_are_the_users_own() {
        let text = "[ui]\nvim = true\n\n[keys]\npreset = \"panels\"\neditor = \"f4\"\n\
                    send = [\"enter\", \"f2\"]\nundo = []\n";
        let config = load(text, Trust::User).unwrap();
        assert_eq!(config.vim, Some(true));
        assert_eq!(config.key_preset.as_deref(), Some("panels"));
        let keys: Vec<(&str, usize)> = config
            .keys
            .iter()
            .map(|setting| (setting.action.as_str(), setting.keys.len()))
            .collect();
        assert_eq!(keys, [("editor", 1), ("send", 2), ("undo", 0)]);
        assert!(
            config.keys[0].place.ends_with("config.toml:6"),
            "{}",
            config.keys[0].place
        );
        let config = load(text, Trust::Project).unwrap();
        assert!(config.keys.is_empty() && config.vim.is_none());
        assert_eq!(config.warnings.len(), 2, "{:?}", config.warnings);
        let error = load("[keys]\nsend = 1\n", Trust::User).unwrap_err();
        assert!(
            error.contains("config.toml:2: send must be a key such as"),
            "{error}"
        );
    }

    #[test]
    fn the_environment_beats_files() {
        let mut config = load("max-tokens = 5", Trust::User).unwrap();
        apply_env(&mut config, &Env::from_pairs([("SOFOS_MAX_TOKENS", "7")])).unwrap();
        assert_eq!(config.max_tokens, Some(7));
        let bad = apply_env(&mut config, &Env::from_pairs([("SOFOS_EFFORT", "loud")]));
        assert!(
            bad.unwrap_err()
                .to_string()
                .contains("SOFOS_EFFORT must be")
        );
    }
}
