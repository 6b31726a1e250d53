//! One settings file: a table of keys, applied with exact complaints.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml_edit::{Document, Item, TableLike, Value};

use super::rules::{self, LISTS, Layer, RuleLine};
use super::trust::Accepted;
use super::ui::{LinkChoice, Notify, STATUS_PARTS};
use super::{Config, ConfigError, Endpoint, Env, Place, keys, mcp};
use crate::protocol::model::{Effort, WebSearch};
use crate::protocol::permission::PermissionMode;

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
    /// Whether a file of the workspace may set it to this value unasked.
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
        name: "web-search",
        expected: "auto, native, duckduckgo or off",
        help: "who searches the web: the provider itself where it can, DuckDuckGo, or nobody",
        set: |config, value| {
            config.web_search = WebSearch::parse(value);
            config.web_search.is_some()
        },
        // A repository may spare the searches, not send them elsewhere.
        project_may: |value| value == "off",
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
    Key {
        name: "models.compact",
        expected: "a model as provider/model",
        help: "which model summarises a conversation that is compacted",
        set: |config, value| {
            config.compact_model = Some(value.to_string()).filter(|value| value.contains('/'));
            config.compact_model.is_some()
        },
        project_may: |_| true,
    },
    Key {
        name: "models.title",
        expected: "a model as provider/model",
        help: "which model names a session after its first turn (none: the first message is its name)",
        set: |config, value| {
            config.title_model = Some(value.to_string()).filter(|value| value.contains('/'));
            config.title_model.is_some()
        },
        project_may: |_| true,
    },
    Key {
        name: "models.apply",
        expected: "a model of Morph, such as morph-v3-large",
        help: "which model merges the sketches of morph_edit_file (morph-v3-fast)",
        set: |config, value| {
            let id = value.strip_prefix("morph/").unwrap_or(value);
            config.apply_model = Some(id.to_string()).filter(|id| !id.is_empty());
            config.apply_model.is_some()
        },
        project_may: |_| true,
    },
    Key {
        name: "models.fallback",
        expected: "a list of models as provider/model",
        help: "which models take over while the provider is overloaded or out of reach",
        set: |config, value| {
            let names = value
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty());
            config.fallback = names.map(str::to_string).collect();
            !config.fallback.is_empty() && config.fallback.iter().all(|name| name.contains('/'))
        },
        project_may: |_| true,
    },
    Key {
        name: "budget.max-cost",
        expected: "an amount of dollars",
        help: "what a session may cost; checked before every request",
        set: |config, value| {
            let amount = value.parse().ok();
            config.max_cost = amount.filter(|amount: &f64| *amount > 0.0 && amount.is_finite());
            config.max_cost.is_some()
        },
        // A repository must not spend the user's money.
        project_may: |_| false,
    },
    Key {
        name: "budget.max-turns",
        expected: "a positive number",
        help: "how often the model may answer for one message",
        set: |config, value| {
            config.max_turns = value.parse().ok().filter(|n| *n > 0);
            config.max_turns.is_some()
        },
        project_may: |_| false,
    },
    Key {
        name: "budget.max-time",
        expected: "a time such as 90s, 30m or 2h",
        help: "how long the work for one message may take; checked before every request",
        set: |config, value| {
            config.max_time = super::time(value);
            config.max_time.is_some()
        },
        project_may: |_| false,
    },
    Key {
        name: "ui.theme",
        expected: "the name of a theme such as \"default\"",
        help: "colours of the terminal UI; /theme shows them",
        set: |config, value| {
            config.ui.theme = Some(value.to_string());
            !value.is_empty()
        },
        project_may: |_| false,
    },
    Key {
        name: "ui.plain",
        expected: "true or false",
        help: "one plain line for everything, nothing redrawn: for screen readers",
        set: |config, value| {
            config.ui.plain = value.parse().ok();
            config.ui.plain.is_some()
        },
        project_may: |_| false,
    },
    Key {
        name: "ui.status",
        expected: "a list of parts: model, mode, thinking, context, tokens, cached, cost, sandbox, \
                   branch, queue, jobs, title",
        help: "parts of the status line, in order",
        set: |config, value| {
            let parts = value.split(',').map(str::trim);
            let parts: Vec<String> = parts.filter(|p| !p.is_empty()).map(Into::into).collect();
            let known = |part: &String| STATUS_PARTS.contains(&part.as_str());
            let good = parts.iter().all(known);
            config.ui.status = Some(parts);
            good
        },
        project_may: |_| false,
    },
    Key {
        name: "ui.status-command",
        expected: "a command line",
        help: "a command whose first line of output ends the status line",
        set: |config, value| {
            config.ui.status_command = Some(value.to_string());
            true
        },
        project_may: |_| false,
    },
    Key {
        name: "ui.links",
        expected: "auto, always or never",
        help: "links to click instead of written-out addresses, where the terminal can",
        set: |config, value| {
            config.ui.links = LinkChoice::parse(value);
            config.ui.links.is_some()
        },
        project_may: |_| false,
    },
    Key {
        name: "ui.notify",
        expected: "auto, bell, osc or off",
        help: "how to tell that a turn ended or asks while nobody looks",
        set: |config, value| {
            config.ui.notify = Notify::parse(value);
            config.ui.notify.is_some()
        },
        project_may: |_| false,
    },
    Key {
        name: "ui.notify-command",
        expected: "a command line",
        help: "a command to run then, with the message in SOFOS_MESSAGE",
        set: |config, value| {
            config.ui.notify_command = Some(value.to_string());
            true
        },
        project_may: |_| false,
    },
];

impl Key {
    /// Whether a value given as text makes sense; a good one is stored in `config`.
    pub fn takes(&self, config: &mut Config, value: &str) -> bool {
        (self.set)(config, value)
    }

    /// The variable of the environment that sets it.
    pub fn variable(&self) -> String {
        format!(
            "SOFOS_{}",
            self.name.to_uppercase().replace(['-', '.'], "_")
        )
    }
}

/// Applies one file to the settings; a missing file is no error.
pub(super) fn apply(
    config: &mut Config,
    path: &Path,
    layer: Layer,
    accepted: &Accepted,
) -> Result<(), ConfigError> {
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
    let file = File {
        path,
        text: &text,
        layer,
        accepted,
    };
    for (name, item) in document.as_table() {
        if name == "keys" {
            keys::apply(config, path, &text, item, layer)?;
            continue;
        }
        let span = document.as_table().key(name).and_then(toml_edit::Key::span);
        let line = line_of(&text, span.or_else(|| item.span()));
        match item.as_table_like() {
            _ if LISTS.contains(&name) => file.list(config, line, name, item)?,
            Some(table) if name == "permissions" => {
                for (name, item) in table.iter() {
                    file.list(config, line, name, item)?;
                }
            }
            None if name == "permissions" => {
                return Err(file.bad(line, name, "a table of lists", item));
            }
            Some(table) if name == "providers" => file.endpoints(config, line, table)?,
            _ if name == "mcp-servers" || name == "mcp_servers" => {
                mcp::table(config, &file, line, item);
            }
            Some(table) if is_section(name) => {
                for (inner, item) in table.iter() {
                    let span = table.key(inner).and_then(toml_edit::Key::span);
                    let line = line_of(&text, span.or_else(|| item.span()));
                    file.setting(config, line, &format!("{name}.{inner}"), item)?;
                }
            }
            _ => file.setting(config, line, name, item)?,
        }
    }
    Ok(())
}

/// Whether settings have names that begin with this.
fn is_section(name: &str) -> bool {
    let of = |key: &Key| {
        key.name
            .split_once('.')
            .is_some_and(|(section, _)| section == name)
    };
    KEYS.iter().any(of)
}

/// A file being applied.
pub(super) struct File<'a> {
    path: &'a Path,
    pub(super) text: &'a str,
    pub(super) layer: Layer,
    pub(super) accepted: &'a Accepted,
}

impl File<'_> {
    pub(super) fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }

    /// Whether something holds that only counts once the user accepted it, when it
    /// comes with a workspace.
    fn trusts(&self, config: &mut Config, what: &str) -> bool {
        if self.layer == Layer::User {
            return true;
        }
        let item = format!("{}: {what}", self.layer.shown());
        let holds = self.accepted.holds(&item);
        if !holds {
            config.untrusted.push(item.clone());
        }
        config.gated.push(item);
        holds
    }

    /// One of the lists of rules.
    fn list(
        &self,
        config: &mut Config,
        line: usize,
        name: &str,
        item: &Item,
    ) -> Result<(), ConfigError> {
        let Some(list) = LISTS.into_iter().find(|list| *list == name) else {
            config.warnings.push(format!(
                "{}: unknown key {name:?} is ignored; permissions has allow, deny and ask",
                self.place(line)
            ));
            return Ok(());
        };
        let texts = rules::read(item);
        for text in texts.ok_or_else(|| self.bad(line, name, "a list of rules", item))? {
            // What narrows holds at once.
            if list != "allow" || self.trusts(config, &format!("allow {text}")) {
                config.rules.push(RuleLine {
                    layer: self.layer,
                    list,
                    text,
                });
            }
        }
        Ok(())
    }

    fn setting(
        &self,
        config: &mut Config,
        line: usize,
        name: &str,
        item: &Item,
    ) -> Result<(), ConfigError> {
        let Some(key) = find(name) else {
            config.warnings.push(unknown(self.path, line, name));
            return Ok(());
        };
        let value = scalar(item);
        let set = value.as_deref().is_some_and(|value| {
            if self.layer != Layer::User && !(key.project_may)(value) {
                // Nothing a repository says may switch all questions off, spend
                // money or change the prompt.
                let never = value == "bypass" || name.contains('.');
                if never {
                    config.warnings.push(format!(
                        "{}: a workspace may not set {name} to {value:?}; set it in \
                         ~/.sofos/config.toml or with a flag",
                        self.place(line)
                    ));
                }
                if never || !self.trusts(config, &format!("{} = {value:?}", key.name)) {
                    return true;
                }
            }
            let fits = (key.set)(config, value);
            config.places.push(Place {
                key: key.name,
                value: value.to_string(),
                from: self.place(line),
            });
            fits
        });
        match set {
            true => Ok(()),
            false => Err(self.bad(line, name, key.expected, item)),
        }
    }

    fn bad(&self, line: usize, key: &str, expected: &'static str, item: &Item) -> ConfigError {
        ConfigError::Value {
            path: self.path.to_path_buf(),
            line,
            key: key.to_string(),
            expected,
            found: item.to_string().trim().to_string(),
        }
    }

    /// `[providers.NAME]`: servers the user describes.
    fn endpoints(
        &self,
        config: &mut Config,
        line: usize,
        table: &dyn TableLike,
    ) -> Result<(), ConfigError> {
        if self.layer != Layer::User {
            config.warnings.push(format!(
                "{}: a workspace may not describe providers; do it in ~/.sofos/config.toml",
                self.place(line)
            ));
            return Ok(());
        }
        for (name, item) in table.iter() {
            let span = table.key(name).and_then(toml_edit::Key::span);
            let line = line_of(self.text, span.or_else(|| item.span()));
            let endpoint = self.endpoint(line, name, item)?;
            config.endpoints.retain(|other| other.name != endpoint.name);
            config.endpoints.push(endpoint);
        }
        Ok(())
    }

    fn endpoint(&self, line: usize, name: &str, item: &Item) -> Result<Endpoint, ConfigError> {
        const WIRE: &str = "openai-chat, openai-responses, anthropic, gemini or ollama";
        let key = |inner: &str| format!("providers.{name}.{inner}");
        let bad = |inner: &str, expected| self.bad(line, &key(inner), expected, item);
        let table = item
            .as_table_like()
            .ok_or_else(|| self.bad(line, &format!("providers.{name}"), "a table", item))?;
        let mut endpoint = Endpoint {
            name: name.to_string(),
            base_url: String::new(),
            wire: "openai_chat".to_string(),
            key_env: None,
            models: Vec::new(),
            context: None,
        };
        for (inner, item) in table.iter() {
            let text = scalar(item).unwrap_or_default();
            match inner.replace('_', "-").as_str() {
                "base-url" if text.starts_with("http") => endpoint.base_url = text,
                "wire" => {
                    let wire = text.replace('-', "_");
                    let known = WIRE.replace('-', "_").replace(" or ", ", ");
                    if !known.split(", ").any(|name| name == wire) {
                        return Err(bad(inner, WIRE));
                    }
                    endpoint.wire = wire;
                }
                "key-env" if !text.is_empty() => endpoint.key_env = Some(text),
                "models" => {
                    let names = text.split(',').filter(|name| !name.is_empty());
                    endpoint.models = names.map(str::to_string).collect();
                }
                "context" => {
                    let number = text.parse().ok().filter(|n| *n > 0);
                    endpoint.context = Some(number.ok_or_else(|| bad(inner, "tokens"))?);
                }
                _ => return Err(bad(inner, "base-url, wire, key-env, models or context")),
            }
        }
        match endpoint.base_url.is_empty() {
            true => Err(bad("base-url", "an address that begins with http")),
            false => Ok(endpoint),
        }
    }
}

/// Applies `SOFOS_*` variables.
pub(super) fn apply_env(config: &mut Config, env: &Env) -> Result<(), ConfigError> {
    for key in KEYS {
        let name = key.variable();
        let Some(value) = env.get(&name) else {
            continue;
        };
        config.places.push(Place {
            key: key.name,
            value: value.to_string(),
            from: name.clone(),
        });
        if !(key.set)(config, value) {
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

/// The setting of a name; underscores count as hyphens.
pub fn find(name: &str) -> Option<&'static Key> {
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

/// A string, number, truth value or list of strings as text.
fn scalar(item: &Item) -> Option<String> {
    match item.as_value()? {
        Value::String(value) => Some(value.value().clone()),
        Value::Integer(value) => Some(value.value().to_string()),
        Value::Boolean(value) => Some(value.value().to_string()),
        Value::Float(value) => Some(value.value().to_string()),
        Value::Array(list) => {
            let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            Some(texts?.join(","))
        }
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

    fn load(text: &str, layer: Layer) -> Result<Config, String> {
        load_with(text, layer, &[])
    }

    fn load_with(text: &str, layer: Layer, accepted: &[&str]) -> Result<Config, String> {
        let accepted = Accepted {
            all: false,
            items: accepted.iter().map(|item| item.to_string()).collect(),
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        fs::write(&path, text).unwrap();
        let mut config = Config::default();
        apply(&mut config, &path, layer, &accepted)
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
            let error = load(text, Layer::User).unwrap_err();
            assert!(error.starts_with(complaint), "{error}");
        }
    }

    #[test]
    fn unknown_keys_warn_and_a_workspace_cannot_widen_its_rights() {
        let config = load("modle = 1\nmodel = \"m\"", Layer::User).unwrap();
        assert!(
            config.warnings[0].contains(":1: unknown key \"modle\""),
            "{:?}",
            config.warnings
        );
        assert_eq!(config.model.as_deref(), Some("m"));
        let config = load("permission_mode = \"bypass\"", Layer::Project).unwrap();
        assert_eq!(config.permission_mode, None);
        assert!(
            config.warnings[0].contains("may not set"),
            "{:?}",
            config.warnings
        );
        let config = load("permission-mode = \"plan\"", Layer::Project).unwrap();
        assert_eq!(config.permission_mode, Some(PermissionMode::Plan));
    }

    #[test]
    fn tables_for_the_prompt_are_the_users_own() {
        let text = "[ui]\nvim = true\n\n[keys]\npreset = \"panels\"\neditor = \"f4\"\n\
                    send = [\"enter\", \"f2\"]\nundo = []\n";
        let config = load(text, Layer::User).unwrap();
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
        let config = load(text, Layer::Project).unwrap();
        assert!(config.keys.is_empty() && config.vim.is_none());
        assert_eq!(config.warnings.len(), 2, "{:?}", config.warnings);
        let error = load("[keys]\nsend = 1\n", Layer::User).unwrap_err();
        assert!(
            error.contains("config.toml:2: send must be a key such as"),
            "{error}"
        );
    }

    #[test]
    fn sections_lists_and_described_servers_are_read() {
        let config = load(
            "[models]\nfallback = [\"openai/a\", \"groq/b\"]\n[budget]\nmax-cost = 2\n\
             [providers.mine]\nbase-url = \"http://h/v1\"\nkey_env = \"K\"\nmodels = [\"m\"]\n",
            Layer::User,
        )
        .unwrap();
        assert_eq!(config.fallback, ["openai/a", "groq/b"]);
        assert_eq!(config.max_cost, Some(2.0));
        let endpoint = &config.endpoints[0];
        assert_eq!(
            (endpoint.name.as_str(), endpoint.wire.as_str()),
            ("mine", "openai_chat")
        );
        assert_eq!(
            (endpoint.key_env.as_deref(), &endpoint.models[..]),
            (Some("K"), &["m".to_string()][..])
        );
        assert!(config.places[0].from.ends_with("config.toml:2"));
        for (text, complaint) in [
            (
                "[providers.x]\nwire = \"soap\"",
                "providers.x.wire must be openai-chat,",
            ),
            ("[providers.x]\n", "providers.x.base-url must be an address"),
            ("[budget]\nmax-cost = -1", "budget.max-cost must be"),
        ] {
            let error = load(text, Layer::User).unwrap_err();
            assert!(error.contains(complaint), "{error}");
        }
        let project = "[budget]\nmax-cost = 9\n[providers.x]\nbase-url = \"http://evil\"";
        let config = load(project, Layer::Project).unwrap();
        assert_eq!(
            (
                config.max_cost,
                config.endpoints.len(),
                config.warnings.len()
            ),
            (None, 0, 2)
        );
    }

    #[test]
    fn the_environment_beats_files() {
        let mut config = load("max-tokens = 5", Layer::User).unwrap();
        apply_env(&mut config, &Env::from_pairs([("SOFOS_MAX_TOKENS", "7")])).unwrap();
        assert_eq!(config.max_tokens, Some(7));
        let bad = apply_env(&mut config, &Env::from_pairs([("SOFOS_EFFORT", "loud")]));
        assert!(
            bad.unwrap_err()
                .to_string()
                .contains("SOFOS_EFFORT must be")
        );
    }

    #[test]
    fn what_a_workspace_allows_waits_for_its_user_and_what_it_denies_does_not() {
        let text = "sandbox = \"off\"\ndeny = [\"Bash(curl:*)\"]\n[permissions]\nallow = [\"Bash(x)\"]\nask = [\"Bash(y)\"]";
        let lists = |config: &Config| -> Vec<&'static str> {
            config.rules.iter().map(|rule| rule.list).collect()
        };
        let fresh = load(text, Layer::Project).unwrap();
        assert_eq!((fresh.sandbox, lists(&fresh)), (None, vec!["deny", "ask"]));
        assert_eq!(
            fresh.untrusted,
            [
                ".sofos/config.toml: sandbox = \"off\"",
                ".sofos/config.toml: allow Bash(x)"
            ]
        );
        let accepted: Vec<&str> = fresh.untrusted.iter().map(String::as_str).collect();
        let trusted = load_with(text, Layer::Project, &accepted).unwrap();
        assert_eq!(trusted.sandbox, Some(false));
        assert_eq!(lists(&trusted), ["deny", "allow", "ask"]);
        assert!(trusted.untrusted.is_empty());
        let changed = text.replace("Bash(x)", "Bash(x:*)");
        let changed = load_with(&changed, Layer::Project, &accepted).unwrap();
        assert_eq!(changed.untrusted, [".sofos/config.toml: allow Bash(x:*)"]);
        let own = load(text, Layer::User).unwrap();
        assert_eq!((own.sandbox, own.untrusted.len()), (Some(false), 0));
        assert!(load("allow = 3", Layer::User).is_err());
        assert!(load("permissions = 3", Layer::User).is_err());
    }

    #[test]
    fn tables_hold_the_keys_of_an_area() {
        let text =
            "model = \"m\"\n[ui]\ntheme = \"light\"\nstatus = [\"mode\", \"cost\"]\nwat = 1\n";
        let config = load(text, Layer::User).unwrap();
        assert_eq!(config.ui.theme.as_deref(), Some("light"));
        assert_eq!(
            config.ui.status.as_deref(),
            Some(&["mode".to_string(), "cost".to_string()][..])
        );
        assert!(
            config.warnings[0].contains("config.toml:5: unknown key \"ui.wat\""),
            "{:?}",
            config.warnings
        );
        let config = load("[ui]\nstatus-command = \"date\"", Layer::Project).unwrap();
        assert_eq!(config.ui.status_command, None);
        for bad in [
            "[ui]\nstatus = [\"modle\"]",
            "[ui]\nnotify = \"loud\"",
            "ui = 3",
        ] {
            let found = load(bad, Layer::User);
            assert!(
                found.is_err() || !found.unwrap().warnings.is_empty(),
                "{bad}"
            );
        }
        let status = KEYS.iter().find(|key| key.name == "ui.status").unwrap();
        assert!(status.expected.ends_with(&STATUS_PARTS.join(", ")));
        let mut config = Config::default();
        apply_env(&mut config, &Env::from_pairs([("SOFOS_UI_PLAIN", "true")])).unwrap();
        assert_eq!(config.ui.plain, Some(true));
    }
}
