//! pi: `sessions/--DIRECTORY--/TIME_ID.jsonl`, a tree of entries.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::build::Builder;
use super::{
    Converted, Homes, ImportError, Program, below, foreign, last_branch, lines, moment, off_branch,
    text,
};
use crate::protocol::message::ContentBlock;

pub(super) fn files(homes: &Homes) -> Vec<PathBuf> {
    let agent = homes
        .pi
        .clone()
        .unwrap_or_else(|| homes.home.join(".pi/agent"));
    below(&agent.join("sessions"), 1, &|name| name.ends_with(".jsonl"))
}

pub(super) fn read(path: &Path) -> Result<Converted, ImportError> {
    let (all, damaged) = lines(Program::Pi, path)?;
    let head = all
        .iter()
        .find(|line| text(line, "type") == Some("session"));
    let Some(head) = head else {
        return Err(foreign(
            Program::Pi,
            path,
            "it does not say which session it is",
        ));
    };
    let mut builder = Builder::new("pi");
    builder.leave_out("damaged line", damaged);
    let about = builder.about();
    about.id = text(head, "id").unwrap_or_default().to_string();
    about.cwd = text(head, "cwd").map(PathBuf::from);
    about.started = text(head, "timestamp").and_then(moment).unwrap_or_default();
    let nodes: Vec<&Value> = all
        .iter()
        .filter(|line| text(line, "type") != Some("session"))
        .collect();
    // The first version was no tree.
    let is_tree = nodes.iter().any(|node| text(node, "id").is_some());
    let branch = if is_tree {
        let links: Vec<(Option<&str>, Option<&str>)> = nodes
            .iter()
            .map(|node| (text(node, "id"), text(node, "parentId")))
            .collect();
        last_branch(&links)
    } else {
        (0..nodes.len()).collect()
    };
    let is_message = |node: &Value| text(node, "type") == Some("message");
    builder.leave_out(
        "line of another branch",
        off_branch(&nodes, &branch, is_message),
    );
    for index in branch {
        let node = nodes[index];
        match text(node, "type") {
            Some("message") => message(&mut builder, node.get("message").unwrap_or(&Value::Null)),
            Some("session_info") => {
                let name = text(node, "name").map(str::to_string);
                builder.about().title = name.or(builder.about().title.take());
            }
            Some("model_change") => builder.model(text(node, "modelId")),
            Some("compaction") => builder.leave_out("summary of what stands here whole", 1),
            Some("thinking_level_change" | "label" | "custom") => {}
            _ => builder.leave_out("line of an unknown kind", 1),
        }
    }
    Ok(builder.finish())
}

fn content(builder: &mut Builder, message: &Value) -> Vec<ContentBlock> {
    match message.get("content") {
        Some(Value::String(words)) if !words.is_empty() => vec![ContentBlock::text(words.as_str())],
        Some(Value::Array(parts)) => {
            let mut content = Vec::new();
            for part in parts {
                match (text(part, "type"), text(part, "text")) {
                    (Some("text"), Some(words)) => content.push(ContentBlock::text(words)),
                    (Some("image"), _) => {
                        let media = text(part, "mimeType").unwrap_or_default();
                        content.push(builder.image(media, text(part, "data").unwrap_or_default()));
                    }
                    _ => {}
                }
            }
            content
        }
        _ => Vec::new(),
    }
}

fn message(builder: &mut Builder, message: &Value) {
    match text(message, "role") {
        Some("user") => {
            let said = content(builder, message);
            builder.user(said);
        }
        Some("assistant") => {
            builder.model(text(message, "model"));
            let parts = message.get("content").and_then(Value::as_array);
            for part in parts.into_iter().flatten() {
                match text(part, "type") {
                    Some("text") => builder.say(text(part, "text").unwrap_or_default()),
                    Some("thinking") => builder.think(text(part, "thinking").unwrap_or_default()),
                    Some("toolCall") => builder.call(
                        text(part, "id").unwrap_or_default(),
                        text(part, "name").unwrap_or_default(),
                        part.get("arguments").unwrap_or(&Value::Null),
                    ),
                    _ => builder.leave_out("block of an unknown kind", 1),
                }
            }
        }
        Some("toolResult") => {
            let output = content(builder, message);
            let failed = message.get("isError").and_then(Value::as_bool) == Some(true);
            builder.result(
                text(message, "toolCallId").unwrap_or_default(),
                output,
                failed,
            );
        }
        Some("bashExecution") => {
            let command = text(message, "command").unwrap_or_default();
            let output = text(message, "output").unwrap_or_default();
            builder.attachment(&format!("The user ran `{command}`:\n{output}"));
        }
        _ => builder.leave_out("message of an unknown kind", 1),
    }
}
