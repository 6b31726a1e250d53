use std::time::Duration;

use crossterm::event::KeyCode;

use super::tests::{ENTER, SIZE, app, at, history, main, press, rows, typed};
use super::{Action, App};
use crate::protocol::command::{Command, UserInput};
use crate::protocol::event::{AgentEvent, Status, UiEvent};
use crate::tui::composer::folds::Draft;
use crate::tui::desk::clipboard::Pasted;
use crate::tui::desk::{Found, Report, Request};
use crate::tui::terminal::input::{Input, Key};

fn asked(app: &mut App) -> Vec<Request> {
    let actions = app.actions().into_iter();
    actions
        .filter_map(|action| match action {
            Action::Desk(request) => Some(request),
            _ => None,
        })
        .collect()
}

fn sent(app: &mut App) -> Vec<Command> {
    let actions = app.actions().into_iter();
    actions
        .filter_map(|action| match action {
            Action::Send(command) => Some(command),
            _ => None,
        })
        .collect()
}

fn paste(app: &mut App, text: &str) {
    app.input(Input::Paste(text.into()), at(0));
}

#[test]
fn a_paste_that_takes_much_of_the_window_is_told_at_once() {
    let mut app = app();
    app.status.context_window = 10_000;
    history(&mut app);
    paste(&mut app, &"word ".repeat(2_000));
    assert!(history(&mut app).is_empty());
    paste(&mut app, &"word ".repeat(4_000));
    let said = history(&mut app).concat();
    assert!(
        said.contains("about 4.0k tokens, 40 % of the window"),
        "{said}"
    );
}

fn draft(text: &str) -> Draft {
    serde_json::from_value(serde_json::json!({ "text": text })).unwrap()
}

#[test]
fn a_draft_is_kept_when_typing_pauses_and_forgotten_when_it_is_sent() {
    let mut app = app();
    typed(&mut app, "half", at(0));
    typed(&mut app, "!", at(900));
    assert_eq!(app.next_change(at(900)), Some(at(1_900)));
    app.tick(at(1_800));
    assert_eq!(asked(&mut app), []);
    app.tick(at(1_900));
    assert_eq!(asked(&mut app), [Request::Draft(draft("half!"))]);
    press(&mut app, Key::plain(KeyCode::Left), at(2_000));
    app.tick(at(9_000));
    assert_eq!(asked(&mut app), [], "nothing changed");
    assert_eq!(app.next_change(at(9_000)), None);
    press(&mut app, ENTER, at(9_000));
    assert_eq!(
        asked(&mut app),
        [Request::Draft(draft("")), Request::Remember("half!".into())]
    );
    press(&mut app, ENTER, at(9_000));
    assert_eq!(asked(&mut app), []);
}

#[test]
fn a_draft_of_an_earlier_run_comes_back_before_what_is_typed() {
    let mut app = app();
    history(&mut app);
    app.report(Report::Draft(draft("half a message")), at(0));
    assert_eq!(app.composer.text(), "half a message");
    assert!(history(&mut app).concat().contains("back in the prompt"));
    let mut app = super::tests::app();
    typed(&mut app, "x", at(0));
    app.report(Report::Draft(draft("half")), at(0));
    assert_eq!(app.composer.text(), "half\nx");
}

#[test]
fn up_right_after_the_start_waits_for_the_messages() {
    let mut app = app();
    typed(&mut app, "fix", at(0));
    press(&mut app, Key::plain(KeyCode::Up), at(0));
    assert_eq!(app.composer.text(), "fix");
    let messages = ["fix the cart", "run the tests"].map(String::from);
    app.report(Report::History(messages.to_vec()), at(0));
    assert_eq!(app.composer.text(), "fix the cart");
    press(&mut app, Key::plain(KeyCode::Down), at(0));
    assert_eq!(app.composer.text(), "fix");
    // Who goes on typing gets nothing put in between.
    let mut app = self::app();
    press(&mut app, Key::plain(KeyCode::Up), at(0));
    typed(&mut app, "x", at(0));
    app.report(Report::History(messages.to_vec()), at(0));
    assert_eq!(app.composer.text(), "x");
}

#[test]
fn messages_of_earlier_runs_are_searched() {
    let mut app = app();
    let messages = ["fix the cart", "write the\nchangelog", "run the tests"];
    app.report(Report::History(messages.map(String::from).to_vec()), at(0));
    press(&mut app, Key::ctrl('r'), at(0));
    insta::assert_snapshot!(rows(&mut app, SIZE, at(0)), @r"
    search messages: ▌
      run the tests
      write the changelog
      fix the cart
    enter take   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0% · main
    ");
    typed(&mut app, "the c", at(0));
    insta::assert_snapshot!(rows(&mut app, SIZE, at(0)), @r"
    search messages: the c▌
      write the changelog
      fix the cart
    enter take   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0% · main
    ");
    press(&mut app, Key::plain(KeyCode::Down), at(0));
    press(&mut app, ENTER, at(0));
    assert_eq!(app.composer.text(), "fix the cart");
    assert_eq!(sent(&mut app), [], "taken, not sent");
    press(&mut app, Key::ctrl('r'), at(0));
    press(&mut app, Key::plain(KeyCode::Esc), at(0));
    assert_eq!(app.composer.text(), "fix the cart");
}

#[test]
fn files_are_asked_for_and_completed() {
    let mut app = app();
    typed(&mut app, "see @ca", at(0));
    let queries: Vec<Request> = ["", "c", "ca"].map(|q| Request::Find(q.into())).to_vec();
    assert_eq!(asked(&mut app), queries);
    let found = Found {
        query: "ca".into(),
        paths: vec!["src/cart.rs".into(), "a cat.txt".into()],
        walking: false,
    };
    app.report(Report::Found(found), at(0));
    insta::assert_snapshot!(rows(&mut app, SIZE, at(0)), @r"
    > see @ca▌
      src/cart.rs
      a cat.txt
      sonnet-5.5 · normal · ctx 0% · main
    ");
    press(&mut app, Key::plain(KeyCode::Down), at(0));
    press(&mut app, ENTER, at(0));
    assert_eq!(app.composer.text(), "see @\"a cat.txt\" ");
}

#[test]
fn stopping_takes_the_queue_back_and_keeps_the_draft() {
    let mut app = app();
    app.event(main(AgentEvent::TurnStarted), at(0));
    let status = Status {
        busy: true,
        queued: vec!["first".into()],
        ..Status::default()
    };
    app.event(UiEvent::Status(Box::new(status)), at(0));
    typed(&mut app, "draft", at(0));
    press(&mut app, Key::plain(KeyCode::Esc), at(0));
    assert_eq!(sent(&mut app), [Command::ClearQueue, Command::Interrupt]);
    let input = UserInput {
        text: "first".into(),
        images: Vec::new(),
    };
    app.event(
        UiEvent::TakenBack {
            inputs: vec![input],
        },
        at(0),
    );
    assert_eq!(app.composer.text(), "first\ndraft");
}

#[test]
fn the_clipboard_gives_images_and_text_or_says_why_not() {
    let mut app = app();
    history(&mut app);
    press(&mut app, Key::ctrl('v'), at(0));
    assert_eq!(asked(&mut app), [Request::Paste]);
    let image = Pasted::Image {
        media_type: "image/png".into(),
        bytes: vec![1, 2, 3],
    };
    app.report(Report::Pasted(image), at(0));
    app.report(Report::Pasted(Pasted::Text(" and text".into())), at(0));
    assert_eq!(app.composer.text(), "① and text");
    press(&mut app, ENTER, at(0));
    let sent = sent(&mut app);
    let [Command::Submit { text, images }] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    assert_eq!((text.as_str(), images.len()), ("① and text", 1));
    app.report(Report::Failed("there is no clipboard here".into()), at(0));
    assert!(history(&mut app).concat().contains("no clipboard here"));
}

#[test]
fn a_paste_never_is_a_key() {
    let mut app = app();
    for text in ["/clear\n", "y", "\u{3}\u{4}", "@"] {
        paste(&mut app, text);
    }
    assert_eq!(sent(&mut app), []);
    app.composer.clear();
    app.composer.set_vim(true);
    press(&mut app, Key::plain(KeyCode::Esc), at(0));
    paste(&mut app, "dd");
    assert_eq!(app.composer.text(), "dd");
}

#[test]
fn vim_is_switched_shown_and_leaves_stopping_to_normal_mode() {
    let mut app = app();
    typed(&mut app, "/vim", at(0));
    press(&mut app, ENTER, at(0));
    assert!(asked(&mut app).contains(&Request::SetVim(true)));
    typed(&mut app, "ab", at(0));
    assert!(rows(&mut app, SIZE, at(0)).starts_with("-- insert --\n> ab"));
    app.event(main(AgentEvent::TurnStarted), at(0));
    press(&mut app, Key::plain(KeyCode::Esc), at(0));
    assert_eq!(sent(&mut app), [], "the first one leaves insert mode");
    press(&mut app, Key::ctrl('v'), at(0));
    assert!(rows(&mut app, SIZE, at(0)).starts_with("-- visual block --\n"));
    assert_eq!(asked(&mut app), [], "an image is pasted while typing only");
    press(&mut app, Key::plain(KeyCode::Esc), at(0));
    typed(&mut app, "x", at(0));
    assert_eq!(app.composer.text(), "a");
    press(&mut app, Key::plain(KeyCode::Esc), at(0));
    assert_eq!(sent(&mut app), [Command::Interrupt]);
    typed(&mut app, "cc/vim off", at(0));
    press(&mut app, ENTER, at(0));
    assert!(asked(&mut app).contains(&Request::SetVim(false)));
    assert!(!rows(&mut app, SIZE, at(0)).contains("-- "));
}

#[test]
fn lists_of_commands_keys_and_modes_are_overlays() {
    let mut app = app();
    app.slash("/help");
    insta::assert_snapshot!(rows(&mut app, SIZE, at(0)), @r"
    help: ▌
      /clear                       does clear
      /think [on|off]              does think
      @FILE, @a.rs:10-40, @dir/    attaches a file, lines of i…
      @https://…                   attaches a page of the web
      shot.png, https://…/a.png    shows the model the image
      !COMMAND                     runs a command by your own…
      # TEXT                       remembers a line in the ins…
      enter                        send; while a turn runs, qu…
      shift+enter, alt+enter       new line (also \ before Ent…
      esc                          stop the turn, take the que…
      ctrl+c                       stop the turn; twice: leave
      ctrl+b                       a running command goes on i…
      ctrl+d                       leave when nothing is typed
    enter type it   type to filter   esc leave   1 of 40
      sonnet-5.5 · normal · ctx 0% · main
    ");
    typed(&mut app, "think", at(0));
    press(&mut app, ENTER, at(0));
    assert_eq!(app.composer.text(), "/think ");
    app.composer.clear();
    app.slash("/keybindings");
    typed(&mut app, "editor", at(0));
    insta::assert_snapshot!(rows(&mut app, SIZE, at(0)), @r"
    keys: editor▌
      ctrl+g                       editor: write the message i…
      alt+backspace, ctrl+backsp…  kill-word-left: kill the wo…
      alt+d, alt+delete, ctrl+de…  kill-word-right: kill the w…
      (no key)                     provider: choose the provid…
    enter close   type to filter   esc leave









      sonnet-5.5 · normal · ctx 0% · main
    ");
    press(&mut app, ENTER, at(0));
    assert!(!rows(&mut app, SIZE, at(0)).contains("keys:"));
    assert_eq!(sent(&mut app), []);
}

#[test]
fn the_last_answer_is_copied() {
    let mut app = app();
    history(&mut app);
    app.slash("/copy");
    assert!(history(&mut app).concat().contains("no answer to copy"));
    let delta = |text: &str| main(AgentEvent::TextDelta { text: text.into() });
    for event in [
        delta("I look."),
        main(AgentEvent::TextDone),
        delta("It is **done**"),
        delta(".\n"),
        main(AgentEvent::TextDone),
    ] {
        app.event(event, Duration::ZERO);
    }
    app.slash("/copy");
    assert_eq!(asked(&mut app), [Request::Copy("It is **done**.".into())]);
    app.report(Report::NotCopied("text".into()), at(0));
    assert_eq!(app.actions(), [Action::CopyByTerminal("text".into())]);
}

#[test]
fn the_editor_brings_the_message_back() {
    let mut app = app();
    typed(&mut app, "one", at(0));
    press(&mut app, Key::ctrl('g'), at(0));
    assert_eq!(app.actions(), [Action::Editor]);
    app.rewritten("one", "one\ntwo");
    assert_eq!(app.composer.text(), "one\ntwo");
    press(&mut app, Key::ctrl('7'), at(0));
    assert_eq!(app.composer.text(), "one");
}
