//! `/clear` and `/compact`.

use super::Flow;
use crate::repl::worker::{Job, Worker};

pub(super) fn run(worker: &mut Worker, _arguments: &str) -> Flow {
    worker.clear();
    Flow::GoOn
}

pub(super) fn compact(worker: &mut Worker, focus: &str) -> Flow {
    worker.job = Some(Job::Compact(focus.trim().to_string()));
    Flow::GoOn
}
