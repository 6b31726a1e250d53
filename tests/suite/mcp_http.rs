//! MCP servers behind an address.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::rig::Rig;
use crate::server::{says, text, tool};

/// What a server answers: status, more headers, body.
type Answer = (u16, &'static str, String);
/// Heads of requests and the messages in them.
type Heard = Arc<Mutex<Vec<(String, Value)>>>;

/// A server that answers messages one connection each.
fn serve(answer: fn(&str, &Value) -> Answer) -> (String, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let heard = Heard::default();
    let log = heard.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away is none of its business.
            let _ = one(stream, answer, &log);
        }
    });
    (url, heard)
}

fn one(stream: TcpStream, answer: fn(&str, &Value) -> Answer, log: &Heard) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while reader.read_line(&mut head)? > 2 {}
    let lower = head.to_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    reader.read_exact(&mut body)?;
    let message = serde_json::from_slice(&body).unwrap_or_default();
    let (status, headers, body) = answer(&lower, &message);
    log.lock().unwrap().push((lower, message));
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} X\r\n{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A server of the older protocol that knows nothing of the newer one.
fn legacy(head: &str, message: &Value) -> Answer {
    const JSON: &str = "Content-Type: application/json\r\n";
    const FIRST: &str = "Content-Type: application/json\r\nMcp-Session-Id: session-1\r\n";
    let reply = |result: Value| {
        json!({"jsonrpc": "2.0", "id": message["id"], "result": result}).to_string()
    };
    if !head.starts_with("post") {
        return (405, "", String::new());
    }
    match message["method"].as_str().unwrap_or_default() {
        "initialize" => (
            200,
            FIRST,
            reply(json!({
                "protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                "serverInfo": {"name": "t", "version": "1"},
            })),
        ),
        _ if !head.contains("mcp-session-id: session-1") => (400, "", "no session".into()),
        "tools/list" => (
            200,
            JSON,
            reply(json!({"tools": [
                {"name": "who", "description": "Who is asked", "inputSchema": {"type": "object"}},
            ]})),
        ),
        "tools/call" => {
            let said = head.lines().find(|line| line.starts_with("authorization"));
            let content = json!([{"type": "text", "text": said.unwrap_or("nobody")}]);
            (200, JSON, reply(json!({"content": content})))
        }
        _ => (202, "", String::new()),
    }
}

fn closed(_: &str, _: &Value) -> Answer {
    (401, "WWW-Authenticate: Bearer\r\n", String::new())
}

/// Runs one call of the server's tool; the rig and the result.
fn run(url: &str) -> (Rig, String) {
    let rig = Rig::new(vec![
        says(vec![tool(
            "mcp_call",
            json!({"tool": "mcp__s__who", "arguments": {}}),
        )]),
        says(vec![text("Done.")]),
    ]);
    let dir = rig.home().join(".sofos");
    std::fs::create_dir_all(&dir).unwrap();
    let settings = format!(
        "[permissions]\nallow = [\"Mcp(s)\"]\n[mcp-servers.s]\nurl = {url:?}\n\
         headers = {{ Authorization = \"Bearer ${{WORD}}\" }}\n"
    );
    std::fs::write(dir.join("config.toml"), settings).unwrap();
    let mut command = rig.command(&["-p", "go"]);
    command.env("WORD", "open-sesame-7731");
    let ran = command.output().unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let message = rig.server.last_message();
    (rig, message)
}

#[test]
fn an_older_server_is_spoken_to_in_its_session_with_the_headers_given() {
    let (url, heard) = serve(legacy);
    let (rig, result) = run(&url);
    // The header arrived, and its secret is not shown.
    assert!(
        result.contains("authorization: bearer [redacted]"),
        "{result}"
    );
    let heard = heard.lock().unwrap();
    let call = heard
        .iter()
        .find(|(_, message)| message["method"] == "tools/call");
    let (head, _) = call.unwrap();
    assert!(head.contains("open-sesame-7731"), "{head}");
    assert!(head.contains("mcp-protocol-version: 2025-06-18"), "{head}");
    rig.server.check();
}

#[test]
fn a_server_that_wants_a_login_says_so() {
    let (url, _) = serve(closed);
    let (_, result) = run(&url);
    assert!(result.contains("sofos mcp login s"), "{result}");
    assert!(result.contains("\"is_error\":true"), "{result}");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let (_, result) = run("http://127.0.0.1:9/mcp");
    assert!(result.contains("MCP server s is not reachable"), "{result}");
}
