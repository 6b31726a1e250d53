//! `create_directory`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::permission::Effect;
use crate::protocol::tool::ToolTitle;
use crate::workspace::{FileError, write};

/// Creates a directory.
pub(super) struct CreateDirectory;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    path: String,
}

impl Tool for CreateDirectory {
    type Args = Args;
    const NAME: &'static str = "create_directory";
    const DESCRIPTION: &'static str = include_str!("create_directory.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        ToolTitle::new("Create", format!("{}/", common::shown(&args.path, cx)))
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        Ok(vec![Effect::Write(common::resolve(&args.path, cx)?)])
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let path = common::resolve(&args.path, &cx)?;
        let inner = cx.clone();
        common::changing(&cx, move || {
            if path.real().exists() && !path.real().is_dir() {
                return Err(ToolError::model(format!(
                    "cannot create {}: it is a file",
                    path.display()
                )));
            }
            let created = write::create_dirs(inner.workspace.root(), path.real())
                .map_err(|source| common::to_model(FileError::io("create", &path, source)))?;
            Ok(if created.is_empty() {
                ToolOutput::text(format!("{} exists already", path.display()), "existed")
            } else {
                ToolOutput::text(format!("created {}", created.join(", ")), "")
            })
        })
        .await
    }
}
