//! The system's own store of secrets, by the tool that comes with it: `security` on
//! macOS, `secret-tool` (libsecret) elsewhere on Unix. A secret goes through pipes
//! only, never through arguments, which others can see.

use std::io::{self, Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long the tool may take: it may ask for the password of a locked store.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longest answer that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// What the tool needs of the environment.
pub const NEEDS: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "XDG_DATA_HOME",
    "DISPLAY",
    "WAYLAND_DISPLAY",
];

/// Why the store could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KeychainError {
    /// There is no such tool.
    #[error("no keychain: {tool} is not installed{hint}")]
    NoTool {
        /// Its name.
        tool: &'static str,
        /// How to get it.
        hint: &'static str,
    },
    /// It could not be run, or said no.
    #[error("the keychain refused ({tool}): {why}")]
    Refused {
        /// Its name.
        tool: &'static str,
        /// Its words, or the system's.
        why: String,
    },
    /// It holds nothing under that name.
    #[error("the keychain has no secret named {account:?} of sofos")]
    Missing {
        /// The name.
        account: String,
    },
    /// The secret cannot be given to the tool.
    #[error("this secret cannot be kept in the keychain: it has quotes, backslashes or spaces")]
    Unfit,
}

/// The environment of the tool, as name and value.
pub type Vars = Vec<(&'static str, String)>;

#[cfg(target_os = "macos")]
const TOOL: &str = "/usr/bin/security";
#[cfg(not(target_os = "macos"))]
const TOOL: &str = "secret-tool";

#[cfg(target_os = "macos")]
const HINT: &str = "";
#[cfg(all(unix, not(target_os = "macos")))]
const HINT: &str = " (it comes with libsecret: the package libsecret-tools or libsecret)";
#[cfg(not(unix))]
const HINT: &str = ", and sofos knows no other here; keep the key in the file";

/// Where sofos' secrets are filed.
const SERVICE: &str = "sofos";

/// The secret kept under a name.
///
/// # Errors
/// When there is none, or the store cannot be used.
pub fn get(account: &str, vars: &Vars) -> Result<String, KeychainError> {
    let args: &[&str] = if cfg!(target_os = "macos") {
        &["find-generic-password", "-s", SERVICE, "-a", account, "-w"]
    } else {
        &["lookup", "service", SERVICE, "provider", account]
    };
    let answer = run(args, String::new(), vars)?;
    let secret = answer.out.trim_end_matches(['\r', '\n']);
    match (answer.ok, secret.is_empty(), answer.err.is_empty()) {
        (true, false, _) => Ok(secret.to_string()),
        // Both tools fail without, or with, few words when there is nothing.
        (_, _, true) => Err(missing(account)),
        _ if answer.err.contains("could not be found") => Err(missing(account)),
        _ => Err(refused(answer.err)),
    }
}

/// Keeps a secret under a name, in place of the one before.
///
/// # Errors
/// When the store cannot be used.
pub fn set(account: &str, secret: &str, vars: &Vars) -> Result<(), KeychainError> {
    let quoted = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '\\');
    if secret.is_empty() || secret.contains(quoted) {
        return Err(KeychainError::Unfit);
    }
    let label = format!("sofos: {account}");
    let answer = if cfg!(target_os = "macos") {
        let line = format!(
            "add-generic-password -U -s {SERVICE} -a {account} -l \"{label}\" -w \"{secret}\"\n"
        );
        run(&["-i"], line, vars)?
    } else {
        let args = &[
            "store", "--label", &label, "service", SERVICE, "provider", account,
        ];
        run(args, secret.to_string(), vars)?
    };
    match answer.ok && (answer.err.is_empty() || !cfg!(target_os = "macos")) {
        true => Ok(()),
        false => Err(refused(answer.err)),
    }
}

/// Forgets a secret; one that is not there is no fault.
///
/// # Errors
/// When the store cannot be used.
pub fn remove(account: &str, vars: &Vars) -> Result<(), KeychainError> {
    let args: &[&str] = if cfg!(target_os = "macos") {
        &["delete-generic-password", "-s", SERVICE, "-a", account]
    } else {
        &["clear", "service", SERVICE, "provider", account]
    };
    let answer = run(args, String::new(), vars)?;
    let gone = answer.ok || answer.err.is_empty() || answer.err.contains("could not be found");
    match gone {
        true => Ok(()),
        false => Err(refused(answer.err)),
    }
}

fn missing(account: &str) -> KeychainError {
    let account = account.to_string();
    KeychainError::Missing { account }
}

fn refused(err: String) -> KeychainError {
    let why = match err.trim() {
        "" => "it gave no reason".to_string(),
        words => crate::stdx::text::one_line(words, 300),
    };
    KeychainError::Refused { tool: TOOL, why }
}

struct Answer {
    ok: bool,
    out: String,
    err: String,
}

fn run(args: &[&str], input: String, vars: &Vars) -> Result<Answer, KeychainError> {
    let mut child = Command::new(TOOL)
        .args(args)
        .env_clear()
        .envs(vars.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => KeychainError::NoTool {
                tool: TOOL,
                hint: HINT,
            },
            _ => refused(error.to_string()),
        })?;
    let (stdin, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (done, ended) = mpsc::channel();
    std::thread::spawn(move || {
        // It may have ended without reading.
        let _ = stdin.map(|mut pipe| pipe.write_all(input.as_bytes()));
        let mut texts = (Vec::new(), Vec::new());
        let _ = out.map(|pipe| pipe.take(LONGEST).read_to_end(&mut texts.0));
        let _ = err.map(|pipe| pipe.take(LONGEST).read_to_end(&mut texts.1));
        let _ = done.send(texts);
    });
    let Ok((out, err)) = ended.recv_timeout(PATIENCE) else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(refused("it did not answer for a minute".to_string()));
    };
    let status = child.wait().map_err(|error| refused(error.to_string()))?;
    Ok(Answer {
        ok: status.success(),
        out: String::from_utf8_lossy(&out).into_owned(),
        err: String::from_utf8_lossy(&err).into_owned(),
    })
}
