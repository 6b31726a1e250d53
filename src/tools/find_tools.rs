//! `find_tools`: what MCP servers can do, told when it is needed.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::mcp::{McpTool, Offer};
use crate::protocol::permission::Effect;
use crate::protocol::tool::ToolTitle;
use crate::stdx::text;

/// Tools told in full.
const FULL: usize = 5;
/// More that are only named.
const NAMED: usize = 30;
/// Longest description, in bytes.
const DESCRIPTION: usize = 2_000;
/// Longest schema, in bytes.
const SCHEMA: usize = 8_000;

/// Looks through the tools of MCP servers.
pub(super) struct FindTools;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    query: String,
}

impl Tool for FindTools {
    type Args = Args;
    const NAME: &'static str = "find_tools";
    const DESCRIPTION: &'static str = include_str!("find_tools.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, _cx: &ToolCx) -> ToolTitle {
        ToolTitle::new("Find tools", common::clean_line(&args.query))
    }

    fn effects(_args: &Args, _cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        Ok(Vec::new())
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let problems = tokio::select! {
            biased;
            () = cx.cancel.cancelled() => return Err(common::stopped()),
            problems = cx.mcp.learn() => problems,
        };
        let offers = cx.mcp.offers();
        let found = ranked(&offers, &args.query);
        let mut out = String::new();
        for (name, tool) in found.iter().take(FULL) {
            out.push_str(&told(name, tool));
        }
        let rest: Vec<&str> = found.iter().skip(FULL).map(|(name, _)| *name).collect();
        if !rest.is_empty() {
            let shown = &rest[..rest.len().min(NAMED)];
            out.push_str(&format!("Less fitting: {}", shown.join(", ")));
            if rest.len() > NAMED {
                out.push_str(&format!(" and {} more", rest.len() - NAMED));
            }
            out.push('\n');
        }
        if found.is_empty() {
            let servers: Vec<String> = offers
                .iter()
                .map(|offer| {
                    let names: Vec<&str> = offer
                        .tools
                        .iter()
                        .take(NAMED)
                        .map(|(name, _)| name.as_str())
                        .collect();
                    match names.is_empty() {
                        true => format!("{}: no tools known", offer.server),
                        false => format!("{}: {}", offer.server, names.join(", ")),
                    }
                })
                .collect();
            out.push_str(&format!(
                "No tool fits. There are:\n{}\n",
                servers.join("\n")
            ));
        }
        for problem in &problems {
            out.push_str(&format!("{}\n", text::clean(&problem.to_string())));
        }
        let count = text::plural(found.len(), "tool");
        Ok(ToolOutput::text(out.trim_end(), count))
    }
}

/// A tool with everything needed to call it.
fn told(name: &str, tool: &McpTool) -> String {
    let mut schema = tool.schema.clone();
    if let Some(map) = schema.as_object_mut() {
        map.shift_remove("$schema");
        map.shift_remove("title");
    }
    let schema = schema.to_string();
    let schema = match schema.len() > SCHEMA {
        true => format!("{} … (cut)", text::prefix(&schema, SCHEMA)),
        false => schema,
    };
    let description = text::prefix(tool.description.trim(), DESCRIPTION);
    format!(
        "## {name}\n{description}\narguments: {}\n\n",
        text::clean(&schema)
    )
}

/// The tools that have to do with a query, the best first; without words, all.
fn ranked<'a>(offers: &'a [Offer], query: &str) -> Vec<(&'a str, &'a McpTool)> {
    let query = query.to_lowercase();
    let words: Vec<&str> = query
        .split(|ch: char| !ch.is_alphanumeric())
        .filter(|word| word.len() > 1 && *word != "mcp")
        .collect();
    let mut found: Vec<(usize, &str, &McpTool)> = Vec::new();
    for (name, tool) in offers.iter().flat_map(|offer| &offer.tools) {
        let (low, about) = (name.to_lowercase(), tool.description.to_lowercase());
        let hits = |word: &&str| {
            // "issues" finds "issue".
            let stem = word
                .strip_suffix('s')
                .filter(|stem| stem.len() > 2)
                .unwrap_or(word);
            4 * usize::from(low.contains(stem)) + usize::from(about.contains(stem))
        };
        let score: usize = words.iter().map(hits).sum();
        let exact =
            100 * usize::from(low == query.trim() || low.ends_with(&format!("__{}", query.trim())));
        if score + exact > 0 || words.is_empty() {
            found.push((score + exact, name, tool));
        }
    }
    // Stable: equals stay in the order of their names.
    found.sort_by_key(|(score, ..)| std::cmp::Reverse(*score));
    found
        .into_iter()
        .map(|(_, name, tool)| (name, tool))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_best_match_comes_first_and_nothing_unrelated() {
        let tool = |name: &str, about: &str| {
            let tool = McpTool::read(&json!({"name": name, "description": about})).unwrap();
            (format!("mcp__git__{name}"), tool)
        };
        let offers = [Offer {
            server: "git".into(),
            instructions: None,
            tools: vec![
                tool("commit", "Record changes"),
                tool("list_issues", "List the issues of a repository"),
                tool("status", "Show the working tree; see also issue"),
            ],
            readonly: false,
        }];
        let names = |query: &str| -> Vec<&str> {
            ranked(&offers, query)
                .into_iter()
                .map(|(name, _)| name)
                .collect()
        };
        assert_eq!(
            names("issues"),
            ["mcp__git__list_issues", "mcp__git__status"]
        );
        assert_eq!(names("mcp__git__status")[0], "mcp__git__status");
        assert_eq!(names("").len(), 3);
        assert!(names("weather").is_empty());
    }
}
