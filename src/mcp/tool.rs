//! What servers have, read from their answers with patience: one odd entry does not
//! lose the others.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::stdx::{blob, text};

/// Longest description that is kept, in bytes.
const DESCRIPTION: usize = 16 * 1024;
/// Largest schema that is kept, in bytes.
const SCHEMA: usize = 256 * 1024;

/// One tool of a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct McpTool {
    /// The server's own name for it.
    pub name: String,
    /// What it does, in the server's words, cleaned.
    pub description: String,
    /// JSON Schema of its arguments; an object schema.
    pub schema: Value,
    /// JSON Schema of its structured result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// The server says that it changes nothing.
    pub read_only: bool,
    /// It belongs to sofos: lists or reads the resources of the server.
    #[serde(default)]
    pub own: bool,
}

/// One prompt of a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct McpPrompt {
    /// The server's own name for it.
    pub name: String,
    /// What it is for, cleaned.
    pub description: String,
    /// Its arguments: name, description, whether it must be given.
    pub arguments: Vec<(String, String, bool)>,
}

/// One resource, or a template of them.
#[derive(Debug, Clone, PartialEq)]
pub struct McpResource {
    /// Its address.
    pub uri: String,
    /// Its name, cleaned.
    pub name: String,
    /// What it is, cleaned; may be empty.
    pub description: String,
    /// Media type; may be empty.
    pub media: String,
}

fn words(value: &Value, key: &str) -> String {
    let words = value.get(key).and_then(Value::as_str).unwrap_or_default();
    text::prefix(&text::clean(words), DESCRIPTION).to_string()
}

impl McpTool {
    /// A tool from its JSON; nothing when it has no usable name. A schema that is none
    /// becomes one that takes everything.
    pub fn read(value: &Value) -> Option<Self> {
        let name = value.get("name")?.as_str()?;
        let usable = !name.is_empty() && name.len() <= 256 && !name.chars().any(char::is_control);
        usable.then(|| {
            let mut description = words(value, "description");
            if description.trim().is_empty() {
                description = words(value, "title");
            }
            let hint = value.pointer("/annotations/readOnlyHint");
            Self {
                name: name.to_string(),
                description,
                schema: schema(value.get("inputSchema"))
                    .unwrap_or_else(|| json!({"type": "object"})),
                output: schema(value.get("outputSchema")),
                read_only: hint.and_then(Value::as_bool).unwrap_or(false),
                own: false,
            }
        })
    }

    /// Changes when what the model is told of the tool does.
    pub fn hash(&self) -> String {
        let told = json!([self.name, self.description, self.schema]).to_string();
        blob::hash(told.as_bytes())[..16].to_string()
    }

    /// The first sentence of its description on one line of at most `max` characters.
    pub fn summary(&self, max: usize) -> String {
        let first = self.description.trim().lines().next().unwrap_or_default();
        let end = first.find(". ").unwrap_or(first.len());
        text::one_line(first[..end].trim_end_matches('.'), max)
    }

    /// The tool that lists the resources of a server.
    pub fn list_resources() -> Self {
        Self {
            name: "list_resources".into(),
            description: "List the resources of this server, with their URIs".into(),
            schema: json!({"type": "object", "properties": {}}),
            output: None,
            read_only: true,
            own: true,
        }
    }

    /// The tool that reads one of them.
    pub fn read_resource() -> Self {
        Self {
            name: "read_resource".into(),
            description: "Read one resource of this server".into(),
            schema: json!({
                "type": "object",
                "properties": {"uri": {"type": "string"}},
                "required": ["uri"],
            }),
            output: None,
            read_only: true,
            own: true,
        }
    }
}

/// An object schema, when it is one and not absurdly large.
fn schema(value: Option<&Value>) -> Option<Value> {
    let map = value?.as_object()?;
    let sane = |key: &str, is: fn(&Value) -> bool| map.get(key).is_none_or(is);
    let fits = sane("properties", Value::is_object)
        && sane("required", Value::is_array)
        && sane("type", |kind| kind == "object")
        && Value::Object(map.clone()).to_string().len() <= SCHEMA;
    fits.then(|| {
        let mut out = Map::new();
        // Vendors want it, and some servers leave it out.
        out.insert("type".into(), "object".into());
        out.extend(map.clone());
        Value::Object(out)
    })
}

impl McpPrompt {
    /// A prompt from its JSON.
    pub fn read(value: &Value) -> Option<Self> {
        let name = value.get("name")?.as_str()?.to_string();
        let arguments = value.get("arguments").and_then(Value::as_array);
        let argument = |argument: &Value| {
            let name = argument.get("name")?.as_str()?.to_string();
            let required = argument.get("required").and_then(Value::as_bool);
            Some((
                name,
                words(argument, "description"),
                required.unwrap_or(false),
            ))
        };
        Some(Self {
            name,
            description: words(value, "description"),
            arguments: arguments
                .map(|all| all.iter().filter_map(argument).collect())
                .unwrap_or_default(),
        })
    }
}

impl McpResource {
    /// A resource, or a template, from its JSON.
    pub fn read(value: &Value) -> Option<Self> {
        let uri = value.get("uri").or_else(|| value.get("uriTemplate"))?;
        Some(Self {
            uri: text::clean(uri.as_str()?).into_owned(),
            name: words(value, "name"),
            description: words(value, "description"),
            media: words(value, "mimeType"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_schema_does_not_lose_the_tool() {
        for odd in [
            json!("nope"),
            json!({"type": 42}),
            json!({"properties": []}),
            json!({"required": "x"}),
            Value::Null,
        ] {
            let tool = McpTool::read(&json!({"name": "t", "inputSchema": odd})).unwrap();
            assert_eq!(tool.schema, json!({"type": "object"}));
        }
        assert!(McpTool::read(&json!({"inputSchema": {}})).is_none());
        assert!(McpTool::read(&json!({"name": "a\u{1b}[2J"})).is_none());
    }

    #[test]
    fn the_summary_is_the_first_sentence_and_the_hash_sees_every_change() {
        let tool = |description: &str| {
            McpTool::read(&json!({"name": "t", "description": description})).unwrap()
        };
        let one = tool("Adds numbers. Both are needed.\nMore.");
        assert_eq!(one.summary(60), "Adds numbers");
        assert_eq!(one.summary(6), "Adds …");
        assert_ne!(one.hash(), tool("Adds numbers. Reads ~/.ssh too.").hash());
        assert_eq!(tool("\u{1b}[31mred").description, "red");
    }
}
