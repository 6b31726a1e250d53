//! Where a path really leads. Every path a tool touches goes through here.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use crate::protocol::permission::ScopedPath;

/// Symbolic links followed before a path counts as a loop; the kernel's own limit.
const MAX_LINKS: usize = 40;

/// A path that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// No path at all.
    #[error("the path is empty; give a path relative to the workspace")]
    Empty,
    /// A NUL byte.
    #[error("the path {0:?} contains a NUL byte")]
    Nul(String),
    /// `~` without a known home directory.
    #[error("the home directory is unknown; write {0:?} without ~")]
    NoHome(String),
    /// Links that lead in a circle.
    #[error("{0:?}: too many symbolic links")]
    Loop(String),
}

/// Resolves a path: `~`, relative to the workspace or absolute, `.` and `..` and
/// symbolic links as the kernel takes them, component by component. What does not
/// exist yet is resolved as far as it exists; a dangling link leads to its target.
///
/// `root` must itself be resolved.
///
/// # Errors
/// See [`ScopeError`].
pub fn resolve(root: &Path, home: Option<&Path>, path: &str) -> Result<ScopedPath, ScopeError> {
    walk(root, root, home, path, true)
}

/// Like [`resolve`], for a path relative to the directory `base`, itself resolved.
///
/// # Errors
/// See [`ScopeError`].
pub fn resolve_from(
    root: &Path,
    base: &Path,
    home: Option<&Path>,
    path: &str,
) -> Result<ScopedPath, ScopeError> {
    walk(root, base, home, path, true)
}

/// Whether a device, FIFO or socket is there.
pub fn is_special(path: &ScopedPath) -> bool {
    std::fs::symlink_metadata(path.real()).is_ok_and(|meta| {
        let kind = meta.file_type();
        !kind.is_file() && !kind.is_dir() && !kind.is_symlink()
    })
}

/// Like [`resolve`], but a link in the last place stands for itself: for deleting
/// and moving entries.
///
/// # Errors
/// See [`ScopeError`].
pub fn resolve_entry(
    root: &Path,
    home: Option<&Path>,
    path: &str,
) -> Result<ScopedPath, ScopeError> {
    walk(root, root, home, path, false)
}

fn walk(
    root: &Path,
    base: &Path,
    home: Option<&Path>,
    path: &str,
    follow_last: bool,
) -> Result<ScopedPath, ScopeError> {
    if path.trim().is_empty() {
        return Err(ScopeError::Empty);
    }
    if path.contains('\0') {
        return Err(ScopeError::Nul(path.to_string()));
    }
    let given = expand_home(home, path)?;
    let named = spelled(base, &given);
    let mut real = if given.is_absolute() {
        PathBuf::new()
    } else {
        base.to_path_buf()
    };
    let mut todo: VecDeque<OsString> = parts(&given);
    let mut links = 0;
    while let Some(part) = todo.pop_front() {
        if part == ".." {
            real.pop();
            continue;
        }
        let next = real.join(&part);
        let keeps = todo.is_empty() && !follow_last;
        match std::fs::read_link(&next) {
            Ok(target) if !keeps => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(ScopeError::Loop(path.to_string()));
                }
                if target.is_absolute() {
                    real = PathBuf::new();
                }
                for part in parts(&target).into_iter().rev() {
                    todo.push_front(part);
                }
            }
            // Not a link, not there, or not readable: then opening it says so.
            _ => real = next,
        }
    }
    Ok(scoped(root, real, named))
}

/// The absolute path without `.` and `..`, links left alone.
fn spelled(base: &Path, given: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in base.join(given).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// Components with the root and prefix as parts of their own; `.` left out.
fn parts(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter(|component| *component != Component::CurDir)
        .map(|component| component.as_os_str().to_os_string())
        .collect()
}

fn expand_home(home: Option<&Path>, path: &str) -> Result<PathBuf, ScopeError> {
    let rest = match path.strip_prefix('~') {
        Some("") => "",
        Some(rest) if rest.starts_with('/') => rest.trim_start_matches('/'),
        // `~name` is no home for a file tool: it is a name.
        _ => return Ok(PathBuf::from(path)),
    };
    let home = home.ok_or_else(|| ScopeError::NoHome(path.to_string()))?;
    Ok(home.join(rest))
}

fn scoped(root: &Path, real: PathBuf, named: PathBuf) -> ScopedPath {
    // By components: `/work2` does not lie in `/work`.
    let (display, inside) = match real.strip_prefix(root) {
        Ok(relative) if relative.as_os_str().is_empty() => (".".to_string(), true),
        Ok(relative) => {
            let relative = relative.to_string_lossy();
            // On Unix a backslash is part of a name, which must stay exact.
            let display = if cfg!(windows) {
                relative.replace('\\', "/")
            } else {
                relative.into_owned()
            };
            (display, true)
        }
        Err(_) => (real.to_string_lossy().into_owned(), false),
    };
    ScopedPath::new(real, display, inside).spelled(named)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    struct Tree {
        _dir: tempfile::TempDir,
        base: PathBuf,
        root: PathBuf,
    }

    fn tree() -> Tree {
        let dir = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(dir.path()).unwrap();
        let root = base.join("work");
        fs::create_dir_all(root.join("src/deep")).unwrap();
        fs::create_dir_all(base.join("work2/inner")).unwrap();
        fs::create_dir_all(base.join("home")).unwrap();
        fs::write(root.join("src/main.rs"), "").unwrap();
        for (target, link) in [
            ("src", "inside"),
            ("../work2", "outside"),
            ("../work2/inner", "deep_out"),
            ("src/not_yet.rs", "dangling_in"),
            ("../work2/new", "dangling_out"),
            ("loop_b", "loop_a"),
            ("loop_a", "loop_b"),
            ("/etc", "abs"),
            ("../src/deep", "src/up"),
        ] {
            symlink(target, root.join(link)).unwrap();
        }
        Tree {
            _dir: dir,
            base,
            root,
        }
    }

    #[test]
    fn paths_lead_where_the_kernel_takes_them() {
        let tree = tree();
        let home = tree.base.join("home");
        for (path, real, display, inside) in [
            ("src/main.rs", "work/src/main.rs", "src/main.rs", true),
            ("./src//main.rs", "work/src/main.rs", "src/main.rs", true),
            (".", "work", ".", true),
            ("src/..", "work", ".", true),
            ("a..b/c", "work/a..b/c", "a..b/c", true),
            ("new/dir/file", "work/new/dir/file", "new/dir/file", true),
            ("inside/main.rs", "work/src/main.rs", "src/main.rs", true),
            ("dangling_in", "work/src/not_yet.rs", "src/not_yet.rs", true),
            ("src/up/x", "work/src/deep/x", "src/deep/x", true),
            ("outside/x", "work2/x", "", false),
            ("dangling_out", "work2/new", "", false),
            ("dangling_out/x", "work2/new/x", "", false),
            // Lexically this is work/src; the kernel goes to the parent of work2/inner.
            ("deep_out/../x", "work2/x", "", false),
            ("outside/../work/src", "work/src", "src", true),
            ("../work2/x", "work2/x", "", false),
            ("../work/src", "work/src", "src", true),
            ("new/../../x", "x", "", false),
            ("~", "home", "", false),
            ("~/x", "home/x", "", false),
            ("~x", "work/~x", "~x", true),
            ("src/main.rs\n", "work/src/main.rs\n", "src/main.rs\n", true),
        ] {
            let got = resolve(&tree.root, Some(&home), path).unwrap();
            let expected = tree.base.join(real);
            let shown = if inside {
                display.to_string()
            } else {
                expected.to_string_lossy().into_owned()
            };
            assert_eq!(
                (got.real(), got.display(), got.inside()),
                (expected.as_path(), shown.as_str(), inside),
                "{path}"
            );
        }
        let etc = resolve(&tree.root, None, "abs/passwd").unwrap();
        assert_eq!(etc.real(), Path::new("/etc/passwd"));
        let absolute = tree.root.join("src/main.rs");
        let got = resolve(&tree.root, None, absolute.to_str().unwrap()).unwrap();
        assert_eq!(got.display(), "src/main.rs");
        assert!(!resolve(&tree.root, None, "/").unwrap().inside());
        assert!(!resolve(&tree.root, None, "/../../etc").unwrap().inside());
    }

    #[test]
    fn senseless_paths_are_refused() {
        let tree = tree();
        assert_eq!(resolve(&tree.root, None, ""), Err(ScopeError::Empty));
        assert_eq!(resolve(&tree.root, None, " \n"), Err(ScopeError::Empty));
        assert!(matches!(
            resolve(&tree.root, None, "a\0b"),
            Err(ScopeError::Nul(_))
        ));
        assert!(matches!(
            resolve(&tree.root, None, "~/x"),
            Err(ScopeError::NoHome(_))
        ));
        assert!(matches!(
            resolve(&tree.root, None, "loop_a/x"),
            Err(ScopeError::Loop(_))
        ));
    }

    #[test]
    fn an_entry_is_the_link_itself() {
        let tree = tree();
        let entry = resolve_entry(&tree.root, None, "outside").unwrap();
        assert_eq!((entry.display(), entry.inside()), ("outside", true));
        let below = resolve_entry(&tree.root, None, "outside/x").unwrap();
        assert!(!below.inside());
        assert_eq!(
            resolve_entry(&tree.root, None, "loop_a").unwrap().display(),
            "loop_a"
        );
        let parent = resolve_entry(&tree.root, None, "outside/..").unwrap();
        assert_eq!(parent.real(), tree.base);
    }
}
