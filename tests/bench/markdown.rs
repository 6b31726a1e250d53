//! What an answer costs on its way to the screen: Markdown as it streams (twice
//! the text must cost twice the time), colours, diffs, frames.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use sofos::protocol::diff::{DiffKind, DiffLine, FileDiff, Hunk};
use sofos::render::diff;
use sofos::render::highlight::Highlighter;
use sofos::render::markdown::Settings;
use sofos::render::stream::MarkdownStream;
use sofos::render::theme::{CodeTheme, Theme};
use sofos::tui::terminal::scrollback::{Caret, Scrollback, Size};
use sofos::tui::terminal::sgr::{Depth, Painter};

const PROSE: &str = "The test compared **two** different readings of the `clock`, which is why it \
failed about once in a hundred runs; see [the docs](https://example.org/clock) for the rest of it.\n\n";
const LIST: &str = "- an item with *emphasis* and some more words to fill a row of the screen\n";
const CODE: &str = "    let ttl = now - self.created; // what is left of it\n";

/// The text in chunks as a model sends them, about four bytes each.
fn stream(text: &str) -> usize {
    let settings = Settings {
        width: 80,
        theme: Theme::default(),
    };
    let mut stream = MarkdownStream::new(settings);
    let mut lines = Vec::new();
    let mut count = 0;
    for chunk in text.as_bytes().chunks(4) {
        stream.push(&String::from_utf8_lossy(chunk), &mut lines);
        count += lines.len();
        lines.clear();
    }
    stream.finish(&mut lines);
    count + lines.len()
}

fn markdown(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("markdown");
    group.sample_size(10);
    for kilobytes in [100, 200, 800] {
        let fill = |piece: &str| piece.repeat(kilobytes * 1024 / piece.len());
        let fence = |body: String| format!("```text\n{body}```\n");
        for (name, text) in [
            ("prose", fill(PROSE)),
            ("one paragraph", fill(PROSE.trim_end()).replace("  ", " ")),
            ("one list", fill(LIST)),
            ("one fence", fence(fill(CODE))),
        ] {
            group.throughput(Throughput::Bytes(text.len() as u64));
            let id = BenchmarkId::new(name, format!("{kilobytes} KB"));
            group.bench_with_input(id, &text, |bencher, text| {
                bencher.iter(|| black_box(stream(text)));
            });
        }
    }
    group.finish();
}

fn highlight(criterion: &mut Criterion) {
    let source = include_str!("../../src/render/markdown.rs");
    let mut group = criterion.benchmark_group("highlight");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(source.len() as u64));
    group.bench_function("rust", |bencher| {
        bencher.iter(|| {
            let mut code = Highlighter::for_language("rust", &CodeTheme::default());
            source
                .lines()
                .map(|line| code.line(line).len())
                .sum::<usize>()
        });
    });
    group.finish();
}

fn diffs(criterion: &mut Criterion) {
    let lines = include_str!("../../src/render/markdown.rs")
        .lines()
        .take(200)
        .enumerate()
        .map(|(index, text)| DiffLine {
            kind: [DiffKind::Context, DiffKind::Removed, DiffKind::Added][index % 3],
            number: index + 1,
            text: text.to_owned(),
        })
        .collect();
    let change = FileDiff {
        path: "src/a.rs".into(),
        added: 66,
        removed: 67,
        hunks: vec![Hunk { lines }],
        folded: 0,
    };
    let theme = Theme::default();
    criterion.bench_function("diff of 200 lines", |bencher| {
        bencher.iter(|| black_box(diff::lines(&change, &theme)).len());
    });
}

fn frames(criterion: &mut Criterion) {
    let size = Size { cols: 80, rows: 24 };
    let painter = Painter {
        depth: Depth::Indexed,
        utf8: true,
        links: Default::default(),
    };
    let viewport = |text: &str| {
        let mut rows = Buffer::empty(Rect::new(0, 0, 80, 5));
        rows.set_string(0, 1, text, Style::new());
        rows.set_string(0, 3, "> ", Style::new());
        rows.set_string(0, 4, "  sonnet-5.5 · normal · ctx 18%", Style::new());
        rows
    };
    let (one, two) = (viewport("amber basil"), viewport("amber basil cedar"));
    let caret = Caret { row: 3, col: 2 };
    let line = [Line::raw("amber basil cedar delta ember fjord grove hazel")];
    criterion.bench_function("frame", |bencher| {
        let mut scrollback = Scrollback::new(painter.clone());
        bencher.iter(|| {
            let bytes = scrollback.frame(size, &line, &one, caret).len();
            bytes + scrollback.frame(size, &[], &two, caret).len()
        });
    });
}

criterion_group!(benches, markdown, highlight, diffs, frames);
criterion_main!(benches);
