//! What the file system looks like from inside: all of it read-only, and a few
//! places that are private or writable.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::protect::{Guard, Guards};
use super::spec::{Spec, fits_in_options};
use super::sys::{self, NOSUID, RDONLY, cstring};

type Step<T> = Result<T, (&'static str, io::Error)>;

const DEVICES: &[&str] = &["null", "zero", "full", "random", "urandom", "tty"];

/// What stays visible of `/run`: the system's programs and drivers of distributions
/// that keep them there.
const RUN_KEEPS: &[&str] = &["/run/current-system", "/run/opengl-driver"];

/// Also visible while the network is allowed: the name server's address.
const RESOLVER: &str = "/run/systemd/resolve";

fn step<T>(action: &'static str, result: io::Result<T>) -> Step<T> {
    result.map_err(|error| (action, error))
}

/// Builds the view for this process's mount namespace.
pub(super) fn build(spec: &Spec, guards: &Guards) -> Step<()> {
    step("separate its mounts", sys::make_private())?;
    // Copies are taken while everything can still be seen and written.
    let kept = kept(spec);
    let devices: Vec<(PathBuf, OwnedFd)> = DEVICES
        .iter()
        .map(|name| Path::new("/dev").join(name))
        .filter_map(|path| Some((path.clone(), sys::clone_tree(&path, false).ok()?)))
        .collect();
    let mut temps = Vec::new();
    for place in ["/tmp", "/var/tmp"] {
        if Path::new(place).is_dir() {
            let tree = sys::clone_tree(&spec.tmp(), false);
            temps.push((place, step("copy the temporary directory", tree)?));
        }
    }
    let covers = step("prepare to hide files", covers(spec))?;
    let caches = caches(spec);
    let mut roots = Vec::new();
    for root in &spec.roots {
        let tree = step("copy the workspace", sys::clone_tree(root, true))?;
        step(
            "copy the workspace",
            sys::set_attributes(&tree, NOSUID, true),
        )?;
        roots.push((root, tree));
    }
    let all = sys::set_attributes_at(Path::new("/"), RDONLY | NOSUID, true);
    step("make the file system read-only", all)?;
    step("build /dev", dev(&devices))?;
    proc();
    step("build /run", run(&kept))?;
    for (place, tree) in &temps {
        step(
            "attach the temporary directory",
            sys::attach(tree, Path::new(place)),
        )?;
    }
    for (cache, tree) in &caches {
        // A cache below a hidden directory is not there; it stays that way.
        let _ = sys::attach(tree, cache);
    }
    for (root, tree) in &roots {
        // It may lie below one of the private directories.
        let _ = std::fs::create_dir_all(root);
        step("attach the workspace", sys::attach(tree, root))?;
    }
    for guard in &guards.all {
        step("protect a folder", protect(guard))?;
    }
    for (path, tree) in &covers {
        match sys::attach(tree, path) {
            // It is not there, or hidden already with what holds it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => step("hide a file", result)?,
        }
    }
    Ok(())
}

/// An empty file or directory for each path that nobody inside may read.
fn covers(spec: &Spec) -> io::Result<Vec<(PathBuf, OwnedFd)>> {
    let (file, dir) = (spec.temp.join("no-file"), spec.temp.join("no-dir"));
    if spec.hidden.is_empty() {
        return Ok(Vec::new());
    }
    // Both are there when another command has made them.
    let _ = std::fs::create_dir(&dir);
    let _ = empty_file(&file);
    let mut out = Vec::new();
    for path in &spec.hidden {
        let Ok(meta) = path.symlink_metadata() else {
            continue;
        };
        let tree = sys::clone_tree(if meta.is_dir() { &dir } else { &file }, false)?;
        sys::set_attributes(&tree, RDONLY | NOSUID, false)?;
        out.push((path.clone(), tree));
    }
    Ok(out)
}

/// Parts of `/run` that stay.
fn kept(spec: &Spec) -> Vec<(PathBuf, OwnedFd)> {
    let resolver = spec.network.then_some(RESOLVER);
    RUN_KEEPS
        .iter()
        .copied()
        .chain(resolver)
        .filter_map(|path| {
            let path = PathBuf::from(path);
            let tree = sys::clone_tree(&path, true).ok()?;
            sys::set_attributes(&tree, RDONLY | NOSUID, true).ok()?;
            Some((path, tree))
        })
        .collect()
}

fn tmpfs(mode: &CStr, size: &CStr) -> io::Result<OwnedFd> {
    sys::new_fs(c"tmpfs", &[(c"mode", mode), (c"size", size)])
}

fn empty_file(path: &Path) -> io::Result<()> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::from_raw_mode(0o666))?;
    Ok(())
}

/// The few devices that programs need, terminals of its own, shared memory of its own.
fn dev(devices: &[(PathBuf, OwnedFd)]) -> io::Result<()> {
    let at = Path::new("/dev");
    sys::attach(&tmpfs(c"755", c"1m")?, at)?;
    for (path, tree) in devices {
        empty_file(path)?;
        sys::attach(tree, path)?;
    }
    for (target, link) in [
        ("/proc/self/fd", "fd"),
        ("/proc/self/fd/0", "stdin"),
        ("/proc/self/fd/1", "stdout"),
        ("/proc/self/fd/2", "stderr"),
        ("pts/ptmx", "ptmx"),
    ] {
        symlink(target, at.join(link))?;
    }
    for name in ["shm", "pts"] {
        std::fs::create_dir(at.join(name))?;
    }
    sys::attach(&tmpfs(c"1777", c"50%")?, &at.join("shm"))?;
    let options = [(c"ptmxmode", c"0666"), (c"mode", c"0620")];
    if let Ok(terminals) = sys::new_fs(c"devpts", &options) {
        sys::attach(&terminals, &at.join("pts"))?;
    }
    sys::set_attributes_at(at, RDONLY, false)
}

/// A view of the sandbox's own processes, read-only with its switches for the whole
/// machine. Where a container hides parts of `/proc` the kernel forbids a fresh one;
/// then the old one stays, read-only: its processes belong to another user
/// namespace and are closed.
fn proc() {
    if let Ok(fresh) = sys::new_fs(c"proc", &[])
        && sys::set_attributes(&fresh, RDONLY, false).is_ok()
    {
        let _ = sys::attach(&fresh, Path::new("/proc"));
    }
}

fn run(kept: &[(PathBuf, OwnedFd)]) -> io::Result<()> {
    let at = Path::new("/run");
    if !at.is_dir() {
        return Ok(());
    }
    sys::attach(&tmpfs(c"755", c"16m")?, at)?;
    for (path, tree) in kept {
        std::fs::create_dir_all(path)?;
        sys::attach(tree, path)?;
    }
    Ok(())
}

/// Layers over the caches of build tools: they look writable, the real ones stay
/// as they are. A cache that cannot be layered stays read-only.
///
/// A layer costs a millisecond or more, so that caches beside each other share one.
fn caches(spec: &Spec) -> Vec<(PathBuf, OwnedFd)> {
    let mut left: Vec<&PathBuf> = spec.caches.iter().collect();
    let mut out = Vec::new();
    while let Some(first) = left.first().copied() {
        let parent = first.parent().unwrap_or(first);
        let device = device(parent);
        // A layer ends where another file system begins.
        let is_beside =
            |cache: &PathBuf| cache.parent() == Some(parent) && self::device(cache) == device;
        let (beside, others): (Vec<_>, Vec<_>) =
            left.iter().copied().partition(|cache| is_beside(cache));
        let shared = (beside.len() > 1)
            .then(|| shared_layer(spec, parent, &beside))
            .flatten();
        match shared {
            Some(trees) => {
                out.extend(trees);
                left = others;
            }
            None => {
                out.extend(layer(spec, first).map(|tree| (first.clone(), tree)));
                left.remove(0);
            }
        }
    }
    out
}

fn device(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|meta| meta.dev())
}

/// One layer over the directory that holds several caches; its other contents are
/// not taken from it.
fn shared_layer(
    spec: &Spec,
    parent: &Path,
    caches: &[&PathBuf],
) -> Option<Vec<(PathBuf, OwnedFd)>> {
    // Only attached mounts can be copied in part. This place is covered right after,
    // and nothing inside can uncover it.
    let at = Path::new("/dev");
    sys::attach(&layer(spec, parent)?, at).ok()?;
    caches
        .iter()
        .map(|cache| {
            let tree = sys::clone_tree(&at.join(cache.file_name()?), false).ok()?;
            Some(((*cache).clone(), tree))
        })
        .collect()
}

/// What is written to this copy of a directory stays in it.
fn layer(spec: &Spec, dir: &Path) -> Option<OwnedFd> {
    let (files, work) = Spec::layers(&spec.temp, dir);
    let paths = [dir, &files, &work];
    if !paths.iter().all(|path| fits_in_options(path.as_os_str())) {
        return None;
    }
    std::fs::create_dir_all(&files).ok()?;
    std::fs::create_dir_all(&work).ok()?;
    let [lower, upper, work]: [CString; 3] = [
        cstring(dir).ok()?,
        cstring(&files).ok()?,
        cstring(&work).ok()?,
    ];
    // Volatile: else the kernel writes the whole disk's changes out at its end.
    let options: [(&CStr, &CStr); 5] = [
        (c"lowerdir", &lower),
        (c"upperdir", &upper),
        (c"workdir", &work),
        (c"userxattr", c""),
        (c"volatile", c""),
    ];
    sys::new_fs(c"overlay", &options).ok()
}

/// A mount cannot be renamed or removed, and most of these cannot be written.
fn protect(guard: &Guard) -> io::Result<()> {
    let tree = match guard {
        Guard::ReadOnly(path) => sys::clone_tree(path, true)?,
        Guard::Blocked(_) => sys::clone_tree(Path::new("/dev/null"), false)?,
        Guard::Pinned(path) => return sys::attach(&sys::clone_tree(path, true)?, path),
    };
    sys::set_attributes(&tree, RDONLY | NOSUID, true)?;
    sys::attach(&tree, guard.path())
}
