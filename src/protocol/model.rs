//! What is known of a model, and how a turn asks it to think.

use serde::{Deserialize, Serialize};

/// How hard a model should think; each model supports a subset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    /// No reasoning.
    None,
    /// As little as possible.
    Minimal,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Between high and max.
    Xhigh,
    /// As much as the model can.
    Max,
}

impl Effort {
    /// Every level, lowest first.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Minimal,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Xhigh,
        Self::Max,
    ];

    /// The level of that spelling.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.as_str() == name)
    }

    /// Spelling on the wire and in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }
}

/// The shape in which a model takes thinking settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThinkingKind {
    /// The model has no reasoning, or it cannot be set.
    #[default]
    None,
    /// `thinking.type = adaptive` with `output_config.effort`.
    AnthropicAdaptive,
    /// `thinking.type = enabled` with `budget_tokens`.
    AnthropicBudget,
    /// One effort: `reasoning.effort` or `reasoning_effort`; `none` switches it off.
    #[serde(rename = "openai_effort")]
    OpenAiEffort,
    /// `reasoning_effort` with `none` or `default` only.
    NoneOrDefault,
    /// `thinking.type = enabled` or `disabled` beside `reasoning_effort`.
    ThinkingType,
    /// `reasoning.enabled`, or `reasoning_effort` instead of it.
    TogetherReasoning,
    /// `reasoning` with `effort`, `max_tokens` or `enabled`.
    #[serde(rename = "openrouter_reasoning")]
    OpenRouterReasoning,
    /// `thinkingConfig.thinkingLevel`.
    GeminiLevel,
    /// `thinkingConfig.thinkingBudget`.
    GeminiBudget,
    /// `think`: a switch, or a level.
    OllamaThink,
}

/// Dollars per million tokens. A missing cache price means the input price.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Rates {
    /// Uncached input; nothing when not published.
    pub input: Option<f64>,
    /// Output.
    pub output: Option<f64>,
    /// Cache reads.
    pub cache_read: Option<f64>,
    /// Short-lived cache writes.
    pub cache_write: Option<f64>,
    /// Long-lived cache writes.
    pub cache_write_long: Option<f64>,
}

/// Rates that hold for the whole request once its prompt is larger than a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RateTier {
    /// Prompt tokens (cached included) above which the tier holds.
    pub above_input_tokens: u64,
    /// The tier's rates.
    #[serde(flatten)]
    pub rates: Rates,
}

/// Who searches the web for the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WebSearch {
    /// The vendor, where it can; else sofos.
    #[default]
    Auto,
    /// The vendor, or nobody.
    Native,
    /// sofos, at DuckDuckGo.
    DuckDuckGo,
    /// Nobody.
    Off,
}

impl WebSearch {
    /// The setting of that spelling.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::Auto),
            "native" => Some(Self::Native),
            "duckduckgo" => Some(Self::DuckDuckGo),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

/// What is known of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInfo {
    /// Id on the wire.
    pub id: String,
    /// Vendor id.
    pub provider: String,
    /// Whole window in tokens.
    pub context: u64,
    /// Largest output in tokens.
    pub max_output: u64,
    /// Takes images.
    pub vision: bool,
    /// How thinking is asked for.
    pub thinking: ThinkingKind,
    /// Thinking cannot be switched off.
    pub always_thinks: bool,
    /// The least setting is `between_tools`, not `disabled`.
    pub between_tools: bool,
    /// Effort levels accepted, lowest first; empty when there are none.
    pub efforts: Vec<Effort>,
    /// Smallest prefix the vendor caches, in tokens.
    pub cache_min_tokens: u64,
    /// Base rates.
    pub rates: Rates,
    /// Long-prompt tiers, lowest threshold first.
    pub tiers: Vec<RateTier>,
    /// Not in the catalogue: the numbers are assumptions.
    pub assumed: bool,
}

impl ModelInfo {
    /// The level of the model nearest to the wanted one: the highest not above it,
    /// else its lowest; nothing when it has no levels.
    pub fn nearest_effort(&self, wanted: Effort) -> Option<Effort> {
        let below = self.efforts.iter().rev().find(|effort| **effort <= wanted);
        below.or(self.efforts.first()).copied()
    }
}

/// What the user asked of thinking; the encoder maps it to the model's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ThinkingSetting {
    /// On, off, or the model's own default.
    pub enabled: Option<bool>,
    /// Budget in tokens for models that take one.
    pub budget: Option<u64>,
    /// Effort for models that take one; nothing means the model's default.
    pub effort: Option<Effort>,
}
