//! JSON Schemas for arguments: derived for the built-in tools, and checked with
//! the small slips of models mended.
//!
//! The value-level functions ([`read`], [`fit`]) serve tools whose schema comes
//! from elsewhere (MCP) just as well.

use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ToolError;

mod fit;
mod text;

pub use fit::fit;
pub use text::read;

/// The schema of a type as the model sees it: inlined, without noise.
pub fn of<T: schemars::JsonSchema>() -> Value {
    let mut schema = generate::<T>();
    drop_zero_minimums(&mut schema);
    if let Some(root) = schema.as_object_mut() {
        root.shift_remove("description");
        // Some vendors refuse an object schema without it.
        root.entry("properties")
            .or_insert_with(|| Value::Object(Map::new()));
    }
    schema
}

fn generate<T: schemars::JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = Value::from(settings.into_generator().into_root_schema_for::<T>());
    tidy(&mut schema);
    schema
}

/// A minimum of zero is worth checking, not worth telling.
fn drop_zero_minimums(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("minimum").and_then(Value::as_f64) == Some(0.0) {
                map.shift_remove("minimum");
            }
            map.values_mut().for_each(drop_zero_minimums);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_zero_minimums),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Removes what says nothing to a model: titles, number formats, defaults, the
/// null of optional arguments, wrappers around enums.
fn tidy(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    for noise in [
        "$schema",
        "title",
        "format",
        "default",
        "additionalProperties",
    ] {
        map.shift_remove(noise);
    }
    if let Some(kind) = map.get_mut("type")
        && let Some(kinds) = kind.as_array()
    {
        let rest: Vec<_> = kinds.iter().filter(|kind| *kind != "null").collect();
        if let [only] = rest[..] {
            *kind = only.clone();
        }
    }
    collapse_choices(map);
    if let Some(values) = map.get_mut("enum").and_then(Value::as_array_mut) {
        values.retain(|value| !value.is_null());
    }
    if let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(tidy);
    }
    if let Some(items) = map.get_mut("items") {
        tidy(items);
        hush(items);
    }
}

/// The name of a list tells what its items are.
fn hush(items: &mut Value) {
    let drop = |value: &mut Value| {
        value
            .as_object_mut()
            .map(|map| map.shift_remove("description"))
    };
    drop(items);
    if let Some(properties) = items.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(|value| {
            drop(value);
        });
    }
}

/// `anyOf [x, null]` becomes x; `oneOf` of constants becomes an `enum`.
fn collapse_choices(map: &mut Map<String, Value>) {
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(choices)) = map.get(key) else {
            continue;
        };
        let real: Vec<&Value> = choices
            .iter()
            .filter(|choice| choice["type"] != "null")
            .collect();
        let replacement = if let [only] = real[..] {
            only.as_object().cloned()
        } else {
            let mut values = Vec::new();
            for choice in &real {
                match (choice.get("const"), choice.get("enum")) {
                    (Some(constant), _) => values.push(constant.clone()),
                    (None, Some(Value::Array(more))) => values.extend(more.iter().cloned()),
                    _ => break,
                }
            }
            (values.len() >= real.len()).then(|| {
                Map::from_iter([
                    ("type".to_string(), Value::from("string")),
                    ("enum".to_string(), Value::from(values)),
                ])
            })
        };
        if let Some(replacement) = replacement {
            map.shift_remove(key);
            for (key, value) in replacement {
                // The property's own description beats that of its type.
                if !map.contains_key(&key) {
                    map.insert(key, value);
                }
            }
        }
    }
}

/// Parses the arguments of a call into a type, mending harmless slips.
///
/// # Errors
/// A text for the model: which argument is wrong, and what is expected.
pub fn parse<T: DeserializeOwned + schemars::JsonSchema>(
    tool: &str,
    raw: &str,
) -> Result<T, ToolError> {
    let schema = generate::<T>();
    let fail = |problem: String| {
        ToolError::model(format!(
            "{tool}: {problem}. Nothing was done. Arguments: {}",
            shape(&schema)
        ))
    };
    let value = read(raw).map_err(fail)?;
    let value = fit(&schema, value).map_err(fail)?;
    serde_json::from_value(value).map_err(|error| fail(error.to_string()))
}

/// The arguments of an object schema on one line: `path: string, limit?: integer`.
fn shape(schema: &Value) -> String {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let required = schema.get("required").and_then(Value::as_array);
        let fields: Vec<_> = properties
            .iter()
            .map(|(key, inner)| {
                let wanted = required.is_some_and(|names| names.iter().any(|n| n == key));
                format!("{key}{}: {}", if wanted { "" } else { "?" }, shape(inner))
            })
            .collect();
        return format!("{{{}}}", fields.join(", "));
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values: Vec<_> = values.iter().map(Value::to_string).collect();
        return values.join("|");
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("array") => format!("[{}]", schema.get("items").map_or_else(String::new, shape)),
        Some(kind) => kind.to_string(),
        None => "any".to_string(),
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
