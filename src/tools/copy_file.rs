//! `copy_file`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::permission::Effect;
use crate::protocol::tool::ToolTitle;

/// Copies a file.
pub(super) struct CopyFile;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    from: String,
    to: String,
}

impl Tool for CopyFile {
    type Args = Args;
    const NAME: &'static str = "copy_file";
    const DESCRIPTION: &'static str = include_str!("copy_file.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        let to = common::shown(&args.to, cx);
        ToolTitle::new("Copy", format!("{} → {to}", common::shown(&args.from, cx)))
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        Ok(vec![
            Effect::Read(common::resolve(&args.from, cx)?),
            Effect::Write(common::resolve_entry(&args.to, cx)?),
        ])
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let from = common::resolve(&args.from, &cx)?;
        let to = common::resolve_entry(&args.to, &cx)?;
        let inner = cx.clone();
        common::changing(&cx, move || {
            let created = inner
                .workspace
                .change()
                .copy(&from, &to)
                .map_err(|error| common::file_error(error, &from, &inner))?;
            let text = format!(
                "copied {} to {}{}",
                from.display(),
                to.display(),
                common::created(&created)
            );
            Ok(ToolOutput::text(text, ""))
        })
        .await
    }
}
