//! Feeds mutated command lines to the analysis for a while and reports what breaks.
//!
//!     cargo run --release --example fuzz -- SECONDS [SEED]

mod oracle;

use std::collections::HashSet;
use std::panic;
use std::path::Path;
use std::time::{Duration, Instant};

const SEEDS: &[&str] = &[
    include_str!("../../tests/corpus/commands_everyday.txt"),
    include_str!("../../tests/corpus/commands_confined.txt"),
    include_str!("../../tests/corpus/commands_forbidden.txt"),
    include_str!("../../tests/corpus/commands_guarded.txt"),
];

/// Eleven analyses of up to 50 ms.
const SLOW: Duration = Duration::from_millis(550);

/// Pieces that change what a line means.
const PIECES: &[&str] = &[
    ";",
    "&&",
    "||",
    "|",
    "|&",
    "&",
    "\n",
    "\r",
    "(",
    ")",
    "{ ",
    "; }",
    "$(",
    ")",
    "`",
    "\"",
    "'",
    "$'",
    "$\"",
    "\\",
    "\\\n",
    "#",
    " #",
    "<(",
    ">(",
    ">",
    ">>",
    "<",
    "<<EOF\n",
    "\nEOF\n",
    "<<-'E'\n",
    "<<<",
    "2>&1",
    "&>",
    ">&",
    "$((",
    "))",
    "((",
    "[[ ",
    " ]]",
    "[ ",
    " ]",
    "${x}",
    "${x:-",
    "}",
    "$x",
    "$IFS",
    "~",
    "*",
    "?",
    "[a]",
    "{a,b}",
    "{1..3}",
    "if ",
    " then ",
    " fi",
    "for x in ",
    " do ",
    " done",
    "while ",
    "case x in ",
    " esac",
    ";;",
    "function ",
    "f()",
    "time ",
    "! ",
    "coproc ",
    "rm ",
    "./x.sh",
    "evil",
    "sudo ",
    "eval ",
    "env ",
    "xargs ",
    "sh -c '",
    "A=1 ",
    "x=rm; ",
    "export ",
    "--",
    "-o",
    "-exec ",
    "=",
    "\u{a0}",
    "\u{200b}",
    "\t",
    "\u{b}",
    "\u{c}",
    "\u{0}",
    "\u{1}",
    "\u{feff}",
    "@(a|b)",
    "!(a)",
    "!!",
    "%",
    "^a^b",
];

/// A small generator of numbers; the same seed gives the same run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn mutate(numbers: &mut Numbers, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut line = corpus[numbers.below(corpus.len())].clone();
    for _ in 0..=numbers.below(5) {
        let at = numbers.below(line.len() + 1);
        match numbers.below(9) {
            0..=3 => {
                let piece = PIECES[numbers.below(PIECES.len())];
                line.splice(at..at, piece.bytes());
            }
            4 if at < line.len() => {
                line.remove(at);
            }
            5 => {
                let end = (at + numbers.below(8)).min(line.len());
                line.drain(at..end);
            }
            6 => {
                let other = &corpus[numbers.below(corpus.len())];
                let from = numbers.below(other.len() + 1);
                line.splice(at.., other[from..].iter().copied());
            }
            7 if at < line.len() => line[at] = numbers.below(256) as u8,
            _ => {
                let end = (at + numbers.below(12)).min(line.len());
                let copy = line[at..end].to_vec();
                line.splice(at..at, copy);
            }
        }
    }
    line.truncate(4096);
    line
}

/// Judges a line: what came of it, if not a panic, and how long that took.
fn judge(line: &[u8], root: &Path) -> (std::thread::Result<Result<(), String>>, Duration) {
    let start = Instant::now();
    let result = panic::catch_unwind(|| oracle::fuzz(line, root));
    (result, start.elapsed())
}

#[allow(clippy::print_stdout)]
fn main() {
    let mut args = std::env::args().skip(1);
    let seconds = args.next().and_then(|text| text.parse().ok()).unwrap_or(60);
    let seed = args.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let root = std::env::current_dir().unwrap_or_default();
    let mut corpus: Vec<Vec<u8>> = SEEDS
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.as_bytes().to_vec())
        .collect();
    panic::set_hook(Box::new(|_| {}));
    let mut numbers = Numbers(seed | 1);
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut runs, mut slowest) = (0u64, Duration::ZERO);
    let mut told = HashSet::new();
    while Instant::now() < end {
        let line = mutate(&mut numbers, &corpus);
        let (result, mut took) = judge(&line, &root);
        // A busy machine makes anything slow, once or twice.
        for _ in 0..3 {
            if took > SLOW {
                took = took.min(judge(&line, &root).1);
            }
        }
        runs += 1;
        slowest = slowest.max(took);
        let found = match result {
            Err(_) => Some("a panic".to_string()),
            Ok(Err(words)) => Some(words),
            Ok(Ok(())) if took > SLOW => Some(format!("{took:?}")),
            Ok(Ok(())) => None,
        };
        if let Some(words) = found
            && told.len() < 500
            && told.insert(words.clone())
        {
            println!("FOUND {words}: {:?}", String::from_utf8_lossy(&line));
        }
        // Lines far from the corpus become seeds of further ones.
        if numbers.below(64) == 0 && corpus.len() < 20_000 {
            corpus.push(line);
        }
    }
    println!("{runs} lines, slowest {slowest:?}, {} findings", told.len());
}
