use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::provider::openai::testing::{
    assistant, call, context, image, request, result, thinking, user,
};
use crate::provider::registry;

fn text_of(request: &ModelRequest) -> String {
    let dialect = Dialect {
        quirks: registry::info(&request.model.provider).unwrap().quirks,
        refused: &[],
    };
    String::from_utf8(body(request, dialect)).unwrap()
}

fn messages(provider: &str, list: Vec<Message>) -> Value {
    let body: Value = serde_json::from_str(&text_of(&request(provider, list))).unwrap();
    body["messages"].clone()
}

#[test]
fn a_whole_request_looks_like_this() {
    let text = text_of(&request("groq", vec![user(&["hello"])]));
    insta::assert_snapshot!(text, @r#"{"model":"openai/gpt-oss-120b","stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":65536,"tools":[{"type":"function","function":{"name":"read_file","description":"Does read_file.","parameters":{"type":"object","properties":{"path":{"type":"string"}}}}}],"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"hello"}]}"#);
}

#[test]
fn vendors_get_only_what_they_take() {
    for (provider, present, absent) in [
        (
            "mistral",
            &["max_tokens", "prompt_cache_key"][..],
            &["stream_options"][..],
        ),
        (
            "cohere",
            &["max_tokens"],
            &["stream_options", "prompt_cache_key"],
        ),
        ("cerebras", &["max_completion_tokens"], &["max_tokens"]),
        (
            "vllm",
            &["max_tokens", "stream_options"],
            &["prompt_cache_key"],
        ),
    ] {
        let text = text_of(&request(provider, vec![user(&["hello"])]));
        let has = |field: &&str| text.contains(&format!("\"{field}\":"));
        assert!(present.iter().all(&has), "{provider}: {text}");
        assert!(!absent.iter().any(has), "{provider}: {text}");
    }
}

#[test]
fn calls_and_results_stand_together() {
    let list = vec![
        context("note"),
        user(&["a", "b"]),
        assistant(vec![call("c1", r#"{"path": 1}"#), call("c2", "{broken")]),
        result("c1", vec![ContentBlock::text("x")], false),
        result("c2", vec![], true),
        user(&["go on"]),
    ];
    let found = messages("groq", list);
    insta::assert_snapshot!(found.to_string().replace("},{", "},\n{"), @r#"
    [{"role":"system","content":"Be brief."},
    {"role":"user","content":"note\n\na\n\nb"},
    {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"read_file","arguments":"{\"path\": 1}"}},
    {"id":"c2","type":"function","function":{"name":"read_file","arguments":"{\"_invalid_json\":\"{broken\"}"}}]},
    {"role":"tool","tool_call_id":"c1","content":"x"},
    {"role":"tool","tool_call_id":"c2","content":"(no output)"},
    {"role":"user","content":"go on"}]
    "#);
}

#[test]
fn mistral_gets_ids_of_nine_and_no_user_right_after_a_tool() {
    let list = vec![
        assistant(vec![call("call_long_id", "{}"), call("abcDEF123", "{}")]),
        result("call_long_id", vec![], false),
        user(&["x"]),
    ];
    let found = messages("mistral", list);
    let id = found[1]["tool_calls"][0]["id"].as_str().unwrap();
    assert!(id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_eq!(found[2]["tool_call_id"], id);
    assert_eq!(found[1]["tool_calls"][1]["id"], "abcDEF123");
    assert_eq!(found[3]["role"], "assistant");
    assert_eq!(found[4]["content"], "x");
}

#[test]
fn reasoning_goes_back_to_where_it_came_from() {
    let with = |field: &str| vec![assistant(vec![thinking("t", Some(field)), call("c", "{}")])];
    let content = r#"{"field":"reasoning_content"}"#;
    let of = |provider, field| messages(provider, with(field))[1].clone();
    assert_eq!(of("deepseek", content)["reasoning_content"], "t");
    assert!(of("groq", content).get("reasoning_content").is_none());
    assert_eq!(of("vllm", r#"{"field":"reasoning"}"#)["reasoning"], "t");
    let part = of("mistral", r#"{"field":"part"}"#);
    assert_eq!(part["content"][0]["thinking"][0]["text"], "t");
    let details = r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"x"}]}"#;
    assert_eq!(
        of("openrouter", details)["reasoning_details"][0]["data"],
        "x"
    );
    let bare = messages("moonshot", vec![assistant(vec![call("c", "{}")])]);
    assert_eq!(bare[1]["reasoning_content"], "");
}

#[test]
fn images_of_results_follow_them() {
    let list = vec![
        assistant(vec![call("c1", "{}")]),
        result("c1", vec![image()], false),
    ];
    let found = messages("mistral", list.clone());
    assert_eq!(found[2]["content"], "[the image follows]");
    assert_eq!(found[3]["content"], "Understood.");
    assert_eq!(
        found[4]["content"][0]["image_url"]["url"],
        "data:image/png;base64,iVBORw=="
    );
    let blind = messages("groq", list);
    assert_eq!(blind[2]["content"], parts::UNSEEN);
    assert!(blind.get(3).is_none());
}

#[test]
fn claude_behind_a_router_is_marked_for_its_cache() {
    let list = vec![
        user(&["a"]),
        assistant(vec![call("c1", "{}")]),
        result("c1", vec![], false),
    ];
    let found = messages("openrouter", list);
    let marked = |at: usize| found[at]["content"][0]["cache_control"]["type"] == "ephemeral";
    assert_eq!([0, 1, 3].map(marked), [true; 3]);
}

proptest! {
    #[test]
    fn a_request_is_the_beginning_of_the_next(
        turns in prop::collection::vec(0..4usize, 1..12),
        vendor in 0..3usize,
    ) {
        let vendor = ["groq", "mistral", "deepseek"][vendor];
        let mut messages = vec![user(&["start"])];
        let mut before = text_of(&request(vendor, messages.clone()));
        for (number, turn) in turns.into_iter().enumerate() {
            let id = format!("c{number}");
            match turn {
                0 => messages.push(user(&["more"])),
                1 => messages.push(context("note")),
                2 => messages.push(assistant(vec![ContentBlock::text("hm")])),
                _ => messages.extend([
                    assistant(vec![thinking("t", Some(r#"{"field":"part"}"#)), call(&id, "{}")]),
                    result(&id, vec![ContentBlock::text("ok")], false),
                ]),
            }
            let after = text_of(&request(vendor, messages.clone()));
            prop_assert!(after.starts_with(before.trim_end_matches("\"}]}")), "{before}\n{after}");
            before = after;
        }
    }
}
