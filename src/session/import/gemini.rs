//! Gemini CLI: `tmp/PROJECT/chats/session-….json`, or `.jsonl` whose later lines
//! replace earlier ones of the same id.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::build::Builder;
use super::{Converted, Homes, ImportError, Program, below, foreign, json, lines, moment, text};
use crate::protocol::message::ContentBlock;

pub(super) fn files(homes: &Homes) -> Vec<PathBuf> {
    let wanted = |name: &str| {
        name.starts_with("session-") && (name.ends_with(".json") || name.ends_with(".jsonl"))
    };
    below(&homes.home.join(".gemini/tmp"), 2, &wanted)
}

pub(super) fn read(path: &Path) -> Result<Converted, ImportError> {
    let mut builder = Builder::new("gemini-cli");
    let (head, messages) = if path.extension().is_some_and(|ending| ending == "jsonl") {
        let (all, damaged) = lines(Program::Gemini, path)?;
        builder.leave_out("damaged line", damaged);
        latest(all)
    } else {
        let head = json(Program::Gemini, path)?;
        let messages = head.get("messages").and_then(Value::as_array).cloned();
        (head, messages.unwrap_or_default())
    };
    let Some(id) = text(&head, "sessionId") else {
        return Err(foreign(
            Program::Gemini,
            path,
            "it does not say which session it is",
        ));
    };
    let about = builder.about();
    about.id = id.to_string();
    about.started = text(&head, "startTime")
        .and_then(moment)
        .unwrap_or_default();
    about.title = text(&head, "summary").map(str::to_string);
    // `tmp/PROJECT/.project_root`, where the program writes one.
    let root = path.ancestors().nth(2).map(|dir| dir.join(".project_root"));
    let root = root.and_then(|file| std::fs::read_to_string(file).ok());
    about.cwd = root.map(|root| PathBuf::from(root.trim()));
    for message in &messages {
        match text(message, "type") {
            Some("user") => {
                let said = content(&mut builder, message.get("content"));
                builder.user(said);
            }
            Some("gemini") => answer(&mut builder, message),
            _ => builder.leave_out("note of the program", 1),
        }
    }
    Ok(builder.finish())
}

/// The head of a file of lines, and its messages as they were last.
fn latest(all: Vec<Value>) -> (Value, Vec<Value>) {
    let mut head = Value::Null;
    let mut messages: Vec<Value> = Vec::new();
    for line in all {
        if text(&line, "sessionId").is_some() && head.is_null() {
            head = line;
            continue;
        }
        let Some(id) = text(&line, "id") else {
            continue;
        };
        match messages
            .iter()
            .rposition(|message| text(message, "id") == Some(id))
        {
            Some(index) => messages[index] = line,
            None => messages.push(line),
        }
    }
    (head, messages)
}

/// A text, a part, or parts.
fn content(builder: &mut Builder, content: Option<&Value>) -> Vec<ContentBlock> {
    match content {
        Some(Value::String(words)) if !words.is_empty() => vec![ContentBlock::text(words.as_str())],
        Some(Value::Array(parts)) => parts
            .iter()
            .flat_map(|part| self::content(builder, Some(part)))
            .collect(),
        Some(part @ Value::Object(_)) => {
            let data = part.get("inlineData");
            match (text(part, "text"), data) {
                (Some(words), _) => vec![ContentBlock::text(words)],
                (_, Some(data)) => {
                    let media = text(data, "mimeType").unwrap_or_default();
                    vec![builder.image(media, text(data, "data").unwrap_or_default())]
                }
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

fn answer(builder: &mut Builder, message: &Value) {
    builder.model(text(message, "model"));
    let list = |name: &str| {
        message
            .get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    for thought in list("thoughts") {
        let words = [text(&thought, "subject"), text(&thought, "description")];
        let words: Vec<&str> = words.into_iter().flatten().collect();
        builder.think(&words.join(": "));
    }
    for block in content(builder, message.get("content")) {
        builder.say(block.as_text().unwrap_or_default());
    }
    let calls = list("toolCalls");
    for call in &calls {
        let id = text(call, "id").unwrap_or_default();
        let name = text(call, "name").unwrap_or_default();
        builder.call(id, name, call.get("args").unwrap_or(&Value::Null));
    }
    for call in &calls {
        let mut output = Vec::new();
        let parts = call
            .get("result")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        for part in &parts {
            match part.pointer("/functionResponse/response") {
                Some(response) => {
                    let words = text(response, "output").or_else(|| text(response, "error"));
                    let words = words.map_or_else(|| response.to_string(), str::to_string);
                    output.push(ContentBlock::text(words));
                }
                None => output.extend(content(builder, Some(part))),
            }
        }
        let failed = !matches!(text(call, "status"), None | Some("success"));
        builder.result(text(call, "id").unwrap_or_default(), output, failed);
    }
}
