//! How many tokens a text takes, before the vendor counts it: an estimate, corrected
//! by what the vendor reported of earlier ones.

/// Estimates below this many tokens teach nothing: framing outweighs them.
const WORTH: u64 = 500;

/// A correction beyond these is not the tokenizer's: another model's count, thoughts
/// that were left out, a server that is wrong.
const LEAST: f64 = 0.5;
const MOST: f64 = 2.0;

/// The correction so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gauge {
    factor: f64,
}

impl Default for Gauge {
    fn default() -> Self {
        Self { factor: 1.0 }
    }
}

impl Gauge {
    /// What an estimate comes to.
    pub(super) fn of(&self, estimated: u64) -> u64 {
        (estimated as f64 * self.factor) as u64
    }

    /// Learns from one request: what was estimated of its new part, and what the vendor
    /// counted for that.
    pub(super) fn learn(&mut self, estimated: u64, reported: u64) {
        if estimated < WORTH || reported == 0 {
            return;
        }
        let seen = reported as f64 / estimated as f64;
        if (LEAST..=MOST).contains(&seen) {
            self.factor = (self.factor + seen) / 2.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Gauge;

    #[test]
    fn estimates_come_near_what_is_reported() {
        let mut gauge = Gauge::default();
        for _ in 0..6 {
            gauge.learn(10_000, 13_000);
        }
        assert!((12_800..=13_000).contains(&gauge.of(10_000)));
        let before = gauge.of(10_000);
        for (estimated, reported) in [(100, 150), (10_000, 0), (10_000, 90_000), (10_000, 1)] {
            gauge.learn(estimated, reported);
        }
        assert_eq!(gauge.of(10_000), before);
    }
}
