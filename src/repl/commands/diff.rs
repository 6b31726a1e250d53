//! `/diff`: what sofos changed in this session.

use super::Flow;
use crate::protocol::event::{AgentEvent, NoticeLevel};
use crate::protocol::tool::{ToolBody, ToolTitle, ToolView};
use crate::repl::worker::Worker;
use crate::stdx::text;

pub(super) fn run(worker: &mut Worker, _arguments: &str) -> Flow {
    let changed = match worker.agent.changed_files() {
        Ok(changed) => changed,
        Err(error) => {
            worker.notice(NoticeLevel::Error, error.to_string());
            return Flow::GoOn;
        }
    };
    if changed.diffs.is_empty() && changed.others.is_empty() {
        worker.notice(
            NoticeLevel::Info,
            "sofos changed no files in this session, or all of it was taken back",
        );
        return Flow::GoOn;
    }
    let (added, removed) = changed.diffs.iter().fold((0, 0), |(added, removed), diff| {
        (added + diff.added, removed + diff.removed)
    });
    let files = text::plural(changed.diffs.len(), "file");
    let view = ToolView {
        title: ToolTitle::new("Diff", format!("{files} changed in this session")),
        outcome: format!("+{added} -{removed}"),
        body: ToolBody::Diffs {
            diffs: changed.diffs,
        },
        ..ToolView::default()
    };
    worker.reporter.agent_event(AgentEvent::ToolFinished {
        call_id: String::new(),
        name: String::new(),
        view,
    });
    if !changed.others.is_empty() {
        let others = crate::agent::list(&changed.others);
        worker.notice(NoticeLevel::Info, format!("also changed: {others}"));
    }
    Flow::GoOn
}
