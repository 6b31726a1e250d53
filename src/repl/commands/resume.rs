//! `/resume`.

use super::Flow;
use crate::protocol::event::{NoticeLevel, SessionRow, UiEvent};
use crate::protocol::picker::{PickRow, Picker};
use crate::repl::worker::Worker;
use crate::stdx::clock;

pub(super) fn run(worker: &mut Worker, arguments: &str) -> Flow {
    if !arguments.is_empty() {
        return worker.resume(arguments);
    }
    match worker.store.list() {
        Ok(rows) if rows.is_empty() => {
            worker.notice(
                NoticeLevel::Info,
                "there is no saved session in this directory yet",
            );
        }
        Ok(rows) => {
            let open = worker.agent.session().id().to_string();
            let picker = picker(rows, open, clock::now_ms() / 1000);
            worker.reporter.send(UiEvent::Pick(Box::new(picker)));
        }
        Err(error) => worker.notice(NoticeLevel::Error, error.to_string()),
    }
    Flow::GoOn
}

/// The sessions, newest first, at a time in seconds since the epoch.
fn picker(rows: Vec<SessionRow>, open: String, now: u64) -> Picker {
    Picker {
        title: "open session".into(),
        rows: rows
            .into_iter()
            .map(|row| {
                let age = age(now.saturating_sub(row.modified));
                let pick = PickRow::new(row.id.clone(), row.title, format!("{age} · {}", row.id));
                if row.id == open {
                    pick.disabled("open already")
                } else {
                    pick
                }
            })
            .collect(),
        command: "/resume".into(),
        verb: "open".into(),
        ..Picker::default()
    }
}

/// `now`, `5 min`, `3 h`, `12 d`.
pub(super) fn age(seconds: u64) -> String {
    match seconds {
        0..=59 => "now".into(),
        60..=3_599 => format!("{} min", seconds / 60),
        3_600..=86_399 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_have_an_age_and_the_open_one_cannot_be_chosen() {
        let row = |id: &str, modified| SessionRow {
            id: id.into(),
            title: format!("about {id}"),
            modified,
            bytes: 1,
        };
        let rows = vec![row("a", 99_990), row("b", 96_000), row("c", 10)];
        let picker = picker(rows, "a".into(), 100_000);
        let shown: Vec<(&str, bool)> = picker
            .rows
            .iter()
            .map(|row| (row.detail.as_str(), row.disabled.is_some()))
            .collect();
        assert_eq!(
            shown,
            [("now · a", true), ("1 h · b", false), ("1 d · c", false)]
        );
    }
}
