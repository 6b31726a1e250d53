//! Judging command lines.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use sofos::permission::command::analyse;
use sofos::permission::{Place, RuleSet};

fn judging(criterion: &mut Criterion) {
    let root = std::env::temp_dir();
    let place = Place {
        root: &root,
        home: Some(Path::new("/home/nobody")),
    };
    let rules = RuleSet::default();
    let lists = "cargo test --lib && git log --oneline -5 | head -20; ".repeat(40);
    let loops = "for f in a b c; do if [ -f \"$f\" ]; then head -5 \"$f\"; fi; done; ".repeat(30);
    for (name, line) in [
        ("one command", "cargo test --lib tools::schema"),
        ("2 kB of lists", lists.as_str()),
        ("2 kB of loops", loops.as_str()),
    ] {
        criterion.bench_function(&format!("judge/{name}"), |bencher| {
            bencher.iter(|| {
                let analysis = analyse(&place, black_box(line));
                rules.judge(line, &analysis)
            });
        });
    }
}

criterion_group!(benches, judging);
criterion_main!(benches);
