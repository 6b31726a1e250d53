//! `/undo` and `/redo`.

use super::Flow;
use crate::agent::{Obstructed, TakeBackError, TakenBack, list};
use crate::protocol::event::{NoticeLevel, UiEvent};
use crate::protocol::picker::{PickRow, Picker};
use crate::repl::worker::Worker;
use crate::stdx::text;

pub(super) fn undo(worker: &mut Worker, arguments: &str) -> Flow {
    let Some(how) = how(worker, "undo", arguments) else {
        return Flow::GoOn;
    };
    let result = worker.agent.undo(how);
    report(worker, "undo", "took back", result)
}

pub(super) fn redo(worker: &mut Worker, arguments: &str) -> Flow {
    let Some(how) = how(worker, "redo", arguments) else {
        return Flow::GoOn;
    };
    let result = worker.agent.redo(how);
    report(worker, "redo", "did again", result)
}

fn how(worker: &Worker, name: &str, arguments: &str) -> Option<Obstructed> {
    let how = parse_how(arguments);
    if how.is_none() {
        let words = format!("/{name} takes rest, all, or nothing");
        worker.notice(NoticeLevel::Error, words);
    }
    how
}

/// What to do about files in the way.
pub(super) fn parse_how(word: &str) -> Option<Obstructed> {
    match word {
        "" => Some(Obstructed::Ask),
        "rest" => Some(Obstructed::Leave),
        "all" => Some(Obstructed::Overwrite),
        _ => None,
    }
}

/// Says what came of it. `command` is what was typed, without the slash; files in the
/// way are asked about.
pub(super) fn report(
    worker: &mut Worker,
    command: &str,
    did: &str,
    result: Result<TakenBack, TakeBackError>,
) -> Flow {
    match result {
        Ok(TakenBack::Nothing) => {
            let words = format!("nothing to {command} in this session");
            worker.notice(NoticeLevel::Info, words);
        }
        Ok(TakenBack::Blocked {
            words,
            clear,
            obstacles,
            can_be_forced,
        }) => {
            let text = format!("\"{words}\" is not taken back yet: {}", list(&obstacles));
            worker.notice(NoticeLevel::Warning, text);
            let rows = ways(clear, &obstacles, can_be_forced);
            worker.reporter.send(UiEvent::Pick(Box::new(Picker {
                title: "files in the way".into(),
                rows,
                command: format!("/{command}"),
                verb: "do it".into(),
                ..Picker::default()
            })));
        }
        Ok(TakenBack::Done {
            words,
            restored,
            conversation,
        }) => {
            let mut text = format!("{did} \"{words}\": {}", files(restored.done.len()));
            if conversation {
                text.push_str(", the conversation is back there");
            }
            worker.notice(NoticeLevel::Info, text);
            if !restored.left.is_empty() {
                let text = format!("left as they are: {}", list(&restored.left));
                worker.notice(NoticeLevel::Warning, text);
            }
        }
        Err(error) => worker.notice(NoticeLevel::Error, error.to_string()),
    }
    Flow::GoOn
}

fn ways(clear: usize, obstacles: &[String], can_be_forced: bool) -> Vec<PickRow> {
    let mut rows = vec![PickRow::new(
        "rest",
        "leave these as they are",
        match clear {
            0 => "no other files are restored".to_string(),
            clear => format!("{} restored", text::plural(clear, "other file")),
        },
    )];
    if can_be_forced {
        let these = match obstacles.len() {
            1 => "overwrite it too".to_string(),
            count => format!("overwrite these {count} too"),
        };
        rows.push(PickRow::new(
            "all",
            these,
            "what they hold now is kept: /undo brings it back",
        ));
    }
    rows
}

fn files(count: usize) -> String {
    match count {
        0 => "no files had to be restored".to_string(),
        count => format!("{} restored", text::plural(count, "file")),
    }
}
