//! Starting a child the only allowed way: no input, no terminal, a scrubbed
//! environment, a session of its own, one pipe for both outputs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::{Child, Command};

use super::tree::{MARK, Tree};
use super::{Env, ExecError, sandbox};
use crate::protocol::sandbox::SandboxPolicy;
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
    /// Whether it runs in a sandbox.
    pub(super) confined: bool,
    tree: Tree,
    armed: bool,
    /// Workspaces to clear up after a forced end.
    roots: Vec<PathBuf>,
}

impl Running {
    /// Asks the tree to end.
    pub(super) fn terminate(&self) {
        self.tree.terminate();
    }

    /// Ends the tree.
    pub(super) fn kill(&self) {
        self.tree.kill();
        for root in &self.roots {
            sandbox::tidy(root);
        }
    }

    /// The child ended by itself: what it left running is left alone.
    pub(super) fn disarm(&mut self) {
        self.armed = false;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.armed {
            self.kill();
        }
    }
}

/// Starts a program, confined as the policy says. Call it from a runtime thread, never from a blocking-pool
/// thread (see [`sandbox::detach`]).
pub(super) fn start<'a>(
    program: &str,
    args: impl IntoIterator<Item = &'a OsStr>,
    cwd: &Path,
    env: &Env,
    policy: &SandboxPolicy,
) -> Result<Running, ExecError> {
    let fail = |source| ExecError::Start {
        program: program.to_string(),
        cwd: cwd.display().to_string(),
        source,
    };
    let mark = ids::random(16);
    let wrapped = sandbox::wrap(policy, cwd, env)?;
    let confined = wrapped.is_some();
    let (mut command, vars, roots) = match wrapped {
        None => (Command::new(program), Vec::new(), Vec::new()),
        Some(wrapped) => {
            let mut command = Command::new(wrapped.program);
            command.args(wrapped.args).arg(program);
            (command, wrapped.vars, wrapped.roots)
        }
    };
    sandbox::environment(&mut command, env, cwd, &vars);
    command
        .args(args)
        .current_dir(cwd)
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
        confined,
        tree: Tree { leader, mark },
        armed: true,
        roots,
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
