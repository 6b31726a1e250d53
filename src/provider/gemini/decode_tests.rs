use proptest::prelude::*;

use super::*;
use crate::provider::openai::testing::{blocks, decode, end, stream};

fn whole(frames: &[&str]) -> (Vec<StreamEvent>, Result<(), Fault>) {
    decode(Box::<Decoder>::default(), &stream(frames), &[usize::MAX])
}

fn answer(frames: &[&str]) -> Vec<StreamEvent> {
    let (events, result) = whole(frames);
    result.unwrap();
    events
}

const MIXED: &[&str] = &[
    r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Look 日本","thought":true}]}}],"usageMetadata":{"promptTokenCount":90},"modelVersion":"gemini-3.8-flash"}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":" there","thought":true},{"text":"Reading "}]}}]}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":"it"}]}}]}"#,
    r#"{"candidates":[{"content":{"parts":[{"functionCall":{"id":"f1","name":"read_file","args":{"path":"a", "n":1.0}},"thoughtSignature":"c2ln"}]}}]}"#,
    r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"list"}}]}}]}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":60,"candidatesTokenCount":5,"thoughtsTokenCount":4,"toolUsePromptTokenCount":7}}"#,
];

#[test]
fn a_mixed_answer_is_taken_apart() {
    let events = answer(MIXED);
    assert_eq!(
        events[0],
        StreamEvent::Start {
            model: "gemini-3.8-flash".into()
        }
    );
    let call = |id: &str, name: &str, arguments: &str, opaque: &str| ContentBlock::ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
        opaque: Some(Opaque(opaque.into())),
    };
    assert_eq!(
        blocks(&events),
        [
            ContentBlock::Thinking {
                text: "Look 日本 there".into(),
                opaque: None,
            },
            ContentBlock::text("Reading it"),
            call(
                "f1",
                "read_file",
                r#"{"path":"a", "n":1.0}"#,
                r#"{"thoughtSignature":"c2ln"}"#
            ),
            call("call_3", "list", "{}", r#"{"noId":true}"#),
        ]
    );
    let usage = Usage {
        input: 47,
        cache_read: 60,
        output: 9,
        reasoning: 4,
        ..Usage::default()
    };
    assert_eq!(end(&events), (StopReason::ToolUse, usage));
}

proptest! {
    #[test]
    fn any_chunks_agree(sizes in prop::collection::vec(1usize..40, 1..8)) {
        let (events, result) = decode(Box::<Decoder>::default(), &stream(MIXED), &sizes);
        prop_assert!(result.is_ok());
        prop_assert_eq!(events, answer(MIXED));
    }
}

#[test]
fn signatures_stay_with_their_parts() {
    let events = answer(&[
        r#"{"candidates":[{"content":{"parts":[{"text":"one "},{"text":"two","thoughtSignature":"YQ=="},{"text":"three"}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"Yg=="},{"text":"","thoughtSignature":"Yw=="}]},"finishReason":"STOP"}]}"#,
    ]);
    let text = |text: &str, opaque: Option<&str>| ContentBlock::Text {
        text: text.into(),
        opaque: opaque.map(|opaque| Opaque(opaque.into())),
    };
    assert_eq!(
        blocks(&events),
        [
            text("one ", None),
            text("two", Some(r#"{"thoughtSignature":"YQ=="}"#)),
            text("three", Some(r#"{"after":"Yg=="}"#)),
            ContentBlock::ServerSide {
                summary: String::new(),
                opaque: Some(Opaque(r#"{"text":"","thoughtSignature":"Yw=="}"#.into())),
            },
        ]
    );
}

#[test]
fn searches_are_named_and_their_parts_kept() {
    let events = answer(&[
        r#"{"candidates":[{"content":{"parts":[{"toolCall":{"id":"s","toolType":"GOOGLE_SEARCH"}},{"text":"Found."}]},"groundingMetadata":{"webSearchQueries":["rust 1.95"]},"finishReason":"STOP"}]}"#,
    ]);
    let raw = r#"{"toolCall":{"id":"s","toolType":"GOOGLE_SEARCH"}}"#;
    let server = |summary: &str, opaque: Option<&str>| ContentBlock::ServerSide {
        summary: summary.into(),
        opaque: opaque.map(|opaque| Opaque(opaque.into())),
    };
    assert_eq!(
        blocks(&events),
        [
            server("", Some(raw)),
            ContentBlock::text("Found."),
            server("web search: rust 1.95", None),
        ]
    );
    assert_eq!(end(&events).1.web_searches, 1);
}

#[test]
fn every_reason_to_stop_is_told_apart() {
    let frame = |reason: &str| {
        format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"text":"x"}}]}},"finishReason":"{reason}"}}]}}"#
        )
    };
    let stop = |reason: &str| end(&answer(&[&frame(reason)])).0;
    assert_eq!(stop("STOP"), StopReason::EndTurn);
    assert_eq!(stop("MAX_TOKENS"), StopReason::MaxTokens);
    for reason in ["SAFETY", "PROHIBITED_CONTENT", "SOMETHING_NEW"] {
        let category = Some(reason.to_lowercase().replace('_', " "));
        let explanation = None;
        let refusal = StopReason::Refusal {
            category,
            explanation,
        };
        assert_eq!(stop(reason), refusal);
    }
    for reason in [
        "MALFORMED_FUNCTION_CALL",
        "OTHER",
        "MISSING_THOUGHT_SIGNATURE",
    ] {
        let fault = whole(&[&frame(reason)]).1.unwrap_err();
        assert_eq!(fault.again, Again::Briefly, "{reason}");
    }
    let called = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"x"}}]},"finishReason":"FUNCTION_CALL"}]}"#;
    assert_eq!(end(&answer(&[called])).0, StopReason::ToolUse);
    let blocked = answer(&[r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#]);
    assert!(matches!(end(&blocked).0, StopReason::Refusal { .. }));
}

#[test]
fn an_empty_or_cut_answer_is_no_answer() {
    let empty = whole(&[r#"{"candidates":[{"content":{},"finishReason":"STOP"}]}"#]).1;
    assert_eq!(empty.unwrap_err().detail, "an empty answer");
    let (events, result) = whole(&MIXED[..3]);
    assert!(result.is_ok());
    assert!(!matches!(events.last(), Some(StreamEvent::Done { .. })));
    let error = r#"[{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}]"#;
    let fault = whole(&[MIXED[0], error]).1.unwrap_err();
    assert_eq!(
        (fault.kind, fault.detail.as_str()),
        (FailureKind::Overloaded, "overloaded")
    );
}
