//! Images, files and commands that a message brings along.

use serde_json::{Value, json};

use crate::rig::Rig;
use crate::server::{says, text, tool};

/// A red PNG, 2 by 1 pixels.
pub const PNG: &[u8] =
    b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x02\
    \x00\x00\x00\x01\x08\x02\x00\x00\x00\x7b\x40\xe8\xdd\x00\x00\x00\x0d\x49\x44\x41\
    \x54\x78\x9c\x63\xf8\xcf\xc0\x00\x44\x00\x08\xfe\x01\xff\xc6\x9e\x79\xf7\x00\x00\
    \x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

/// The blocks of the last user message of a request, in short.
fn blocks(request: &Value) -> Vec<String> {
    let messages = request["messages"].as_array().unwrap();
    let last = messages.last().unwrap();
    let short = |block: &Value| match block["type"].as_str().unwrap() {
        "text" => block["text"].as_str().unwrap().to_string(),
        "image" => format!("<{}>", block["source"]["media_type"].as_str().unwrap()),
        other => format!("<{other}>"),
    };
    last["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(short)
        .collect()
}

#[test]
fn images_named_in_a_message_stand_in_their_places() {
    let rig = Rig::new(vec![says(vec![text("Red.")])]);
    rig.file("shots/one two.png", PNG);
    std::fs::write(rig.home().join("b.jpg"), PNG).unwrap();
    rig.file("fake.png", "no picture");
    let ran = rig.run(&[
        "-p",
        "compare 'shots/one two.png' with ~/b.jpg, not fake.png or x/gone.gif",
    ]);
    ran.ok();
    let got = blocks(&rig.server.requests()[0]);
    let from = got.len() - 5;
    assert_eq!(
        got[from..],
        [
            "compare 'shots/one two.png'",
            "<image/png>",
            " with ~/b.jpg",
            "<image/png>",
            ", not fake.png or x/gone.gif",
        ]
    );
    for said in [
        "attached shots/one two.png (image/png, 2×1)",
        "attached ~/b.jpg",
        "fake.png is not attached: it is not an image",
        "x/gone.gif does not exist; no image is attached",
    ] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    rig.server.check();
}

#[test]
fn a_model_without_eyes_is_named_before_anything_is_sent() {
    let rig = Rig::new(vec![says(vec![text("Cannot see.")])]);
    rig.file("a.png", PNG);
    let model = "openai/gpt-oss-120b";
    let mut command = rig.command(&["--provider", "groq", "--model", model, "-p", "see a.png"]);
    // Nobody answers there: what is said, is said before.
    command
        .env("GROQ_API_KEY", "k")
        .env("GROQ_BASE_URL", "http://127.0.0.1:1");
    let ran = crate::rig::ran(command.output().unwrap());
    let said = format!("{model} takes no images: the model is only told of 1 image");
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
}

#[test]
fn files_lines_and_directories_are_attached_by_a_sign() {
    let rig = Rig::new(vec![says(vec![text("Read.")])]);
    rig.file("src/a.rs", "one\ntwo\nthree\nfour\n");
    rig.file("src/b.rs", "bee\n");
    let prompt = "see @src/a.rs:2-3 and @src/, cc @nobody about @src/c.rs";
    let ran = rig.run(&["-p", prompt]);
    ran.ok();
    let got = blocks(&rig.server.requests()[0]);
    let at = got.iter().position(|block| block == prompt).unwrap();
    assert!(got[at + 1].starts_with("Attached by the user: src/a.rs, lines 2–3\n"));
    assert!(
        got[at + 1].contains("2\ttwo\n") && !got[at + 1].contains("four"),
        "{got:?}"
    );
    assert!(got[at + 2].contains("a.rs\nb.rs"), "{got:?}");
    assert_eq!(got.len(), at + 3);
    assert!(
        ran.stderr.contains("attached src/a.rs, lines 2–3"),
        "{}",
        ran.stderr
    );
    let near = "@src/c.rs does not exist (did you mean src/";
    assert!(ran.stderr.contains(near), "{}", ran.stderr);
    assert!(!ran.stderr.contains("nobody"), "{}", ran.stderr);
    rig.server.check();
}

#[test]
fn piped_text_names_nothing() {
    use std::io::Write;
    let rig = Rig::new(vec![says(vec![text("Fine.")])]);
    rig.file("a.png", PNG);
    let mut command = rig.command(&["-p", "summarise"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"log: a.png @a.png").unwrap();
    drop(stdin);
    crate::rig::ran(child.wait_with_output().unwrap()).ok();
    assert!(!blocks(&rig.server.requests()[0]).contains(&"<image/png>".to_string()));
    rig.server.check();
}

#[test]
fn the_model_sees_an_image_it_reads() {
    let rig = Rig::new(vec![
        says(vec![tool("read_file", json!({"path": "a.dat"}))]),
        says(vec![text("Red.")]),
    ]);
    rig.file("a.dat", PNG);
    rig.run(&["-p", "look"]).ok();
    let last = rig.server.last_message();
    assert!(
        last.contains("image/png, 2×1") && last.contains("base64"),
        "{last}"
    );
    rig.server.check();
}

#[test]
fn images_that_are_too_many_go_at_once_and_stay_away() {
    let look = |number: usize| tool("read_file", json!({"path": format!("{number}.png")}));
    let rig = Rig::new(vec![
        says((0..101).map(look).collect()),
        says(vec![look(7)]),
        says(vec![text("Red.")]),
    ]);
    for number in 0..101 {
        rig.file(&format!("{number}.png"), PNG);
    }
    rig.run(&["-p", "look", "--model", "claude-haiku-4-5"]).ok();
    let mut requests = rig.server.requests();
    let images = |request: &Value| request.to_string().matches("\"base64\"").count();
    let counts: Vec<usize> = requests.iter().map(images).collect();
    assert_eq!(counts, [0, 50, 51]);
    // What was sent stays as it was sent, but for the mark of the cache.
    for request in &mut requests {
        for message in request["messages"].as_array_mut().unwrap() {
            for block in message["content"].as_array_mut().into_iter().flatten() {
                block.as_object_mut().unwrap().remove("cache_control");
            }
        }
    }
    let messages = |index: usize| requests[index]["messages"].as_array().unwrap();
    assert_eq!(messages(2)[..messages(1).len()], messages(1)[..]);
    let entries = rig.entries();
    let broke = entries
        .iter()
        .filter_map(|entry| entry["kind"]["usage"]["broke"].as_str());
    assert_eq!(
        broke.collect::<Vec<_>>(),
        ["51 older images left out: there were too many"]
    );
    rig.server.check();
}

#[cfg(unix)]
#[test]
fn a_command_by_hand_is_shown_and_told_with_the_next_message() {
    let rig = Rig::new(vec![says(vec![text("Seen.")])]);
    let mut terminal = crate::pty::Terminal::start(&rig, &[], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("!echo by-$((40+2))-hand");
    terminal.wait("by-42-hand");
    assert!(rig.server.requests().is_empty());
    terminal.enter("what was that");
    terminal.wait("Seen.");
    let got = blocks(&rig.server.requests()[0]).join("|");
    let told = "The user ran this command:\n$ echo by-$((40+2))-hand\nby-42-hand\n[exit 0]";
    assert!(got.contains(told), "{got}");
    assert!(got.contains("Environment:"), "{got}");
    terminal.send("\u{4}");
    terminal.end();
    rig.server.check();
    let mut again = crate::pty::Terminal::start(
        &rig,
        &["-r", rig.logs()[0].file_stem().unwrap().to_str().unwrap()],
        80,
        24,
    );
    again.wait("what was that");
    assert!(
        again.everything().contains("by-42-hand"),
        "{}",
        again.everything()
    );
    again.send("\u{4}");
    again.end();
}
