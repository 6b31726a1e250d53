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
