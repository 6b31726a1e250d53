//! What can be said of version control without running git.

use std::fs;
use std::path::Path;

/// The branch checked out in the repository around `dir`, or the short commit id
/// of a detached head; nothing outside a repository.
pub fn branch(dir: &Path) -> Option<String> {
    let dot_git = dir
        .ancestors()
        .map(|dir| dir.join(".git"))
        .find(|path| path.exists())?;
    // In a worktree or submodule `.git` is a file: `gitdir: PATH`.
    let git_dir = if dot_git.is_file() {
        let text = fs::read_to_string(&dot_git).ok()?;
        dot_git.parent()?.join(text.strip_prefix("gitdir:")?.trim())
    } else {
        dot_git
    };
    let head = fs::read_to_string(git_dir.join("HEAD")).ok()?;
    match head.trim().strip_prefix("ref: refs/heads/") {
        Some(branch) => Some(branch.to_string()),
        None => Some(head.trim().get(..8)?.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_branches_worktrees_and_detached_heads() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("repo");
        fs::create_dir_all(root.join(".git/worktrees/w")).unwrap();
        fs::create_dir_all(root.join("src")).unwrap();
        fs::write(root.join(".git/HEAD"), "ref: refs/heads/feature/login\n").unwrap();
        assert_eq!(branch(&root.join("src")).as_deref(), Some("feature/login"));
        let tree = dir.path().join("w");
        fs::create_dir(&tree).unwrap();
        fs::write(tree.join(".git"), "gitdir: ../repo/.git/worktrees/w\n").unwrap();
        fs::write(root.join(".git/worktrees/w/HEAD"), "0123456789abcdef\n").unwrap();
        assert_eq!(branch(&tree).as_deref(), Some("01234567"));
    }
}
