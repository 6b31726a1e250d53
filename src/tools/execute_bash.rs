//! `execute_bash`.

use std::time::Duration;

use serde::Deserialize;

use super::output::Spill;
use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::exec::shell::{self, ShellEnd, ShellRequest};
use crate::protocol::permission::{Effect, Preview};
use crate::protocol::sandbox::SandboxPolicy;
use crate::protocol::tool::ToolTitle;
use crate::stdx::text;

const DEFAULT_TIMEOUT: u64 = 120;
const MAX_TIMEOUT: u64 = 600;

/// What programs say when the sandbox is in their way.
const REFUSALS: &[&str] = &[
    "read-only file system",
    "operation not permitted",
    "network is unreachable",
    "could not resolve host",
    "name resolution",
];

const HINT: &str = "[perhaps refused by the sandbox: a command may write in the workspace and \
                    /tmp only, not in .git, .sofos, editor and agent settings, and has no \
                    network but loopback. The user can run it outside]\n";

/// Runs a command line.
pub(super) struct ExecuteBash;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    command: String,
    /// Default 120, at most 600
    timeout_seconds: Option<u64>,
}

impl Tool for ExecuteBash {
    type Args = Args;
    const NAME: &'static str = "execute_bash";
    const DESCRIPTION: &'static str = include_str!("execute_bash.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, _cx: &ToolCx) -> ToolTitle {
        ToolTitle::new("Run", common::clean_line(&args.command))
    }

    fn effects(args: &Args, _cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        if args.command.trim().is_empty() {
            return Err(ToolError::model("execute_bash: the command is empty"));
        }
        if args.command.contains('\0') {
            return Err(ToolError::model(
                "execute_bash: the command contains a NUL byte",
            ));
        }
        Ok(vec![Effect::Exec(args.command.clone())])
    }

    fn preview(args: &Args, _cx: &ToolCx) -> Preview {
        Preview::Command {
            text: args.command.clone(),
        }
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let seconds = args
            .timeout_seconds
            .unwrap_or(DEFAULT_TIMEOUT)
            .clamp(1, MAX_TIMEOUT);
        let mut spill = Spill::new(&cx);
        let sandbox = policy(&args.command, &cx);
        let request = ShellRequest {
            command: &args.command,
            cwd: cx.workspace.root(),
            timeout: Duration::from_secs(seconds),
            env: &cx.env,
            sandbox: &sandbox,
        };
        let progress = cx.progress.clone();
        let ran = shell::run(
            request,
            |bytes| {
                let live = spill.push(bytes);
                if !live.is_empty() {
                    progress(&live);
                }
            },
            &cx.cancel,
        )
        .await
        .map_err(common::to_model)?;
        let spilled = spill.finish();
        let mut words = if spilled.text.is_empty() {
            "(no output)\n".to_string()
        } else {
            spilled.text
        };
        if !words.ends_with('\n') {
            words.push('\n');
        }
        if ran.confined && ran.end != ShellEnd::Exit(0) && looks_refused(&words) {
            words.push_str(HINT);
        }
        let (status, short) = status(ran.end, seconds);
        words.push_str(&format!("[{status}]"));
        if ran.end == ShellEnd::Cancelled {
            return Err(ToolError::Stopped(words));
        }
        let elapsed = text::duration(ran.elapsed.as_millis() as u64);
        Ok(ToolOutput {
            is_error: ran.end != ShellEnd::Exit(0),
            body: spilled.body,
            ..ToolOutput::text(words, format!("{short} · {elapsed}"))
        })
    }
}

/// What the system enforces around the command.
///
/// A git command that the user allowed may write `.git`, which is closed otherwise:
/// whoever reads `git commit` in a question and says yes means just that.
fn policy(command: &str, cx: &ToolCx) -> SandboxPolicy {
    if !cx.sandbox {
        return SandboxPolicy::Off;
    }
    SandboxPolicy::WorkspaceWrite {
        roots: vec![cx.workspace.root().to_path_buf()],
        network: false,
        allow_git: cx.approval.is_given() && is_git(command),
    }
}

/// Whether a command line begins with git, at most after one `cd DIR &&`.
fn is_git(command: &str) -> bool {
    let command = command.trim_start();
    let command = match command.split_once("&&") {
        Some((first, rest)) if first.starts_with("cd ") => rest,
        _ => command,
    };
    command.split_whitespace().next() == Some("git")
}

/// Whether an output ends as one does when the sandbox refused something.
fn looks_refused(output: &str) -> bool {
    let start = output.floor_char_boundary(output.len().saturating_sub(4096));
    let end = output[start..].to_ascii_lowercase();
    REFUSALS.iter().any(|words| end.contains(words))
}

/// How it ended: for the model, and for the tool line.
fn status(end: ShellEnd, seconds: u64) -> (String, String) {
    match end {
        ShellEnd::Exit(0) => ("exit 0".to_string(), "ok".to_string()),
        ShellEnd::Exit(code) => (format!("exit {code}"), format!("exit {code}")),
        ShellEnd::Signal(signal) => {
            let words = format!("killed by signal {signal}{}", signal_name(signal));
            (words.clone(), words)
        }
        ShellEnd::TimedOut => (
            format!(
                "timed out after {seconds} s and was killed with everything it started; it has no \
                 input and no terminal. timeout_seconds allows up to {MAX_TIMEOUT}"
            ),
            "timed out".to_string(),
        ),
        ShellEnd::Cancelled => ("stopped by the user".to_string(), "stopped".to_string()),
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        2 => " (SIGINT)",
        6 => " (SIGABRT)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        13 => " (SIGPIPE)",
        15 => " (SIGTERM)",
        _ => "",
    }
}
