//! Codex CLI: `sessions/YEAR/MONTH/DAY/rollout-….jsonl`, items in the shape of the
//! Responses API, in older files without the envelope around each.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::build::Builder;
use super::{Converted, Homes, ImportError, Program, below, foreign, lines, moment, text};
use crate::protocol::message::ContentBlock;

/// How messages begin that the program sends in the user's name.
const NOTES: [&str; 5] = [
    "<environment_context>",
    "<user_instructions>",
    "<permissions",
    "<turn_aborted>",
    "# AGENTS.md instructions",
];

pub(super) fn files(homes: &Homes) -> Vec<PathBuf> {
    let home = homes
        .codex
        .clone()
        .unwrap_or_else(|| homes.home.join(".codex"));
    let wanted = |name: &str| name.starts_with("rollout-") && name.ends_with(".jsonl");
    let mut found = below(&home.join("sessions"), 3, &wanted);
    found.extend(below(&home.join("archived_sessions"), 3, &wanted));
    found
}

pub(super) fn read(path: &Path) -> Result<Converted, ImportError> {
    let (all, damaged) = lines(Program::Codex, path)?;
    let mut builder = Builder::new("codex");
    builder.leave_out("damaged line", damaged);
    let mut known = false;
    for line in &all {
        let kind = text(line, "type");
        let payload = line.get("payload").unwrap_or(line);
        match kind {
            Some("session_meta") => {
                known = true;
                about(&mut builder, payload);
            }
            Some("turn_context") => builder.model(text(payload, "model")),
            Some("compacted") => builder.leave_out("summary of what stands here whole", 1),
            // What is shown of the items, or counted.
            Some("event_msg") => {}
            Some("response_item") => item(&mut builder, payload),
            None if text(line, "id").is_some() => {
                known = true;
                about(&mut builder, line);
            }
            Some(_) if line.get("payload").is_none() => item(&mut builder, line),
            _ => builder.leave_out("line of an unknown kind", 1),
        }
    }
    if !known {
        return Err(foreign(
            Program::Codex,
            path,
            "it does not say which session it is",
        ));
    }
    Ok(builder.finish())
}

fn about(builder: &mut Builder, meta: &Value) {
    let about = builder.about();
    // A resumed session repeats its head.
    if about.id.is_empty() {
        about.id = text(meta, "id").unwrap_or_default().to_string();
        about.cwd = text(meta, "cwd").map(PathBuf::from);
        about.started = text(meta, "timestamp").and_then(moment).unwrap_or_default();
    }
}

fn item(builder: &mut Builder, item: &Value) {
    let id = text(item, "call_id")
        .or_else(|| text(item, "id"))
        .unwrap_or_default();
    match text(item, "type") {
        Some("message") => message(builder, item),
        Some("reasoning") => {
            let parts = item.get("summary").and_then(Value::as_array);
            let texts: Vec<&str> = parts
                .into_iter()
                .flatten()
                .filter_map(|part| text(part, "text"))
                .collect();
            match texts.is_empty() {
                true => builder.leave_out("hidden thought", 1),
                false => builder.think(&texts.join("\n\n")),
            }
        }
        Some("function_call") => {
            let name = text(item, "name").unwrap_or_default();
            builder.call(id, name, item.get("arguments").unwrap_or(&Value::Null));
        }
        Some("custom_tool_call") => {
            let name = text(item, "name").unwrap_or_default();
            builder.call(id, name, item.get("input").unwrap_or(&Value::Null));
        }
        Some("local_shell_call") => {
            builder.call(id, "shell", item.get("action").unwrap_or(&Value::Null));
        }
        Some("function_call_output" | "custom_tool_call_output") => {
            let (content, is_error) = output(builder, item.get("output"));
            builder.result(id, content, is_error);
        }
        Some("web_search_call") => {
            let query = item.get("action").and_then(|action| text(action, "query"));
            builder.server_side(format!("web search: {}", query.unwrap_or_default()));
        }
        Some("ghost_snapshot" | "compaction" | "compaction_summary") => {
            builder.leave_out("note of the program", 1);
        }
        _ => builder.leave_out("line of an unknown kind", 1),
    }
}

fn content(builder: &mut Builder, parts: &[Value]) -> Vec<ContentBlock> {
    let mut content = Vec::new();
    for part in parts {
        match (text(part, "text"), text(part, "image_url")) {
            (Some(words), _) => content.push(ContentBlock::text(words)),
            (_, Some(url)) => content.push(builder.image_at(url)),
            _ => {}
        }
    }
    content
}

fn message(builder: &mut Builder, item: &Value) {
    let parts = item
        .get("content")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    match text(item, "role") {
        Some("user") => {
            let first = parts
                .first()
                .and_then(|part| text(part, "text"))
                .unwrap_or_default();
            if NOTES.iter().any(|note| first.starts_with(note)) {
                return builder.leave_out("note of the program", 1);
            }
            let content = content(builder, &parts);
            builder.user(content);
        }
        Some("assistant") => {
            for part in &parts {
                builder.say(text(part, "text").unwrap_or_default());
            }
        }
        _ => builder.leave_out("note of the program", 1),
    }
}

/// What a call gave: a text, a text with its success, or parts.
fn output(builder: &mut Builder, output: Option<&Value>) -> (Vec<ContentBlock>, bool) {
    match output {
        Some(Value::String(words)) if !words.is_empty() => {
            // Older versions wrap what a command printed.
            let wrapped: Option<Value> = serde_json::from_str(words).ok();
            let inner = wrapped.as_ref().and_then(|value| {
                let code = value.get("metadata")?.get("exit_code")?.as_i64()?;
                Some((value.get("output")?.as_str()?.to_string(), code != 0))
            });
            let (words, is_error) = inner.unwrap_or_else(|| (words.clone(), false));
            (vec![ContentBlock::text(words)], is_error)
        }
        Some(Value::Array(parts)) => (content(builder, parts), false),
        Some(Value::Object(object)) => {
            let is_error = object.get("success").and_then(Value::as_bool) == Some(false);
            let (content, _) = self::output(builder, object.get("content"));
            (content, is_error)
        }
        _ => (Vec::new(), false),
    }
}
