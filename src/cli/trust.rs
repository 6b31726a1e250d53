//! `sofos trust`: what a workspace's own settings may allow or redirect.

use std::io::{BufRead, IsTerminal, Read, Write};

use super::CliError;
use super::args::Trust;
use crate::config::{self, Config, Env, Paths, trust};
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

/// Shows what the workspace brings along that the user has not accepted, and takes it
/// into force when the user says so. Without anybody to ask nothing happens: it stays
/// ignored.
pub(super) fn ask(file: Config, paths: &Paths, env: &Env) -> Result<Config, CliError> {
    let terminals = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if file.untrusted.is_empty() || !terminals {
        return Ok(file);
    }
    println!("This directory brings settings that allow or redirect something:");
    list(&file.untrusted);
    if !file.gone.is_empty() {
        println!("Accepted earlier, and now gone or changed:");
        list(&file.gone);
    }
    print!("They do nothing until you accept them. Accept? [y/N] ");
    let flushed = std::io::stdout().flush();
    flushed.map_err(CliError::io("write to the terminal"))?;
    let mut answer = String::new();
    let read = std::io::stdin()
        .lock()
        .take(MAX_ANSWER)
        .read_line(&mut answer);
    read.map_err(CliError::io("read the answer"))?;
    if !matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(file);
    }
    take(paths, &file)?;
    Ok(config::load(paths, env, false)?)
}

/// Longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 1_000;

/// Accepts exactly what was shown.
fn take(paths: &Paths, shown: &Config) -> Result<(), CliError> {
    let mut items = trust::accepted(paths)?.items;
    items.retain(|item| !shown.gone.contains(item));
    items.extend(shown.untrusted.iter().cloned());
    Ok(trust::accept(paths, &items, false)?)
}

/// Runs the subcommand.
pub(super) fn run(action: Option<Trust>, paths: &Paths, env: &Env) -> Result<u8, CliError> {
    match action {
        None => show(paths, env)?,
        Some(Trust::Accept) => {
            let found = config::load(paths, env, false)?;
            take(paths, &found)?;
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
