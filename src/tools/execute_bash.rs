//! `execute_bash`.

mod refusal;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use self::refusal::Refusal;
use super::jobs::{self, Ended, Job, Launch};
use super::{Again, Tool, ToolCx, ToolError, ToolOutput, common};
use crate::exec::sandbox;
use crate::exec::shell::{ShellEnd, ShellOutcome};
use crate::protocol::permission::{Effect, Preview};
use crate::protocol::sandbox::{SandboxPolicy, SandboxState};
use crate::protocol::tool::ToolTitle;
use crate::stdx::text;

const DEFAULT_TIMEOUT: u64 = 120;
const MAX_TIMEOUT: u64 = 600;

/// A background command that ends this soon is answered as if it had been waited for.
const EARLY: Duration = Duration::from_millis(250);

/// Runs a command line.
pub(super) struct ExecuteBash;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    command: String,
    /// Default 120, at most 600
    timeout_seconds: Option<u64>,
    /// Return a job at once, for bash_job
    run_in_background: Option<bool>,
    /// Give it a terminal
    pty: Option<bool>,
    /// Asks the user for Internet access
    network: Option<bool>,
    /// false asks the user to run it unconfined
    sandbox: Option<bool>,
}

impl Args {
    fn unconfined(&self, cx: &ToolCx) -> bool {
        cx.sandbox && self.sandbox == Some(false)
    }

    fn online(&self, cx: &ToolCx) -> bool {
        cx.sandbox && !self.unconfined(cx) && self.network == Some(true)
    }
}

impl Tool for ExecuteBash {
    type Args = Args;
    const NAME: &'static str = "execute_bash";
    const DESCRIPTION: &'static str = include_str!("execute_bash.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, _cx: &ToolCx) -> ToolTitle {
        ToolTitle::new("Run", common::clean_line(&args.command))
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        if args.command.trim().is_empty() {
            return Err(ToolError::model("execute_bash: the command is empty"));
        }
        if args.command.contains('\0') {
            return Err(ToolError::model(
                "execute_bash: the command contains a NUL byte",
            ));
        }
        let mut effects = vec![Effect::Exec(args.command.clone())];
        if args.unconfined(cx) {
            effects.push(Effect::Unconfined(args.command.clone()));
        }
        if args.online(cx) {
            effects.push(Effect::Network(args.command.clone()));
        }
        Ok(effects)
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
        let in_background = args.run_in_background == Some(true);
        if in_background && cx.jobs.running() >= jobs::MOST {
            let most = jobs::MOST;
            return Err(ToolError::model(format!(
                "execute_bash: {most} jobs run in the background already; stop one with bash_job"
            )));
        }
        let launch = Launch {
            sandbox: policy(&args, &cx).await?,
            pty: args.pty == Some(true),
            input: in_background,
            command: args.command.clone(),
        };
        let guards_files = launch.sandbox.hides_files();
        let job = cx.jobs.start(launch, &cx);
        let mut waiting = Waiting(Some(&job));
        let limit = if in_background {
            EARLY
        } else {
            Duration::from_secs(seconds)
        };
        let mut timed_out = false;
        tokio::select! {
            biased;
            () = cx.cancel.cancelled() => job.stop().await,
            () = job.over() => {}
            () = job.sent_away() => return Ok(background(&mut waiting, &cx, true)),
            () = tokio::time::sleep(limit) => {
                if in_background {
                    return Ok(background(&mut waiting, &cx, false));
                }
                timed_out = true;
                job.stop().await;
            }
        }
        waiting.0 = None;
        match job.ended() {
            Some(ended) => {
                let root = cx.workspace.root();
                let (mut output, refusal) = finished(ended, timed_out, seconds, root)?;
                output.again = refusal.and_then(|(what, said)| match what {
                    // Only the sandbox enforces the rules against reading.
                    Refusal::File if guards_files => None,
                    Refusal::Network if args.network == Some(true) => None,
                    what => Some(again(&args, what, said)),
                });
                Ok(output)
            }
            None => Err(ToolError::model("execute_bash: the command does not end")),
        }
    }
}

/// Ends a command when nobody waits for it any more.
struct Waiting<'a>(Option<&'a Arc<Job>>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(job) = self.0 {
            job.kill();
        }
    }
}

/// The answer for a command that goes on without the call.
fn background(waiting: &mut Waiting<'_>, cx: &ToolCx, by_user: bool) -> ToolOutput {
    let Some(job) = waiting.0.take() else {
        return ToolOutput::default();
    };
    let number = cx.jobs.let_go(job);
    let mut words = job.take_unread();
    if !words.is_empty() && !words.ends_with('\n') {
        words.push('\n');
    }
    let who = if by_user {
        "the user sent it to the background"
    } else {
        "it runs in the background"
    };
    words.push_str(&format!("[{who} as job {number}]"));
    ToolOutput::text(words, format!("job {number}"))
}

/// The answer for a command that ended, and what the sandbox seems to have refused it,
/// with the line that says so.
fn finished(
    ended: Ended,
    timed_out: bool,
    seconds: u64,
    root: &Path,
) -> Result<(ToolOutput, Option<(Refusal, String)>), ToolError> {
    let ran = ended.outcome.map_err(ToolError::model)?;
    let spilled = ended.spilled;
    let mut words = if spilled.text.is_empty() {
        "(no output)\n".to_string()
    } else {
        spilled.text
    };
    if !words.ends_with('\n') {
        words.push('\n');
    }
    let end = if timed_out && ran.end == ShellEnd::Cancelled {
        ShellEnd::TimedOut
    } else {
        ran.end
    };
    let mut refused = None;
    if ran.confined && end != ShellEnd::Exit(0) {
        refused = refusal::find(&words, root).map(|(what, line)| (what, text::one_line(line, 160)));
        words.push_str(refused.as_ref().map_or("", |(what, _)| what.hint()));
    }
    let (status, short) = status(end, seconds);
    words.push_str(&format!("[{status}]"));
    if end == ShellEnd::Cancelled {
        return Err(ToolError::Stopped(words));
    }
    let ShellOutcome { elapsed, .. } = ran;
    let elapsed = text::duration(elapsed.as_millis() as u64);
    let output = ToolOutput {
        is_error: end != ShellEnd::Exit(0),
        body: spilled.body,
        ..ToolOutput::text(words, format!("{short} · {elapsed}"))
    };
    Ok((output, refused))
}

/// What the system enforces around the command.
///
/// A git command that the user allowed may write `.git`, which is closed otherwise:
/// whoever reads `git commit` in a question and says yes means just that.
async fn policy(args: &Args, cx: &ToolCx) -> Result<SandboxPolicy, ToolError> {
    if !cx.sandbox {
        return Ok(SandboxPolicy::Off);
    }
    let hidden = hidden(args, cx).await?;
    if args.unconfined(cx) {
        return Ok(SandboxPolicy::Off);
    }
    Ok(SandboxPolicy::WorkspaceWrite {
        roots: vec![cx.workspace.root().to_path_buf()],
        network: args.online(cx),
        allow_git: cx.approval.is_given() && is_git(&args.command),
        hidden,
    })
}

/// What rules close to reading: enforced around the command, or there is none.
async fn hidden(args: &Args, cx: &ToolCx) -> Result<Vec<PathBuf>, ToolError> {
    let list = cx.unreadable.clone();
    let to_model = |why| ToolError::model(format!("execute_bash: {why}"));
    let hidden = common::blocking(cx, move || list().map_err(to_model)).await?;
    let root = cx.workspace.root();
    let why = if hidden.is_empty() {
        return Ok(hidden);
    } else if let Some(path) = hidden.iter().find(|path| root.starts_with(path)) {
        format!("a rule closes {} to reading", path.display())
    } else if args.unconfined(cx) {
        "rules close files to reading, and only the sandbox enforces that".to_string()
    } else if sandbox::state() != SandboxState::Full {
        "rules close files to reading, and nothing here enforces that".to_string()
    } else {
        return Ok(hidden);
    };
    Err(ToolError::Denied {
        words: format!("denied: {why}"),
        reason: why,
    })
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

/// The call once more, with the least that lifts the refusal.
fn again(args: &Args, refusal: Refusal, said: String) -> Again {
    let (key, value, question) = match refusal {
        Refusal::File => ("sandbox", false, "Run it again without the sandbox?"),
        Refusal::Network => ("network", true, "Run it again with the network open?"),
    };
    let mut arguments = serde_json::json!({
        "command": args.command,
        "timeout_seconds": args.timeout_seconds,
        "run_in_background": args.run_in_background,
        "pty": args.pty,
    });
    arguments[key] = value.into();
    Again {
        arguments: arguments.to_string(),
        question,
        said,
    }
}

/// How it ended: for the model, and for the tool line.
fn status(end: ShellEnd, seconds: u64) -> (String, String) {
    let words = jobs::end_words(end);
    match end {
        ShellEnd::Exit(0) => (words, "ok".to_string()),
        ShellEnd::Exit(_) | ShellEnd::Signal(_) => (words.clone(), words),
        ShellEnd::TimedOut => (
            format!(
                "timed out after {seconds} s and was killed with everything it started. \
                 timeout_seconds allows up to {MAX_TIMEOUT}; run_in_background has no limit"
            ),
            words,
        ),
        ShellEnd::Cancelled => ("stopped by the user".to_string(), words),
    }
}
