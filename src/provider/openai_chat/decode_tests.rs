use proptest::prelude::*;

use super::*;
use crate::provider::openai::testing::{blocks, decode, end, stream};

fn whole(frames: &[&str]) -> Vec<StreamEvent> {
    let (events, result) = decode(Box::<Decoder>::default(), &stream(frames), &[usize::MAX]);
    result.unwrap();
    events
}

/// A stream of these deltas.
fn deltas(deltas: &[&str], reason: &str) -> Vec<String> {
    let chunk = |delta: &&str| format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#);
    let mut frames: Vec<String> = deltas.iter().map(chunk).collect();
    frames.push(format!(
        r#"{{"choices":[{{"delta":{{}},"finish_reason":"{reason}"}}]}}"#
    ));
    frames
}

fn answer(pieces: &[&str], reason: &str) -> Vec<StreamEvent> {
    let frames = deltas(pieces, reason);
    let mut frames: Vec<&str> = frames.iter().map(String::as_str).collect();
    frames.push("[DONE]");
    whole(&frames)
}

/// The calls of an answer as `id name arguments`.
fn calls(pieces: &[&str]) -> Vec<String> {
    let events = answer(pieces, "stop");
    assert_eq!(end(&events).0, StopReason::ToolUse);
    let line = |block: ContentBlock| match block {
        ContentBlock::ToolCall {
            id,
            name,
            arguments,
            ..
        } => format!("{id} {name} {arguments}"),
        other => panic!("{other:?}"),
    };
    blocks(&events).into_iter().map(line).collect()
}

const MIXED: &[&str] = &[
    r#"{"model":"m-1","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null}}],"usage":null}"#,
    r#"{"choices":[{"delta":{"reasoning_content":"Look 日本","content":null}}]}"#,
    r#"{"choices":[{"delta":{"content":"\n\n"}}]}"#,
    r#"{"choices":[{"delta":{"content":"Reading \"it\""}}]}"#,
    r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"read_file","arguments":""}}]}}]}"#,
    r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"path\":"}}]}}]}"#,
    r#"{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"c2","function":{"name":"list","arguments":"{}"}}]}}]}"#,
    r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"a\"}"}}]}}]}"#,
    r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#,
    r#"{"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":60},"completion_tokens_details":{"reasoning_tokens":4}}}"#,
    "[DONE]",
];

#[test]
fn a_mixed_answer_is_taken_apart() {
    let events = whole(MIXED);
    assert_eq!(
        events[0],
        StreamEvent::Start {
            model: "m-1".into()
        }
    );
    let call = |id: &str, name: &str, arguments: &str| ContentBlock::ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
        opaque: None,
    };
    assert_eq!(
        blocks(&events),
        [
            ContentBlock::Thinking {
                text: "Look 日本".into(),
                opaque: Some(Opaque(r#"{"field":"reasoning_content"}"#.into())),
            },
            ContentBlock::text("\n\nReading \"it\""),
            call("c1", "read_file", r#"{"path":"a"}"#),
            call("c2", "list", "{}"),
        ]
    );
    let (stop, usage) = end(&events);
    assert_eq!(stop, StopReason::ToolUse);
    assert_eq!((usage.input, usage.cache_read), (40, 60));
    assert_eq!((usage.output, usage.reasoning), (9, 4));
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
        let frames = [MIXED[at], text.as_str(), MIXED[8]];
        let _ = decode(Box::<Decoder>::default(), &stream(&frames), &[7]);
    }
}

#[test]
fn calls_are_put_together_whatever_the_server_leaves_out() {
    let one = "c1 f {\"a\":1}";
    for (what, pieces, expected) in [
        (
            "no index",
            &[
                r#"{"tool_calls":[{"id":"c1","function":{"name":"f","arguments":"{\"a\""}}]}"#,
                r#"{"tool_calls":[{"function":{"arguments":":1}"}}]}"#,
                r#"{"tool_calls":[{"id":"c2","function":{"name":"g","arguments":"{}"}}]}"#,
            ][..],
            &[one, "c2 g {}"][..],
        ),
        (
            "one index for all",
            &[
                r#"{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{\"a\":1}"}}]}"#,
                r#"{"tool_calls":[{"index":0,"id":"c2","function":{"name":"g","arguments":"{}"}}]}"#,
            ],
            &[one, "c2 g {}"],
        ),
        (
            "id and name repeated",
            &[
                r#"{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{\"a\""}}]}"#,
                r#"{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":":1}"}}]}"#,
            ],
            &[one],
        ),
        (
            "arguments as an object",
            &[
                r#"{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":{"a":1}}}]}"#,
            ],
            &[one],
        ),
        (
            "no id, no arguments",
            &[r#"{"tool_calls":[{"index":0,"function":{"name":"f","arguments":null}}]}"#],
            &["call_0 f {}"],
        ),
        (
            "the old way",
            &[
                r#"{"function_call":{"name":"f","arguments":"{\"a\""}}"#,
                r#"{"function_call":{"arguments":":1}"}}"#,
            ],
            &["call_0 f {\"a\":1}"],
        ),
    ] {
        assert_eq!(calls(pieces), expected, "{what}");
    }
}

#[test]
fn reasoning_is_found_wherever_it_is() {
    let field = |name: &str| Some(Opaque(format!(r#"{{"field":"{name}"}}"#)));
    for (pieces, opaque) in [
        (
            &[r#"{"reasoning":"th"}"#, r#"{"reasoning":"ink"}"#][..],
            field("reasoning"),
        ),
        (
            &[r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"think"}]}]}"#],
            field("part"),
        ),
        (
            &[r#"{"content":"<thi"}"#, r#"{"content":"nk>think</think>"}"#],
            None,
        ),
    ] {
        let mut all = pieces.to_vec();
        all.push(r#"{"content":"said"}"#);
        let thought = ContentBlock::Thinking {
            text: "think".into(),
            opaque,
        };
        let found = blocks(&answer(&all, "stop"));
        assert_eq!(found, [thought, ContentBlock::text("said")], "{pieces:?}");
    }
}

#[test]
fn reasoning_details_are_kept_whole() {
    let pieces = [
        r#"{"reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","index":0}]}"#,
        r#"{"reasoning":"b","reasoning_details":[{"type":"reasoning.text","text":"b","signature":"s","index":0}]}"#,
        r#"{"content":"said","reasoning_details":[{"type":"reasoning.encrypted","data":"x","index":1}]}"#,
    ];
    let found = blocks(&answer(&pieces, "stop"));
    let details = r#"{"reasoning_details":[{"type":"reasoning.text","text":"ab","index":0,"signature":"s"},{"type":"reasoning.encrypted","data":"x","index":1}]}"#;
    let opaque = Some(Opaque(details.into()));
    let text = String::new();
    assert_eq!(found.last(), Some(&ContentBlock::Thinking { text, opaque }));
}

#[test]
fn every_end_is_told_apart() {
    let stop = |reason: &str| end(&answer(&[r#"{"content":"x"}"#], reason)).0;
    for (reason, expected) in [
        ("stop", StopReason::EndTurn),
        ("", StopReason::EndTurn),
        ("length", StopReason::MaxTokens),
        ("model_length", StopReason::MaxTokens),
    ] {
        assert_eq!(stop(reason), expected, "{reason}");
    }
    assert!(matches!(stop("content_filter"), StopReason::Refusal { .. }));
    let refused = answer(&[r#"{"refusal":"No."}"#], "stop");
    assert!(matches!(end(&refused).0, StopReason::Refusal { .. }));
    assert_eq!(blocks(&refused), [ContentBlock::text("No.")]);
}

#[test]
fn the_end_may_lack_its_mark_but_not_its_reason() {
    let done = deltas(&[r#"{"content":"x"}"#], "stop");
    let done: Vec<&str> = done.iter().map(String::as_str).collect();
    assert_eq!(end(&whole(&done)).0, StopReason::EndTurn);
    let cut = whole(&done[..1]);
    assert!(!matches!(cut.last(), Some(StreamEvent::Done { .. })));
}

#[test]
fn usage_comes_in_many_places() {
    for (frame, expected) in [
        (
            r#"{"choices":[],"x_groq":{"usage":{"prompt_tokens":5,"completion_tokens":1}}}"#,
            (5, 0),
        ),
        (
            r#"{"choices":[],"usage":{"prompt_tokens":5,"prompt_cache_hit_tokens":2}}"#,
            (3, 2),
        ),
        (
            r#"{"choices":[],"usage":{"prompt_tokens":5,"cached_tokens":2}}"#,
            (3, 2),
        ),
        (
            r#"{"choices":[{"delta":{},"usage":{"prompt_tokens":5}}]}"#,
            (5, 0),
        ),
    ] {
        let (_, usage) = end(&whole(&[frame, "[DONE]"]));
        assert_eq!((usage.input, usage.cache_read), expected, "{frame}");
    }
}

#[test]
fn errors_end_the_answer() {
    for (frame, kind) in [
        (
            r#"{"error":{"message":"m","code":502}}"#,
            FailureKind::Overloaded,
        ),
        (
            r#"{"object":"error","message":"m","code":400}"#,
            FailureKind::BadRequest,
        ),
        (
            r#"{"choices":[{"delta":{},"finish_reason":"error"}]}"#,
            FailureKind::Overloaded,
        ),
        ("{broken", FailureKind::Protocol),
    ] {
        let (_, result) = decode(Box::<Decoder>::default(), &stream(&[frame]), &[9]);
        assert_eq!(result.unwrap_err().kind, kind, "{frame}");
    }
}
