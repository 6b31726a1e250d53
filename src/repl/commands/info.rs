//! `/status`: what is in force. `/doctor`: what is found here.

use super::Flow;
use crate::protocol::event::{NoticeLevel, UiEvent};
use crate::provider::registry;
use crate::repl::doctor::{self, Facts};
use crate::repl::status::thinking_words;
use crate::repl::worker::Worker;
use crate::stdx::text;

pub(super) fn status(worker: &mut Worker, _arguments: &str) -> Flow {
    let (agent, settings) = (&worker.agent, worker.agent.settings());
    let conversation = agent.session().conversation();
    let mode = if settings.safe {
        "safe".to_string()
    } else {
        settings.mode.as_str().to_string()
    };
    let window = format!(
        "{} of {}",
        text::count(conversation.context_used),
        text::count(agent.model().context)
    );
    let rows = [
        ("session", agent.session().id().to_string()),
        ("title", conversation.title.clone().unwrap_or_default()),
        ("workspace", worker.cwd.clone()),
        (
            "model",
            format!("{} ({})", agent.model().id, settings.provider),
        ),
        ("thinking", thinking_words(settings.thinking)),
        ("mode", mode),
        ("context", window),
        ("messages", conversation.messages.len().to_string()),
        ("cost", conversation.cost.to_string()),
    ];
    show(worker, &rows)
}

pub(super) fn doctor(worker: &mut Worker, _arguments: &str) -> Flow {
    let (agent, settings) = (&worker.agent, worker.agent.settings());
    let Some(provider) = registry::info(&settings.provider) else {
        let words = format!("no provider {}; /provider lists them", settings.provider);
        worker.notice(NoticeLevel::Error, words);
        return Flow::GoOn;
    };
    let rows = doctor::rows(&Facts {
        workspace: worker.cwd.clone(),
        home: worker.home.clone(),
        provider,
        config: &agent.access().config(provider),
        model: &agent.model().id,
        mode: settings.mode,
        sandbox: agent.is_sandboxed(),
        scrollback: &worker.scrollback,
        sessions: worker.store.list().map_or(0, |rows| rows.len()),
    });
    show(worker, &rows)
}

/// Shows rows as a table; empty ones are left out.
fn show(worker: &Worker, rows: &[(&str, String)]) -> Flow {
    let mut markdown = String::from("| | |\n|---|---|\n");
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        markdown.push_str(&format!("| {name} | {} |\n", value.replace('|', "\\|")));
    }
    worker.reporter.send(UiEvent::Text { markdown });
    Flow::GoOn
}
