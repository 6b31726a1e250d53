use super::*;
use crate::protocol::event::AgentEvent;

const SIZE: Size = Size { cols: 40, rows: 10 };

fn record(paragraphs: usize) -> Record {
    let mut record = Record::default();
    for number in 0..paragraphs {
        record.user(">", &format!("question {number}"));
        record.apply(&AgentEvent::TextDelta {
            text: format!("Answer **p{number:04}q** to it, in words that take two rows."),
        });
        record.apply(&AgentEvent::TextDone);
    }
    record
}

fn shown(viewer: &mut Viewer, record: &Record, size: Size) -> String {
    let (buffer, _) = viewer.view(record, size, false, &Theme::default());
    let row = |y: u16| -> String {
        let cells = (0..size.cols).map(|x| buffer[(x, y)].symbol());
        cells.collect::<String>().trim_end().to_owned()
    };
    (0..size.rows).map(row).collect::<Vec<_>>().join("\n")
}

fn press(viewer: &mut Viewer, record: &Record, keys: &str) {
    for ch in keys.chars() {
        let code = if ch == '\n' {
            KeyCode::Enter
        } else {
            KeyCode::Char(ch)
        };
        viewer.key(Key::plain(code), record, &Theme::default());
    }
}

#[test]
fn it_opens_at_the_end_and_scrolls_row_by_row() {
    let record = record(50);
    let mut viewer = Viewer::default();
    insta::assert_snapshot!(shown(&mut viewer, &record, SIZE), @r"
    > question 48

    Answer p0048q to it, in words that
    take two rows.

    > question 49

    Answer p0049q to it, in words that
    take two rows.
    transcript · end · q back · / search ·…
    ");
    let end = shown(&mut viewer, &record, SIZE);
    press(&mut viewer, &record, "kkk");
    assert_ne!(shown(&mut viewer, &record, SIZE), end);
    press(&mut viewer, &record, "jjj");
    assert_eq!(shown(&mut viewer, &record, SIZE), end);
    press(&mut viewer, &record, "g");
    let start = shown(&mut viewer, &record, SIZE);
    assert!(start.starts_with("> question 0"), "{start}");
    press(&mut viewer, &record, " b");
    assert_eq!(shown(&mut viewer, &record, SIZE), start);
    press(&mut viewer, &record, "G");
    assert_eq!(shown(&mut viewer, &record, SIZE), end);
}

#[test]
fn every_row_is_seen_once_on_the_way_up_and_down() {
    let record = record(20);
    let mut viewer = Viewer::default();
    press(&mut viewer, &record, "g");
    let mut all = vec![shown(&mut viewer, &record, SIZE)];
    for _ in 0..200 {
        press(&mut viewer, &record, "j");
        let now = shown(&mut viewer, &record, SIZE);
        if all.last() == Some(&now) {
            break;
        }
        all.push(now);
    }
    let rows = |frame: &String| frame.lines().take(9).map(str::to_owned).collect::<Vec<_>>();
    let mut lines = rows(&all[0]);
    for frame in &all[1..] {
        lines.extend(rows(frame).pop());
    }
    let text = lines.join("\n");
    for number in 0..20 {
        assert_eq!(text.matches(&format!("p{number:04}q")).count(), 1, "{text}");
    }
    let mut back = all.pop().unwrap();
    for earlier in all.iter().rev() {
        press(&mut viewer, &record, "k");
        back = shown(&mut viewer, &record, SIZE);
        let same = |text: &str| text.lines().take(9).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(same(&back), same(earlier));
    }
    assert!(back.starts_with("> question 0"), "{back}");
}

#[test]
fn searching_finds_the_next_the_last_and_goes_around() {
    let record = record(50);
    let mut viewer = Viewer::default();
    press(&mut viewer, &record, "g/p0007\n");
    let found = shown(&mut viewer, &record, SIZE);
    assert!(found.contains("p0007q"), "{found}");
    press(&mut viewer, &record, "/question 1\n");
    let place = |viewer: &Viewer| viewer.hit.unwrap();
    let first = place(&viewer);
    press(&mut viewer, &record, "n");
    assert!(place(&viewer) > first);
    press(&mut viewer, &record, "N");
    assert_eq!(place(&viewer), first);
    press(&mut viewer, &record, "NN");
    let around = shown(&mut viewer, &record, SIZE);
    assert!(
        place(&viewer) > first || around.contains("around"),
        "{around}"
    );
    press(&mut viewer, &record, "/nowhere\n");
    assert!(shown(&mut viewer, &record, Size { cols: 90, rows: 9 }).contains("not found: nowhere"));
}

#[test]
fn what_is_added_is_followed_at_the_end_only() {
    let mut record = record(30);
    let mut viewer = Viewer::default();
    shown(&mut viewer, &record, SIZE);
    record.user(">", "the newest");
    assert!(shown(&mut viewer, &record, SIZE).contains("the newest"));
    press(&mut viewer, &record, "kk");
    let before = shown(&mut viewer, &record, SIZE);
    record.user(">", "even newer");
    let after = shown(&mut viewer, &record, SIZE);
    let body = |text: &str| text.lines().take(9).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(body(&after), body(&before));
}

#[test]
fn a_resize_keeps_the_place_and_any_size_is_shown() {
    let record = record(30);
    let mut viewer = Viewer::default();
    press(&mut viewer, &record, "g        ");
    for (cols, rows) in [(20, 6), (1, 1), (2, 2), (200, 60), (40, 10)] {
        shown(&mut viewer, &record, Size { cols, rows });
    }
    press(&mut viewer, &record, "/p0003\n");
    assert!(shown(&mut viewer, &record, Size { cols: 20, rows: 6 }).contains("p0003q"));
}

#[test]
fn a_long_conversation_opens_by_its_last_items_alone() {
    let record = record(20_000);
    let mut viewer = Viewer::default();
    shown(&mut viewer, &record, SIZE);
    assert!(viewer.cache.len() < 20, "{}", viewer.cache.len());
    press(&mut viewer, &record, "g/p19997q\n");
    assert!(shown(&mut viewer, &record, SIZE).contains("p19997q"));
    assert!(viewer.cache.len() < 40, "{}", viewer.cache.len());
}

#[test]
fn calls_show_their_whole_output_and_thoughts_all_words() {
    use crate::protocol::tool::{ToolBody, ToolTitle, ToolView};
    let mut record = Record::default();
    record.apply(&AgentEvent::ThinkingDelta {
        text: "first line\nsecond line".into(),
    });
    record.apply(&AgentEvent::ThinkingDone {
        elapsed_ms: Some(2_000),
    });
    let title = ToolTitle::new("Run", "cd a\nmake \u{1b}[2Jall");
    record.apply(&AgentEvent::ToolFinished {
        call_id: "1".into(),
        name: "execute_bash".into(),
        view: ToolView {
            title,
            outcome: "exit 2".into(),
            body: ToolBody::Output {
                tail: vec!["three".into()],
                folded: 2,
            },
            output: "one\ntwo\nthree".into(),
            ..ToolView::default()
        },
    });
    insta::assert_snapshot!(shown(&mut Viewer::default(), &record, Size { cols: 40, rows: 12 }), @r"
      thought 2.0 s
        first line
        second line

    • Run cd a make all · exit 2
        cd a
        make all
      │ one
      │ two
      │ three

    transcript · end · q back · / search ·…
    ");
}

#[test]
fn thoughts_fold_and_earlier_items_leave_the_window_in_its_place() {
    let mut record = record(30);
    record.apply(&AgentEvent::ThinkingDelta {
        text: "first line\nsecond line".into(),
    });
    record.apply(&AgentEvent::ThinkingDone {
        elapsed_ms: Some(2_000),
    });
    let mut viewer = Viewer::default();
    assert!(shown(&mut viewer, &record, SIZE).contains("    second line"));
    press(&mut viewer, &record, "t");
    let folded = shown(&mut viewer, &record, SIZE);
    assert!(
        folded.contains("  thought 2.0 s: first line second li"),
        "{folded}"
    );
    press(&mut viewer, &record, "t/p0003\n");
    let before = shown(&mut viewer, &record, SIZE);
    let events = [
        AgentEvent::UserMessage {
            text: "the very first".into(),
        },
        AgentEvent::TextDelta {
            text: "its answer".into(),
        },
        AgentEvent::TextDone,
    ];
    let added = record.put_before(&events);
    assert_eq!(added, 2);
    viewer.shift(added);
    let body = |text: &str| text.lines().take(9).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(body(&shown(&mut viewer, &record, SIZE)), body(&before));
    press(&mut viewer, &record, "g");
    let start = shown(&mut viewer, &record, SIZE);
    assert!(
        start.starts_with("> the very first\n\nits answer\n\n> question 0"),
        "{start}"
    );
}
