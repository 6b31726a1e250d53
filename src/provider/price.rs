//! What a response cost.

use crate::protocol::model::{ModelInfo, Rates};
use crate::protocol::usage::{Cost, Usage};

/// Dollars for one vendor-run web search, where the vendor publishes it.
fn web_search_fee(provider: &str) -> Option<f64> {
    match provider {
        "anthropic" => Some(10.0 / 1000.0),
        "scripted" => Some(0.0),
        _ => None,
    }
}

/// The rates of a request whose whole prompt has `prompt` tokens: a tier holds
/// for the whole request, not only for what lies above its threshold.
fn rates_for(model: &ModelInfo, prompt: u64) -> Rates {
    model
        .tiers
        .iter()
        .filter(|tier| prompt > tier.above_input_tokens)
        .max_by_key(|tier| tier.above_input_tokens)
        .map_or(model.rates, |tier| tier.rates)
}

/// The cost of one response at the rates of the model that gave it. Incomplete
/// when a part that was used has no published price.
pub fn cost(model: &ModelInfo, usage: &Usage) -> Cost {
    let rates = rates_for(model, usage.prompt());
    let mut cost = Cost::default();
    for (tokens, rate) in [
        (usage.input, rates.input),
        (usage.cache_read, rates.cache_read.or(rates.input)),
        (usage.cache_write, rates.cache_write.or(rates.input)),
        (
            usage.cache_write_long,
            rates.cache_write_long.or(rates.input),
        ),
        (usage.output, rates.output),
    ] {
        add(&mut cost, tokens, rate.map(|rate| rate / 1e6));
    }
    add(
        &mut cost,
        usage.web_searches,
        web_search_fee(&model.provider),
    );
    cost
}

fn add(cost: &mut Cost, count: u64, price: Option<f64>) {
    match price {
        Some(price) => cost.usd += count as f64 * price,
        None => cost.incomplete |= count > 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::models::lookup;

    fn close(cost: Cost, usd: f64) {
        assert!((cost.usd - usd).abs() < 1e-9, "{cost:?} is not {usd}");
    }

    #[test]
    fn every_kind_of_token_has_its_rate() {
        let usage = Usage {
            input: 1_000_000,
            cache_read: 1_000_000,
            cache_write: 1_000_000,
            cache_write_long: 1_000_000,
            output: 1_000_000,
            reasoning: 500_000,
            web_searches: 3,
        };
        let cost = cost(&lookup("anthropic", "claude-sonnet-5-5"), &usage);
        close(cost, 2.0 + 0.1 + 2.5 + 4.0 + 10.0 + 0.03);
        assert!(!cost.incomplete);
    }

    #[test]
    fn a_tier_prices_the_whole_request() {
        let haiku = lookup("anthropic", "claude-haiku-5-5");
        let usage = |cache_read| Usage {
            input: 50_000,
            cache_read,
            output: 1_000,
            ..Usage::default()
        };
        close(cost(&haiku, &usage(50_000)), 0.005 + 0.0005 + 0.0005);
        close(cost(&haiku, &usage(50_001)), 0.025 + 0.00250005 + 0.0025);
    }

    #[test]
    fn an_unknown_price_is_said_and_only_when_it_matters() {
        let unknown = lookup("anthropic", "claude-next");
        assert!(!cost(&unknown, &Usage::default()).incomplete);
        let usage = Usage {
            output: 1,
            ..Usage::default()
        };
        assert!(cost(&unknown, &usage).incomplete);
        let mut priced = lookup("anthropic", "claude-opus-5");
        priced.rates.cache_read = None;
        let usage = Usage {
            cache_read: 1_000_000,
            ..Usage::default()
        };
        close(cost(&priced, &usage), 5.0);
    }
}
