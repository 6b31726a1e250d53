//! Instruction files that go to the model.
//!
//! First the user's own `~/.agents/AGENTS.md` and `~/.sofos/AGENTS.md`. Then, from
//! the project root (the repository around the workspace, else the workspace) down
//! to the workspace, each directory contributes `AGENTS.md`, or `CLAUDE.md`, or
//! `GEMINI.md`, whichever comes first; then the workspace's `.sofos/instructions.md`.
//! The nearest comes last, so that it has the last word. Directories below the
//! workspace speak when something in them is touched ([`below`]).

mod import;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::stdx::fs as sfs;

/// Names looked for in each directory, the first one found wins.
const NAMES: [&str; 3] = ["AGENTS.md", "CLAUDE.md", "GEMINI.md"];

/// Largest part of one file that is used, with its imports, in bytes: instructions are
/// paid on every turn.
const MAX_BYTES: u64 = 64 * 1024;

/// What stands before the path in the heading of a section.
pub const HEADING: &str = "# Instructions from ";

/// One instruction file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instructions {
    /// Where it lies.
    pub path: PathBuf,
    /// Its text, without blank lines around it, with what it imports.
    pub text: String,
    /// It was longer than is used.
    pub cut: bool,
}

impl Instructions {
    /// The section as the model reads it.
    pub fn section(&self) -> String {
        let mut out = format!("{}{}", heading(&self.path), self.text);
        if self.cut {
            out.push_str("\n[cut: the file is longer; read the rest with read_file if needed]");
        }
        out
    }
}

/// The heading of a file's section, with the blank line below it.
pub fn heading(path: &Path) -> String {
    format!("{HEADING}{}\n\n", path.display())
}

/// Where instruction files are looked for.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The workspace.
    pub workspace: PathBuf,
    /// The user's home directory, where there is one.
    pub home: Option<PathBuf>,
    /// sofos' own directory of the user.
    pub own: PathBuf,
}

impl Places {
    /// The user's own file for all workspaces.
    pub fn everywhere(&self) -> PathBuf {
        self.own.join("AGENTS.md")
    }

    /// The user's own file for this workspace.
    pub fn here(&self) -> PathBuf {
        self.workspace.join(".sofos").join("instructions.md")
    }

    /// The project's file: the one in the workspace, whatever its name.
    pub fn project(&self) -> PathBuf {
        let there = NAMES.iter().map(|name| self.workspace.join(name));
        there
            .clone()
            .find(|path| path.is_file())
            .unwrap_or_else(|| self.workspace.join(NAMES[0]))
    }

    fn of_user(&self) -> Vec<PathBuf> {
        let agents = self
            .home
            .iter()
            .map(|home| home.join(".agents").join(NAMES[0]));
        agents.chain([self.everywhere()]).collect()
    }

    /// Directories from the project root down to the workspace.
    fn dirs(&self) -> Vec<&Path> {
        let root = project_root(&self.workspace);
        let inside = |dir: &&Path| dir.starts_with(root);
        let mut dirs: Vec<&Path> = self.workspace.ancestors().take_while(inside).collect();
        dirs.reverse();
        dirs
    }

    /// Every file that would count, whether it is there or not, the farthest first.
    pub fn candidates(&self) -> Vec<PathBuf> {
        let mut all = self.of_user();
        for dir in self.dirs() {
            all.extend(NAMES.map(|name| dir.join(name)));
        }
        all.push(self.here());
        all
    }

    /// All instruction files that are there, the farthest first.
    pub fn load(&self) -> Vec<Instructions> {
        let root = project_root(&self.workspace);
        let own = self.of_user();
        let mut found: Vec<Instructions> = own.iter().filter_map(|path| read(path, None)).collect();
        found.extend(self.dirs().into_iter().filter_map(|dir| in_dir(dir, root)));
        found.extend(read(&self.here(), Some(root)));
        found
    }

    /// The files of the directories below the workspace down to a path, the farthest
    /// first.
    pub fn below(&self, touched: &Path) -> Vec<Instructions> {
        let root = project_root(&self.workspace);
        let inside = |dir: &&Path| *dir != self.workspace && dir.starts_with(&self.workspace);
        let mut dirs: Vec<&Path> = touched.ancestors().take_while(inside).collect();
        dirs.reverse();
        dirs.into_iter()
            .filter_map(|dir| in_dir(dir, root))
            .collect()
    }
}

/// Adds a line to an instruction file, which is made when it is not there.
///
/// # Errors
/// When it cannot be read as text or written.
pub fn add_line(path: &Path, line: &str) -> io::Result<()> {
    let mut text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&format!("- {line}\n"));
    if let Some(dir) = path.parent() {
        sfs::create_dir_all(dir)?;
    }
    sfs::write_atomic(path, text.as_bytes(), 0o644)
}

/// The nearest directory at or above the workspace with a `.git`, else the workspace.
fn project_root(workspace: &Path) -> &Path {
    workspace
        .ancestors()
        .find(|dir| dir.join(".git").exists())
        .unwrap_or(workspace)
}

fn in_dir(dir: &Path, root: &Path) -> Option<Instructions> {
    let mut names = NAMES.iter();
    names.find_map(|name| read(&dir.join(name), Some(root)))
}

/// A file with its imports, which lie in `root` when that is given.
fn read(path: &Path, root: Option<&Path>) -> Option<Instructions> {
    let (text, mut cut) = bounded(path, MAX_BYTES)?;
    let mut text = text.trim().to_string();
    if text.is_empty() {
        return None;
    }
    cut |= import::expand(&mut text, path, root);
    Some(Instructions {
        path: path.to_path_buf(),
        text,
        cut,
    })
}

/// The start of a regular file as text, and whether there is more.
fn bounded(path: &Path, max: u64) -> Option<(String, bool)> {
    // Checked before opening: a FIFO of that name would block for ever.
    let meta = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let mut bytes = Vec::new();
    let file = fs::File::open(path).ok()?;
    file.take(max).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Some((text, meta.len() > max))
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;
