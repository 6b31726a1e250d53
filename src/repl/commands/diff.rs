//! `/diff`: what sofos changed in this session, or what git sees in the working tree.

use super::Flow;
use crate::agent::ChangedFiles;
use crate::protocol::event::{AgentEvent, NoticeLevel, UiEvent};
use crate::protocol::tool::{ToolBody, ToolTitle, ToolView};
use crate::repl::status::Reporter;
use crate::repl::worker::Worker;
use crate::stdx::text;

pub(super) fn run(worker: &mut Worker, arguments: &str) -> Flow {
    match arguments {
        "" => session(worker),
        "git" => working_tree(worker),
        other => worker.notice(
            NoticeLevel::Error,
            format!("/diff takes nothing or git, not {other:?}"),
        ),
    }
    Flow::GoOn
}

fn session(worker: &mut Worker) {
    match worker.agent.changed_files() {
        Ok(changed) => show(
            &worker.reporter,
            changed,
            "changed in this session",
            "sofos changed no files in this session, or all of it was taken back",
        ),
        Err(error) => worker.notice(NoticeLevel::Error, error.to_string()),
    }
}

/// Asks git beside everything else.
fn working_tree(worker: &mut Worker) {
    let asking = worker.agent.working_tree();
    let reporter = worker.reporter.clone();
    tokio::spawn(async move {
        match asking.await {
            Some(changed) => show(
                &reporter,
                changed,
                "changed since the last commit",
                "nothing changed since the last commit",
            ),
            None => notice(
                &reporter,
                NoticeLevel::Error,
                "git cannot tell what changed: there is no git, no repository here or no commit in it".into(),
            ),
        }
    });
}

fn show(reporter: &Reporter, changed: ChangedFiles, since: &str, none: &str) {
    if changed.diffs.is_empty() && changed.others.is_empty() {
        return notice(reporter, NoticeLevel::Info, none.into());
    }
    if !changed.diffs.is_empty() {
        let (added, removed) = changed.diffs.iter().fold((0, 0), |(added, removed), diff| {
            (added + diff.added, removed + diff.removed)
        });
        let files = text::plural(changed.diffs.len(), "file");
        reporter.send(UiEvent::Changes(Box::new(ToolView {
            title: ToolTitle::new("Diff", format!("{files} {since}")),
            outcome: format!("+{added} −{removed}"),
            body: ToolBody::Diffs {
                diffs: changed.diffs,
            },
            ..ToolView::default()
        })));
    }
    if !changed.others.is_empty() {
        let others = crate::agent::list(&changed.others);
        notice(
            reporter,
            NoticeLevel::Info,
            format!("also changed: {others}"),
        );
    }
}

fn notice(reporter: &Reporter, level: NoticeLevel, text: String) {
    reporter.agent_event(AgentEvent::Notice { level, text });
}
