//! `delete_file`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::permission::Effect;
use crate::protocol::tool::ToolTitle;
use crate::workspace::FileError;

/// Deletes a file or link.
pub(super) struct DeleteFile;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    path: String,
}

impl Tool for DeleteFile {
    type Args = Args;
    const NAME: &'static str = "delete_file";
    const DESCRIPTION: &'static str = include_str!("delete_file.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        let shown = common::resolve_entry(&args.path, cx).map_or_else(
            |_| common::clean_line(&args.path),
            |path| common::clean_line(path.display()),
        );
        ToolTitle::new("Delete", shown)
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        let path = common::resolve_entry(&args.path, cx)?;
        // Said before anyone is asked.
        match std::fs::symlink_metadata(path.real()) {
            Ok(meta) if meta.is_dir() => Err(ToolError::model(format!(
                "{} is a directory; delete_directory deletes it",
                path.display()
            ))),
            Ok(_) => Ok(vec![Effect::Delete(path)]),
            Err(source) => {
                let error = FileError::io("delete", &path, source);
                Err(common::file_error(error, &path, cx))
            }
        }
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let path = common::resolve_entry(&args.path, &cx)?;
        let inner = cx.clone();
        common::changing(&cx, move || {
            inner
                .workspace
                .change()
                .delete_file(&path)
                .map_err(common::to_model)?;
            Ok(ToolOutput::text(format!("deleted {}", path.display()), ""))
        })
        .await
    }
}
