//! `create_file`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common, write_file};
use crate::protocol::permission::{Effect, Preview};
use crate::protocol::tool::ToolTitle;

/// Writes a file that does not exist.
pub(super) struct CreateFile;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    path: String,
    content: String,
}

impl Tool for CreateFile {
    type Args = Args;
    const NAME: &'static str = "create_file";
    const DESCRIPTION: &'static str = include_str!("create_file.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        ToolTitle::new("Create", common::shown(&args.path, cx))
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        Ok(vec![Effect::Write(common::resolve(&args.path, cx)?)])
    }

    fn preview(args: &Args, cx: &ToolCx) -> Preview {
        write_file::preview(&args.path, &args.content, true, cx)
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        write_file::write(args.path, args.content, true, cx).await
    }
}
