//! Running commands as a model does it.

use super::testing::{Bench, tool};
use super::*;
use serde_json::json;

fn run(bench: &Bench, command: &str) -> ToolOutput {
    bench
        .call("execute_bash", json!({"command": command}))
        .unwrap()
}

fn text(output: &ToolOutput) -> &str {
    output.content[0].as_text().unwrap()
}

#[test]
fn results_state_how_it_ended() {
    let bench = Bench::new();
    bench.write("a.txt", "hi\n");
    for (command, expected, outcome, is_error) in [
        ("cat a.txt", "hi\n[exit 0]", "ok · ", false),
        ("true", "(no output)\n[exit 0]", "ok · ", false),
        ("echo no >&2; exit 3", "no\n[exit 3]", "exit 3 · ", true),
        (
            "kill -9 $$",
            "(no output)\n[killed by signal 9 (SIGKILL)]",
            "killed by signal 9",
            true,
        ),
        ("pwd | sed 's|.*/||'", "work\n[exit 0]", "ok · ", false),
        (
            "printf '\\033[31mred\\033[0m'",
            "red\n[exit 0]",
            "ok · ",
            false,
        ),
        (
            "head -c 4096 /dev/urandom",
            "binary output, 4096 bytes, kept in .sofos/outputs/call_1.bin\n[exit 0]",
            "ok · ",
            false,
        ),
        ("read x; echo \"got:$x\"", "got:\n[exit 0]", "ok · ", false),
    ] {
        let output = run(&bench, command);
        assert_eq!(text(&output), expected, "{command}");
        assert!(output.outcome.starts_with(outcome), "{}", output.outcome);
        assert_eq!(output.is_error, is_error, "{command}");
    }
    assert!(bench.live.lock().unwrap().contains("hi\n"));
}

#[test]
fn a_timeout_is_stated_and_what_came_before_is_kept() {
    let bench = Bench::new();
    let output = bench
        .call(
            "execute_bash",
            json!({"command": "echo begun; sleep 1000", "timeout": 1}),
        )
        .unwrap();
    assert!(
        text(&output).starts_with("begun\n[timed out after 1 s"),
        "{}",
        text(&output)
    );
    assert!(output.is_error);
}

#[test]
fn long_output_is_cut_and_kept_whole() {
    let bench = Bench::new();
    let output = run(&bench, "seq 1 100000");
    assert!(text(&output).len() < 32 * 1024);
    assert!(text(&output).ends_with("99999\n100000\n[exit 0]"));
    assert!(text(&output).contains("[… cut:"));
    let whole = bench.bytes(".sofos/outputs/call_1.txt");
    assert_eq!(whole.iter().filter(|byte| **byte == b'\n').count(), 100_000);
    let ToolBody::Output { tail, folded } = &output.body else {
        panic!("no tail")
    };
    assert_eq!(
        (tail.last().unwrap().as_str(), tail.len() + folded),
        ("100000", 100_000)
    );
}

#[test]
fn a_stop_keeps_the_output_so_far() {
    let mut bench = Bench::new();
    let cancel = bench.cx.cancel.clone();
    bench.cx.progress = Arc::new(move |_| cancel.cancel());
    let error = bench
        .call("execute_bash", json!({"command": "echo begun; sleep 1000"}))
        .unwrap_err();
    assert!(
        matches!(&error, ToolError::Stopped(text) if text == "begun\n[stopped by the user]"),
        "{error:?}"
    );
}

#[test]
fn senseless_commands_are_refused() {
    let bench = Bench::new();
    for command in ["", "  \n", "a\0b"] {
        let args = json!({"command": command}).to_string();
        assert!(
            tool("execute_bash").prepare(&args, &bench.cx).is_err(),
            "{command:?}"
        );
    }
}

/// A call on the test's own runtime: what it leaves behind goes on.
async fn call(bench: &Bench, name: &str, args: serde_json::Value) -> String {
    let run = tool(name)
        .prepare(&args.to_string(), &bench.cx)
        .unwrap()
        .run;
    match run.await {
        Ok(output) => text(&output).to_string(),
        Err(error) => format!("error: {error}"),
    }
}

async fn start(bench: &Bench, command: &str, pty: bool) -> String {
    let args = json!({"command": command, "run_in_background": true, "pty": pty});
    call(bench, "execute_bash", args).await
}

#[tokio::test]
async fn a_job_is_read_fed_and_ends() {
    let bench = Bench::new();
    let told = start(
        &bench,
        "echo ready; while read x; do echo \"got $x\"; done; echo bye",
        false,
    )
    .await;
    assert_eq!(told, "ready\n[it runs in the background as job 1]");
    assert_eq!(bench.cx.jobs.running(), 1);
    let job = |args| call(&bench, "bash_job", args);
    let told = job(json!({"job": 1, "input": "one\n"})).await;
    assert!(told.starts_with("got one\n[running for "), "{told}");
    let told = job(json!({"job": 1})).await;
    assert!(told.starts_with("(no new output)\n[running for "), "{told}");
    let told = job(json!({"job": 1, "input": "\u{4}", "wait_seconds": 60})).await;
    assert!(told.starts_with("bye\n[exit 0 after "), "{told}");
    assert_eq!(bench.cx.jobs.running(), 0);
    // What the model has seen is no news.
    assert!(bench.cx.jobs.take_news().is_empty());
    let error = job(json!({"job": 1, "input": "x"})).await;
    assert_eq!(error, "error: bash_job: job 1: it has ended");
    let args = json!({"job": 2}).to_string();
    let error = tool("bash_job").prepare(&args, &bench.cx).err().unwrap();
    assert!(
        error.to_string().contains("no job 2; there is 1"),
        "{error}"
    );
}

#[tokio::test]
async fn a_job_is_stopped_with_everything_it_started() {
    let bench = Bench::new();
    start(
        &bench,
        "sh -c 'trap \"\" TERM; echo in; sleep 1000' & wait",
        false,
    )
    .await;
    let told = call(&bench, "bash_job", json!({"job": 1, "stop": true})).await;
    assert!(told.contains("[stopped after "), "{told}");
}

#[tokio::test]
async fn an_early_end_of_a_job_is_the_answer() {
    let bench = Bench::new();
    assert_eq!(
        start(&bench, "no-such-program-at-all 2>/dev/null", false).await,
        "(no output)\n[exit 127]"
    );
    assert!(bench.cx.jobs.rows().is_empty());
}

#[tokio::test]
async fn the_user_sends_a_command_away_and_the_model_hears_of_its_end() {
    let mut bench = Bench::new();
    let jobs = bench.cx.jobs.clone();
    bench.cx.progress = Arc::new(move |_| {
        jobs.to_background();
    });
    let args =
        json!({"command": "echo begun; until test -e go; do sleep 0.02; done; echo done; exit 3"});
    let told = call(&bench, "execute_bash", args).await;
    assert_eq!(told, "begun\n[the user sent it to the background as job 1]");
    bench.write("go", "");
    bench.cx.jobs.find(1).unwrap().over().await;
    let news = bench.cx.jobs.take_news();
    assert_eq!(news.len(), 1);
    assert!(
        news[0].starts_with("Background job 1 (`echo begun; until"),
        "{news:?}"
    );
    assert!(news[0].contains("ended: exit 3 after "), "{news:?}");
    assert!(bench.cx.jobs.take_news().is_empty());
    let told = call(&bench, "bash_job", json!({"job": 1})).await;
    assert!(told.starts_with("done\n[exit 3 after "), "{told}");
}

#[tokio::test]
async fn a_dropped_call_ends_its_command() {
    let bench = Bench::new();
    let args = json!({"command": "sleep 1000"}).to_string();
    let run = tool("execute_bash").prepare(&args, &bench.cx).unwrap().run;
    assert!(
        tokio::time::timeout(std::time::Duration::from_millis(100), run)
            .await
            .is_err()
    );
    let all_over = async {
        while bench.cx.jobs.to_background() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), all_over)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_terminal_is_there_on_request() {
    let bench = Bench::new();
    let command = "test -t 0 && test -t 1 && echo terminal; stty size; : < /dev/tty && echo own";
    let told = call(
        &bench,
        "execute_bash",
        json!({"command": command, "pty": true}),
    )
    .await;
    assert_eq!(told, "terminal\n40 120\nown\n[exit 0]");
    let told = start(
        &bench,
        "read -p 'name? ' x; echo \"hello $x\"; sleep 1000",
        true,
    )
    .await;
    assert!(told.starts_with("name? \n[it runs"), "{told:?}");
    let told = call(&bench, "bash_job", json!({"job": 1, "input": "me\n"})).await;
    assert!(told.contains("hello me\n[running"), "{told:?}");
    let told = call(
        &bench,
        "bash_job",
        json!({"job": 1, "input": "\u{3}", "wait_seconds": 60}),
    )
    .await;
    assert!(
        told.contains("killed by signal 2") || told.contains("exit 130"),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_job_that_prints_much_keeps_little_here_and_all_on_disk() {
    let bench = Bench::new();
    start(&bench, "sleep 0.3; seq 1 50000; sleep 1000", false).await;
    let job = bench.cx.jobs.find(1).unwrap();
    let mut seen = String::new();
    while !seen.contains("\n50000\n") {
        job.output().await;
        seen = job.take_unread();
    }
    assert!(seen.len() < 40 * 1024, "{}", seen.len());
    assert_eq!(bench.bytes(".sofos/outputs/call_1.txt").len(), 288_894);
}

#[test]
fn secrets_of_the_user_are_not_shown() {
    let mut bench = Bench::new();
    let env = bench.cx.env.as_ref().clone();
    bench.cx.env = Arc::new(env.with_secrets(["hunter2-hunter2".to_string()]));
    bench.write("a.txt", "key hunter2-hunter2\n");
    let output = run(
        &bench,
        "cat a.txt; printf hunter2-; printf hunter2; seq 1 20000",
    );
    let shown = [text(&output), &bench.live.lock().unwrap()].concat();
    assert!(!shown.contains("hunter2-hunter2"), "{shown}");
    assert!(
        text(&output).starts_with("key [redacted]\n[redacted]1\n"),
        "{}",
        text(&output)
    );
    let whole = String::from_utf8(bench.bytes(".sofos/outputs/call_1.txt")).unwrap();
    assert!(whole.starts_with("key [redacted]\n[redacted]1\n"));
}

#[test]
fn leaving_the_sandbox_is_an_effect_of_its_own() {
    use crate::protocol::permission::Effect;
    let mut bench = Bench::new();
    let effects = |bench: &Bench, args: serde_json::Value| {
        let prepared = tool("execute_bash").prepare(&args.to_string(), &bench.cx);
        prepared.unwrap().effects
    };
    let line = || "curl x".to_string();
    let unconfined = json!({"command": "curl x", "sandbox": false, "network": true});
    let online = json!({"command": "curl x", "network": true});
    // Where there is no sandbox there is none to leave.
    assert_eq!(effects(&bench, unconfined.clone()), [Effect::Exec(line())]);
    bench.cx.sandbox = true;
    assert_eq!(
        effects(&bench, unconfined),
        [Effect::Exec(line()), Effect::Unconfined(line())]
    );
    assert_eq!(
        effects(&bench, online),
        [Effect::Exec(line()), Effect::Network(line())]
    );
}

#[test]
fn rules_against_reading_are_enforced_or_nothing_runs() {
    let mut bench = Bench::new();
    bench.cx.sandbox = true;
    bench.write(".env", "");
    let (file, root) = (bench.root().join(".env"), bench.root().to_path_buf());
    for (hidden, unconfined, why) in [
        // Programs other than sofos have no sandbox.
        (Ok(file.clone()), false, "nothing here enforces that"),
        (Ok(file), true, "only the sandbox enforces that"),
        (Ok(root), false, "closes"),
        (
            Err("the rule x covers too many files"),
            false,
            "too many files",
        ),
    ] {
        bench.cx.unreadable = Arc::new(move || match &hidden {
            Ok(path) => Ok(vec![path.clone()]),
            Err(why) => Err(why.to_string()),
        });
        let args = json!({"command": "echo ran", "sandbox": !unconfined});
        let told = bench.text("execute_bash", args);
        assert!(told.starts_with("error: ") && told.contains(why), "{told}");
    }
}
