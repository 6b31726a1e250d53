//! Arguments, input and the subcommands.

use std::io::Write;
use std::process::Stdio;

use crate::rig::{Rig, ran, tree};
use crate::server::{says, text};

#[test]
fn every_form_of_prompt_reaches_the_model() {
    let mut rig = Rig::new(vec![says(vec![text("ok")])]);
    rig.run(&["fix", "the", "test"]).ok();
    assert!(rig.server.last_message().contains("fix the test"));
    rig.serve(vec![says(vec![text("ok")])]);
    let mut command = rig.command(&["-p", "explain"]);
    command.stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"piped text\n")
        .unwrap();
    ran(child.wait_with_output().unwrap()).ok();
    let message = rig.server.last_message();
    assert!(
        message.contains("explain") && message.contains("piped text"),
        "{message}"
    );
    rig.serve(vec![says(vec![text("ok")])]);
    let mut command = rig.command(&[]);
    command.stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"only piped")
        .unwrap();
    ran(child.wait_with_output().unwrap()).ok();
    assert!(rig.server.last_message().contains("only piped"));
}

#[test]
fn an_open_and_silent_stdin_does_not_hang_the_run() {
    let rig = Rig::new(vec![says(vec![text("ok")])]);
    let mut command = rig.command(&["-p", "go"]);
    command.stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let held = child.stdin.take();
    let ran = ran(child.wait_with_output().unwrap());
    drop(held);
    assert_eq!(ran.ok().stdout, "ok\n");
    assert!(ran.stderr.contains("silent"), "{}", ran.stderr);
}

#[test]
fn wrong_usage_is_exit_code_two_with_a_reason() {
    let rig = Rig::new(vec![]);
    for (args, words) in [
        (&["-p", ""][..], "prompt is empty"),
        (&[], "no terminal and no prompt"),
        (
            &["-p", "x", "--thinking-budget", "40000"],
            "must be less than",
        ),
        (&["-p", "x", "--permission-mode", "yolo"], "invalid value"),
        (&["-p", "x", "--provider", "acme"], "no provider"),
        (&["--no-such-flag"], "unexpected argument"),
    ] {
        let ran = rig.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn a_bad_config_names_file_line_and_key() {
    let rig = Rig::new(vec![]);
    std::fs::create_dir_all(rig.home().join(".sofos")).unwrap();
    std::fs::write(
        rig.home().join(".sofos/config.toml"),
        "model = \"m\"\nmax-tokens = \"many\"\n",
    )
    .unwrap();
    let ran = rig.run(&["-p", "go"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("config.toml:2: max-tokens must be"),
        "{}",
        ran.stderr
    );
}

#[test]
fn without_a_key_three_ways_to_go_on_are_shown() {
    let rig = Rig::new(vec![]);
    let mut command = rig.command(&["-p", "go"]);
    command
        .env_remove("ANTHROPIC_API_KEY")
        .env_remove("ANTHROPIC_BASE_URL");
    let ran = ran(command.output().unwrap());
    assert_eq!(ran.code, 1);
    for way in ["ANTHROPIC_API_KEY", "--provider ollama", "sofos demo"] {
        assert!(ran.stderr.contains(way), "{}", ran.stderr);
    }
}

#[test]
fn the_demo_mends_its_project_and_touches_nothing_else() {
    let rig = Rig::new(vec![]);
    let mut command = rig.command(&["demo"]);
    command
        .env_remove("ANTHROPIC_API_KEY")
        .env_remove("ANTHROPIC_BASE_URL");
    let ran = ran(command.output().unwrap());
    ran.ok();
    assert!(ran.stdout.contains("The tests pass now"), "{}", ran.stdout);
    for seen in [
        "recorded",
        "exit 1",
        "FAILED  What is a - dash?",
        "Edit slug.sh",
        "ok      Hello",
    ] {
        assert!(ran.stderr.contains(seen), "{seen}: {}", ran.stderr);
    }
    assert!(tree(&rig.work()).is_empty());
    assert!(!rig.work().join(".sofos").exists());
}

#[test]
fn doctor_counts_the_prompt() {
    let rig = Rig::new(vec![]);
    let ran = rig.run(&["doctor", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.ok().stdout).unwrap();
    let overhead = report["prompt_overhead"].as_str().unwrap();
    let tokens: u32 = overhead.split(' ').next().unwrap().parse().unwrap();
    assert!((1000..=2500).contains(&tokens), "{overhead}");
    assert!(!ran.stdout.contains("sk-ant-test-0123456789"));
}

#[test]
fn a_trace_is_a_script() {
    let mut rig = Rig::new(vec![says(vec![text("from the server")])]);
    rig.run(&["-p", "go", "--trace", "trace"]).ok();
    let trace = std::fs::read_dir(rig.work().join("trace"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    assert!(
        !std::fs::read_to_string(&trace)
            .unwrap()
            .contains("sk-ant-test-0123456789")
    );
    rig.serve(vec![]);
    let script = trace.to_str().unwrap();
    let ran = rig.run(&["-p", "go", "--provider", "scripted", "--script", script]);
    assert_eq!(ran.ok().stdout, "from the server\n");
}

#[test]
fn the_log_goes_to_a_file_and_never_to_the_screen() {
    let rig = Rig::new(vec![says(vec![text("ok")])]);
    let ran = rig.run(&["-p", "go", "-v"]);
    assert_eq!(ran.ok().stdout, "ok\n");
    assert!(!ran.stderr.contains("DEBUG"), "{}", ran.stderr);
    assert!(rig.work().join(".sofos/logs/sofos.log").exists());
}
