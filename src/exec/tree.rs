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
    leader: u32,
    /// Value of [`MARK`] in the environment.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    mark: String,
    /// When the leader began: once it was waited for, its id may be given to another.
    #[cfg(target_os = "linux")]
    begun: Option<u64>,
}

impl Tree {
    /// The tree of a child that was not waited for yet, or of this process.
    pub(super) fn new(leader: u32, mark: String) -> Self {
        Self {
            leader,
            mark,
            #[cfg(target_os = "linux")]
            begun: Stat::read(leader).map(|stat| stat.begun),
        }
    }
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
}

#[cfg(target_os = "linux")]
impl Tree {
    /// Signals the group and all strays; returns how many strays there were.
    fn signal(&self, signal: rustix::process::Signal) -> usize {
        // Processes are looked up before the group dies: ancestry is lost with it.
        let (leader, strays) = self.processes();
        if leader == Leader::There
            && let Some(group) = pid(self.leader)
        {
            let _ = rustix::process::kill_process_group(group, signal);
        }
        strays.iter().for_each(|stray| stray.signal(signal));
        strays.len()
    }

    /// Signals what is below the leader, or was.
    fn signal_strays(&self, signal: rustix::process::Signal) {
        let (_, strays) = self.processes();
        strays.iter().for_each(|stray| stray.signal(signal));
    }

    /// What became of the leader, and the living rest of the tree. Without the leader,
    /// whose group cannot be signalled any more, that is all of its group too.
    fn processes(&self) -> (Leader, Vec<Stat>) {
        let leader = match Stat::read(self.leader) {
            None => Leader::Gone,
            Some(stat) if self.begun.is_none_or(|begun| begun == stat.begun) => Leader::There,
            Some(_) => Leader::Another,
        };
        (leader, self.strays(leader))
    }

    fn strays(&self, leader: Leader) -> Vec<Stat> {
        let mark = format!("{MARK}={}", self.mark);
        let mut family = Vec::new();
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
            // A session keeps its number from being given to others.
            let in_session = leader != Leader::Another && stat.session == self.leader;
            let is_leader = leader == Leader::There && stat.pid == self.leader;
            if in_session || is_leader || carries(stat.pid, &mark) {
                family.push(stat);
            } else {
                others.push(stat);
            }
        }
        // Children of the family join it until no more are found.
        loop {
            let before = family.len();
            let (joining, rest): (Vec<Stat>, Vec<Stat>) = others
                .into_iter()
                .partition(|stat| family.iter().any(|member| member.pid == stat.parent));
            family.extend(joining);
            others = rest;
            if family.len() == before {
                break;
            }
        }
        let own = std::process::id();
        family.retain(|stat| {
            let is_leader = leader == Leader::There && stat.pid == self.leader;
            !is_leader && stat.pid != own
        });
        family
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
impl Tree {
    /// Signals the group; nothing else is found here.
    fn signal(&self, signal: rustix::process::Signal) -> usize {
        if let Some(group) = pid(self.leader) {
            let _ = rustix::process::kill_process_group(group, signal);
        }
        0
    }

    fn signal_strays(&self, _signal: rustix::process::Signal) {}
}

#[cfg(unix)]
fn pid(id: u32) -> Option<rustix::process::Pid> {
    i32::try_from(id)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
}

/// What became of the leader of a tree.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leader {
    /// It lives, or waits to be waited for.
    There,
    Gone,
    /// Its id belongs to another process now.
    Another,
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
    /// Ticks since the start of the system: tells processes of one id apart.
    begun: u64,
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
        let begun = fields.nth(15)?.parse().ok()?;
        Some(Self {
            pid,
            parent,
            session,
            state,
            begun,
        })
    }

    /// Signals this process, and no other that has its id by now.
    fn signal(&self, signal: rustix::process::Signal) {
        use rustix::process::{PidfdFlags, kill_process, pidfd_open, pidfd_send_signal};
        let Some(pid) = pid(self.pid) else {
            return;
        };
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(process) => {
                if Self::read(self.pid).is_some_and(|stat| stat.begun == self.begun) {
                    let _ = pidfd_send_signal(&process, signal);
                }
            }
            // An old kernel, or a filter that does not know the call.
            Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => {
                let _ = kill_process(pid, signal);
            }
            Err(_) => {}
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::{Child, Command};

    /// A child that leads a group of its own.
    fn child() -> Child {
        Command::new("sleep")
            .arg("600")
            .process_group(0)
            .spawn()
            .unwrap()
    }

    #[test]
    fn an_id_given_to_another_process_is_left_alone() {
        let mut other = child();
        let mut tree = Tree::new(other.id(), "nobody".to_string());
        tree.begun = tree.begun.map(|begun| begun + 1);
        tree.terminate();
        tree.kill();
        assert_eq!(tree.processes().0, Leader::Another);
        assert!(Stat::read(other.id()).is_some_and(|stat| stat.state != 'Z'));
        other.kill().unwrap();
        assert_eq!(other.wait().unwrap().signal(), Some(9));
    }

    #[test]
    fn a_tree_ends_with_its_leader_and_its_group() {
        let mut leader = child();
        let tree = Tree::new(leader.id(), "nobody".to_string());
        tree.terminate();
        assert_eq!(leader.wait().unwrap().signal(), Some(15));
        // It was waited for: its number means nothing now.
        assert_eq!(tree.processes().0, Leader::Gone);
        tree.kill();
    }
}
