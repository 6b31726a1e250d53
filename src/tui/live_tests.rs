use super::*;
use crate::protocol::tool::ToolView;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn started(id: &str, verb: &str, object: &str) -> AgentEvent {
    AgentEvent::ToolStarted {
        call_id: id.into(),
        name: "x".into(),
        title: ToolTitle::new(verb, object),
    }
}

fn read(id: &str) -> AgentEvent {
    AgentEvent::ToolFinished {
        call_id: id.into(),
        name: "read_file".into(),
        view: ToolView {
            title: ToolTitle::new("Read", id),
            ..ToolView::default()
        },
    }
}

#[test]
fn the_activity_names_what_runs_and_stays_narrow() {
    let (mut live, mut to) = (
        Live::new(Theme::default()),
        Transcript::new(Theme::default()),
    );
    assert_eq!(live.activity(at(0), false), None);
    live.apply(AgentEvent::TurnStarted, at(1), &mut to);
    let text = |live: &Live, now| live.activity(at(now), false).unwrap_or_default();
    assert_eq!(text(&live, 4), "Working 3 s · esc stops");
    live.apply(
        started("1", "Run", "cargo test --all-targets --workspace"),
        at(4),
        &mut to,
    );
    assert_eq!(text(&live, 16), "Running cargo test -… 12 s · esc stops");
    assert!(live.runs_command() && !live.is_tedious(at(13)) && live.is_tedious(at(14)));
    live.apply(started("2", "Read", "a/b.rs"), at(4), &mut to);
    let both = text(&live, 120);
    assert!(both.contains("+1 1 m 56 s"), "{both}");
    for now in [4, 60, 5000] {
        assert!(width(&text(&live, now)) <= NARROW, "{}", text(&live, now));
    }
}

#[test]
fn retries_count_down() {
    let (mut live, mut to) = (
        Live::new(Theme::default()),
        Transcript::new(Theme::default()),
    );
    live.apply(AgentEvent::TurnStarted, at(0), &mut to);
    let event = AgentEvent::Retrying {
        attempt: 2,
        of: 5,
        wait_ms: 8_000,
        reason: "529 overloaded".into(),
    };
    live.apply(event, at(1), &mut to);
    let shown = live.activity(at(3), false);
    assert_eq!(shown.as_deref(), Some("Attempt 2 of 5 in 6 s · esc stops"));
    assert_eq!(live.next_change(at(3)), Some(at(4)));
}

#[test]
fn reads_in_a_row_share_a_line() {
    let (mut live, mut to) = (
        Live::new(Theme::default()),
        Transcript::new(Theme::default()),
    );
    live.apply(AgentEvent::TurnStarted, at(0), &mut to);
    live.apply(read("a.rs"), at(0), &mut to);
    live.apply(read("b.rs"), at(0), &mut to);
    assert_eq!(to.pending(), 0);
    live.apply(started("3", "Run", "ls"), at(0), &mut to);
    assert_eq!(to.take()[0].to_string(), "• Read a.rs, b.rs");
    live.apply(read("c.rs"), at(1), &mut to);
    assert!(live.next_change(at(1)).is_some());
    live.tick(at(2), &mut to);
    assert_eq!(to.take()[0].to_string(), "• Read c.rs");
}

#[test]
fn the_preview_is_the_end_of_what_is_open() {
    let (mut live, mut to) = (
        Live::new(Theme::default()),
        Transcript::new(Theme::default()),
    );
    live.apply(AgentEvent::TurnStarted, at(0), &mut to);
    let text = |text: &str| AgentEvent::TextDelta { text: text.into() };
    live.apply(text(&"word ".repeat(20)), at(0), &mut to);
    assert_eq!(to.take().len(), 1, "a full row is not held back");
    assert!(live.preview().to_string().ends_with("word word "));
    live.apply(text("\n\nx"), at(0), &mut to);
    assert_eq!(live.preview().to_string(), "x");
    live.settle(&mut to);
    assert_eq!(live.preview().width(), 0);
    live.apply(started("1", "Run", "make"), at(0), &mut to);
    let output = AgentEvent::ToolOutput {
        call_id: "1".into(),
        text: "cc -o\n\n".into(),
    };
    live.apply(output, at(0), &mut to);
    assert_eq!(live.preview().to_string(), "  │ cc -o");
}
