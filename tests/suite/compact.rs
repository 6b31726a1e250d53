//! A conversation that grows too long is shortened and keeps what matters.

use serde_json::{Value, json};

use crate::rig::Rig;
use crate::server::{Block, Event, How, Reply, filled, says, sent, status, text, thinking, tool};

const PARTS: [&str; 7] = [
    "Goal and context",
    "Files touched",
    "Decisions",
    "Commands run",
    "Errors and resolutions",
    "Identifiers",
    "State and next step",
];

fn summary(state: &str) -> String {
    PARTS
        .iter()
        .map(|part| format!("## {part}\n- notes.txt and everything else around it: {state}\n"))
        .collect()
}

fn messages(request: &Value) -> String {
    request["messages"].to_string()
}

/// A request for a summary rather than for an answer.
fn is_summary(request: &Value) -> bool {
    request["system"].to_string().contains("hand-over note")
}

#[test]
fn facts_survive_ten_compactions_by_a_summariser_that_fails_in_every_way() {
    let mut rig = Rig::new(vec![
        says(vec![
            thinking("hm"),
            tool(
                "update_plan",
                json!({"plan": [{"step": "paint the PLANNED-FENCE", "status": "in_progress"}]}),
            ),
            tool("execute_bash", json!({"command": "sudo REJECTED-THING"})),
            tool("write_file", json!({"path": "notes.txt", "content": "x\n"})),
        ]),
        filled(vec![thinking("so"), text("Done.")], 60_000),
    ]);
    let args = [
        "--model",
        "claude-haiku-4-5",
        "--permission-mode",
        "accept-edits",
    ];
    let compact_at = |rig: &Rig, more: &[&str]| {
        let mut command = rig.command(&args);
        command.env("SOFOS_COMPACT_AT", "20").args(more);
        crate::rig::ran(command.output().unwrap())
    };
    compact_at(&rig, &["-p", "remember FACT-ZERO"]).ok();
    rig.server.check();
    let bad: Vec<Reply> = vec![
        says(vec![text(&summary("good"))]),
        says(vec![text(" ")]),
        says(vec![text(&"garbage ".repeat(100))]),
        says(vec![text(&summary(&"endless ".repeat(5_000)))]),
        status(400, "invalid_request_error", "no"),
        says(vec![thinking("only thoughts")]),
        says(vec![text(
            &summary("good").replace("notes.txt", "another.txt"),
        )]),
        says(vec![tool("read_file", json!({"path": "a"}))]),
        says(vec![text(&summary("wrong: FACT-ZERO was taken back"))]),
        says(vec![text(
            "## Goal and context\nonly one part ".repeat(30).as_str(),
        )]),
    ];
    for (round, summary) in bad.into_iter().enumerate() {
        rig.serve(vec![
            summary,
            filled(vec![thinking("t"), text("Noted.")], 60_000),
        ]);
        let message = format!("remember FACT-{}", round + 1);
        let ran = compact_at(&rig, &["-r", "-p", &message]);
        ran.ok();
        assert!(ran.stderr.contains("Compact"), "{}", ran.stderr);
        rig.server.check();
        let requests = rig.server.requests();
        assert!(is_summary(&requests[0]) && !is_summary(&requests[1]));
        assert!(requests[0]["tools"].as_array().is_none_or(Vec::is_empty));
        let said = messages(&requests[1]);
        for fact in 0..=round {
            let number = if fact == 0 {
                "ZERO".to_string()
            } else {
                fact.to_string()
            };
            assert!(
                said.contains(&format!("FACT-{number}")),
                "round {round}: {said}"
            );
        }
        for fact in [
            message.as_str(),
            "PLANNED-FENCE",
            "REJECTED-THING",
            "notes.txt",
        ] {
            assert!(said.contains(fact), "round {round} lacks {fact}: {said}");
        }
        assert!(said.len() < 40_000, "{}", said.len());
    }
    // The log has every word.
    let log = std::fs::read_to_string(&rig.logs()[0]).unwrap();
    assert!(log.contains("remember FACT-ZERO") && log.contains("toolu_0_1"));
}

#[test]
fn old_results_are_folded_before_anything_is_summarised() {
    let big = |n: usize| format!("start {n}\n{}end {n}\n", "line\n".repeat(1_900));
    let reads = |range: std::ops::Range<usize>| -> Vec<Block> {
        range
            .map(|n| tool("read_file", json!({"path": format!("{n}.txt")})))
            .collect()
    };
    let mut rig = Rig::new(vec![
        says(reads(0..4)),
        says(reads(4..8)),
        filled(vec![text("Read.")], 165_000),
    ]);
    for n in 0..8 {
        rig.file(&format!("{n}.txt"), big(n));
    }
    let args = ["--model", "claude-haiku-4-5"];
    rig.run(&[&args[..], &["-p", "read"]].concat()).ok();
    rig.serve(vec![says(vec![text("Fine.")])]);
    let ran = rig.run(&[&args[..], &["-r", "-p", "and now"]].concat());
    ran.ok();
    assert!(ran.stderr.contains("tool results folded"), "{}", ran.stderr);
    rig.server.check();
    let said = messages(&rig.server.requests()[0]);
    assert!(
        said.contains("start 0") && said.contains("[… folded:"),
        "{said}"
    );
    // The newest stay whole, and the folded ones can be read again.
    let place = said.split("the whole is in ").nth(1).unwrap();
    let place = place.split(']').next().unwrap();
    assert!(rig.read(place).contains("end 0"), "{place}");
    assert!(said.matches("[… folded:").count() < 8);
}

#[test]
fn a_window_that_is_full_is_recovered_from_once_without_a_model() {
    let full = || {
        status(
            400,
            "invalid_request_error",
            "prompt is too long: 210000 tokens > 200000 maximum",
        )
    };
    let rig = Rig::new(vec![
        says(vec![tool("read_file", json!({"path": "a.txt"}))]),
        full(),
        // The summary does not fit either.
        full(),
        says(vec![text("Went on.")]),
    ]);
    rig.file("a.txt", "hello\n".repeat(800));
    let ran = rig.run(&["-p", "do the FIRST-THING"]);
    ran.ok();
    assert_eq!(ran.stdout, "Went on.\n");
    rig.server.check();
    let said = messages(&rig.server.requests()[3]);
    assert!(
        said.contains("FIRST-THING") && said.contains("hello"),
        "{said}"
    );
    assert!(!said.contains("tool_use"), "{said}");

    let rig = Rig::new(vec![
        says(vec![tool("read_file", json!({"path": "a.txt"}))]),
        full(),
        full(),
        full(),
    ]);
    rig.file("a.txt", "hello\n".repeat(800));
    let ran = rig.run(&["-p", "go"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("does not fit"), "{}", ran.stderr);
    rig.server.check();
}

#[cfg(unix)]
#[test]
fn an_answer_and_an_approved_plan_survive_a_compaction() {
    let mut rig = Rig::new(vec![
        says(vec![tool(
            "ask_user",
            json!({"question": "Which database?"}),
        )]),
        says(vec![tool("enter_plan_mode", json!({}))]),
        says(vec![tool(
            "exit_plan_mode",
            json!({"plan": "1. add the SCHEMA-STEP"}),
        )]),
        filled(vec![text("Begun.")], 60_000),
    ]);
    rig.file("notes.txt", "x\n");
    let mut terminal = crate::pty::Terminal::start(&rig, &[], 80, 24);
    let answer = |terminal: &mut crate::pty::Terminal, keys: &str| {
        // Keys within the first moment of a question belong to the prompt.
        std::thread::sleep(std::time::Duration::from_millis(400));
        terminal.send(keys);
    };
    terminal.wait("/ commands");
    terminal.enter("set it up");
    terminal.wait("answer in your own words");
    answer(&mut terminal, "a");
    terminal.wait("answer:");
    terminal.enter("the PURPLE one");
    terminal.wait("Carry out this plan?");
    answer(&mut terminal, "y");
    terminal.wait("Begun.");
    terminal.send("\u{4}");
    terminal.end();
    rig.server.check();
    rig.serve(vec![
        says(vec![text("no summary")]),
        says(vec![text("Went on.")]),
    ]);
    let model = ["--model", "claude-haiku-4-5"];
    let mut command = rig.command(&["-r", "-p", "and now", model[0], model[1]]);
    command.env("SOFOS_COMPACT_AT", "20");
    crate::rig::ran(command.output().unwrap()).ok();
    let said = messages(&rig.server.requests()[1]);
    for fact in ["PURPLE", "Which database?", "SCHEMA-STEP", "set it up"] {
        assert!(said.contains(fact), "{fact}: {said}");
    }
    rig.server.check();
}

#[test]
fn a_count_that_cannot_be_does_not_end_the_conversation() {
    let mut rig = Rig::new(vec![
        says(vec![tool("read_file", json!({"path": "a.txt"}))]),
        filled(vec![text("Read.")], 9_000_000),
    ]);
    rig.file("a.txt", "hello\n".repeat(1_500));
    rig.run(&["-p", "go"]).ok();
    rig.serve(vec![
        says(vec![text(&summary("read"))]),
        says(vec![text("Went on.")]),
    ]);
    let ran = rig.run(&["-r", "-p", "and now"]);
    assert_eq!(ran.ok().stdout, "Went on.\n");
    rig.server.check();
}

#[test]
fn a_compaction_in_the_middle_of_a_turn_keeps_the_work_under_way() {
    let rig = Rig::new(vec![
        filled(
            vec![
                thinking("hm"),
                text("First I look."),
                tool("read_file", json!({"path": "a.txt"})),
            ],
            170_000,
        ),
        says(vec![text(&summary("half done"))]),
        says(vec![text("All done.")]),
    ]);
    rig.file(
        "a.txt",
        format!("the SECRET-INGREDIENT\n{}", "flour\n".repeat(500)),
    );
    let ran = rig.run(&["--model", "claude-haiku-4-5", "-p", "bake it"]);
    ran.ok();
    assert_eq!(ran.stdout, "All done.\n");
    rig.server.check();
    let said = messages(&rig.server.requests()[2]);
    for wanted in ["bake it", "SECRET-INGREDIENT", "half done", "First I look."] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}

#[test]
fn a_kill_during_a_compaction_leaves_the_conversation_as_it_was() {
    let mut rig = Rig::new(vec![filled(vec![text("Done.")], 170_000)]);
    let args = ["--model", "claude-haiku-4-5"];
    rig.run(&[&args[..], &["-p", "remember FACT-A"]].concat())
        .ok();
    let how = How {
        hold_after: Some(400),
        ..How::default()
    };
    rig.serve(vec![sent(vec![text(&summary("x"))], how)]);
    let mut child = rig.spawn(&[&args[..], &["-r", "-p", "remember FACT-B"]].concat());
    rig.server.wait(Event::Answered(0));
    child.kill().unwrap();
    child.wait().unwrap();
    rig.serve(vec![
        says(vec![text(&summary("x"))]),
        says(vec![text("Yes.")]),
    ]);
    rig.run(&[&args[..], &["-r", "-p", "go on"]].concat()).ok();
    rig.server.check();
    let said = messages(&rig.server.requests()[1]);
    assert!(said.contains("FACT-A") && said.contains("FACT-B"), "{said}");
}
