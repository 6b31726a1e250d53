//! Framing and decoding of a 200,000-token answer as it comes from the network.

use std::collections::VecDeque;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sofos::net::sse::SseParser;
use sofos::provider::wire;

/// Deltas of about three tokens each.
const DELTAS: usize = 66_000;
/// Bytes that arrive together.
const CHUNK: usize = 4096;

fn body() -> String {
    let mut body = String::from(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\
         \"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-5-5\",\"content\":[],\
         \"stop_reason\":null,\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n\
         event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\
         \"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    );
    let words = [
        "let total = ",
        "a + b;\\n",
        "\\\"quoted\\\" text",
        "日本 and é ",
    ];
    for word in words.iter().cycle().take(DELTAS) {
        body.push_str(
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\
             \"delta\":{\"type\":\"text_delta\",\"text\":\"",
        );
        body.push_str(word);
        body.push_str("\"}}\n\n");
    }
    body.push_str(
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
         event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\
         \"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":200000}}\n\n\
         event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    );
    body
}

/// Decodes the body and counts the events.
fn decode(body: &[u8], chunk: usize) -> usize {
    let Some(wire) = wire::by_id("anthropic") else {
        return 0;
    };
    let (mut parser, mut decoder) = (SseParser::default(), wire.decoder());
    let mut out = VecDeque::new();
    let mut events = 0;
    for bytes in body.chunks(chunk) {
        let framed = parser.push(bytes, |_, data| {
            assert!(decoder.event(data, &mut out).is_ok(), "{data}");
        });
        assert!(framed.is_ok());
        events += out.drain(..).count();
    }
    events
}

fn bench(criterion: &mut Criterion) {
    let body = body();
    assert_eq!(decode(body.as_bytes(), CHUNK), DELTAS + 3);
    let mut group = criterion.benchmark_group("sse");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("decode 200k tokens", |bencher| {
        bencher.iter(|| decode(black_box(body.as_bytes()), CHUNK));
    });
    group.bench_function("decode 200k tokens, 7 bytes at a time", |bencher| {
        bencher.iter(|| decode(black_box(body.as_bytes()), 7));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
