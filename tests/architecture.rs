//! The house rules that the compiler does not check: import direction between
//! rooms, and which room owns which capability.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// Every room with its layer; a file may name only rooms of lower layers and its own.
const ROOMS: &[(&str, u8)] = &[
    ("stdx", 0),
    ("protocol", 1),
    ("config", 2),
    ("media", 2),
    ("net", 3),
    ("exec", 3),
    ("provider", 4),
    ("session", 4),
    ("permission", 4),
    ("workspace", 4),
    ("memory", 4),
    ("mcp", 4),
    ("render", 4),
    ("tools", 5),
    ("agent", 6),
    ("repl", 8),
    ("tui", 9),
    ("headless", 9),
    ("cli", 10),
];

/// What only some places may name: (text, rooms or files that may, what it is).
const CAPABILITIES: &[(&str, &[&str], &str)] = &[
    ("reqwest::", &["net/"], "HTTP"),
    ("rmcp::", &["mcp/"], "the Model Context Protocol"),
    ("process::Command", &["exec/"], "starting processes"),
    ("crossterm::", &["tui/"], "the terminal"),
    ("ratatui::", &["tui/", "render/"], "styled text"),
    ("fs::write(", &["stdx/fs.rs"], "writing files"),
    ("File::create", &["stdx/fs.rs"], "writing files"),
    ("OpenOptions", &["stdx/fs.rs"], "writing files"),
    ("fs::remove_", &["stdx/fs.rs"], "removing files"),
    (
        "ScopedPath::new",
        &["permission/scope.rs"],
        "vouching for a path",
    ),
    ("env::var", &["config/", "cli/"], "the environment"),
    ("println!", &["cli/", "headless/"], "printing"),
    ("unsafe {", &["exec/sandbox", "tui/terminal"], "unsafe code"),
];

struct Source {
    /// Path below `src`, with `/`.
    path: String,
    text: String,
}

fn rust_files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

/// The sources without tests and comments: a test may look anywhere.
fn sources(src: &Path) -> Vec<Source> {
    let mut files = Vec::new();
    rust_files(src, &mut files);
    files.sort();
    files
        .into_iter()
        .map(|file| Source {
            path: file
                .strip_prefix(src)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/"),
            text: fs::read_to_string(&file).unwrap(),
        })
        .filter(|source| !source.path.ends_with("_tests.rs"))
        .collect()
}

/// The code lines with their numbers: everything before `#[cfg(test)] mod`, no comments.
fn code_lines(text: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("#[cfg(") && trimmed.contains("test") {
            let opens_tests = lines[index + 1..]
                .iter()
                .map(|next| next.trim_start())
                .find(|next| !next.starts_with("#["))
                .is_some_and(|next| next.starts_with("mod "));
            if opens_tests {
                break;
            }
        }
        if !trimmed.starts_with("//") {
            out.push((index + 1, *line));
        }
    }
    out
}

fn layer(room: &str) -> Option<u8> {
    ROOMS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, layer)| *layer)
}

fn room_of(path: &str) -> Option<&str> {
    path.split_once('/').map(|(room, _)| room)
}

/// Rooms named by `crate::room` in a line.
fn named_rooms(line: &str) -> Vec<&str> {
    line.match_indices("crate::")
        .filter_map(|(at, found)| {
            let rest = &line[at + found.len()..];
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            layer(&rest[..end]).map(|_| &rest[..end])
        })
        .collect()
}

/// Whether a line has a text where a name begins: `sfs::` is not `fs::`.
fn names(line: &str, text: &str) -> bool {
    line.match_indices(text).any(|(at, _)| {
        !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
    })
}

/// Every breach of the rules, as one line each.
fn breaches(sources: &[Source]) -> Vec<String> {
    let mut out = Vec::new();
    for source in sources {
        let Some(room) = room_of(&source.path) else {
            continue;
        };
        let Some(own) = layer(room) else {
            out.push(format!("{}: room {room} is not in the table", source.path));
            continue;
        };
        for (number, line) in code_lines(&source.text) {
            for named in named_rooms(line) {
                let other = layer(named).unwrap();
                if named != room && other >= own {
                    out.push(format!(
                        "{}:{number} names {named} (L{other}); {room} is L{own}",
                        source.path
                    ));
                }
            }
            for (text, owners, what) in CAPABILITIES {
                if names(line, text) && !owners.iter().any(|owner| source.path.starts_with(owner)) {
                    out.push(format!(
                        "{}:{number} uses {text}: {what} belongs to {owners:?}",
                        source.path
                    ));
                }
            }
        }
    }
    out
}

#[test]
fn rooms_and_capabilities_hold() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let found = breaches(&sources(&src));
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn planted_breaches_are_found() {
    let plant = |path: &str, text: &str| Source {
        path: path.into(),
        text: text.into(),
    };
    let found = breaches(&[
        plant("tools/foo.rs", "use std::fs;\nuse crate::repl::Handle;\n"),
        plant("agent/x.rs", "let c = crate::provider::build();\n"),
        plant("net/x.rs", "use crate::exec::shell;\n"),
        plant("tools/y.rs", "std::fs::write(path, bytes)?;\n"),
        plant(
            "session/z.rs",
            "// crate::tui is mentioned\n#[cfg(test)]\nmod tests {\n use crate::cli;\n}\n",
        ),
        plant("attic/a.rs", ""),
    ]);
    assert_eq!(
        found,
        [
            "tools/foo.rs:2 names repl (L8); tools is L5",
            "net/x.rs:1 names exec (L3); net is L3",
            "tools/y.rs:1 uses fs::write(: writing files belongs to [\"stdx/fs.rs\"]",
            "attic/a.rs: room attic is not in the table",
        ]
    );
}

#[test]
fn every_room_is_in_the_crate_map() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let map = fs::read_to_string(root.join("lib.rs")).unwrap();
    for (room, _) in ROOMS {
        assert!(
            map.contains(&format!("[`{room}`]")),
            "src/lib.rs does not describe {room}"
        );
        assert!(
            root.join(room).join("mod.rs").exists(),
            "{room} has no mod.rs"
        );
    }
}

#[test]
fn heavy_or_unwanted_crates_stay_out() {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let lock = fs::read_to_string(lock).unwrap();
    for name in ["aws-lc-sys", "onig_sys", "openssl-sys", "native-tls"] {
        assert!(
            !lock.contains(&format!("name = \"{name}\"")),
            "{name} is in Cargo.lock"
        );
    }
}
