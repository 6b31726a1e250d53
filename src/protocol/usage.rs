//! Token counts and money.

use serde::{Deserialize, Serialize};

use crate::stdx::text;

/// Tokens of one response or a sum of several. The four input counts are
/// disjoint: the prompt size is their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Input tokens billed at the full rate.
    pub input: u64,
    /// Input tokens read from the vendor's cache.
    pub cache_read: u64,
    /// Input tokens written to the short-lived cache.
    pub cache_write: u64,
    /// Input tokens written to the long-lived cache.
    pub cache_write_long: u64,
    /// Output tokens, reasoning included.
    pub output: u64,
    /// The part of `output` spent on reasoning.
    pub reasoning: u64,
    /// Vendor-run web searches, billed apart.
    pub web_searches: u64,
}

impl Usage {
    /// Size of the whole prompt in tokens.
    pub fn prompt(&self) -> u64 {
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write)
            .saturating_add(self.cache_write_long)
    }

    /// Adds another response's counts, saturating.
    pub fn add(&mut self, other: &Usage) {
        for (to, from) in [
            (&mut self.input, other.input),
            (&mut self.cache_read, other.cache_read),
            (&mut self.cache_write, other.cache_write),
            (&mut self.cache_write_long, other.cache_write_long),
            (&mut self.output, other.output),
            (&mut self.reasoning, other.reasoning),
            (&mut self.web_searches, other.web_searches),
        ] {
            *to = to.saturating_add(from);
        }
    }

    /// Share of the prompt that came from the cache, 0–100; nothing without a prompt.
    pub fn cached_percent(&self) -> Option<u8> {
        let prompt = self.prompt();
        (prompt > 0).then(|| (self.cache_read.saturating_mul(100) / prompt) as u8)
    }
}

/// An amount in US dollars; unknown as soon as one part has no published price.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Cost {
    /// Dollars of all priced parts.
    pub usd: f64,
    /// Some part had no published price: `usd` is a lower bound.
    pub incomplete: bool,
}

/// In words: an unpublished price is never shown as nothing.
impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.incomplete, self.usd > 0.0) {
            (false, _) => f.write_str(&text::dollars(self.usd)),
            (true, true) => write!(f, "over {}", text::dollars(self.usd)),
            (true, false) => f.write_str("cost unknown"),
        }
    }
}

impl Cost {
    /// Adds another amount.
    pub fn add(&mut self, other: Cost) {
        self.usd += other.usd;
        self.incomplete |= other.incomplete;
    }
}
