//! `/s`, `/n` and `/mode`.

use super::Flow;
use crate::protocol::event::NoticeLevel;
use crate::protocol::permission::PermissionMode;
use crate::repl::worker::Worker;

pub(super) fn safe(worker: &mut Worker, _arguments: &str) -> Flow {
    set_safe(worker, true, "safe mode: only reading tools exist")
}

pub(super) fn normal(worker: &mut Worker, _arguments: &str) -> Flow {
    set_safe(worker, false, "normal mode: all tools exist")
}

fn set_safe(worker: &mut Worker, safe: bool, words: &str) -> Flow {
    let mut settings = worker.agent.settings().clone();
    settings.safe = safe;
    worker.agent.set_settings(settings);
    worker.notice(NoticeLevel::Info, words);
    Flow::GoOn
}

pub(super) fn plan(worker: &mut Worker, _arguments: &str) -> Flow {
    let other = match worker.agent.settings().mode {
        PermissionMode::Plan => "default",
        PermissionMode::Default | PermissionMode::AcceptEdits | PermissionMode::Bypass => "plan",
    };
    mode(worker, other)
}

pub(super) fn mode(worker: &mut Worker, arguments: &str) -> Flow {
    let names = || PermissionMode::ALL.map(|(_, name)| name).join(", ");
    if arguments.is_empty() {
        let current = worker.agent.settings().mode.as_str();
        worker.notice(
            NoticeLevel::Info,
            format!("mode {current}; the modes are {}", names()),
        );
        return Flow::GoOn;
    }
    let Some(mode) = PermissionMode::parse(arguments) else {
        let text = format!("no mode {arguments:?}; the modes are {}", names());
        worker.notice(NoticeLevel::Error, text);
        return Flow::GoOn;
    };
    let mut settings = worker.agent.settings().clone();
    settings.mode = mode;
    worker.agent.set_settings(settings);
    worker.notice(NoticeLevel::Info, format!("mode {}", mode.as_str()));
    Flow::GoOn
}
