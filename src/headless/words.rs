//! Events as plain lines that say what they are.

use crate::protocol::diff::{DiffKind, FileDiff};
use crate::protocol::event::{AgentEvent, NoticeLevel, TurnOutcome, TurnSummary};
use crate::protocol::permission::{Answer, AskRequest, Grant, Preview};
use crate::protocol::picker::Picker;
use crate::protocol::tool::{PlanStatus, ToolBody, ToolStatus, ToolTitle, ToolView};
use crate::stdx::text::{self, clean, count, duration, one_line, plural};

/// Longer facts are cut.
const MAX: usize = 300;

fn title(title: &ToolTitle) -> String {
    let object = one_line(&clean(&title.object), MAX);
    format!("{} {object}", clean(&title.verb)).trim().to_owned()
}

/// What an event says; nothing for those that say nothing by themselves.
pub(super) fn event(event: &AgentEvent) -> Option<String> {
    Some(match event {
        AgentEvent::ToolStarted { title: what, .. } if what.verb == "Run" => {
            format!("started: {}", title(what))
        }
        AgentEvent::ToolFinished { view, .. } => tool(view),
        AgentEvent::Plan { items } => {
            let rows = items.iter().map(|item| {
                let state = match item.status {
                    PlanStatus::Pending => "open",
                    PlanStatus::InProgress => "now",
                    PlanStatus::Completed => "done",
                };
                format!("plan, {state}: {}", one_line(&clean(&item.step), MAX))
            });
            rows.collect::<Vec<_>>().join("\n")
        }
        AgentEvent::StreamRestarted { reason } => {
            format!("the answer broke off and starts again: {}", clean(reason))
        }
        AgentEvent::Retrying {
            attempt,
            of,
            wait_ms,
            reason,
        } => {
            let (reason, wait) = (clean(reason), duration(*wait_ms));
            format!("{reason}; attempt {attempt} of {of} in {wait}")
        }
        AgentEvent::ServerSide { summary } => clean(summary).into_owned(),
        AgentEvent::Notice { level, text } => {
            let text = clean(text);
            match level {
                NoticeLevel::Info => format!("note: {text}"),
                NoticeLevel::Warning => format!("warning: {text}"),
                NoticeLevel::Error => format!("error: {text}"),
            }
        }
        AgentEvent::TurnFinished { summary } => end(summary),
        AgentEvent::Mode { mode } => format!("note: mode {}", mode.as_str()),
        AgentEvent::ToolStarted { .. }
        | AgentEvent::ToolOutput { .. }
        | AgentEvent::TurnStarted
        | AgentEvent::UserMessage { .. }
        | AgentEvent::TextDelta { .. }
        | AgentEvent::TextDone
        | AgentEvent::ThinkingDelta { .. }
        | AgentEvent::ThinkingDone { .. }
        | AgentEvent::Asked { .. }
        | AgentEvent::AskClosed { .. }
        | AgentEvent::Usage { .. } => return None,
    })
}

/// Reasoning in one line.
pub(super) fn thought(words: &str, elapsed_ms: Option<u64>) -> String {
    let time = elapsed_ms.map_or(String::new(), |ms| format!(" {}", duration(ms)));
    let words = one_line(clean(words).trim(), MAX);
    format!("thought{time}: {words}")
}

pub(super) fn tool(view: &ToolView) -> String {
    let mut line = format!("done: {}", title(&view.title));
    let word = match view.status {
        ToolStatus::Ok => "done",
        ToolStatus::Failed => "failed",
        ToolStatus::Denied => "denied",
        ToolStatus::Stopped => "stopped",
    };
    line.replace_range(..4, word);
    if !view.outcome.is_empty() {
        line.push_str(&format!(", {}", one_line(&clean(&view.outcome), MAX)));
    }
    let mut lines = vec![line];
    match &view.body {
        ToolBody::None => {}
        ToolBody::Output { tail, folded } => {
            if *folded > 0 {
                lines.push(format!(
                    "output, after {}:",
                    plural(*folded, "earlier line")
                ));
            }
            lines.extend(tail.iter().map(|line| format!("output: {}", clean(line))));
        }
        ToolBody::Diff { diff } => lines.extend(diff_lines(diff)),
        ToolBody::Diffs { diffs } => {
            for diff in diffs {
                lines.push(format!("file {}", clean(&diff.path)));
                lines.extend(diff_lines(diff));
            }
        }
    }
    lines.join("\n")
}

fn diff_lines(diff: &FileDiff) -> Vec<String> {
    let all = diff.hunks.iter().flat_map(|hunk| &hunk.lines);
    let mut lines: Vec<String> = all
        .filter_map(|line| {
            let word = match line.kind {
                // What did not change is not read out.
                DiffKind::Context => return None,
                DiffKind::Added => "added",
                DiffKind::Removed => "removed",
            };
            Some(format!(
                "{word} line {}: {}",
                line.number,
                clean(&line.text)
            ))
        })
        .collect();
    if diff.folded > 0 {
        lines.push(format!("and {}", plural(diff.folded, "more line")));
    }
    lines
}

fn end(summary: &TurnSummary) -> String {
    let how = match &summary.outcome {
        TurnOutcome::Finished { .. } => "end of turn".to_owned(),
        TurnOutcome::Interrupted => "stopped".to_owned(),
        TurnOutcome::Limit { message } => clean(message).into_owned(),
        TurnOutcome::Failed { message } => format!("failed: {}", clean(message)),
    };
    format!(
        "{how}: {}, {} tokens in, {} out, {}",
        duration(summary.elapsed_ms),
        count(summary.usage.prompt()),
        count(summary.usage.output),
        summary.cost,
    )
}

fn rules(grants: &[Grant]) -> String {
    let rules: Vec<String> = grants.iter().map(|g| clean(&g.rule).into_owned()).collect();
    rules.join(", ")
}

/// A question with everything that is needed to answer it.
pub(super) fn question(ask: &AskRequest, waiting: usize) -> String {
    let mut lines = Vec::new();
    let more = if waiting > 1 {
        format!(" (1 of {waiting})")
    } else {
        String::new()
    };
    match &ask.preview {
        Preview::Command { text } => {
            let words = ask.question.as_deref().unwrap_or("run this command?");
            lines.push(format!("question{more}: {words}"));
            let shown = visible(text);
            lines.extend(shown.lines().map(|line| format!("command: {line}")));
        }
        Preview::Call { text } => {
            lines.push(format!("question{more}: {}?", title(&ask.title)));
            lines.extend(visible(text).lines().map(str::to_owned));
        }
        Preview::None => lines.push(format!("question{more}: {}?", title(&ask.title))),
        Preview::Question { text, choices } => {
            lines.push(format!("question{more}: {}", clean(text)));
            let choices = choices.iter().enumerate();
            lines.extend(choices.map(|(index, choice)| {
                let choice = one_line(&clean(choice), MAX);
                format!("{}: {choice}", index + 1)
            }));
        }
        Preview::Plan { markdown } => {
            lines.push(format!("question{more}: carry out this plan?"));
            lines.extend(clean(markdown).lines().map(str::to_owned));
        }
        Preview::Diff { diff } => {
            lines.push(format!("question{more}: {}?", title(&ask.title)));
            lines.extend(diff_lines(diff));
        }
        Preview::Diffs { diffs } => {
            lines.push(format!("question{more}: {}?", title(&ask.title)));
            for diff in diffs {
                lines.push(format!("file {}", clean(&diff.path)));
                lines.extend(diff_lines(diff));
            }
        }
    }
    lines.extend(ask.effects.iter().map(|e| format!("effect: {}", clean(e))));
    let reasons = ask.reasons();
    if !reasons.is_empty() {
        lines.push(format!("reason: {}", clean(&reasons)));
    }
    lines.push(keys(ask));
    lines.join("\n")
}

/// Control characters are shown by their code: what runs is what was read.
fn visible(text: &str) -> String {
    text.chars()
        .map(|ch| match ch {
            '\n' => "\n".to_owned(),
            '\t' => "    ".to_owned(),
            ch if ch.is_control() || text::clean(&ch.to_string()).is_empty() => {
                format!("\\u{{{:x}}}", u32::from(ch))
            }
            ch => ch.to_string(),
        })
        .collect()
}

/// What can be answered.
pub(super) fn keys(ask: &AskRequest) -> String {
    if let Preview::Question { choices, .. } = &ask.preview {
        let number = if choices.is_empty() {
            ""
        } else {
            "a number, or "
        };
        return format!("type {number}the answer, or stop to end the turn");
    }
    let mut parts = vec!["y for once".to_owned()];
    if !ask.session.is_empty() {
        parts.push(format!("s for this session ({})", rules(&ask.session)));
    }
    if !ask.always.is_empty() {
        parts.push(format!("a for always ({})", rules(&ask.always)));
    }
    parts.push("n for no, with words for the model behind it".to_owned());
    parts.push("stop to end the turn".to_owned());
    format!("type {}", parts.join(", "))
}

/// The answer a line gives, and whether the turn ends; nothing for another word.
pub(super) fn answer(line: &str, ask: &AskRequest) -> Option<(Answer, bool)> {
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let no = |message: &str| Answer::No {
        message: message.trim().to_owned(),
    };
    if let Preview::Question { choices, .. } = &ask.preview {
        let line = line.trim();
        let chosen = line.parse::<usize>().ok();
        let chosen = chosen.and_then(|number| choices.get(number.checked_sub(1)?));
        let text = chosen.map_or(line, String::as_str).to_owned();
        return match line {
            "" => None,
            "stop" => Some((no(""), true)),
            _ => Some((Answer::Reply { text }, false)),
        };
    }
    match first.trim_end_matches([',', ':']).to_lowercase().as_str() {
        "y" | "yes" if rest.is_empty() => Some((Answer::Once, false)),
        "s" if rest.is_empty() && !ask.session.is_empty() => Some((Answer::Session, false)),
        "a" if rest.is_empty() && !ask.always.is_empty() => Some((Answer::Always, false)),
        "n" | "no" => Some((no(rest), false)),
        "stop" if rest.is_empty() => Some((no(""), true)),
        _ => None,
    }
}

/// A list to choose from, by number.
pub(super) fn choices(picker: &Picker) -> String {
    let mut lines = vec![format!("{}:", clean(&picker.title))];
    for (index, row) in picker.rows.iter().enumerate() {
        let mut line = format!("{}: {}", index + 1, one_line(&clean(&row.label), MAX));
        if !row.detail.is_empty() {
            line.push_str(&format!(", {}", one_line(&clean(&row.detail), MAX)));
        }
        if picker.current.as_deref() == Some(&row.value) {
            line.push_str(", in force");
        }
        if let Some(why) = &row.disabled {
            line.push_str(&format!(", not available: {}", clean(why)));
        }
        lines.push(line);
    }
    lines.push("type a number, or nothing to leave".to_owned());
    lines.join("\n")
}

/// The value of the row that a line names by its number.
pub(super) fn picked<'a>(line: &str, picker: &'a Picker) -> Option<&'a str> {
    let index = line.trim().parse::<usize>().ok()?.checked_sub(1)?;
    let row = picker.rows.get(index)?;
    row.disabled.is_none().then_some(row.value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask() -> AskRequest {
        AskRequest {
            id: 1,
            call_id: "c".into(),
            title: ToolTitle::new("Run", "ls"),
            question: None,
            preview: Preview::Command {
                text: "rm x\u{202e}\u{1b}[2J\nls".into(),
            },
            why: "no rule allows it".into(),
            effects: vec!["deletes x".into()],
            session: Vec::new(),
            always: vec![Grant {
                rule: "Bash(rm x)".into(),
            }],
        }
    }

    #[test]
    fn a_question_says_everything_and_takes_only_clear_answers() {
        assert_eq!(
            question(&ask(), 1),
            "question: run this command?\ncommand: rm x\\u{202e}\\u{1b}[2J\ncommand: ls\n\
             effect: deletes x\nreason: no rule allows it\n\
             type y for once, a for always (Bash(rm x)), n for no, with words for the model \
             behind it, stop to end the turn"
        );
        let ask = ask();
        assert_eq!(answer("y", &ask), Some((Answer::Once, false)));
        assert_eq!(answer("a", &ask), Some((Answer::Always, false)));
        assert_eq!(answer("s", &ask), None);
        assert_eq!(answer("yes please", &ask), None);
        assert_eq!(answer("", &ask), None);
        let no = |message: &str| Answer::No {
            message: message.into(),
        };
        assert_eq!(answer("No, use rg", &ask), Some((no("use rg"), false)));
        assert_eq!(answer("stop", &ask), Some((no(""), true)));
    }

    #[test]
    fn a_change_is_read_out_in_words() {
        use crate::protocol::diff::{DiffLine, Hunk};
        let line = |kind, text: &str| DiffLine {
            kind,
            number: 3,
            text: text.into(),
        };
        let view = ToolView {
            title: ToolTitle::new("Edit", "a.rs"),
            outcome: "+1 −1".into(),
            body: ToolBody::Diff {
                diff: FileDiff {
                    hunks: vec![Hunk {
                        lines: vec![
                            line(DiffKind::Context, "same"),
                            line(DiffKind::Removed, "old"),
                            line(DiffKind::Added, "new"),
                        ],
                    }],
                    ..FileDiff::default()
                },
            },
            ..ToolView::default()
        };
        assert_eq!(
            tool(&view),
            "done: Edit a.rs, +1 −1\nremoved line 3: old\nadded line 3: new"
        );
    }
}
