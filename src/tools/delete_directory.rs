//! `delete_directory`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::permission::{Effect, ScopedPath};
use crate::protocol::tool::ToolTitle;
use crate::workspace::FileError;

/// Entries counted for the question.
const COUNTED: usize = 10_000;

/// Deletes a directory with everything in it.
pub(super) struct DeleteDirectory;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    path: String,
}

fn target(args: &Args, cx: &ToolCx) -> Result<ScopedPath, ToolError> {
    let path = common::resolve_entry(&args.path, cx)?;
    if cx.workspace.root().starts_with(path.real()) {
        return Err(ToolError::model(
            "the workspace itself and what it lies in cannot be deleted",
        ));
    }
    if !path.inside() {
        return Err(ToolError::model(format!(
            "{} lies outside the workspace; only directories inside it can be deleted",
            path.display()
        )));
    }
    match std::fs::symlink_metadata(path.real()) {
        Ok(meta) if meta.is_dir() => Ok(path),
        Ok(_) => Err(ToolError::model(format!(
            "{} is not a directory; delete_file deletes it",
            path.display()
        ))),
        Err(source) => {
            let error = FileError::io("delete", &path, source);
            Err(common::file_error(error, &path, cx))
        }
    }
}

impl Tool for DeleteDirectory {
    type Args = Args;
    const NAME: &'static str = "delete_directory";
    const DESCRIPTION: &'static str = include_str!("delete_directory.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        let object = match target(args, cx) {
            Ok(path) => {
                let shown = common::clean_line(path.display());
                match count(path.real()) {
                    0 => format!("{shown}/ (empty)"),
                    COUNTED => format!("{shown}/ and over {COUNTED} entries"),
                    n => format!("{shown}/ and all in it ({n})"),
                }
            }
            Err(_) => common::clean_line(&args.path),
        };
        ToolTitle::new("Delete", object)
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        Ok(vec![Effect::Delete(target(args, cx)?)])
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let path = target(&args, &cx)?;
        let inner = cx.clone();
        common::changing(&cx, move || {
            inner
                .workspace
                .change()
                .delete_dir(&path)
                .map_err(common::to_model)?;
            Ok(ToolOutput::text(format!("deleted {}/", path.display()), ""))
        })
        .await
    }
}

/// Entries below a directory, up to [`COUNTED`]. Links are not followed.
fn count(dir: &std::path::Path) -> usize {
    let mut todo = vec![dir.to_path_buf()];
    let mut found = 0;
    while let Some(dir) = todo.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            found += 1;
            if found >= COUNTED {
                return COUNTED;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                todo.push(entry.path());
            }
        }
    }
    found
}
