//! Starting a child the only allowed way: no input, no terminal, a scrubbed
//! environment, a session of its own, one pipe for both outputs.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use tokio::process::{Child, Command};

use super::tree::{MARK, Tree};
use super::{Env, ExecError, sandbox};
use crate::stdx::ids;

#[cfg(unix)]
type Output = tokio::net::unix::pipe::Receiver;
#[cfg(windows)]
type Output = tokio::process::ChildStdout;

/// A started child. Dropping it ends the whole tree.
#[derive(Debug)]
pub(super) struct Running {
    /// The direct child.
    pub(super) child: Child,
    /// Both its outputs, in the order they were written.
    pub(super) output: Output,
    tree: Tree,
    armed: bool,
}

impl Running {
    /// Asks the tree to end.
    pub(super) fn terminate(&self) {
        self.tree.terminate();
    }

    /// Ends the tree.
    pub(super) fn kill(&self) {
        self.tree.kill();
    }

    /// The child ended by itself: what it left running is left alone.
    pub(super) fn disarm(&mut self) {
        self.armed = false;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.armed {
            self.tree.kill();
        }
    }
}

/// Starts a program. Call it from a runtime thread, never from a blocking-pool
/// thread (see [`sandbox::detach`]).
pub(super) fn start<'a>(
    program: &str,
    args: impl IntoIterator<Item = &'a OsStr>,
    cwd: &Path,
    env: &Env,
) -> Result<Running, ExecError> {
    let fail = |source| ExecError::Start {
        program: program.to_string(),
        cwd: cwd.display().to_string(),
        source,
    };
    let mark = ids::random(16);
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir(cwd)
        .env_clear()
        .envs(env.vars().iter().map(|(name, value)| (name, value)))
        .env("PWD", cwd)
        .env(MARK, &mark)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    sandbox::detach(&mut command);
    let (child, output) = connect(command).map_err(fail)?;
    let leader = child
        .id()
        .ok_or_else(|| fail(std::io::ErrorKind::NotFound.into()))?;
    Ok(Running {
        child,
        output,
        tree: Tree { leader, mark },
        armed: true,
    })
}

/// One pipe for both outputs keeps their order.
#[cfg(unix)]
fn connect(mut command: Command) -> std::io::Result<(Child, Output)> {
    let (reader, writer) = std::io::pipe()?;
    command
        .stdout(writer.try_clone()?)
        .stderr(std::os::fd::OwnedFd::from(writer));
    let child = command.spawn()?;
    // Our copies of the writing end go with `command`; else there is no end of file.
    drop(command);
    let output = Output::from_owned_fd(reader.into())?;
    Ok((child, output))
}

#[cfg(windows)]
fn connect(mut command: Command) -> std::io::Result<(Child, Output)> {
    // The shell merges the outputs itself (see `shell::wrap`).
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let output = child
        .stdout
        .take()
        .ok_or_else(|| std::io::Error::other("no pipe"))?;
    Ok((child, output))
}
