//! Files inside the workspace that decide what tools, editors and agents run.

use crate::protocol::permission::ScopedPath;

/// Directories whose content decides what tools, editors and agents run or
/// believe: a write into one asks even inside the workspace.
const PROTECTED_DIRS: &[(&str, &str)] = &[
    (".git", "git runs what it configures"),
    (".sofos", "it configures sofos"),
    (".hg", "Mercurial runs what it configures"),
    (".svn", "it belongs to Subversion"),
    (".husky", "git hooks run from it"),
    (".vscode", "the editor runs tasks from it"),
    (".idea", "the editor runs tasks from it"),
    (".zed", "the editor runs tasks from it"),
    (".devcontainer", "the editor runs commands from it"),
    (".cursor", "it instructs agents"),
    (".windsurf", "it instructs agents"),
    (".claude", "it instructs agents"),
    (".codex", "it instructs agents"),
    (".gemini", "it instructs agents"),
];

/// Files of the same kind, in any directory.
const PROTECTED_FILES: &[(&str, &str)] = &[
    ("AGENTS.md", "it instructs agents"),
    ("CLAUDE.md", "it instructs agents"),
    ("GEMINI.md", "it instructs agents"),
    (".cursorrules", "it instructs agents"),
    (".windsurfrules", "it instructs agents"),
    (".mcp.json", "it starts servers"),
    (".envrc", "shells run it"),
    (".gitmodules", "git fetches what it names"),
];

/// The protected part of a path inside the workspace, with the reason. Case does
/// not matter: on some systems `.GIT` is `.git`.
pub(super) fn protection(path: &ScopedPath) -> Option<(&'static str, &'static str)> {
    let parts: Vec<&str> = path.display().split('/').collect();
    let find = |table: &[(&'static str, &'static str)], part: &str| {
        table
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(part))
            .copied()
    };
    parts
        .iter()
        .find_map(|part| find(PROTECTED_DIRS, part))
        .or_else(|| find(PROTECTED_FILES, parts.last()?))
}
