//! opencode: `storage/session/PROJECT/ID.json`, `storage/message/SESSION/ID.json` and
//! `storage/part/MESSAGE/ID.json`; or all of one in the file that its `export` writes.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::build::Builder;
use super::{Converted, Homes, ImportError, Program, below, foreign, json, text};
use crate::protocol::message::ContentBlock;

pub(super) fn files(homes: &Homes) -> Vec<PathBuf> {
    let data = homes
        .data
        .clone()
        .unwrap_or_else(|| homes.home.join(".local/share"));
    let sessions = data.join("opencode/storage/session");
    below(&sessions, 1, &|name| {
        name.starts_with("ses_") && name.ends_with(".json")
    })
}

pub(super) fn read(path: &Path) -> Result<Converted, ImportError> {
    let value = json(Program::OpenCode, path)?;
    let (info, messages) = match value.get("messages").and_then(Value::as_array) {
        Some(messages) => (value.get("info").unwrap_or(&Value::Null), messages.clone()),
        None => (&value, stored(path, &value)?),
    };
    let Some(id) = text(info, "id") else {
        let why = "it has no id; `opencode export ID` writes a file that can be taken over";
        return Err(foreign(Program::OpenCode, path, why));
    };
    let mut builder = Builder::new("opencode");
    let about = builder.about();
    about.id = id.to_string();
    about.title = text(info, "title").map(str::to_string);
    about.cwd = text(info, "directory").map(PathBuf::from);
    about.started = info
        .pointer("/time/created")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    for message in &messages {
        let info = message.get("info").unwrap_or(&Value::Null);
        let parts = message.get("parts").and_then(Value::as_array);
        let parts = parts.map(Vec::as_slice).unwrap_or_default();
        match text(info, "role") {
            Some("user") => user(&mut builder, parts),
            Some("assistant") => {
                builder.model(text(info, "modelID"));
                assistant(&mut builder, parts);
            }
            _ => builder.leave_out("message of an unknown kind", 1),
        }
    }
    Ok(builder.finish())
}

/// The messages of a session with their parts, as its `export` would list them.
fn stored(path: &Path, session: &Value) -> Result<Vec<Value>, ImportError> {
    let storage = path.ancestors().nth(3).unwrap_or(path);
    let id = text(session, "id").unwrap_or_default();
    let load = |dir: PathBuf| -> Result<Vec<Value>, ImportError> {
        // Their names sort by time.
        let mut files = below(&dir, 0, &|name| name.ends_with(".json"));
        files.sort();
        files
            .iter()
            .map(|file| json(Program::OpenCode, file))
            .collect()
    };
    let mut messages = Vec::new();
    for info in load(storage.join("message").join(id))? {
        let id = text(&info, "id").unwrap_or_default().to_string();
        let parts = load(storage.join("part").join(id))?;
        messages.push(serde_json::json!({ "info": info, "parts": parts }));
    }
    Ok(messages)
}

fn file(builder: &mut Builder, part: &Value) -> ContentBlock {
    builder.image_at(text(part, "url").unwrap_or_default())
}

fn user(builder: &mut Builder, parts: &[Value]) {
    let mut said = Vec::new();
    let mut attached = Vec::new();
    for part in parts {
        let made_up = part.get("synthetic").and_then(Value::as_bool) == Some(true);
        match text(part, "type") {
            Some("text") if made_up => attached.extend(text(part, "text")),
            Some("text") => said.extend(text(part, "text").map(ContentBlock::text)),
            Some("file") => said.push(file(builder, part)),
            _ => {}
        }
    }
    builder.user(said);
    for text in attached {
        builder.attachment(text);
    }
}

fn assistant(builder: &mut Builder, parts: &[Value]) {
    let mut open: Vec<&Value> = Vec::new();
    for part in parts {
        match text(part, "type") {
            Some("text") => {
                results(builder, &mut open);
                builder.say(text(part, "text").unwrap_or_default());
            }
            Some("reasoning") => {
                results(builder, &mut open);
                builder.think(text(part, "text").unwrap_or_default());
            }
            Some("tool") => {
                let input = part.pointer("/state/input").unwrap_or(&Value::Null);
                let id = text(part, "callID").unwrap_or_default();
                builder.call(id, text(part, "tool").unwrap_or_default(), input);
                open.push(part);
            }
            // The end of one answer; the next one follows.
            Some("step-finish") => results(builder, &mut open),
            _ => {}
        }
    }
    results(builder, &mut open);
}

fn results(builder: &mut Builder, open: &mut Vec<&Value>) {
    for part in open.drain(..) {
        let state = part.get("state").unwrap_or(&Value::Null);
        let failed = text(state, "status") == Some("error");
        let words = if failed {
            text(state, "error")
        } else {
            text(state, "output")
        };
        let mut content: Vec<ContentBlock> = words.map(ContentBlock::text).into_iter().collect();
        let attachments = state.get("attachments").and_then(Value::as_array);
        for part in attachments.into_iter().flatten() {
            content.push(file(builder, part));
        }
        builder.result(text(part, "callID").unwrap_or_default(), content, failed);
    }
}
