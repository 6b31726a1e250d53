//! `/status`: what is in force.

use super::Flow;
use crate::protocol::event::UiEvent;
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

/// Shows rows as a table; empty ones are left out.
fn show(worker: &Worker, rows: &[(&str, String)]) -> Flow {
    let mut markdown = String::from("| | |\n|---|---|\n");
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        markdown.push_str(&format!("| {name} | {} |\n", value.replace('|', "\\|")));
    }
    worker.reporter.send(UiEvent::Text { markdown });
    Flow::GoOn
}
