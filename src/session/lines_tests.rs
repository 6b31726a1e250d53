use super::*;
use crate::protocol::entry::{CompactedHead, Compaction};
use crate::protocol::message::{AssistantMessage, ContentBlock, Origin, StopReason, ToolResult};
use crate::session::{Conversation, Log, Session, Store};

fn user(text: &str) -> EntryKind {
    EntryKind::Message {
        message: Message::User {
            id: text.into(),
            content: vec![ContentBlock::text(text)],
        },
    }
}

fn answer(text: &str) -> EntryKind {
    let origin = Origin {
        provider: "p".into(),
        wire: "w".into(),
        model: "m".into(),
    };
    EntryKind::Message {
        message: Message::Assistant(AssistantMessage {
            id: text.into(),
            content: vec![ContentBlock::text(text)],
            origin,
            stop: StopReason::EndTurn,
            usage: Default::default(),
        }),
    }
}

fn result(text: &str) -> EntryKind {
    EntryKind::Message {
        message: Message::ToolResult(ToolResult {
            id: text.into(),
            call_id: "c".into(),
            content: vec![ContentBlock::text(text)],
            is_error: false,
            view: Default::default(),
        }),
    }
}

fn compaction(head: bool) -> EntryKind {
    let head = head.then(|| CompactedHead {
        messages: vec![Message::Context {
            id: "h".into(),
            kind: ContextKind::Compaction,
            text: "earlier".into(),
        }],
        carried: Default::default(),
        by: None,
    });
    EntryKind::Compaction {
        compaction: Box::new(Compaction {
            folded: Vec::new(),
            head,
            before: 9,
            after: 1,
        }),
    }
}

/// A session with two compactions, one that only cuts results short, and a way back.
fn session(dir: &Path) -> (Store, String) {
    let store = Store::new(dir.to_path_buf());
    let mut session = Session::create(&store, "/w");
    for round in 0..3 {
        for step in 0..200 {
            let name = |what: &str| format!("{what} {round}.{step} \"}}}}}}}}}}\n");
            let kinds = vec![user(&name("u")), answer(&name("a")), result(&name("r"))];
            session.append_all(kinds).unwrap();
        }
        session.append(compaction(round < 2)).unwrap();
    }
    let points = session.points().unwrap();
    session.go_back_before(&points[590].message, None).unwrap();
    session
        .append_all(vec![user("again"), answer("done")])
        .unwrap();
    let id = session.id().to_string();
    (store, id)
}

#[test]
fn what_counts_is_the_same_as_when_everything_is_parsed() {
    let dir = tempfile::tempdir().unwrap();
    let (store, id) = session(dir.path());
    let path = store.path(&id);
    let whole = Conversation::fold(read_all(&path).unwrap().entries);
    let live = read_live(&path).unwrap();
    let empty = |entry: &&Entry| matches!(&entry.kind, EntryKind::Message { message: Message::Context { id, .. } } if id.is_empty());
    let skipped = live.entries.iter().filter(empty).count();
    assert_eq!(
        skipped,
        2 * (400 + 10),
        "answers and results that were replaced or left"
    );
    assert_eq!(Conversation::fold(live.entries), whole);
    assert_eq!(whole.messages.len(), 1 + 190 * 3 + 2);
}

#[test]
fn a_damaged_answer_is_named_and_the_rest_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Log::create(dir.path().to_path_buf(), "/w");
    log.append(&[user("one"), answer("two"), result("three")])
        .unwrap();
    let path = dir.path().join(format!("{}.jsonl", log.id()));
    drop(log);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"two\"", "\"two")).unwrap();
    let lines = read_live(&path).unwrap();
    assert_eq!(lines.bad_lines, [3]);
    assert_eq!(Conversation::fold(lines.entries).messages.len(), 2);
}
