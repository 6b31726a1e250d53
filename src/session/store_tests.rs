use super::*;
use crate::protocol::usage::Cost;
use crate::session::Session;

fn session(store: &Store, title: &str) -> String {
    let mut session = Session::create(store, "/w");
    session
        .append(EntryKind::Title {
            title: title.into(),
        })
        .unwrap();
    session.id().to_string()
}

fn say(session: &mut Session, text: &str) {
    session
        .append_message(Message::User {
            id: text.into(),
            content: vec![ContentBlock::text(text)],
        })
        .unwrap();
}

#[test]
fn finds_by_id_then_prefix_then_title() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path().to_path_buf());
    assert!(matches!(store.newest(), Err(SessionError::Empty)));
    let one = session(&store, "Fix the cart");
    let two = session(&store, "Fix the shop");
    assert_eq!(store.find(&one).unwrap(), one);
    assert_eq!(store.find("fix the shop").unwrap(), two);
    assert_eq!(store.find_named("Fix the shop").unwrap(), Some(two));
    assert_eq!(
        store.find_named(&one[..4]).unwrap(),
        None,
        "a name, no start of an id"
    );
    let both = store.find(&one[..4]).unwrap_err().to_string();
    assert!(
        both.contains(&one) && both.contains("Fix the shop"),
        "{both}"
    );
    assert!(matches!(
        store.find("nothing"),
        Err(SessionError::NotFound { .. })
    ));
    assert!(matches!(
        store.find("../x"),
        Err(SessionError::NotFound { .. })
    ));
    std::fs::write(dir.path().join("broken.jsonl"), b"\xff\xfe\n").unwrap();
    std::fs::write(dir.path().join("empty.jsonl"), b"").unwrap();
    assert_eq!(store.list().unwrap().len(), 3);
}

#[test]
fn a_row_says_what_it_is_about_with_and_without_a_card() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path().to_path_buf());
    let mut session = Session::create(&store, "/w");
    session
        .append(EntryKind::Title { title: "T".into() })
        .unwrap();
    say(&mut session, "mend\u{1b}[2J the cart\nplease");
    let row = store.list().unwrap().remove(0);
    assert_eq!(
        (row.title.as_str(), row.first.as_str()),
        ("T", "mend the cart please")
    );
    assert_eq!((row.messages, row.cost), (None, None));
    session.append_card().unwrap();
    session
        .append(EntryKind::Title {
            title: "New".into(),
        })
        .unwrap();
    let row = store.list().unwrap().remove(0);
    assert_eq!(
        (row.title.as_str(), row.first.as_str()),
        ("New", "mend the cart please")
    );
    assert_eq!((row.messages, row.cost), (Some(1), Some(Cost::default())));
}

#[test]
fn a_fork_of_an_open_session_goes_its_own_way() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path().to_path_buf());
    let mut session = Session::create(&store, "/w");
    say(&mut session, "one");
    let id = session.id().to_string();
    assert!(store.delete(&id).unwrap_err().to_string().contains(&id));
    #[cfg(target_os = "linux")]
    assert_eq!(store.holder(&id), Some(std::process::id()));
    let fork = store.fork(&id).unwrap();
    let (mut other, warnings) = Session::open(&store, &fork).unwrap();
    assert!(warnings.is_empty());
    say(&mut other, "two");
    say(&mut session, "three");
    let said = |session: &Session| session.conversation().messages.len();
    assert_eq!((said(&other), said(&session)), (2, 2));
    drop((other, session));
    store.delete(&id).unwrap();
    assert_eq!(store.list().unwrap().len(), 1);
    assert!(matches!(store.fork(&id), Err(SessionError::Io { .. })));
}

#[test]
fn a_thousand_sessions_are_listed_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path().to_path_buf());
    let id = session(&store, "x");
    let bytes = std::fs::read(store.path(&id)).unwrap();
    for n in 0..1000 {
        std::fs::write(dir.path().join(format!("s{n:04}.jsonl")), &bytes).unwrap();
    }
    let rows = store.list().unwrap();
    assert_eq!(rows.len(), 1001);
    assert!(rows.is_sorted_by(|a, b| a.modified >= b.modified));
    assert!(rows.iter().all(|row| row.title == "x"));
}
