//! What lies around a workspace: caches, and keys.
//!
//! The caches of build tools are outside the workspace, and written by nearly every
//! build. Inside they look writable, but what is written is private to this run of sofos
//! and gone with it: a command can build with what was downloaded before, and cannot
//! plant anything that a later build outside would run.

use std::path::{Path, PathBuf};

use crate::exec::Env;

/// Below the home directory.
const CACHES: &[&str] = &[
    ".cache",
    ".cargo",
    ".npm",
    ".yarn",
    ".pnpm-store",
    ".local/share/pnpm",
    ".bun",
    ".deno",
    "go",
    ".gradle",
    ".m2",
    ".ivy2",
    ".sbt",
    ".nuget",
    ".dotnet",
    ".composer",
    ".pub-cache",
    ".stack",
    ".cabal",
    ".mix",
    ".hex",
    ".conan2",
];

/// Keys and passwords, below the home directory. No command gets to see them.
const KEYS: &[&str] = &[
    ".ssh",
    ".aws",
    ".azure",
    ".gnupg",
    ".kube",
    ".password-store",
    ".sofos/keys.toml",
    ".config/gh",
    ".config/gcloud",
    ".config/git/credentials",
    ".config/op",
    ".config/rclone",
    ".config/sops",
    ".local/share/keyrings",
    ".docker/config.json",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".git-credentials",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    ".vault-token",
];

/// The same for the whole machine.
const MACHINE_KEYS: &[&str] = &["/etc/shadow", "/etc/gshadow"];

/// Variables that move one elsewhere.
const MOVED: &[&str] = &[
    "CARGO_HOME",
    "XDG_CACHE_HOME",
    "GOPATH",
    "GOCACHE",
    "GOMODCACHE",
    "GRADLE_USER_HOME",
    "npm_config_cache",
    "YARN_CACHE_FOLDER",
    "PIP_CACHE_DIR",
    "UV_CACHE_DIR",
];

/// The caches that exist, resolved; never one that holds a writable root or the
/// home directory, or lies in such a root.
pub(super) fn caches(env: &Env, roots: &[PathBuf]) -> Vec<PathBuf> {
    let home = env.home();
    let below_home = home
        .into_iter()
        .flat_map(|home| CACHES.iter().map(|name| home.join(name)));
    let moved = env
        .vars()
        .iter()
        .filter(|(name, _)| MOVED.iter().any(|moved| name == *moved))
        .map(|(_, value)| PathBuf::from(value));
    let mut out: Vec<PathBuf> = Vec::new();
    for path in below_home.chain(moved) {
        let Ok(path) = path.canonicalize() else {
            continue;
        };
        let apart = |other: &Path| !path.starts_with(other) && !other.starts_with(&path);
        let holds_home = home.is_some_and(|home| home.starts_with(&path));
        if path.is_dir()
            && !holds_home
            && roots.iter().all(|root| apart(root))
            && out.iter().all(|known| apart(known))
        {
            out.push(path);
        }
    }
    out
}

/// What no command can read: keys, and what the caller adds; resolved. Never
/// something that holds a writable root or the working directory.
pub(super) fn hidden(env: &Env, roots: &[PathBuf], cwd: &Path, more: &[PathBuf]) -> Vec<PathBuf> {
    let home = env.home();
    let below_home = home
        .into_iter()
        .flat_map(|home| KEYS.iter().map(|name| home.join(name)));
    let machine = MACHINE_KEYS.iter().map(PathBuf::from);
    let mut out: Vec<PathBuf> = Vec::new();
    for path in below_home.chain(machine).chain(more.iter().cloned()) {
        let Ok(path) = path.canonicalize() else {
            continue;
        };
        let holds_work = cwd.starts_with(&path) || roots.iter().any(|root| root.starts_with(&path));
        if !holds_work && !out.iter().any(|known| path.starts_with(known)) {
            out.push(path);
        }
    }
    out
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_real_caches_apart_from_the_workspace_count() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        for name in [
            "home/.cargo",
            "home/.cache/ws",
            "home/.npm",
            "moved",
            "other",
        ] {
            std::fs::create_dir_all(base.join(name)).unwrap();
        }
        let vars = [
            ("HOME", base.join("home")),
            ("CARGO_HOME", base.join("moved")),
            ("GOPATH", base.clone()),
            ("XDG_CACHE_HOME", base.join("missing")),
        ];
        let env = Env::scrubbed(vars.map(|(name, path)| (name.into(), path.into_os_string())));
        let roots = [base.join("home/.cache/ws")];
        assert_eq!(
            caches(&env, &roots),
            ["home/.cargo", "home/.npm", "moved"].map(|name| base.join(name))
        );
    }

    #[test]
    fn keys_that_exist_are_hidden_wherever_they_lead() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        for name in ["home/.aws", "home/.kube/ws", "elsewhere", "more/x"] {
            std::fs::create_dir_all(base.join(name)).unwrap();
        }
        std::os::unix::fs::symlink(base.join("elsewhere"), base.join("home/.ssh")).unwrap();
        let env = Env::scrubbed([("HOME".into(), base.join("home").into_os_string())]);
        let work = base.join("home/.kube/ws");
        let more = ["more", "more/x", "missing"].map(|name| base.join(name));
        let mut hidden = hidden(&env, std::slice::from_ref(&work), &work, &more);
        hidden.retain(|path| path.starts_with(&base));
        assert_eq!(
            hidden,
            ["elsewhere", "home/.aws", "more"].map(|name| base.join(name))
        );
    }
}
