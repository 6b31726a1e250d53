//! Making a tool's JSON Schema fit for Gemini, which refuses what it does not know.

use serde_json::{Map, Value};

/// Keywords that mean nothing to a model and are refused in places.
const DROPPED: [&str; 9] = [
    "$schema",
    "$id",
    "$comment",
    "$anchor",
    "$defs",
    "definitions",
    "examples",
    "contentEncoding",
    "contentMediaType",
];

/// Formats the vendor documents.
const FORMATS: [&str; 8] = [
    "date-time",
    "date",
    "time",
    "int32",
    "int64",
    "float",
    "double",
    "enum",
];

/// How deep references are followed; a schema that refers to itself ends here.
const DEPTH: usize = 12;

/// The schema without what Gemini refuses: references are put in place, unknown
/// formats and bookkeeping left out.
pub(super) fn cleaned(schema: &Value) -> Value {
    match clean(schema, schema, 0) {
        Value::Object(object) if !object.is_empty() => Value::Object(object),
        _ => serde_json::json!({"type": "object", "properties": {}}),
    }
}

fn clean(value: &Value, root: &Value, depth: usize) -> Value {
    match value {
        Value::Object(object) => node(object, root, depth),
        Value::Array(list) => list.iter().map(|item| clean(item, root, depth)).collect(),
        other => other.clone(),
    }
}

fn node(object: &Map<String, Value>, root: &Value, depth: usize) -> Value {
    if let Some(Value::String(target)) = object.get("$ref") {
        let found = target
            .strip_prefix('#')
            .and_then(|path| root.pointer(path))
            .filter(|_| depth < DEPTH);
        let mut out = match found.map(|found| clean(found, root, depth + 1)) {
            Some(Value::Object(found)) => found,
            _ => Map::from_iter([("type".to_string(), "object".into())]),
        };
        // What stands beside a reference is about this place.
        for (key, value) in object.iter().filter(|(key, _)| *key == "description") {
            out.insert(key.clone(), value.clone());
        }
        return Value::Object(out);
    }
    let mut out = Map::new();
    for (key, value) in object {
        let kept = match key.as_str() {
            "properties" => properties(value, root, depth),
            // Values, not schemas.
            "enum" | "const" | "default" | "required" => value.clone(),
            "format" if !value.as_str().is_some_and(|name| FORMATS.contains(&name)) => continue,
            name if DROPPED.contains(&name) => continue,
            _ => clean(value, root, depth),
        };
        out.insert(key.clone(), kept);
    }
    Value::Object(out)
}

/// Names of properties are no keywords, whatever they are.
fn properties(value: &Value, root: &Value, depth: usize) -> Value {
    let Value::Object(object) = value else {
        return value.clone();
    };
    let property = |(name, value): (&String, &Value)| (name.clone(), clean(value, root, depth));
    Value::Object(object.iter().map(property).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_are_put_in_place_and_bookkeeping_goes() {
        let schema = json!({
            "$schema": "x", "type": "object", "required": ["at"],
            "properties": {
                "at": {"$ref": "#/$defs/Place", "description": "where"},
                "format": {"type": "string", "format": "uri", "default": "$ref"},
                "when": {"type": ["string", "null"], "format": "date-time"},
            },
            "$defs": {"Place": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Gone"}}}},
        });
        assert_eq!(
            cleaned(&schema),
            json!({
                "type": "object", "required": ["at"],
                "properties": {
                    "at": {"type": "object", "properties": {"next": {"type": "object"}}, "description": "where"},
                    "format": {"type": "string", "default": "$ref"},
                    "when": {"type": ["string", "null"], "format": "date-time"},
                },
            })
        );
    }

    #[test]
    fn a_schema_of_itself_ends_and_an_empty_one_is_an_object() {
        let own = json!({"type": "object", "properties": {"child": {"$ref": "#"}}});
        assert!(cleaned(&own).to_string().len() < 2_000);
        for empty in [json!({}), json!(null), json!(true)] {
            assert_eq!(cleaned(&empty)["type"], "object");
        }
    }
}
