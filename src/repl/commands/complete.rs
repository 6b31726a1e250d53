//! What may follow a command, for completion.

use crate::protocol::event::Status;
use crate::protocol::permission::PermissionMode;
use crate::protocol::picker::PickRow;
use crate::provider::models;

/// What may follow a command in a situation.
pub type Complete = fn(&Status) -> Vec<PickRow>;

/// By command name.
pub static COMPLETIONS: &[(&str, Complete)] = &[
    ("mode", mode),
    ("think", think),
    ("vim", vim),
    ("diff", diff),
];

fn row(value: &str, detail: &str) -> PickRow {
    PickRow::new(value, value, detail)
}

/// The permission modes.
pub fn mode(_: &Status) -> Vec<PickRow> {
    PermissionMode::ALL
        .iter()
        .map(|(mode, name)| {
            row(
                name,
                match mode {
                    PermissionMode::Default => "ask before anything risky",
                    PermissionMode::Plan => "look, change nothing",
                    PermissionMode::AcceptEdits => "edit files without asking",
                    PermissionMode::Bypass => "ask nothing at all",
                },
            )
        })
        .collect()
}

fn think(status: &Status) -> Vec<PickRow> {
    let model = models::lookup(&status.provider, &status.model);
    let mut rows = vec![row("on", "think before answering")];
    if !model.always_thinks {
        rows.push(row("off", "answer at once"));
    }
    rows.extend(
        model
            .efforts
            .iter()
            .map(|effort| row(effort.as_str(), "how hard to think")),
    );
    rows
}

fn vim(_: &Status) -> Vec<PickRow> {
    vec![
        row("on", "edit the prompt as in vim"),
        row("off", "edit it as in a shell"),
    ]
}

fn diff(_: &Status) -> Vec<PickRow> {
    vec![row("git", "what git sees since the last commit")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_completion_belongs_to_a_command_and_is_understood() {
        for (name, complete) in COMPLETIONS {
            assert!(super::super::find(name).is_some(), "{name}");
            assert!(!complete(&Status::default()).is_empty(), "{name}");
        }
        for choice in mode(&Status::default()) {
            assert!(PermissionMode::parse(&choice.value).is_some());
        }
        let status = Status {
            provider: "anthropic".into(),
            model: models::default_model("anthropic").into(),
            ..Status::default()
        };
        let levels: Vec<String> = think(&status).into_iter().map(|row| row.value).collect();
        assert!(levels.contains(&"high".to_string()), "{levels:?}");
    }
}
