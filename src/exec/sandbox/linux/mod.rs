//! The helper: sofos started again as `__sandbox`, which confines itself and then
//! runs the command.
//!
//! Three processes: the *watcher* stays outside, reports the command's end and
//! clears up; the *keeper* is the first process of the new namespaces, so its end
//! is the end of everything in them; the command is its child.

mod landlock;
mod mounts;
pub(super) mod protect;
mod seccomp;
mod spec;
mod sys;

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use protect::Guards;
pub(super) use spec::{Level, Spec};

/// The set-up failed; nothing was run.
pub(super) const BROKEN: i32 = 125;
const NOT_EXECUTABLE: i32 = 126;
const NOT_FOUND: i32 = 127;

/// Processes and threads of one command.
const PROCESSES: u64 = 8192;
/// Largest file a command may write, in bytes.
const FILE_SIZE: u64 = 64 << 30;

/// What root keeps inside: powers over the files it could reach anyway.
/// CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, NET_BIND_SERVICE.
const ROOT_KEEPS: u64 = 1 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 10;

/// Runs the helper; `args` are those after its name.
pub(super) fn helper(args: Vec<OsString>) -> ! {
    sys::close_from(3, false);
    let code = match Spec::parse(args) {
        None => fail("read its arguments", &io::ErrorKind::InvalidInput.into()),
        Some(spec) => match spec.level {
            Level::Full => watch(&spec),
            Level::Landlock => alone(&spec),
        },
    };
    sys::exit(code)
}

/// Runs the guard of a service or command (see `exec::service`). What is meant for those
/// it guards must not end it before them.
pub(super) fn guard(args: std::env::ArgsOs, own_session: bool) -> ! {
    sys::block_signals(sys::signal_bit(libc::SIGTERM) | of_terminals());
    sys::exit(crate::exec::service::guard(args, own_session))
}

/// Lets signals reach this process again.
pub(super) fn unblock_signals() {
    sys::block_signals(0);
}

/// Says what failed, on the error stream.
fn fail(action: &str, error: &io::Error) -> i32 {
    let words = format!("sofos sandbox: cannot {action}: {error}\n");
    let _ = rustix::io::write(rustix::stdio::stderr(), words.as_bytes());
    BROKEN
}

/// Without namespaces: Landlock and the filter around the command itself.
fn alone(spec: &Spec) -> i32 {
    let temp = spec.tmp();
    let writable = spec.roots.iter().chain(spec.caches.iter()).chain([&temp]);
    let writable = writable.map(|path| path.as_path());
    let devices = [
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/dev/tty",
        "/dev/shm",
    ];
    let writable = writable.chain(devices.map(Path::new));
    if let Err(error) = landlock::restrict(writable) {
        return fail("restrict files", &error);
    }
    if let Err(error) = seccomp::install(spec.network) {
        return fail("filter system calls", &error);
    }
    limits(false);
    run(spec)
}

/// Replaces this process by the command; the exit code when that fails.
fn run(spec: &Spec) -> i32 {
    sys::close_from(3, true);
    sys::block_signals(0);
    sys::default_signals();
    let args: io::Result<Vec<_>> = spec.command.iter().map(sys::cstring).collect();
    let error = match args {
        Ok(args) if !args.is_empty() => sys::exec(&args[0], &args),
        Ok(_) => io::ErrorKind::InvalidInput.into(),
        Err(error) => error,
    };
    let name = spec.command.first().cloned().unwrap_or_default();
    fail(&format!("run {}", name.to_string_lossy()), &error);
    if error.kind() == io::ErrorKind::NotFound {
        NOT_FOUND
    } else {
        NOT_EXECUTABLE
    }
}

fn limits(own_users: bool) {
    use rustix::process::Resource;
    sys::limit(Resource::Core, 0);
    sys::limit(Resource::Fsize, FILE_SIZE);
    if own_users {
        // Counted for the namespace alone; elsewhere it would count all of the user's.
        sys::limit(Resource::Nproc, PROCESSES);
    }
}

/// The watcher: starts the keeper, waits, clears up, ends as the command did.
fn watch(spec: &Spec) -> i32 {
    // When memory runs out the kernel takes the command before its user's programs.
    let _ = sys::write_proc("/proc/self/oom_score_adj", "500");
    let parent = rustix::process::getppid();
    // The end of sofos arrives as a signal, so that there is time to clear up.
    sys::block_signals(signals() | of_terminals());
    let gone = u64::try_from(libc::SIGUSR1).unwrap_or_default();
    let watched = sys::prctl(libc::PR_SET_PDEATHSIG, gone, 0);
    if watched.is_err() || rustix::process::getppid() != parent {
        return BROKEN;
    }
    let guards = Guards::raise(&spec.roots, spec.allow_git);
    let ended = confined(spec, &guards);
    guards.clear();
    match ended {
        Ok(status) if libc::WIFSIGNALED(status) => {
            sys::default_signals();
            sys::block_signals(0);
            limits(false);
            let signal = libc::WTERMSIG(status);
            sys::kill(std::process::id().cast_signed(), signal);
            // Only a signal that ends nobody gets here.
            128 + signal
        }
        Ok(status) => libc::WEXITSTATUS(status),
        Err(error) => fail("set up its namespaces", &error),
    }
}

fn signals() -> u64 {
    sys::signal_bit(libc::SIGCHLD) | sys::signal_bit(libc::SIGUSR1) | sys::signal_bit(libc::SIGTERM)
}

/// What keys and the end of a terminal send to everyone at it: meant for the command.
fn of_terminals() -> u64 {
    [libc::SIGINT, libc::SIGQUIT, libc::SIGTSTP, libc::SIGHUP]
        .into_iter()
        .fold(0, |all, signal| all | sys::signal_bit(signal))
}

/// Runs the keeper and waits; the raw status of the command.
fn confined(spec: &Spec, guards: &Guards) -> io::Result<i32> {
    let (go_read, go_write) = sys::pipe()?;
    let (status_read, status_write) = sys::pipe()?;
    let mut namespaces = libc::CLONE_NEWUSER
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWCGROUP;
    if !spec.network {
        namespaces |= libc::CLONE_NEWNET;
    }
    let keeper = sys::fork_into(namespaces)?;
    if keeper == 0 {
        drop((go_write, status_read));
        sys::exit(keep(spec, guards, &go_read, &status_write));
    }
    drop((go_read, status_write));
    let mapped = map_users(keeper);
    if mapped.is_ok() {
        let _ = rustix::io::write(&go_write, b"g");
    }
    drop(go_write);
    wait(keeper);
    let (_, own) = sys::wait_child(keeper)?;
    mapped?;
    let mut bytes = [0; 4];
    match rustix::io::read(&status_read, &mut bytes) {
        Ok(4) => Ok(i32::from_ne_bytes(bytes)),
        // It ended before the command did; it has said why.
        _ => Ok(own),
    }
}

/// Waits for the keeper's end, and ends it when sofos is gone.
fn wait(keeper: i32) {
    loop {
        match sys::wait_signal(signals()) {
            libc::SIGCHLD => break,
            libc::SIGUSR1 => {
                sys::kill(keeper, libc::SIGKILL);
                break;
            }
            // The polite signal goes to the whole group: the command has it too.
            _ => {}
        }
    }
}

/// Root keeps all users, so that files of others stay reachable; anybody else is
/// themselves alone.
fn map_users(keeper: i32) -> io::Result<()> {
    let write = |file: &str, text: &str| sys::write_proc(&format!("/proc/{keeper}/{file}"), text);
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    let (user, group) = (user.as_raw(), group.as_raw());
    if user == 0 {
        let users = std::fs::read_to_string("/proc/self/uid_map")?;
        let groups = std::fs::read_to_string("/proc/self/gid_map")?;
        // Root without the power to map others is root alone.
        if write("uid_map", &same_map(&users)).is_ok() {
            return write("gid_map", &same_map(&groups));
        }
    }
    write("setgroups", "deny")?;
    write("uid_map", &format!("{user} {user} 1"))?;
    write("gid_map", &format!("{group} {group} 1"))
}

/// Everybody who exists here, under the same number.
fn same_map(own: &str) -> String {
    let ranges = own.lines().filter_map(|line| {
        let mut fields = line.split_whitespace();
        let (first, length) = (fields.next()?, fields.nth(1)?);
        Some(format!("{first} {first} {length}\n"))
    });
    ranges.collect()
}

/// The keeper: builds the room, starts the command in it, reports its end.
fn keep(spec: &Spec, guards: &Guards, go: &OwnedFd, status: &OwnedFd) -> i32 {
    // Dies with the watcher: the kernel then ends everything in the namespace.
    let kill = u64::try_from(libc::SIGKILL).unwrap_or_default();
    if sys::prctl(libc::PR_SET_PDEATHSIG, kill, 0).is_err() {
        return BROKEN;
    }
    // No byte: the watcher is gone, or could not map the users and says so.
    if !matches!(rustix::io::read(go, &mut [0; 1]), Ok(1)) || orphaned(status) {
        return BROKEN;
    }
    if let Err((action, error)) = confine(spec, guards) {
        return fail(action, &error);
    }
    let command = match sys::fork_into(0) {
        Ok(0) => sys::exit(run(spec)),
        Ok(pid) => pid,
        Err(error) => return fail("start a process", &error),
    };
    // Outputs end with the command, not with its keeper.
    close_outputs();
    loop {
        match sys::wait_child(-1) {
            Ok((pid, ended)) if pid == command => {
                let _ = rustix::io::write(status, &ended.to_ne_bytes());
                return 0;
            }
            Ok(_) => {}
            Err(_) => return BROKEN,
        }
    }
}

/// Whether the reader of a pipe is gone.
fn orphaned(pipe: &OwnedFd) -> bool {
    use rustix::event::{PollFd, PollFlags};
    let mut fds = [PollFd::new(pipe, PollFlags::empty())];
    let now = rustix::event::Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let ready = rustix::event::poll(&mut fds, Some(&now));
    ready.is_err() || fds[0].revents().contains(PollFlags::ERR)
}

fn close_outputs() {
    for fd in 0..3 {
        let _ = sys::call!(libc::SYS_close, fd);
    }
}

/// Everything that is enforced, from outside in.
fn confine(spec: &Spec, guards: &Guards) -> Result<(), (&'static str, io::Error)> {
    let step = |action| move |error| (action, error);
    if !spec.network {
        sys::loopback_up().map_err(step("start the loopback network"))?;
    }
    mounts::build(spec, guards)?;
    rustix::process::chdir(&spec.cwd).map_err(|e| ("enter the working directory", e.into()))?;
    limits(true);
    // Its memory and environment are closed to what runs inside.
    sys::prctl(libc::PR_SET_DUMPABLE, 0, 0).map_err(step("close its own memory"))?;
    let root = rustix::process::geteuid().is_root();
    sys::drop_capabilities(if root { ROOT_KEEPS } else { 0 }).map_err(step("drop its powers"))?;
    if landlock::version() > 0 {
        let fixed = ["/tmp", "/var/tmp", "/dev"].map(Path::new);
        let given = spec.roots.iter().chain(&spec.caches);
        let writable = given.map(|path| path.as_path()).chain(fixed);
        landlock::restrict(writable).map_err(step("restrict files"))?;
    }
    seccomp::install(true).map_err(step("filter system calls"))
}
