//! `/undo` and `/redo`.

use super::Flow;
use crate::agent::{Obstructed, TakeBackError, TakenBack, list};
use crate::protocol::event::NoticeLevel;
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
    match arguments {
        "" => Some(Obstructed::Ask),
        "rest" => Some(Obstructed::Leave),
        "all" => Some(Obstructed::Overwrite),
        _ => {
            let words = format!("/{name} takes rest, all, or nothing");
            worker.notice(NoticeLevel::Error, words);
            None
        }
    }
}

fn report(
    worker: &mut Worker,
    name: &str,
    did: &str,
    result: Result<TakenBack, TakeBackError>,
) -> Flow {
    match result {
        Ok(TakenBack::Nothing) => {
            let words = format!("nothing to {name} in this session");
            worker.notice(NoticeLevel::Info, words);
        }
        Ok(TakenBack::Blocked {
            words,
            clear,
            obstacles,
            can_be_forced,
        }) => {
            let mut text = format!("\"{words}\" is not taken back yet: {}.", list(&obstacles));
            if clear > 0 {
                let others = text::plural(clear, "other file");
                text.push_str(&format!(" /{name} rest restores the {others}."));
            }
            if can_be_forced {
                text.push_str(&format!(
                    " /{name} all overwrites these too; what they hold now is kept."
                ));
            }
            worker.notice(NoticeLevel::Warning, text);
        }
        Ok(TakenBack::Done {
            words,
            restored,
            conversation,
        }) => {
            let mut text = format!("{did} \"{words}\": {}", files(restored.done.len()));
            if conversation {
                text.push_str(" and the conversation");
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

fn files(count: usize) -> String {
    match count {
        0 => "the files were as before already".to_string(),
        count => format!("{} restored", text::plural(count, "file")),
    }
}
