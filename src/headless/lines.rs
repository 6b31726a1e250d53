//! Tool lines as plain text, coloured only where a terminal reads them.

use crate::protocol::diff::{DiffKind, FileDiff};
use crate::protocol::tool::{PlanItem, PlanStatus, ToolBody, ToolStatus, ToolView};
use crate::stdx::text;

/// Writes styles, or leaves them out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    /// The reader is a terminal that takes colour.
    pub(super) color: bool,
}

impl Paint {
    fn sgr(self, code: &str, text: &str) -> String {
        if self.color {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }

    /// Secondary text.
    pub(super) fn dim(self, text: &str) -> String {
        self.sgr("2", text)
    }

    /// Failures.
    pub(super) fn red(self, text: &str) -> String {
        self.sgr("31", text)
    }

    fn green(self, text: &str) -> String {
        self.sgr("32", text)
    }

    fn bold(self, text: &str) -> String {
        self.sgr("1", text)
    }
}

/// A finished call: `• Run cargo test · exit 101 · 3.2 s`, and what belongs below.
pub(super) fn tool(view: &ToolView, paint: Paint) -> String {
    let clean = |s: &str| text::clean(s).into_owned();
    let mut out = format!("• {}", paint.bold(&clean(&view.title.verb)));
    if !view.title.object.is_empty() {
        out.push(' ');
        out.push_str(&text::one_line(&clean(&view.title.object), 200));
    }
    let outcome = clean(&view.outcome);
    let outcome = match view.status {
        ToolStatus::Ok => paint.dim(&outcome),
        ToolStatus::Failed | ToolStatus::Denied | ToolStatus::Stopped => paint.red(&outcome),
    };
    if !view.outcome.is_empty() {
        out.push_str(" · ");
        out.push_str(&outcome);
    }
    out.push('\n');
    match &view.body {
        ToolBody::None => {}
        ToolBody::Output { tail, folded } => {
            if *folded > 0 {
                let more = format!("  │ … {}", text::plural(*folded, "earlier line"));
                out.push_str(&paint.dim(&more));
                out.push('\n');
            }
            for line in tail {
                out.push_str(&paint.dim(&format!("  │ {}", clean(line))));
                out.push('\n');
            }
        }
        ToolBody::Diff { diff } => push_diff(&mut out, diff, paint),
        ToolBody::Diffs { diffs } => {
            for diff in diffs {
                let sums = format!(" · +{} −{}", diff.added, diff.removed);
                out.push_str(&format!("  {}{}\n", clean(&diff.path), paint.dim(&sums)));
                push_diff(&mut out, diff, paint);
            }
        }
    }
    out
}

fn push_diff(out: &mut String, diff: &FileDiff, paint: Paint) {
    for (index, hunk) in diff.hunks.iter().enumerate() {
        if index > 0 {
            out.push_str("       …\n");
        }
        for line in &hunk.lines {
            let sign = line.kind.sign();
            let row = format!("  {:>5} {sign} {}", line.number, text::clean(&line.text));
            out.push_str(&match line.kind {
                DiffKind::Context => row,
                DiffKind::Added => paint.green(&row),
                DiffKind::Removed => paint.red(&row),
            });
            out.push('\n');
        }
    }
    if diff.folded > 0 {
        let more = format!("        … {}", text::plural(diff.folded, "more line"));
        out.push_str(&paint.dim(&more));
        out.push('\n');
    }
}

/// The plan as a checklist.
pub(super) fn plan(items: &[PlanItem], paint: Paint) -> String {
    let mut out = String::new();
    for item in items {
        let mark = match item.status {
            PlanStatus::Pending => "[ ]",
            PlanStatus::InProgress => "[>]",
            PlanStatus::Completed => "[x]",
        };
        let row = format!("  {mark} {}", text::clean(&item.step));
        let finished = item.status == PlanStatus::Completed;
        out.push_str(&if finished { paint.dim(&row) } else { row });
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::diff::{DiffLine, Hunk};
    use crate::protocol::tool::ToolTitle;

    #[test]
    fn lines_are_plain_without_a_terminal_and_hold_no_foreign_escapes() {
        let line = |kind, number, text: &str| DiffLine {
            kind,
            number,
            text: text.into(),
        };
        let view = ToolView {
            title: ToolTitle::new("Edit", "a\u{1b}[2J.rs"),
            outcome: "+1 −1".into(),
            body: ToolBody::Diff {
                diff: FileDiff {
                    hunks: vec![Hunk {
                        lines: vec![
                            line(DiffKind::Context, 1, "same"),
                            line(DiffKind::Removed, 2, "old"),
                            line(DiffKind::Added, 2, "new\u{1b}]0;x\u{7}"),
                        ],
                    }],
                    ..FileDiff::default()
                },
            },
            ..ToolView::default()
        };
        let plain = tool(&view, Paint { color: false });
        assert_eq!(
            plain,
            "• Edit a.rs · +1 −1\n      1   same\n      2 - old\n      2 + new\n"
        );
        assert!(tool(&view, Paint { color: true }).contains("\u{1b}[31m      2 - old"));
    }
}
