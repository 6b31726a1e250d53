//! `/jobs`: commands in the background.

use super::Flow;
use crate::protocol::event::{AgentEvent, NoticeLevel, UiEvent};
use crate::repl::status::Reporter;
use crate::repl::worker::Worker;
use crate::stdx::text;
use crate::tools::jobs::Jobs;

pub(super) fn run(worker: &mut Worker, arguments: &str) -> Flow {
    answer(&worker.jobs, &worker.reporter, arguments);
    Flow::GoOn
}

/// Lists jobs, or stops them. Needs no turn to be over.
pub(in crate::repl) fn answer(jobs: &Jobs, reporter: &Reporter, arguments: &str) {
    let notice = |level, text: String| reporter.agent_event(AgentEvent::Notice { level, text });
    let mut words = arguments.split_whitespace();
    let number = match (words.next(), words.next()) {
        (None, _) => return list(jobs, reporter),
        (Some("stop"), Some("all")) => None,
        (Some("stop"), Some(number)) if number.parse::<u32>().is_ok() => number.parse().ok(),
        _ => {
            let text = "/jobs lists them, /jobs stop N or /jobs stop all ends them";
            return notice(NoticeLevel::Error, text.to_string());
        }
    };
    if !jobs.stop(number) {
        let text = match number {
            Some(number) => format!("no job {number} runs; /jobs lists them"),
            None => "no job runs".to_string(),
        };
        notice(NoticeLevel::Error, text);
    }
}

fn list(jobs: &Jobs, reporter: &Reporter) {
    let rows = jobs.rows();
    let mut markdown = String::from("| job | state | command |\n|---|---|---|\n");
    for (number, state, command) in &rows {
        let command = text::clean(command).replace('|', "\\|").replace('`', "'");
        markdown.push_str(&format!("| {number} | {state} | `{command}` |\n"));
    }
    if rows.is_empty() {
        markdown = "No command runs in the background.".to_string();
    }
    reporter.send(UiEvent::Text { markdown });
}
