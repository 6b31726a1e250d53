use proptest::prelude::*;

use super::*;
use crate::net::retry::Again;
use crate::provider::FailureKind;
use crate::provider::openai::testing::{blocks, decode, end, stream};

fn whole(frames: &[&str]) -> Vec<StreamEvent> {
    let (events, result) = decode(Box::<Decoder>::default(), &stream(frames), &[usize::MAX]);
    result.unwrap();
    events
}

const MIXED: &[&str] = &[
    r#"{"type":"response.created","response":{"id":"resp_1","model":"gpt-6.1-sol-20261020","output":[]}}"#,
    r#"{"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}}"#,
    r#"{"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":0,"part":{}}"#,
    r#"{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"Look \"here\" 日本"}"#,
    r#"{"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1", "type":"reasoning","summary":[{"type":"summary_text","text":"Look \"here\" 日本"}],"encrypted_content":"gA+/="}}"#,
    r#"{"type":"response.output_item.added","output_index":1,"item":{"type":"message","role":"assistant","content":[]}}"#,
    r#"{"type":"response.output_text.delta","output_index":1,"delta":"Reading"}"#,
    r#"{"type":"response.output_item.done","output_index":1,"item":{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Reading","annotations":[]}]}}"#,
    r#"{"type":"response.something_new","output_index":1,"delta":{"x":1}}"#,
    r#"{"type":"response.output_item.added","output_index":2,"item":{"type":"function_call","call_id":"call_1","name":"read_file","arguments":""}}"#,
    r#"{"type":"response.function_call_arguments.delta","output_index":2,"delta":"{\"path\":"}"#,
    r#"{"type":"response.function_call_arguments.delta","output_index":2,"delta":"\"a\"}"}"#,
    r#"{"type":"response.output_item.done","output_index":2,"item":{"id":"fc_1","type":"function_call","call_id":"call_1","name":"read_file","arguments":"{\"path\":\"a\"}","status":"completed"}}"#,
    r#"{"type":"response.output_item.done","output_index":3,"item":{"id":"ws_1","type":"web_search_call","action":{"type":"search","query":"rust"}}}"#,
    r#"{"type":"response.completed","response":{"model":"gpt-6.1-sol-20261020","output":[],"usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":60,"cache_write_tokens":30},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":4}}}}"#,
];

#[test]
fn a_mixed_answer_is_taken_apart() {
    let events = whole(MIXED);
    assert_eq!(
        events[0],
        StreamEvent::Start {
            model: "gpt-6.1-sol-20261020".into()
        }
    );
    let blocks = blocks(&events);
    let [
        ContentBlock::Thinking {
            text,
            opaque: Some(reasoning),
        },
        said,
        ContentBlock::ToolCall { id, arguments, .. },
        ContentBlock::ServerSide { summary, .. },
    ] = &blocks[..]
    else {
        panic!("{blocks:?}");
    };
    assert_eq!(text, "Look \"here\" 日本");
    assert!(MIXED[4].contains(&reasoning.0), "kept byte for byte");
    assert_eq!(*said, ContentBlock::text("Reading"));
    assert_eq!(
        (id.as_str(), arguments.as_str()),
        ("call_1", r#"{"path":"a"}"#)
    );
    assert_eq!(summary, "web search: rust");
    let (stop, usage) = end(&events);
    assert_eq!(stop, StopReason::ToolUse);
    assert_eq!(
        (usage.input, usage.cache_read, usage.cache_write),
        (10, 60, 30)
    );
    assert_eq!(
        (usage.output, usage.reasoning, usage.web_searches),
        (9, 4, 1)
    );
}

proptest! {
    #[test]
    fn chunking_changes_nothing(sizes in prop::collection::vec(1usize..40, 1..8)) {
        let (events, result) = decode(Box::<Decoder>::default(), &stream(MIXED), &sizes);
        prop_assert!(result.is_ok());
        prop_assert_eq!(events, whole(MIXED));
    }

    #[test]
    fn nothing_panics(text in "\\PC{0,200}", at in 0..MIXED.len()) {
        let frames = [MIXED[at], text.as_str(), MIXED[14]];
        let _ = decode(Box::<Decoder>::default(), &stream(&frames), &[7]);
    }
}

#[test]
fn every_end_is_told_apart() {
    let text = r#"{"type":"response.output_text.delta","output_index":0,"delta":"half"}"#;
    let end_of = |last: &str| {
        let events = whole(&[text, last]);
        assert_eq!(blocks(&events), [ContentBlock::text("half")]);
        end(&events).0
    };
    let incomplete = |reason: &str| {
        format!(
            r#"{{"type":"response.incomplete","response":{{"incomplete_details":{{"reason":"{reason}"}}}}}}"#
        )
    };
    assert_eq!(
        end_of(&incomplete("max_output_tokens")),
        StopReason::MaxTokens
    );
    assert!(matches!(
        end_of(&incomplete("content_filter")),
        StopReason::Refusal {
            category: Some(_),
            ..
        }
    ));
    let completed = r#"{"type":"response.completed","response":{"output":[{"type":"message","content":[{"type":"output_text","text":"half"}]}]}}"#;
    assert_eq!(end_of(completed), StopReason::EndTurn);
    let refused = r#"{"type":"response.completed","response":{"output":[{"type":"message","content":[{"type":"refusal","refusal":"No."}]}]}}"#;
    let events = whole(&[refused]);
    assert!(matches!(end(&events).0, StopReason::Refusal { .. }));
    assert_eq!(blocks(&events)[0].as_text(), Some("No."));
}

#[test]
fn errors_end_the_answer() {
    for (frame, kind, again) in [
        (
            r#"{"type":"error","code":"context_length_exceeded","message":"m"}"#,
            FailureKind::ContextOverflow,
            Again::Never,
        ),
        (
            r#"{"type":"response.failed","response":{"error":{"code":"server_error","message":"m"}}}"#,
            FailureKind::Overloaded,
            Again::Soon,
        ),
        ("{broken", FailureKind::Protocol, Again::Soon),
    ] {
        let (_, result) = decode(Box::<Decoder>::default(), &stream(&[frame]), &[9]);
        let fault = result.unwrap_err();
        assert_eq!((fault.kind, fault.again), (kind, again), "{frame}");
    }
    let (events, _) = decode(Box::<Decoder>::default(), &stream(&MIXED[..6]), &[9]);
    assert!(!matches!(events.last(), Some(StreamEvent::Done { .. })));
}

#[test]
fn a_phase_is_kept_with_its_message() {
    let item = r#"{"id":"msg_1","type":"message","phase":"commentary","content":[{"type":"output_text","text":"hm"}]}"#;
    let done = format!(r#"{{"type":"response.output_item.done","output_index":0,"item":{item}}}"#);
    let events = whole(&[&done, r#"{"type":"response.completed","response":{}}"#]);
    let opaque = Some(Opaque(item.into()));
    let text = "hm".into();
    assert_eq!(blocks(&events), [ContentBlock::Text { text, opaque }]);
}
