//! What every request has before anybody said a word, on each wire.

use std::collections::HashMap;
use std::sync::Arc;

use super::openai::Dialect;
use super::{
    ModelRequest, anthropic, gemini, models, ollama, openai_chat, openai_responses, registry,
};
use crate::protocol::message::{ContentBlock, Message};
use crate::protocol::model::ThinkingSetting;
use crate::protocol::tool::ToolSpec;

/// Bytes of a request that says nothing but the system prompt and the tools, by wire.
pub fn by_wire(system: &str, tools: &[ToolSpec]) -> Vec<(&'static str, usize)> {
    ["anthropic", "openai", "groq", "gemini", "ollama"]
        .into_iter()
        .filter_map(registry::info)
        .map(|row| {
            let request = request(row.id, system, tools);
            let dialect = Dialect {
                quirks: row.quirks,
                refused: &[],
            };
            let body = match row.wire {
                "anthropic" => anthropic::body(&request),
                "openai_responses" => openai_responses::body(&request, dialect),
                "gemini" => gemini::body(&request),
                "ollama" => ollama::body(&request, &super::Abilities::default()),
                _ => openai_chat::body(&request, dialect),
            };
            (row.wire, body.len())
        })
        .collect()
}

fn request(provider: &str, system: &str, tools: &[ToolSpec]) -> ModelRequest {
    ModelRequest {
        model: Arc::new(models::lookup(provider, models::default_model(provider))),
        system: system.into(),
        tools: tools.into(),
        messages: vec![Message::User {
            id: String::new(),
            content: vec![ContentBlock::text(".")],
        }],
        images: HashMap::new(),
        max_tokens: 1,
        thinking: ThinkingSetting::default(),
        cache_key: String::new(),
        web_search: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wire_is_weighed() {
        let tool = ToolSpec {
            name: "t".into(),
            description: "d".repeat(100),
            schema: serde_json::json!({"type": "object", "properties": {}}),
        };
        let weights = by_wire(&"s".repeat(400), &[tool]);
        let wires: Vec<&str> = weights.iter().map(|(wire, _)| *wire).collect();
        assert_eq!(
            wires,
            [
                "anthropic",
                "openai_responses",
                "openai_chat",
                "gemini",
                "ollama"
            ]
        );
        assert!(
            weights
                .iter()
                .all(|(_, bytes)| (500..1_500).contains(bytes)),
            "{weights:?}"
        );
    }
}
