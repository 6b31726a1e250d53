//! `/permissions`: the rules in force, and what they say about a command.

use super::Flow;
use crate::config::Layer;
use crate::permission::{List, explain};
use crate::protocol::event::{NoticeLevel, UiEvent};
use crate::repl::worker::Worker;
use crate::stdx::text::clean;

const USAGE: &str = "usage: /permissions · /permissions add allow|deny|ask RULE · /permissions \
                     remove RULE · /permissions why COMMAND";

pub(super) fn run(worker: &mut Worker, arguments: &str) -> Flow {
    let (verb, rest) = arguments
        .split_once(char::is_whitespace)
        .unwrap_or((arguments, ""));
    let rest = rest.trim();
    match verb {
        "" | "show" | "list" if rest.is_empty() => show(worker),
        "add" => add(worker, rest),
        "remove" if !rest.is_empty() => remove(worker, rest),
        "why" if !rest.is_empty() => {
            let markdown = why(worker, rest);
            worker.reporter.send(UiEvent::Text { markdown });
        }
        _ => worker.notice(NoticeLevel::Info, USAGE),
    }
    Flow::GoOn
}

fn show(worker: &Worker) {
    let lines = worker.agent.rules().lines();
    if lines.is_empty() {
        let text = format!("no rules: the built-in tables decide. {USAGE}");
        worker.notice(NoticeLevel::Info, text);
        return;
    }
    let mut markdown = String::from("| list | rule | file |\n|---|---|---|\n");
    for line in lines {
        let rule = code(&line.text).replace('|', "\\|");
        markdown.push_str(&format!(
            "| {} | {rule} | {} |\n",
            line.list,
            line.layer.shown()
        ));
    }
    worker.reporter.send(UiEvent::Text { markdown });
}

fn add(worker: &Worker, rest: &str) {
    let (list, rule) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let Some(list) = List::parse(list).filter(|_| !rule.trim().is_empty()) else {
        worker.notice(NoticeLevel::Error, USAGE);
        return;
    };
    match worker.agent.rules().add(Layer::Local, list, rule) {
        Ok(()) => {
            let file = Layer::Local.shown();
            let text = format!("{} {}: written to {file}", list.name(), clean(rule.trim()));
            worker.notice(NoticeLevel::Info, text);
        }
        Err(error) => worker.notice(NoticeLevel::Error, error.to_string()),
    }
}

fn remove(worker: &Worker, rule: &str) {
    match worker.agent.rules().remove(rule) {
        Ok(lines) if lines.is_empty() => {
            let text = format!("no rule reads {}; /permissions lists them", clean(rule));
            worker.notice(NoticeLevel::Error, text);
        }
        Ok(lines) => {
            for line in lines {
                let text = format!("removed from {} of {}", line.list, line.layer.shown());
                worker.notice(NoticeLevel::Info, text);
            }
        }
        Err(error) => worker.notice(NoticeLevel::Error, error.to_string()),
    }
}

/// What a command would do and what decides about it.
fn why(worker: &Worker, command: &str) -> String {
    let (verdict, analysis) = worker.agent.judge_command(command);
    let mut markdown = format!("{}: {}\n", code(command), clean(&verdict));
    for effect in explain::parsed(&analysis) {
        markdown.push_str(&format!("- {}\n", code(&effect)));
    }
    markdown
}

/// Text of others, as code: no mark in it means anything.
fn code(text: &str) -> String {
    let text = clean(text).replace('\n', " ");
    let fence = if text.contains('`') { "``" } else { "`" };
    let space = if fence.len() > 1 { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}
