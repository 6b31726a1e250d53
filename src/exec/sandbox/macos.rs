//! macOS: a Seatbelt profile for `sandbox-exec`.

use std::ffi::OsString;
use std::path::Path;

use super::{Wrapped, surroundings};
use crate::exec::Env;
use crate::protocol::sandbox::{SandboxPolicy, SandboxState};

const PROGRAM: &str = "/usr/bin/sandbox-exec";

/// Later rules win. `ROOTn` and `TEMP` are parameters, so that no path needs quoting.
const PROFILE: &str = r#"(version 1)
(allow default)
(deny process-info* (target others))
(deny file-write*)
(allow file-write* (subpath (param "TEMP"))
    (literal "/dev/null") (literal "/dev/zero") (literal "/dev/tty")
    (literal "/dev/dtracehelper") (regex #"^/dev/fd/"))
"#;

/// Wherever they lie, and whether or not they exist.
const PROTECTED: &str = r#"(deny file-write* (regex
    #"/\.(git|sofos|hg|svn|husky|vscode|idea|zed|devcontainer|cursor|windsurf|claude|codex|gemini)(/|$)"))
"#;

const OWN: &str = r##"(deny file-write* (regex #"/\.sofos(/|$)"))
"##;

const LOOPBACK: &str = r#"(deny network*)
(allow network* (local ip "localhost:*"))
(allow network* (remote ip "localhost:*"))
"#;

pub(super) fn wrapped(policy: &SandboxPolicy, temp: &Path, cwd: &Path, env: &Env) -> Wrapped {
    let mut profile = PROFILE.to_string();
    let tmp = temp.join("tmp");
    let parameter = |name: String, value: &Path| {
        let mut word = OsString::from(format!("{name}="));
        word.push(value);
        [OsString::from("-D"), word]
    };
    let mut args: Vec<OsString> = parameter("TEMP".into(), &tmp).into();
    let mut open = false;
    if let SandboxPolicy::WorkspaceWrite {
        roots,
        network,
        allow_git,
        hidden,
    } = policy
    {
        for (index, path) in surroundings::hidden(env, roots, cwd, hidden)
            .iter()
            .enumerate()
        {
            profile.push_str(&format!(
                "(deny file-read* (subpath (param \"HIDDEN{index}\")))\n"
            ));
            args.extend(parameter(format!("HIDDEN{index}"), path));
        }
        for (index, root) in roots.iter().enumerate() {
            profile.push_str(&format!(
                "(allow file-write* (subpath (param \"ROOT{index}\")))\n"
            ));
            args.extend(parameter(format!("ROOT{index}"), root));
        }
        profile.push_str(if *allow_git { OWN } else { PROTECTED });
        open = *network;
    }
    if !open {
        profile.push_str(LOOPBACK);
    }
    args.extend(["-p".into(), profile.into()]);
    Wrapped {
        program: PROGRAM.into(),
        args,
        vars: vec![("TMPDIR".into(), Some(tmp.into()))],
        roots: Vec::new(),
    }
}

/// Runs a confined command.
pub(super) fn probe() -> SandboxState {
    let Ok(temp) = super::temp::dir() else {
        return SandboxState::None("no temporary directory".to_string());
    };
    let wrapped = wrapped(&SandboxPolicy::ReadOnly, &temp, &temp, &Env::default());
    let status = std::process::Command::new(&wrapped.program)
        .args(&wrapped.args)
        .arg("/usr/bin/true")
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => SandboxState::Partial(
            "Seatbelt: writes and network are confined; build caches outside the workspace are \
             read-only, and processes left behind are not ended"
                .to_string(),
        ),
        Ok(status) => SandboxState::None(format!("{PROGRAM} ended with {status}")),
        Err(error) => SandboxState::None(format!("{PROGRAM}: {error}")),
    }
}
