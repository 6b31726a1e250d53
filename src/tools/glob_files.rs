//! `glob_files`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use ignore::WalkState;
use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::permission::{Effect, ScopedPath};
use crate::protocol::tool::ToolTitle;
use crate::stdx::text;
use crate::workspace::globs::{Pattern, split_base};
use crate::workspace::{FileError, walk};

/// Paths shown.
const SHOWN: usize = 500;

/// Finds files by name.
pub(super) struct GlobFiles;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    pattern: String,
    path: Option<String>,
    #[serde(default)]
    include_ignored: bool,
}

impl Args {
    /// Where the search begins, and what is matched below it.
    fn start(&self) -> (String, &str) {
        let dir = self.path.as_deref().unwrap_or(".");
        let (base, rest) = split_base(&self.pattern);
        if base.is_empty() {
            (dir.to_string(), rest)
        } else if base.starts_with(['/', '~']) || dir == "." {
            (base.to_string(), rest)
        } else {
            (format!("{}/{base}", dir.trim_end_matches('/')), rest)
        }
    }
}

impl Tool for GlobFiles {
    type Args = Args;
    const NAME: &'static str = "glob_files";
    const DESCRIPTION: &'static str = include_str!("glob_files.md");
    const READ_ONLY: bool = true;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        let pattern = common::clean_line(&args.pattern);
        let object = match &args.path {
            Some(path) => format!("{pattern} in {}", common::shown(path, cx)),
            None => pattern,
        };
        ToolTitle::new("Find", object)
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        Ok(vec![Effect::Read(common::resolve(&args.start().0, cx)?)])
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let (start, rest) = args.start();
        let pattern = if args.pattern.contains('/') {
            Pattern::anchored(rest)
        } else {
            Pattern::new(rest)
        }
        .map_err(common::to_model)?;
        let hidden = args.include_ignored || rest.split('/').any(|part| part.starts_with('.'));
        let start = common::resolve(&start, &cx)?;
        let inner = cx.clone();
        let everything = args.include_ignored;
        common::blocking(&cx, move || {
            if let Err(source) = std::fs::symlink_metadata(start.real()) {
                let error = FileError::io("search", &start, source);
                return Err(common::file_error(error, &start, &inner));
            }
            let found = find(&start, &pattern, everything, hidden, &inner);
            if inner.cancel.is_cancelled() {
                return Err(common::stopped());
            }
            Ok(render(&found, everything, &inner))
        })
        .await
    }
}

#[derive(Default)]
struct Found {
    /// The first in path order.
    first: BTreeSet<PathBuf>,
    total: usize,
}

fn find(
    start: &ScopedPath,
    pattern: &Pattern,
    everything: bool,
    hidden: bool,
    cx: &ToolCx,
) -> Found {
    let found = Mutex::new(Found::default());
    walk::builder(cx.workspace.root(), start.real(), everything)
        .hidden(!hidden)
        .build_parallel()
        .run(|| {
            Box::new(|entry| {
                if cx.cancel.is_cancelled() {
                    return WalkState::Quit;
                }
                if let Ok(entry) = entry
                    && entry.file_type().is_some_and(|kind| !kind.is_dir())
                    && let Ok(relative) = entry.path().strip_prefix(start.real())
                    && pattern.matches(relative)
                {
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    found.total += 1;
                    found.first.insert(entry.into_path());
                    if found.first.len() > SHOWN {
                        found.first.pop_last();
                    }
                }
                WalkState::Continue
            })
        });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn render(found: &Found, everything: bool, cx: &ToolCx) -> ToolOutput {
    let root = cx.workspace.root();
    let mut out: String = found
        .first
        .iter()
        .map(|path| {
            let shown = path.strip_prefix(root).unwrap_or(path);
            format!("{}\n", common::name_line(shown))
        })
        .collect();
    if found.total == 0 {
        out.push_str("no files match");
        if !everything {
            out.push_str("; hidden and ignored files were left out (include_ignored)");
        }
    } else if found.total > SHOWN {
        out.push_str(&format!(
            "[{SHOWN} of {} files, in path order; narrow the pattern]\n",
            found.total
        ));
    }
    ToolOutput::text(out, text::plural(found.total, "file"))
}
