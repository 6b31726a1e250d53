use proptest::prelude::*;

use super::*;
use crate::net::retry::Again;
use crate::provider::FailureKind;
use crate::provider::openai::testing::{self, stream};

fn decode(body: &str, sizes: &[usize]) -> (Vec<StreamEvent>, Result<(), Fault>) {
    testing::decode(Box::<Decoder>::default(), body, sizes)
}

fn whole(body: &str) -> Vec<StreamEvent> {
    let (events, result) = decode(body, &[usize::MAX]);
    result.unwrap();
    events
}

/// A message around these block frames.
fn message(frames: &[&str], stop: &str) -> String {
    let mut all = vec![
        r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",
            "model":"claude-sonnet-5-5","content":[],"stop_reason":null,"usage":{"input_tokens":7,
            "cache_read_input_tokens":100,"cache_creation_input_tokens":20,"output_tokens":1}}}"#
            .replace('\n', ""),
    ];
    all.extend(frames.iter().map(|frame| frame.to_string()));
    all.push(format!(
        r#"{{"type":"message_delta","delta":{{"stop_reason":"{stop}","stop_sequence":null}},"usage":{{"output_tokens":42}}}}"#
    ));
    all.push(r#"{"type":"message_stop"}"#.to_string());
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    stream(&all)
}

fn blocks(events: &[StreamEvent]) -> Vec<&ContentBlock> {
    let mut found = Vec::new();
    for event in events {
        if let StreamEvent::BlockDone { block, .. } = event {
            found.push(block);
        }
    }
    found
}

fn end(events: &[StreamEvent]) -> (&StopReason, Usage) {
    match events.last() {
        Some(StreamEvent::Done { stop, usage }) => (stop, *usage),
        other => panic!("{other:?}"),
    }
}

const MIXED: &[&str] = &[
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
    r#"{"type":"ping"}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":""}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Two \"readings\" 日本"}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"Eq+/=="}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"AbC+/="}}"#,
    r#"{"type":"content_block_stop","index":1}"#,
    r#"{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"Reading\n"}}"#,
    r#"{"type":"content_block_delta","index":2,"delta":{"type":"some_new_delta","text":"not shown"}}"#,
    r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"🦀"}}"#,
    r#"{"type":"content_block_stop","index":2}"#,
    r#"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_1","name":"read_file","input":{}}}"#,
    r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":""}}"#,
    r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"path\": \"a"}}"#,
    r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":".rs\", \"n\": 1.50}"}}"#,
    r#"{"type":"content_block_stop","index":3}"#,
    r#"{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"toolu_2","name":"list","input":{}}}"#,
    r#"{"type":"content_block_stop","index":4}"#,
];

#[test]
fn text_thinking_and_calls_arrive_in_order() {
    let events = whole(&message(MIXED, "tool_use"));
    let deltas: Vec<String> = events
        .iter()
        .filter_map(|event| match event {
            StreamEvent::Delta { index, delta } => Some(format!("{index} {delta:?}")),
            _ => None,
        })
        .collect();
    assert_eq!(
        deltas,
        [
            r#"0 Thinking("Two \"readings\" 日本")"#,
            r#"2 Text("Reading\n")"#,
            r#"2 Text("🦀")"#,
            r#"3 ToolName("read_file")"#,
            r#"3 Arguments("{\"path\": \"a")"#,
            r#"3 Arguments(".rs\", \"n\": 1.50}")"#,
            r#"4 ToolName("list")"#,
        ]
    );
    let call = |id: &str, name: &str, arguments: &str| ContentBlock::ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
        opaque: None,
    };
    let thinking = |text: &str, opaque: &str| ContentBlock::Thinking {
        text: text.into(),
        opaque: Some(Opaque(opaque.into())),
    };
    assert_eq!(
        blocks(&events),
        [
            &thinking("Two \"readings\" 日本", r#"{"signature":"Eq+/=="}"#),
            &thinking("", r#"{"type":"redacted_thinking","data":"AbC+/="}"#),
            &ContentBlock::text("Reading\n🦀"),
            &call("toolu_1", "read_file", r#"{"path": "a.rs", "n": 1.50}"#),
            &call("toolu_2", "list", "{}"),
        ]
    );
    let usage = Usage {
        input: 7,
        cache_read: 100,
        cache_write: 20,
        output: 42,
        ..Usage::default()
    };
    assert_eq!(end(&events), (&StopReason::ToolUse, usage));
    assert_eq!(
        events[0],
        StreamEvent::Start {
            model: "claude-sonnet-5-5".into()
        }
    );
}

#[test]
fn vendor_run_tools_are_kept_whole_and_named() {
    let events = whole(&message(
        &[
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"srv_1","name":"web_search","input":{},"caller":{"type":"direct"}}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"query\": \"rust"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":" 1.95\"}"}}"#,
            r#"{"type":"content_block_stop","index":0}"#,
            r#"{"type":"content_block_start","index":1,"content_block":{"type":"web_search_tool_result","tool_use_id":"srv_1","content":[{"url":"https://a/","encrypted_content":"x+/="}]}}"#,
            r#"{"type":"content_block_stop","index":1}"#,
            r#"{"type":"content_block_start","index":2,"content_block":{"type":"text","text":"","citations":[]}}"#,
            r#"{"type":"content_block_delta","index":2,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://a/","title":"A","encrypted_index":"E+/="}}}"#,
            r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"It is out."}}"#,
            r#"{"type":"content_block_stop","index":2}"#,
            r#"{"type":"content_block_start","index":3,"content_block":{"type":"hologram","x": 1.0}}"#,
            r#"{"type":"content_block_stop","index":3}"#,
        ],
        "pause_turn",
    ));
    let server = |summary: &str, opaque: &str| ContentBlock::ServerSide {
        summary: summary.into(),
        opaque: Some(Opaque(opaque.into())),
    };
    let cited = ContentBlock::Text {
        text: "It is out. ([A](<https://a/>))".into(),
        opaque: Some(Opaque(
            r#"{"type":"text","text":"It is out.","citations":[{"type":"web_search_result_location","url":"https://a/","title":"A","encrypted_index":"E+/="}]}"#.into(),
        )),
    };
    assert_eq!(
        blocks(&events),
        [
            &server(
                "web search: rust 1.95",
                r#"{"type":"server_tool_use","id":"srv_1","name":"web_search","input":{"query": "rust 1.95"},"caller":{"type":"direct"}}"#
            ),
            &server(
                "web search: 1 result",
                r#"{"type":"web_search_tool_result","tool_use_id":"srv_1","content":[{"url":"https://a/","encrypted_content":"x+/="}]}"#
            ),
            &cited,
            &server("hologram", r#"{"type":"hologram","x": 1.0}"#),
        ]
    );
    assert_eq!(end(&events).0, &StopReason::PauseTurn);
    let shown: String = events
        .iter()
        .filter_map(|event| match event {
            StreamEvent::Delta {
                delta: Delta::Text(text),
                ..
            } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(shown, "It is out. ([A](<https://a/>))");
}

#[test]
fn every_stop_reason_is_understood() {
    for (wire, expected) in [
        ("end_turn", StopReason::EndTurn),
        ("stop_sequence", StopReason::EndTurn),
        ("tool_use", StopReason::ToolUse),
        ("max_tokens", StopReason::MaxTokens),
        ("pause_turn", StopReason::PauseTurn),
        ("model_context_window_exceeded", StopReason::ContextWindow),
        ("compaction", StopReason::EndTurn),
        ("something_new", StopReason::EndTurn),
    ] {
        assert_eq!(end(&whole(&message(&[], wire))).0, &expected, "{wire}");
    }
    let refusal = r#"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal","category":"cyber","explanation":"No."}},"usage":null}"#;
    let events = whole(&stream(&[refusal, r#"{"type":"message_stop"}"#]));
    let refused = StopReason::Refusal {
        category: Some("cyber".into()),
        explanation: Some("No.".into()),
    };
    assert_eq!(end(&events).0, &refused);
    let bare = refusal.replace(
        r#"{"type":"refusal","category":"cyber","explanation":"No."}"#,
        "null",
    );
    let events = whole(&stream(&[&bare, r#"{"type":"message_stop"}"#]));
    assert!(matches!(
        end(&events).0,
        StopReason::Refusal { category: None, .. }
    ));
}

#[test]
fn a_call_cut_by_the_output_limit_keeps_its_broken_arguments() {
    let events = whole(&message(
        &[
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"write_file","input":{}}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"content\": \"half"}}"#,
        ],
        "max_tokens",
    ));
    let [ContentBlock::ToolCall { arguments, .. }] = blocks(&events)[..] else {
        panic!("{events:?}");
    };
    assert_eq!(arguments, "{\"content\": \"half");
    assert_eq!(end(&events).0, &StopReason::MaxTokens);
}

#[test]
fn calls_are_answered_even_when_the_stated_reason_is_another() {
    let call = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{"whole": 1}}}"#;
    let events = whole(&message(&[call], "end_turn"));
    assert_eq!(end(&events).0, &StopReason::ToolUse);
    assert!(matches!(
        blocks(&events)[0],
        ContentBlock::ToolCall { arguments, .. } if arguments == r#"{"whole": 1}"#
    ));
}

#[test]
fn usage_is_overwritten_not_added() {
    let start = r#"{"type":"message_start","message":{"model":"m","usage":{"input_tokens":5,"cache_creation_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20},"output_tokens":1,"cache_read_input_tokens":null}}}"#;
    let delta = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":6,"cache_creation_input_tokens":30,"cache_read_input_tokens":9,"output_tokens":50,"output_tokens_details":{"thinking_tokens":40},"server_tool_use":{"web_search_requests":2}}}"#;
    let events = whole(&stream(&[
        start,
        delta,
        delta,
        r#"{"type":"message_stop"}"#,
    ]));
    let expected = Usage {
        input: 6,
        cache_read: 9,
        cache_write: 10,
        cache_write_long: 20,
        output: 50,
        reasoning: 40,
        web_searches: 2,
    };
    assert_eq!(end(&events).1, expected);
}

#[test]
fn errors_and_garbage_end_the_stream() {
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let bare = r#"{"error":{"message":"quota"}}"#;
    for (frame, kind, again) in [
        (error, FailureKind::Overloaded, Again::Busy),
        (bare, FailureKind::Overloaded, Again::Soon),
        ("{\"type\":", FailureKind::Protocol, Again::Soon),
        (
            r#"{"type":"content_block_start","index":0,"content_block":7}"#,
            FailureKind::Protocol,
            Again::Soon,
        ),
    ] {
        let (events, result) = decode(&stream(&[MIXED[8], MIXED[9], frame]), &[5]);
        let fault = result.unwrap_err();
        assert_eq!((fault.kind, fault.again), (kind, again), "{frame}");
        assert_eq!(events.len(), 1, "what came before stays");
    }
}

#[test]
fn strays_are_ignored() {
    let events = whole(&message(
        &[
            r#"{"type":"content_block_delta","index":9,"delta":{"type":"text_delta","text":"x"}}"#,
            r#"{"type":"content_block_stop","index":9}"#,
            r#"{"type":"content_block_start","index":0}"#,
            r#"{"type":"brand_new","payload":[1,2]}"#,
            "[DONE]",
            "{}",
        ],
        "end_turn",
    ));
    assert_eq!(events.len(), 2, "{events:?}");
}

proptest! {
    #[test]
    fn any_chunking_decodes_alike(sizes in prop::collection::vec(1usize..40, 1..50)) {
        let body = message(MIXED, "tool_use");
        prop_assert_eq!(decode(&body, &sizes), (whole(&body), Ok(())));
    }

    #[test]
    fn a_stream_cut_anywhere_never_looks_finished(cut in any::<prop::sample::Index>()) {
        let body = message(MIXED, "tool_use");
        // The last three bytes are the end of the JSON and its blank line.
        let cut = body.floor_char_boundary(cut.index(body.len() - 3));
        let (events, _) = decode(&body[..cut], &[17]);
        let done = |event: &StreamEvent| matches!(event, StreamEvent::Done { .. });
        prop_assert!(!events.iter().any(done));
    }
}
