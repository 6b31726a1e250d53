//! `sofos config`: settings and keys, for people and for scripts.

use serde_json::{Value, json};

use super::args::{ConfigSub, KeysSub};
use super::{CliError, secret};
use crate::config::{self, Config, Env, KEYS, Key, Paths, Place};
use crate::provider::{Access, Credential, ProviderInfo, custom, registry};
use crate::stdx::text;

/// Runs a subcommand.
pub(super) fn run(
    sub: &ConfigSub,
    paths: &Paths,
    env: &Env,
    access: &Access,
) -> Result<u8, CliError> {
    match sub {
        ConfigSub::Keys(KeysSub::Set {
            provider,
            from,
            keychain,
        }) => set_key(access, provider, from.as_deref(), *keychain),
        ConfigSub::Keys(KeysSub::List { json }) => {
            list_keys(access, *json);
            Ok(0)
        }
        ConfigSub::Keys(KeysSub::Remove { provider }) => remove_key(access, provider),
        ConfigSub::Get { key, json } => {
            get(&config::load(paths, env, false)?, key.as_deref(), *json)
        }
        ConfigSub::Explain { key, json } => {
            explain(&config::load(paths, env, false)?, key.as_deref(), *json)
        }
        ConfigSub::Set { key, value } => {
            let path = config::set(paths, key, value)?;
            println!(
                "{key} = {value} in {}",
                text::clean(&path.display().to_string())
            );
            Ok(0)
        }
    }
}

/// The row of a vendor that is named on the command line.
pub(super) fn vendor(id: &str) -> Result<&'static ProviderInfo, CliError> {
    registry::info(id).ok_or_else(|| {
        let known: Vec<&str> = custom::rows().map(|row| row.id).collect();
        CliError::Usage(format!("no provider {id:?}; known: {}", known.join(", ")))
    })
}

fn set_key(
    access: &Access,
    provider: &str,
    from: Option<&str>,
    in_keychain: bool,
) -> Result<u8, CliError> {
    let row = match registry::keyed(provider) {
        Some(row) => row,
        None => vendor(provider)?,
    };
    if from.is_some_and(|from| from != "-") {
        return Err(CliError::Usage(
            "a key on the command line would be kept by the shell and seen by others; pipe it in \
             (… | sofos config keys set PROVIDER) or leave it out to be asked"
                .to_string(),
        ));
    }
    let key = secret::read(&format!("Key for {} (not shown): ", row.name))
        .map_err(CliError::io("read the key"))?;
    let Some(key) = key.filter(|key| !key.trim().is_empty()) else {
        return Err(CliError::Usage(
            "no key was given; nothing is stored".to_string(),
        ));
    };
    let place = if in_keychain {
        access.set_key_in_keychain(row.id, &key)?;
        "the system's keychain".to_string()
    } else {
        access.set_key(row.id, &key)?;
        let path = access.store().path().display().to_string();
        format!("{}, plain text that only you can read", text::clean(&path))
    };
    let stored = Credential::api_key(key, "the key");
    println!("{}: stored in {place}; {}", row.id, stored.hint());
    if let Some(used) = access.credential(row).filter(|used| !used.is_stored()) {
        println!("{} is set, too, and beats it", used.source);
    }
    if registry::info(row.id).is_some() {
        println!("try it: sofos providers test {}", row.id);
    }
    Ok(0)
}

fn remove_key(access: &Access, provider: &str) -> Result<u8, CliError> {
    if !access.remove_key(provider)? {
        return Err(CliError::Usage(format!(
            "no key of {provider:?} is stored in {}",
            access.store().path().display()
        )));
    }
    println!("{provider}: removed");
    if let Some(left) = registry::keyed(provider).and_then(|row| access.credential(row)) {
        println!("{} is still set", left.source);
    }
    Ok(0)
}

fn list_keys(access: &Access, as_json: bool) {
    let mut rows = Vec::new();
    let services = registry::keyed("morph");
    for row in custom::rows()
        .chain(services)
        .filter(|row| !row.key_env.is_empty())
    {
        let key = access.credential(row);
        let variables: Vec<&str> = row.key_env.iter().map(|key| key.name).collect();
        rows.push((row, key, variables));
    }
    if as_json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(row, key, variables)| {
                json!({
                    "provider": row.id,
                    "source": key.as_ref().map(|key| &key.source),
                    "ends_in": key.as_ref().and_then(Credential::tail),
                    "variables": variables,
                })
            })
            .collect();
        println!("{}", Value::Array(rows));
        return;
    }
    for (row, key, variables) in rows {
        let words = match key {
            Some(key) => key.hint(),
            None if row.local => "none needed".to_string(),
            None if access.in_keychain(row.id) => access.keychain_error(row).unwrap_or_default(),
            None => format!("none; set {}", variables.join(" or ")),
        };
        println!("{:12} {}", row.id, text::clean(&words));
    }
    if access.is_exposed() {
        println!(
            "warning: others can read {}; storing or removing a key narrows it to you",
            access.store().path().display()
        );
    }
}

fn named(key: Option<&str>) -> Result<Vec<&'static Key>, CliError> {
    match key {
        None => Ok(KEYS.iter().collect()),
        Some(name) => match config::find(name) {
            Some(key) => Ok(vec![key]),
            None => {
                let known: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
                Err(CliError::Usage(format!(
                    "no setting {name:?}; known: {}",
                    known.join(", ")
                )))
            }
        },
    }
}

fn get(config: &Config, key: Option<&str>, as_json: bool) -> Result<u8, CliError> {
    let keys = named(key)?;
    let value = |key: &Key| config.places.iter().rfind(|place| place.key == key.name);
    if as_json {
        let object: serde_json::Map<String, Value> = keys
            .iter()
            .map(|key| {
                (
                    key.name.to_string(),
                    json!(value(key).map(|place| &place.value)),
                )
            })
            .collect();
        println!("{}", Value::Object(object));
        return Ok(0);
    }
    if let [only] = keys[..] {
        // For scripts: the value alone, or nothing.
        return Ok(match value(only) {
            Some(place) => {
                println!("{}", text::clean(&place.value));
                0
            }
            None => super::FAILED,
        });
    }
    for key in keys {
        if let Some(place) = value(key) {
            println!("{} = {}", key.name, text::clean(&place.value));
        }
    }
    Ok(0)
}

/// Which layer set what, and which one won.
fn explain(config: &Config, key: Option<&str>, as_json: bool) -> Result<u8, CliError> {
    let keys = named(key)?;
    let places = |key: &Key| -> Vec<&Place> {
        let name = key.name;
        config
            .places
            .iter()
            .filter(|place| place.key == name)
            .collect()
    };
    if as_json {
        let object: serde_json::Map<String, Value> = keys
            .iter()
            .map(|key| {
                let layers: Vec<Value> = places(key)
                    .iter()
                    .map(|place| json!({"from": place.from, "value": place.value}))
                    .collect();
                (key.name.to_string(), Value::Array(layers))
            })
            .collect();
        println!("{}", Value::Object(object));
        return Ok(0);
    }
    for key in keys {
        let layers = places(key);
        let Some((won, lost)) = layers.split_last() else {
            println!("{}: not set ({})", key.name, key.help);
            continue;
        };
        println!(
            "{} = {}  from {}",
            key.name,
            text::clean(&won.value),
            text::clean(&won.from)
        );
        for place in lost.iter().rev() {
            println!(
                "  beats {} from {}",
                text::clean(&place.value),
                text::clean(&place.from)
            );
        }
    }
    Ok(0)
}
