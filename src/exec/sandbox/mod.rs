//! The operating system's part: what happens between fork and exec, and the
//! sandbox around commands. All `unsafe` of the room is here.
//!
//! On Linux sofos starts itself again ([`entry`]) as a helper that confines itself
//! and then runs the command; macOS has `sandbox-exec`; Windows has nothing yet.
//! [`state`] tells by trying what is enforced on this machine.

use tokio::process::Command;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(unix)]
pub(super) mod pty;
mod surroundings;
#[cfg(unix)]
mod temp;

#[cfg(target_os = "linux")]
mod wrap_linux;
#[cfg(not(target_os = "linux"))]
mod wrap_other;

#[cfg(target_os = "linux")]
use wrap_linux as system;
#[cfg(not(target_os = "linux"))]
use wrap_other as system;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::{Env, ExecError};
use crate::protocol::sandbox::{SandboxPolicy, SandboxState};

/// What to start instead of a command, so that it runs confined.
#[derive(Debug, Default)]
pub(super) struct Wrapped {
    /// The program that confines and then runs the command.
    pub(super) program: PathBuf,
    /// Its arguments before the command's own.
    pub(super) args: Vec<OsString>,
    /// Variables that are different inside; nothing for one that is not there.
    pub(super) vars: Vec<(OsString, Option<OsString>)>,
    /// Workspaces to clear up when the program had no time for it.
    pub(super) roots: Vec<PathBuf>,
}

/// What to start for a command under a policy; nothing when it runs as it is:
/// the policy is off, or the machine has no sandbox (see [`state`]).
pub(super) fn wrap(
    policy: &SandboxPolicy,
    cwd: &Path,
    env: &Env,
) -> Result<Option<Wrapped>, ExecError> {
    if *policy == SandboxPolicy::Off {
        return Ok(None);
    }
    system::wrap(policy, cwd, env)
}

/// What is enforced here. The first call runs a confined command with the very
/// flags used later (some milliseconds); the answer is kept for the process.
pub fn state() -> SandboxState {
    system::state().clone()
}

/// A guess at [`state`] that costs nothing: the word for a status line.
pub fn likely() -> bool {
    system::likely()
}

/// Runs a program confined, with this process's own streams, and gives its exit
/// code (128 + signal when one ended it). For a person at a terminal.
///
/// # Errors
/// When the machine has no sandbox, or the program cannot be started.
pub fn run_by_hand(
    policy: &SandboxPolicy,
    command: &[OsString],
    cwd: &Path,
    env: &Env,
) -> Result<i32, ExecError> {
    let unavailable = |why: String| ExecError::NoSandbox { why };
    if let SandboxState::None(why) = state() {
        return Err(unavailable(why));
    }
    let wrapped = wrap(policy, cwd, env)?
        .ok_or_else(|| unavailable("the policy switches it off".to_string()))?;
    let args: Vec<OsString> = match command {
        // One word with blanks is a command line.
        [line] if line.to_string_lossy().contains(char::is_whitespace) => {
            let (shell, args) = super::shell::shell();
            let words = [shell].into_iter().chain(args.iter().copied());
            words.map(OsString::from).chain([line.clone()]).collect()
        }
        words => words.to_vec(),
    };
    let fail = |source| ExecError::Start {
        program: wrapped.program.display().to_string(),
        cwd: cwd.display().to_string(),
        source,
    };
    let mut started = Command::new(&wrapped.program);
    started.args(&wrapped.args).args(args).current_dir(cwd);
    environment(&mut started, env, cwd, &wrapped.vars);
    if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        started.stdin(std::process::Stdio::null());
    }
    detach(&mut started);
    let status = started.as_std_mut().status().map_err(fail)?;
    for root in &wrapped.roots {
        tidy(root);
    }
    Ok(code(status))
}

/// The scrubbed environment, with what is different inside a sandbox.
pub(super) fn environment(
    command: &mut Command,
    env: &Env,
    cwd: &Path,
    vars: &[(OsString, Option<OsString>)],
) {
    command
        .env_clear()
        .envs(env.vars().iter().map(|(name, value)| (name, value)))
        .env("PWD", cwd);
    for (name, value) in vars {
        match value {
            Some(value) => command.env::<&OsStr, &OsStr>(name, value),
            None => command.env_remove(name),
        };
    }
}

#[cfg(unix)]
fn code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

#[cfg(windows)]
fn code(status: std::process::ExitStatus) -> i32 {
    status.code().unwrap_or(-1)
}

/// The helper's way in: does not return when this process was started as one.
/// `main` calls it before anything else; a program that does not has no sandbox.
pub fn entry() {
    #[cfg(target_os = "linux")]
    {
        system::READY.store(true, std::sync::atomic::Ordering::Relaxed);
        let mut args = std::env::args_os();
        match args.nth(1) {
            Some(word) if word == system::HELPER => linux::helper(args.collect()),
            Some(word) if word == GUARD => linux::guard(args, true),
            Some(word) if word == COMMAND_GUARD => linux::guard(args, false),
            _ => {}
        }
    }
}

/// First argument of the guard of a service.
#[cfg(target_os = "linux")]
const GUARD: &str = "__guard";

/// First argument of the guard of a command that nothing confines.
#[cfg(target_os = "linux")]
const COMMAND_GUARD: &str = "__guard-command";

/// The program that guards a service and its first argument, where there is one.
pub(super) fn guard_program() -> Option<(&'static Path, &'static str)> {
    #[cfg(target_os = "linux")]
    return ready().then(|| (Path::new(system::SELF), GUARD));
    #[cfg(not(target_os = "linux"))]
    None
}

/// The same for a command: confined ones need none, their namespace ends with them.
pub(super) fn command_guard() -> Option<(&'static Path, &'static str)> {
    #[cfg(target_os = "linux")]
    return ready().then(|| (Path::new(system::SELF), COMMAND_GUARD));
    #[cfg(not(target_os = "linux"))]
    None
}

#[cfg(target_os = "linux")]
fn ready() -> bool {
    system::READY.load(std::sync::atomic::Ordering::Relaxed)
}

/// Lets signals reach this process again; for a guard, which has one thread.
#[cfg(target_os = "linux")]
pub(super) fn unblock_signals() {
    linux::unblock_signals();
}

/// Removes what confined commands may have left in a workspace.
pub(super) fn tidy(root: &Path) {
    #[cfg(target_os = "linux")]
    linux::protect::tidy(root);
    #[cfg(not(target_os = "linux"))]
    let _ = root;
}

/// Whether this is an empty directory that stands in a workspace only while a command
/// runs, so that nobody can make one of that name.
pub fn is_stand_in(meta: &std::fs::Metadata) -> bool {
    #[cfg(target_os = "linux")]
    return linux::protect::is_marked(meta);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = meta;
        false
    }
}

/// Removes the temporary files of this process's commands. `main` calls it last.
pub fn clean_up() {
    #[cfg(unix)]
    temp::remove();
}

/// Makes the child the leader of a new session, without a controlling terminal,
/// and (Linux) has the kernel end it when sofos dies.
///
/// The kernel ties the latter to the *thread* that spawns: spawn from a thread
/// that lives as long as the runtime, never from a blocking-pool thread.
#[cfg(unix)]
pub(super) fn detach(command: &mut Command) {
    tie(command, true);
}

/// [`detach`], in a session of its own or in that of its parent.
#[cfg(unix)]
#[allow(unsafe_code)]
pub(super) fn tie(command: &mut Command, own_session: bool) {
    #[cfg(target_os = "linux")]
    let parent = rustix::process::getpid();
    let in_child = move || {
        if own_session {
            rustix::process::setsid()?;
        }
        #[cfg(target_os = "linux")]
        {
            // A guard has some of them blocked.
            linux::unblock_signals();
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
            // The parent may have died before the signal was asked for.
            if rustix::process::getppid() != Some(parent) {
                return Err(std::io::ErrorKind::Interrupted.into());
            }
        }
        Ok(())
    };
    // SAFETY: the closure runs in the forked child before exec, where only
    // async-signal-safe calls are allowed: it makes four plain system calls
    // (setsid, sigprocmask, prctl, getppid), allocates nothing, takes no lock, and captures
    // an integer and a flag by value.
    unsafe {
        command.pre_exec(in_child);
    }
}

/// A process group of its own, so that Ctrl+C in the console does not reach it.
#[cfg(windows)]
pub(super) fn detach(command: &mut Command) {
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    command.creation_flags(CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW);
}
