//! `sofos models`.

use serde_json::{Value, json};

use super::args::ModelsSub;
use super::{CliError, config};
use crate::config::{self as settings, Paths};
use crate::protocol::model::ModelInfo;
use crate::provider::{Access, ProviderInfo, check, custom, models};
use crate::stdx::text;

/// Runs a subcommand.
pub(super) fn run(
    sub: &ModelsSub,
    paths: &Paths,
    access: &Access,
    current: &'static ProviderInfo,
) -> Result<u8, CliError> {
    match sub {
        ModelsSub::List {
            provider,
            remote,
            json,
        } => {
            let row = provider.as_deref().map(config::vendor).transpose()?;
            let models = match (row, remote) {
                (Some(row), _) if row.local => asked(access, row)?,
                (Some(row), true) => asked(access, row)?,
                (Some(row), false) => models::known(row.id),
                (None, true) => asked(access, current)?,
                (None, false) => custom::rows()
                    .filter(|row| row.wire != "scripted" && !row.local)
                    .flat_map(|row| models::known(row.id))
                    .collect(),
            };
            print(&models, *json);
            Ok(0)
        }
        ModelsSub::Set { model } => {
            let (row, id) = access.resolve(current, model);
            if id.is_empty() {
                return Err(CliError::Usage(format!(
                    "{} has no default model; name one: sofos models set {}/NAME",
                    row.name, row.id
                )));
            }
            settings::set(paths, "provider", row.id)?;
            let path = settings::set(paths, "model", id)?;
            println!("{}/{id} from now on ({})", row.id, path.display());
            if models::lookup(row.id, id).assumed && !row.local {
                let near = models::near(row.id, id).join(", ");
                println!("it is not in the catalogue; its window is assumed. Near: {near}");
            }
            if let Some(missing) = access.missing(row) {
                println!("{missing}");
            }
            Ok(0)
        }
    }
}

/// The models a server lists, with what the catalogue knows of them.
fn asked(access: &Access, row: &'static ProviderInfo) -> Result<Vec<ModelInfo>, CliError> {
    let runtime = super::runtime()?;
    let listed = runtime
        .block_on(check::list_models(row.id, access.config(row)))
        .map_err(|failure| CliError::Provider(failure.message))?;
    let Some(listed) = listed else {
        return Ok(models::known(row.id));
    };
    let model = |listed: check::Listed| {
        let known = models::lookup(row.id, &listed.id);
        let context = listed.context.filter(|_| known.assumed);
        ModelInfo {
            context: context.unwrap_or(known.context),
            ..known
        }
    };
    Ok(listed.into_iter().map(model).collect())
}

fn print(models: &[ModelInfo], as_json: bool) {
    if as_json {
        let values: Vec<Value> = models
            .iter()
            .map(|model| {
                json!({
                    "provider": model.provider, "id": model.id, "context": model.context,
                    "max_output": model.max_output, "vision": model.vision,
                    "efforts": model.efforts, "rates": model.rates, "assumed": model.assumed,
                })
            })
            .collect();
        println!("{}", Value::Array(values));
        return;
    }
    let name = |model: &ModelInfo| format!("{}/{}", model.provider, model.id);
    let width = models
        .iter()
        .map(|model| name(model).len())
        .max()
        .unwrap_or(0);
    for model in models {
        let name = name(model);
        println!("{:width$}  {}", text::clean(&name), models::words(model));
    }
}
