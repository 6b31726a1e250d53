//! `sofos permissions`: the rules in force, and what they say about a command.

use super::CliError;
use super::args::Permissions;
use crate::config::{Layer, Paths, RuleLine};
use crate::permission::{List, RuleBook, Stand, explain};
use crate::protocol::permission::Effect;
use crate::stdx::text::clean;

/// Runs the subcommand.
pub(super) fn run(
    what: Option<&Permissions>,
    paths: &Paths,
    lines: Vec<RuleLine>,
    stand: &dyn Fn() -> Stand,
) -> Result<u8, CliError> {
    let (book, warnings) = RuleBook::new(paths, lines)?;
    for warning in warnings {
        super::complain(&warning);
    }
    match what {
        None | Some(Permissions::List) => list(&book),
        Some(Permissions::Add { list, rule, user }) => {
            let list = List::parse(list).ok_or_else(|| {
                CliError::Usage(format!("{list:?} is no list; give allow, deny or ask"))
            })?;
            let layer = if *user { Layer::User } else { Layer::Local };
            book.add(layer, list, rule)?;
            println!(
                "{} {}: written to {}",
                list.name(),
                clean(rule),
                layer.shown()
            );
        }
        Some(Permissions::Remove { rule }) => {
            let removed = book.remove(rule)?;
            if removed.is_empty() {
                return Err(CliError::Usage(format!(
                    "no rule reads {rule:?}; sofos permissions lists them"
                )));
            }
            for line in removed {
                println!("removed from {} of {}", line.list, line.layer.shown());
            }
        }
        Some(Permissions::Why { command }) => why(&book, &command.join(" "), stand()),
    }
    Ok(0)
}

fn list(book: &RuleBook) {
    let lines = book.lines();
    if lines.is_empty() {
        println!("no rules: the built-in tables decide");
    }
    for line in lines {
        println!(
            "{:5}  {}  ({})",
            line.list,
            clean(&line.text),
            line.layer.shown()
        );
    }
}

fn why(book: &RuleBook, command: &str, stand: Stand) {
    let decision = book.decide(&[Effect::Exec(command.to_string())], stand);
    println!("{}", clean(&explain::verdict(&decision)));
    for effect in explain::parsed(&book.analyse(command)) {
        println!("  {}", clean(&effect));
    }
}
