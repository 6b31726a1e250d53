//! Linux: which helper to start, and finding out what it can do here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::linux::{BROKEN, Level, Spec};
use super::surroundings::{caches, hidden};
use super::{Wrapped, environment, temp};
use crate::exec::{Env, ExecError};
use crate::protocol::sandbox::{SandboxPolicy, SandboxState};

/// First argument of the helper.
pub(super) const HELPER: &str = "__sandbox";

/// Set by the way in for helpers: without it this program, started again, would not
/// become one.
pub(super) static READY: AtomicBool = AtomicBool::new(false);

/// This very program, also when its file was replaced by an update.
pub(super) const SELF: &str = "/proc/self/exe";

/// What the probe's command exits with.
const PROBE: i32 = 42;

pub(super) fn wrap(
    policy: &SandboxPolicy,
    cwd: &Path,
    env: &Env,
) -> Result<Option<Wrapped>, ExecError> {
    let level = match state() {
        SandboxState::Full => Level::Full,
        SandboxState::Partial(_) => Level::Landlock,
        SandboxState::None(_) => return Ok(None),
    };
    let temp = temp::dir().map_err(|source| ExecError::Watch {
        program: "the sandbox's temporary directory".to_string(),
        source,
    })?;
    Ok(Some(wrapped(level, policy, &temp, cwd, env)))
}

fn wrapped(level: Level, policy: &SandboxPolicy, temp: &Path, cwd: &Path, env: &Env) -> Wrapped {
    let (roots, more) = match policy {
        SandboxPolicy::WorkspaceWrite { roots, hidden, .. } => (roots.clone(), hidden.as_slice()),
        SandboxPolicy::ReadOnly | SandboxPolicy::Off => (Vec::new(), [].as_slice()),
    };
    let hidden = match level {
        Level::Full => hidden(env, &roots, cwd, more),
        // Landlock cannot take away what lies below an open directory.
        Level::Landlock => Vec::new(),
    };
    let (tmp, caches) = match level {
        Level::Full => (PathBuf::from("/tmp"), caches(env, &roots)),
        // Without layers the real caches would be open.
        Level::Landlock => (temp.join("tmp"), Vec::new()),
    };
    let mut args = vec![OsString::from(HELPER)];
    args.extend(Spec::args(level, policy, temp, cwd, &caches, &hidden));
    Wrapped {
        program: SELF.into(),
        args,
        vars: variables(level, env, &tmp),
        roots,
    }
}

/// What differs inside: temporary files, sockets that are not there, and caches
/// that do not exist and cannot be made.
fn variables(level: Level, env: &Env, tmp: &Path) -> Vec<(OsString, Option<OsString>)> {
    let mut out: Vec<(OsString, Option<OsString>)> = vec![("TMPDIR".into(), Some(tmp.into()))];
    for name in ["TMP", "TEMP", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"] {
        out.push((name.into(), None));
    }
    let set = |name: &str| env.vars().iter().any(|(known, _)| known == name);
    let usable =
        |dir: &str| level == Level::Full && env.home().is_some_and(|home| home.join(dir).is_dir());
    for (name, dir) in [("XDG_CACHE_HOME", ".cache"), ("npm_config_cache", ".npm")] {
        if !usable(dir) && !set(name) {
            out.push((name.into(), Some(tmp.join(dir).into())));
        }
    }
    out
}

pub(super) fn state() -> &'static SandboxState {
    static STATE: OnceLock<SandboxState> = OnceLock::new();
    STATE.get_or_init(|| {
        if !READY.load(Ordering::Relaxed) {
            let why = "this program does not call exec::sandbox::entry first";
            return SandboxState::None(why.to_string());
        }
        let Err(full) = probe(Level::Full) else {
            return SandboxState::Full;
        };
        match probe(Level::Landlock) {
            Ok(()) => SandboxState::Partial(format!(
                "no namespaces here ({full}): writes are limited to the workspace, but .git and \
                 editor settings in it are open, your keys can be read, and there is no network, \
                 not even loopback"
            )),
            Err(landlock) => SandboxState::None(format!("{full}; {landlock}")),
        }
    })
}

/// Runs a command confined; the words say why that failed.
fn probe(level: Level) -> Result<(), String> {
    let temp = temp::dir().map_err(|error| format!("no temporary directory: {error}"))?;
    let root = temp.join("probe");
    std::fs::create_dir_all(&root).map_err(|error| error.to_string())?;
    let policy = SandboxPolicy::workspace(&root);
    let env = Env::scrubbed([]);
    let wrapped = wrapped(level, &policy, &temp, &root, &env);
    let mut command = tokio::process::Command::new(&wrapped.program);
    let line = format!("exit {PROBE}");
    command.args(&wrapped.args).args(["/bin/sh", "-c", &line]);
    environment(&mut command, &env, &root, &wrapped.vars);
    command.stdin(std::process::Stdio::null());
    command.current_dir(&root);
    super::detach(&mut command);
    let output = command
        .as_std_mut()
        .output()
        .map_err(|error| format!("cannot start its helper: {error}"))?;
    match output.status.code() {
        Some(PROBE) => Ok(()),
        Some(BROKEN) => {
            let words = String::from_utf8_lossy(&output.stderr);
            let line = words.lines().next().unwrap_or("no reason given");
            Err(line.trim_start_matches("sofos sandbox: ").to_string())
        }
        _ => Err(format!("the trial command ended with {}", output.status)),
    }
}

/// Whether the kernel's switches allow namespaces to this user.
pub(super) fn likely() -> bool {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let root = rustix::process::geteuid().is_root();
    let off = |path: &str, value: &str| !root && read(path).trim() == value;
    !(read("/proc/sys/user/max_user_namespaces").trim() == "0"
        || off("/proc/sys/kernel/unprivileged_userns_clone", "0")
        || off(
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "1",
        ))
}
