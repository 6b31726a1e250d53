//! Walking the tree the way its ignore files say.

use std::path::Path;

use ignore::WalkBuilder;

/// Never walked: repository data and sofos' own.
const SKIPPED: [&str; 2] = [".git", ".sofos"];

/// A walk from `start`. Hidden and ignored files are left out unless
/// `everything` is set; `start` itself is walked whatever the rules say. Links
/// are not followed, so it always ends.
///
/// Ignore files count up to the top of the repository, or up to the workspace's
/// root where there is no repository: what lies above is someone else's.
pub fn builder(root: &Path, start: &Path, everything: bool) -> WalkBuilder {
    let mut builder = WalkBuilder::new(start);
    builder.follow_links(false).standard_filters(!everything);
    if !everything {
        let in_repository = start.ancestors().any(|dir| dir.join(".git").exists());
        builder.require_git(in_repository).parents(in_repository);
        if !in_repository && start != root {
            let above: Vec<&Path> = start
                .ancestors()
                .skip(1)
                .take_while(|dir| dir.starts_with(root))
                .collect();
            // From the top down: later rules win.
            for dir in above.into_iter().rev() {
                for name in [".gitignore", ".ignore"] {
                    let file = dir.join(name);
                    if file.is_file() {
                        builder.current_dir(dir);
                        // A broken rule is skipped, the others hold.
                        let _ = builder.add_ignore(file);
                    }
                }
            }
        }
    }
    builder.filter_entry(|entry| {
        entry.depth() == 0
            || !entry
                .file_name()
                .to_str()
                .is_some_and(|name| SKIPPED.contains(&name))
    });
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(root: &Path, start: &Path, everything: bool) -> Vec<String> {
        let mut names: Vec<_> = builder(root, start, everything)
            .build()
            .flatten()
            .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
            .map(|entry| {
                entry
                    .path()
                    .strip_prefix(root)
                    .unwrap()
                    .display()
                    .to_string()
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn ignore_files_hold_with_and_without_a_repository() {
        let dir = tempfile::tempdir().unwrap();
        let above = std::fs::canonicalize(dir.path()).unwrap();
        let root = above.join("work");
        let files = [
            ("../.gitignore", "*"),
            (".gitignore", "target/\n*.log\n!keep.log\n"),
            ("a.rs", ""),
            ("x.log", ""),
            ("keep.log", ""),
            ("target/out", ""),
            ("sub/.gitignore", "/only"),
            ("sub/only", ""),
            ("sub/deep/only", ""),
            ("sub/deep/y.log", ""),
            (".hidden/h", ""),
            (".sofos/s", ""),
        ];
        for (name, text) in files {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        for repository in [false, true] {
            if repository {
                std::fs::create_dir_all(root.join(".git/info")).unwrap();
                std::fs::write(root.join(".git/config"), "").unwrap();
            }
            let sub = root.join("sub");
            assert_eq!(
                names(&root, &root, false),
                ["a.rs", "keep.log", "sub/deep/only"]
            );
            assert_eq!(names(&root, &sub, false), ["sub/deep/only"]);
            assert_eq!(names(&root, &sub.join("deep"), false), ["sub/deep/only"]);
            assert_eq!(names(&root, &root.join("target"), false), ["target/out"]);
            assert_eq!(names(&root, &root.join(".hidden"), false), [".hidden/h"]);
            assert_eq!(names(&root, &root, true).len(), 10);
        }
        std::fs::write(root.join(".git/info/exclude"), "a.rs\n").unwrap();
        assert!(!names(&root, &root, false).contains(&"a.rs".to_string()));
    }

    #[cfg(unix)]
    #[test]
    fn link_loops_end() {
        let dir = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(dir.path()).unwrap();
        std::fs::create_dir(root.join("a")).unwrap();
        std::fs::write(root.join("a/f"), "").unwrap();
        std::os::unix::fs::symlink("..", root.join("a/up")).unwrap();
        assert_eq!(names(&root, &root, true), ["a/f"]);
    }
}
