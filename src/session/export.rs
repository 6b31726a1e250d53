//! A conversation as a document for people.

use super::Conversation;
use crate::protocol::diff::FileDiff;
use crate::protocol::message::{ContentBlock, Message, ToolResult};
use crate::protocol::tool::ToolBody;

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
}
