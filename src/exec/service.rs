//! A child that is spoken to over its streams for as long as it lives (an MCP server).
//!
//! It never outlives sofos: it hears the end of its input, and on Linux a guard (sofos
//! started again, see [`guard`]) stands between the two and ends the whole tree when
//! sofos is gone, even by SIGKILL.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::tree::{MARK, Tree};
use super::{Env, ExecError, sandbox};
use crate::stdx::ids;

/// Wait after the polite signal.
const AFTER_TERM: Duration = Duration::from_millis(500);

/// A running service. Dropping it ends the whole tree.
pub struct Service {
    child: Child,
    tree: Tree,
    /// A guard leads the tree.
    guarded: bool,
    ended: bool,
    /// Its standard input, until taken.
    pub input: Option<ChildStdin>,
    /// Its standard output, until taken.
    pub output: Option<ChildStdout>,
    /// Its standard error, until taken.
    pub errors: Option<ChildStderr>,
}

impl Service {
    /// Starts a program, found by the `PATH` of `env`, with exactly these variables.
    /// Call it from a runtime thread, never from a blocking-pool thread (see
    /// [`sandbox::detach`]).
    ///
    /// # Errors
    /// When the program is not found or does not start.
    pub fn start(program: &str, args: &[String], cwd: &Path, env: &Env) -> Result<Self, ExecError> {
        let fail = |source| ExecError::Start {
            program: program.to_string(),
            cwd: cwd.display().to_string(),
            source,
        };
        let missing = || {
            let words = "no program of that name in PATH";
            std::io::Error::new(std::io::ErrorKind::NotFound, words)
        };
        let found = find(program, cwd, env).ok_or_else(|| fail(missing()))?;
        let mark = ids::random(16);
        let guard = sandbox::guard_program();
        let mut command = match guard {
            None => Command::new(&found),
            Some((own, word)) => {
                let mut command = Command::new(own);
                command
                    .arg(word)
                    .arg(std::process::id().to_string())
                    .arg(&mark)
                    .arg(&found);
                command
            }
        };
        sandbox::environment(&mut command, env, cwd, &[]);
        command
            .args(args)
            .current_dir(cwd)
            .env(MARK, &mark)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        sandbox::detach(&mut command);
        let mut child = command.spawn().map_err(fail)?;
        let leader = child
            .id()
            .ok_or_else(|| fail(std::io::ErrorKind::NotFound.into()))?;
        Ok(Self {
            input: child.stdin.take(),
            output: child.stdout.take(),
            errors: child.stderr.take(),
            child,
            tree: Tree::new(leader, mark),
            guarded: guard.is_some(),
            ended: false,
        })
    }

    /// Waits for its end: how it ended, in words (`exit code 1`).
    pub async fn wait(&mut self) -> String {
        let status = self.child.wait().await;
        self.ended = true;
        match status {
            Ok(status) => words(status),
            Err(error) => error.to_string(),
        }
    }

    /// Ends it: its input is closed, then `patience`, then the polite signal, then the
    /// other one. The caller has dropped the input if it took it.
    pub async fn stop(&mut self, patience: Duration) {
        self.input = None;
        if !self.ended && tokio::time::timeout(patience, self.wait()).await.is_err() {
            if self.guarded {
                self.tree.terminate_below();
            } else {
                self.tree.terminate();
            }
            let _ = tokio::time::timeout(AFTER_TERM, self.wait()).await;
        }
        self.tree.kill();
        if !self.ended {
            let _ = tokio::time::timeout(AFTER_TERM, self.wait()).await;
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if !self.ended {
            self.tree.kill();
        }
    }
}

fn words(status: std::process::ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("signal {signal}");
    }
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => "an unknown end".to_string(),
    }
}

/// The file of a program: as named when that has a directory, else the first of `PATH`.
fn find(program: &str, cwd: &Path, env: &Env) -> Option<PathBuf> {
    let usable = |path: PathBuf| {
        ENDINGS.iter().find_map(|ending| {
            let mut name = path.clone().into_os_string();
            name.push(ending);
            let path = PathBuf::from(name);
            is_program(&path).then_some(path)
        })
    };
    let named = Path::new(program);
    if named.components().count() > 1 {
        return usable(cwd.join(named));
    }
    let path = env
        .vars()
        .iter()
        .find(|(name, _)| name == "PATH" || name == "Path")?;
    std::env::split_paths(&path.1).find_map(|dir| usable(dir.join(named)))
}

#[cfg(not(windows))]
const ENDINGS: &[&str] = &[""];
#[cfg(windows)]
const ENDINGS: &[&str] = &[".exe", ".cmd", ".bat", ""];

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// What the helper does: starts the program with its own streams, and waits for the end
/// of either that or of the process that started it. Whichever ends first, nothing of
/// the tree is left behind: what loses its parent becomes a child of the guard. It ends
/// as the program did; the result is the exit code.
///
/// A service has a session of its own, and a second to end by itself. A command shares
/// the guard's: there may be a terminal to it.
#[cfg(target_os = "linux")]
pub(super) fn guard(mut args: impl Iterator<Item = std::ffi::OsString>, own_session: bool) -> i32 {
    use rustix::process::{Pid, PidfdFlags, getppid, pidfd_open};
    const BROKEN: i32 = 125;
    let parent = args.next().and_then(|pid| pid.to_str()?.parse().ok());
    let parent = parent.and_then(Pid::from_raw);
    let (Some(parent), Some(mark), Some(program)) = (parent, args.next(), args.next()) else {
        return BROKEN;
    };
    // The signal would end the guard before it can end the others.
    let _ = rustix::process::set_parent_process_death_signal(None);
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let watched = pidfd_open(parent, PidfdFlags::empty());
    if getppid() != Some(parent) {
        return BROKEN;
    }
    let mut command = Command::new(&program);
    command.args(args);
    sandbox::tie(&mut command, own_session);
    let mut child = match command.as_std_mut().spawn() {
        Ok(child) => child,
        Err(error) => {
            let words = format!("{}: {error}\n", Path::new(&program).display());
            let _ = rustix::io::write(rustix::stdio::stderr(), words.as_bytes());
            return 127;
        }
    };
    let tree = Tree::new(std::process::id(), mark.to_string_lossy().into_owned());
    let own = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let own = own.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    if let (Ok(parent), Some(own)) = (watched, own)
        && ends(&[&parent, &own], None) == Some(0)
    {
        // It heard the end of its input, too, and may end by itself.
        if own_session {
            ends(&[&own], Some(1));
        }
        tree.kill_below();
    }
    let status = child.wait();
    end_children(&tree);
    match status {
        Ok(status) => {
            use std::os::unix::process::ExitStatusExt;
            status
                .code()
                .unwrap_or_else(|| end_by(status.signal().unwrap_or(0)))
        }
        Err(_) => BROKEN,
    }
}

/// Ends what is left of the tree. Mostly nothing is, and nothing has to be looked for.
#[cfg(target_os = "linux")]
fn end_children(tree: &Tree) {
    use rustix::process::{WaitOptions, wait};
    const MOST: usize = 500;
    for _ in 0..MOST {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
            Ok(None) => {
                tree.kill_below();
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(_) => break,
        }
    }
}

/// Ends the guard by the signal that ended what it guards.
#[cfg(target_os = "linux")]
fn end_by(signal: i32) -> i32 {
    use rustix::process::{Resource, Rlimit, Signal, getpid, kill_process, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    if let Some(named) = Signal::from_named_raw(signal) {
        sandbox::unblock_signals();
        let _ = kill_process(getpid(), named);
    }
    128 + signal
}

/// Waits until one of the processes has ended: which. Nothing after `seconds`.
#[cfg(target_os = "linux")]
fn ends(processes: &[&std::os::fd::OwnedFd], seconds: Option<i64>) -> Option<usize> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let limit = seconds.map(|tv_sec| Timespec { tv_sec, tv_nsec: 0 });
    loop {
        let mut fds: Vec<_> = processes
            .iter()
            .map(|fd| PollFd::new(*fd, PollFlags::IN))
            .collect();
        match poll(&mut fds, limit.as_ref()) {
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
            Ok(_) => return fds.iter().position(|fd| !fd.revents().is_empty()),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn env() -> Env {
        Env::scrubbed(std::env::vars_os().filter(|(name, _)| name == "PATH"))
    }

    #[tokio::test]
    async fn it_is_spoken_to_and_ends_with_its_input() {
        let dir = tempfile::tempdir().unwrap();
        let args = ["-c".to_string(), "echo warn >&2; cat".to_string()];
        let mut service = Service::start("sh", &args, dir.path(), &env()).unwrap();
        let mut input = service.input.take().unwrap();
        input.write_all(b"hello\n").await.unwrap();
        drop(input);
        let mut said = String::new();
        let mut output = service.output.take().unwrap();
        output.read_to_string(&mut said).await.unwrap();
        assert_eq!(said, "hello\n");
        assert_eq!(service.wait().await, "exit code 0");
    }

    #[tokio::test]
    async fn one_that_does_not_listen_is_ended_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let line = "trap '' TERM; sleep 1000 & sleep 1000".to_string();
        let mut service =
            Service::start("sh", &["-c".to_string(), line], dir.path(), &env()).unwrap();
        service.stop(Duration::from_millis(20)).await;
        assert_eq!(service.wait().await, "signal 9");
    }

    #[test]
    fn a_missing_program_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = Service::start("no-such-program", &[], dir.path(), &env()).err();
        let words = error.unwrap().to_string();
        assert!(words.contains("no-such-program"), "{words}");
        assert!(words.contains("PATH"), "{words}");
    }
}
