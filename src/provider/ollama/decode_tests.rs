use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::net::lines::LineParser;
use crate::provider::openai::testing::{blocks, end};

fn whole(body: &str, sizes: &[usize]) -> (Vec<StreamEvent>, Result<(), Fault>) {
    let (mut decoder, mut parser) = (Decoder::default(), LineParser::default());
    let (mut out, mut result) = (VecDeque::new(), Ok(()));
    let mut rest = body.as_bytes();
    for size in sizes.iter().cycle() {
        let (head, tail) = rest.split_at((*size).min(rest.len()));
        let mut event = |line: &str| {
            if result.is_ok() {
                result = decoder.event(line, &mut out);
            }
        };
        parser.push(head, &mut event).unwrap();
        rest = tail;
        if rest.is_empty() {
            parser.finish(&mut event);
            break;
        }
    }
    (out.into(), result)
}

fn answer(body: &str) -> Vec<StreamEvent> {
    let (events, result) = whole(body, &[usize::MAX]);
    result.unwrap();
    events
}

const MIXED: &str = concat!(
    r#"{"model":"qwen3:8b","message":{"role":"assistant","content":"","thinking":"Look 日本"},"done":false}"#,
    "\n",
    r#"{"model":"qwen3:8b","message":{"role":"assistant","content":"Reading \"it\""},"done":false}"#,
    "\n",
    r#"{"model":"qwen3:8b","message":{"content":"","tool_calls":[{"id":"c1","function":{"index":0,"name":"read_file","arguments":{"path": "a"}}}]},"done":false}"#,
    "\n",
    r#"{"model":"qwen3:8b","message":{"content":"","tool_calls":[{"function":{"name":"list","arguments":"{}"}},{"function":{"name":"list"}}]},"done":false}"#,
    "\n",
    r#"{"model":"qwen3:8b","message":{"content":""},"done":true,"done_reason":"stop","prompt_eval_count":100,"eval_count":9}"#,
);

#[test]
fn a_mixed_answer_is_taken_apart() {
    let events = answer(MIXED);
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
                opaque: None,
            },
            ContentBlock::text("Reading \"it\""),
            call("c1", "read_file", r#"{"path": "a"}"#),
            call("call_3", "list", "{}"),
            call("call_4", "list", "{}"),
        ]
    );
    let usage = Usage {
        input: 100,
        output: 9,
        ..Usage::default()
    };
    assert_eq!(end(&events), (StopReason::ToolUse, usage));
}

proptest! {
    #[test]
    fn any_chunks_agree(sizes in prop::collection::vec(1usize..40, 1..8)) {
        let (events, result) = whole(MIXED, &sizes);
        prop_assert!(result.is_ok());
        prop_assert_eq!(events, answer(MIXED));
    }
}

#[test]
fn tags_become_reasoning_and_the_last_line_counts() {
    let events = answer(concat!(
        r#"{"message":{"content":"<thi"},"done":false}"#,
        "\n",
        r#"{"message":{"content":"nk>hm</think>\n\n"},"done":false}"#,
        "\n",
        r#"{"message":{"content":"yes"},"done":true,"done_reason":"length"}"#,
    ));
    assert_eq!(
        blocks(&events),
        [
            ContentBlock::Thinking {
                text: "hm".into(),
                opaque: None,
            },
            ContentBlock::text("\n\nyes"),
        ]
    );
    assert_eq!(end(&events).0, StopReason::MaxTokens);
}

#[test]
fn an_error_in_the_stream_and_a_cut_one_are_no_answers() {
    let cut = &MIXED[..MIXED.rfind('\n').unwrap()];
    let events = answer(cut);
    assert!(!matches!(events.last(), Some(StreamEvent::Done { .. })));
    let fault = whole(r#"{"error":"model runner has unexpectedly stopped"}"#, &[9]).1;
    assert_eq!(
        fault.unwrap_err().detail,
        "model runner has unexpectedly stopped"
    );
}
