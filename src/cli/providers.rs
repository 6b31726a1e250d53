//! `sofos providers`.

use serde_json::{Value, json};

use super::args::ProvidersSub;
use super::{CliError, FAILED, config};
use crate::provider::{Access, ProviderInfo, check, custom, models};
use crate::stdx::text;

/// Runs a subcommand.
pub(super) fn run(sub: &ProvidersSub, access: &Access) -> Result<u8, CliError> {
    match sub {
        ProvidersSub::List { json } => {
            list(access, *json);
            Ok(0)
        }
        ProvidersSub::Test { provider, json } => {
            let rows: Vec<&'static ProviderInfo> = match provider {
                Some(id) => vec![config::vendor(id)?],
                // Those that are set up; a server on this machine is when it answers.
                None => visible()
                    .filter(|row| !row.local && access.missing(row).is_none())
                    .collect(),
            };
            if rows.is_empty() {
                return Err(CliError::Usage(
                    "no provider has a key. Store one: sofos config keys set PROVIDER".to_string(),
                ));
            }
            test(access, &rows, *json)
        }
    }
}

fn visible() -> impl Iterator<Item = &'static ProviderInfo> {
    custom::rows().filter(|row| row.wire != "scripted")
}

fn list(access: &Access, as_json: bool) {
    let mut values = Vec::new();
    for row in visible() {
        let missing = access.missing(row);
        let base = access.config(row).base_url;
        let base = base.as_deref().unwrap_or(row.base_url);
        if as_json {
            values.push(json!({
                "provider": row.id, "name": row.name, "wire": row.wire, "base_url": base,
                "local": row.local, "ready": missing.is_none(), "missing": missing,
                "default_model": models::default_model(row.id),
            }));
            continue;
        }
        let state = match (missing, row.local) {
            (Some(missing), _) => missing,
            (None, true) => "local".to_string(),
            (None, false) => "ready".to_string(),
        };
        println!("{:12} {:34} {}", row.id, state, text::clean(base));
    }
    if as_json {
        println!("{}", Value::Array(values));
    }
}

fn test(access: &Access, rows: &[&'static ProviderInfo], as_json: bool) -> Result<u8, CliError> {
    let runtime = super::runtime()?;
    let (mut values, mut all) = (Vec::new(), true);
    for row in rows {
        let model = match row.local {
            true => "",
            false => models::default_model(row.id),
        };
        let checked = check::check_connection(row.id, access.config(row), model);
        let report = runtime.block_on(checked);
        all &= report.ok;
        if as_json {
            values.push(json!({"provider": row.id, "ok": report.ok, "found": report.lines}));
            continue;
        }
        for line in &report.lines {
            println!("{}", text::clean(line));
        }
    }
    if as_json {
        println!("{}", Value::Array(values));
    }
    Ok(if all { 0 } else { FAILED })
}
