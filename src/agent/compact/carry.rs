//! What must survive a compaction word for word, gathered from the log without a
//! model: the user's messages, what was rejected, files, commands and errors.

use crate::protocol::entry::Carried;
use crate::protocol::message::{ContentBlock, Message, ToolResult};
use crate::protocol::tool::{PlanItem, PlanStatus, ToolBody, ToolStatus};
use crate::session::Conversation;
use crate::stdx::text;

/// Entries kept of each list; the newest stay.
const LIST: usize = 100;
/// Errors kept.
const ERRORS: usize = 20;
/// A message of the user shorter than this is never cut, in bytes.
const SHORT_MESSAGE: usize = 2_000;
/// Longest line of a list, in columns.
const LINE: usize = 200;

/// Everything the conversation so far must not lose. The latest message of the
/// user is not among it: it stays a message of its own.
pub(super) fn gather(conversation: &Conversation) -> Carried {
    let mut carried = conversation.carried.clone();
    let latest = latest_user(&conversation.messages);
    for (index, message) in conversation.messages.iter().enumerate() {
        match message {
            Message::User { content, .. } if Some(index) != latest => {
                carried.users.push(user_text(content));
            }
            Message::ToolResult(result) => take_result(&mut carried, result),
            Message::User { .. } | Message::Context { .. } | Message::Assistant(_) => {}
        }
    }
    for list in [
        &mut carried.rejected,
        &mut carried.changed,
        &mut carried.read,
        &mut carried.commands,
    ] {
        keep_newest(list, LIST);
    }
    keep_newest(&mut carried.errors, ERRORS);
    carried
}

/// Position of the user's latest message.
pub(super) fn latest_user(messages: &[Message]) -> Option<usize> {
    messages
        .iter()
        .rposition(|message| matches!(message, Message::User { .. }))
}

/// A user's message as text; images are named.
pub(super) fn user_text(content: &[ContentBlock]) -> String {
    let mut out = String::new();
    for block in content {
        match block {
            ContentBlock::Text { text, .. } => out.push_str(text),
            ContentBlock::Image { .. } => out.push_str("[image]"),
            ContentBlock::Thinking { .. }
            | ContentBlock::ToolCall { .. }
            | ContentBlock::ServerSide { .. } => {}
        }
    }
    out
}

fn take_result(carried: &mut Carried, result: &ToolResult) {
    let view = &result.view;
    let object = view.title.object.as_str();
    let line = text::one_line(&format!("{} {object}", view.title.verb), LINE);
    match view.status {
        ToolStatus::Denied => {
            let words = result.content.iter().filter_map(ContentBlock::as_text);
            let words = text::one_line(&words.collect::<String>(), 2 * LINE);
            push(&mut carried.rejected, format!("{line}: {words}"));
            return;
        }
        ToolStatus::Failed if view.title.verb != "Run" => {
            let words = result.content.iter().filter_map(ContentBlock::as_text);
            let words = text::one_line(&words.collect::<String>(), LINE);
            push(&mut carried.errors, format!("{line}: {words}"));
            return;
        }
        ToolStatus::Ok | ToolStatus::Failed | ToolStatus::Stopped => {}
    }
    match view.title.verb.as_str() {
        "" | "List" | "Search" | "Find" | "Plan" | "Enter" => {}
        // What the user answered and approved is the user's word, too.
        "Ask" => {
            let words = result.content.iter().filter_map(ContentBlock::as_text);
            let words = words.collect::<String>();
            carried.users.push(format!("(to \"{object}\") {words}"));
        }
        "Propose" => {
            if let ToolBody::Output { tail, .. } = &view.body {
                carried
                    .users
                    .push(format!("(approved) {}", tail.join("\n")));
            }
        }
        "Run" => push(
            &mut carried.commands,
            text::one_line(&format!("{object} · {}", view.outcome), LINE),
        ),
        "Read" | "Fetch" => push(&mut carried.read, text::one_line(object, LINE)),
        verb => match &view.body {
            ToolBody::Diff { diff } => push(&mut carried.changed, format!("{verb} {}", diff.path)),
            ToolBody::Diffs { diffs } => {
                for diff in diffs {
                    push(&mut carried.changed, format!("{verb} {}", diff.path));
                }
            }
            ToolBody::None | ToolBody::Output { .. } => push(&mut carried.changed, line),
        },
    }
}

/// Appends a line; one that is there already moves to the end.
fn push(list: &mut Vec<String>, line: String) {
    list.retain(|known| *known != line);
    list.push(line);
}

fn keep_newest(list: &mut Vec<String>, most: usize) {
    let surplus = list.len().saturating_sub(most);
    list.drain(..surplus);
}

/// Keeps the user's messages within `room` bytes: the longest give way to their
/// ends and the name of a file that holds them whole (`save`), until all fit.
pub(super) fn fit_users(
    users: &mut [String],
    room: usize,
    mut save: impl FnMut(usize, &str) -> Option<String>,
) {
    let mut total: usize = users.iter().map(String::len).sum();
    let mut by_length: Vec<usize> = (0..users.len()).collect();
    by_length.sort_by_key(|index| std::cmp::Reverse(users[*index].len()));
    for index in by_length {
        let whole = &users[index];
        if total <= room || whole.len() < SHORT_MESSAGE {
            return;
        }
        let place = save(index, whole).map_or(String::new(), |place| {
            format!("\n[the whole message is in {place}]")
        });
        let shorter = format!("{}{place}", cut(whole, SHORT_MESSAGE / 2));
        total = total.saturating_sub(whole.len().saturating_sub(shorter.len()));
        users[index] = shorter;
    }
}

/// The message that stands for everything before it.
pub(super) fn render(carried: &Carried, plan: &[PlanItem], last_steps: &str) -> String {
    let mut out = String::from(
        "The conversation so far was compacted. What follows stands for it; the user's messages \
         are verbatim. Files may have changed since: read them again before editing.\n",
    );
    section(&mut out, "Summary", carried.summary.trim());
    let users: Vec<String> = carried
        .users
        .iter()
        .enumerate()
        .map(|(index, message)| format!("{}. {}", index + 1, message.trim_end()))
        .collect();
    section(&mut out, "Earlier messages of the user", &users.join("\n"));
    section(&mut out, "Rejected, do not retry", &list(&carried.rejected));
    section(&mut out, "Plan", &plan_text(plan));
    section(&mut out, "Files changed", &list(&carried.changed));
    section(&mut out, "Files read", &carried.read.join(", "));
    section(&mut out, "Last steps", last_steps.trim_end());
    out
}

fn section(out: &mut String, title: &str, body: &str) {
    if !body.is_empty() {
        out.push_str(&format!("\n# {title}\n\n{body}\n"));
    }
}

fn list(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("- {line}")).collect();
    lines.join("\n")
}

fn plan_text(plan: &[PlanItem]) -> String {
    let line = |item: &PlanItem| {
        let mark = match item.status {
            PlanStatus::Pending => " ",
            PlanStatus::InProgress => ">",
            PlanStatus::Completed => "x",
        };
        format!("[{mark}] {}", item.step)
    };
    plan.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The account of what happened when no model gives a good one: what the log
/// shows by itself, after the last account there was.
pub(super) fn skeleton(carried: &Carried, said: &[String], room: usize) -> String {
    let mut out = String::new();
    if !carried.summary.is_empty() {
        out.push_str(cut(carried.summary.trim(), room / 2).as_ref());
        out.push('\n');
    }
    let said: Vec<String> = said.iter().map(|text| format!("- {text}")).collect();
    for (title, body) in [
        ("Said by the assistant", said.join("\n")),
        ("Commands run", list(&carried.commands)),
        ("Errors", list(&carried.errors)),
    ] {
        if !body.is_empty() {
            out.push_str(&format!("\n## {title}\n{}\n", cut(&body, room / 6)));
        }
    }
    if out.trim().is_empty() {
        out.push_str("No model summary is available for this part.");
    }
    out
}

/// The text, or its two ends with a mark where it is longer than `most` bytes.
pub(super) fn cut(text: &str, most: usize) -> std::borrow::Cow<'_, str> {
    match text::head_tail(text, most / 3, most - most / 3) {
        None => text.into(),
        Some((head, tail)) => {
            let left_out = text.len() - head.len() - tail.len();
            format!("{head}\n[… {left_out} bytes left out …]\n{tail}").into()
        }
    }
}
