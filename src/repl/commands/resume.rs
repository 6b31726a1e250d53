//! `/resume`.

use super::Flow;
use crate::protocol::event::{NoticeLevel, SessionRow, UiEvent};
use crate::protocol::picker::{PickKey, PickRow, Picker};
use crate::repl::worker::Worker;
use crate::stdx::{clock, text};

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
                let (label, detail) = words(&row, now);
                let quoted = [("began with", &row.first), ("ended with", &row.last)];
                let lines = quoted.iter().filter(|(_, words)| !words.is_empty());
                let lines = lines
                    .map(|(how, words)| format!("{how}: {words}"))
                    .collect();
                let pick = PickRow::new(row.id.clone(), label, detail).previewed(lines);
                if row.id == open {
                    pick.disabled("open already")
                } else {
                    pick
                }
            })
            .collect(),
        command: "/resume".into(),
        verb: "open".into(),
        keys: vec![
            key('x', "delete", "/sessions delete"),
            key('e', "export", "/sessions export"),
            key('f', "fork", "/fork"),
        ],
        ..Picker::default()
    }
}

fn key(letter: char, label: &str, command: &str) -> PickKey {
    PickKey {
        letter,
        label: label.into(),
        command: command.into(),
    }
}

/// Name, and age, messages, cost, size and first words of a session.
pub(super) fn words(row: &SessionRow, now: u64) -> (String, String) {
    let mut detail = vec![text::age(now.saturating_sub(row.modified))];
    detail.extend(row.messages.map(|count| text::plural(count, "message")));
    detail.extend(row.cost.map(|cost| cost.to_string()));
    detail.push(text::bytes(row.bytes));
    let title = match row.title.is_empty() {
        true => row.first.clone(),
        false => row.title.clone(),
    };
    if !row.first.is_empty() && !row.first.starts_with(title.trim_end_matches('…')) {
        detail.push(row.first.clone());
    }
    detail.push(row.id.clone());
    (title, detail.join(" · "))
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
            ..SessionRow::default()
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
            [
                ("now · 1 B · a", true),
                ("1 h · 1 B · b", false),
                ("1 d · 1 B · c", false)
            ]
        );
    }
}
