//! `/rewind`: a list of points, then what goes back.

use super::Flow;
use super::undo::{parse_how, report};
use crate::agent::{RewindPoint, RewindWhat, TakenBack};
use crate::protocol::command::UserInput;
use crate::protocol::event::{NoticeLevel, UiEvent};
use crate::protocol::picker::{PickRow, Picker};
use crate::repl::worker::Worker;
use crate::stdx::{clock, text};

pub(super) fn run(worker: &mut Worker, arguments: &str) -> Flow {
    let points = match worker.agent.points() {
        Ok(points) => points,
        Err(error) => {
            worker.notice(NoticeLevel::Error, error.to_string());
            return Flow::GoOn;
        }
    };
    let mut words = arguments.split_whitespace();
    let picker = match (words.next(), words.next(), words.next().unwrap_or("")) {
        (None, ..) if points.is_empty() => {
            worker.notice(NoticeLevel::Info, "nothing was said in this session yet");
            return Flow::GoOn;
        }
        (None, ..) => list(points, clock::now_ms()),
        (Some(id), what, how) => {
            let Some(point) = points.into_iter().find(|point| point.message == id) else {
                worker.notice(
                    NoticeLevel::Error,
                    "no such message in this conversation; /rewind lists them",
                );
                return Flow::GoOn;
            };
            match (what.map(parse_what), parse_how(how)) {
                (None, _) => ways(&point),
                (Some(Some(what)), Some(how)) => return go(worker, &point, what, how),
                _ => {
                    worker.notice(NoticeLevel::Error, "/rewind lists what can be chosen");
                    return Flow::GoOn;
                }
            }
        }
    };
    worker.reporter.send(UiEvent::Pick(Box::new(picker)));
    Flow::GoOn
}

fn go(
    worker: &mut Worker,
    point: &RewindPoint,
    what: RewindWhat,
    how: crate::agent::Obstructed,
) -> Flow {
    let said = worker.agent.said(&point.message);
    let result = worker.agent.rewind(&point.message, what, how);
    if let Ok(TakenBack::Done {
        conversation: true, ..
    }) = &result
        && let Some(text) = said
    {
        // To be sent again, as it was or otherwise.
        let input = UserInput {
            text,
            ..UserInput::default()
        };
        let inputs = vec![input];
        worker.reporter.send(UiEvent::TakenBack { inputs });
    }
    let command = format!("rewind {} {}", point.message, word(what));
    report(worker, &command, "took back", result)
}

fn parse_what(word: &str) -> Option<RewindWhat> {
    match word {
        "both" => Some(RewindWhat::Both),
        "conversation" => Some(RewindWhat::Conversation),
        "files" => Some(RewindWhat::Files),
        _ => None,
    }
}

fn word(what: RewindWhat) -> &'static str {
    match what {
        RewindWhat::Both => "both",
        RewindWhat::Conversation => "conversation",
        RewindWhat::Files => "files",
    }
}

/// The points, newest first, at a time in milliseconds since the epoch.
fn list(points: Vec<RewindPoint>, now: u64) -> Picker {
    Picker {
        title: "go back before".into(),
        rows: points
            .into_iter()
            .map(|point| {
                let age = text::age(now.saturating_sub(point.at) / 1000);
                let detail = format!("{age} · {}", changed(point.files));
                PickRow::new(point.message, point.text, detail)
            })
            .collect(),
        command: "/rewind".into(),
        verb: "choose".into(),
        ..Picker::default()
    }
}

fn changed(files: usize) -> String {
    match files {
        0 => "no files changed since".to_string(),
        files => format!("{} changed since", text::plural(files, "file")),
    }
}

fn ways(point: &RewindPoint) -> Picker {
    let files = changed(point.files);
    let mut rows = vec![PickRow::new(
        "conversation",
        "the conversation",
        "files stay as they are",
    )];
    if point.files > 0 {
        rows.insert(0, PickRow::new("both", "files and conversation", files));
        rows.push(PickRow::new(
            "files",
            "the files",
            "the conversation goes on",
        ));
    }
    Picker {
        title: "take back".into(),
        rows,
        command: format!("/rewind {}", point.message),
        verb: "take back".into(),
        ..Picker::default()
    }
}
