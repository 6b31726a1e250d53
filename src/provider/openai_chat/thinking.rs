//! How each vendor takes thinking and effort.

use serde::Serialize;

use crate::protocol::model::{ModelInfo, ThinkingKind, ThinkingSetting};
use crate::provider::openai::{Dialect, effort};

/// The fields of a request that are about thinking; those not set are not sent.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Thinking {
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Switch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Switch {
    r#type: &'static str,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Reasoning {
    Enabled(bool),
    Effort(&'static str),
    MaxTokens(u64),
}

/// The fields for a setting, in the shape the model takes; nothing is sent where
/// nothing was asked.
pub fn of(model: &ModelInfo, setting: ThinkingSetting, dialect: Dialect) -> Thinking {
    let mut out = Thinking::default();
    let effort = effort::effort(model, setting);
    // Effort as such, without what only says on or off.
    let level = effort.filter(|_| setting.effort.is_some() && setting.enabled != Some(false));
    match model.thinking {
        ThinkingKind::None
        | ThinkingKind::AnthropicAdaptive
        | ThinkingKind::AnthropicBudget
        | ThinkingKind::GeminiLevel
        | ThinkingKind::GeminiBudget
        | ThinkingKind::OllamaThink => {}
        ThinkingKind::OpenAiEffort => out.reasoning_effort = effort,
        ThinkingKind::NoneOrDefault => {
            out.reasoning_effort = setting
                .enabled
                .map(|on| if on { "default" } else { "none" });
        }
        ThinkingKind::ThinkingType => {
            let word = |on| if on { "enabled" } else { "disabled" };
            out.thinking = setting.enabled.map(|on| Switch { r#type: word(on) });
            out.reasoning_effort = level;
        }
        ThinkingKind::TogetherReasoning => match level {
            Some(_) => out.reasoning_effort = level,
            None => out.reasoning = setting.enabled.map(Reasoning::Enabled),
        },
        ThinkingKind::OpenRouterReasoning => {
            out.reasoning = match (setting.enabled, effort, setting.budget) {
                (Some(false), Some(least), _) if model.always_thinks => {
                    Some(Reasoning::Effort(least))
                }
                (Some(false), ..) => Some(Reasoning::Enabled(false)),
                (_, _, Some(budget)) if level.is_none() => Some(Reasoning::MaxTokens(budget)),
                _ if level.is_some() => level.map(Reasoning::Effort),
                (on, ..) => on.map(Reasoning::Enabled),
            }
        }
    }
    out.reasoning_effort = out
        .reasoning_effort
        .filter(|_| dialect.takes("reasoning_effort"));
    out.thinking = out.thinking.filter(|_| dialect.takes("thinking"));
    out.reasoning = out.reasoning.filter(|_| dialect.takes("reasoning"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::model::Effort;
    use crate::provider::models::lookup;
    use crate::provider::openai::quirks::Quirks;

    /// The fields for a setting in words: `on`, `off`, a budget, an effort.
    fn asked(provider: &str, model: &str, words: &str) -> String {
        let mut setting = ThinkingSetting::default();
        for word in words.split_whitespace() {
            match (word, word.parse()) {
                ("on", _) => setting.enabled = Some(true),
                ("off", _) => setting.enabled = Some(false),
                (_, Ok(budget)) => setting.budget = Some(budget),
                (effort, _) => setting.effort = Effort::parse(effort),
            }
        }
        let dialect = Dialect {
            quirks: Quirks::PLAIN,
            refused: &[],
        };
        serde_json::to_string(&of(&lookup(provider, model), setting, dialect)).unwrap()
    }

    #[test]
    fn each_vendor_is_asked_in_its_own_shape() {
        for (provider, model, words, expected) in [
            ("groq", "openai/gpt-oss-120b", "", "{}"),
            (
                "groq",
                "openai/gpt-oss-120b",
                "max",
                r#"{"reasoning_effort":"high"}"#,
            ),
            (
                "groq",
                "qwen/qwen3.8-27b",
                "off",
                r#"{"reasoning_effort":"none"}"#,
            ),
            (
                "deepseek",
                "deepseek-v4-pro",
                "off high",
                r#"{"thinking":{"type":"disabled"}}"#,
            ),
            (
                "zai",
                "glm-5.3",
                "on max",
                r#"{"reasoning_effort":"max","thinking":{"type":"enabled"}}"#,
            ),
            (
                "together",
                "zai-org/GLM-5.3",
                "off",
                r#"{"reasoning":{"enabled":false}}"#,
            ),
            (
                "together",
                "zai-org/GLM-5.3",
                "on low",
                r#"{"reasoning_effort":"low"}"#,
            ),
            (
                "openrouter",
                "z-ai/glm-5.3",
                "on",
                r#"{"reasoning":{"enabled":true}}"#,
            ),
            (
                "openrouter",
                "z-ai/glm-5.3",
                "5000",
                r#"{"reasoning":{"max_tokens":5000}}"#,
            ),
            (
                "openrouter",
                "anthropic/claude-sonnet-5.5",
                "off",
                r#"{"reasoning":{"effort":"low"}}"#,
            ),
            (
                "mistral",
                "mistral-large-4",
                "off",
                r#"{"reasoning_effort":"none"}"#,
            ),
            ("mistral", "codestral-latest", "on high", "{}"),
        ] {
            assert_eq!(asked(provider, model, words), expected, "{model} {words}");
        }
    }
}
