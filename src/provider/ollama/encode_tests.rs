use serde_json::Value;

use super::*;
use crate::provider::models;
use crate::provider::openai::testing::{
    assistant, call, context, image, request, result, thinking, user,
};

const SEES: Abilities = Abilities {
    context: Some(40_960),
    tools: Some(true),
    vision: Some(true),
    thinking: Some(true),
};

fn encoded(request: &ModelRequest, abilities: Abilities) -> Value {
    serde_json::from_slice(&body(request, &abilities)).unwrap()
}

fn everything() -> Vec<Message> {
    vec![
        context("Date: today."),
        user(&["look"]),
        assistant(vec![
            thinking("hm", None),
            ContentBlock::text("reading"),
            call("c1", r#"{"path":"a"}"#),
            call("c2", "{broken"),
        ]),
        result("c1", vec![image()], false),
        result("c2", vec![], true),
        user(&["go on"]),
        assistant(vec![ContentBlock::text("done")]),
    ]
}

#[test]
fn a_conversation_takes_the_formats_shape() {
    let body = encoded(&request("ollama", everything()), SEES);
    insta::assert_snapshot!(serde_json::to_string_pretty(&body).unwrap());
}

#[test]
fn one_body_is_the_beginning_of_the_next() {
    let all = everything();
    for (shorter, longer) in [(2, 3), (5, 7)] {
        let of = |n: usize| {
            let request = request("ollama", all[..n].to_vec());
            let text = String::from_utf8(body(&request, &Abilities::default())).unwrap();
            text.trim_end_matches([']', '}']).to_string()
        };
        // The images of results come as a message of their own.
        assert!(of(longer).starts_with(&of(shorter)), "{shorter} {longer}");
    }
}

#[test]
fn the_window_is_what_the_model_and_the_catalogue_allow() {
    let request = request("ollama", vec![user(&["x"])]);
    let window = |context| {
        let abilities = Abilities { context, ..SEES };
        encoded(&request, abilities)["options"]["num_ctx"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(
        [window(None), window(Some(8_192)), window(Some(1 << 20))],
        [65_536, 8_192, 65_536]
    );
}

#[test]
fn thinking_is_asked_for_only_where_there_is_some() {
    let thinks = |model: &str, on: Option<bool>, effort: Option<&str>, can: Option<bool>| {
        let mut request = request("ollama", vec![user(&["x"])]);
        request.model = models::lookup("ollama", model).into();
        request.thinking = ThinkingSetting {
            enabled: on,
            effort: effort.and_then(crate::protocol::model::Effort::parse),
            budget: None,
        };
        let abilities = Abilities {
            thinking: can,
            ..SEES
        };
        encoded(&request, abilities)["think"].to_string()
    };
    let (on, off) = (Some(true), Some(false));
    for (model, setting, effort, can, expected) in [
        ("qwen3.8:27b", None, None, None, "null"),
        ("qwen3.8:27b", on, Some("high"), None, "true"),
        ("qwen3.8:27b", off, None, on, "false"),
        ("qwen3.8:27b", on, None, off, "null"),
        ("qwen3-coder:30b", on, None, None, "null"),
        ("gpt-oss:20b", on, Some("max"), on, "\"high\""),
        ("gpt-oss:20b", off, None, on, "\"low\""),
        ("gpt-oss:20b", None, None, on, "null"),
        ("someone/new:1b", on, None, on, "true"),
    ] {
        assert_eq!(thinks(model, setting, effort, can), expected, "{model}");
    }
}

#[test]
fn a_model_without_eyes_is_told_so() {
    let blind = Abilities {
        vision: Some(false),
        ..SEES
    };
    let body = encoded(&request("ollama", everything()), blind).to_string();
    assert!(body.contains(parts::UNSEEN) && !body.contains("\"images\""));
}
