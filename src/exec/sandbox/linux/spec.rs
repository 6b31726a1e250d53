//! What the helper is told, as its arguments.

use std::ffi::{OsStr, OsString};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::protocol::sandbox::SandboxPolicy;
use crate::stdx::ids;

/// How much the machine allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::exec::sandbox) enum Level {
    /// Namespaces, the filter and Landlock.
    Full,
    /// The filter and Landlock only.
    Landlock,
}

/// One confined run.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::exec::sandbox) struct Spec {
    pub(super) level: Level,
    /// Directory of this run's temporary files.
    pub(super) temp: PathBuf,
    pub(super) cwd: PathBuf,
    pub(super) roots: Vec<PathBuf>,
    /// Directories that look writable; what is written is private.
    pub(super) caches: Vec<PathBuf>,
    /// Files and directories that nothing inside can read.
    pub(super) hidden: Vec<PathBuf>,
    pub(super) network: bool,
    pub(super) allow_git: bool,
    pub(super) command: Vec<OsString>,
}

impl Spec {
    /// The arguments before the command's own.
    pub(in crate::exec::sandbox) fn args(
        level: Level,
        policy: &SandboxPolicy,
        temp: &Path,
        cwd: &Path,
        caches: &[PathBuf],
        hidden: &[PathBuf],
    ) -> Vec<OsString> {
        let word = |text: &str| OsString::from(text);
        let level = match level {
            Level::Full => "full",
            Level::Landlock => "landlock",
        };
        let mut out = vec![word(level), temp.into(), cwd.into()];
        if let SandboxPolicy::WorkspaceWrite {
            roots,
            network,
            allow_git,
            ..
        } = policy
        {
            for root in roots {
                out.extend([word("root"), root.into()]);
            }
            out.extend(network.then(|| word("network")));
            out.extend(allow_git.then(|| word("git")));
        }
        for cache in caches {
            out.extend([word("cache"), cache.into()]);
        }
        for path in hidden {
            out.extend([word("hide"), path.into()]);
        }
        out.push(word("--"));
        out
    }

    pub(super) fn parse(args: Vec<OsString>) -> Option<Self> {
        let mut args = args.into_iter();
        let level = match args.next()?.to_str()? {
            "full" => Level::Full,
            "landlock" => Level::Landlock,
            _ => return None,
        };
        let mut spec = Self {
            level,
            temp: args.next()?.into(),
            cwd: args.next()?.into(),
            roots: Vec::new(),
            caches: Vec::new(),
            hidden: Vec::new(),
            network: false,
            allow_git: false,
            command: Vec::new(),
        };
        loop {
            let word = args.next()?;
            match word.to_str()? {
                "root" => spec.roots.push(args.next()?.into()),
                "cache" => spec.caches.push(args.next()?.into()),
                "hide" => spec.hidden.push(args.next()?.into()),
                "network" => spec.network = true,
                "git" => spec.allow_git = true,
                "--" => break,
                _ => return None,
            }
        }
        spec.command = args.collect();
        Some(spec)
    }

    /// What the command sees as `/tmp`.
    pub(super) fn tmp(&self) -> PathBuf {
        self.temp.join("tmp")
    }

    /// Where the private copy of a directory lies: changed files, and the kernel's
    /// own, which a volatile layer cannot use twice.
    pub(super) fn layers(temp: &Path, dir: &Path) -> (PathBuf, PathBuf) {
        let mut name = std::hash::DefaultHasher::new();
        dir.hash(&mut name);
        let base = temp.join(format!("cache-{:016x}", name.finish()));
        let work = format!("work-{}", ids::random(8));
        (base.join("files"), base.join(work))
    }
}

/// Paths in the options of an overlay cannot hold its separators.
pub(super) fn fits_in_options(path: &OsStr) -> bool {
    !path
        .as_encoded_bytes()
        .iter()
        .any(|byte| matches!(byte, b':' | b',' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_survive_the_journey() {
        let policy = SandboxPolicy::WorkspaceWrite {
            roots: vec!["/w".into(), "--".into()],
            network: true,
            allow_git: false,
            hidden: Vec::new(),
        };
        let caches = [PathBuf::from("/c")];
        let hidden = [PathBuf::from("/h")];
        let mut args = Spec::args(
            Level::Full,
            &policy,
            "/t".as_ref(),
            "/w/x".as_ref(),
            &caches,
            &hidden,
        );
        args.extend(["sh", "-c", "--"].map(OsString::from));
        let spec = Spec::parse(args).unwrap();
        assert_eq!(spec.roots, [PathBuf::from("/w"), "--".into()]);
        assert_eq!((spec.network, spec.allow_git), (true, false));
        assert_eq!(spec.command, ["sh", "-c", "--"]);
        assert_eq!((spec.caches, spec.hidden), (caches.into(), hidden.into()));
        for broken in [vec![], vec!["full"], vec!["full", "/t", "/w", "root"]] {
            let broken = broken.into_iter().map(OsString::from).collect();
            assert_eq!(Spec::parse(broken), None);
        }
    }
}
