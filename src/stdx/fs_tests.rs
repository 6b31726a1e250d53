use super::*;
use std::os::unix::fs::{PermissionsExt, symlink};

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .expect("list")
        .map(|entry| {
            entry
                .expect("entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn write_keeps_mode_and_link_and_leaves_no_temp() {
    let dir = tempfile::tempdir().expect("tempdir");
    let script = dir.path().join("run.sh");
    fs::write(&script, "old").expect("write");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("chmod");
    let link = dir.path().join("link");
    symlink("run.sh", &link).expect("link");
    write_atomic(&link, b"new", 0o644).expect("atomic");
    assert_eq!(fs::read(&script).expect("read"), b"new");
    assert_eq!(
        fs::metadata(&script).expect("meta").permissions().mode() & 0o777,
        0o755
    );
    assert!(fs::symlink_metadata(&link).expect("meta").is_symlink());
    assert_eq!(names(dir.path()), ["link", "run.sh"]);
}

#[test]
fn refused_targets_stay_as_they_were() {
    let dir = tempfile::tempdir().expect("tempdir");
    let locked = dir.path().join("locked");
    fs::write(&locked, "old").expect("write");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o444)).expect("chmod");
    assert!(write_atomic(&locked, b"new", 0o644).is_err());
    assert_eq!(fs::read(&locked).expect("read"), b"old");
    assert!(write_atomic(dir.path(), b"new", 0o644).is_err());
    assert_eq!(names(dir.path()), ["locked"]);
}

#[test]
fn hard_links_stay_one_file() {
    use std::os::unix::fs::MetadataExt;
    let dir = tempfile::tempdir().expect("tempdir");
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    fs::write(&a, "a long old content").expect("write");
    fs::hard_link(&a, &b).expect("link");
    let inode = fs::metadata(&a).expect("meta").ino();
    for new in ["short", "longer than it was before, by a good deal"] {
        write_atomic(&a, new.as_bytes(), 0o644).expect("write");
        assert_eq!(fs::read(&b).expect("read"), new.as_bytes());
        assert_eq!(fs::metadata(&a).expect("meta").ino(), inode);
        assert_eq!(names(dir.path()), ["a", "b"]);
    }
}

#[test]
fn a_check_that_fails_leaves_all_as_it_was() {
    let dir = tempfile::tempdir().expect("tempdir");
    let a = dir.path().join("a");
    fs::write(&a, "old").expect("write");
    let check = || Err(io::Error::other("changed"));
    assert!(write_atomic_if(&a, b"new", 0o644, check).is_err());
    fs::hard_link(&a, dir.path().join("b")).expect("link");
    assert!(write_atomic_if(&a, b"new", 0o644, check).is_err());
    assert_eq!(fs::read(&a).expect("read"), b"old");
    assert_eq!(names(dir.path()), ["a", "b"]);
}

#[cfg(target_os = "linux")]
#[test]
fn extended_attributes_are_kept() {
    use rustix::fs::{XattrFlags, getxattr, setxattr};
    let dir = tempfile::tempdir().expect("tempdir");
    let a = dir.path().join("a");
    fs::write(&a, "old").expect("write");
    // Some file systems have none.
    if setxattr(&a, "user.note", b"kept", XattrFlags::empty()).is_err() {
        return;
    }
    write_atomic(&a, b"new", 0o644).expect("write");
    let mut value = [0; 16];
    let length = getxattr(&a, "user.note", &mut value[..]).expect("attribute");
    assert_eq!(&value[..length], b"kept");
}

#[test]
fn rename_and_copy_never_overwrite() {
    let dir = tempfile::tempdir().expect("tempdir");
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    fs::write(&a, "a").expect("write");
    fs::write(&b, "b").expect("write");
    assert_eq!(
        rename(&a, &b).expect_err("refused").kind(),
        io::ErrorKind::AlreadyExists
    );
    assert_eq!(
        copy(&a, &b).expect_err("refused").kind(),
        io::ErrorKind::AlreadyExists
    );
    assert_eq!(fs::read(&b).expect("read"), b"b");
}

/// Writes with a fault at each step in turn, until one goes through; `judge` sees
/// whether it ended well.
fn with_faults(fault: faults::Fault, setup: impl Fn(&Path), judge: impl Fn(&Path, bool)) -> usize {
    for at in 0.. {
        let dir = tempfile::tempdir().expect("tempdir");
        setup(dir.path());
        let target = dir.path().join("a");
        faults::NEXT.set(Some((at, fault)));
        let ended = std::panic::catch_unwind(|| write_atomic(&target, b"the new text", 0o644));
        let over = faults::NEXT.take().is_some();
        judge(dir.path(), matches!(ended, Ok(Ok(()))));
        if over {
            return at;
        }
    }
    0
}

#[test]
fn a_crash_at_any_step_leaves_the_old_file_or_the_new_one() {
    let read = |dir: &Path| fs::read(dir.join("a"));
    let setup = |dir: &Path| fs::write(dir.join("a"), "old").expect("write");
    let steps = with_faults(faults::Fault::Crash, setup, |dir, _| {
        let text = read(dir).expect("read");
        assert!(text == b"old" || text == b"the new text", "{text:?}");
    });
    assert_eq!(steps, 8);
    let steps = with_faults(
        faults::Fault::Crash,
        |_| (),
        |dir, _| assert!(read(dir).is_err() || read(dir).expect("read") == b"the new text"),
    );
    assert_eq!(steps, 7);
    // A file with another name is written in place: what it was is beside it then.
    let setup = |dir: &Path| {
        fs::write(dir.join("a"), "a longer old text").expect("write");
        fs::hard_link(dir.join("a"), dir.join("b")).expect("link");
    };
    with_faults(faults::Fault::Crash, setup, |dir, _| {
        recover(&dir.join("a")).expect("recover");
        let text = read(dir).expect("read");
        assert!(text == b"a longer old text" || text == b"the new text");
        assert_eq!(text, fs::read(dir.join("b")).expect("read"));
        assert!(!names(dir).iter().any(|name| name.ends_with("sofos-old")));
    });
}

#[test]
fn a_full_disk_leaves_the_old_file_and_nothing_else() {
    let setup = |dir: &Path| fs::write(dir.join("a"), "old").expect("write");
    with_faults(faults::Fault::Full, setup, |dir, done| {
        let text = fs::read(dir.join("a")).expect("read");
        assert_eq!(text, if done { &b"the new text"[..] } else { b"old" });
        assert_eq!(names(dir), ["a"]);
    });
    let setup = |dir: &Path| {
        fs::write(dir.join("a"), "old").expect("write");
        fs::hard_link(dir.join("a"), dir.join("b")).expect("link");
    };
    with_faults(faults::Fault::Full, setup, |dir, done| {
        let text = fs::read(dir.join("b")).expect("read");
        assert_eq!(text, if done { &b"the new text"[..] } else { b"old" });
        assert_eq!(names(dir), ["a", "b"]);
    });
}
