//! `/model` and `/provider`: who answers.

use super::Flow;
use crate::protocol::event::{NoticeLevel, UiEvent};
use crate::protocol::picker::{PickRow, Picker};
use crate::provider::{Listed, ProviderInfo, custom, models, registry};
use crate::repl::worker::Worker;

pub(super) fn model(worker: &mut Worker, arguments: &str) -> Flow {
    if !arguments.is_empty() {
        return switch(worker, arguments);
    }
    worker.look_for_servers();
    let picker = model_picker(worker);
    worker.reporter.send(UiEvent::Pick(Box::new(picker)));
    Flow::GoOn
}

pub(super) fn provider(worker: &mut Worker, arguments: &str) -> Flow {
    if arguments.is_empty() {
        worker.look_for_servers();
        let picker = provider_picker(worker);
        worker.reporter.send(UiEvent::Pick(Box::new(picker)));
        return Flow::GoOn;
    }
    let Some(row) = registry::info(arguments) else {
        let known: Vec<&str> = shown().map(|row| row.id).collect();
        let words = format!("no provider {arguments:?}; known: {}", known.join(", "));
        worker.notice(NoticeLevel::Error, words);
        return Flow::GoOn;
    };
    // What a server on this machine has is better than what is usual.
    let here = worker
        .servers()
        .get(row.id)
        .and_then(|listed| listed.first().cloned());
    let model = match here {
        Some(listed) => listed.id,
        None => models::default_model(row.id).to_string(),
    };
    switch(worker, &format!("{}/{model}", row.id))
}

fn switch(worker: &mut Worker, name: &str) -> Flow {
    let before = (
        worker.agent.settings().provider.clone(),
        worker.agent.settings().model.clone(),
    );
    match worker.agent.switch(name) {
        Ok(words) => {
            let settings = worker.agent.settings();
            let same = before == (settings.provider.clone(), settings.model.clone());
            let goes_along = !worker.agent.session().conversation().messages.is_empty();
            let tail = match goes_along && !same {
                true => " · the conversation goes along; its cached prefix starts anew",
                false => "",
            };
            worker.notice(NoticeLevel::Info, format!("{words}{tail}"));
        }
        Err(failure) => worker.notice(NoticeLevel::Error, failure.message),
    }
    Flow::GoOn
}

fn shown() -> impl Iterator<Item = &'static ProviderInfo> {
    custom::rows().filter(|row| row.wire != "scripted")
}

/// The models of the vendor in force first, then those that can be asked, then the
/// others with the reason why not.
fn model_picker(worker: &Worker) -> Picker {
    let settings = worker.agent.settings();
    let access = worker.agent.access();
    let servers = worker.servers();
    let mut vendors: Vec<(&ProviderInfo, Option<String>)> =
        shown().map(|row| (row, access.missing(row))).collect();
    vendors.sort_by_key(|(row, missing)| (row.id != settings.provider, missing.is_some()));
    let mut rows = Vec::new();
    for (row, missing) in vendors {
        let listed = servers.get(row.id).map(Vec::as_slice);
        for (id, words) in offered(row, listed) {
            let value = format!("{}/{id}", row.id);
            let pick = PickRow::new(value, id, format!("{words} · {}", row.name));
            rows.push(match &missing {
                Some(reason) => pick.disabled(reason.clone()),
                None => pick,
            });
        }
    }
    Picker {
        title: "model".into(),
        rows,
        command: "/model".into(),
        verb: "use".into(),
        current: Some(format!("{}/{}", settings.provider, settings.model)),
        ..Picker::default()
    }
}

/// A vendor's models with what is known of them. Of servers on this machine only
/// what they have.
fn offered(row: &ProviderInfo, listed: Option<&[Listed]>) -> Vec<(String, String)> {
    if row.local {
        let listed = listed.unwrap_or_default().iter();
        return listed
            .map(|listed| {
                let mut model = models::lookup(row.id, &listed.id);
                model.context = listed.context.unwrap_or(model.context);
                (listed.id.clone(), models::words(&model))
            })
            .collect();
    }
    models::known(row.id)
        .into_iter()
        .map(|model| (model.id.clone(), models::words(&model)))
        .collect()
}

fn provider_picker(worker: &Worker) -> Picker {
    let settings = worker.agent.settings();
    let access = worker.agent.access();
    let servers = worker.servers();
    let rows = shown().map(|row| {
        let listed = servers.get(row.id);
        let detail = match (row.local, listed) {
            (true, Some(listed)) => {
                let number = crate::stdx::text::plural(listed.len(), "model");
                format!("on this machine · {number}")
            }
            _ => match access.credential(row) {
                Some(key) => format!("{} · {}", models::default_model(row.id), key.hint()),
                None => models::default_model(row.id).to_string(),
            },
        };
        let pick = PickRow::new(row.id, row.name, detail);
        let unheard = row.local && listed.is_none() && settings.provider != row.id;
        match (access.missing(row), unheard) {
            (Some(reason), _) => pick.disabled(reason),
            (None, true) => pick.disabled("no server answers"),
            (None, false) => pick,
        }
    });
    Picker {
        title: "provider".into(),
        rows: rows.collect(),
        command: "/provider".into(),
        verb: "use".into(),
        current: Some(settings.provider.clone()),
        ..Picker::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_servers_offer_what_they_have_and_others_their_catalogue() {
        let ollama = registry::info("ollama").unwrap();
        assert!(offered(ollama, None).is_empty());
        let listed = Listed {
            id: "qwen3-coder:30b".into(),
            context: None,
        };
        let rows = offered(ollama, Some(&[listed]));
        assert_eq!(rows[0].0, "qwen3-coder:30b");
        assert!(
            rows[0].1.starts_with("65.5k window · free"),
            "{}",
            rows[0].1
        );
        let rows = offered(registry::info("openai").unwrap(), None);
        assert_eq!(rows[0].0, "gpt-6.1-sol");
        assert_eq!(rows[0].1, "1.1M window · $2 in, $10 out per M");
    }
}
