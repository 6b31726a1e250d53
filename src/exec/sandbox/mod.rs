//! What the operating system must do between fork and exec. All `unsafe` of the
//! room is here.

use tokio::process::Command;

/// Makes the child the leader of a new session, without a controlling terminal,
/// and (Linux) has the kernel end it when sofos dies.
///
/// The kernel ties the latter to the *thread* that spawns: spawn from a thread
/// that lives as long as the runtime, never from a blocking-pool thread.
#[cfg(unix)]
#[allow(unsafe_code)]
pub(super) fn detach(command: &mut Command) {
    #[cfg(target_os = "linux")]
    let parent = rustix::process::getpid();
    let in_child = move || {
        rustix::process::setsid()?;
        #[cfg(target_os = "linux")]
        {
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
            // The parent may have died before the signal was asked for.
            if rustix::process::getppid() != Some(parent) {
                return Err(std::io::ErrorKind::Interrupted.into());
            }
        }
        Ok(())
    };
    // SAFETY: the closure runs in the forked child before exec, where only
    // async-signal-safe calls are allowed: it makes three plain system calls
    // (setsid, prctl, getppid), allocates nothing, takes no lock, and captures
    // one integer by value.
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
