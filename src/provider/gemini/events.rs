//! The JSON shape of an answer. Unknown fields and parts are no error.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::protocol::usage::Usage;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default)]
    pub(super) candidates: Option<Vec<Candidate<'a>>>,
    #[serde(borrow, default)]
    pub(super) prompt_feedback: Option<Feedback<'a>>,
    /// Kept raw: of the counts in every event only the last ones matter.
    #[serde(borrow, default)]
    pub(super) usage_metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) model_version: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate<'a> {
    #[serde(borrow, default)]
    pub(super) content: Option<Content<'a>>,
    #[serde(borrow, default)]
    pub(super) finish_reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) finish_message: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) grounding_metadata: Option<Grounding>,
}

#[derive(Deserialize)]
pub(super) struct Content<'a> {
    /// Kept raw: what is not understood goes back as it came.
    #[serde(borrow, default)]
    pub(super) parts: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Part<'a> {
    #[serde(borrow, default)]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) thought: Option<bool>,
    #[serde(borrow, default)]
    pub(super) thought_signature: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) function_call: Option<Call<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Call<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) args: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Feedback<'a> {
    #[serde(borrow, default)]
    pub(super) block_reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) block_reason_message: Option<Cow<'a, str>>,
}

/// What a search brought.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Grounding {
    #[serde(default)]
    pub(super) web_search_queries: Option<Vec<String>>,
}

/// Counts are totals of the answer so far.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Counts {
    prompt_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
}

impl Counts {
    pub(super) fn usage(self) -> Usage {
        let of = |count: Option<u64>| count.unwrap_or(0);
        let cached = of(self.cached_content_token_count);
        let prompt = of(self.prompt_token_count).saturating_sub(cached);
        let reasoning = of(self.thoughts_token_count);
        Usage {
            input: prompt.saturating_add(of(self.tool_use_prompt_token_count)),
            cache_read: cached,
            output: of(self.candidates_token_count).saturating_add(reasoning),
            reasoning,
            ..Usage::default()
        }
    }
}
