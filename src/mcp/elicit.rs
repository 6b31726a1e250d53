//! Questions of servers to the user: forms, one field at a time, and addresses.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use rmcp::model::{ElicitRequestParams, ElicitResult, ElicitationAction};
use serde_json::{Map, Value};

use crate::exec::browse;
use crate::stdx::text;

/// Times a field is asked for when the answers make no sense.
const TRIES: usize = 3;

/// Says no to all of it.
pub const DECLINE: &str = "Decline";
/// An address is opened for the user.
const OPEN: &str = "Open it in the browser";
/// The user opens it.
const OPENED: &str = "I have opened it";

/// A question of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Who asks.
    pub server: String,
    /// The question, cleaned.
    pub text: String,
    /// Answers to choose from.
    pub choices: Vec<String>,
    /// What is taken when nothing is said.
    pub default: Option<String>,
}

/// What the user says to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A choice, or own words.
    Said(String),
    /// The user wants no part of it.
    Declined,
    /// Nobody is there, or the turn was stopped.
    Cancelled,
}

/// Puts questions to the user.
pub type Asking =
    Arc<dyn Fn(Question) -> Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync>;

/// Answers a request of a server, by asking the user.
pub async fn answer(
    server: &str,
    params: ElicitRequestParams,
    ask: Option<&Asking>,
) -> ElicitResult {
    let Some(ask) = ask else {
        return ElicitResult::new(ElicitationAction::Decline);
    };
    match params {
        ElicitRequestParams::UrlElicitationParams { message, url, .. } => {
            let (message, url) = (text::clean(&message), text::clean(&url));
            let of_web = url.starts_with("https://") || url.starts_with("http://");
            let choices = [OPEN, OPENED, DECLINE].into_iter();
            let question = Question {
                server: server.to_string(),
                text: format!(
                    "The MCP server {server} asks you to open this address in your browser \
                     and go on there:\n{url}\n{message}"
                ),
                choices: choices
                    .filter(|choice| of_web || *choice != OPEN)
                    .map(str::to_string)
                    .collect(),
                default: None,
            };
            ElicitResult::new(match ask(question).await {
                // Only here, after the user has seen the whole address.
                Reply::Said(said) if said == OPEN && !browse::open(&url) => {
                    ElicitationAction::Cancel
                }
                Reply::Said(said) if said != DECLINE => ElicitationAction::Accept,
                Reply::Said(_) | Reply::Declined => ElicitationAction::Decline,
                Reply::Cancelled => ElicitationAction::Cancel,
            })
        }
        ElicitRequestParams::FormElicitationParams {
            message,
            requested_schema,
            ..
        } => {
            let order = requested_schema.property_order.clone();
            let schema = serde_json::to_value(&requested_schema).unwrap_or_default();
            form(server, &message, &schema, order, ask).await
        }
        _ => ElicitResult::new(ElicitationAction::Decline),
    }
}

async fn form(
    server: &str,
    message: &str,
    schema: &Value,
    order: Option<Vec<String>>,
    ask: &Asking,
) -> ElicitResult {
    let empty = Map::new();
    let properties = schema
        .get("properties")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let names = order.unwrap_or_else(|| properties.keys().cloned().collect());
    let required = schema.get("required").and_then(Value::as_array);
    let head = format!("The MCP server {server} asks: {}", text::clean(message));
    let mut content = Map::new();
    if properties.is_empty() {
        let question = Question {
            server: server.to_string(),
            text: head,
            choices: vec!["Accept".into(), DECLINE.into()],
            default: Some("Accept".into()),
        };
        return match ask(question).await {
            Reply::Said(said) if said != DECLINE => {
                ElicitResult::new(ElicitationAction::Accept).with_content(Value::Object(content))
            }
            Reply::Said(_) | Reply::Declined => ElicitResult::new(ElicitationAction::Decline),
            Reply::Cancelled => ElicitResult::new(ElicitationAction::Cancel),
        };
    }
    for name in &names {
        let Some(property) = properties.get(name) else {
            continue;
        };
        let must = required.is_some_and(|all| all.iter().any(|one| one == name.as_str()));
        match field(server, &head, name, property, must, ask).await {
            Ok(Some(value)) => drop(content.insert(name.clone(), value)),
            Ok(None) => {}
            Err(action) => return ElicitResult::new(action),
        }
    }
    ElicitResult::new(ElicitationAction::Accept).with_content(Value::Object(content))
}

/// Asks for one field: its value, or nothing when it may be left out.
async fn field(
    server: &str,
    head: &str,
    name: &str,
    property: &Value,
    must: bool,
    ask: &Asking,
) -> Result<Option<Value>, ElicitationAction> {
    const SKIP: &str = "Leave it out";
    let words = |key: &str| {
        property
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let default = property.get("default").cloned();
    let shown = default.as_ref().map(as_words);
    let mut about = format!("{head}\n\n{}", text::clean(name));
    for part in [words("title"), words("description")] {
        if !part.is_empty() && part != name {
            about.push_str(&format!(": {}", text::clean(part)));
        }
    }
    if let Some(default) = &shown {
        about.push_str(&format!(" (default: {})", text::clean(default)));
    }
    let mut choices: Vec<String> = options(property)
        .into_iter()
        .map(|(_, shown)| shown)
        .collect();
    if choices.is_empty() && words("type") == "boolean" {
        choices = vec!["yes".into(), "no".into()];
    }
    // One key each.
    choices.truncate(7);
    if let Some(default) = &shown
        && choices.is_empty()
    {
        choices.push(default.clone());
    }
    if !must && default.is_none() {
        choices.push(SKIP.into());
    }
    choices.push(DECLINE.into());
    let mut text = about.clone();
    for _ in 0..TRIES {
        let question = Question {
            server: server.to_string(),
            text: text.clone(),
            choices: choices.clone(),
            default: shown.clone(),
        };
        let said = match ask(question).await {
            Reply::Said(said) if said == DECLINE => return Err(ElicitationAction::Decline),
            Reply::Said(said) => said,
            Reply::Declined => return Err(ElicitationAction::Decline),
            Reply::Cancelled => return Err(ElicitationAction::Cancel),
        };
        if said == SKIP && !must {
            return Ok(None);
        }
        if shown.as_deref() == Some(said.as_str()) {
            return Ok(default);
        }
        match read(property, &said) {
            Ok(value) => return Ok(Some(value)),
            Err(problem) => text = format!("{about}\n{problem}"),
        }
    }
    Err(ElicitationAction::Cancel)
}

fn as_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Array(all) => all.iter().map(as_words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The values of a choice, and how they are shown.
fn options(property: &Value) -> Vec<(Value, String)> {
    let property = property.get("items").unwrap_or(property);
    let titled = property.get("oneOf").or_else(|| property.get("anyOf"));
    if let Some(all) = titled.and_then(Value::as_array) {
        let option = |one: &Value| {
            let value = one.get("const")?.clone();
            let title = one.get("title").and_then(Value::as_str);
            let shown = title.map_or_else(|| as_words(&value), str::to_string);
            Some((value, text::clean(&shown).into_owned()))
        };
        return all.iter().filter_map(option).collect();
    }
    let names = property.get("enumNames").and_then(Value::as_array);
    let all = property.get("enum").and_then(Value::as_array);
    all.into_iter()
        .flatten()
        .enumerate()
        .map(|(index, value)| {
            let name = names.and_then(|names| names.get(index)?.as_str());
            let shown = name.map_or_else(|| as_words(value), str::to_string);
            (value.clone(), text::clean(&shown).into_owned())
        })
        .collect()
}

/// The value of what the user said, or what is wrong with it.
fn read(property: &Value, said: &str) -> Result<Value, String> {
    let said = said.trim();
    let options = options(property);
    let chosen = |said: &str| {
        options
            .iter()
            .find(|(value, shown)| shown.eq_ignore_ascii_case(said) || as_words(value) == said)
            .map(|(value, _)| value.clone())
    };
    let kind = property
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or("string");
    let out = match kind {
        "array" => {
            let parts = said
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            let all: Option<Vec<Value>> = parts.map(chosen).collect();
            return all
                .map(Value::Array)
                .ok_or_else(|| "Some of these are not among the choices.".to_string());
        }
        _ if !options.is_empty() => {
            return chosen(said).ok_or_else(|| "That is not among the choices.".to_string());
        }
        "boolean" => match said.to_ascii_lowercase().as_str() {
            "yes" | "y" | "true" | "1" => Some(Value::Bool(true)),
            "no" | "n" | "false" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        "integer" => said.parse::<i64>().ok().map(Value::from),
        "number" => said.parse::<f64>().ok().map(Value::from),
        _ => Some(Value::from(said)),
    };
    let out = out.ok_or_else(|| format!("{said:?} is no {kind}."))?;
    bounds(property, &out)?;
    Ok(out)
}

fn bounds(property: &Value, value: &Value) -> Result<(), String> {
    let limit = |key: &str| property.get(key).and_then(Value::as_f64);
    let (size, least, most, what) = match value {
        Value::String(text) => (
            text.chars().count() as f64,
            limit("minLength"),
            limit("maxLength"),
            "characters",
        ),
        Value::Number(number) => (
            number.as_f64().unwrap_or_default(),
            limit("minimum"),
            limit("maximum"),
            "",
        ),
        _ => return Ok(()),
    };
    match (least, most) {
        (Some(least), _) if size < least => Err(format!("At least {least} {what}.")),
        (_, Some(most)) if size > most => Err(format!("At most {most} {what}.")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Mutex;

    /// Replies in order, and the questions that were asked.
    fn asking(replies: Vec<Reply>) -> (Asking, Arc<Mutex<Vec<Question>>>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, left) = (asked.clone(), Mutex::new(replies.into_iter()));
        let ask: Asking = Arc::new(move |question| {
            let default = question.default.clone();
            log.lock().unwrap().push(question);
            let next = left.lock().unwrap().next();
            let reply = next.unwrap_or_else(|| default.map_or(Reply::Cancelled, Reply::Said));
            Box::pin(async move { reply })
        });
        (ask, asked)
    }

    fn request(schema: Value) -> ElicitRequestParams {
        let params = json!({"mode": "form", "message": "Who?", "requestedSchema": schema});
        serde_json::from_value(params).unwrap()
    }

    #[tokio::test]
    async fn defaults_are_offered_and_taken() {
        let (ask, asked) = asking(vec![]);
        let result = answer(
            "srv",
            request(json!({"type": "object", "properties": {
                "name": {"type": "string", "default": "John"},
                "age": {"type": "integer", "default": 30},
                "score": {"type": "number", "default": 95.5},
                "verified": {"type": "boolean", "default": true},
                "status": {"type": "string", "enum": ["active", "idle"], "default": "active"},
            }})),
            Some(&ask),
        )
        .await;
        assert_eq!(result.action, ElicitationAction::Accept);
        let wanted =
            json!({"name": "John", "age": 30, "score": 95.5, "verified": true, "status": "active"});
        assert_eq!(result.content, Some(wanted));
        let asked = asked.lock().unwrap();
        assert!(asked[0].text.contains("srv"), "{:?}", asked[0]);
        assert!(
            asked
                .iter()
                .all(|question| question.choices.contains(&DECLINE.to_string()))
        );
    }

    #[tokio::test]
    async fn answers_are_checked_and_asked_again() {
        let said = |text: &str| Reply::Said(text.into());
        let (ask, asked) = asking(vec![said("many"), said("0"), said("7"), said("yes")]);
        let schema = json!({"type": "object", "required": ["n", "ok"], "properties": {
            "n": {"type": "integer", "minimum": 1},
            "ok": {"type": "boolean"},
        }});
        let result = answer("s", request(schema), Some(&ask)).await;
        assert_eq!(result.content, Some(json!({"n": 7, "ok": true})));
        assert!(
            asked.lock().unwrap()[1]
                .text
                .contains("\"many\" is no integer")
        );
    }

    #[tokio::test]
    async fn no_means_no_and_nobody_declines() {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        for (reply, action) in [
            (Reply::Said(DECLINE.into()), ElicitationAction::Decline),
            (Reply::Declined, ElicitationAction::Decline),
            (Reply::Cancelled, ElicitationAction::Cancel),
        ] {
            let (ask, _) = asking(vec![reply]);
            let result = answer("s", request(schema.clone()), Some(&ask)).await;
            assert_eq!(result.action, action);
            assert_eq!(result.content, None);
        }
        let result = answer("s", request(schema), None).await;
        assert_eq!(result.action, ElicitationAction::Decline);
    }

    #[tokio::test]
    async fn an_address_is_shown_whole() {
        let (ask, asked) = asking(vec![Reply::Said("I have opened it".into())]);
        let url = format!("https://example.com/{}", "a".repeat(300));
        let params = json!({"mode": "url", "message": "Sign", "url": url, "elicitationId": "1"});
        let params = serde_json::from_value(params).unwrap();
        let result = answer("s", params, Some(&ask)).await;
        assert_eq!(result.action, ElicitationAction::Accept);
        assert!(asked.lock().unwrap()[0].text.contains(&url));
    }
}
