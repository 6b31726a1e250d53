//! Which repository git would work in, and what that one makes git run.

use std::path::Path;

use super::super::cx::{Cx, Verdict};
use crate::permission::short;

/// Longest configuration that is looked at, in bytes.
const MAX_CONFIG: u64 = 256 * 1024;

/// A repository that came with the workspace may configure programs that git runs
/// while it only looks: that it does not, or lies where the user keeps it.
pub(super) fn check(cx: &Cx<'_, '_>) -> Verdict {
    let root = cx.walker.place.root;
    let mut dir = cx.walker.cwd.as_path();
    while dir != root {
        if is_bare(dir) || dir.join(".git").symlink_metadata().is_ok() {
            return Err("works in a repository inside the workspace".to_string());
        }
        match dir.parent() {
            Some(parent) => dir = parent,
            None => return Err("works outside the workspace".to_string()),
        }
    }
    let git = root.join(".git");
    match git.symlink_metadata() {
        Ok(meta) if meta.is_dir() => {
            configures(&git.join("config"))?;
            configures(&git.join("config.worktree"))
        }
        // A worktree: its repository lies outside, or somebody made it up.
        Ok(meta) if meta.is_file() && leads_out(root, &git) => Ok(()),
        Ok(_) => Err("works in a repository inside the workspace".to_string()),
        Err(_) if is_bare(root) => Err("takes the workspace itself for a repository".to_string()),
        Err(_) => Ok(()),
    }
}

/// Whether git takes this directory for the top of a repository of its own.
pub fn is_repository(root: &Path) -> bool {
    let git = root.join(".git");
    is_bare(&git) && read(&git.join("HEAD")).starts_with("ref: refs/")
}

fn is_bare(dir: &Path) -> bool {
    ["HEAD", "objects", "refs"]
        .iter()
        .all(|name| dir.join(name).exists())
}

/// Whether a `.git` file names a directory outside the workspace.
fn leads_out(root: &Path, file: &Path) -> bool {
    let text = read(file);
    let Some(target) = text.trim().strip_prefix("gitdir:") else {
        return false;
    };
    root.join(target.trim())
        .canonicalize()
        .is_ok_and(|target| !target.starts_with(root))
}

fn read(path: &Path) -> String {
    let fits = path
        .metadata()
        .is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_CONFIG);
    let bytes = if fits {
        std::fs::read(path).unwrap_or_default()
    } else {
        Vec::new()
    };
    String::from_utf8_lossy(&bytes).into_owned()
}

/// That a configuration names no program that looking at the repository runs.
fn configures(path: &Path) -> Verdict {
    let text = read(path);
    if text.is_empty() && path.metadata().is_ok_and(|meta| meta.len() > 0) {
        return Err("the configuration of the repository cannot be read".to_string());
    }
    let mut section = String::new();
    for line in text.lines() {
        let mut line = line.trim();
        if line.starts_with('[') {
            let mut quoted = false;
            let end = line.find(|ch: char| {
                quoted ^= ch == '"';
                ch == ']' && !quoted
            });
            let Some(end) = end else {
                return Err("the configuration of the repository is odd".to_string());
            };
            let name = line[1..end].trim().to_ascii_lowercase();
            section = name
                .split([' ', '\t', '.', '"'])
                .next()
                .unwrap_or_default()
                .to_string();
            line = line[end + 1..].trim();
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let key = key.trim().to_ascii_lowercase();
        let value = value.trim().trim_matches('"');
        let runs = match (section.as_str(), key.as_str()) {
            ("diff", "external" | "command" | "textconv") => !value.is_empty(),
            ("filter", "clean" | "smudge" | "process") => !value.starts_with("git-lfs "),
            ("include" | "includeif", "path") => true,
            ("merge", "driver") => true,
            _ => false,
        };
        if runs {
            return Err(format!(
                "the configuration of the repository makes git use `{}`",
                short(value)
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_in_a_configuration_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        for (text, fine) in [
            ("", true),
            (
                "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = x\n",
                true,
            ),
            ("[filter \"lfs\"]\n\tclean = git-lfs clean -- %f\n", true),
            ("[branch \"a]b\"]\n\tmerge = x\n", true),
            ("[diff]\n\texternal = ./x.sh\n", false),
            ("[diff] external = ./x.sh]\n", false),
            ("[DIFF \"a]b\"]\n TextConv=./x.sh", false),
            ("[diff.a]\n\tcommand = x\n", false),
            ("[filter \"x\"]\n\tclean = ./x.sh\n", false),
            ("[filter \"x\"]\n\tprocess = git-lfs-evil\n", false),
            ("[include]\n\tpath = ../evil\n", false),
            ("[includeIf \"gitdir:/\"]\n\tpath = evil\n", false),
            ("[merge \"x\"]\n\tdriver = ./x.sh\n", false),
            ("[diff \"x\n\tcommand = x\n", false),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(configures(&path).is_ok(), fine, "{text}");
        }
    }
}
