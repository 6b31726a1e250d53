//! From exec to the answer of a scripted one-shot run, and to `--version`.

#![allow(clippy::unwrap_used, missing_docs)]

use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};

fn startup(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("script.jsonl");
    std::fs::write(
        &script,
        "{\"response\": {\"blocks\": [{\"text\": \"hi\"}]}}\n",
    )
    .unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sofos"));
        command
            .args(args)
            .current_dir(dir.path())
            .env("HOME", dir.path());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        assert!(command.status().unwrap().success());
    };
    c.bench_function("sofos --version", |b| b.iter(|| run(&["--version"])));
    let script = script.to_str().unwrap();
    c.bench_function("one-shot answer from a script", |b| {
        b.iter(|| run(&["-p", "hi", "--script", script]));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = startup
}
criterion_main!(benches);
