//! Checking a value against a schema, and mending slips.

use serde_json::{Map, Value};

/// Other names models use for an argument; taken only where the schema knows the
/// second name, does not know the first, and the second is missing.
const ALIASES: &[(&str, &str)] = &[
    ("file_path", "path"),
    ("filepath", "path"),
    ("filename", "path"),
    ("file", "path"),
    ("directory", "path"),
    ("dir", "path"),
    ("dir_path", "path"),
    ("directory_path", "path"),
    ("target_file", "path"),
    ("absolute_path", "path"),
    ("cmd", "command"),
    ("script", "command"),
    ("timeout", "timeout_seconds"),
    ("old_str", "old_string"),
    ("oldString", "old_string"),
    ("old_text", "old_string"),
    ("new_str", "new_string"),
    ("newString", "new_string"),
    ("new_text", "new_string"),
    ("replaceAll", "replace_all"),
    ("contents", "content"),
    ("text", "content"),
    ("file_content", "content"),
    ("input", "patch"),
    ("patch_text", "patch"),
    ("query", "pattern"),
    ("regex", "pattern"),
    ("glob_pattern", "pattern"),
    ("include", "glob"),
    ("source", "from"),
    ("src", "from"),
    ("source_path", "from"),
    ("destination", "to"),
    ("dest", "to"),
    ("target", "to"),
    ("destination_path", "to"),
    ("start_line", "offset"),
    ("num_lines", "limit"),
    ("plan", "steps"),
    ("items", "steps"),
    ("todos", "steps"),
    ("content", "step"),
];

/// Checks a value against a schema and mends slips that leave no doubt: other
/// names of an argument, numbers and booleans in quotes, one value where a list
/// is expected, null for "not given". Arguments the schema does not know are
/// dropped. Keywords this does not know are not checked.
///
/// # Errors
/// The first problem in words, naming the argument and what is expected.
pub fn fit(schema: &Value, value: Value) -> Result<Value, String> {
    Fitter { root: schema }.fit(schema, value, "")
}

struct Fitter<'a> {
    root: &'a Value,
}

impl<'a> Fitter<'a> {
    /// Follows local references, at most a few: a schema may refer to itself.
    fn resolve(&self, mut schema: &'a Value) -> &'a Value {
        for _ in 0..8 {
            let Some(pointer) = schema
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|reference| reference.strip_prefix('#'))
            else {
                break;
            };
            match self.root.pointer(pointer) {
                Some(target) => schema = target,
                None => break,
            }
        }
        schema
    }

    fn fit(&self, schema: &'a Value, value: Value, at: &str) -> Result<Value, String> {
        let schema = self.resolve(schema);
        if let Some(choices) = schema
            .get("anyOf")
            .or_else(|| schema.get("oneOf"))
            .and_then(Value::as_array)
        {
            return self.fit_choice(choices, value, at);
        }
        let kinds = kinds(schema);
        let value = coerce(&kinds, value);
        if !kinds.is_empty() && !kinds.iter().any(|kind| is_kind(kind, &value)) {
            return Err(format!(
                "{} must be {}, not {}",
                name(at),
                expected(schema),
                kind_of(&value)
            ));
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
            return fit_enum(allowed, value, at);
        }
        if let Some(only) = schema.get("const") {
            return fit_enum(std::slice::from_ref(only), value, at);
        }
        check_bounds(schema, &value, at)?;
        match value {
            Value::Object(map) => self.fit_object(schema, map, at),
            Value::Array(items) => match schema.get("items") {
                Some(inner) => items
                    .into_iter()
                    .enumerate()
                    .map(|(index, item)| self.fit(inner, item, &format!("{at}[{index}]")))
                    .collect::<Result<Vec<_>, _>>()
                    .map(Value::Array),
                None => Ok(Value::Array(items)),
            },
            other => Ok(other),
        }
    }

    fn fit_choice(&self, choices: &'a [Value], value: Value, at: &str) -> Result<Value, String> {
        let mut first = None;
        for choice in choices {
            match self.fit(choice, value.clone(), at) {
                Ok(fitting) => return Ok(fitting),
                Err(problem) => {
                    first.get_or_insert(problem);
                }
            }
        }
        Err(first.unwrap_or_else(|| format!("{} has no allowed form", name(at))))
    }

    fn fit_object(
        &self,
        schema: &'a Value,
        mut map: Map<String, Value>,
        at: &str,
    ) -> Result<Value, String> {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return Ok(Value::Object(map));
        };
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        rename_aliases(properties, &mut map);
        let mut out = Map::new();
        let mut missing = Vec::new();
        for (key, inner) in properties {
            let given = map.shift_remove(key);
            let path = if at.is_empty() {
                key.clone()
            } else {
                format!("{at}.{key}")
            };
            let wanted = required.contains(&key.as_str());
            match given {
                None if wanted => missing.push((path, inner)),
                Some(Value::Null) if wanted && !accepts_null(self.resolve(inner)) => {
                    missing.push((path, inner));
                }
                None | Some(Value::Null) => {}
                Some(value) => {
                    out.insert(key.clone(), self.fit(inner, value, &path)?);
                }
            }
        }
        if let Some((path, inner)) = missing.first() {
            let unknown: Vec<_> = map.keys().map(|key| format!("`{key}`")).collect();
            let hint = if unknown.is_empty() {
                String::new()
            } else {
                format!(" (unknown: {})", unknown.join(", "))
            };
            return Err(format!(
                "missing argument `{path}`: {}{hint}",
                expected(self.resolve(inner))
            ));
        }
        // A free-form object keeps what its schema does not list.
        if schema
            .get("additionalProperties")
            .is_some_and(|more| more != &Value::Bool(false))
        {
            out.extend(map);
        }
        Ok(Value::Object(out))
    }
}

fn rename_aliases(properties: &Map<String, Value>, map: &mut Map<String, Value>) {
    for (alias, canonical) in ALIASES {
        if properties.contains_key(*canonical)
            && !properties.contains_key(*alias)
            && !map.contains_key(*canonical)
            && let Some(value) = map.shift_remove(*alias)
        {
            map.insert((*canonical).to_string(), value);
        }
    }
}

fn kinds(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn accepts_null(schema: &Value) -> bool {
    let kinds = kinds(schema);
    kinds.is_empty() || kinds.contains(&"null")
}

fn is_kind(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => true,
    }
}

pub(super) fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_string(),
        Value::Bool(_) => "a boolean".to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the string {:?}", crate::stdx::text::one_line(text, 40)),
        Value::Array(_) => "a list".to_string(),
        Value::Object(_) => "an object".to_string(),
    }
}

/// Turns a value into the wanted kind where nothing is lost and nothing guessed.
fn coerce(kinds: &[&str], value: Value) -> Value {
    if kinds.is_empty() || kinds.iter().any(|kind| is_kind(kind, &value)) {
        return value;
    }
    let wants = |kind: &str| kinds.contains(&kind);
    match value {
        Value::String(text) => {
            let trimmed = text.trim();
            if wants("integer")
                && let Ok(number) = trimmed.parse::<i64>()
            {
                return number.into();
            }
            if wants("number")
                && let Ok(number) = trimmed.parse::<f64>()
            {
                return number.into();
            }
            if wants("boolean") {
                match trimmed.to_ascii_lowercase().as_str() {
                    "true" => return true.into(),
                    "false" => return false.into(),
                    _ => {}
                }
            }
            // A list or object that was encoded twice.
            let encoded = wants("array") && trimmed.starts_with('[')
                || wants("object") && trimmed.starts_with('{');
            if encoded
                && let Ok(inner) = serde_json::from_str::<Value>(trimmed)
                && kinds.iter().any(|kind| is_kind(kind, &inner))
            {
                return inner;
            }
            if wants("array") {
                return Value::Array(vec![Value::String(text)]);
            }
            Value::String(text)
        }
        Value::Number(number) => {
            if wants("integer")
                && let Some(float) = number.as_f64()
                && float.fract() == 0.0
                && float.abs() < 9e15
            {
                return (float as i64).into();
            }
            if wants("string") {
                return number.to_string().into();
            }
            Value::Number(number)
        }
        Value::Bool(flag) if wants("string") => flag.to_string().into(),
        Value::Object(map) if wants("array") => Value::Array(vec![Value::Object(map)]),
        other => other,
    }
}

fn fit_enum(allowed: &[Value], value: Value, at: &str) -> Result<Value, String> {
    if allowed.contains(&value) {
        return Ok(value);
    }
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', ' '], "_");
    if let Some(given) = value.as_str()
        && let Some(close) = allowed
            .iter()
            .find(|choice| choice.as_str().is_some_and(|c| plain(c) == plain(given)))
    {
        return Ok(close.clone());
    }
    let choices: Vec<_> = allowed.iter().map(Value::to_string).collect();
    Err(format!(
        "{} must be one of {}, not {}",
        name(at),
        choices.join(", "),
        kind_of(&value)
    ))
}

fn check_bounds(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let Some(number) = value.as_f64() else {
        return Ok(());
    };
    for (key, breaks, words) in [
        (
            "minimum",
            (|n, bound| n < bound) as fn(f64, f64) -> bool,
            "at least",
        ),
        ("maximum", |n, bound| n > bound, "at most"),
    ] {
        if let Some(bound) = schema.get(key).and_then(Value::as_f64)
            && breaks(number, bound)
        {
            return Err(format!("{} must be {words} {bound}, not {value}", name(at)));
        }
    }
    Ok(())
}

fn name(at: &str) -> String {
    if at.is_empty() {
        "the value".to_string()
    } else {
        format!("`{at}`")
    }
}

/// What a schema expects, in a few words.
fn expected(schema: &Value) -> String {
    let kinds = kinds(schema);
    let mut words: Vec<&str> = kinds
        .iter()
        .filter(|kind| **kind != "null")
        .map(|kind| match *kind {
            "integer" => "an integer",
            "number" => "a number",
            "boolean" => "true or false",
            "array" => "a list",
            "object" => "an object",
            _ => "a string",
        })
        .collect();
    words.dedup();
    let mut out = words.join(" or ");
    if let Some(description) = schema.get("description").and_then(Value::as_str) {
        out.push_str(if out.is_empty() { "" } else { ", " });
        out.push_str(description.split('\n').next().unwrap_or_default());
    }
    out
}
