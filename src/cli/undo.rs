//! `sofos undo`: takes back what a session changed, without opening it.

use serde_json::json;

use super::CliError;
use crate::agent::{Obstructed, TakeBackError, TakenBack, Taker, list};
use crate::config::Paths;
use crate::session::{Session, Store};
use crate::stdx::text;
use crate::workspace::Workspace;
use crate::workspace::checkpoint::{Checkpoints, TakeBack};

/// What is asked for.
#[derive(Debug, Clone, clap::Args)]
pub struct Undo {
    /// List the changes that can be taken back, the newest first
    #[arg(long)]
    list: bool,
    /// Take back this many, the newest first
    #[arg(value_name = "COUNT", default_value_t = 1)]
    count: usize,
    /// Do the last one that was taken back again
    #[arg(long, conflicts_with_all = ["list", "count"])]
    redo: bool,
    /// Session: id, start of an id, or name; without it the newest
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Leave files that were changed since as they are
    #[arg(long, conflicts_with = "all")]
    rest: bool,
    /// Overwrite them too; what they hold is kept
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(super) fn run(what: &Undo, paths: &Paths) -> Result<u8, CliError> {
    let store = Store::new(paths.sessions());
    let id = match &what.session {
        Some(wanted) => store.find(wanted)?,
        None => store.newest()?,
    };
    let workspace =
        Workspace::open(&paths.workspace).map_err(CliError::io("open the working directory"))?;
    let undo = Checkpoints::new(
        workspace.root().to_path_buf(),
        paths.undo(),
        paths.user_home.as_deref(),
    );
    let (mut session, _) = Session::open(&store, &id)?;
    if what.list {
        return show(what, &session, &undo);
    }
    let how = match (what.rest, what.all) {
        (true, _) => Obstructed::Leave,
        (_, true) => Obstructed::Overwrite,
        _ => Obstructed::Ask,
    };
    let mut taker = Taker {
        session: &mut session,
        undo: &undo,
        workspace: &workspace,
        dropped: None,
    };
    let mut told = Vec::new();
    for _ in 0..what.count {
        let taken = match what.redo {
            true => taker.redo(how),
            false => taker.undo(how),
        };
        match taken.map_err(failed)? {
            TakenBack::Done {
                words, restored, ..
            } => {
                let count = text::plural(restored.done.len(), "file");
                say(what, &format!("\"{words}\": {count} restored"));
                if !restored.left.is_empty() {
                    say(what, &format!("left as they are: {}", list(&restored.left)));
                }
                told.push(json!({
                    "change": words,
                    "restored": restored.done,
                    "left": restored.left,
                }));
            }
            TakenBack::Nothing if told.is_empty() => {
                return Err(CliError::Usage(format!(
                    "nothing to take back in session {id}"
                )));
            }
            TakenBack::Nothing => break,
            TakenBack::Blocked {
                words, obstacles, ..
            } => {
                return Err(CliError::Usage(format!(
                    "\"{words}\" is not taken back: {}. --rest leaves these as they are, --all \
                     overwrites them",
                    list(&obstacles)
                )));
            }
        }
    }
    if what.json {
        println!("{}", json!({"session": id, "taken_back": told}));
    }
    Ok(0)
}

fn failed(error: TakeBackError) -> CliError {
    match error {
        TakeBackError::Session(error) => error.into(),
        TakeBackError::Undo(error) => CliError::Usage(error.to_string()),
    }
}

fn say(what: &Undo, words: &str) {
    if !what.json {
        println!("{}", text::clean(words));
    }
}

fn show(what: &Undo, session: &Session, undo: &Checkpoints) -> Result<u8, CliError> {
    let mut changes = session.conversation().timeline.done();
    changes.reverse();
    let mut rows = Vec::new();
    for (index, change) in changes.into_iter().enumerate() {
        let manifest = undo.manifest(&TakeBack::from(change));
        let files: Option<Vec<String>> = manifest.ok().map(|manifest| {
            let files = manifest.files.iter();
            files.map(|file| file.path.display().to_string()).collect()
        });
        let about = match &files {
            Some(files) => list(files),
            None => "no longer in the store".to_string(),
        };
        let line = format!("{:3}  {}  ({about})", index + 1, change.words);
        say(what, &line);
        rows.push(json!({"change": change.words, "files": files}));
    }
    if what.json {
        println!("{}", json!({"session": session.id(), "changes": rows}));
    } else if rows.is_empty() {
        println!("no changes in session {}", session.id());
    }
    Ok(0)
}
