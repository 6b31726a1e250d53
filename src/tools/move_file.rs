//! `move_file`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::permission::Effect;
use crate::protocol::tool::ToolTitle;

/// Moves or renames a file or directory.
pub(super) struct MoveFile;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    from: String,
    to: String,
}

impl Tool for MoveFile {
    type Args = Args;
    const NAME: &'static str = "move_file";
    const DESCRIPTION: &'static str = include_str!("move_file.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        let to = common::shown(&args.to, cx);
        ToolTitle::new("Move", format!("{} → {to}", common::shown(&args.from, cx)))
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        let from = common::resolve_entry(&args.from, cx)?;
        if cx.workspace.root().starts_with(from.real()) {
            return Err(ToolError::model("the workspace itself cannot be moved"));
        }
        Ok(vec![
            Effect::Write(from),
            Effect::Write(common::resolve_entry(&args.to, cx)?),
        ])
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let from = common::resolve_entry(&args.from, &cx)?;
        let to = common::resolve_entry(&args.to, &cx)?;
        let inner = cx.clone();
        common::changing(&cx, move || {
            let created = inner
                .workspace
                .change()
                .rename(&from, &to)
                .map_err(|error| common::file_error(error, &from, &inner))?;
            let text = format!(
                "moved {} to {}{}",
                from.display(),
                to.display(),
                common::created(&created)
            );
            Ok(ToolOutput::text(text, ""))
        })
        .await
    }
}
