//! What goes wrong on the way, and what the user is told.

use std::io::{BufRead, BufReader, Read};

use serde_json::json;

#[cfg(target_os = "linux")]
use crate::rig::sleeps;
use crate::rig::{Rig, ran, until};
use crate::server::{How, Reply, message, says, sent, status, text, tool};

#[test]
fn overload_and_rate_limits_are_waited_out_and_said() {
    let limited = Reply::Status {
        code: 429,
        headers: vec![("retry-after-ms", "20")],
        body:
            json!({"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}})
                .to_string(),
    };
    let rig = Rig::new(vec![limited.clone(), limited, says(vec![text("done")])]);
    let ran = rig.run(&["-p", "go"]);
    assert_eq!(ran.ok().stdout, "done\n");
    assert!(ran.stderr.contains("try 2 of"), "{}", ran.stderr);
    rig.server.check();
}

#[test]
fn a_stream_that_breaks_is_asked_for_again_and_shown_once() {
    let cut = How {
        cut_after: Some(900),
        ..How::default()
    };
    let rig = Rig::new(vec![
        sent(
            vec![text(
                "first half of an answer that breaks in the middle "
                    .repeat(9)
                    .as_str(),
            )],
            cut,
        ),
        says(vec![text("whole answer")]),
    ]);
    let ran = rig.run(&["-p", "go"]);
    assert_eq!(ran.ok().stdout, "whole answer\n");
    assert!(ran.stderr.contains("asking again"), "{}", ran.stderr);
    rig.server.check();
}

#[test]
fn hopeless_errors_are_not_repeated_and_say_what_to_do() {
    for (code, kind, message, words) in [
        (
            401,
            "authentication_error",
            "invalid x-api-key",
            "ANTHROPIC_API_KEY",
        ),
        (
            404,
            "not_found_error",
            "model: claude-sonet-5-5",
            "claude-sonnet-5-5",
        ),
        (402, "billing_error", "credit balance too low", "credit"),
        (
            400,
            "invalid_request_error",
            "prompt is too long: 1 > 0",
            "does not fit",
        ),
    ] {
        let rig = Rig::new(vec![status(code, kind, message)]);
        let ran = rig.run(&["-p", "go", "--model", "claude-sonet-5-5"]);
        assert_eq!(ran.code, 1);
        assert!(ran.stderr.contains(words), "{code}: {}", ran.stderr);
        assert!(
            !ran.stderr.contains("sk-ant-test-0123456789"),
            "{}",
            ran.stderr
        );
        assert_eq!(rig.server.requests().len(), 1);
        assert!(
            rig.entries()
                .iter()
                .any(|entry| entry.to_string().contains("\"go\"")),
            "saved"
        );
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let rig = Rig::new(vec![]);
    let mut command = rig.command(&["-p", "go"]);
    command.env("ANTHROPIC_BASE_URL", "http://127.0.0.1:1");
    let ran = ran(command.output().unwrap());
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("127.0.0.1:1"), "{}", ran.stderr);
}

#[cfg(unix)]
fn signal(child: &std::process::Child, name: &str) {
    let id = child.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args([name, &id])
            .status()
            .unwrap()
            .success()
    );
}

#[cfg(unix)]
#[test]
fn an_interrupt_in_the_stream_keeps_the_partial_text_and_leaves_a_valid_conversation() {
    let blocks = vec![
        text("half of the answer"),
        tool("read_file", json!({"path": "a"})),
        text("never comes"),
    ];
    // The stream stops once the call is whole; it starts at once, and what was said before it is shown.
    let hold_after = message(0, &blocks, None).find("\"index\":2");
    let how = How {
        hold_after,
        ..How::default()
    };
    let mut rig = Rig::new(vec![sent(blocks, how)]);
    rig.file("a", "x\n");
    let mut child = rig.spawn(&["-p", "go"]);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut seen = String::new();
    while !seen.contains("half of the answer") {
        assert!(stderr.read_line(&mut seen).unwrap() > 0, "{seen}");
    }
    signal(&child, "-INT");
    stderr.read_to_string(&mut seen).unwrap();
    let stopped = ran(child.wait_with_output().unwrap());
    assert_eq!(stopped.code, 130, "{seen}");
    let log: String = rig.entries().iter().map(ToString::to_string).collect();
    assert!(
        log.contains("half of the answer") && log.contains("interrupted"),
        "{log}"
    );
    rig.serve(vec![says(vec![text("going on")])]);
    assert_eq!(rig.run(&["-r", "-p", "go on"]).ok().stdout, "going on\n");
    rig.server.check();
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_ends_a_command_with_its_whole_tree() {
    let (own, grandchild) = (std::process::id(), 7_000_000 + std::process::id());
    let grandchild = grandchild.to_string();
    let command = format!("(sleep {grandchild} & touch mark; wait) & sleep 6{own:06}");
    let mut rig = Rig::new(vec![says(vec![tool(
        "execute_bash",
        json!({"command": command}),
    )])]);
    let child = rig.spawn(&["-p", "go", "--permission-mode", "bypass"]);
    until("the command to start", || {
        (rig.work().join("mark").exists() && sleeps(&grandchild)).then_some(())
    });
    signal(&child, "-INT");
    let stopped = ran(child.wait_with_output().unwrap());
    assert_eq!(stopped.code, 130, "{}", stopped.stderr);
    // Signals are delivered before the program ends; the kernel may still be reaping.
    until("the grandchild to end", || {
        (!sleeps(&grandchild)).then_some(())
    });
    rig.serve(vec![says(vec![text("going on")])]);
    rig.run(&["-r", "-p", "go on"]).ok();
    rig.server.check();
}

#[test]
fn an_unwritable_workspace_is_said_and_the_turn_goes_on() {
    let rig = Rig::new(vec![says(vec![text("answer")])]);
    // A file where the directory should be: works for root too, unlike modes.
    rig.file(".sofos", "in the way");
    let ran = rig.run(&["-p", "go"]);
    assert_eq!(ran.stdout, "answer\n");
    assert!(ran.stderr.contains("not being saved"), "{}", ran.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_nothing_saved_before_is_damaged() {
    let mut rig = Rig::new(vec![says(vec![text("first")])]);
    rig.run(&["-p", "go"]).ok();
    let before = std::fs::read(&rig.logs()[0]).unwrap();
    rig.serve(vec![says(vec![text(&"long answer ".repeat(2000))])]);
    // A limit on file sizes fails writes half-way, as a full disk does.
    let limit = before.len() / 1024 + 2;
    let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
    let mut command = std::process::Command::new("bash");
    let inner = rig.command(&[]);
    command
        .args([
            "-c",
            &script,
            env!("CARGO_BIN_EXE_sofos"),
            "-r",
            "-p",
            "more",
        ])
        .env_clear()
        .envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(rig.work());
    let full = ran(command.output().unwrap());
    assert!(
        full.stdout.starts_with("long answer"),
        "{}{}",
        full.stdout,
        full.stderr
    );
    assert!(full.stderr.contains("not being saved"), "{}", full.stderr);
    let after = std::fs::read(&rig.logs()[0]).unwrap();
    assert!(after.starts_with(&before));
    rig.serve(vec![says(vec![text("fine")])]);
    assert_eq!(rig.run(&["-r", "-p", "go on"]).ok().stdout, "fine\n");
    rig.server.check();
}
