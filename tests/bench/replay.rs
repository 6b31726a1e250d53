//! Opening a session of 10,000 messages.

#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{Criterion, criterion_group, criterion_main};
use sofos::protocol::message::{
    AssistantMessage, ContentBlock, Message, Origin, StopReason, ToolResult,
};
use sofos::protocol::tool::ToolView;
use sofos::protocol::usage::Usage;
use sofos::session::{Session, Store};

/// A conversation of a coding day: questions, calls, results of a screenful.
fn message(n: usize) -> Message {
    let id = n.to_string();
    match n % 4 {
        0 => Message::User {
            id,
            content: vec![ContentBlock::text("and now the next thing")],
        },
        1 => Message::Assistant(AssistantMessage {
            id,
            content: vec![
                ContentBlock::text("I look at it first, then decide what to change."),
                ContentBlock::ToolCall {
                    id: format!("toolu_{n}"),
                    name: "read_file".into(),
                    arguments: r#"{"path":"src/main.rs","offset":1,"limit":200}"#.into(),
                    opaque: None,
                },
            ],
            origin: Origin {
                provider: "anthropic".into(),
                wire: "anthropic".into(),
                model: "claude-sonnet-5-5".into(),
            },
            stop: StopReason::ToolUse,
            usage: Usage::default(),
        }),
        2 => Message::ToolResult(ToolResult {
            id,
            call_id: format!("toolu_{}", n - 1),
            content: vec![ContentBlock::text(
                "     1\tfn main() { println!(\"hi\"); }\n".repeat(60),
            )],
            is_error: false,
            view: ToolView::default(),
        }),
        _ => Message::User {
            id,
            content: vec![ContentBlock::text("go on")],
        },
    }
}

fn replay(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path().to_path_buf());
    let mut session = Session::create(&store, "/w");
    for n in 0..10_000 {
        session.append_message(message(n)).unwrap();
    }
    let id = session.id().to_string();
    drop(session);
    c.bench_function("open a log of 10,000 messages", |b| {
        b.iter(|| {
            Session::open(&store, &id)
                .unwrap()
                .0
                .conversation()
                .messages
                .len()
        });
    });
    c.bench_function("find it in a list", |b| {
        b.iter(|| store.list().unwrap().len())
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = replay
}
criterion_main!(benches);
