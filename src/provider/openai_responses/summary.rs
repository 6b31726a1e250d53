//! What a vendor ran itself, in one line for the user.

use serde_json::Value;

use crate::stdx::text;

/// Most characters of the line.
const SUMMARY: usize = 160;

/// A line for an output item that is neither text, reasoning nor a call of ours.
pub(super) fn summary(item: &str) -> String {
    let item: Value = serde_json::from_str(item).unwrap_or_default();
    let kind = item["type"].as_str().unwrap_or_default();
    let name = kind.trim_end_matches("_call").replace('_', " ");
    let action = &item["action"];
    let about = [
        &action["query"],
        &action["url"],
        &action["pattern"],
        &action["queries"][0],
        &item["queries"][0],
        &item["name"],
    ]
    .into_iter()
    .find_map(Value::as_str);
    let line = match about {
        Some(about) => format!("{name}: {about}"),
        None => name,
    };
    text::one_line(&text::clean(&line), SUMMARY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_say_what_was_done() {
        for (item, line) in [
            (
                r#"{"type":"web_search_call","action":{"type":"search","query":"a\nb"}}"#,
                "web search: a b",
            ),
            (
                r#"{"type":"web_search_call","action":{"type":"open_page","url":"https://a/"}}"#,
                "web search: https://a/",
            ),
            (
                r#"{"type":"compaction","encrypted_content":"x"}"#,
                "compaction",
            ),
            (r#"{"type":"mcp_call","name":"lookup"}"#, "mcp: lookup"),
            ("broken", ""),
        ] {
            assert_eq!(summary(item), line, "{item}");
        }
    }
}
