use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::protocol::message::{AssistantMessage, ContextKind, Origin, StopReason};
use crate::protocol::model::{Effort, ThinkingSetting};
use crate::protocol::tool::{ToolSpec, ToolView};
use crate::protocol::usage::Usage;
use crate::provider::models;

fn request(messages: Vec<Message>) -> ModelRequest {
    let tool = |name: &str| ToolSpec {
        name: name.into(),
        description: format!("Does {name}."),
        schema: serde_json::json!({"type": "object", "properties": {"path": {"type": "string"}}}),
    };
    let png: Arc<[u8]> = b"\x89PNG".to_vec().into();
    ModelRequest {
        model: models::lookup("anthropic", "claude-sonnet-5-5").into(),
        system: "Be brief.".into(),
        tools: vec![tool("read_file"), tool("list_directory")].into(),
        messages,
        images: HashMap::from([("aa".to_string(), png)]),
        max_tokens: 1_000_000,
        thinking: ThinkingSetting::default(),
        cache_key: "s".into(),
        web_search: false,
    }
}

fn user(texts: &[&str]) -> Message {
    Message::User {
        id: "u".into(),
        content: texts.iter().map(|text| ContentBlock::text(*text)).collect(),
    }
}

fn context(text: &str) -> Message {
    Message::Context {
        id: "c".into(),
        kind: ContextKind::Reminder,
        text: text.into(),
    }
}

fn assistant(content: Vec<ContentBlock>) -> Message {
    Message::Assistant(AssistantMessage {
        id: "a".into(),
        content,
        origin: Origin {
            provider: "anthropic".into(),
            wire: "anthropic".into(),
            model: "m".into(),
        },
        stop: StopReason::EndTurn,
        usage: Usage::default(),
    })
}

fn call(id: &str, arguments: &str) -> ContentBlock {
    ContentBlock::ToolCall {
        id: id.into(),
        name: "read_file".into(),
        arguments: arguments.into(),
        opaque: None,
    }
}

fn thinking(text: &str, opaque: Option<&str>) -> ContentBlock {
    ContentBlock::Thinking {
        text: text.into(),
        opaque: opaque.map(|opaque| Opaque(opaque.into())),
    }
}

fn server(opaque: &str) -> ContentBlock {
    ContentBlock::ServerSide {
        summary: "x".into(),
        opaque: Some(Opaque(opaque.into())),
    }
}

fn result(id: &str, content: Vec<ContentBlock>, is_error: bool) -> Message {
    Message::ToolResult(ToolResult {
        id: "r".into(),
        call_id: id.into(),
        content,
        is_error,
        view: ToolView::default(),
    })
}

fn image() -> ContentBlock {
    ContentBlock::Image {
        media: "image/png".into(),
        blob: "aa".into(),
    }
}

fn text_of(request: &ModelRequest) -> String {
    String::from_utf8(body(request)).unwrap()
}

fn messages(list: Vec<Message>) -> String {
    let text = text_of(&request(list));
    let at = text.find("\"messages\":").unwrap();
    text[at + 11..text.len() - 1].replace(r#","cache_control":{"type":"ephemeral"}"#, "")
}

#[test]
fn a_whole_request_looks_like_this() {
    let mut request = request(vec![user(&["hello"])]);
    request.thinking.effort = Some(Effort::Medium);
    request.web_search = true;
    let text = text_of(&request);
    insta::assert_snapshot!(text.replace("},{", "},\n{"), @r#"
    {"model":"claude-sonnet-5-5","max_tokens":128000,"stream":true,"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"medium"},"tools":[{"name":"read_file","description":"Does read_file.","input_schema":{"type":"object","properties":{"path":{"type":"string"}}}},
    {"name":"list_directory","description":"Does list_directory.","input_schema":{"type":"object","properties":{"path":{"type":"string"}}}},
    {"type":"web_search_20260318","name":"web_search","cache_control":{"type":"ephemeral"}}],"system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"text","text":"hello","cache_control":{"type":"ephemeral"}}]}]}
    "#);
}

#[test]
fn nothing_empty_is_sent() {
    let mut bare = request(vec![
        user(&[" \n", "x"]),
        assistant(vec![thinking("unsigned", None), ContentBlock::text("\n")]),
        context(""),
        user(&["y"]),
    ]);
    bare.system = " ".into();
    bare.tools = [].into();
    let text = text_of(&bare);
    assert!(
        !text.contains("\"system\"") && !text.contains("\"tools\""),
        "{text}"
    );
    assert!(text.contains(r#""content":[{"type":"text","text":"x"},{"type":"text","text":"y","#));
}

#[test]
fn results_come_first_then_the_rest_in_order() {
    let list = vec![
        user(&["go"]),
        assistant(vec![call("t1", "{}"), call("t2", r#"{"path": 1.50}"#)]),
        result("t1", vec![ContentBlock::text("one")], false),
        context("a reminder"),
        result("t2", vec![ContentBlock::text(" ")], true),
        Message::User {
            id: "u".into(),
            content: vec![ContentBlock::text("look"), image()],
        },
    ];
    insta::assert_snapshot!(messages(list).replace("},{", "},\n{"), @r#"
    [{"role":"user","content":[{"type":"text","text":"go"}]},
    {"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"read_file","input":{}},
    {"type":"tool_use","id":"t2","name":"read_file","input":{"path": 1.50}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"one"},
    {"type":"tool_result","tool_use_id":"t2","content":"(no output)","is_error":true},
    {"type":"text","text":"a reminder"},
    {"type":"text","text":"look"},
    {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw=="}}]}]
    "#);
}

#[test]
fn results_may_hold_images_unless_they_are_errors() {
    let content = || vec![ContentBlock::text("shot"), image()];
    let gone = ContentBlock::Image {
        media: "image/png".into(),
        blob: "bb".into(),
    };
    let list = vec![
        user(&["go"]),
        assistant(vec![call("t1", ""), call("t2", ""), call("t3", "")]),
        result("t1", content(), false),
        result("t2", content(), true),
        result("t3", vec![gone], false),
    ];
    let sent: Value = serde_json::from_str(&messages(list)).unwrap();
    let content = |at: usize| sent[2]["content"][at]["content"].clone();
    assert_eq!(content(0)[1]["type"], "image");
    assert_eq!(
        content(1),
        serde_json::json!([{"type": "text", "text": "shot"}])
    );
    assert_eq!(content(2)[0]["text"], "[an image that cannot be shown]");
}

#[test]
fn opaque_data_goes_back_byte_for_byte() {
    let cited = r#"{"type":"text", "text":"It is.","citations":[{"n":1.0,"e":"+/="}]}"#;
    let redacted = r#"{"type":"redacted_thinking","data":"A+/="}"#;
    let search = r#"{"type":"server_tool_use","id":"s","name":"web_search","input":{"q": 1}}"#;
    let found = r#"{"type":"web_search_tool_result","tool_use_id":"s","content":[]}"#;
    let list = vec![
        user(&["go"]),
        assistant(vec![
            thinking("seen \"é\"", Some(r#"{"signature":"Eq+/=="}"#)),
            thinking("", Some(redacted)),
            thinking("unsigned", None),
            server(search),
            server(found),
            ContentBlock::Text {
                text: "It is. (A)".into(),
                opaque: Some(Opaque(cited.into())),
            },
        ]),
        user(&["more"]),
    ];
    let sent = messages(list);
    let signed = r#"{"type":"thinking","thinking":"seen \"é\"","signature":"Eq+/=="}"#;
    let expected = [signed, redacted, search, found, cited].join(",");
    assert!(
        sent.contains(&format!("\"content\":[{expected}]")),
        "{sent}"
    );
}

#[test]
fn arguments_are_replayed_or_wrapped() {
    for (sent, input) in [
        (r#" {"b": 1, "a": 1.0} "#, r#"{"b": 1, "a": 1.0}"#),
        ("", "{}"),
        (r#"{"path": "#, r#"{"_invalid_json":"{\"path\": "}"#),
        ("[1]", r#"{"_invalid_json":"[1]"}"#),
        ("null", r#"{"_invalid_json":"null"}"#),
        ("{} {}", r#"{"_invalid_json":"{} {}"}"#),
    ] {
        assert_eq!(super::input(sent).get(), input);
    }
}

#[test]
fn half_of_a_server_side_pair_is_dropped_unless_it_is_awaited() {
    let call = |id: &str| server(&format!(r#"{{"type":"server_tool_use","id":"{id}"}}"#));
    let answer = |id: &str| {
        server(&format!(
            r#"{{"type":"x_tool_result","tool_use_id":"{id}"}}"#
        ))
    };
    let other = || server(r#"{"type":"compaction","content":"kept"}"#);
    let paused = vec![
        user(&["go"]),
        assistant(vec![
            call("a"),
            answer("a"),
            call("b"),
            answer("c"),
            other(),
        ]),
    ];
    let waiting = messages(paused.clone());
    for id in ["\"a\"", "\"b\"", "\"c\""] {
        assert!(waiting.contains(id), "{waiting}");
    }
    let mut cut = paused.clone();
    cut.push(user(&["on"]));
    let cut = messages(cut);
    assert!(cut.contains("\"a\"") && cut.contains("compaction"));
    assert!(!cut.contains("\"b\"") && !cut.contains("\"c\""), "{cut}");
    // A pause is continued by the next message of the model.
    let mut continued = paused;
    continued.extend([assistant(vec![answer("b")]), user(&["on"])]);
    let continued = messages(continued);
    assert!(continued.contains("\"b\"") && !continued.contains("\"c\""));
}

#[test]
fn marks_sit_on_this_end_and_the_one_before() {
    let list = vec![
        user(&["one"]),
        assistant(vec![call("t1", "{}")]),
        result("t1", vec![ContentBlock::text("r1")], false),
        assistant(vec![ContentBlock::text("two"), call("t2", "{}")]),
        result("t2", vec![ContentBlock::text("r2")], false),
        context("three"),
    ];
    let sent: Value = serde_json::from_slice(&body(&request(list))).unwrap();
    let mut marked = Vec::new();
    for turn in sent["messages"].as_array().unwrap() {
        for block in turn["content"].as_array().unwrap() {
            if !block["cache_control"].is_null() {
                let name = block["text"].as_str().or(block["content"].as_str());
                marked.push(name.unwrap().to_string());
            }
        }
    }
    assert_eq!(marked, ["r1", "three"]);
}

fn any_messages() -> impl Strategy<Value = Vec<Message>> {
    let words = "[a-zé \n]{0,6}";
    let step = prop_oneof![
        words.prop_map(|text| vec![user(&[&text])]),
        words.prop_map(|text| vec![context(&text)]),
        words.prop_map(|text| vec![
            assistant(vec![
                thinking("t", Some(r#"{"signature":"s"}"#)),
                ContentBlock::text(text),
            ]),
            user(&["go on"]),
        ]),
        (1usize..4, "[{}\" a-z]{0,8}").prop_map(|(count, arguments)| {
            let ids = (0..count).map(|n| format!("t{n}"));
            let mut list = vec![assistant(
                ids.clone().map(|id| call(&id, &arguments)).collect(),
            )];
            list.extend(ids.map(|id| result(&id, vec![image()], false)));
            list
        }),
    ];
    prop::collection::vec(step, 1..12).prop_map(|steps| {
        let mut list = vec![user(&["first"])];
        list.extend(steps.into_iter().flatten());
        list
    })
}

/// Everything the cache hashes, as text without its closing brackets.
fn prefix(list: &[Message]) -> String {
    let text = text_of(&request(list.to_vec()));
    let at = text.find("\"tools\":").unwrap();
    text[at..]
        .replace(r#","cache_control":{"type":"ephemeral"}"#, "")
        .trim_end_matches(['}', ']'])
        .to_string()
}

proptest! {
    #[test]
    fn a_longer_conversation_begins_with_the_shorter_one(list in any_messages()) {
        let mut before = String::new();
        for end in 1..=list.len() {
            // Requests are made when the model is to speak.
            let awaited = !matches!(list[end - 1], Message::Assistant(_));
            let open = matches!(list.get(end), Some(Message::ToolResult(_)));
            if awaited && !open {
                let now = prefix(&list[..end]);
                prop_assert!(now.starts_with(&before), "{before}\n{now}");
                before = now;
            }
        }
    }

    #[test]
    fn bodies_are_valid_json_with_at_most_four_marks(list in any_messages()) {
        let text = text_of(&request(list));
        prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
        prop_assert!(text.matches("cache_control").count() <= 4);
        prop_assert!(!text.contains(r#""text":"""#));
    }
}
