use super::*;
use serde_json::json;

#[test]
fn the_specs_fit_their_budget() {
    // The search tool is offered only where the vendor has none of its own.
    let tools: Vec<_> = BUILTIN
        .iter()
        .filter(|tool| ![WEB_SEARCH, MORPH].contains(&tool.name()))
        .map(|tool| {
            let spec = tool.spec();
            json!({"name": spec.name, "description": spec.description, "input_schema": spec.schema})
        })
        .collect();
    let text = serde_json::to_string(&tools).unwrap();
    assert!(text.len() <= 7_000, "{} bytes: {text}", text.len());
    assert_eq!(tools.len(), 21);
}

#[test]
fn a_new_file_never_replaces_one() {
    let bench = testing::Bench::new();
    bench.write("old", "a\n");
    let text = bench.text("create_file", json!({"path": "old", "content": "b\n"}));
    assert!(text.starts_with("error: old exists already"), "{text}");
    assert_eq!(bench.bytes("old"), b"a\n");
    bench.text("create_file", json!({"path": "d/new", "content": "b\n"}));
    assert_eq!(bench.bytes("d/new"), b"b\n");
}

#[test]
fn names_and_schemas_are_what_vendors_accept() {
    let mut names: Vec<_> = BUILTIN.iter().map(|tool| tool.name().to_string()).collect();
    for tool in BUILTIN {
        let spec = tool.spec();
        assert!(
            spec.name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b == b'_')
        );
        assert_eq!(spec.schema["type"], "object", "{}", spec.name);
        assert!(spec.schema["properties"].is_object(), "{}", spec.name);
        assert!(!spec.description.is_empty());
        let text = spec.schema.to_string();
        for noise in ["$schema", "title", "\"format\"", "null", "$ref", "default"] {
            assert!(!text.contains(noise), "{}: {text}", spec.name);
        }
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), BUILTIN.len());
}

#[test]
fn no_page_is_longer_than_the_largest_result() {
    let bench = testing::Bench::new();
    bench.write("long", format!("{}\n", "é".repeat(1_900)).repeat(200));
    let text = bench.text("read_file", json!({"path": "long"}));
    assert!(
        text.len() > 50_000 && text.len() < output::LARGEST,
        "{}",
        text.len()
    );
}
