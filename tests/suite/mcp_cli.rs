//! `sofos mcp` as a user meets it in the shell.

use std::io::Write;
use std::process::Stdio;

use crate::rig::{Ran, Rig, ran};

fn piped(rig: &Rig, args: &[&str], input: &str) -> Ran {
    let mut command = rig.command(args);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    ran(child.wait_with_output().unwrap())
}

fn settings(rig: &Rig) -> String {
    std::fs::read_to_string(rig.home().join(".sofos/config.toml")).unwrap()
}

#[test]
fn servers_are_added_as_other_tools_do_it() {
    let rig = Rig::new(vec![]);
    let said = |args: &[&str]| rig.run(args).ok().stdout.clone();
    assert!(said(&["mcp", "list"]).contains("no MCP server yet"));
    let added = said(&["mcp", "add", "files", "--", "npx", "-y", "pkg", "."]);
    assert!(
        added.contains("config.toml") && added.contains("npx -y pkg ."),
        "{added}"
    );
    said(&[
        "mcp",
        "add",
        "-e",
        "MODE=fast",
        "-e",
        "API_KEY=secret-0123456789",
        "mine",
        "--",
        "node",
        "s.js",
    ]);
    said(&[
        "mcp",
        "add",
        "--transport",
        "http",
        "web",
        "https://example.com/mcp",
        "-H",
        "Authorization: Bearer abcdef-123456",
    ]);
    said(&[
        "mcp",
        "add",
        "codex-style",
        "--url",
        "https://example.com/x",
        "--bearer-token-env-var",
        "TOK",
    ]);
    said(&[
        "mcp",
        "add-json",
        "pasted",
        r#"{"command": "uvx", "args": ["p"]}"#,
    ]);
    let text = settings(&rig);
    assert!(
        !text.contains("secret-0123456789") && !text.contains("abcdef"),
        "{text}"
    );
    assert!(
        text.contains("[mcp-servers.mine]") && text.contains("MODE = \"fast\""),
        "{text}"
    );
    let list = said(&["mcp", "list"]);
    assert_eq!(list.lines().count(), 5, "{list}");
    assert!(
        list.contains("needs TOK") && !list.contains("secret-0123"),
        "{list}"
    );
    let shown = said(&["mcp", "get", "mine"]);
    assert!(
        shown.contains("API_KEY = ${API_KEY}") && shown.contains("needs API_KEY: stored"),
        "{shown}"
    );
    let list: serde_json::Value = serde_json::from_str(&said(&["mcp", "list", "--json"])).unwrap();
    let web = &list[2];
    assert_eq!(web["name"], "web");
    assert_eq!(web["secrets"][0]["set"], true, "{web}");
    said(&["mcp", "disable", "web"]);
    assert!(said(&["mcp", "get", "web"]).starts_with("web  off"));
    said(&["mcp", "remove", "web"]);
    let odd = rig.run(&["mcp", "get", "web"]);
    assert!(
        odd.code == 2 && odd.stderr.contains("there are: files"),
        "{}",
        odd.stderr
    );
    let odd = rig.run(&["mcp", "add", "x"]);
    assert!(
        odd.code == 2 && odd.stderr.contains("say how it is reached"),
        "{}",
        odd.stderr
    );
    let odd = rig.run(&["mcp", "add", "a b", "--", "x"]);
    assert!(
        odd.code == 2 && odd.stderr.contains("cannot be the name"),
        "{}",
        odd.stderr
    );
}

#[test]
fn a_block_of_a_readme_is_pasted() {
    let rig = Rig::new(vec![]);
    let block = "```json\n{\"mcpServers\": {\"one\": {\"command\": \"npx\", \"args\": [\"-y\", \"p\"]}}}\n```\n";
    let said = piped(&rig, &["mcp", "add", "--json-block", "-"], block);
    assert!(said.ok().stdout.contains("one: added"), "{}", said.stdout);
    let block = "\"two\": {\"type\": \"http\", \"url\": \"https://example.com\"}";
    let said = piped(&rig, &["mcp", "add"], block);
    assert!(said.ok().stdout.contains("two: added"), "{}", said.stdout);
    let said = piped(&rig, &["mcp", "add", "--json-block", "-"], "npm install x");
    assert!(
        said.code == 2 && said.stderr.contains("JSON"),
        "{}",
        said.stderr
    );
}

#[test]
fn known_servers_say_what_they_need() {
    let rig = Rig::new(vec![]);
    let said = |args: &[&str]| rig.run(args).ok().stdout.clone();
    let found = said(&["mcp", "catalog", "brave"]);
    assert!(found.contains("search\n  brave-search"), "{found}");
    let added = said(&["mcp", "add", "brave-search"]);
    assert!(
        added.contains("needs BRAVE_API_KEY") && added.contains("https://"),
        "{added}"
    );
    let stored = piped(
        &rig,
        &["mcp", "secret", "set", "BRAVE_API_KEY"],
        "brave-secret-123\n",
    );
    assert!(
        !stored.ok().stdout.contains("brave-secret"),
        "{}",
        stored.stdout
    );
    assert!(said(&["mcp", "get", "brave-search"]).contains("ready to connect"));
    assert!(said(&["mcp", "secret", "list"]).contains("stored; for brave-search"));
    let odd = rig.run(&["mcp", "secret", "set", "X", "value"]);
    assert!(
        odd.code == 2 && odd.stderr.contains("kept by the shell"),
        "{}",
        odd.stderr
    );
    said(&["mcp", "secret", "remove", "BRAVE_API_KEY"]);
    assert!(said(&["mcp", "list"]).contains("needs BRAVE_API_KEY"));
}

#[test]
fn what_a_repository_brings_waits_for_trust() {
    let rig = Rig::new(vec![]);
    let said = |args: &[&str]| rig.run(args).ok().stdout.clone();
    rig.file(
        ".mcp.json",
        r#"{"mcpServers": {"theirs": {"command": "sh", "args": ["-c", "touch /tmp/x y"]}}}"#,
    );
    assert!(said(&["mcp", "list"]).contains("waits for trust"));
    let items = said(&["trust"]);
    assert!(
        items.contains(".mcp.json: MCP server theirs runs sh -c \"touch /tmp/x y\""),
        "{items}"
    );
    said(&["trust", "accept"]);
    assert!(said(&["mcp", "list"]).contains("ready to connect"));
    said(&["mcp", "add", "-s", "project", "shared", "--", "x"]);
    assert!(rig.read(".mcp.json").contains("\"shared\""));
    assert!(!said(&["mcp", "list"]).contains("waits for trust"));
    rig.file(
        ".cursor/mcp.json",
        r#"{"mcpServers": {"cur": {"url": "https://example.com"}}}"#,
    );
    let odd = rig.run(&["mcp", "remove", "cur"]);
    assert!(
        odd.code == 2 && odd.stderr.contains("sofos mcp disable cur"),
        "{}",
        odd.stderr
    );
}

#[test]
fn servers_of_other_tools_are_taken_over_by_name() {
    let rig = Rig::new(vec![]);
    let said = |args: &[&str]| rig.run(args).ok().stdout.clone();
    assert!(said(&["mcp", "import"]).contains("no other tool"));
    let theirs = r#"{"mcpServers": {"a": {"command": "x", "env": {"MY_TOKEN": "tok-123456789"}}, "b": {"command": "y"}}}"#;
    std::fs::write(rig.home().join(".claude.json"), theirs).unwrap();
    let list = said(&["mcp", "import"]);
    assert!(
        list.contains("claude    a") && !list.contains("tok-1234"),
        "{list}"
    );
    said(&["mcp", "import", "a"]);
    assert!(!settings(&rig).contains("tok-1234"), "{}", settings(&rig));
    assert!(said(&["mcp", "import", "--all"]).contains("a: is there already"));
    assert_eq!(said(&["mcp", "list"]).lines().count(), 2);
}

#[cfg(unix)]
#[test]
fn the_list_of_servers_is_live_and_a_paste_is_only_text() {
    use crate::pty::Terminal;
    let rig = Rig::new(vec![]);
    rig.run(&[
        "mcp",
        "add",
        "broken",
        "--",
        "sh",
        "-c",
        "echo out of paper >&2; exit 3",
    ])
    .ok();
    let mut terminal = Terminal::start(&rig, &[], 120, 30);
    terminal.wait("/ commands");
    terminal.enter("/mcp");
    terminal.wait("MCP servers:");
    // It is opened while the server starts, and says what became of it by itself.
    terminal.wait("failed");
    terminal.wait("out of paper");
    // Ctrl+X and Enter as parts of a paste are no keys.
    terminal.send("\u{1b}[200~bro\u{18}\r\u{1b}[201~");
    terminal.wait("MCP servers: bro");
    // Keys that arrive with a paste are a part of it.
    std::thread::sleep(std::time::Duration::from_millis(300));
    terminal.enter("");
    terminal.wait("stands in");
    terminal.enter("/mcp off broken");
    terminal.wait("switched off in");
    assert!(settings(&rig).contains("enabled = false"));
    terminal.enter("/mcp delete broken");
    terminal.wait("keep it");
    terminal.enter("");
    terminal.enter("/mcp list");
    terminal.wait("state");
    terminal.enter("/exit");
    terminal.end();
    assert!(settings(&rig).contains("[mcp-servers.broken]"));
}

/// Answers of `sofos mcp serve` to these requests, by id.
fn served(rig: &Rig, requests: &[serde_json::Value]) -> Vec<serde_json::Value> {
    use std::io::BufRead;
    let mut child = rig
        .command(&["mcp", "serve"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let mut answers = Vec::new();
    for request in requests {
        writeln!(stdin, "{request}").unwrap();
        if request.get("id").is_some() {
            // Nothing but JSON-RPC is on stdout.
            let line = lines.next().unwrap().unwrap();
            let answer: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!(answer["jsonrpc"], "2.0", "{line}");
            assert_eq!(answer["id"], request["id"], "{line}");
            answers.push(answer);
        }
    }
    drop(stdin);
    assert!(lines.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    answers
}

#[test]
fn sofos_serves_reading_tools_and_tasks() {
    use crate::server::{says, text};
    use serde_json::json;
    let rig = Rig::new(vec![says(vec![text("It is forty-two.")])]);
    rig.file("answer.txt", "forty-two\n");
    let call = |id: u32, name: &str, arguments: serde_json::Value| json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": name, "arguments": arguments}});
    let answers = served(
        &rig,
        &[
            json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25",
                "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}}),
            json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
            json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}),
            call(3, "read_file", json!({"path": "answer.txt"})),
            call(4, "read_file", json!({"path": "/etc/shadow"})),
            call(5, "execute_bash", json!({"command": "true"})),
            call(6, "run_task", json!({"prompt": "what is the answer?"})),
        ],
    );
    assert_eq!(answers[0]["result"]["serverInfo"]["name"], "sofos");
    let tools = answers[1]["result"]["tools"].as_array().unwrap();
    let names: Vec<&str> = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "read_file",
            "list_directory",
            "glob_files",
            "search_code",
            "run_task"
        ]
    );
    assert_eq!(tools[0]["annotations"]["readOnlyHint"], true);
    let said = |answer: &serde_json::Value| {
        let result = &answer["result"];
        let text = result["content"][0]["text"].as_str().unwrap_or_default();
        (text.to_string(), result["isError"] == true)
    };
    let (text, failed) = said(&answers[2]);
    assert!(text.contains("forty-two") && !failed, "{text}");
    // Nobody can be asked: what would ask is refused.
    let (text, failed) = said(&answers[3]);
    assert!(failed && text.contains("Denied"), "{text}");
    assert!(
        answers[4]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("no tool")
    );
    assert_eq!(said(&answers[5]), ("It is forty-two.".to_string(), false));
}
