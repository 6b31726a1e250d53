//! `web_fetch`.

use serde::Deserialize;

use super::web::Page;
use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::permission::Effect;
use crate::protocol::tool::ToolTitle;
use crate::stdx::text;

/// Bytes of a page in one result.
const SHOWN: usize = 30_000;

/// Shows a page of the web.
pub(super) struct WebFetch;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    url: String,
    /// Where to read on
    offset: Option<u64>,
}

impl Tool for WebFetch {
    type Args = Args;
    const NAME: &'static str = "web_fetch";
    const DESCRIPTION: &'static str = include_str!("web_fetch.md");
    const READ_ONLY: bool = true;

    fn title(args: &Args, _cx: &ToolCx) -> ToolTitle {
        ToolTitle::new("Fetch", common::clean_line(&args.url))
    }

    fn effects(args: &Args, _cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        Ok(vec![Effect::Net(args.url.clone())])
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let page = tokio::select! {
            biased;
            () = cx.cancel.cancelled() => return Err(common::stopped()),
            page = cx.web.page(&args.url) => page?,
        };
        Ok(match page {
            Page::Text { url, title, text } => shown(&url, &title, &text, args.offset),
            Page::Image(image) => {
                let words = image.words();
                ToolOutput {
                    images: vec![(image.media.to_string(), image.bytes)],
                    ..ToolOutput::text(format!("{}: {words}", args.url), words)
                }
            }
            Page::Elsewhere(to) => ToolOutput::text(
                format!(
                    "{} redirects to another host: {to}\nFetch that address to go on.",
                    args.url
                ),
                format!("redirects to {}", common::clean_line(&to)),
            ),
        })
    }
}

/// A part of a page, marked as what it is.
fn shown(url: &str, title: &str, content: &str, offset: Option<u64>) -> ToolOutput {
    // Nothing in the page may end the mark around it.
    let content = text::clean(content).replace("</web_page", "< /web_page");
    let total = content.len();
    let start = usize::try_from(offset.unwrap_or(0)).unwrap_or(usize::MAX);
    let start = content.floor_char_boundary(start.min(total));
    let mut end = content.floor_char_boundary((start + SHOWN).min(total));
    if end < total
        && let Some(line) = content[start..end].rfind('\n')
        && line > SHOWN / 2
    {
        end = start + line + 1;
    }
    let attribute = |name: &str, value: &str| match value {
        "" => String::new(),
        value => {
            let value = common::clean_line(value).replace(['"', '<', '>'], "'");
            format!(" {name}=\"{value}\"")
        }
    };
    let mut out = format!(
        "<web_page{}{}>\n{}\n</web_page>",
        attribute("url", url),
        attribute("title", title),
        content[start..end].trim_end()
    );
    if total == 0 {
        out.push_str("\n[the page has no text; it may need a browser]");
    } else if start >= total {
        out.push_str(&format!("\n[the page ends at {total}]"));
    } else if end < total || start > 0 {
        let more = match end < total {
            true => format!("; read on with offset={end}"),
            false => String::new(),
        };
        out.push_str(&format!("\n[{start}–{end} of {total} bytes{more}]"));
    }
    let outcome = match total {
        0 => "no text".to_string(),
        _ => format!("{} kB", total.div_ceil(1000)),
    };
    ToolOutput::text(out, outcome)
}

#[cfg(test)]
#[path = "web_tests.rs"]
mod tests;
