//! `apply_patch`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::diff::FileDiff;
use crate::protocol::permission::{Effect, Preview, ScopedPath};
use crate::protocol::tool::{ToolBody, ToolTitle};
use crate::stdx::text;
use crate::workspace::diff;
use crate::workspace::patch::{self, Action, PatchError, Plan, Step, Told};

/// Lines of the diffs that tolerant matches are shown with.
const SHOWN: usize = 60;

/// Applies a patch over several files.
pub(super) struct ApplyPatch;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    patch: String,
}

impl Tool for ApplyPatch {
    type Args = Args;
    const NAME: &'static str = "apply_patch";
    const DESCRIPTION: &'static str = include_str!("apply_patch.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        let object = match patch::parse(&args.patch) {
            Ok(sections) => match &sections[..] {
                [only] => common::shown(&only.path, cx),
                several => text::plural(several.len(), "file"),
            },
            Err(_) => String::new(),
        };
        ToolTitle::new("Patch", object)
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        let mut effects = Vec::new();
        for step in steps(args, cx)? {
            // A file that a patch deletes is part of an edit that shows all of it.
            effects.push(Effect::Write(step.path));
            effects.extend(step.to.map(Effect::Write));
        }
        Ok(effects)
    }

    fn preview(args: &Args, cx: &ToolCx) -> Preview {
        let plan = steps(args, cx).and_then(|steps| {
            Plan::new(&cx.workspace.change(), &steps).map_err(|error| failed(error, &steps, cx))
        });
        plan.map_or(Preview::None, |plan| Preview::Diffs {
            diffs: diffs(&plan),
        })
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let inner = cx.clone();
        common::changing(&cx, move || {
            let steps = steps(&args, &inner)?;
            let change = inner.workspace.change();
            let plan = Plan::new(&change, &steps).map_err(|error| failed(error, &steps, &inner))?;
            for told in plan.told() {
                let after = told.after.unwrap_or_default();
                common::keeps_secrets(told.path.display(), told.before, after, &inner)?;
            }
            let created = change.commit(&plan).map_err(common::to_model)?;
            drop(change);
            Ok(output(&plan, &created))
        })
        .await
    }
}

fn steps(args: &Args, cx: &ToolCx) -> Result<Vec<Step>, ToolError> {
    let sections = patch::parse(&args.patch).map_err(common::to_model)?;
    sections
        .into_iter()
        .map(|section| {
            let path = match section.action {
                Action::Add(_) => section.path.as_str(),
                _ => unprefixed(&section.path, cx),
            };
            let entry = common::entry(path, cx)?;
            stays(path, &entry)?;
            let (moves, to) = match &section.action {
                Action::Update { to: Some(to), .. } => {
                    let to = match to.strip_prefix("b/") {
                        Some(bare) if path != section.path => bare,
                        _ => to.as_str(),
                    };
                    let target = common::resolve_entry(to, cx)?;
                    stays(to, &target)?;
                    (true, Some(target))
                }
                _ => (false, None),
            };
            let is_link = || std::fs::symlink_metadata(entry.real()).is_ok_and(|m| m.is_symlink());
            if (moves || section.action == Action::Delete) && is_link() {
                return Err(ToolError::model(format!(
                    "{} is a symbolic link; move_file and delete_file take links",
                    entry.display()
                )));
            }
            Ok(Step {
                path: common::resolve(path, cx)?,
                to,
                action: section.action,
            })
        })
        .collect()
}

/// A path without the `a/` or `b/` that diffs of git put before it, where only that
/// names a file.
fn unprefixed<'a>(path: &'a str, cx: &ToolCx) -> &'a str {
    let is_there = |path: &str| {
        common::entry(path, cx).is_ok_and(|entry| std::fs::symlink_metadata(entry.real()).is_ok())
    };
    ["a/", "b/"]
        .iter()
        .find_map(|prefix| path.strip_prefix(prefix))
        .filter(|bare| !is_there(&path[..1]) && is_there(bare))
        .unwrap_or(path)
}

/// Refuses a path that climbs out of the workspace, whatever the mode allows.
fn stays(written: &str, path: &ScopedPath) -> Result<(), ToolError> {
    let named = std::path::Path::new(written).is_absolute() || written.starts_with('~');
    if path.inside() || named {
        return Ok(());
    }
    Err(ToolError::model(format!(
        "{written} leads outside the workspace; nothing was changed. A relative path of a patch \
         stays in the workspace, a file outside is named by its absolute path"
    )))
}

fn failed(error: PatchError, steps: &[Step], cx: &ToolCx) -> ToolError {
    match error {
        PatchError::File(error) => {
            let named = |step: &&Step| error.to_string().starts_with(step.path.display());
            match steps.iter().find(named) {
                Some(step) => common::file_error(error, &step.path, cx),
                None => common::to_model(error),
            }
        }
        refused @ PatchError::Refused { .. } => common::to_model(refused),
    }
}

fn diffs(plan: &Plan) -> Vec<FileDiff> {
    plan.told().map(|told| diff_of(&told)).collect()
}

fn diff_of(told: &Told) -> FileDiff {
    let path = match told.from {
        Some(from) => format!("{} → {}", from.display(), told.path.display()),
        None => told.path.display().to_string(),
    };
    let (before, after) = (
        told.before.unwrap_or_default(),
        told.after.unwrap_or_default(),
    );
    diff::file_diff(&path, before, after)
}

fn output(plan: &Plan, created: &[String]) -> ToolOutput {
    let mut lines = Vec::new();
    let mut diffs = Vec::new();
    let mut left = SHOWN;
    for told in plan.told() {
        let diff = diff_of(&told);
        let did = match (told.from, told.before, told.after) {
            (Some(_), ..) => "moved",
            (None, None, _) => "added",
            (None, _, None) => "deleted",
            (None, ..) => "updated",
        };
        let mut line = format!("{did} {} (+{} −{})", diff.path, diff.added, diff.removed);
        if !told.notes.is_empty() {
            let shown = diff::plain(&diff, left);
            left = left.saturating_sub(shown.lines().count());
            line.push_str(&format!(
                "\nNot an exact match: {}. The change:\n{}",
                told.notes.join("; "),
                shown.trim_end()
            ));
        }
        lines.push(line);
        diffs.push(diff);
    }
    let sum = |count: fn(&FileDiff) -> usize| diffs.iter().map(count).sum::<usize>();
    let outcome = format!("+{} −{}", sum(|diff| diff.added), sum(|diff| diff.removed));
    let text = format!("{}{}", lines.join("\n"), common::created(created));
    let body = match &diffs[..] {
        [only] => ToolBody::Diff { diff: only.clone() },
        _ => ToolBody::Diffs { diffs },
    };
    ToolOutput {
        body,
        ..ToolOutput::text(text, outcome)
    }
}
