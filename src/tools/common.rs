//! What several tools share.

use crate::permission::scope;
use crate::protocol::diff::FileDiff;
use crate::protocol::permission::{Answer, Preview, ScopedPath};
use crate::protocol::tool::ToolTitle;
use crate::stdx::redact::MARK;
use crate::stdx::text;
use crate::workspace::{FileError, suggest};

use super::{ToolCx, ToolError};

/// The resolved path of an argument.
pub(super) fn resolve(path: &str, cx: &ToolCx) -> Result<ScopedPath, ToolError> {
    let path = scope::resolve(cx.workspace.root(), cx.env.home(), path).map_err(to_model)?;
    was_judged(path, cx)
}

/// The diff that a change of one file would make; nothing where it would fail, which
/// the call itself says better.
pub(super) fn preview(
    path: &str,
    cx: &ToolCx,
    plan: impl FnOnce(&ScopedPath, Option<Vec<u8>>) -> Result<FileDiff, ToolError>,
) -> Preview {
    let diff = resolve(path, cx).and_then(|path| {
        let before = cx.workspace.change().current(&path).map_err(to_model)?;
        plan(&path, before)
    });
    diff.map_or(Preview::None, |diff| Preview::Diff { diff })
}

/// A path that a running call may use: one that the gate saw.
fn was_judged(path: ScopedPath, cx: &ToolCx) -> Result<ScopedPath, ToolError> {
    match &cx.judged {
        Some(judged) if !judged.iter().any(|effect| effect.path() == Some(&path)) => {
            Err(ToolError::model(format!(
                "{} leads elsewhere now than when it was judged; nothing was done",
                path.display()
            )))
        }
        _ => Ok(path),
    }
}

/// The resolved path of a directory entry: a link stands for itself.
pub(super) fn resolve_entry(path: &str, cx: &ToolCx) -> Result<ScopedPath, ToolError> {
    was_judged(entry(path, cx)?, cx)
}

/// Like [`resolve_entry`], to look at what is there and no more: the gate need not
/// have seen it.
pub(super) fn entry(path: &str, cx: &ToolCx) -> Result<ScopedPath, ToolError> {
    scope::resolve_entry(cx.workspace.root(), cx.env.home(), path).map_err(to_model)
}

/// That a write does not put the mark of a hidden secret where the file holds the
/// secret: the model never saw it and cannot give it back.
pub(super) fn keeps_secrets(
    shown: &str,
    before: Option<&[u8]>,
    after: &[u8],
    cx: &ToolCx,
) -> Result<(), ToolError> {
    let marks = |text: &str| text.matches(MARK).count();
    let after = String::from_utf8_lossy(after);
    if !after.contains(MARK) {
        return Ok(());
    }
    let old = String::from_utf8_lossy(before.unwrap_or_default());
    let hides = marks(&cx.env.secrets().redact(&old)) > marks(&old);
    if !hides || marks(&after) <= marks(&old) {
        return Ok(());
    }
    Err(ToolError::model(format!(
        "{shown}: {MARK} stands where the file holds a secret, which would be lost; nothing was \
         written. Change only the other lines, with edit_file"
    )))
}

/// Any error as words for the model.
pub(super) fn to_model(error: impl std::fmt::Display) -> ToolError {
    ToolError::model(error.to_string())
}

/// A file error as words for the model; a missing path comes with near names.
pub(super) fn file_error(error: FileError, path: &ScopedPath, cx: &ToolCx) -> ToolError {
    match error {
        FileError::NotFound { path: name, .. } => to_model(FileError::NotFound {
            path: name,
            hint: suggest::hint(cx.workspace.root(), path),
        }),
        other => to_model(other),
    }
}

/// A path for a tool line: resolved where possible, clean, on one line.
pub(super) fn shown(path: &str, cx: &ToolCx) -> String {
    match resolve(path, cx) {
        Ok(path) => clean_line(path.display()),
        Err(_) => clean_line(path),
    }
}

/// Text from outside on one clean line.
pub(super) fn clean_line(line: &str) -> String {
    text::one_line(&text::clean(line), 200)
}

/// A file name in a listing: on one line, whatever it contains.
pub(super) fn name_line(path: &std::path::Path) -> String {
    let name = path.to_string_lossy();
    if name.chars().any(char::is_control) {
        name.chars()
            .map(|ch| match ch {
                ch if ch.is_control() => ch.escape_default().to_string(),
                ch => ch.to_string(),
            })
            .collect()
    } else {
        name.into_owned()
    }
}

/// Runs reading work off the runtime thread; gives up waiting when the turn is stopped.
pub(super) async fn blocking<T: Send + 'static>(
    cx: &ToolCx,
    work: impl FnOnce() -> Result<T, ToolError> + Send + 'static,
) -> Result<T, ToolError> {
    tokio::select! {
        biased;
        () = cx.cancel.cancelled() => Err(stopped()),
        result = tokio::task::spawn_blocking(work) => result.unwrap_or_else(|error| Err(to_model(error))),
    }
}

/// Runs changing work off the runtime thread. Once begun it is awaited: the
/// conversation must not say "stopped" of a change that was made.
pub(super) async fn changing<T: Send + 'static>(
    cx: &ToolCx,
    work: impl FnOnce() -> Result<T, ToolError> + Send + 'static,
) -> Result<T, ToolError> {
    if cx.cancel.is_cancelled() {
        return Err(stopped());
    }
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(to_model(error)))
}

pub(super) fn stopped() -> ToolError {
    ToolError::Stopped("stopped by the user before it was done".to_string())
}

/// ` (created src/, src/new/)` or nothing.
pub(super) fn created(dirs: &[String]) -> String {
    if dirs.is_empty() {
        String::new()
    } else {
        format!(" (created {})", dirs.join(", "))
    }
}

/// Asks the user, unless the turn is stopped meanwhile.
pub(super) async fn ask(
    cx: &ToolCx,
    title: ToolTitle,
    preview: Preview,
) -> Result<Option<Answer>, ToolError> {
    tokio::select! {
        biased;
        () = cx.cancel.cancelled() => Err(ToolError::Stopped(
            "The user stopped the turn instead of answering.".into(),
        )),
        answer = (cx.ask)(title, preview) => Ok(answer),
    }
}
