//! What happens in a turn, seen from outside.

use serde_json::{Value, json};

use crate::rig::Rig;
use crate::server::{How, says, sent, stops, text, thinking, tool};

/// Tool results of a request's last message: call id, text, is_error.
fn results(request: &Value) -> Vec<(String, String, bool)> {
    let messages = request["messages"].as_array().unwrap();
    let blocks = messages.last().unwrap()["content"]
        .as_array()
        .unwrap()
        .clone();
    blocks
        .iter()
        .filter(|block| block["type"] == "tool_result")
        .map(|block| {
            let text = match &block["content"] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let id = block["tool_use_id"].as_str().unwrap().to_string();
            (id, text, block["is_error"].as_bool().unwrap_or(false))
        })
        .collect()
}

#[test]
fn an_answer_goes_to_stdout_alone_and_progress_to_stderr() {
    let rig = Rig::new(vec![
        says(vec![
            thinking("hm"),
            text("I look."),
            tool("read_file", json!({"path": "a.txt"})),
        ]),
        says(vec![text("It says **hello** — ünï.")]),
    ]);
    rig.file("a.txt", "hello\n");
    let ran = rig.run(&["-p", "what does a.txt say"]);
    ran.ok();
    assert_eq!(ran.stdout, "It says **hello** — ünï.\n");
    assert!(
        ran.stderr.contains("I look.") && ran.stderr.contains("Read a.txt"),
        "{}",
        ran.stderr
    );
    assert!(
        !ran.stderr.contains('\u{1b}'),
        "escape codes without a terminal: {}",
        ran.stderr
    );
    let requests = rig.server.requests();
    assert!(results(&requests[1])[0].1.contains("hello"));
    rig.server.check();
}

#[test]
fn read_edit_run_works_at_every_chunking() {
    for chunk in [1, 2, 3, 7, 64] {
        let how = How {
            chunk,
            ..How::default()
        };
        let rig = Rig::new(vec![
            sent(
                vec![
                    text("日本 🦀"),
                    tool("read_file", json!({"path": "src/x.txt"})),
                ],
                how,
            ),
            sent(
                vec![tool(
                    "edit_file",
                    json!({"path": "src/x.txt", "old_string": "ein", "new_string": "zwei — 日本"}),
                )],
                how,
            ),
            sent(
                vec![tool("execute_bash", json!({"command": "cat src/x.txt"}))],
                how,
            ),
            sent(vec![text("Done ✅")], how),
        ]);
        rig.file("src/x.txt", "ein\r\nrest\r\n");
        let ran = rig.run(&["-p", "edit"]);
        assert_eq!(ran.ok().stdout, "Done ✅\n", "chunk {chunk}");
        assert_eq!(rig.read("src/x.txt"), "zwei — 日本\r\nrest\r\n");
        assert!(
            results(&rig.server.requests()[3])[0]
                .1
                .contains("zwei — 日本")
        );
        rig.server.check();
    }
}

#[test]
fn results_come_in_call_order_and_writes_are_barriers() {
    let rig = Rig::new(vec![
        says(vec![
            tool("read_file", json!({"path": "a"})),
            tool("write_file", json!({"path": "a", "content": "new\n"})),
            tool("read_file", json!({"path": "a"})),
            tool("no_such_tool", json!({})),
            tool("read_file", json!({"path": "b"})),
        ]),
        says(vec![text("ok")]),
    ]);
    rig.file("a", "old\n");
    rig.file("b", "bee\n");
    rig.run(&["-p", "go"]).ok();
    let results = results(&rig.server.requests()[1]);
    let ids: Vec<&str> = results.iter().map(|(id, ..)| id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "toolu_0_0",
            "toolu_0_1",
            "toolu_0_2",
            "toolu_0_3",
            "toolu_0_4"
        ]
    );
    assert!(results[0].1.contains("old"), "{results:?}");
    assert!(results[2].1.contains("new"), "{results:?}");
    assert!(
        results[3].2 && results[3].1.contains("read_file"),
        "names the tools: {results:?}"
    );
    assert!(results[4].1.contains("bee"));
}

#[test]
fn the_previous_request_is_a_byte_prefix_of_the_next() {
    let mut replies: Vec<_> = (0..20)
        .map(|n| {
            says(vec![
                thinking("step"),
                tool("read_file", json!({"path": "a", "offset": n + 1})),
            ])
        })
        .collect();
    replies.push(says(vec![text("done")]));
    let rig = Rig::new(replies);
    rig.file("a", "line\n".repeat(30));
    rig.file("AGENTS.md", "Be careful.");
    rig.run(&["-p", "go"]).ok();
    let requests = rig.server.requests();
    assert_eq!(requests.len(), 21);
    for pair in requests.windows(2) {
        let [before, after] = [prefix(&pair[0]), prefix(&pair[1])];
        assert_eq!(before.0, after.0, "system and tools changed");
        assert!(after.1.starts_with(&before.1), "history was rewritten");
    }
    assert!(prefix(&requests[0]).0.contains("Be careful."));
    rig.server.check();
}

/// Tools and system, and the messages, as JSON without cache marks.
fn prefix(request: &Value) -> (String, String) {
    fn unmarked(value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(unmarked).collect(),
            Value::Object(fields) => fields
                .iter()
                .filter(|(key, _)| *key != "cache_control")
                .map(|(key, value)| (key.clone(), unmarked(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }
    let head = format!(
        "{}{}",
        unmarked(&request["tools"]),
        unmarked(&request["system"])
    );
    let messages = unmarked(&request["messages"]).to_string();
    (head, messages.trim_end_matches(']').to_string())
}

#[test]
fn malformed_arguments_come_back_as_an_error_the_model_can_act_on() {
    let broken = |args: &str| crate::server::Block::Tool {
        name: "read_file".into(),
        args: args.into(),
    };
    let rig = Rig::new(vec![
        says(vec![
            broken("{\"path\": \"a"),
            broken("{}"),
            broken("{\"path\": 5}"),
        ]),
        says(vec![text("ok")]),
    ]);
    rig.run(&["-p", "go"]).ok();
    let results = results(&rig.server.requests()[1]);
    assert!(
        results.iter().all(|(_, _, is_error)| *is_error),
        "{results:?}"
    );
    assert!(results[1].1.contains("path"), "{results:?}");
    rig.server.check();
}

#[test]
fn a_call_cut_off_by_the_output_limit_never_runs() {
    let rig = Rig::new(vec![
        stops(
            vec![tool("write_file", json!({"path": "a", "content": "half"}))],
            "max_tokens",
        ),
        says(vec![text("smaller steps then")]),
    ]);
    rig.run(&["-p", "go"]).ok();
    assert!(!rig.work().join("a").exists());
    assert!(
        results(&rig.server.requests()[1])[0]
            .1
            .contains("smaller steps")
    );
    rig.server.check();
}

#[test]
fn the_same_failing_call_is_shown_a_way_out_and_then_stopped() {
    let replies = (0..6)
        .map(|_| says(vec![tool("read_file", json!({"path": "gone"}))]))
        .collect();
    let rig = Rig::new(replies);
    let ran = rig.run(&["-p", "go"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("failed 6 times"), "{}", ran.stderr);
    let requests = rig.server.requests();
    assert!(
        !requests[2]["messages"]
            .to_string()
            .contains("failed 3 times")
    );
    assert!(results(&requests[3])[0].1.contains("failed 3 times"));
}

#[test]
fn two_hundred_calls_are_the_limit_and_end_in_a_summary() {
    let many = |n: usize| {
        says(
            (0..n)
                .map(|i| tool("read_file", json!({"path": "a", "offset": i + 1})))
                .collect(),
        )
    };
    let rig = Rig::new(vec![
        many(150),
        many(50),
        many(1),
        says(vec![text("half of it is done")]),
    ]);
    rig.file("a", "line\n".repeat(200));
    let ran = rig.run(&["-p", "go"]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.stdout, "half of it is done\n");
    assert!(ran.stderr.contains("200 tool calls"), "{}", ran.stderr);
    rig.server.check();
}

#[test]
fn a_refusal_and_an_overflow_fail_in_words_and_save_the_session() {
    for (stop, words) in [
        ("refusal", "declined"),
        ("model_context_window_exceeded", "does not fit"),
    ] {
        let rig = Rig::new(vec![stops(vec![text("part")], stop)]);
        let ran = rig.run(&["-p", "go"]);
        assert_eq!(ran.code, 1);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
        rig.server.check();
        assert!(
            rig.entries()
                .iter()
                .any(|entry| entry.to_string().contains("\"go\""))
        );
    }
}

#[test]
fn a_paused_server_tool_is_resumed() {
    let rig = Rig::new(vec![
        stops(vec![text("The answer is ")], "pause_turn"),
        says(vec![text("42.")]),
    ]);
    assert_eq!(rig.run(&["-p", "go"]).ok().stdout, "The answer is 42.\n");
    let requests = rig.server.requests();
    assert_eq!(
        requests[1]["messages"].as_array().unwrap().last().unwrap()["role"],
        "assistant"
    );
    rig.server.check();
}

#[test]
fn json_output_is_one_object_with_the_sums() {
    let rig = Rig::new(vec![
        says(vec![tool("list_directory", json!({"path": "."}))]),
        says(vec![text("two files")]),
    ]);
    rig.file("a", "");
    let ran = rig.run(&["-p", "list", "--output-format", "json"]);
    let report: Value = serde_json::from_str(&ran.ok().stdout).unwrap();
    assert_eq!(report["result"], "two files");
    assert_eq!(report["is_error"], false);
    assert_eq!(report["tools"], json!({"list_directory": 1}));
    assert_eq!(report["usage"]["cache_read"], 180);
    assert!(report["cost_usd"].as_f64().unwrap() > 0.0);
    let log = rig.logs()[0]
        .file_stem()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    assert_eq!(report["session_id"], log.as_str());
}

#[test]
fn what_nobody_can_be_asked_about_is_refused_and_the_model_told() {
    let replies = || {
        vec![
            says(vec![
                tool("delete_file", json!({"path": "a"})),
                tool("read_file", json!({"path": "/etc/hostname"})),
            ]),
            says(vec![text("ok")]),
        ]
    };
    let rig = Rig::new(replies());
    rig.file("a", "precious");
    rig.run(&["-p", "go"]).ok();
    let refused = results(&rig.server.requests()[1]);
    assert!(
        refused
            .iter()
            .all(|(_, text, error)| *error && text.starts_with("Denied")),
        "{refused:?}"
    );
    assert_eq!(rig.read("a"), "precious");
    let rig = Rig::new(replies());
    rig.file("a", "precious");
    rig.run(&["-p", "go", "--permission-mode", "bypass"]).ok();
    assert!(!rig.work().join("a").exists());
}

#[test]
fn safe_mode_offers_and_runs_reading_tools_only() {
    let rig = Rig::new(vec![
        says(vec![tool(
            "write_file",
            json!({"path": "a", "content": "x"}),
        )]),
        says(vec![text("ok")]),
    ]);
    rig.run(&["-s", "-p", "go"]).ok();
    let requests = rig.server.requests();
    let mut names: Vec<&str> = requests[0]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "glob_files",
            "list_directory",
            "read_file",
            "search_code",
            "web_fetch",
            "web_search",
        ]
    );
    assert!(results(&requests[1])[0].2);
    assert!(!rig.work().join("a").exists());
}

#[test]
fn safe_mode_refuses_what_an_older_conversation_used() {
    let write = |content: &str| {
        let call = json!({"path": "a", "content": content});
        says(vec![tool("write_file", call)])
    };
    let mut rig = Rig::new(vec![write("old"), says(vec![text("ok")])]);
    rig.run(&["-p", "go", "--permission-mode", "bypass"]).ok();
    assert_eq!(rig.read("a"), "old");
    let touch = json!({"command": "echo x > b"});
    rig.serve(vec![
        write("new"),
        says(vec![tool("execute_bash", touch)]),
        says(vec![text("ok")]),
    ]);
    rig.run(&["-r", "-s", "-p", "on"]).ok();
    let requests = rig.server.requests();
    for (at, name) in [(1, "write_file"), (2, "execute_bash")] {
        let last = results(&requests[at]).pop().unwrap();
        assert!(last.2 && last.1.contains(name), "{last:?}");
    }
    assert_eq!(rig.read("a"), "old");
    assert!(!rig.work().join("b").exists());
}

#[test]
fn keys_never_reach_commands() {
    let rig = Rig::new(vec![
        says(vec![tool("execute_bash", json!({"command": "env"}))]),
        says(vec![text("ok")]),
    ]);
    rig.run(&["-p", "go", "--permission-mode", "bypass"]).ok();
    let result = &results(&rig.server.requests()[1])[0];
    assert!(
        result.1.contains("PATH=") && !result.1.contains("sk-ant"),
        "{result:?}"
    );
}

#[test]
fn fixed_overhead_stays_within_ten_kilobytes() {
    let rig = Rig::new(vec![says(vec![text("ok")])]);
    rig.run(&["-p", "go"]).ok();
    let request = &rig.server.requests()[0];
    let bytes = request["system"].to_string().len() + request["tools"].to_string().len();
    assert!(bytes <= 10_000, "{bytes} bytes");
}

#[test]
fn what_the_vendor_ran_itself_and_hid_is_replayed_as_it_came() {
    let event = |data: &str| format!("event: x\ndata: {data}\n\n");
    let block = |index: usize, block: &str| {
        event(&format!(
            r#"{{"type":"content_block_start","index":{index},"content_block":{block}}}"#
        )) + &event(&format!(
            r#"{{"type":"content_block_stop","index":{index}}}"#
        ))
    };
    let redacted = r#"{"type":"redacted_thinking","data":"b3BhcXVl+/8="}"#;
    let search = r#"{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"rust"}}"#;
    let found = r#"{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","url":"https://e.example/","title":"E","encrypted_content":"eA==","page_age":null}]}"#;
    let body = event(
        r#"{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"claude-sonnet-5-5","content":[],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":1}}}"#,
    ) + &event(r#"{"type":"ping"}"#)
        + &event(r#"{"type":"something_new","index":7}"#)
        + &block(0, redacted)
        + &block(1, search)
        + &block(2, found)
        + &event(
            r#"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_x","name":"read_file","input":{}}}"#,
        )
        + &event(
            r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"path\":\"a\"}"}}"#,
        )
        + &event(r#"{"type":"content_block_stop","index":3}"#)
        + &event(
            r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}"#,
        )
        + &event(r#"{"type":"message_stop"}"#);
    let rig = Rig::new(vec![
        crate::server::Reply::Raw(body),
        says(vec![text("done")]),
    ]);
    rig.file("a", "x\n");
    let ran = rig.run(&["-p", "go"]);
    assert_eq!(ran.ok().stdout, "done\n");
    assert!(ran.stderr.contains("web search"), "{}", ran.stderr);
    let messages = rig.server.requests()[1]["messages"].to_string();
    for block in [redacted, search, found] {
        assert!(messages.contains(block), "{block} is not in {messages}");
    }
    rig.server.check();
}

#[test]
fn an_empty_answer_is_said_and_leaves_a_valid_conversation() {
    let mut rig = Rig::new(vec![says(vec![])]);
    let ran = rig.run(&["-p", "go"]);
    assert_eq!(ran.ok().stdout, "");
    assert!(ran.stderr.contains("without an answer"), "{}", ran.stderr);
    rig.serve(vec![says(vec![text("now")])]);
    assert_eq!(rig.run(&["-r", "-p", "and"]).ok().stdout, "now\n");
    rig.server.check();
}
