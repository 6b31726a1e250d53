//! `/keys`: which keys there are, and new ones.

use super::Flow;
use crate::protocol::command::Secret;
use crate::protocol::event::{NoticeLevel, UiEvent};
use crate::protocol::picker::{PickKey, PickRow, Picker};
use crate::provider::{Credential, ProviderInfo, check, custom, models, registry};
use crate::repl::worker::Worker;

pub(super) fn run(worker: &mut Worker, arguments: &str) -> Flow {
    let (what, id) = arguments.split_once(' ').unwrap_or((arguments, ""));
    if what.is_empty() {
        let picker = picker(worker);
        worker.reporter.send(UiEvent::Pick(Box::new(picker)));
        return Flow::GoOn;
    }
    let Some(row) = registry::info(id.trim()) else {
        let words = "/keys takes add, test or remove and a provider";
        worker.notice(NoticeLevel::Error, words);
        return Flow::GoOn;
    };
    match what {
        "add" => worker.reporter.send(UiEvent::AskSecret {
            title: format!("key for {}", row.name),
            purpose: row.id.to_string(),
        }),
        "test" => test(worker, row),
        "remove" => remove(worker, row),
        _ => worker.notice(NoticeLevel::Error, "/keys takes add, test or remove"),
    }
    Flow::GoOn
}

/// Stores a key that was typed into the panel, and tries it.
pub(in crate::repl) fn store(worker: &mut Worker, provider: &str, secret: &Secret) {
    let Some(row) = registry::info(provider) else {
        return;
    };
    let access = worker.agent.access().clone();
    // A key goes where the one before it was.
    let in_keychain = access.in_keychain(row.id);
    let stored = match in_keychain {
        true => access.set_key_in_keychain(row.id, &secret.0),
        false => access.set_key(row.id, &secret.0).map_err(Into::into),
    };
    if let Err(error) = stored {
        return worker.notice(NoticeLevel::Error, error.to_string());
    }
    let path = access.store().path().display();
    let mut words = match in_keychain {
        true => format!("{}: stored in the system's keychain", row.id),
        false => format!(
            "{}: stored in {path}, plain text that only you can read",
            row.id
        ),
    };
    if let Some(used) = access.credential(row).filter(|used| !used.is_stored()) {
        words.push_str(&format!("; {} is set, too, and beats it", used.source));
    }
    worker.notice(NoticeLevel::Info, words);
    if worker.agent.settings().provider == row.id {
        let model = format!("{}/{}", row.id, worker.agent.settings().model);
        // The open connection has the old key.
        let _ = worker.agent.switch(&model);
    }
    test(worker, row);
}

/// Tries a key in the background; what came of it is a notice.
fn test(worker: &Worker, row: &'static ProviderInfo) {
    let access = worker.agent.access().clone();
    let reporter = worker.reporter.clone();
    tokio::spawn(async move {
        let model = match row.local {
            true => "",
            false => models::default_model(row.id),
        };
        let report = check::check_connection(row.id, access.config(row), model).await;
        let level = match report.ok {
            true => NoticeLevel::Info,
            false => NoticeLevel::Error,
        };
        reporter.agent_event(crate::protocol::event::AgentEvent::Notice {
            level,
            text: report.lines.join(" · "),
        });
    });
}

fn remove(worker: &Worker, row: &ProviderInfo) {
    let access = worker.agent.access();
    let (level, words) = match access.remove_key(row.id) {
        Ok(true) => (NoticeLevel::Info, format!("{}: key removed", row.id)),
        Ok(false) => {
            let left = access.credential(row).map_or_else(
                || "there is none".to_string(),
                |key| format!("it comes from {}", key.source),
            );
            let words = format!("{}: no stored key to remove; {left}", row.id);
            (NoticeLevel::Warning, words)
        }
        Err(error) => (NoticeLevel::Error, error.to_string()),
    };
    worker.notice(level, words);
}

fn picker(worker: &Worker) -> Picker {
    let access = worker.agent.access();
    let rows = custom::rows().filter(|row| !row.key_env.is_empty());
    let key = |letter, label: &str, command: &str| PickKey {
        letter,
        label: label.into(),
        command: command.into(),
    };
    Picker {
        title: "keys".into(),
        rows: rows
            .map(|row| {
                let detail = access.credential(row).as_ref().map_or_else(
                    || match row.local {
                        true => "none needed".to_string(),
                        false => format!("none · {}", row.key_page),
                    },
                    Credential::hint,
                );
                PickRow::new(row.id, row.name, detail)
            })
            .collect(),
        command: "/keys add".into(),
        verb: "add".into(),
        keys: vec![
            key('t', "test", "/keys test"),
            key('x', "remove", "/keys remove"),
        ],
        ..Picker::default()
    }
}
