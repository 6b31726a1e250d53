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
            "binary output (4096 bytes), not shown\n[exit 0]",
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
