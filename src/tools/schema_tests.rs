use super::*;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, Deserialize, schemars::JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// Words that are not for the model.
    Content,
    /// Nor these.
    FilesOnly,
}

#[derive(Debug, Deserialize, schemars::JsonSchema, PartialEq)]
struct Part {
    old_string: String,
}

/// Root words.
#[derive(Debug, Deserialize, schemars::JsonSchema, PartialEq)]
struct Args {
    /// Where.
    path: String,
    limit: Option<u32>,
    #[serde(default)]
    deep: bool,
    mode: Option<Mode>,
    parts: Option<Vec<Part>>,
    names: Option<Vec<String>>,
}

fn args(raw: &str) -> Result<Args, String> {
    parse::<Args>("t", raw).map_err(|error| error.to_string())
}

#[test]
fn the_schema_has_no_noise() {
    assert_eq!(
        of::<Args>().to_string(),
        json!({
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "Where."},
                "limit": {"type": "integer"},
                "deep": {"type": "boolean"},
                "mode": {"type": "string", "enum": ["content", "files_only"]},
                "parts": {"type": "array", "items": {
                    "type": "object",
                    "properties": {"old_string": {"type": "string"}},
                    "required": ["old_string"]
                }},
                "names": {"type": "array", "items": {"type": "string"}}
            },
            "required": ["path"]
        })
        .to_string()
    );
}

#[test]
fn slips_are_mended() {
    let full = args(
        r#"{"file_path":"a","limit":"5","deep":"True","mode":"Files-Only",
            "parts":{"old_str":"x"},"names":"one","extra":1}"#,
    )
    .unwrap();
    assert_eq!(
        full,
        Args {
            path: "a".into(),
            limit: Some(5),
            deep: true,
            mode: Some(Mode::FilesOnly),
            parts: Some(vec![Part {
                old_string: "x".into()
            }]),
            names: Some(vec!["one".into()]),
        }
    );
    for raw in [
        r#"{"path":"a"}"#,
        r#"{"path":"a",}"#,
        r#"{"path":"a""#,
        r#"{"path":"a","names":["x""#,
        r#"{"path":"a","names":["x",]"#,
        r#"{"path":"a","limit":null}"#,
        r#""{\"path\":\"a\"}""#,
        r#"{"path":"a","names":"[\"x\"]"}"#,
        r#"{"path":"a","limit":5.0}"#,
    ] {
        assert_eq!(args(raw).map(|args| args.path), Ok("a".into()), "{raw}");
    }
}

#[test]
fn what_cannot_be_mended_is_named() {
    for (raw, words) in [
        ("", "missing argument `path`: a string, Where."),
        (r#"{"pth":"a"}"#, "unknown: `pth`"),
        (
            r#"{"path":["a"]}"#,
            "`path` must be a string, Where., not a list",
        ),
        (
            r#"{"path":"a","limit":"many"}"#,
            "`limit` must be an integer, not the string \"many\"",
        ),
        (
            r#"{"path":"a","limit":-1}"#,
            "`limit` must be at least 0, not -1",
        ),
        (
            r#"{"path":"a","mode":"all"}"#,
            "`mode` must be one of \"content\", \"files_only\"",
        ),
        (
            r#"{"path":"a","parts":[{}]}"#,
            "missing argument `parts[0].old_string`",
        ),
        (r#"{"path":"a","limit":12"#, "not valid JSON"),
        (r#"{"path":"a b"#, "not valid JSON"),
        (r#"{"path":"a","lim"#, "not valid JSON"),
        (r#"{"path":"a","limit""#, "not valid JSON"),
        (r#"{"path":"a"]"#, "not valid JSON"),
        (r#"{path:"a"}"#, "line 1 column 2"),
        ("[1]", "must be a JSON object, not a list"),
        ("\"x\"", "must be a JSON object"),
    ] {
        let error = args(raw).unwrap_err();
        assert!(error.contains(words), "{raw}: {error}");
        assert!(error.starts_with("t: "), "{error}");
        assert!(error.contains("{path: string, limit?: integer"), "{error}");
    }
}

#[test]
fn foreign_schemas_are_understood() {
    let schema = json!({
        "type": "object",
        "properties": {
            "who": {"$ref": "#/$defs/Person"},
            "either": {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]},
            "free": {"type": "object"},
            "any": {}
        },
        "required": ["who"],
        "$defs": {"Person": {"type": "object", "properties": {"age": {"type": "integer"}}}}
    });
    let value = json!({"who": {"age": "7"}, "either": ["1"], "free": {"x": 1}, "any": [null]});
    assert_eq!(
        fit(&schema, value).unwrap(),
        json!({"who": {"age": 7}, "either": [1], "free": {"x": 1}, "any": [null]})
    );
    assert_eq!(
        fit(&schema, json!({"who": {"age": "old"}})).unwrap_err(),
        "`who.age` must be an integer, not the string \"old\""
    );
    // Schemas that refer to themselves end.
    let looped =
        json!({"properties": {"a": {"$ref": "#/$defs/X"}}, "$defs": {"X": {"$ref": "#/$defs/X"}}});
    assert!(fit(&looped, json!({"a": 1})).is_ok());
}

proptest! {
    #[test]
    fn a_cut_document_is_refused_or_keeps_every_string_whole(
        texts in prop::collection::vec("[a-z\"\\\\,:{}\\[\\] ]{0,8}", 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = json!({"path": texts[0], "names": texts, "limit": 77}).to_string();
        let at = cut.index(whole.len());
        if let Ok(value) = read(&whole[..at]) {
            let original: Value = serde_json::from_str(&whole).unwrap();
            let map = value.as_object().unwrap();
            for (key, part) in map {
                match part {
                    Value::Array(items) => {
                        let all = original[key].as_array().unwrap();
                        prop_assert_eq!(&all[..items.len()], &items[..]);
                    }
                    other => prop_assert_eq!(other, &original[key]),
                }
            }
        }
    }

    #[test]
    fn no_text_panics(raw in "[\\PC\"{}\\[\\],:\\\\é ]{0,60}") {
        let _ = args(&raw);
    }
}
