//! `morph_edit_file`, offered where there is a key for Morph.

use serde::Deserialize;

use super::morph::{self, MAX_BYTES, MAX_LINES};
use super::{Spent, Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::permission::{Effect, ScopedPath};
use crate::protocol::tool::{ToolBody, ToolTitle};
use crate::stdx::text;
use crate::workspace::document::Document;
use crate::workspace::{FileError, diff, edit_match};

/// Edits a file by a sketch.
pub(super) struct MorphEditFile;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    path: String,
    /// What the edit does, in one sentence
    #[serde(default)]
    instructions: String,
    code_edit: String,
}

impl Tool for MorphEditFile {
    type Args = Args;
    const NAME: &'static str = super::MORPH;
    const DESCRIPTION: &'static str = include_str!("morph_edit_file.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        ToolTitle::new("Edit", common::shown(&args.path, cx))
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        Ok(vec![Effect::Write(common::resolve(&args.path, cx)?)])
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let Some(service) = cx.morph.clone() else {
            return Err(ToolError::model("there is no key for Morph; use edit_file"));
        };
        let path = common::resolve(&args.path, &cx)?;
        let (inner, file) = (cx.clone(), path.clone());
        let before = common::blocking(&cx, move || read(&inner, &file)).await?;
        let text = sent(&path, &before, &args.code_edit)?;
        let refused = |why: String| {
            ToolError::model(format!(
                "{}: Morph could not merge it: {why}; nothing was changed. Use edit_file",
                path.display()
            ))
        };
        let merged = tokio::select! {
            biased;
            () = cx.cancel.cancelled() => return Err(common::stopped()),
            merged = service.merge(&text, &args.code_edit, &args.instructions) => merged,
        };
        let merged = merged.map_err(refused)?;
        let after = morph::checked(&text, &args.code_edit.replace("\r\n", "\n"), &merged.text)
            .map_err(refused)?;
        let after = edit_match::rewritten(&before, &after).map_err(|error| refused(error.0))?;
        let spent = service.spent(merged.tokens);
        let inner = cx.clone();
        common::changing(&cx, move || write(&inner, &path, &before, &after, spent)).await
    }
}

fn read(cx: &ToolCx, path: &ScopedPath) -> Result<Vec<u8>, ToolError> {
    let before = cx.workspace.change().current(path);
    before.map_err(common::to_model)?.ok_or_else(|| {
        let error = FileError::NotFound {
            path: path.display().to_string(),
            hint: String::new(),
        };
        common::file_error(error, path, cx)
    })
}

/// The text that leaves the machine, with `\n` line ends.
fn sent(path: &ScopedPath, before: &[u8], sketch: &str) -> Result<String, ToolError> {
    let refused = |why: &str| {
        ToolError::model(format!(
            "{}: {why}; nothing was sent or changed. Use edit_file",
            path.display()
        ))
    };
    if is_secret(path) {
        return Err(refused("it may hold secrets, which do not go to Morph"));
    }
    let document = Document::open(before).map_err(|error| refused(&error.to_string()))?;
    if document.encoding().is_some() {
        return Err(refused("Morph takes UTF-8 alone"));
    }
    let text = document.text.replace("\r\n", "\n");
    if text.contains('\r') {
        return Err(refused("its line ends are not what Morph takes"));
    }
    if text.trim().is_empty() {
        return Err(refused("the file is empty"));
    }
    if text.len() > MAX_BYTES || text.lines().count() > MAX_LINES {
        return Err(refused("the file is too long for Morph"));
    }
    let tags = ["<code>", "</code>", "<update>", "</update>"];
    if tags
        .iter()
        .any(|tag| text.contains(tag) || sketch.contains(tag))
    {
        return Err(refused("it has the tags that mark files for Morph"));
    }
    Ok(text)
}

/// Whether a name is one that secrets are kept under.
fn is_secret(path: &ScopedPath) -> bool {
    [path.real(), path.named()].iter().any(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_lowercase();
        let starts = [
            ".env",
            "id_rsa",
            "id_ed25519",
            "id_ecdsa",
            "credentials",
            "secrets",
        ];
        let ends = [
            ".pem",
            ".key",
            ".p12",
            ".pfx",
            ".keystore",
            ".netrc",
            ".npmrc",
            ".pypirc",
        ];
        starts.iter().any(|start| name.starts_with(start))
            || ends.iter().any(|end| name.ends_with(end))
    })
}

fn write(
    cx: &ToolCx,
    path: &ScopedPath,
    before: &[u8],
    after: &[u8],
    spent: Spent,
) -> Result<ToolOutput, ToolError> {
    let change = cx.workspace.change();
    let now = change.current(path).map_err(common::to_model)?;
    if now.as_deref() != Some(before) {
        return Err(ToolError::model(format!(
            "{} changed while Morph merged; nothing was written. Read it again",
            path.display()
        )));
    }
    common::keeps_secrets(path.display(), Some(before), after, cx)?;
    change
        .write(path, Some(before), after)
        .map_err(common::to_model)?;
    drop(change);
    let diff = diff::file_diff(path.display(), before, after);
    let outcome = format!("+{} −{}", diff.added, diff.removed);
    let told = format!(
        "edited {} ({outcome}). The change:\n{}",
        path.display(),
        diff::plain(&diff, 60)
    );
    let cost = format!(
        "{outcome} · Morph {} in, {} out",
        text::count(spent.usage.input),
        text::count(spent.usage.output)
    );
    Ok(ToolOutput {
        spent: Some(spent),
        body: ToolBody::Diff { diff },
        ..ToolOutput::text(told, cost)
    })
}
