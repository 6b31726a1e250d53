//! The JSON shape of a request body. Field order is what goes on the wire: the
//! conversation comes last, so that one body is the beginning of the next.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::provider::functions::Tool;

#[derive(Serialize)]
pub(super) struct Body<'a> {
    pub(super) model: &'a str,
    pub(super) stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) think: Option<Think>,
    pub(super) keep_alive: &'static str,
    /// Off: a prompt that is too long is an error, not silently cut from the front.
    pub(super) truncate: bool,
    /// Off: an answer that fills the window ends, and forgets nothing.
    pub(super) shift: bool,
    pub(super) options: Options,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tools: Vec<Tool<'a>>,
    pub(super) messages: Vec<Turn<'a>>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Think {
    Switch(bool),
    Level(&'static str),
}

#[derive(Serialize)]
pub(super) struct Options {
    pub(super) num_ctx: u64,
    pub(super) num_predict: u64,
}

#[derive(Default, Serialize)]
pub(super) struct Turn<'a> {
    pub(super) role: &'static str,
    pub(super) content: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thinking: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) images: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Call<'a> {
    pub(super) id: &'a str,
    pub(super) function: Called<'a>,
}

#[derive(Serialize)]
pub(super) struct Called<'a> {
    pub(super) name: &'a str,
    /// An object; a string is refused.
    pub(super) arguments: Cow<'a, RawValue>,
}
