//! `web_search`, for providers that have none of their own.

use serde::Deserialize;
use url::Url;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::permission::Effect;
use crate::protocol::tool::ToolTitle;
use crate::stdx::text;

/// Where is searched; one host, so that it is asked about once.
const ENGINE: &str = "https://html.duckduckgo.com/html/";
/// Results shown.
const SHOWN: usize = 8;

/// Searches the web.
pub(super) struct WebSearch;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    query: String,
}

impl Tool for WebSearch {
    type Args = Args;
    const NAME: &'static str = super::WEB_SEARCH;
    const DESCRIPTION: &'static str = include_str!("web_search.md");
    const READ_ONLY: bool = true;

    fn title(args: &Args, _cx: &ToolCx) -> ToolTitle {
        ToolTitle::new(
            "Search",
            format!("web: {}", common::clean_line(&args.query)),
        )
    }

    fn effects(args: &Args, _cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        if args.query.trim().is_empty() {
            return Err(ToolError::model("web_search: the query is empty"));
        }
        Ok(vec![Effect::Net(ENGINE.to_string())])
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let url = Url::parse_with_params(ENGINE, [("q", args.query.as_str())]);
        let url = url.map_err(common::to_model)?;
        let page = tokio::select! {
            biased;
            () = cx.cancel.cancelled() => return Err(common::stopped()),
            page = cx.web.raw(&url) => page?,
        };
        let found = results(&page);
        if found.is_empty() {
            let refused = page.contains("anomaly") || page.contains("challenge");
            return match refused {
                true => Err(ToolError::model(
                    "duckduckgo.com takes this for a robot and does not answer; search again \
                     later, or fetch a page that is known",
                )),
                false => Ok(ToolOutput::text("[no results]", "no results")),
            };
        }
        let outcome = text::plural(found.len(), "result");
        let mut out = String::from("<web_results>\n");
        for (number, result) in found.iter().enumerate() {
            out.push_str(&format!(
                "{}. {}\n   {}\n   {}\n",
                number + 1,
                result.title,
                result.url,
                result.words
            ));
        }
        out.push_str("</web_results>");
        Ok(ToolOutput::text(out, outcome))
    }
}

/// One thing that was found.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    title: String,
    url: String,
    words: String,
}

/// The results of a page of the engine, without advertisements.
fn results(page: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for part in page.split("result__a\"").skip(1) {
        let Some((tag, rest)) = part.split_once('>') else {
            continue;
        };
        let Some((title, rest)) = rest.split_once("</a>") else {
            continue;
        };
        let href = tag
            .split_once("href=\"")
            .and_then(|(_, rest)| rest.split_once('"'));
        let Some(url) = href.and_then(|(href, _)| target(&plain(href))) else {
            continue;
        };
        let words = rest
            .split_once("result__snippet\"")
            .and_then(|(_, rest)| rest.split_once('>'))
            .and_then(|(_, rest)| rest.split_once("</a>"))
            .map_or(String::new(), |(words, _)| plain(words));
        found.push(Found {
            title: text::one_line(&plain(title), 150),
            url,
            words: text::one_line(&words, 400),
        });
        if found.len() == SHOWN {
            break;
        }
    }
    found
}

/// Where a link of the engine leads in the end.
fn target(href: &str) -> Option<String> {
    let base = Url::parse(ENGINE).ok()?;
    let link = base.join(href).ok()?;
    if link
        .host_str()
        .is_some_and(|host| host.ends_with("duckduckgo.com"))
    {
        // Advertisements go through `/y.js` and have no such parameter.
        let (_, to) = link.query_pairs().find(|(name, _)| name == "uddg")?;
        let to = Url::parse(&to).ok()?;
        let own = to
            .host_str()
            .is_some_and(|host| host.ends_with("duckduckgo.com"));
        return (!own).then(|| to.to_string());
    }
    matches!(link.scheme(), "http" | "https").then(|| link.to_string())
}

/// Text without tags, its entities resolved.
fn plain(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut inside = false;
    for ch in html.chars() {
        match ch {
            '<' => inside = true,
            '>' if inside => inside = false,
            ch if !inside => out.push(ch),
            _ => {}
        }
    }
    for (entity, ch) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        // Last, so that nothing is resolved twice.
        ("&amp;", "&"),
    ] {
        out = out.replace(entity, ch);
    }
    let words: Vec<&str> = out.split_whitespace().collect();
    text::clean(&words.join(" ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<div class="result results_links">
        <h2><a rel="nofollow" class="result__a" href="//duckduckgo.com/l/?uddg=https%3A%2F%2Fdoc.rust%2Dlang.org%2Fbook%2F&amp;rut=ab">The <b>Rust</b> Book &amp; more</a></h2>
        <a class="result__snippet" href="//duckduckgo.com/l/?x">Learn &lt;Rust&gt;
        by <b>example</b>&#x27;s.</a></div>
        <div class="result result--ad"><a class="result__a" href="//duckduckgo.com/y.js?ad_domain=x">Buy</a></div>
        <div><a class="result__a" href="https://example.com/b">Plain</a></div>
        <a class="result__a" href="javascript:alert(1)">Odd</a>"#;

    #[test]
    fn results_are_read_and_advertisements_left_out() {
        let found = results(PAGE);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].title, "The Rust Book & more");
        assert_eq!(found[0].url, "https://doc.rust-lang.org/book/");
        assert_eq!(found[0].words, "Learn <Rust> by example's.");
        assert_eq!(found[1].url, "https://example.com/b");
        assert_eq!(results(""), []);
        assert_eq!(results("result__a\" result__a\">"), []);
    }
}
