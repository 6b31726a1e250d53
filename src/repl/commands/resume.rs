//! `/resume`.

use super::Flow;
use crate::protocol::event::{NoticeLevel, UiEvent};
use crate::repl::worker::Worker;

pub(super) fn run(worker: &mut Worker, arguments: &str) -> Flow {
    if !arguments.is_empty() {
        return worker.resume(arguments);
    }
    match worker.store.list() {
        Ok(rows) if rows.is_empty() => {
            worker.notice(
                NoticeLevel::Info,
                "there is no saved session in this directory yet",
            );
        }
        Ok(rows) => worker.reporter.send(UiEvent::Sessions { rows }),
        Err(error) => worker.notice(NoticeLevel::Error, error.to_string()),
    }
    Flow::GoOn
}
