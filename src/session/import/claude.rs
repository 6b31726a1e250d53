//! Claude Code: `projects/DIRECTORY/SESSION.jsonl`, a tree of lines, each a message
//! or a part of one in the shape of the Messages API.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::build::Builder;
use super::{
    Converted, Homes, ImportError, Program, below, last_branch, lines, moment, off_branch, text,
};
use crate::protocol::message::ContentBlock;

pub(super) fn files(homes: &Homes) -> Vec<PathBuf> {
    let home = homes
        .claude
        .clone()
        .unwrap_or_else(|| homes.home.join(".claude"));
    below(&home.join("projects"), 1, &|name| {
        name.ends_with(".jsonl") && !name.starts_with("agent-")
    })
}

pub(super) fn read(path: &Path) -> Result<Converted, ImportError> {
    let (all, damaged) = lines(Program::Claude, path)?;
    let mut builder = Builder::new("claude-code");
    builder.leave_out("damaged line", damaged);
    builder.about().id = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    for line in &all {
        let title = match text(line, "type") {
            Some("summary") => text(line, "summary"),
            Some("custom-title") => text(line, "customTitle"),
            Some("ai-title") => text(line, "aiTitle"),
            _ => None,
        };
        if let Some(title) = title {
            builder.about().title = Some(title.to_string());
        }
    }
    let is_flagged =
        |line: &Value, flag: &str| line.get(flag).and_then(Value::as_bool) == Some(true);
    let of_agents = |line: &&Value| is_flagged(line, "isSidechain");
    builder.leave_out("line of a sub-agent", all.iter().filter(of_agents).count());
    let nodes: Vec<&Value> = all
        .iter()
        .filter(|line| text(line, "uuid").is_some() && !of_agents(line))
        .collect();
    let links: Vec<(Option<&str>, Option<&str>)> = nodes
        .iter()
        .map(|line| {
            let parent = text(line, "parentUuid").or_else(|| text(line, "logicalParentUuid"));
            (text(line, "uuid"), parent)
        })
        .collect();
    let branch = last_branch(&links);
    let is_message = |line: &Value| matches!(text(line, "type"), Some("user" | "assistant"));
    builder.leave_out(
        "line of another branch",
        off_branch(&nodes, &branch, is_message),
    );
    for index in branch {
        let line = nodes[index];
        if builder.about().started == 0 {
            builder.about().started = text(line, "timestamp").and_then(moment).unwrap_or_default();
        }
        if builder.about().cwd.is_none() {
            builder.about().cwd = text(line, "cwd").map(PathBuf::from);
        }
        let Some(message) = line.get("message") else {
            continue;
        };
        match text(line, "type") {
            Some("user") if is_flagged(line, "isMeta") => {
                builder.leave_out("note of the program", 1)
            }
            Some("user") if is_flagged(line, "isCompactSummary") => {
                builder.leave_out("summary of what stands here whole", 1);
            }
            Some("user") => user(&mut builder, message),
            Some("assistant") => assistant(&mut builder, message),
            _ => {}
        }
    }
    Ok(builder.finish())
}

/// The blocks of a content that may also be a plain text.
fn blocks(content: Option<&Value>) -> Vec<Value> {
    match content {
        Some(Value::String(text)) => vec![serde_json::json!({"type": "text", "text": text})],
        Some(Value::Array(blocks)) => blocks.clone(),
        _ => Vec::new(),
    }
}

fn user(builder: &mut Builder, message: &Value) {
    let mut said = Vec::new();
    for block in blocks(message.get("content")) {
        if text(&block, "type") == Some("tool_result") {
            let inner = blocks(block.get("content"));
            let content = inner
                .iter()
                .filter_map(|block| shown(builder, block))
                .collect();
            let is_error = block.get("is_error").and_then(Value::as_bool) == Some(true);
            let id = text(&block, "tool_use_id").unwrap_or_default();
            builder.result(id, content, is_error);
        } else {
            said.extend(shown(builder, &block));
        }
    }
    if !said.is_empty() {
        builder.user(said);
    }
}

fn shown(builder: &mut Builder, block: &Value) -> Option<ContentBlock> {
    match text(block, "type") {
        Some("text") => text(block, "text").map(ContentBlock::text),
        Some("image" | "document") => {
            let source = block.get("source")?;
            match (
                text(source, "media_type"),
                text(source, "data"),
                text(source, "url"),
            ) {
                (Some(media), Some(data), _) => Some(builder.image(media, data)),
                (_, _, Some(url)) => Some(builder.image_at(url)),
                _ => None,
            }
        }
        _ => {
            builder.leave_out("block of an unknown kind", 1);
            None
        }
    }
}

fn assistant(builder: &mut Builder, message: &Value) {
    builder.model(text(message, "model"));
    for block in blocks(message.get("content")) {
        match text(&block, "type") {
            Some("text") => builder.say(text(&block, "text").unwrap_or_default()),
            Some("thinking") => builder.think(text(&block, "thinking").unwrap_or_default()),
            Some("tool_use") => builder.call(
                text(&block, "id").unwrap_or_default(),
                text(&block, "name").unwrap_or_default(),
                block.get("input").unwrap_or(&Value::Null),
            ),
            Some("redacted_thinking") => builder.leave_out("hidden thought", 1),
            Some("server_tool_use") => {
                let name = text(&block, "name").unwrap_or("server tool");
                builder.server_side(name.replace('_', " "));
            }
            _ => builder.leave_out("block of an unknown kind", 1),
        }
    }
}
