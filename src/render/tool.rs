//! Finished calls as the user sees them.

use ratatui::style::Style;
use ratatui::text::Line;

use crate::protocol::tool::{PlanItem, PlanStatus, ToolBody, ToolStatus, ToolTitle, ToolView};
use crate::stdx::text::{clean, one_line, plural};

use super::diff;
use super::text::expand_tabs;
use super::theme::Theme;
use super::wrap::{Pieces, push_piece, to_line};

/// Characters of a title that are shown; the whole is in the transcript.
const MAX_OBJECT: usize = 300;
/// Reads that share a line.
pub const READS_PER_LINE: usize = 4;

/// Verb, object, outcome, and what stands below, folded where it is long.
pub fn view(view: &ToolView, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = vec![title(view, theme)];
    match &view.body {
        ToolBody::None => {}
        ToolBody::Output { tail, folded } => output(tail, *folded, theme, &mut lines),
        ToolBody::Diff { diff } => lines.extend(diff::folded(diff, theme)),
        ToolBody::Diffs { diffs } => lines.extend(diff::several_folded(diffs, theme)),
    }
    lines
}

/// Verb, object and outcome.
pub fn title(view: &ToolView, theme: &Theme) -> Line<'static> {
    let mut head = head(&view.title, view.status, theme);
    for (text, style) in outcome(view, theme) {
        push_piece(&mut head, &format!(" {} ", theme.glyphs.dot), theme.dim);
        push_piece(&mut head, &text, style);
    }
    to_line(head)
}

/// Whether a call is a plain successful read, which may share a line with others.
pub fn is_plain_read(view: &ToolView) -> bool {
    view.title.verb == "Read"
        && view.status == ToolStatus::Ok
        && view.outcome.is_empty()
        && view.body == ToolBody::None
}

/// Whether a call only set the plan, whose steps are shown by themselves.
pub fn is_plan(view: &ToolView) -> bool {
    view.title.verb == "Plan" && view.status == ToolStatus::Ok
}

/// Several reads on one line.
pub fn reads(objects: &[String], theme: &Theme) -> Line<'static> {
    let object = objects
        .iter()
        .map(|object| one_line(&clean(object), MAX_OBJECT))
        .collect::<Vec<_>>()
        .join(", ");
    let title = ToolTitle::new("Read", "");
    let mut pieces = head(&title, ToolStatus::Ok, theme);
    push_piece(&mut pieces, &format!(" {object}"), Style::new());
    to_line(pieces)
}

/// A title on its own, e.g. in a question: `Run cargo test`.
pub fn title_text(title: &ToolTitle) -> String {
    let object = one_line(&clean(&title.object), MAX_OBJECT);
    format!("{} {object}", clean(&title.verb)).trim().to_owned()
}

/// The line of a call does not show its whole object.
pub fn title_is_cut(title: &ToolTitle) -> bool {
    let object = title.object.trim_end();
    object.contains('\n') || object.chars().count() > MAX_OBJECT
}

/// How far a plan is, and its current step, on one line.
pub fn plan_line(items: &[PlanItem], theme: &Theme) -> Line<'static> {
    let mut pieces = plan_head(items, theme);
    let current = items
        .iter()
        .find(|item| item.status == PlanStatus::InProgress);
    if let Some(item) = current {
        push_piece(&mut pieces, &format!(" {} ", theme.glyphs.dot), theme.dim);
        push_piece(
            &mut pieces,
            &one_line(&clean(&item.step), MAX_OBJECT),
            Style::new(),
        );
    }
    to_line(pieces)
}

/// The steps of a plan, each at most a row where the terminal is wide enough.
pub fn plan_steps(items: &[PlanItem], theme: &Theme) -> Vec<Line<'static>> {
    let step = |item: &PlanItem| {
        let (sign, style) = match item.status {
            PlanStatus::Pending => (theme.glyphs.open_box, Style::new()),
            PlanStatus::InProgress => (theme.glyphs.current_box, theme.accent),
            PlanStatus::Completed => (theme.glyphs.done_box, theme.dim),
        };
        let step = one_line(&clean(&item.step), MAX_OBJECT);
        Line::styled(format!("  {sign} {step}"), style)
    };
    items.iter().map(step).collect()
}

/// A plan and its steps.
pub fn plan(items: &[PlanItem], theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = vec![to_line(plan_head(items, theme))];
    lines.extend(plan_steps(items, theme));
    lines
}

fn plan_head(items: &[PlanItem], theme: &Theme) -> Pieces {
    let title = ToolTitle::new("Plan", "");
    let done = items
        .iter()
        .filter(|item| item.status == PlanStatus::Completed)
        .count();
    let mut pieces = head(&title, ToolStatus::Ok, theme);
    push_piece(
        &mut pieces,
        &format!(" {done} of {} done", items.len()),
        theme.dim,
    );
    pieces
}

fn head(title: &ToolTitle, status: ToolStatus, theme: &Theme) -> Pieces {
    let bullet = match status {
        ToolStatus::Ok => theme.accent,
        ToolStatus::Failed => theme.error,
        ToolStatus::Denied | ToolStatus::Stopped => theme.warning,
    };
    let mut pieces = Pieces::new();
    push_piece(&mut pieces, &format!("{} ", theme.glyphs.bullet), bullet);
    push_piece(&mut pieces, &clean(&title.verb), theme.verb);
    let object = one_line(&clean(&title.object), MAX_OBJECT);
    if !object.is_empty() {
        push_piece(&mut pieces, &format!(" {object}"), Style::new());
    }
    pieces
}

fn outcome(view: &ToolView, theme: &Theme) -> Pieces {
    let mut parts = Pieces::new();
    if let ToolBody::Diff { diff } = &view.body
        && view.outcome.is_empty()
    {
        parts.push((diff::counts(diff, theme), theme.dim));
    }
    let (word, style) = match view.status {
        ToolStatus::Ok => ("", theme.dim),
        ToolStatus::Failed => ("failed", theme.error),
        ToolStatus::Denied => ("denied", theme.warning),
        ToolStatus::Stopped => ("stopped", theme.warning),
    };
    let said = clean(&view.outcome);
    let said = one_line(&said, MAX_OBJECT);
    if !said.is_empty() {
        parts.push((said, style));
    } else if !word.is_empty() {
        parts.push((word.to_owned(), style));
    }
    parts
}

fn output(tail: &[String], folded: usize, theme: &Theme, lines: &mut Vec<Line<'static>>) {
    let bar = format!("  {} ", theme.glyphs.bar);
    if folded > 0 {
        let more = plural(folded, "earlier line");
        lines.push(Line::styled(
            format!("{bar}{} {more}", theme.glyphs.ellipsis),
            theme.dim,
        ));
    }
    for text in tail {
        let cleaned = clean(text);
        for row in cleaned.lines() {
            let mut pieces = Pieces::new();
            push_piece(&mut pieces, &bar, theme.dim);
            push_piece(&mut pieces, &expand_tabs(row), theme.dim);
            lines.push(to_line(pieces));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::diff::FileDiff;

    fn shown(lines: &[Line<'_>]) -> String {
        lines
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn calls_are_verb_object_outcome() {
        let theme = Theme::default();
        let run = ToolView {
            title: ToolTitle::new("Run", "cargo test\u{1b}[2J cart"),
            status: ToolStatus::Failed,
            outcome: "exit 101 · 3.2 s".into(),
            body: ToolBody::Output {
                tail: vec!["thread panicked".into(), "left\t== right".into()],
                folded: 42,
            },
            output: "".into(),
        };
        insta::assert_snapshot!(shown(&view(&run, &theme)), @r"
        • Run cargo test cart · exit 101 · 3.2 s
          │ … 42 earlier lines
          │ thread panicked
          │ left    == right
        ");
        let edit = ToolView {
            title: ToolTitle::new("Edit", "src/cart.rs"),
            body: ToolBody::Diff {
                diff: FileDiff {
                    path: "src/cart.rs".into(),
                    added: 3,
                    removed: 1,
                    ..FileDiff::default()
                },
            },
            ..ToolView::default()
        };
        assert_eq!(shown(&view(&edit, &theme)), "• Edit src/cart.rs · +3 −1");
        let denied = ToolView {
            title: ToolTitle::new("Delete", "target"),
            status: ToolStatus::Denied,
            ..ToolView::default()
        };
        assert_eq!(shown(&view(&denied, &theme)), "• Delete target · denied");
    }

    #[test]
    fn reads_share_a_line_and_plans_are_lists() {
        let theme = Theme::new(false);
        let line = reads(&["a.rs 1-20".into(), "b.rs".into()], &theme);
        assert_eq!(line.to_string(), "* Read a.rs 1-20, b.rs");
        let items = [
            ("one", PlanStatus::Completed),
            ("two", PlanStatus::InProgress),
        ]
        .map(|(step, status)| PlanItem {
            step: step.into(),
            status,
        });
        assert_eq!(
            shown(&plan(&items, &theme)),
            "* Plan 1 of 2 done\n  [x] one\n  [>] two"
        );
    }
}
