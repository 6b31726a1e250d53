//! `/exit`.

use super::Flow;
use crate::repl::worker::Worker;

pub(super) fn run(_worker: &mut Worker, _arguments: &str) -> Flow {
    Flow::Exit
}
