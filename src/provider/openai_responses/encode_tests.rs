use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::provider::openai::quirks::Quirks;
use crate::provider::openai::testing::{
    assistant, call, context, image, request, result, thinking, user,
};
use crate::provider::registry;

fn quirks(provider: &str) -> Quirks {
    registry::info(provider).unwrap().quirks
}

fn text_of(request: &ModelRequest) -> String {
    let dialect = Dialect {
        quirks: quirks(&request.model.provider),
        refused: &[],
    };
    String::from_utf8(body(request, dialect)).unwrap()
}

fn input(messages: Vec<Message>) -> Value {
    let body: Value = serde_json::from_str(&text_of(&request("openai", messages))).unwrap();
    body["input"].clone()
}

const REASONING: &str =
    r#"{"id":"rs_1", "type":"reasoning","summary":[],"encrypted_content":"gAAA+/="}"#;

#[test]
fn a_whole_request_looks_like_this() {
    let text = text_of(&request("openai", vec![user(&["hello"])]));
    insta::assert_snapshot!(text.replace("},{", "},\n{"), @r#"{"model":"gpt-6.1-sol","stream":true,"store":false,"include":["reasoning.encrypted_content"],"reasoning":{"summary":"auto"},"max_output_tokens":128000,"prompt_cache_key":"s","parallel_tool_calls":true,"tools":[{"type":"function","name":"read_file","description":"Does read_file.","parameters":{"type":"object","properties":{"path":{"type":"string"}}},"strict":false}],"instructions":"Be brief.","input":[{"role":"user","content":[{"type":"input_text","text":"hello"}]}]}"#);
}

#[test]
fn vendors_get_only_what_they_take() {
    let text = text_of(&request("perplexity", vec![user(&["hello"])]));
    for field in ["store", "include", "reasoning", "prompt_cache_key"] {
        assert!(!text.contains(&format!("\"{field}\":")), "{field}: {text}");
    }
    let plain = Dialect {
        quirks: quirks("openai"),
        refused: &["include", "store"],
    };
    let body = body(&request("openai", vec![user(&["hello"])]), plain);
    let text = String::from_utf8(body).unwrap();
    assert!(!text.contains("store") && !text.contains("encrypted"));
}

#[test]
fn reasoning_goes_back_whole_before_what_it_led_to_or_not_at_all() {
    let shell = r#"{"id":"rs_2","type":"reasoning","summary":[],"encrypted_content":null}"#;
    let messages = vec![
        user(&["a"]),
        assistant(vec![
            thinking("t", Some(REASONING)),
            thinking("t", Some(shell)),
            call("c1", r#"{"path": 1}"#),
            thinking("cut", Some(REASONING)),
        ]),
        result("c1", vec![], false),
        assistant(vec![thinking("only", Some(REASONING))]),
    ];
    let text = text_of(&request("openai", messages));
    assert_eq!(text.matches(REASONING).count(), 1, "{text}");
    let at = text.find("\"input\":").unwrap();
    insta::assert_snapshot!(text[at..].replace("},{", "},\n{"), @r#"
    "input":[{"role":"user","content":[{"type":"input_text","text":"a"}]},
    {"id":"rs_1", "type":"reasoning","summary":[],"encrypted_content":"gAAA+/="},
    {"type":"function_call","call_id":"c1","name":"read_file","arguments":"{\"path\": 1}"},
    {"type":"function_call_output","call_id":"c1","output":"(no output)"}]}
    "#);
}

#[test]
fn images_are_sent_to_models_that_see() {
    let seen = input(vec![result("c", vec![image()], false)]);
    assert_eq!(
        seen[0]["output"][0]["image_url"],
        "data:image/png;base64,iVBORw=="
    );
    let blind = text_of(&request(
        "perplexity",
        vec![result("c", vec![image()], false)],
    ));
    assert!(blind.contains("this model takes text only"), "{blind}");
}

#[test]
fn messages_of_others_are_plain_text() {
    let other = input(vec![
        context("note"),
        assistant(vec![ContentBlock::text("said")]),
    ]);
    assert_eq!(other[0]["role"], "user");
    assert_eq!(other[1]["content"][0]["type"], "output_text");
}

proptest! {
    #[test]
    fn a_request_is_the_beginning_of_the_next(turns in prop::collection::vec(0..5usize, 1..12)) {
        let mut messages = vec![user(&["start"])];
        let mut before = text_of(&request("openai", messages.clone()));
        for (number, turn) in turns.into_iter().enumerate() {
            let id = format!("c{number}");
            match turn {
                0 => messages.push(user(&["more"])),
                1 => messages.push(context("note")),
                2 => messages.push(assistant(vec![ContentBlock::text("hm")])),
                3 => messages.push(assistant(vec![thinking("t", Some(REASONING))])),
                _ => messages.extend([
                    assistant(vec![thinking("t", Some(REASONING)), call(&id, "{}")]),
                    result(&id, vec![ContentBlock::text("ok"), image()], false),
                ]),
            }
            let after = text_of(&request("openai", messages.clone()));
            prop_assert!(after.starts_with(before.trim_end_matches("]}")), "{before}\n{after}");
            before = after;
        }
    }
}

#[test]
fn a_patch_is_plain_text_where_the_model_writes_it_so() {
    let patch = "*** Begin Patch\n*** Delete File: a \"b\"\n*** End Patch\n";
    let (arguments, opaque) = freeform::arguments("apply_patch", patch.to_string());
    assert_eq!(
        serde_json::from_str::<Value>(&arguments).unwrap(),
        serde_json::json!({"patch": patch})
    );
    let made = ContentBlock::ToolCall {
        id: "c1".into(),
        name: "apply_patch".into(),
        arguments,
        opaque,
    };
    let messages = || {
        vec![
            user(&["a"]),
            assistant(vec![made.clone(), call("c2", "{}")]),
            result("c1", vec![ContentBlock::text("done")], false),
            result("c2", vec![ContentBlock::text("text")], false),
        ]
    };
    let mut request = request("openai", messages());
    let mut tool = request.tools[0].clone();
    tool.name = "apply_patch".into();
    request.tools = [tool].into();
    let body: Value = serde_json::from_str(&text_of(&request)).unwrap();
    assert_eq!(body["tools"][0]["type"], "custom");
    assert_eq!(body["tools"][0]["format"]["syntax"], "lark");
    assert_eq!(body["input"][1]["type"], "custom_tool_call");
    assert_eq!(body["input"][1]["input"], patch);
    assert_eq!(body["input"][2]["type"], "function_call");
    assert_eq!(body["input"][3]["type"], "custom_tool_call_output");
    assert_eq!(body["input"][4]["type"], "function_call_output");
    // A model or a server without such tools sees a function throughout.
    let refused = Dialect {
        quirks: quirks("openai"),
        refused: &["custom"],
    };
    let refused = String::from_utf8(super::body(&request, refused)).unwrap();
    let mut other = request.clone();
    std::sync::Arc::make_mut(&mut other.model).id = "gpt-4.1".into();
    for text in [text_of(&other), refused] {
        assert!(!text.contains("custom"), "{text}");
        assert!(text.contains("function_call_output"), "{text}");
    }
}
