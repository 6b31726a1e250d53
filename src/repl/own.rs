//! Commands of the user's own settings: what ends the status line, and what is run
//! to notify. They have the user's own rights.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::status::Reporter;
use crate::exec::{self, shell};
use crate::protocol::event::Status;
use crate::protocol::sandbox::SandboxPolicy;
use crate::stdx::text;
use crate::workspace::git;

/// How often the status command runs at most.
const PAUSE: Duration = Duration::from_secs(3);
/// A command that takes longer is stopped.
const LONGEST: Duration = Duration::from_secs(5);
/// Bytes of output that are looked at, and characters that are shown.
const MAX_OUTPUT: usize = 4 * 1024;
const MAX_SHOWN: usize = 60;

/// The commands and where they run.
pub(super) struct OwnCommands {
    pub(super) status: Option<String>,
    pub(super) notify: Option<String>,
    pub(super) cwd: PathBuf,
    pub(super) env: Arc<exec::Env>,
    pub(super) ran: Option<Instant>,
}

impl OwnCommands {
    /// Looks at what may have changed beside the conversation: the branch, and what
    /// the status command says. It runs beside everything else, unless it ran just
    /// now; the first line of its output becomes part of the status.
    pub(super) fn refresh(&mut self, reporter: &Arc<Reporter>) {
        let branch = git::branch(&self.cwd).unwrap_or_default();
        reporter.update(|status| status.branch = branch);
        let Some(command) = self.status.clone() else {
            return;
        };
        if self.ran.is_some_and(|ran| ran.elapsed() < PAUSE) {
            return;
        }
        self.ran = Some(Instant::now());
        let env = self.env.with(variables(&reporter.current()));
        let (cwd, reporter) = (self.cwd.clone(), reporter.clone());
        tokio::spawn(async move {
            let shown = match output(&command, cwd, &env).await {
                Ok(said) => first_line(&said),
                Err(why) => text::one_line(&text::clean(&why), MAX_SHOWN),
            };
            reporter.update(|status| status.extra = shown);
        });
    }

    /// Runs the notify command with a message, beside everything else.
    pub(super) fn notify(&self, message: String) {
        let Some(command) = self.notify.clone() else {
            return;
        };
        let env = self.env.with([("SOFOS_MESSAGE".to_string(), message)]);
        let cwd = self.cwd.clone();
        tokio::spawn(async move {
            if let Err(why) = output(&command, cwd, &env).await {
                tracing::warn!("notify-command: {why}");
            }
        });
    }
}

/// What the command is told about the session.
fn variables(status: &Status) -> Vec<(String, String)> {
    let percent = status
        .context_used
        .saturating_mul(100)
        .checked_div(status.context_window);
    vec![
        ("SOFOS_MODEL".into(), status.model.clone()),
        ("SOFOS_MODE".into(), status.mode.as_str().into()),
        ("SOFOS_SESSION".into(), status.session.clone()),
        (
            "SOFOS_CONTEXT_PERCENT".into(),
            percent.unwrap_or(0).to_string(),
        ),
        ("SOFOS_COST_USD".into(), format!("{:.4}", status.cost.usd)),
    ]
}

async fn output(command: &str, cwd: PathBuf, env: &exec::Env) -> Result<String, String> {
    let mut bytes = Vec::new();
    let request = shell::ShellRequest {
        command,
        cwd: &cwd,
        timeout: LONGEST,
        env,
        sandbox: &SandboxPolicy::Off,
    };
    let take = |piece: &[u8]| {
        let room = MAX_OUTPUT.saturating_sub(bytes.len());
        bytes.extend_from_slice(&piece[..piece.len().min(room)]);
    };
    let outcome = shell::run(request, take, &CancellationToken::new())
        .await
        .map_err(|error| error.to_string())?;
    match outcome.end {
        shell::ShellEnd::TimedOut => Err(format!("timed out: {command}")),
        shell::ShellEnd::Exit(_) | shell::ShellEnd::Signal(_) | shell::ShellEnd::Cancelled => {
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
    }
}

fn first_line(output: &str) -> String {
    let cleaned = text::clean(output);
    let line = cleaned.lines().find(|line| !line.trim().is_empty());
    text::one_line(line.unwrap_or_default().trim(), MAX_SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_clean_line_is_taken() {
        assert_eq!(first_line("\n \u{1b}[31mred\u{1b}[0m  \nmore"), "red");
        assert_eq!(first_line(""), "");
        assert!(first_line(&"x".repeat(500)).chars().count() <= MAX_SHOWN + 1);
    }
}
