//! `sofos debug`: looks into parts of the program.

use std::io::{BufRead, Write};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::CliError;
use crate::permission::command::{Analysis, shown as readable};
use crate::permission::{Basis, List, Place, RuleSet, decide, decide_analysed, scope};
use crate::protocol::permission::{Effect, PermissionDecision, PermissionMode, ScopedPath};

/// Longest line that is read, in bytes.
const MAX_LINE: usize = 1 << 20;

/// One question.
#[derive(Debug, Deserialize)]
struct Question {
    #[serde(default)]
    id: Value,
    command: Option<String>,
    tool: Option<String>,
    path: Option<String>,
    #[serde(alias = "dest", alias = "destination", alias = "target")]
    to: Option<String>,
    url: Option<String>,
    rules: Option<Lists>,
    mode: Option<String>,
}

/// The lists of rules that replace the user's own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Lists {
    allow: Vec<String>,
    deny: Vec<String>,
    ask: Vec<String>,
}

/// One answer, before it is written.
struct Verdict {
    word: &'static str,
    why: String,
    effects: Vec<Value>,
}

impl Verdict {
    fn deny(why: impl Into<String>) -> Self {
        Self {
            word: "deny",
            why: why.into(),
            effects: Vec::new(),
        }
    }
}

/// Answers the questions on standard input.
///
/// By the analysis alone, as where nothing confines commands: finding out what the
/// system enforces would run one.
pub(super) fn classify(root: &Path, home: Option<&Path>, user: &RuleSet) -> Result<u8, CliError> {
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input
            .read_until(b'\n', &mut line)
            .map_err(CliError::io("read standard input"))?;
        if read == 0 {
            return Ok(0);
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = answer(&line, &Place { root, home }, user);
        let written = writeln!(output, "{answer}").and_then(|()| output.flush());
        match written {
            // The reader has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(0),
            written => written.map_err(CliError::io("write the answer"))?,
        }
    }
}

fn answer(line: &[u8], place: &Place<'_>, user: &RuleSet) -> Value {
    if line.len() > MAX_LINE {
        return json!({"id": null, "verdict": "deny", "why": "the question is too long", "effects": []});
    }
    let question: Question = match serde_json::from_slice(line) {
        Ok(question) => question,
        Err(error) => {
            let why = format!("that is no question: {error}");
            return json!({"id": null, "verdict": "deny", "why": why, "effects": []});
        }
    };
    let verdict = judge(&question, place, user);
    json!({
        "id": question.id,
        "verdict": verdict.word,
        "why": verdict.why,
        "effects": verdict.effects,
    })
}

fn judge(question: &Question, place: &Place<'_>, user: &RuleSet) -> Verdict {
    let own;
    let rules = match &question.rules {
        None => user,
        Some(lists) => match rule_set(lists, place) {
            Ok(rules) => {
                own = rules;
                &own
            }
            Err(why) => return Verdict::deny(why),
        },
    };
    let name = question.mode.as_deref().unwrap_or("default");
    let headless = name == "headless";
    let mode = match name {
        "safe" | "headless" | "normal" => Some(PermissionMode::Default),
        name => PermissionMode::parse(name),
    };
    let Some(mode) = mode else {
        return Verdict::deny(format!("there is no mode {name:?}"));
    };
    let basis = Basis {
        mode,
        safe: name == "safe",
        place: *place,
        rules,
        grants: &[],
        confined: false,
        exposed: false,
    };
    let (decision, effects) = match question {
        Question {
            command: Some(line),
            ..
        } => {
            if line.contains('\0') {
                return Verdict::deny("the command contains a NUL byte");
            }
            let (decision, analyses) = decide_analysed(&basis, &[Effect::Exec(line.clone())]);
            let effects = analyses
                .iter()
                .flatten()
                .flat_map(command_effects)
                .collect();
            (decision, effects)
        }
        Question { url: Some(url), .. } => (
            decide(&basis, &[Effect::Net(url.clone())]),
            vec![json!({"effect": "network", "target": url, "outside": true})],
        ),
        Question {
            tool: Some(tool),
            path: Some(path),
            to,
            ..
        } => match path_effects(place, tool, path, to.as_deref()) {
            Ok(effects) => (
                decide(&basis, &effects),
                effects.iter().map(shown).collect(),
            ),
            Err(why) => return Verdict::deny(why),
        },
        _ => return Verdict::deny("neither command, nor tool and path, nor url is given"),
    };
    let (word, why) = match decision {
        PermissionDecision::Allow { why, .. } => ("allow", why),
        PermissionDecision::Deny { why } => ("deny", why),
        PermissionDecision::Ask { why, .. } if headless => {
            ("deny", format!("{why}; nobody can be asked"))
        }
        PermissionDecision::Ask { why, .. } => ("ask", why),
    };
    Verdict { word, why, effects }
}

fn rule_set(lists: &Lists, place: &Place<'_>) -> Result<RuleSet, String> {
    let mut rules = RuleSet::default();
    for (list, texts) in [
        (List::Allow, &lists.allow),
        (List::Deny, &lists.deny),
        (List::Ask, &lists.ask),
    ] {
        for text in texts {
            rules
                .add(list, text, place)
                .map_err(|error| error.to_string())?;
        }
    }
    Ok(rules)
}

fn command_effects(analysis: &Analysis) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::new();
    analysis.each(&mut |part| {
        for effect in &part.effects {
            let target = readable(&effect.target);
            let outside = effect.path.as_ref().is_some_and(|path| !path.inside());
            let value = json!({"effect": effect.kind.verb(), "target": target, "outside": outside});
            if !out.contains(&value) {
                out.push(value);
            }
        }
    });
    out
}

/// What a file tool would do.
fn path_effects(
    place: &Place<'_>,
    tool: &str,
    path: &str,
    to: Option<&str>,
) -> Result<Vec<Effect>, String> {
    let resolve = |path: &str| {
        scope::resolve(place.root, place.home, path).map_err(|error| error.to_string())
    };
    let entry = |path: &str| {
        scope::resolve_entry(place.root, place.home, path).map_err(|error| error.to_string())
    };
    let target = |path| to.map_or_else(|| resolve(path), resolve);
    Ok(match tool {
        "read" | "read_file" | "list" | "list_directory" | "list_dir" | "glob" | "glob_files"
        | "search" | "search_code" | "view" | "image" | "view_image" => {
            vec![Effect::Read(there(resolve(path)?)?)]
        }
        "write" | "write_file" | "append" => vec![Effect::Write(file(resolve(path)?)?)],
        "create_directory" | "create_dir" | "mkdir" => vec![Effect::Write(resolve(path)?)],
        "edit" | "edit_file" | "morph_edit_file" => {
            let path = file(there(resolve(path)?)?)?;
            vec![Effect::Read(path.clone()), Effect::Write(path)]
        }
        "copy" | "copy_file" => vec![
            Effect::Read(there(resolve(path)?)?),
            Effect::Write(target(path)?),
        ],
        "move" | "move_file" => {
            let from = there(entry(path)?)?;
            vec![
                Effect::Read(from.clone()),
                Effect::Delete(from),
                Effect::Write(target(path)?),
            ]
        }
        "delete" | "delete_file" => vec![Effect::Delete(there(entry(path)?)?)],
        "delete_dir" | "delete_directory" => {
            let path = there(entry(path)?)?;
            if !path.inside() || path.real() == place.root {
                return Err("delete_directory works below the workspace only".to_string());
            }
            vec![Effect::Delete(path)]
        }
        other => return Err(format!("there is no tool {other:?}")),
    })
}

/// A path at which no directory is.
fn file(path: ScopedPath) -> Result<ScopedPath, String> {
    if path.inside() && path.real().is_dir() {
        return Err(format!("{} is a directory", path.display()));
    }
    Ok(path)
}

/// A path inside the workspace at which something is, that a tool can use.
fn there(path: ScopedPath) -> Result<ScopedPath, String> {
    if path.inside() && path.real().symlink_metadata().is_err() {
        return Err(format!("{} does not exist", path.display()));
    }
    if scope::is_special(&path) {
        return Err(format!("{} is not a regular file", path.display()));
    }
    Ok(path)
}

fn shown(effect: &Effect) -> Value {
    let (verb, path) = match effect {
        Effect::Read(path) => ("reads", path),
        Effect::Write(path) => ("writes", path),
        Effect::Delete(path) => ("deletes", path),
        Effect::Net(url) => {
            return json!({"effect": "network", "target": url, "outside": true});
        }
        Effect::Mcp { server, .. } => {
            return json!({"effect": "network", "target": server, "outside": true});
        }
        Effect::Exec(line)
        | Effect::Unconfined(line)
        | Effect::Network(line)
        | Effect::Input { command: line, .. } => {
            return json!({"effect": "executes", "target": line, "outside": false});
        }
    };
    json!({"effect": verb, "target": path.display(), "outside": !path.inside()})
}
