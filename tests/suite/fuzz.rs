//! The oracle of `examples/fuzz`, over its corpus and over made-up text.

#[path = "../../examples/fuzz/oracle.rs"]
mod oracle;

use proptest::prelude::*;

fn holds(data: &[u8]) {
    let dir = std::env::temp_dir();
    if let Err(words) = oracle::fuzz(data, &dir) {
        panic!("{words}");
    }
}

#[test]
fn the_corpus_holds() {
    for text in [
        include_str!("../corpus/commands_everyday.txt"),
        include_str!("../corpus/commands_confined.txt"),
        include_str!("../corpus/commands_forbidden.txt"),
        include_str!("../corpus/commands_guarded.txt"),
    ] {
        for line in text.lines().step_by(5) {
            holds(line.as_bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn bytes_hold(data in prop::collection::vec(any::<u8>(), 0..80)) {
        holds(&data);
    }

    #[test]
    fn shell_like_text_holds(
        text in "(rm |ls |x=rm |\\./x\\.sh|cat |[a-z '\"$`\\\\;&|<>(){}\\[\\]*?~=#!\n\t/.-]){0,30}",
    ) {
        holds(text.as_bytes());
    }
}
