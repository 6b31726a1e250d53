//! Random work by sofos, by commands and by somebody else; then everything since a
//! random point is taken back and compared with what a full copy of the tree says.
//! `SOFOS_FUZZ_ROUNDS=500 cargo test --lib restore_is_exact` runs longer,
//! `SOFOS_FUZZ_SEED` says where.

use super::*;
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Dir(u32),
    File(u32, Vec<u8>),
    Link(PathBuf),
}

type Shot = BTreeMap<PathBuf, Node>;

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

fn shot(root: &Path, dir: &Path, out: &mut Shot) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let (path, meta) = (entry.path(), entry.metadata().unwrap());
        let mode = meta.permissions().mode() & 0o7777;
        let node = if meta.is_symlink() {
            Node::Link(fs::read_link(&path).unwrap())
        } else if meta.is_dir() {
            Node::Dir(mode)
        } else {
            Node::File(mode, fs::read(&path).unwrap())
        };
        let is_dir = matches!(node, Node::Dir(_));
        out.insert(path.strip_prefix(root).unwrap().to_path_buf(), node);
        if is_dir {
            shot(root, &path, out);
        }
    }
}

/// The tree that people see, and git's data.
fn shots(root: &Path) -> (Shot, Shot) {
    let mut all = Shot::new();
    shot(root, root, &mut all);
    all.retain(|path, _| !path.starts_with(".sofos"));
    let git = all
        .iter()
        .filter(|(path, _)| path.starts_with(".git"))
        .map(|(path, node)| (path.clone(), node.clone()))
        .collect();
    all.retain(|path, _| !path.starts_with(".git"));
    (all, git)
}

fn sh(root: &Path, line: &str) -> Vec<u8> {
    Command::new("sh")
        .args(["-c", line])
        .current_dir(root)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "a")
        .env("GIT_AUTHOR_EMAIL", "a@b")
        .env("GIT_COMMITTER_NAME", "a")
        .env("GIT_COMMITTER_EMAIL", "a@b")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .unwrap()
        .stdout
}

const FILES: &[&str] = &[
    "a.txt",
    "b.txt",
    "src/m.rs",
    "src/n.rs",
    "src/deep/o.rs",
    "docs/p.md",
    ".env",
    "run.sh",
    "src/q 'x'.rs",
];

/// A command line as a model or a person may write it.
fn line(random: &mut Random) -> String {
    let quote = |name: &str| format!("'{}'", name.replace('\'', "'\\''"));
    let (a, b) = (quote(random.pick(FILES)), quote(random.pick(FILES)));
    let dir = random.pick(&["src", "src/deep", "docs", "new/made", "empty"]);
    let n = random.below(1000);
    match random.below(32) {
        0 => format!("rm -f {a}"),
        1 => format!("rm -rf {dir}"),
        2 => format!("mv {a} {b}"),
        3 | 4 => format!("sed -i 's/[0-9]/{}/' {a} {b}", n % 10),
        5 => format!("chmod {} {a}", ["644", "755", "600", "444"][n % 4]),
        6 | 7 => format!("mkdir -p src docs; echo {n} >> {a}"),
        8 => format!("mkdir -p {dir}"),
        // In place, the same length, as quick as can be.
        9 | 10 => format!("printf {} | dd of={a} conv=notrunc status=none", n % 10),
        11 => format!("ln -sfn target-{n} {a}"),
        12 => format!("cp -r src copy-{}", n % 3),
        13 => "git add -A && git commit -qm x".to_string(),
        14 => "git checkout -q -- . ".to_string(),
        15 => format!("touch {a}"),
        16 => format!("mv {dir} moved-{}", n % 3),
        17 => format!("mkdir -p target && echo {n} > target/out && echo {n} > {b}"),
        18 => format!("chmod {} {dir}", ["700", "755", "500"][n % 3]),
        19 => "git stash -q".to_string(),
        20 => "git reset -q --hard; git clean -fdq".to_string(),
        21 => format!("git rm -q --cached {a}; git checkout -q -B topic-{}", n % 2),
        22 => format!("rmdir {dir}"),
        // Another kind of thing under the same name.
        23 => format!("rm -rf {a} && mkdir -p {a} && echo {n} > {a}/inner"),
        24 => format!("rm -rf {dir} && mkdir -p src docs && echo {n} > {dir}"),
        25 => format!("ln -f {a} {b}"),
        26 => format!(": > {a}; truncate -s {} {b}", n % 9),
        27 => {
            format!("mkdir -p src docs && ln -sfn ../docs src/linked && echo {n} > src/linked/p.md")
        }
        28 => format!("cp {a} {b} && touch -r {a} {b}"),
        29 => format!("mkdir -p src docs; install -m 711 {a} {b}"),
        _ => format!("printf '{n}\\n' | tee {a} > {b}"),
    }
}

struct Run {
    root: PathBuf,
    store: Checkpoints,
    /// What sofos did: the tree before and after, and its record.
    done: Vec<(Shot, Shot, Option<Change>)>,
}

impl Run {
    fn tool(&self, random: &mut Random) -> Option<Change> {
        let path = self.root.join(random.pick(FILES));
        // A tool is given the path that a link leads to.
        let path = match fs::read_link(&path) {
            Ok(target) => path.with_file_name(target),
            Err(_) => path,
        };
        let whole = random.below(4) == 0;
        let target = match path.parent() {
            Some(parent) if whole && parent != self.root => parent.to_path_buf(),
            _ => path.clone(),
        };
        let begun = self
            .store
            .begin(super::tests::author(), &[(target.clone(), whole)])
            .unwrap();
        if whole {
            let _ = fs::remove_dir_all(&target);
        } else if target
            .parent()
            .is_some_and(|dir| fs::create_dir_all(dir).is_ok())
        {
            let text = format!("tool {}\n", random.below(1000));
            let _ = sfs::write_atomic(&target, text.as_bytes(), 0o644);
        }
        self.settled(self.store.end(begun).unwrap())
    }

    fn command(&self, line: &str) -> Option<Change> {
        let begun = self.store.begin_tree(super::tests::author()).unwrap();
        sh(&self.root, line);
        let looked = self.store.look_again(begun.unwrap()).unwrap();
        let from_git: Vec<u8> = looked
            .git_commands()
            .iter()
            .flat_map(|command| sh(&self.root, command))
            .collect();
        self.settled(self.store.finish_tree(looked, &from_git).unwrap())
    }

    fn settled(&self, ended: Ended) -> Option<Change> {
        let change = ended.change?;
        self.store.settle("s1", &change.id);
        Some(change)
    }

    fn restore(&self, changes: &[TakeBack]) -> (Restored, Change) {
        let plan = self.store.plan(changes).unwrap();
        let author = super::tests::author();
        let (restored, ended) = self.store.restore(author, &plan, false).unwrap();
        (restored, self.settled(ended).unwrap())
    }
}

/// What the tree should be when everything since `from` is taken back: by path, what
/// it was if nobody else touched it, else what it is.
fn wanted(done: &[(Shot, Shot, Option<Change>)], now: &Shot) -> Shot {
    let mut out = now.clone();
    let mut paths: Vec<&PathBuf> = done
        .iter()
        .flat_map(|(before, after, _)| before.keys().chain(after.keys()))
        .collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let touched: Vec<_> = done
            .iter()
            .map(|(before, after, _)| (before.get(path), after.get(path)))
            .filter(|(before, after)| before != after)
            .collect();
        let (Some(first), Some(last)) = (touched.first(), touched.last()) else {
            continue;
        };
        let unbroken = touched.windows(2).all(|pair| pair[0].1 == pair[1].0);
        if unbroken && last.1 == now.get(path) {
            match first.0 {
                Some(node) => out.insert(path.clone(), node.clone()),
                None => out.remove(path),
            };
        }
    }
    out
}

/// Differences that are no error: a directory stays while something of somebody else
/// is in it, and one is made anew for what comes back into it.
fn compare(wanted: &Shot, found: &Shot, left: &[String], words: &str) {
    let paths: std::collections::BTreeSet<&PathBuf> = wanted.keys().chain(found.keys()).collect();
    for path in paths {
        let (want, got) = (wanted.get(path), found.get(path));
        // Directories that git ignores are not looked into.
        let ignored = path.starts_with("target") || path.parent() == Some(Path::new(".env"));
        if want == got || ignored {
            continue;
        }
        let has_children = found
            .keys()
            .any(|other| other != path && other.starts_with(path));
        let shown = shown(path);
        let said = left.iter().any(|words| {
            let named = words.split(" (").next().unwrap_or("");
            named == shown || Path::new(&shown).starts_with(named)
        });
        let parent_said = path.ancestors().any(|above| {
            left.iter()
                .any(|words| words.starts_with(&format!("{} (", super::shown(above))))
        });
        match (want, got) {
            (None | Some(Node::Dir(_)), Some(Node::Dir(_))) if has_children => {}
            // Something of another kind, with something else in it, is in the way.
            _ if said || parent_said => {}
            _ => panic!("{words}: {shown}: wanted {want:?}, found {got:?}; left {left:?}"),
        }
    }
}

fn round(seed: u64) {
    let dir = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(dir.path()).unwrap().join("work");
    fs::create_dir(&root).unwrap();
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for name in FILES {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{name} 1\r\n2\n")).unwrap();
    }
    let odd = root.join(std::ffi::OsStr::from_bytes(b"src/odd\xff\n"));
    fs::write(odd, "7").unwrap();
    fs::write(root.join(".gitignore"), "target/\n.env\n").unwrap();
    let repository = random.below(4) > 0;
    if repository {
        sh(&root, "git init -q && git add -A && git commit -qm first");
    }
    let store = Checkpoints::new(root.clone(), root.join(".sofos/undo"), None);
    store.warm(repository).unwrap();
    let mut run = Run {
        root: root.clone(),
        store,
        done: Vec::new(),
    };
    let mut log = Vec::new();
    for _ in 0..3 {
        for _ in 0..2 + random.below(5) {
            let before = shots(&root).0;
            match random.below(5) {
                0 => {
                    let line = line(&mut random);
                    sh(&root, &line);
                    log.push(format!("user: {line}"));
                }
                1 => {
                    let change = run.tool(&mut random);
                    log.push(format!("tool: {change:?}"));
                    run.done.push((before, shots(&root).0, change));
                }
                _ => {
                    let line = line(&mut random);
                    let change = run.command(&line);
                    log.push(format!("sofos: {line}"));
                    run.done.push((before, shots(&root).0, change));
                }
            }
        }
        if run.done.is_empty() {
            continue;
        }
        let from = random.below(run.done.len());
        let since = &run.done[from..];
        let changes: Vec<TakeBack> = since
            .iter()
            .flat_map(|(_, _, c)| c)
            .map(Into::into)
            .collect();
        let (now, git) = shots(&root);
        let wanted = wanted(since, &now);
        let words = format!("seed {seed}, since {from} of {log:#?}");
        let (restored, change) = run.restore(&changes);
        let (found, git_after) = shots(&root);
        assert_eq!(git, git_after, "{words}: git's data changed");
        compare(&wanted, &found, &restored.left, &words);
        log.push(format!("rewind {from}"));
        run.done
            .push((now.clone(), found.clone(), Some(change.clone())));
        if random.below(2) == 0 {
            let (restored, again) = run.restore(&[(&change).into()]);
            let back = shots(&root).0;
            assert_eq!(restored.left, Vec::<String>::new(), "{words}");
            compare(&now, &back, &[], &format!("{words}, and back"));
            log.push("undo".into());
            run.done.push((found, back, Some(again)));
        }
    }
}

#[test]
fn whatever_happens_a_restore_is_exact_and_touches_nothing_else() {
    let rounds = std::env::var("SOFOS_FUZZ_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(12);
    let first = std::env::var("SOFOS_FUZZ_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    for seed in first..first + rounds {
        round(seed);
    }
}
