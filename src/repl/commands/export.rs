//! `/export`: the conversation as a Markdown file.

use std::path::Path;

use super::Flow;
use crate::protocol::event::NoticeLevel;
use crate::repl::worker::Worker;
use crate::session::export;
use crate::stdx::fs;

pub(super) fn run(worker: &mut Worker, arguments: &str) -> Flow {
    let session = worker.agent.session();
    let name = match arguments {
        "" => format!("sofos-{}.md", session.id()),
        name => name.to_string(),
    };
    let path = Path::new(&worker.cwd).join(&name);
    if path.exists() {
        let words = format!("{name} exists already; name another file: /export FILE");
        worker.notice(NoticeLevel::Error, words);
        return Flow::GoOn;
    }
    let text = export::markdown(session.conversation());
    match fs::write_atomic(&path, text.as_bytes(), 0o600) {
        Ok(()) => worker.notice(NoticeLevel::Info, format!("written to {name}")),
        Err(error) => {
            worker.notice(NoticeLevel::Error, format!("cannot write {name}: {error}"));
        }
    }
    Flow::GoOn
}
