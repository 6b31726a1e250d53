//! Running one command line in a shell.

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::spawn::{self, Running, Streams};
use super::{Env, ExecError, tree};
use crate::protocol::sandbox::SandboxPolicy;

/// How long to go on reading after the child ended while something it left
/// behind still holds the pipe.
const LINGER: Duration = Duration::from_millis(50);

/// How long to wait for the kernel to report a killed child.
const REAP: Duration = Duration::from_millis(50);

/// A command line to run.
#[derive(Debug, Clone, Copy)]
pub struct ShellRequest<'a> {
    /// The line, for `bash` (`sh` where there is none; PowerShell on Windows).
    pub command: &'a str,
    /// Working directory.
    pub cwd: &'a Path,
    /// Wall time after which everything is killed.
    pub timeout: Duration,
    /// Environment.
    pub env: &'a Env,
    /// What the system enforces around it, where it can.
    pub sandbox: &'a SandboxPolicy,
}

/// What a command's streams are; by default its input is empty and no terminal is
/// there.
#[derive(Debug, Default)]
pub struct Talk {
    /// The command runs at a terminal of its own (not on Windows).
    pub pty: bool,
    /// What comes here is its input, which ends with the sender.
    pub input: Option<UnboundedReceiver<Vec<u8>>>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShellEnd {
    /// It exited with this code.
    Exit(i32),
    /// A signal ended it.
    Signal(i32),
    /// It ran too long and was killed with everything it started.
    TimedOut,
    /// The user stopped it; it was killed with everything it started.
    Cancelled,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShellOutcome {
    /// How it ended.
    pub end: ShellEnd,
    /// Wall time.
    pub elapsed: Duration,
    /// It ran in a sandbox.
    pub confined: bool,
}

/// Runs a command line and hands its output (both streams, in order, as raw
/// bytes) to `on_output` as it comes. Ends at the latest about 100 ms after the
/// child does, and within 200 ms of `cancel`.
///
/// Must be called on a thread that lives as long as the runtime (not inside
/// `spawn_blocking`).
///
/// # Errors
/// When the shell cannot be started or watched.
pub async fn run(
    request: ShellRequest<'_>,
    on_output: impl FnMut(&[u8]) + Send,
    cancel: &CancellationToken,
) -> Result<ShellOutcome, ExecError> {
    run_talking(request, Talk::default(), on_output, cancel).await
}

/// [`run`], for a command that gets input or a terminal.
///
/// # Errors
/// As [`run`].
pub async fn run_talking(
    request: ShellRequest<'_>,
    talk: Talk,
    mut on_output: impl FnMut(&[u8]) + Send,
    cancel: &CancellationToken,
) -> Result<ShellOutcome, ExecError> {
    let begun = Instant::now();
    let (program, args) = shell();
    let line = wrap(request.command);
    let args = args.iter().map(OsStr::new).chain([OsStr::new(&line)]);
    let streams = Streams {
        pty: talk.pty,
        input: talk.input.is_some(),
    };
    let mut running = spawn::start(
        program,
        args,
        request.cwd,
        request.env,
        request.sandbox,
        streams,
    )?;
    let _feeding = feed(&mut running, talk.input);
    let end = tokio::select! {
        biased;
        () = cancel.cancelled() => ShellEnd::Cancelled,
        () = tokio::time::sleep(request.timeout) => ShellEnd::TimedOut,
        status = watch(&mut running, &mut on_output) => {
            let status = status.map_err(|source| ExecError::Watch {
                program: program.to_string(),
                source,
            })?;
            running.disarm();
            ended(status)
        }
    };
    if matches!(end, ShellEnd::Cancelled | ShellEnd::TimedOut) {
        stop(&mut running, &mut on_output).await;
    } else {
        let _ = timeout(LINGER, drain(&mut running, &mut on_output)).await;
    }
    Ok(ShellOutcome {
        end,
        elapsed: begun.elapsed(),
        confined: running.confined,
    })
}

/// A task that ends with its owner.
struct Feeding(tokio::task::JoinHandle<()>);

impl Drop for Feeding {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Writes what comes to the child's input. On its own: a child that does not read
/// must not keep its output from being read.
fn feed(running: &mut Running, input: Option<UnboundedReceiver<Vec<u8>>>) -> Option<Feeding> {
    let mut writer = running.input.take()?;
    let mut input = input?;
    Some(Feeding(tokio::spawn(async move {
        while let Some(bytes) = input.recv().await {
            let written = writer.write_all(&bytes).await;
            if written.is_err() || writer.flush().await.is_err() {
                break;
            }
        }
    })))
}

/// Passes output on until the child ends.
async fn watch(
    running: &mut Running,
    on_output: &mut (impl FnMut(&[u8]) + Send),
) -> std::io::Result<ExitStatus> {
    let mut buffer = vec![0; 64 * 1024];
    let Running { child, output, .. } = running;
    loop {
        tokio::select! {
            // The child first: something it left behind may never stop writing.
            biased;
            status = child.wait() => return status,
            read = output.read(&mut buffer) => match read {
                // The outputs were closed; the child may live on.
                Ok(0) | Err(_) => return child.wait().await,
                Ok(length) => on_output(&buffer[..length]),
            },
        }
    }
}

/// Passes on what is still in the pipe, up to its end.
async fn drain(running: &mut Running, on_output: &mut (impl FnMut(&[u8]) + Send)) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = running.output.read(&mut buffer).await {
        on_output(&buffer[..length]);
    }
}

/// Ends the tree: first politely, then for certain. Output written meanwhile is kept.
async fn stop(running: &mut Running, on_output: &mut (impl FnMut(&[u8]) + Send)) {
    running.terminate();
    let _ = timeout(tree::GRACE, watch(running, on_output)).await;
    running.kill();
    let _ = timeout(REAP, running.child.wait()).await;
    let _ = timeout(Duration::from_millis(10), drain(running, on_output)).await;
    running.disarm();
}

#[cfg(unix)]
fn ended(status: ExitStatus) -> ShellEnd {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => ShellEnd::Exit(code),
        (None, signal) => ShellEnd::Signal(signal.unwrap_or(0)),
    }
}

#[cfg(windows)]
fn ended(status: ExitStatus) -> ShellEnd {
    ShellEnd::Exit(status.code().unwrap_or(-1))
}

/// The shell and its arguments before the command line. Never the user's own
/// shell: what runs is what was judged.
#[cfg(unix)]
pub(super) fn shell() -> (&'static str, &'static [&'static str]) {
    static BASH: std::sync::OnceLock<Option<&'static str>> = std::sync::OnceLock::new();
    let bash = BASH.get_or_init(|| {
        ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash"]
            .into_iter()
            .find(|path| Path::new(path).is_file())
    });
    match bash {
        Some(bash) => (bash, &["--norc", "--noprofile", "-c"]),
        None => ("/bin/sh", &["-c"]),
    }
}

#[cfg(windows)]
pub(super) fn shell() -> (&'static str, &'static [&'static str]) {
    (
        "powershell.exe",
        &["-NoLogo", "-NoProfile", "-NonInteractive", "-Command"],
    )
}

#[cfg(unix)]
fn wrap(command: &str) -> String {
    command.to_string()
}

/// Merges the error stream into the output and passes the exit code on.
#[cfg(windows)]
fn wrap(command: &str) -> String {
    format!(
        "& {{ {command}\n}} 2>&1; if ($LASTEXITCODE) {{ exit $LASTEXITCODE }} elseif (-not $?) {{ exit 1 }}"
    )
}

#[cfg(all(test, unix))]
#[path = "shell_tests.rs"]
mod tests;
