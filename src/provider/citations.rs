//! The sources that an answer of a vendor's own web search names.

use serde_json::Value;

use crate::protocol::message::{AssistantMessage, ContentBlock};
use crate::stdx::text;

/// Sources shown at most.
const SHOWN: usize = 20;

/// The sources of a message as a Markdown list below it, each address once; nothing
/// when it cites none. For the user alone: the model gets its own form back.
pub fn sources(message: &AssistantMessage) -> Option<String> {
    let mut found: Vec<(String, String)> = Vec::new();
    for block in &message.content {
        let opaque = match block {
            ContentBlock::Text { opaque, .. } | ContentBlock::ServerSide { opaque, .. } => opaque,
            ContentBlock::Image { .. }
            | ContentBlock::Thinking { .. }
            | ContentBlock::ToolCall { .. } => continue,
        };
        // Most texts carry nothing; what carries no citation is not parsed.
        let Some(opaque) = opaque.as_ref().filter(|opaque| cites(&opaque.0)) else {
            continue;
        };
        if let Ok(value) = serde_json::from_str(&opaque.0) {
            collect(&value, &mut found);
        }
    }
    if found.is_empty() {
        return None;
    }
    let mut out = String::from("\n\nSources:\n");
    for (title, url) in found.into_iter().take(SHOWN) {
        out.push_str(&match title.is_empty() {
            true => format!("\n- <{url}>"),
            false => format!("\n- [{title}]({url})"),
        });
    }
    out.push('\n');
    Some(out)
}

fn cites(json: &str) -> bool {
    ["\"citations\"", "\"annotations\"", "\"groundingChunks\""]
        .iter()
        .any(|name| json.contains(name))
}

/// Looks through a block for lists of citations, whichever vendor wrote it.
fn collect(value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let list = matches!(
                    name.as_str(),
                    "citations" | "annotations" | "groundingChunks"
                );
                match inner {
                    Value::Array(items) if list => items.iter().for_each(|item| add(item, found)),
                    inner => collect(inner, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

fn add(item: &Value, found: &mut Vec<(String, String)>) {
    let inner = [item, &item["web"], &item["url_citation"]];
    let text = |names: [&str; 2]| {
        inner
            .iter()
            .find_map(|value| names.iter().find_map(|name| value[*name].as_str()))
    };
    let Some(url) = text(["url", "uri"]).filter(|url| url.starts_with("http")) else {
        return;
    };
    let plain = |ch: char| !ch.is_whitespace() && !"<>()[]\\".contains(ch);
    let url: String = text::clean(url).chars().filter(|ch| plain(*ch)).collect();
    let title = text::one_line(
        &text::clean(text(["title", "title"]).unwrap_or_default()),
        100,
    );
    let title = title.replace(['[', ']', '<', '>', '\\', '`'], "");
    if !found.iter().any(|(_, known)| *known == url) {
        found.push((title, url));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::message::{Opaque, Origin, StopReason};
    use crate::protocol::usage::Usage;

    fn message(blocks: &[&str]) -> AssistantMessage {
        let block = |opaque: &&str| ContentBlock::Text {
            text: "It is out.".into(),
            opaque: Some(Opaque(opaque.to_string())),
        };
        AssistantMessage {
            id: "m".into(),
            content: blocks.iter().map(block).collect(),
            origin: Origin {
                provider: "p".into(),
                wire: "w".into(),
                model: "m".into(),
            },
            stop: StopReason::EndTurn,
            usage: Usage::default(),
        }
    }

    #[test]
    fn sources_of_every_vendor_are_listed_once() {
        let got = sources(&message(&[
            r#"{"type":"text","text":"x","citations":[{"type":"web_search_result_location","url":"https://a.example/1","title":"A [one]"},{"url":"https://a.example/1","title":"again"}]}"#,
            r#"{"type":"message","content":[{"type":"output_text","annotations":[{"type":"url_citation","url":"https://b.example/","title":"B"},{"type":"file_citation"}]}]}"#,
            r#"{"groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://c.example/(x)","title":""}}]}}"#,
            r#"{"annotations":[{"url":"javascript:alert(1)","title":"bad"}]}"#,
        ]));
        let expected = "\n\nSources:\n\n- [A one](https://a.example/1)\n- [B](https://b.example/)\n\
                        - <https://c.example/x>\n";
        assert_eq!(got.as_deref(), Some(expected));
        assert_eq!(
            sources(&message(&[r#"{"signature":"citations"}"#, "{"])),
            None
        );
    }
}
