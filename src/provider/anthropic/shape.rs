//! The JSON shape of a request body. Field order is what goes on the wire.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::thinking::{OutputConfig, Thinking};

#[derive(Serialize)]
pub(super) struct Body<'a> {
    pub(super) model: &'a str,
    pub(super) max_tokens: u64,
    pub(super) stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output_config: Option<OutputConfig>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) system: Option<[Block<'a>; 1]>,
    pub(super) messages: Vec<Turn<'a>>,
}

#[derive(Serialize)]
pub(super) struct CacheControl {
    pub(super) r#type: &'static str,
}

pub(super) const MARK: CacheControl = CacheControl {
    r#type: "ephemeral",
};

pub(super) type Mark = Option<CacheControl>;

#[derive(Serialize)]
pub(super) struct Tool<'a> {
    #[serde(flatten)]
    pub(super) kind: ToolKind<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_control: Mark,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ToolKind<'a> {
    Ours {
        name: &'a str,
        description: &'a str,
        input_schema: &'a serde_json::Value,
    },
    Theirs {
        r#type: &'static str,
        name: &'static str,
    },
}

#[derive(Serialize)]
pub(super) struct Turn<'a> {
    pub(super) role: Role,
    pub(super) content: Vec<Item<'a>>,
}

#[derive(Serialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    User,
    Assistant,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Item<'a> {
    Block(Block<'a>),
    /// A vendor block, byte for byte.
    Raw(&'a RawValue),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text {
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Mark,
    },
    Image {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Mark,
    },
    Document {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Mark,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a RawValue,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: Cow<'a, RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Mark,
    },
    ToolResult {
        tool_use_id: &'a str,
        content: ResultContent<'a>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Mark,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ResultContent<'a> {
    Text(&'a str),
    Blocks(Vec<Block<'a>>),
}

#[derive(Serialize)]
pub(super) struct Source<'a> {
    pub(super) r#type: &'static str,
    pub(super) media_type: &'a str,
    pub(super) data: String,
}
