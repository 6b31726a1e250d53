use super::*;
use std::os::unix::fs::{PermissionsExt, symlink};

pub(super) fn author() -> Author {
    Author {
        session: "s1".into(),
        origin: ChangeOrigin::Call {
            call_id: "c".into(),
        },
        words: "Edit a".into(),
    }
}

struct Tree {
    _dir: tempfile::TempDir,
    root: PathBuf,
    store: Checkpoints,
}

impl Tree {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap().join("work");
        fs::create_dir(&root).unwrap();
        let store = Checkpoints::new(root.clone(), root.join(".sofos/undo"), None);
        Self {
            _dir: dir,
            root,
            store,
        }
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap_or_else(|_| "-".into())
    }

    /// Does something to these paths as a call would.
    fn call(&self, paths: &[&str], act: impl FnOnce()) -> Option<Change> {
        let paths: Vec<_> = paths
            .iter()
            .map(|path| (self.root.join(path), true))
            .collect();
        let begun = self.store.begin(author(), &paths).unwrap();
        act();
        let ended = self.store.end(begun).unwrap();
        if let Some(change) = &ended.change {
            self.store.settle("s1", &change.id);
        }
        ended.change
    }

    fn undo(&self, changes: &[&Change], force: bool) -> (Restored, Option<Change>) {
        let changes: Vec<TakeBack> = changes.iter().map(|change| (*change).into()).collect();
        let plan = self.store.plan(&changes).unwrap();
        let (restored, ended) = self.store.restore(author(), &plan, force).unwrap();
        (restored, ended.change)
    }
}

#[test]
fn an_edit_is_taken_back_and_the_undo_too() {
    let tree = Tree::new();
    tree.write("a", "one\r\n");
    fs::set_permissions(tree.root.join("a"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(tree.call(&["a"], || {}).is_none());
    let change = tree
        .call(&["a", "new/deep/b"], || {
            tree.write("a", "two");
            tree.write("new/deep/b", "b");
        })
        .unwrap();
    assert_eq!(change.files, 4, "two files and two directories");
    let (restored, undo) = tree.undo(&[&change], false);
    assert_eq!((restored.done.len(), restored.left.len()), (4, 0));
    assert_eq!(tree.read("a"), "one\r\n");
    assert!(!tree.root.join("new").exists());
    let (_, redo) = tree.undo(&[&undo.unwrap()], false);
    assert_eq!(
        (tree.read("a"), tree.read("new/deep/b")),
        ("two".into(), "b".into())
    );
    tree.undo(&[&redo.unwrap()], false);
    assert_eq!(tree.read("a"), "one\r\n");
    let mode = fs::metadata(tree.root.join("a"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o755);
    let left = fs::read_dir(tree.root.join(".sofos/undo/pending"))
        .unwrap()
        .count();
    assert_eq!(left, 3, "undo and redo were not settled, calls were");
}

#[test]
fn a_deleted_directory_comes_back_with_links_modes_and_odd_names() {
    use std::os::unix::ffi::OsStrExt;
    let tree = Tree::new();
    let odd = std::ffi::OsStr::from_bytes(b"d/na\xffme\n");
    tree.write("d/sub/x", "x");
    fs::create_dir(tree.root.join("d/empty")).unwrap();
    fs::write(tree.root.join(odd), "odd").unwrap();
    symlink("nowhere", tree.root.join("d/link")).unwrap();
    fs::set_permissions(tree.root.join("d/sub"), fs::Permissions::from_mode(0o500)).unwrap();
    let change = tree
        .call(&["d"], || {
            fs::set_permissions(tree.root.join("d/sub"), fs::Permissions::from_mode(0o700))
                .unwrap();
            fs::remove_dir_all(tree.root.join("d")).unwrap();
        })
        .unwrap();
    let (restored, _) = tree.undo(&[&change], false);
    assert!(restored.left.is_empty(), "{:?}", restored.left);
    assert_eq!(fs::read(tree.root.join(odd)).unwrap(), b"odd");
    assert_eq!(tree.read("d/sub/x"), "x");
    assert!(tree.root.join("d/empty").is_dir());
    let link = fs::read_link(tree.root.join("d/link")).unwrap();
    assert_eq!(link, Path::new("nowhere"));
    let mode = fs::metadata(tree.root.join("d/sub"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o500);
    fs::set_permissions(tree.root.join("d/sub"), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_write_is_kept_for_names_that_nobody_told_of() {
    let tree = Tree::new();
    tree.write("a", "old");
    tree.store.warm(false).unwrap();
    // The user links it, and nothing looks at the tree since.
    fs::hard_link(tree.root.join("a"), tree.root.join("b")).unwrap();
    let change = tree.call(&["a"], || tree.write("a", "new")).unwrap();
    assert_eq!((tree.read("b"), change.files), ("new".to_string(), 2));
    // The name that was written to goes elsewhere; the other one comes back all the same.
    fs::remove_file(tree.root.join("a")).unwrap();
    tree.undo(&[&change], false);
    assert_eq!(tree.read("b"), "old");
}

#[test]
fn names_of_one_file_that_were_other_files_are_parted() {
    let tree = Tree::new();
    tree.write("a", "one");
    tree.store.warm(false).unwrap();
    let first = tree.call(&["a"], || tree.write("a", "two")).unwrap();
    fs::hard_link(tree.root.join("a"), tree.root.join("b")).unwrap();
    let second = tree.call(&["b"], || tree.write("b", "three")).unwrap();
    assert_eq!(tree.read("a"), "three");
    let (restored, _) = tree.undo(&[&first, &second], false);
    assert_eq!((restored.done.len(), restored.left.len()), (2, 0));
    assert_eq!(
        (tree.read("a"), tree.read("b")),
        ("one".into(), "two".into())
    );
}

#[test]
fn what_the_user_changed_is_left_alone_unless_forced() {
    let tree = Tree::new();
    for name in ["a", "b", "c"] {
        tree.write(name, "old");
    }
    let first = tree
        .call(&["a", "b", "c", "new"], || {
            for name in ["a", "b", "c"] {
                tree.write(name, "sofos");
            }
            fs::create_dir(tree.root.join("new")).unwrap();
        })
        .unwrap();
    tree.write("b", "user");
    let second = tree
        .call(&["b"], || tree.write("b", "sofos again"))
        .unwrap();
    tree.write("a", "user");
    tree.write("new/mine", "mine");
    let both = [(&first).into(), (&second).into()];
    let plan = tree.store.plan(&both).unwrap();
    assert_eq!(
        plan.obstacles(),
        [
            "a (changed since)",
            "b (changed by someone else in between)"
        ]
    );
    assert!(plan.can_be_forced());
    let (restored, _) = tree.undo(&[&first, &second], false);
    assert_eq!(restored.left.len(), 3, "{:?}", restored.left);
    assert!(restored.left[2].contains("new (holds other files)"));
    assert_eq!(
        ["a", "b", "c", "new/mine"].map(|path| tree.read(path)),
        ["user", "sofos again", "old", "mine"]
    );
    let (restored, change) = tree.undo(&[&first, &second], true);
    assert_eq!(restored.left.len(), 1);
    assert_eq!([tree.read("a"), tree.read("b")], ["old", "old"]);
    // The user's own text was kept first.
    tree.undo(&[&change.unwrap()], false);
    assert_eq!([tree.read("a"), tree.read("b")], ["user", "sofos again"]);
}

#[test]
fn a_link_put_in_the_way_leads_nowhere() {
    let tree = Tree::new();
    let outside = tree.root.join("../outside");
    fs::create_dir(&outside).unwrap();
    tree.write("d/f", "old");
    let change = tree.call(&["d/f"], || fs::remove_file(tree.root.join("d/f")).unwrap());
    fs::remove_dir(tree.root.join("d")).unwrap();
    symlink(&outside, tree.root.join("d")).unwrap();
    let (restored, _) = tree.undo(&[&change.unwrap()], false);
    assert_eq!(restored.left, ["d/f (changed since)"]);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    for bad in [
        "../x",
        ".git/config",
        "sub/.git/hooks/x",
        ".sofos/sessions/x",
        "",
    ] {
        assert!(tree.store.place(Path::new(bad)).is_none(), "{bad}");
    }
}

#[test]
fn a_change_cut_off_by_a_crash_is_found_again() {
    let tree = Tree::new();
    tree.write("a", "old");
    tree.write("b", "old");
    let begun = tree
        .store
        .begin(author(), &[(tree.root.join("a"), false)])
        .unwrap();
    let logged = tree
        .store
        .begin(author(), &[(tree.root.join("b"), false)])
        .unwrap();
    tree.write("a", "new");
    let again = Checkpoints::new(tree.root.clone(), tree.root.join(".sofos/undo"), None);
    assert!(
        again
            .recover("other", |_| false)
            .unwrap()
            .changes
            .is_empty()
    );
    let id = logged.note.as_ref().unwrap().id.clone();
    let found = again.recover("s1", |other| other == id).unwrap().changes;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, begun.note.as_ref().unwrap().id);
    again.settle("s1", &found[0].id);
    assert!(again.recover("s1", |_| false).unwrap().changes.is_empty());
    tree.undo(&[&found[0]], false);
    assert_eq!(tree.read("a"), "old");
}

#[test]
fn what_a_killed_write_left_goes_at_a_later_start() {
    let tree = Tree::new();
    tree.write("a", "old");
    let paths = [(tree.root.join("a"), false)];
    let _cut_off = tree.store.begin(author(), &paths).unwrap();
    tree.write(".sofos-abcdefghij.tmp", "half");
    let temp = tree.root.join(".sofos-abcdefghij.tmp");
    let start = || {
        let again = Checkpoints::new(tree.root.clone(), tree.root.join(".sofos/undo"), None);
        again.recover("s1", |_| true).unwrap();
    };
    // It may be that of a process that is writing now.
    start();
    assert!(temp.exists());
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let file = File::options().append(true).open(&temp).unwrap();
    file.set_modified(long_ago).unwrap();
    start();
    assert!(!temp.exists());
    let notes = || fs::read_dir(tree.root.join(".sofos/undo/pending")).unwrap();
    assert_eq!(notes().count(), 0);
    assert_eq!(tree.read("a"), "old");
}

#[test]
fn what_is_too_large_or_gone_is_said() {
    let tree = Tree::new();
    tree.write("big", "");
    let big = File::options()
        .write(true)
        .open(tree.root.join("big"))
        .unwrap();
    big.set_len(LARGEST_KNOWN + 1).unwrap();
    let paths = [(tree.root.join("big"), false)];
    let begun = tree.store.begin(author(), &paths).unwrap();
    assert_eq!(begun.unkept, ["big (64 MB)"]);
    tree.write("big", "small");
    let change = tree.store.end(begun).unwrap().change.unwrap();
    let (restored, undo) = tree.undo(&[&change], true);
    assert_eq!(undo.unwrap().files, 0);
    assert_eq!(
        restored.left,
        ["big (its old content is no longer in the undo store)"]
    );
    fs::remove_dir_all(tree.root.join(".sofos/undo/blobs")).unwrap();
    let gone = tree.store.plan(&[(&change).into()]).unwrap_err();
    assert!(gone.to_string().contains("\"Edit a\""), "{gone}");
}

#[test]
fn a_command_cut_off_by_a_crash_is_looked_into() {
    let tree = Tree::new();
    tree.write("a", "old");
    tree.write("b", "old");
    tree.store.warm(false).unwrap();
    let begun = tree.store.begin_tree(author()).unwrap().unwrap();
    assert!(begun.is_whole_tree());
    tree.write("a", "new and longer");
    fs::remove_file(tree.root.join("b")).unwrap();
    let again = Checkpoints::new(tree.root.clone(), tree.root.join(".sofos/undo"), None);
    let mut found = again.recover("s1", |_| false).unwrap();
    let ended = again.finish_tree(found.looked.remove(0), b"").unwrap();
    let change = ended.change.unwrap();
    assert_eq!(change.files, 2);
    tree.undo(&[&change], false);
    assert_eq!([tree.read("a"), tree.read("b")], ["old", "old"]);
}

#[test]
fn the_home_directory_is_not_watched() {
    let tree = Tree::new();
    let store = Checkpoints::new(
        tree.root.clone(),
        tree.root.join(".sofos/undo"),
        Some(&tree.root),
    );
    assert!(!store.watches());
    assert!(store.begin_tree(author()).unwrap().is_none());
}
