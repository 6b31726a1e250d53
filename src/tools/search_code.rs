//! `search_code`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::permission::Effect;
use crate::protocol::tool::ToolTitle;
use crate::stdx::text;
use crate::workspace::FileError;
use crate::workspace::globs::Pattern;
use crate::workspace::search::{self, FileHits, Found, Keep, Query, SearchError};

/// Matching lines shown.
const SHOWN: u64 = 200;
/// Bytes of a result.
const BYTES: usize = 24 * 1024;
/// Lines of context at most.
const CONTEXT: usize = 20;

/// Searches file contents.
pub(super) struct SearchCode;

#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    #[default]
    Content,
    Files,
    Count,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    /// Rust regex; with \n it spans lines
    pattern: String,
    path: Option<String>,
    glob: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    literal: bool,
    #[serde(default)]
    ignore_case: bool,
    context: Option<usize>,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    include_ignored: bool,
}

impl Args {
    fn path(&self) -> &str {
        self.path.as_deref().unwrap_or(".")
    }
}

impl Tool for SearchCode {
    type Args = Args;
    const NAME: &'static str = "search_code";
    const DESCRIPTION: &'static str = include_str!("search_code.md");
    const READ_ONLY: bool = true;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        let pattern = common::clean_line(&args.pattern);
        let quote = if args.literal { '"' } else { '/' };
        let mut object = format!("{quote}{pattern}{quote}");
        if let Some(path) = &args.path {
            object.push_str(&format!(" in {}", common::shown(path, cx)));
        }
        if let Some(glob) = &args.glob {
            object.push_str(&format!(" ({})", common::clean_line(glob)));
        }
        ToolTitle::new("Search", object)
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        Ok(vec![Effect::Read(common::resolve(args.path(), cx)?)])
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let path = common::resolve(args.path(), &cx)?;
        let glob = args
            .glob
            .as_deref()
            .map(Pattern::new)
            .transpose()
            .map_err(common::to_model)?;
        let query = Query {
            pattern: args.pattern.clone(),
            literal: args.literal,
            ignore_case: args.ignore_case,
            glob,
            kind: args
                .kind
                .as_deref()
                .map(search::files_of)
                .transpose()
                .map_err(common::to_model)?,
            context: args.context.unwrap_or(0).min(CONTEXT),
            everything: args.include_ignored,
            keep: match args.mode {
                Mode::Content => Keep::Lines,
                Mode::Files => Keep::Files,
                Mode::Count => Keep::Counts,
            },
        };
        let inner = cx.clone();
        common::blocking(&cx, move || {
            let kind = std::fs::metadata(path.real())
                .map_err(|source| FileError::io("search", &path, source))
                .map_err(|error| common::file_error(error, &path, &inner))?;
            if !kind.is_dir() && !kind.is_file() {
                return Err(ToolError::model(format!(
                    "{} is neither a file nor a directory",
                    path.display()
                )));
            }
            let root = inner.workspace.root();
            let found = search::search(root, path.real(), &query, &inner.cancel)
                .map_err(|error| failed(&error))?;
            Ok(render(&args, &found, &inner))
        })
        .await
    }
}

fn failed(error: &SearchError) -> ToolError {
    match error {
        SearchError::Stopped => common::stopped(),
        SearchError::Empty | SearchError::Kind(_) => common::to_model(error),
        SearchError::Pattern(_) => ToolError::model(format!(
            "{error}\nWith literal: true the pattern is taken as plain text."
        )),
    }
}

fn render(args: &Args, found: &Found, cx: &ToolCx) -> ToolOutput {
    let total = found.total as usize;
    let files = found.total_files as usize;
    let mut outcome = match args.mode {
        Mode::Files => text::plural(files, "file"),
        _ if total == 0 => "no matches".to_string(),
        _ => format!(
            "{}, {}",
            text::plural(total, "match"),
            text::plural(files, "file")
        ),
    };
    let mut out = match args.mode {
        _ if total == 0 => nothing(args),
        Mode::Content => content(found, cx),
        Mode::Files => listing(found, cx, |_| String::new()),
        Mode::Count => listing(found, cx, |hits| format!(":{}", hits.count)),
    };
    if found.unreadable > 0 {
        let words = format!("{} could not be read", found.unreadable);
        out.push_str(&format!("[{words}]\n"));
        outcome.push_str(&format!(", {words}"));
    }
    ToolOutput::text(out, outcome)
}

fn nothing(args: &Args) -> String {
    let mut out = "no matches".to_string();
    if !args.literal
        && args.pattern.contains([
            '(', ')', '[', ']', '{', '}', '.', '*', '+', '?', '$', '^', '|',
        ])
    {
        out.push_str("; the pattern is a regex, literal: true takes it as plain text");
    }
    if !args.include_ignored {
        out.push_str("; hidden and ignored files were left out (include_ignored)");
    }
    out.push('\n');
    out
}

fn name(path: &std::path::Path, cx: &ToolCx) -> String {
    common::name_line(path.strip_prefix(cx.workspace.root()).unwrap_or(path))
}

fn listing(found: &Found, cx: &ToolCx, suffix: impl Fn(&FileHits) -> String) -> String {
    let mut out: String = found
        .files
        .iter()
        .map(|(path, hits)| format!("{}{}\n", name(path, cx), suffix(hits)))
        .collect();
    if found.total_files as usize > found.files.len() {
        out.push_str(&format!(
            "[{} of {} files shown; narrow the search]\n",
            found.files.len(),
            found.total_files
        ));
    }
    out
}

/// `path`, then `12:line` for a match and `13-line` for context.
fn content(found: &Found, cx: &ToolCx) -> String {
    let mut out = String::new();
    let (mut shown, mut files) = (0, 0);
    // One crowded file must not hide the others.
    let per_file = (SHOWN / found.total_files.max(1)).max(20);
    for (path, hits) in &found.files {
        if shown >= SHOWN || out.len() >= BYTES {
            break;
        }
        files += 1;
        out.push_str(&format!("{}\n", name(path, cx)));
        let mut here = 0;
        for line in &hits.lines {
            if line.hit && (here >= per_file || shown >= SHOWN) || out.len() >= BYTES {
                break;
            }
            if line.gap {
                out.push_str("--\n");
            }
            let sign = if line.hit { ':' } else { '-' };
            out.push_str(&format!("{}{sign}{}\n", line.number, line.text));
            if line.hit {
                here += 1;
                shown += 1;
            }
        }
        if here < hits.count && found.total_files > 1 {
            out.push_str(&format!("[{} more in this file]\n", hits.count - here));
        }
    }
    if shown < found.total {
        out.push_str(&format!(
            "[{shown} of {} matches in {files} of {} shown; narrow with path or glob, or use mode files or count]\n",
            found.total,
            text::plural(found.total_files as usize, "file")
        ));
    }
    out
}
