//! `/sessions` and `/fork`.

use super::{Flow, export, resume};
use crate::protocol::event::{NoticeLevel, UiEvent};
use crate::protocol::picker::{PickRow, Picker};
use crate::repl::worker::Worker;
use crate::session::SessionError;
use crate::stdx::clock;

pub(super) fn run(worker: &mut Worker, arguments: &str) -> Flow {
    let (what, rest) = arguments.split_once(' ').unwrap_or((arguments, ""));
    match (what, rest.trim()) {
        ("", _) => resume::run(worker, ""),
        ("delete", wanted) if !wanted.is_empty() => delete(worker, wanted),
        ("export", wanted) if !wanted.is_empty() => match worker.store.find(wanted) {
            Ok(id) => export::write(worker, &id, ""),
            Err(error) => failed(worker, &error),
        },
        _ => {
            worker.notice(
                NoticeLevel::Error,
                "/sessions lists them; /sessions delete ID, /sessions export ID",
            );
            Flow::GoOn
        }
    }
}

fn failed(worker: &Worker, error: &SessionError) -> Flow {
    worker.notice(NoticeLevel::Error, error.to_string());
    Flow::GoOn
}

/// Asks first: `delete ID` shows the question, `delete ID yes` is its answer.
fn delete(worker: &mut Worker, wanted: &str) -> Flow {
    let (wanted, sure) = match wanted.strip_suffix(" yes") {
        Some(wanted) => (wanted.trim(), true),
        None => (wanted, false),
    };
    let id = match worker.store.find(wanted) {
        Ok(id) => id,
        Err(error) => return failed(worker, &error),
    };
    if id == worker.agent.session().id() {
        worker.notice(
            NoticeLevel::Error,
            "this session is open; /clear starts another one, then it can be deleted",
        );
        return Flow::GoOn;
    }
    if sure {
        match worker.store.delete(&id) {
            Ok(()) => worker.notice(NoticeLevel::Info, format!("deleted session {id}")),
            Err(error) => return failed(worker, &error),
        }
        return Flow::GoOn;
    }
    let rows = worker.store.list().unwrap_or_default();
    let now = clock::now_ms() / 1000;
    let row = rows.iter().find(|row| row.id == id);
    let (label, detail) = row.map(|row| resume::words(row, now)).unwrap_or_default();
    worker.reporter.send(UiEvent::Pick(Box::new(Picker {
        title: format!("delete \u{201c}{label}\u{201d}?"),
        rows: vec![PickRow::new("yes", "delete it for good", detail)],
        command: format!("/sessions delete {id}"),
        verb: "delete".into(),
        ..Picker::default()
    })));
    Flow::GoOn
}

pub(super) fn fork(worker: &mut Worker, arguments: &str) -> Flow {
    let wanted = match arguments {
        "" => {
            if worker.agent.session().conversation().messages.is_empty() {
                worker.notice(NoticeLevel::Info, "nothing was said in this session yet");
                return Flow::GoOn;
            }
            worker.agent.session().id().to_string()
        }
        wanted => wanted.to_string(),
    };
    let copy = worker
        .agent
        .save()
        .and_then(|()| worker.store.find(&wanted))
        .and_then(|id| worker.store.fork(&id));
    match copy {
        Ok(copy) => worker.resume(&copy),
        Err(error) => failed(worker, &error),
    }
}
