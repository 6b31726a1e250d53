//! Starting a child the only allowed way: no inherited input, no terminal but one
//! of its own, a scrubbed environment, a session of its own, one pipe for both
//! outputs.

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

/// Where a child's input is written to.
pub(super) type Input = Box<dyn tokio::io::AsyncWrite + Send + Unpin>;

/// What a child's streams are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Streams {
    /// A terminal of its own.
    pub(super) pty: bool,
    /// Its input is open.
    pub(super) input: bool,
}

/// A started child. Dropping it ends the whole tree.
pub(super) struct Running {
    /// The direct child.
    pub(super) child: Child,
    /// Both its outputs, in the order they were written.
    pub(super) output: Output,
    /// Its input, when that is open.
    pub(super) input: Option<Input>,
    /// Whether it runs in a sandbox.
    pub(super) confined: bool,
    tree: Tree,
    /// A guard leads the tree.
    guarded: bool,
    armed: bool,
    /// Workspaces to clear up after a forced end.
    roots: Vec<PathBuf>,
}

impl Running {
    /// Asks the tree to end.
    pub(super) fn terminate(&self) {
        if self.guarded {
            self.tree.terminate_below();
        } else {
            self.tree.terminate();
        }
    }

    /// Ends the tree.
    pub(super) fn kill(&self) {
        self.tree.kill();
        for root in &self.roots {
            sandbox::tidy(root);
        }
    }

    /// The child ended by itself. What it left running a guard has ended; without one it
    /// is left alone.
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
    streams: Streams,
) -> Result<Running, ExecError> {
    let fail = |source| ExecError::Start {
        program: program.to_string(),
        cwd: cwd.display().to_string(),
        source,
    };
    let mark = ids::random(16);
    let wrapped = sandbox::wrap(policy, cwd, env)?;
    let confined = wrapped.is_some();
    let guard = sandbox::command_guard().filter(|_| !confined);
    let (mut command, vars, roots) = match wrapped {
        None => {
            let command = match guard {
                None => Command::new(program),
                Some((own, word)) => {
                    let mut command = Command::new(own);
                    let own_id = std::process::id().to_string();
                    command.args([word, &own_id, &mark, program]);
                    command
                }
            };
            (command, Vec::new(), Vec::new())
        }
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
        .kill_on_drop(true);
    sandbox::detach(&mut command);
    let Connected(child, output, input) = connect(command, streams).map_err(fail)?;
    let leader = child
        .id()
        .ok_or_else(|| fail(std::io::ErrorKind::NotFound.into()))?;
    Ok(Running {
        child,
        output,
        input,
        confined,
        tree: Tree::new(leader, mark),
        guarded: guard.is_some(),
        armed: true,
        roots,
    })
}

/// A child and its streams.
struct Connected(Child, Output, Option<Input>);

/// One pipe for both outputs keeps their order.
#[cfg(unix)]
fn connect(mut command: Command, streams: Streams) -> std::io::Result<Connected> {
    use std::os::fd::OwnedFd;
    use tokio::net::unix::pipe::{Receiver, Sender};
    if streams.pty {
        let pair = sandbox::pty::open()?;
        command
            .stdin(pair.slave.try_clone()?)
            .stdout(pair.slave.try_clone()?)
            .stderr(pair.slave);
        sandbox::pty::control(&mut command);
        let child = command.spawn()?;
        drop(command);
        let input = Sender::from_owned_fd_unchecked(pair.master.try_clone()?)?;
        let output = Receiver::from_owned_fd_unchecked(pair.master)?;
        return Ok(Connected(child, output, Some(Box::new(input))));
    }
    let input: Option<Input> = if streams.input {
        let (reader, writer) = std::io::pipe()?;
        command.stdin(OwnedFd::from(reader));
        Some(Box::new(Sender::from_owned_fd(writer.into())?))
    } else {
        command.stdin(Stdio::null());
        None
    };
    let (reader, writer) = std::io::pipe()?;
    command
        .stdout(writer.try_clone()?)
        .stderr(OwnedFd::from(writer));
    let child = command.spawn()?;
    // Our copies of the writing end go with `command`; else there is no end of file.
    drop(command);
    let output = Receiver::from_owned_fd(reader.into())?;
    Ok(Connected(child, output, input))
}

#[cfg(windows)]
fn connect(mut command: Command, streams: Streams) -> std::io::Result<Connected> {
    if streams.pty {
        let why = "a terminal for a command is not supported on Windows";
        return Err(std::io::Error::new(std::io::ErrorKind::Unsupported, why));
    }
    command.stdin(if streams.input {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    // The shell merges the outputs itself (see `shell::wrap`).
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let input = child.stdin.take().map(|input| Box::new(input) as Input);
    let output = child
        .stdout
        .take()
        .ok_or_else(|| std::io::Error::other("no pipe"))?;
    Ok(Connected(child, output, input))
}
