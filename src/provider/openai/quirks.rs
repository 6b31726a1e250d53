//! How vendors differ within one wire format: data, not code.

/// What call ids a vendor takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallIds {
    /// Any id.
    Any,
    /// Exactly nine letters and digits.
    Nine,
}

/// Whether reasoning is sent back with the message it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// Left out: the vendor has no use for it, or refuses it.
    Never,
    /// In the field it came in.
    AsSent,
    /// As sent; messages with calls must have `reasoning_content`, if empty.
    Required,
}

/// What a vendor takes and does beside the common core of its wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quirks {
    /// Name of the field with the output limit.
    pub limit: &'static str,
    /// Takes `stream_options`; without it the usage comes unasked.
    pub stream_options: bool,
    /// Takes `prompt_cache_key`.
    pub cache_key: bool,
    /// Takes `parallel_tool_calls`.
    pub parallel: bool,
    /// Takes `store` and returns encrypted reasoning.
    pub encrypted: bool,
    /// Takes tools whose argument is plain text.
    pub freeform: bool,
    /// Call ids.
    pub ids: CallIds,
    /// Reasoning of earlier messages.
    pub replay: Replay,
    /// A user message right after tool results is refused.
    pub bridge: bool,
    /// Caches the prompts of Claude models only where they are marked.
    pub cache_marks: bool,
    /// Longest silence of the server in seconds.
    pub idle: u64,
}

impl Quirks {
    /// The common core.
    pub const PLAIN: Self = Self {
        limit: "max_tokens",
        stream_options: true,
        cache_key: false,
        parallel: false,
        encrypted: false,
        freeform: false,
        ids: CallIds::Any,
        replay: Replay::Never,
        bridge: false,
        cache_marks: false,
        idle: 300,
    };
}
