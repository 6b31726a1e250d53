//! Conversations that other programs keep on this machine, taken over. The source is
//! only read.

mod build;
mod claude;
mod codex;
mod gemini;
mod opencode;
mod pi;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Session, SessionError, Store};
use crate::protocol::entry::EntryKind;
use crate::protocol::message::{ContentBlock, Message};
use crate::stdx::blob::{self, BlobStore};
use crate::stdx::clock;

/// A program whose conversations can be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Claude Code.
    Claude,
    /// Codex CLI.
    Codex,
    /// opencode.
    OpenCode,
    /// pi.
    Pi,
    /// Gemini CLI.
    Gemini,
}

impl Program {
    /// Every program with its name in a command line.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Claude, "claude"),
        (Self::Codex, "codex"),
        (Self::OpenCode, "opencode"),
        (Self::Pi, "pi"),
        (Self::Gemini, "gemini"),
    ];

    /// Its name in a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::OpenCode => "opencode",
            Self::Pi => "pi",
            Self::Gemini => "gemini",
        }
    }
}

/// Where programs keep their data.
#[derive(Debug, Clone, Default)]
pub struct Homes {
    /// The user's home directory.
    pub home: PathBuf,
    /// `$CLAUDE_CONFIG_DIR`.
    pub claude: Option<PathBuf>,
    /// `$CODEX_HOME`.
    pub codex: Option<PathBuf>,
    /// `$XDG_DATA_HOME`.
    pub data: Option<PathBuf>,
    /// `$PI_CODING_AGENT_DIR`.
    pub pi: Option<PathBuf>,
}

/// A conversation of another program, before it is read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its id there.
    pub id: String,
    /// Its file.
    pub path: PathBuf,
    /// Last change, seconds since the epoch.
    pub modified: u64,
}

/// How much there is of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Counts {
    /// Messages of the user and of the model.
    pub messages: usize,
    /// Calls of tools.
    pub calls: usize,
    /// Results of calls.
    pub results: usize,
    /// Images.
    pub images: usize,
}

/// A conversation in sofos' own form.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Converted {
    /// Its id in the other program.
    pub id: String,
    /// When it began, milliseconds since the epoch.
    pub started: u64,
    /// The directory it was held in.
    pub cwd: Option<PathBuf>,
    /// Its name there.
    pub title: Option<String>,
    /// The messages, in order.
    pub messages: Vec<Message>,
    /// The images of the messages.
    pub images: Vec<Vec<u8>>,
    /// What was seen in the source and taken over.
    pub counts: Counts,
    /// What has no place in a conversation here, and how often it was there.
    pub left_out: BTreeMap<&'static str, usize>,
}

/// Why a conversation cannot be taken over.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{path} is no conversation of {program}: {why}", path = path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The program that should have written it.
        program: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// It cannot be stored here.
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// The conversations of a program on this machine, the newest first.
pub fn find(program: Program, homes: &Homes) -> Vec<Found> {
    let paths = match program {
        Program::Claude => claude::files(homes),
        Program::Codex => codex::files(homes),
        Program::OpenCode => opencode::files(homes),
        Program::Pi => pi::files(homes),
        Program::Gemini => gemini::files(homes),
    };
    let mut found: Vec<Found> = paths
        .into_iter()
        .filter_map(|path| {
            let id = path.file_stem()?.to_str()?.to_string();
            let changed = fs::metadata(&path).ok()?.modified().ok()?;
            let since = changed.duration_since(std::time::UNIX_EPOCH).ok()?;
            let modified = since.as_secs();
            Some(Found { id, path, modified })
        })
        .collect();
    found.sort_by(|a, b| b.modified.cmp(&a.modified).then_with(|| b.id.cmp(&a.id)));
    found
}

/// Whether a conversation was held in a directory, by the start of its file.
pub fn is_of(program: Program, path: &Path, workspace: &Path) -> bool {
    let is_here = |cwd: &str| Path::new(cwd.trim()) == workspace;
    match program {
        Program::Claude | Program::Codex | Program::Pi => {
            let Ok(file) = fs::File::open(path) else {
                return false;
            };
            let lines = BufReader::new(file.take(HEAD)).split(b'\n').take(50);
            let values = lines.map_while(Result::ok);
            let values = values.filter_map(|line| serde_json::from_slice::<Value>(&line).ok());
            let cwd = |value: &Value| {
                let own = text(value, "cwd");
                own.or_else(|| text(value.get("payload")?, "cwd"))
                    .map(is_here)
            };
            values.filter_map(|value| cwd(&value)).next() == Some(true)
        }
        Program::OpenCode => {
            let session = json(program, path).unwrap_or_default();
            text(&session, "directory").is_some_and(is_here)
        }
        Program::Gemini => {
            let project = path.ancestors().nth(2).unwrap_or(path);
            let root = fs::read_to_string(project.join(".project_root"));
            let hash = blob::hash(workspace.as_os_str().as_encoded_bytes());
            root.is_ok_and(|root| is_here(&root)) || project.ends_with(hash)
        }
    }
}

/// How much of a file is read to find out where its conversation was held.
const HEAD: u64 = 1024 * 1024;

/// Reads and converts one conversation.
///
/// # Errors
/// When the file cannot be read or is something else.
pub fn read(program: Program, path: &Path) -> Result<Converted, ImportError> {
    let converted = match program {
        Program::Claude => claude::read(path),
        Program::Codex => codex::read(path),
        Program::OpenCode => opencode::read(path),
        Program::Pi => pi::read(path),
        Program::Gemini => gemini::read(path),
    }?;
    if converted.messages.is_empty() {
        return Err(foreign(program, path, "it holds no message"));
    }
    Ok(converted)
}

/// Stores a conversation as a session of a directory. The id follows from the source:
/// nothing when it was taken over before.
///
/// # Errors
/// When it cannot be written.
pub fn save(
    converted: &Converted,
    store: &Store,
    blobs: &BlobStore,
    cwd: &Path,
) -> Result<(String, bool), ImportError> {
    let (year, month, day, hour, minute, second) = clock::utc(converted.started);
    let mark = &blob::hash(converted.id.as_bytes())[..8];
    let id = format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}-{mark}");
    if store.path(&id).exists() {
        return Ok((id, false));
    }
    for bytes in &converted.images {
        blobs.put(bytes).map_err(|source| ImportError::Io {
            path: store.dir().to_path_buf(),
            source,
        })?;
    }
    let cwd = converted.cwd.as_deref().unwrap_or(cwd);
    let mut session = Session::create_as(store, &cwd.display().to_string(), &id);
    let title = converted.title.clone();
    let mut entries: Vec<EntryKind> = title
        .map(|title| EntryKind::Title { title })
        .into_iter()
        .collect();
    let messages = converted.messages.iter().cloned();
    entries.extend(messages.map(|message| EntryKind::Message { message }));
    session.append_all(entries)?;
    session.append_card()?;
    session.sync()?;
    Ok((id, true))
}

fn foreign(program: Program, path: &Path, why: impl Into<String>) -> ImportError {
    ImportError::Foreign {
        path: path.to_path_buf(),
        program: program.name(),
        why: why.into(),
    }
}

/// The JSON objects of a file with one on each line, and how many lines were damaged.
fn lines(program: Program, path: &Path) -> Result<(Vec<Value>, usize), ImportError> {
    let failed = |source| ImportError::Io {
        path: path.to_path_buf(),
        source,
    };
    let file = fs::File::open(path).map_err(failed)?;
    let (mut values, mut damaged) = (Vec::new(), 0);
    for line in BufReader::new(file).split(b'\n') {
        let line = line.map_err(failed)?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice::<Value>(&line) {
            Ok(value) if value.is_object() => values.push(value),
            _ => damaged += 1,
        }
    }
    match values.is_empty() {
        true => Err(foreign(program, path, "no line of it is a JSON object")),
        false => Ok((values, damaged)),
    }
}

/// A file that is one JSON value.
fn json(program: Program, path: &Path) -> Result<Value, ImportError> {
    let bytes = fs::read(path).map_err(|source| ImportError::Io {
        path: path.to_path_buf(),
        source,
    })?;
    serde_json::from_slice(&bytes).map_err(|error| foreign(program, path, error.to_string()))
}

/// The files below a directory, at most so deep, whose names are wanted.
fn below(dir: &Path, depth: usize, wanted: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(dir) else {
        return found;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_dir && depth > 0 {
            found.extend(below(&path, depth - 1, wanted));
        } else if !is_dir
            && path
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(wanted)
        {
            found.push(path);
        }
    }
    found
}

/// A text of an object.
fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// Milliseconds since the epoch of `2026-11-21T09:15:42.123Z`.
fn moment(text: &str) -> Option<u64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    // Days from the civil date by the era method (400-year cycles from 0000-03-01).
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
    u64::try_from(seconds).ok()?.checked_mul(1_000)
}

/// The entries of a tree that lead to its last one, in their order. An entry whose
/// parent is not there follows the one before it in the file.
fn last_branch(nodes: &[(Option<&str>, Option<&str>)]) -> Vec<usize> {
    let ids: std::collections::HashMap<&str, usize> = nodes
        .iter()
        .enumerate()
        .filter_map(|(index, (id, _))| Some(((*id)?, index)))
        .collect();
    let mut branch = Vec::new();
    let mut at = nodes.len().checked_sub(1);
    while let Some(index) = at {
        branch.push(index);
        at = match nodes[index].1 {
            // A parent always stands before its child: no loop.
            Some(parent) => match ids.get(parent) {
                Some(&parent) if parent < index => Some(parent),
                _ => index.checked_sub(1),
            },
            None => None,
        };
    }
    branch.reverse();
    branch
}

/// How many of the messages among these entries are not on a branch.
fn off_branch(nodes: &[&Value], branch: &[usize], is_message: impl Fn(&Value) -> bool) -> usize {
    let all = nodes.iter().filter(|node| is_message(node)).count();
    let on_branch = branch.iter().filter(|index| is_message(nodes[**index]));
    all - on_branch.count()
}

/// What a conversation amounts to.
fn count(messages: &[Message]) -> Counts {
    let mut counts = Counts::default();
    for message in messages {
        let content = match message {
            Message::User { content, .. } => {
                counts.messages += 1;
                content
            }
            Message::Assistant(answer) => {
                counts.messages += 1;
                counts.calls += answer.tool_calls().count();
                &answer.content
            }
            Message::ToolResult(result) => {
                counts.results += 1;
                &result.content
            }
            Message::Context { .. } => continue,
        };
        let is_image = |block: &&ContentBlock| matches!(block, ContentBlock::Image { .. });
        counts.images += content.iter().filter(is_image).count();
    }
    counts
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
