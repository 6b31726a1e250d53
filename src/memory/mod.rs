//! Instruction files that go into the system prompt.
//!
//! From the project root (the repository around the workspace, else the
//! workspace) down to the workspace, each directory contributes `AGENTS.md`, or
//! `CLAUDE.md`, or `GEMINI.md`, whichever comes first; then the workspace's
//! `.sofos/instructions.md`. The nearest comes last, so that it has the last word.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Names looked for in each directory, the first one found wins.
const NAMES: [&str; 3] = ["AGENTS.md", "CLAUDE.md", "GEMINI.md"];

/// Largest part of one file that is used, in bytes: instructions are paid on every turn.
const MAX_BYTES: u64 = 64 * 1024;

/// One instruction file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instructions {
    /// Where it lies.
    pub path: PathBuf,
    /// Its text, without blank lines around it.
    pub text: String,
    /// It was longer than is used.
    pub cut: bool,
}

/// All instruction files for a workspace, the farthest first.
pub fn load(workspace: &Path) -> Vec<Instructions> {
    let root = project_root(workspace);
    let mut dirs: Vec<&Path> = workspace
        .ancestors()
        .take_while(|dir| dir.starts_with(root))
        .collect();
    dirs.reverse();
    let in_dir = |dir: &Path| NAMES.iter().find_map(|name| read(&dir.join(name)));
    let mut found: Vec<Instructions> = dirs.into_iter().filter_map(in_dir).collect();
    found.extend(read(&workspace.join(".sofos").join("instructions.md")));
    found
}

/// The nearest directory at or above the workspace with a `.git`, else the workspace.
fn project_root(workspace: &Path) -> &Path {
    workspace
        .ancestors()
        .find(|dir| dir.join(".git").exists())
        .unwrap_or(workspace)
}

fn read(path: &Path) -> Option<Instructions> {
    // Checked before opening: a FIFO of that name would block for ever.
    let meta = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let mut bytes = Vec::new();
    fs::File::open(path)
        .ok()?
        .take(MAX_BYTES)
        .read_to_end(&mut bytes)
        .ok()?;
    let text = String::from_utf8_lossy(&bytes).trim().to_string();
    let cut = meta.len() > MAX_BYTES;
    (!text.is_empty()).then(|| Instructions {
        path: path.to_path_buf(),
        text,
        cut,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_comes_last_and_agents_beats_claude() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("repo");
        let near = root.join("crates/one");
        fs::create_dir_all(near.join(".sofos")).unwrap();
        fs::create_dir_all(root.join(".git")).unwrap();
        for (path, text) in [
            ("../AGENTS.md", "outside"),
            ("AGENTS.md", "root agents\n"),
            ("CLAUDE.md", "root claude"),
            ("crates/GEMINI.md", "crates gemini"),
            ("crates/one/CLAUDE.md", "one claude"),
            ("crates/one/.sofos/instructions.md", "mine"),
        ] {
            fs::write(root.join(path), text).unwrap();
        }
        let texts: Vec<String> = load(&near).into_iter().map(|file| file.text).collect();
        assert_eq!(
            texts,
            ["root agents", "crates gemini", "one claude", "mine"]
        );
    }
}
