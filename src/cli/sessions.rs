//! `sofos sessions`: the saved conversations of this directory.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::CliError;
use crate::config::Paths;
use crate::protocol::event::SessionRow;
use crate::session::export::{self, Format};
use crate::session::{Conversation, Store};
use crate::stdx::{clock, fs as sfs, text};

/// Seconds of a day.
const DAY: u64 = 86_400;

/// What to do with the saved conversations.
#[derive(Debug, Clone, Subcommand)]
pub enum Sessions {
    /// List them, newest first
    List {
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Print one
    Show {
        /// Id, start of an id, or name
        #[arg(value_name = "ID")]
        session: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Write one to a file; its ending (.md, .json, .html) says how
    Export {
        /// Id, start of an id, or name
        #[arg(value_name = "ID")]
        session: String,
        /// The file, which must not exist; standard output without it
        file: Option<PathBuf>,
    },
    /// Delete some
    Delete {
        /// Ids, starts of ids, or names
        #[arg(value_name = "ID", required = true)]
        sessions: Vec<String>,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Delete old ones
    Prune {
        /// Those not used for this many days
        #[arg(long, value_name = "DAYS", default_value_t = 30)]
        older_than: u64,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Does it.
pub(super) fn run(what: &Sessions, paths: &Paths) -> Result<u8, CliError> {
    let store = Store::new(paths.sessions());
    match what {
        Sessions::List { json } => list(&store, *json),
        Sessions::Show { session, json } => {
            let format = match json {
                true => Format::Json,
                false => Format::Markdown,
            };
            print(&rendered(&store, session, format)?)
        }
        Sessions::Export { session, file } => export(&store, session, file.as_deref()),
        Sessions::Delete {
            sessions,
            yes,
            json,
        } => {
            let rows = store.list()?;
            let mut chosen = Vec::new();
            for wanted in sessions {
                let id = store.find(wanted)?;
                chosen.extend(rows.iter().filter(|row| row.id == id).cloned());
                if !chosen.iter().any(|row| row.id == id) {
                    chosen.push(SessionRow {
                        id,
                        ..SessionRow::default()
                    });
                }
            }
            delete(&store, &chosen, *yes, *json)
        }
        Sessions::Prune {
            older_than,
            yes,
            json,
        } => {
            let limit = (clock::now_ms() / 1000).saturating_sub(older_than.saturating_mul(DAY));
            let mut rows = store.list()?;
            rows.retain(|row| row.modified < limit);
            delete(&store, &rows, *yes, *json)
        }
    }
}

pub(super) fn print(text: &str) -> Result<u8, CliError> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(0),
        // The reader is gone (`| head`): as quiet as other tools.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(0),
        Err(source) => Err(CliError::Io {
            action: "print".into(),
            source,
        }),
    }
}

fn list(store: &Store, as_json: bool) -> Result<u8, CliError> {
    let rows = store.list()?;
    if as_json {
        return print(&format!("{}\n", json!(rows)));
    }
    if rows.is_empty() {
        return print("no sessions in this directory yet\n");
    }
    let now = clock::now_ms() / 1000;
    let mut out = String::new();
    for row in &rows {
        out.push_str(&format!("{}  {}\n", row.id, line(row, now)));
    }
    print(&out)
}

/// A session after its id: age, cost, size, title.
fn line(row: &SessionRow, now: u64) -> String {
    let cost = row.cost.map_or(String::new(), |cost| cost.to_string());
    let title = match row.title.is_empty() {
        true => &row.first,
        false => &row.title,
    };
    format!(
        "{:>7}  {:>8}  {:>7}  {}",
        text::age(now.saturating_sub(row.modified)),
        cost,
        text::bytes(row.bytes),
        text::clean(title)
    )
}

fn rendered(store: &Store, wanted: &str, format: Format) -> Result<String, CliError> {
    let id = store.find(wanted)?;
    let conversation = Conversation::read(&store.path(&id))?;
    Ok(export::render(&id, &conversation, format))
}

fn export(store: &Store, wanted: &str, file: Option<&Path>) -> Result<u8, CliError> {
    let Some(file) = file else {
        return print(&rendered(store, wanted, Format::Markdown)?);
    };
    let format = Format::of(file).map_err(CliError::Usage)?;
    if std::fs::symlink_metadata(file).is_ok() {
        let words = format!("{} exists already; name another file", file.display());
        return Err(CliError::Usage(words));
    }
    let text = rendered(store, wanted, format)?;
    sfs::write_atomic(file, text.as_bytes(), 0o600)
        .map_err(CliError::io(format!("write {}", file.display())))?;
    Ok(0)
}

fn delete(store: &Store, rows: &[SessionRow], yes: bool, as_json: bool) -> Result<u8, CliError> {
    if rows.is_empty() {
        return match as_json {
            true => print("{\"deleted\":[],\"kept\":{}}\n"),
            false => print("nothing to delete\n"),
        };
    }
    if !yes && !confirmed(rows)? {
        eprintln!("nothing was deleted");
        return Ok(super::FAILED);
    }
    let (mut deleted, mut kept) = (Vec::new(), serde_json::Map::new());
    for row in rows {
        match store.delete(&row.id) {
            Ok(()) => deleted.push(row.id.clone()),
            Err(error) => {
                kept.insert(row.id.clone(), json!(error.to_string()));
            }
        }
    }
    let code = if kept.is_empty() { 0 } else { super::FAILED };
    if as_json {
        print(&format!("{}\n", json!({"deleted": deleted, "kept": kept})))?;
        return Ok(code);
    }
    for (_, why) in kept {
        super::complain(why.as_str().unwrap_or_default());
    }
    print(&format!(
        "deleted {}\n",
        text::plural(deleted.len(), "session")
    ))?;
    Ok(code)
}

/// Asks on the terminal; without one nothing is deleted unasked.
fn confirmed(rows: &[SessionRow]) -> Result<bool, CliError> {
    if !std::io::stdin().is_terminal() {
        return Err(CliError::Usage(
            "nobody can be asked here; --yes deletes without asking".to_string(),
        ));
    }
    let now = clock::now_ms() / 1000;
    for row in rows.iter().take(20) {
        eprintln!("{}  {}", row.id, line(row, now));
    }
    if let Some(more @ 1..) = rows.len().checked_sub(20) {
        eprintln!("and {more} more");
    }
    eprint!("delete {}? [y/N] ", text::plural(rows.len(), "session"));
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(CliError::io("read the answer"))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
