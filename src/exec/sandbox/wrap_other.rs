//! Systems other than Linux.

use std::path::Path;
use std::sync::OnceLock;

use super::Wrapped;
use crate::exec::{Env, ExecError};
use crate::protocol::sandbox::{SandboxPolicy, SandboxState};

#[cfg(target_os = "macos")]
pub(super) fn wrap(
    policy: &SandboxPolicy,
    cwd: &Path,
    env: &Env,
) -> Result<Option<Wrapped>, ExecError> {
    if matches!(state(), SandboxState::None(_)) {
        return Ok(None);
    }
    let temp = super::temp::dir().map_err(|source| ExecError::Watch {
        program: "the sandbox's temporary directory".to_string(),
        source,
    })?;
    Ok(Some(super::macos::wrapped(policy, &temp, cwd, env)))
}

#[cfg(not(target_os = "macos"))]
pub(super) fn wrap(
    _policy: &SandboxPolicy,
    _cwd: &Path,
    _env: &Env,
) -> Result<Option<Wrapped>, ExecError> {
    Ok(None)
}

pub(super) fn state() -> &'static SandboxState {
    static STATE: OnceLock<SandboxState> = OnceLock::new();
    STATE.get_or_init(|| {
        #[cfg(target_os = "macos")]
        return super::macos::probe();
        #[cfg(not(target_os = "macos"))]
        SandboxState::None("sofos has no sandbox on this system".to_string())
    })
}

pub(super) fn likely() -> bool {
    cfg!(target_os = "macos")
}
