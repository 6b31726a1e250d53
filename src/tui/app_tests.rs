use std::time::Duration;

use super::*;
use crate::protocol::command::{Command, UserInput};
use crate::protocol::event::{TurnOutcome, TurnSummary};
use crate::protocol::message::StopReason;
use crate::protocol::permission::{Answer, AskRequest, PermissionMode, Preview};
use crate::protocol::picker::{PickRow, Picker};
use crate::protocol::tool::ToolTitle;
use crate::tui::desk::Request;
use crate::tui::panels::palette::CommandHelp;
use crate::tui::terminal::input::{Input, Key};
use crate::tui::terminal::scrollback::Size;
use crate::tui::view::{tall_list, view};
use crossterm::event::KeyCode;

pub(super) const SIZE: Size = Size { cols: 60, rows: 16 };

pub(super) fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(super) fn app() -> App {
    let command = |name: &str, usage: &str| CommandHelp {
        name: name.into(),
        aliases: Vec::new(),
        usage: usage.into(),
        help: format!("does {name}"),
        complete: None,
    };
    let options = TuiOptions {
        version: "0.1.0".into(),
        model: "claude-sonnet-5-5".into(),
        workspace: "~/code/shop".into(),
        branch: "main".into(),
        sandbox_words: "sandbox on".into(),
        commands: vec![command("clear", ""), command("think", "[on|off]")],
        ..TuiOptions::default()
    };
    App::new(&options, Theme::default(), SIZE.cols)
}

pub(super) fn typed(app: &mut App, text: &str, now: Duration) {
    for ch in text.chars() {
        app.input(Input::Key(Key::plain(KeyCode::Char(ch))), now);
    }
}

pub(super) fn press(app: &mut App, key: Key, now: Duration) {
    app.input(Input::Key(key), now);
}

pub(super) const ENTER: Key = Key {
    code: KeyCode::Enter,
    modifiers: crossterm::event::KeyModifiers::NONE,
};

/// The rows of the viewport; `▌` after the caret's place.
pub(super) fn rows(app: &mut App, size: Size, now: Duration) -> String {
    let (buffer, caret) = tall_list(app, size).unwrap_or_else(|| view(app, size, now));
    app.drawn(now);
    let mut out = Vec::new();
    for row in 0..buffer.area.height {
        let mut text: String = (0..buffer.area.width)
            .map(|col| buffer[(col, row)].symbol())
            .collect();
        if row == caret.row {
            let at = text
                .char_indices()
                .nth(usize::from(caret.col))
                .map_or(text.len(), |(at, _)| at);
            text.insert(at, '▌');
        }
        out.push(text.trim_end().to_owned());
    }
    out.join("\n")
}

pub(super) fn history(app: &mut App) -> Vec<String> {
    let lines = app.transcript.take(usize::MAX);
    lines.iter().map(ToString::to_string).collect()
}

pub(super) fn main(event: AgentEvent) -> UiEvent {
    UiEvent::main(event)
}

/// What the worker is told.
fn sends(app: &mut App) -> Vec<Action> {
    let mut actions = app.actions();
    actions.retain(|action| matches!(action, Action::Send(_)));
    actions
}

fn asked(id: u64) -> UiEvent {
    main(AgentEvent::Asked {
        ask: Box::new(AskRequest {
            id,
            call_id: "c".into(),
            title: ToolTitle::new("Run", "make clean"),
            question: None,
            preview: Preview::Command {
                text: "make clean".into(),
            },
            why: "no rule allows it".into(),
            effects: Vec::new(),
            session: Vec::new(),
            always: Vec::new(),
        }),
    })
}

fn finished() -> UiEvent {
    main(AgentEvent::TurnFinished {
        summary: TurnSummary {
            outcome: TurnOutcome::Finished {
                stop: StopReason::EndTurn,
            },
            elapsed_ms: 1_000,
            usage: Default::default(),
            cost: Default::default(),
            tools: Vec::new(),
        },
    })
}

#[test]
fn it_starts_with_a_header_and_a_prompt() {
    let mut app = app();
    assert_eq!(
        history(&mut app),
        [
            "sofos 0.1.0 · claude-sonnet-5-5 · ~/code/shop (main) ·",
            "sandbox on",
            "/ commands   @ files   ! shell   ctrl+j newline   esc stop"
        ]
    );
    assert_eq!(
        rows(&mut app, SIZE, at(0)),
        "\n> ▌\n  sonnet-5.5 · normal · ctx 0% · main"
    );
}

#[test]
fn a_message_is_sent_and_shown_when_it_enters_the_conversation() {
    let mut app = app();
    history(&mut app);
    typed(&mut app, "hello", at(0));
    press(&mut app, ENTER, at(0));
    let sent = Action::Send(Command::Submit {
        text: "hello".into(),
        images: Vec::new(),
    });
    assert_eq!(
        app.actions(),
        [Action::Desk(Request::Remember("hello".into())), sent]
    );
    assert_eq!(history(&mut app), Vec::<String>::new());
    app.event(
        main(AgentEvent::UserMessage {
            text: "hello".into(),
        }),
        at(0),
    );
    app.event(main(AgentEvent::TurnStarted), at(0));
    app.event(
        main(AgentEvent::TextDelta {
            text: "One.\n\nTw".into(),
        }),
        at(500),
    );
    assert_eq!(history(&mut app), ["", "> hello", "", "One."]);
    assert_eq!(
        rows(&mut app, SIZE, at(2_500)),
        "\nTw\nWriting 2 s · esc stops\n> ▌\n  sonnet-5.5 · normal · ctx 0% · main"
    );
    app.event(main(AgentEvent::TextDone), at(600));
    app.event(finished(), at(700));
    assert_eq!(history(&mut app), ["", "Tw", "", "  1.0 s"]);
    assert_eq!(app.next_change(at(700)), None, "nothing moves when idle");
}

#[test]
fn the_mode_shows_in_the_sign_and_the_status() {
    let mut app = app();
    for (mode, safe, sign, word) in [
        (PermissionMode::Default, true, ": ", " · safe · "),
        (PermissionMode::Plan, false, "plan> ", " · plan · "),
        (PermissionMode::Bypass, false, "bypass> ", " · bypass · "),
    ] {
        let status = Status {
            mode,
            safe,
            model: "m".into(),
            ..Status::default()
        };
        app.event(UiEvent::Status(Box::new(status)), at(0));
        let shown = rows(&mut app, SIZE, at(0));
        assert!(
            shown.contains(&format!("\n{sign}▌\n")) && shown.contains(word),
            "{shown}"
        );
        history(&mut app);
        app.event(main(AgentEvent::UserMessage { text: "x".into() }), at(0));
        assert_eq!(history(&mut app)[1], format!("{sign}x"));
    }
}

#[test]
fn enter_while_busy_queues_and_up_takes_back() {
    let mut app = app();
    app.event(main(AgentEvent::TurnStarted), at(0));
    typed(&mut app, "also this", at(0));
    press(&mut app, ENTER, at(0));
    assert_eq!(sends(&mut app).len(), 1);
    let status = Status {
        busy: true,
        queued: vec![
            "first".into(),
            "also update the changelog of every crate here".into(),
        ],
        ..Status::default()
    };
    app.event(UiEvent::Status(Box::new(status)), at(0));
    let shown = rows(&mut app, SIZE, at(0));
    assert!(
        shown.contains("\nqueued 2: also update the changelog o…\n> ▌"),
        "{shown}"
    );
    press(&mut app, Key::plain(KeyCode::Up), at(0));
    assert_eq!(app.actions(), [Action::Send(Command::EditQueued)]);
    typed(&mut app, "new", at(0));
    // One of them was delivered in the meantime.
    let input = |text: &str| UserInput {
        text: text.into(),
        images: Vec::new(),
    };
    let inputs = vec![input("also update"), input("and this")];
    app.event(UiEvent::TakenBack { inputs }, at(0));
    assert_eq!(app.composer.text(), "also update\nand this\nnew");
}

#[test]
fn escape_and_ctrl_c_stop_a_turn_and_leave_the_draft() {
    let mut app = app();
    app.event(main(AgentEvent::TurnStarted), at(0));
    typed(&mut app, "draft", at(0));
    press(&mut app, Key::plain(KeyCode::Esc), at(0));
    press(&mut app, Key::ctrl('c'), at(0));
    let stop = Action::Send(Command::Interrupt);
    assert_eq!(app.actions(), [stop.clone(), stop]);
    assert_eq!(app.composer.text(), "draft");
}

#[test]
fn ctrl_c_at_the_prompt_clears_and_twice_exits() {
    let mut app = app();
    typed(&mut app, "draft", at(0));
    press(&mut app, Key::ctrl('c'), at(0));
    assert!(app.composer.is_empty());
    assert!(rows(&mut app, SIZE, at(0)).starts_with("ctrl+c again exits\n"));
    app.tick(at(2_000));
    assert!(rows(&mut app, SIZE, at(2_000)).starts_with("\n> "));
    press(&mut app, Key::ctrl('c'), at(3_000));
    assert_eq!(app.actions(), []);
    press(&mut app, Key::ctrl('c'), at(4_000));
    assert_eq!(app.actions(), [Action::Send(Command::Shutdown)]);
    app.event(
        UiEvent::Exit {
            summary: "bye".into(),
        },
        at(4_100),
    );
    assert_eq!(app.actions(), [Action::Exit("bye".into())]);
}

#[test]
fn ctrl_d_exits_only_on_an_empty_prompt_and_a_dead_worker_does_not_hold_it() {
    let mut app = app();
    typed(&mut app, "x", at(0));
    press(&mut app, Key::plain(KeyCode::Left), at(0));
    press(&mut app, Key::ctrl('d'), at(0));
    assert_eq!((app.actions().len(), app.composer.text()), (0, ""));
    press(&mut app, Key::ctrl('d'), at(0));
    assert_eq!(app.actions(), [Action::Send(Command::Shutdown)]);
    app.tick(at(4_999));
    assert_eq!(app.actions(), []);
    app.tick(at(5_000));
    assert_eq!(app.actions(), [Action::Exit(String::new())]);
}

#[test]
fn a_worker_that_goes_without_a_word_is_said_to_be_gone() {
    let mut app = app();
    history(&mut app);
    app.worker_gone();
    assert!(history(&mut app)[1].contains("the worker has ended"));
    assert_eq!(app.actions(), [Action::Exit(String::new())]);
    let mut app = self::app();
    app.event(
        UiEvent::Exit {
            summary: "bye".into(),
        },
        at(0),
    );
    app.worker_gone();
    assert_eq!(app.actions(), [Action::Exit("bye".into())]);
}

#[test]
fn slash_lines_are_commands_and_paths_are_not() {
    let mut app = app();
    typed(&mut app, "/think on", at(0));
    press(&mut app, ENTER, at(0));
    typed(&mut app, "/usr/bin is full", at(0));
    press(&mut app, ENTER, at(0));
    typed(&mut app, "/nosuch", at(0));
    press(&mut app, ENTER, at(0));
    assert_eq!(
        sends(&mut app),
        [
            Action::Send(Command::Slash {
                line: "/think on".into()
            }),
            Action::Send(Command::Submit {
                text: "/usr/bin is full".into(),
                images: Vec::new(),
            }),
            Action::Send(Command::Slash {
                line: "/nosuch".into()
            }),
        ]
    );
}

#[test]
fn the_palette_opens_below_the_prompt() {
    let mut app = app();
    typed(&mut app, "/", at(0));
    assert_eq!(
        rows(&mut app, SIZE, at(0)),
        "\n> /▌\n  /clear           does clear\n  /think [on|off]  does think\n  sonnet-5.5 · normal · ctx 0% · main"
    );
    press(&mut app, Key::plain(KeyCode::Down), at(0));
    press(&mut app, Key::plain(KeyCode::Tab), at(0));
    assert_eq!(app.composer.text(), "/think ");
}

#[test]
fn questions_come_in_order_and_ignore_early_keys() {
    let mut app = app();
    app.event(main(AgentEvent::TurnStarted), at(0));
    typed(&mut app, "dra", at(0));
    app.event(asked(1), at(0));
    app.event(asked(2), at(0));
    assert_eq!(
        rows(&mut app, SIZE, at(100)),
        "\n▌Run this command? (1 of 2)\n  make clean\nno rule allows it\n\
         y once   n no, tell it why   esc stop the turn\n  sonnet-5.5 · normal · ctx 0% · main"
    );
    typed(&mut app, "yft", at(399));
    let told = app.actions();
    assert!(
        matches!(&told[..], [Action::Notify(one), Action::Notify(_)] if one == "sofos asks: Run make clean"),
        "{told:?}"
    );
    assert_eq!(
        app.composer.text(),
        "drayft",
        "letters typed too soon go on in the draft"
    );
    typed(&mut app, "y", at(400));
    let answer = |id, answer| Action::Send(Command::Answer { id, answer });
    assert_eq!(app.actions(), [answer(1, Answer::Once)]);
    rows(&mut app, SIZE, at(450));
    typed(&mut app, "y", at(700));
    assert_eq!(app.actions(), [], "the second question has its own pause");
    press(&mut app, Key::plain(KeyCode::Esc), at(800));
    let no = Answer::No {
        message: String::new(),
    };
    assert_eq!(
        app.actions(),
        [answer(2, no), Action::Send(Command::Interrupt)]
    );
    app.event(asked(3), at(900));
    app.event(main(AgentEvent::AskClosed { id: 3 }), at(900));
    assert!(rows(&mut app, SIZE, at(900)).contains("> drayft"));
}

#[test]
fn a_session_is_picked_from_the_list() {
    let mut app = app();
    let picker = Picker {
        title: "open session".into(),
        rows: (0..40)
            .map(|i| PickRow::new(format!("s{i}"), format!("title {i}"), ""))
            .collect(),
        command: "/resume".into(),
        verb: "open".into(),
        ..Picker::default()
    };
    app.event(UiEvent::Pick(Box::new(picker)), at(0));
    let shown = rows(&mut app, SIZE, at(0));
    assert!(
        shown.contains("open session: ▌") && shown.contains("title 12"),
        "{shown}"
    );
    typed(&mut app, "title 7", at(0));
    press(&mut app, ENTER, at(0));
    assert_eq!(
        app.actions(),
        [Action::Send(Command::Slash {
            line: "/resume s7".into()
        })]
    );
    app.event(
        UiEvent::SessionReplaced {
            id: "s7".into(),
            resumed: true,
        },
        at(0),
    );
    assert!(history(&mut app).contains(&"  resumed session s7".to_owned()));
}

#[test]
fn tiny_windows_show_what_matters() {
    let mut app = app();
    app.event(main(AgentEvent::TurnStarted), at(0));
    typed(&mut app, "one two three four five six seven eight", at(0));
    for rows_count in 1..8 {
        for cols in [1, 2, 5, 20] {
            let size = Size {
                cols,
                rows: rows_count,
            };
            let shown = rows(&mut app, size, at(0));
            assert!(
                shown.lines().count() <= usize::from(rows_count),
                "{size:?}:\n{shown}"
            );
            assert!(shown.contains('▌'), "{size:?}:\n{shown}");
        }
    }
    app.event(asked(1), at(0));
    for rows_count in 1..8 {
        let size = Size {
            cols: 20,
            rows: rows_count,
        };
        assert!(rows(&mut app, size, at(0)).lines().count() <= usize::from(rows_count));
    }
}

#[test]
fn foreign_text_is_cleaned_everywhere() {
    let mut app = app();
    history(&mut app);
    let evil = "a\u{1b}]52;c;aGk=\u{7}b\u{1b}[2J";
    app.event(main(AgentEvent::UserMessage { text: evil.into() }), at(0));
    app.event(
        main(AgentEvent::TextDelta {
            text: format!("{evil}\n\n"),
        }),
        at(0),
    );
    app.event(main(AgentEvent::ThinkingDelta { text: evil.into() }), at(0));
    app.event(main(AgentEvent::ThinkingDone { elapsed_ms: None }), at(0));
    app.event(
        main(AgentEvent::ServerSide {
            summary: evil.into(),
        }),
        at(0),
    );
    let notice = AgentEvent::Notice {
        level: NoticeLevel::Error,
        text: evil.into(),
    };
    app.event(main(notice), at(0));
    app.event(
        UiEvent::Text {
            markdown: evil.into(),
        },
        at(0),
    );
    let text = history(&mut app).join("\n");
    assert!(
        !text.contains('\u{1b}') && !text.contains("52;c") && !text.contains("2J"),
        "{text}"
    );
    assert_eq!(text.matches("ab").count(), 6, "{text}");
}
