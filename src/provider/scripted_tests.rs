use futures_util::StreamExt;

use super::*;
use crate::provider::models;

fn request(messages: Vec<Message>) -> ModelRequest {
    ModelRequest {
        model: models::lookup("scripted", "scripted").into(),
        system: "".into(),
        tools: [].into(),
        messages,
        images: Default::default(),
        max_tokens: 1000,
        thinking: Default::default(),
        cache_key: "session".into(),
        web_search: false,
    }
}

fn play(provider: &ScriptedProvider, messages: Vec<Message>) -> Vec<StreamEvent> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let stream = provider.stream(request(messages), CancellationToken::new());
    runtime.block_on(stream.collect())
}

fn script(text: &str) -> ScriptedProvider {
    text.parse().unwrap()
}

fn blocks(events: &[StreamEvent]) -> Vec<ContentBlock> {
    let done = |event: &StreamEvent| match event {
        StreamEvent::BlockDone { block, .. } => Some(block.clone()),
        _ => None,
    };
    events.iter().filter_map(done).collect()
}

#[test]
fn written_answers_come_in_order_and_the_end_is_said() {
    let provider = script(
        r#"{"response": {"blocks": [{"thinking": "Hm."}, {"text": "Reading é."},
            {"tool": "read_file", "args": {"path": "a"}}]}}
        {"request": {"any": "thing"}, "response": {"blocks": [{"text": "Done."}]}}"#
            .replace(",\n", ",")
            .as_str(),
    );
    let first = play(&provider, Vec::new());
    assert!(matches!(&first[0], StreamEvent::Start { model } if model == "scripted"));
    let [
        ContentBlock::Thinking { .. },
        text,
        ContentBlock::ToolCall { id, arguments, .. },
    ] = &blocks(&first)[..]
    else {
        panic!("{first:?}");
    };
    assert_eq!(text.as_text(), Some("Reading é."));
    assert_eq!(
        (id.as_str(), arguments.as_str()),
        ("call_1_2", r#"{"path": "a"}"#)
    );
    let stop = |events: &[StreamEvent]| match events.last() {
        Some(StreamEvent::Done { stop, .. }) => stop.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(stop(&first), StopReason::ToolUse);
    assert_eq!(stop(&play(&provider, Vec::new())), StopReason::EndTurn);
    let Some(StreamEvent::Failed(over)) = play(&provider, Vec::new()).pop() else {
        panic!("the script has an end");
    };
    assert_eq!(
        over.message,
        "scripted: the script is over: it has 2 answers, and one more is asked for"
    );
}

#[test]
fn bad_lines_are_named() {
    for (text, says) in [
        ("\n{", "the script, line 2: "),
        (r#"{"response": {}}"#, "line 1: an answer needs"),
        (r#"{"response": {"bocks": []}}"#, "unknown field `bocks`"),
        (r#"{"response": {"blocks": [{}]}}"#, "each block is one of"),
        (
            r#"{"response": {"blocks": [{"text": "x"}], "stop": "so"}}"#,
            "unknown stop \"so\"",
        ),
        (r#"{"response": {"body": "x"}}"#, "known \"wire\""),
    ] {
        let message = text.parse::<ScriptedProvider>().unwrap_err().message;
        assert!(message.contains(says), "{message}");
    }
    let missing = ScriptedProvider::load(Path::new("/no/such/script.jsonl")).unwrap_err();
    assert!(missing.message.contains("/no/such/script.jsonl"));
}

#[test]
fn failures_are_tried_again_with_the_next_answer() {
    let provider = script(
        r#"{"response": {"status": 529, "headers": {"retry-after": "0"}, "message": "busy"}}
        {"response": {"blocks": [{"text": "ok"}]}}
        {"response": {"status": 401, "message": "bad key"}}"#,
    );
    let events = play(&provider, Vec::new());
    let StreamEvent::Retrying {
        reason, wait_ms: 0, ..
    } = &events[0]
    else {
        panic!("{events:?}");
    };
    assert_eq!(reason, "529 busy");
    assert_eq!(blocks(&events), [ContentBlock::text("ok")]);
    let [StreamEvent::Failed(failure)] = &play(&provider, Vec::new())[..] else {
        panic!();
    };
    assert_eq!(failure.kind, FailureKind::Auth);
    assert!(failure.message.starts_with("scripted: 401 bad key"));
}

#[test]
fn recorded_bodies_go_through_the_real_decoder() {
    let body = "data: {\"type\":\"message_start\",\"message\":{\"model\":\"m\"}}\n\n\
        data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"hi\"}}\n\n\
        data: {\"type\":\"message_stop\"}\n\n";
    let line = serde_json::json!({"response": {"wire": "anthropic", "body": body}});
    let events = play(&script(&line.to_string()), Vec::new());
    assert_eq!(blocks(&events), [ContentBlock::text("hi")]);
}

#[test]
fn a_script_played_twice_into_a_session_makes_new_call_ids() {
    let line = r#"{"response": {"blocks": [{"tool": "a"}, {"tool": "b", "id": "mine"}]}}"#;
    let assistant = |content| {
        Message::Assistant(crate::protocol::message::AssistantMessage {
            id: "m".into(),
            content,
            origin: crate::protocol::message::Origin {
                provider: "scripted".into(),
                wire: "scripted".into(),
                model: "scripted".into(),
            },
            stop: StopReason::ToolUse,
            usage: Usage::default(),
        })
    };
    let first = blocks(&play(&script(line), Vec::new()));
    let second = blocks(&play(&script(line), vec![assistant(first)]));
    let ids: Vec<&str> = second
        .iter()
        .filter_map(|block| match block {
            ContentBlock::ToolCall { id, .. } => Some(id.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(ids, ["call_1_0x", "minex"]);
}

#[test]
fn a_directory_is_played_in_the_order_of_its_names() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [("b.jsonl", "second"), ("a.jsonl", "first"), ("c.txt", "{")] {
        let line = serde_json::json!({"response": {"blocks": [{"text": text}]}});
        std::fs::write(dir.path().join(name), line.to_string()).unwrap();
    }
    let provider = ScriptedProvider::load(dir.path()).unwrap();
    for text in ["first", "second"] {
        let events = play(&provider, Vec::new());
        assert_eq!(blocks(&events), [ContentBlock::text(text)]);
    }
}

#[test]
fn a_delay_ends_when_the_turn_is_stopped() {
    let provider = script(r#"{"response": {"blocks": [{"text": "x"}], "delay_ms": 600000}}"#);
    let cancel = CancellationToken::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let stream = provider.stream(request(Vec::new()), cancel.clone());
    let events: Vec<StreamEvent> = runtime.block_on(async {
        let stop = async {
            tokio::task::yield_now().await;
            cancel.cancel();
        };
        tokio::join!(stream.collect::<Vec<_>>(), stop).0
    });
    assert!(matches!(&events[..], [StreamEvent::Failed(failure)]
        if failure.kind == FailureKind::Cancelled));
}
