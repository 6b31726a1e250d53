//! From the text a model sent to a value.

use serde_json::{Map, Value};

use super::fit::kind_of;

/// Reads the argument text of a call. No text means no arguments; text that
/// lacks only its closing brackets, or has a comma too many, is mended.
///
/// # Errors
/// What the parser says, with the position.
pub fn read(raw: &str) -> Result<Value, String> {
    let raw = raw.trim();
    if raw.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let error = match serde_json::from_str(raw) {
        Ok(value) => return unwrap_object(value),
        Err(error) => error,
    };
    if let Some(value) = repair(raw).and_then(|mended| serde_json::from_str(&mended).ok()) {
        return unwrap_object(value);
    }
    let at = error.column().saturating_sub(1);
    let near: String = raw
        .lines()
        .nth(error.line().saturating_sub(1))
        .map(|line| {
            let line = line.as_bytes();
            String::from_utf8_lossy(
                &line[at.saturating_sub(20).min(line.len())..(at + 10).min(line.len())],
            )
            .into_owned()
        })
        .unwrap_or_default();
    Err(format!(
        "the arguments are not valid JSON: {error}, near `{near}`"
    ))
}

/// Arguments are an object; some models send that object as a string.
fn unwrap_object(value: Value) -> Result<Value, String> {
    match value {
        Value::Object(_) => Ok(value),
        Value::Null => Ok(Value::Object(Map::new())),
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(inner @ Value::Object(_)) => Ok(inner),
            _ => Err("the arguments must be a JSON object, not a string".to_string()),
        },
        other => Err(format!(
            "the arguments must be a JSON object, not {}",
            kind_of(&other)
        )),
    }
}

/// Drops trailing commas and closes brackets left open. Nothing when the text ends
/// inside a string or after a key: what was meant to follow cannot be known.
fn repair(raw: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len() + 4);
    let mut open = Vec::new();
    let (mut in_string, mut escaped) = (false, false);
    // The last character that counts, to see commas before brackets and cut values.
    let mut last = ' ';
    let mut last_at = 0;
    for ch in raw.chars() {
        if in_string {
            match ch {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
        } else {
            match ch {
                '"' => in_string = true,
                '{' => open.push('}'),
                '[' => open.push(']'),
                '}' | ']' => {
                    if open.pop() != Some(ch) {
                        return None;
                    }
                    if last == ',' {
                        out.remove(last_at);
                    }
                }
                _ => {}
            }
        }
        if !ch.is_whitespace() || in_string {
            (last, last_at) = (ch, out.len());
        }
        out.push(ch);
    }
    // A number or word at the very end may have been cut.
    let complete = matches!(last, '"' | '}' | ']' | ',') && !in_string;
    if !complete {
        return None;
    }
    if last == ',' {
        out.remove(last_at);
    } else if last == '"' && !open.is_empty() && ends_with_key(&out) {
        return None;
    }
    out.extend(open.into_iter().rev());
    Some(out)
}

/// Whether the final string of an unfinished object stands where a key would.
fn ends_with_key(text: &str) -> bool {
    let mut quote = text.trim_end().len() - 1;
    let bytes = text.as_bytes();
    // Back to the opening quote: the nearest one that is not escaped.
    while quote > 0 {
        quote -= 1;
        if bytes[quote] == b'"' {
            let slashes = bytes[..quote]
                .iter()
                .rev()
                .take_while(|b| **b == b'\\')
                .count();
            if slashes % 2 == 0 {
                break;
            }
        }
    }
    !matches!(text[..quote].trim_end().chars().last(), Some(':' | '['))
}
