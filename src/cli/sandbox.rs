//! `sofos sandbox -- CMD…`: one command by hand, confined as the model's are.

use std::ffi::OsString;

use super::CliError;
use super::run::child_env;
use super::settings;
use crate::config::Env;
use crate::exec::sandbox;
use crate::protocol::sandbox::SandboxPolicy;

/// Runs it with the terminal's own streams; its exit code is the result.
pub(super) fn run(command: &[OsString], env: &Env) -> Result<u8, CliError> {
    let root = settings::workspace()?;
    let root = root
        .canonicalize()
        .map_err(CliError::io(format!("resolve {}", root.display())))?;
    let policy = SandboxPolicy::workspace(&root);
    let code = sandbox::run_by_hand(&policy, command, &root, &child_env(env))?;
    Ok(u8::try_from(code).unwrap_or(super::FAILED))
}
