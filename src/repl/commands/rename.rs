//! `/rename`.

use super::Flow;
use crate::protocol::event::NoticeLevel;
use crate::repl::worker::Worker;
use crate::stdx::text;

pub(super) fn run(worker: &mut Worker, arguments: &str) -> Flow {
    let title = text::one_line(&text::clean(arguments), 80);
    if title.is_empty() {
        worker.notice(
            NoticeLevel::Error,
            "/rename needs a name: /rename the cart bug",
        );
        return Flow::GoOn;
    }
    worker.agent.rename(title.clone());
    let words = format!("this session is named {title:?}; sofos -r {title:?} goes on with it");
    worker.notice(NoticeLevel::Info, words);
    Flow::GoOn
}
