//! Choosing models, keys, budgets and what a session cost, through the program.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::pty::Terminal;
use crate::rig::{Ran, Rig, ran};
use crate::server::{says, text, tool};

const KEY: &str = "sk-ant-stored-0123456789abcd";

/// Runs with a text on standard input.
fn piped(mut command: Command, input: &str) -> Ran {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    ran(child.wait_with_output().unwrap())
}

#[test]
fn a_key_is_stored_used_listed_and_removed_without_being_shown() {
    let rig = Rig::new(vec![says(vec![text("hello")])]);
    let keyless = |args: &[&str]| {
        let mut command = rig.command(args);
        command.env_remove("ANTHROPIC_API_KEY");
        command
    };
    let refused = ran(keyless(&["config", "keys", "set", "anthropic", KEY])
        .output()
        .unwrap());
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("pipe it in") && !refused.stderr.contains(KEY));
    let stored = piped(
        keyless(&["config", "keys", "set", "anthropic"]),
        &format!("{KEY}\n"),
    );
    assert_eq!(stored.code, 0, "{}", stored.stderr);
    assert!(stored.stdout.contains("…abcd") && !stored.stdout.contains(KEY));
    let path = rig.home().join(".sofos/keys.toml");
    assert!(std::fs::read_to_string(&path).unwrap().contains(KEY));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let list = ran(keyless(&["config", "keys", "list", "--json"])
        .output()
        .unwrap());
    let rows: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(rows[0]["source"], "keys.toml");
    assert_eq!(rows[0]["ends_in"], "abcd");
    let asked = ran(keyless(&["-p", "hi"]).output().unwrap());
    assert_eq!(asked.stdout, "hello\n", "{}", asked.stderr);
    let removed = ran(keyless(&["config", "keys", "remove", "anthropic"])
        .output()
        .unwrap());
    assert_eq!(removed.code, 0);
    assert!(!std::fs::read_to_string(&path).unwrap().contains(KEY));
}

#[test]
fn a_budget_stops_before_the_next_request() {
    let list = || says(vec![tool("list_directory", json!({"path": "."}))]);
    let slow = || says(vec![tool("execute_bash", json!({"command": "sleep 1.1"}))]);
    for (flags, call) in [
        (["--max-turns", "1"], list()),
        (["--max-cost", "0.0000001"], list()),
        (["--max-time", "1s"], slow()),
    ] {
        let rig = Rig::new(vec![call, says(vec![text("never")])]);
        let ran = rig.run(&[&["-p", "go"][..], &flags[..]].concat());
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("stopped"), "{}", ran.stderr);
        assert!(!ran.stdout.contains("never"));
    }
}

#[test]
fn another_model_takes_over_when_the_first_is_out_of_reach() {
    let rig = Rig::new(vec![says(vec![text("here instead")])]);
    std::fs::create_dir_all(rig.home().join(".sofos")).unwrap();
    std::fs::write(
        rig.home().join(".sofos/config.toml"),
        "[models]\nfallback = [\"anthropic/claude-haiku-5-5\"]\n",
    )
    .unwrap();
    let mut command = rig.command(&["--provider", "vllm", "--model", "mine", "-p", "go"]);
    // Nothing listens at this port.
    command.env("VLLM_BASE_URL", "http://127.0.0.1:1/v1");
    let ran = ran(command.output().unwrap());
    assert_eq!(ran.stdout, "here instead\n", "{}", ran.stderr);
    assert!(
        ran.stderr.contains("Going on with model claude-haiku-5-5"),
        "{}",
        ran.stderr
    );
    let switched = rig
        .entries()
        .into_iter()
        .rfind(|entry| entry["kind"]["settings"].is_object());
    assert_eq!(
        switched.unwrap()["kind"]["settings"]["settings"]["model"],
        "claude-haiku-5-5"
    );
}

#[test]
fn a_server_on_this_machine_says_how_much_its_model_takes() {
    let rig = Rig::new(Vec::new());
    let list = r#"{"object":"list","data":[{"id":"tiny","meta":{"n_ctx":9000}}]}"#;
    rig.server.page("/v1/models", list);
    let props = r#"{"default_generation_settings":{"n_ctx":4000},"modalities":{"vision":false},
        "chat_template_caps":{"supports_tools":false}}"#;
    rig.server.page("/props", props);
    let chunk = json!({"id": "c", "object": "chat.completion.chunk", "model": "tiny", "choices":
        [{"index": 0, "delta": {"content": "here"}, "finish_reason": "stop"}]});
    rig.server.page(
        "/v1/chat/completions",
        format!("data: {chunk}\n\ndata: [DONE]\n\n"),
    );
    let ask = |text: &str| {
        let mut command = rig.command(&["--model", "llama.cpp/tiny", "-p", text]);
        command.env("LLAMACPP_BASE_URL", rig.server.url());
        ran(command.output().unwrap())
    };
    let short = ask("hello");
    assert_eq!(short.stdout, "here\n", "{}", short.stderr);
    assert!(short.stderr.contains("not made for calling tools"));
    let long = ask(&"many words ".repeat(2_500));
    assert!(
        long.stderr.contains("the window of tiny has 4.0k"),
        "{}",
        long.stderr
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_key_is_kept_in_the_keychain() {
    use std::os::unix::fs::PermissionsExt;
    let rig = Rig::new(vec![says(vec![text("opened")])]);
    let bin = rig.home().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let tool = bin.join("secret-tool");
    let script = "#!/bin/sh\nkept=$HOME/kept\ncase $1 in\nstore) [ \"$*\" = \"store --label sofos: \
        anthropic service sofos provider anthropic\" ] && cat > \"$kept\" ;;\nlookup) cat \"$kept\" \
        2>/dev/null ;;\nclear) rm -f \"$kept\" ;;\nesac\n";
    std::fs::write(&tool, script).unwrap();
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let run = |args: &[&str], given: &str| {
        let mut command = rig.command(args);
        command.env_remove("ANTHROPIC_API_KEY").env("PATH", &path);
        command.stdin(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut pipe, given.as_bytes()).unwrap();
        drop(pipe);
        ran(child.wait_with_output().unwrap())
    };
    let set = ["config", "keys", "set", "anthropic", "--keychain"];
    let stored = run(&set, "sk-ant-kept-0123456789\n");
    assert_eq!(stored.code, 0, "{}", stored.stderr);
    assert!(stored.stdout.contains("keychain"), "{}", stored.stdout);
    let file = rig.home().join(".sofos/keys.toml");
    assert!(
        !std::fs::read_to_string(&file)
            .unwrap()
            .contains("0123456789")
    );
    let answered = run(&["-p", "go"], "");
    assert_eq!(answered.stdout, "opened\n", "{}", answered.stderr);
    let listed = run(&["config", "keys", "list"], "");
    assert!(
        listed.stdout.contains("keychain ends in …6789"),
        "{}",
        listed.stdout
    );
    // The keychain forgot it: the reason is said, and the way out.
    std::fs::remove_file(rig.home().join("kept")).unwrap();
    let gone = run(&["-p", "go"], "");
    assert!(
        gone.code != 0 && gone.stderr.contains("the keychain has no secret named"),
        "{}",
        gone.stderr
    );
    let removed = run(&["config", "keys", "remove", "anthropic"], "");
    assert_eq!(removed.code, 0, "{}", removed.stderr);
    assert!(!std::fs::read_to_string(&file).unwrap().contains("keychain"));
}

#[test]
fn what_a_session_cost_is_told_part_by_part() {
    let rig = Rig::new(vec![
        says(vec![tool("list_directory", json!({"path": "."}))]),
        says(vec![text("done")]),
    ]);
    rig.run(&["-p", "look around"]);
    let ran = rig.run(&["cost", "--why"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for part in [
        "system prompt",
        "tool descriptions",
        "your messages",
        "files read",
    ] {
        assert!(ran.stdout.contains(part), "{}", ran.stdout);
    }
    let json = rig.run(&["cost", "--json"]);
    let ledger: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let parts: u64 = ledger["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["tokens"].as_u64().unwrap())
        .sum();
    let of = |name: &str| ledger["usage"][name].as_u64().unwrap();
    let all = of("input") + of("cache_read") + of("cache_write") + of("cache_write_long");
    assert_eq!(parts, all + of("output"));
}

#[test]
fn settings_are_explained_by_layer_and_models_are_listed() {
    let rig = Rig::new(vec![]);
    let set = rig.run(&["config", "set", "effort", "high"]);
    assert_eq!(set.code, 0, "{}", set.stderr);
    let mut command = rig.command(&["config", "explain", "effort"]);
    command.env("SOFOS_EFFORT", "low");
    let explained = ran(command.output().unwrap()).stdout;
    assert!(explained.starts_with("effort = low  from SOFOS_EFFORT\n  beats high from "));
    let models = rig.run(&["models", "list", "gemini"]).stdout;
    assert!(models.contains("gemini/gemini-3.8-flash"), "{models}");
    assert!(models.contains("$0.75 in, $3.75 out per M"), "{models}");
    let chosen = rig.run(&["models", "set", "openai/gpt-6-luna"]);
    assert!(
        chosen.stdout.contains("no key: set OPENAI_API_KEY"),
        "{}",
        chosen.stdout
    );
    let doctor = rig.run(&["doctor"]).stdout;
    assert!(
        doctor.contains("gpt-6-luna") && doctor.contains("openai_responses"),
        "{doctor}"
    );
}

#[test]
fn a_model_is_chosen_and_a_key_is_typed_unseen() {
    let rig = Rig::new(vec![says(vec![text("one")]), says(vec![text("two")])]);
    let mut pty = Terminal::start(&rig, &[], 90, 24);
    pty.wait("claude-sonnet-5-5");
    pty.enter("hello");
    pty.wait("one");
    pty.enter("/model claude-haiku-5-5");
    pty.wait("conversation goes along");
    pty.enter("again");
    pty.wait("two");
    pty.enter("/keys add vllm");
    pty.wait("key for vLLM");
    pty.send("\x1b[200~gsk_pasted\n0123456789\x1b[201~");
    pty.wait("••••");
    pty.send("\r");
    pty.wait("stored in");
    assert!(!pty.everything().contains("gsk_pasted"));
    let stored = std::fs::read_to_string(rig.home().join(".sofos/keys.toml")).unwrap();
    assert!(
        stored.contains("vllm = \"gsk_pasted0123456789\""),
        "{stored}"
    );
    pty.enter("/exit");
    pty.end();
    assert!(
        rig.entries()
            .iter()
            .any(|entry| { entry["kind"]["settings"]["settings"]["model"] == "claude-haiku-5-5" })
    );
}

#[test]
fn what_morph_merges_is_costed_apart() {
    let rig = Rig::new(vec![
        says(vec![tool("read_file", json!({"path": "a.rs"}))]),
        says(vec![tool(
            "morph_edit_file",
            json!({"path": "a.rs", "instructions": "I change two",
                "code_edit": "// ... existing code ...\nfn two() {\n    22\n}\n"}),
        )]),
        says(vec![text("merged")]),
    ]);
    rig.file("a.rs", "fn one() {\n    1\n}\n\nfn two() {\n    2\n}\n");
    let merged = json!({"choices": [{"message": {"content": "fn one() {\n    1\n}\n\nfn two() {\n    22\n}\n"},
        "finish_reason": "stop"}], "usage": {"prompt_tokens": 400_000, "completion_tokens": 100_000}});
    rig.server.page("/v1/chat/completions", merged.to_string());
    let mut command = rig.command(&["--permission-mode", "accept-edits", "-p", "go"]);
    command
        .env("MORPH_API_KEY", "morph-0123456789abcdef")
        .env("MORPH_BASE_URL", format!("{}/v1", rig.server.url()));
    let done = ran(command.output().unwrap());
    assert_eq!(done.stdout, "merged\n", "{}", done.stderr);
    assert!(rig.read("a.rs").contains("22"));
    // 0.4 M at $0.8 and 0.1 M at $1.2: $0.44.
    let cost = rig.run(&["cost", "--why"]).ok().stdout.clone();
    let line = cost.lines().find(|line| line.contains("merged by Morph"));
    assert!(line.is_some_and(|line| line.contains("0.44")), "{cost}");
    rig.server.check();
}
