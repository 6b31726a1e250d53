//! Ending a child with everything it started.
//!
//! A signal to the session's process group reaches what stayed in it. What left
//! (another `setsid`, a double fork) is found on Linux through `/proc`: by
//! ancestry, by session, and by a mark in the environment every descendant
//! inherits.

use std::time::Duration;

/// Name of the environment mark; its value is different for each command.
pub(super) const MARK: &str = "SOFOS_COMMAND_ID";

/// How long a child may take to end by itself after the polite signal.
pub(super) const GRACE: Duration = Duration::from_millis(60);

/// One command's processes.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    /// Process id of the direct child, which leads its session and group.
    pub(super) leader: u32,
    /// Value of [`MARK`] in the environment.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    pub(super) mark: String,
}

#[cfg(unix)]
impl Tree {
    /// Asks everything to end.
    pub(super) fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// Asks everything but the leader to end.
    pub(super) fn terminate_below(&self) {
        self.signal_strays(rustix::process::Signal::TERM);
    }

    /// Ends everything but the leader.
    #[cfg(target_os = "linux")]
    pub(super) fn kill_below(&self) {
        self.signal_strays(rustix::process::Signal::KILL);
    }

    /// Ends everything.
    pub(super) fn kill(&self) {
        // A process may fork while the list is read; a second look finds its children.
        for _ in 0..3 {
            if self.signal(rustix::process::Signal::KILL) == 0 {
                break;
            }
        }
    }

    /// Signals the group and all strays; returns how many strays there were.
    fn signal(&self, signal: rustix::process::Signal) -> usize {
        use rustix::process::{Pid, kill_process, kill_process_group};
        let pid = |id: u32| i32::try_from(id).ok().and_then(Pid::from_raw);
        // Processes are looked up before the group dies: ancestry is lost with it.
        let strays = strays(self);
        if let Some(group) = pid(self.leader) {
            let _ = kill_process_group(group, signal);
        }
        for stray in strays.iter().filter_map(|id| pid(*id)) {
            let _ = kill_process(stray, signal);
        }
        strays.len()
    }

    /// Signals what is not in the leader's group.
    fn signal_strays(&self, signal: rustix::process::Signal) {
        use rustix::process::{Pid, kill_process};
        let pid = |id: u32| i32::try_from(id).ok().and_then(Pid::from_raw);
        for stray in strays(self).iter().filter_map(|id| pid(*id)) {
            let _ = kill_process(stray, signal);
        }
    }
}

#[cfg(windows)]
impl Tree {
    /// Windows has no polite signal for a process without a window.
    pub(super) fn terminate(&self) {}

    /// Nor for those below it.
    pub(super) fn terminate_below(&self) {}

    /// Ends everything, through the system's own tool.
    pub(super) fn kill(&self) {
        let _ = std::process::Command::new("taskkill")
            .args(["/T", "/F", "/PID", &self.leader.to_string()])
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status();
    }
}

/// Living processes of the tree that are not in its process group.
#[cfg(target_os = "linux")]
fn strays(tree: &Tree) -> Vec<u32> {
    let mark = format!("{MARK}={}", tree.mark);
    let mut family = vec![tree.leader];
    let mut others = Vec::new();
    for stat in std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(Stat::read)
    {
        if stat.state == 'Z' {
            continue;
        }
        if stat.session == tree.leader || carries(stat.pid, &mark) {
            family.push(stat.pid);
        } else {
            others.push(stat);
        }
    }
    // Children of the family join it until no more are found.
    loop {
        let before = family.len();
        others.retain(|stat| {
            let joins = family.contains(&stat.parent);
            if joins {
                family.push(stat.pid);
            }
            !joins
        });
        if family.len() == before {
            break;
        }
    }
    let own = std::process::id();
    family.retain(|pid| *pid != tree.leader && *pid != own);
    family
}

#[cfg(all(unix, not(target_os = "linux")))]
fn strays(_tree: &Tree) -> Vec<u32> {
    Vec::new()
}

/// The environment is readable for processes of the same user only; others
/// cannot be ours (or could not be signalled anyway).
#[cfg(target_os = "linux")]
fn carries(pid: u32, mark: &str) -> bool {
    std::fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|environ| environ.split(|b| *b == 0).any(|var| var == mark.as_bytes()))
}

#[cfg(target_os = "linux")]
struct Stat {
    pid: u32,
    parent: u32,
    session: u32,
    state: char,
}

#[cfg(target_os = "linux")]
impl Stat {
    /// Nothing when the process is gone.
    fn read(pid: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may hold anything, also parentheses.
        let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let session = fields.nth(1)?.parse().ok()?;
        Some(Self {
            pid,
            parent,
            session,
            state,
        })
    }
}
