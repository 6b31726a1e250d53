//! Commands that a front end does itself; the worker only hears of them without one.

use super::Flow;
use crate::protocol::event::NoticeLevel;
use crate::repl::worker::Worker;

pub(super) fn run(worker: &mut Worker, _arguments: &str) -> Flow {
    let words = "this command needs the interactive front end";
    worker.notice(NoticeLevel::Warning, words);
    Flow::GoOn
}
