//! What is told of MCP servers: lines, lists and details.

use crate::config::mcp::McpServer;
use crate::mcp::{ServerView, catalog};
use crate::protocol::picker::{PickKey, PickRow, Picker};
use crate::stdx::text::{clean, one_line, plural};

/// What a server is like, in a line.
pub(super) fn detail(view: &ServerView) -> String {
    let mut parts = vec![view.state.as_str().to_string()];
    if !view.tools.is_empty() {
        let offered = view.tools.iter().filter(|tool| tool.offered).count();
        parts.push(plural(offered, "tool"));
    }
    let missing = view.secrets.iter().filter(|(_, there)| !there);
    let missing: Vec<&str> = missing.map(|(name, _)| name.as_str()).collect();
    if !missing.is_empty() {
        parts.push(format!("needs {}", missing.join(", ")));
    }
    if let Some(error) = &view.error {
        let start = format!("MCP server {} ", view.name);
        let error = error.strip_prefix(&start).unwrap_or(error);
        parts.push(one_line(error, 100));
    }
    parts.join(" · ")
}

/// The list of servers.
pub(super) fn picker(views: &[ServerView], renews: bool) -> Picker {
    let key = |letter, label: &str, command: &str| PickKey {
        letter,
        label: label.into(),
        command: command.into(),
    };
    Picker {
        title: "MCP servers".into(),
        rows: views
            .iter()
            .map(|view| {
                let mut below = vec![format!("{}  ({})", view.reached_by, view.from)];
                below.extend(view.error.clone().or_else(|| view.stderr.last().cloned()));
                PickRow::new(&view.name, &view.name, detail(view)).previewed(below)
            })
            .collect(),
        command: "/mcp show".into(),
        verb: "details".into(),
        keys: vec![
            key('e', "on/off", "/mcp toggle"),
            key('r', "connect", "/mcp reconnect"),
            key('o', "disconnect", "/mcp disconnect"),
            key('l', "log in", "/mcp login"),
            key('s', "secrets", "/mcp secrets"),
            key('x', "delete", "/mcp delete"),
        ],
        renews,
        ..Picker::default()
    }
}

/// The catalogue, without what is there already.
pub(super) fn known(there: &[McpServer]) -> Picker {
    let rows = catalog::all()
        .iter()
        .filter(|known| !there.iter().any(|server| server.name == known.id));
    Picker {
        title: "add MCP server".into(),
        rows: rows
            .map(|known| {
                let needs = known
                    .secrets
                    .iter()
                    .map(|needed| format!("needs {}: {}", needed.name, needed.get));
                let needs: Vec<String> = needs.collect();
                let reached = known.server(&known.id).shown();
                let about = format!("{} · {}", known.about, known.group);
                PickRow::new(&known.id, &known.title, about)
                    .previewed(vec![reached, needs.join(" · ")])
            })
            .collect(),
        command: "/mcp add".into(),
        verb: "add".into(),
        ..Picker::default()
    }
}

/// A text that stays in its cell of a table.
pub(super) fn cell(text: &str) -> String {
    clean(text).replace(['|', '\n', '`'], " ")
}

/// The same as code.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}

/// Everything about one server.
pub(super) fn described(view: &ServerView) -> String {
    let mut out = format!("**{}** · {}\n\n", view.name, view.state.as_str());
    out.push_str(&format!("- reached by {}\n", code(&view.reached_by)));
    out.push_str(&format!("- stands in {}\n", code(&view.from)));
    if let Some(protocol) = &view.protocol {
        out.push_str(&format!("- protocol {}\n", code(protocol)));
    }
    for (variable, there) in &view.secrets {
        let words = match (there, catalog::source(variable)) {
            (true, _) => "is there".to_string(),
            (false, Some(get)) => format!("is not set; get it: {get}"),
            (false, None) => "is not set".to_string(),
        };
        out.push_str(&format!("- {} {words}\n", code(variable)));
    }
    if let Some(error) = &view.error {
        out.push_str(&format!("- error: {}\n", code(error)));
    }
    if !view.tools.is_empty() {
        out.push_str("\n| tool | does |\n|---|---|\n");
        for tool in &view.tools {
            let hidden = if tool.offered { "" } else { " (not offered)" };
            let summary = cell(&tool.summary);
            out.push_str(&format!("| {} | {summary}{hidden} |\n", code(&tool.name)));
        }
    }
    if !view.stderr.is_empty() {
        let lines = view.stderr.iter().map(|line| line.replace('`', " "));
        let lines: Vec<String> = lines.collect();
        let lines = lines.join("\n");
        out.push_str(&format!("\nits last words:\n\n```text\n{lines}\n```\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::{ServerState, ToolLine};

    fn view() -> ServerView {
        ServerView {
            name: "files".into(),
            reached_by: "npx -y `pkg`".into(),
            from: "config.toml:3".into(),
            state: ServerState::Failed,
            protocol: Some("2026-07-28".into()),
            tools: vec![
                ToolLine {
                    name: "read".into(),
                    summary: "Reads | a file".into(),
                    offered: true,
                },
                ToolLine {
                    name: "rm".into(),
                    summary: "Removes".into(),
                    offered: false,
                },
            ],
            secrets: vec![("BRAVE_API_KEY".into(), false), ("THERE".into(), true)],
            error: Some("it ended".into()),
            stderr: vec!["starting".into(), "```boom".into()],
        }
    }

    #[test]
    fn the_list_tells_state_tools_secrets_and_the_last_error() {
        let picker = picker(&[view()], true);
        let row = &picker.rows[0];
        assert_eq!(
            row.detail,
            "failed · 1 tool · needs BRAVE_API_KEY · it ended"
        );
        assert_eq!(row.preview[1], "it ended");
        // Letters of shortcuts that the list itself takes would never arrive.
        let taken = ['c', 'd', 'g', 'p', 'n', 'u'];
        assert!(picker.keys.iter().all(|key| !taken.contains(&key.letter)));
        assert!(picker.renews);
    }

    #[test]
    fn details_show_tools_and_last_words_and_nothing_breaks_out() {
        let text = described(&view());
        for part in [
            "**files** · failed",
            "`npx -y  pkg `",
            "`BRAVE_API_KEY` is not set; get it: https://",
            "| `read` | Reads   a file |",
            "| `rm` | Removes (not offered) |",
            "starting\n   boom\n```",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
