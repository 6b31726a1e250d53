//! `write_file`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::diff::FileDiff;
use crate::protocol::permission::{Effect, Preview, ScopedPath};
use crate::protocol::tool::{ToolBody, ToolTitle};
use crate::stdx::text;
use crate::workspace::{diff, edit_match};

/// Creates, replaces or extends a file.
pub(super) struct WriteFile;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    path: String,
    content: String,
    /// Add to the end instead
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
        let plan = common::resolve(&args.path, cx).and_then(|path| {
            let before = cx
                .workspace
                .change()
                .current(&path)
                .map_err(common::to_model)?;
            plan(args, &path, before)
        });
        plan.map_or(Preview::None, |plan| Preview::Diff { diff: plan.diff() })
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let path = common::resolve(&args.path, &cx)?;
        let inner = cx.clone();
        common::changing(&cx, move || {
            let change = inner.workspace.change();
            let before = change.current(&path).map_err(common::to_model)?;
            let plan = plan(&args, &path, before)?;
            if plan.before.as_ref() == Some(&plan.after) {
                let text = format!("{} already has exactly this content", path.display());
                return Ok(ToolOutput::text(text, "no change"));
            }
            let written = change
                .write(&path, plan.before.as_deref(), &plan.after)
                .map_err(common::to_model)?;
            drop(change);
            Ok(plan.output(&args, &written.created))
        })
        .await
    }
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
    let mut notes = Vec::new();
    let mut content = args.content.clone();
    let newlines = memchr::memchr_iter(b'\n', old).count();
    if newlines > 0
        && memchr::memmem::find_iter(old, b"\r\n").count() == newlines
        && !content.contains('\r')
    {
        content = content.replace('\n', "\r\n");
        notes.push("kept its CRLF line endings".to_string());
    }
    let after = if args.append {
        let mut after = old.to_vec();
        if !old.is_empty() && !old.ends_with(b"\n") && !content.starts_with(['\n', '\r']) {
            after.extend_from_slice(if content.contains("\r\n") {
                b"\r\n"
            } else {
                b"\n"
            });
            notes.push("ended its last line first".to_string());
        }
        after.extend_from_slice(content.as_bytes());
        after
    } else if old.starts_with(b"\xef\xbb\xbf") && !content.starts_with('\u{feff}') {
        notes.push("kept its byte order mark".to_string());
        [b"\xef\xbb\xbf", content.as_bytes()].concat()
    } else {
        if std::str::from_utf8(old).is_err() {
            notes.push("it was not UTF-8 and is now".to_string());
        }
        content.into_bytes()
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
