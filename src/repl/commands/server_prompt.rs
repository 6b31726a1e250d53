//! `/mcp__SERVER__PROMPT`: a prompt of an MCP server.

use serde_json::{Map, Value};

use super::{Flow, Worker};
use crate::agent::ServerPrompt;
use crate::mcp::{Hub, McpPrompt, exposed};
use crate::protocol::event::{MoreCommand, NoticeLevel};
use crate::repl::worker::Job;
use crate::stdx::text;

/// The commands that the prompts of all servers make.
pub(in crate::repl) fn commands(mcp: &Hub) -> Vec<MoreCommand> {
    let prompts = mcp.prompts();
    let names = names(&prompts);
    let command = |((_, prompt), name): (&(String, McpPrompt), String)| {
        let usage: Vec<String> = prompt
            .arguments
            .iter()
            .map(|(name, _, required)| match required {
                true => name.to_uppercase(),
                false => format!("[{name}]"),
            })
            .collect();
        MoreCommand {
            name,
            usage: text::one_line(&text::clean(&usage.join(" ")), 60),
            help: text::one_line(&text::clean(&prompt.description), 120),
        }
    };
    prompts.iter().zip(names).map(command).collect()
}

/// What the user calls them by.
fn names(prompts: &[(String, McpPrompt)]) -> Vec<String> {
    let pairs = prompts.iter();
    exposed(pairs.map(|(server, prompt)| (server.as_str(), prompt.name.as_str())))
}

/// Runs the prompt of that name.
pub(super) fn run(worker: &mut Worker, name: &str, arguments: &str) -> Flow {
    let prompts = worker.mcp.prompts();
    let names = names(&prompts);
    let found = names
        .iter()
        .position(|known| known.eq_ignore_ascii_case(name));
    let Some((server, prompt)) = found.and_then(|at| prompts.get(at)) else {
        let name = text::one_line(&text::clean(name), 80);
        let there = match names.is_empty() {
            true => "no MCP server has prompts, as far as is known".to_string(),
            false => format!("there are: /{}", names.join(", /")),
        };
        worker.notice(NoticeLevel::Error, format!("no prompt /{name}; {there}"));
        return Flow::GoOn;
    };
    match given(prompt, arguments) {
        Ok(given) => {
            worker.job = Some(Job::Prompt(ServerPrompt {
                server: server.clone(),
                name: prompt.name.clone(),
                arguments: given,
                line: format!("/{name} {arguments}").trim_end().to_string(),
            }));
        }
        Err(problem) => worker.notice(NoticeLevel::Error, format!("/{name}: {problem}")),
    }
    Flow::GoOn
}

/// The arguments: `name=value` anywhere, the others in order; the last one takes the
/// rest of the line.
fn given(prompt: &McpPrompt, line: &str) -> Result<Map<String, Value>, String> {
    let mut out = Map::new();
    let is_name = |name: &str| prompt.arguments.iter().any(|(known, ..)| known == name);
    let mut rest: Vec<&str> = Vec::new();
    for word in line.split_whitespace() {
        match word.split_once('=') {
            Some((name, value)) if is_name(name) => {
                out.insert(name.to_string(), value.into());
            }
            _ => rest.push(word),
        }
    }
    let open: Vec<&String> = prompt
        .arguments
        .iter()
        .map(|(name, ..)| name)
        .filter(|name| !out.contains_key(*name))
        .collect();
    for (index, name) in open.iter().enumerate() {
        let last = index + 1 == open.len();
        let value = match last {
            true => rest[index.min(rest.len())..].join(" "),
            false => rest.get(index).copied().unwrap_or_default().to_string(),
        };
        if !value.is_empty() {
            out.insert((*name).clone(), value.into());
        }
    }
    let missing = prompt
        .arguments
        .iter()
        .find(|(name, _, required)| *required && !out.contains_key(name));
    match missing {
        Some((name, about, _)) => Err(text::clean(
            format!("{name} is missing: {about}").trim_end_matches(": "),
        )
        .into_owned()),
        None => Ok(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_come_by_name_or_in_order() {
        let prompt = McpPrompt {
            name: "p".into(),
            description: String::new(),
            arguments: vec![
                ("city".into(), "Where".into(), true),
                ("words".into(), String::new(), false),
            ],
        };
        for (line, wanted) in [
            ("Rome", json!({"city": "Rome"})),
            (
                "Rome and much more",
                json!({"city": "Rome", "words": "and much more"}),
            ),
            ("words=x Rome", json!({"words": "x", "city": "Rome"})),
        ] {
            assert_eq!(
                Value::Object(given(&prompt, line).unwrap()),
                wanted,
                "{line}"
            );
        }
        assert_eq!(given(&prompt, "").unwrap_err(), "city is missing: Where");
    }
}
