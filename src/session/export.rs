//! A conversation as a document: Markdown and HTML for people, JSON for programs.

use std::path::Path;

use serde_json::json;

use super::Conversation;
use crate::protocol::diff::FileDiff;
use crate::protocol::message::{ContentBlock, Message, ToolResult};
use crate::protocol::tool::ToolBody;

/// How a conversation is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// What was said, and one line for each call.
    Markdown,
    /// Every message with all it holds.
    Json,
    /// What was said as a page that needs nothing else.
    Html,
}

impl Format {
    /// The format that the ending of a file name stands for.
    ///
    /// # Errors
    /// Words, when there is none of that ending.
    pub fn of(file: &Path) -> Result<Self, String> {
        let ending = file.extension().and_then(|ending| ending.to_str());
        match ending.map(str::to_lowercase).as_deref() {
            Some("md" | "markdown" | "txt") => Ok(Self::Markdown),
            Some("json") => Ok(Self::Json),
            Some("html" | "htm") => Ok(Self::Html),
            _ => Err(format!(
                "{}: the ending says how to write it: .md, .json or .html",
                file.display()
            )),
        }
    }
}

/// The conversation of a session in a format.
pub fn render(id: &str, conversation: &Conversation, format: Format) -> String {
    match format {
        Format::Markdown => markdown(conversation),
        Format::Json => as_json(id, conversation),
        Format::Html => html(id, conversation),
    }
}

fn as_json(id: &str, conversation: &Conversation) -> String {
    let object = json!({
        "id": id,
        "title": conversation.title,
        "settings": conversation.settings,
        "usage": conversation.usage,
        "cost": conversation.cost,
        "plan": conversation.plan,
        "messages": conversation.messages,
    });
    format!("{object:#}\n")
}

const STYLE: &str = "body{max-width:50em;margin:2em auto;padding:0 1em;font:16px/1.5 sans-serif}\
pre{overflow-x:auto;padding:.7em;background:#8882;border-radius:4px}\
blockquote,article{white-space:pre-wrap;margin:1em 0}\
blockquote{padding:.2em 1em;border-left:4px solid #47a;background:#47a1}\
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}a{color:#8bf}}";

/// A page that runs nothing and loads nothing: the words are text, as they were written.
fn html(id: &str, conversation: &Conversation) -> String {
    let mut body = String::new();
    let mut push = |tag: &str, text: &str| {
        if !text.trim().is_empty() {
            let text = escaped(text.trim_end());
            body.push_str(&format!("<{tag}>{text}</{tag}>\n"));
        }
    };
    for message in &conversation.messages {
        match message {
            Message::User { content, .. } => {
                let text: String = content.iter().filter_map(ContentBlock::as_text).collect();
                push("blockquote", &text);
            }
            Message::Context { .. } => {}
            Message::Assistant(message) => push("article", &message.text()),
            Message::ToolResult(result) => {
                let mut text = String::new();
                push_call(&mut text, result);
                push("pre", text.trim_start_matches("- ").trim_end());
            }
        }
    }
    let title = escaped(conversation.title.as_deref().unwrap_or(id));
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>{STYLE}</style></head>\n\
         <body>\n<h1>{title}</h1>\n{body}</body></html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The conversation as Markdown: what was said, and one line for each call.
pub fn markdown(conversation: &Conversation) -> String {
    let mut out = String::new();
    if let Some(title) = &conversation.title {
        out.push_str(&format!("# {title}\n\n"));
    }
    for message in &conversation.messages {
        match message {
            Message::User { content, .. } => {
                let text: String = content.iter().filter_map(ContentBlock::as_text).collect();
                for line in text.lines() {
                    out.push_str(&format!("> {line}\n"));
                }
                out.push('\n');
            }
            Message::Context { .. } => {}
            Message::Assistant(message) => {
                let text = message.text();
                if !text.trim().is_empty() {
                    out.push_str(text.trim_end());
                    out.push_str("\n\n");
                }
            }
            Message::ToolResult(result) => push_call(&mut out, result),
        }
    }
    out
}

fn push_call(out: &mut String, result: &ToolResult) {
    let view = &result.view;
    out.push_str(&format!("- **{}** {}", view.title.verb, view.title.object));
    if !view.outcome.is_empty() {
        out.push_str(&format!(" · {}", view.outcome));
    }
    out.push('\n');
    let lines: Vec<String> = match &view.body {
        ToolBody::None => Vec::new(),
        ToolBody::Output { tail, .. } => tail.clone(),
        ToolBody::Diff { diff } => diff_lines(diff).collect(),
        ToolBody::Diffs { diffs } => diffs
            .iter()
            .flat_map(|diff| std::iter::once(diff.path.clone()).chain(diff_lines(diff)))
            .collect(),
    };
    if !lines.is_empty() {
        // Longer than any fence inside.
        let longest = lines
            .iter()
            .map(|line| run_of_backticks(line))
            .max()
            .unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        out.push_str(&format!("\n  {fence}\n"));
        for line in lines {
            out.push_str(&format!("  {line}\n"));
        }
        out.push_str(&format!("  {fence}\n"));
    }
    out.push('\n');
}

fn diff_lines(diff: &FileDiff) -> impl Iterator<Item = String> {
    diff.hunks
        .iter()
        .flat_map(|hunk| &hunk.lines)
        .map(|line| format!("{}{}", line.kind.sign(), line.text))
}

fn run_of_backticks(line: &str) -> usize {
    line.split(|ch| ch != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::tool::{ToolTitle, ToolView};

    #[test]
    fn calls_are_lines_and_fences_hold() {
        let conversation = Conversation {
            title: Some("Mend it".into()),
            messages: vec![
                Message::User {
                    id: "u".into(),
                    content: vec![ContentBlock::text("go\non")],
                },
                Message::ToolResult(ToolResult {
                    id: "r".into(),
                    call_id: "c".into(),
                    content: Vec::new(),
                    is_error: false,
                    view: ToolView {
                        title: ToolTitle::new("Run", "cat a.md"),
                        outcome: "ok".into(),
                        body: ToolBody::Output {
                            tail: vec!["````x".into()],
                            folded: 0,
                        },
                        ..ToolView::default()
                    },
                }),
            ],
            ..Conversation::default()
        };
        assert_eq!(
            markdown(&conversation),
            "# Mend it\n\n> go\n> on\n\n- **Run** cat a.md · ok\n\n  `````\n  ````x\n  `````\n\n"
        );
    }

    #[test]
    fn a_page_runs_nothing_of_the_conversation() {
        let said = "<script>alert(1)</script> & \"x\"";
        let conversation = Conversation {
            title: Some("a <b>".into()),
            messages: vec![Message::User {
                id: "u".into(),
                content: vec![ContentBlock::text(said)],
            }],
            ..Conversation::default()
        };
        let page = render("id", &conversation, Format::Html);
        assert!(
            page.contains("&lt;script&gt;") && !page.contains("<script>"),
            "{page}"
        );
        assert!(page.contains("<title>a &lt;b&gt;"), "{page}");
        let object: serde_json::Value =
            serde_json::from_str(&render("id", &conversation, Format::Json)).unwrap();
        assert_eq!(
            object["messages"][0]["user"]["content"][0]["text"]["text"],
            said
        );
        assert!(
            Format::of(Path::new("x.pdf"))
                .unwrap_err()
                .contains(".html")
        );
        assert_eq!(Format::of(Path::new("x.HTML")), Ok(Format::Html));
    }
}
