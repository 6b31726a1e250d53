//! Whatever a session goes through, a request is the beginning of the next one's, on
//! every wire: that is what vendors' caches live on.

use proptest::prelude::*;

use super::openai::testing;
use super::openai::{Dialect, testing as make};
use super::{ModelRequest, anthropic, gemini, handoff, models, ollama, registry};
use super::{openai_chat, openai_responses};
use crate::protocol::message::{ContentBlock, Message, Opaque};
use crate::session::repair;

/// What happens between two requests.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The model calls so many tools, which answer; one of them with an image.
    Calls(u8),
    /// The model answers, the user goes on.
    Turn,
    /// The user stops the model before it said anything, and goes on.
    Stopped,
    /// The user stops calls: one has a result, the others have none.
    Killed,
    /// A reminder, or a message that comes in between.
    Reminder,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1u8..4).prop_map(Step::Calls),
        Just(Step::Turn),
        Just(Step::Stopped),
        Just(Step::Killed),
        Just(Step::Reminder),
    ];
    prop::collection::vec(step, 1..12)
}

/// What the vendor itself would have sent along, by wire.
fn opaque(wire: &str, call: bool) -> Option<Opaque> {
    let text = match (wire, call) {
        ("anthropic", false) => r#"{"signature":"c2ln"}"#,
        ("openai_responses", false) => {
            r#"{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"abc"}"#
        }
        ("gemini", true) => r#"{"thoughtSignature":"c2ln"}"#,
        ("openai_chat", false) => r#"{"field":"reasoning_content"}"#,
        _ => return None,
    };
    Some(Opaque(text.to_string()))
}

fn said(provider: &str, wire: &str, mut content: Vec<ContentBlock>) -> Message {
    content.insert(
        0,
        ContentBlock::Thinking {
            text: "hm".into(),
            opaque: opaque(wire, false),
        },
    );
    let mut message = make::assistant(content);
    if let Message::Assistant(message) = &mut message {
        message.origin.provider = provider.into();
        message.origin.wire = wire.into();
    }
    message
}

fn called(wire: &str, number: usize, index: u8) -> ContentBlock {
    ContentBlock::ToolCall {
        id: format!("call_{number}_{index}"),
        name: "read_file".into(),
        arguments: r#"{"path": "a"}"#.into(),
        opaque: opaque(wire, true).filter(|_| index == 0),
    }
}

fn take(step: Step, number: usize, provider: &str, wire: &str, log: &mut Vec<Message>) {
    let result = |index: u8| {
        let content = match index {
            1 => vec![make::image()],
            _ => vec![ContentBlock::text(format!("result {number}"))],
        };
        testing::result(&format!("call_{number}_{index}"), content, index == 2)
    };
    match step {
        Step::Calls(count) => {
            let calls = (0..count).map(|index| called(wire, number, index));
            let text = ContentBlock::text(format!("step {number}"));
            log.push(said(
                provider,
                wire,
                std::iter::once(text).chain(calls).collect(),
            ));
            log.extend((0..count).map(result));
        }
        Step::Turn => {
            let text = ContentBlock::text(format!("answer {number}"));
            log.push(said(provider, wire, vec![text]));
            log.push(make::user(&[&format!("question {number}")]));
        }
        Step::Stopped => {
            log.push(make::context("The user interrupted the turn here."));
            log.push(make::user(&["go on"]));
        }
        Step::Killed => {
            log.push(said(
                provider,
                wire,
                (0..3).map(|index| called(wire, number, index)).collect(),
            ));
            log.push(result(0));
            log.push(make::user(&["what happened?"]));
        }
        Step::Reminder => log.push(make::context(&format!("reminder {number}"))),
    }
}

fn body(provider: &str, log: &[Message]) -> String {
    let row = registry::info(provider).unwrap();
    let mut messages = repair::repaired(log, 0);
    handoff::adapt(&mut messages, row.id, row.wire);
    let request = ModelRequest {
        model: models::lookup(provider, models::default_model(provider)).into(),
        ..make::request(provider, messages)
    };
    let dialect = Dialect {
        quirks: row.quirks,
        refused: &[],
    };
    let body = match row.wire {
        "anthropic" => anthropic::body(&request),
        "openai_responses" => openai_responses::body(&request, dialect),
        "gemini" => gemini::body(&request),
        "ollama" => ollama::body(&request, &super::Abilities::default()),
        _ => openai_chat::body(&request, dialect),
    };
    let body = String::from_utf8(body).unwrap();
    // Marks move; vendors leave them out when they compare.
    let mut plain = body.replace(r#","cache_control":{"type":"ephemeral"}"#, "");
    plain = plain.replace(r#","cache_control":{"type":"ephemeral","ttl":"1h"}"#, "");
    plain.trim_end_matches([']', '}', '"']).to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_request_is_the_beginning_of_the_next(steps in steps()) {
        for provider in ["anthropic", "openai", "groq", "deepseek", "gemini", "ollama"] {
            let wire = registry::info(provider).unwrap().wire;
            let mut log = vec![make::context("Date: today."), make::user(&["start"])];
            let mut before = body(provider, &log);
            for (number, step) in steps.iter().enumerate() {
                take(*step, number, provider, wire, &mut log);
                let after = body(provider, &log);
                prop_assert!(after.starts_with(&before), "{provider} {step:?}\n{before}\n{after}");
                before = after;
            }
        }
    }
}
