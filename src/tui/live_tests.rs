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
    assert_eq!(live.activity(at(0)), None);
    live.apply(AgentEvent::TurnStarted, at(1), &mut to);
    let text = |live: &Live, now| live.activity(at(now)).unwrap_or_default();
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
    let shown = live.activity(at(3));
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
    assert_eq!(to.take(usize::MAX)[0].to_string(), "• Read a.rs, b.rs");
    live.apply(read("c.rs"), at(1), &mut to);
    assert!(live.next_change(at(1)).is_some());
    live.tick(at(2), &mut to);
    assert_eq!(to.take(usize::MAX)[0].to_string(), "• Read c.rs");
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
    assert_eq!(to.take(usize::MAX).len(), 1, "a full row is not held back");
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
    assert_eq!(below(&live, 8), ["  │ cc -o"]);
}

fn below(live: &Live, most: usize) -> Vec<String> {
    let rows = live.below(40, most);
    assert!(rows.len() <= most && rows.iter().all(|row| row.width() <= 40));
    rows.iter().map(ToString::to_string).collect()
}

#[test]
fn output_is_shown_by_its_end_with_the_rest_counted() {
    let (mut live, mut to) = (
        Live::new(Theme::default()),
        Transcript::new(Theme::default()),
    );
    live.apply(started("1", "Run", "make"), at(0), &mut to);
    assert!(below(&live, 8).is_empty());
    let output = |text: String| AgentEvent::ToolOutput {
        call_id: "1".into(),
        text,
    };
    for number in 1..=3 {
        live.apply(output(format!("line {number}\n")), at(0), &mut to);
    }
    assert_eq!(below(&live, 8), ["  │ line 1", "  │ line 2", "  │ line 3"]);
    for number in 4..=2_000 {
        live.apply(output(format!("line {number}\n")), at(0), &mut to);
    }
    live.apply(
        output(format!("\n\nhalf\t{}", "世".repeat(40))),
        at(0),
        &mut to,
    );
    assert_eq!(
        below(&live, 4),
        [
            "  │ … 2000 earlier lines",
            "  │ ",
            "  │ ",
            "  │ half    世世世世世世世世世世世世世…",
        ]
    );
    assert_eq!(below(&live, 1).len(), 1);
    assert!(below(&live, 0).is_empty());
    let ended = AgentEvent::ToolFinished {
        call_id: "1".into(),
        name: "execute_bash".into(),
        view: ToolView::default(),
    };
    live.apply(ended, at(1), &mut to);
    assert!(below(&live, 8).is_empty());
}

#[test]
fn a_plan_is_written_once_and_marked_in_the_viewport() {
    use crate::protocol::tool::PlanStatus::{Completed, InProgress, Pending};
    let (mut live, mut to) = (
        Live::new(Theme::default()),
        Transcript::new(Theme::default()),
    );
    let plan = |marks: &[_]| AgentEvent::Plan {
        items: (1..)
            .zip(marks)
            .map(|(number, status)| PlanItem {
                step: format!("step {number}"),
                status: *status,
            })
            .collect(),
    };
    let written = |to: &mut Transcript| {
        let lines: Vec<String> = to
            .take(usize::MAX)
            .iter()
            .map(ToString::to_string)
            .collect();
        lines.join("\n")
    };
    live.apply(AgentEvent::TurnStarted, at(0), &mut to);
    live.apply(plan(&[InProgress, Pending, Pending]), at(0), &mut to);
    assert_eq!(
        written(&mut to),
        "• Plan 0 of 3 done\n  ▸ step 1\n  ☐ step 2\n  ☐ step 3"
    );
    live.apply(plan(&[Completed, InProgress, Pending]), at(0), &mut to);
    assert_eq!(written(&mut to), "• Plan 1 of 3 done · step 2");
    assert_eq!(below(&live, 5), ["  ☑ step 1", "  ▸ step 2", "  ☐ step 3"]);
    assert_eq!(below(&live, 2), ["  ☑ step 1", "  ▸ step 2"]);
    assert_eq!(below(&live, 1), ["  ▸ step 2"]);
    live.apply(plan(&[Completed, Completed, Completed]), at(0), &mut to);
    assert!(below(&live, 5).is_empty());
    live.settle(&mut to);
    let end = written(&mut to);
    assert!(
        end.ends_with("• Plan 3 of 3 done\n  ☑ step 1\n  ☑ step 2\n  ☑ step 3"),
        "{end}"
    );
    live.settle(&mut to);
    assert_eq!(written(&mut to), "");
}
