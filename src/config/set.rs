//! Writing settings back into the user's own file.

use std::path::PathBuf;

use toml_edit::{Array, Value};

use super::{Config, ConfigError, Paths, edit, file};

/// Sets a key in `~/.sofos/config.toml`, leaving all else in it as it is.
///
/// # Errors
/// When there is no such key, the value makes no sense, or the file cannot be read
/// or written.
pub fn set(paths: &Paths, name: &str, value: &str) -> Result<PathBuf, ConfigError> {
    let path = paths.home.join("config.toml");
    let bad = |expected, found: String| ConfigError::Value {
        path: path.clone(),
        line: 0,
        key: name.to_string(),
        expected,
        found,
    };
    let Some(key) = file::find(name) else {
        return Err(bad(
            "a setting; sofos config get lists them",
            "none".to_string(),
        ));
    };
    if !key.takes(&mut Config::default(), value) {
        return Err(bad(key.expected, format!("{value:?}")));
    }
    edit::save(&path, key.name, toml_value(key.name, value))?;
    Ok(path)
}

/// A value in the type that reads best.
fn toml_value(name: &str, value: &str) -> Value {
    if name == "models.fallback" {
        let parts = value
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        return Value::Array(parts.collect::<Array>());
    }
    if let Ok(number) = value.parse::<i64>() {
        return number.into();
    }
    match (value.parse::<bool>(), value.parse::<f64>()) {
        (Ok(truth), _) => truth.into(),
        (_, Ok(number)) if number.is_finite() => number.into(),
        _ => value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Env;

    #[test]
    fn settings_are_written_where_they_belong() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().display().to_string();
        let env = Env::from_pairs([("SOFOS_HOME", home.as_str())]);
        let paths = Paths::new(&dir.path().join("work"), &env);
        let path = dir.path().join("config.toml");
        std::fs::write(&path, "# mine\nmodel = \"a\"\n").unwrap();
        set(&paths, "model", "b").unwrap();
        set(&paths, "budget.max-cost", "2.5").unwrap();
        set(&paths, "models.fallback", "openai/a, groq/b").unwrap();
        set(&paths, "max_tokens", "9000").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# mine\nmodel = \"b\""), "{text}");
        let config = crate::config::load(&paths, &env, false).unwrap();
        assert_eq!(
            (config.max_cost, config.max_tokens),
            (Some(2.5), Some(9_000))
        );
        assert_eq!(config.fallback, ["openai/a", "groq/b"]);
        assert!(
            set(&paths, "effort", "loud")
                .unwrap_err()
                .to_string()
                .contains("effort must be")
        );
        assert!(set(&paths, "nonsense", "1").is_err());

        std::fs::write(&path, "budget = 3\n").unwrap();
        let error = set(&paths, "budget.max-cost", "1").unwrap_err().to_string();
        assert!(error.contains("budget is a plain value"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "budget = 3\n");
    }
}
