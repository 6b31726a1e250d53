//! Searching a tree of 20,000 files, beside `rg` where it is installed, and
//! reading a page of a file of 2 GB.
//!
//! `cargo bench --bench search`; a tree of one's own: `SEARCH_TREE=DIR`.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};
use sofos::permission::scope;
use sofos::workspace::Workspace;
use sofos::workspace::search::{self, Keep, Query};
use tokio_util::sync::CancellationToken;

const FILES: usize = 20_000;

/// Rust-like files in nested directories; one in a hundred holds the word.
fn grow(root: &Path) {
    let line = "    let value = compute(alpha, beta).map(|item| item.unwrap_or_default());\n";
    for number in 0..FILES {
        let dir = root.join(format!("d{}/e{}", number / 1000, number / 50 % 20));
        std::fs::create_dir_all(&dir).expect("directory");
        let mut text = line.repeat(20 + number % 100);
        if number % 100 == 0 {
            text.push_str("// the needle is here\n");
        }
        std::fs::write(dir.join(format!("f{number}.rs")), text).expect("file");
    }
}

fn tree() -> (Option<tempfile::TempDir>, PathBuf) {
    if let Some(tree) = std::env::var_os("SEARCH_TREE") {
        return (None, PathBuf::from(tree));
    }
    let dir = tempfile::tempdir().expect("temporary directory");
    grow(dir.path());
    let root = dir.path().to_path_buf();
    (Some(dir), root)
}

fn rg(args: &[&str], root: &Path) -> bool {
    Command::new("rg")
        .args(args)
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .is_ok()
}

fn searching(criterion: &mut Criterion) {
    let (_dir, root) = tree();
    let has_rg = rg(&["--version"], &root);
    let mut group = criterion.benchmark_group("search");
    group.sample_size(10);
    for (name, pattern, flags) in [
        ("literal", "needle is", &["-n", "--no-heading"][..]),
        (
            "regex",
            r"needle\s+is|fn\s+unlikely_\w+\(",
            &["-n", "--no-heading"],
        ),
        ("no case", "NEEDLE IS", &["-n", "-i", "--no-heading"]),
    ] {
        let query = Query {
            pattern: pattern.to_string(),
            ignore_case: flags.contains(&"-i"),
            keep: Keep::Lines,
            ..Query::default()
        };
        group.bench_function(format!("{name}/sofos"), |bencher| {
            bencher.iter(|| {
                let cancel = CancellationToken::new();
                black_box(search::search(&root, &root, &query, &cancel).expect("search"))
            });
        });
        if has_rg {
            let args: Vec<&str> = flags.iter().copied().chain(["-e", pattern, "."]).collect();
            group.bench_function(format!("{name}/rg"), |bencher| {
                bencher.iter(|| rg(&args, &root));
            });
        }
    }
    group.finish();
}

fn reading(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("temporary directory");
    let path = dir.path().join("huge.log");
    std::fs::write(&path, "a line of a long log file\n".repeat(4_000)).expect("file");
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .expect("open");
    // Sparse: takes no room on disk.
    file.set_len(2 << 30).expect("length");
    let workspace = Workspace::open(dir.path()).expect("workspace");
    let scoped = scope::resolve(workspace.root(), None, "huge.log").expect("path");
    criterion.bench_function("read/200 lines of 2 GB", |bencher| {
        bencher.iter(|| black_box(workspace.read(&scoped, 1_000, Some(200)).expect("page")));
    });
}

criterion_group!(benches, searching, reading);
criterion_main!(benches);
