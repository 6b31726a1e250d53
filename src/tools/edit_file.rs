//! `edit_file`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::diff::{DiffKind, FileDiff};
use crate::protocol::permission::{Effect, Preview, ScopedPath};
use crate::protocol::tool::{ToolBody, ToolTitle};
use crate::stdx::text;
use crate::workspace::edit_match::{self, Edit};
use crate::workspace::{FileError, diff};

/// Replaces text in a file.
pub(super) struct EditFile;

#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
pub(super) struct One {
    old_string: String,
    new_string: String,
    #[serde(default)]
    replace_all: bool,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    path: String,
    old_string: Option<String>,
    new_string: Option<String>,
    #[serde(default)]
    replace_all: bool,
    /// Several, in order, all or none
    edits: Option<Vec<One>>,
}

impl Args {
    fn edits(&self) -> Result<Vec<Edit>, ToolError> {
        let first = match (&self.old_string, &self.new_string) {
            (Some(old), Some(new)) => Some(Edit {
                old: old.clone(),
                new: new.clone(),
                all: self.replace_all,
            }),
            (None, None) => None,
            (Some(_), None) => {
                return Err(ToolError::model(
                    "edit_file: missing argument `new_string`: a string (empty to delete)",
                ));
            }
            (None, Some(_)) => {
                return Err(ToolError::model(
                    "edit_file: missing argument `old_string`: the exact text to replace",
                ));
            }
        };
        let more = self.edits.iter().flatten().map(|one| Edit {
            old: one.old_string.clone(),
            new: one.new_string.clone(),
            all: one.replace_all,
        });
        let edits: Vec<Edit> = first.into_iter().chain(more).collect();
        if edits.is_empty() {
            return Err(ToolError::model(
                "edit_file: give old_string and new_string, or edits",
            ));
        }
        Ok(edits)
    }
}

impl Tool for EditFile {
    type Args = Args;
    const NAME: &'static str = "edit_file";
    const DESCRIPTION: &'static str = include_str!("edit_file.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        ToolTitle::new("Edit", common::shown(&args.path, cx))
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        args.edits()?;
        Ok(vec![Effect::Write(common::resolve(&args.path, cx)?)])
    }

    fn preview(args: &Args, cx: &ToolCx) -> Preview {
        common::preview(&args.path, cx, |path, before| {
            plan(args, path, before, cx).map(|plan| plan.diff())
        })
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let path = common::resolve(&args.path, &cx)?;
        let inner = cx.clone();
        common::changing(&cx, move || {
            let change = inner.workspace.change();
            let before = change.current(&path).map_err(common::to_model)?;
            let plan = plan(&args, &path, before, &inner)?;
            if plan.before.as_ref() == Some(&plan.after) {
                return Err(ToolError::model(format!(
                    "{}: the edits cancel each other out: no change",
                    path.display()
                )));
            }
            common::keeps_secrets(&plan.shown, plan.before.as_deref(), &plan.after, &inner)?;
            let written = change
                .write(&path, plan.before.as_deref(), &plan.after)
                .map_err(common::to_model)?;
            drop(change);
            Ok(plan.output(&written.created))
        })
        .await
    }
}

/// An edit worked out but not done.
struct Plan {
    shown: String,
    before: Option<Vec<u8>>,
    after: Vec<u8>,
    places: usize,
    notes: Vec<&'static str>,
}

/// Lines of the diff that a tolerant match is shown with.
const SHOWN: usize = 40;

fn plan(
    args: &Args,
    path: &ScopedPath,
    before: Option<Vec<u8>>,
    cx: &ToolCx,
) -> Result<Plan, ToolError> {
    let edits = args.edits()?;
    let shown = path.display().to_string();
    let Some(old) = &before else {
        // An empty old text creates a file, as long as there is none.
        if let [only] = &edits[..]
            && only.old.is_empty()
            && !only.new.is_empty()
        {
            return Ok(Plan {
                shown,
                before,
                after: only.new.clone().into_bytes(),
                places: 1,
                notes: Vec::new(),
            });
        }
        let error = FileError::NotFound {
            path: shown,
            hint: String::new(),
        };
        return Err(common::file_error(error, path, cx));
    };
    for edit in &edits {
        if !is_prose(&shown)
            && !edit.old.contains("```")
            && edit_match::whole_fence(&edit.new).is_some()
        {
            return Err(ToolError::model(format!(
                "{shown}: new_string is wrapped in a code fence; nothing was changed. Give it \
                 without the fence"
            )));
        }
    }
    let edited = edit_match::apply(old, &edits)
        .map_err(|error| ToolError::model(format!("{shown}: {error}")))?;
    Ok(Plan {
        shown,
        after: edited.bytes,
        places: edited.places,
        notes: edited.notes,
        before,
    })
}

/// Whether a fence may be content of the file.
fn is_prose(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((_, ending)) => matches!(
            ending.to_ascii_lowercase().as_str(),
            "md" | "mdx" | "markdown" | "txt" | "rst" | "adoc" | "qmd" | "rmd"
        ),
        None => true,
    }
}

impl Plan {
    fn diff(&self) -> FileDiff {
        let before = self.before.as_deref().unwrap_or_default();
        diff::file_diff(&self.shown, before, &self.after)
    }

    fn output(&self, created: &[String]) -> ToolOutput {
        let diff = self.diff();
        let outcome = match &self.before {
            Some(_) => format!("+{} −{}", diff.added, diff.removed),
            None => format!("new, {}", text::plural(diff.added, "line")),
        };
        let mut text = format!(
            "edited {}: {} ({outcome}){}{}",
            self.shown,
            text::plural(self.places, "place"),
            changed_lines(&diff),
            common::created(created)
        );
        if !self.notes.is_empty() {
            text.push_str(&format!(
                "\nNot an exact match: {}. The change:\n{}",
                self.notes.join("; "),
                diff::plain(&diff, SHOWN)
            ));
        }
        ToolOutput {
            body: ToolBody::Diff { diff },
            ..ToolOutput::text(text, outcome)
        }
    }
}

/// Where the new text is now, so that the model need not look.
fn changed_lines(diff: &FileDiff) -> String {
    let ranges: Vec<String> = diff
        .hunks
        .iter()
        .filter_map(|hunk| {
            let mut added = hunk
                .lines
                .iter()
                .filter(|line| line.kind == DiffKind::Added)
                .map(|line| line.number);
            let first = added.next()?;
            let last = added.next_back().unwrap_or(first);
            Some(if first == last {
                first.to_string()
            } else {
                format!("{first}–{last}")
            })
        })
        .take(20)
        .collect();
    if ranges.is_empty() {
        String::new()
    } else {
        format!(", now lines {}", ranges.join(", "))
    }
}
