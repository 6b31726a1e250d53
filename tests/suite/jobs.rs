//! Background commands, as a user and a model meet them.

#![cfg(target_os = "linux")]

use serde_json::{Value, json};

use crate::pty::Terminal;
use crate::rig::{Rig, sleeps, until};
use crate::server::{Block, Event, says, text, tool};

const CTRL_B: &str = "\u{2}";
const CTRL_D: &str = "\u{4}";

/// A number of seconds that no other test sleeps.
fn seconds(first: u32) -> String {
    format!("{first}{:07}", std::process::id())
}

/// The texts of the tool results of a request.
fn results(request: &Value) -> String {
    let messages = request["messages"].as_array().unwrap().iter();
    messages
        .flat_map(|message| message["content"].as_array().cloned().unwrap_or_default())
        .filter(|block| block["type"] == "tool_result")
        .map(|block| block["content"].to_string())
        .collect()
}

fn in_background(command: &str) -> Block {
    let args = json!({"command": command, "run_in_background": true});
    tool("execute_bash", args)
}

#[test]
fn a_command_is_sent_away_listed_and_ends_with_the_session() {
    let mark = seconds(63);
    let rig = Rig::new(vec![
        says(vec![tool(
            "execute_bash",
            json!({"command": format!("echo be''gun; sleep {mark}")}),
        )]),
        says(vec![text("It goes on.")]),
    ]);
    let mut terminal = Terminal::start(&rig, &["--permission-mode", "bypass"], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("go");
    terminal.wait("begun");
    terminal.send(CTRL_B);
    terminal.wait("It goes on.");
    terminal.wait("1 job");
    let told = results(&rig.server.requests()[1]);
    assert!(
        told.contains("begun\\n[the user sent it to the background as job 1]"),
        "{told}"
    );
    until("the sleep", || sleeps(&mark).then_some(()));
    terminal.enter("/jobs");
    terminal.wait("running for");
    terminal.send(CTRL_D);
    assert_eq!(terminal.end(), 0);
    until("the end of the job", || (!sleeps(&mark)).then_some(()));
    rig.server.check();
}

#[test]
fn the_model_is_told_of_the_end_of_a_job() {
    let rig = Rig::new(vec![
        says(vec![in_background(
            "until test -e go; do sleep 0.05; done; echo built; exit 3",
        )]),
        // What the job waits for; the next command waits for the job.
        says(vec![tool(
            "execute_bash",
            json!({"command": "touch go; sleep 1"}),
        )]),
        says(vec![tool("bash_job", json!({"job": 1}))]),
        says(vec![text("It failed.")]),
    ]);
    rig.run(&["-p", "go", "--permission-mode", "bypass"]).ok();
    let requests = rig.server.requests();
    let told = requests[2]["messages"].to_string();
    assert!(told.contains("Background job 1 (`until test"), "{told}");
    assert!(told.contains("ended: exit 3 after"), "{told}");
    assert!(results(&requests[3]).contains("built\\n[exit 3 after"));
    rig.server.check();
}

#[test]
fn jobs_do_not_outlive_sofos_even_when_it_is_killed() {
    for sandbox in [&[][..], &["--no-sandbox"]] {
        let mark = seconds(if sandbox.is_empty() { 64 } else { 65 });
        // Neither a session of its own nor an empty environment hides a process.
        let job = format!("trap '' TERM HUP; setsid -f env -i sleep {mark}; sleep {mark}");
        let rig = Rig::new(vec![
            says(vec![in_background(&job)]),
            says(vec![tool(
                "execute_bash",
                json!({"command": format!("touch ready; sleep {mark}")}),
            )]),
        ]);
        let mut args = vec!["-p", "go", "--permission-mode", "bypass"];
        args.extend(sandbox);
        let mut sofos = rig.spawn(&args);
        until("both commands", || {
            rig.work().join("ready").exists().then_some(())
        });
        until("the sleep", || sleeps(&mark).then_some(()));
        sofos.kill().unwrap();
        sofos.wait().unwrap();
        until("the end of both", || (!sleeps(&mark)).then_some(()));
    }
}

#[test]
fn a_run_that_ends_takes_its_jobs_along() {
    let mark = seconds(66);
    let rig = Rig::new(vec![
        says(vec![in_background(&format!("sleep {mark}"))]),
        says(vec![text("Started.")]),
    ]);
    rig.run(&["-p", "go", "--permission-mode", "bypass"]).ok();
    rig.server.wait(Event::Answered(1));
    assert!(!sleeps(&mark));
}

#[test]
fn secrets_of_the_environment_reach_neither_model_nor_log() {
    let rig = Rig::new(vec![
        says(vec![
            tool("execute_bash", json!({"command": "cat .env; cat .env >&2"})),
            tool("read_file", json!({"path": ".env"})),
            tool("search_code", json!({"pattern": "KEY"})),
        ]),
        says(vec![text("Seen.")]),
    ]);
    let canary = "correct-horse-battery-9";
    rig.file(
        ".env",
        format!(
            "MY_KEY={canary}\nAWS_KEY=AKIAIOSFODNN7EXAMPLE\nSOFOS_KEY=sk-ant-test-0123456789\n"
        ),
    );
    let mut command = rig.command(&["-p", "go", "--permission-mode", "bypass"]);
    let output = command.env("MY_KEY", canary).output().unwrap();
    assert!(output.status.success());
    let sent = rig.server.requests()[1].to_string();
    let log = std::fs::read_to_string(&rig.logs()[0]).unwrap();
    let screen = String::from_utf8_lossy(&output.stderr).into_owned();
    for (place, words) in [("request", sent), ("log", log), ("screen", screen)] {
        for secret in [canary, "AKIAIOSFODNN7EXAMPLE", "sk-ant-test-0123456789"] {
            assert!(
                !words.contains(secret),
                "{secret} is in the {place}: {words}"
            );
        }
    }
}
