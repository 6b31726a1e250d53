//! Notices a model that repeats the same failing call.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// After this many identical failures the model is shown a way out.
const HINT_AT: u32 = 3;
/// After this many the turn ends.
const STOP_AT: u32 = 6;

/// What to do about a call that just failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    GoOn,
    /// Add the way out to the result.
    Hint,
    /// End the turn.
    Stop,
}

/// What the model is told with the third identical failure.
pub(super) const WAY_OUT: &str = "\n\nThis exact call has now failed 3 times. Repeating it will not help. \
     Read the current state first, use another tool or other arguments, or tell the user what blocks you.";

/// Failures of one turn, counted by tool and arguments.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    failures: HashMap<u64, u32>,
}

impl Repeats {
    /// Records the outcome of a call. A success clears its count.
    pub(super) fn record(&mut self, name: &str, arguments: &str, failed: bool) -> Verdict {
        let mut hasher = DefaultHasher::new();
        (name, arguments.trim()).hash(&mut hasher);
        let key = hasher.finish();
        if !failed {
            self.failures.remove(&key);
            return Verdict::GoOn;
        }
        let count = self.failures.entry(key).or_default();
        *count += 1;
        match *count {
            HINT_AT => Verdict::Hint,
            STOP_AT.. => Verdict::Stop,
            _ => Verdict::GoOn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn third_failure_hints_sixth_stops_and_success_clears() {
        let mut repeats = Repeats::default();
        let verdicts: Vec<Verdict> = (0..6).map(|_| repeats.record("t", "{}", true)).collect();
        assert_eq!(verdicts[2], Verdict::Hint);
        assert_eq!(verdicts[5], Verdict::Stop);
        assert!([0, 1, 3, 4].iter().all(|n| verdicts[*n] == Verdict::GoOn));
        repeats.record("t", "{}", false);
        assert_eq!(repeats.record("t", "{}", true), Verdict::GoOn);
        assert_eq!(repeats.record("t", "{\"a\":1}", true), Verdict::GoOn);
    }
}
