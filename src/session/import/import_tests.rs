use super::*;
use crate::protocol::message::ContextKind;

const PNG: &str = "iVBORw0KGgo=";

fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

/// The conversation in a few signs: who, and the first words of what.
fn sketch(converted: &Converted) -> Vec<String> {
    let block = |block: &ContentBlock| match block {
        ContentBlock::Text { text, .. } => text.clone(),
        ContentBlock::Image { media, .. } => format!("<{media}>"),
        ContentBlock::Thinking { text, .. } => format!("({text})"),
        ContentBlock::ToolCall {
            id,
            name,
            arguments,
            ..
        } => format!("{id}:{name}{arguments}"),
        ContentBlock::ServerSide { summary, .. } => format!("[{summary}]"),
    };
    let blocks = |content: &[ContentBlock]| {
        let all: Vec<String> = content.iter().map(block).collect();
        all.join(" | ")
    };
    let message = |message: &Message| match message {
        Message::User { content, .. } => format!("user: {}", blocks(content)),
        Message::Assistant(answer) => {
            format!("{}: {}", answer.origin.model, blocks(&answer.content))
        }
        Message::ToolResult(result) => {
            let sign = if result.is_error { "!" } else { "" };
            format!("{}{sign} = {}", result.call_id, blocks(&result.content))
        }
        Message::Context { kind, text, .. } => {
            assert_eq!(*kind, ContextKind::Attachment);
            format!("attached: {text}")
        }
    };
    converted.messages.iter().map(message).collect()
}

#[test]
fn claude_code() {
    let dir = tempfile::tempdir().unwrap();
    let lines = [
        r#"{"type":"summary","summary":"Mend the cart","leafUuid":"u5"}"#.to_string(),
        r#"{"type":"user","uuid":"u1","parentUuid":null,"cwd":"/code/shop","timestamp":"2026-03-01T10:00:00.123Z","isSidechain":false,"message":{"role":"user","content":"mend it"}}"#.into(),
        r#"{"type":"user","uuid":"m1","parentUuid":"u1","isMeta":true,"message":{"role":"user","content":"Caveat"}}"#.into(),
        r#"{"type":"assistant","uuid":"x1","parentUuid":"u1","message":{"id":"msg_0","role":"assistant","model":"claude-x","content":[{"type":"text","text":"another way"}]}}"#.into(),
        r#"{"type":"assistant","uuid":"u2","parentUuid":"m1","message":{"id":"msg_1","role":"assistant","model":"claude-x","content":[{"type":"thinking","thinking":"hm","signature":"s"}]}}"#.into(),
        r#"{"type":"assistant","uuid":"u3","parentUuid":"u2","message":{"id":"msg_1","role":"assistant","model":"claude-x","content":[{"type":"tool_use","id":"t1","name":"Read","input":{"file_path":"a"}}]}}"#.into(),
        r#"{"type":"user","uuid":"s1","parentUuid":"u3","isSidechain":true,"message":{"role":"user","content":"for the agent"}}"#.into(),
        format!(r#"{{"type":"user","uuid":"u4","parentUuid":"u3","message":{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":[{{"type":"text","text":"none"}},{{"type":"image","source":{{"type":"base64","media_type":"image/png","data":"{PNG}"}}}}]}}]}}}}"#),
        "{ broken".into(),
        r#"{"type":"assistant","uuid":"u5","parentUuid":"gone","message":{"id":"msg_2","role":"assistant","model":"claude-x","content":[{"type":"text","text":"done"}]}}"#.into(),
    ];
    let path = write(
        dir.path(),
        ".claude/projects/-code-shop/0a1b.jsonl",
        &lines.join("\n"),
    );
    write(
        dir.path(),
        ".claude/projects/-code-shop/agent-1.jsonl",
        "{}",
    );
    let homes = Homes {
        home: dir.path().to_path_buf(),
        ..Homes::default()
    };
    let found = find(Program::Claude, &homes);
    assert_eq!((found.len(), &found[0].path), (1, &path));
    assert!(is_of(Program::Claude, &path, Path::new("/code/shop")));
    assert!(!is_of(Program::Claude, &path, Path::new("/code")));
    let converted = read(Program::Claude, &path).unwrap();
    assert_eq!(
        sketch(&converted),
        [
            "user: mend it",
            r#"claude-x: (hm) | t1:Read{"file_path":"a"}"#,
            "t1! = none | <image/png>",
            "claude-x: done",
        ]
    );
    assert_eq!(converted.title.as_deref(), Some("Mend the cart"));
    assert_eq!(converted.started, 1_772_359_200_000);
    let counts = Counts {
        messages: 3,
        calls: 1,
        results: 1,
        images: 1,
    };
    assert_eq!(converted.counts, counts);
    let left: Vec<(&str, usize)> = converted.left_out.into_iter().collect();
    assert_eq!(
        left,
        [
            ("damaged line", 1),
            ("line of a sub-agent", 1),
            ("line of another branch", 1),
            ("note of the program", 1)
        ]
    );
}

#[test]
fn codex() {
    let dir = tempfile::tempdir().unwrap();
    let item = |payload: &str| {
        format!(
            r#"{{"timestamp":"2026-03-01T10:00:01Z","type":"response_item","payload":{payload}}}"#
        )
    };
    let lines = [
        r#"{"timestamp":"2026-03-01T10:00:00Z","type":"session_meta","payload":{"id":"0199-ab","timestamp":"2026-03-01T10:00:00Z","cwd":"/code/shop"}}"#.to_string(),
        r#"{"type":"turn_context","payload":{"model":"gpt-x"}}"#.into(),
        item(r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>x</environment_context>"}]}"#),
        item(&format!(r#"{{"type":"message","role":"user","content":[{{"type":"input_text","text":"look"}},{{"type":"input_image","image_url":"data:image/png;base64,{PNG}"}}]}}"#)),
        r#"{"type":"event_msg","payload":{"type":"user_message","message":"look"}}"#.into(),
        item(r#"{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"x"}"#),
        item(r#"{"type":"function_call","name":"shell","arguments":"{\"command\":[\"ls\"]}","call_id":"c1"}"#),
        item(r#"{"type":"function_call_output","call_id":"c1","output":"{\"output\":\"none\",\"metadata\":{\"exit_code\":2}}"}"#),
        item(r#"{"type":"custom_tool_call","name":"apply_patch","input":"*** Begin Patch","call_id":"c2"}"#),
        item(r#"{"type":"custom_tool_call_output","call_id":"c2","output":"ok"}"#),
        item(r#"{"type":"message","role":"assistant","content":[{"type":"output_text","text":"done"}]}"#),
    ];
    let name = ".codex/sessions/2026/03/01/rollout-2026-03-01T10-00-00-0199-ab.jsonl";
    let path = write(dir.path(), name, &lines.join("\n"));
    assert!(is_of(Program::Codex, &path, Path::new("/code/shop")));
    let converted = read(Program::Codex, &path).unwrap();
    assert_eq!(
        sketch(&converted),
        [
            "user: look | <image/png>",
            r#"gpt-x: (hm) | c1:shell{"command":["ls"]}"#,
            "c1! = none",
            r#"gpt-x: c2:apply_patch{"input":"*** Begin Patch"}"#,
            "c2 = ok",
            "gpt-x: done",
        ]
    );
    assert_eq!(
        converted.left_out.into_iter().collect::<Vec<_>>(),
        [("note of the program", 1)]
    );
    let old = [
        r#"{"id":"old","timestamp":"2025-06-01T10:00:00Z","instructions":null}"#,
        r#"{"record_type":"state"}"#,
        r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}"#,
    ];
    let path = write(dir.path(), "rollout-old.jsonl", &old.join("\n"));
    assert_eq!(sketch(&read(Program::Codex, &path).unwrap()), ["user: hi"]);
}

#[test]
fn opencode_stored_and_exported() {
    let dir = tempfile::tempdir().unwrap();
    let storage = ".local/share/opencode/storage";
    let session = r#"{"id":"ses_1","title":"Shop","directory":"/code/shop","time":{"created":1772359200000}}"#;
    let path = write(
        dir.path(),
        &format!("{storage}/session/p/ses_1.json"),
        session,
    );
    let user = r#"{"id":"msg_1","role":"user"}"#;
    let answer = r#"{"id":"msg_2","role":"assistant","modelID":"kimi"}"#;
    write(
        dir.path(),
        &format!("{storage}/message/ses_1/msg_1.json"),
        user,
    );
    write(
        dir.path(),
        &format!("{storage}/message/ses_1/msg_2.json"),
        answer,
    );
    let parts = [
        ("msg_1", r#"{"id":"prt_1","type":"text","text":"look"}"#.to_string()),
        ("msg_1", format!(r#"{{"id":"prt_2","type":"file","mime":"image/png","url":"data:image/png;base64,{PNG}"}}"#)),
        ("msg_1", r#"{"id":"prt_3","type":"text","synthetic":true,"text":"file a"}"#.into()),
        ("msg_2", r#"{"id":"prt_4","type":"reasoning","text":"hm"}"#.into()),
        ("msg_2", r#"{"id":"prt_5","type":"tool","callID":"c1","tool":"read","state":{"status":"completed","input":{"filePath":"a"},"output":"one"}}"#.into()),
        ("msg_2", r#"{"id":"prt_6","type":"step-finish"}"#.into()),
        ("msg_2", r#"{"id":"prt_7","type":"text","text":"done"}"#.into()),
    ];
    let mut exported: Vec<Value> = Vec::new();
    for (message, part) in &parts {
        let part: Value = serde_json::from_str(part).unwrap();
        let id = part["id"].as_str().unwrap().to_string();
        write(
            dir.path(),
            &format!("{storage}/part/{message}/{id}.json"),
            &part.to_string(),
        );
        exported.push(part);
    }
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let wanted = [
        "user: look | <image/png>",
        "attached: file a",
        r#"kimi: (hm) | c1:read{"filePath":"a"}"#,
        "c1 = one",
        "kimi: done",
    ];
    let converted = read(Program::OpenCode, &path).unwrap();
    assert_eq!(sketch(&converted), wanted);
    assert!(is_of(Program::OpenCode, &path, Path::new("/code/shop")));
    let whole = serde_json::json!({"info": parse(session), "messages": [
        {"info": parse(user), "parts": exported[..3]},
        {"info": parse(answer), "parts": exported[3..]},
    ]});
    let path = write(dir.path(), "export.json", &whole.to_string());
    assert_eq!(sketch(&read(Program::OpenCode, &path).unwrap()), wanted);
}

#[test]
fn pi() {
    let dir = tempfile::tempdir().unwrap();
    let lines = [
        r#"{"type":"session","version":3,"id":"pi-1","timestamp":"2026-03-01T10:00:00Z","cwd":"/code/shop"}"#.to_string(),
        format!(r#"{{"type":"message","id":"a","parentId":null,"message":{{"role":"user","content":[{{"type":"text","text":"look"}},{{"type":"image","mimeType":"image/png","data":"{PNG}"}}]}}}}"#),
        r#"{"type":"message","id":"b","parentId":"a","message":{"role":"assistant","model":"m1","content":[{"type":"text","text":"left"}]}}"#.into(),
        r#"{"type":"message","id":"c","parentId":"a","message":{"role":"assistant","model":"m1","content":[{"type":"thinking","thinking":"hm"},{"type":"toolCall","id":"c1","name":"bash","arguments":{"command":"ls"}}]}}"#.into(),
        r#"{"type":"message","id":"d","parentId":"c","message":{"role":"toolResult","toolCallId":"c1","toolName":"bash","isError":true,"content":[{"type":"text","text":"none"}]}}"#.into(),
        r#"{"type":"session_info","id":"e","parentId":"d","name":"Shop"}"#.into(),
        r#"{"type":"message","id":"f","parentId":"e","message":{"role":"assistant","model":"m1","content":[{"type":"text","text":"done"}]}}"#.into(),
    ];
    let path = write(dir.path(), "s.jsonl", &lines.join("\n"));
    let converted = read(Program::Pi, &path).unwrap();
    assert_eq!(
        sketch(&converted),
        [
            "user: look | <image/png>",
            r#"m1: (hm) | c1:bash{"command":"ls"}"#,
            "c1! = none",
            "m1: done",
        ]
    );
    assert_eq!(converted.title.as_deref(), Some("Shop"));
    assert_eq!(
        converted.left_out.into_iter().collect::<Vec<_>>(),
        [("line of another branch", 1)]
    );
}

#[test]
fn gemini_whole_and_in_lines() {
    let dir = tempfile::tempdir().unwrap();
    let user = format!(
        r#"{{"id":"1","type":"user","content":[{{"text":"look"}},{{"inlineData":{{"mimeType":"image/png","data":"{PNG}"}}}}]}}"#
    );
    let first = r#"{"id":"2","type":"gemini","model":"g1","content":"half"}"#;
    let answer = r#"{"id":"2","type":"gemini","model":"g1","content":"I look.","thoughts":[{"subject":"Plan","description":"hm"}],"toolCalls":[{"id":"c1","name":"read_file","args":{"path":"a"},"status":"error","result":[{"functionResponse":{"id":"c1","name":"read_file","response":{"error":"none"}}}]}]}"#;
    let info = r#"{"id":"3","type":"info","content":"note"}"#;
    let wanted = [
        "user: look | <image/png>",
        r#"g1: (Plan: hm) | I look. | c1:read_file{"path":"a"}"#,
        "c1! = none",
    ];
    let whole = format!(
        r#"{{"sessionId":"g-1","startTime":"2026-03-01T10:00:00Z","messages":[{user},{answer},{info}]}}"#
    );
    let path = write(dir.path(), "tmp/shop/chats/session-1.json", &whole);
    write(dir.path(), "tmp/shop/.project_root", "/code/shop\n");
    let converted = read(Program::Gemini, &path).unwrap();
    assert_eq!(sketch(&converted), wanted);
    assert_eq!(converted.cwd.as_deref(), Some(Path::new("/code/shop")));
    assert!(is_of(Program::Gemini, &path, Path::new("/code/shop")));
    let lines = [
        r#"{"sessionId":"g-1","startTime":"2026-03-01T10:00:00Z"}"#,
        &user,
        first,
        answer,
        info,
    ];
    let path = write(
        dir.path(),
        "tmp/shop/chats/session-2.jsonl",
        &lines.join("\n"),
    );
    assert_eq!(sketch(&read(Program::Gemini, &path).unwrap()), wanted);
}

#[test]
fn what_is_something_else_is_refused_and_no_garbage_panics() {
    let dir = tempfile::tempdir().unwrap();
    for (index, text) in [
        "",
        "{}",
        "[]",
        "nonsense",
        "{\"type\":\"user\"}",
        "\u{0}\u{ff}",
    ]
    .iter()
    .enumerate()
    {
        let path = write(dir.path(), &format!("{index}.jsonl"), text);
        for (program, name) in Program::ALL {
            let error = read(program, &path).unwrap_err().to_string();
            assert!(error.contains("jsonl") && error.contains(name), "{error}");
        }
    }
}

#[test]
fn a_conversation_is_stored_once_and_opens() {
    let dir = tempfile::tempdir().unwrap();
    let line = format!(
        r#"{{"type":"user","uuid":"u1","timestamp":"2026-03-01T10:00:00Z","message":{{"content":[{{"type":"text","text":"hi"}},{{"type":"image","source":{{"media_type":"image/png","data":"{PNG}"}}}}]}}}}"#
    );
    let path = write(dir.path(), "a.jsonl", &line);
    let before = fs::read(&path).unwrap();
    let converted = read(Program::Claude, &path).unwrap();
    let (store, blobs) = (
        Store::new(dir.path().join("sessions")),
        BlobStore::new(dir.path().join("blobs")),
    );
    let (id, is_new) = save(&converted, &store, &blobs, Path::new("/w")).unwrap();
    assert!(is_new && id.starts_with("20260301-100000-"), "{id}");
    assert_eq!(
        save(&converted, &store, &blobs, Path::new("/w")).unwrap(),
        (id.clone(), false)
    );
    let (session, warnings) = Session::open(&store, &id).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(session.conversation().messages, converted.messages);
    assert!(blobs.get(&blob::hash(&converted.images[0])).is_ok());
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn moments() {
    assert_eq!(moment("1970-01-02T00:00:01Z"), Some(86_401_000));
    assert_eq!(moment("2000-02-29T12:00:00.5+00:00"), Some(951_825_600_000));
    assert_eq!(moment("yesterday"), None);
}
