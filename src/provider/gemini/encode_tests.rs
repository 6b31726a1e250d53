use serde_json::{Value, json};

use super::*;
use crate::protocol::message::Opaque;
use crate::provider::models;
use crate::provider::openai::testing::{
    assistant, call, context, image, request, result, thinking, user,
};

fn encoded(request: &ModelRequest) -> Value {
    serde_json::from_slice(&body(request)).unwrap()
}

fn with(text: &str, opaque: &str) -> ContentBlock {
    ContentBlock::Text {
        text: text.into(),
        opaque: Some(Opaque(opaque.into())),
    }
}

fn signed(mut block: ContentBlock, kept: &str) -> ContentBlock {
    if let ContentBlock::ToolCall { opaque, .. } = &mut block {
        *opaque = Some(Opaque(kept.into()));
    }
    block
}

/// A message of the vendor's own.
fn own(content: Vec<ContentBlock>) -> Message {
    let mut message = assistant(content);
    if let Message::Assistant(message) = &mut message {
        message.origin.wire = "gemini".into();
    }
    message
}

/// A conversation with a bit of everything.
fn everything() -> Vec<Message> {
    vec![
        context("Date: today."),
        user(&["look", "closely"]),
        own(vec![
            thinking("hm", None),
            thinking("hm!", Some(r#"{"thoughtSignature":"T"}"#)),
            with("a", r#"{"after":"A"}"#),
            signed(call("f1", r#"{"path":"a"}"#), r#"{"thoughtSignature":"S"}"#),
            signed(call("call_4", ""), r#"{"noId":true}"#),
        ]),
        result("f1", vec![ContentBlock::text("one"), image()], false),
        result("call_4", vec![], true),
        user(&["go on"]),
        // Of another vendor: unsigned, and not even JSON.
        assistant(vec![call("x1", "{broken"), call("x2", "{}")]),
        result("x1", vec![ContentBlock::text("bad")], true),
        result("x2", vec![ContentBlock::text("ok")], false),
    ]
}

#[test]
fn a_conversation_takes_the_formats_shape() {
    let body = encoded(&request("gemini", everything()));
    insta::assert_snapshot!(serde_json::to_string_pretty(&body).unwrap());
}

#[test]
fn one_body_is_the_beginning_of_the_next() {
    let all = everything();
    for (shorter, longer) in [(2, 3), (5, 7), (6, 9)] {
        let of = |n: usize| {
            let text = String::from_utf8(body(&request("gemini", all[..n].to_vec()))).unwrap();
            text.trim_end_matches([']', '}']).to_string()
        };
        assert!(of(longer).starts_with(&of(shorter)), "{shorter} {longer}");
    }
}

fn thinking_of(model: &str, words: (Option<bool>, Option<u64>, Option<&str>)) -> Value {
    let mut request = request("gemini", vec![user(&["x"])]);
    request.model = models::lookup("gemini", model).into();
    request.thinking = ThinkingSetting {
        enabled: words.0,
        budget: words.1,
        effort: words.2.and_then(crate::protocol::model::Effort::parse),
    };
    encoded(&request)["generationConfig"]["thinkingConfig"].clone()
}

#[test]
fn thinking_takes_the_models_shape() {
    let (on, off) = (Some(true), Some(false));
    let shown = |key: &str, value: Value| json!({"includeThoughts": true, key: value});
    for (model, words, expected) in [
        (
            "gemini-3.8-flash",
            (None, None, None),
            json!({"includeThoughts": true}),
        ),
        (
            "gemini-3.8-flash",
            (off, None, None),
            shown("thinkingLevel", "LOW".into()),
        ),
        (
            "gemini-3.8-flash",
            (on, None, Some("max")),
            shown("thinkingLevel", "HIGH".into()),
        ),
        (
            "gemini-3.6-flash",
            (off, None, None),
            shown("thinkingLevel", "MINIMAL".into()),
        ),
        (
            "gemini-2.5-flash",
            (off, None, None),
            json!({"includeThoughts": false, "thinkingBudget": 0}),
        ),
        (
            "gemini-2.5-pro",
            (off, None, None),
            shown("thinkingBudget", 128.into()),
        ),
        (
            "gemini-2.5-pro",
            (on, Some(2000), None),
            shown("thinkingBudget", 2000.into()),
        ),
        (
            "gemini-2.5-pro",
            (on, None, None),
            shown("thinkingBudget", (-1).into()),
        ),
        (
            "gemini-9-nova",
            (on, None, None),
            json!({"includeThoughts": true}),
        ),
        ("gemma-9", (on, None, None), Value::Null),
    ] {
        assert_eq!(thinking_of(model, words), expected, "{model} {words:?}");
    }
}

#[test]
fn search_stands_beside_functions_where_the_model_allows_it() {
    let mut request = request("gemini", vec![user(&["x"])]);
    request.web_search = true;
    let body = encoded(&request);
    assert_eq!(body["tools"][1], json!({"googleSearch": {}}));
    assert_eq!(
        body["toolConfig"],
        json!({"includeServerSideToolInvocations": true})
    );
    request.model = models::lookup("gemini", "gemini-2.5-pro").into();
    let body = encoded(&request);
    assert_eq!(
        (body["tools"].as_array().unwrap().len(), &body["toolConfig"]),
        (1, &Value::Null)
    );
    request.tools = Vec::new().into();
    assert_eq!(encoded(&request)["tools"], json!([{"googleSearch": {}}]));
}

#[test]
fn older_models_get_images_after_the_results_and_no_made_up_signatures() {
    let mut request = request("gemini", everything());
    request.model = models::lookup("gemini", "gemini-2.5-pro").into();
    let body = encoded(&request);
    let text = body.to_string();
    assert!(!text.contains(NO_SIGNATURE));
    let contents = body["contents"].as_array().unwrap();
    assert_eq!(
        contents[2]["parts"][0]["functionResponse"]["parts"],
        Value::Null
    );
    assert!(contents[3]["parts"][0]["inlineData"].is_object(), "{body}");
}
