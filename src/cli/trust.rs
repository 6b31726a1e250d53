//! `sofos trust`: what a workspace's own settings may allow or redirect.

use super::CliError;
use super::args::Trust;
use crate::config::{self, Env, Paths, trust};
use crate::stdx::text::clean;

/// What is said when nobody was asked about items that the user has not accepted.
pub(super) fn ignored(untrusted: &[String]) -> String {
    let (count, verb) = match untrusted.len() {
        1 => ("1 setting".to_string(), "is"),
        n => (format!("{n} settings"), "are"),
    };
    format!(
        "{count} of this workspace {verb} ignored until accepted: `sofos trust` lists them, \
         `sofos trust accept` accepts them, --trust-workspace does for one run"
    )
}

/// Runs the subcommand.
pub(super) fn run(action: Option<Trust>, paths: &Paths, env: &Env) -> Result<u8, CliError> {
    match action {
        None => show(paths, env)?,
        Some(Trust::Accept) => {
            let found = config::load(paths, env, false)?;
            let mut items = trust::accepted(paths)?.items;
            items.retain(|item| !found.gone.contains(item));
            items.extend(found.untrusted.iter().cloned());
            trust::accept(paths, &items, false)?;
            match found.untrusted.len() {
                0 => println!("nothing new to accept"),
                n => println!("accepted {n}:"),
            }
            list(&found.untrusted);
        }
        Some(Trust::Revoke) => {
            if trust::revoke(paths)? {
                println!("nothing is accepted here any more");
            } else {
                println!("nothing was accepted here");
            }
        }
        Some(Trust::List) => {
            for (workspace, items) in trust::list(paths)? {
                println!("{}", clean(&workspace));
                list(&items);
            }
        }
    }
    Ok(0)
}

fn show(paths: &Paths, env: &Env) -> Result<(), CliError> {
    let found = config::load(paths, env, false)?;
    let accepted = trust::accepted(paths)?.items;
    let in_force: Vec<String> = accepted
        .iter()
        .filter(|item| !found.gone.contains(item))
        .cloned()
        .collect();
    let parts = [
        ("accepted and in force:", &in_force),
        (
            "ignored until accepted (`sofos trust accept`):",
            &found.untrusted,
        ),
        ("accepted earlier and gone or changed:", &found.gone),
    ];
    for (title, items) in parts {
        if !items.is_empty() {
            println!("{title}");
            list(items);
        }
    }
    if parts.iter().all(|(_, items)| items.is_empty()) {
        println!("the settings of this workspace allow and redirect nothing");
    }
    Ok(())
}

fn list(items: &[String]) {
    for item in items {
        println!("  {}", clean(item).replace('\n', " "));
    }
}
