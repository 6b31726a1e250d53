//! What the settings say of the prompt: its keys, vim.

use super::CliError;
use crate::config::Config;
use crate::tui::{Binding, Keymap, Preset, lost};

/// How the prompt behaves.
#[derive(Debug)]
pub(super) struct Prompt {
    pub(super) keymap: Keymap,
    pub(super) vim: bool,
    /// What the user should know, one line each.
    pub(super) warnings: Vec<String>,
}

/// From the settings.
pub(super) fn settings(config: &Config) -> Result<Prompt, CliError> {
    let preset = match config.key_preset.as_deref() {
        None => Preset::default(),
        Some(name) => Preset::parse(name).ok_or_else(|| {
            let known = Preset::ALL.map(|(_, name)| name).join(", ");
            CliError::Usage(format!(
                "keys.preset must be one of {known}, found {name:?}"
            ))
        })?,
    };
    let bindings: Vec<Binding> = config
        .keys
        .iter()
        .map(|setting| Binding {
            action: setting.action.clone(),
            keys: setting.keys.clone(),
            place: setting.place.clone(),
        })
        .collect();
    let keymap =
        Keymap::new(preset, &bindings).map_err(|error| CliError::Usage(error.to_string()))?;
    let warnings = lost(preset, &keymap, &bindings)
        .into_iter()
        .map(|action| {
            format!("the settings give the only key of {action} to something else; /keybindings shows all")
        })
        .collect();
    Ok(Prompt {
        keymap,
        vim: config.vim.unwrap_or(preset == Preset::Vim),
        warnings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::KeySetting;
    use crate::repl::commands::COMMANDS;
    use crate::tui::LOCAL;

    #[test]
    fn the_preset_and_its_mistakes() {
        let mut config = Config {
            key_preset: Some("vim".into()),
            ..Config::default()
        };
        assert!(settings(&config).unwrap().vim);
        config.vim = Some(false);
        assert!(!settings(&config).unwrap().vim);
        config.keys = vec![KeySetting {
            action: "/cost".into(),
            keys: vec!["ctrl+g".into()],
            place: "c.toml:1".into(),
        }];
        let warnings = settings(&config).unwrap().warnings;
        assert!(
            warnings[0].contains("the only key of editor"),
            "{warnings:?}"
        );
        config.key_preset = Some("emacs".into());
        let error = settings(&config).unwrap_err().to_string();
        assert!(
            error.contains("must be one of readline, vim, panels"),
            "{error}"
        );
    }

    #[test]
    fn what_the_front_end_does_itself_is_in_the_table() {
        for (name, _) in LOCAL {
            assert!(COMMANDS.iter().any(|spec| spec.name == *name), "/{name}");
        }
    }
}
