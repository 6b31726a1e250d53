//! `notebook_edit`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::diff::FileDiff;
use crate::protocol::permission::{Effect, Preview, ScopedPath};
use crate::protocol::tool::{ToolBody, ToolTitle};
use crate::stdx::ids;
use crate::workspace::document::Document;
use crate::workspace::notebook::{self, Action};
use crate::workspace::{FileError, diff, edit_match};

/// Changes one cell of a notebook.
pub(super) struct NotebookEdit;

#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    #[default]
    Replace,
    Insert,
    Delete,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    path: String,
    cell: u64,
    source: Option<String>,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    markdown: bool,
}

impl Args {
    fn action(&self) -> Result<Action<'_>, ToolError> {
        let source = self.source.as_deref();
        let missing = || {
            ToolError::model(
                "notebook_edit: missing argument `source`: the whole source of the cell",
            )
        };
        match self.mode {
            Mode::Delete => Ok(Action::Delete),
            Mode::Replace => Ok(Action::Replace(source.ok_or_else(missing)?)),
            Mode::Insert => Ok(Action::Insert {
                source: source.ok_or_else(missing)?,
                markdown: self.markdown,
            }),
        }
    }
}

impl Tool for NotebookEdit {
    type Args = Args;
    const NAME: &'static str = "notebook_edit";
    const DESCRIPTION: &'static str = include_str!("notebook_edit.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        let path = common::shown(&args.path, cx);
        ToolTitle::new("Edit", format!("{path} cell {}", args.cell))
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        args.action()?;
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
            common::keeps_secrets(path.display(), Some(&plan.before), &plan.after, &inner)?;
            change
                .write(&path, Some(&plan.before), &plan.after)
                .map_err(common::to_model)?;
            drop(change);
            Ok(plan.output(&args))
        })
        .await
    }
}

/// An edit worked out but not done.
struct Plan {
    shown: String,
    before: Vec<u8>,
    after: Vec<u8>,
}

fn plan(
    args: &Args,
    path: &ScopedPath,
    before: Option<Vec<u8>>,
    cx: &ToolCx,
) -> Result<Plan, ToolError> {
    let shown = path.display().to_string();
    let refused = |why: String| ToolError::model(format!("{shown}: {why}"));
    let Some(before) = before else {
        let error = FileError::NotFound {
            path: shown,
            hint: String::new(),
        };
        return Err(common::file_error(error, path, cx));
    };
    let document = Document::open(&before).map_err(|error| refused(error.to_string()))?;
    if let Some(line) = args
        .source
        .as_deref()
        .and_then(|source| edit_match::placeholder(source, |line| document.text.contains(line)))
    {
        return Err(refused(format!(
            "the source contains the placeholder `{line}`; nothing was changed. Give the cell in full"
        )));
    }
    let cell = usize::try_from(args.cell).unwrap_or(usize::MAX);
    let after = notebook::edit(&document.text, cell, args.action()?, &ids::random(8))
        .map_err(|error| refused(error.to_string()))?;
    let after = document
        .close(&after)
        .map_err(|error| refused(error.to_string()))?;
    if after == before {
        return Err(refused(
            "the cell has exactly this source: no change".to_string(),
        ));
    }
    Ok(Plan {
        shown,
        before,
        after,
    })
}

impl Plan {
    fn diff(&self) -> FileDiff {
        diff::file_diff(&self.shown, &self.before, &self.after)
    }

    fn output(&self, args: &Args) -> ToolOutput {
        let diff = self.diff();
        let did = match args.mode {
            Mode::Replace => format!("replaced the source of cell {}", args.cell),
            Mode::Insert => format!("inserted cell {}", args.cell + 1),
            Mode::Delete => format!("deleted cell {}", args.cell),
        };
        let outcome = format!("+{} −{}", diff.added, diff.removed);
        let text = format!("{}: {did}", self.shown);
        ToolOutput {
            body: ToolBody::Diff { diff },
            ..ToolOutput::text(text, outcome)
        }
    }
}
