//! `write_file`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::diff::FileDiff;
use crate::protocol::permission::{Effect, Preview, ScopedPath};
use crate::protocol::tool::{ToolBody, ToolTitle};
use crate::stdx::text;
use crate::workspace::diff;
use crate::workspace::document::Document;
use crate::workspace::edit_match::{self, CUT_MARK};
use crate::workspace::write::WriteGuard;

/// Creates, replaces or extends a file.
pub(super) struct WriteFile;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    path: String,
    content: String,
    #[serde(default)]
    append: bool,
}

impl Tool for WriteFile {
    type Args = Args;
    const NAME: &'static str = "write_file";
    const DESCRIPTION: &'static str = include_str!("write_file.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        let verb = if args.append { "Append" } else { "Write" };
        ToolTitle::new(verb, common::shown(&args.path, cx))
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        Ok(vec![Effect::Write(common::resolve(&args.path, cx)?)])
    }

    fn preview(args: &Args, cx: &ToolCx) -> Preview {
        preview_of(args, false, cx)
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        run(args, false, cx).await
    }
}

/// What writing a whole file would change; `new`: there must be none yet.
pub(super) fn preview(path: &str, content: &str, new: bool, cx: &ToolCx) -> Preview {
    preview_of(&Args::whole(path.to_string(), content.to_string()), new, cx)
}

/// Writes a whole file; `new`: there must be none yet.
pub(super) async fn write(
    path: String,
    content: String,
    new: bool,
    cx: ToolCx,
) -> Result<ToolOutput, ToolError> {
    run(Args::whole(path, content), new, cx).await
}

impl Args {
    fn whole(path: String, content: String) -> Self {
        Self {
            path,
            content,
            append: false,
        }
    }
}

fn preview_of(args: &Args, new: bool, cx: &ToolCx) -> Preview {
    let plan = common::resolve(&args.path, cx).and_then(|path| {
        let before = current(&cx.workspace.change(), &path, new)?;
        plan(args, &path, before)
    });
    plan.map_or(Preview::None, |plan| Preview::Diff { diff: plan.diff() })
}

async fn run(args: Args, new: bool, cx: ToolCx) -> Result<ToolOutput, ToolError> {
    let path = common::resolve(&args.path, &cx)?;
    let inner = cx.clone();
    common::changing(&cx, move || {
        let change = inner.workspace.change();
        let before = current(&change, &path, new)?;
        let plan = plan(&args, &path, before)?;
        if plan.before.as_ref() == Some(&plan.after) {
            let text = format!("{} already has exactly this content", path.display());
            return Ok(ToolOutput::text(text, "no change"));
        }
        common::keeps_secrets(&plan.shown, plan.before.as_deref(), &plan.after, &inner)?;
        let written = change
            .write(&path, plan.before.as_deref(), &plan.after)
            .map_err(common::to_model)?;
        drop(change);
        Ok(plan.output(&args, &written.created))
    })
    .await
}

fn current(
    change: &WriteGuard,
    path: &ScopedPath,
    new: bool,
) -> Result<Option<Vec<u8>>, ToolError> {
    if new && std::fs::symlink_metadata(path.real()).is_ok() {
        return Err(ToolError::model(format!(
            "{} exists already; nothing was written. edit_file changes it, write_file replaces it",
            path.display()
        )));
    }
    change.current(path).map_err(common::to_model)
}

/// A write worked out but not done.
struct Plan {
    shown: String,
    before: Option<Vec<u8>>,
    after: Vec<u8>,
    notes: Vec<String>,
}

fn plan(args: &Args, path: &ScopedPath, before: Option<Vec<u8>>) -> Result<Plan, ToolError> {
    let old = before.as_deref().unwrap_or_default();
    let old_text = String::from_utf8_lossy(old);
    if !old.is_empty()
        && !args.append
        && let Some(line) = edit_match::placeholder(&args.content, |line| old_text.contains(line))
    {
        return Err(ToolError::model(format!(
            "the content contains the placeholder `{line}`, which would delete the text it stands \
             for; nothing was written. Write the file in full, or use edit_file"
        )));
    }
    if let Some(line) = args.content.lines().find(|line| line.contains(CUT_MARK)) {
        return Err(ToolError::model(format!(
            "the content contains `{}`, which stands for text that was cut; nothing was written",
            text::one_line(line, 120)
        )));
    }
    let mut notes = Vec::new();
    let document = Document::open(old).ok();
    let content = line_ends(args, document.as_ref(), &mut notes);
    let after = if args.append {
        let extended = document.as_ref().map_or_else(
            || Err("the file is not text".to_string()),
            |document| {
                let whole = format!("{}{content}", document.text);
                document.close(&whole).map_err(|error| error.to_string())
            },
        );
        extended.map_err(|error| {
            ToolError::model(format!("{}: {error}; nothing was written", path.display()))
        })?
    } else {
        encoded(&content, document.as_ref(), old, &mut notes)
    };
    let fenced = args.content.starts_with("```") && args.content.trim_end().ends_with("```");
    let markdown = path.display().ends_with(".md") || path.display().ends_with(".mdx");
    if fenced && !markdown {
        notes.push("it is wrapped in a code fence, which is now part of the file".to_string());
    }
    Ok(Plan {
        shown: path.display().to_string(),
        before,
        after,
        notes,
    })
}

/// The content with the line ends of the file, and for an addition with an end for
/// the line it follows.
fn line_ends(args: &Args, document: Option<&Document>, notes: &mut Vec<String>) -> String {
    let mut content = args.content.clone();
    let old = document.map_or("", |document| document.text.as_str());
    let newlines = old.matches('\n').count();
    let pairs = old.matches("\r\n").count();
    let last_is_pair = match old.rfind('\n') {
        Some(at) => old[..at].ends_with('\r'),
        None => false,
    };
    let crlf = pairs > 0 && (pairs == newlines || args.append && last_is_pair);
    if crlf && !content.contains('\r') {
        content = content.replace('\n', "\r\n");
        notes.push("kept its CRLF line endings".to_string());
    } else if pairs > 0 && !args.append && !content.contains('\r') {
        notes.push("it had mixed line endings and has LF now".to_string());
    }
    let unended = !old.is_empty() && !old.ends_with('\n');
    if args.append && unended && !content.starts_with(['\n', '\r']) {
        content.insert_str(0, if crlf { "\r\n" } else { "\n" });
        notes.push("ended its last line first".to_string());
    }
    content
}

/// The content in the encoding of the file it replaces, where it has all characters.
fn encoded(
    content: &str,
    document: Option<&Document>,
    old: &[u8],
    notes: &mut Vec<String>,
) -> Vec<u8> {
    let bare = content.strip_prefix('\u{feff}');
    if let Some(document) = document.filter(|_| !old.is_empty()) {
        let text = bare.filter(|_| document.has_mark()).unwrap_or(content);
        if let Ok(bytes) = document.close(text) {
            match document.encoding() {
                Some(name) => notes.push(format!("kept its encoding ({name})")),
                None if document.has_mark() => {
                    notes.push("kept its byte order mark".to_string());
                }
                None => {}
            }
            return bytes;
        }
    }
    if !old.is_empty() {
        notes.push("it was not UTF-8 and is now".to_string());
    }
    content.as_bytes().to_vec()
}

impl Plan {
    fn diff(&self) -> FileDiff {
        let before = self.before.as_deref().unwrap_or_default();
        diff::file_diff(&self.shown, before, &self.after)
    }

    fn output(&self, args: &Args, created: &[String]) -> ToolOutput {
        let diff = self.diff();
        let lines = text::plural(diff.added, "line");
        let (did, outcome) = match &self.before {
            None => ("created", format!("new, {lines}")),
            Some(_) if args.append => ("appended to", format!("+{}", diff.added)),
            Some(_) => ("replaced", format!("+{} −{}", diff.added, diff.removed)),
        };
        let mut text = format!(
            "{did} {} ({}, {} bytes){}",
            self.shown,
            outcome,
            self.after.len(),
            common::created(created)
        );
        if !self.notes.is_empty() {
            text.push_str(&format!("\nNote: {}", self.notes.join("; ")));
        }
        ToolOutput {
            body: ToolBody::Diff { diff },
            ..ToolOutput::text(text, outcome)
        }
    }
}
