//! What a thinking setting comes to, before it takes a wire form.

use crate::protocol::model::{Effort, ModelInfo, ThinkingSetting};

/// The effort to ask for; nothing leaves it to the model. What the model cannot do
/// becomes the nearest it can.
pub fn effort(model: &ModelInfo, setting: ThinkingSetting) -> Option<&'static str> {
    let effort = match (setting.enabled, setting.effort) {
        (Some(false), _) if model.always_thinks => model.efforts.first().copied(),
        (Some(false), _) => Some(Effort::None),
        (_, Some(wanted)) => model.nearest_effort(wanted),
        // Some models think only when they are told how hard.
        (Some(true), None) => model.nearest_effort(Effort::Medium).map(|near| match near {
            Effort::None => model.efforts.last().copied().unwrap_or(near),
            near => near,
        }),
        (None, None) => None,
    };
    effort.map(Effort::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::models::lookup;

    #[test]
    fn settings_become_levels_the_model_has() {
        let setting = |enabled, effort| ThinkingSetting {
            enabled,
            effort,
            budget: None,
        };
        let (on, off) = (Some(true), Some(false));
        for (provider, model, setting, expected) in [
            ("openai", "gpt-6.1-sol", setting(None, None), None),
            ("openai", "gpt-6.1-sol", setting(on, None), Some("medium")),
            ("openai", "gpt-6.1-sol", setting(off, None), Some("low")),
            ("openai", "gpt-6-luna", setting(off, None), Some("none")),
            (
                "openai",
                "gpt-6-luna",
                setting(None, Some(Effort::Max)),
                Some("max"),
            ),
            (
                "xai",
                "grok-4.7",
                setting(None, Some(Effort::Max)),
                Some("xhigh"),
            ),
            (
                "deepseek",
                "deepseek-v4-pro",
                setting(None, Some(Effort::Medium)),
                Some("low"),
            ),
            (
                "mistral",
                "mistral-large-4",
                setting(on, None),
                Some("high"),
            ),
        ] {
            let model = lookup(provider, model);
            assert_eq!(effort(&model, setting), expected, "{}", model.id);
        }
    }
}
