//! `/clear` and `/compact`.

use super::Flow;
use crate::protocol::event::NoticeLevel;
use crate::repl::worker::Worker;

pub(super) fn run(worker: &mut Worker, _arguments: &str) -> Flow {
    worker.clear();
    Flow::GoOn
}

pub(super) fn compact(worker: &mut Worker, _arguments: &str) -> Flow {
    worker.notice(
        NoticeLevel::Warning,
        "sofos cannot shorten a conversation yet; /clear starts a new one and keeps this one saved",
    );
    Flow::GoOn
}
