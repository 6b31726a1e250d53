//! `list_directory`.

use std::path::Path;

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::exec::sandbox;
use crate::protocol::permission::{Effect, ScopedPath};
use crate::protocol::tool::ToolTitle;
use crate::stdx::text;
use crate::workspace::FileError;

/// Entries shown.
const SHOWN: usize = 500;

/// Lists the entries of a directory.
pub(super) struct ListDirectory;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    path: Option<String>,
}

impl Args {
    fn path(&self) -> &str {
        self.path.as_deref().unwrap_or(".")
    }
}

impl Tool for ListDirectory {
    type Args = Args;
    const NAME: &'static str = "list_directory";
    const DESCRIPTION: &'static str = include_str!("list_directory.md");
    const READ_ONLY: bool = true;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        ToolTitle::new("List", common::shown(args.path(), cx))
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        Ok(vec![Effect::Read(common::resolve(args.path(), cx)?)])
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let path = common::resolve(args.path(), &cx)?;
        let inner = cx.clone();
        common::blocking(&cx, move || {
            list(&path).map_err(|error| common::file_error(error, &path, &inner))
        })
        .await
    }
}

/// The entries of a directory.
pub(super) fn list(path: &ScopedPath) -> Result<ToolOutput, FileError> {
    let fail = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotADirectory => FileError::Io {
            action: "list",
            path: path.display().to_string(),
            source: std::io::Error::new(source.kind(), "it is a file; read_file shows it"),
        },
        _ => FileError::io("list", path, source),
    };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path.real()).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if entry
            .metadata()
            .is_ok_and(|meta| sandbox::is_stand_in(&meta))
        {
            continue;
        }
        entries.push((entry.file_name(), entry.file_type().ok()));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    let total = entries.len();
    let mut out: String = entries
        .into_iter()
        .take(SHOWN)
        .map(|(name, kind)| {
            let name = Path::new(&name);
            let mark = match kind {
                Some(kind) if kind.is_dir() => "/".to_string(),
                Some(kind) if kind.is_symlink() => std::fs::read_link(path.real().join(name))
                    .map_or_else(
                        |_| " -> ?".to_string(),
                        |to| format!(" -> {}", common::name_line(&to)),
                    ),
                _ => String::new(),
            };
            format!("{}{mark}\n", common::name_line(name))
        })
        .collect();
    if total == 0 {
        out.push_str("[the directory is empty]");
    } else if total > SHOWN {
        out.push_str(&format!(
            "[{SHOWN} of {total} entries; glob_files narrows it down]\n"
        ));
    }
    let outcome = match total {
        0 => "empty".to_string(),
        1 => "1 entry".to_string(),
        _ => format!("{} entries", text::count(total as u64)),
    };
    Ok(ToolOutput::text(out, outcome))
}
