//! The attempt loop, through the real client, against a server in this process.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::protocol::message::{ContentBlock, Message, StopReason};
use crate::provider::{
    CheckReport, Credential, Delta, FailureKind, ModelRequest, ProviderConfig, ScriptedProvider,
    StreamEvent, build, check_connection, models,
};

/// What the server does with one connection after it has read the request.
enum Act {
    Send(String),
    /// Says nothing more, and keeps the connection.
    Hang,
    /// Ends the connection with a reset.
    Reset,
}

struct Server {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

/// Serves one connection after another, each by its own list of acts.
async fn serve(connections: Vec<Vec<Act>>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    tokio::spawn(async move {
        for acts in connections {
            let (mut socket, _) = listener.accept().await.unwrap();
            let request = read_request(&mut socket).await;
            seen.lock().unwrap().push(request);
            tokio::spawn(perform(socket, acts));
        }
    });
    Server { url, requests }
}

async fn perform(mut socket: TcpStream, acts: Vec<Act>) {
    for act in acts {
        match act {
            Act::Send(text) => socket.write_all(text.as_bytes()).await.unwrap(),
            Act::Hang => std::future::pending().await,
            Act::Reset => socket.set_zero_linger().unwrap(),
        }
    }
}

async fn read_request(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = socket.read(&mut piece).await.unwrap();
        bytes.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        if body.len() >= length || count == 0 {
            return text;
        }
    }
}

fn answer(status: &str, headers: &str, body: &str) -> Act {
    Act::Send(format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

fn error(status: &str, headers: &str, message: &str) -> Vec<Act> {
    let body = format!(r#"{{"type":"error","error":{{"type":"","message":"{message}"}}}}"#);
    let headers = format!("content-type: application/json\r\n{headers}");
    vec![answer(status, &headers, &body)]
}

const START: &str = concat!(
    "data: {\"type\":\"message_start\",\"message\":{\"model\":\"m\",\"usage\":{\"input_tokens\":3}}}\n\n",
    "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
);
const TEXT: &str = "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello.\"}}\n\n";
const END: &str = concat!(
    "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\n",
    "data: {\"type\":\"message_stop\"}",
);

/// The head of a stream that ends with the connection.
fn head() -> Act {
    Act::Send(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n".into(),
    )
}

fn good() -> Vec<Act> {
    vec![head(), Act::Send([START, TEXT, END].concat())]
}

fn config(url: &str) -> ProviderConfig {
    ProviderConfig {
        credential: Some(Credential::api_key(
            "sk-ant-test-0123456789f3a9",
            "--api-key",
        )),
        base_url: Some(url.to_string()),
        ..ProviderConfig::default()
    }
}

fn request() -> ModelRequest {
    ModelRequest {
        model: models::lookup("anthropic", "claude-sonet-5-5").into(),
        system: "Be brief.".into(),
        tools: [].into(),
        messages: vec![Message::User {
            id: "u".into(),
            content: vec![ContentBlock::text("hello")],
        }],
        images: Default::default(),
        max_tokens: 100,
        thinking: Default::default(),
        cache_key: "20261121-000000-abcdef".into(),
        web_search: false,
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let limit = tokio::time::timeout(Duration::from_secs(60), work);
        limit.await.expect("the test hangs")
    })
}

async fn ask(config: ProviderConfig) -> Vec<StreamEvent> {
    let provider = build("anthropic", config).unwrap();
    provider
        .stream(request(), CancellationToken::new())
        .collect()
        .await
}

/// The events in short words.
fn story(events: &[StreamEvent]) -> Vec<String> {
    let word = |event: &StreamEvent| match event {
        StreamEvent::Start { .. } => "start".to_string(),
        StreamEvent::Delta {
            delta: Delta::Text(text),
            ..
        } => format!("text {text}"),
        StreamEvent::Delta { .. } => "delta".to_string(),
        StreamEvent::BlockDone { .. } => "block".to_string(),
        StreamEvent::Retrying { attempt, of, .. } => format!("retry {attempt}/{of}"),
        StreamEvent::Restarted { .. } => "void".to_string(),
        StreamEvent::Done { stop, .. } => format!("done {stop:?}"),
        StreamEvent::Failed(failure) => format!("failed {:?}", failure.kind),
    };
    events.iter().map(word).collect()
}

const GOOD: [&str; 4] = ["start", "text Hello.", "block", "done EndTurn"];

fn failure(events: &[StreamEvent]) -> &str {
    match events.last() {
        Some(StreamEvent::Failed(failure)) => &failure.message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_answer_needs_one_request_with_the_right_headers() {
    block_on(async {
        let server = serve(vec![good()]).await;
        assert_eq!(story(&ask(config(&server.url)).await), GOOD);
        let requests = server.requests.lock().unwrap();
        let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /v1/messages HTTP/1.1\r\n"), "{head}");
        for line in [
            "x-api-key: sk-ant-test-0123456789f3a9",
            "anthropic-version: 2026-10-21",
            "accept-encoding: identity",
            "content-type: application/json",
        ] {
            assert!(head.contains(line), "{line} is missing in {head}");
        }
        assert!(!head.contains("authorization"));
        assert!(body.ends_with("}]}"), "{body}");
    });
}

#[test]
fn the_wish_of_a_busy_server_is_granted() {
    block_on(async {
        let server = serve(vec![
            error("429 Too Many Requests", "retry-after: 0\r\n", "slow"),
            error("529 Overloaded", "retry-after-ms: 10\r\n", "busy"),
            good(),
        ])
        .await;
        let events = ask(config(&server.url)).await;
        assert_eq!(story(&events)[..2], ["retry 2/8", "retry 3/8"]);
        assert_eq!(story(&events)[2..], GOOD);
        let waits: Vec<(u64, &str)> = events
            .iter()
            .filter_map(|event| match event {
                StreamEvent::Retrying {
                    wait_ms, reason, ..
                } => Some((*wait_ms, reason.as_str())),
                _ => None,
            })
            .collect();
        assert_eq!(waits, [(0, "429 slow"), (10, "529 busy")]);
        let requests = server.requests.lock().unwrap();
        assert_eq!(requests[0], requests[2], "the very same request again");
    });
}

#[test]
fn what_was_shown_of_a_broken_stream_is_taken_back() {
    block_on(async {
        let server = serve(vec![
            vec![head(), Act::Send([START, TEXT].concat()), Act::Reset],
            good(),
        ])
        .await;
        let events = ask(config(&server.url)).await;
        let expected = ["start", "text Hello.", "void", "retry 2/6"];
        assert_eq!(story(&events)[..4], expected);
        assert_eq!(story(&events)[4..], GOOD);
    });
}

#[test]
fn a_silent_server_is_given_up_and_asked_again() {
    block_on(async {
        let server = serve(vec![
            vec![head(), Act::Send(START.into()), Act::Hang],
            good(),
        ])
        .await;
        let impatient = ProviderConfig {
            idle_timeout: Some(Duration::from_millis(50)),
            ..config(&server.url)
        };
        let events = ask(impatient).await;
        assert_eq!(story(&events)[..2], ["start", "retry 2/6"]);
        assert_eq!(story(&events)[2..], GOOD);
    });
}

#[test]
fn cancelling_ends_every_wait() {
    let hang = || vec![vec![head(), Act::Send([START, TEXT].concat()), Act::Hang]];
    let cases = [
        // Before the head of the answer, in the middle of it, between attempts.
        (vec![vec![Act::Hang]], None),
        (hang(), Some("text Hello.")),
        (
            vec![error("429 Busy", "retry-after: 100\r\n", "slow")],
            Some("retry 2/8"),
        ),
    ];
    for (connections, after) in cases {
        block_on(async {
            let server = serve(connections).await;
            let provider = build("anthropic", config(&server.url)).unwrap();
            let cancel = CancellationToken::new();
            let mut stream = provider.stream(request(), cancel.clone());
            match after {
                None => {
                    let cancel = cancel.clone();
                    let requests = Arc::clone(&server.requests);
                    tokio::spawn(async move {
                        while requests.lock().unwrap().is_empty() {
                            tokio::task::yield_now().await;
                        }
                        cancel.cancel();
                    });
                }
                Some(word) => {
                    while story(&[stream.next().await.unwrap()]) != [word] {}
                    cancel.cancel();
                }
            }
            let rest: Vec<StreamEvent> = stream.collect().await;
            assert_eq!(story(&rest), ["failed Cancelled"]);
        });
    }
}

#[test]
fn failures_say_what_to_do() {
    let cases = [
        (
            error("401 Unauthorized", "", "invalid x-api-key"),
            FailureKind::Auth,
            "anthropic: 401 invalid x-api-key (--api-key ends in …f3a9). \
             Set a working key in ANTHROPIC_API_KEY, pass --api-key, or store one: sofos config keys set anthropic \
             (keys: https://platform.claude.com/settings/keys)",
        ),
        (
            error("404 Not Found", "", "model: claude-sonet-5-5"),
            FailureKind::NotFound,
            "anthropic: 404 model: claude-sonet-5-5. Near names: claude-sonnet-5-5, \
             claude-sonnet-4-5, claude-sonnet-5",
        ),
        (
            error("413 Too Large", "", "Request exceeds the maximum size"),
            FailureKind::ContextOverflow,
            "anthropic: the conversation does not fit the model's window \
             (413 Request exceeds the maximum size)",
        ),
        (
            error("402 Payment Required", "", "no credit"),
            FailureKind::Billing,
            "anthropic: 402 no credit (--api-key ends in …f3a9). \
             The account needs credit or a higher limit",
        ),
        (
            error("429 Busy", "x-should-retry: false\r\n", "daily limit"),
            FailureKind::RateLimit,
            "anthropic: 429 daily limit",
        ),
        (
            error("400 Bad Request", "", "x sk-ant-test-0123456789f3a9 y"),
            FailureKind::BadRequest,
            "anthropic: 400 x [redacted] y",
        ),
        (
            error("200 OK", "", "not a stream"),
            FailureKind::Overloaded,
            "",
        ),
        (
            vec![answer(
                "302 Found",
                "location: https://login.example/\r\n",
                "",
            )],
            FailureKind::NotFound,
            "anthropic: 302 redirect to https://login.example/; \
             set the base URL to the final address",
        ),
        (
            vec![answer(
                "200 OK",
                "content-type: text/html\r\n",
                "<html><title>Wi-Fi login</title>",
            )],
            FailureKind::Protocol,
            "anthropic: a web page instead of an answer: Wi-Fi login",
        ),
    ];
    for (acts, kind, message) in cases {
        block_on(async {
            let server = serve(vec![acts]).await;
            let provider = build("anthropic", config(&server.url)).unwrap();
            let mut stream = provider.stream(request(), CancellationToken::new());
            match stream.next().await.unwrap() {
                StreamEvent::Failed(failure) => {
                    assert_eq!((failure.kind, failure.message.as_str()), (kind, message));
                }
                // An unknown error on status 200 is tried again.
                StreamEvent::Retrying { reason, .. } => {
                    assert_eq!((reason.as_str(), message), ("not a stream", ""));
                }
                other => panic!("{other:?}"),
            }
        });
    }
}

#[test]
fn a_server_that_does_not_run_is_named_at_once() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let events = ask(config(&url)).await;
        assert_eq!(story(&events), ["failed Network"]);
        let expected = format!("anthropic: nothing listens at {url} (connection refused)");
        assert_eq!(failure(&events), expected);
    });
}

#[test]
fn a_trace_hides_the_key_and_can_be_played() {
    block_on(async {
        let server = serve(vec![
            error(
                "429 Busy",
                "retry-after: 0\r\n",
                "key sk-ant-test-0123456789f3a9",
            ),
            good(),
        ])
        .await;
        let dir = tempfile::tempdir().unwrap();
        let traced = ProviderConfig {
            trace_dir: Some(dir.path().join("traces")),
            ..config(&server.url)
        };
        let live = ask(traced).await;
        let file = dir.path().join("traces/20261121-000000-abcdef.jsonl");
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(!text.contains("0123456789"), "{text}");
        assert!(text.contains(r#""messages":[{"role":"user""#), "{text}");
        let played = ScriptedProvider::load(&dir.path().join("traces")).unwrap();
        let stream = crate::provider::Provider::stream(&played, request(), Default::default());
        let again: Vec<StreamEvent> = stream.collect().await;
        assert_eq!(story(&again), story(&live));
    });
}

fn check(connections: Vec<Vec<Act>>, model: &str) -> CheckReport {
    block_on(async {
        let server = serve(connections).await;
        let mut report = check_connection("anthropic", config(&server.url), model).await;
        for line in &mut report.lines {
            *line = line.replace(&server.url, "URL");
        }
        report
    })
}

fn json(body: &str) -> Vec<Act> {
    vec![answer("200 OK", "content-type: application/json\r\n", body)]
}

#[test]
fn a_check_says_what_is_wrong() {
    let list = || json(r#"{"data":[{"id":"claude-sonnet-5-5-20261020"}],"has_more":false}"#);
    let ok = |lines: [&str; 3]| CheckReport {
        ok: true,
        lines: lines.map(String::from).to_vec(),
    };
    let key = "key accepted (--api-key ends in …f3a9)";
    assert_eq!(
        check(vec![list()], "claude-sonnet-5-5"),
        ok([
            "anthropic: URL answers",
            key,
            "model claude-sonnet-5-5 is available"
        ])
    );
    let alias = check(vec![list(), json(r#"{"input_tokens":1}"#)], "an-alias");
    assert_eq!(
        alias,
        ok(["anthropic: URL answers", key, "model an-alias is available"])
    );
    let missing = error("404 Not Found", "", "model: claude-sonnet-5-6");
    for (connections, says) in [
        (
            vec![list(), missing],
            "anthropic: no model claude-sonnet-5-6. The server has: claude-sonnet-5-5-20261020",
        ),
        (
            vec![error("401 Unauthorized", "", "invalid x-api-key")],
            "anthropic: 401 invalid x-api-key (--api-key ends in …f3a9). \
             Set a working key in ANTHROPIC_API_KEY, pass --api-key, or store one: sofos config keys set anthropic \
             (keys: https://platform.claude.com/settings/keys)",
        ),
        (
            vec![error("503 Unavailable", "", "maintenance")],
            "anthropic: 503 maintenance",
        ),
    ] {
        let report = check(connections, "claude-sonnet-5-6");
        assert_eq!(
            (report.ok, &report.lines[..]),
            (false, &[says.to_string()][..])
        );
    }
    let neither = || error("404 Not Found", "", "no such page");
    let other = check(vec![neither(), neither()], "m");
    assert!(
        other.ok && other.lines[1].contains("not checked"),
        "{other:?}"
    );
}

#[test]
fn refused_answers_are_plain_endings() {
    let refusal = END.replace("end_turn", "refusal");
    block_on(async {
        let server = serve(vec![vec![
            head(),
            Act::Send([START, TEXT, refusal.as_str()].concat()),
        ]])
        .await;
        let events = ask(config(&server.url)).await;
        assert!(matches!(
            events.last(),
            Some(StreamEvent::Done {
                stop: StopReason::Refusal { .. },
                ..
            })
        ));
    });
}
