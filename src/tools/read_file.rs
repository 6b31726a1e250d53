//! `read_file`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common, list_directory};
use crate::media::pdf;
use crate::protocol::permission::Effect;
use crate::protocol::tool::ToolTitle;
use crate::workspace::FileError;
use crate::workspace::read::Content;

/// Shows a page of a text file, or an image.
pub(super) struct ReadFile;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    path: String,
    /// First line, from 1
    offset: Option<u64>,
    /// Lines, at most 2000
    limit: Option<u64>,
}

impl Tool for ReadFile {
    type Args = Args;
    const NAME: &'static str = "read_file";
    const DESCRIPTION: &'static str = include_str!("read_file.md");
    const READ_ONLY: bool = true;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        let path = common::shown(&args.path, cx);
        let object = match (args.offset, args.limit) {
            (None, None) => path,
            (offset, None) => format!("{path} from {}", offset.unwrap_or(1).max(1)),
            (offset, Some(limit)) => {
                let first = offset.unwrap_or(1).max(1);
                format!("{path} {first}–{}", first.saturating_add(limit.max(1)) - 1)
            }
        };
        ToolTitle::new("Read", object)
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        Ok(vec![Effect::Read(common::resolve(&args.path, cx)?)])
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let path = common::resolve(&args.path, &cx)?;
        let inner = cx.clone();
        common::blocking(&cx, move || {
            let read = inner
                .workspace
                .read(&path, args.offset.unwrap_or(1), args.limit);
            let content = match read {
                Err(FileError::IsDirectory(_)) => {
                    return list_directory::list(&path).map_err(common::to_model);
                }
                read => read.map_err(|error| common::file_error(error, &path, &inner))?,
            };
            Ok(match content {
                Content::Text(page) => {
                    let outcome = match page.total {
                        Some(0) => "empty".to_string(),
                        Some(total) if page.last < total && args.limit.is_none() => {
                            format!("lines {}–{} of {total}", page.first, page.last)
                        }
                        _ => String::new(),
                    };
                    ToolOutput::text(page.text, outcome)
                }
                Content::Document(page, file) => {
                    let total = page.total.unwrap_or(0);
                    let outcome = format!("pages {}–{} of {total}", page.first, page.last);
                    let pages = file.map(|file| (pdf::MEDIA.to_string(), file));
                    ToolOutput {
                        images: pages.into_iter().collect(),
                        ..ToolOutput::text(page.text, outcome)
                    }
                }
                Content::Image(image) => {
                    let words = image.words();
                    ToolOutput {
                        images: vec![(image.media.to_string(), image.bytes)],
                        ..ToolOutput::text(format!("{}: {words}", path.display()), words)
                    }
                }
            })
        })
        .await
    }
}
