//! `/export`: the conversation as a file.

use std::path::{Path, PathBuf};

use super::Flow;
use crate::protocol::event::NoticeLevel;
use crate::repl::worker::Worker;
use crate::session::Conversation;
use crate::session::export::{self, Format};
use crate::stdx::fs;

pub(super) fn run(worker: &mut Worker, arguments: &str) -> Flow {
    let id = worker.agent.session().id().to_string();
    if worker.agent.session().conversation().messages.is_empty() {
        worker.notice(NoticeLevel::Info, "nothing was said in this session yet");
        return Flow::GoOn;
    }
    write(worker, &id, arguments)
}

/// Writes a session to a file, or to one named after it.
pub(super) fn write(worker: &mut Worker, id: &str, name: &str) -> Flow {
    let name = match name {
        "" => format!("sofos-{id}.md"),
        name => name.to_string(),
    };
    match try_write(worker, id, &name) {
        Ok(()) => worker.notice(NoticeLevel::Info, format!("written to {name}")),
        Err(words) => worker.notice(NoticeLevel::Error, words),
    }
    Flow::GoOn
}

fn try_write(worker: &mut Worker, id: &str, name: &str) -> Result<(), String> {
    let path: PathBuf = Path::new(&worker.cwd).join(name);
    let format = Format::of(Path::new(name))?;
    if std::fs::symlink_metadata(&path).is_ok() {
        return Err(format!(
            "{name} exists already; name another file: /export FILE"
        ));
    }
    // What is on disk is what was said, also before a compaction.
    worker.agent.save().map_err(|error| error.to_string())?;
    let conversation =
        Conversation::read(&worker.store.path(id)).map_err(|error| error.to_string())?;
    let text = export::render(id, &conversation, format);
    fs::write_atomic(&path, text.as_bytes(), 0o600)
        .map_err(|error| format!("cannot write {name}: {error}"))
}
