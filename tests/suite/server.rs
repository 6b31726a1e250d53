//! A server that speaks the Anthropic Messages format from a script and rejects
//! what the real one rejects: orphan calls and results, empty text, wrong roles,
//! too many cache marks.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// One block of an answer.
#[derive(Clone)]
pub enum Block {
    Text(String),
    Thinking(String),
    Tool { name: String, args: String },
}

pub fn text(text: &str) -> Block {
    Block::Text(text.to_string())
}

pub fn thinking(text: &str) -> Block {
    Block::Thinking(text.to_string())
}

pub fn tool(name: &str, args: Value) -> Block {
    Block::Tool {
        name: name.to_string(),
        args: args.to_string(),
    }
}

/// What the server does with a request.
#[derive(Clone)]
pub enum Reply {
    /// A message.
    Message {
        blocks: Vec<Block>,
        stop: Option<&'static str>,
        how: How,
    },
    /// An error status.
    Status {
        code: u16,
        headers: Vec<(&'static str, &'static str)>,
        body: String,
    },
    /// This body as an event stream.
    Raw(String),
}

/// How a message is sent.
#[derive(Clone, Copy, Default)]
pub struct How {
    /// Bytes in one write; 0 means all at once.
    pub chunk: usize,
    /// Milliseconds between two writes.
    pub gap_ms: u64,
    /// Cut the connection after so many bytes.
    pub cut_after: Option<usize>,
    /// Send so many bytes, then hold the connection open in silence.
    pub hold_after: Option<usize>,
    /// Tokens of the prompt as reported; 0 means 100.
    pub prompt: u64,
}

pub fn says(blocks: Vec<Block>) -> Reply {
    Reply::Message {
        blocks,
        stop: None,
        how: How::default(),
    }
}

pub fn stops(blocks: Vec<Block>, stop: &'static str) -> Reply {
    Reply::Message {
        blocks,
        stop: Some(stop),
        how: How::default(),
    }
}

pub fn sent(blocks: Vec<Block>, how: How) -> Reply {
    Reply::Message {
        blocks,
        stop: None,
        how,
    }
}

/// A message whose prompt is reported to have so many tokens.
pub fn filled(blocks: Vec<Block>, prompt: u64) -> Reply {
    let how = How {
        prompt,
        ..How::default()
    };
    sent(blocks, how)
}

pub fn status(code: u16, kind: &str, message: &str) -> Reply {
    let body = json!({"type": "error", "error": {"type": kind, "message": message}});
    Reply::Status {
        code,
        headers: Vec::new(),
        body: body.to_string(),
    }
}

/// Something the server did, for tests that act at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A request arrived (counted from 0).
    Request(usize),
    /// The answer to it has been sent, as far as it goes.
    Answered(usize),
}

#[derive(Default)]
struct State {
    replies: VecDeque<Reply>,
    requests: Vec<Value>,
    violations: Vec<String>,
    /// The last message paused: it comes back as the last one.
    paused: bool,
    /// What other paths answer, whatever is sent there; an event stream when it looks
    /// like one.
    pages: HashMap<&'static str, String>,
}

pub struct Server {
    address: String,
    state: Arc<Mutex<State>>,
    pub events: Receiver<Event>,
}

impl Server {
    pub fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(Mutex::new(State {
            replies: replies.into(),
            ..State::default()
        }));
        let (sender, events) = mpsc::channel();
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, sender) = (shared.clone(), sender.clone());
                // A client that goes away in the middle is part of the tests.
                std::thread::spawn(move || drop(serve(stream, &state, &sender)));
            }
        });
        Self {
            address,
            state,
            events,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a path outside of the messages answers from now on.
    pub fn page(&self, path: &'static str, body: impl Into<String>) {
        self.state.lock().unwrap().pages.insert(path, body.into());
    }

    /// Bodies of the message requests so far.
    pub fn requests(&self) -> Vec<Value> {
        self.state.lock().unwrap().requests.clone()
    }

    /// The last message of the last request, as JSON text.
    pub fn last_message(&self) -> String {
        let requests = self.requests();
        let messages = requests.last().unwrap()["messages"]
            .as_array()
            .unwrap()
            .clone();
        messages.last().unwrap().to_string()
    }

    /// Fails when a request broke a rule or a reply was not asked for.
    pub fn check(&self) {
        let state = self.state.lock().unwrap();
        assert!(state.violations.is_empty(), "{:#?}", state.violations);
        assert_eq!(state.replies.len(), 0, "replies nobody asked for");
    }

    /// Waits for an event, however long the machine takes.
    pub fn wait(&self, wanted: Event) {
        loop {
            let event = self.events.recv_timeout(Duration::from_secs(60)).unwrap();
            if event == wanted {
                return;
            }
        }
    }
}

fn serve(
    mut stream: TcpStream,
    state: &Mutex<State>,
    events: &Sender<Event>,
) -> std::io::Result<()> {
    let (path, body) = read_request(&stream)?;
    let page = state.lock().unwrap().pages.get(path.as_str()).cloned();
    if let Some(body) = page {
        return match body.starts_with("data:") {
            true => write_stream(&mut stream, body.as_bytes(), How::default(), || {}),
            false => write_json(&mut stream, 200, &[], &body),
        };
    }
    if !path.ends_with("/v1/messages") {
        return write_json(
            &mut stream,
            404,
            &[],
            r#"{"type":"error","error":{"type":"not_found_error","message":"no such path"}}"#,
        );
    }
    let request: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let (reply, number) = {
        let mut state = state.lock().unwrap();
        let found = violations(&request, state.paused);
        state.requests.push(request);
        let number = state.requests.len() - 1;
        if found.is_empty() {
            let reply = state.replies.pop_front();
            state.paused = matches!(
                &reply,
                Some(Reply::Message {
                    stop: Some("pause_turn"),
                    ..
                })
            );
            if reply.is_none() {
                state
                    .violations
                    .push(format!("request {number} is one too many"));
            }
            (reply, number)
        } else {
            let message = found.join("; ");
            state
                .violations
                .push(format!("request {number}: {message}"));
            (Some(status(400, "invalid_request_error", &message)), number)
        }
    };
    // Nobody listens in most tests.
    let _ = events.send(Event::Request(number));
    match reply {
        Some(Reply::Message { blocks, stop, how }) => {
            let mut body = message(number, &blocks, stop);
            if how.prompt > 0 {
                let reported = format!("\"cache_read_input_tokens\":{}", how.prompt);
                body = body.replacen("\"cache_read_input_tokens\":90", &reported, 1);
            }
            write_stream(&mut stream, body.as_bytes(), how, || {
                let _ = events.send(Event::Answered(number));
            })?;
        }
        Some(Reply::Raw(body)) => {
            write_stream(&mut stream, body.as_bytes(), How::default(), || {})?
        }
        Some(Reply::Status {
            code,
            headers,
            body,
        }) => {
            write_json(&mut stream, code, &headers, &body)?;
        }
        None => write_json(&mut stream, 500, &[], "{}")?,
    }
    let _ = events.send(Event::Answered(number));
    Ok(())
}

fn read_request(stream: &TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line
        .split(' ')
        .nth(1)
        .unwrap_or("")
        .split('?')
        .next()
        .unwrap_or("")
        .to_string();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((path, body))
}

fn write_json(
    stream: &mut TcpStream,
    code: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<()> {
    let extra: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    write!(
        stream,
        "HTTP/1.1 {code} X\r\ncontent-type: application/json\r\n{extra}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn write_stream(
    stream: &mut TcpStream,
    body: &[u8],
    how: How,
    holding: impl FnOnce(),
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n",
    )?;
    let end = how
        .cut_after
        .or(how.hold_after)
        .unwrap_or(body.len())
        .min(body.len());
    let size = if how.chunk == 0 {
        body.len().max(1)
    } else {
        how.chunk
    };
    for piece in body[..end].chunks(size) {
        stream.write_all(piece)?;
        stream.flush()?;
        if how.gap_ms > 0 {
            std::thread::sleep(Duration::from_millis(how.gap_ms));
        }
    }
    if how.hold_after.is_some() {
        holding();
        // Ends when the client goes away, which is what such tests are about.
        let mut rest = [0; 1];
        let _ = stream.read(&mut rest);
    }
    Ok(())
}

/// A message as the events of a stream.
pub fn message(number: usize, blocks: &[Block], stop: Option<&str>) -> String {
    let mut out = String::new();
    let mut push = |event: Value| {
        let name = event["type"].as_str().unwrap().to_string();
        out.push_str(&format!("event: {name}\ndata: {event}\n\n"));
    };
    push(json!({"type": "message_start", "message": {
        "id": format!("msg_{number}"), "type": "message", "role": "assistant",
        "model": "claude-sonnet-5-5", "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": {"input_tokens": 10, "cache_read_input_tokens": 90,
                  "cache_creation_input_tokens": 0, "output_tokens": 1}}}));
    let mut has_tool = false;
    for (index, block) in blocks.iter().enumerate() {
        let (start, deltas) = match block {
            Block::Text(text) => (
                json!({"type": "text", "text": ""}),
                pieces(text)
                    .map(|piece| json!({"type": "text_delta", "text": piece}))
                    .collect(),
            ),
            Block::Thinking(text) => {
                let mut deltas: Vec<Value> = pieces(text)
                    .map(|piece| json!({"type": "thinking_delta", "thinking": piece}))
                    .collect();
                let signature = format!("c2ln{number}x{index}");
                deltas.push(json!({"type": "signature_delta", "signature": signature}));
                (
                    json!({"type": "thinking", "thinking": "", "signature": ""}),
                    deltas,
                )
            }
            Block::Tool { name, args } => {
                has_tool = true;
                let id = format!("toolu_{number}_{index}");
                (
                    json!({"type": "tool_use", "id": id, "name": name, "input": {}}),
                    pieces(args)
                        .map(|piece| json!({"type": "input_json_delta", "partial_json": piece}))
                        .collect::<Vec<_>>(),
                )
            }
        };
        push(json!({"type": "content_block_start", "index": index, "content_block": start}));
        for delta in deltas {
            push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        push(json!({"type": "content_block_stop", "index": index}));
    }
    let stop = stop.unwrap_or(if has_tool { "tool_use" } else { "end_turn" });
    push(
        json!({"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": null},
                "usage": {"output_tokens": 20}}),
    );
    push(json!({"type": "message_stop"}));
    out
}

fn pieces(text: &str) -> impl Iterator<Item = String> {
    let chars: Vec<char> = text.chars().collect();
    chars
        .chunks(7)
        .map(|piece| piece.iter().collect())
        .collect::<Vec<String>>()
        .into_iter()
}

/// What the real server would refuse about a request.
fn violations(request: &Value, paused: bool) -> Vec<String> {
    let mut out = Vec::new();
    let marks = request.to_string().matches("\"cache_control\"").count();
    if marks > 4 {
        out.push(format!("{marks} cache marks"));
    }
    if request["stream"] != json!(true) || request["max_tokens"].as_u64().is_none() {
        out.push("stream and max_tokens are required".to_string());
    }
    let Some(messages) = request["messages"].as_array() else {
        return vec!["messages: required".to_string()];
    };
    match messages.last() {
        Some(last) if (last["role"] == "user") != paused => {}
        _ => out.push("the last message must be the user's".to_string()),
    }
    let mut open: Vec<String> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let content = match &message["content"] {
            Value::String(text) => vec![json!({"type": "text", "text": text})],
            Value::Array(blocks) => blocks.clone(),
            _ => Vec::new(),
        };
        if content.is_empty() {
            out.push(format!("message {index} is empty"));
        }
        let blank = |block: &Value| block["text"].as_str().is_some_and(|t| t.trim().is_empty());
        if content
            .iter()
            .any(|block| block["type"] == "text" && blank(block))
        {
            out.push(format!("message {index} has blank text"));
        }
        let results: Vec<String> = ids(&content, "tool_result", "tool_use_id");
        if message["role"] == "user" {
            let leading = content
                .iter()
                .take_while(|block| block["type"] == "tool_result")
                .count();
            let (mut a, mut b) = (open.clone(), results.clone());
            a.sort();
            b.sort();
            if a != b || leading != results.len() {
                out.push(format!(
                    "message {index}: calls {open:?} answered by {results:?}"
                ));
            }
            open.clear();
        } else {
            if !open.is_empty() || !results.is_empty() {
                out.push(format!(
                    "message {index}: calls {open:?} not answered at once"
                ));
            }
            open = ids(&content, "tool_use", "id");
        }
    }
    if !open.is_empty() {
        out.push(format!("calls {open:?} are not answered"));
    }
    out
}

fn ids(content: &[Value], kind: &str, key: &str) -> Vec<String> {
    content
        .iter()
        .filter(|block| block["type"] == kind)
        .map(|block| block[key].as_str().unwrap_or("").to_string())
        .collect()
}
