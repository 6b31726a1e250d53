use super::*;
use crate::protocol::entry::Settings;
use crate::protocol::message::{AssistantMessage, ContextKind, Origin, StopReason, ToolResult};
use crate::protocol::tool::ToolView;

fn entry(id: usize, parent: Option<usize>, at: u64, kind: EntryKind) -> Entry {
    Entry {
        id: id.to_string(),
        parent: parent.map(|parent| parent.to_string()),
        at,
        kind,
    }
}

fn chain(kinds: Vec<(u64, EntryKind)>) -> Vec<Entry> {
    kinds
        .into_iter()
        .enumerate()
        .map(|(id, (at, kind))| entry(id, id.checked_sub(1), at, kind))
        .collect()
}

fn settings(model: &str) -> EntryKind {
    let settings = Settings {
        provider: "anthropic".into(),
        model: model.into(),
        ..Settings::default()
    };
    EntryKind::Settings { settings }
}

fn prefix() -> EntryKind {
    EntryKind::Prefix {
        system: format!(
            "{}{INSTRUCTIONS} x\n\n{}",
            "s".repeat(1000),
            "i".repeat(500)
        ),
        tools: "t".into(),
        cause: None,
    }
}

fn user(length: usize) -> EntryKind {
    let message = Message::User {
        id: "u".into(),
        content: vec![ContentBlock::text("u".repeat(length))],
    };
    EntryKind::Message { message }
}

fn calls(name: &str) -> EntryKind {
    let message = Message::Assistant(AssistantMessage {
        id: "a".into(),
        content: vec![ContentBlock::ToolCall {
            id: "c".into(),
            name: name.into(),
            arguments: "{}".into(),
            opaque: None,
        }],
        origin: Origin {
            provider: "anthropic".into(),
            wire: "anthropic".into(),
            model: "claude-sonnet-5-5".into(),
        },
        stop: StopReason::ToolUse,
        usage: Usage::default(),
    });
    EntryKind::Message { message }
}

fn result(length: usize) -> EntryKind {
    let message = Message::ToolResult(ToolResult {
        id: "r".into(),
        call_id: "c".into(),
        content: vec![ContentBlock::text("r".repeat(length))],
        is_error: false,
        view: ToolView::default(),
    });
    EntryKind::Message { message }
}

fn usage(model: &str, input: u64, cache_read: u64, output: u64) -> EntryKind {
    let usage = Usage {
        input,
        cache_read,
        output,
        reasoning: output / 2,
        ..Usage::default()
    };
    EntryKind::Usage {
        model: model.into(),
        cost: price::cost(&models::lookup("anthropic", model), &usage),
        usage,
        compaction: false,
        aside: None,
        broke: None,
    }
}

const SONNET: &str = "claude-sonnet-5-5";

#[test]
fn parts_sum_up_to_what_the_vendor_counted() {
    let log = chain(vec![
        (0, settings(SONNET)),
        (0, prefix()),
        (0, user(3_000)),
        (1, usage(SONNET, 2_001, 0, 30)),
        (1, calls("read_file")),
        (1, result(9_000)),
        (2, usage(SONNET, 3_000, 2_000, 10)),
        (2, calls("mcp__jira__find")),
        (2, result(700)),
        (3, usage(SONNET, 200, 5_000, 7)),
    ]);
    let ledger = ledger(&log, 5_000);
    let tokens: u64 = ledger.parts.values().map(|share| share.tokens).sum();
    assert_eq!(tokens, ledger.usage.prompt() + ledger.usage.output);
    let usd: f64 = ledger.parts.values().map(|share| share.usd).sum();
    assert!((usd - ledger.cost.usd).abs() < 1e-9);
    let of = |part: &Part| ledger.parts.get(part).map_or(0, |share| share.tokens);
    assert!(of(&Part::Files) > of(&Part::User));
    assert!(of(&Part::Mcp("jira".into())) > 0 && of(&Part::Instructions) > 0);
    assert_eq!((of(&Part::Reasoning), of(&Part::Answer)), (23, 24));
    assert!(ledger.saved > 0.0 && ledger.breaks.is_empty());
    assert_eq!(ledger.models[0].requests, 3);
    let window: u64 = ledger.window.values().map(|share| share.tokens).sum();
    assert_eq!(window, 5_207);
}

#[test]
fn breaks_of_the_cache_are_named() {
    let log = |second: Vec<(u64, EntryKind)>| {
        let mut kinds = vec![
            (0, settings(SONNET)),
            (0, prefix()),
            (0, user(3_000)),
            (0, usage(SONNET, 3_000, 0, 1)),
            (1, usage(SONNET, 100, 3_000, 1)),
        ];
        kinds.extend(second);
        ledger(&chain(kinds), 0).breaks
    };
    let cause = |second| log(second).pop().map(|found| found.cause);
    assert_eq!(cause(vec![(2, usage(SONNET, 50, 3_100, 1))]), None);
    let late = vec![(600_001, usage(SONNET, 3_150, 0, 1))];
    assert_eq!(cause(late).as_deref(), Some("a pause of 10 minutes"));
    let missed = vec![(2, usage(SONNET, 3_150, 0, 1))];
    assert_eq!(
        cause(missed).as_deref(),
        Some("the vendor did not serve it")
    );
    let switched = vec![
        (2, settings("claude-opus-5-5")),
        (2, usage("claude-opus-5-5", 3_150, 0, 1)),
    ];
    assert_eq!(
        cause(switched).as_deref(),
        Some("the model changed to claude-opus-5-5")
    );
    let mut fewer = usage(SONNET, 3_150, 0, 1);
    if let EntryKind::Usage { broke, .. } = &mut fewer {
        *broke = Some("2 older images left out".to_string());
    }
    let fewer = cause(vec![(2, fewer)]);
    assert_eq!(fewer.as_deref(), Some("2 older images left out"));
}

#[test]
fn branches_count_what_was_spent_and_show_what_is_left() {
    let mut log = chain(vec![
        (0, settings(SONNET)),
        (0, prefix()),
        (0, user(100)),
        (0, usage(SONNET, 500, 0, 1)),
        (0, user(90_000)),
        (0, usage(SONNET, 20_000, 500, 1)),
    ]);
    // Back to the first answer, and on from there.
    log.push(entry(6, Some(3), 0, user(100)));
    log.push(entry(7, Some(6), 0, usage(SONNET, 40, 500, 1)));
    let ledger = ledger(&log, 0);
    assert_eq!(ledger.usage.prompt(), 500 + 20_500 + 540);
    let window: u64 = ledger.window.values().map(|share| share.tokens).sum();
    assert_eq!(window, 541);
}

#[test]
fn a_compaction_leaves_its_account() {
    let summary = Message::Context {
        id: "s".into(),
        kind: ContextKind::Compaction,
        text: "x".repeat(400),
    };
    let compaction = Compaction {
        folded: Vec::new(),
        head: Some(crate::protocol::entry::CompactedHead {
            messages: vec![summary],
            carried: Default::default(),
            by: None,
        }),
        before: 5_000,
        after: 700,
    };
    let spent = match usage(SONNET, 4_000, 0, 100) {
        EntryKind::Usage {
            model, usage, cost, ..
        } => EntryKind::Usage {
            model,
            usage,
            cost,
            compaction: true,
            aside: None,
            broke: None,
        },
        other => other,
    };
    let log = chain(vec![
        (0, settings(SONNET)),
        (0, prefix()),
        (0, user(30_000)),
        (0, usage(SONNET, 5_000, 0, 1)),
        (0, spent),
        (
            0,
            EntryKind::Compaction {
                compaction: Box::new(compaction),
            },
        ),
    ]);
    let ledger = ledger(&log, 0);
    assert_eq!(ledger.parts[&Part::Compaction].tokens, 4_100);
    assert!(!ledger.window.contains_key(&Part::User));
    assert!(ledger.window[&Part::Summary].tokens > 0);
}
