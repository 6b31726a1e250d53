//! A program that takes the terminal over for a while: the user's editor. The one
//! child that gets it; it runs with the user's own environment, as it would from
//! a shell, and never on behalf of the model.

use std::path::Path;
use std::process::{Command, ExitStatus};

use super::ExecError;

/// Runs a command line with a file behind it and waits. The caller has given the
/// terminal back, and takes it again afterwards.
///
/// # Errors
/// When it does not start or cannot be waited for.
pub fn run(command: &str, file: &Path, cwd: &Path) -> Result<ExitStatus, ExecError> {
    let fail = |source| ExecError::Start {
        program: command.to_owned(),
        cwd: cwd.display().to_string(),
        source,
    };
    let mut child = shell(command, file)
        .current_dir(cwd)
        .spawn()
        .map_err(fail)?;
    wait(&mut child).map_err(|source| ExecError::Watch {
        program: command.to_owned(),
        source,
    })
}

#[cfg(unix)]
fn shell(command: &str, file: &Path) -> Command {
    let mut shell = Command::new("/bin/sh");
    // As git does it: the command may have arguments of its own.
    shell
        .arg("-c")
        .arg(format!("{command} \"$@\""))
        .arg("sofos")
        .arg(file);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str, file: &Path) -> Command {
    let mut words = command.split_whitespace();
    let mut program = Command::new(words.next().unwrap_or("notepad"));
    program.args(words).arg(file);
    program
}

/// Waits for the end. When the child is stopped from its keyboard, this process
/// stops with it, so that the shell takes over; it goes on with it, too.
#[cfg(unix)]
fn wait(child: &mut std::process::Child) -> std::io::Result<ExitStatus> {
    use rustix::process::{Pid, Signal, WaitOptions, kill_current_process_group, waitpid};
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    loop {
        let stopped = match waitpid(pid, WaitOptions::UNTRACED) {
            Ok(Some((_, status))) if !status.stopped() => {
                use std::os::unix::process::ExitStatusExt;
                return Ok(ExitStatus::from_raw(status.as_raw()));
            }
            Ok(status) => status.is_some(),
            Err(rustix::io::Errno::INTR) => false,
            Err(error) => return Err(error.into()),
        };
        if stopped {
            kill_current_process_group(Signal::STOP)?;
        }
    }
}

#[cfg(not(unix))]
fn wait(child: &mut std::process::Child) -> std::io::Result<ExitStatus> {
    child.wait()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_command_may_have_arguments_and_the_file_any_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a b.md");
        std::fs::write(&file, "one").unwrap();
        let status = run("sed -i s/one/two/", &file, dir.path()).unwrap();
        assert!(status.success());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "two");
        assert!(!run("false", &file, dir.path()).unwrap().success());
        assert_eq!(
            run("no-such-editor 2>/dev/null", &file, dir.path())
                .unwrap()
                .code(),
            Some(127)
        );
    }
}
