//! How each model takes thinking and effort.

use serde::Serialize;

use crate::protocol::model::{Effort, ModelInfo, ThinkingKind, ThinkingSetting};

/// Smallest budget the vendor takes, in tokens.
const MIN_BUDGET: u64 = 1024;
/// Budget when thinking is on and none is named, in tokens.
const BUDGET: u64 = 16_000;

/// The `thinking` field.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Thinking {
    /// The model decides.
    Adaptive {
        /// Without it newer models send signatures only, and the screen stays still.
        display: &'static str,
    },
    /// A fixed budget.
    Enabled {
        /// Tokens.
        budget_tokens: u64,
    },
    /// None before the answer, some between tool calls.
    BetweenTools,
    /// None.
    Disabled,
}

/// The `output_config` field.
#[derive(Debug, PartialEq, Serialize)]
pub struct OutputConfig {
    effort: &'static str,
}

const ADAPTIVE: Thinking = Thinking::Adaptive {
    display: "summarized",
};

/// The fields for a setting, in the shape the model takes; what it cannot do
/// becomes the nearest it can.
pub fn of(
    model: &ModelInfo,
    setting: ThinkingSetting,
    max_tokens: u64,
) -> (Option<Thinking>, Option<OutputConfig>) {
    let off = setting.enabled == Some(false);
    let effort = setting
        .effort
        .and_then(|wanted| model.nearest_effort(wanted));
    let (thinking, effort) = match model.thinking {
        ThinkingKind::AnthropicAdaptive => match (off, model.always_thinks) {
            (false, _) => (Some(ADAPTIVE), effort),
            // Some models take `disabled` only up to high effort.
            (true, false) => (
                Some(Thinking::Disabled),
                effort.map(|effort| effort.min(Effort::High)),
            ),
            (true, true) if model.between_tools => (Some(Thinking::BetweenTools), effort),
            (true, true) => (Some(ADAPTIVE), model.efforts.first().copied()),
        },
        ThinkingKind::AnthropicBudget => {
            let on = setting.enabled.unwrap_or(setting.budget.is_some());
            let budget = setting.budget.unwrap_or(BUDGET);
            (on.then(|| enabled(budget, max_tokens)).flatten(), effort)
        }
        // None, or asked for in another wire format.
        ThinkingKind::None
        | ThinkingKind::OpenAiEffort
        | ThinkingKind::NoneOrDefault
        | ThinkingKind::ThinkingType
        | ThinkingKind::TogetherReasoning
        | ThinkingKind::OpenRouterReasoning
        | ThinkingKind::GeminiLevel
        | ThinkingKind::GeminiBudget
        | ThinkingKind::OllamaThink => (None, None),
    };
    let config = effort.map(|effort| OutputConfig {
        effort: effort.as_str(),
    });
    (thinking, config)
}

/// A budget that leaves room for the answer; nothing when there is no such budget.
fn enabled(budget: u64, max_tokens: u64) -> Option<Thinking> {
    let most = max_tokens.saturating_sub(MIN_BUDGET / 2);
    (most >= MIN_BUDGET).then(|| Thinking::Enabled {
        budget_tokens: budget.clamp(MIN_BUDGET, most),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::models::lookup;

    /// A setting in words: `on`, `off`, a budget, an effort.
    fn setting(words: &str) -> ThinkingSetting {
        let mut setting = ThinkingSetting::default();
        for word in words.split_whitespace() {
            match (word, word.parse()) {
                ("on", _) => setting.enabled = Some(true),
                ("off", _) => setting.enabled = Some(false),
                (_, Ok(budget)) => setting.budget = Some(budget),
                (effort, _) => setting.effort = serde_json::from_value(effort.into()).unwrap(),
            }
        }
        setting
    }

    fn asked(model: &str, words: &str) -> String {
        let (thinking, config) = of(&lookup("anthropic", model), setting(words), 32_000);
        let thinking = match thinking {
            None => "absent".to_string(),
            Some(Thinking::Adaptive { .. }) => "adaptive".to_string(),
            Some(Thinking::Enabled { budget_tokens }) => format!("budget {budget_tokens}"),
            Some(Thinking::BetweenTools) => "between_tools".to_string(),
            Some(Thinking::Disabled) => "disabled".to_string(),
        };
        match config {
            None => thinking,
            Some(config) => format!("{thinking}, {}", config.effort),
        }
    }

    #[test]
    fn each_model_is_asked_in_its_own_shape() {
        for (model, words, expected) in [
            ("claude-sonnet-5-5", "", "adaptive"),
            ("claude-sonnet-5-5", "on 9000 max", "adaptive, max"),
            ("claude-sonnet-5-5", "off", "between_tools"),
            ("claude-opus-5-5", "off high", "adaptive, low"),
            ("claude-haiku-5-5", "off max", "disabled, high"),
            ("claude-opus-4-6", "xhigh", "adaptive, high"),
            ("claude-opus-4-6", "minimal", "adaptive, low"),
            ("claude-haiku-4-5", "high", "absent"),
            ("claude-haiku-4-5", "on", "budget 16000"),
            ("claude-haiku-4-5", "5", "budget 1024"),
            ("claude-haiku-4-5", "on 99999", "budget 31488"),
            ("claude-opus-4-5", "off 5000 max", "absent, high"),
            ("unheard-of", "on high", "absent"),
        ] {
            assert_eq!(asked(model, words), expected, "{model} {words}");
        }
    }

    #[test]
    fn the_wire_form_is_the_documented_one() {
        for (thinking, json) in [
            (ADAPTIVE, r#"{"type":"adaptive","display":"summarized"}"#),
            (Thinking::BetweenTools, r#"{"type":"between_tools"}"#),
            (Thinking::Disabled, r#"{"type":"disabled"}"#),
            (
                Thinking::Enabled {
                    budget_tokens: 2048,
                },
                r#"{"type":"enabled","budget_tokens":2048}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&thinking).unwrap(), json);
        }
    }

    #[test]
    fn no_budget_fits_a_small_answer() {
        let budget = |max| enabled(5000, max).is_some();
        assert_eq!([1500, 1536].map(budget), [false, true]);
    }
}
