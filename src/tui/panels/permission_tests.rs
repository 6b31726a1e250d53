use super::*;
use crate::protocol::diff::{DiffKind, DiffLine, FileDiff, Hunk};
use crate::protocol::permission::Grant;
use crate::protocol::tool::ToolTitle;

fn grants(rules: &[&str]) -> Vec<Grant> {
    let grant = |rule: &&str| Grant {
        rule: (*rule).into(),
    };
    rules.iter().map(grant).collect()
}

fn ask(preview: Preview, session: &[&str]) -> PermissionPanel {
    let mut panel = PermissionPanel::new(AskRequest {
        id: 7,
        call_id: "c".into(),
        title: ToolTitle::new("Run", "git checkout feature/login"),
        question: None,
        preview,
        why: "switches branch: changes files in the workspace".into(),
        effects: Vec::new(),
        session: grants(session),
        always: Vec::new(),
    });
    panel.shown(Duration::ZERO);
    panel
}

fn command(text: &str) -> Preview {
    Preview::Command { text: text.into() }
}

fn shown(panel: &mut PermissionPanel, cols: usize, height: usize) -> String {
    let view = panel.fitting(
        cols,
        height,
        |rows| rows.len() <= height,
        0,
        &Theme::default(),
    );
    assert!(
        view.rows
            .iter()
            .all(|row| row.to_string().trim_end().chars().count() <= cols)
    );
    assert!(view.rows.len() <= height);
    view.rows
        .iter()
        .map(|row| row.to_string().trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

const LATER: Duration = Duration::from_secs(1);

fn letter(ch: char) -> Key {
    Key::plain(KeyCode::Char(ch))
}

fn checkout() -> PermissionPanel {
    let rule = "Bash(git checkout:*)";
    let mut panel = ask(command("git checkout feature/login"), &[rule]);
    panel.ask.effects = vec![
        "changes files in the workspace".into(),
        "moves the branch of .git".into(),
    ];
    panel.ask.always = grants(&[rule]);
    panel.ask.why = "no rule allows it".into();
    panel
}

#[test]
fn it_shows_exactly_what_would_run() {
    insta::assert_snapshot!(shown(&mut checkout(), 78, 12), @r"
    Run this command?
      git checkout feature/login
      · changes files in the workspace
      · moves the branch of .git
    no rule allows it
    s and a allow Bash(git checkout:*)
    y once   s this session   a always   n no, tell it why   esc stop the turn
    ");
    let mut panel = ask(command("git checkout feature/login"), &[]);
    insta::assert_snapshot!(shown(&mut panel, 30, 9), @r"
    Run this command?
      git checkout feature/login
    switches branch: changes files
    in the workspace
    y once   n no, tell it why
    esc stop the turn
    ");
}

#[test]
fn nothing_is_said_twice() {
    let mut panel = ask(command("cp a b && mkdir out"), &[]);
    panel.ask.effects = [
        "runs cp a b",
        "reads a",
        "writes b",
        "runs mkdir out",
        "writes out",
        "runs rm x",
    ]
    .map(str::to_owned)
    .to_vec();
    panel.ask.why =
        "writes b; cp: copies files; writes out; cp: copies files; mkdir: makes directories".into();
    insta::assert_snapshot!(shown(&mut panel, 80, 12), @r"
    Run this command?
      cp a b && mkdir out
      · reads a
      · writes b
      · writes out
      · runs rm x
    cp: copies files; mkdir: makes directories
    y once   n no, tell it why   esc stop the turn
    ");
}

#[test]
fn a_narrow_or_low_window_keeps_the_keys_and_scrolls_the_rest() {
    insta::assert_snapshot!(shown(&mut checkout(), 20, 6), @r"
    Run this command?
      git checkout fea
      … 8 more below   v
    y once   s session
    a always   n no
    esc stop
    ");
    let mut panel = checkout();
    for _ in 0..20 {
        shown(&mut panel, 40, 5);
        panel.key(Key::plain(KeyCode::Down), LATER);
    }
    insta::assert_snapshot!(shown(&mut panel, 40, 5), @r"
    Run this command?
    s and a allow Bash(git checkout:*)
      … 4 more above   v shows all
    y once   s session   a always   n no
    esc stop
    ");
}

#[test]
fn several_questions_are_counted() {
    let mut panel = checkout();
    let view = panel.fitting(60, 12, |_| true, 2, &Theme::default());
    assert_eq!(view.rows[0].to_string(), "Run this command? (1 of 3)");
    assert_eq!(
        panel.key(letter('a'), LATER),
        AskOutcome::Answer(Answer::Always)
    );
    assert_eq!(
        ask(command("ls"), &["Bash(ls)"]).key(letter('a'), LATER),
        AskOutcome::Ignored
    );
}

#[test]
fn hidden_characters_are_shown() {
    let mut panel = ask(command("echo \u{202e}txt.sh\u{1b}[2K\u{200b}\nrm x"), &[]);
    let text = shown(&mut panel, 60, 12);
    assert!(
        text.contains("echo \\u{202e}txt.sh\\u{1b}[2K\\u{200b}\n  rm x"),
        "{text}"
    );
}

#[test]
fn a_long_diff_scrolls_and_keeps_its_keys() {
    let lines = (1..=40)
        .map(|number| DiffLine {
            kind: DiffKind::Added,
            number,
            text: format!("line {number}"),
        })
        .collect();
    let diff = FileDiff {
        path: "a.txt".into(),
        added: 40,
        removed: 0,
        hunks: vec![Hunk { lines }],
        folded: 0,
    };
    let mut panel = ask(Preview::Diff { diff }, &[]);
    let text = shown(&mut panel, 60, 10);
    assert!(text.contains("   1  + line 1\n"), "{text}");
    assert!(text.contains("more below"));
    assert!(text.ends_with("esc stop the turn"));
    for _ in 0..20 {
        panel.key(Key::plain(KeyCode::PageDown), LATER);
        shown(&mut panel, 60, 10);
    }
    assert!(shown(&mut panel, 60, 10).contains("line 40"));
}

#[test]
fn keys_answer_only_after_the_grace() {
    let mut panel = ask(command("ls"), &["Bash(ls)"]);
    let soon = Duration::from_millis(299);
    for key in [
        letter('y'),
        Key::plain(KeyCode::Enter),
        Key::plain(KeyCode::Esc),
    ] {
        assert_eq!(panel.key(key, soon), AskOutcome::TooSoon);
    }
    assert_eq!(
        panel.key(Key::plain(KeyCode::Enter), LATER),
        AskOutcome::Ignored
    );
    assert_eq!(panel.paste("y"), AskOutcome::Ignored);
    assert_eq!(
        panel.key(letter('s'), LATER),
        AskOutcome::Answer(Answer::Session)
    );
    assert_eq!(
        panel.key(letter('y'), LATER),
        AskOutcome::Answer(Answer::Once)
    );
    assert_eq!(panel.key(Key::plain(KeyCode::Esc), LATER), AskOutcome::Stop);
    assert_eq!(
        ask(command("ls"), &[]).key(letter('s'), LATER),
        AskOutcome::Ignored
    );
}

#[test]
fn no_takes_a_message() {
    let mut panel = ask(command("ls"), &[]);
    assert_eq!(panel.key(letter('n'), LATER), AskOutcome::Done);
    for ch in "use rg".chars() {
        panel.key(letter(ch), LATER);
    }
    let view = panel.fitting(40, 10, |_| true, 0, &Theme::default());
    assert_eq!(view.rows[0].to_string(), "no: use rg");
    assert_eq!(view.caret, Caret { row: 0, col: 10 });
    assert_eq!(
        panel.key(Key::plain(KeyCode::Enter), LATER),
        AskOutcome::Answer(Answer::No {
            message: "use rg".into()
        })
    );
    let mut panel = ask(command("ls"), &[]);
    panel.key(letter('n'), LATER);
    assert_eq!(panel.key(Key::plain(KeyCode::Esc), LATER), AskOutcome::Done);
    assert_eq!(
        panel.key(letter('y'), LATER),
        AskOutcome::Answer(Answer::Once)
    );
}
