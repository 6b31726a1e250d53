//! `bash_job`.

use std::time::Duration;

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common, output};
use crate::protocol::permission::{Effect, Preview};
use crate::protocol::tool::ToolTitle;
use crate::stdx::text;

/// Longest wait.
const MAX_WAIT: u64 = 600;

/// How long an answer to input may take when nothing else is said.
const ANSWER: Duration = Duration::from_secs(2);

/// An answer is complete when nothing more came for so long.
const QUIET: Duration = Duration::from_millis(100);

/// Reads, feeds and stops a background command.
pub(super) struct BashJob;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    job: u32,
    /// Sent as it is; \u0004 alone ends the input
    input: Option<String>,
    stop: Option<bool>,
    /// Wait so long for its end, at most 600
    wait_seconds: Option<u64>,
}

impl Tool for BashJob {
    type Args = Args;
    const NAME: &'static str = "bash_job";
    const DESCRIPTION: &'static str = include_str!("bash_job.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, cx: &ToolCx) -> ToolTitle {
        let verb = match args {
            Args {
                stop: Some(true), ..
            } => "Stop",
            Args { input: Some(_), .. } => "Tell",
            _ => "Check",
        };
        let command = cx
            .jobs
            .find(args.job)
            .map(|job| format!(" {}", job.short()))
            .unwrap_or_default();
        ToolTitle::new(verb, format!("job {}{command}", args.job))
    }

    fn effects(args: &Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        let Some(job) = cx.jobs.find(args.job) else {
            let known: Vec<String> = cx.jobs.rows().iter().map(|row| row.0.to_string()).collect();
            let known = match known.len() {
                0 => "there are none".to_string(),
                _ => format!("there is {}", known.join(", ")),
            };
            return Err(ToolError::model(format!(
                "bash_job: no job {}; {known}. Jobs end with the session",
                args.job
            )));
        };
        Ok(args
            .input
            .iter()
            .map(|input| Effect::Input {
                command: job.command.clone(),
                text: input.clone(),
            })
            .collect())
    }

    fn preview(args: &Args, _cx: &ToolCx) -> Preview {
        match &args.input {
            Some(input) => Preview::Command {
                text: input.clone(),
            },
            None => Preview::None,
        }
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let job = cx
            .jobs
            .find(args.job)
            .ok_or_else(|| ToolError::model("bash_job: the job is gone"))?;
        let mut wait = Duration::from_secs(args.wait_seconds.unwrap_or(0).min(MAX_WAIT));
        if let Some(input) = &args.input {
            let number = args.job;
            job.send(input)
                .map_err(|why| ToolError::model(format!("bash_job: job {number}: {why}")))?;
            if args.wait_seconds.is_none() {
                let answer = async {
                    job.output().await;
                    tokio::time::sleep(QUIET).await;
                };
                tokio::select! {
                    () = cx.cancel.cancelled() => {}
                    _ = tokio::time::timeout(ANSWER, answer) => {}
                }
                wait = Duration::ZERO;
            }
        }
        if args.stop == Some(true) {
            job.stop().await;
        } else if !wait.is_zero() {
            tokio::select! {
                () = cx.cancel.cancelled() => {}
                _ = tokio::time::timeout(wait, job.over()) => {}
            }
        }
        let mut words = job.take_unread();
        if words.is_empty() {
            words.push_str("(no new output)");
        }
        if !words.ends_with('\n') {
            words.push('\n');
        }
        let body = output::shown(&words, words.lines().count());
        let state = job.words();
        job.tell();
        words.push_str(&format!("[{state}]"));
        Ok(ToolOutput {
            body,
            ..ToolOutput::text(words, text::one_line(&common::clean_line(&state), 80))
        })
    }
}
