//! Vendor blocks as raw JSON text: changed field by field, never re-serialised
//! as a whole, so that what is replayed is what was received.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::stdx::text;

/// Most characters of a summary line.
const SUMMARY: usize = 160;

/// The fields of a JSON object in order, values untouched.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// The object with these fields replaced, or added at the end.
pub fn with(object: &RawValue, replaced: &[(&str, Box<RawValue>)]) -> String {
    let Ok(Fields(mut fields)) = serde_json::from_str(object.get()) else {
        return object.get().to_string();
    };
    for (name, value) in replaced {
        match fields.iter_mut().find(|(field, _)| field == name) {
            Some((_, old)) => *old = value,
            None => fields.push((name.to_string(), value)),
        }
    }
    let mut out = String::from("{");
    for (index, (name, value)) in fields.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&Value::from(name.as_str()).to_string());
        out.push(':');
        out.push_str(value.get());
    }
    out.push('}');
    out
}

/// A vendor-run block in one line for the user.
pub fn summary(block: &str) -> String {
    let block: Value = serde_json::from_str(block).unwrap_or_default();
    let field = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_string();
    let kind = field(&block, "type");
    let line = match kind.as_str() {
        "server_tool_use" | "mcp_tool_use" => {
            let name = field(&block, "name").replace('_', " ");
            let input = &block["input"];
            let about = ["query", "url", "command", "path"]
                .iter()
                .find_map(|key| input[key].as_str());
            match about {
                Some(about) => format!("{name}: {about}"),
                None => name,
            }
        }
        _ if kind.ends_with("_tool_result") => {
            let name = kind.trim_end_matches("_tool_result").replace('_', " ");
            let content = &block["content"];
            match (content.as_array(), content["error_code"].as_str()) {
                (Some(results), _) => format!("{name}: {}", text::plural(results.len(), "result")),
                (None, Some(code)) => format!("{name} failed: {}", code.replace('_', " ")),
                (None, None) => format!("{name}: done"),
            }
        }
        _ => kind.replace('_', " "),
    };
    text::one_line(&text::clean(&line), SUMMARY)
}

/// The sources of a text, to be put behind it: ` ([title](url), …)`; empty when
/// none can be named.
pub fn sources(citations: &[Box<RawValue>]) -> String {
    #[derive(Deserialize)]
    struct Citation<'a> {
        #[serde(borrow)]
        url: Option<Cow<'a, str>>,
        #[serde(borrow)]
        title: Option<Cow<'a, str>>,
        #[serde(borrow)]
        document_title: Option<Cow<'a, str>>,
    }
    let mut named: Vec<String> = Vec::new();
    for raw in citations {
        let Ok(citation) = serde_json::from_str::<Citation>(raw.get()) else {
            continue;
        };
        let title = citation.title.or(citation.document_title);
        let title = title.map(|title| text::one_line(&title, 80).replace(['[', ']'], ""));
        let name = match (title.filter(|title| !title.is_empty()), citation.url) {
            (Some(title), Some(url)) => format!("[{title}](<{url}>)"),
            (None, Some(url)) => format!("<{url}>"),
            (Some(title), None) => title,
            (None, None) => continue,
        };
        if !named.contains(&name) {
            named.push(name);
        }
    }
    match named.is_empty() {
        true => String::new(),
        false => format!(" ({})", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_string()).unwrap()
    }

    #[test]
    fn one_field_changes_and_the_rest_keeps_its_bytes() {
        let block = raw(r#"{ "type": "x", "n": 1.50, "input": {}, "é": [1, 2] }"#);
        assert_eq!(
            with(
                &block,
                &[("input", raw(r#"{"q":  1}"#)), ("new", raw("null"))]
            ),
            r#"{"type":"x","n":1.50,"input":{"q":  1},"é":[1, 2],"new":null}"#
        );
        assert_eq!(with(&raw("7"), &[("input", raw("1"))]), "7");
    }

    #[test]
    fn summaries_say_what_was_done() {
        for (block, line) in [
            (
                r#"{"type":"server_tool_use","name":"web_search","input":{"query":"a\nb"}}"#,
                "web search: a b",
            ),
            (
                r#"{"type":"server_tool_use","name":"code_execution","input":{}}"#,
                "code execution",
            ),
            (
                r#"{"type":"web_search_tool_result","content":[{},{}]}"#,
                "web search: 2 results",
            ),
            (
                r#"{"type":"web_search_tool_result","content":{"error_code":"max_uses_exceeded"}}"#,
                "web search failed: max uses exceeded",
            ),
            (
                r#"{"type":"container_upload","file_id":"f"}"#,
                "container upload",
            ),
            ("broken", ""),
        ] {
            assert_eq!(summary(block), line, "{block}");
        }
    }

    #[test]
    fn sources_are_named_once() {
        let cited = [
            raw(r#"{"type":"web_search_result_location","url":"https://a/","title":"A [1]"}"#),
            raw(r#"{"url":"https://a/","title":"A [1]"}"#),
            raw(r#"{"url":"https://b/","title":null}"#),
            raw(r#"{"document_title":"Doc"}"#),
            raw("{}"),
            raw("3"),
        ];
        assert_eq!(sources(&cited), " ([A 1](<https://a/>), <https://b/>, Doc)");
        assert_eq!(sources(&[]), "");
    }
}
